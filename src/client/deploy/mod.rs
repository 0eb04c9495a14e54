//! Bringing the contract onto a channel: what is known of it there, who must agree, and what to approve.
//! Pure.
//!
//! | file | what it knows |
//! |---|---|
//! | `facts` | what is known: packages, approvals, the definition, servers |
//! | `server` | whether a member's server answers, and why not |
//! | `serving` | the commands that start one's own server and install its package; its setting |
//! | `rule` | who must endorse commits and calls, by one's own engine |
//! | `approval` | what to approve, where nobody says everything |
//! | `upgrade` | the next definition, and what speaks against it |

mod approval;
mod facts;
mod rule;
mod server;
mod serving;
#[cfg(test)]
mod tests;
mod upgrade;

pub use approval::{ApprovalPlan, DefinitionWishes, PackageWish};
pub use facts::{ContractStage, DeploymentFacts, NextDefinition, PeerPackages};
pub use rule::EndorsingRule;
pub use server::{ServerState, cause};
pub use serving::{PackagedServer, install_command, serve_command, server_setting};
pub use upgrade::UpgradeConcern;
