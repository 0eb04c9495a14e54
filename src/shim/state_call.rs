//! One state call of a transaction: the messages it takes, and where the answer goes.
//!
//! Each request carries the place where its answer goes, and that place has the type of the answer:
//! an answer of another type cannot reach it.

use std::fmt;

use bytes::Bytes;
use prost::Message as _;

use super::{
    answers::{batch, called, entry, metadata, modification, page, present, values},
    features::Features,
    observer::StateCall,
};
use crate::{
    ids::{ChaincodeName, ChannelId, CollectionName},
    proto::protos::{
        ChaincodeId, ChaincodeInput, ChaincodeSpec, GetHistoryForKey, GetQueryResult, GetState,
        GetStateByRange, GetStateMetadata, GetStateMultiple, QueryMetadata, QueryStateClose,
        QueryStateNext, chaincode_message::Type,
    },
    stub::{
        Batch, Entry, Metadata, Modification, Page, Query, QueryId, Response, StubError, is_plain,
    },
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

/// What a transaction asks of its peer, and where the answer goes (`to`). `collection`: `None` is the
/// public state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateRequest<D: Destination = Undirected> {
    /// The value of one key.
    Get {
        /// Where the key is.
        collection: Option<CollectionName>,
        /// The key whose value is asked for.
        key: String,
        /// Takes the value; `None`: there is none.
        to: D::For<Option<Bytes>>,
    },
    /// The values of several keys.
    GetMultiple {
        /// Where the keys are.
        collection: Option<CollectionName>,
        /// The keys; may be many more than one message asks for.
        keys: Vec<String>,
        /// Takes the values, in the order of the keys.
        to: D::For<Vec<Option<Bytes>>>,
    },
    /// The digest of a private value.
    GetHash {
        /// Where the key is.
        collection: CollectionName,
        /// The key whose value is asked for.
        key: String,
        /// Takes the digest; `None`: there is no value.
        to: D::For<Option<Bytes>>,
    },
    /// The metadata of one key.
    GetMetadata {
        /// Where the key is.
        collection: Option<CollectionName>,
        /// The key whose metadata is asked for.
        key: String,
        /// Takes the metadata.
        to: D::For<Metadata>,
    },
    /// The first results of a query.
    Open {
        /// Where is looked.
        collection: Option<CollectionName>,
        /// What is looked for.
        query: Query,
        /// Takes the results.
        to: D::For<Batch<Entry>>,
    },
    /// The first results of a key's history.
    OpenHistory {
        /// The key whose history is asked for.
        key: String,
        /// Takes the results.
        to: D::For<Batch<Modification>>,
    },
    /// The next results of a query.
    Next {
        /// The query.
        query: QueryId,
        /// Takes the results.
        to: D::For<Batch<Entry>>,
    },
    /// The next results of a history.
    NextHistory {
        /// The history.
        query: QueryId,
        /// Takes the results.
        to: D::For<Batch<Modification>>,
    },
    /// The end of a query or history.
    Close {
        /// The query.
        query: QueryId,
        /// Takes that it is closed.
        to: D::For<()>,
    },
    /// A page of a query.
    Page {
        /// What all pages together hold.
        query: Query,
        /// How many entries at most; Fabric reads it as 31 bits, and more is cut to that.
        page_size: u32,
        /// Where the page starts; empty for the first.
        bookmark: String,
        /// Takes the page.
        to: D::For<Page>,
    },
    /// A call of another chaincode.
    Invoke {
        /// The name of its definition on the channel.
        chaincode: ChaincodeName,
        /// The channel; `None`: the one of the transaction.
        channel: Option<ChannelId>,
        /// Function name and arguments.
        args: Vec<Bytes>,
        /// Takes its response, which may be a refusal.
        to: D::For<Response>,
    },
}

