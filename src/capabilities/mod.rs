//! Capability levels and what each one changes.
//!
//! The config declares in three maps (channel, orderer, application) the behaviour that every node
//! must understand. Each level has a type with one method for each behaviour, so that nobody
//! compares level names at the place of use.

mod levels;

pub use levels::{ApplicationCapabilities, ChannelCapabilities, MspVersion, OrdererCapabilities};
