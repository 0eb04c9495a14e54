//! TLS of the chaincode server, from PEM texts.

use std::fmt;

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

// SECURITY: a key never gets into a log through `{:?}`.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("mutual", &self.client_ca.is_some())
            .finish_non_exhaustive()
    }
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// Certificate, key or CA are not what they should be.
    #[error("the tls material of the chaincode server is not usable: {0}")]
    Unusable(String),
}
