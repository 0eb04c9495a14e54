//! Signing: the one thing that needs a private key.

use std::{fmt, sync::Arc};

use ring::rand::SecureRandom;

use crate::{
    crypto::private_key::{PrivateKey, PrivateKeyError},
    identity::{Certificate, serialized_identity},
    ids::MspId,
};

/// Somebody who can sign. The key need not be in this process: an implementation may ask a hardware
/// module each time.
pub trait Signer: Send + Sync {
    /// The serialized `msp.SerializedIdentity` whose key signs.
    fn serialized_identity(&self) -> &[u8];

    /// Signs a message: for ECDSA a low-S DER signature over its SHA-256, for Ed25519 the message itself.
    ///
    /// # Errors
    /// The key or its random numbers are not available.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The device that holds the key did not sign: what it said.
    #[error("{0}")]
    Device(String),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] PrivateKeyError),
    /// The key is not the certificate's.
    #[error("the private key does not belong to the certificate")]
    Mismatch,
    /// Signing failed, for want of random numbers.
    #[error("signing failed")]
    Sign,
}

/// A key in memory, of any kind that Fabric's identities may have.
pub struct KeySigner {
    identity: Vec<u8>,
    key: PrivateKey,
    random: Arc<dyn SecureRandom + Send + Sync>,
}

impl KeySigner {
    /// The same with a private key that is still to be read: PKCS#8 or SEC1, as PEM or DER.
    ///
    /// # Errors
    /// [`SignerError::Key`], [`SignerError::Mismatch`].
    pub fn read(
        msp_id: &MspId,
        certificate: &Certificate,
        key: &[u8],
        random: Arc<dyn SecureRandom + Send + Sync>,
    ) -> Result<Self, SignerError> {
        let key = PrivateKey::read(key, &*random)?;
        Self::new(msp_id, certificate, key, random)
    }

    /// A signer of this MSP, certificate and private key. The identity has the certificate as its PEM
    /// is encoded again.
    ///
    /// # Errors
    /// [`SignerError::Mismatch`].
    pub fn new(
        msp_id: &MspId,
        certificate: &Certificate,
        key: PrivateKey,
        random: Arc<dyn SecureRandom + Send + Sync>,
    ) -> Result<Self, SignerError> {
        if certificate.key() != key.public() {
            return Err(SignerError::Mismatch);
        }
        Ok(Self {
            identity: serialized_identity(msp_id, certificate.pem().as_bytes()),
            key,
            random,
        })
    }

    /// A signer of this certificate, which the identity has as it is given, and of a private key
    /// (PKCS#8 or SEC1, PEM or DER). Whether the key is the certificate's is not checked.
    ///
    /// # Errors
    /// [`SignerError::Key`].
    pub fn unchecked(
        msp_id: &MspId,
        certificate: &[u8],
        key: &[u8],
        random: Arc<dyn SecureRandom + Send + Sync>,
    ) -> Result<Self, SignerError> {
        Ok(Self {
            identity: serialized_identity(msp_id, certificate),
            key: PrivateKey::read(key, &*random)?,
            random,
        })
    }
}

/// Never shows the key.
impl fmt::Debug for KeySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySigner").finish_non_exhaustive()
    }
}

impl Signer for KeySigner {
    fn serialized_identity(&self) -> &[u8] {
        &self.identity
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let signature = self.key.sign(message, &*self.random);
        signature.ok_or(SignerError::Sign)
    }
}
