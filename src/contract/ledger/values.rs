//! Our values on the ledger: read, written, and ranges of them.

use bytes::Bytes;
use prost::Message;

use crate::{
    contract::error::{Code, ContractError},
    ids::Digest,
    stub::{Entry, KeyRange, Stub},
};

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
    stub.put_state(key, value.encode_to_vec());
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

/// All entries of a range, with their keys, in key order; for ranges whose length is bounded.
///
/// A peer may cut an answer short and say that it is the end (`ledger.state.totalQueryLimit`), so what
/// is behind the last key is asked for until nothing comes. Cost: one message for each 100 entries, and
/// one more where there are any.
pub(crate) async fn all<M: Message + Default, S: Stub>(
    stub: &mut S,
    range: KeyRange,
) -> Result<Vec<(String, M)>, ContractError> {
    let (found, _) = first(stub, range, usize::MAX).await?;
    Ok(found)
}

/// All entries of a range of which is known how many of the last kind there are: those whose key
/// `counts`. Cost: one message for each 100 entries; where there are fewer, one more.
pub(crate) async fn counted<M: Message + Default, S: Stub>(
    stub: &mut S,
    mut range: KeyRange,
    count: usize,
    counts: impl Fn(&str) -> bool + Send,
) -> Result<Vec<(String, M)>, ContractError> {
    let (mut found, mut looked_at): (Vec<(String, M)>, usize) = (Vec::with_capacity(count), 0);
    let mut counted = 0usize;
    loop {
        let step = stub.get_range(&range, usize::MAX).await?;
        if step.entries.is_empty() {
            return Ok(found);
        }
        take(&mut found, &mut range, step.entries)?;
        let new = found.iter().skip(looked_at);
        counted = counted.saturating_add(new.filter(|(key, _)| counts(key)).count());
        looked_at = found.len();
        if counted >= count {
            return Ok(found);
        }
    }
}

/// The first entries of a range, at most so many, and whether there are more. Cost: as of [`all`].
pub(crate) async fn first<M: Message + Default, S: Stub>(
    stub: &mut S,
    mut range: KeyRange,
    most: usize,
) -> Result<(Vec<(String, M)>, bool), ContractError> {
    let mut found: Vec<(String, M)> = Vec::new();
    loop {
        let room = most.saturating_sub(found.len());
        let step = stub.get_range(&range, room.max(1)).await?;
        if step.entries.is_empty() {
            return Ok((found, false));
        }
        if room == 0 {
            return Ok((found, true));
        }
        take(&mut found, &mut range, step.entries)?;
        if found.len() >= most && step.more {
            return Ok((found, true));
        }
    }
}

/// The same for calls that only read, by pages of the peer, which then reads no further than asked; so
/// it may say that there are more where there are none.
/// Its bookmarks are not used: the last one differs between state databases.
pub(crate) async fn page<M: Message + Default, S: Stub>(
    stub: &mut S,
    mut range: KeyRange,
    most: usize,
) -> Result<(Vec<(String, M)>, bool), ContractError> {
    let mut found: Vec<(String, M)> = Vec::new();
    while found.len() < most && range.start < range.end {
        let room = u32::try_from(most.saturating_sub(found.len())).unwrap_or(u32::MAX);
        let step = stub.get_page(&range, room, "").await?;
        if step.entries.is_empty() {
            return Ok((found, false));
        }
        take(&mut found, &mut range, step.entries)?;
    }
    Ok((found, true))
}

/// Takes what a peer answered of a range, and goes on behind it. A peer that answers the same again
/// would otherwise be asked for ever.
fn take<M: Message + Default>(
    found: &mut Vec<(String, M)>,
    range: &mut KeyRange,
    entries: Vec<Entry>,
) -> Result<(), ContractError> {
    for entry in entries {
        let is_behind = match found.last() {
            Some((last, _)) => entry.key > *last,
            None => entry.key >= range.start,
        };
        if !is_behind || entry.key >= range.end {
            return Err(Code::StateUnavailable.because(format_args!(
                "the peer answered a range with key {:?}, which is not in it, or not in order",
                entry.key
            )));
        }
        let value = decode(&entry.key, &entry.value)?;
        found.push((entry.key, value));
    }
    if let Some((last, _)) = found.last() {
        range.start = behind(last);
    }
    Ok(())
}

/// The first key behind this one.
pub(crate) fn behind(key: &str) -> String {
    format!("{key}\0")
}
