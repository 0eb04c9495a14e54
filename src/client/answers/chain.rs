//! The verified chain and its head.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Answer of `GetConfig`: the head of the chain and its config.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
pub struct HeadAnswer {
    /// The hash of its block.
    pub block_hash: String,
    /// The number of its block.
    pub block_number: u64,
    /// The config, in Fabric's JSON or as base64; null where it has no such form.
    #[schemars(with = "Option<serde_json::Value>")]
    pub config: Option<Box<RawValue>>,
    /// The digest of the config.
    pub config_sha256: String,
    /// How many recoveries there were.
    pub epoch: u64,
    /// Its sequence.
    pub sequence: u64,
    /// Levels that the channel requires and the build that answers does not know.
    pub unsupported: Vec<String>,
}

/// Answer of `GetConfigChain`: links, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct ChainAnswer {
    /// The sequence of the head.
    pub as_of_sequence: u64,
    /// The links.
    pub chain: Vec<LinkAnswer>,
    /// The sequence from which the next page is asked for; null where this is the last.
    pub next: Option<u64>,
    /// Levels that the channel requires and the build that answers does not know.
    pub unsupported: Vec<String>,
}

/// One link of the verified chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct LinkAnswer {
    /// The hash of the block.
    pub block_hash: String,
    /// Its number.
    pub block_number: u64,
    /// The digest of its config.
    pub config_sha256: String,
    /// The digest of the update that led to it; null for the first.
    pub config_update_sha256: Option<String>,
    /// Its sequence.
    pub sequence: u64,
}

/// Answer of calls that bring config blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct SyncedAnswer {
    /// What is new.
    pub added: Vec<LinkAnswer>,
    /// The digests of the updates that took effect.
    pub applied: Vec<String>,
    /// The hash of the head; null where there is none yet, as in the next ones.
    pub block_hash: Option<String>,
    /// Its number.
    pub block_number: Option<u64>,
    /// The channel.
    pub channel_id: String,
    /// The digest of the config.
    pub config_sha256: Option<String>,
    /// How many recoveries there were.
    pub epoch: Option<u64>,
    /// What was there already.
    pub known: Vec<LinkAnswer>,
    /// The sequence of the head.
    pub sequence: Option<u64>,
}
