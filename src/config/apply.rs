//! Config updates and what they make of a config.

use bytes::Bytes;

use super::{
    error::UpdateError,
    path::ElementPath,
    tree::{ConfigTree, ElementRef},
};
use crate::ids::{ChannelId, Digest};

/// A `common.ConfigUpdate`.
#[derive(Clone, Debug)]
pub struct Update {
    bytes: Bytes,
}

impl Update {
    /// Reads a serialized `common.ConfigUpdate`.
    ///
    /// # Errors
    /// [`UpdateError::Undecodable`].
    pub fn parse(_bytes: Bytes) -> Result<Self, UpdateError> {
        todo!()
    }
    /// The bytes it was read from: what signatures cover.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
    /// SHA-256 of [`bytes`](Self::bytes).
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }
    /// The channel that it names.
    #[must_use]
    pub fn channel_id(&self) -> &str {
        todo!()
    }
    /// Whether it carries isolated data.
    #[must_use]
    pub fn has_isolated_data(&self) -> bool {
        todo!()
    }
    /// Whether it has unknown fields at any level that is decoded.
    #[must_use]
    pub fn has_unknown_fields(&self) -> bool {
        todo!()
    }
    /// The channel must be this one (step 3).
    ///
    /// # Errors
    /// [`UpdateError::ChannelMismatch`].
    pub fn check_channel(&self, _channel: &ChannelId) -> Result<(), UpdateError> {
        todo!()
    }
    /// What it writes (steps 4 to 7): may be empty; elements not yet checked.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn delta_set<'a>(&'a self, _current: &'a ConfigTree) -> Result<Delta<'a>, UpdateError> {
        todo!()
    }
    /// What it writes, not empty and each element checked (steps 4 to 10c, no policies).
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn delta<'a>(&'a self, _current: &'a ConfigTree) -> Result<Delta<'a>, UpdateError> {
        todo!()
    }
}

/// The elements that an update writes.
#[derive(Debug)]
pub struct Delta<'a> {
    elements: Vec<DeltaElement<'a>>,
}

impl<'a> Delta<'a> {
    /// Those elements; a group comes before what it holds.
    #[must_use]
    pub fn elements(&self) -> &[DeltaElement<'a>] {
        &self.elements
    }
    /// The result (step 11): sequence + 1, without the repair.
    #[must_use]
    pub fn apply(&self) -> ConfigTree {
        todo!()
    }
    /// Whether the repair (step 12) is due: see [`ConfigTree::repaired`].
    #[must_use]
    pub fn needs_repair(&self) -> bool {
        todo!()
    }
    /// The result with the repair, where it is due (steps 11 and 12).
    #[must_use]
    pub fn result(&self) -> ConfigTree {
        todo!()
    }
}

/// One element that an update writes.
#[derive(Clone, Copy, Debug)]
pub struct DeltaElement<'a> {
    element: ElementRef<'a>,
    existing: Option<ElementRef<'a>>,
}

impl<'a> DeltaElement<'a> {
    /// The element as the update writes it.
    #[must_use]
    pub const fn element(&self) -> ElementRef<'a> {
        self.element
    }
    /// The element as the config has it; `None` where it is new.
    #[must_use]
    pub const fn existing(&self) -> Option<ElementRef<'a>> {
        self.existing
    }
    /// Its place.
    #[must_use]
    pub fn element_path(&self) -> ElementPath {
        todo!()
    }
    /// Its mod policy and its version (steps 10a to 10c).
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn check(&self) -> Result<(), UpdateError> {
        todo!()
    }
}

/// The config that an update makes of another one: steps 4 to 11, without policies and without
/// the repair.
///
/// # Errors
/// [`UpdateError`].
pub fn apply(current: &ConfigTree, update: &Update) -> Result<ConfigTree, UpdateError> {
    Ok(update.delta(current)?.apply())
}
