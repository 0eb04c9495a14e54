//! Why bytes are not a transaction, or not an envelope that carries an update.

use crate::proto::scan::ScanError;

/// Why bytes are not an envelope that carries a config update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The payload has no header.
    #[error("envelope has no header")]
    MissingHeader,
    /// One of the layers is not decodable.
    #[error("{layer} is not decodable")]
    Undecodable {
        /// The name of the layer, in words, such as `channel header`.
        layer: &'static str,
        /// What is wrong with the bytes.
        #[source]
        source: ScanError,
    },
    /// The channel header's type is not that of config updates.
    #[error("envelope is of type {got}, not a config update (2)")]
    WrongType {
        /// The type in the channel header: a `common.HeaderType`.
        got: i32,
    },
}

impl EnvelopeError {
    /// The stable code, such as `ENVELOPE_MISSING_HEADER`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MissingHeader => "ENVELOPE_MISSING_HEADER",
            Self::Undecodable { .. } => "ENVELOPE_UNDECODABLE",
            Self::WrongType { .. } => "ENVELOPE_WRONG_TYPE",
        }
    }

    /// The class of the reason, in the words of the conformance vectors.
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
    /// The class of the reason, in the words of the conformance vectors.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::MissingHeader => "missing_header",
            Self::Undecodable(_) => "undecodable",
        }
    }
}
