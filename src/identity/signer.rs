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
    },
    identity::serialized_identity,
    ids::MspId,
};

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
