//! The shim's handler: whatever a peer sends and whatever the chaincode does, no panic, nothing
//! unbounded, no leak.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use cmscc::{
    proto::protos::{ChaincodeMessage, chaincode_message::Type},
    shim::{
        Closing, Handler, InvocationOutcome, ServerLimits, SessionEvent, StateRequest, Timeouts,
        TxKey,
    },
    stub::{KeyRange, Query, QueryId, Response, Write, Writes},
};
use prost::Message;

/// Small ones, so that inputs reach them.
pub const LIMITS: ServerLimits = ServerLimits {
    connections: 1,
    connections_per_address: 1,
    streams: 1,
    streams_per_address: 1,
    transactions: 3,
    transaction_bytes: 1_000,
    server_bytes: 1_000,
    message_bytes: 2_000,
};

/// One input of the handler.
#[derive(Clone, Debug)]
pub enum Input {
    /// The peer sends this.
    Message(ChaincodeMessage),
    /// A running transaction asks.
    Request(usize, StateRequest),
    /// A running transaction is done.
    Outcome(usize, InvocationOutcome),
    /// A running transaction panics.
    Panic(usize),
    /// So many seconds have passed.
    Timeout(u64),
    /// A shutdown, at so many seconds.
    Shutdown(u64),
    /// The stream ends.
    End,
}

/// What the session would know, and the rules that hold after each input.
#[derive(Debug)]
pub struct Walk {
    handler: Handler,
    /// Started, and not handed in yet.
    held: Vec<TxKey>,
    /// Started, and not ended for the peer yet.
    open: BTreeSet<TxKey>,
    closed: bool,
}

impl Walk {
    /// A stream that has just been opened.
    #[must_use]
    pub fn new() -> Self {
        let mut walk = Self {
            handler: Handler::new("cc_1:00", LIMITS, Timeouts::default()),
            held: Vec::new(),
            open: BTreeSet::new(),
            closed: false,
        };
        walk.check();
        walk
    }

    /// Whether the handler has ended the stream.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Hands one input in, and checks every rule.
    pub fn take(&mut self, input: Input) {
        let nth = |n: usize| self.held.get(n % self.held.len().max(1)).cloned();
        match input {
            Input::Message(message) => self.handler.handle_message(Duration::ZERO, message),
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
                SessionEvent::Started { key, .. } => {
                    assert!(self.open.insert(key.clone()), "started twice");
                    assert!(!self.held.contains(&key), "started while it runs");
                    self.held.push(key);
                }
                SessionEvent::Ended { key, .. } => assert!(self.open.remove(&key), "ended twice"),
                SessionEvent::Answered { key, .. } => {
                    assert!(self.held.contains(&key) || self.open.contains(&key));
                }
                SessionEvent::Closed(_) => {
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

impl Default for Walk {
    fn default() -> Self {
        Self::new()
    }
}

/// A sequence of inputs: each starts with a byte for its kind, one that chooses a transaction or a
/// size, and the length of a message that follows.
pub fn shim(mut data: &[u8]) {
    let mut walk = Walk::new();
    walk.take(Input::Message(ChaincodeMessage {
        r#type: Type::Registered.into(),
        ..ChaincodeMessage::default()
    }));
    while let [kind, choice, len, rest @ ..] = data {
        let (message, rest) = rest.split_at(rest.len().min(usize::from(*len)));
        data = rest;
        if let Some(input) = input(*kind, *choice, message) {
            walk.take(input);
        }
    }
    walk.take(Input::End);
    assert!(walk.is_closed());
}

/// A request of any kind.
#[must_use]
pub fn request(choice: u8) -> StateRequest {
    let (key, to) = ("k".to_owned(), ());
    let n = usize::from(choice / 16);
    let collection = [None, Some("c".into()), Some("".into())];
    let collection = collection[usize::from(choice / 16 % 3)].clone();
    let range = Query::Range(KeyRange {
        start: "a".to_owned(),
        end: "z".to_owned(),
    });
    let rich = Query::Rich("{}".to_owned());
    let query = QueryId("7".to_owned());
    match choice % 12 {
        0 => StateRequest::Get {
            collection,
            key,
            to,
        },
        1 => StateRequest::GetMultiple {
            collection,
            keys: vec![key; n],
            to,
        },
        2 => StateRequest::GetHash {
            collection: collection.unwrap_or_default(),
            key,
            to,
        },
        3 => StateRequest::GetMetadata {
            collection,
            key,
            to,
        },
        4 => StateRequest::Open {
            collection,
            query: range,
            to,
        },
        5 => StateRequest::Open {
            collection,
            query: rich,
            to,
        },
        6 => StateRequest::OpenHistory { key, to },
        7 => StateRequest::Next { query, to },
        8 => StateRequest::NextHistory { query, to },
        9 => StateRequest::Close { query, to },
        10 => StateRequest::Page {
            query: if n.is_multiple_of(2) { range } else { rich },
            page_size: u32::from(choice / 16),
            bookmark: String::new(),
            to,
        },
        _ => StateRequest::Invoke {
            chaincode: "other".into(),
            channel: collection.map(|name| name.as_str().into()),
            args: vec![Bytes::from_static(b"f"); n],
            to,
        },
    }
}

/// A write of any kind; some are such that no peer could take them.
pub fn write(writes: &mut Writes, byte: u8) {
    let key = char::from(b'a' + byte % 4).to_string();
    let collection = byte.is_multiple_of(5).then(|| "c".into());
    let value = Bytes::from(vec![7; usize::from(byte) * 12]);
    match byte % 8 {
        0 => writes.write(collection, key, Write::Delete),
        1 => writes.write(collection, key, Write::Purge),
        2 => writes.write_metadata(collection, key, "m".to_owned(), value),
        3 if byte > 200 => writes.write(Some("".into()), key, Write::Put(value)),
        4 if byte > 200 => writes.write(collection, String::new(), Write::Put(value)),
        _ => writes.write(collection, key, Write::Put(value)),
    }
}

fn input(kind: u8, choice: u8, message: &[u8]) -> Option<Input> {
    let n = usize::from(choice);
    let payload = Bytes::copy_from_slice(message);
    let about = |kind: Type| {
        Input::Message(ChaincodeMessage {
            r#type: kind.into(),
            txid: char::from(b'a' + choice % 4).to_string(),
            channel_id: "mychannel".to_owned(),
            payload: payload.clone(),
            ..ChaincodeMessage::default()
        })
    };
    Some(match kind % 16 {
        0..3 => Input::Message(ChaincodeMessage::decode(message).ok()?),
        3 => about(Type::Ready),
        4..7 => about(Type::Response),
        7 => about(Type::Error),
        8..12 => Input::Request(n, request(choice)),
        12 | 13 => {
            let mut writes = Writes::default();
            for byte in message.iter().take(5) {
                write(&mut writes, *byte);
            }
            let response = Response {
                status: 200 + i32::from(choice),
                message: String::new(),
                payload: vec![0; n * 12].into(),
            };
            let event = None;
            Input::Outcome(
                n,
                InvocationOutcome {
                    response,
                    writes,
                    event,
                },
            )
        }
        14 => Input::Panic(n),
        _ => match choice % 8 {
            0 => Input::Shutdown(u64::from(choice / 8)),
            1 => Input::End,
            _ => Input::Timeout(u64::from(choice / 8)),
        },
    })
}
