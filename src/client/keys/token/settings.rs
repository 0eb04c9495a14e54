//! Which token, and which key in it.

use std::{fmt, path::PathBuf};

use crate::ids::Digest;

/// A token, and how its keys are called.
// Fabric: bccsp/pkcs11/conf.go, PKCS11Opts
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSettings {
    /// The PKCS#11 library of whoever made the token: a path, or a name that the system's loader knows.
    pub library: PathBuf,
    /// The token's label.
    pub label: String,
    /// The user's PIN; `None`: it is asked for.
    pub pin: Option<TokenPin>,
    /// The id of the key, whatever its public key is.
    pub alt_id: Option<String>,
    /// The ids of single keys; they count before `alt_id`.
    pub key_ids: Vec<KeyIdMapping>,
}

/// The PIN of a token. It is in no error, no log and no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenPin(String);

/// How a key is called that is not called by its subject key identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyIdMapping {
    /// Its subject key identifier, 64 lower-case hex digits.
    pub ski: String,
    /// Its `CKA_ID`, as text.
    pub id: String,
}

impl TokenSettings {
    /// The `CKA_ID` of a key by its subject key identifier.
    // Fabric: bccsp/factory/pkcs11factory.go, skiMapper: of two entries for one key the last counts
    pub(super) fn key_id(&self, ski: &Digest) -> Vec<u8> {
        let hex = ski.to_string();
        let mapped = self.key_ids.iter().rfind(|mapping| mapping.ski == hex);
        match (mapped, &self.alt_id) {
            (Some(mapping), _) => mapping.id.clone().into_bytes(),
            (None, Some(id)) => id.clone().into_bytes(),
            (None, None) => ski.as_bytes().to_vec(),
        }
    }
}

impl TokenPin {
    /// A PIN as it was typed or set.
    #[must_use]
    pub fn new(pin: impl Into<String>) -> Self {
        Self(pin.into())
    }

    /// The PIN itself.
    #[cfg(feature = "pkcs11")]
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// Never shows the PIN.
impl fmt::Debug for TokenPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPin").finish_non_exhaustive()
    }
}

impl fmt::Display for TokenSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token {} of {}", self.label, self.library.display())
    }
}
