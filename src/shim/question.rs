//! One state call of a transaction: the messages it takes, and the answer put together from them.

use std::mem;

use bytes::Bytes;
use prost::Message;

use super::{features::Features, message::words, observer::Call};
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

/// What a transaction asks of its peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// One key.
    Get(String),
    /// Several keys.
    GetMultiple(Vec<String>),
    /// Another chaincode on the same channel.
    Invoke {
        /// Its name.
        chaincode: ChaincodeName,
        /// Function name and arguments.
        args: Vec<Bytes>,
    },
    /// A page of a range.
    Page {
        /// The range.
        range: KeyRange,
        /// How many entries at most.
        page_size: u32,
        /// Where the page starts; empty for the first.
        bookmark: String,
    },
    /// The beginning of a range.
    Range {
        /// The range.
        range: KeyRange,
        /// How many entries at most.
        most: usize,
    },
}

impl Request {
    /// Its kind, for metrics.
    #[must_use]
    pub const fn call(&self) -> Call {
        match self {
            Self::Get(_) => Call::Get,
            Self::GetMultiple(_) => Call::GetMultiple,
            Self::Invoke { .. } => Call::Invoke,
            Self::Page { .. } => Call::Page,
            Self::Range { .. } => Call::Range,
        }
    }
}

/// The answer to a [`Request`], of the same kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// What another chaincode answered.
    Called(Response),
    /// A value.
    Value(Option<Bytes>),
    /// Values in the order of the keys.
    Values(Vec<Option<Bytes>>),
    /// Entries.
    Entries(Entries),
    /// A page.
    Page(Page),
}

/// What to do next about a question.
#[derive(Debug)]
pub(super) enum Step {
    /// Send this, and hand in the answer.
    Send(Type, Vec<u8>),
    /// It is answered.
    Done(Reply),
}

/// A request on its way.
#[derive(Debug)]
pub(super) enum Question {
    Get,
    /// Keys asked for one by one, or several at a time.
    GetMultiple {
        /// Keys not asked for yet, the next one last.
        rest: Vec<String>,
        /// How many the last message asked for.
        asked: usize,
        /// How many a message may ask for; `None`: one, by GET_STATE.
        most: Option<usize>,
        values: Vec<Option<Bytes>>,
    },
    Invoke,
    Page,
    Range {
        most: usize,
        entries: Vec<Entry>,
    },
    /// A range of which we have enough, with its answer.
    Closing(Entries),
}

impl Question {
    /// Starts a request: how it goes on, and what to send first.
    pub(super) fn ask(request: Request, features: &Features) -> (Self, Step) {
        match request {
            Request::Get(key) => (Self::Get, get_state(key)),
            Request::GetMultiple(mut keys) => {
                keys.reverse();
                let mut question = Self::GetMultiple {
                    values: Vec::with_capacity(keys.len()),
                    rest: keys,
                    asked: 0,
                    most: features.get_multiple,
                };
                let step = question.ask_further();
                (question, step)
            }
            Request::Invoke { chaincode, args } => (Self::Invoke, invoke(&chaincode, args)),
            Request::Page {
                range,
                page_size,
                bookmark,
            } => {
                let metadata = QueryMetadata {
                    page_size: i32::try_from(page_size).unwrap_or(i32::MAX),
                    bookmark,
                };
                let step = get_by_range(range, metadata.encode_to_vec());
                (Self::Page, step)
            }
            Request::Range { range, most } => {
                let entries = Vec::new();
                let step = get_by_range(range, Vec::new());
                (Self::Range { most, entries }, step)
            }
        }
    }

