//! The settings of `cmscc serve`: read once, checked together.

use std::{fmt::Display, fs, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{
    anchors::AnchorFolder,
    args::{LimitArgs, ServeArgs},
};
use crate::{
    contract::{self, Anchors, ContractSettings, NoAnchors},
    ids::ChannelId,
    ops::logs,
    shim::{self, Tls},
};

/// Everything that `cmscc serve` needs to know.
pub(super) struct Settings {
    pub(super) address: String,
    pub(super) chaincode_id: String,
    pub(super) tls: Option<Tls>,
    /// When the certificate of the chaincode server ends, in seconds since 1970.
    pub(super) tls_not_after: Option<i64>,
    pub(super) anchors: Arc<dyn Anchors>,
    /// The channels with an anchor.
    pub(super) anchored: Vec<ChannelId>,
    pub(super) contract: ContractSettings,
    pub(super) exit_on_unsupported: bool,
    pub(super) ops_address: String,
    /// A filter that parses.
    pub(super) log: String,
    pub(super) log_format: logs::Format,
    pub(super) shutdown_grace: Duration,
    pub(super) shim_limits: shim::ServerLimits,
}

impl Settings {
    /// # Errors
    /// Everything that is wrong, each with the name of its variable and flag.
    pub(super) fn read(args: &ServeArgs) -> Result<Self, Vec<String>> {
        let mut errors = Errors::default();
        let chaincode_id = chaincode_id(args, &mut errors);
        let address = address(args, &mut errors);
        let tls = tls(args, &mut errors);
        let (anchors, anchored) = anchors(args, &mut errors);
        let mut shim_limits = shim::ServerLimits::default();
        let limits = limits(&args.limits, &mut shim_limits, &mut errors);
        let allow_unanchored = &args.allow_unanchored;
        let settings = Self {
            address,
            chaincode_id,
            tls_not_after: tls.as_ref().and_then(|tls| earliest_end(&tls.certificate)),
            tls,
            anchors,
            anchored,
            contract: ContractSettings {
                allow_unanchored: errors
                    .flag(
                        "CMSCC_ALLOW_UNANCHORED (--allow-unanchored)",
                        allow_unanchored,
                    )
                    .unwrap_or(false),
                limits,
            },
            exit_on_unsupported: errors
                .choice(
                    "CMSCC_ON_UNSUPPORTED (--on-unsupported)",
                    &args.on_unsupported,
                    [("refuse", false), ("exit", true)],
                )
                .unwrap_or(false),
            ops_address: ops_address(args, &mut errors),
            log: log(args, &mut errors),
            log_format: errors
                .choice(
                    "CMSCC_LOG_FORMAT (--log-format)",
                    &args.log_format,
                    [("text", logs::Format::Text), ("json", logs::Format::Json)],
                )
                .unwrap_or_default(),
            shutdown_grace: Duration::from_secs(errors.number(
                "CMSCC_SHUTDOWN_GRACE (--shutdown-grace)",
                &args.shutdown_grace,
                20,
                3_600,
            )),
            shim_limits,
        };
        if errors.0.is_empty() {
            Ok(settings)
        } else {
            Err(errors.0)
        }
    }
}

/// Whether the text is HOST:PORT.
pub(super) fn is_address(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// What is given; an empty text is nothing, since compose files and manifests set empty variables.
fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|t| !t.is_empty())
}

fn chaincode_id(args: &ServeArgs, errors: &mut Errors) -> String {
    let name = "CHAINCODE_ID (--chaincode-id)";
    let (id, other) = (
        given(&args.chaincode_id),
        given(&args.core_chaincode_id_name),
    );
    match (id, other) {
        (Some(id), Some(other)) if id != other => errors.add(
            name,
            &format!("is `{id}`, but CORE_CHAINCODE_ID_NAME is `{other}`; give one of them"),
        ),
        (None, None) => errors.add(
            name,
            "is missing: the package id that `cmscc package` printed",
        ),
        _ => {}
    }
    id.or(other).unwrap_or_default().to_owned()
}

fn address(args: &ServeArgs, errors: &mut Errors) -> String {
    let name = "CHAINCODE_SERVER_ADDRESS (--address)";
    let address = given(&args.address).unwrap_or_default();
    if address.is_empty() {
        errors.add(name, "is missing: HOST:PORT to listen at");
    } else if !is_address(address) {
        errors.add(name, &format!("is `{address}`, which is not HOST:PORT"));
    }
    address.to_owned()
}

fn ops_address(args: &ServeArgs, errors: &mut Errors) -> String {
    let address = given(&args.ops_address).unwrap_or("127.0.0.1:9443");
    if !is_address(address) {
        errors.add(
            "CMSCC_OPS_ADDRESS (--ops-address)",
            &format!("is `{address}`, which is not HOST:PORT"),
        );
    }
    address.to_owned()
}

fn log(args: &ServeArgs, errors: &mut Errors) -> String {
    let text = given(&args.log).unwrap_or("info");
    if let Err(error) = logs::filter(text) {
        let problem = format!("is `{text}`, which is no log filter: {error}");
        errors.add("CMSCC_LOG (--log)", &problem);
    }
    text.to_owned()
}

fn anchors(args: &ServeArgs, errors: &mut Errors) -> (Arc<dyn Anchors>, Vec<ChannelId>) {
    let Some(folder) = given(&args.trust_anchors) else {
        return (Arc::new(NoAnchors), Vec::new());
    };
    let folder = AnchorFolder::new(PathBuf::from(folder));
    let anchored = folder.check().unwrap_or_else(|problems| {
        for problem in problems {
            errors.add("CMSCC_TRUST_ANCHORS (--trust-anchors):", &problem);
        }
        Vec::new()
    });
    (Arc::new(folder), anchored)
}

