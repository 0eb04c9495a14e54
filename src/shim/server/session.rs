//! One peer's stream: moves messages between the stream, the handler and the running transactions.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{
    future::AbortHandle,
    stream::{FuturesUnordered, Stream},
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, Sleep, sleep_until},
};
use tokio_util::{
    sync::{CancellationToken, WaitForCancellationFutureOwned},
    task::task_tracker::TaskTrackerToken,
};
use tonic::{Status, Streaming};

use super::{
    connections::OpenStream,
    running::{self, EndedTransaction, HowEnded, Inline, Input, Waiting},
    settings::ShimSettings,
    workers::Workers,
};
use crate::{
    proto::protos::ChaincodeMessage,
    shim::{
        error::Closing,
        handler::{Handler, InvocationOutcome, SessionEvent},
        message::TxKey,
        observer::{Observer, StateCall, StreamId, TransactionFacts},
        state_call::StateAnswer,
    },
    stub::{Chaincode, Invocation},
};

/// What every session of a server shares.
pub(super) struct Shared<C> {
    pub(super) chaincode: Arc<C>,
    pub(super) settings: ShimSettings,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) shutdown: CancellationToken,
    pub(super) workers: Workers,
    /// The bytes of transactions that all sessions together hold.
    pub(super) held: AtomicUsize,
}

/// Serves one stream until it is over. It is the stream of our messages to the peer: whoever sends
/// them polls it, and with it all transactions of the stream that do not compute for long.
///
/// A peer that does not take our messages is not read from, so what is kept for it is bounded.
pub(super) struct Session<C: Chaincode> {
    shared: Arc<Shared<C>>,
    id: StreamId,
    incoming: Streaming<ChaincodeMessage>,
    handler: Handler<Waiting>,
    opened: Instant,
    /// Transactions that were started and have not ended for the peer.
    running: BTreeMap<TxKey, RunningTransaction>,
    /// Those that run here; all others are with the workers.
    inline: FuturesUnordered<Inline>,
    inputs: mpsc::UnboundedSender<Input>,
    from_transactions: mpsc::UnboundedReceiver<Input>,
    timer: Option<Pin<Box<Sleep>>>,
    /// `None` once the shutdown has begun.
    shutdown: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    is_over: bool,
    /// What of the shared `held` is of this session.
    counted: usize,
    /// What the server waits for when it shuts down, and counts.
    place: (OpenStream, OwnedSemaphorePermit),
    _tracked: TaskTrackerToken,
}

/// A transaction as the session sees it.
struct RunningTransaction {
    facts: TransactionFacts,
    started: Instant,
    waiting: Option<TimedCall>,
    abort: AbortHandle,
}

/// A state call on its way.
struct TimedCall {
    call: StateCall,
    since: Instant,
}

/// So many messages are taken at a time, then others have their turn.
const AT_A_TIME: usize = 64;

/// A transaction that computed for longer at a time should have been with the workers.
const HELD_UP: Duration = Duration::from_millis(250);

impl<C: Chaincode> Session<C> {
    /// A stream that was just opened. `place` is free again behind the session.
    pub(super) fn new(
        shared: Arc<Shared<C>>,
        id: StreamId,
        incoming: Streaming<ChaincodeMessage>,
        place: (OpenStream, OwnedSemaphorePermit),
        tracked: TaskTrackerToken,
    ) -> Self {
        let settings = &shared.settings;
        let (inputs, from_transactions) = mpsc::unbounded_channel();
        Self {
            handler: Handler::new(&settings.chaincode_id, settings.limits, settings.timeouts),
            shutdown: Some(Box::pin(shared.shutdown.clone().cancelled_owned())),
            shared,
            id,
            incoming,
            opened: Instant::now(),
            running: BTreeMap::new(),
            inline: FuturesUnordered::new(),
            inputs,
            from_transactions,
            timer: None,
            is_over: false,
            counted: 0,
            place,
            _tracked: tracked,
        }
    }

