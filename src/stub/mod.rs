//! What a contract sees of the ledger, and what a peer sees of a contract.
//!
//! A [`Chaincode`] is called with one transaction's [`Invocation`] and a [`Stub`] to read and write
//! with. Reads wait for the peer; writes and the event are kept until the transaction ends and are
//! sent only with a success, so a refused call has written nothing. As in Fabric, a read never sees
//! the transaction's own writes.
//!
//! | file | what it is |
//! |---|---|
//! | `chaincode`, `call` | a chaincode, what it is called with, and what it answers |
//! | `state` | the stub: reads, writes, calls of others; queries that are read on demand |
//! | `query` | what queries ask for, and what they give |
//! | `writes` | what a transaction writes |
//! | `keys` | composite and simple keys |
//! | `error` | why a state call has no answer |
//! | `memory` | a ledger in memory, and a stub over it that answers as a peer does |
//!
//! The room names no runtime and no transport: `shim` is one implementation of [`Stub`] (over a
//! peer's stream), [`memory`] another (over a ledger snapshot, recording the read and write sets).

mod call;
mod chaincode;
mod error;
pub mod keys;
pub mod memory;
mod query;
mod state;
pub(crate) mod words;
mod writes;

pub use call::{Event, Invocation, Response, SignedProposal};
pub use chaincode::Chaincode;
pub use error::StubError;
pub use query::{Batch, Entries, Entry, KeyRange, Modification, Page, Query, QueryId};
pub use state::{QueryIterator, QueryResult, Stub};
pub use writes::{Metadata, StateKey, VALIDATION_PARAMETER, Write, Writes};

use crate::ids::ChaincodeName;

/// Whether a chaincode can have this name: peers split what is called at a slash and at a colon.
// Fabric: core/chaincode/chaincode_support.go, ParseName
pub(crate) fn is_plain(chaincode: &ChaincodeName) -> bool {
    !chaincode.as_str().contains(['/', ':'])
}
