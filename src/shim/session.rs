//! One peer's stream: moves messages between the stream, the handler and the running transactions.

use std::{any::Any, collections::BTreeMap, fmt::Display, panic::AssertUnwindSafe, sync::Arc};

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
    Call, Closing, Event, Handler, Observer, Outcome, Reply, Request, StreamId, TransactionFacts,
    TxKey, server::ShimSettings,
};
use crate::{
    ids::ChaincodeName,
    proto::protos::ChaincodeMessage,
    stub::{
        Chaincode, Entries, Event as ChaincodeEvent, Invocation, KeyRange, Page, Response, Stub,
        StubError,
    },
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
    handler: Handler,
    shared: Arc<Shared<C>>,
    id: StreamId,
    /// Transactions that were started and have not ended for the peer.
    running: BTreeMap<TxKey, Running>,
    inputs: mpsc::Sender<Input>,
}

/// A transaction as the session sees it.
struct Running {
    facts: TransactionFacts,
    started: Instant,
    waiting: Option<Waiting>,
}

/// A state call on its way.
struct Waiting {
    call: Call,
    since: Instant,
    /// Where the answer goes; nobody waits for that to a write.
    answer: Option<AnswerTo>,
}

type AnswerTo = oneshot::Sender<Result<Reply, StubError>>;

/// What a transaction tells its session.
enum Input {
    Asked(TxKey, Request, AnswerTo),
    /// The chaincode is done, or panicked with these words.
    Done(TxKey, Result<Outcome, String>),
}

impl<C: Chaincode> Session<C> {
    fn take(&mut self, input: Input) {
        match input {
            Input::Asked(key, request, answer) => {
                if let Some(running) = self.running.get_mut(&key) {
                    running.waiting = Some(Waiting {
                        call: request.call(),
                        since: Instant::now(),
                        answer: Some(answer),
                    });
                    self.handler.handle_request(&key, request);
                }
                // otherwise the answer's sender is dropped here, which tells the stub
            }
            Input::Done(key, Ok(outcome)) => {
                if let Some(running) = self.running.get_mut(&key)
                    && outcome.response.is_success()
                    && !outcome.writes.is_empty()
                {
                    running.waiting = Some(Waiting {
                        call: Call::Write,
                        since: Instant::now(),
                        answer: None,
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
                Event::Answered { key, answer } => {
                    let waiting = self.running.get_mut(&key).and_then(|r| r.waiting.take());
                    if let Some(waiting) = waiting {
                        self.observe(&waiting);
                        // a transaction that no longer waits has no use for it
                        let _ = waiting.answer.map(|sender| sender.send(answer));
                    }
                }
                Event::Closed(reason) => return Some(reason),
                Event::Ended { key, ending } => {
                    if let Some(running) = self.running.remove(&key) {
                        if let Some(waiting) = &running.waiting {
                            self.observe(waiting);
                        }
                        let elapsed = running.started.elapsed();
                        let observer = &self.shared.observer;
                        observer.transaction_finished(&running.facts, &ending, elapsed);
                    }
                }
                Event::Ready(_) => self.shared.observer.stream_ready(self.id),
                Event::Refused { key, failure } => {
                    let facts = self.facts(&key, false, String::new());
                    let observer = &self.shared.observer;
                    observer.transaction_refused(&facts, failure.code());
                }
                Event::Started { key, invocation } => self.start(key, *invocation),
                Event::Stray(what) => self.shared.observer.stray_message(self.id, &what),
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
            Running {
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

    fn observe(&self, waiting: &Waiting) {
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
        Ok(response) => Ok(Outcome {
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
    event: Option<ChaincodeEvent>,
}

impl StreamStub {
    async fn ask(&self, request: Request) -> Result<Reply, StubError> {
        let ended = StubError::Ended {
            call: request.call().name(),
        };
        let (sender, answer) = oneshot::channel();
        let asked = Input::Asked(self.key.clone(), request, sender);
        if self.inputs.send(asked).await.is_err() {
            return Err(ended);
        }
        answer.await.unwrap_or(Err(ended))
    }
}

/// The handler answers each request with a reply of its kind.
fn mixed_up(call: Call) -> StubError {
    StubError::Malformed {
        call: call.name(),
        detail: "it answers another call".to_owned(),
    }
}

impl Stub for StreamStub {
    async fn get_state(&mut self, key: &str) -> Result<Option<Bytes>, StubError> {
        match self.ask(Request::Get(key.to_owned())).await? {
            Reply::Value(value) => Ok(value),
            _ => Err(mixed_up(Call::Get)),
        }
    }

    async fn get_states(&mut self, keys: &[String]) -> Result<Vec<Option<Bytes>>, StubError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        match self.ask(Request::GetMultiple(keys.to_vec())).await? {
            Reply::Values(values) => Ok(values),
            _ => Err(mixed_up(Call::GetMultiple)),
        }
    }

    async fn get_range(&mut self, range: &KeyRange, most: usize) -> Result<Entries, StubError> {
        let range = range.clone();
        match self.ask(Request::Range { range, most }).await? {
            Reply::Entries(entries) => Ok(entries),
            _ => Err(mixed_up(Call::Range)),
        }
    }

    async fn get_page(
        &mut self,
        range: &KeyRange,
        page_size: u32,
        bookmark: &str,
    ) -> Result<Page, StubError> {
        let request = Request::Page {
            range: range.clone(),
            page_size,
            bookmark: bookmark.to_owned(),
        };
        match self.ask(request).await? {
            Reply::Page(page) => Ok(page),
            _ => Err(mixed_up(Call::Page)),
        }
    }

    async fn invoke_chaincode(
        &mut self,
        chaincode: &ChaincodeName,
        args: &[Bytes],
    ) -> Result<Response, StubError> {
        let request = Request::Invoke {
            chaincode: chaincode.clone(),
            args: args.to_vec(),
        };
        match self.ask(request).await? {
            Reply::Called(response) => Ok(response),
            _ => Err(mixed_up(Call::Invoke)),
        }
    }

    fn put_state(&mut self, key: String, value: Bytes) {
        self.writes.insert(key, Some(value));
    }

    fn del_state(&mut self, key: String) {
        self.writes.insert(key, None);
    }

    fn set_event(&mut self, event: ChaincodeEvent) {
        self.event = Some(event);
    }
}
