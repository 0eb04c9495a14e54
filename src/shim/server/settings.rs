//! How a chaincode server behaves.

use super::tls::TlsSwitch;
use crate::shim::limits::{ServerLimits, Timeouts};

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct ShimSettings {
    /// What it registers as: the package id.
    pub chaincode_id: String,
    /// TLS, where wanted.
    pub tls: Option<TlsSwitch>,
    /// What peers may use.
    pub limits: ServerLimits,
    /// How long the times of a stream are.
    pub timeouts: Timeouts,
}

impl ShimSettings {
    /// The default settings, without TLS.
    #[must_use]
    pub fn new(chaincode_id: impl Into<String>) -> Self {
        Self {
            chaincode_id: chaincode_id.into(),
            tls: None,
            limits: ServerLimits::default(),
            timeouts: Timeouts::default(),
        }
    }
}
