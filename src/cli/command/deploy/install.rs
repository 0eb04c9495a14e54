//! `cmscc deploy install`.

use std::{path::Path, process::ExitCode};

use bytes::Bytes;

use crate::{
    cli::{
        args::DeployInstallArgs,
        command::{
            act::{open, read},
            package::{PackageParts, PackageProblem, PackagedPem, check_tls},
        },
        package::{package_facts, package_id},
        show::{Line, Tone},
        talk::Talk,
    },
    client::{
        ClientError, Exit, PackagedServer, PeerConnection, serve_command, server_setting,
        view::{InstalledOnView, InstalledView},
    },
};

/// A package, and the id that peers give it.
struct Packed {
    bytes: Bytes,
    id: String,
    /// The server that peers dial.
    server: Option<PackagedServer>,
    /// What is odd about it.
    notices: Vec<String>,
}

pub(super) fn run(args: &DeployInstallArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let packed = packed(args, &settings.chaincode)?;
        for notice in &packed.notices {
            talk.warn(notice);
        }
        let connection = PeerConnection::new(&settings, identity)?;
        let (mut peers, mut failed) = (Vec::new(), Vec::new());
        for (at, address) in connection.peer_addresses().into_iter().enumerate() {
            let installing = on_one(&connection, at, &packed);
            match talk.wait("installing the package", installing).await {
                Ok(was_there) => {
                    talk.done(&match was_there {
                        true => format!("{address} has the package already"),
                        false => format!("installed on {address}"),
                    });
                    peers.push(InstalledOnView { address, was_there });
                }
                Err(error) => failed.push((address, error)),
            }
        }
        talk.line(&Line::of(Tone::Strong, "Package id  ").and(Tone::Plain, &packed.id));
        if let Some(setting) = server_setting(&packed.id) {
            talk.verbatim(&setting);
        }
        let exit = match (failed.is_empty(), peers.is_empty()) {
            (true, _) => Exit::Done,
            (false, true) => return Err(all_failed(failed)),
            (false, false) => {
                for (address, error) in &failed {
                    talk.warn(&format!("{address}: {}", error.message));
                }
                Exit::Partly
            }
        };
        told_next(talk, &packed.id, packed.server.as_ref());
        talk.document(&InstalledView {
            failed_on: failed.into_iter().map(|(address, _)| address).collect(),
            package_id: packed.id,
            peers,
        })?;
        Ok(exit)
    })
}

/// Installs it on one peer; whether it was there already.
async fn on_one(
    connection: &PeerConnection,
    at: usize,
    packed: &Packed,
) -> Result<bool, ClientError> {
    let installed = connection.installed_at(at).await?;
    if installed.iter().any(|one| one.package_id == packed.id) {
        return Ok(true);
    }
    match connection.install_at(at, packed.bytes.clone()).await {
        Ok(id) if id == packed.id => Ok(false),
        Ok(id) => {
            let text = format!(
                "the peer gives the package the id `{id}`, and not `{}`",
                packed.id
            );
            Err(ClientError::new(Exit::Unsafe, "OTHER_PACKAGE_ID", text)
                .hint("do not use this peer until its operator knows why"))
        }
        Err(error) if error.symbol == "ALREADY_INSTALLED" => Ok(true),
        Err(error) => Err(error),
    }
}

