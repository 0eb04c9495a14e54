//! Keys, values and versions, and what a transaction read and wrote of them.

use std::{
    collections::BTreeMap,
    ops::Bound::{Included, Unbounded},
    sync::Arc,
};

use bytes::Bytes;

use crate::{
    ids::{BlockNumber, ChaincodeName},
    stub::{Event, KeyRange},
};

/// Where a value was written: the block, and the transaction within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The block that wrote it.
    pub block: BlockNumber,
    /// The transaction's index in the block, from 0.
    pub tx: u64,
}

/// Keys with their values and versions. A clone is cheap and is a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: Arc<BTreeMap<String, Versioned>>,
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The value, never empty.
    pub value: Bytes,
    /// Who wrote it.
    pub version: Version,
}

impl Ledger {
    /// A ledger without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes and deletes what a valid transaction wrote, all of it at this version.
    pub fn commit(&mut self, version: Version, set: &ReadWriteSet) {
        let entries = Arc::make_mut(&mut self.entries);
        for (key, value) in &set.writes {
            match value {
                Some(value) if !value.is_empty() => {
                    let value = value.clone();
                    entries.insert(key.clone(), Versioned { value, version });
                }
                _ => {
                    entries.remove(key);
                }
            }
        }
    }

    /// The value and version of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Versioned> {
        self.entries.get(key)
    }

    /// The entries of a range, in key order. An empty `end` means that the range has no end.
    pub fn range(&self, range: &KeyRange) -> impl Iterator<Item = (&str, &Versioned)> {
        let end = range.end.clone();
        self.entries
            .range::<str, _>((Included(range.start.as_str()), Unbounded))
            .take_while(move |(key, _)| end.is_empty() || **key < end)
            .map(|(key, entry)| (key.as_str(), entry))
    }

    /// All entries, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Versioned)> {
        self.entries.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// Whether everything that the transaction read is still as it read it.
    ///
    /// # Errors
    /// The first read that is not: point reads in key order, then ranges in the order of the calls.
    pub fn validate(&self, set: &ReadWriteSet) -> Result<(), Conflict> {
        for (key, read) in &set.reads {
            if self.get(key).map(|e| e.version) != *read {
                return Err(Conflict::Read { key: key.clone() });
            }
        }
        match set.ranges.iter().find(|range| !self.still_holds(range)) {
            Some(range) => Err(Conflict::Phantom {
                range: range.range.clone(),
            }),
            None => Ok(()),
        }
    }

    fn still_holds(&self, read: &RangeRead) -> bool {
        let now = self.range(&read.range).map(|(k, e)| (k, e.version));
        let then = read.reads.iter().map(|(k, v)| (k.as_str(), *v));
        if read.exhausted {
            now.eq(then)
        } else {
            now.take(read.reads.len()).eq(then)
        }
    }
}

/// Why a transaction is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// A key that was read has another version now (`MVCC_READ_CONFLICT`).
    #[error("key `{}` has changed since it was read", key.escape_debug())]
    Read {
        /// The key that was written since.
        key: String,
    },
    /// A range that was read has other entries now (`PHANTOM_READ_CONFLICT`).
    #[error("the range from `{}` has changed since it was read", range.start.escape_debug())]
    Phantom {
        /// The range that was read and holds something else now.
        range: KeyRange,
    },
}

/// What one transaction read, wrote and announced; equal on every endorser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadWriteSet {
    /// Keys read one by one, with the version found; `None` where there was no such key.
    pub reads: BTreeMap<String, Option<Version>>,
    /// Range reads, in the order of the calls.
    pub ranges: Vec<RangeRead>,
    /// Keys written; `None` deletes.
    pub writes: BTreeMap<String, Option<Bytes>>,
    /// The event that was set last.
    pub event: Option<Event>,
    /// Other chaincodes that were called, in the order of the calls; what they read and wrote is
    /// not here.
    pub calls: Vec<ChaincodeName>,
}

/// One range as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeRead {
    /// The range asked for (a page starts at its bookmark).
    pub range: KeyRange,
    /// The entries that the iterator passed, with their versions, in key order.
    pub reads: Vec<(String, Version)>,
    /// Whether the iterator met the end of the range: then a new key in it is a phantom, too.
    pub exhausted: bool,
}
