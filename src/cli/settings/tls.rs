//! TLS material from files, checked before anybody sees it. Read at start, and again when it changes.

use std::{collections::BTreeSet, fs};

use super::{
    address::is_loopback,
    findings::{SettingNotice, SettingProblems, given},
};
use crate::{
    cli::{
        args::ServeArgs,
        certificates::{CertificateFile, private_key},
    },
    ids::Digest,
    ops::unix_seconds,
    shim::Tls,
};

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
    /// Begin and end of the certificate that the server shows, in seconds since 1970.
    validity: (i64, i64),
    /// Why that certificate is not valid, by setting and file.
    lapse: Option<String>,
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

/// The files of TLS and what they hold, where the settings want TLS. `address`: where the server listens.
pub(super) fn given_material(
    args: &ServeArgs,
    address: &str,
    errors: &mut SettingProblems,
) -> Option<(TlsFiles, TlsMaterial)> {
    let name = "CHAINCODE_TLS_DISABLED (--tls-disabled)";
    let material = [
        ("CHAINCODE_TLS_CERT (--tls-cert)", &args.tls_cert),
        ("CHAINCODE_TLS_KEY (--tls-key)", &args.tls_key),
        ("CHAINCODE_CLIENT_CA_CERT (--client-ca)", &args.client_ca),
    ];
    let disabled = errors.flag(name, &args.tls_disabled);
    let allowed_clients = allowed_clients(args, errors);
    if given(&args.tls_disabled).is_none() {
        // It would be a surprise to speak plain text in spite of a certificate.
        for (other, value) in material {
            if given(value).is_some() {
                let problem = format!("is given, but {name} is not; set it to `false` to use TLS");
                errors.add(other, &problem);
            }
        }
    }
    if disabled == Some(true) {
        let unused = material.iter().filter(|(_, value)| given(value).is_some());
        let names: Vec<&str> = unused.map(|(name, _)| *name).collect();
        if !names.is_empty() {
            errors.warn(format!(
                "{name} is `{}`: this server speaks no TLS, and what {} names is not used",
                args.tls_disabled.as_deref().unwrap_or_default().trim(),
                names.join(", ")
            ));
        }
    }
    if disabled != Some(false) {
        return None;
    }
    let [certificate, key, client_ca] = material.map(|(setting, value)| NamedFile {
        setting,
        path: given(value).unwrap_or_default().to_owned(),
    });
    let files = TlsFiles {
        certificate,
        key,
        client_ca: Some(client_ca).filter(|file| !file.path.is_empty()),
        allowed_clients,
    };
    if files.client_ca.is_none() && !is_loopback(address) {
        errors.warn(
            "CHAINCODE_CLIENT_CA_CERT (--client-ca) is not given: anybody who reaches this port can play the \
             peer"
                .to_owned(),
        );
    }
    match files.read(unix_seconds()) {
        Ok(material) => {
            errors.notices.extend(material.notices.iter().cloned());
            Some((files, material))
        }
        Err(problems) => {
            errors.errors.extend(problems);
            None
        }
    }
}

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
            let chain = CertificateFile::read(pem).and_then(|chain| {
                chain.check_version()?;
                Ok(chain)
            });
            chain
                .map_err(|problem| errors.push(self.certificate.says(&problem)))
                .ok()
        });
        let private = key.as_deref().and_then(|pem| {
            private_key(pem)
                .map_err(|problem| errors.push(self.key.says(&problem)))
                .ok()
        });
        if let (Some(chain), Some(key)) = (&chain, private)
            && let Err(problem) = chain.check_key(key, &self.certificate.path)
        {
            errors.push(self.key.says(&problem));
        }
        if let Some(chain) = &chain {
            notices.extend(self.certificate.ends(chain, now));
            if !chain.has_names() {
                notices.push(SettingNotice::Warning(self.certificate.says(
                    "whose certificate has no subjectAltName: peers compare that, and not the CN, with the \
                     host in the address of their package, and refuse it",
                )));
            }
        }
        let mut ca_end = None;
        if let Some((file, Some(pem))) = &client_ca {
            match CertificateFile::read(pem).and_then(|cas| cas.check_cas(now).map(|()| cas)) {
                Ok(cas) => {
                    notices.extend(file.ends(&cas, now));
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
                validity: chain.shown_validity(),
                lapse: chain
                    .lapse(now)
                    .map(|problem| self.certificate.says(&problem)),
                notices,
            }),
            _ => Err(errors),
        }
    }
}

impl TlsMaterial {
    /// Whether the certificate that the server shows is valid at a time, in seconds since 1970.
    pub(in crate::cli) const fn is_valid(&self, now: i64) -> bool {
        let (begins, ends) = self.validity;
        begins <= now && now <= ends
    }

    /// # Errors
    /// Where it must not replace other material: its certificate is not valid when it was read, and the
    /// other one is.
    pub(in crate::cli) fn may_replace(&self, other: &Self, now: i64) -> Result<(), String> {
        match &self.lapse {
            Some(lapse) if other.is_valid(now) => Err(lapse.clone()),
            _ => Ok(()),
        }
    }
}

impl NamedFile {
    /// What is to be said of the time of its certificates.
    fn ends(&self, certificates: &CertificateFile, now: i64) -> Vec<SettingNotice> {
        let untimely = certificates.untimely(now, SOON).into_iter();
        let notices = untimely.map(|(is_now, problem)| match is_now {
            true => SettingNotice::Alarm(self.says(&problem)),
            false => SettingNotice::Warning(self.says(&problem)),
        });
        notices.collect()
    }

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

fn allowed_clients(args: &ServeArgs, errors: &mut SettingProblems) -> Option<BTreeSet<Digest>> {
    let name = "CMSCC_ALLOWED_CLIENTS (--allowed-clients)";
    let text = given(&args.allowed_clients)?;
    let mutual = given(&args.tls_disabled)
        .is_some_and(|disabled| ["false", "0"].contains(&disabled))
        && given(&args.client_ca).is_some();
    if !mutual {
        let problem = "is given, and no client has to show a certificate: it takes \
             CHAINCODE_TLS_DISABLED=false and CHAINCODE_CLIENT_CA_CERT (--client-ca), too";
        errors.add(name, problem);
    }
    match fingerprints(text) {
        Ok(allowed) => Some(allowed),
        Err(other) => {
            let problem = format!(
                "holds `{other}`, which is no SHA-256 of a certificate: 64 hex digits, as `openssl x509 \
                 -noout -fingerprint -sha256` prints them"
            );
            errors.add(name, &problem);
            None
        }
    }
}

/// Reads fingerprints of certificates, as `openssl x509 -fingerprint -sha256` prints them or without
/// colons, between commas.
///
/// # Errors
/// The one that is none.
fn fingerprints(text: &str) -> Result<BTreeSet<Digest>, String> {
    let each = text.split(',').map(str::trim).filter(|one| !one.is_empty());
    each.map(|one| {
        let hex = one.replace(':', "").to_lowercase();
        Digest::from_hex(&hex).ok_or_else(|| one.to_owned())
    })
    .collect()
}
