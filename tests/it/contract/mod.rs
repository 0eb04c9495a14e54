//! The contract, called as a peer calls it, on a ledger in memory.
//!
//! `world` holds the ledger and what calls it, `calls` the calls, `people` who makes them,
//! `captures`, `blocks` and `patches` what they bring; all other files are tests.

mod bad_input;
mod blocks;
pub(crate) mod calls;
mod capabilities;
pub(crate) mod captures;
mod checks;
mod cmcc;
mod combine;
mod conflicts;
mod costs;
mod definition;
mod determinism;
mod docs;
mod export;
pub(crate) mod findings;
mod forms;
mod history;
mod ids;
mod intake;
pub(crate) mod manners;
mod meetings;
mod metadata;
mod odd_state;
mod patches;
pub(crate) mod people;
mod real_input;
mod record;
mod relations;
mod rules;
mod served;
mod settings;
mod settings_refused;
mod sizes;
mod spoilers;
mod statements;
mod unknown;
mod votes;
mod walk;
mod words;
pub(crate) mod world;
