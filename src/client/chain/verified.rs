//! The chain: how it starts, grows, and is compared with others'.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{
    block::{self, Block, ConfigBlock},
    client::{ClientError, Exit},
    config::{Bundle, check_peer_levels},
    ids::{BlockNumber, ChannelId, Digest, Sequence},
};

/// The most links that are kept: those of the pin, and the newest.
const LINKS: usize = 100_000;

/// What a chain says of one config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedLink {
    /// The block that carries it.
    pub block_number: BlockNumber,
    /// SHA-256 of that block's header in DER form.
    pub block_hash: Digest,
    /// SHA-256 of the config in its one encoding.
    pub config_sha256: Digest,
    /// SHA-256 of the config update that led to it; `None` in a genesis block.
    pub config_update_sha256: Option<Digest>,
}

impl VerifiedLink {
    /// What a block says.
    #[must_use]
    pub fn of(block: &ConfigBlock) -> Self {
        Self {
            block_number: block.block().number(),
            block_hash: block.block().header_hash(),
            config_sha256: block.config_digest(),
            config_update_sha256: block.update_digest(),
        }
    }
}

/// A chain of configs that this machine verified, from a pinned block to its head.
#[derive(Debug)]
pub struct VerifiedChain {
    pub(super) links: BTreeMap<Sequence, VerifiedLink>,
    /// The head's block, as carried.
    pub(super) head: Bytes,
    bundle: Bundle,
}

impl VerifiedChain {
    /// Starts with a block that somebody trusts.
    ///
    /// # Errors
    /// `WRONG_CHANNEL`, `BAD_BLOCK`; `CAPABILITY_UNSUPPORTED` where its config needs levels that this
    /// build does not know.
    pub fn start(channel: &ChannelId, bytes: Bytes) -> Result<Self, ClientError> {
        let block = read(channel, bytes.clone())?;
        let links = BTreeMap::from([(block.sequence(), VerifiedLink::of(&block))]);
        Self::of(channel, links, &block, bytes)
    }

    /// A chain of these links, whose head is this block.
    pub(super) fn of(
        channel: &ChannelId,
        links: BTreeMap<Sequence, VerifiedLink>,
        block: &ConfigBlock,
        head: Bytes,
    ) -> Result<Self, ClientError> {
        check_peer_levels(block.tree()).map_err(|error| {
            ClientError::new(Exit::Failed, "CAPABILITY_UNSUPPORTED", error.to_string())
                .hint("install a newer cmscc")
        })?;
        let bundle = Bundle::new(channel, block.tree().clone())
            .map_err(|error| bad_block(&format!("its config is not valid: {error}")))?;
        Ok(Self {
            links,
            head,
            bundle,
        })
    }

    /// Takes the next config block, where it proves itself on the head.
    ///
    /// # Errors
    /// `NOT_NEXT` where it is not the next one; `BLOCK_NOT_PROVEN` (unsafe) where it does not follow
    /// from the head, or another block of its sequence was verified before (`FORK`, unsafe).
    pub fn take(&mut self, bytes: Bytes) -> Result<(), ClientError> {
        let block = read(self.channel(), bytes.clone())?;
        let (head, sequence) = (self.sequence(), block.sequence());
        if let Some(known) = self.links.get(&sequence) {
            return self.compare(sequence, known, &VerifiedLink::of(&block), "the peer");
        }
        if sequence != head.next() {
            let text = format!("a block with config {sequence} does not follow config {head}");
            return Err(ClientError::new(Exit::Failed, "NOT_NEXT", text));
        }
        self.bundle = block::advance(&self.bundle, &block).map_err(|error| {
            let text = format!(
                "block {} claims to carry config {sequence}, and is not proven by config {head}: {error}",
                block.block().number()
            );
            ClientError::new(Exit::Unsafe, "BLOCK_NOT_PROVEN", text)
                .hint("do not sign anything: ask other members for their config block")
        })?;
        self.links.insert(sequence, VerifiedLink::of(&block));
        while self.links.len() > LINKS {
            let second = self.links.keys().nth(1).copied();
            second.and_then(|second| self.links.remove(&second));
        }
        self.head = bytes;
        Ok(())
    }

