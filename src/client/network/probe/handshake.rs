//! A TLS handshake with whoever is there, so that each thing that is wrong with a certificate can be
//! told, and not the first one alone.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{io::AsyncReadExt as _, net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore,
        SignatureScheme,
        client::{
            ResolvesClientCert,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
            verify_server_cert_signed_by_trust_anchor, verify_server_name,
        },
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
        server::ParsedCertificate,
        sign::CertifiedKey,
    },
};

use crate::{
    client::{
        doctor::{Handshake, LATE},
        network::wire,
        profile::PeerEndpoint,
    },
    identity::Certificate,
};

/// The most names of a certificate that are kept.
const NAMES: usize = 100;

/// A name that no certificate is for.
const NOBODY: &str = "nobody.invalid";

/// What a connection showed.
#[derive(Debug)]
pub(in crate::client) struct ProbedConnection {
    /// Why it was not made.
    pub(in crate::client) reached: Result<(), String>,
    /// The handshake, or why there was none; `None`: not tried.
    pub(in crate::client) handshake: Option<Result<Handshake, String>>,
}

/// Connects to a node and shakes hands, whether the settings say TLS or not. Nothing is sent behind it.
pub(in crate::client) async fn probe_connection(
    node: &PeerEndpoint,
    patience: Duration,
) -> ProbedConnection {
    let failed = |why: String| ProbedConnection {
        reached: Err(why),
        handshake: None,
    };
    let stream = match timeout(patience, TcpStream::connect(&node.address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return failed(error.to_string()),
        Err(_) => return failed(LATE.to_owned()),
    };
    let shaken = timeout(patience, shake_hands(node, stream, patience)).await;
    let shaken = shaken.unwrap_or_else(|_| Err(LATE.to_owned()));
    ProbedConnection {
        reached: Ok(()),
        handshake: Some(shaken),
    }
}

async fn shake_hands(
    node: &PeerEndpoint,
    stream: TcpStream,
    patience: Duration,
) -> Result<Handshake, String> {
    let provider = Arc::new(ring::default_provider());
    let seen = Arc::new(Seen::default());
    let verifier = Witness {
        seen: Arc::clone(&seen),
        provider: Arc::clone(&provider),
    };
    let own = OwnTlsCertificate {
        seen: Arc::clone(&seen),
        key: own_key(node, &provider),
    };
    // SECURITY: any certificate is taken, so that it can be looked at; nothing is sent on this connection
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = config.with_client_cert_resolver(Arc::new(own));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let host = expected(node);
    let name = server_name(&host)?;
    let shaken = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await;
    let is_wanted = seen.wanted().is_some();
    let ended = match shaken {
        Ok(mut stream) if is_wanted => {
            // a server that does not take the certificate says so here, and nothing else
            let mut first = [0; 1];
            match timeout(patience / 2, stream.read(&mut first)).await {
                Ok(Ok(0)) => Some("it ended the connection".to_owned()),
                Ok(Err(error)) => Some(error.to_string()),
                Ok(Ok(_)) | Err(_) => None,
            }
        }
        Ok(_) => None,
        Err(error) => match seen.chain() {
            Some(_) => Some(error.to_string()),
            None => return Err(wire::causes(&error).join(": ")),
        },
    };
    let chain = seen.chain().ok_or("it shows no certificate")?;
    Ok(look(node, &host, &chain, &provider, (seen.wanted(), ended)))
}

/// Judges the chain that was shown, one question at a time.
fn look(
    node: &PeerEndpoint,
    host: &str,
    chain: &[CertificateDer<'static>],
    provider: &CryptoProvider,
    (wanted, ended): (Option<Vec<Bytes>>, Option<String>),
) -> Handshake {
    let (leaf, rest) = match chain.split_first() {
        Some((leaf, rest)) => (leaf.clone(), rest),
        None => (CertificateDer::from(Vec::new()), chain),
    };
    let certificate = Certificate::from_der(leaf.to_vec()).map_err(|error| error.to_string());
    let mut handshake = Handshake {
        trusted: Err("it cannot be read".to_owned()),
        is_named: false,
        names: Vec::new(),
        wanted,
        ended,
        certificate,
    };
    let (Ok(parsed), Ok(certificate)) =
        (ParsedCertificate::try_from(&leaf), &handshake.certificate)
    else {
        return handshake;
    };
    // whether it is in time is another question
    let middle = (certificate.not_before() / 2).saturating_add(certificate.not_after() / 2);
    let middle = UnixTime::since_unix_epoch(Duration::from_secs(middle.unsigned_abs()));
    let algorithms = provider.signature_verification_algorithms.all;
    let trusted =
        verify_server_cert_signed_by_trust_anchor(&parsed, &roots(node), rest, middle, algorithms);
    handshake.trusted = trusted.map_err(|error| error.to_string());
    if let Ok(name) = server_name(host) {
        handshake.is_named = verify_server_name(&parsed, &name).is_ok();
    }
    handshake.names = names(&parsed);
    handshake
}

/// The names that a certificate is for.
fn names(parsed: &ParsedCertificate<'_>) -> Vec<String> {
    let Ok(nobody) = ServerName::try_from(NOBODY) else {
        return Vec::new();
    };
    match verify_server_name(parsed, &nobody) {
        Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented,
            ..
        })) => presented
            .iter()
            .take(NAMES)
            .map(|name| plain(name))
            .collect(),
        _ => Vec::new(),
    }
}

