//! A peer: what it has committed, and the chaincodes that it runs.
//!
//! | file | what it is |
//! |---|---|
//! | `process` | the peer itself: joins channels, processes proposals, commits blocks |
//! | `ledger`, `access`, `endorsement` | one channel: its blocks, config and state; who may ask, who must endorse |
//! | `simulator`, `lifecycle` | what a transaction reads and writes; the chaincode of the peer's own that answers it |
//! | `stream` | the peer's end of a chaincode server's stream |

mod access;
mod endorsement;
mod ledger;
mod lifecycle;
mod process;
mod simulator;
mod stream;

pub(super) use {
    process::Peer,
    stream::{ClientTls, ServerConnection},
};
#[cfg(test)]
pub(super) use {
    simulator::Simulator,
    stream::{ChaincodeStream, Executed},
};
