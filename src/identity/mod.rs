//! Membership: X.509 identities, the MSPs that define them, and the principals that policies name.

mod error;
#[expect(
    clippy::module_inception,
    reason = "an identity is what this room is about"
)]
mod identity;
mod msp;
mod msps;
mod principal;
mod signer;

pub use error::MspError;
pub use identity::Identity;
pub use msp::Msp;
pub use msps::Msps;
pub use principal::{Anonymity, NamedIdentity, Principal, Role};
pub use signer::{P256Signer, Signer, SignerError};

use crate::{ids::MspId, proto::write};

/// A serialized `msp.SerializedIdentity`: an MSP id and a PEM certificate.
#[must_use]
pub fn serialized_identity(msp_id: &MspId, cert_pem: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write::bytes(&mut out, 1, msp_id.as_str().as_bytes());
    write::bytes(&mut out, 2, cert_pem);
    out
}