    /// The name of the message type whose answer is awaited.
    pub(super) const fn call(&self) -> &'static str {
        match self {
            Self::Get => "GET_STATE",
            Self::GetMultiple { most: None, .. } => "GET_STATE",
            Self::GetMultiple { .. } => "GET_STATE_MULTIPLE",
            Self::Invoke => "INVOKE_CHAINCODE",
            Self::Page | Self::Range { .. } => "GET_STATE_BY_RANGE",
            Self::Closing(_) => "QUERY_STATE_CLOSE",
        }
    }

    /// Takes the payload of a RESPONSE.
    pub(super) fn handle_answer(&mut self, payload: Bytes) -> Result<Step, StubError> {
        let call = self.call();
        match self {
            Self::Get => Ok(Step::Done(Reply::Value(present(payload)))),
            Self::GetMultiple {
                asked,
                most,
                values,
                ..
            } => {
                if most.is_some() {
                    let result: GetStateMultipleResult = decode(call, payload)?;
                    if result.values.len() != *asked {
                        let came = result.values.len();
                        return Err(malformed(call, format!("{came} values for {asked} keys")));
                    }
                    values.extend(result.values.into_iter().map(present));
                } else {
                    values.push(present(payload));
                }
                Ok(self.ask_further())
            }
            Self::Invoke => {
                called(call, payload).map(|response| Step::Done(Reply::Called(response)))
            }
            Self::Page => {
                let response: QueryResponse = decode(call, payload)?;
                let metadata: QueryResponseMetadata = decode(call, response.metadata)?;
                let mut page = Page {
                    entries: Vec::with_capacity(response.results.len()),
                    bookmark: metadata.bookmark,
                };
                for result in response.results {
                    page.entries.push(entry(call, result.result_bytes)?);
                }
                Ok(Step::Done(Reply::Page(page)))
            }
            Self::Range { most, entries } => {
                let response: QueryResponse = decode(call, payload)?;
                let batch = response.results.len();
                for result in response.results {
                    entries.push(entry(call, result.result_bytes)?);
                }
                let enough = entries.len() >= *most;
                let more = entries.len() > *most || response.has_more;
                if response.has_more && !enough {
                    // SECURITY: a batch that brings nothing would let the peer keep us here
                    if batch == 0 {
                        return Err(malformed(call, "an empty batch that is not the last"));
                    }
                    let next = QueryStateNext { id: response.id };
                    return Ok(Step::Send(Type::QueryStateNext, next.encode_to_vec()));
                }
                entries.truncate(*most);
                let entries = mem::take(entries);
                let answer = Entries { entries, more };
                if !response.has_more {
                    // the peer has closed its iterator already
                    return Ok(Step::Done(Reply::Entries(answer)));
                }
                *self = Self::Closing(answer);
                let close = QueryStateClose { id: response.id };
                Ok(Step::Send(Type::QueryStateClose, close.encode_to_vec()))
            }
            Self::Closing(answer) => Ok(Step::Done(Reply::Entries(mem::take(answer)))),
        }
    }

    /// The next message of a request for several keys, or its answer.
    fn ask_further(&mut self) -> Step {
        let Self::GetMultiple {
            rest,
            asked,
            most,
            values,
        } = self
        else {
            return Step::Done(Reply::Values(Vec::new()));
        };
        let Some(most) = most else {
            return match rest.pop() {
                Some(key) => get_state(key),
                None => Step::Done(Reply::Values(mem::take(values))),
            };
        };
        let keep = rest.len().saturating_sub(*most);
        let mut keys = rest.split_off(keep);
        keys.reverse();
        *asked = keys.len();
        if keys.is_empty() {
            return Step::Done(Reply::Values(mem::take(values)));
        }
        let collection = String::new();
        let message = GetStateMultiple { keys, collection };
        Step::Send(Type::GetStateMultiple, message.encode_to_vec())
    }
}

fn get_state(key: String) -> Step {
    let collection = String::new();
    let message = GetState { key, collection };
    Step::Send(Type::GetState, message.encode_to_vec())
}

/// The name may carry a channel behind a slash; ours never does.
// Fabric: fabric-chaincode-go, shim/handler.go, handleInvokeChaincode
fn invoke(chaincode: &ChaincodeName, args: Vec<Bytes>) -> Step {
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
    Step::Send(Type::InvokeChaincode, message.encode_to_vec())
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

fn get_by_range(range: KeyRange, metadata: Vec<u8>) -> Step {
    let message = GetStateByRange {
        start_key: range.start,
        end_key: range.end,
        collection: String::new(),
        metadata: metadata.into(),
    };
    Step::Send(Type::GetStateByRange, message.encode_to_vec())
}

fn entry(call: &'static str, bytes: Bytes) -> Result<Entry, StubError> {
    let Kv { key, value, .. } = decode(call, bytes)?;
    Ok(Entry { key, value })
}

fn present(value: Bytes) -> Option<Bytes> {
    (!value.is_empty()).then_some(value)
}

fn decode<M: Message + Default>(call: &'static str, bytes: Bytes) -> Result<M, StubError> {
    M::decode(bytes).map_err(|error| malformed(call, error.to_string()))
}

fn malformed(call: &'static str, detail: impl Into<String>) -> StubError {
    let detail = detail.into();
    StubError::Malformed { call, detail }
}