impl<D: Destination> StateRequest<D> {
    /// Its kind, for metrics.
    #[must_use]
    pub const fn call(&self) -> StateCall {
        match self {
            Self::Get { .. } => StateCall::Get,
            Self::GetMultiple { .. } => StateCall::GetMultiple,
            Self::GetHash { .. } => StateCall::GetHash,
            Self::GetMetadata { .. } => StateCall::GetMetadata,
            Self::Open {
                query: Query::Range(_),
                ..
            } => StateCall::Range,
            Self::Open { .. } => StateCall::Query,
            Self::OpenHistory { .. } => StateCall::History,
            Self::Next { .. } | Self::NextHistory { .. } => StateCall::Next,
            Self::Close { .. } => StateCall::Close,
            Self::Page { .. } => StateCall::Page,
            Self::Invoke { .. } => StateCall::Invoke,
        }
    }
}

impl<D: Destination> StateRequest<D> {
    /// Why it cannot be sent: peers would take it for something else.
    fn problem(&self) -> Option<fn(&'static str) -> StubError> {
        let collection = match self {
            Self::Get { collection, .. }
            | Self::GetMultiple { collection, .. }
            | Self::GetMetadata { collection, .. }
            | Self::Open { collection, .. } => collection.as_ref(),
            Self::GetHash { collection, .. } => Some(collection),
            Self::Page { page_size: 0, .. } => return Some(StubError::empty_page),
            Self::Invoke { chaincode, .. } if !is_plain(chaincode) => {
                return Some(StubError::odd_chaincode);
            }
            _ => None,
        };
        let unnamed = collection.is_some_and(|name| name.as_str().is_empty());
        unnamed.then_some(StubError::unnamed_collection)
    }
}

