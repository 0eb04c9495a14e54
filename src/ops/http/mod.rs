//! The operations listener: a small HTTP server of its own, which answers whatever the chaincode does.
//!
//! `answers` says what is answered. What clients do here takes bounded memory and time: half requests
//! and silent connections end by deadlines, and where all places are taken the oldest connection
//! makes room.

mod answers;

use std::{collections::VecDeque, convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::AbortHandle,
    time::{sleep, timeout},
};

pub(crate) use answers::Endpoints;

/// The most connections open at once.
const CONNECTIONS: usize = 64;

/// How long a client may take for the head of a request, or do nothing between two.
const HEAD: Duration = Duration::from_secs(5);

/// How long a connection lives; then it is closed after the answer that is under way.
const LIFE: Duration = Duration::from_secs(60);

/// How long that answer may take.
const LAST: Duration = Duration::from_secs(5);

/// How long to wait where connections cannot be taken, such as for want of descriptors.
const PAUSE: Duration = Duration::from_millis(200);

/// Answers at the listener until the runtime ends.
pub(super) async fn serve(listener: TcpListener, endpoints: Arc<Endpoints>) {
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                open.retain(|connection| !connection.is_finished());
                if open.len() >= CONNECTIONS
                    && let Some(oldest) = open.pop_front()
                {
                    oldest.abort();
                }
                let connection = connection(stream, Arc::clone(&endpoints));
                open.push_back(tokio::spawn(connection).abort_handle());
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => sleep(PAUSE).await,
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

async fn connection(stream: TcpStream, endpoints: Arc<Endpoints>) {
    let service = service_fn(move |request| {
        let endpoints = Arc::clone(&endpoints);
        async move { Ok::<_, Infallible>(endpoints.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(16 << 10)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // what a client gets wrong concerns nobody else
    if timeout(LIFE, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(LAST, connection).await;
    }
}
