//! How a chaincode server behaves.

use std::time::Duration;

use super::{limits::ServerLimits, tls::Tls};

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct ShimSettings {
    /// What it registers as: the package id.
    pub chaincode_id: String,
    /// TLS, where wanted.
    pub tls: Option<Tls>,
    /// What one stream may use.
    pub limits: ServerLimits,
    /// How long a peer may take to accept the registration before the stream is closed.
    pub register_timeout: Duration,
    /// How long running transactions get when the server shuts down.
    pub shutdown_grace: Duration,
}

impl ShimSettings {
    /// The default settings, without TLS.
    #[must_use]
    pub fn new(chaincode_id: impl Into<String>) -> Self {
        Self {
            chaincode_id: chaincode_id.into(),
            tls: None,
            limits: ServerLimits::default(),
            register_timeout: Duration::from_secs(5),
            shutdown_grace: Duration::from_secs(20),
        }
    }
}
