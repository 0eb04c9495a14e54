//! A handler and the chaincode it serves, moved by hand: no sockets, no threads, no time.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use cmscc::{
    ids::{ChaincodeName, ChannelId, CollectionName},
    proto::protos::ChaincodeMessage,
    shim::{
        Handler, InvocationOutcome, ServerLimits, SessionEvent, StateAnswer, StateRequest,
        Timeouts, TxKey,
    },
    stub::{
        Batch, Chaincode, Entry, Event, Invocation, Metadata, Modification, Page, Query, QueryId,
        Response, Stub, StubError, Write, Writes,
    },
};

use super::demo::Demo;

/// The two machines; what the handler sent is in `sent`.
pub(super) struct Pair<C = Demo> {
    chaincode: Arc<C>,
    handler: Handler,
    calls: BTreeMap<TxKey, Call>,
    pub(super) sent: Vec<ChaincodeMessage>,
}

struct Call {
    future: Pin<Box<dyn Future<Output = InvocationOutcome>>>,
    slots: Slots,
}

/// What a call asks, and what it is answered.
#[derive(Clone, Default)]
struct Slots(Arc<Mutex<Exchange>>);

#[derive(Default)]
struct Exchange {
    request: Option<StateRequest>,
    answer: Option<StateAnswer>,
}

impl Pair {
    pub(super) fn new(chaincode_id: &str) -> Self {
        Self::of(Demo, chaincode_id)
    }
}

impl<C: Chaincode> Pair<C> {
    pub(super) fn of(chaincode: C, chaincode_id: &str) -> Self {
        let mut pair = Self {
            chaincode: Arc::new(chaincode),
            handler: Handler::new(chaincode_id, ServerLimits::default(), Timeouts::default()),
            calls: BTreeMap::new(),
            sent: Vec::new(),
        };
        pair.drive();
        pair
    }

    pub(super) fn deliver(&mut self, message: ChaincodeMessage) {
        self.handler.handle_message(Duration::ZERO, message);
        self.drive();
    }

