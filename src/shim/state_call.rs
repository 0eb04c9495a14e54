//! One state call of a transaction: the messages it takes, and the answer put together from them.
//!
//! Each request carries the place where its answer goes, and that place has the type of the answer:
//! an answer of another type cannot reach it.

use std::fmt;

use bytes::Bytes;
use prost::Message as _;

use super::{features::Features, message::words, observer::StateCall};
use crate::{
    ids::ChaincodeName,
    proto::{
        protos::{
            self, ChaincodeId, ChaincodeInput, ChaincodeMessage, ChaincodeSpec, GetState,
            GetStateByRange, GetStateMultiple, GetStateMultipleResult, QueryMetadata,
            QueryResponse, QueryResponseMetadata, QueryStateClose, QueryStateNext,
            chaincode_message::Type,
        },
        queryresult::Kv,
    },
    stub::{Entries, Entry, KeyRange, Page, Response, StubError},
};

/// Where answers go: for each type of answer, the place that takes it.
pub trait Destination: fmt::Debug {
    /// A place for one answer of type `T`.
    type For<T: fmt::Debug>: fmt::Debug;
}

/// No place of their own: whoever drives the handler knows the one transaction that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undirected;

impl Destination for Undirected {
    type For<T: fmt::Debug> = ();
}

/// What a transaction asks of its peer, and where the answer goes (`to`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateRequest<D: Destination = Undirected> {
    /// The value of one key.
    Get {
        /// The key whose value is asked for.
        key: String,
        /// Takes the value; `None`: there is none.
        to: D::For<Option<Bytes>>,
    },
    /// The values of several keys.
    GetMultiple {
        /// The keys; may be many more than one message asks for.
        keys: Vec<String>,
        /// Takes the values, in the order of the keys.
        to: D::For<Vec<Option<Bytes>>>,
    },
    /// A call of another chaincode on the same channel.
    Invoke {
        /// The name of its definition on the channel.
        chaincode: ChaincodeName,
        /// Function name and arguments.
        args: Vec<Bytes>,
        /// Takes its response, which may be a refusal.
        to: D::For<Response>,
    },
    /// A page of a range.
    Page {
        /// The keys of all pages together.
        range: KeyRange,
        /// How many entries at most; Fabric reads it as 31 bits, and more is cut to that.
        page_size: u32,
        /// Where the page starts; empty for the first.
        bookmark: String,
        /// Takes the page.
        to: D::For<Page>,
    },
    /// The beginning of a range.
    Range {
        /// The keys that may be read.
        range: KeyRange,
        /// How many entries at most.
        most: usize,
        /// Takes the entries.
        to: D::For<Entries>,
    },
}

impl<D: Destination> StateRequest<D> {
    /// Its kind, for metrics.
    #[must_use]
    pub const fn call(&self) -> StateCall {
        match self {
            Self::Get { .. } => StateCall::Get,
            Self::GetMultiple { .. } => StateCall::GetMultiple,
            Self::Invoke { .. } => StateCall::Invoke,
            Self::Page { .. } => StateCall::Page,
            Self::Range { .. } => StateCall::Range,
        }
    }
}

/// The answer to a [`StateRequest`] beside the place that it goes to, in the variant of that name.
#[derive(Debug, PartialEq, Eq)]
pub enum StateAnswer<D: Destination = Undirected> {
    /// To [`StateRequest::Get`].
    Get(D::For<Option<Bytes>>, Result<Option<Bytes>, StubError>),
    /// To [`StateRequest::GetMultiple`].
    GetMultiple(
        D::For<Vec<Option<Bytes>>>,
        Result<Vec<Option<Bytes>>, StubError>,
    ),
    /// To [`StateRequest::Invoke`].
    Invoke(D::For<Response>, Result<Response, StubError>),
    /// To [`StateRequest::Page`].
    Page(D::For<Page>, Result<Page, StubError>),
    /// To [`StateRequest::Range`].
    Range(D::For<Entries>, Result<Entries, StubError>),
}

/// How a state call goes on.
#[derive(Debug)]
pub(super) enum StateStep<D: Destination> {
    /// Send this message, and hand its answer to the call.
    Ask(OpenCall<D>, Message),
    /// It is over.
    Done(StateAnswer<D>),
}

/// A message to the peer: its type and payload.
pub(super) type Message = (Type, Vec<u8>);

/// A state call whose last message has no answer yet.
#[derive(Debug)]
pub(super) enum OpenCall<D: Destination> {
    Get(D::For<Option<Bytes>>),
    GetMultiple(OpenKeys, D::For<Vec<Option<Bytes>>>),
    Invoke(D::For<Response>),
    Page(D::For<Page>),
    Range {
        most: usize,
        entries: Vec<Entry>,
        to: D::For<Entries>,
    },
    /// A range of which we have enough, with its answer.
    Closing(Entries, D::For<Entries>),
}

