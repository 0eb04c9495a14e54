//! What one intent writes, and how it is told.

use super::sketch::Sketch;
use crate::client::{ClientError, Exit};

/// The mark in a description where the id of a pair of proposals stands.
pub(super) const ID: &str = "{id}";

/// What one intent writes, and how it is told.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub(super) sketch: Sketch,
    /// For an id: what is done.
    pub(super) name: String,
    /// What the proposal is called, where that is said already.
    pub(super) base: Option<String>,
    /// What ids end with.
    pub(super) suffix: &'static str,
    pub(super) description: String,
    pub(super) notes: Vec<String>,
    /// What would be right, where an orderer would refuse it.
    pub(super) hint: Option<String>,
    /// Whether nobody may lose membership or a role by it.
    pub(super) keeps_identities: bool,
}

impl Drawn {
    pub(super) fn new(sketch: Sketch, name: String, description: String) -> Self {
        Self {
            sketch,
            name,
            base: None,
            suffix: "",
            description,
            notes: Vec::new(),
            hint: None,
            keeps_identities: false,
        }
    }

    pub(super) fn note(&mut self, text: String) {
        self.notes.push(text);
    }
}

/// What is refused because nothing would change.
pub(super) fn nothing(why: &str) -> ClientError {
    ClientError::new(
        Exit::No,
        "NOTHING_TO_CHANGE",
        format!("nothing would change: {why}"),
    )
}

/// What is refused because it cannot stand at a path.
pub(super) fn bad_value(path: &str, why: &str, hint: &str) -> ClientError {
    let text = format!("{path}: {why}");
    ClientError::new(Exit::Usage, "BAD_VALUE", text).hint(hint)
}
