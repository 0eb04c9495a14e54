//! What endorsers sign of a collection: digests of keys and values in the place of both.

use bytes::Bytes;
use prost::Message;

use crate::{
    devnet::error::DevnetError,
    ids::{CollectionName, Digest},
    proto::{kvrwset, rwset},
    stub::{
        Metadata, Write,
        memory::{CollectionSet, Version},
    },
};

/// What one transaction read and wrote of one collection, without a key or value of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::devnet) struct HashedSet {
    set: kvrwset::HashedRwSet,
    /// The digest of everything that is written, as it travels beside the block; empty where nothing
    /// is.
    plain: Bytes,
}

impl HashedSet {
    /// What hides a set. Everything stands in the order of the plain keys.
    // Fabric: core/ledger/kvledger/txmgmt/rwsetutil/rwset_builder.go, AddToHashedReadSet,
    // AddToPvtAndHashedWriteSet, AddToHashedMetadataWriteSet
    pub(in crate::devnet) fn of(plain: &CollectionSet) -> Self {
        let reads = plain
            .reads
            .iter()
            .map(|(key, version)| kvrwset::KvReadHash {
                key_hash: digest(key.as_bytes()),
                version: version.map(of_version),
            });
        let writes = plain.writes.iter().map(|(key, write)| {
            let value = value(write);
            kvrwset::KvWriteHash {
                key_hash: digest(key.as_bytes()),
                is_delete: value.is_none(),
                value_hash: value.map(|value| digest(value)).unwrap_or_default(),
                is_purge: *write == Write::Purge,
            }
        });
        let metadata = (plain.metadata.iter()).map(|(key, entries)| kvrwset::KvMetadataWriteHash {
            key_hash: digest(key.as_bytes()),
            entries: metadata_entries(entries),
        });
        Self {
            set: kvrwset::HashedRwSet {
                hashed_reads: reads.collect(),
                hashed_writes: writes.collect(),
                metadata_writes: metadata.collect(),
            },
            plain: plain_digest(plain),
        }
    }

    /// Whether it reads as another does.
    pub(in crate::devnet) fn reads_as(&self, other: &Self) -> bool {
        self.set.hashed_reads == other.set.hashed_reads
    }

    pub(super) fn encode(&self, name: &CollectionName) -> rwset::CollectionHashedReadWriteSet {
        rwset::CollectionHashedReadWriteSet {
            collection_name: name.to_string(),
            hashed_rwset: self.set.encode_to_vec().into(),
            pvt_rwset_hash: self.plain.clone(),
        }
    }

    pub(super) fn decode(
        bytes: rwset::CollectionHashedReadWriteSet,
    ) -> Result<(CollectionName, Self), DevnetError> {
        let set = kvrwset::HashedRwSet::decode(bytes.hashed_rwset);
        let set = set.map_err(DevnetError::malformed("the set of a collection"))?;
        let plain = bytes.pvt_rwset_hash;
        Ok((bytes.collection_name.into(), Self { set, plain }))
    }
}

/// The digest of the writes as they travel. Of metadata only the keys do.
// Fabric: core/ledger/kvledger/txmgmt/rwsetutil/rwset_builder.go, setPvtCollectionHash
fn plain_digest(plain: &CollectionSet) -> Bytes {
    if plain.writes.is_empty() && plain.metadata.is_empty() {
        return Bytes::new();
    }
    let writes = plain.writes.iter().map(|(key, write)| kvrwset::KvWrite {
        key: key.clone(),
        is_delete: value(write).is_none(),
        value: value(write).cloned().unwrap_or_default(),
    });
    let metadata = plain.metadata.keys().map(|key| kvrwset::KvMetadataWrite {
        key: key.clone(),
        entries: Vec::new(),
    });
    let set = kvrwset::KvrwSet {
        writes: writes.collect(),
        metadata_writes: metadata.collect(),
        ..kvrwset::KvrwSet::default()
    };
    digest(&set.encode_to_vec())
}

/// The value that a write leaves; an empty one deletes.
fn value(write: &Write) -> Option<&Bytes> {
    match write {
        Write::Put(value) => Some(value).filter(|value| !value.is_empty()),
        Write::Delete | Write::Purge => None,
    }
}

pub(super) fn metadata_entries(metadata: &Metadata) -> Vec<kvrwset::KvMetadataEntry> {
    let entries = metadata.iter();
    let entries = entries.map(|(name, value)| kvrwset::KvMetadataEntry {
        name: name.clone(),
        value: value.clone(),
    });
    entries.collect()
}

fn digest(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(Digest::of(bytes).as_bytes())
}

fn of_version(version: Version) -> kvrwset::Version {
    kvrwset::Version {
        block_num: version.block.0,
        tx_num: version.tx,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purge_is_no_deletion_and_an_empty_value_is_one() {
        let set = |write| {
            HashedSet::of(&CollectionSet {
                writes: [("k".to_owned(), write)].into(),
                ..CollectionSet::default()
            })
        };
        let deletion = set(Write::Delete);
        assert_eq!(set(Write::Put(Bytes::new())), deletion);
        let purge = set(Write::Purge);
        assert_ne!(purge, deletion);
        assert_eq!(purge.plain, deletion.plain);
        assert!(purge.set.hashed_writes[0].is_delete && purge.set.hashed_writes[0].is_purge);
        assert!(purge.set.hashed_writes[0].value_hash.is_empty());
    }

    #[test]
    fn what_only_reads_has_no_plain_half() {
        let reads = HashedSet::of(&CollectionSet {
            reads: [("k".to_owned(), None)].into(),
            ..CollectionSet::default()
        });
        assert!(reads.plain.is_empty());
        assert!(!reads.reads_as(&HashedSet::default()));
    }
}
