//! The gRPC server that peers dial.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
    time::{sleep, timeout},
};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{
    Request, Response, Status, Streaming,
    transport::{self, Server, server::TcpIncoming},
};

use super::{
    observer::{Observer, StreamId},
    session::{self, Shared},
    settings::ShimSettings,
};
use crate::{
    proto::protos::{
        ChaincodeMessage,
        chaincode_server::{self, ChaincodeServer},
    },
    stub::Chaincode,
};

/// Why a server does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The certificate, the key or the client CA cannot be used.
    #[error("the tls certificate, key or client ca of the chaincode server cannot be used")]
    Tls(#[source] transport::Error),
    /// Listening or serving failed; the stream of one peer does not end it.
    #[error("the chaincode server failed")]
    Transport(#[from] transport::Error),
}

/// Serves a chaincode to any number of peers until `shutdown` is cancelled and the running
/// transactions have ended or used up their grace.
///
/// Must run in a Tokio runtime; each running transaction takes one of its blocking threads.
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
    let mut builder = Server::builder()
        // A peer pings when it has read nothing for 60 s. Ours finds peers that are gone without
        // a word, whose streams would stay for ever.
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    if let Some(tls) = &settings.tls {
        builder = builder
            .tls_config(tls.server_config())
            .map_err(ServeError::Tls)?;
    }
    let (limit, grace) = (settings.limits.message_bytes, settings.shutdown_grace);
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
        }),
    };
    let service = ChaincodeServer::new(service)
        .max_decoding_message_size(limit)
        .max_encoding_message_size(limit);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    // the one service needs no router before it: it refuses the paths that it does not know
    let serving = builder.serve_with_incoming_shutdown(service, incoming, shutdown.cancelled());
    tokio::select! {
        served = serving => Ok(served?),
        () = async {
            shutdown.cancelled().await;
            sessions.close();
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
    type ConnectStream = Pin<Box<dyn Stream<Item = Result<ChaincodeMessage, Status>> + Send>>;

    async fn connect(
        &self,
        request: Request<Streaming<ChaincodeMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        let place = Arc::clone(&self.streams)
            .try_acquire_owned()
            .map_err(|_| Status::resource_exhausted("too many streams on this chaincode server"))?;
        let id = StreamId(self.opened.fetch_add(1, Relaxed).saturating_add(1));
        let peer = request
            .remote_addr()
            .map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        self.shared.observer.stream_opened(id, &peer);
        let (outgoing, messages) = mpsc::channel(64);
        let session = session::run(
            Arc::clone(&self.shared),
            id,
            request
                .into_inner()
                .map(|m| m.map_err(|s| s.message().to_owned())),
            outgoing,
        );
        self.sessions.spawn(async move {
            session.await;
            drop(place);
        });
        Ok(Response::new(Box::pin(
            ReceiverStream::new(messages).map(Ok),
        )))
    }
}
