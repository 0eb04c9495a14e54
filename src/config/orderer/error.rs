//! Why an orderer does not let an envelope in, or a config follow.

use crate::{
    config::envelope::TransactionError, identity::MspError, ids::ChannelId, proto::scan::ScanError,
};

/// What a consensus plug-in does not accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsensusError {
    /// The policy of block signatures is not the one that the consenters give.
    #[error(
        "policy `/Channel/Orderer/BlockValidation` is not {quorum} of the {consenters} consenters of value `/Channel/Orderer/Orderers`"
    )]
    BlockValidation {
        /// How many signatures the policy must ask for.
        quorum: usize,
        /// How many consenters there are.
        consenters: usize,
    },
    /// A consenter's TLS certificate that is not accepted.
    #[error("the tls certificate of consenter `{host}:{port}` is not accepted: {source}")]
    Certificate {
        /// The consenter's host name or address.
        host: String,
        /// The TCP port of the same consenter.
        port: u32,
        /// What is wrong with the certificate.
        source: MspError,
    },
    /// A certificate that two consenters share.
    #[error("consenter `{host}:{port}` has a tls certificate that another one has too")]
    DuplicateConsenter {
        /// Host name or address of the second one.
        host: String,
        /// The TCP port of the same consenter.
        port: u32,
    },
    /// An orderer organisation needs an endpoint of its own.
    #[error("`/Channel/Orderer/{org}` has no endpoint, which consensus type `BFT` demands")]
    MissingEndpoints {
        /// The name of its group below `/Channel/Orderer`.
        org: String,
    },
    /// The envelope's header names another channel, which only BFT looks at.
    #[error("the envelope's header names channel `{got}`, not `{want}`")]
    HeaderChannel {
        /// The channel whose config it is.
        want: ChannelId,
        /// The channel that the header names.
        got: ChannelId,
    },
    /// A new consenter whose TLS certificates no time can make valid.
    #[error(
        "the tls certificates of the new consenter `{host}:{port}` and the cas above them are at no time valid together"
    )]
    NeverValid {
        /// The consenter's host name or address.
        host: String,
        /// The TCP port of the same consenter.
        port: u32,
    },
    /// Raft metadata without a consenter.
    #[error("the consensus metadata lists no consenter")]
    NoConsenters,
    /// A value that BFT demands is missing; its key.
    #[error("value `/Channel/Orderer/{0}` is missing, which consensus type `BFT` demands")]
    MissingValue(&'static str),
    /// Options that are not usable.
    #[error("the consensus metadata is not usable: {0}")]
    Options(#[from] OptionsError),
    /// BFT options by which leaders rotate.
    #[error("leader rotation must be off or unspecified")]
    Rotation,
    /// More than one consenter changes.
    #[error(
        "{added} consenters are added and {removed} removed; only one of each may change at a time"
    )]
    TooManyChanges {
        /// How many the current config does not list.
        added: usize,
        /// How many the next config no longer lists.
        removed: usize,
    },
    /// No orderer serves this type; the reference crashes on it.
    #[error("consensus type `{0}` is not known to any orderer")]
    UnknownType(String),
}

/// What is wrong with the options of a consensus plug-in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Not a duration, or one that is not allowed there.
    #[error("`{option}` is `{value}`, not a positive duration")]
    Duration {
        /// The option's name, such as `tick_interval`.
        option: &'static str,
        /// The option's value, as it stands.
        value: String,
    },
    /// The metadata has no options at all.
    #[error("there are no options")]
    Missing,
    /// An option that exceeds another that it must not exceed.
    #[error("`{smaller}` must not be above `{greater}`")]
    Order {
        /// The name of the option that must not be greater.
        smaller: &'static str,
        /// The name of the option that it is compared with.
        greater: &'static str,
    },
    /// The metadata does not decode.
    #[error("it does not decode: {0}")]
    Undecodable(ScanError),
    /// An option that must not be 0.
    #[error("`{0}` is 0")]
    Zero(&'static str),
}

