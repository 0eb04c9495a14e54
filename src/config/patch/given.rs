//! A patch as its author gives it: checked, and brought into the canonical form.

use super::mode::{Mode, mode};
use crate::config::{
    patch::error::PatchError,
    tree::{ElementPath, Group, GroupMembers, GroupRef, Policy, Value},
};

/// A group of a patch.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) group: GroupRef<'a>,
    /// How many groups there are from the root to here, both included.
    pub(super) level: usize,
    /// Whether a group above is overwritten: then versions are not modes.
    pub(super) overwritten: bool,
}

impl<'a> Given<'a> {
    /// The group itself, in the canonical form.
    pub(super) fn own(&self) -> Result<Group<&'a [u8]>, PatchError> {
        let path = || self.group.element_path();
        check_known(self.group.unknown(), path)?;
        let own = self.group.borrowed();
        let empty = own.mod_policy.is_empty()
            && self.group.groups().len() == 0
            && self.group.values().len() == 0
            && self.group.policies().len() == 0;
        let version = self.version(own.version, empty, path)?;
        Ok(Group { version, ..own })
    }

    /// Adds its members, in the canonical form.
    pub(super) fn members(
        self,
        max_levels: usize,
        out: &mut GroupMembers<'_, 'a, Self>,
    ) -> Result<(), PatchError> {
        if self.level > max_levels {
            return Err(PatchError::TooDeep { limit: max_levels });
        }
        let within = Self {
            overwritten: self.overwritten || self.group.version() == Mode::Overwrite as u64,
            ..self
        };
        for group in self.group.groups() {
            let child = Self {
                group,
                level: self.level.saturating_add(1),
                ..within
            };
            out.group(child.own()?, child);
        }
        for value in self.group.values() {
            let path = || value.element_path();
            check_known(value.unknown(), path)?;
            let own = value.borrowed();
            let empty = own.bytes.is_empty() && own.mod_policy.is_empty();
            let version = within.version(own.version, empty, path)?;
            out.value(Value { version, ..own });
        }
        for policy in self.group.policies() {
            let path = || policy.element_path();
            check_known(policy.unknown(), path)?;
            let own = policy.borrowed();
            check_known(own.rule.map_or(&[], |rule| rule.unknown), path)?;
            let empty = own.rule.is_none() && own.mod_policy.is_empty();
            let version = within.version(own.version, empty, path)?;
            out.policy(Policy { version, ..own });
        }
        Ok(())
    }

    /// The canonical version of an element: its mode, or 0 where versions are not modes. `empty`:
    /// whether the element is given without content.
    fn version(
        &self,
        version: u64,
        empty: bool,
        path: impl Fn() -> ElementPath,
    ) -> Result<u64, PatchError> {
        if self.overwritten {
            return Ok(0);
        }
        let mode = mode(version, &path)?;
        if mode == Mode::Delete && !empty {
            return Err(PatchError::DeleteContent { path: path() });
        }
        Ok(version)
    }
}

fn check_known(unknown: &[u8], path: impl FnOnce() -> ElementPath) -> Result<(), PatchError> {
    if unknown.is_empty() {
        return Ok(());
    }
    Err(PatchError::UnknownFields { path: path() })
}
