//! Why bytes are not a config.

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
    /// The stable code, such as `CONFIG_TOO_DEEP`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "CONFIG_TOO_LONG",
            Self::TooDeep { .. } => "CONFIG_TOO_DEEP",
            Self::Undecodable(_) => "CONFIG_UNDECODABLE",
        }
    }

    /// The class of the reason, in the words of the conformance vectors.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        "undecodable"
    }
}
