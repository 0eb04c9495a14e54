//! The embedded network: peers, an orderer and chaincode servers on loopback, with real TLS.

pub(crate) mod behaviour;
mod concurrency;
mod console;
mod failures;
mod harness;
mod recordable;
mod scenario;
mod services;
mod settings;
mod twenty;
pub(crate) mod wire;
