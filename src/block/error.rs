//! Why a block is not accepted.

use super::data::BlockDataError;
use crate::{
    config::{ConfigError, Refusal, SuccessorError, envelope::TransactionError},
    ids::{BlockNumber, ChannelId, Digest},
    policy::Explanation,
    proto::scan::ScanError,
};

/// Why a block is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// The config in it does not decode.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its data is not what its header names.
    #[error("the block's header names data hash `{claimed}`, its data has {computed}")]
    DataHash {
        /// What the header says, in hex.
        claimed: String,
        /// What the data gives.
        computed: Digest,
    },
    /// The config in it does not follow from the config before.
    #[error("the block's config does not follow from the one before: {0}")]
    Invalid(#[from] Refusal),
    /// Its transactions are not well-formed.
    #[error(transparent)]
    Malformed(#[from] BlockDataError),
    /// It has no header.
    #[error("the block has no header")]
    MissingHeader,
    /// Its metadata does not name the config block.
    #[error("the block's metadata does not name the last config block")]
    MissingLastConfig,
    /// It has too few metadata entries.
    #[error("the block has only {entries} metadata entries")]
    MissingMetadata {
        /// How many it has.
        entries: usize,
    },
    /// The config in force has no policy for blocks.
    #[error("the config has no policy `{0}`")]
    MissingPolicy(&'static str),
    /// It carries no config.
    #[error("the block is not a config block")]
    NotConfig,
    /// Its number does not follow.
    #[error("the block has number {got}, not {want}")]
    Number {
        /// The number that follows.
        want: BlockNumber,
        /// The number in its header.
        got: BlockNumber,
    },
    /// It names another block before it.
    #[error("the block names `{got}` as the hash of the header before, not {want}")]
    PreviousHash {
        /// The hash of the header before.
        want: Digest,
        /// What it says, in hex.
        got: String,
    },
    /// Its signatures do not satisfy the policy.
    #[error("the block's signatures do not satisfy `{policy}`")]
    Signatures {
        /// The path of the policy that decides, from `/Channel` on.
        policy: &'static str,
        /// Who signed, and what is missing.
        explanation: Box<Explanation>,
    },
    /// Its transaction does not decode.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// It does not decode.
    #[error("the block does not decode: {0}")]
    Undecodable(#[from] ScanError),
    /// The config in it demands levels that this build does not know.
    #[error("this build does not support the block's config: {0}")]
    Unsupported(#[source] SuccessorError),
    /// It is of another channel.
    #[error("the block is of channel `{got}`, not of `{want}`")]
    WrongChannel {
        /// The channel that it should be of.
        want: ChannelId,
        /// The block's.
        got: ChannelId,
    },
}

impl BlockError {
    /// The stable code; [`BlockError`] itself is what callers match on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Config(_) | Self::Transaction(_) | Self::Undecodable(_) => "BLOCK_UNDECODABLE",
            Self::DataHash { .. } => "BLOCK_DATA_HASH",
            Self::Invalid(_) => "BLOCK_CONFIG_INVALID",
            Self::Malformed(_) => "BLOCK_MALFORMED",
            Self::MissingHeader => "BLOCK_NO_HEADER",
            Self::MissingLastConfig | Self::MissingMetadata { .. } => "BLOCK_METADATA",
            Self::MissingPolicy(_) => "BLOCK_POLICY_MISSING",
            Self::NotConfig => "NOT_A_CONFIG_BLOCK",
            Self::Number { .. } => "BLOCK_NUMBER",
            Self::PreviousHash { .. } => "BLOCK_PREVIOUS_HASH",
            Self::Signatures { .. } => "BLOCK_SIGNATURES",
            Self::Unsupported(_) => "CAPABILITY_UNSUPPORTED",
            Self::WrongChannel { .. } => "WRONG_CHANNEL",
        }
    }

    /// The vectors' reason class.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Config(_) | Self::Undecodable(_) => "undecodable",
            Self::DataHash { .. } => "bad_data_hash",
            Self::Invalid(refusal) => refusal.reason(),
            Self::Malformed(_) => "malformed_transactions",
            Self::MissingHeader => "missing_header",
            Self::MissingLastConfig => "missing_last_config",
            Self::MissingMetadata { .. } => "missing_metadata",
            Self::MissingPolicy(_) => "missing_policy",
            Self::NotConfig => "not_a_config_block",
            Self::Number { .. } => "bad_block_number",
            Self::PreviousHash { .. } => "bad_previous_hash",
            Self::Signatures { .. } => "policy_not_satisfied",
            Self::Transaction(e) => e.reason(),
            Self::Unsupported(e) => e.reason(),
            Self::WrongChannel { .. } => "channel_id_mismatch",
        }
    }
}
