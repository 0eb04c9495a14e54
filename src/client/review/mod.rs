//! Judging a proposal with one's own engine, on the config that this machine verified. What others say
//! of it is compared with that, never shown in its place. Pure.
//!
//! | file | what it is |
//! |---|---|
//! | `claim` | what others hand over of a proposal: what is signed, and what it is said to be |
//! | `judged` | what the update does, who decides, and whether it is signed enough |
//! | `intent` | whether the update is the one of its intent |
//! | `settings` | a change of the contract's settings, read from the bytes that are signed |
//! | `compare` | what the contract said, against what was judged |
//! | `shown` | what was judged, in the form in which people are shown what the contract says |

mod claim;
mod compare;
mod intent;
mod judged;
mod settings;
mod shown;
#[cfg(test)]
mod tests;

pub use claim::{ClaimedKind, ProposalClaim};
pub use compare::ContractSaid;
pub use judged::JudgedUpdate;
pub use settings::JudgedSettings;
