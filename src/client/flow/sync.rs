//! Config blocks for the contract.

use bytes::Bytes;

use super::session::{ChannelSession, Hears, Progress};
use crate::{
    client::{
        ClientError, Exit,
        answers::{self, SyncedAnswer},
    },
    ids::{Digest, Sequence},
    transaction::ChaincodeCall,
};

/// Blocks of one call have so many bytes at most, a single larger one aside.
const BYTES: usize = 8 << 20;
/// One call hands in so many blocks at most.
const BLOCKS: usize = 16;

/// Somebody else was quicker.
const KNOWN: &str = "CONFIG_KNOWN";

/// What bringing the contract to the channel's config took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractSynced {
    /// The config that it had.
    pub before: Sequence,
    /// The config that it has.
    pub after: Sequence,
    /// In which block it took the last one; `None` where it had all.
    pub block: Option<u64>,
}

impl ChannelSession {
    /// Hands the contract the config blocks that it lacks. Own chain and contract are compared first.
    ///
    /// # Errors
    /// As of `catch_up` and `compare_contract`; what the contract refuses.
    pub async fn sync(&mut self, hears: Hears<'_>) -> Result<ContractSynced, ClientError> {
        self.catch_up(hears).await?;
        let before = self.compare_contract().await?;
        let own = self.chain.sequence();
        let mut synced = ContractSynced {
            before: before.sequence,
            after: own,
            block: None,
        };
        if before.lacks.is_none() {
            return Ok(synced);
        }
        let newest = self.chain.head_block().clone();
        let head = self.parse(newest.clone())?;
        let numbers = self.steps(&head, before.sequence).await?;
        let all = own.0.saturating_sub(before.sequence.0);
        let (mut done, mut pending) = (0_u64, Vec::new());
        for number in numbers {
            pending.push(self.connection.block(number).await?);
            let bytes: usize = pending.iter().map(Bytes::len).sum();
            if pending.len() >= BLOCKS || bytes >= BYTES {
                done = done.saturating_add(pending.len() as u64);
                synced.block = self.hand_in(std::mem::take(&mut pending)).await?;
                hears(Progress::HandedIn(done, all));
            }
        }
        pending.push(newest);
        synced.block = self.hand_in(pending).await?;
        hears(Progress::HandedIn(all, all));
        Ok(synced)
    }

    /// One call of `SyncConfig`: the blocks as transient data, their digests as arguments. Another
    /// client may have been quicker: then they are known, and nothing is written.
    async fn hand_in(&self, blocks: Vec<Bytes>) -> Result<Option<u64>, ClientError> {
        let call = sync_call("SyncConfig", self, blocks);
        // a transaction that brings nothing is not worth a place in a block
        let brings = |answer: &Bytes| {
            let answer: SyncedAnswer = answers::read("SyncConfig", answer)?;
            match answer.added.is_empty() {
                true => Err(ClientError::new(Exit::Done, KNOWN, "the contract has it")),
                false => Ok(()),
            }
        };
        match self.submit_call_where(call, &brings).await {
            Ok(committed) => Ok(Some(committed.block.0)),
            Err(error) if error.symbol == KNOWN => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives the contract its first config: one's own head. Servers compare it with their anchors.
    ///
    /// # Errors
    /// What the contract refuses, `UNANCHORED` and `ANCHOR_MISMATCH` among it.
    pub async fn init_consortium(&self, blocks: Vec<Bytes>) -> Result<Bytes, ClientError> {
        let call = sync_call("InitConsortium", self, blocks);
        Ok(self.submit_call(call).await?.answer)
    }

    /// Sets a checkpoint: one's own head, which every server must have as its anchor.
    ///
    /// # Errors
    /// What the contract refuses.
    pub async fn recover(&self, disowned_from: Option<Sequence>) -> Result<Bytes, ClientError> {
        let mut call = sync_call("RecoverConfig", self, vec![self.chain.head_block().clone()]);
        if let Some(from) = disowned_from {
            call.args.push(from.to_string().into());
        }
        Ok(self.submit_call(call).await?.answer)
    }
}

fn sync_call(function: &str, session: &ChannelSession, blocks: Vec<Bytes>) -> ChaincodeCall {
    let mut call = ChaincodeCall::new(session.chain.channel(), [function]);
    for block in blocks {
        let digest = Digest::of(&block).to_string();
        call.args.push(digest.clone().into());
        call.transient
            .insert(format!("config_block.{digest}"), block);
    }
    call
}
