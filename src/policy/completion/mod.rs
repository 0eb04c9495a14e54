//! Why a policy accepts or not, and who could complete it.
//!
//! | file | holds |
//! |---|---|
//! | `cast` | who could sign: present signers and newcomers |
//! | `ways`, `walk`, `complete` | the ways to satisfy policies, from the principals up |
//! | `search` | the smallest sets of newcomers, each tried by Fabric's greedy evaluation |
//! | `outlook` | whether a policy accepts, and who could complete it |
//! | `needs` | who is needed, in words |
//! | `explain` | the tree behind a decision |
//! | `room` | how much of it is told |
//! | `choose` | which signatures an orderer should get |
//! | `effort` | how many organisations a policy takes |
//! | `prospects` | what could become of a policy: by one signature, or once others are changed |

pub(in crate::policy) mod cast;
pub(in crate::policy) mod choose;
pub(in crate::policy) mod complete;
mod effort;
pub(in crate::policy) mod explain;
pub(in crate::policy) mod needs;
pub(in crate::policy) mod outlook;
mod prospects;
mod room;
pub(in crate::policy) mod search;
mod walk;
pub(in crate::policy) mod ways;

pub use choose::Spoiler;
pub use effort::{Effort, Efforts};
pub use explain::{Explanation, ExplanationNode};
pub use outlook::Outlook;
pub use prospects::Changeable;
