//! Signing: the one thing that needs a private key.

use std::{fmt, sync::Arc};

use ring::rand::SecureRandom;

use crate::ids::MspId;

/// Somebody who can sign.
pub trait Signer: Send + Sync {
    /// The serialized `msp.SerializedIdentity` whose key signs.
    fn serialized_identity(&self) -> &[u8];

    /// Signs a message: for ECDSA a low-S DER signature over its SHA-256.
    ///
    /// # Errors
    /// The key or its random numbers are not available.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The key is not one that this signer can use.
    #[error("not a pkcs#8 ecdsa p-256 private key")]
    Key,
    /// Signing failed, for want of random numbers.
    #[error("signing failed")]
    Sign,
}

/// An ECDSA P-256 key in memory.
pub struct P256Signer {
    _private: (),
}

impl P256Signer {
    /// A signer of this MSP, certificate (PEM) and private key (PKCS#8, PEM or DER).
    ///
    /// # Errors
    /// [`SignerError::Key`].
    pub fn new(
        _msp_id: &MspId,
        _certificate: &[u8],
        _key: &[u8],
        _random: Arc<dyn SecureRandom + Send + Sync>,
    ) -> Result<Self, SignerError> {
        todo!()
    }
}

impl fmt::Debug for P256Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("P256Signer").finish_non_exhaustive()
    }
}

impl Signer for P256Signer {
    fn serialized_identity(&self) -> &[u8] {
        todo!()
    }

    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, SignerError> {
        todo!()
    }
}
