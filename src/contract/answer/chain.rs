//! The verified chain and its head.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    contract::{error::ContractError, ledger::digest},
    ids::{ChannelId, Sequence},
    proto::cmscc::{ChainEntry, Head},
};

/// Answer of calls that bring config blocks: what was added, known and applied.
#[derive(Debug, Serialize)]
pub(crate) struct Synced {
    pub(crate) added: Vec<ChainLink>,
    /// The digests of the config updates that took effect, in the order of the blocks.
    pub(crate) applied: Vec<String>,
    pub(crate) block_hash: Option<String>,
    pub(crate) block_number: Option<u64>,
    pub(crate) channel_id: String,
    pub(crate) config_sha256: Option<String>,
    pub(crate) epoch: Option<u64>,
    pub(crate) known: Vec<ChainLink>,
    pub(crate) sequence: Option<u64>,
}

impl Synced {
    /// The answer for this head, or for none yet, with nothing added or known.
    pub(crate) fn at(channel: &ChannelId, head: Option<&Head>) -> Result<Self, ContractError> {
        let hex = |bytes: &[u8]| digest(bytes).map(|d| d.to_string());
        Ok(Self {
            added: Vec::new(),
            applied: Vec::new(),
            block_hash: head.map(|h| hex(&h.block_hash)).transpose()?,
            block_number: head.map(|h| h.block_number),
            channel_id: channel.to_string(),
            config_sha256: head.map(|h| hex(&h.config_sha256)).transpose()?,
            epoch: head.map(|h| h.epoch),
            known: Vec::new(),
            sequence: head.map(|h| h.sequence),
        })
    }
}

/// Answer of `GetConfigChain`: links, ascending.
#[derive(Debug, Serialize)]
pub(crate) struct ConfigChain {
    pub(crate) as_of_sequence: u64,
    pub(crate) chain: Vec<ChainLink>,
    /// The sequence from which the next page is asked for; null where this is the last.
    pub(crate) next: Option<u64>,
    pub(crate) unsupported: Vec<String>,
}

/// One link of the verified chain.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct ChainLink {
    pub(crate) block_hash: String,
    pub(crate) block_number: u64,
    pub(crate) config_sha256: String,
    pub(crate) config_update_sha256: Option<String>,
    pub(crate) sequence: u64,
}

impl ChainLink {
    /// The link that an entry of the ledger is.
    pub(crate) fn new(sequence: Sequence, entry: &ChainEntry) -> Result<Self, ContractError> {
        let update = match entry.config_update_sha256.is_empty() {
            true => None,
            false => Some(digest(&entry.config_update_sha256)?.to_string()),
        };
        Ok(Self {
            block_hash: digest(&entry.block_hash)?.to_string(),
            block_number: entry.block_number,
            config_sha256: digest(&entry.config_sha256)?.to_string(),
            config_update_sha256: update,
            sequence: sequence.0,
        })
    }
}

/// Answer of `GetConfig`: the head and its config.
#[derive(Debug, Serialize)]
pub(crate) struct ConfigReport {
    pub(crate) block_hash: String,
    pub(crate) block_number: u64,
    pub(crate) config: Option<Box<RawValue>>,
    pub(crate) config_sha256: String,
    pub(crate) epoch: u64,
    pub(crate) sequence: u64,
    /// Levels that the channel requires and this build does not know.
    pub(crate) unsupported: Vec<String>,
}
