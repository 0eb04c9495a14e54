//! What changes from one config to another, in words and as data. Versions are left out. Pure.
//!
//! `walk` goes over the elements that differ and writes an entry for each thing that changes.
//! `facts` says what the bytes of a value mean (`msp`: those of an MSP), so that a changed value is
//! shown fact by fact. `contrast` shows two configs side by side at one place. `reset` finds
//! settings that are lost because a value is replaced whole.

mod contrast;
mod cut;
mod entry;
mod fact;
mod facts;
mod msp;
mod reset;
mod walk;
mod words;

pub use contrast::{Contrast, Contrasted, contrast};
pub(super) use cut::cut;
pub use entry::{Diff, DiffEntry, Item, Verb};
pub(super) use facts::{each_acl, each_anchor_peer};
pub(super) use reset::reset;
pub use walk::{DiffRoom, diff, diff_within};
