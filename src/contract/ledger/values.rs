//! Our values on the ledger: read, written, and ranges of them.

use bytes::Bytes;
use prost::Message;

use crate::{
    contract::error::{Code, ContractError},
    ids::Digest,
    stub::{KeyRange, Stub},
};

/// How many entries of a range are asked for at a time.
const STEP: usize = 1000;

/// Reads one of our values.
pub(crate) async fn get<M: Message + Default, S: Stub>(
    stub: &mut S,
    key: &str,
) -> Result<Option<M>, ContractError> {
    stub.get_state(key)
        .await?
        .map(|value| decode(key, &value))
        .transpose()
}

/// Writes one of our values.
pub(crate) fn put<S: Stub>(stub: &mut S, key: String, value: &impl Message) {
    stub.put_state(key, value.encode_to_vec().into());
}

/// Reads one of our values from its bytes.
pub(crate) fn decode<M: Message + Default>(key: &str, value: &Bytes) -> Result<M, ContractError> {
    M::decode(value.clone()).map_err(|_| corrupt(key))
}

/// The refusal where the value of a key is not one of ours.
pub(crate) fn corrupt(key: &str) -> ContractError {
    Code::StateCorrupt.because(format_args!("the value of key {key:?} is not one of ours"))
}

/// A digest field of one of our values.
pub(crate) fn digest(bytes: &[u8]) -> Result<Digest, ContractError> {
    Digest::from_bytes(bytes)
        .ok_or_else(|| Code::StateCorrupt.because("a stored digest has not 32 bytes"))
}

/// All entries of a range, with their keys, in key order.
pub(crate) async fn all<M: Message + Default, S: Stub>(
    stub: &mut S,
    mut range: KeyRange,
) -> Result<Vec<(String, M)>, ContractError> {
    let mut found = Vec::new();
    loop {
        let step = stub.get_range(&range, STEP).await?;
        for entry in step.entries {
            let value = decode(&entry.key, &entry.value)?;
            found.push((entry.key, value));
        }
        match found.last() {
            Some((last, _)) if step.more => range.start = behind(last),
            _ => return Ok(found),
        }
    }
}

/// The first key behind this one.
pub(crate) fn behind(key: &str) -> String {
    format!("{key}\0")
}