impl ConsensusError {
    /// A reason class in the manner of the vectors, which have none for these rules.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::BlockValidation { .. } => "consensus_block_validation",
            Self::Certificate { .. } | Self::NeverValid { .. } => "consensus_certificate",
            Self::DuplicateConsenter { .. } => "consensus_duplicate_consenter",
            Self::MissingEndpoints { .. } => "missing_endpoints",
            Self::HeaderChannel { .. } => "channel_id_mismatch",
            Self::NoConsenters => "consensus_no_consenters",
            Self::MissingValue(_) => "consensus_missing_value",
            Self::Options(_) => "consensus_metadata",
            Self::Rotation => "consensus_rotation",
            Self::TooManyChanges { .. } => "consensus_too_many_changes",
            Self::UnknownType(_) => "consensus_unknown_type",
        }
    }
}

/// Why a filter does not let an envelope in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// The sender's certificate has expired.
    #[error("the sender's certificate has expired")]
    CreatorExpired,
    /// The envelope's payload is empty.
    #[error("the envelope has no payload")]
    EmptyPayload,
    /// The policy for senders, whose path this is, does not exist.
    #[error("there is no policy `{0}`")]
    MissingPolicy(&'static str),
    /// The sender does not satisfy the policy for senders, whose path this is.
    #[error("the sender does not satisfy `{0}`")]
    PolicyNotSatisfied(&'static str),
    /// The envelope is longer than the channel allows.
    #[error("{bytes} bytes are more than the channel's absolute maximum of {limit}")]
    TooLarge {
        /// Payload and signature, in bytes.
        bytes: u64,
        /// `BatchSize.absolute_max_bytes`.
        limit: u32,
    },
    /// The envelope does not say who sent it.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl FilterError {
    /// The class of the reason, in the words of the conformance vectors.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::CreatorExpired => "creator_expired",
            Self::EmptyPayload => "empty_payload",
            Self::MissingPolicy(_) => "missing_policy",
            Self::PolicyNotSatisfied(_) => "policy_not_satisfied",
            Self::TooLarge { .. } => "too_large",
            Self::Transaction(e) => e.reason(),
        }
    }
}

impl From<ScanError> for FilterError {
    fn from(source: ScanError) -> Self {
        Self::Transaction(source.into())
    }
}

/// A change of consensus type or state that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The next consensus metadata is not usable for BFT.
    #[error("the metadata of consensus type `BFT` is not usable: {0}")]
    BftMetadata(#[from] OptionsError),
    /// The consenters of raft and of BFT differ.
    #[error("value `/Channel/Orderer/Orderers` does not list the consenters of the raft metadata")]
    BftMapping,
    /// Orderer capabilities do not allow migration.
    #[error("changing consensus type or state needs an orderer capability V1_4_2 or later")]
    CapabilityDisabled,
    /// Entering or leaving maintenance changes something else too.
    #[error("entering or leaving maintenance may change nothing but the state: {0}")]
    OtherChange(&'static str),
    /// The consensus type changes outside maintenance.
    #[error("the consensus type may only change from `{from}` to `{to}` in maintenance")]
    Required {
        /// The name of the consensus type in the current config.
        from: String,
        /// The name of the consensus type in the next config.
        to: String,
    },
    /// The consensus type changes to one that it cannot change to.
    #[error("the consensus type cannot change from `{from}` to `{to}`")]
    Transition {
        /// The name of the consensus type in the current config.
        from: String,
        /// The name of the consensus type in the next config.
        to: String,
    },
}

impl MigrationError {
    /// The class of the reason, in the words of the conformance vectors.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::BftMetadata(_) => "maintenance_bft_metadata",
            Self::BftMapping => "maintenance_bft_mapping",
            Self::CapabilityDisabled => "maintenance_capability_disabled",
            Self::OtherChange(_) => "maintenance_entry_with_other_change",
            Self::Required { .. } => "maintenance_required",
            Self::Transition { .. } => "maintenance_transition",
        }
    }
}