/// The answer to a [`StateRequest`] beside the place that it goes to, by the type of the answer.
#[derive(Debug, PartialEq, Eq)]
pub enum StateAnswer<D: Destination = Undirected> {
    /// A value, or a digest.
    Value(D::For<Option<Bytes>>, Result<Option<Bytes>, StubError>),
    /// Several values.
    Values(
        D::For<Vec<Option<Bytes>>>,
        Result<Vec<Option<Bytes>>, StubError>,
    ),
    /// Metadata of a key.
    Metadata(D::For<Metadata>, Result<Metadata, StubError>),
    /// Results of a query.
    Entries(D::For<Batch<Entry>>, Result<Batch<Entry>, StubError>),
    /// Results of a history.
    Modifications(
        D::For<Batch<Modification>>,
        Result<Batch<Modification>, StubError>,
    ),
    /// A query was closed.
    Closed(D::For<()>, Result<(), StubError>),
    /// A page of a query.
    Page(D::For<Page>, Result<Page, StubError>),
    /// What another chaincode answered.
    Response(D::For<Response>, Result<Response, StubError>),
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
pub(super) struct OpenCall<D: Destination> {
    /// The message that was sent, by the name of its type.
    call: &'static str,
    awaited: Awaited<D>,
}

/// What a call waits for, and where it goes.
#[derive(Debug)]
enum Awaited<D: Destination> {
    Value(D::For<Option<Bytes>>),
    Values(OpenKeys, D::For<Vec<Option<Bytes>>>),
    Metadata(D::For<Metadata>),
    Entries(D::For<Batch<Entry>>),
    Modifications(D::For<Batch<Modification>>),
    Closed(D::For<()>),
    Page(usize, D::For<Page>),
    Response(D::For<Response>),
}

/// Keys asked for one by one, or several at a time.
#[derive(Debug)]
struct OpenKeys {
    collection: String,
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
        let problem = request.problem();
        let ((kind, payload), awaited) = match request {
            StateRequest::Get {
                collection,
                key,
                to,
            } => (get_state(named(collection), key), Awaited::Value(to)),
            StateRequest::GetMultiple {
                collection,
                mut keys,
                to,
            } => {
                keys.reverse();
                let open = OpenKeys {
                    collection: named(collection),
                    values: Vec::with_capacity(keys.len()),
                    rest: keys,
                    asked: 0,
                    most: features.get_multiple,
                };
                return match problem {
                    Some(problem) => {
                        let error = problem("GET_STATE_MULTIPLE");
                        StateStep::Done(StateAnswer::Values(to, Err(error)))
                    }
                    None => Self::ask_further(open, to),
                };
            }
            StateRequest::GetHash {
                collection,
                key,
                to,
            } => {
                let collection = collection.to_string();
                let message = GetState { key, collection };
                let message = (Type::GetPrivateDataHash, message.encode_to_vec());
                (message, Awaited::Value(to))
            }
            StateRequest::GetMetadata {
                collection,
                key,
                to,
            } => {
                let collection = named(collection);
                let message = GetStateMetadata { key, collection };
                let message = (Type::GetStateMetadata, message.encode_to_vec());
                (message, Awaited::Metadata(to))
            }
            StateRequest::Open {
                collection,
                query,
                to,
            } => {
                let message = open(named(collection), query, Vec::new());
                (message, Awaited::Entries(to))
            }
            StateRequest::OpenHistory { key, to } => {
                let message = GetHistoryForKey { key }.encode_to_vec();
                (
                    (Type::GetHistoryForKey, message),
                    Awaited::Modifications(to),
                )
            }
            StateRequest::Next { query, to } => (next(query), Awaited::Entries(to)),
            StateRequest::NextHistory { query, to } => (next(query), Awaited::Modifications(to)),
            StateRequest::Close { query, to } => {
                let message = QueryStateClose { id: query.0 }.encode_to_vec();
                ((Type::QueryStateClose, message), Awaited::Closed(to))
            }
            StateRequest::Page {
                query,
                page_size,
                bookmark,
                to,
            } => {
                let metadata = QueryMetadata {
                    page_size: i32::try_from(page_size).unwrap_or(i32::MAX),
                    bookmark,
                };
                let message = open(String::new(), query, metadata.encode_to_vec());
                let most = usize::try_from(page_size).unwrap_or(usize::MAX);
                (message, Awaited::Page(most, to))
            }
            StateRequest::Invoke {
                chaincode,
                channel,
                args,
                to,
            } => {
                let message = invoke(&chaincode, channel.as_ref(), args);
                (message, Awaited::Response(to))
            }
        };
        let call = kind.as_str_name();
        let open = Self { call, awaited };
        match problem {
            Some(problem) => StateStep::Done(open.fail(problem(call))),
            None => StateStep::Ask(open, (kind, payload)),
        }
    }

