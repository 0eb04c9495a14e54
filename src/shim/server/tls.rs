//! TLS of the chaincode server, from PEM texts.

use std::{
    collections::BTreeSet,
    fmt, io,
    sync::{Arc, PoisonError, RwLock},
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, AlertDescription, CertificateError, RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::{VerifierBuilderError, WebPkiClientVerifier},
    },
};

use crate::ids::Digest;

/// The server's certificate and key, and who may connect.
#[derive(Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certificate: Vec<u8>,
    /// The private key, PEM.
    pub key: Vec<u8>,
    /// The CAs whose client certificates are demanded and accepted, PEM; `None`: any client.
    pub client_ca: Option<Vec<u8>>,
    /// SHA-256 of the client certificates (DER) that are accepted; `None`: all of the client CAs.
    pub allowed_clients: Option<BTreeSet<Digest>>,
}

/// Why TLS material cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The certificate chain is no PEM, or empty.
    #[error("the certificate chain holds no PEM certificate")]
    Certificate,
    /// A client CA cannot be used.
    #[error("the client ca holds no PEM certificate of a ca")]
    ClientCa,
    /// The private key is no PEM.
    #[error("the key holds no PEM private key")]
    Key,
    /// Certificate and key do not fit, or one of them is of a kind that TLS cannot use.
    #[error("certificate and key cannot be used together")]
    Unusable(#[source] rustls::Error),
}

/// The TLS material that handshakes use from now on; it can be replaced while the server runs.
/// Connections that are open keep theirs.
#[derive(Clone)]
pub struct TlsSwitch {
    current: Arc<RwLock<Arc<Material>>>,
}

/// What a handshake needs.
pub(super) struct Material {
    config: Arc<ServerConfig>,
    allowed: Option<BTreeSet<Digest>>,
}

impl TlsSwitch {
    /// # Errors
    /// [`TlsError`] where the material cannot be used.
    pub fn new(tls: &Tls) -> Result<Self, TlsError> {
        let current = Arc::new(RwLock::new(Arc::new(tls.material()?)));
        Ok(Self { current })
    }

    /// Uses this material for all handshakes from now on.
    ///
    /// # Errors
    /// As [`TlsSwitch::new`]; then the old material stays.
    pub fn replace(&self, tls: &Tls) -> Result<(), TlsError> {
        let new = Arc::new(tls.material()?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    pub(super) fn current(&self) -> Arc<Material> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Material {
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// The fingerprint of a client that has shown one of its CA's certificates and may not connect.
    pub(super) fn turned_away(&self, client: Option<&[CertificateDer<'_>]>) -> Option<Digest> {
        let allowed = self.allowed.as_ref()?;
        let fingerprint = Digest::of(client?.first()?);
        (!allowed.contains(&fingerprint)).then_some(fingerprint)
    }
}

impl Tls {
    fn material(&self) -> Result<Material, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let chain = certificates(&self.certificate).ok_or(TlsError::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| TlsError::Key)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unusable)?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(ca).ok_or(TlsError::ClientCa)? {
                    roots.add(certificate).map_err(|_| TlsError::ClientCa)?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                let verifier = verifier.map_err(|_: VerifierBuilderError| TlsError::ClientCa)?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(TlsError::Unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Material {
            config: Arc::new(config),
            allowed: self.allowed_clients.clone(),
        })
    }
}

fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    all.ok().filter(|all| !all.is_empty())
}

/// What TLS says of a handshake that failed.
pub(super) fn detail(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|e| e.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(error)) if is_of_old_version(error) => {
            "invalid peer certificate: its version is not 3".to_owned()
        }
        Some(rustls::Error::InvalidCertificate(CertificateError::Other(error))) => {
            format!("invalid peer certificate: {}", error.0)
        }
        _ => error.to_string(),
    }
}

/// Whether a certificate is refused for its version of X.509.
fn is_of_old_version(error: &CertificateError) -> bool {
    // the verifier's own type is not among our dependencies
    matches!(error, CertificateError::Other(error) if error.0.to_string() == "UnsupportedCertVersion")
}

