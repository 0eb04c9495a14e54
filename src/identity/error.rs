//! Why an MSP, an identity or a signature is not accepted.

use crate::ids::MspId;

/// Why an MSP cannot be set up, an identity is not valid, or a principal is not satisfied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MspError {
    /// No MSP of the channel has this id.
    #[error("unknown msp `{0}`")]
    UnknownMsp(MspId),
}

impl MspError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownMsp(_) => "UNKNOWN_MSP",
        }
    }

    /// The reason class that the conformance vectors use for it.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownMsp(_) => "wrong_msp_id",
        }
    }
}
