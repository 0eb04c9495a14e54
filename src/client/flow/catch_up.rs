//! From the head of one's own chain to the peer's config; which config blocks lie between.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::session::{ChannelSession, Hears, Progress};
use crate::{
    block::{Block, ConfigBlock},
    client::{ClientError, Exit, VerifiedLink},
    ids::{BlockNumber, Sequence},
};

/// After so many blocks the chain is kept, so that an interrupted command loses little.
const KEEP_EVERY: u64 = 32;
/// So many config blocks are walked back over at most: a peer that makes up blocks would never end.
const STEPS: u64 = 50_000;

impl ChannelSession {
    /// Brings the chain to the config that one's own peer has: every config between is verified by the
    /// one before it.
    ///
    /// # Errors
    /// Unsafe: `ROLLBACK` where the peer shows an older config than was seen before, `FORK`,
    /// `BLOCK_NOT_PROVEN`, `PEER_INCONSISTENT`.
    // SECURITY: the peer chooses the blocks; nothing is kept that did not prove itself
    pub async fn catch_up(&mut self, hears: Hears<'_>) -> Result<(), ClientError> {
        let newest = self.connection.config_block().await?;
        let block = self.parse(newest.clone())?;
        let (head, sequence) = (self.chain.sequence(), block.sequence());
        if sequence < head {
            let text = format!(
                "the peer shows config {sequence}, but config {head} was verified here before"
            );
            return Err(ClientError::new(Exit::Unsafe, "ROLLBACK", text)
                .hint("the peer may have fallen behind: try again, or use another peer"));
        }
        if sequence == head {
            return self.take(newest);
        }
        let steps = self.steps(&block, head).await?;
        let all = sequence.0.saturating_sub(head.0);
        let mut done = 0_u64;
        for number in steps {
            let bytes = self.connection.block(number).await?;
            self.take(bytes)?;
            done = done.saturating_add(1);
            hears(Progress::Verified(done, all));
            if done.checked_rem(KEEP_EVERY) == Some(0) {
                self.store.save(&self.chain)?;
            }
        }
        self.take(newest)?;
        hears(Progress::Verified(all, all));
        self.store.save(&self.chain)
    }

    fn take(&mut self, bytes: Bytes) -> Result<(), ClientError> {
        self.chain
            .take(bytes)
            .map_err(|error| match error.symbol.as_str() {
                "BAD_BLOCK" | "NOT_NEXT" | "WRONG_CHANNEL" => inconsistent(&error.message),
                _ => error,
            })
    }

    /// The numbers of the config blocks between a config and a newer block, both left out, ascending:
    /// from each block back to the config block before it. Cost: two blocks for each.
    pub(super) async fn steps(
        &self,
        newest: &ConfigBlock,
        after: Sequence,
    ) -> Result<Vec<BlockNumber>, ClientError> {
        let mut at = newest.block().number();
        let mut numbers = Vec::new();
        let mut sequence = newest.sequence().0;
        let between = sequence.saturating_sub(after.0);
        if between > STEPS {
            let text = format!("between config {after} and config {sequence} lie too many");
            return Err(ClientError::new(Exit::Unsafe, "TOO_FAR", text).hint(
                "`cmscc pin --reset --anchor FILE` starts again with a newer block that you trust",
            ));
        }
        while sequence > after.0.saturating_add(1) {
            let Some(before) = at.0.checked_sub(1) else {
                return Err(inconsistent("its chain of config blocks ends too early"));
            };
            let bytes = self.connection.block(BlockNumber(before)).await?;
            let block = Block::parse(bytes).map_err(|error| inconsistent(&error.to_string()))?;
            if block.number().0 != before {
                return Err(inconsistent("it gives another block than was asked for"));
            }
            let last = match block.is_config() {
                true => BlockNumber(before),
                false => block
                    .last_config_index()
                    .map_err(|error| inconsistent(&error.to_string()))?,
            };
            if last.0 > before {
                return Err(inconsistent(
                    "a block names a later one as its config block",
                ));
            }
            numbers.push(last);
            at = last;
            sequence = sequence.saturating_sub(1);
        }
        numbers.reverse();
        Ok(numbers)
    }

    /// The numbers of all config blocks from a config up to the head of one's own chain, which are one's
    /// own peer's: they are verified where they are followed. Cost: two blocks for each.
    ///
    /// # Errors
    /// `PEER_INCONSISTENT`, `TOO_FAR` (unsafe); what the connection refuses.
    pub async fn config_blocks(
        &self,
        from: Sequence,
    ) -> Result<BTreeSet<BlockNumber>, ClientError> {
        let head = self.parse(self.chain.head_block().clone())?;
        let numbers = match from.0.checked_sub(1) {
            Some(before) => self.steps(&head, Sequence(before)).await?,
            // a channel begins with its block 0
            None => {
                let mut numbers = self.steps(&head, from).await?;
                numbers.push(BlockNumber(0));
                numbers
            }
        };
        let numbers = numbers.into_iter();
        Ok(numbers.chain([head.block().number()]).collect())
    }

    /// The config block of a link of one's own chain, which must be that very block.
    ///
    /// # Errors
    /// `PEER_INCONSISTENT` (unsafe).
    pub async fn known_block(&self, link: &VerifiedLink) -> Result<Bytes, ClientError> {
        let bytes = self.connection.block(link.block_number).await?;
        match VerifiedLink::of(&self.parse(bytes.clone())?) == *link {
            true => Ok(bytes),
            false => Err(inconsistent(&format!(
                "block {} is another one than was verified here",
                link.block_number
            ))),
        }
    }

    pub(super) fn parse(&self, bytes: Bytes) -> Result<ConfigBlock, ClientError> {
        let block = ConfigBlock::parse(bytes).map_err(|error| inconsistent(&error.to_string()))?;
        match block.channel_id() == self.chain.channel() {
            true => Ok(block),
            false => Err(inconsistent("it shows a config block of another channel")),
        }
    }
}

fn inconsistent(why: &str) -> ClientError {
    let text = format!("the peer shows blocks that do not belong together: {why}");
    ClientError::new(Exit::Unsafe, "PEER_INCONSISTENT", text)
}