    /// Compares what somebody else says of a config with what was verified here: the config alone, as the
    /// contract does. Where this chain has no link for it (it is before the pin, or ahead), there is nothing
    /// to compare: false.
    ///
    /// # Errors
    /// `FORK` (unsafe).
    pub fn agrees(
        &self,
        sequence: Sequence,
        theirs: &VerifiedLink,
        who: &str,
    ) -> Result<bool, ClientError> {
        match self.links.get(&sequence) {
            None => Ok(false),
            Some(ours) => self.compare(sequence, ours, theirs, who).map(|()| true),
        }
    }

    fn compare(
        &self,
        sequence: Sequence,
        ours: &VerifiedLink,
        theirs: &VerifiedLink,
        who: &str,
    ) -> Result<(), ClientError> {
        // SECURITY: who may sign a block, which may be a single user of an orderer organisation, can sign
        // another one with the same config: its number, its hash and the bytes of its update are claims. They
        // must end nobody's work
        if ours.config_sha256 == theirs.config_sha256 {
            return Ok(());
        }
        let mut error = ClientError::new(
            Exit::Unsafe,
            "FORK",
            format!(
                "{who} shows another config {sequence} of channel `{}` than the one that was verified \
                 here",
                self.channel()
            ),
        )
        .hint("do not sign anything: `cmscc pin` shows what is pinned and how to start again");
        for (name, link) in [("here", ours), (who, theirs)] {
            let text = format!(
                "block {}, hash {}, config {}",
                link.block_number, link.block_hash, link.config_sha256
            );
            error.details.push((name.to_owned(), text));
        }
        Err(error)
    }

    /// The channel.
    #[must_use]
    pub fn channel(&self) -> &ChannelId {
        self.bundle.channel()
    }

    /// The config in force, as far as it was verified.
    #[must_use]
    pub const fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Its sequence.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        self.bundle.sequence()
    }

    /// The block that carries it, serialized.
    #[must_use]
    pub const fn head_block(&self) -> &Bytes {
        &self.head
    }

    /// What is known of the head.
    ///
    /// A chain has a link for its head always.
    #[must_use]
    pub fn head(&self) -> Option<(Sequence, &VerifiedLink)> {
        self.links.last_key_value().map(|(at, link)| (*at, link))
    }

    /// The block that was pinned.
    #[must_use]
    pub fn pin(&self) -> Option<(Sequence, &VerifiedLink)> {
        self.links.first_key_value().map(|(at, link)| (*at, link))
    }

    /// What is known of a config; `None` where it is before the pin, ahead, or too long ago.
    #[must_use]
    pub fn link(&self, sequence: Sequence) -> Option<&VerifiedLink> {
        self.links.get(&sequence)
    }

    /// All links, ascending.
    pub fn links(&self) -> impl Iterator<Item = (Sequence, &VerifiedLink)> {
        self.links.iter().map(|(at, link)| (*at, link))
    }

    /// Whether the orderers of the config in force signed a block, whatever is in it.
    ///
    /// # Errors
    /// `BLOCK_NOT_PROVEN` (unsafe).
    pub fn check_signed(&self, bytes: Bytes) -> Result<Block, ClientError> {
        let check = || {
            let block = Block::parse(bytes)?;
            block.check_data_hash()?;
            block::verify_signatures(&block, &self.bundle)?;
            Ok::<_, block::BlockError>(block)
        };
        check().map_err(|error| {
            let text =
                format!("a block that the peer shows is not signed by the orderers: {error}");
            ClientError::new(Exit::Unsafe, "BLOCK_NOT_PROVEN", text)
        })
    }
}

/// Reads a config block of this channel, whose data is what its header names.
pub(super) fn read(channel: &ChannelId, bytes: Bytes) -> Result<ConfigBlock, ClientError> {
    let block = ConfigBlock::parse(bytes).map_err(|error| bad_block(&error.to_string()))?;
    let hash = block.block().check_data_hash();
    hash.map_err(|error| bad_block(&error.to_string()))?;
    if block.channel_id() != channel {
        let text = format!(
            "the block is of channel `{}`, not of `{channel}`",
            block.channel_id()
        );
        return Err(ClientError::new(Exit::Usage, "WRONG_CHANNEL", text));
    }
    Ok(block)
}

fn bad_block(reason: &str) -> ClientError {
    let text = format!("the config block cannot be used: {reason}");
    ClientError::new(Exit::Failed, "BAD_BLOCK", text)
}
