//! What people see: pure renderers, data in and lines out. How wide they are and what time it is comes
//! with [`Look`]; whether there are colours is decided where lines are printed.
//!
//! | file | what it draws |
//! |---|---|
//! | `line`, `table`, `pairs` | lines with tones, wrapping; tables; names with values |
//! | `time`, `words` | times and statuses as people say them; digests that are cut |
//! | `list`, `history` | tables of proposals and of the chain's links |
//! | `proposal` | everything about one proposal |
//! | `diff`, `entry` | what changes, by group; one change |
//! | `findings`, `effects` | what to know before one signs; what becomes of majorities and endorsements |
//! | `explain`, `tree` | why the signatures suffice or not, and who could complete them |
//! | `deploy` | the contract's definition on a channel; what members agree on and attest |
//! | `status` | one screen about a channel |
//! | `problem` | an error and what to do about it |

mod deploy;
mod diff;
mod effects;
mod entry;
mod explain;
mod findings;
mod history;
mod line;
mod list;
mod pairs;
mod problem;
mod proposal;
mod status;
mod table;
mod time;
mod tree;
mod words;

pub(in crate::cli) use deploy::{capabilities, definition, deployment, members, settings};
pub(in crate::cli) use diff::{contents, differences, is_empty};
pub(in crate::cli) use effects::effects;
pub(in crate::cli) use explain::explanation;
pub(in crate::cli) use findings::findings;
pub(in crate::cli) use history::{chain, history};
pub(in crate::cli) use line::{Line, Look, Tone};
pub(in crate::cli) use list::proposals;
pub(in crate::cli) use pairs::Pairs;
pub(in crate::cli) use problem::problem;
pub(in crate::cli) use proposal::proposal;
pub(in crate::cli) use status::status;
pub(in crate::cli) use table::{giving, grid, table, whole};
pub(in crate::cli) use time::left;
pub(in crate::cli) use words::{said, status as status_words, status_named};

#[cfg(test)]
mod tests;
