//! Why a patch cannot be read, made from an update, or applied.

use crate::config::{
    tree::{ConfigError, ElementPath},
    update::UpdateError,
};

/// Why a patch cannot be read, made from an update, or applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// A group that does not exist is patched.
    #[error("{path} does not exist; a new group needs mode OVERWRITE (1)")]
    AbsentGroup {
        /// Where the group would stand.
        path: ElementPath,
    },
    /// Two patches that are to be combined touch the same element in different ways.
    #[error("both change {path}, and not in the same way")]
    Conflict {
        /// Where the element stands.
        path: ElementPath,
    },
    /// An element that is deleted does not exist.
    #[error("{path} is to be deleted, but does not exist")]
    DeleteAbsent {
        /// Where the element stands.
        path: ElementPath,
    },
    /// An element that is deleted has content.
    #[error("{path} is to be deleted, but is given content")]
    DeleteContent {
        /// Where the element stands.
        path: ElementPath,
    },
    /// The root group cannot be deleted.
    #[error("the channel group cannot be deleted")]
    DeleteRoot,
    /// An update that is not the one computed for its own result.
    #[error("the update is not the one that its result needs; it differs at {path}")]
    Differs {
        /// The first element that differs.
        path: ElementPath,
    },
    /// A patch without channel group, or no patch at all.
    #[error("the patch has no channel group")]
    Empty,
    /// An update carries isolated data.
    #[error("the update carries isolated data")]
    IsolatedData,
    /// The config has no channel group.
    #[error("the config has no channel group")]
    MissingChannelGroup,
    /// An update has no effect that can be reached from the root group.
    #[error("the update has no effect")]
    NoEffect,
    /// A patch that is nested deeper than the limit.
    #[error("patch is deeper than {limit} groups")]
    TooDeep {
        /// The limit, in groups.
        limit: usize,
    },
    /// A patch that is longer than the limit.
    #[error("patch of {len} bytes is longer than {limit} bytes")]
    TooLong {
        /// Its length, in bytes.
        len: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// A patch that is not protobuf.
    #[error("patch is not decodable")]
    Undecodable(#[from] ConfigError),
    /// An element with fields that we do not know.
    #[error("{path} has unknown fields")]
    UnknownFields {
        /// Where the element stands.
        path: ElementPath,
    },
    /// Fields that we do not know, outside any element.
    #[error("the message itself has unknown fields")]
    UnknownMessageFields,
    /// A version that is not a patch mode.
    #[error("version {version} of {path} is not a mode; 0 is PATCH, 1 OVERWRITE, 2 DELETE")]
    UnknownMode {
        /// Where the element stands.
        path: ElementPath,
        /// The number that stands as its version.
        version: u64,
    },
    /// An update does not fit the config.
    #[error(transparent)]
    Update(#[from] UpdateError),
}

impl PatchError {
    /// The stable code, such as `PATCH_CONFLICT`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AbsentGroup { .. } => "PATCH_ABSENT_GROUP",
            Self::Conflict { .. } => "PATCH_CONFLICT",
            Self::DeleteAbsent { .. } => "PATCH_DELETE_ABSENT",
            Self::DeleteContent { .. } => "PATCH_DELETE_CONTENT",
            Self::DeleteRoot => "PATCH_DELETE_ROOT",
            Self::Differs { .. } => "UPDATE_DIFFERS",
            Self::Empty => "PATCH_EMPTY",
            Self::IsolatedData => "ISOLATED_DATA",
            Self::MissingChannelGroup => "MISSING_CHANNEL_GROUP",
            Self::NoEffect => "NOTHING_TO_CHANGE",
            Self::TooDeep { .. } => "PATCH_TOO_DEEP",
            Self::TooLong { .. } => "PATCH_TOO_LONG",
            Self::Undecodable(_) => "PATCH_UNDECODABLE",
            Self::UnknownFields { .. } | Self::UnknownMessageFields => "UNKNOWN_FIELDS",
            Self::UnknownMode { .. } => "PATCH_UNKNOWN_MODE",
            Self::Update(e) if e.is_stale() => "STALE_UPDATE",
            Self::Update(e) => e.code(),
        }
    }

    /// The element that is at fault; `None` where the fault is not one element's.
    #[must_use]
    pub const fn path(&self) -> Option<&ElementPath> {
        match self {
            Self::AbsentGroup { path }
            | Self::Conflict { path }
            | Self::DeleteAbsent { path }
            | Self::DeleteContent { path }
            | Self::Differs { path }
            | Self::UnknownFields { path }
            | Self::UnknownMode { path, .. } => Some(path),
            Self::Update(e) => e.path(),
            Self::DeleteRoot
            | Self::Empty
            | Self::IsolatedData
            | Self::MissingChannelGroup
            | Self::NoEffect
            | Self::TooDeep { .. }
            | Self::TooLong { .. }
            | Self::Undecodable(_)
            | Self::UnknownMessageFields => None,
        }
    }

    /// Whether the cause is an update that was made for another state of the config.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        matches!(self, Self::Update(e) if e.is_stale())
    }
}