    /// Takes one thing that has happened, if something has.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Poll::Ready(Some(ended)) = Pin::new(&mut self.inline).poll_next(cx) {
            self.take(Input::Done(ended));
            return Poll::Ready(());
        }
        if let Poll::Ready(Some(input)) = self.from_transactions.poll_recv(cx) {
            self.take(input);
            return Poll::Ready(());
        }
        if let Poll::Ready(message) = Pin::new(&mut self.incoming).poll_next(cx) {
            match message {
                Some(Ok(message)) => {
                    let all = self.shared.held.load(Relaxed);
                    self.handler.handle_others(all.saturating_sub(self.counted));
                    self.handler.handle_message(self.opened.elapsed(), message);
                }
                Some(Err(status)) => {
                    let why = Closing::Broken(status.message().to_owned());
                    self.handler.handle_end(why);
                }
                None => self.handler.handle_end(Closing::PeerEnded),
            }
            return Poll::Ready(());
        }
        if let Some(shutdown) = &mut self.shutdown
            && shutdown.as_mut().poll(cx).is_ready()
        {
            self.shutdown = None;
            self.handler.handle_shutdown(self.opened.elapsed());
            return Poll::Ready(());
        }
        ready!(self.poll_timer(cx));
        self.handler.handle_timeout(self.opened.elapsed());
        Poll::Ready(())
    }

    /// Waits for the handler's next time. The timer may be early: then there is one more wait.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(timeout) = self.handler.poll_timeout() else {
            return Poll::Pending;
        };
        let deadline = self.opened + timeout;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        if timer.deadline() < deadline {
            timer.as_mut().reset(deadline);
            ready!(timer.as_mut().poll(cx));
        }
        self.timer = None;
        Poll::Ready(())
    }

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
            Input::Done(ended) => self.end(ended),
        }
    }

    fn end(&mut self, EndedTransaction { key, how, longest }: EndedTransaction) {
        let running = self.running.get_mut(&key);
        match (how, running) {
            (HowEnded::Answered(outcome), running) => {
                if let Some(running) = running {
                    if longest > HELD_UP {
                        self.shared.observer.held_up(&running.facts, longest);
                    }
                    if writes(&outcome) {
                        running.waiting = Some(TimedCall {
                            call: StateCall::Write,
                            since: Instant::now(),
                        });
                    }
                }
                self.handler.handle_outcome(&key, outcome);
            }
            (HowEnded::Panicked(words), running) => {
                if let Some(running) = running {
                    self.shared.observer.panicked(&running.facts, &words);
                }
                self.handler.handle_panic(&key);
            }
            (HowEnded::Aborted, _) => self.handler.handle_panic(&key),
        }
    }

    /// Carries out and tells what has happened.
    fn tell(&mut self) {
        let holds = self.handler.transaction_bytes();
        if holds != self.counted {
            // a difference that wraps takes away as much as it should
            let more = holds.wrapping_sub(self.counted);
            self.shared.held.fetch_add(more, Relaxed);
            self.counted = holds;
        }
        while let Some(event) = self.handler.poll_event() {
            match event {
                SessionEvent::Answered { key, answer } => {
                    let waiting = self.running.get_mut(&key).and_then(|r| r.waiting.take());
                    if let Some(waiting) = waiting {
                        self.observe(&waiting);
                    }
                    deliver(answer);
                }
                SessionEvent::Closed(reason) => {
                    self.is_over = true;
                    self.shared.observer.stream_closed(self.id, &reason);
                }
                SessionEvent::Ended { key, ending } => {
                    if let Some(running) = self.running.remove(&key) {
                        // one that was given up is not run any further
                        running.abort.abort();
                        if let Some(waiting) = &running.waiting {
                            self.observe(waiting);
                        }
                        let elapsed = running.started.elapsed();
                        let observer = &self.shared.observer;
                        observer.transaction_finished(&running.facts, &ending, elapsed);
                    }
                }
                SessionEvent::Ready(_) => {
                    self.place.0.ready();
                    self.shared.observer.stream_ready(self.id);
                }
                SessionEvent::Refused { key, failure } => {
                    let facts = self.facts(&key, false, String::new());
                    let observer = &self.shared.observer;
                    observer.transaction_refused(&facts, failure.code());
                }
                SessionEvent::Started { key, invocation } => self.start(key, invocation),
                SessionEvent::Stray(what) => self.shared.observer.stray_message(self.id, &what),
            }
        }
    }

    fn start(&mut self, key: TxKey, invocation: Box<Invocation>) {
        let facts = self.facts(&key, invocation.is_init, function(&invocation));
        self.shared.observer.transaction_started(&facts);
        let (abort, registration) = AbortHandle::new_pair();
        self.running.insert(
            key.clone(),
            RunningTransaction {
                facts,
                started: Instant::now(),
                waiting: None,
                abort,
            },
        );
        let chaincode = Arc::clone(&self.shared.chaincode);
        let computes = chaincode.computes(&invocation);
        let inputs = self.inputs.clone();
        let call = running::call(chaincode, key, invocation, inputs.clone(), registration);
        if computes {
            let work = async move {
                // a session that is gone needs no outcome
                let _ = inputs.send(Input::Done(call.await));
            };
            self.shared.workers.spawn(self.id, Box::pin(work));
        } else {
            self.inline.push(Inline::new(call));
        }
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

impl<C: Chaincode> Stream for Session<C> {
    type Item = Result<ChaincodeMessage, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let session = self.get_mut();
        for _ in 0..AT_A_TIME {
            session.tell();
            if let Some(message) = session.handler.poll_transmit() {
                return Poll::Ready(Some(Ok(message)));
            }
            if session.is_over {
                return Poll::Ready(None);
            }
            ready!(session.poll_input(cx));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<C: Chaincode> Drop for Session<C> {
    fn drop(&mut self) {
        // the peer is gone, or the server ends
        self.handler.handle_end(Closing::PeerEnded);
        self.tell();
    }
}

fn writes(outcome: &InvocationOutcome) -> bool {
    outcome.response.is_success() && !outcome.writes.is_empty()
}

/// Hands an answer to who asked. A transaction that no longer waits has no use for it.
fn deliver(answer: StateAnswer<Waiting>) {
    match answer {
        StateAnswer::Value(to, value) => drop(to.send(value)),
        StateAnswer::Values(to, values) => drop(to.send(values)),
        StateAnswer::Metadata(to, metadata) => drop(to.send(metadata)),
        StateAnswer::Entries(to, entries) => drop(to.send(entries)),
        StateAnswer::Modifications(to, modifications) => drop(to.send(modifications)),
        StateAnswer::Closed(to, closed) => drop(to.send(closed)),
        StateAnswer::Page(to, page) => drop(to.send(page)),
        StateAnswer::Response(to, response) => drop(to.send(response)),
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
