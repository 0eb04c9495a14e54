//! TLS material from files, checked before anybody sees it. Read at start, and again when it changes.

use std::{collections::BTreeSet, fs};

use rustls::{crypto::ring, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use super::findings::SettingNotice;
use crate::{ids::Digest, shim::Tls};

/// A setting that names a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct NamedFile {
    /// The variable and the flag.
    pub(super) setting: &'static str,
    /// Empty where none is given.
    pub(super) path: String,
}

/// The files of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct TlsFiles {
    pub(super) certificate: NamedFile,
    pub(super) key: NamedFile,
    pub(super) client_ca: Option<NamedFile>,
    /// No file: SHA-256 of the client certificates that are accepted.
    pub(super) allowed_clients: Option<BTreeSet<Digest>>,
}

/// What the files hold.
#[derive(Clone, Debug)]
pub(in crate::cli) struct TlsMaterial {
    pub(in crate::cli) tls: Tls,
    pub(in crate::cli) ends: TlsEnds,
    /// What should be seen: certificates that have ended, or will soon.
    pub(in crate::cli) notices: Vec<SettingNotice>,
}

/// When certificates end, in seconds since 1970; of several the first end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct TlsEnds {
    pub(in crate::cli) certificate: i64,
    pub(in crate::cli) client_ca: Option<i64>,
}

/// How long before its end a certificate is worth a warning, in seconds.
const SOON: i64 = 30 * 86_400;

impl TlsFiles {
    /// Reads and checks everything; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// Everything that is wrong, by setting and file.
    pub(in crate::cli) fn read(&self, now: i64) -> Result<TlsMaterial, Vec<String>> {
        let mut errors = Vec::new();
        let mut notices = Vec::new();
        let certificate = contents(&self.certificate, &mut errors);
        let key = contents(&self.key, &mut errors);
        let client_ca = self
            .client_ca
            .as_ref()
            .map(|file| (file, contents(file, &mut errors)));

        let chain = certificate.as_deref().and_then(|pem| {
            let chain =
                CertificateFile::read(pem).map_err(|problem| self.certificate.says(&problem));
            chain.map_err(|error| errors.push(error)).ok()
        });
        let private = key.as_deref().and_then(|pem| {
            let key = PrivateKeyDer::from_pem_slice(pem).ok();
            if key.is_none() {
                errors.push(self.key.says("which holds no PEM private key"));
            }
            key
        });
        if let (Some(chain), Some(key)) = (&chain, private)
            && let Err(problem) = belong(chain, key)
        {
            errors.push(self.key.says(&problem(&self.certificate.path)));
        }
        if let Some(chain) = &chain {
            chain.look_at_ends(&self.certificate, now, &mut notices);
        }
        let mut ca_end = None;
        if let Some((file, Some(pem))) = &client_ca {
            match CertificateFile::read(pem).and_then(|cas| cas.check_cas(now).map(|()| cas)) {
                Ok(cas) => {
                    cas.look_at_ends(file, now, &mut notices);
                    ca_end = Some(cas.first_end());
                }
                Err(problem) => errors.push(file.says(&problem)),
            }
        }
        match (certificate, key, chain) {
            (Some(certificate), Some(key), Some(chain)) if errors.is_empty() => Ok(TlsMaterial {
                tls: Tls {
                    certificate,
                    key,
                    client_ca: client_ca.and_then(|(_, pem)| pem),
                    allowed_clients: self.allowed_clients.clone(),
                },
                ends: TlsEnds {
                    certificate: chain.first_end(),
                    client_ca: ca_end,
                },
                notices,
            }),
            _ => Err(errors),
        }
    }
}

impl NamedFile {
    fn says(&self, problem: &str) -> String {
        format!("{} names `{}`, {problem}", self.setting, self.path)
    }
}

fn contents(file: &NamedFile, errors: &mut Vec<String>) -> Option<Vec<u8>> {
    if file.path.is_empty() {
        errors.push(format!(
            "{} is missing, and TLS is not disabled",
            file.setting
        ));
        return None;
    }
    fs::read(&file.path)
        .map_err(|error| errors.push(file.says(&format!("which cannot be read: {error}"))))
        .ok()
}

/// The certificates of a file.
struct CertificateFile(Vec<ReadCertificate>);

