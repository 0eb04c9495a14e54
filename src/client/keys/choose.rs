//! Which certificate and which key count, of the files that were read.

use std::path::{Path, PathBuf};

use ring::rand::SecureRandom;

use crate::{
    client::{ClientError, Exit},
    crypto::{
        ecdsa::Curve,
        pem,
        private_key::{PrivateKey, PrivateKeyError},
        signature::PublicKey,
    },
    identity::Certificate,
    ids::UnixTime,
};

/// A file, and what is in it or why that is not known.
#[derive(Debug)]
pub(super) struct ReadFile {
    pub(super) path: PathBuf,
    pub(super) content: Result<Vec<u8>, String>,
}

/// A certificate of one's own, and the file that it was read from.
#[derive(Clone, Debug)]
pub struct OwnCertificate {
    /// The file.
    pub file: PathBuf,
    /// The certificate, with low S as Fabric has it.
    pub certificate: Certificate,
}

impl OwnCertificate {
    /// What kind of key it has, for people.
    #[must_use]
    pub fn key_kind(&self) -> &'static str {
        match self.certificate.key() {
            PublicKey::Ecdsa(Curve::P224, _) => "ECDSA P-224",
            PublicKey::Ecdsa(Curve::P256, _) => "ECDSA P-256",
            PublicKey::Ecdsa(Curve::P384, _) => "ECDSA P-384",
            PublicKey::Ecdsa(Curve::P521, _) => "ECDSA P-521",
            PublicKey::Ed25519(_) => "Ed25519",
            PublicKey::Rsa(..) => "RSA",
            PublicKey::Other => "unknown",
        }
    }
}

/// The certificate in the first file that has a PEM block, with low S.
// Fabric: msp/configbuilder.go, getMspConfig; msp/mspimpl.go, sanitizeCert
pub(super) fn certificate(place: &Path, files: &[ReadFile]) -> Result<OwnCertificate, ClientError> {
    let failed = |exit, symbol, message| Err(ClientError::new(exit, symbol, message));
    let mut texts = files
        .iter()
        .filter_map(|file| Some((&file.path, file.content.as_ref().ok()?)));
    let Some((file, text)) = texts.find(|(_, text)| pem::first_block(text).is_some()) else {
        return match files.first() {
            Some(ReadFile { path, content }) => {
                let why = match content {
                    Err(why) => why,
                    Ok(_) => "there is no PEM block in it",
                };
                let message = format!("the certificate `{}` cannot be read: {why}", path.display());
                failed(Exit::Usage, "CERT_UNREADABLE", message)
            }
            None => {
                let message = format!("there is no certificate in `{}`", place.display());
                failed(Exit::Usage, "CERT_NOT_FOUND", message)
            }
        };
    };
    match Certificate::from_pem(text) {
        Ok(certificate) => Ok(OwnCertificate {
            file: file.clone(),
            certificate: certificate.with_low_s_alone(),
        }),
        Err(error) => {
            let message = format!("`{}` holds no certificate: {error}", file.display());
            failed(Exit::Usage, "CERT_UNREADABLE", message)
        }
    }
}

/// The key among these files that is the certificate's, whatever the files are called.
// Fabric: bccsp/sw/fileks.go, searchKeystoreForSKI
pub(super) fn key(
    place: &Path,
    files: &[ReadFile],
    certificate: &Certificate,
    random: &dyn SecureRandom,
) -> Result<(PathBuf, PrivateKey), ClientError> {
    let mut others = Vec::new();
    for ReadFile { path, content } in files {
        let why = match content {
            Err(why) => Other::Unreadable(why),
            Ok(text) => match PrivateKey::read(text, random) {
                Ok(key) if key.public() == certificate.key() => return Ok((path.clone(), key)),
                Ok(_) => Other::Mismatch,
                Err(PrivateKeyError::NotAKey) => continue,
                Err(error) => Other::Unusable(error),
            },
        };
        others.push((path, why));
    }
    Err(missing(place, certificate, &others))
}

/// Why a file does not have the key.
enum Other<'a> {
    Mismatch,
    Unreadable(&'a str),
    Unusable(PrivateKeyError),
}

/// Why there is no key. A file that might be the one says more than one with another key.
fn missing(
    place: &Path,
    certificate: &Certificate,
    others: &[(&PathBuf, Other<'_>)],
) -> ClientError {
    if matches!(certificate.key(), PublicKey::Rsa(..) | PublicKey::Other) {
        let message = "the certificate's key is neither ecdsa nor ed25519: Fabric takes no other";
        return ClientError::new(Exit::Denied, "KEY_UNSUPPORTED", message);
    }
    let told = others.iter().max_by_key(|(_, other)| match other {
        Other::Mismatch => 0,
        Other::Unusable(_) => 1,
        Other::Unreadable(_) => 2,
    });
    let shown = place.display();
    let (symbol, message, hint) = match told {
        None => (
            "KEY_NOT_FOUND",
            format!("there is no private key in `{shown}`"),
            "copy the key of the certificate there; its file may have any name",
        ),
        Some((path, Other::Unreadable(why))) => (
            "KEY_UNREADABLE",
            format!("the private key `{}` cannot be read: {why}", path.display()),
            "run this as the user who owns the file",
        ),
        Some((path, Other::Unusable(PrivateKeyError::Encrypted))) => (
            "KEY_ENCRYPTED",
            format!(
                "the private key in `{}` is encrypted with a pass phrase",
                path.display()
            ),
            "decrypt a copy that only you can read: (umask 077; openssl pkcs8 -in KEY -out PLAIN)",
        ),
        Some((path, Other::Unusable(error))) => (
            "KEY_UNSUPPORTED",
            format!("`{}` holds {error}", path.display()),
            "enroll with another kind of key",
        ),
        Some((path, Other::Mismatch)) => (
            "KEY_MISMATCH",
            match others.len() {
                1 => format!(
                    "the private key in `{}` is not that of the certificate",
                    path.display()
                ),
                count => format!(
                    "none of the {count} private keys in `{shown}` is that of the certificate"
                ),
            },
            "take certificate and key of the same enrollment",
        ),
    };
    ClientError::new(Exit::Denied, symbol, message).hint(hint)
}

/// Whether a certificate is expired: peers and orderers refuse what its key signs. One that is not
/// valid yet they take.
// Fabric: core/handlers/auth/filter/expiration.go; orderer/common/msgprocessor/expiration.go
pub(super) fn check_expiry(own: &OwnCertificate, now: UnixTime) -> Result<(), ClientError> {
    if own.certificate.not_after() >= now.seconds {
        return Ok(());
    }
    let message = format!("the certificate in `{}` is expired", own.file.display());
    let error = ClientError::new(Exit::Denied, "CERT_EXPIRED", message);
    Err(error.hint("enroll again; `cmscc identity show` says since when"))
}
