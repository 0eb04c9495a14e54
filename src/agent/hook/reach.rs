//! The connection of a request: only where it may go.

use std::{net::SocketAddr, path::Path, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::refusal::HookRefusal;
use crate::agent::rule::{Webhook, is_private};

/// A connection without TLS, or with it.
pub(super) enum WebhookConnection {
    /// Without: only to this machine.
    Plain(TcpStream),
    /// With.
    Tls(Box<TlsStream<TcpStream>>),
}

/// Connects to the address that was looked at, so that no second answer of a name server counts.
// SECURITY: whoever may choose a URL or a name must not reach what only this machine reaches
pub(super) async fn connect(target: &Webhook) -> Result<WebhookConnection, HookRefusal> {
    let (host, port) = (target.host(), target.port());
    let failed = |error: std::io::Error| {
        HookRefusal::new(format!("`{host}:{port}` is not reached: {error}"))
    };
    let found: Vec<SocketAddr> = lookup_host((host, port)).await.map_err(failed)?.collect();
    let allowed: Vec<SocketAddr> = (found.iter().copied())
        .filter(|address| may_be(target, *address))
        .collect();
    if allowed.is_empty() {
        let address = found.first().map(|address| address.ip().to_string());
        let Some(address) = address else {
            return Err(HookRefusal::new(format!("`{host}` has no address")));
        };
        return Err(HookRefusal::new(match target.is_tls() {
            true => format!(
                "`{host}` is {address}, a private address: name it, addresses = [\"{address}\"]"
            ),
            false => format!("`{host}` is {address}, not this machine: only https goes there"),
        }));
    }
    let stream = TcpStream::connect(&*allowed).await.map_err(failed)?;
    if !target.is_tls() {
        return Ok(WebhookConnection::Plain(stream));
    }
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| HookRefusal::new(format!("`{host}`: {error}")))?;
    let connector = TlsConnector::from(Arc::new(tls(target.ca_file.as_deref())?));
    let stream = connector.connect(name, stream).await.map_err(failed)?;
    Ok(WebhookConnection::Tls(Box::new(stream)))
}

/// Whether a request may go to an address.
fn may_be(target: &Webhook, address: SocketAddr) -> bool {
    let ip = address.ip().to_canonical();
    match target.is_tls() {
        // a text that anybody on the way can read and change
        false => ip.is_loopback(),
        true => !is_private(ip) || target.addresses.iter().any(|range| range.holds(ip)),
    }
}

/// What certificates are believed.
pub(super) fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, HookRefusal> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            let failed = |why: String| HookRefusal::new(format!("`{}`: {why}", path.display()));
            let certificates =
                CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| failed(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| failed(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(failed("there is no certificate in it".to_owned()));
            }
        }
        None => {
            let (added, _) =
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if added == 0 {
                return Err(HookRefusal::new(
                    "this system has no CA certificates: `ca_file` names some",
                ));
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| HookRefusal::new(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::rule::{AgentRules, HookTarget};

    fn target(url: &str, addresses: &str) -> Webhook {
        let file = format!("[[hooks]]\nname = \"h\"\nurl = \"{url}\"\naddresses = [{addresses}]\n");
        let rules = AgentRules::parse(&file, Path::new("/")).unwrap();
        match rules.hooks.into_iter().next().unwrap().target {
            HookTarget::Webhook(target) => target,
            HookTarget::Exec(_) => panic!("a webhook"),
        }
    }

    #[test]
    fn private_addresses_are_named_and_plain_text_stays_here() {
        for (url, named, address, may) in [
            ("https://x", "", "8.8.8.8:443", true),
            ("https://x", "", "10.1.2.3:443", false),
            ("https://x", "", "127.0.0.1:443", false),
            ("https://x", "", "169.254.169.254:443", false),
            ("https://x", "\"10.0.0.0/8\"", "10.1.2.3:443", true),
            ("https://x", "\"10.0.0.0/8\"", "192.168.0.1:443", false),
            ("https://x", "\"127.0.0.1\"", "[::ffff:127.0.0.1]:443", true),
            ("http://x", "", "127.0.0.1:80", true),
            ("http://x", "", "[::1]:80", true),
            ("http://x", "", "8.8.8.8:80", false),
            ("http://x", "\"10.0.0.0/8\"", "10.1.2.3:80", false),
        ] {
            assert_eq!(
                may_be(&target(url, named), address.parse().unwrap()),
                may,
                "{url} {named} {address}"
            );
        }
    }
}
