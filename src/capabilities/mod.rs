//! Capability levels and what each one changes.
//!
//! The config declares in three maps (channel, orderer, application) the behaviour that every node
//! must understand. Each level has a type with one method for each behaviour, so that nobody
//! compares level names at the place of use. The settings of a channel declare the same way what
//! every server of this contract must understand.

#[macro_use]
mod levels;
mod contract;

pub use contract::{ContractBounds, ContractCapabilities};
pub use levels::{ApplicationCapabilities, ChannelCapabilities, MspVersion, OrdererCapabilities};
