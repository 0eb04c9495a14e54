//! The table of functions: names, parameters, whether they write, and what they answer. The router,
//! the refusals of wrong arguments and the metadata document all read it.

use crate::{
    contract::error::{Code, ContractError, shown},
    stub::words::closest,
};

/// What the contract can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    AddAttestation,
    AddOrganization,
    AddSignature,
    ApplySettings,
    AttestCapabilities,
    CheckProposal,
    CmccAddSignature,
    CmccDeleteProposal,
    CmccGetProposal,
    CmccGetProposals,
    CmccProposeConfigUpdate,
    CombineProposals,
    DeleteProposal,
    ExportProposal,
    GetCapabilities,
    GetConfig,
    GetConfigChain,
    GetHistory,
    GetMetadata,
    GetProposal,
    GetSettings,
    Init,
    InitConsortium,
    ListProposals,
    PrepareAttestation,
    ProposeConfig,
    ProposeConfigUpdate,
    ProposeSettings,
    ReconfigOrganizationMsp,
    RecoverConfig,
    RejectProposal,
    SyncConfig,
    UpdateProposals,
    WithdrawProposal,
}

impl Function {
    /// Whether it makes a proposal.
    pub(crate) const fn proposes(self) -> bool {
        matches!(
            self,
            Self::AddOrganization
                | Self::CmccProposeConfigUpdate
                | Self::CombineProposals
                | Self::ProposeConfig
                | Self::ProposeConfigUpdate
                | Self::ProposeSettings
                | Self::ReconfigOrganizationMsp
        )
    }
}

/// A function as it is served under one name.
#[derive(Debug)]
pub(crate) struct Served {
    /// The name that is called.
    pub(crate) name: &'static str,
    /// The function that is run under this name.
    pub(crate) function: Function,
    /// Whether it is to be submitted for ordering, or only evaluated.
    pub(crate) access: Access,
    /// In their order; those that may be absent come last.
    pub(crate) parameters: &'static [Parameter],
    /// Whether the last parameter may be given any number of times.
    pub(crate) repeats: bool,
    /// The schema of its answer: see `schemas`.
    pub(crate) returns: &'static str,
}

/// What a call of a function is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It answers and writes nothing.
    Evaluate,
    /// It may write.
    Submit,
}

/// One argument of a function.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its name in refusals and in the metadata.
    pub(crate) name: &'static str,
    /// Whether it must be there and not empty.
    pub(crate) required: bool,
    /// The schema of its text: see `schemas`.
    pub(crate) schema: &'static str,
    /// What it is, for people.
    pub(crate) about: &'static str,
}

/// The function of this name.
pub(crate) fn named(name: &str) -> Result<&'static Served, ContractError> {
    SERVED
        .iter()
        .find(|served| served.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = function_names().collect();
            let meant = closest(name, &names).map(|meant| format!("did you mean `{meant}`? "));
            Code::UnknownFunction.because(format_args!(
                "no function `{}`; {}there are {}",
                shown(name),
                meant.unwrap_or_default(),
                names.join(", ")
            ))
        })
}

/// The names of all functions that are served, ascending.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    SERVED.iter().map(|served| served.name)
}

/// What message type INIT calls, whatever the function is called.
pub(crate) const INIT: Served = Served {
    name: "Init",
    function: Function::Init,
    access: Access::Submit,
    parameters: &[optional("block", "block", BLOCK)],
    repeats: true,
    returns: "Synced",
};