/// The likely cause of a handshake that failed, and what to do.
pub(super) fn hint(error: &io::Error) -> &'static str {
    let inner = error.get_ref().and_then(|e| e.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidMessage(_)) => {
            "the client most likely speaks plain text: build its package with --server-ca"
        }
        Some(rustls::Error::NoCertificatesPresented) => {
            // Go's clients show none where none is of the CAs that the server names
            "the client showed no certificate: its package has none (--peer-cert, --peer-key), or has one of \
             no CA in CHAINCODE_CLIENT_CA_CERT, and peers then show none"
        }
        Some(rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => {
            "the client's certificate has expired: renew it, and build and install the package again"
        }
        Some(rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        )) => "the client's certificate is not valid yet: compare the clocks",
        Some(rustls::Error::InvalidCertificate(error)) if is_of_old_version(error) => {
            "the client's certificate is X.509 version 1, and TLS takes version 3 alone: make it with \
             extensions (`openssl x509 -req -copy_extensions copy`, or `-extfile`), and build and install \
             the package again"
        }
        Some(rustls::Error::InvalidCertificate(
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. },
        )) => {
            "the client's certificate is not for clients: its extendedKeyUsage lacks clientAuth; give the \
             package another one"
        }
        Some(rustls::Error::InvalidCertificate(_)) => {
            "the client's certificate is of no ca in CHAINCODE_CLIENT_CA_CERT, or is not for clients"
        }
        Some(rustls::Error::AlertReceived(
            AlertDescription::CertificateExpired | AlertDescription::CertificateUnknown,
        )) => "the peer does not accept this server's certificate: see whether it has expired",
        Some(rustls::Error::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::DecryptError
            | AlertDescription::UnknownCA,
        )) => {
            "the peer does not accept this server's certificate: it has to be of the --server-ca of \
             the package, name the host of its --address, and be valid"
        }
        Some(rustls::Error::PeerIncompatible(_)) => {
            "the client cannot agree on TLS 1.2 or 1.3 and HTTP/2"
        }
        _ => "the client went away: it may not trust this server's certificate, or be none of TLS",
    }
}

// SECURITY: a key never gets into a log through `{:?}`.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("mutual", &self.client_ca.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TlsSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSwitch").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair};
    use tokio_rustls::rustls::pki_types::UnixTime;

    use super::*;

    /// What the verifier of clients says of a certificate that this CA issued.
    fn refused(
        ca: &rcgen::Certificate,
        certificate: &CertificateDer<'_>,
    ) -> (String, &'static str) {
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        let checked = verifier
            .build()
            .unwrap()
            .verify_client_cert(certificate, &[], now);
        let error = io::Error::other(checked.err().unwrap());
        (detail(&error), hint(&error))
    }

    #[test]
    fn what_is_wrong_with_a_client_certificate_is_said_without_debug_text() {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_key = KeyPair::generate().unwrap();
        let ca = params.self_signed(&ca_key).unwrap();
        let issuer = rcgen::Issuer::new(params, ca_key);
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["peer".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let of_servers = params.signed_by(&key, &issuer).unwrap();
        let stranger = CertificateParams::new(vec!["peer".to_owned()]).unwrap();
        let stranger = stranger.self_signed(&key).unwrap();
        let old = include_bytes!("../../../tests/certificates/version-1.pem");
        let old = CertificateDer::from_pem_slice(old).unwrap();
        for (certificate, expected) in [
            (&old, "is X.509 version 1"),
            (of_servers.der(), "lacks clientAuth"),
            (stranger.der(), "is of no ca in CHAINCODE_CLIENT_CA_CERT"),
        ] {
            let (detail, hint) = refused(&ca, certificate);
            assert!(hint.contains(expected), "{hint}");
            assert!(!detail.contains("OtherError"), "{detail}");
        }
    }
}
