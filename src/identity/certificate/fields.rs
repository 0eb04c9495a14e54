//! What is read of a certificate.

use bytes::Bytes;

use crate::crypto::{ecdsa::Curve, signature::Algorithm};

use super::{extensions::Extensions, name, signers::Signers};

/// A certificate in its parts.
pub(super) struct CertificateFields {
    pub(super) der: Bytes,
    pub(super) version: i64,
    pub(super) signed: Bytes,
    /// The algorithm identifier without what may follow its parameters.
    pub(super) algorithm_identifier: Vec<u8>,
    pub(super) algorithm: Algorithm,
    pub(super) signature: Vec<u8>,
    pub(super) serial: Bytes,
    pub(super) issuer: Bytes,
    pub(super) subject: Bytes,
    pub(super) names: name::Name,
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) key_info: Bytes,
    pub(super) key: SubjectKey,
    pub(super) extensions: Extensions,
    /// Which keys signed this certificate, as far as somebody asked.
    pub(super) signers: Signers,
}

/// The key that a certificate certifies.
pub(super) enum SubjectKey {
    Ecdsa(Curve, Bytes),
    Ed25519(Bytes),
    Rsa(Bytes, Bytes),
    /// A known algorithm that verifies nothing.
    Other,
    /// One that Go does not know: nothing can be verified with it.
    Unknown,
}
