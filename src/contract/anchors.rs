//! What a server brings along of its own: trust anchors, and somebody who wants to know facts.

use crate::{
    block::ConfigBlock,
    ids::{ChannelId, Digest, Sequence},
};

/// The trust anchors that the server's operator mounted. They can make a call fail, nothing else.
pub trait Anchors: Send + Sync + 'static {
    /// The config block mounted for the channel, read; `None` where there is none.
    ///
    /// # Errors
    /// Why the anchor cannot be read, for people.
    fn anchor(&self, channel: &ChannelId) -> Result<Option<ConfigBlock>, String>;

    /// The operator's permission to drop a false branch; `None` where there is none.
    ///
    /// # Errors
    /// Why the permission cannot be read, for people.
    fn disown(&self, channel: &ChannelId) -> Result<Option<Disown>, String>;
}

/// A permission to end a false branch, good for one recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disown {
    /// The epoch to be ended.
    pub epoch: u64,
    /// The first sequence that is false.
    pub from: Sequence,
}

/// No anchors at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAnchors;

impl Anchors for NoAnchors {
    fn anchor(&self, _channel: &ChannelId) -> Result<Option<ConfigBlock>, String> {
        Ok(None)
    }

    fn disown(&self, _channel: &ChannelId) -> Result<Option<Disown>, String> {
        Ok(None)
    }
}

/// Hears facts for metrics and readiness. It never influences an answer, and a fact is heard even
/// where the transaction comes to nothing later.
pub trait ContractObserver: Send + Sync + 'static {
    /// A call saw, or endorsed, this head.
    fn head(&self, channel: &ChannelId, head: &HeadFacts);

    /// A call brought another config for a known sequence, and orderers of the channel signed it.
    fn fork(&self, channel: &ChannelId);

    /// A call brought another config for a known sequence, and nobody who counts signed it. Anybody
    /// can make such a block.
    fn unverified_block(&self, channel: &ChannelId) {
        let _ = channel;
    }

    /// The levels that the head requires (`Channel/V9_0`) and this build does not know; none: it
    /// knows them all.
    fn unsupported(&self, channel: &ChannelId, levels: &[String]);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl ContractObserver for NoObserver {
    fn head(&self, _channel: &ChannelId, _head: &HeadFacts) {}
    fn fork(&self, _channel: &ChannelId) {}
    fn unsupported(&self, _channel: &ChannelId, _levels: &[String]) {}
}

/// What operators compare of a channel's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadFacts {
    /// How often the chain was recovered, plus one.
    pub epoch: u64,
    /// The config's sequence.
    pub sequence: Sequence,
    /// SHA-256 of the config bytes.
    pub config_sha256: Digest,
}
