//! Calls of the contract's functions, with the arguments that they take.
//!
//! A function of each name makes a call of what a test is about; what may be absent comes after it:
//! `update_proposals().mode(6).only(&["add_orgx"])`. Arguments that no caller would write come as
//! [`raw`] bytes.

use bytes::Bytes;
use serde_json::{Value, json};

/// A function and its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Call(Vec<Bytes>);

impl Call {
    /// A call of any function, without arguments.
    pub(crate) fn of(function: &str) -> Self {
        Self(Vec::new()).and(function)
    }

    /// The same call with one more argument.
    pub(crate) fn and(mut self, argument: impl AsRef<[u8]>) -> Self {
        self.0.push(Bytes::copy_from_slice(argument.as_ref()));
        self
    }

    fn and_ids(self, ids: &[impl AsRef<str>]) -> Self {
        let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
        self.and(json!(ids).to_string())
    }

    /// The same call with an option object.
    pub(crate) fn options(self, options: impl AsRef<str>) -> Self {
        self.and(options.as_ref())
    }

    /// The same proposal with a description of its own.
    pub(crate) fn described(mut self, description: &str) -> Self {
        self.0.pop();
        self.and(description)
    }

    /// The same recovery that disowns what came from this sequence on.
    pub(crate) fn disowning(self, from: u64) -> Self {
        self.and(from.to_string())
    }

    /// The same `UpdateProposals` with a mode.
    pub(crate) fn mode(self, mode: u8) -> Self {
        self.and(mode.to_string())
    }

    /// The same `UpdateProposals` for these proposals only.
    pub(crate) fn only(self, ids: &[impl AsRef<str>]) -> Self {
        self.and_ids(ids)
    }

    /// The function's name.
    pub(crate) fn function(&self) -> String {
        let function = self.0.first().cloned().unwrap_or_default();
        String::from_utf8_lossy(&function).into_owned()
    }

    /// Function and arguments, as a peer passes them on.
    pub(crate) fn into_args(self) -> Vec<Bytes> {
        self.0
    }
}

impl From<&Self> for Call {
    fn from(call: &Self) -> Self {
        call.clone()
    }
}

/// A call with any arguments at all.
pub(crate) fn raw<A: AsRef<[u8]>>(args: impl IntoIterator<Item = A>) -> Call {
    args.into_iter().fold(Call(Vec::new()), Call::and)
}

pub(crate) fn init(block: &[u8]) -> Call {
    Call::of("Init").and(block)
}

pub(crate) fn init_consortium(block: &[u8]) -> Call {
    Call::of("InitConsortium").and(block)
}

pub(crate) fn sync_config(block: &[u8]) -> Call {
    Call::of("SyncConfig").and(block)
}

pub(crate) fn recover_config(block: &[u8]) -> Call {
    Call::of("RecoverConfig").and(block)
}

pub(crate) fn propose_config_update(id: &str, intent: &str) -> Call {
    Call::of("ProposeConfigUpdate").and(id).and(intent).and("d")
}

/// A proposal of an edited config, in any of its forms.
pub(crate) fn propose_config(id: &str, config: &str) -> Call {
    Call::of("ProposeConfig").and(id).and(config).and("d")
}

/// What a call that proposes would make.
pub(crate) fn check_proposal(call: impl Into<Call>) -> Call {
    let call: Call = call.into();
    (call.0.iter()).fold(Call::of("CheckProposal"), Call::and)
}

/// A proposal of a patch of the channel group.
pub(crate) fn propose_patch(id: &str, channel_group: &Value) -> Call {
    let patch = json!({ "channel_group": channel_group });
    propose_config_update(id, &patch.to_string())
}

pub(crate) fn add_organization(id: &str, name: &str, group: &[u8]) -> Call {
    Call::of("AddOrganization")
        .and(id)
        .and(name)
        .and(group)
        .and("d")
}

/// The older spelling is served, too.
pub(crate) fn add_orgnization(id: &str, name: &str, group: &[u8]) -> Call {
    Call::of("AddOrgnization")
        .and(id)
        .and(name)
        .and(group)
        .and("d")
}

pub(crate) fn reconfig_organization_msp(id: &str, msp: &Value) -> Call {
    Call::of("ReconfigOrganizationMSP")
        .and(id)
        .and(msp.to_string())
        .and("d")
}

/// The older spelling is served, too.
pub(crate) fn reconfig_orgnization_msp(id: &str, msp: &Value) -> Call {
    Call::of("ReconfigOrgnizationMSP")
        .and(id)
        .and(msp.to_string())
        .and("d")
}

pub(crate) fn combine_proposals(id: &str, ids: &[impl AsRef<str>]) -> Call {
    Call::of("CombineProposals").and(id).and_ids(ids).and("d")
}

pub(crate) fn propose_settings(id: &str, settings: &str) -> Call {
    Call::of("ProposeSettings").and(id).and(settings).and("d")
}

pub(crate) fn apply_settings(id: &str) -> Call {
    Call::of("ApplySettings").and(id)
}

pub(crate) fn get_settings() -> Call {
    Call::of("GetSettings")
}

pub(crate) fn attest_capabilities(levels: &str) -> Call {
    Call::of("AttestCapabilities").and(levels)
}

pub(crate) fn prepare_attestation(msp_id: &str, levels: &str) -> Call {
    Call::of("PrepareAttestation").and(msp_id).and(levels)
}

pub(crate) fn add_attestation(envelope: &str) -> Call {
    Call::of("AddAttestation").and(envelope)
}

pub(crate) fn get_capabilities() -> Call {
    Call::of("GetCapabilities")
}

/// A signature in any of its forms.
pub(crate) fn add_signature(id: &str, signature: &str) -> Call {
    Call::of("AddSignature").and(id).and(signature)
}

pub(crate) fn reject_proposal(id: &str, reason: &str) -> Call {
    Call::of("RejectProposal").and(id).and(reason)
}

pub(crate) fn withdraw_proposal(id: &str) -> Call {
    Call::of("WithdrawProposal").and(id)
}

pub(crate) fn delete_proposal(id: &str) -> Call {
    Call::of("DeleteProposal").and(id)
}

pub(crate) fn update_proposals() -> Call {
    Call::of("UpdateProposals")
}

pub(crate) fn get_proposal(id: &str) -> Call {
    Call::of("GetProposal").and(id)
}

pub(crate) fn list_proposals() -> Call {
    Call::of("ListProposals")
}

pub(crate) fn export_proposal(id: &str) -> Call {
    Call::of("ExportProposal").and(id)
}

pub(crate) fn get_history() -> Call {
    Call::of("GetHistory")
}

pub(crate) fn get_config() -> Call {
    Call::of("GetConfig")
}

pub(crate) fn get_config_chain() -> Call {
    Call::of("GetConfigChain")
}

/// The older interface.
pub(crate) mod cmcc {
    use super::Call;

    pub(crate) fn propose_config_update(id: &str, update: &str) -> Call {
        Call::of("proposeConfigUpdate").and(id).and(update)
    }

    pub(crate) fn add_signature(id: &str, signature: &str) -> Call {
        Call::of("addSignature").and(id).and(signature)
    }

    pub(crate) fn delete_proposal(id: &str) -> Call {
        Call::of("deleteProposal").and(id)
    }

    pub(crate) fn get_proposal(id: &str) -> Call {
        Call::of("getProposal").and(id)
    }

    pub(crate) fn get_proposals() -> Call {
        Call::of("getProposals")
    }
}
