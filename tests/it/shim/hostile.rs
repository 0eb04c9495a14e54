//! Whatever a peer sends and whatever the chaincode does: no panic, nothing unbounded, no leak.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use cmscc::{
    proto::protos::{ChaincodeMessage, GetStateMultipleResult, chaincode_message::Type},
    shim::{Closing, Event, Handler, Limits, Outcome, Request, TxKey},
    stub::{KeyRange, Response},
};
use proptest::prelude::*;
use prost::Message;

use super::messages::{about, batch, message, page, ready, transaction};

const LIMITS: Limits = Limits {
    streams: 1,
    transactions: 3,
    transaction_bytes: 1_000,
    message_bytes: 2_000,
};

/// One input of the handler.
#[derive(Clone, Debug)]
enum Input {
    Message(ChaincodeMessage),
    Request(usize, Request),
    Outcome(usize, Outcome),
    Panic(usize),
    Timeout(u64),
    Shutdown(u64),
    End,
}

fn messages() -> impl Strategy<Value = ChaincodeMessage> {
    let tx = prop::sample::select(vec!["a", "b", "c", "d", ""]);
    let multiple = GetStateMultipleResult {
        values: vec![Bytes::from_static(b"v"); 2],
    };
    let payload = prop_oneof![
        prop::sample::select(vec![
            Vec::new(),
            b"v".to_vec(),
            batch(&["k"], true),
            batch(&["k"], false),
            batch(&[], true),
            page(&["k"], "l"),
            multiple.encode_to_vec(),
        ]),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    let answer = prop::sample::select(vec![Type::Response, Type::Response, Type::Error]);
    prop_oneof![
        2 => Just(message(Type::Registered)),
        2 => prop::option::of(0..3u32).prop_map(ready),
        1 => Just(message(Type::Keepalive)),
        8 => (tx.clone(), 0..300usize).prop_map(|(tx, n)| transaction(tx, &["f", &"x".repeat(n)])),
        16 => (tx.clone(), answer, payload.clone()).prop_map(|(tx, k, p)| about(tx, k, p)),
        1 => (tx, 0..30i32, payload).prop_map(|(tx, kind, payload)| ChaincodeMessage {
            r#type: kind,
            ..about(tx, Type::Undefined, payload)
        }),
    ]
}

fn requests() -> impl Strategy<Value = Request> {
    let range = KeyRange {
        start: "a".to_owned(),
        end: "z".to_owned(),
    };
    let again = range.clone();
    prop_oneof![
        Just(Request::Get("k".to_owned())),
        (0..6usize).prop_map(|n| Request::GetMultiple(vec!["k".to_owned(); n])),
        (0..4usize).prop_map(move |most| Request::Range {
            range: range.clone(),
            most
        }),
        (0..4u32).prop_map(move |page_size| Request::Page {
            range: again.clone(),
            page_size,
            bookmark: String::new(),
        }),
    ]
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    let value = prop::option::of((0..3_000usize).prop_map(|n| Bytes::from(vec![7; n])));
    let writes = prop::collection::btree_map("[a-d]", value, 0..5);
    (100..600i32, 0..3_000usize, writes).prop_map(|(status, payload, writes)| Outcome {
        response: Response {
            status,
            message: String::new(),
            payload: vec![0; payload].into(),
        },
        writes,
        event: None,
    })
}

fn inputs() -> impl Strategy<Value = Input> {
    prop_oneof![
        30 => messages().prop_map(Input::Message),
        10 => (any::<usize>(), requests()).prop_map(|(n, r)| Input::Request(n, r)),
        10 => (any::<usize>(), outcomes()).prop_map(|(n, o)| Input::Outcome(n, o)),
        2 => any::<usize>().prop_map(Input::Panic),
        1 => (0..30u64).prop_map(Input::Timeout),
        1 => (0..30u64).prop_map(Input::Shutdown),
        1 => Just(Input::End),
    ]
}

/// What the session would know, and the rules that hold after each input.
struct Walk {
    handler: Handler,
    /// Started, and not handed in yet.
    held: Vec<TxKey>,
    /// Started, and not ended for the peer yet.
    open: BTreeSet<TxKey>,
    closed: bool,
}

impl Walk {
    fn take(&mut self, input: Input) {
        let nth = |n: usize| self.held.get(n % self.held.len().max(1)).cloned();
        match input {
            Input::Message(message) => self.handler.handle_message(message),
            Input::Request(n, request) => {
                if let Some(key) = nth(n) {
                    self.handler.handle_request(&key, request);
                }
            }
            Input::Outcome(n, outcome) => {
                if let Some(key) = nth(n) {
                    self.held.retain(|k| *k != key);
                    self.handler.handle_outcome(&key, outcome);
                }
            }
            Input::Panic(n) => {
                if let Some(key) = nth(n) {
                    self.held.retain(|k| *k != key);
                    self.handler.handle_panic(&key);
                }
            }
            Input::Timeout(now) => self.handler.handle_timeout(Duration::from_secs(now)),
            Input::Shutdown(at) => self.handler.handle_shutdown(Duration::from_secs(at)),
            Input::End => self.handler.handle_end(Closing::PeerEnded),
        }
        self.check();
    }

    fn check(&mut self) {
        let was_closed = self.closed;
        let mut sent = 0;
        while let Some(message) = self.handler.poll_transmit() {
            sent += 1;
            assert!(!was_closed, "sent after the end: {message:?}");
            assert!(message.encoded_len() <= LIMITS.message_bytes);
        }
        assert!(
            sent <= LIMITS.transactions + 1,
            "{sent} messages for one input"
        );
        while let Some(event) = self.handler.poll_event() {
            assert!(!self.closed, "an event after the end: {event:?}");
            match event {
                Event::Started { key, .. } => {
                    assert!(self.open.insert(key.clone()), "started twice");
                    assert!(!self.held.contains(&key), "started while it runs");
                    self.held.push(key);
                }
                Event::Ended { key, .. } => assert!(self.open.remove(&key), "ended twice"),
                Event::Answered { key, .. } => {
                    assert!(self.held.contains(&key) || self.open.contains(&key));
                }
                Event::Closed(_) => {
                    assert!(
                        self.open.is_empty(),
                        "closed, and these hang: {:?}",
                        self.open
                    );
                    self.closed = true;
                }
                _ => {}
            }
        }
        assert!(self.handler.transactions() <= LIMITS.transactions);
        assert!(self.handler.transaction_bytes() <= LIMITS.transaction_bytes);
        if self.closed {
            assert_eq!(self.handler.transactions(), 0);
            assert_eq!(self.handler.poll_timeout(), None);
        } else {
            let known: BTreeSet<_> = self.held.iter().chain(&self.open).collect();
            assert_eq!(self.handler.transactions(), known.len());
        }
        if self.handler.transactions() == 0 {
            assert_eq!(self.handler.transaction_bytes(), 0, "bytes leaked");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_inputs_keeps_the_rules(
        registered in prop::bool::weighted(0.9),
        size in prop::option::of(0..4u32),
        inputs in prop::collection::vec(inputs(), 0..80),
    ) {
        let mut walk = Walk {
            handler: Handler::new("cc_1:00", LIMITS, Duration::from_secs(10)),
            held: Vec::new(),
            open: BTreeSet::new(),
            closed: false,
        };
        walk.check();
        if registered {
            walk.take(Input::Message(message(Type::Registered)));
            walk.take(Input::Message(ready(size)));
        }
        for input in inputs {
            walk.take(input);
        }
        walk.take(Input::End);
        prop_assert!(walk.closed);
    }
}
