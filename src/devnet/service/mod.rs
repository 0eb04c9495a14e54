//! The services that clients dial, on loopback with TLS: those of each peer, and those of the
//! ordering node.
//!
//! | file | what it is |
//! |---|---|
//! | `serving` | a listener and what is served on it |
//! | `endorser` | `protos.Endorser` |
//! | `gateway/` | `gateway.Gateway` |
//! | `deliver` | `protos.Deliver`, and the same at the ordering node |
//! | `filtered` | what the deliver service for observers shows of a block |
//! | `broadcast` | the rest of `orderer.AtomicBroadcast` |

mod broadcast;
mod deliver;
mod endorser;
mod filtered;
mod gateway;
mod serving;

pub use serving::Serving;

use tonic::Status;

use super::{node::OrganizationNode, nodes::Nodes};

/// The longest message of a client or to one, in bytes.
const MESSAGE_BYTES: usize = 100 << 20;

/// What streams end with when a node is stopped.
fn stopped() -> Status {
    Status::unavailable("the node is stopped")
}
