//! What travels beside the blocks: plain private data, by transaction.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    devnet::rwset::HidingSet,
    ids::{BlockNumber, ChannelId, CollectionName, TxId},
    stub::memory::{CollectionSet, ReadWriteSet},
};

/// How many blocks private data waits for its transaction.
// Fabric: sampleconfig/core.yaml, peer.gossip.pvtData.transientstoreMaxBlockRetention
const RETENTION: u64 = 1000;

/// How many transactions wait at most; the oldest make room. What only asks never comes in a block.
const WAITING: usize = 10_000;

/// The plain private data of all transactions of the network.
///
/// Endorsing peers put it here, and committing peers take what belongs to the digests in the block:
/// Fabric's gossip, transient stores and private data stores in one. What is committed stays, for
/// peers that join later; Fabric's peers ask each other for it.
#[derive(Debug, Default)]
pub(in crate::devnet) struct PrivateStore(Mutex<Stored>);

type PlainSets = BTreeMap<CollectionName, CollectionSet>;
type StoredTransaction = (ChannelId, TxId);

#[derive(Debug, Default)]
struct Stored {
    heights: BTreeMap<ChannelId, BlockNumber>,
    /// What endorsers that may differ said of transactions that are in no block yet.
    waiting: BTreeMap<StoredTransaction, Vec<PlainSets>>,
    /// The same transactions in the order in which they came, each with the height of then.
    arrivals: VecDeque<(BlockNumber, StoredTransaction)>,
    committed: BTreeMap<StoredTransaction, PlainSets>,
}

impl PrivateStore {
    /// Keeps what an endorser's simulation did with collections.
    pub(in crate::devnet) fn keep(&self, channel: &ChannelId, tx_id: &TxId, sets: PlainSets) {
        if sets.is_empty() {
            return;
        }
        let mut stored = self.lock();
        let key = (channel.clone(), tx_id.clone());
        match stored.waiting.get_mut(&key) {
            Some(known) if known.contains(&sets) => {}
            Some(known) => known.push(sets),
            None => {
                let height = stored.heights.get(channel).copied().unwrap_or_default();
                stored.arrivals.push_back((height, key.clone()));
                stored.waiting.insert(key, vec![sets]);
                while stored.arrivals.len() > WAITING {
                    stored.drop_oldest();
                }
            }
        }
    }

    /// The whole set of a transaction in a block, with the private data that its digests name; `None`
    /// where nobody has that.
    pub(in crate::devnet) fn complete(
        &self,
        channel: &ChannelId,
        tx_id: &TxId,
        set: HidingSet,
    ) -> Option<ReadWriteSet> {
        if set.hashed.is_empty() {
            return Some(set.public);
        }
        let mut stored = self.lock();
        let key = (channel.clone(), tx_id.clone());
        if let Some(plain) = stored.committed.get(&key)
            && let Some(whole) = set.clone().join(plain)
        {
            return Some(whole);
        }
        let waiting = stored.waiting.get(&key)?;
        let mut matching = waiting.iter().filter_map(|plain| set.clone().join(plain));
        let whole = matching.next()?;
        stored.committed.insert(key, whole.private.clone());
        Some(whole)
    }

    /// Lets go of what need not wait any longer: all peers have committed this block of the channel.
    pub(in crate::devnet) fn delivered(&self, channel: &ChannelId, number: BlockNumber) {
        let mut stored = self.lock();
        let Stored {
            heights,
            waiting,
            arrivals,
            committed,
        } = &mut *stored;
        heights.insert(channel.clone(), number);
        arrivals.retain(|(arrived, key)| {
            let is_old = number.0.saturating_sub(arrived.0) > RETENTION;
            let is_over = key.0 == *channel && (is_old || committed.contains_key(key));
            if is_over {
                waiting.remove(key);
            }
            !is_over
        });
    }

    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    fn drop_oldest(&mut self) {
        if let Some((_, key)) = self.arrivals.pop_front() {
            self.waiting.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::Write;

    fn sets(value: &'static str) -> PlainSets {
        let set = CollectionSet {
            writes: [("k".to_owned(), Write::Put(value.into()))].into(),
            ..CollectionSet::default()
        };
        [("c".into(), set)].into()
    }

    fn hiding(value: &'static str) -> HidingSet {
        let set = ReadWriteSet {
            private: sets(value),
            ..ReadWriteSet::default()
        };
        HidingSet::split(set).0
    }

    #[test]
    fn a_block_gets_the_private_data_that_its_digests_name() {
        let store = PrivateStore::default();
        let (channel, tx_id) = (ChannelId::from("a"), TxId::from("t"));
        let complete = |set| store.complete(&channel, &tx_id, set);
        assert_eq!(
            complete(HidingSet::default()),
            Some(ReadWriteSet::default())
        );
        assert_eq!(complete(hiding("1")), None);
        store.keep(&channel, &tx_id, sets("1"));
        store.keep(&channel, &tx_id, sets("2"));
        assert_eq!(complete(hiding("2")).unwrap().private, sets("2"));
        assert_eq!(complete(hiding("3")), None);
        // the other one has left, this one stays for those that join later
        store.delivered(&channel, BlockNumber(1));
        assert_eq!(complete(hiding("2")).unwrap().private, sets("2"));
        assert_eq!(complete(hiding("1")), None);
    }

    #[test]
    fn what_waits_is_bounded() {
        let store = PrivateStore::default();
        let channel = ChannelId::from("a");
        let waits = |tx_id: &str| {
            let key = (channel.clone(), TxId::from(tx_id));
            store.lock().waiting.contains_key(&key)
        };
        store.delivered(&channel, BlockNumber(5));
        store.keep(&channel, &"old".into(), sets("1"));
        store.delivered(&channel, BlockNumber(5 + RETENTION));
        assert!(waits("old"));
        store.delivered(&"b".into(), BlockNumber(9 + RETENTION));
        assert!(waits("old"));
        store.delivered(&channel, BlockNumber(6 + RETENTION));
        assert!(!waits("old"));
        for n in 0..=WAITING {
            store.keep(&channel, &n.to_string().as_str().into(), sets("1"));
        }
        assert!(!waits("0") && waits("1"));
        assert_eq!(store.lock().arrivals.len(), WAITING);
    }
}
