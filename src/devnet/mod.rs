//! An embedded development network, in memory and in one process: for demo, tests and benches.
//!
//! What differs from Fabric is how blocks and proposals travel: nodes call each other. Everything
//! that decides is the real thing: certificates and signatures, gRPC between a peer and its
//! organisation's chaincode server, endorsements over equal bytes, config updates through the rules
//! of an orderer, signed blocks, validation by policy, versions and ranges.
//!
//! | file | what it is |
//! |---|---|
//! | `identities/` | certificate authorities, organisations, and their folders |
//! | `genesis` | the first config of a channel |
//! | `action`, `rwset`, `endorse` | what endorsers sign, and how their answers make a transaction |
//! | `private` | collections, and the private data that travels beside blocks |
//! | `peer/` | a peer: its end of the chaincode stream, its own chaincodes, its state |
//! | `server`, `node` | a chaincode server that can be killed; what an organisation runs |
//! | `ordering/` | the ordering node |
//! | `service/` | what clients dial: the gRPC services of peers and of the ordering node |
//! | `tamper` | lies, for tests of clients |
//! | `policies` | who may do what on a channel |
//! | `nodes`, `network`, `options` | all of it together, and how it is set up |

mod action;
mod clock;
mod endorse;
mod error;
mod genesis;
mod identities;
mod network;
mod node;
mod nodes;
mod options;
mod ordering;
mod peer;
mod policies;
mod private;
mod rwset;
mod server;
mod service;
mod tamper;
#[cfg(test)]
mod tests;

pub use endorse::EndorsedTransaction;
pub use error::{DevnetError, ExecuteError};
pub use genesis::Levels;
pub use identities::{IssuedIdentity, NodeMspFiles, Organization};
pub use network::{Elsewhere, Network, NodeStanding};
pub use options::NetworkOptions;
pub use private::CollectionDefinition;
pub use service::Serving;
pub use tamper::Tamper;
