//! The chain's links, and two configs side by side.

use schemars::JsonSchema;
use serde::Serialize;

use crate::client::answers::{DiffAnswer, LinkAnswer};

/// A link of the contract's chain.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct LinkView {
    /// The link itself.
    #[serde(flatten)]
    pub link: LinkAnswer,
    /// The proposal whose update led to it, where the contract knows one.
    pub proposal_id: Option<String>,
}

/// The contract's chain.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct ChainView {
    /// The sequence of the head.
    pub as_of_sequence: u64,
    /// The links, ascending.
    pub chain: Vec<LinkView>,
    /// Whether there are more than were looked at.
    pub more: bool,
}

/// What differs between two configs of the channel.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct ConfigDiffView {
    /// What differs.
    #[serde(flatten)]
    pub diff: DiffAnswer,
    /// The sequence of the one before.
    pub from: u64,
    /// The sequence of the one after.
    pub to: u64,
}

/// A config block that was written into a file.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct ExportView {
    /// The number of the block.
    pub block_number: u64,
    /// The digest of its config.
    pub config_sha256: String,
    /// The file.
    pub file: String,
    /// The sequence of its config.
    pub sequence: u64,
}
