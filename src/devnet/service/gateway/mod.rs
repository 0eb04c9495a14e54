//! `gateway.Gateway`: what a client's own peer does for it with the whole network.
//!
//! | file | what it is |
//! |---|---|
//! | `service` | the service, and its calls that are short |
//! | `evaluate`, `endorse` | asking peers |
//! | `plan` | whom to ask |
//! | `events` | events of a chaincode |
//! | `status` | errors as the gateway words them |

mod endorse;
mod evaluate;
mod events;
mod plan;
mod service;
mod status;

pub(super) use service::GatewayService;

use super::{Nodes, OrganizationNode, broadcast, filtered, stopped};
