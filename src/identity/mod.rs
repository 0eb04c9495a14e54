//! Membership: X.509 identities, the MSPs that define them, and the principals that policies name.

mod certificate;
mod certificate_policies;
mod chain;
mod constraints;
mod crl;
mod definition;
mod error;
mod idemix;
#[expect(
    clippy::module_inception,
    reason = "an identity is what this room is about"
)]
mod identity;
mod known;
mod msp;
mod msps;
mod node_ous;
mod principal;
mod role;
mod satisfies;
mod setup;
mod signer;
mod wire;
mod x509_msp;

pub use certificate::Certificate;
pub use chain::{TrustPool, Usage};
pub use definition::{CertificateUse, ListedCertificate, ListedCrl, MspDefinition};
pub use error::{MspError, Place};
pub use identity::Identity;
pub use msp::Msp;
pub use msps::Msps;
pub use principal::{Anonymity, NamedIdentity, Principal};
pub use role::Role;
pub use signer::{P256Signer, Signer, SignerError};

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
