//! One peer's stream: moves messages between the stream, the handler and the running transactions.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt::{Debug, Display},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    task,
    time::{Instant, sleep_until},
};
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;

use super::{
    error::Closing,
    handler::{Handler, InvocationOutcome, SessionEvent},
    message::TxKey,
    observer::{Observer, StateCall, StreamId, TransactionFacts},
    settings::ShimSettings,
    state_call::{Destination, StateAnswer, StateRequest},
};
use crate::{
    ids::ChaincodeName,
    proto::protos::ChaincodeMessage,
    stub::{Chaincode, Entries, Event, Invocation, KeyRange, Page, Response, Stub, StubError},
};

/// What every session of a server shares.
pub(super) struct Shared<C> {
    pub(super) chaincode: Arc<C>,
    pub(super) settings: ShimSettings,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) shutdown: CancellationToken,
}

/// Serves one stream until it is over.
///
/// Messages to the peer go out before the next input is taken, and the outgoing channel is bounded:
/// a peer that does not read is not read from.
pub(super) async fn run<C: Chaincode>(
    shared: Arc<Shared<C>>,
    id: StreamId,
    mut incoming: impl Stream<Item = Result<ChaincodeMessage, impl Display>> + Unpin,
    outgoing: mpsc::Sender<ChaincodeMessage>,
) {
    let settings = &shared.settings;
    let opened = Instant::now();
    let (inputs, mut from_transactions) = mpsc::channel(64);
    let mut session = Session {
        handler: Handler::new(
            &settings.chaincode_id,
            settings.limits,
            settings.register_timeout,
        ),
        shared: Arc::clone(&shared),
        id,
        running: BTreeMap::new(),
        inputs,
    };
    let reason = loop {
        while let Some(message) = session.handler.poll_transmit() {
            if outgoing.send(message).await.is_err() {
                session.handler.handle_end(Closing::PeerEnded);
            }
        }
        if let Some(reason) = session.tell() {
            break reason;
        }
        let timeout = session.handler.poll_timeout();
        let deadline = opened + timeout.unwrap_or_default();
        tokio::select! {
            message = incoming.next() => match message {
                Some(Ok(message)) => session.handler.handle_message(message),
                Some(Err(error)) => session.handler.handle_end(Closing::Broken(error.to_string())),
                None => session.handler.handle_end(Closing::PeerEnded),
            },
            Some(input) = from_transactions.recv() => session.take(input),
            () = sleep_until(deadline), if timeout.is_some() => {
                session.handler.handle_timeout(opened.elapsed());
            }
            () = shared.shutdown.cancelled(), if !session.handler.is_shutting_down() => {
                let deadline = opened.elapsed().saturating_add(settings.shutdown_grace);
                session.handler.handle_shutdown(deadline);
            }
        }
    };
    while let Some(message) = session.handler.poll_transmit() {
        if outgoing.send(message).await.is_err() {
            break;
        }
    }
    shared.observer.stream_closed(id, &reason);
}

struct Session<C> {
    handler: Handler<Waiting>,
    shared: Arc<Shared<C>>,
    id: StreamId,
    /// Transactions that were started and have not ended for the peer.
    running: BTreeMap<TxKey, RunningTransaction>,
    inputs: mpsc::Sender<Input>,
}

/// A transaction as the session sees it.
struct RunningTransaction {
    facts: TransactionFacts,
    started: Instant,
    waiting: Option<TimedCall>,
}

/// A state call on its way.
struct TimedCall {
    call: StateCall,
    since: Instant,
}

/// Answers go to the chaincode that waits for them on its own thread.
#[derive(Debug)]
struct Waiting;

impl Destination for Waiting {
    type For<T: Debug> = oneshot::Sender<Result<T, StubError>>;
}

/// What a transaction tells its session.
enum Input {
    Asked(TxKey, StateRequest<Waiting>),
    /// The chaincode is done, or panicked with these words.
    Done(TxKey, Result<InvocationOutcome, String>),
}

impl<C: Chaincode> Session<C> {
    fn take(&mut self, input: Input) {
        match input {
            Input::Asked(key, request) => {
                if let Some(running) = self.running.get_mut(&key) {
                    running.waiting = Some(TimedCall {
                        call: request.call(),
                        since: Instant::now(),
                    });
                    self.handler.handle_request(&key, request);
                }
                // otherwise the request is dropped here with the answer's sender, which tells the stub
            }
            Input::Done(key, Ok(outcome)) => {
                if let Some(running) = self.running.get_mut(&key)
                    && outcome.response.is_success()
                    && !outcome.writes.is_empty()
                {
                    running.waiting = Some(TimedCall {
                        call: StateCall::Write,
                        since: Instant::now(),
                    });
                }
                self.handler.handle_outcome(&key, outcome);
            }
            Input::Done(key, Err(words)) => {
                if let Some(running) = self.running.get(&key) {
                    self.shared.observer.panicked(&running.facts, &words);
                }
                self.handler.handle_panic(&key);
            }
        }
    }

