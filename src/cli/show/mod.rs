//! What people see: pure renderers, data in and lines out. How wide they are and what time it is comes
//! with [`Look`]; whether there are colours is decided where lines are printed.
//!
//! | file | what it draws |
//! |---|---|
//! | `layout` | lines, tables, names with values |
//! | `review` | what a person reads before signing |
//! | `time`, `words` | times and statuses as people say them; digests that are cut |
//! | `list`, `history` | tables of proposals and of the chain's links |
//! | `proposal` | everything about one proposal |
//! | `status` | one screen about a channel |
//! | `audit` | what an auditor learns from exported proposals and blocks |
//! | `agent` | what the agent does, and what is in its way |
//! | `problem` | an error and what to do about it |
//! | `doctor` | what is amiss, and what puts it right |
//! | `update` | config updates in files |
//! | `foreseen` | what would be: if others signed, in which order, two proposals side by side |
//! | `deploy` | the contract's definition on a channel; what members agree on and attest |

#[cfg(feature = "agent")]
mod agent;
mod audit;
mod deploy;
mod doctor;
mod foreseen;
mod history;
mod layout;
mod list;
mod problem;
mod proposal;
mod review;
mod status;
mod time;
mod update;
mod words;

#[cfg(feature = "agent")]
pub(in crate::cli) use agent::{agent_check, agent_status};
pub(in crate::cli) use audit::audit;
pub(in crate::cli) use deploy::{capabilities, definition, deployment, members, settings};
pub(in crate::cli) use doctor::doctor;
pub(in crate::cli) use foreseen::{if_signed, plan, side_by_side};
pub(in crate::cli) use history::{chain, history};
pub(in crate::cli) use layout::{Line, Look, Pairs, Tone, giving, grid, note, table, whole};
pub(in crate::cli) use list::proposals;
pub(in crate::cli) use problem::problem;
pub(in crate::cli) use proposal::proposal;
pub(in crate::cli) use review::{contents, differences, effects, explanation, findings, is_empty};
pub(in crate::cli) use status::status;
pub(in crate::cli) use time::left;
pub(in crate::cli) use update::{checked, computed, inspected, merged, reviewed, statement};
pub(in crate::cli) use words::{counted, said, status as status_words, status_named};

#[cfg(test)]
mod tests;
