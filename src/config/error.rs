//! What can be wrong with a config, an update, a patch or an envelope.

use super::path::ElementPath;
use crate::proto::scan::ScanError;

/// Why bytes are not a config.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Longer than 4 GiB.
    #[error("config of {len} bytes is longer than 4 GiB")]
    TooLong {
        /// Its length, in bytes.
        len: usize,
    },
    /// Messages nested deeper than the reference decodes.
    #[error("config is nested deeper than {limit} messages")]
    TooDeep {
        /// The deepest that is accepted, in messages.
        limit: u32,
    },
    /// Not protobuf, or a name or mod policy that is not UTF-8.
    #[error("config is not decodable")]
    Undecodable(#[from] ScanError),
}

impl ConfigError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "CONFIG_TOO_LONG",
            Self::TooDeep { .. } => "CONFIG_TOO_DEEP",
            Self::Undecodable(_) => "CONFIG_UNDECODABLE",
        }
    }

    /// The reason class of the reference's vectors.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        "undecodable"
    }
}

/// Why there is no update from one config to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComputeError {
    /// The original config has no channel group.
    #[error("the original config has no channel group")]
    NoOriginalGroup,
    /// The updated config has no channel group.
    #[error("the updated config has no channel group")]
    NoUpdatedGroup,
    /// Nothing differs.
    #[error("the two configs do not differ")]
    NoDifferences,
}

impl ComputeError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoOriginalGroup => "NO_ORIGINAL_GROUP",
            Self::NoUpdatedGroup => "NO_UPDATED_GROUP",
            Self::NoDifferences => "NOTHING_TO_CHANGE",
        }
    }

    /// The reason class of the reference's vectors.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoOriginalGroup | Self::NoUpdatedGroup => "missing_channel_group",
            Self::NoDifferences => "no_differences",
        }
    }
}

/// Why an update does not fit a config.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// The mod policy of an element that is written is not legally spelt.
    #[error("mod policy `{mod_policy}` of {path} is not legal")]
    BadModPolicy {
        /// The element.
        path: ElementPath,
        /// Its mod policy.
        mod_policy: String,
    },
    /// The update names another channel.
    #[error("update is for channel `{got}`, not for `{want}`")]
    ChannelMismatch {
        /// The channel that judges.
        want: String,
        /// The channel that the update names.
        got: String,
    },
    /// The config has no channel group.
    #[error("the config has no channel group")]
    MissingChannelGroup,
    /// The mod policy of an element that is written is empty.
    #[error("{path} has no mod policy")]
    MissingModPolicy {
        /// The element.
        path: ElementPath,
    },
    /// Nothing is written.
    #[error("the update changes nothing")]
    NoDifferences,
    /// An element does not exist, but is written at another version than 0.
    #[error("{path} does not exist, but is written at version {version}")]
    NewElementVersion {
        /// The element.
        path: ElementPath,
        /// The version that the update gives it.
        version: u64,
    },
    /// A name that is not legal.
    #[error("name of {path} is not legal")]
    KeySyntax {
        /// The element.
        path: ElementPath,
    },
    /// An element of the read set does not exist in the config.
    #[error("{path} is in the read set, but does not exist")]
    ReadSetUnknown {
        /// The element.
        path: ElementPath,
    },
    /// An element of the read set has another version in the config.
    #[error("{path} is in the read set at version {read}, but is at version {current}")]
    ReadSetVersion {
        /// The element.
        path: ElementPath,
        /// The version in the read set.
        read: u64,
        /// The version in the config.
        current: u64,
    },
    /// The bytes are not a config update.
    #[error("config update is not decodable")]
    Undecodable(#[from] ConfigError),
    /// An element is not written at the version after its current one.
    #[error("{path} is written at version {written}, but is at version {current}")]
    VersionMismatch {
        /// The element.
        path: ElementPath,
        /// The version in the write set.
        written: u64,
        /// The version in the config.
        current: u64,
    },
}

