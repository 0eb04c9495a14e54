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

pub(in crate::cli) fn run(args: &PackageArgs) -> anyhow::Result<ExitCode> {
    let mut errors = Vec::new();
    if !is_address(&args.address) {
        let address = &args.address;
        errors.push(format!("--address: `{address}` is not HOST:PORT"));
    }
    if !is_label(&args.label) {
        errors.push(format!(
            "--label: `{}` is not a label: a letter or digit, then letters, digits, `_.+-`",
            args.label
        ));
    }
    if !is_duration(&args.dial_timeout) {
        let given = &args.dial_timeout;
        errors.push(format!(
            "--dial-timeout: `{given}` is not a number of `s`, `ms` or `m`, such as `10s`"
        ));
    }
    let root_cert = certificate(
        "--tls-root-cert",
        args.tls_root_cert.as_deref(),
        &mut errors,
    );
    let client_cert = certificate("--client-cert", args.client_cert.as_deref(), &mut errors);
    let client_key = key("--client-key", args.client_key.as_deref(), &mut errors);
    if !errors.is_empty() {
        return Ok(output::misconfigured(&errors));
    }
    let connection = ServerUserData {
        address: args.address.clone(),
        dial_timeout: args.dial_timeout.clone(),
        tls_required: root_cert.is_some(),
        root_cert,
        client_auth_required: client_cert.is_some(),
        client_key,
        client_cert,
    };
    let package = Package::new(&args.label, &connection)?;
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
