//! What it means that a node did not do what it was asked: whether the contract refused, the peer, or
//! the ordering service, and whether another peer or another try may help. Pure: the shell hands in
//! what came back.
//!
//! | file | what it knows |
//! |---|---|
//! | `answer` | a failed call as it came back: code, text, what each node said |
//! | `contract` | refusals of the contract: symbols, and how a command ends by them |
//! | `peer` | refusals of peers: access, clocks, channels, chaincodes, endorsements |
//! | `orderer` | refusals of the ordering service, of raft and of BFT |
//! | `reach` | connections that were not made, or broke |
//! | `validation` | transactions that are in a block without effect |
//! | `meaning` | what was asked of whom, and what it means that it failed |
//! | `judge` | which of these it is |

mod answer;
mod contract;
mod judge;
mod meaning;
mod orderer;
mod peer;
mod reach;
#[cfg(test)]
mod tests;
mod validation;

pub(crate) use answer::{RpcCode, RpcFailure};
pub use contract::ContractRefusal;
pub(crate) use judge::judge;
pub(crate) use meaning::{Errand, Meaning, Remedy, Whom};
pub(crate) use orderer::{broadcast_refusal, deliver_ended};
pub(crate) use peer::peer_time;
pub(crate) use reach::{timed_out, unreachable};
pub(crate) use validation::invalid_transaction;