impl UpdateError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadModPolicy { .. } => "BAD_MOD_POLICY",
            Self::ChannelMismatch { .. } => "WRONG_CHANNEL",
            Self::KeySyntax { .. } => "KEY_SYNTAX",
            Self::MissingChannelGroup => "MISSING_CHANNEL_GROUP",
            Self::MissingModPolicy { .. } => "MISSING_MOD_POLICY",
            Self::NewElementVersion { .. } => "NEW_ELEMENT_VERSION",
            Self::NoDifferences => "NOTHING_TO_CHANGE",
            Self::ReadSetUnknown { .. } => "READ_SET_UNKNOWN_ELEMENT",
            Self::ReadSetVersion { .. } => "READ_SET_VERSION_MISMATCH",
            Self::Undecodable(_) => "UPDATE_UNDECODABLE",
            Self::VersionMismatch { .. } => "VERSION_MISMATCH",
        }
    }

    /// The reason class of the reference's vectors.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::BadModPolicy { .. } => "bad_mod_policy",
            Self::ChannelMismatch { .. } => "channel_id_mismatch",
            Self::KeySyntax { .. } => "key_syntax",
            Self::MissingChannelGroup => "missing_channel_group",
            Self::MissingModPolicy { .. } => "missing_mod_policy",
            Self::NewElementVersion { .. } => "new_element_nonzero_version",
            Self::NoDifferences => "no_differences",
            Self::ReadSetUnknown { .. } => "read_set_unknown_element",
            Self::ReadSetVersion { .. } => "read_set_version_mismatch",
            Self::Undecodable(e) => e.reason(),
            Self::VersionMismatch { .. } => "version_mismatch",
        }
    }

    /// The element that is at fault, where it is one.
    #[must_use]
    pub const fn path(&self) -> Option<&ElementPath> {
        match self {
            Self::BadModPolicy { path, .. }
            | Self::KeySyntax { path }
            | Self::MissingModPolicy { path }
            | Self::NewElementVersion { path, .. }
            | Self::ReadSetUnknown { path }
            | Self::ReadSetVersion { path, .. }
            | Self::VersionMismatch { path, .. } => Some(path),
            Self::ChannelMismatch { .. }
            | Self::MissingChannelGroup
            | Self::NoDifferences
            | Self::Undecodable(_) => None,
        }
    }

    /// Whether the update was made for another state of the config: its versions do not fit.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        matches!(
            self,
            Self::NewElementVersion { .. }
                | Self::ReadSetUnknown { .. }
                | Self::ReadSetVersion { .. }
                | Self::VersionMismatch { .. }
        )
    }
}

/// Why bytes are not an envelope that carries a config update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The payload has no header.
    #[error("envelope has no header")]
    MissingHeader,
    /// Some layer is not decodable.
    #[error("{layer} is not decodable")]
    Undecodable {
        /// Which message, by its name.
        layer: &'static str,
        /// Why.
        #[source]
        source: ScanError,
    },
    /// The channel header is of another type.
    #[error("envelope is of type {got}, not a config update (2)")]
    WrongType {
        /// The type in the channel header.
        got: i32,
    },
}

impl EnvelopeError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MissingHeader => "ENVELOPE_MISSING_HEADER",
            Self::Undecodable { .. } => "ENVELOPE_UNDECODABLE",
            Self::WrongType { .. } => "ENVELOPE_WRONG_TYPE",
        }
    }

    /// The reason class of the reference's vectors.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::MissingHeader => "missing_header",
            Self::Undecodable { .. } => "undecodable",
            Self::WrongType { .. } => "wrong_header_type",
        }
    }
}

/// Why a patch cannot be read, made from an update, or applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// A group that does not exist is patched.
    #[error("{path} does not exist; a new group needs mode OVERWRITE (1)")]
    AbsentGroup {
        /// The group.
        path: ElementPath,
    },
    /// Two patches that are to be combined touch the same element in different ways.
    #[error("both change {path}, and not in the same way")]
    Conflict {
        /// The element.
        path: ElementPath,
    },
    /// An element that is deleted does not exist.
    #[error("{path} is to be deleted, but does not exist")]
    DeleteAbsent {
        /// The element.
        path: ElementPath,
    },
    /// An element that is deleted has content.
    #[error("{path} is to be deleted, but is given content")]
    DeleteContent {
        /// The element.
        path: ElementPath,
    },
    /// The root group cannot be deleted.
    #[error("the channel group cannot be deleted")]
    DeleteRoot,
    /// An update is not what is computed for its own result.
    #[error("the update is not the one that its result needs; it differs at {path}")]
    Differs {
        /// The first element that differs.
        path: ElementPath,
    },
    /// No channel group.
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
    /// Nested deeper than the limit.
    #[error("patch is deeper than {limit} groups")]
    TooDeep {
        /// The limit, in groups.
        limit: usize,
    },
    /// Longer than the limit.
    #[error("patch of {len} bytes is longer than {limit} bytes")]
    TooLong {
        /// Its length, in bytes.
        len: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Not protobuf.
    #[error("patch is not decodable")]
    Undecodable(#[from] ConfigError),
    /// Fields that we do not know.
    #[error("{path} has unknown fields")]
    UnknownFields {
        /// The element.
        path: ElementPath,
    },
    /// Fields that we do not know, outside any element.
    #[error("the message itself has unknown fields")]
    UnknownMessageFields,
    /// A version that is not a patch mode.
    #[error("version {version} of {path} is not a mode; 0 is PATCH, 1 OVERWRITE, 2 DELETE")]
    UnknownMode {
        /// The element.
        path: ElementPath,
        /// The number found.
        version: u64,
    },
    /// An update does not fit the config.
    #[error(transparent)]
    Update(#[from] UpdateError),
}

impl PatchError {
    /// The stable code.
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

    /// The element that is at fault, where it is one.
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

    /// Whether an update was made for another state of the config.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        matches!(self, Self::Update(e) if e.is_stale())
    }
}
