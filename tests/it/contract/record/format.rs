//! How calls are written down: one JSON document a line, in the order of the calls. Bytes stand once
//! each and are named by their number from then on; the ledger, the server and the other chaincodes
//! stand where they change.

use std::{
    collections::BTreeMap,
    io::{BufRead, Write},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    contract::Disown,
    ids::{BlockNumber, ChaincodeName, ChannelId, Sequence, TxId, UnixTime},
    stub::{
        Event, Invocation, KeyRange, Response,
        memory::{Ledger, Others, RangeRead, ReadWriteSet, Version},
    },
};
use serde::{Deserialize, Serialize};

/// One call, what it met, and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    /// What the server had of its own.
    pub(super) server: Server,
    /// What other chaincodes would have answered.
    pub(super) others: Others,
    /// The state that the call met.
    pub(super) ledger: Ledger,
    pub(super) call: Invocation,
    pub(super) outcome: Outcome,
}

/// What a server has of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Server {
    pub(super) anchor: Option<Bytes>,
    pub(super) disown: Option<Disown>,
    pub(super) allow_unanchored: bool,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) response: Response,
    pub(super) set: ReadWriteSet,
}

/// The number of bytes that stand in an earlier line, from 0.
type Place = usize;

/// A block's number and a transaction's index.
type At = (u64, u64);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// Bytes that are UTF-8.
    Text(String),
    /// Other bytes, in base64.
    Bytes(String),
    Server {
        anchor: Option<Place>,
        disown: Option<(u64, u64)>,
        allow_unanchored: bool,
    },
    /// What other chaincodes answer: name, arguments, status, message, payload.
    Others(Vec<(String, Vec<Place>, i32, String, Place)>),
    /// What was written since the call before, or deleted.
    Ledger(Vec<(String, Option<(At, Place)>)>),
    Call(Box<Call>),
}

#[derive(Serialize, Deserialize)]
struct Call {
    channel: String,
    tx_id: String,
    chaincode: String,
    is_init: bool,
    args: Vec<Place>,
    creator: Place,
    seconds: i64,
    nanos: u32,
    transient: BTreeMap<String, Place>,
    status: i32,
    message: Place,
    payload: Place,
    event: Option<(String, Place)>,
    /// [`Reads`] as text: often those of an earlier call.
    reads: Place,
    /// [`Ranges`] as text.
    ranges: Place,
    writes: Vec<(String, Option<Place>)>,
    calls: Vec<String>,
}

type Reads = Vec<(String, Option<At>)>;

/// Start, end, the entries that were passed, and whether the end was met.
type Ranges = Vec<(String, String, Vec<(String, At)>, bool)>;

const fn at(version: Version) -> At {
    (version.block.0, version.tx)
}

const fn version((block, tx): At) -> Version {
    Version {
        block: BlockNumber(block),
        tx,
    }
}

