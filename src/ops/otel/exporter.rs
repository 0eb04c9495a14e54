//! Sends spans, on the thread of operations. What cannot be sent is counted and gone: a collector that
//! is not there must cost a server nothing.

use std::{io, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request,
    body::Bytes,
    client::conn::http1,
    header::{CONNECTION, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{sleep, timeout},
};
use tracing::{info, warn};

use super::{
    endpoint::OtlpEndpoint,
    span::{CallSpan, SpanResource, document},
};
use crate::ops::{chore::Chore, metrics::Metrics};

/// So many spans wait at most.
const WAITING: usize = 4_096;
/// So many go in one request.
const BATCH: usize = 512;
/// So long is waited for more of them.
const GATHER: Duration = Duration::from_secs(1);
/// So long a request may take.
const REQUEST: Duration = Duration::from_secs(10);
/// So much of an answer is read. Unit: bytes.
const ANSWER: usize = 64 << 10;

/// Takes spans, and never waits.
#[derive(Clone, Debug)]
pub(crate) struct Spans {
    sender: mpsc::Sender<CallSpan>,
    metrics: Arc<Metrics>,
}

impl Spans {
    /// Where spans go in, and what sends them on.
    pub(crate) fn start(
        endpoint: OtlpEndpoint,
        resource: SpanResource,
        metrics: Arc<Metrics>,
    ) -> (Self, Chore) {
        metrics.spans_from_zero();
        let (sender, receiver) = mpsc::channel(WAITING);
        let chore = send_all(receiver, endpoint, resource, Arc::clone(&metrics));
        (Self { sender, metrics }, Box::pin(chore))
    }

    /// Takes a span; where there is no room it is counted and gone.
    pub(crate) fn take(&self, span: CallSpan) {
        if self.sender.try_send(span).is_err() {
            self.metrics.spans("dropped", 1);
        }
    }
}

async fn send_all(
    mut spans: mpsc::Receiver<CallSpan>,
    endpoint: OtlpEndpoint,
    resource: SpanResource,
    metrics: Arc<Metrics>,
) {
    let mut sent = 0_u64;
    let mut is_well = true;
    loop {
        let mut batch = Vec::new();
        if spans.recv_many(&mut batch, BATCH).await == 0 {
            return;
        }
        if batch.len() < BATCH {
            sleep(GATHER).await;
        }
        while batch.len() < BATCH
            && let Ok(span) = spans.try_recv()
        {
            batch.push(span);
        }
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let body = document(&resource, &batch, sent);
        sent = sent.saturating_add(count);
        let done = timeout(REQUEST, send(&endpoint, body)).await;
        let done = done.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let was_well = is_well;
        is_well = done.is_ok();
        metrics.spans(if is_well { "sent" } else { "failed" }, count);
        match done {
            Ok(()) if !was_well => info!(endpoint = endpoint.authority, "spans are sent again"),
            Err(error) if was_well => {
                warn!(endpoint = endpoint.authority, %error, "spans cannot be sent");
            }
            _ => {}
        }
    }
}

async fn send(endpoint: &OtlpEndpoint, body: String) -> io::Result<()> {
    let stream = TcpStream::connect(&endpoint.authority).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(&endpoint.path)
        .header(HOST, &endpoint.authority)
        .header(CONTENT_TYPE, "application/json")
        .header(CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .map_err(io::Error::other)?;
    let answer = async {
        let answer = sender
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        let status = answer.status();
        // read to its end, so that the collector sees an orderly one
        let _ = Limited::new(answer.into_body(), ANSWER).collect().await;
        match status.is_success() {
            true => Ok(()),
            false => Err(io::Error::other(format!("it answers {status}"))),
        }
    };
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer,
        ended = connection => match ended {
            Err(error) => Err(io::Error::other(error)),
            Ok(()) => answer.await,
        },
    }
}
