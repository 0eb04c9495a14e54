//! The client of the contract: what an administrator's machine does, from an intent to a config that
//! is in effect. One connection to one's own peer is enough.
//!
//! | sub-room | what it knows | |
//! |---|---|---|
//! | `error` | why nothing was done, and by which exit code scripts see it | pure |
//! | `keys` | one's own identity: certificate and key, from an MSP folder or files | shell |
//! | `profile` | settings, and where each comes from; named profiles | pure, with `machine` as its shell |

mod error;
pub mod keys;
pub mod profile;

pub use error::{ClientError, Exit};
