//! A transaction that runs for a peer: the chaincode's call, and its stub.

use std::{
    any::Any,
    fmt::Debug,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{
    FutureExt,
    future::{AbortRegistration, Abortable},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    ids::{ChaincodeName, ChannelId, CollectionName},
    shim::{
        handler::InvocationOutcome,
        message::TxKey,
        state_call::{Destination, StateRequest},
    },
    stub::{
        Batch, Chaincode, Entry, Event, Invocation, Metadata, Modification, Page, Query, QueryId,
        Response, Stub, StubError, Write, Writes,
    },
};

/// Answers go to the chaincode that waits for them.
#[derive(Debug)]
pub(super) struct Waiting;

impl Destination for Waiting {
    type For<T: Debug> = oneshot::Sender<Result<T, StubError>>;
}

/// What a transaction tells its session.
pub(super) enum Input {
    Asked(TxKey, StateRequest<Waiting>),
    /// One that ran on a worker is over.
    Done(EndedTransaction),
}

/// A transaction whose chaincode runs no longer.
pub(super) struct EndedTransaction {
    pub(super) key: TxKey,
    pub(super) how: HowEnded,
    /// The longest that it computed at a time, where that was measured.
    pub(super) longest: Duration,
}

pub(super) enum HowEnded {
    /// The chaincode is done.
    Answered(InvocationOutcome),
    /// It panicked with these words.
    Panicked(String),
    /// It was given up before.
    Aborted,
}

/// Runs the chaincode once.
pub(super) async fn call<C: Chaincode>(
    chaincode: Arc<C>,
    key: TxKey,
    invocation: Box<Invocation>,
    inputs: mpsc::UnboundedSender<Input>,
    registration: AbortRegistration,
) -> EndedTransaction {
    let mut stub = StreamStub {
        key,
        inputs,
        writes: Writes::default(),
        event: None,
    };
    // the stub is not used after a panic, and the chaincode answers for its own state
    let running = AssertUnwindSafe(chaincode.invoke(&invocation, &mut stub)).catch_unwind();
    let how = match Abortable::new(running, registration).await {
        Ok(Ok(response)) => HowEnded::Answered(InvocationOutcome {
            response,
            writes: stub.writes,
            event: stub.event,
        }),
        Ok(Err(panic)) => HowEnded::Panicked(words(&*panic)),
        Err(_) => HowEnded::Aborted,
    };
    EndedTransaction {
        key: stub.key,
        how,
        longest: Duration::ZERO,
    }
}

/// A transaction that runs where its stream is served, and how long it computes at a time.
pub(super) struct Inline {
    call: Pin<Box<dyn Future<Output = EndedTransaction> + Send>>,
    longest: Duration,
}

impl Inline {
    pub(super) fn new(call: impl Future<Output = EndedTransaction> + Send + 'static) -> Self {
        Self {
            call: Box::pin(call),
            longest: Duration::ZERO,
        }
    }
}

impl Future for Inline {
    type Output = EndedTransaction;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<EndedTransaction> {
        #[expect(
            clippy::disallowed_methods,
            reason = "what is measured is only told, no answer depends on it"
        )]
        let started = Instant::now();
        let polled = self.call.as_mut().poll(cx);
        let longest = self.longest.max(started.elapsed());
        self.longest = longest;
        polled.map(|ended| EndedTransaction { longest, ..ended })
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "no words".to_owned()
    }
}

/// The stub of a transaction that runs for a peer.
struct StreamStub {
    key: TxKey,
    inputs: mpsc::UnboundedSender<Input>,
    writes: Writes,
    event: Option<Event>,
}

impl StreamStub {
    /// Sends a request that is made for the place where its answer goes, and waits for the answer.
    async fn ask<T: Debug>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, StubError>>) -> StateRequest<Waiting>,
    ) -> Result<T, StubError> {
        let (sender, answer) = oneshot::channel();
        let request = request(sender);
        let ended = StubError::Ended {
            call: request.call().name(),
        };
        let asked = Input::Asked(self.key.clone(), request);
        if self.inputs.send(asked).is_err() {
            return Err(ended);
        }
        answer.await.unwrap_or(Err(ended))
    }
}

impl Stub for StreamStub {
    async fn get(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Option<Bytes>, StubError> {
        let (collection, key) = (collection.cloned(), key.to_owned());
        self.ask(|to| StateRequest::Get {
            collection,
            key,
            to,
        })
        .await
    }

    async fn get_multiple(
        &mut self,
        collection: Option<&CollectionName>,
        keys: &[String],
    ) -> Result<Vec<Option<Bytes>>, StubError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (collection, keys) = (collection.cloned(), keys.to_vec());
        self.ask(|to| StateRequest::GetMultiple {
            collection,
            keys,
            to,
        })
        .await
    }

    async fn get_hash(
        &mut self,
        collection: &CollectionName,
        key: &str,
    ) -> Result<Option<Bytes>, StubError> {
        let (collection, key) = (collection.clone(), key.to_owned());
        self.ask(|to| StateRequest::GetHash {
            collection,
            key,
            to,
        })
        .await
    }

    async fn get_metadata(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Metadata, StubError> {
        let (collection, key) = (collection.cloned(), key.to_owned());
        self.ask(|to| StateRequest::GetMetadata {
            collection,
            key,
            to,
        })
        .await
    }

    async fn open_query(
        &mut self,
        collection: Option<&CollectionName>,
        query: &Query,
    ) -> Result<Batch<Entry>, StubError> {
        let (collection, query) = (collection.cloned(), query.clone());
        self.ask(|to| StateRequest::Open {
            collection,
            query,
            to,
        })
        .await
    }

    async fn open_history(&mut self, key: &str) -> Result<Batch<Modification>, StubError> {
        let key = key.to_owned();
        self.ask(|to| StateRequest::OpenHistory { key, to }).await
    }

    async fn next_entries(&mut self, query: &QueryId) -> Result<Batch<Entry>, StubError> {
        let query = query.clone();
        self.ask(|to| StateRequest::Next { query, to }).await
    }

    async fn next_modifications(
        &mut self,
        query: &QueryId,
    ) -> Result<Batch<Modification>, StubError> {
        let query = query.clone();
        self.ask(|to| StateRequest::NextHistory { query, to }).await
    }

    async fn close_query(&mut self, query: &QueryId) -> Result<(), StubError> {
        let query = query.clone();
        self.ask(|to| StateRequest::Close { query, to }).await
    }

    async fn get_query_page(
        &mut self,
        query: &Query,
        page_size: u32,
        bookmark: &str,
    ) -> Result<Page, StubError> {
        let (query, bookmark) = (query.clone(), bookmark.to_owned());
        self.ask(|to| StateRequest::Page {
            query,
            page_size,
            bookmark,
            to,
        })
        .await
    }

    async fn invoke_on_channel(
        &mut self,
        chaincode: &ChaincodeName,
        channel: Option<&ChannelId>,
        args: &[Bytes],
    ) -> Result<Response, StubError> {
        let (chaincode, channel) = (chaincode.clone(), channel.cloned());
        let args = args.to_vec();
        self.ask(|to| StateRequest::Invoke {
            chaincode,
            channel,
            args,
            to,
        })
        .await
    }

    fn write(&mut self, collection: Option<CollectionName>, key: String, write: Write) {
        self.writes.write(collection, key, write);
    }

    fn write_metadata(
        &mut self,
        collection: Option<CollectionName>,
        key: String,
        name: String,
        value: Bytes,
    ) {
        self.writes.write_metadata(collection, key, name, value);
    }

    fn set_event(&mut self, event: Event) {
        self.event = Some(event);
    }
}
