//! What a person reads before signing: what changes, what to know of it, who must sign.
//!
//! | file | what it draws |
//! |---|---|
//! | `diff`, `entry` | what changes, by group; one change |
//! | `findings`, `effects` | what to know before one signs; what becomes of majorities and endorsements |
//! | `explain`, `tree` | why the signatures suffice or not, and who could complete them |

mod diff;
mod effects;
mod entry;
mod explain;
mod findings;
mod tree;

pub(in crate::cli::show) use diff::summary as changes_summary;
pub(in crate::cli) use diff::{contents, differences, is_empty};
pub(in crate::cli) use effects::effects;
pub(in crate::cli::show) use effects::effects_of;
pub(in crate::cli::show) use entry::{entry, group, sign};
pub(in crate::cli) use explain::explanation;
pub(in crate::cli::show) use explain::{deadline, deciding};
pub(in crate::cli) use findings::findings;
pub(in crate::cli::show) use findings::summary as findings_summary;
pub(in crate::cli::show) use tree::{rejection, signer_name, silent};
