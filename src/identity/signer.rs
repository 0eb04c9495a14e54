//! Signing: the one thing that needs a private key.

use std::{fmt, sync::Arc};

use ring::{
    rand::SecureRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};

use crate::{
    crypto::{
        ecdsa::{self, Curve},
        pem,
        private_key::PrivateKey,
    },
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
    /// The key is not one that this signer can use.
    #[error("not a pkcs#8 ecdsa p-256 private key")]
    Key,
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

/// An ECDSA P-256 key in memory.
pub struct P256Signer {
    identity: Vec<u8>,
    key: EcdsaKeyPair,
    random: Arc<dyn SecureRandom + Send + Sync>,
}

impl P256Signer {
    /// A signer of this MSP, certificate (PEM) and private key (PKCS#8, PEM or DER). Whether the key
    /// is the certificate's is not checked.
    ///
    /// # Errors
    /// [`SignerError::Key`].
    pub fn new(
        msp_id: &MspId,
        certificate: &[u8],
        key: &[u8],
        random: Arc<dyn SecureRandom + Send + Sync>,
    ) -> Result<Self, SignerError> {
        let decoded = pem::first_block(key).map(|block| block.content);
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            decoded.as_deref().unwrap_or(key),
            &*random,
        );
        Ok(Self {
            identity: serialized_identity(msp_id, certificate),
            key: key.map_err(|_| SignerError::Key)?,
            random,
        })
    }
}

/// Never shows the key.
impl fmt::Debug for P256Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("P256Signer").finish_non_exhaustive()
    }
}

impl Signer for P256Signer {
    fn serialized_identity(&self) -> &[u8] {
        &self.identity
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let signature = self.key.sign(&*self.random, message);
        let signature = signature.map_err(|_| SignerError::Sign)?;
        // half of ring's signatures have the high S that Fabric refuses
        Ok(ecdsa::low_s(Curve::P256, signature.as_ref()))
    }
}
