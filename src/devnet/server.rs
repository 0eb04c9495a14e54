//! A chaincode server that can be stopped and killed like a process of its own.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    shim::{
        Observer, ShimSettings,
        server::{ServeError, serve},
    },
    stub::Chaincode,
};

/// How long an orderly stop may take before it becomes a kill.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A running server. It has a runtime of its own, so that a kill ends everything it does at once
/// and breaks its connections. Dropping it is a kill.
#[derive(Debug)]
pub(super) struct Server {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    /// Starts the real chaincode server on a free port of loopback.
    pub(super) async fn start<C: Chaincode>(
        chaincode: Arc<C>,
        settings: ShimSettings,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, String> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("cmscc-server")
            .enable_all()
            .build()
            .map_err(|e| e.to_string())?;
        let shutdown = CancellationToken::new();
        // the listener belongs to the runtime that serves it
        let bound = runtime.spawn(TcpListener::bind(("127.0.0.1", 0))).await;
        let listener = match bound {
            Ok(bound) => bound.map_err(|e| e.to_string()),
            Err(e) => Err(e.to_string()),
        };
        let started = listener.and_then(|listener| {
            let address = listener.local_addr().map_err(|e| e.to_string())?;
            let token = shutdown.clone();
            let serving = serve(listener, chaincode, settings, observer, token);
            Ok((address, runtime.spawn(serving)))
        });
        match started {
            Ok((address, serving)) => Ok(Self {
                runtime: Some(runtime),
                address,
                shutdown,
                serving,
            }),
            Err(reason) => {
                runtime.shutdown_background();
                Err(reason)
            }
        }
    }

    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends everything that it does, at once.
    pub(super) async fn kill(mut self) -> Result<(), String> {
        let Some(runtime) = self.runtime.take() else {
            return Ok(());
        };
        // waits until its tasks are gone, and their sockets with them
        spawn_blocking(move || runtime.shutdown_timeout(STOP_TIMEOUT))
            .await
            .map_err(|e| e.to_string())
    }

    /// Lets running transactions end, then ends, as on SIGTERM.
    pub(super) async fn stop(mut self) -> Result<(), String> {
        self.shutdown.cancel();
        match timeout(STOP_TIMEOUT, &mut self.serving).await {
            Ok(Ok(served)) => served.map_err(|e| e.to_string())?,
            Ok(Err(e)) => return Err(e.to_string()),
            Err(_) => return Err("it did not stop in time".to_owned()),
        }
        self.kill().await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
