//! Why there is no update, or why an update does not fit a config.

use crate::config::tree::{ConfigError, ElementPath};

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
    /// The name of the variant, upper case; never renamed.
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
        /// The element that has it.
        path: ElementPath,
        /// The mod policy, as the element names it.
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
        /// The new element that names none.
        path: ElementPath,
    },
    /// Nothing is written.
    #[error("the update changes nothing")]
    NoDifferences,
    /// An element does not exist, but is written at another version than 0.
    #[error(
        "{path} is not in the config, so an update that makes it has version 0 of it, not {version}"
    )]
    NewElementVersion {
        /// The element that is new in the write set.
        path: ElementPath,
        /// The version that the update gives it.
        version: u64,
    },
    /// A name that is not legal.
    #[error("name of {path} is not legal")]
    KeySyntax {
        /// The element with such a name.
        path: ElementPath,
    },
    /// An element of the read set does not exist in the config.
    #[error("{path} is in the read set, but not in the config")]
    ReadSetUnknown {
        /// The element that the read set names.
        path: ElementPath,
    },
    /// An element of the read set has another version in the config.
    #[error("the update reads version {read} of {path}, but the config has version {current}")]
    ReadSetVersion {
        /// The element that the read set names.
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
    #[error(
        "the update writes version {written} of {path}, but the config has version {current}, behind \
         which comes {}",
        .current.wrapping_add(1)
    )]
    VersionMismatch {
        /// The element that the write set changes.
        path: ElementPath,
        /// The version in the write set.
        written: u64,
        /// The version in the config.
        current: u64,
    },
}

impl UpdateError {
    /// The name of the variant, upper case; never renamed.
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
