//! Files that carry what is to be signed, and what was signed, between machines. Pure.
//!
//! | file | what it is |
//! |---|---|
//! | `request` | a sign request: a proposal's update, and the config blocks that lead to its config |
//! | `signed` | signatures on an update, in the form that `peer channel signconfigtx` writes and takes |

mod request;
mod signed;
#[cfg(test)]
mod tests;

pub use request::SignRequest;
pub use signed::SignedUpdate;
