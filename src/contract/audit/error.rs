//! What makes a bundle or a block unreadable.

use crate::{
    block::BlockError,
    config::{EnvelopeError, PatchError},
    ids::Digest,
};

/// Why a bundle or a block cannot be looked at at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A field that is not standard base64 with padding.
    #[error("field `{0}` of the bundle is not standard base64")]
    Base64(&'static str),
    /// A block that is no config block.
    #[error("block {index} is no config block: {source}")]
    Block {
        /// Its place among the blocks given, from 0.
        index: usize,
        /// Why it cannot be read.
        source: BlockError,
    },
    /// A field that is no SHA-256 digest in lower-case hex.
    #[error("field `{0}` of the bundle is not a sha-256 digest")]
    Digest(&'static str),
    /// A bundle of another form.
    #[error("the bundle has format {0}, this build reads format 1")]
    Format(u64),
    /// A bundle that is not the JSON that it should be.
    #[error("the bundle cannot be read: {0}")]
    Json(serde_json::Error),
    /// An intent that is no patch.
    #[error("the patch of proposal `{id}` cannot be read: {source}")]
    Patch {
        /// The proposal's id.
        id: String,
        /// Why it cannot be read.
        source: PatchError,
    },
    /// A signature that is none.
    #[error("a signature on proposal `{id}` cannot be read: {source}")]
    Signature {
        /// The proposal's id.
        id: String,
        /// Why it cannot be read.
        source: EnvelopeError,
    },
}

/// A digest of a bundle.
pub(super) fn digest(field: &'static str, text: &str) -> Result<Digest, AuditError> {
    Digest::from_hex(text).ok_or(AuditError::Digest(field))
}
