//! The gRPC server that peers dial.

mod connections;
mod environment;
mod health;
mod running;
mod session;
mod settings;
mod tls;
mod workers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{
    Request, Response, Status, Streaming,
    transport::{self, Server},
};
use tonic_health::ServingStatus;

use connections::ConnectionInfo;
use health::BesideHealth;
use session::{Session, Shared};
use workers::Workers;

use super::observer::{Observer, StreamId};
use crate::{
    proto::protos::{
        ChaincodeMessage,
        chaincode_server::{self, ChaincodeServer},
    },
    stub::Chaincode,
};

pub use environment::{RunError, run};
pub use settings::ShimSettings;
pub use tls::{Tls, TlsError, TlsSwitch};

/// Why a server does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Listening or serving failed; the stream of one peer does not end it.
    #[error("the chaincode server failed")]
    Transport(#[from] transport::Error),
}

/// Serves a chaincode to any number of peers until `shutdown` is cancelled and the running
/// transactions have ended or used up their grace.
///
/// Must run in a Tokio runtime. One of a single thread is the fastest: transactions run where their
/// stream is served, and those that [compute](Chaincode::computes) on threads of their own.
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
    let builder = Server::builder()
        // A peer pings when it has read nothing for 60 s. Ours finds peers that are gone without
        // a word, whose streams would stay for ever.
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_concurrent_streams(u32::try_from(settings.limits.streams).ok());
    let (limit, grace) = (
        settings.limits.message_bytes,
        settings.timeouts.shutdown_grace,
    );
    let incoming =
        connections::accept(listener, &settings, Arc::clone(&observer), shutdown.clone());
    let sessions = TaskTracker::new();
    let service = Service {
        sessions: sessions.clone(),
        streams: Arc::new(Semaphore::new(settings.limits.streams)),
        opened: AtomicU64::new(0),
        shared: Arc::new(Shared {
            chaincode,
            settings,
            observer,
            shutdown: shutdown.clone(),
            workers: Workers::new(),
            held: AtomicUsize::new(0),
        }),
    };
    let service = ChaincodeServer::new(service)
        .max_decoding_message_size(limit)
        .max_encoding_message_size(limit);
    let (reporter, health) = tonic_health::server::health_reporter();
    let service = BesideHealth {
        chaincode: service,
        health,
    };
    let serving = builder.serve_with_incoming_shutdown(service, incoming, shutdown.cancelled());
    tokio::select! {
        served = serving => Ok(served?),
        () = async {
            shutdown.cancelled().await;
            sessions.close();
            let stopping = ServingStatus::NotServing;
            reporter.set_service_status("", stopping).await;
            // the sessions keep to their grace, unless a peer does not read
            let _ = timeout(grace.saturating_add(LINGER), sessions.wait()).await;
            sleep(LINGER).await;
        } => Ok(()),
    }
}

/// How long the server waits before it asks a silent peer for a sign of life.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// How long the peer may take to give it, as long as the peer gives us.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// How many bytes a peer may send ahead of our reading, on a stream and on a connection.
const WINDOW: u32 = 4 << 20;

/// How long connections may take to close after all sessions have ended.
const LINGER: Duration = Duration::from_secs(2);

struct Service<C> {
    shared: Arc<Shared<C>>,
    sessions: TaskTracker,
    streams: Arc<Semaphore>,
    opened: AtomicU64,
}

#[tonic::async_trait]
impl<C: Chaincode> chaincode_server::Chaincode for Service<C> {
    type ConnectStream = Session<C>;

    async fn connect(
        &self,
        request: Request<Streaming<ChaincodeMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        let too_many = |of| Status::resource_exhausted(format!("too many streams {of}"));
        let place = Arc::clone(&self.streams)
            .try_acquire_owned()
            .map_err(|_| too_many("on this chaincode server"))?;
        let connection = request.extensions().get::<ConnectionInfo>();
        let connection = connection.ok_or_else(|| Status::internal("no connection"))?;
        let peer = connection.address().to_string();
        let open = connection
            .open_stream()
            .ok_or_else(|| too_many("of this address on this chaincode server"))?;
        let id = StreamId(self.opened.fetch_add(1, Relaxed).saturating_add(1));
        self.shared.observer.stream_opened(id, &peer);
        Ok(Response::new(Session::new(
            Arc::clone(&self.shared),
            id,
            request.into_inner(),
            (open, place),
            self.sessions.token(),
        )))
    }
}
