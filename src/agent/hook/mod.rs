//! Telling: programs and webhooks.
//!
//! | file | what it does |
//! |---|---|
//! | `deliver` | tells somebody, by whatever way |
//! | `exec` | starts a program, without a shell |
//! | `webhook` | sends a request |
//! | `reach` | the connection of a request: only where it may go |
//! | `refusal` | why somebody was not told |
//! | `secret` | files with secrets; how a receiver knows the sender |

mod deliver;
mod exec;
mod reach;
mod refusal;
mod secret;
mod webhook;

pub use deliver::{check_hook, deliver};
pub use refusal::HookRefusal;
