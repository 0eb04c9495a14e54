//! The writes of a finished transaction, cut into messages.

use std::{
    collections::{BTreeMap, btree_map},
    iter::Peekable,
};

use bytes::Bytes;
use prost::Message;

use super::features::Features;
use crate::proto::protos::{
    DelState, PutState, WriteBatchState, WriteRecord, chaincode_message::Type, write_record,
};

/// How many bytes of keys and values go into one batch before it is cut.
const BATCH_BYTES: usize = 16 << 20;

/// Writes that are still to be sent, in key order.
#[derive(Debug)]
pub(super) struct Batch {
    rest: Peekable<btree_map::IntoIter<String, Option<Bytes>>>,
    most: usize,
}

impl Batch {
    pub(super) fn new(writes: BTreeMap<String, Option<Bytes>>, features: &Features) -> Self {
        Self {
            rest: writes.into_iter().peekable(),
            most: features.write_batch.unwrap_or(1),
        }
    }

    /// The next message: as many writes as the peer takes at once. A single one goes out as
    /// PUT_STATE or DEL_STATE, which every peer knows.
    pub(super) fn next(&mut self) -> Option<(Type, Vec<u8>)> {
        let (key, value) = self.rest.next()?;
        let mut bytes = size(&key, value.as_ref());
        if !self.fits(1, bytes) {
            return Some(single(key, value));
        }
        let mut batch = vec![record(key, value)];
        while self.fits(batch.len(), bytes) {
            let Some((key, value)) = self.rest.next() else {
                break;
            };
            bytes = bytes.saturating_add(size(&key, value.as_ref()));
            batch.push(record(key, value));
        }
        let message = WriteBatchState { rec: batch };
        Some((Type::WriteBatchState, message.encode_to_vec()))
    }

    /// Whether the next write goes into a batch that holds these already.
    fn fits(&mut self, records: usize, bytes: usize) -> bool {
        let Some((key, value)) = self.rest.peek() else {
            return false;
        };
        let bytes = bytes.saturating_add(size(key, value.as_ref()));
        records < self.most && bytes <= BATCH_BYTES
    }
}

fn size(key: &str, value: Option<&Bytes>) -> usize {
    key.len().saturating_add(value.map_or(0, Bytes::len))
}

fn single(key: String, value: Option<Bytes>) -> (Type, Vec<u8>) {
    let collection = String::new();
    match value {
        Some(value) => {
            let put = PutState {
                key,
                value,
                collection,
            };
            (Type::PutState, put.encode_to_vec())
        }
        None => (Type::DelState, DelState { key, collection }.encode_to_vec()),
    }
}

fn record(key: String, value: Option<Bytes>) -> WriteRecord {
    let kind = match value {
        Some(_) => write_record::Type::PutState,
        None => write_record::Type::DelState,
    };
    WriteRecord {
        key,
        value: value.unwrap_or_default(),
        r#type: kind.into(),
        ..WriteRecord::default()
    }
}
