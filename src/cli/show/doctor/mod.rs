//! What stands between one and an update that is accepted.
//!
//! | file | what it draws |
//! |---|---|
//! | `findings` | findings by their parts, each with what puts it right |
//! | `summary` | how many there are, and which to begin with |

mod findings;
mod summary;

pub(in crate::cli) use findings::doctor;