/// Every name that is served, ascending; two functions have an older spelling, too.
pub(crate) const SERVED: &[Served] = &[
    submit(
        "AddAttestation",
        Function::AddAttestation,
        &[required(
            "attestation",
            "base64",
            "the envelope of `PrepareAttestation` that `peer channel signconfigtx` wrote",
        )],
        "Attested",
    ),
    submit(
        "AddOrganization",
        Function::AddOrganization,
        ADD,
        "Proposed",
    ),
    submit("AddOrgnization", Function::AddOrganization, ADD, "Proposed"),
    submit(
        "AddSignature",
        Function::AddSignature,
        &[
            ID,
            required(
                "signature",
                "text",
                "a ConfigSignature as JSON or base64, or base64 of the envelope that `peer channel \
                 signconfigtx` wrote",
            ),
        ],
        "Signed",
    ),
    submit(
        "ApplySettings",
        Function::ApplySettings,
        &[ID],
        "AppliedSettings",
    ),
    submit(
        "AttestCapabilities",
        Function::AttestCapabilities,
        &[required(
            "attestation",
            "Attested levels",
            "what all nodes of the organisation support; what is absent stays as it was",
        )],
        "Attested",
    ),
    Served {
        repeats: true,
        ..evaluate(
            "CheckProposal",
            Function::CheckProposal,
            &[
                required(
                    "function",
                    "text",
                    "the function that would make the proposal",
                ),
                optional("argument", "text", "its arguments, in their order"),
            ],
            "Proposal",
        )
    },
    submit(
        "CombineProposals",
        Function::CombineProposals,
        &[
            ID,
            required("ids", "ids", "the open proposals to combine, at least two"),
            DESCRIPTION,
            PROPOSAL_OPTIONS,
        ],
        "Proposed",
    ),
    submit("DeleteProposal", Function::DeleteProposal, &[ID], "Ended"),
    evaluate(
        "ExportProposal",
        Function::ExportProposal,
        &[ID],
        "AuditBundle",
    ),
    evaluate(
        "GetCapabilities",
        Function::GetCapabilities,
        &[optional(
            "options",
            "Capabilities options",
            "what is wanted whole",
        )],
        "Capabilities",
    ),
    evaluate(
        "GetConfig",
        Function::GetConfig,
        &[optional(
            "options",
            "Config options",
            "the form of the config",
        )],
        "Config",
    ),
    evaluate(
        "GetConfigChain",
        Function::GetConfigChain,
        &[optional(
            "options",
            "Chain options",
            "where the page starts",
        )],
        "Chain",
    ),
    evaluate(
        "GetHistory",
        Function::GetHistory,
        &[optional(
            "options",
            "History options",
            "which ones, and which page",
        )],
        "History",
    ),
    evaluate(
        "GetProposal",
        Function::GetProposal,
        &[
            ID,
            optional("options", "Shown options", "what is wanted whole"),
        ],
        "Proposal",
    ),
    evaluate("GetSettings", Function::GetSettings, &[], "Agreement"),
    INIT,
    Served {
        repeats: true,
        ..submit("InitConsortium", Function::InitConsortium, BLOCKS, "Synced")
    },
    evaluate(
        "ListProposals",
        Function::ListProposals,
        &[optional(
            "options",
            "List options",
            "which proposals, and which page",
        )],
        "ProposalList",
    ),
    evaluate(
        "PrepareAttestation",
        Function::PrepareAttestation,
        &[
            required("msp_id", "text", "the orderer organisation that attests"),
            required(
                "attestation",
                "Attested orderer levels",
                "what all its nodes support; what is absent stays as it was",
            ),
        ],
        "AttestationToSign",
    ),
    submit(
        "ProposeConfig",
        Function::ProposeConfig,
        &[
            ID,
            required(
                "config",
                "text",
                "the whole edited config: as JSON, as base64 of a serialized Config, or the SHA-256 of \
                 the transient field that holds it",
            ),
            DESCRIPTION,
            PROPOSAL_OPTIONS,
        ],
        "Proposed",
    ),
    submit(
        "ProposeConfigUpdate",
        Function::ProposeConfigUpdate,
        &[
            ID,
            required(
                "intent",
                "text",
                "a patch as JSON: a partial config whose versions are modes; or a ConfigUpdate, or an \
                 envelope of type CONFIG_UPDATE, as JSON or base64",
            ),
            DESCRIPTION,
            PROPOSAL_OPTIONS,
        ],
        "Proposed",
    ),
    submit(
        "ProposeSettings",
        Function::ProposeSettings,
        &[
            ID,
            required(
                "settings",
                "Changed settings",
                "what is to be agreed on; what is absent stays as it is",
            ),
            DESCRIPTION,
            PROPOSAL_OPTIONS,
        ],
        "Proposed",
    ),
    submit(
        "ReconfigOrganizationMSP",
        Function::ReconfigOrganizationMsp,
        RECONFIG,
        "Proposed",
    ),
    submit(
        "ReconfigOrgnizationMSP",
        Function::ReconfigOrganizationMsp,
        RECONFIG,
        "Proposed",
    ),
    submit(
        "RecoverConfig",
        Function::RecoverConfig,
        &[
            required("block", "block", BLOCK),
            optional(
                "disowned_from",
                "number",
                "the first sequence that is false",
            ),
        ],
        "Synced",
    ),
    submit(
        "RejectProposal",
        Function::RejectProposal,
        &[ID, required("reason", "text", "why, at most 1 KiB")],
        "Ended",
    ),
    Served {
        repeats: true,
        ..submit("SyncConfig", Function::SyncConfig, BLOCKS, "Synced")
    },
    submit(
        "UpdateProposals",
        Function::UpdateProposals,
        &[
            optional(
                "mode",
                "mode",
                "a sum: 1 archives broken proposals, 2 submitted ones, 4 computes out-of-date ones \
                 again that rebase cleanly, 8 also those that conflict; 6 where it is absent",
            ),
            optional("ids", "ids", "the proposals; all where it is absent"),
            optional(
                "options",
                "Update options",
                "without ids: of which proposer, and the bookmark of the call before",
            ),
        ],
        "Updated",
    ),
    submit(
        "WithdrawProposal",
        Function::WithdrawProposal,
        &[ID],
        "Ended",
    ),
    submit(
        "addSignature",
        Function::CmccAddSignature,
        &[
            PROPOSAL_ID,
            required("signature", "base64", "a serialized ConfigSignature"),
        ],
        "id",
    ),
    submit(
        "deleteProposal",
        Function::CmccDeleteProposal,
        &[PROPOSAL_ID],
        "CmccProposal",
    ),
    evaluate(
        "getProposal",
        Function::CmccGetProposal,
        &[PROPOSAL_ID],
        "CmccProposal",
    ),
    evaluate(
        "getProposals",
        Function::CmccGetProposals,
        &[],
        "{CmccProposal}",
    ),
    evaluate(
        "org.hyperledger.fabric:GetMetadata",
        Function::GetMetadata,
        &[],
        "metadata",
    ),
    submit(
        "proposeConfigUpdate",
        Function::CmccProposeConfigUpdate,
        &[
            PROPOSAL_ID,
            required("configUpdate", "base64", "a serialized ConfigUpdate"),
            optional("description", "text", "for people, at most 4 KiB"),
        ],
        "id",
    ),
];

