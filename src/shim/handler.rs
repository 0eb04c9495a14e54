//! The state of one stream, without a stream.

use std::{
    collections::{BTreeMap, VecDeque, btree_map::Entry},
    mem,
    time::Duration,
};

use prost::Message;

use super::{
    batch::WriteBatches,
    error::{Closing, Failure},
    features::Features,
    held::{Doing, HeldTransaction},
    limits::{ServerLimits, Timeouts},
    message::{self, TxKey},
    observer::Ending,
    state_call::{Destination, OpenCall, StateAnswer, StateRequest, StateStep, Undirected},
};
use crate::{
    proto::protos::{ChaincodeMessage, chaincode_message::Type},
    stub::{Event, Invocation, Response, StubError, Writes},
};

/// One stream between this chaincode and one peer, as a state machine.
///
/// * inputs: [`handle_message`](Self::handle_message) (the peer sent something),
///   [`handle_others`](Self::handle_others) (what other streams hold),
///   [`handle_request`](Self::handle_request) (a transaction asks for state),
///   [`handle_outcome`](Self::handle_outcome) and [`handle_panic`](Self::handle_panic) (the
///   chaincode is done with a transaction), [`handle_shutdown`](Self::handle_shutdown),
///   [`handle_end`](Self::handle_end) (the stream is gone), [`handle_timeout`](Self::handle_timeout);
/// * [`poll_transmit`](Self::poll_transmit): what to send, in this order;
/// * [`poll_event`](Self::poll_event): what the session must do or tell;
/// * [`poll_timeout`](Self::poll_timeout): when to call `handle_timeout`, if nothing comes before.
///
/// After every input, drain `poll_transmit` and `poll_event` before the next one: what is queued is
/// then bounded by what a single input can cause. Times are counted from the opening of the stream.
/// After [`SessionEvent::Closed`] nothing more is sent and every input is ignored.
///
/// A transaction holds its place from [`SessionEvent::Started`] until the session hands in its outcome (or
/// panic), also when it was given up in between: so the number of running chaincode calls is
/// bounded whatever the peer sends.
#[derive(Debug)]
pub struct Handler<D: Destination = Undirected> {
    chaincode_id: String,
    limits: ServerLimits,
    timeouts: Timeouts,
    phase: Phase,
    // INVARIANT: at most `limits.transactions`
    transactions: BTreeMap<TxKey, HeldTransaction<D>>,
    // INVARIANT: the sum of the `bytes` of all transactions
    bytes: usize,
    /// How many bytes they may have now.
    room: usize,
    // INVARIANT: one for each transaction that has not ended for its peer
    /// When transactions must have ended, by time and number.
    deadlines: BTreeMap<(Duration, u64), TxKey>,
    /// How many transactions were started.
    started: u64,
    /// When the shutdown began.
    shutdown: Option<Duration>,
    transmit: VecDeque<ChaincodeMessage>,
    events: VecDeque<SessionEvent<D>>,
}

/// What a session is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionEvent<D: Destination = Undirected> {
    /// The answer to a transaction's request.
    Answered {
        /// The transaction that asked.
        key: TxKey,
        /// The answer, and where it goes.
        answer: StateAnswer<D>,
    },
    /// The stream is over: send what is queued, then close it. Nothing follows.
    Closed(Closing),
    /// A started transaction is over for the peer. If the chaincode still runs it, its requests
    /// have no answer any more.
    Ended {
        /// The transaction that is over.
        key: TxKey,
        /// How.
        ending: Ending,
    },
    /// The peer accepted us.
    Ready(Features),
    /// A transaction was answered with an error and never started.
    Refused {
        /// The transaction that was not started.
        key: TxKey,
        /// Why.
        failure: Failure,
    },
    /// Run this transaction.
    Started {
        /// The transaction to run.
        key: TxKey,
        /// What to call the chaincode with.
        invocation: Box<Invocation>,
    },
    /// The peer sent something that was ignored.
    Stray(String),
}

/// What a chaincode call left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvocationOutcome {
    /// Status, message and payload, as the peer gets them.
    pub response: Response,
    /// What it wrote.
    pub writes: Writes,
    /// The one event, sent with a success.
    pub event: Option<Event>,
}