    /// Carries out and tells what has happened; the reason, once the stream is over.
    fn tell(&mut self) -> Option<Closing> {
        while let Some(event) = self.handler.poll_event() {
            match event {
                SessionEvent::Answered { key, answer } => {
                    let waiting = self.running.get_mut(&key).and_then(|r| r.waiting.take());
                    if let Some(waiting) = waiting {
                        self.observe(&waiting);
                    }
                    deliver(answer);
                }
                SessionEvent::Closed(reason) => return Some(reason),
                SessionEvent::Ended { key, ending } => {
                    if let Some(running) = self.running.remove(&key) {
                        if let Some(waiting) = &running.waiting {
                            self.observe(waiting);
                        }
                        let elapsed = running.started.elapsed();
                        let observer = &self.shared.observer;
                        observer.transaction_finished(&running.facts, &ending, elapsed);
                    }
                }
                SessionEvent::Ready(_) => self.shared.observer.stream_ready(self.id),
                SessionEvent::Refused { key, failure } => {
                    let facts = self.facts(&key, false, String::new());
                    let observer = &self.shared.observer;
                    observer.transaction_refused(&facts, failure.code());
                }
                SessionEvent::Started { key, invocation } => self.start(key, *invocation),
                SessionEvent::Stray(what) => self.shared.observer.stray_message(self.id, &what),
            }
        }
        None
    }

    fn start(&mut self, key: TxKey, invocation: Invocation) {
        let facts = self.facts(&key, invocation.is_init, function(&invocation));
        self.shared.observer.transaction_started(&facts);
        let started = Instant::now();
        let waiting = None;
        self.running.insert(
            key.clone(),
            RunningTransaction {
                facts,
                started,
                waiting,
            },
        );
        let chaincode = Arc::clone(&self.shared.chaincode);
        let inputs = self.inputs.clone();
        // A call may compute for seconds: on its own thread it holds up neither this stream, nor
        // others, nor the answers to the peer's pings.
        let runtime = Handle::current();
        task::spawn_blocking(move || runtime.block_on(call(chaincode, key, invocation, inputs)));
    }

    fn observe(&self, waiting: &TimedCall) {
        let elapsed = waiting.since.elapsed();
        self.shared.observer.state_call(waiting.call, elapsed);
    }

    fn facts(&self, key: &TxKey, is_init: bool, function: String) -> TransactionFacts {
        TransactionFacts {
            stream: self.id,
            channel: key.channel.clone(),
            tx_id: key.tx_id.clone(),
            is_init,
            function,
        }
    }
}

/// Hands an answer to who asked. A transaction that no longer waits has no use for it.
fn deliver(answer: StateAnswer<Waiting>) {
    match answer {
        StateAnswer::Get(to, value) => drop(to.send(value)),
        StateAnswer::GetMultiple(to, values) => drop(to.send(values)),
        StateAnswer::Invoke(to, response) => drop(to.send(response)),
        StateAnswer::Page(to, page) => drop(to.send(page)),
        StateAnswer::Range(to, entries) => drop(to.send(entries)),
    }
}

/// Runs the chaincode once and hands in what came of it.
async fn call<C: Chaincode>(
    chaincode: Arc<C>,
    key: TxKey,
    invocation: Invocation,
    inputs: mpsc::Sender<Input>,
) {
    let mut stub = StreamStub {
        key: key.clone(),
        inputs: inputs.clone(),
        writes: BTreeMap::new(),
        event: None,
    };
    // the stub is not used after a panic, and the chaincode answers for its own state
    let answer = AssertUnwindSafe(chaincode.invoke(&invocation, &mut stub))
        .catch_unwind()
        .await;
    let done = match answer {
        Ok(response) => Ok(InvocationOutcome {
            response,
            writes: stub.writes,
            event: stub.event,
        }),
        Err(panic) => Err(words(&*panic)),
    };
    // a session that is gone needs no outcome
    let _ = inputs.send(Input::Done(key, done)).await;
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

/// The function's name as it may stand in a log; empty where the first argument is not one.
fn function(invocation: &Invocation) -> String {
    invocation
        .args
        .first()
        .filter(|name| name.len() <= 64 && name.iter().all(u8::is_ascii_graphic))
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .unwrap_or_default()
}

/// The stub of a transaction that runs for a peer.
struct StreamStub {
    key: TxKey,
    inputs: mpsc::Sender<Input>,
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
        if self.inputs.send(asked).await.is_err() {
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