    /// The name of the message type whose answer is awaited.
    pub(super) const fn message_type(&self) -> &'static str {
        self.call
    }

    /// Ends the call without an answer.
    pub(super) fn fail(self, error: StubError) -> StateAnswer<D> {
        match self.awaited {
            Awaited::Value(to) => StateAnswer::Value(to, Err(error)),
            Awaited::Values(_, to) => StateAnswer::Values(to, Err(error)),
            Awaited::Metadata(to) => StateAnswer::Metadata(to, Err(error)),
            Awaited::Entries(to) => StateAnswer::Entries(to, Err(error)),
            Awaited::Modifications(to) => StateAnswer::Modifications(to, Err(error)),
            Awaited::Closed(to) => StateAnswer::Closed(to, Err(error)),
            Awaited::Page(_, to) => StateAnswer::Page(to, Err(error)),
            Awaited::Response(to) => StateAnswer::Response(to, Err(error)),
        }
    }

    /// Ends the call because its stream or transaction is over, or another call is open.
    pub(super) fn end(self) -> StateAnswer<D> {
        let call = self.call;
        self.fail(StubError::Ended { call })
    }

    /// Takes the payload of a RESPONSE.
    pub(super) fn handle_answer(self, payload: Bytes) -> StateStep<D> {
        let call = self.call;
        let answer = match self.awaited {
            Awaited::Value(to) => StateAnswer::Value(to, Ok(present(payload))),
            Awaited::Values(mut open, to) => match open.take(call, payload) {
                Ok(()) => return Self::ask_further(open, to),
                Err(error) => StateAnswer::Values(to, Err(error)),
            },
            Awaited::Metadata(to) => StateAnswer::Metadata(to, metadata(call, payload)),
            Awaited::Entries(to) => StateAnswer::Entries(to, batch(call, payload, entry)),
            Awaited::Modifications(to) => {
                StateAnswer::Modifications(to, batch(call, payload, modification))
            }
            // what the peer says of a closed query is nothing to anybody
            Awaited::Closed(to) => StateAnswer::Closed(to, Ok(())),
            Awaited::Page(most, to) => StateAnswer::Page(to, page(call, payload, most)),
            Awaited::Response(to) => StateAnswer::Response(to, called(call, payload)),
        };
        StateStep::Done(answer)
    }

    /// The next message of a request for several keys, or its answer.
    fn ask_further(mut open: OpenKeys, to: D::For<Vec<Option<Bytes>>>) -> StateStep<D> {
        let Some((kind, payload)) = open.next_message() else {
            return StateStep::Done(StateAnswer::Values(to, Ok(open.values)));
        };
        let call = kind.as_str_name();
        let awaited = Awaited::Values(open, to);
        StateStep::Ask(Self { call, awaited }, (kind, payload))
    }
}

impl OpenKeys {
    /// Takes the values that the last message asked for.
    fn take(&mut self, call: &'static str, payload: Bytes) -> Result<(), StubError> {
        if self.most.is_none() {
            self.values.push(present(payload));
            return Ok(());
        }
        self.values.extend(values(call, payload, self.asked)?);
        Ok(())
    }

    /// The next message; `None` once all keys were asked for.
    fn next_message(&mut self) -> Option<Message> {
        let collection = self.collection.clone();
        let Some(most) = self.most else {
            let key = self.rest.pop()?;
            return Some(get_state(collection, key));
        };
        let keep = self.rest.len().saturating_sub(most);
        let mut keys = self.rest.split_off(keep);
        keys.reverse();
        self.asked = keys.len();
        if keys.is_empty() {
            return None;
        }
        let message = GetStateMultiple { keys, collection };
        Some((Type::GetStateMultiple, message.encode_to_vec()))
    }
}

fn get_state(collection: String, key: String) -> Message {
    let message = GetState { key, collection };
    (Type::GetState, message.encode_to_vec())
}

/// The name carries the channel behind a slash.
// Fabric: fabric-chaincode-go, shim/stub.go, InvokeChaincode
fn invoke(chaincode: &ChaincodeName, channel: Option<&ChannelId>, args: Vec<Bytes>) -> Message {
    let name = match channel {
        Some(channel) => format!("{chaincode}/{channel}"),
        None => chaincode.to_string(),
    };
    let message = ChaincodeSpec {
        chaincode_id: Some(ChaincodeId {
            name,
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

fn open(collection: String, query: Query, metadata: Vec<u8>) -> Message {
    let metadata = metadata.into();
    match query {
        Query::Range(range) => {
            let message = GetStateByRange {
                start_key: range.start,
                end_key: range.end,
                collection,
                metadata,
            };
            (Type::GetStateByRange, message.encode_to_vec())
        }
        Query::Rich(query) => {
            let message = GetQueryResult {
                query,
                collection,
                metadata,
            };
            (Type::GetQueryResult, message.encode_to_vec())
        }
    }
}

fn next(query: QueryId) -> Message {
    let message = QueryStateNext { id: query.0 };
    (Type::QueryStateNext, message.encode_to_vec())
}

/// A collection as messages name it.
fn named(collection: Option<CollectionName>) -> String {
    collection.map_or_else(String::new, |collection| collection.to_string())
}
