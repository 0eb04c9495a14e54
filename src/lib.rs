//! `cmscc`, the consortium management chaincode: channel config changes of a Hyperledger Fabric
//! channel, agreed on its ledger.
//!
//! A pure, deterministic core decides; thin asynchronous shells touch the world.
//!
//! | room | what it knows |
//! |---|---|
//! | [`crypto`], [`capabilities`] | primitives, and the switches that capability levels turn |
//! | [`identity`], [`policy`] | who signed, and whether that is enough |
//! | [`config`], [`block`] | what changes, whether Fabric would accept it, and the proof that it did |
//! | [`stub`], [`contract`] | the ledger as a transaction sees it, and the proposal machine |
//! | [`shim`], [`ops`], [`devnet`], [`cli`] | the shells: stream, operations, embedded network, program |

pub mod block;
pub mod capabilities;
#[cfg(feature = "serve")]
pub mod cli;
pub mod config;
pub mod contract;
pub mod crypto;
#[cfg(feature = "devnet")]
pub mod devnet;
pub mod identity;
pub mod ids;
#[cfg(feature = "serve")]
pub mod ops;
pub mod policy;
pub mod proto;
#[cfg(feature = "shim")]
pub mod shim;
pub mod stub;

#[cfg(test)]
#[path = "../tests/it/cases.rs"]
mod cases;
