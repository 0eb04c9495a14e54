//! The client of the contract: what an administrator's machine does, from an intent to a config that
//! is in effect. One connection to one's own peer is enough.
//!
//! | sub-room | what it knows | |
//! |---|---|---|
//! | `answers` | what the contract answers, as the client reads it | pure |
//! | `view` | what a person is shown, as data; what `--json` prints | pure |
//! | `error` | why nothing was done, and by which exit code scripts see it | pure |

pub mod answers;
mod error;
pub mod view;

pub use error::{ClientError, Exit};