/// Keys asked for one by one, or several at a time.
#[derive(Debug)]
pub(super) struct OpenKeys {
    /// Keys not asked for yet, the next one last.
    rest: Vec<String>,
    /// How many the last message asked for.
    asked: usize,
    /// How many a message may ask for; `None`: one, by GET_STATE.
    most: Option<usize>,
    values: Vec<Option<Bytes>>,
}

impl<D: Destination> OpenCall<D> {
    /// Starts a request.
    pub(super) fn start(request: StateRequest<D>, features: &Features) -> StateStep<D> {
        match request {
            StateRequest::Get { key, to } => StateStep::Ask(Self::Get(to), get_state(key)),
            StateRequest::GetMultiple { mut keys, to } => {
                keys.reverse();
                let open = OpenKeys {
                    values: Vec::with_capacity(keys.len()),
                    rest: keys,
                    asked: 0,
                    most: features.get_multiple,
                };
                Self::ask_further(open, to)
            }
            StateRequest::Invoke {
                chaincode,
                args,
                to,
            } => StateStep::Ask(Self::Invoke(to), invoke(&chaincode, args)),
            StateRequest::Page {
                range,
                page_size,
                bookmark,
                to,
            } => {
                let metadata = QueryMetadata {
                    page_size: i32::try_from(page_size).unwrap_or(i32::MAX),
                    bookmark,
                };
                let message = get_by_range(range, metadata.encode_to_vec());
                StateStep::Ask(Self::Page(to), message)
            }
            StateRequest::Range { range, most, to } => {
                let entries = Vec::new();
                let open = Self::Range { most, entries, to };
                StateStep::Ask(open, get_by_range(range, Vec::new()))
            }
        }
    }

    /// The name of the message type whose answer is awaited.
    pub(super) const fn message_type(&self) -> &'static str {
        match self {
            Self::Get(_) => "GET_STATE",
            Self::GetMultiple(OpenKeys { most: None, .. }, _) => "GET_STATE",
            Self::GetMultiple(..) => "GET_STATE_MULTIPLE",
            Self::Invoke(_) => "INVOKE_CHAINCODE",
            Self::Page(_) | Self::Range { .. } => "GET_STATE_BY_RANGE",
            Self::Closing(..) => "QUERY_STATE_CLOSE",
        }
    }

    /// Ends the call without an answer.
    pub(super) fn fail(self, error: StubError) -> StateAnswer<D> {
        match self {
            Self::Get(to) => StateAnswer::Get(to, Err(error)),
            Self::GetMultiple(_, to) => StateAnswer::GetMultiple(to, Err(error)),
            Self::Invoke(to) => StateAnswer::Invoke(to, Err(error)),
            Self::Page(to) => StateAnswer::Page(to, Err(error)),
            Self::Range { to, .. } | Self::Closing(_, to) => StateAnswer::Range(to, Err(error)),
        }
    }

    /// Ends the call because its stream or transaction is over, or another call is open.
    pub(super) fn end(self) -> StateAnswer<D> {
        let call = self.message_type();
        self.fail(StubError::Ended { call })
    }

    /// Takes the payload of a RESPONSE.
    pub(super) fn handle_answer(self, payload: Bytes) -> StateStep<D> {
        let call = self.message_type();
        let answer = match self {
            Self::Get(to) => StateAnswer::Get(to, Ok(present(payload))),
            Self::GetMultiple(mut open, to) => match open.take(call, payload) {
                Ok(()) => return Self::ask_further(open, to),
                Err(error) => StateAnswer::GetMultiple(to, Err(error)),
            },
            Self::Invoke(to) => StateAnswer::Invoke(to, called(call, payload)),
            Self::Page(to) => StateAnswer::Page(to, page(call, payload)),
            Self::Range { most, entries, to } => {
                return Self::read_further(payload, most, entries, to);
            }
            Self::Closing(entries, to) => StateAnswer::Range(to, Ok(entries)),
        };
        StateStep::Done(answer)
    }

    /// The next message of a request for several keys, or its answer.
    fn ask_further(mut open: OpenKeys, to: D::For<Vec<Option<Bytes>>>) -> StateStep<D> {
        match open.next_message() {
            Some(message) => StateStep::Ask(Self::GetMultiple(open, to), message),
            None => StateStep::Done(StateAnswer::GetMultiple(to, Ok(open.values))),
        }
    }

    /// Takes a batch of a range: asks for the next one, leaves the range, or has its answer.
    fn read_further(
        payload: Bytes,
        most: usize,
        mut entries: Vec<Entry>,
        to: D::For<Entries>,
    ) -> StateStep<D> {
        let response = match read_batch(payload, most, &mut entries) {
            Ok(response) => response,
            Err(error) => return StateStep::Done(StateAnswer::Range(to, Err(error))),
        };
        let enough = entries.len() >= most;
        if response.has_more && !enough {
            let next = QueryStateNext { id: response.id };
            let open = Self::Range { most, entries, to };
            return StateStep::Ask(open, (Type::QueryStateNext, next.encode_to_vec()));
        }
        let more = entries.len() > most || response.has_more;
        entries.truncate(most);
        let answer = Entries { entries, more };
        if !response.has_more {
            // the peer has closed its iterator already
            return StateStep::Done(StateAnswer::Range(to, Ok(answer)));
        }
        let close = QueryStateClose { id: response.id };
        let message = (Type::QueryStateClose, close.encode_to_vec());
        StateStep::Ask(Self::Closing(answer, to), message)
    }
}

