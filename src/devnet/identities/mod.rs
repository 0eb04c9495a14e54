//! Certificate authorities, organisations, and their folders.
//!
//! | file | what it is |
//! |---|---|
//! | `ca` | authorities, and what they issue |
//! | `organization` | an organisation: one identity of each kind |
//! | `msp` | an organisation's public half, as the channel config carries it |
//! | `node` | the MSP folder of a peer, as its operator left it |
//! | `folders` | the same as files, as `cryptogen` lays them out |

mod ca;
mod folders;
mod msp;
mod node;
mod organization;

pub use {ca::IssuedIdentity, node::NodeMspFiles, organization::Organization};
pub(super) use {
    ca::{Authority, TlsCertificate},
    folders::{write_orderer, write_organization},
    msp::MspFolder,
    organization::OrdererOrganization,
};
