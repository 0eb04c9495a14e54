//! An identity that can sign.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::rand::SystemRandom;

use super::{
    choose, files,
    source::{IdentitySource, KeyPlace},
    token::{self, TokenPin, TokenSight},
};
use crate::{
    client::{ClientError, Exit, host},
    crypto::{
        HashFunction, ecdsa,
        signature::{PublicKey, verify_ed25519},
    },
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

/// Where a key was found.
#[derive(Clone, Debug)]
pub enum FoundKey {
    /// In this file.
    File(PathBuf),
    /// In this token.
    Token(TokenSight),
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
    /// `ask`: asks a person for the PIN of a token by these words; `None` where nobody can be asked.
    ///
    /// # Errors
    /// Something is missing, unreadable, expired, or does not belong together.
    pub fn open(
        msp_id: &MspId,
        source: &IdentitySource,
        ask: &dyn Fn(&str) -> Result<Option<TokenPin>, ClientError>,
    ) -> Result<Self, ClientError> {
        Self::find(msp_id, source, ask).map(|(identity, _)| identity)
    }

    /// The same with where the key is.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn find(
        msp_id: &MspId,
        source: &IdentitySource,
        ask: &dyn Fn(&str) -> Result<Option<TokenPin>, ClientError>,
    ) -> Result<(Self, FoundKey), ClientError> {
        let own = source.certificate()?;
        let place = match source.key_place() {
            KeyPlace::Files(place) => place,
            KeyPlace::Token(settings) => {
                // before any PIN is tried
                choose::check_expiry(&own, host::now())?;
                let certificate = own.certificate;
                let (signer, sight) = token::open(msp_id, &certificate, settings, ask)?;
                let identity = Self::new(msp_id, certificate, signer);
                return Ok((identity, FoundKey::Token(sight)));
            }
        };
        let random = Arc::new(SystemRandom::new());
        let (key_file, key) =
            choose::key(&place, &files::keys(&place)?, &own.certificate, &*random)?;
        choose::check_expiry(&own, host::now())?;
        let certificate = own.certificate;
        let signer = KeySigner::new(msp_id, &certificate, key, random).map_err(|error| {
            let message = format!("`{}`: {error}", key_file.display());
            ClientError::new(Exit::Denied, "KEY_MISMATCH", message)
        })?;
        let identity = Self::new(msp_id, certificate, Arc::new(signer));
        Ok((identity, FoundKey::File(key_file)))
    }

    /// Where the key of a source is, and no more than can be known without a PIN.
    ///
    /// # Errors
    /// Those of [`Self::open`], but those of a PIN and of what is only seen with one.
    pub fn look(msp_id: &MspId, source: &IdentitySource) -> Result<FoundKey, ClientError> {
        match source.key_place() {
            KeyPlace::Files(_) => Self::find(msp_id, source, &|_| Ok(None)).map(|(_, found)| found),
            KeyPlace::Token(settings) => {
                let own = source.certificate()?;
                choose::check_expiry(&own, host::now())?;
                token::look(settings, &own.certificate).map(FoundKey::Token)
            }
        }
    }

    /// The identity of an MSP folder: the first certificate of `signcerts`, and the key of `keystore`
    /// that is the certificate's, whatever its file is called.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn from_msp_folder(msp_id: &MspId, folder: &Path) -> Result<Self, ClientError> {
        Self::open(
            msp_id,
            &IdentitySource::MspFolder(folder.to_owned()),
            &|_| Ok(None),
        )
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
        Self::open(msp_id, &source, &|_| Ok(None))
    }

    /// Signs something of no use to anybody, and verifies it by the certificate: that the key is there, and
    /// is the right one.
    ///
    /// # Errors
    /// `NOT_SIGNED`
    pub fn test(&self) -> Result<(), ClientError> {
        // no message of Fabric begins so
        const MESSAGE: &[u8] = b"cmscc identity test";
        let failed = |why: String| {
            let message = format!("nothing was signed: {why}");
            ClientError::new(Exit::Denied, "NOT_SIGNED", message)
        };
        let signature = self.sign(MESSAGE);
        let signature = signature.map_err(|error| failed(error.to_string()))?;
        let is_good = match self.certificate.key() {
            PublicKey::Ecdsa(curve, point) => {
                ecdsa::verify_low_s(curve, point, HashFunction::Sha256, MESSAGE, &signature)
            }
            PublicKey::Ed25519(key) => verify_ed25519(key, MESSAGE, &signature),
            PublicKey::Rsa(..) | PublicKey::Other => false,
        };
        match is_good {
            true => Ok(()),
            false => Err(failed("the key is not the certificate's".to_owned())),
        }
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