/// Writes calls down.
pub(super) struct Writer<W> {
    out: W,
    places: BTreeMap<Bytes, Place>,
    server: Option<Server>,
    others: Others,
    ledger: Ledger,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            places: BTreeMap::new(),
            server: None,
            others: Others::new(),
            ledger: Ledger::new(),
        }
    }

    /// What was written to.
    pub(super) fn into_inner(self) -> W {
        self.out
    }

    pub(super) fn write(&mut self, exchange: &Exchange) {
        if self.server.as_ref() != Some(&exchange.server) {
            let server = &exchange.server;
            let anchor = server.anchor.as_ref().map(|block| self.place(block));
            self.line(&Line::Server {
                anchor,
                disown: server.disown.map(|it| (it.epoch, it.from.0)),
                allow_unanchored: server.allow_unanchored,
            });
            self.server = Some(server.clone());
        }
        if self.others != exchange.others {
            let mut others = Vec::new();
            for ((name, args), answer) in &exchange.others {
                let args = self.all(args);
                let payload = self.place(&answer.payload);
                let message = answer.message.clone();
                others.push((name.to_string(), args, answer.status, message, payload));
            }
            self.line(&Line::Others(others));
            self.others = exchange.others.clone();
        }
        let changes = self.changes(&exchange.ledger);
        if !changes.is_empty() {
            self.line(&Line::Ledger(changes));
            self.ledger = exchange.ledger.clone();
        }
        let call = self.call(&exchange.call, &exchange.outcome);
        self.line(&Line::Call(Box::new(call)));
    }

    /// What leads from the ledger of the last call to this one.
    fn changes(&mut self, ledger: &Ledger) -> Vec<(String, Option<(At, Place)>)> {
        let before = self.ledger.clone();
        let mut changes = Vec::new();
        for (key, entry) in ledger.iter() {
            if before.get(key) != Some(entry) {
                let value = self.place(&entry.value);
                changes.push((key.to_owned(), Some((at(entry.version), value))));
            }
        }
        for (key, _) in before.iter() {
            if ledger.get(key).is_none() {
                changes.push((key.to_owned(), None));
            }
        }
        changes
    }

    fn call(&mut self, call: &Invocation, outcome: &Outcome) -> Call {
        let Outcome { response, set } = outcome;
        let reads: Reads = set
            .reads
            .iter()
            .map(|(key, version)| (key.clone(), version.map(at)))
            .collect();
        let ranges: Ranges = set
            .ranges
            .iter()
            .map(|read| {
                let entries = read.reads.iter();
                let entries = entries.map(|(key, version)| (key.clone(), at(*version)));
                let range = read.range.clone();
                (range.start, range.end, entries.collect(), read.exhausted)
            })
            .collect();
        let event = set.event.as_ref();
        let transient = call.transient.iter();
        let writes = set.writes.iter();
        Call {
            channel: call.channel.to_string(),
            tx_id: call.tx_id.to_string(),
            chaincode: call.chaincode.to_string(),
            is_init: call.is_init,
            args: self.all(&call.args),
            creator: self.place(&call.creator),
            seconds: call.timestamp.seconds,
            nanos: call.timestamp.nanos,
            transient: transient
                .map(|(name, value)| (name.clone(), self.place(value)))
                .collect(),
            status: response.status,
            message: self.place(response.message.as_bytes()),
            payload: self.place(&response.payload),
            event: event.map(|event| (event.name.clone(), self.place(&event.payload))),
            reads: self.place(&serde_json::to_vec(&reads).unwrap()),
            ranges: self.place(&serde_json::to_vec(&ranges).unwrap()),
            writes: writes
                .map(|(key, value)| (key.clone(), value.as_ref().map(|value| self.place(value))))
                .collect(),
            calls: set.calls.iter().map(ToString::to_string).collect(),
        }
    }

    fn all(&mut self, all: &[Bytes]) -> Vec<Place> {
        all.iter().map(|bytes| self.place(bytes)).collect()
    }

    /// Where these bytes stand; they are written where they do not stand yet.
    fn place(&mut self, bytes: &[u8]) -> Place {
        if let Some(place) = self.places.get(bytes) {
            return *place;
        }
        self.line(&match std::str::from_utf8(bytes) {
            Ok(text) => Line::Text(text.to_owned()),
            Err(_) => Line::Bytes(STANDARD.encode(bytes)),
        });
        let place = self.places.len();
        self.places.insert(Bytes::copy_from_slice(bytes), place);
        place
    }

    fn line(&mut self, line: &Line) {
        serde_json::to_writer(&mut self.out, line).unwrap();
        self.out.write_all(b"\n").unwrap();
    }
}

