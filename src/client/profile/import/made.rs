//! What an import makes.

use std::fmt;

use crate::{
    client::{ClientError, Exit, profile::file::Profile},
    identity::Certificate,
    ids::Digest,
};

/// What an import makes.
#[derive(Clone, Debug)]
pub struct ImportedProfile {
    /// The profile's name.
    pub name: String,
    /// The profile; it names its files relative to the folder of the file of profiles.
    pub profile: Profile,
    /// The files to write.
    pub files: Vec<ImportedFile>,
    /// The CAs that it trusts for TLS, as they are shown to people.
    pub authorities: Vec<ImportedAuthority>,
    /// The certificate in the wallet.
    pub certificate: Option<Certificate>,
    /// What is missing or was not taken.
    pub notes: Vec<String>,
}

impl ImportedProfile {
    /// A file of the profile, as the profile names it.
    pub(super) fn path(&self, file: &str) -> String {
        format!("profiles/{}/{file}", self.name)
    }
}

/// A file of a profile.
#[derive(Clone)]
pub struct ImportedFile {
    /// Its name in the profile's folder.
    pub name: &'static str,
    /// What is in it.
    pub content: Vec<u8>,
}

/// A CA, as people compare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedAuthority {
    /// What it is for: `peers` or `orderer`.
    pub of: &'static str,
    /// Its subject.
    pub subject: String,
    /// The SHA-256 of its certificate.
    pub fingerprint: Digest,
}

/// Content may be a private key.
impl fmt::Debug for ImportedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportedFile")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// An import that cannot be.
pub(super) fn failed(message: impl Into<String>) -> ClientError {
    ClientError::new(Exit::Usage, "IMPORT_INVALID", message)
}
