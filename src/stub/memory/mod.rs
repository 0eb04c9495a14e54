//! A ledger in memory, and a stub over a snapshot of it that answers as a peer does and records what
//! a transaction read and wrote, as a peer's simulator does.
//!
//! Used by tests and by the embedded network. The rules are Fabric's: a read never sees the
//! transaction's own writes; an empty value is a deletion; a range records every entry that the
//! peer's iterator passed, which runs one entry ahead of the batches it sends; a transaction is
//! valid when everything it read still has the version it read.
//!
//! | file | what it is |
//! |---|---|
//! | `ledger` | keys, values and versions; read and write sets, and when they conflict |
//! | `peer` | how a peer answers: its release, its state database, its limits |
//! | `query` | one range query at such a peer: batches, pages, bookmarks |
//! | `listed` | results that are known when their query is opened: of collections, rich queries, histories |
//! | `couchdb`, `mango` | how CouchDB keeps values; its query language |
//! | `simulation` | one transaction at such a peer |
//! | `cost` | what the state calls of a transaction cost |
//! | `stub` | the stub |

mod cost;
mod couchdb;
mod ledger;
mod listed;
mod mango;
mod peer;
mod query;
mod simulation;
mod stub;
#[cfg(test)]
mod tests;

pub use cost::StateCost;
pub use ledger::{
    CollectionAccess, CollectionSet, Conflict, Ledger, RangeRead, ReadWriteSet, TxStamp, Version,
    Versioned,
};
pub use peer::{PeerManner, PeerRelease, StateDatabase};
#[cfg(feature = "devnet")]
pub(crate) use simulation::Simulation;
pub use stub::{MemoryStub, Others};
