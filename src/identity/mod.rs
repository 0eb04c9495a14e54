//! Membership: X.509 identities, the MSPs that define them, and the principals that policies name.
//!
//! | sub-room | knows | builds on |
//! |---|---|---|
//! | `certificate` | one certificate, read by Go's rules | |
//! | `chain` | trust in a certificate, and revocation | `certificate` |
//! | `membership` | MSPs, and the identities that they know | both |
//!
//! Beside them stand the words that all use: errors, roles, principals and wire types.

mod certificate;
mod chain;
mod claimed;
mod error;
mod membership;
mod principal;
mod role;
mod signer;
mod wire;

pub use certificate::Certificate;
pub use chain::{Period, TlsAnswers, TrustPool, Usage};
pub use claimed::ClaimedIdentity;
pub use error::{MspError, Place};
pub use membership::{
    CertificateStanding, CertificateUse, CrlSigner, Identity, IssuingCa, ListedCertificate,
    ListedCrl, Msp, MspDefinition, Msps,
};
pub use principal::{Anonymity, NamedIdentity, Principal};
pub use role::Role;
pub use signer::{KeySigner, Signer, SignerError};

use crate::{
    ids::{MspId, UnixTime},
    proto::write,
};

use wire::SerializedIdentity;

#[cfg(test)]
mod tests;

/// A serialized `msp.SerializedIdentity`: an MSP id and a PEM certificate.
#[must_use]
pub fn serialized_identity(msp_id: &MspId, cert_pem: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write::bytes(&mut out, 1, msp_id.as_str().as_bytes());
    write::bytes(&mut out, 2, cert_pem);
    out
}

/// The MSP id and the content of a serialized `msp.SerializedIdentity`; of X.509 identities the content
/// is a PEM certificate.
#[cfg(any(feature = "chaincode", feature = "client"))]
pub(crate) fn identity_parts(serialized_identity: &[u8]) -> Result<(MspId, &[u8]), MspError> {
    let identity = SerializedIdentity::read(serialized_identity)?;
    Ok((identity.msp_id.into(), identity.id_bytes))
}

/// When the certificate of a serialized `msp.SerializedIdentity` expires, whatever its MSP says of it;
/// `None` where there is no certificate.
// Fabric: common/crypto/expiration.go, ExpiresAt
#[must_use]
pub fn expires_at(serialized_identity: &[u8]) -> Option<UnixTime> {
    let identity = SerializedIdentity::read(serialized_identity).ok()?;
    let certificate = Certificate::from_pem(identity.id_bytes).ok()?;
    // Go takes its zero time, the start of the year 1, for no time at all
    let seconds = Some(certificate.not_after()).filter(|end| *end != -62_135_596_800)?;
    Some(UnixTime { seconds, nanos: 0 })
}
