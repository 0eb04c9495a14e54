//! The chaincode shim protocol: a sans-io handler, and the server that a peer dials.
//!
//! [`server::serve`] listens; each stream that a peer opens is one session, which moves messages
//! between the stream, the [`Handler`] and the transactions that run the chaincode. What happens on
//! the way is told to an [`Observer`]; the room writes neither logs nor metrics itself.

mod answers;
mod batch;
mod error;
mod features;
mod handler;
mod held;
mod limits;
mod message;
mod observer;
mod refusal;
pub mod server;
mod state_call;

pub use error::{Closing, Failure};
pub use features::Features;
pub use handler::{Handler, InvocationOutcome, SessionEvent};
pub use limits::{ServerLimits, Timeouts};
pub use message::TxKey;
pub use observer::{Ending, Observer, Quiet, StateCall, StreamId, TransactionFacts};
pub use refusal::ConnectionRefusal;
pub use server::{ShimSettings, Tls, TlsError, TlsSwitch};
pub use state_call::{Destination, StateAnswer, StateRequest, Undirected};
