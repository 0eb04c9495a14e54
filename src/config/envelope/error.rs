//! Why bytes are not a transaction, or not an envelope that carries an update.

use crate::proto::scan::ScanError;

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

/// Why bytes are not a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The payload has no header.
    #[error("the transaction has no header")]
    MissingHeader,
    /// Not protobuf of the expected form.
    #[error("the transaction does not decode")]
    Undecodable(#[from] ScanError),
}

impl TransactionError {
    /// The vectors' reason class.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::MissingHeader => "missing_header",
            Self::Undecodable(_) => "undecodable",
        }
    }
}
