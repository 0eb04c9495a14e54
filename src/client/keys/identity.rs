//! An identity that can sign.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::rand::SystemRandom;

use super::{choose, files, source::IdentitySource};
use crate::{
    client::{ClientError, Exit, host},
    identity::{Certificate, KeySigner, Signer, SignerError},
    ids::MspId,
};

/// Who signs on this machine: a certificate under its MSP id, and its key. Cheap to clone; never shows
/// the key.
#[derive(Clone)]
pub struct OwnIdentity {
    /// The id of its MSP.
    pub msp_id: MspId,
    /// The certificate as PEM, encoded again from what was read: what stands around it is dropped, and
    /// its issuer's signature has low S, as Fabric does.
    pub certificate_pem: Vec<u8>,
    certificate: Certificate,
    signer: Arc<dyn Signer>,
}

impl OwnIdentity {
    /// An identity whose key is wherever the signer has it.
    #[must_use]
    pub fn new(msp_id: &MspId, certificate: Certificate, signer: Arc<dyn Signer>) -> Self {
        Self {
            msp_id: msp_id.clone(),
            certificate_pem: certificate.pem().into_bytes(),
            certificate,
            signer,
        }
    }

    /// The identity of this source. Its certificate is not expired, and its key is the certificate's.
    ///
    /// # Errors
    /// Something is missing, unreadable, expired, or does not belong together.
    pub fn open(msp_id: &MspId, source: &IdentitySource) -> Result<Self, ClientError> {
        Self::find(msp_id, source).map(|(identity, _)| identity)
    }

    /// The same with the file that the key was read from.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn find(msp_id: &MspId, source: &IdentitySource) -> Result<(Self, PathBuf), ClientError> {
        let own = source.certificate()?;
        let place = source.key_place();
        let random = Arc::new(SystemRandom::new());
        let (key_file, key) =
            choose::key(&place, &files::keys(&place)?, &own.certificate, &*random)?;
        choose::check_expiry(&own, host::now())?;
        let certificate = own.certificate;
        let signer = KeySigner::new(msp_id, &certificate, key, random).map_err(|error| {
            let message = format!("`{}`: {error}", key_file.display());
            ClientError::new(Exit::Denied, "KEY_MISMATCH", message)
        })?;
        Ok((Self::new(msp_id, certificate, Arc::new(signer)), key_file))
    }

    /// The identity of an MSP folder: the first certificate of `signcerts`, and the key of `keystore`
    /// that is the certificate's, whatever its file is called.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn from_msp_folder(msp_id: &MspId, folder: &Path) -> Result<Self, ClientError> {
        Self::open(msp_id, &IdentitySource::MspFolder(folder.to_owned()))
    }

    /// The identity of a certificate and a key; each a file, or a folder with such files.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn from_files(msp_id: &MspId, certificate: &Path, key: &Path) -> Result<Self, ClientError> {
        let source = IdentitySource::Files {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        };
        Self::open(msp_id, &source)
    }

    /// The certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

/// Never shows the key.
impl fmt::Debug for OwnIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnIdentity")
            .field("msp_id", &self.msp_id)
            .field("subject", &self.certificate.subject())
            .finish_non_exhaustive()
    }
}

impl Signer for OwnIdentity {
    fn serialized_identity(&self) -> &[u8] {
        self.signer.serialized_identity()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        self.signer.sign(message)
    }
}
