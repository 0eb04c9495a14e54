//! The blocks of a channel as a peer keeps them: with what it found of each transaction, and
//! findable by number and transaction.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use tokio::sync::watch;

use crate::{
    block::Block,
    devnet::error::DevnetError,
    ids::{BlockNumber, Digest, TxId},
    proto::{common, protos::TxValidationCode},
};

/// Which metadata entries of a block its peers write.
const TRANSACTIONS_FILTER: usize = 2;
const COMMIT_HASH: usize = 4;

/// What a peer committed of a channel, the genesis block first.
#[derive(Debug)]
pub(in crate::devnet) struct BlockStore {
    blocks: Vec<CommittedBlock>,
    transactions: BTreeMap<TxId, TransactionPlace>,
    last_config: BlockNumber,
    height: watch::Sender<u64>,
}

/// Where a transaction stands, and what validation made of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::devnet) struct TransactionPlace {
    /// Its block.
    pub(in crate::devnet) block: BlockNumber,
    /// Its place in the block, from 0.
    pub(in crate::devnet) index: usize,
    /// Its code.
    pub(in crate::devnet) code: TxValidationCode,
}

/// A block as its orderer made it, which all peers share, and what this one found.
#[derive(Debug)]
struct CommittedBlock {
    ordered: Bytes,
    hash: Digest,
    /// One byte for each transaction.
    filter: Bytes,
    /// Of blocks behind the first.
    commit_hash: Option<Digest>,
}

impl BlockStore {
    /// The blocks of a channel that was joined by this genesis block.
    pub(super) fn new(genesis: &Block, ids: &[Option<TxId>]) -> Self {
        let mut store = Self {
            blocks: Vec::new(),
            transactions: BTreeMap::new(),
            last_config: BlockNumber(0),
            height: watch::Sender::new(0),
        };
        store.push(genesis, &[TxValidationCode::Valid], ids);
        store
    }

    /// Keeps the next block, whose transactions have these ids and codes.
    pub(super) fn push(&mut self, block: &Block, codes: &[TxValidationCode], ids: &[Option<TxId>]) {
        let number = block.number();
        let filter: Bytes = codes.iter().map(|code| filter_byte(*code)).collect();
        for (index, (id, code)) in ids.iter().zip(codes).enumerate() {
            if let Some(id) = id {
                // of several with one id the first is found
                self.transactions
                    .entry(id.clone())
                    .or_insert(TransactionPlace {
                        block: number,
                        index,
                        code: *code,
                    });
            }
        }
        if block.is_config() {
            self.last_config = number;
        }
        let commit_hash = self.blocks.last().map(|before| {
            // Differs from Fabric: what the block writes is no part of it
            let before = before.commit_hash.as_ref().map(Digest::as_bytes);
            let before = before.map_or(&[][..], |hash| &hash[..]);
            Digest::of_parts([&filter[..], before])
        });
        self.blocks.push(CommittedBlock {
            ordered: block.bytes().clone(),
            hash: block.header_hash(),
            filter,
            commit_hash,
        });
        self.height.send_replace(self.height());
    }

    /// How many blocks there are.
    pub(in crate::devnet) fn height(&self) -> u64 {
        u64::try_from(self.blocks.len()).unwrap_or(u64::MAX)
    }

    /// Tells when there are more.
    pub(in crate::devnet) fn watch(&self) -> watch::Receiver<u64> {
        self.height.subscribe()
    }

    /// A block with what this peer found.
    pub(in crate::devnet) fn block(&self, number: u64) -> Option<common::Block> {
        self.blocks.get(usize::try_from(number).ok()?)?.whole().ok()
    }

    /// The block that carries the config in force.
    pub(super) fn config_block(&self) -> Option<common::Block> {
        self.block(self.last_config.0)
    }

    /// The block with this header hash.
    pub(super) fn by_hash(&self, hash: &[u8]) -> Option<common::Block> {
        let mut blocks = self.blocks.iter();
        let found = blocks.find(|block| &block.hash.as_bytes()[..] == hash)?;
        found.whole().ok()
    }

    /// Where a transaction stands.
    pub(in crate::devnet) fn place(&self, tx_id: &TxId) -> Option<TransactionPlace> {
        self.transactions.get(tx_id).copied()
    }

    /// What `GetChainInfo` says.
    pub(super) fn info(&self) -> common::BlockchainInfo {
        let hash = |block: &CommittedBlock| Bytes::copy_from_slice(block.hash.as_bytes());
        let mut newest = self.blocks.iter().rev();
        common::BlockchainInfo {
            height: self.height(),
            current_block_hash: newest.next().map(hash).unwrap_or_default(),
            previous_block_hash: newest.next().map(hash).unwrap_or_default(),
            bootstrapping_snapshot_info: None,
        }
    }
}

impl CommittedBlock {
    fn whole(&self) -> Result<common::Block, DevnetError> {
        let mut block = common::Block::decode(self.ordered.clone())
            .map_err(DevnetError::malformed("a block"))?;
        let mut metadata = block.metadata.take().unwrap_or_default().metadata;
        metadata.resize(COMMIT_HASH.saturating_add(1), Bytes::new());
        if let Some(entry) = metadata.get_mut(TRANSACTIONS_FILTER) {
            *entry = self.filter.clone();
        }
        if let (Some(entry), Some(hash)) = (metadata.get_mut(COMMIT_HASH), &self.commit_hash) {
            let value = common::Metadata {
                value: Bytes::copy_from_slice(hash.as_bytes()),
                signatures: Vec::new(),
            };
            *entry = value.encode_to_vec().into();
        }
        block.metadata = Some(common::BlockMetadata { metadata });
        Ok(block)
    }
}

/// A code as the filter carries it.
fn filter_byte(code: TxValidationCode) -> u8 {
    u8::try_from(i32::from(code)).unwrap_or(u8::MAX)
}
