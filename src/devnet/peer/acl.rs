//! Who may use what a peer serves.

use bytes::Bytes;
use prost::Message;

use crate::{
    config::Bundle,
    devnet::policies,
    ids::ChannelId,
    policy::{SignedData, SignerSet},
    proto::protos::{AcLs, SignedProposal},
    transaction::ReceivedProposal,
};

const READERS: &str = "/Channel/Application/Readers";
const WRITERS: &str = "/Channel/Application/Writers";

/// What channels may have rules for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::devnet) enum Resource {
    ChaincodeEvents,
    CommitStatus,
    EventBlock,
    EventFilteredBlock,
    GetChannelConfig,
    GetConfigBlock,
    /// A function of `_lifecycle` that a channel has a rule for.
    Lifecycle(&'static str),
    Propose,
    /// A function of `qscc`.
    QueryLedger(&'static str),
}

/// The functions of `_lifecycle` that channels have rules for.
const LIFECYCLE: [&str; 4] = [
    "CheckCommitReadiness",
    "CommitChaincodeDefinition",
    "QueryChaincodeDefinition",
    "QueryChaincodeDefinitions",
];

impl Resource {
    /// That of a function of `_lifecycle`; `None` where no channel decides it.
    pub(super) fn lifecycle(function: &str) -> Option<Self> {
        let known = LIFECYCLE.into_iter().find(|known| *known == function);
        known.map(Self::Lifecycle)
    }

    // Fabric: core/aclmgmt/resources/resources.go
    fn name(self) -> String {
        match self {
            Self::ChaincodeEvents => "gateway/ChaincodeEvents".to_owned(),
            Self::CommitStatus => "gateway/CommitStatus".to_owned(),
            Self::EventBlock => "event/Block".to_owned(),
            Self::EventFilteredBlock => "event/FilteredBlock".to_owned(),
            Self::GetChannelConfig => "cscc/GetChannelConfig".to_owned(),
            Self::GetConfigBlock => "cscc/GetConfigBlock".to_owned(),
            Self::Lifecycle(function) => format!("_lifecycle/{function}"),
            Self::Propose => "peer/Propose".to_owned(),
            Self::QueryLedger(function) => format!("qscc/{function}"),
        }
    }

    // Fabric: core/aclmgmt/defaultaclprovider.go, newDefaultACLProvider
    const fn by_default(self) -> &'static str {
        match self {
            Self::Propose | Self::Lifecycle(_) => WRITERS,
            _ => READERS,
        }
    }

    /// The policy that the channel has for it, by its absolute name.
    // Fabric: core/aclmgmt/resourceprovider.go, PolicyRefForAPI; common/channelconfig/acls.go
    pub(in crate::devnet) fn policy(self, bundle: &Bundle) -> String {
        let application = bundle.tree().group(&["Application"]);
        let value = application.and_then(|group| group.value("ACLs"));
        let rules = value.and_then(|value| AcLs::decode(value.bytes()).ok());
        let rule = rules.and_then(|mut rules| rules.acls.remove(&self.name()));
        match rule {
            Some(rule) if rule.policy_ref.starts_with('/') => rule.policy_ref,
            Some(rule) => format!("/Channel/Application/{}", rule.policy_ref),
            None => self.by_default().to_owned(),
        }
    }

    /// Whether whoever signed may use it.
    ///
    /// # Errors
    /// What a peer says.
    // Fabric: core/policy/policy.go, CheckPolicyBySignedData
    pub(in crate::devnet) fn check(
        self,
        channel: &ChannelId,
        bundle: Option<&Bundle>,
        signed: &SignedBytes,
    ) -> Result<(), String> {
        let bundle = bundle
            .ok_or_else(|| format!("Failed to get policy manager for channel [{channel}]"))?;
        let policy = self.policy(bundle);
        policies::check(bundle, &policy, &signed.signers(bundle)).map_err(|words| {
            format!(
                "Failed evaluating policy on signed data during check policy on channel \
                 [{channel}] with policy [{policy}]: [{words}]"
            )
        })
    }
}

/// Something that somebody signed.
#[derive(Clone, Debug)]
pub(in crate::devnet) struct SignedBytes {
    pub(in crate::devnet) identity: Bytes,
    pub(in crate::devnet) message: Bytes,
    pub(in crate::devnet) signature: Bytes,
}

impl SignedBytes {
    /// What was signed of a proposal.
    pub(super) fn of(proposal: &ReceivedProposal, signed: &SignedProposal) -> Self {
        Self {
            identity: proposal.creator.clone(),
            message: signed.proposal_bytes.clone(),
            signature: signed.signature.clone(),
        }
    }

    fn signers(&self, bundle: &Bundle) -> SignerSet {
        let signed = SignedData {
            identity: &self.identity,
            message: vec![&self.message],
            signature: &self.signature,
        };
        SignerSet::from_signed_data(bundle.msps(), &[signed])
    }
}