#[derive(Debug)]
enum Phase {
    /// REGISTER is out.
    Registering,
    /// REGISTERED has come.
    Registered,
    /// READY has come.
    Ready(Features),
    Closed,
}

/// The longest name of a channel or transaction, in bytes. Fabric's channels have at most 249, its
/// transactions 64.
const MAX_NAME: usize = 1_024;

/// How long new transactions are taken after the shutdown has begun, while others run.
const PATIENCE: Duration = Duration::from_secs(1);

/// A transaction that has run for so long does not keep its peer from dialling another server.
const STUCK: Duration = Duration::from_secs(5);

impl<D: Destination> Handler<D> {
    /// A stream that has just been opened; REGISTER is the first thing to send.
    #[must_use]
    pub fn new(chaincode_id: &str, limits: ServerLimits, timeouts: Timeouts) -> Self {
        Self {
            chaincode_id: chaincode_id.to_owned(),
            limits,
            timeouts,
            phase: Phase::Registering,
            transactions: BTreeMap::new(),
            bytes: 0,
            room: limits.transaction_bytes,
            deadlines: BTreeMap::new(),
            started: 0,
            shutdown: None,
            transmit: VecDeque::from([message::register(chaincode_id)]),
            events: VecDeque::new(),
        }
    }

    /// The peer sent a message.
    pub fn handle_message(&mut self, now: Duration, message: ChaincodeMessage) {
        let kind = Type::try_from(message.r#type).unwrap_or(Type::Undefined);
        let named = message.txid.len().max(message.channel_id.len());
        match (&self.phase, kind) {
            (Phase::Closed, _) => {}
            // SECURITY: names are kept, compared and told
            _ if named > MAX_NAME => self.close(Closing::NameTooLong {
                bytes: named,
                limit: MAX_NAME,
            }),
            // Fabric: fabric-chaincode-go, shim/handler.go, handleMessage: echoed in every state
            (_, Type::Keepalive) => self.transmit.push_back(message),
            (Phase::Registering, Type::Registered) => self.phase = Phase::Registered,
            (Phase::Registered, Type::Ready) => {
                let features = Features::announced(message.payload);
                self.phase = Phase::Ready(features);
                self.events.push_back(SessionEvent::Ready(features));
            }
            (Phase::Ready(_), Type::Init | Type::Transaction) => self.start(now, message),
            (Phase::Ready(_), Type::Response | Type::Error) => self.answer(kind, message),
            (Phase::Registering, _) => self.misplaced("REGISTERED", &message),
            (Phase::Registered, _) => self.misplaced("READY", &message),
            (Phase::Ready(_), _) => {
                self.misplaced("INIT, TRANSACTION, RESPONSE, ERROR or KEEPALIVE", &message);
            }
        }
        self.close_when_drained();
    }

    /// Other streams hold so many bytes. This one may always have its share, and what others leave, up
    /// to its own limit.
    pub fn handle_others(&mut self, bytes: usize) {
        let limits = &self.limits;
        let share = limits.server_bytes.checked_div(limits.streams);
        let left = limits.server_bytes.saturating_sub(bytes);
        let room = left.max(share.unwrap_or_default());
        self.room = room.min(limits.transaction_bytes);
    }

    /// A running transaction asks for state. One request at a time: a second one before the answer
    /// is refused.
    pub fn handle_request(&mut self, key: &TxKey, request: StateRequest<D>) {
        let Phase::Ready(features) = self.phase else {
            return;
        };
        let Some(transaction) = self.transactions.get_mut(key) else {
            return;
        };
        let step = OpenCall::start(request, &features);
        if matches!(transaction.doing, Doing::Running) {
            self.go_on(key, step);
            return;
        }
        let answer = match step {
            StateStep::Ask(open, _) => open.end(),
            StateStep::Done(answer) => answer,
        };
        let key = key.clone();
        self.events
            .push_back(SessionEvent::Answered { key, answer });
    }

    /// The chaincode answered a transaction.
    pub fn handle_outcome(&mut self, key: &TxKey, outcome: InvocationOutcome) {
        self.finish(key, outcome);
        self.close_when_drained();
    }

    /// Takes that the chaincode panicked: the transaction fails, the stream goes on.
    pub fn handle_panic(&mut self, key: &TxKey) {
        self.fail(key, &Failure::ChaincodeFailed);
        self.release(key);
        self.close_when_drained();
    }

    /// The server shuts down. The stream closes as soon as nothing runs, so that the peer dials again:
    /// for a moment new transactions are still taken, since nothing is lost when it closes between two
    /// of them; then they are refused. What still runs when it is stuck, or at the end of the grace, is
    /// given up.
    pub fn handle_shutdown(&mut self, now: Duration) {
        self.shutdown.get_or_insert(now);
        self.close_when_drained();
    }

    /// The stream is gone.
    pub fn handle_end(&mut self, why: Closing) {
        self.close(why);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        if matches!(self.phase, Phase::Registering | Phase::Registered)
            && now >= self.timeouts.register
        {
            let chaincode_id = self.chaincode_id.clone();
            let within = self.timeouts.register;
            self.close(Closing::RegistrationUnanswered {
                chaincode_id,
                within,
            });
            return;
        }
        while let Some(next) = self.deadlines.first_entry() {
            if now < next.key().0 {
                break;
            }
            let key = next.remove();
            let doing = self.transactions.get(&key).map(|held| held.doing.words());
            let failure = Failure::TimedOut {
                within: self.timeouts.call,
                doing: doing.unwrap_or_default(),
            };
            self.fail(&key, &failure);
        }
        if self.drained_by().is_some_and(|end| now >= end) {
            let keys: Vec<_> = self.transactions.keys().cloned().collect();
            for key in keys {
                self.fail(&key, &Failure::ShuttingDown);
            }
            self.close(Closing::ShutDown);
        }
    }

    /// The next message to send.
    pub fn poll_transmit(&mut self) -> Option<ChaincodeMessage> {
        self.transmit.pop_front()
    }

    /// What happened since the last call, oldest first; `None`: nothing more.
    pub fn poll_event(&mut self) -> Option<SessionEvent<D>> {
        self.events.pop_front()
    }

    /// When to call [`Handler::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        match self.phase {
            Phase::Registering | Phase::Registered => {
                let drained = self.drained_by().unwrap_or(Duration::MAX);
                Some(self.timeouts.register.min(drained))
            }
            Phase::Ready(_) => {
                let call = self.deadlines.keys().next().map(|(deadline, _)| *deadline);
                call.into_iter().chain(self.drained_by()).min()
            }
            Phase::Closed => None,
        }
    }

    /// When the shutdown no longer waits for what runs: at the end of the grace, or once new
    /// transactions are refused and all others are stuck.
    fn drained_by(&self) -> Option<Duration> {
        let since = self.shutdown?;
        let youngest = self.transactions.values().map(|held| held.started).max();
        let stuck = youngest.unwrap_or_default().saturating_add(STUCK);
        let grace = since.saturating_add(self.timeouts.shutdown_grace);
        Some(stuck.max(since.saturating_add(PATIENCE)).min(grace))
    }

    /// Whether the shutdown has begun.
    #[must_use]
    pub const fn is_shutting_down(&self) -> bool {
        self.shutdown.is_some()
    }

    /// Transactions that hold a place.
    #[must_use]
    pub fn transactions(&self) -> usize {
        self.transactions.len()
    }

    /// Bytes that they hold.
    #[must_use]
    pub const fn transaction_bytes(&self) -> usize {
        self.bytes
    }

    fn start(&mut self, now: Duration, message: ChaincodeMessage) {
        let key = TxKey::of(&message);
        let bytes = message.encoded_len();
        match self.admit(now, &key, bytes, message) {
            Ok(invocation) => {
                self.bytes = self.bytes.saturating_add(bytes);
                self.started = self.started.saturating_add(1);
                let deadline = (now.saturating_add(self.timeouts.call), self.started);
                let held = HeldTransaction {
                    bytes,
                    started: now,
                    deadline,
                    doing: Doing::Running,
                };
                self.transactions.insert(key.clone(), held);
                self.deadlines.insert(deadline, key.clone());
                let invocation = Box::new(invocation);
                self.events
                    .push_back(SessionEvent::Started { key, invocation });
            }
            Err(failure) => {
                self.transmit.push_back(key.failed(&failure));
                self.events
                    .push_back(SessionEvent::Refused { key, failure });
            }
        }
    }

    fn admit(
        &mut self,
        now: Duration,
        key: &TxKey,
        bytes: usize,
        message: ChaincodeMessage,
    ) -> Result<Invocation, Failure> {
        if self.transactions.contains_key(key) {
            // The peer has only one context of this name, so ours is not the one it means.
            self.abandon(key, Ending::Cancelled);
            return Err(Failure::TransactionRunning);
        }
        let refuses = |since: Duration| now >= since.saturating_add(PATIENCE);
        if self.shutdown.is_some_and(refuses) {
            return Err(Failure::ShuttingDown);
        }
        let (running, limit) = (self.transactions.len(), self.limits.transactions);
        if running >= limit {
            return Err(Failure::TooManyTransactions { running, limit });
        }
        let (bytes, limit) = (self.bytes.saturating_add(bytes), self.room);
        if bytes > limit {
            return Err(Failure::TooManyTransactionBytes { bytes, limit });
        }
        message::invocation(message)
    }

    /// RESPONSE or ERROR.
    fn answer(&mut self, kind: Type, message: ChaincodeMessage) {
        let key = TxKey::of(&message);
        let Some(transaction) = self.transactions.get_mut(&key) else {
            self.stray(kind, &key);
            return;
        };
        match &mut transaction.doing {
            Doing::Abandoned => self.stray(kind, &key),
            Doing::Running => {
                let failure = Failure::UnexpectedAnswer(kind.as_str_name());
                self.fail(&key, &failure);
            }
            doing @ Doing::Asking(_) => {
                if let Doing::Asking(open) = mem::replace(doing, Doing::Running) {
                    let step = if kind == Type::Response {
                        open.handle_answer(message.payload)
                    } else {
                        let call = open.message_type();
                        let reason = message::words(&message.payload);
                        StateStep::Done(open.fail(StubError::Refused { call, reason }))
                    };
                    self.go_on(&key, step);
                }
            }
            Doing::Writing(..) if kind == Type::Response => self.write_further(&key),
            Doing::Writing(..) => {
                let words = message::words(&message.payload);
                self.fail(&key, &Failure::WritesRefused(words));
            }
        }
    }

    fn finish(&mut self, key: &TxKey, outcome: InvocationOutcome) {
        let Phase::Ready(features) = self.phase else {
            return;
        };
        let Some(transaction) = self.transactions.get_mut(key) else {
            return;
        };
        if !matches!(transaction.doing, Doing::Running) {
            // given up already; or the chaincode let go of a call whose answer is still to come
            self.fail(key, &Failure::ChaincodeFailed);
            self.release(key);
            return;
        }
        let ending = Ending::Answered {
            status: outcome.response.status,
            message: outcome.response.message.clone(),
        };
        // Fabric: core/endorser/endorser.go, callChaincode: neither writes nor event of a response
        // of 400 or above are used
        let (writes, event) = if outcome.response.is_success() {
            (outcome.writes, outcome.event)
        } else {
            (Writes::default(), None)
        };
        let unnamed = event.as_ref().and_then(Event::problem);
        if let Some(problem) = writes.problem().or(unnamed) {
            self.fail(key, &Failure::WritesInvalid(problem));
            self.release(key);
            return;
        }
        let last = key.completed(outcome.response, event);
        let bytes = last.encoded_len();
        if bytes > self.limits.message_bytes {
            let limit = self.limits.message_bytes;
            self.fail(key, &Failure::ResponseTooLarge { bytes, limit });
            self.release(key);
            return;
        }
        let batch = Box::new(WriteBatches::new(writes, &features));
        transaction.doing = Doing::Writing(batch, Box::new(last), ending);
        self.write_further(key);
    }

    /// Goes on with the state call of a running transaction.
    fn go_on(&mut self, key: &TxKey, step: StateStep<D>) {
        let answer = match step {
            StateStep::Ask(open, (kind, payload)) => {
                let message = key.message(kind, payload);
                let (bytes, limit) = (message.encoded_len(), self.limits.message_bytes);
                if bytes <= limit {
                    if let Some(transaction) = self.transactions.get_mut(key) {
                        transaction.doing = Doing::Asking(open);
                    }
                    self.transmit.push_back(message);
                    return;
                }
                let call = kind.as_str_name();
                open.fail(StubError::TooLarge { call, bytes, limit })
            }
            StateStep::Done(answer) => answer,
        };
        let key = key.clone();
        self.events
            .push_back(SessionEvent::Answered { key, answer });
    }

    /// Sends the next writes of a finished transaction, or its end.
    fn write_further(&mut self, key: &TxKey) {
        let Entry::Occupied(mut entry) = self.transactions.entry(key.clone()) else {
            return;
        };
        let Doing::Writing(batch, ..) = &mut entry.get_mut().doing else {
            return;
        };
        let Some((kind, payload)) = batch.next() else {
            let transaction = entry.remove();
            self.bytes = self.bytes.saturating_sub(transaction.bytes);
            self.deadlines.remove(&transaction.deadline);
            if let Doing::Writing(_, last, ending) = transaction.doing {
                self.transmit.push_back(*last);
                self.ended(key, ending);
            }
            return;
        };
        let message = key.message(kind, payload);
        let (bytes, limit) = (message.encoded_len(), self.limits.message_bytes);
        if bytes > limit {
            let words = format!("a value needs a message of {bytes} bytes, it holds {limit}");
            self.fail(key, &Failure::WritesRefused(words));
        } else {
            self.transmit.push_back(message);
        }
    }

    /// Tells the peer that a transaction has failed, unless it is over already.
    fn fail(&mut self, key: &TxKey, failure: &Failure) {
        let code = failure.code();
        if self.abandon(key, Ending::Failed { code }) {
            self.transmit.push_back(key.failed(failure));
        }
    }

    /// Gives a transaction up; false if it was no more.
    fn abandon(&mut self, key: &TxKey, ending: Ending) -> bool {
        let Some(transaction) = self.transactions.get_mut(key) else {
            return false;
        };
        self.deadlines.remove(&transaction.deadline);
        match mem::replace(&mut transaction.doing, Doing::Abandoned) {
            Doing::Abandoned => return false,
            Doing::Asking(open) => {
                let (key, answer) = (key.clone(), open.end());
                self.events
                    .push_back(SessionEvent::Answered { key, answer });
            }
            Doing::Running => {}
            // the chaincode is done, nobody will hand in its outcome
            Doing::Writing(..) => self.release(key),
        }
        self.ended(key, ending);
        true
    }

    fn ended(&mut self, key: &TxKey, ending: Ending) {
        let key = key.clone();
        self.events.push_back(SessionEvent::Ended { key, ending });
    }

    /// Frees the place of a transaction that is over and no longer runs.
    fn release(&mut self, key: &TxKey) {
        if let Some(transaction) = self.transactions.remove(key) {
            self.bytes = self.bytes.saturating_sub(transaction.bytes);
        }
    }

    fn stray(&mut self, kind: Type, key: &TxKey) {
        let (kind, tx) = (kind.as_str_name(), key.tx_id.as_str().escape_debug());
        let what = format!("{kind} for transaction `{tx}`, which waits for nothing");
        self.events.push_back(SessionEvent::Stray(what));
    }

    /// Fabric's shims answer a misplaced message with ERROR and end the stream.
    // Fabric: fabric-chaincode-go, shim/handler.go, handleMessage.
    fn misplaced(&mut self, expected: &'static str, message: &ChaincodeMessage) {
        let came = message::type_name(message);
        let why = Closing::UnexpectedMessage { expected, came };
        let error = TxKey::of(message).message(Type::Error, why.to_string());
        self.transmit.push_back(error);
        self.close(why);
    }

    fn close_when_drained(&mut self) {
        if self.shutdown.is_some() && self.transactions.is_empty() {
            self.close(Closing::ShutDown);
        }
    }

    fn close(&mut self, why: Closing) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        self.phase = Phase::Closed;
        let keys: Vec<_> = self.transactions.keys().cloned().collect();
        for key in keys {
            self.abandon(&key, Ending::Cancelled);
        }
        self.transactions.clear();
        self.deadlines.clear();
        self.bytes = 0;
        self.events.push_back(SessionEvent::Closed(why));
    }
}
