//! Patches: the intent of a proposal, as a partial config whose versions are modes.
//!
//! [`document`] holds the patch; [`given`] checks what a caller gave, [`intent`] finds what an update
//! means, [`merge`] lays a patch over a config, [`union`] lays patches together; [`wishes`] says what
//! decides whether they go together. [`edited`] makes a patch of an edited config; [`likeness`] says
//! where a patch looks like a config, [`fit`] whether bytes do what a patch wants.

mod document;
mod edited;
mod error;
mod fit;
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
pub use edited::{PlainForms, edited_config};
pub use error::PatchError;
pub use fit::{Misfit, expected_result, intended_effect, is_in_effect};
pub use likeness::ConfigLikeness;
pub use limits::PatchLimits;
pub use wishes::{Wish, WishedPart};
