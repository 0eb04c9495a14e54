//! TLS of the chaincode server, from PEM texts.

use std::{fmt, time::Duration};

use tonic::transport::{Certificate, Identity, ServerTlsConfig};

/// The server's certificate and key, and who may connect.
#[derive(Clone)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certificate: Vec<u8>,
    /// The private key, PEM.
    pub key: Vec<u8>,
    /// The CAs whose client certificates are demanded and accepted, PEM; `None`: any client.
    pub client_ca: Option<Vec<u8>>,
}

/// How long a client may take for the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

impl Tls {
    pub(super) fn server_config(&self) -> ServerTlsConfig {
        let identity = Identity::from_pem(&self.certificate, &self.key);
        let config = ServerTlsConfig::new().identity(identity).timeout(HANDSHAKE);
        match &self.client_ca {
            Some(ca) => config.client_ca_root(Certificate::from_pem(ca)),
            None => config,
        }
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