    /// Moves messages, calls and answers until nothing moves any more.
    fn drive(&mut self) {
        loop {
            while let Some(message) = self.handler.poll_transmit() {
                self.sent.push(message);
            }
            let Some(event) = self.handler.poll_event() else {
                if !self.run_calls() {
                    return;
                }
                continue;
            };
            match event {
                SessionEvent::Started { key, invocation } => self.start(key, *invocation),
                SessionEvent::Answered { key, answer } => {
                    self.calls[&key].slots.0.lock().unwrap().answer = Some(answer);
                }
                SessionEvent::Ready(_) | SessionEvent::Ended { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn start(&mut self, key: TxKey, invocation: Invocation) {
        let slots = Slots::default();
        let mut stub = PairStub {
            slots: slots.clone(),
            writes: Writes::default(),
            event: None,
        };
        let chaincode = Arc::clone(&self.chaincode);
        let future = Box::pin(async move {
            let response: Response = chaincode.invoke(&invocation, &mut stub).await;
            InvocationOutcome {
                response,
                writes: stub.writes,
                event: stub.event,
            }
        });
        self.calls.insert(key, Call { future, slots });
    }

    /// Lets every call run as far as it gets; whether one of them wants something.
    fn run_calls(&mut self) -> bool {
        let mut moved = false;
        let mut over = Vec::new();
        for (key, call) in &mut self.calls {
            match call
                .future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
            {
                Poll::Ready(outcome) => over.push((key.clone(), outcome)),
                Poll::Pending => {
                    if let Some(request) = call.slots.0.lock().unwrap().request.take() {
                        self.handler.handle_request(key, request);
                        moved = true;
                    }
                }
            }
        }
        for (key, outcome) in over {
            self.calls.remove(&key);
            self.handler.handle_outcome(&key, outcome);
            moved = true;
        }
        moved
    }
}

struct PairStub {
    slots: Slots,
    writes: Writes,
    event: Option<Event>,
}

impl PairStub {
    async fn ask(&self, request: StateRequest) -> StateAnswer {
        self.slots.0.lock().unwrap().request = Some(request);
        poll_fn(|_| match self.slots.0.lock().unwrap().answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }
}

/// Asks, and takes the answer of that kind.
macro_rules! asked {
    ($stub:ident, $kind:ident, $request:expr) => {
        match $stub.ask($request).await {
            StateAnswer::$kind((), answer) => answer,
            other => panic!("{other:?}"),
        }
    };
}

impl Stub for PairStub {
    async fn get(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Option<Bytes>, StubError> {
        let (collection, key, to) = (collection.cloned(), key.to_owned(), ());
        let request = StateRequest::Get {
            collection,
            key,
            to,
        };
        asked!(self, Value, request)
    }

    async fn get_multiple(
        &mut self,
        collection: Option<&CollectionName>,
        keys: &[String],
    ) -> Result<Vec<Option<Bytes>>, StubError> {
        let (collection, keys, to) = (collection.cloned(), keys.to_vec(), ());
        let request = StateRequest::GetMultiple {
            collection,
            keys,
            to,
        };
        asked!(self, Values, request)
    }

    async fn get_hash(
        &mut self,
        collection: &CollectionName,
        key: &str,
    ) -> Result<Option<Bytes>, StubError> {
        let (collection, key, to) = (collection.clone(), key.to_owned(), ());
        let request = StateRequest::GetHash {
            collection,
            key,
            to,
        };
        asked!(self, Value, request)
    }

    async fn get_metadata(
        &mut self,
        collection: Option<&CollectionName>,
        key: &str,
    ) -> Result<Metadata, StubError> {
        let (collection, key, to) = (collection.cloned(), key.to_owned(), ());
        let request = StateRequest::GetMetadata {
            collection,
            key,
            to,
        };
        asked!(self, Metadata, request)
    }

    async fn open_query(
        &mut self,
        collection: Option<&CollectionName>,
        query: &Query,
    ) -> Result<Batch<Entry>, StubError> {
        let (collection, query, to) = (collection.cloned(), query.clone(), ());
        let request = StateRequest::Open {
            collection,
            query,
            to,
        };
        asked!(self, Entries, request)
    }

    async fn open_history(&mut self, key: &str) -> Result<Batch<Modification>, StubError> {
        let (key, to) = (key.to_owned(), ());
        asked!(self, Modifications, StateRequest::OpenHistory { key, to })
    }

    async fn next_entries(&mut self, query: &QueryId) -> Result<Batch<Entry>, StubError> {
        let (query, to) = (query.clone(), ());
        asked!(self, Entries, StateRequest::Next { query, to })
    }

    async fn next_modifications(
        &mut self,
        query: &QueryId,
    ) -> Result<Batch<Modification>, StubError> {
        let (query, to) = (query.clone(), ());
        asked!(self, Modifications, StateRequest::NextHistory { query, to })
    }

    async fn close_query(&mut self, query: &QueryId) -> Result<(), StubError> {
        let (query, to) = (query.clone(), ());
        asked!(self, Closed, StateRequest::Close { query, to })
    }

    async fn get_query_page(
        &mut self,
        query: &Query,
        page_size: u32,
        bookmark: &str,
    ) -> Result<Page, StubError> {
        let (query, bookmark, to) = (query.clone(), bookmark.to_owned(), ());
        let request = StateRequest::Page {
            query,
            page_size,
            bookmark,
            to,
        };
        asked!(self, Page, request)
    }

    async fn invoke_on_channel(
        &mut self,
        chaincode: &ChaincodeName,
        channel: Option<&ChannelId>,
        args: &[Bytes],
    ) -> Result<Response, StubError> {
        let request = StateRequest::Invoke {
            chaincode: chaincode.clone(),
            channel: channel.cloned(),
            args: args.to_vec(),
            to: (),
        };
        asked!(self, Response, request)
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
