//! `cmscc package`

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::json;

use crate::cli::{
    args::PackageArgs,
    output,
    package::{Package, ServerUserData, is_label},
    settings::is_address,
};

/// What goes into a package, by the flags that say it.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackageParts<'a> {
    pub(super) address: &'a str,
    pub(super) label: &'a str,
    pub(super) dial_timeout: &'a str,
    /// Flag and file of the CA of the server's certificate.
    pub(super) root_cert: (&'a str, Option<&'a Path>),
    /// Flag and file of the certificate that the peer shows.
    pub(super) client_cert: (&'a str, Option<&'a Path>),
    /// Flag and file of its key.
    pub(super) client_key: (&'a str, Option<&'a Path>),
}

pub(in crate::cli) fn run(args: &PackageArgs) -> anyhow::Result<ExitCode> {
    let parts = PackageParts {
        address: &args.address,
        label: &args.label,
        dial_timeout: &args.dial_timeout,
        root_cert: ("--server-ca", args.server_ca.as_deref()),
        client_cert: ("--peer-cert", args.peer_cert.as_deref()),
        client_key: ("--peer-key", args.peer_key.as_deref()),
    };
    let package = match parts.packed() {
        Ok(package) => package,
        Err(errors) => return Ok(output::misconfigured(&errors)),
    };
    let file = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.tar.gz", args.label)));
    fs::write(&file, &package.bytes)
        .with_context(|| format!("cannot write `{}`", file.display()))?;
    if args.json {
        let document = json!({
            "package_id": package.id,
            "label": args.label,
            "file": file,
            "address": args.address,
        });
        output::result(&document.to_string());
    } else {
        output::note(&format!(
            "wrote `{}`; install it on the peer, and give the server this CHAINCODE_ID:",
            file.display()
        ));
        output::result(&package.id);
    }
    Ok(ExitCode::SUCCESS)
}

impl PackageParts<'_> {
    /// The package; otherwise everything that is wrong with its parts.
    pub(super) fn packed(&self) -> Result<Package, Vec<String>> {
        let mut errors = Vec::new();
        if !is_address(self.address) {
            errors.push(format!("--address: `{}` is not HOST:PORT", self.address));
        }
        if !is_label(self.label) {
            errors.push(format!(
                "--label: `{}` is not a label: a letter or digit, then letters, digits, `_.+-`",
                self.label
            ));
        }
        if !is_duration(self.dial_timeout) {
            errors.push(format!(
                "--dial-timeout: `{}` is not a number of `s`, `ms` or `m`, such as `10s`",
                self.dial_timeout
            ));
        }
        let (flag, file) = self.root_cert;
        let root_cert = certificate(flag, file, &mut errors);
        let (flag, file) = self.client_cert;
        let client_cert = certificate(flag, file, &mut errors);
        let (flag, file) = self.client_key;
        let client_key = key(flag, file, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let connection = ServerUserData {
            address: self.address.to_owned(),
            dial_timeout: self.dial_timeout.to_owned(),
            tls_required: root_cert.is_some(),
            root_cert,
            client_auth_required: client_cert.is_some(),
            client_key,
            client_cert,
        };
        Package::new(self.label, &connection)
            .map_err(|error| vec![format!("cannot make the package: {error}")])
    }
}

fn certificate(flag: &str, file: Option<&Path>, errors: &mut Vec<String>) -> Option<String> {
    let text = read(flag, file, errors)?;
    if CertificateDer::from_pem_slice(text.as_bytes()).is_err() {
        errors.push(format!("{flag}: the file holds no PEM certificate"));
    }
    Some(text)
}

fn key(flag: &str, file: Option<&Path>, errors: &mut Vec<String>) -> Option<String> {
    let text = read(flag, file, errors)?;
    if PrivateKeyDer::from_pem_slice(text.as_bytes()).is_err() {
        errors.push(format!("{flag}: the file holds no PEM private key"));
    }
    Some(text)
}

fn read(flag: &str, file: Option<&Path>, errors: &mut Vec<String>) -> Option<String> {
    let file = file?;
    match fs::read_to_string(file) {
        Ok(text) => Some(text),
        Err(error) => {
            errors.push(format!("{flag}: cannot read `{}`: {error}", file.display()));
            None
        }
    }
}

/// The durations of Go that make sense here.
fn is_duration(text: &str) -> bool {
    let number = ["ms", "s", "m"]
        .iter()
        .find_map(|unit| text.strip_suffix(unit));
    number.is_some_and(|n| n.parse::<u32>().is_ok_and(|n| n > 0))
}
