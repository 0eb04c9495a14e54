//! `cmscc package`

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use serde_json::json;

use crate::{
    cli::{
        args::PackageArgs,
        certificates::{CertificateFile, private_key},
        output,
        package::{Package, ServerUserData, is_label},
        settings::is_address,
    },
    ops::unix_seconds,
    text::visible,
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
    let (package, notices) = match parts.packed() {
        Ok(packed) => packed,
        Err(problems) => {
            let errors: Vec<String> = problems.iter().map(PackageProblem::line).collect();
            return Ok(output::misconfigured(&errors));
        }
    };
    for notice in notices {
        output::note(&format!("warning: {}", visible(&notice)));
    }
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
            "wrote `{}`; install it on the peer (`cmscc deploy install FILE`), and give the server this as \
             CHAINCODE_ID:",
            file.display()
        ));
        output::result(&package.id);
    }
    Ok(ExitCode::SUCCESS)
}

/// Why there is no package of such parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PackageProblem {
    /// A stable name for scripts.
    pub(super) symbol: &'static str,
    /// Which part, what is wrong with it, and what to do.
    pub(super) text: String,
}

impl PackageProblem {
    fn bad(text: String) -> Self {
        let symbol = "BAD_PACKAGE";
        Self { symbol, text }
    }

    /// As the client prints errors: with the name behind the text.
    fn line(&self) -> String {
        format!("{}  [{}]", self.text, self.symbol)
    }
}

impl PackageParts<'_> {
    /// The package, and what is odd about it; otherwise everything that is wrong with its parts.
    pub(super) fn packed(&self) -> Result<(Package, Vec<String>), Vec<PackageProblem>> {
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
        let [root_cert, client_cert, client_key] =
            [self.root_cert, self.client_cert, self.client_key]
                .map(|(flag, file)| read(flag, file, &mut errors));
        let mut problems: Vec<PackageProblem> =
            errors.into_iter().map(PackageProblem::bad).collect();
        let checked = check_tls(
            part(self.root_cert, root_cert.as_deref()),
            part(self.client_cert, client_cert.as_deref()),
            part(self.client_key, client_key.as_deref()),
        );
        let notices = match checked {
            Ok(notices) => notices,
            Err(unusable) => {
                problems.extend(unusable);
                Vec::new()
            }
        };
        if !problems.is_empty() {
            return Err(problems);
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
        let package = Package::new(self.label, &connection).map_err(|error| {
            let text = format!("cannot make the package: {error}");
            vec![PackageProblem::bad(text)]
        })?;
        Ok((package, notices))
    }
}

/// A PEM that goes into a package.
// SECURITY: with a key among them, so there is no `{:?}`
pub(super) struct PackagedPem<'a> {
    /// Which one it is: the beginning of what is said of it.
    pub(super) says: String,
    /// Its name alone.
    pub(super) name: String,
    pub(super) text: &'a str,
}

/// One that is given as flag and file.
fn part<'a>((flag, file): (&str, Option<&Path>), text: Option<&'a str>) -> Option<PackagedPem<'a>> {
    let name = file?.display().to_string();
    Some(PackagedPem {
        says: format!("{flag} names `{name}`, "),
        name,
        text: text?,
    })
}

/// What is odd about the TLS of a package.
///
/// # Errors
/// Why peer and server can never reach each other with it, all of it.
// Go's clients take a certificate among their CAs as it is, too: one's own that is none of a CA
pub(super) fn check_tls(
    server_ca: Option<PackagedPem<'_>>,
    peer_certificate: Option<PackagedPem<'_>>,
    peer_key: Option<PackagedPem<'_>>,
) -> Result<Vec<String>, Vec<PackageProblem>> {
    let now = unix_seconds();
    let (mut unusable, mut notices) = (Vec::new(), Vec::new());
    if let Some(pem) = server_ca {
        let cas = CertificateFile::read(pem.text.as_bytes());
        let cas = cas.and_then(|cas| cas.check_not_over(now).map(|()| cas));
        match cas {
            Ok(cas) => notices.extend(cas.no_ca().map(|line| {
                format!(
                    "{}whose certificate in line {line} is none of a CA: it fits a server that shows just \
                     this one",
                    pem.says
                )
            })),
            Err(problem) => unusable.push(format!(
                "{}{problem}: give the CA that issued the server's certificate, and is valid",
                pem.says
            )),
        }
    }
    let mut chain = None;
    if let Some(pem) = peer_certificate {
        let read = CertificateFile::read(pem.text.as_bytes());
        match read.and_then(|read| read.check_client(now).map(|()| read)) {
            Ok(read) => {
                let lapse = read.lapse(now);
                notices.extend(lapse.map(|problem| format!("{}{problem}", pem.says)));
                chain = Some((read, pem.name));
            }
            Err(problem) => unusable.push(pem.says + &problem),
        }
    }
    if let Some(pem) = peer_key {
        let key = private_key(pem.text.as_bytes());
        let checked = key.and_then(|key| match &chain {
            Some((chain, certificate)) => chain.check_key(key, certificate),
            None => Ok(()),
        });
        unusable.extend(checked.err().map(|problem| {
            format!(
                "{}{problem}: give certificate and key of one making",
                pem.says
            )
        }));
    }
    if unusable.is_empty() {
        return Ok(notices);
    }
    let problems = unusable.into_iter().map(|text| PackageProblem {
        symbol: "UNUSABLE_CERTIFICATE",
        text,
    });
    Err(problems.collect())
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