/// `DnsName("a.b")` and `IpAddress(1.2.3.4)` as they are written elsewhere.
fn plain(name: &str) -> String {
    let inside = name.split_once('(').map_or(name, |(_, inside)| inside);
    let inside = inside.strip_suffix(')').unwrap_or(inside);
    inside.trim_matches('"').to_owned()
}

fn roots(node: &PeerEndpoint) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let files = node.tls.as_ref();
    let pem = files.map_or(&[][..], |files| files.root_certs.as_slice());
    for certificate in CertificateDer::pem_slice_iter(pem).flatten() {
        // what is none is told with the settings
        let _ = roots.add(certificate);
    }
    roots
}

/// One's own certificate and key for mutual TLS.
fn own_key(node: &PeerEndpoint, provider: &CryptoProvider) -> Option<Arc<CertifiedKey>> {
    let (certificate, key) = node.tls.as_ref()?.client.as_ref()?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
    let key = PrivateKeyDer::from_pem_slice(key).ok()?;
    let key = provider.key_provider.load_private_key(key).ok()?;
    Some(Arc::new(CertifiedKey::new(chain.ok()?, key)))
}

/// The name that the node's certificate must have.
pub(in crate::client) fn expected(node: &PeerEndpoint) -> String {
    let host = || {
        node.address
            .rsplit_once(':')
            .map_or(&*node.address, |(host, _)| host)
    };
    let name = node.server_name.as_deref().unwrap_or_else(host);
    name.trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned()
}

fn server_name(host: &str) -> Result<ServerName<'static>, String> {
    let name = ServerName::try_from(host.to_owned());
    name.map_err(|_| format!("`{host}` is no name that a certificate can have"))
}

/// What a handshake showed, while it goes on.
#[derive(Debug, Default)]
struct Seen {
    chain: Mutex<Option<Vec<CertificateDer<'static>>>>,
    wanted: Mutex<Option<Vec<Bytes>>>,
}

impl Seen {
    fn chain(&self) -> Option<Vec<CertificateDer<'static>>> {
        let chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        chain.clone()
    }

    fn wanted(&self) -> Option<Vec<Bytes>> {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.clone()
    }
}

/// Takes any certificate, and keeps it.
#[derive(Debug)]
struct Witness {
    seen: Arc<Seen>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut chain = vec![end_entity.clone().into_owned()];
        chain.extend(intermediates.iter().map(|one| one.clone().into_owned()));
        *self
            .seen
            .chain
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(chain);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// Shows one's own certificate, where there is one, and keeps whose the node would take.
#[derive(Debug)]
struct OwnTlsCertificate {
    seen: Arc<Seen>,
    key: Option<Arc<CertifiedKey>>,
}

impl ResolvesClientCert for OwnTlsCertificate {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        _: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let names = root_hint_subjects.iter();
        let names = names.map(|name| Bytes::copy_from_slice(name)).collect();
        *self
            .seen
            .wanted
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(names);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        // asked for nothing, a client need not say whom it would show
        true
    }
}
