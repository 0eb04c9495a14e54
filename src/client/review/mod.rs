//! Judging a proposal with one's own engine, on the config that this machine verified. What others say
//! of it is compared with that, never shown in its place. Pure.
//!
//! | file | what it is |
//! |---|---|
//! | `claim` | what others hand over of a proposal: what is signed, and what it is said to be |
//! | `judged` | what the update does, who decides, and whether it is signed enough |
//! | `intent` | whether the update is the one of its intent |
//! | `settings` | a change of the contract's settings, read from the bytes that are signed |
//! | `statement` | what an orderer organisation attests, read likewise |
//! | `compare` | what the contract said, against what was judged |
//! | `suppose` | what would be if these signed as well |
//! | `shown` | what was judged, in the form in which people are shown what the contract says |

mod claim;
mod compare;
mod intent;
mod judged;
mod settings;
mod shown;
mod statement;
mod suppose;
#[cfg(test)]
mod tests;

pub use claim::{ClaimedKind, ProposalClaim};
pub use compare::ContractSaid;
pub(super) use intent::check as check_intent;
pub use judged::JudgedUpdate;
pub use settings::JudgedSettings;
pub use statement::JudgedStatement;
pub use suppose::{SupposedOutcome, SupposedSigner, Supposition};
