//! `ProposeSettings` and `ApplySettings`: what the members agree about the contract itself.

use serde::{Deserialize, Deserializer};

use super::{
    Context,
    attest::level_names,
    intent,
    propose::{self, Draft, NewProposal},
};
use crate::{
    contract::{
        answer::{self, SettingsApplied, events},
        error::{Code, ContractError},
        judge::{
            access::Admin,
            agreement::{self, DECIDING},
            gate::CapabilityGate,
            status::{Extent, Status, StatusFacts},
            terms::Computed,
        },
        ledger::{
            self, TrustedHead,
            archive::{self, ProposalEnd},
            keys, positions, proposals,
        },
    },
    ids::Revision,
    proto::cmscc::{GateMode, Outcome, ProposalKind, Settings},
    stub::Stub,
};

/// Settings as a proposer gives them; what is absent stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GivenSettings {
    capabilities: Option<Vec<String>>,
    /// Null, or empty: none.
    #[serde(deserialize_with = "nullable")]
    endorsement_policy: Option<Option<String>>,
    gate: Option<GateName>,
}

/// A gate mode as documents name it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum GateName {
    Advisory,
    Enforced,
}

/// Tells null from absent.
fn nullable<'de, D: Deserializer<'de>>(given: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(given).map(Some)
}

impl GivenSettings {
    /// The settings of now with what is given.
    fn over(self, current: &Settings) -> Result<Settings, ContractError> {
        let mut settings = current.clone();
        if let Some(capabilities) = self.capabilities {
            settings.capabilities = level_names(capabilities)?;
        }
        if let Some(policy) = self.endorsement_policy {
            let policy = policy.unwrap_or_default();
            policy.trim().clone_into(&mut settings.endorsement_policy);
        }
        if let Some(gate) = self.gate {
            let gate = match gate {
                GateName::Advisory => GateMode::Advisory,
                GateName::Enforced => GateMode::Enforced,
            };
            settings.gate = gate.into();
        }
        Ok(settings)
    }
}

/// `ProposeSettings`: settings to be agreed on, as a proposal that is signed like any other.
pub(crate) async fn propose_settings<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<NewProposal, ContractError> {
    let header = propose::header(call, 2)?;
    let given: GivenSettings = call.args.object(1, "settings")?;
    intent::sized(call.args.value(1).clone())?;
    let id = header.id().clone();
    let opened = propose::opened(call, stub, header).await?;
    let (trusted, bundle) = (&opened.trusted, &opened.bundle);
    demand_served(trusted)?;
    let wanted = given.over(&trusted.settings)?;
    if agreement::same_content(&wanted, &trusted.settings) {
        return Err(Code::NothingToChange.because(format_args!(
            "version {} of the settings says the same",
            trusted.settings.version.unwrap_or_default()
        )));
    }
    agreement::demand_known(&wanted)?;
    agreement::check(bundle, &trusted.settings, &wanted)?;
    let draft = Draft {
        kind: ProposalKind::Settings,
        patch: Default::default(),
        given: Default::default(),
        computed: Computed {
            config_update: agreement::canonical(call.channel(), trusted, &id, &wanted),
            touched: Vec::new(),
        },
        sources: Vec::new(),
    };
    opened.draft(call, stub, draft).await
}

/// `ApplySettings`: puts agreed settings in force and archives the proposal.
pub(crate) async fn apply_settings<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    Admin::check(&bundle, call.creator())?;
    demand_served(&trusted)?;
    let open = proposals::open(stub, &id).await?;
    let proposal = &open.proposal;
    if proposal.kind() != ProposalKind::Settings {
        return Err(Code::WrongKind.because(format_args!(
            "proposal `{id}` changes the channel config, not the settings; an orderer applies it"
        )));
    }
    let current = proposals::current(proposal)?;
    // votes are not looked at: what is signed enough is accepted whoever rejected it
    let positions = positions::signatures_on(stub, &open.place, current.number).await?;
    let settings = agreement::change(proposal)?.settings.unwrap_or_default();
    agreement::demand_known(&settings)?;
    let gate = CapabilityGate::default();
    let facts = StatusFacts {
        bundle: &bundle,
        trusted: &trusted,
        proposal,
        withdrawn: open.is_withdrawn(),
        current: &current,
        proof: None,
        signatures: &positions.signatures,
        votes: &[],
        gate: &gate,
        now: call.now(),
    };
    let derived = facts.derive(Extent::Summary)?;
    // open means: exactly the bytes of these settings for the version after that of now
    if derived.status != Status::ReadyToSubmit {
        let why = match (&derived.detail.why, derived.status) {
            (Some(why), _) => format!(": {why}"),
            (None, Status::WaitingForSignatures) => format!(
                ": the signatures do not satisfy `{DECIDING}`; `{}` could complete them",
                derived.detail.missing.join("`, `")
            ),
            (None, _) => String::new(),
        };
        return Err(Code::WrongStatus.because(format_args!(
            "proposal `{id}` is `{}` at sequence {}{why}",
            derived.status.name(),
            trusted.sequence()
        )));
    }
    let version = settings.version.unwrap_or_default();
    ledger::put(stub, keys::settings(), &settings);
    let revision = Revision(proposal.revisions.last().map_or(0, |last| last.revision));
    let ending = ProposalEnd {
        outcome: Outcome::Submitted,
        proof: None,
        settings_version: Some(version),
        as_of: trusted.sequence(),
        tx_id: call.tx_id().to_owned(),
        at: call.now(),
    };
    archive::store(stub, &bundle, &open, &ending);
    stub.set_event(events::settings_applied(&id, revision, version));
    answer::write(&SettingsApplied {
        as_of_sequence: trusted.head.sequence,
        proposal_id: id.to_string(),
        version,
    })
}

fn demand_served(trusted: &TrustedHead) -> Result<(), ContractError> {
    if trusted.capabilities().settings_by_agreement() {
        return Ok(());
    }
    Err(Code::ContractCapability.because(
        "the members have agreed on no contract capability under which settings are changed",
    ))
}
