//! Patches: the intent of a proposal, as a partial config whose versions are modes.
//!
//! [`document`] holds the patch; [`given`] checks what a caller gave, [`intent`] finds what an update
//! means, [`merge`] lays a patch over a config, [`union`] lays patches together; [`wishes`] says what
//! decides whether they go together.

mod document;
mod error;
mod given;
mod intent;
mod limits;
mod merge;
mod mode;
#[cfg(test)]
mod tests;
mod union;
mod wishes;

pub use document::{Patch, Touched};
pub use error::PatchError;
pub use limits::PatchLimits;
pub use wishes::{Wish, WishedPart};
