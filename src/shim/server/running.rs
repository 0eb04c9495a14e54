//! A transaction that runs for a peer: the chaincode's call, and its stub.

use std::{
    any::Any,
    collections::BTreeMap,
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
    ids::ChaincodeName,
    shim::{
        handler::InvocationOutcome,
        message::TxKey,
        state_call::{Destination, StateRequest},
    },
    stub::{Chaincode, Entries, Event, Invocation, KeyRange, Page, Response, Stub, StubError},
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
        writes: BTreeMap::new(),
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
    writes: BTreeMap<String, Option<Bytes>>,
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
    async fn get_state(&mut self, key: &str) -> Result<Option<Bytes>, StubError> {
        let key = key.to_owned();
        self.ask(|to| StateRequest::Get { key, to }).await
    }

    async fn get_states(&mut self, keys: &[String]) -> Result<Vec<Option<Bytes>>, StubError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = keys.to_vec();
        self.ask(|to| StateRequest::GetMultiple { keys, to }).await
    }

    async fn get_range(&mut self, range: &KeyRange, most: usize) -> Result<Entries, StubError> {
        let range = range.clone();
        self.ask(|to| StateRequest::Range { range, most, to }).await
    }

    async fn get_page(
        &mut self,
        range: &KeyRange,
        page_size: u32,
        bookmark: &str,
    ) -> Result<Page, StubError> {
        let (range, bookmark) = (range.clone(), bookmark.to_owned());
        self.ask(|to| StateRequest::Page {
            range,
            page_size,
            bookmark,
            to,
        })
        .await
    }

    async fn invoke_chaincode(
        &mut self,
        chaincode: &ChaincodeName,
        args: &[Bytes],
    ) -> Result<Response, StubError> {
        let (chaincode, args) = (chaincode.clone(), args.to_vec());
        self.ask(|to| StateRequest::Invoke {
            chaincode,
            args,
            to,
        })
        .await
    }

    fn put_state(&mut self, key: String, value: Bytes) {
        self.writes.insert(key, Some(value));
    }

    fn del_state(&mut self, key: String) {
        self.writes.insert(key, None);
    }

    fn set_event(&mut self, event: Event) {
        self.event = Some(event);
    }
}
