//! Queries: what they ask for, and what they give.

use bytes::Bytes;

use crate::ids::{TxId, UnixTime};

/// Keys from `start` (included) to `end` (excluded), in byte order. An empty end is none.
///
/// An empty start is before all keys, composite keys included. Fabric's shims leave those out:
/// [`keys::simple_range`](super::keys::simple_range) does as they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key that belongs.
    pub start: String,
    /// The first key that does not.
    pub end: String,
}

/// What a query asks for.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The keys of a range.
    Range(KeyRange),
    /// What the state database finds, in its own language: for CouchDB a JSON text such as
    /// `{"selector":{"owner":"tom"}}`. Peers with LevelDB refuse it. Nothing checks at commit that
    /// the same would still be found.
    Rich(String),
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key, whole; composite keys with their separators.
    pub key: String,
    /// The value, never empty.
    pub value: Bytes,
}

/// What one transaction made of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modification {
    /// The transaction.
    pub tx_id: TxId,
    /// The value that it wrote; empty where it deleted.
    pub value: Bytes,
    /// The clock of the transaction's submitter.
    pub timestamp: UnixTime,
    /// Whether it deleted the key.
    pub is_delete: bool,
}

/// The result of a bounded range read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// What was read, in key order.
    pub entries: Vec<Entry>,
    /// Whether the range holds more than was asked for. Where a peer's own limit cut it short, it does
    /// not say so: see [`Stub::get_range`](super::Stub::get_range).
    pub more: bool,
}

/// One page of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What the page holds, in the order of the query.
    pub entries: Vec<Entry>,
    /// Where the next page starts. Databases differ behind the last page: LevelDB gives an empty
    /// one, CouchDB's is none.
    pub bookmark: String,
}

/// Names an open query at its peer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueryId(pub String);

/// Some results of a query, as a peer sends them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<T> {
    /// The results.
    pub results: Vec<T>,
    /// The query where there is more of it; the peer keeps it open.
    pub next: Option<QueryId>,
}
