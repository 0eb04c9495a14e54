//! The chaincode shim protocol: a sans-io handler, and the server that a peer dials.
//!
//! [`server::serve`] listens; each stream that a peer opens is one session, which moves messages
//! between the stream, the handler and the transactions that run the chaincode. What happens on
//! the way is told to an [`Observer`]; the room writes neither logs nor metrics itself.

mod limits;
mod observer;
pub mod server;
mod tls;

pub use limits::Limits;
pub use observer::{Call, Ending, Observer, Quiet, StreamId, TransactionFacts};
pub use tls::{Tls, TlsError};