/// Reads calls that were written down.
pub(super) struct Reader<R> {
    input: R,
    line: String,
    values: Vec<Bytes>,
    server: Server,
    others: Others,
    ledger: Ledger,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            line: String::new(),
            values: Vec::new(),
            server: Server::default(),
            others: Others::new(),
            ledger: Ledger::new(),
        }
    }

    /// The state that the last call met.
    pub(super) const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn value(&self, place: Place) -> Bytes {
        self.values[place].clone()
    }

    fn text(&self, place: Place) -> String {
        String::from_utf8(self.values[place].to_vec()).unwrap()
    }

    fn values(&self, places: &[Place]) -> Vec<Bytes> {
        places.iter().map(|place| self.value(*place)).collect()
    }

    fn others(&self, others: Vec<(String, Vec<Place>, i32, String, Place)>) -> Others {
        let others = others.into_iter();
        others
            .map(|(name, args, status, message, payload)| {
                let answer = Response {
                    status,
                    message,
                    payload: self.value(payload),
                };
                ((ChaincodeName::new(name), self.values(&args)), answer)
            })
            .collect()
    }

    fn exchange(&self, call: Call) -> Exchange {
        let reads: Reads = serde_json::from_slice(&self.values[call.reads]).unwrap();
        let ranges: Ranges = serde_json::from_slice(&self.values[call.ranges]).unwrap();
        let set = ReadWriteSet {
            reads: reads
                .into_iter()
                .map(|(key, at)| (key, at.map(version)))
                .collect(),
            ranges: ranges
                .into_iter()
                .map(|(start, end, entries, exhausted)| RangeRead {
                    range: KeyRange { start, end },
                    reads: entries
                        .into_iter()
                        .map(|(key, at)| (key, version(at)))
                        .collect(),
                    exhausted,
                })
                .collect(),
            writes: call
                .writes
                .into_iter()
                .map(|(key, value)| (key, value.map(|place| self.value(place))))
                .collect(),
            event: call.event.map(|(name, payload)| Event {
                name,
                payload: self.value(payload),
            }),
            calls: call.calls.into_iter().map(ChaincodeName::new).collect(),
            ..ReadWriteSet::default()
        };
        Exchange {
            server: self.server.clone(),
            others: self.others.clone(),
            ledger: self.ledger.clone(),
            call: Invocation {
                channel: ChannelId::new(call.channel),
                tx_id: TxId::new(call.tx_id),
                chaincode: ChaincodeName::new(call.chaincode),
                is_init: call.is_init,
                args: self.values(&call.args),
                creator: self.value(call.creator),
                timestamp: UnixTime {
                    seconds: call.seconds,
                    nanos: call.nanos,
                },
                transient: call
                    .transient
                    .into_iter()
                    .map(|(name, place)| (name, self.value(place)))
                    .collect(),
                ..Invocation::default()
            },
            outcome: Outcome {
                response: Response {
                    status: call.status,
                    message: self.text(call.message),
                    payload: self.value(call.payload),
                },
                set,
            },
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Exchange;

    fn next(&mut self) -> Option<Exchange> {
        loop {
            self.line.clear();
            if self.input.read_line(&mut self.line).unwrap() == 0 {
                return None;
            }
            match serde_json::from_str(&self.line).unwrap() {
                Line::Text(text) => self.values.push(text.into()),
                Line::Bytes(bytes) => self.values.push(STANDARD.decode(bytes).unwrap().into()),
                Line::Server {
                    anchor,
                    disown,
                    allow_unanchored,
                } => {
                    self.server = Server {
                        anchor: anchor.map(|place| self.value(place)),
                        disown: disown.map(|(epoch, from)| Disown {
                            epoch,
                            from: Sequence(from),
                        }),
                        allow_unanchored,
                    };
                }
                Line::Others(others) => self.others = self.others(others),
                Line::Ledger(changes) => {
                    for (key, change) in changes {
                        let (at, value) = match change {
                            Some((at, place)) => (version(at), Some(self.value(place))),
                            None => (Version::default(), None),
                        };
                        let mut set = ReadWriteSet::default();
                        set.writes.insert(key, value);
                        self.ledger.commit(at, &set);
                    }
                }
                Line::Call(call) => return Some(self.exchange(*call)),
            }
        }
    }
}
