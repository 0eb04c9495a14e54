//! What a serialized identity says of itself, where there is no MSP that could judge it.

use super::{certificate::Certificate, error::MspError, wire::SerializedIdentity};
use crate::{
    crypto::{
        HashFunction, ecdsa,
        signature::{PublicKey, verify_ed25519},
    },
    ids::MspId,
};

/// An identity as it calls itself: nobody says that its MSP knows it.
#[derive(Clone, Debug)]
pub struct ClaimedIdentity {
    /// The MSP id that it names.
    pub msp_id: MspId,
    /// Its certificate.
    pub certificate: Certificate,
}

impl ClaimedIdentity {
    /// Reads a serialized `msp.SerializedIdentity`.
    ///
    /// # Errors
    /// [`MspError`] where it is none, or holds no certificate.
    pub fn read(serialized: &[u8]) -> Result<Self, MspError> {
        let identity = SerializedIdentity::read(serialized)?;
        Ok(Self {
            msp_id: identity.msp_id.into(),
            certificate: Certificate::from_pem(identity.id_bytes)?.with_low_s_alone(),
        })
    }

    /// Whether its key signed the message as Fabric's clients sign: ECDSA over SHA-256 with low S, or
    /// Ed25519. An MSP whose family of hashes is another one takes other signatures.
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.certificate.key() {
            PublicKey::Ed25519(key) => verify_ed25519(key, message, signature),
            PublicKey::Ecdsa(curve, point) => {
                ecdsa::verify_low_s(curve, point, HashFunction::Sha256, message, signature)
            }
            PublicKey::Rsa(..) | PublicKey::Other => false,
        }
    }
}
