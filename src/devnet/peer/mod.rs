//! A peer: what it has committed, and the chaincodes that it runs.
//!
//! | file | what it is |
//! |---|---|
//! | `process` | the peer itself: joins channels, processes proposals, commits blocks |
//! | `receive`, `acl` | proposals that clients send: what is checked, and what the peer says |
//! | `ledger`, `blocks`, `endorsement` | one channel: config and state, its blocks; who must endorse |
//! | `simulator` | what a transaction reads and writes |
//! | `system`, `lifecycle`, `others` | the peer's own chaincodes: for clients, its lifecycle, for other chaincodes |
//! | `stream` | the peer's end of a chaincode server's stream |

mod acl;
mod blocks;
mod endorsement;
mod ledger;
mod lifecycle;
mod others;
mod process;
mod receive;
mod simulator;
mod stream;
mod system;

pub(super) use {
    acl::{Resource, SignedBytes},
    lifecycle::NAMESPACE as LIFECYCLE_NAMESPACE,
    process::Peer,
    receive::{NotProcessed, result_of},
    stream::{ClientTls, ServerConnection},
    system::is_system,
};
#[cfg(test)]
pub(super) use {
    simulator::Simulator,
    stream::{ChaincodeStream, Executed},
};
