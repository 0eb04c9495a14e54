//! The client: what it reads of the contract's answers; profiles and identities on the command line; what
//! administrators do on a development network, as scripts; that lies get nothing out of it.

pub(crate) mod agent;
mod answers;
mod audit;
mod commands;
mod deploy;
pub(crate) mod desk;
mod doctor;
mod foreseen;
mod intents;
mod notified;
mod pages;
mod profile;
mod scenario;
mod tamper;
pub(crate) mod tasks;
#[cfg(feature = "pkcs11")]
pub(crate) mod token;
mod update;
mod views;
