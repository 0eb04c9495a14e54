//! Where an identity is, and the part of it that is no secret.

use std::{fmt, path::PathBuf};

use super::{choose::OwnCertificate, files, token::TokenSettings};
use crate::client::ClientError;

/// Where certificate and private key of an identity are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// A certificate and a key; each a file, or a folder with such files.
    Files {
        /// The certificate, PEM. Of a folder the first file in the order of names.
        certificate: PathBuf,
        /// The private key. Of a folder the file whose key is the certificate's.
        key: PathBuf,
    },
    /// A certificate, whose key is in a PKCS#11 token.
    Token {
        /// The certificate, PEM. Of a folder the first file in the order of names.
        certificate: PathBuf,
        /// The token.
        token: TokenSettings,
    },
    /// An MSP folder, with `signcerts` and `keystore` in it.
    MspFolder(PathBuf),
}

impl IdentitySource {
    /// The certificate alone: it is not asked for its key, nor whether it is expired.
    ///
    /// # Errors
    /// It is missing or unreadable.
    pub fn certificate(&self) -> Result<OwnCertificate, ClientError> {
        match self {
            Self::Files { certificate, .. } | Self::Token { certificate, .. } => {
                files::certificate(certificate)
            }
            Self::MspFolder(folder) => {
                files::check_msp_folder(folder)?;
                files::certificate(&folder.join("signcerts"))
            }
        }
    }

    /// Where the key is looked for.
    pub(super) fn key_place(&self) -> KeyPlace<'_> {
        match self {
            Self::Files { key, .. } => KeyPlace::Files(key.clone()),
            Self::MspFolder(folder) => KeyPlace::Files(folder.join("keystore")),
            Self::Token { token, .. } => KeyPlace::Token(token),
        }
    }
}

/// Where a key is looked for.
pub(super) enum KeyPlace<'a> {
    /// In a file, or in one of a folder.
    Files(PathBuf),
    /// In a token.
    Token(&'a TokenSettings),
}

impl fmt::Display for IdentitySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files { certificate, key } => {
                write!(f, "{} and {}", certificate.display(), key.display())
            }
            Self::MspFolder(folder) => folder.display().fmt(f),
            Self::Token { certificate, token } => {
                write!(f, "{} and {token}", certificate.display())
            }
        }
    }
}