impl OpenKeys {
    /// Takes the values that the last message asked for.
    fn take(&mut self, call: &'static str, payload: Bytes) -> Result<(), StubError> {
        if self.most.is_none() {
            self.values.push(present(payload));
            return Ok(());
        }
        let result: GetStateMultipleResult = decode(call, payload)?;
        let (came, asked) = (result.values.len(), self.asked);
        if came != asked {
            return Err(malformed(call, format!("{came} values for {asked} keys")));
        }
        self.values.extend(result.values.into_iter().map(present));
        Ok(())
    }

    /// The next message; `None` once all keys were asked for.
    fn next_message(&mut self) -> Option<Message> {
        let Some(most) = self.most else {
            return self.rest.pop().map(get_state);
        };
        let keep = self.rest.len().saturating_sub(most);
        let mut keys = self.rest.split_off(keep);
        keys.reverse();
        self.asked = keys.len();
        if keys.is_empty() {
            return None;
        }
        let collection = String::new();
        let message = GetStateMultiple { keys, collection };
        Some((Type::GetStateMultiple, message.encode_to_vec()))
    }
}

/// Adds the entries of a batch to those that came before.
fn read_batch(
    payload: Bytes,
    most: usize,
    entries: &mut Vec<Entry>,
) -> Result<QueryResponse, StubError> {
    let call = "GET_STATE_BY_RANGE";
    let mut response: QueryResponse = decode(call, payload)?;
    let results = std::mem::take(&mut response.results);
    let empty = results.is_empty();
    for result in results {
        entries.push(entry(call, result.result_bytes)?);
    }
    // SECURITY: a batch that brings nothing would let the peer keep us here
    if empty && response.has_more && entries.len() < most {
        return Err(malformed(call, "an empty batch that is not the last"));
    }
    Ok(response)
}

fn page(call: &'static str, payload: Bytes) -> Result<Page, StubError> {
    let response: QueryResponse = decode(call, payload)?;
    let metadata: QueryResponseMetadata = decode(call, response.metadata)?;
    let mut page = Page {
        entries: Vec::with_capacity(response.results.len()),
        bookmark: metadata.bookmark,
    };
    for result in response.results {
        page.entries.push(entry(call, result.result_bytes)?);
    }
    Ok(page)
}

fn get_state(key: String) -> Message {
    let collection = String::new();
    let message = GetState { key, collection };
    (Type::GetState, message.encode_to_vec())
}

/// The name may carry a channel behind a slash; ours never does.
// Fabric: fabric-chaincode-go, shim/handler.go, handleInvokeChaincode
fn invoke(chaincode: &ChaincodeName, args: Vec<Bytes>) -> Message {
    let message = ChaincodeSpec {
        chaincode_id: Some(ChaincodeId {
            name: chaincode.to_string(),
            ..ChaincodeId::default()
        }),
        input: Some(ChaincodeInput {
            args,
            ..ChaincodeInput::default()
        }),
        ..ChaincodeSpec::default()
    };
    (Type::InvokeChaincode, message.encode_to_vec())
}

/// The answer of another chaincode: the message with which it ended, inside the peer's.
fn called(call: &'static str, payload: Bytes) -> Result<Response, StubError> {
    let last: ChaincodeMessage = decode(call, payload)?;
    if last.r#type != i32::from(Type::Completed) {
        return Err(StubError::Refused {
            call,
            reason: words(&last.payload),
        });
    }
    let response: protos::Response = decode(call, last.payload)?;
    Ok(Response {
        status: response.status,
        message: response.message,
        payload: response.payload,
    })
}

fn get_by_range(range: KeyRange, metadata: Vec<u8>) -> Message {
    let message = GetStateByRange {
        start_key: range.start,
        end_key: range.end,
        collection: String::new(),
        metadata: metadata.into(),
    };
    (Type::GetStateByRange, message.encode_to_vec())
}

fn entry(call: &'static str, bytes: Bytes) -> Result<Entry, StubError> {
    let Kv { key, value, .. } = decode(call, bytes)?;
    Ok(Entry { key, value })
}

fn present(value: Bytes) -> Option<Bytes> {
    (!value.is_empty()).then_some(value)
}

fn decode<M: prost::Message + Default>(call: &'static str, bytes: Bytes) -> Result<M, StubError> {
    M::decode(bytes).map_err(|error| malformed(call, error.to_string()))
}

fn malformed(call: &'static str, detail: impl Into<String>) -> StubError {
    let detail = detail.into();
    StubError::Malformed { call, detail }
}