/// What is looked at of a certificate.
struct ReadCertificate {
    der: CertificateDer<'static>,
    /// Where it begins in its file, counted from 1.
    line: usize,
    begins: i64,
    ends: i64,
    is_ca: bool,
}

impl CertificateFile {
    /// # Errors
    /// The end of a sentence that begins with the file.
    fn read(pem: &[u8]) -> Result<Self, String> {
        let mut lines = (1..)
            .zip(pem.split(|byte| *byte == b'\n'))
            .filter(|(_, line)| {
                line.trim_ascii_start()
                    .starts_with(b"-----BEGIN CERTIFICATE-----")
            })
            .map(|(number, _): (usize, _)| number);
        let mut certificates = Vec::new();
        for found in CertificateDer::pem_slice_iter(pem) {
            let line = lines.next().unwrap_or(1);
            let der =
                found.map_err(|error| format!("whose PEM from line {line} on is none: {error}"))?;
            let (_, read) = X509Certificate::from_der(&der)
                .map_err(|error| format!("whose certificate in line {line} is none: {error}"))?;
            let validity = read.validity();
            let constraints = read.basic_constraints().ok().flatten();
            certificates.push(ReadCertificate {
                line,
                begins: validity.not_before.timestamp(),
                ends: validity.not_after.timestamp(),
                // before version 3 there was no way to say so
                is_ca: match constraints {
                    Some(constraints) => constraints.value.ca,
                    None => read.version() != X509Version::V3,
                },
                der: der.clone().into_owned(),
            });
        }
        match certificates.is_empty() {
            true => Err("which holds no PEM certificate".to_owned()),
            false => Ok(Self(certificates)),
        }
    }

    fn first_end(&self) -> i64 {
        self.0.iter().map(|one| one.ends).min().unwrap_or_default()
    }

    /// # Errors
    /// The end of a sentence that begins with the file.
    fn check_cas(&self, now: i64) -> Result<(), String> {
        if let Some(other) = self.0.iter().find(|one| !one.is_ca) {
            return Err(format!(
                "whose certificate in line {} is none of a CA; the CA that issued the clients' \
                 certificates is meant",
                other.line
            ));
        }
        match self.0.iter().map(|one| one.ends).max() {
            Some(last) if last < now => Err(format!("which has expired on {}", date(last))),
            _ => Ok(()),
        }
    }

    /// Says which have ended or will soon.
    fn look_at_ends(&self, file: &NamedFile, now: i64, notices: &mut Vec<SettingNotice>) {
        for one in &self.0 {
            let line = one.line;
            let says =
                |problem: &str| file.says(&format!("whose certificate in line {line} {problem}"));
            if one.ends < now {
                notices.push(SettingNotice::Alarm(says(&format!(
                    "has expired on {}",
                    date(one.ends)
                ))));
            } else if one.begins > now {
                let problem = format!("is not valid before {}", date(one.begins));
                notices.push(SettingNotice::Alarm(says(&problem)));
            } else if one.ends < now.saturating_add(SOON) {
                notices.push(SettingNotice::Warning(says(&format!(
                    "ends on {}",
                    date(one.ends)
                ))));
            }
        }
    }
}

/// Whether key and first certificate belong together. The error takes the certificate's file.
fn belong(
    chain: &CertificateFile,
    key: PrivateKeyDer<'static>,
) -> Result<(), impl Fn(&str) -> String> {
    let certificates = chain.0.iter().map(|one| one.der.clone()).collect();
    CertifiedKey::from_der(certificates, key, &ring::default_provider())
        .map(|_| ())
        .map_err(|error| {
            let is_other = matches!(error, rustls::Error::InconsistentKeys(_));
            move |certificate: &str| match is_other {
                true => {
                    format!("whose key is not that of the first certificate in `{certificate}`")
                }
                false => format!("whose key cannot be used: {error}"),
            }
        })
}

/// Reads fingerprints of certificates, as `openssl x509 -fingerprint -sha256` prints them or without
/// colons, between commas.
///
/// # Errors
/// The one that is none.
pub(super) fn fingerprints(text: &str) -> Result<BTreeSet<Digest>, String> {
    let each = text.split(',').map(str::trim).filter(|one| !one.is_empty());
    each.map(|one| {
        let hex = one.replace(':', "").to_lowercase();
        Digest::from_hex(&hex).ok_or_else(|| one.to_owned())
    })
    .collect()
}

/// A time for people.
pub(in crate::cli) fn date(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{seconds} s after 1970"))
}
