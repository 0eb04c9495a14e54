//! One file per command.

#[cfg(feature = "client")]
pub(super) mod act;
#[cfg(feature = "agent")]
pub(super) mod agent;
#[cfg(feature = "client")]
pub(super) mod agree;
pub(super) mod audit;
pub(super) mod completion;
#[cfg(all(feature = "client", feature = "devnet"))]
pub mod demo;
#[cfg(feature = "client")]
pub(super) mod deploy;
#[cfg(feature = "devnet")]
pub(super) mod devnet;
#[cfg(feature = "client")]
pub(super) mod doctor;
#[cfg(feature = "client")]
pub(super) mod foresee;
pub(super) mod health;
#[cfg(feature = "client")]
pub(super) mod identity;
pub(super) mod man;
pub(super) mod package;
#[cfg(feature = "client")]
pub(super) mod profile;
#[cfg(feature = "client")]
pub(super) mod propose;
#[cfg(feature = "client")]
pub(super) mod see;
pub(super) mod serve;
#[cfg(feature = "client")]
pub(super) mod update;
pub(super) mod version;