fn tls(args: &ServeArgs, errors: &mut Errors) -> Option<Tls> {
    let name = "CHAINCODE_TLS_DISABLED (--tls-disabled)";
    let material = [
        ("CHAINCODE_TLS_CERT (--tls-cert)", &args.tls_cert),
        ("CHAINCODE_TLS_KEY (--tls-key)", &args.tls_key),
        ("CHAINCODE_CLIENT_CA_CERT (--client-ca)", &args.client_ca),
    ];
    let disabled = errors.flag(name, &args.tls_disabled);
    if given(&args.tls_disabled).is_none() {
        // It would be a surprise to speak plain text in spite of a certificate.
        for (other, value) in material {
            if given(value).is_some() {
                let problem = format!("is given, but {name} is not; set it to `false` to use TLS");
                errors.add(other, &problem);
            }
        }
    }
    if disabled != Some(false) {
        return None;
    }
    let [certificate, key, client_ca] = material;
    for (name, value) in [certificate, key] {
        if given(value).is_none() {
            errors.add(name, "is missing, and TLS is not disabled");
        }
    }
    let certificates = |pem: &[u8]| earliest_end(pem).is_some();
    let is_key = |pem: &[u8]| PrivateKeyDer::from_pem_slice(pem).is_ok();
    let certificate = errors.file(certificate, "PEM certificate", certificates);
    let key = errors.file(key, "PEM private key", is_key);
    let wants_clients = given(client_ca.1).is_some();
    let client_ca = errors.file(client_ca, "PEM certificate", certificates);
    if wants_clients && client_ca.is_none() {
        return None;
    }
    Some(Tls {
        certificate: certificate?,
        key: key?,
        client_ca,
        allowed_clients: None,
    })
}

/// When the first of some PEM certificates ends, in seconds since 1970; `None` where there is none,
/// or one that cannot be read.
fn earliest_end(pem: &[u8]) -> Option<i64> {
    let ends = CertificateDer::pem_slice_iter(pem).map(|found| {
        let der = found.ok()?;
        let (_, certificate) = X509Certificate::from_der(&der).ok()?;
        Some(certificate.validity().not_after.timestamp())
    });
    ends.collect::<Option<Vec<i64>>>()?.into_iter().min()
}

fn limits(
    args: &LimitArgs,
    shim: &mut shim::ServerLimits,
    errors: &mut Errors,
) -> contract::CallLimits {
    let mut limits = contract::CallLimits::default();
    let most = usize::try_from(u32::MAX).unwrap_or(usize::MAX);
    for (name, value, limit) in [
        ("ARGUMENT", &args.limit_argument, &mut limits.argument),
        ("CALL", &args.limit_call, &mut limits.call),
        ("EXPORT", &args.limit_export, &mut limits.export),
        (
            "TRANSACTIONS",
            &args.limit_transactions,
            &mut shim.transactions,
        ),
        ("STREAMS", &args.limit_streams, &mut shim.streams),
    ] {
        let flag = name.to_lowercase().replace('_', "-");
        let name = format!("CMSCC_LIMIT_{name} (--limit-{flag})");
        *limit = errors.number(&name, value, *limit, most);
    }
    limits
}

/// What is wrong, in the order of reading.
#[derive(Default)]
struct Errors(Vec<String>);

impl Errors {
    fn add(&mut self, name: &str, problem: &str) {
        self.0.push(format!("{name} {problem}"));
    }

    fn flag(&mut self, name: &str, value: &Option<String>) -> Option<bool> {
        let choices = [("true", true), ("false", false), ("1", true), ("0", false)];
        self.choice(name, value, choices)
    }

    fn choice<T, const N: usize>(
        &mut self,
        name: &str,
        value: &Option<String>,
        choices: [(&str, T); N],
    ) -> Option<T> {
        let value = given(value)?;
        let names = choices.each_ref().map(|(name, _)| *name).join("`, `");
        let chosen = choices.into_iter().find(|(name, _)| *name == value);
        if chosen.is_none() {
            self.add(name, &format!("is `{value}`, which is none of `{names}`"));
        }
        chosen.map(|(_, chosen)| chosen)
    }

    /// A number from 1 to `most`.
    fn number<T>(&mut self, name: &str, value: &Option<String>, default: T, most: T) -> T
    where
        T: FromStr + PartialOrd + Display + Default + Copy,
    {
        let Some(value) = given(value) else {
            return default;
        };
        match value.parse::<T>() {
            Ok(number) if number > T::default() && number <= most => number,
            _ => {
                let problem = format!("is `{value}`, which is no number from 1 to {most}");
                self.add(name, &problem);
                default
            }
        }
    }

    /// The content of a file that is given and right.
    fn file(
        &mut self,
        (name, path): (&str, &Option<String>),
        what: &str,
        right: impl Fn(&[u8]) -> bool,
    ) -> Option<Vec<u8>> {
        let path = given(path)?;
        match fs::read(path) {
            Ok(content) if right(&content) => Some(content),
            Ok(_) => {
                self.add(name, &format!("names `{path}`, which holds no {what}"));
                None
            }
            Err(error) => {
                self.add(
                    name,
                    &format!("names `{path}`, which cannot be read: {error}"),
                );
                None
            }
        }
    }
}
