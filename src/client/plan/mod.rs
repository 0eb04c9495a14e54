//! In which order open proposals lose fewest signatures: each step judged by one's own engine on the
//! config that the steps before it would have led to. Pure.
//!
//! | file | what it is |
//! |---|---|
//! | `game` | what may become of a proposal that is submitted next; what a search needs to know |
//! | `search` | the best order: all orders of a few proposals, a good one of many |
//! | `world` | proposals on configs: which bytes still apply, whose signatures still count |
//! | `together` | which of them should be combined |
//! | `made` | the plan, as it is shown |
//! | `sides` | two proposals side by side |

mod game;
mod made;
mod search;
mod sides;
#[cfg(test)]
mod tests;
mod together;
mod world;

pub use made::make_plan;
pub use sides::sides;
pub use world::PlannedProposal;
