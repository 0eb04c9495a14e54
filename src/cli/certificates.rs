//! Certificates and keys in files that an operator names: read, and what is wrong with them in words.
//! Those of the server's own TLS, and those that a package holds.
//!
//! What is wrong is the end of a sentence that begins with the file: `which ..`, `whose ..`.

use rustls::{crypto::ring, sign::CertifiedKey};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

/// How a certificate comes to have extensions, for who makes it with openssl.
const WITH_EXTENSIONS: &str =
    "make it with extensions (`openssl x509 -req -copy_extensions copy`, or `-extfile`)";

/// The certificates of a file; at least one.
pub(super) struct CertificateFile(Vec<ReadCertificate>);

/// What is looked at of a certificate.
struct ReadCertificate {
    der: CertificateDer<'static>,
    /// Where it begins in its file, counted from 1.
    line: usize,
    /// Version of X.509: 1, 2, 3.
    version: u32,
    begins: i64,
    ends: i64,
    is_ca: bool,
    /// Whether it says by subjectAltName of which hosts it is.
    has_names: bool,
    /// Whether it may be shown by clients.
    for_clients: bool,
}

impl CertificateFile {
    /// # Errors
    /// What is wrong with the file.
    pub(super) fn read(pem: &[u8]) -> Result<Self, String> {
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
            let der = found
                .map_err(|error| format!("whose PEM from line {line} on {}", pem_says(&error)))?;
            let read = ReadCertificate::of(&der, line)
                .ok_or_else(|| format!("whose certificate in line {line} is none of X.509"))?;
            certificates.push(read);
        }
        match certificates.is_empty() {
            true => Err("which holds no PEM certificate".to_owned()),
            false => Ok(Self(certificates)),
        }
    }

    /// When the first of them ends, in seconds since 1970.
    pub(super) fn first_end(&self) -> i64 {
        let ends = self.0.iter().map(|one| one.ends);
        ends.min().unwrap_or_default()
    }

    /// Begin and end of the first certificate in the file, the one that is shown; in seconds since 1970.
    pub(super) fn shown_validity(&self) -> (i64, i64) {
        let shown = self.0.first();
        shown.map_or((0, 0), |one| (one.begins, one.ends))
    }

    /// Whether the certificate that is shown names its hosts.
    pub(super) fn has_names(&self) -> bool {
        self.0.first().is_some_and(|one| one.has_names)
    }

    /// # Errors
    /// Where TLS takes no certificate as the one that is shown.
    pub(super) fn check_version(&self) -> Result<(), String> {
        match self.0.first() {
            Some(one) if one.version < 3 => Err(format!(
                "whose certificate in line {} is X.509 version {}, and TLS takes version 3 alone: \
                 {WITH_EXTENSIONS}",
                one.line, one.version
            )),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// Where clients cannot be told by them: one that is none of a CA, or all have ended.
    pub(super) fn check_cas(&self, now: i64) -> Result<(), String> {
        if let Some(line) = self.no_ca() {
            return Err(format!(
                "whose certificate in line {line} is none of a CA; the CA that issued the clients' \
                 certificates is meant"
            ));
        }
        self.check_not_over(now)
    }

    /// # Errors
    /// Where all of them have ended.
    pub(super) fn check_not_over(&self, now: i64) -> Result<(), String> {
        match self.0.iter().map(|one| one.ends).max() {
            Some(last) if last < now => Err(format!("which has expired on {}", date(last))),
            _ => Ok(()),
        }
    }

    /// The line of a certificate that is none of a CA.
    pub(super) fn no_ca(&self) -> Option<usize> {
        self.0.iter().find(|one| !one.is_ca).map(|one| one.line)
    }

    /// # Errors
    /// Why no server of ours accepts the certificate that is shown, whenever it is.
    pub(super) fn check_client(&self, now: i64) -> Result<(), String> {
        self.check_version()?;
        let Some(shown) = self.0.first() else {
            return Ok(());
        };
        let line = shown.line;
        if shown.ends < now {
            let end = date(shown.ends);
            return Err(format!(
                "whose certificate in line {line} has expired on {end}: give one that is valid"
            ));
        }
        if shown.is_ca {
            return Err(format!(
                "whose certificate in line {line} is that of a CA, as plain `openssl req -x509` makes them: \
                 give one that a CA issued to the peer"
            ));
        }
        if !shown.for_clients {
            return Err(format!(
                "whose certificate in line {line} is not for clients: its extendedKeyUsage lacks \
                 clientAuth; give one that has it, such as the TLS certificate of the peer"
            ));
        }
        Ok(())
    }

    /// What is wrong with their time, each with whether it is so now already. `soon`: for how many seconds
    /// ahead their ends are told.
    pub(super) fn untimely(&self, now: i64, soon: i64) -> Vec<(bool, String)> {
        let each = self.0.iter().filter_map(|one| {
            let (is_now, problem) = match one.lapse(now) {
                Some(lapse) => (true, lapse),
                None if one.ends < now.saturating_add(soon) => {
                    (false, format!("ends on {}", date(one.ends)))
                }
                None => return None,
            };
            Some((
                is_now,
                format!("whose certificate in line {} {problem}", one.line),
            ))
        });
        each.collect()
    }

    /// Why the certificate that is shown is not valid now.
    pub(super) fn lapse(&self, now: i64) -> Option<String> {
        let shown = self.0.first()?;
        let lapse = shown.lapse(now)?;
        Some(format!("whose certificate in line {} {lapse}", shown.line))
    }

    /// # Errors
    /// What is wrong with a key that is to belong to the first certificate. `certificate`: its file.
    pub(super) fn check_key(
        &self,
        key: PrivateKeyDer<'static>,
        certificate: &str,
    ) -> Result<(), String> {
        let chain = self.0.iter().map(|one| one.der.clone()).collect();
        let Err(error) = CertifiedKey::from_der(chain, key, &ring::default_provider()) else {
            return Ok(());
        };
        Err(match error {
            rustls::Error::InconsistentKeys(_) => {
                format!("whose key is not that of the first certificate in `{certificate}`")
            }
            rustls::Error::InvalidCertificate(_) => format!(
                "whose key cannot be compared with `{certificate}`: TLS cannot use that certificate"
            ),
            _ => "whose key TLS cannot use: RSA of 2048 bits or more, ECDSA on P-256 or P-384, and Ed25519 \
                  are possible"
                .to_owned(),
        })
    }
}

impl ReadCertificate {
    fn of(der: &CertificateDer<'static>, line: usize) -> Option<Self> {
        let (_, read) = X509Certificate::from_der(der).ok()?;
        let validity = read.validity();
        let constraints = read.basic_constraints().ok().flatten();
        let uses = read.extended_key_usage().ok().flatten();
        let names = read.subject_alternative_name().ok().flatten();
        Some(Self {
            line,
            version: read.version().0.saturating_add(1),
            begins: validity.not_before.timestamp(),
            ends: validity.not_after.timestamp(),
            // before version 3 there was no way to say so
            is_ca: match constraints {
                Some(constraints) => constraints.value.ca,
                None => read.version() != X509Version::V3,
            },
            has_names: names.is_some_and(|names| !names.value.general_names.is_empty()),
            // of one that does not say for what it is, anything goes
            for_clients: uses.is_none_or(|uses| uses.value.client_auth),
            der: der.clone(),
        })
    }

    fn lapse(&self, now: i64) -> Option<String> {
        if self.ends < now {
            return Some(format!("has expired on {}", date(self.ends)));
        }
        (self.begins > now).then(|| format!("is not valid before {}", date(self.begins)))
    }
}

/// Reads the first private key in a text.
///
/// # Errors
/// What is wrong with it.
pub(super) fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        pem::Error::NoItemsFound => "which holds no PEM private key".to_owned(),
        other => format!("whose PEM {}", pem_says(&other)),
    })
}

/// What is wrong with a PEM, behind its place.
fn pem_says(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            let kind = String::from_utf8_lossy(end_marker);
            format!("is not whole: `-----END {kind}-----` is missing; half a file?")
        }
        pem::Error::IllegalSectionStart { .. } => {
            "is none: a line that begins with `-----BEGIN` does not end with `-----`".to_owned()
        }
        pem::Error::Base64Decode(_) => "is none: it holds what is not base64".to_owned(),
        pem::Error::SectionTooLarge => "is too large".to_owned(),
        _ => "is none".to_owned(),
    }
}

/// A time for people.
pub(super) fn date(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{seconds} s after 1970"))
}
