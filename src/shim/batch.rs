//! The writes of a finished transaction, cut into messages.

use std::{collections::btree_map, iter::Peekable};

use bytes::Bytes;
use prost::Message;

use super::features::Features;
use crate::{
    proto::protos::{
        DelState, PurgePrivateState, PutState, PutStateMetadata, StateMetadata, WriteBatchState,
        WriteRecord, chaincode_message::Type, write_record,
    },
    stub::{StateKey, Write, Writes},
};

/// How many bytes of keys and values go into one batch before it is cut.
const BATCH_BYTES: usize = 16 << 20;

/// Writes that are still to be sent, in key order; values before metadata.
#[derive(Debug)]
pub(super) struct WriteBatches {
    rest: Peekable<Records>,
    most: usize,
}

impl WriteBatches {
    pub(super) fn new(writes: Writes, features: &Features) -> Self {
        let (values, metadata) = writes.into_parts();
        let records = Records { values, metadata };
        Self {
            rest: records.peekable(),
            most: features.write_batch.unwrap_or(1),
        }
    }

    /// The next message: as many writes as the peer takes at once. A single one goes out in a message
    /// of its own kind, which every peer knows.
    pub(super) fn next(&mut self) -> Option<(Type, Vec<u8>)> {
        let first = self.rest.next()?;
        let mut bytes = size(&first);
        if !self.fits(1, bytes) {
            return Some(single(first));
        }
        let mut batch = vec![first];
        while self.fits(batch.len(), bytes) {
            let Some(record) = self.rest.next() else {
                break;
            };
            bytes = bytes.saturating_add(size(&record));
            batch.push(record);
        }
        let message = WriteBatchState { rec: batch };
        Some((Type::WriteBatchState, message.encode_to_vec()))
    }

    /// Whether the next write goes into a batch that holds these already.
    fn fits(&mut self, records: usize, bytes: usize) -> bool {
        let Some(record) = self.rest.peek() else {
            return false;
        };
        let bytes = bytes.saturating_add(size(record));
        records < self.most && bytes <= BATCH_BYTES
    }
}

/// The records of all writes.
#[derive(Debug)]
struct Records {
    values: btree_map::IntoIter<StateKey, Write>,
    metadata: btree_map::IntoIter<StateKey, (String, Bytes)>,
}

impl Iterator for Records {
    type Item = WriteRecord;

    fn next(&mut self) -> Option<WriteRecord> {
        let Some((key, write)) = self.values.next() else {
            let (key, (metakey, value)) = self.metadata.next()?;
            return Some(WriteRecord {
                metadata: Some(StateMetadata { metakey, value }),
                ..record(key, write_record::Type::PutStateMetadata)
            });
        };
        Some(match write {
            Write::Put(value) => WriteRecord {
                value,
                ..record(key, write_record::Type::PutState)
            },
            Write::Delete => record(key, write_record::Type::DelState),
            Write::Purge => record(key, write_record::Type::PurgePrivateData),
        })
    }
}

fn record((collection, key): StateKey, kind: write_record::Type) -> WriteRecord {
    WriteRecord {
        key,
        collection: collection.map_or_else(String::new, |collection| collection.to_string()),
        r#type: kind.into(),
        ..WriteRecord::default()
    }
}

fn size(record: &WriteRecord) -> usize {
    let metadata = record.metadata.as_ref();
    let metadata = metadata.map_or(0, |entry| {
        entry.metakey.len().saturating_add(entry.value.len())
    });
    [record.value.len(), record.collection.len(), metadata]
        .into_iter()
        .fold(record.key.len(), usize::saturating_add)
}

fn single(record: WriteRecord) -> (Type, Vec<u8>) {
    let kind = record.r#type();
    let WriteRecord {
        key,
        value,
        collection,
        metadata,
        ..
    } = record;
    match kind {
        write_record::Type::DelState => {
            let message = DelState { key, collection };
            (Type::DelState, message.encode_to_vec())
        }
        write_record::Type::PurgePrivateData => {
            let message = PurgePrivateState { key, collection };
            (Type::PurgePrivateData, message.encode_to_vec())
        }
        write_record::Type::PutStateMetadata => {
            let message = PutStateMetadata {
                key,
                collection,
                metadata,
            };
            (Type::PutStateMetadata, message.encode_to_vec())
        }
        write_record::Type::PutState | write_record::Type::Undefined => {
            let message = PutState {
                key,
                value,
                collection,
            };
            (Type::PutState, message.encode_to_vec())
        }
    }
}
