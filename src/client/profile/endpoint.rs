//! Whom to connect to.

use std::fmt;

/// A peer or an orderer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerEndpoint {
    /// `host:port`.
    pub address: String,
    /// How to speak TLS; `None`: without TLS.
    pub tls: Option<ClientTlsFiles>,
    /// The name that the server's certificate must have, where it is not the host of the address.
    pub server_name: Option<String>,
}

/// What TLS takes; contents of PEM files.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientTlsFiles {
    /// The CAs that may have issued the server's certificate; one or more.
    pub root_certs: Vec<u8>,
    /// One's own certificate chain and private key, for mutual TLS.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
}

/// Never shows the key.
impl fmt::Debug for ClientTlsFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTlsFiles")
            .field("is_mutual", &self.client.is_some())
            .finish_non_exhaustive()
    }
}
