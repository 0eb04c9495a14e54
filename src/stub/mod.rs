//! What a contract sees of the ledger, and what a peer sees of a contract.
//!
//! A [`Chaincode`] is called with one transaction's [`Invocation`] and a [`Stub`] to read and write
//! with. Reads wait for the peer; writes and the event are kept until the transaction ends and are
//! sent only with a success, so a refused call has written nothing. As in Fabric, a read never sees
//! the transaction's own writes.
//!
//! The room names no runtime and no transport: `shim` is one implementation of [`Stub`] (over a
//! peer's stream), [`memory`] another (over a ledger snapshot, recording the read and write sets).

mod call;
mod error;
pub mod keys;
pub mod memory;

use std::future::Future;

use bytes::Bytes;

pub use call::{Event, Invocation, Response};
pub use error::StubError;

use crate::ids::ChaincodeName;

/// A chaincode: one function of an invocation, state and nothing else.
pub trait Chaincode: Send + Sync + 'static {
    /// Runs one transaction. Equal invocations over equal state give equal responses, events, reads
    /// and writes, on every endorser.
    fn invoke<S: Stub>(
        &self,
        invocation: &Invocation,
        stub: &mut S,
    ) -> impl Future<Output = Response> + Send;

    /// Whether this call may compute for more than some milliseconds at a time, such as by checking
    /// hundreds of signatures. A server hands such a call to a worker, so that others need not wait
    /// for it; all others run where their stream is served, which is faster. The answer is the same.
    fn computes(&self, invocation: &Invocation) -> bool {
        let _ = invocation;
        false
    }
}

/// Access to the state of this chaincode on this channel, for the length of one transaction.
pub trait Stub: Send {
    /// The value of a key; `None` where there is none (Fabric does not tell it from an empty value).
    ///
    /// # Errors
    /// [`StubError`] where the peer refuses or the stream broke.
    fn get_state(
        &mut self,
        key: &str,
    ) -> impl Future<Output = Result<Option<Bytes>, StubError>> + Send;

    /// The values of several keys, in the order of the keys.
    ///
    /// # Errors
    /// As [`Stub::get_state`].
    fn get_states(
        &mut self,
        keys: &[String],
    ) -> impl Future<Output = Result<Vec<Option<Bytes>>, StubError>> + Send;

    /// The entries with `start <= key < end` in key order, at most `most` of them. What was read,
    /// and the end of the range where it was reached, become part of the read set.
    ///
    /// # Errors
    /// As [`Stub::get_state`].
    fn get_range(
        &mut self,
        range: &KeyRange,
        most: usize,
    ) -> impl Future<Output = Result<Entries, StubError>> + Send;

    /// A page of a range, for calls that only read: Fabric refuses writes after one.
    /// An empty bookmark starts at the beginning.
    ///
    /// # Errors
    /// As [`Stub::get_state`].
    fn get_page(
        &mut self,
        range: &KeyRange,
        page_size: u32,
        bookmark: &str,
    ) -> impl Future<Output = Result<Page, StubError>> + Send;

    /// Calls another chaincode on this channel, within this transaction and for its submitter. For
    /// calls that only read: what the other one reads and writes becomes part of the transaction,
    /// and what it answers may differ from peer to peer. A refusal of the called chaincode is a
    /// response, too; `cscc` and `qscc` refuse every chaincode.
    ///
    /// # Errors
    /// As [`Stub::get_state`]; also where the peer knows no such chaincode.
    fn invoke_chaincode(
        &mut self,
        chaincode: &ChaincodeName,
        args: &[Bytes],
    ) -> impl Future<Output = Result<Response, StubError>> + Send;

    /// Writes a key when the transaction succeeds. The last write or delete of a key counts.
    fn put_state(&mut self, key: String, value: Bytes);

    /// Deletes a key when the transaction succeeds.
    fn del_state(&mut self, key: String);

    /// The one event of this transaction, sent when it succeeds.
    fn set_event(&mut self, event: Event);
}

/// Keys from `start` (included) to `end` (excluded), in byte order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key that belongs.
    pub start: String,
    /// The first key that does not.
    pub end: String,
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key, whole; composite keys with their separators.
    pub key: String,
    /// The value, never empty.
    pub value: Bytes,
}

/// The result of a bounded range read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// What was read, in key order.
    pub entries: Vec<Entry>,
    /// Whether the range holds more than was asked for.
    pub more: bool,
}

/// One page of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What the page holds, in key order.
    pub entries: Vec<Entry>,
    /// Where the next page starts; empty after the last.
    pub bookmark: String,
}
