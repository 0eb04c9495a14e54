//! Patches: the intent of a proposal, as a partial config whose versions are modes.
//!
//! [`document`] holds the patch; [`given`] checks what a caller gave, [`intent`] finds what an update
//! means, [`merge`] lays a patch over a config, [`union`] lays patches together; [`wishes`] says what
//! decides whether they go together. [`edited`] makes a patch of an edited config; [`likeness`] says
//! where a patch looks like a config.

mod document;
mod edited;
mod error;
mod given;
mod intent;
mod likeness;
mod limits;
mod merge;
mod mode;
#[cfg(test)]
mod tests;
mod union;
mod wishes;

pub use document::{Patch, Touched};
pub use edited::PlainForms;
pub use error::PatchError;
pub use likeness::ConfigLikeness;
pub use limits::PatchLimits;
pub use wishes::{Wish, WishedPart};