/// The file that was named, or what the flags say.
fn packed(args: &DeployInstallArgs, chaincode: &str) -> Result<Packed, ClientError> {
    if let Some(file) = &args.file {
        let bytes = Bytes::from(read(file)?);
        let facts = package_facts(&bytes).map_err(|why| {
            let text = format!("`{}` is no chaincode package: {why}", file.display());
            ClientError::new(Exit::Usage, "BAD_PACKAGE", text)
                .hint("`cmscc deploy package --address HOST:PORT` makes one")
        })?;
        let id = package_id(&facts.label, &bytes);
        let [ca, certificate, key] = facts.tls.each_ref().map(Option::as_deref);
        let notices = check_tls(
            packaged(file, "root_cert", ca),
            packaged(file, "client_cert", certificate),
            packaged(file, "client_key", key),
        );
        let notices = notices.map_err(|problems| {
            refused(problems).hint("make the package again: `cmscc deploy package`")
        })?;
        return Ok(Packed {
            bytes,
            id,
            server: facts.server,
            notices,
        });
    }
    let parts = PackageParts {
        address: args.address.as_deref().unwrap_or_default(),
        label: args.label.as_deref().unwrap_or(chaincode),
        dial_timeout: &args.dial_timeout,
        root_cert: ("--server-ca", args.server_ca.as_deref()),
        client_cert: ("--peer-cert", args.peer_cert.as_deref()),
        client_key: ("--peer-key", args.peer_key.as_deref()),
    };
    let (package, notices) = parts.packed().map_err(refused)?;
    Ok(Packed {
        bytes: package.bytes.into(),
        id: package.id,
        server: Some(PackagedServer {
            address: parts.address.to_owned(),
            tls: args.server_ca.is_some(),
            client_auth: args.peer_cert.is_some(),
        }),
        notices,
    })
}

/// A PEM in a package that somebody else may have made.
fn packaged<'a>(file: &Path, name: &str, text: Option<&'a str>) -> Option<PackagedPem<'a>> {
    Some(PackagedPem {
        says: format!("`{}` has a `{name}`, ", file.display()),
        name: name.to_owned(),
        text: text?,
    })
}

fn refused(problems: Vec<PackageProblem>) -> ClientError {
    let mut problems = problems.into_iter();
    let (symbol, text) = problems
        .next()
        .map_or(("BAD_PACKAGE", String::new()), |first| {
            (first.symbol, first.text)
        });
    let mut error = ClientError::new(Exit::Usage, symbol, text);
    let others = problems.map(|other| ("also".to_owned(), other.text));
    error.details.extend(others);
    error
}

/// Where no peer took it: the first reason, and that of the others.
fn all_failed(failed: Vec<(String, ClientError)>) -> ClientError {
    let mut failed = failed.into_iter();
    let Some((_, mut first)) = failed.next() else {
        return ClientError::new(Exit::Usage, "NO_PEER", "no peer is named");
    };
    for (address, error) in failed {
        first.details.push((address, error.message));
    }
    first
}

fn told_next(talk: &Talk, id: &str, server: Option<&PackagedServer>) {
    let command = Line::of(Tone::Accent, serve_command(id, server));
    talk.say(&Line::of(Tone::Dim, "your server: ").join(command));
    talk.next(&format!("cmscc deploy approve --package-id {id}"));
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::package::{Package, ServerUserData};

    /// The arguments alone.
    #[derive(Debug, clap::Parser)]
    struct Install {
        #[command(flatten)]
        args: DeployInstallArgs,
    }

    #[test]
    fn a_package_that_somebody_made_is_looked_at_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("made.tar.gz");
        let old = include_str!("../../../../tests/certificates/version-1.pem");
        let mut connection = ServerUserData {
            address: "h:1".to_owned(),
            dial_timeout: "10s".to_owned(),
            tls_required: true,
            root_cert: Some(old.to_owned()),
            client_auth_required: true,
            client_key: Some("no key".to_owned()),
            client_cert: Some(old.to_owned()),
        };
        let mut packed_with = |client_auth_required| {
            connection.client_auth_required = client_auth_required;
            let package = Package::new("cmscc", &connection).unwrap();
            std::fs::write(&file, &package.bytes).unwrap();
            let args = Install::parse_from(["install".as_ref(), file.as_os_str()]).args;
            packed(&args, "cmscc")
        };
        let error = packed_with(true).err().unwrap();
        assert_eq!(
            (error.exit, error.symbol.as_str()),
            (Exit::Usage, "UNUSABLE_CERTIFICATE")
        );
        let start = format!(
            "`{}` has a `client_cert`, whose certificate in line 2 is X.509 version 1",
            file.display()
        );
        assert!(error.message.starts_with(&start), "{}", error.message);
        assert_eq!(error.details.len(), 1, "{:?}", error.details);
        // without client_auth_required a peer shows none
        let packed = packed_with(false).unwrap();
        assert_eq!(packed.notices, Vec::<String>::new());
    }
}