const BLOCK: &str = "a config block: its bytes, base64 of them, or the SHA-256 of the transient field \
                     that holds it";
const BLOCKS: &[Parameter] = &[required("block", "block", BLOCK)];
const ID: Parameter = required("id", "id", "the proposal");
const PROPOSAL_ID: Parameter = required("proposalID", "id", "the proposal");
const DESCRIPTION: Parameter = required("description", "text", "for people, at most 4 KiB");
const PROPOSAL_OPTIONS: Parameter = optional("options", "Proposal options", "the deadline");
const ADD: &[Parameter] = &[
    ID,
    required("name", "text", "the organisation's name in the config"),
    required(
        "config_group",
        "json",
        "the organisation's ConfigGroup, as `configtxgen -printOrg` prints it",
    ),
    DESCRIPTION,
    PROPOSAL_OPTIONS,
];
const RECONFIG: &[Parameter] = &[
    ID,
    required(
        "msp",
        "json",
        "the value `MSP` of what `configtxgen -printOrg` prints",
    ),
    DESCRIPTION,
    PROPOSAL_OPTIONS,
];

const fn submit(
    name: &'static str,
    function: Function,
    parameters: &'static [Parameter],
    returns: &'static str,
) -> Served {
    Served {
        name,
        function,
        access: Access::Submit,
        parameters,
        repeats: false,
        returns,
    }
}

const fn evaluate(
    name: &'static str,
    function: Function,
    parameters: &'static [Parameter],
    returns: &'static str,
) -> Served {
    Served {
        access: Access::Evaluate,
        ..submit(name, function, parameters, returns)
    }
}

const fn required(name: &'static str, schema: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        required: true,
        schema,
        about,
    }
}

const fn optional(name: &'static str, schema: &'static str, about: &'static str) -> Parameter {
    Parameter {
        required: false,
        ..required(name, schema, about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_served() {
        for (old, new) in [
            ("AddOrgnization", "AddOrganization"),
            ("ReconfigOrgnizationMSP", "ReconfigOrganizationMSP"),
        ] {
            let (old, new) = (named(old).unwrap(), named(new).unwrap());
            assert_eq!(old.function, new.function);
            assert!(std::ptr::eq(old.parameters, new.parameters));
        }
        let unknown = named("addOrganization").unwrap_err();
        assert_eq!(unknown.code(), Code::UnknownFunction);
    }

    #[test]
    fn slips_are_told_what_was_probably_meant() {
        for (given, meant) in [
            ("addOrganization", "AddOrganization"),
            ("AddOrganisation", "AddOrganization"),
            ("listProposals", "ListProposals"),
            ("LISTPROPOSALS", "ListProposals"),
            ("GetProposel", "GetProposal"),
            ("getproposal", "getProposal"),
            ("SyncConfigs", "SyncConfig"),
            ("GetMetadata", "org.hyperledger.fabric:GetMetadata"),
        ] {
            let refusal = named(given).unwrap_err();
            let text = format!("no function `{given}`; did you mean `{meant}`? there are Add");
            assert!(refusal.text().starts_with(&text), "{}", refusal.text());
        }
        let long = "ListProposals".repeat(100_000);
        for unlike in ["", "x", "initLedger", "query", "Vote", long.as_str()] {
            let refusal = named(unlike).unwrap_err();
            assert!(
                !refusal.text().contains("did you mean"),
                "{}",
                refusal.text()
            );
        }
    }

    #[test]
    fn names_ascend_and_what_may_be_absent_comes_last() {
        assert!(SERVED.is_sorted_by(|a, b| a.name < b.name));
        for served in SERVED {
            let required = served.parameters.iter().map(|one| !one.required);
            assert!(required.is_sorted(), "{}", served.name);
            assert!(!served.repeats || !served.parameters.is_empty());
        }
    }
}
