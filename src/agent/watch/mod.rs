//! From what a round saw to what changed, what is due, and what people are told.
//!
//! | file | what it knows |
//! |---|---|
//! | `sight` | what a round saw |
//! | `memory` | what is remembered of a channel between rounds |
//! | `change` | what changed of proposals |
//! | `channel` | what changed of the channel: config, contract, certificates |
//! | `trouble` | what keeps the agent from its work |
//! | `stumble` | whether it can do its work, and when people are told |
//! | `crowd` | how much is told of one organisation |
//! | `due` | which proposals are to be submitted, and when |
//! | `turn` | whose turn it is to hand a config block in |
//! | `queue` | what a hook has still to be told |

mod change;
mod channel;
mod crowd;
mod due;
mod memory;
mod queue;
mod sight;
mod stumble;
#[cfg(test)]
mod tests;
mod trouble;
mod turn;

pub(super) use due::{DueProposal, NotDue, due};
pub(super) use memory::{ChannelMemory, ListReach};
pub(super) use queue::{HookQueue, QueueStep};
pub(super) use sight::{CONTRADICTED, ChannelSight, EndedSight};
pub(super) use turn::turn;
