//! What a peer's answer to a state call means.
//!
//! An answer is refused where it is not one, and where it has more parts than peers send.

use bytes::Bytes;

use super::message::{time, words};
use crate::{
    ids::TxId,
    proto::{
        protos::{
            self, ChaincodeMessage, GetStateMultipleResult, QueryResponse, QueryResponseMetadata,
            StateMetadataResult, chaincode_message::Type,
        },
        queryresult::{KeyModification, Kv},
        scan::Fields,
    },
    stub::{Batch, Entry, Metadata, Modification, Page, QueryId, Response, StubError},
};

/// How many results one message brings at most. Peers send 100.
// Fabric: core/chaincode/chaincode_support.go, maxResultLimit.
const MOST_RESULTS: usize = 1_000;

/// The values of so many keys.
pub(super) fn values(
    call: &'static str,
    payload: Bytes,
    asked: usize,
) -> Result<impl Iterator<Item = Option<Bytes>>, StubError> {
    check_count(call, &payload, asked)?;
    let result: GetStateMultipleResult = decode(call, payload)?;
    let came = result.values.len();
    // SECURITY: peers of 3.x answer with none where their database refuses one key
    match came == asked {
        true => Ok(result.values.into_iter().map(present)),
        false => Err(StubError::too_few_values(call, came, asked)),
    }
}

/// Some results of a query, each read by `read`.
pub(super) fn batch<T>(
    call: &'static str,
    payload: Bytes,
    read: fn(&'static str, Bytes) -> Result<T, StubError>,
) -> Result<Batch<T>, StubError> {
    check_count(call, &payload, MOST_RESULTS)?;
    let response: QueryResponse = decode(call, payload)?;
    // SECURITY: a batch that brings nothing would let the peer keep us here
    if response.results.is_empty() && response.has_more {
        return Err(malformed(call, "an empty batch that is not the last"));
    }
    let results = response.results.into_iter();
    let results = results.map(|result| read(call, result.result_bytes));
    Ok(Batch {
        results: results.collect::<Result<_, _>>()?,
        next: response.has_more.then_some(QueryId(response.id)),
    })
}

pub(super) fn page(call: &'static str, payload: Bytes, most: usize) -> Result<Page, StubError> {
    check_count(call, &payload, most)?;
    let response: QueryResponse = decode(call, payload)?;
    let metadata: QueryResponseMetadata = decode(call, response.metadata)?;
    let results = response.results.into_iter();
    let results = results.map(|result| entry(call, result.result_bytes));
    Ok(Page {
        entries: results.collect::<Result<_, _>>()?,
        bookmark: metadata.bookmark,
    })
}

/// The answer of another chaincode: the message with which it ended, inside the peer's.
pub(super) fn called(call: &'static str, payload: Bytes) -> Result<Response, StubError> {
    let last: ChaincodeMessage = decode(call, payload)?;
    if last.r#type != i32::from(Type::Completed) {
        return Err(StubError::Refused {
            call,
            reason: words(&last.payload),
        });
    }
    let response: protos::Response = decode(call, last.payload)?;
    Ok(Response {
        status: response.status,
        message: response.message,
        payload: response.payload,
    })
}

pub(super) fn entry(call: &'static str, bytes: Bytes) -> Result<Entry, StubError> {
    let Kv { key, value, .. } = decode(call, bytes)?;
    Ok(Entry { key, value })
}

pub(super) fn modification(call: &'static str, bytes: Bytes) -> Result<Modification, StubError> {
    let found: KeyModification = decode(call, bytes)?;
    Ok(Modification {
        tx_id: TxId::from(found.tx_id),
        value: found.value,
        timestamp: time(found.timestamp),
        is_delete: found.is_delete,
    })
}

pub(super) fn metadata(call: &'static str, payload: Bytes) -> Result<Metadata, StubError> {
    check_count(call, &payload, MOST_RESULTS)?;
    let found: StateMetadataResult = decode(call, payload)?;
    let entries = found.entries.into_iter();
    Ok(entries.map(|entry| (entry.metakey, entry.value)).collect())
}

/// Whether an answer has no more parts than it may, all of them fields of number 1.
// SECURITY: empty parts take two bytes each in a message, and twenty times as many in memory
fn check_count(call: &'static str, payload: &[u8], most: usize) -> Result<(), StubError> {
    let mut fields = Fields::new(payload);
    let mut count = 0usize;
    while let Ok(Some(field)) = fields.next() {
        count = count.saturating_add(usize::from(field.number == 1));
        if count > most {
            return Err(malformed(call, format!("more than {most} parts")));
        }
    }
    Ok(())
}

pub(super) fn present(value: Bytes) -> Option<Bytes> {
    (!value.is_empty()).then_some(value)
}

fn decode<M: prost::Message + Default>(call: &'static str, bytes: Bytes) -> Result<M, StubError> {
    M::decode(bytes).map_err(|error| malformed(call, error.to_string()))
}

fn malformed(call: &'static str, detail: impl Into<String>) -> StubError {
    let detail = detail.into();
    StubError::Malformed { call, detail }
}
