//! Sets as bytes: `rwset.TxReadWriteSet` of one namespace.

use bytes::Bytes;
use prost::Message;

use super::{
    hashed::{HashedSet, metadata_entries},
    hiding::HidingSet,
};
use crate::{
    devnet::error::DevnetError,
    ids::BlockNumber,
    proto::{kvrwset, rwset},
    stub::{
        KeyRange,
        memory::{RangeRead, ReadWriteSet, Version},
    },
};

/// The serialized set; the event is no part of it.
///
/// A range that was not read to its end carries its last key as its end, as Fabric's do.
pub(in crate::devnet) fn encode(namespace: &str, set: &HidingSet) -> Bytes {
    let HidingSet {
        public: set,
        hashed,
    } = set;
    let kv = kvrwset::KvrwSet {
        reads: set
            .reads
            .iter()
            .map(|(key, version)| read(key, *version))
            .collect(),
        range_queries_info: set.ranges.iter().map(range).collect(),
        writes: set
            .writes
            .iter()
            .map(|(key, value)| kvrwset::KvWrite {
                key: key.clone(),
                is_delete: value.as_ref().is_none_or(Bytes::is_empty),
                value: value.clone().unwrap_or_default(),
            })
            .collect(),
        metadata_writes: set
            .metadata
            .iter()
            .map(|(key, metadata)| kvrwset::KvMetadataWrite {
                key: key.clone(),
                entries: metadata_entries(metadata),
            })
            .collect(),
    };
    let set = rwset::TxReadWriteSet {
        data_model: rwset::tx_read_write_set::DataModel::Kv.into(),
        ns_rwset: vec![rwset::NsReadWriteSet {
            namespace: namespace.to_owned(),
            rwset: kv.encode_to_vec().into(),
            collection_hashed_rwset: hashed.iter().map(|(name, set)| set.encode(name)).collect(),
        }],
    };
    set.encode_to_vec().into()
}

/// Reads a set back.
///
/// # Errors
/// [`DevnetError::Malformed`] where it is not a set of this namespace alone.
pub(in crate::devnet) fn decode(namespace: &str, bytes: &Bytes) -> Result<HidingSet, DevnetError> {
    const WHAT: &str = "the read and write set";
    let bad = DevnetError::malformed(WHAT);
    let set = rwset::TxReadWriteSet::decode(bytes.clone()).map_err(&bad)?;
    let [own] = <[_; 1]>::try_from(set.ns_rwset).map_err(|_| DevnetError::missing(WHAT))?;
    if own.namespace != namespace {
        return Err(DevnetError::missing(WHAT));
    }
    let kv = kvrwset::KvrwSet::decode(own.rwset).map_err(&bad)?;
    let ranges = kv.range_queries_info.into_iter().map(range_read);
    let metadata = kv.metadata_writes.into_iter().map(|write| {
        let entries = write.entries.into_iter();
        (write.key, entries.map(|e| (e.name, e.value)).collect())
    });
    let hashed = own.collection_hashed_rwset.into_iter();
    let public = ReadWriteSet {
        reads: kv
            .reads
            .into_iter()
            .map(|read| (read.key, read.version.map(version)))
            .collect(),
        ranges: ranges
            .collect::<Option<_>>()
            .ok_or_else(|| DevnetError::missing(WHAT))?,
        writes: kv
            .writes
            .into_iter()
            .map(|write| (write.key, (!write.is_delete).then_some(write.value)))
            .collect(),
        metadata: metadata.collect(),
        ..ReadWriteSet::default()
    };
    Ok(HidingSet {
        public,
        hashed: hashed.map(HashedSet::decode).collect::<Result<_, _>>()?,
    })
}

fn read(key: &str, version: Option<Version>) -> kvrwset::KvRead {
    kvrwset::KvRead {
        key: key.to_owned(),
        version: version.map(|version| kvrwset::Version {
            block_num: version.block.0,
            tx_num: version.tx,
        }),
    }
}

fn version(version: kvrwset::Version) -> Version {
    Version {
        block: BlockNumber(version.block_num),
        tx: version.tx_num,
    }
}

fn range(range: &RangeRead) -> kvrwset::RangeQueryInfo {
    let last = range.reads.last().map(|(key, _)| key.clone());
    let kv_reads = range
        .reads
        .iter()
        .map(|(key, version)| read(key, Some(*version)))
        .collect();
    kvrwset::RangeQueryInfo {
        start_key: range.range.start.clone(),
        end_key: if range.exhausted {
            range.range.end.clone()
        } else {
            last.unwrap_or_default()
        },
        itr_exhausted: range.exhausted,
        reads_info: Some(kvrwset::range_query_info::ReadsInfo::RawReads(
            kvrwset::QueryReads { kv_reads },
        )),
    }
}

/// `None` where the reads are not given one by one, or one has no version.
fn range_read(info: kvrwset::RangeQueryInfo) -> Option<RangeRead> {
    let Some(kvrwset::range_query_info::ReadsInfo::RawReads(reads)) = info.reads_info else {
        return None;
    };
    let reads = reads
        .kv_reads
        .into_iter()
        .map(|read| Some((read.key, version(read.version?))));
    // a range that was not exhausted ends behind its last key; only its reads are compared
    let end = if info.itr_exhausted {
        info.end_key
    } else {
        String::new()
    };
    Some(RangeRead {
        range: KeyRange {
            start: info.start_key,
            end,
        },
        reads: reads.collect::<Option<_>>()?,
        exhausted: info.itr_exhausted,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::stub::{Metadata, Write, memory::CollectionSet};

    #[test]
    fn sets_read_back() {
        let version = Version {
            block: BlockNumber(3),
            tx: 1,
        };
        let mut private = CollectionSet {
            reads: [("read".to_owned(), Some(version))].into(),
            writes: [(
                "secret key".to_owned(),
                Write::Put(Bytes::from_static(b"secret value")),
            )]
            .into(),
            metadata: [("secret key".to_owned(), Metadata::new())].into(),
        };
        let set = ReadWriteSet {
            reads: [("a".to_owned(), Some(version)), ("b".to_owned(), None)].into(),
            ranges: vec![RangeRead {
                range: KeyRange {
                    start: "c".to_owned(),
                    end: "d".to_owned(),
                },
                reads: vec![("c1".to_owned(), version)],
                exhausted: true,
            }],
            writes: [
                ("e".to_owned(), Some(Bytes::from_static(b"1"))),
                ("f".to_owned(), None),
            ]
            .into(),
            metadata: [
                (
                    "e".to_owned(),
                    [("N".to_owned(), Bytes::from_static(b"m"))].into(),
                ),
                ("g".to_owned(), Metadata::new()),
            ]
            .into(),
            private: [("c".into(), private.clone())].into(),
            ..ReadWriteSet::default()
        };
        let (hiding, plain) = HidingSet::split(set.clone());
        let bytes = encode("cmscc", &hiding);
        for hidden in ["secret key", "secret value"] {
            let found = bytes.windows(hidden.len()).any(|w| w == hidden.as_bytes());
            assert!(!found, "{hidden}");
        }
        let read = decode("cmscc", &bytes).unwrap();
        assert_eq!(read, hiding);
        assert_eq!(read.clone().join(&plain), Some(set));
        assert_eq!(read.clone().join(&BTreeMap::new()), None);
        private.writes.insert("k".to_owned(), Write::Delete);
        assert_eq!(read.join(&[("c".into(), private)].into()), None);
        assert!(decode("other", &bytes).is_err());
    }
}
