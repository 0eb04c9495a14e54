//! The client of the contract: what an administrator's machine does, from an intent to a config that
//! is in effect. One connection to one's own peer is enough.
//!
//! | sub-room | what it knows | |
//! |---|---|---|
//! | `error` | why nothing was done, and by which exit code scripts see it | pure |
//! | `chain` | one's own chain of configs, verified from a pinned block | pure but its store |

mod chain;
mod error;
mod review;

pub use chain::{ChainStore, VerifiedChain, VerifiedLink};
pub use error::{ClientError, Exit};
pub use review::{Claim, ClaimedKind, Judged, JudgedSettings, Said};
