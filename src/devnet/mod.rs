//! An embedded development network, in memory and in one process: for demo, tests and benches.
//!
//! What differs from Fabric is how blocks and proposals travel: nodes call each other. Everything
//! that decides is the real thing: certificates and signatures, gRPC between a peer and its
//! organisation's chaincode server, endorsements over equal bytes, config updates through the rules
//! of an orderer, signed blocks, validation by policy, versions and ranges.
//!
//! | file | what it is |
//! |---|---|
//! | `ca`, `organization` | certificate authorities, identities, MSPs |
//! | `genesis`, `cut` | the first config of a channel; building blocks |
//! | `action`, `rwset`, `endorse` | what endorsers sign, and how their answers make a transaction |
//! | `private` | collections, and the private data that travels beside blocks |
//! | `peer/` | a peer: its end of the chaincode stream, its own chaincodes, its state |
//! | `server`, `node` | a chaincode server that can be killed; what an organisation runs |
//! | `orderer`, `network`, `options` | a channel's ordering node; all of it together, and how it is set up |

mod action;
mod ca;
mod clock;
mod cut;
mod endorse;
mod error;
mod genesis;
mod network;
mod node;
mod options;
mod orderer;
mod organization;
mod peer;
mod private;
mod rwset;
mod server;
#[cfg(test)]
mod tests;

pub use ca::IssuedIdentity;
pub use endorse::EndorsedTransaction;
pub use error::{DevnetError, ExecuteError};
pub use genesis::Levels;
pub use network::{Elsewhere, Network};
pub use options::NetworkOptions;
pub use organization::Organization;
pub use private::CollectionDefinition;
