//! Commands that act on proposals, on one's own chain and on the contract's.
//!
//! | file | what it does |
//! |---|---|
//! | `open` | settings, identity, pin: a session for a command |
//! | `first_use`, `pin` | what a person trusts of a channel, and `cmscc pin` |
//! | `sign`, `consent` | `sign`; what a person is shown and types |
//! | `carry`, `offline` | sign requests and signature files; signing without a network |
//! | `files` | files that are read and written |
//! | `submit`, `sync`, `verify` | `submit`, `sync`, `config verify` |
//! | `proposals` | `reject`, `withdraw`, `combine`, `rebase`, `archive` |
//! | `wait`, `watch` | `wait`, `watch` |
//! | `bootstrap` | `init-consortium`, `recover` |

mod bootstrap;
mod carry;
mod consent;
mod files;
mod first_use;
mod offline;
mod open;
mod pin;
mod proposals;
mod sign;
mod submit;
mod sync;
mod verify;
mod wait;
mod watch;

pub(in crate::cli) use bootstrap::{init_consortium, recover};
pub(in crate::cli::command) use consent::{Consent, TypedWord, review, settings_lines, taken};
pub(in crate::cli::command) use files::{read, write};
pub(in crate::cli::command) use open::{demand_level, ended, fresh, open};
pub(in crate::cli) use pin::pin;
pub(in crate::cli) use proposals::{archive, combine, rebase, reject, withdraw};
pub(in crate::cli::command) use sign::next;
pub(in crate::cli) use sign::sign;
pub(in crate::cli) use submit::submit;
pub(in crate::cli) use sync::sync;
pub(in crate::cli) use verify::verify;
pub(in crate::cli) use wait::wait;
pub(in crate::cli) use watch::watch;
