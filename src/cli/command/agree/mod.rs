//! What members agree on, and what they say of themselves.
//!
//! | file | what it does |
//! |---|---|
//! | `settings` | `settings show`, `propose`, `apply` |
//! | `attest` | `attest` |
//! | `members` | `members`, `capabilities` |

mod attest;
mod members;
mod settings;

pub(in crate::cli) use attest::run as attest;
pub(in crate::cli) use members::{capabilities, members};
pub(in crate::cli) use settings::run as settings;
