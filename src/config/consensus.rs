//! What the consensus plug-ins demand of a config that is to follow the current one.

use super::{
    bft::{BFT, check_bft},
    bundle::Bundle,
    raft::{RAFT, check_raft},
};
use crate::{identity::MspError, ids::ChannelId, proto::scan::ScanError};

/// What a consensus plug-in does not accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsensusError {
    /// The policy of block signatures is not the one that the consenters give.
    #[error(
        "policy `/Channel/Orderer/BlockValidation` is not {quorum} of the {consenters} consenters of value `/Channel/Orderer/Orderers`"
    )]
    BlockValidation {
        /// How many signatures it must ask for.
        quorum: usize,
        /// How many consenters there are.
        consenters: usize,
    },
    /// A consenter's TLS certificate.
    #[error("the tls certificate of consenter `{host}:{port}` is not accepted: {source}")]
    Certificate {
        /// The consenter's host.
        host: String,
        /// Its port.
        port: u32,
        /// Why not.
        source: MspError,
    },
    /// A certificate that two consenters share.
    #[error("consenter `{host}:{port}` has a tls certificate that another one has too")]
    DuplicateConsenter {
        /// The second one's host.
        host: String,
        /// Its port.
        port: u32,
    },
    /// An orderer organisation needs an endpoint of its own.
    #[error("`/Channel/Orderer/{org}` has no endpoint, which consensus type `BFT` demands")]
    MissingEndpoints {
        /// The organisation.
        org: String,
    },
    /// The envelope's header names another channel, which only BFT looks at.
    #[error("the envelope's header names channel `{got}`, not `{want}`")]
    HeaderChannel {
        /// The channel.
        want: ChannelId,
        /// What the header says.
        got: ChannelId,
    },
    /// There is no consenter.
    #[error("the consensus metadata lists no consenter")]
    NoConsenters,
    /// The consenters have no value.
    #[error("value `/Channel/Orderer/{0}` is missing, which consensus type `BFT` demands")]
    MissingValue(&'static str),
    /// The options are not usable.
    #[error("the consensus metadata is not usable: {0}")]
    Options(#[from] OptionsError),
    /// Leaders rotate.
    #[error("leader rotation must be off or unspecified")]
    Rotation,
    /// More than one consenter changes.
    #[error(
        "{added} consenters are added and {removed} removed; only one of each may change at a time"
    )]
    TooManyChanges {
        /// How many are new.
        added: usize,
        /// How many are gone.
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
        /// The option.
        option: &'static str,
        /// What it says.
        value: String,
    },
    /// There are no options at all.
    #[error("there are no options")]
    Missing,
    /// One option must not exceed another.
    #[error("`{smaller}` must not be above `{greater}`")]
    Order {
        /// The one that must not be above.
        smaller: &'static str,
        /// The other one.
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
            Self::Certificate { .. } => "consensus_certificate",
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

/// How the set of consenters changes; what of it cannot be judged from configs alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConsenterChange {
    /// How many are new: their certificates must be valid by the clock.
    pub added: usize,
    /// How many are gone.
    pub removed: usize,
}

impl Bundle {
    /// Whether the consensus plug-in of this config accepts an update's envelope, whose channel
    /// header names this channel.
    ///
    /// # Errors
    /// [`ConsensusError::HeaderChannel`].
    // Fabric: orderer/consensus/smartbft/configverifier.go, verifyConfigUpdateMsg
    pub(super) fn check_header_channel(&self, got: &ChannelId) -> Result<(), ConsensusError> {
        let bft = self.consensus().is_some_and(|c| c.name == BFT);
        if bft && got != self.channel() {
            return Err(ConsensusError::HeaderChannel {
                want: self.channel().clone(),
                got: got.clone(),
            });
        }
        Ok(())
    }

    /// Whether the consensus plug-in of this config accepts the next one.
    ///
    /// # Errors
    /// [`ConsensusError`].
    // Fabric: orderer/consensus/etcdraft/chain.go, ValidateConsensusMetadata;
    // orderer/consensus/smartbft/configverifier.go, checkConsentersMatchPolicy
    pub fn check_consensus(&self, next: &Self) -> Result<ConsenterChange, ConsensusError> {
        let (Some(current), Some(next_orderer)) = (&self.orderer, &next.orderer) else {
            return Ok(ConsenterChange::default());
        };
        match &*current.consensus.name {
            RAFT => check_raft(current, next_orderer),
            BFT => check_bft(next).map(|()| ConsenterChange::default()),
            _ => Ok(ConsenterChange::default()),
        }
    }
}
