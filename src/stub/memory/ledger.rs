//! Keys, values and versions, and what a transaction read and wrote of them.

use std::{
    collections::BTreeMap,
    mem,
    ops::Bound::{Included, Unbounded},
    sync::Arc,
};

use bytes::Bytes;

use crate::{
    ids::{BlockNumber, ChaincodeName, CollectionName, TxId, UnixTime},
    stub::{Event, KeyRange, Metadata, Modification, Write},
};

/// Where a value was written: the block, and the transaction within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The block that wrote it.
    pub block: BlockNumber,
    /// The transaction's index in the block, from 0.
    pub tx: u64,
}

/// Keys with their values and versions, collections, and what transactions made of public keys. A
/// clone is cheap and is a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: Arc<BTreeMap<String, Versioned>>,
    collections: Arc<BTreeMap<CollectionName, Collection>>,
    history: Arc<Vec<Arc<Committed>>>,
    /// The fields of each index, in their order.
    indexes: Arc<Vec<Vec<String>>>,
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The value, never empty.
    pub value: Bytes,
    /// Who wrote it.
    pub version: Version,
    /// Metadata of the key.
    pub metadata: Metadata,
}

/// A private data collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Collection {
    pub(super) access: CollectionAccess,
    pub(super) entries: Arc<BTreeMap<String, Versioned>>,
}

/// Who may have what of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectionAccess {
    /// Whether this peer has the values, as members' peers do, and not only their digests.
    pub peer_has_values: bool,
    /// Whether the submitter may read (`memberOnlyRead`).
    pub submitter_reads: bool,
    /// Whether the submitter may write (`memberOnlyWrite`).
    pub submitter_writes: bool,
}

impl Default for CollectionAccess {
    /// A member's peer and a member's submitter.
    fn default() -> Self {
        Self {
            peer_has_values: true,
            submitter_reads: true,
            submitter_writes: true,
        }
    }
}

/// Which transaction wrote, and when its submitter says that it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TxStamp {
    /// The transaction's id.
    pub tx_id: TxId,
    /// The submitter's clock.
    pub timestamp: UnixTime,
}

/// What a valid transaction wrote to the public state.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Committed {
    stamp: TxStamp,
    writes: BTreeMap<String, Option<Bytes>>,
}

impl Ledger {
    /// A ledger without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a collection, as the chaincode's definition does, or says anew who may have what of it. The
    /// collections that organisations have without a definition (`_implicit_org_<MSP id>`) are added, too.
    pub fn define_collection(&mut self, name: impl Into<CollectionName>, access: CollectionAccess) {
        let collections = Arc::make_mut(&mut self.collections);
        collections.entry(name.into()).or_default().access = access;
    }

    /// Adds an index of a CouchDB, as the package of a chaincode does: a rich query that sorts needs one
    /// that begins with its fields.
    pub fn define_index(&mut self, fields: &[&str]) {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        Arc::make_mut(&mut self.indexes).push(fields);
    }

    /// Whether a query may sort by these fields.
    // CouchDB: mango_idx.erl, filter_indexes_by_sort
    pub(super) fn is_indexed(&self, fields: &[&str]) -> bool {
        matches!(fields, [] | ["_id"])
            || self.indexes.iter().any(|index| {
                let index: Vec<&str> = index.iter().map(String::as_str).collect();
                index.starts_with(fields)
            })
    }

    /// Writes and deletes what a valid transaction wrote, all of it at this version. History tells it
    /// without an id.
    pub fn commit(&mut self, version: Version, set: &ReadWriteSet) {
        self.commit_as(version, TxStamp::default(), set);
    }

    /// The same of a transaction that history names.
    pub fn commit_as(&mut self, version: Version, stamp: TxStamp, set: &ReadWriteSet) {
        let entries = Arc::make_mut(&mut self.entries);
        for (key, value) in &set.writes {
            apply(entries, version, key, value.as_ref());
        }
        apply_metadata(entries, version, &set.metadata);
        if !set.private.is_empty() {
            let collections = Arc::make_mut(&mut self.collections);
            for (name, private) in &set.private {
                let collection = collections.entry(name.clone()).or_default();
                let entries = Arc::make_mut(&mut collection.entries);
                for (key, write) in &private.writes {
                    let value = match write {
                        Write::Put(value) => Some(value),
                        Write::Delete | Write::Purge => None,
                    };
                    apply(entries, version, key, value);
                }
                apply_metadata(entries, version, &private.metadata);
            }
        }
        if !set.writes.is_empty() {
            let writes = set.writes.clone();
            Arc::make_mut(&mut self.history).push(Arc::new(Committed { stamp, writes }));
        }
    }

