//! An identity that can sign.

use std::{fmt, path::Path, sync::Arc};

use super::IdentitySource;
use crate::{
    client::{ClientError, Exit},
    identity::{Signer, SignerError},
    ids::MspId,
};

/// Who signs on this machine: a certificate under its MSP id, and its key. Cheap to clone; never shows
/// the key.
#[derive(Clone)]
pub struct OwnIdentity {
    /// The id of its MSP.
    pub msp_id: MspId,
    /// The certificate as PEM, encoded again from what was read.
    pub certificate_pem: Vec<u8>,
    signer: Arc<dyn Signer>,
}

impl OwnIdentity {
    /// The identity of this source.
    ///
    /// # Errors
    /// Those of [`Self::from_msp_folder`] and [`Self::from_files`].
    pub fn open(msp_id: &MspId, source: &IdentitySource) -> Result<Self, ClientError> {
        match source {
            IdentitySource::Files { certificate, key } => {
                Self::from_files(msp_id, certificate, key)
            }
            IdentitySource::MspFolder(folder) => Self::from_msp_folder(msp_id, folder),
        }
    }

    /// The identity of an MSP folder: the first certificate of `signcerts`, and the key of `keystore`
    /// that is the certificate's.
    ///
    /// # Errors
    /// Something is missing, unreadable, expired, or does not belong together.
    pub fn from_msp_folder(_msp_id: &MspId, _folder: &Path) -> Result<Self, ClientError> {
        Err(ClientError::new(
            Exit::Failed,
            "UNFINISHED",
            "not there yet",
        ))
    }

    /// The identity of a certificate and a key; each a file, or a folder with such files.
    ///
    /// # Errors
    /// Something is missing, unreadable, expired, or does not belong together.
    pub fn from_files(
        _msp_id: &MspId,
        _certificate: &Path,
        _key: &Path,
    ) -> Result<Self, ClientError> {
        Err(ClientError::new(
            Exit::Failed,
            "UNFINISHED",
            "not there yet",
        ))
    }
}

/// Never shows the key.
impl fmt::Debug for OwnIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnIdentity")
            .field("msp_id", &self.msp_id)
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
