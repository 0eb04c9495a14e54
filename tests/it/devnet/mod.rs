//! The embedded network: peers, an orderer and chaincode servers on loopback, with real TLS.

mod concurrency;
mod console;
mod failures;
mod harness;
mod recordable;
mod scenario;
mod settings;
mod twenty;