    /// The value and version of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Versioned> {
        self.entries.get(key)
    }

    /// The value and version of a key of a collection, whoever may have it.
    #[must_use]
    pub fn get_private(&self, collection: &str, key: &str) -> Option<&Versioned> {
        self.collections.get(collection)?.entries.get(key)
    }

    pub(super) fn collection(&self, name: &CollectionName) -> Option<&Collection> {
        self.collections.get(name)
    }

    /// What transactions made of a key, the latest first.
    pub(super) fn history(&self, key: &str) -> impl Iterator<Item = Modification> {
        self.history.iter().rev().filter_map(move |committed| {
            let value = committed.writes.get(key)?.clone().unwrap_or_default();
            Some(Modification {
                tx_id: committed.stamp.tx_id.clone(),
                timestamp: committed.stamp.timestamp,
                is_delete: value.is_empty(),
                value,
            })
        })
    }

    /// The entries of a range, in key order. An empty `end` means that the range has no end.
    pub fn range(&self, range: &KeyRange) -> impl Iterator<Item = (&str, &Versioned)> {
        between(&self.entries, range)
    }

    /// All entries, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Versioned)> {
        self.entries.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// Whether everything that the transaction read is still as it read it.
    ///
    /// # Errors
    /// The first read that is not: point reads in key order, then those of collections, then ranges in
    /// the order of the calls.
    pub fn validate(&self, set: &ReadWriteSet) -> Result<(), Conflict> {
        for (key, read) in &set.reads {
            if self.get(key).map(|e| e.version) != *read {
                return Err(Conflict::Read { key: key.clone() });
            }
        }
        for (name, private) in &set.private {
            for (key, read) in &private.reads {
                let now = self.get_private(name.as_str(), key);
                if now.map(|e| e.version) != *read {
                    return Err(Conflict::Read { key: key.clone() });
                }
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

/// The entries of a range, in key order. An empty `end` means that the range has no end.
pub(super) fn between<'a>(
    entries: &'a BTreeMap<String, Versioned>,
    range: &KeyRange,
) -> impl Iterator<Item = (&'a str, &'a Versioned)> + use<'a> {
    let end = range.end.clone();
    entries
        .range::<str, _>((Included(range.start.as_str()), Unbounded))
        .take_while(move |(key, _)| end.is_empty() || **key < end)
        .map(|(key, entry)| (key.as_str(), entry))
}

/// Writes a key. Metadata stays with a key while it exists.
// Fabric: core/ledger/kvledger/txmgmt/validation/tx_ops.go, prepareTxOps
fn apply(
    entries: &mut BTreeMap<String, Versioned>,
    version: Version,
    key: &str,
    value: Option<&Bytes>,
) {
    match value {
        Some(value) if !value.is_empty() => {
            let metadata = match entries.get_mut(key) {
                Some(entry) => mem::take(&mut entry.metadata),
                None => Metadata::new(),
            };
            let entry = Versioned {
                value: value.clone(),
                version,
                metadata,
            };
            entries.insert(key.to_owned(), entry);
        }
        _ => {
            entries.remove(key);
        }
    }
}

/// Replaces the metadata of keys that exist.
// Fabric: core/ledger/kvledger/txmgmt/validation/tx_ops.go, prepareTxOps
fn apply_metadata(
    entries: &mut BTreeMap<String, Versioned>,
    version: Version,
    metadata: &BTreeMap<String, Metadata>,
) {
    for (key, metadata) in metadata {
        if let Some(entry) = entries.get_mut(key) {
            entry.metadata.clone_from(metadata);
            entry.version = version;
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
    /// The metadata that keys get; what they had is replaced.
    pub metadata: BTreeMap<String, Metadata>,
    /// What was read and written of collections.
    pub private: BTreeMap<CollectionName, CollectionSet>,
    /// The event that was set last.
    pub event: Option<Event>,
    /// Other chaincodes that were called, in the order of the calls; what they read and wrote is
    /// not here.
    pub calls: Vec<ChaincodeName>,
}

/// What one transaction read and wrote of one collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionSet {
    /// Keys whose value, digest or metadata was read, with the version found.
    pub reads: BTreeMap<String, Option<Version>>,
    /// Keys written.
    pub writes: BTreeMap<String, Write>,
    /// The metadata that keys get.
    pub metadata: BTreeMap<String, Metadata>,
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
