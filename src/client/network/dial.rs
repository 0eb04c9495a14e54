//! A connection with TLS.

use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use super::wire;
use crate::{
    client::{
        ClientError, Exit,
        profile::PeerEndpoint,
        refusal::Meaning,
        refusal::{Whom, unreachable},
    },
    crypto::pem,
    ids::Digest,
};

/// How often a connection with nothing on it is tested; servers of Fabric's end those that test it more
/// than once a minute.
// Fabric: internal/pkg/comm/config.go, ServerMinInterval
const TEST_INTERVAL: Duration = Duration::from_secs(75);

/// How long the answer to such a test may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// The most bytes of the headers and trailers of an answer: in them stands what each peer said.
const TRAILERS: u32 = 1 << 20;

/// What is known of a node before it is dialled.
///
/// # Errors
/// Its address is none, or its TLS files cannot be read.
pub(super) fn endpoint(node: &PeerEndpoint, timeout: Duration) -> Result<Endpoint, ClientError> {
    let scheme = match node.tls {
        Some(_) => "https",
        None => "http",
    };
    let bad = |reason: String| {
        let message = format!("`{}` is no `host:port`: {reason}", node.address);
        ClientError::new(Exit::Usage, "BAD_ADDRESS", message)
    };
    let endpoint = Endpoint::from_shared(format!("{scheme}://{}", node.address));
    let endpoint = endpoint.map_err(|e| bad(wire::causes(&e).join(": ")))?;
    if endpoint.uri().port().is_none() || endpoint.uri().path() != "/" {
        return Err(bad("host and port are missing".to_owned()));
    }
    let endpoint = endpoint
        .connect_timeout(timeout)
        .tcp_keepalive(Some(TEST_INTERVAL))
        .http2_keep_alive_interval(TEST_INTERVAL)
        .keep_alive_timeout(TEST_TIMEOUT)
        .keep_alive_while_idle(true)
        .http2_max_header_list_size(TRAILERS);
    let Some(files) = &node.tls else {
        return Ok(endpoint);
    };
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&files.root_certs));
    if let Some(name) = &node.server_name {
        tls = tls.domain_name(name);
    }
    if let Some((certificate, key)) = &files.client {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    endpoint.tls_config(tls).map_err(|e| {
        let why = wire::causes(&e);
        let why = why.last().map_or("no reason given", String::as_str);
        let message = format!("the TLS files for `{}` cannot be used: {why}", node.address);
        ClientError::new(Exit::Usage, "BAD_TLS_FILES", message)
            .hint("they are PEM: CA certificates, and for mutual TLS one's own certificate and key")
    })
}

/// Connects.
pub(super) async fn dial(
    endpoint: &Endpoint,
    whom: Whom<'_>,
    timeout: Duration,
) -> Result<Channel, Meaning> {
    match tokio::time::timeout(timeout, endpoint.connect()).await {
        Ok(Ok(channel)) => Ok(channel),
        Ok(Err(error)) => Err(unreachable(whom, &wire::causes(&error))),
        Err(_) => Err(unreachable(
            whom,
            &["it does not answer in time".to_owned()],
        )),
    }
}

/// The digest of one's own TLS certificate, by which a request for blocks is bound to its connection.
pub(super) fn tls_cert_hash(node: &PeerEndpoint) -> Option<Digest> {
    let (certificate, _) = node.tls.as_ref()?.client.as_ref()?;
    let block = pem::first_block(certificate)?;
    Some(Digest::of(&block.content))
}
