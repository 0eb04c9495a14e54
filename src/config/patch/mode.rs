//! The mode of an element of a patch, carried in its version.

use crate::config::{patch::error::PatchError, tree::ElementPath};

/// What a patch does to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Patch = 0,
    Overwrite = 1,
    Delete = 2,
}

/// The mode that an element's version stands for.
pub(super) fn mode(version: u64, path: impl FnOnce() -> ElementPath) -> Result<Mode, PatchError> {
    match version {
        0 => Ok(Mode::Patch),
        1 => Ok(Mode::Overwrite),
        2 => Ok(Mode::Delete),
        _ => Err(PatchError::UnknownMode {
            path: path(),
            version,
        }),
    }
}

/// The mode of an element of a patch, which has no other versions.
pub(super) const fn of_canonical(version: u64) -> Mode {
    match version {
        0 => Mode::Patch,
        1 => Mode::Overwrite,
        _ => Mode::Delete,
    }
}
