//! A block that carries a config.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{error::BlockError, parse::Block};
use crate::{
    config::{
        ConfigError, ConfigTree, Update,
        envelope::{self, CONFIG, ConfigEnvelope, Transaction, UpdateEnvelope},
    },
    ids::{ChannelId, Digest, Sequence},
};

/// A block with exactly one transaction, of type CONFIG. Nothing of it is verified: see
/// [`super::advance`]. The config is kept in its one encoding, the update's bytes as carried.
/// What is read or hashed of them later is kept too, and a clone shares it.
#[derive(Clone, Debug)]
pub struct ConfigBlock {
    block: Block,
    channel_id: ChannelId,
    config: Bytes,
    tree: ConfigTree,
    last_update: Option<Bytes>,
    found: Arc<BlockMemory>,
}

/// What was asked of a block already; each thing is found at most once.
#[derive(Debug, Default)]
struct BlockMemory {
    config_digest: OnceLock<Digest>,
    update_envelope: OnceLock<Option<UpdateEnvelope>>,
    update: OnceLock<Option<Update>>,
    update_digest: OnceLock<Option<Digest>>,
}

impl ConfigBlock {
    /// Reads a serialized `common.Block` and the config in it.
    ///
    /// # Errors
    /// [`BlockError::Undecodable`], [`BlockError::NotConfig`], [`BlockError::Transaction`],
    /// [`BlockError::Config`].
    pub fn parse(bytes: Bytes) -> Result<Self, BlockError> {
        let block = Block::parse(bytes)?;
        let [envelope] = block.data() else {
            return Err(BlockError::NotConfig);
        };
        let transaction = Transaction::parse(envelope)?;
        if transaction.header_type != CONFIG {
            return Err(BlockError::NotConfig);
        }
        let carried = ConfigEnvelope::parse(&transaction.data)?;
        let (config, tree) = canonical(&carried.config.ok_or(BlockError::NotConfig)?)?;
        Ok(Self {
            channel_id: transaction.channel_id,
            tree,
            config,
            last_update: carried.last_update,
            found: Arc::default(),
            block,
        })
    }

    /// The block that carries the config.
    #[must_use]
    pub const fn block(&self) -> &Block {
        &self.block
    }

    /// The channel that the transaction's header names.
    #[must_use]
    pub const fn channel_id(&self) -> &ChannelId {
        &self.channel_id
    }

    /// The serialized `common.Config` in its one encoding, [`ConfigTree::encode`]. Where the block
    /// carries more than sequence and channel group, or another order, this does not tell.
    #[must_use]
    pub const fn config(&self) -> &Bytes {
        &self.config
    }

    /// The same, decoded.
    #[must_use]
    pub const fn tree(&self) -> &ConfigTree {
        &self.tree
    }

    /// SHA-256 of [`Self::config`]: equal for two blocks whose configs every peer takes for the same.
    #[must_use]
    pub fn config_digest(&self) -> Digest {
        *self
            .found
            .config_digest
            .get_or_init(|| Digest::of(&self.config))
    }

    /// How often the channel's config was changed, up to here.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        self.tree.sequence()
    }

    /// The serialized `common.Envelope` of the update that made this config, as carried; `None` in
    /// a genesis block.
    #[must_use]
    pub const fn last_update(&self) -> Option<&Bytes> {
        self.last_update.as_ref()
    }

    /// SHA-256 of the config update in [`Self::last_update`]; `None` where there is none, or where
    /// it is not a config update (in a genesis block it may be anything).
    #[must_use]
    pub fn update_digest(&self) -> Option<Digest> {
        *self.found.update_digest.get_or_init(|| {
            let carried = self.update_envelope()?;
            Some(Digest::of(&carried.config_update))
        })
    }

    /// The envelope in [`Self::last_update`], read; `None` where there is none, or where it is not an
    /// envelope of a config update.
    #[must_use]
    pub fn update_envelope(&self) -> Option<&UpdateEnvelope> {
        let read = || envelope::read_update_envelope(self.last_update()?).ok();
        self.found.update_envelope.get_or_init(read).as_ref()
    }

    /// The config update in [`Self::update_envelope`], read; `None` where there is none, or where it
    /// does not decode.
    #[must_use]
    pub fn update(&self) -> Option<&Update> {
        let read = || Update::parse(self.update_envelope()?.config_update.clone()).ok();
        self.found.update.get_or_init(read).as_ref()
    }

    /// Whether this is the same block as another one: equal header bytes and equal data; metadata
    /// may differ, since orderers sign on their own.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.block.header().is_some()
            && self.block.header() == other.block.header()
            && self.block.data() == other.block.data()
    }
}

/// A config's one encoding, and its tree; the tree holds on to no padding.
fn canonical(carried: &Bytes) -> Result<(Bytes, ConfigTree), ConfigError> {
    let tree = ConfigTree::parse(carried.clone())?;
    let config = Bytes::from(tree.encode());
    // as orderers write it: only the order of map entries differs
    if config.len() == carried.len() {
        return Ok((config, tree));
    }
    let tree = ConfigTree::parse(config.clone())?;
    Ok((config, tree))
}
