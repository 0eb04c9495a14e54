//! What reviewers are shown of a change: what it changes in words (`diff`), what about the resulting
//! config deserves a look (`lint`), and what it does to the endorsements that chaincodes ask for.
//!
//! Nothing here decides. A change with findings may be accepted, one without may be refused.

pub mod diff;
mod endorsement;
pub mod lint;

#[cfg(feature = "client")]
pub(crate) use endorsement::rule_alone;
pub use endorsement::{Endorsement, could_endorse, endorsement, endorsements_needed};
