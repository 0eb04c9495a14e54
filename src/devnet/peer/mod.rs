//! A peer: what it has committed, and the chaincodes that it runs.
//!
//! | file | what it is |
//! |---|---|
//! | `process` | the peer itself: joins channels, processes proposals, commits blocks |
//! | `ledger`, `access` | one channel: its blocks, config and state, and who may ask |
//! | `simulator`, `lifecycle` | what a transaction reads and writes; the chaincode of the peer's own that answers it |
//! | `stream` | the peer's end of a chaincode server's stream |

mod access;
mod ledger;
mod lifecycle;
mod process;
mod simulator;
mod stream;

pub(super) use {process::Peer, stream::ClientTls};
#[cfg(test)]
pub(super) use {
    simulator::Simulator,
    stream::{ChaincodeStream, Executed, ServerConnection},
};
