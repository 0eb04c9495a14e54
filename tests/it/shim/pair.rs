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
    ids::ChaincodeName,
    proto::protos::ChaincodeMessage,
    shim::{
        Handler, InvocationOutcome, ServerLimits, SessionEvent, StateAnswer, StateRequest,
        Timeouts, TxKey,
    },
    stub::{Chaincode, Entries, Event, Invocation, KeyRange, Page, Response, Stub, StubError},
};

use super::demo::Demo;

/// The two machines; what the handler sent is in `sent`.
pub(super) struct Pair {
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
        let mut pair = Self {
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
            writes: BTreeMap::new(),
            event: None,
        };
        let future = Box::pin(async move {
            let response: Response = Demo.invoke(&invocation, &mut stub).await;
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
    writes: BTreeMap<String, Option<Bytes>>,
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

impl Stub for PairStub {
    async fn get_state(&mut self, key: &str) -> Result<Option<Bytes>, StubError> {
        let key = key.to_owned();
        let StateAnswer::Get((), value) = self.ask(StateRequest::Get { key, to: () }).await else {
            panic!("no value");
        };
        value
    }

    async fn get_states(&mut self, keys: &[String]) -> Result<Vec<Option<Bytes>>, StubError> {
        let keys = keys.to_vec();
        let request = StateRequest::GetMultiple { keys, to: () };
        let StateAnswer::GetMultiple((), values) = self.ask(request).await else {
            panic!("no values");
        };
        values
    }

    async fn get_range(&mut self, range: &KeyRange, most: usize) -> Result<Entries, StubError> {
        let range = range.clone();
        let request = StateRequest::Range {
            range,
            most,
            to: (),
        };
        let StateAnswer::Range((), entries) = self.ask(request).await else {
            panic!("no entries");
        };
        entries
    }

    async fn get_page(&mut self, _: &KeyRange, _: u32, _: &str) -> Result<Page, StubError> {
        panic!("the recorded chaincode reads no pages")
    }

    async fn invoke_chaincode(
        &mut self,
        chaincode: &ChaincodeName,
        args: &[Bytes],
    ) -> Result<Response, StubError> {
        let request = StateRequest::Invoke {
            to: (),
            chaincode: chaincode.clone(),
            args: args.to_vec(),
        };
        let StateAnswer::Invoke((), response) = self.ask(request).await else {
            panic!("no response");
        };
        response
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
