//! Patches: the intent of a proposal.

use bytes::Bytes;

use super::{
    apply::Update,
    error::PatchError,
    limits::Limits,
    path::ElementPath,
    tree::{ConfigTree, GroupRef, ValueRef},
};
use crate::ids::Digest;

/// A partial config that says what to change.
#[derive(Clone, Debug)]
pub struct Patch {
    bytes: Bytes,
}

/// An element that a patch writes or deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The element.
    pub path: ElementPath,
    /// Of a group: whether all of it is meant, or only its mod policy.
    pub whole: bool,
    /// SHA-256 of its content, versions aside; `None` where it does not exist.
    pub digest: Option<Digest>,
}

impl Patch {
    /// Reads a patch: a serialized `common.Config` whose versions are modes.
    ///
    /// # Errors
    /// [`PatchError`].
    pub fn parse(_bytes: Bytes, _limits: &Limits) -> Result<Self, PatchError> {
        todo!()
    }
    /// Turns an update into the intent it expresses.
    ///
    /// # Errors
    /// [`PatchError`].
    pub fn from_update(_current: &ConfigTree, _update: &Update) -> Result<Self, PatchError> {
        todo!()
    }
    /// A patch that adds (or overwrites) one group; all versions in the input are ignored.
    ///
    /// # Errors
    /// [`PatchError`].
    pub fn put_group(_names: &[&str], _group: GroupRef<'_>) -> Result<Self, PatchError> {
        todo!()
    }
    /// A patch that writes one value into several groups; its version is ignored.
    ///
    /// # Errors
    /// [`PatchError`].
    pub fn put_value(
        _groups: &[Vec<&str>],
        _name: &str,
        _value: ValueRef<'_>,
    ) -> Result<Self, PatchError> {
        todo!()
    }
    /// Several patches as one.
    ///
    /// # Errors
    /// [`PatchError::Conflict`].
    pub fn combine(_patches: &[&Self]) -> Result<Self, PatchError> {
        todo!()
    }
    /// The first element where two patches exclude each other.
    #[must_use]
    pub fn conflict(&self, _other: &Self) -> Option<ElementPath> {
        todo!()
    }
    /// The canonical bytes.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
    /// The config with the patch applied; its sequence is the current one's.
    ///
    /// # Errors
    /// [`PatchError`].
    pub fn apply(&self, _current: &ConfigTree) -> Result<ConfigTree, PatchError> {
        todo!()
    }
    /// What it writes or deletes, in path order, with the content at `current`.
    #[must_use]
    pub fn touched(&self, _current: &ConfigTree) -> Vec<Touched> {
        todo!()
    }
    /// Whether it applies and leaves the content as it is.
    #[must_use]
    pub fn changes_nothing(&self, current: &ConfigTree) -> bool {
        self.apply(current)
            .is_ok_and(|next| next.same_content(current))
    }
}
