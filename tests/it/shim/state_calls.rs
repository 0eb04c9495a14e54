//! Each state call: the message that it is, what its answer means, and what no peer is asked.

use std::{fmt::Debug, time::Duration};

use bytes::Bytes;
use cmscc::{
    proto::{
        protos::{
            self, ChaincodeMessage, DelState, GetHistoryForKey, GetQueryResult, GetState,
            GetStateByRange, GetStateMetadata, GetStateMultiple, PurgePrivateState, PutState,
            PutStateMetadata, QueryMetadata, QueryResponse, QueryResultBytes, QueryStateClose,
            QueryStateNext, StateMetadata, StateMetadataResult, WriteBatchState, WriteRecord,
            chaincode_message::Type, write_record::Type as Record,
        },
        queryresult::KeyModification,
    },
    shim::{Failure, Handler, InvocationOutcome, SessionEvent, StateAnswer, StateRequest},
    stub::{
        Batch, Chaincode, Entry, Invocation, KeyRange, Metadata, Modification, Query, QueryId,
        Response, Stub, StubError, Write, Writes,
    },
};
use prost::Message;

use super::{
    handler::running,
    messages::{batch, key, kind, message, ready, response, transaction},
    pair::Pair,
};

/// The one message that a request becomes.
fn sent(handler: &mut Handler, request: StateRequest) -> ChaincodeMessage {
    handler.handle_request(&key("t"), request);
    let message = handler.poll_transmit().unwrap();
    assert_eq!(handler.poll_transmit(), None);
    message
}

/// What the transaction is told for this payload.
fn told(handler: &mut Handler, payload: Vec<u8>) -> StateAnswer {
    handler.handle_message(Duration::ZERO, response("t", payload));
    match handler.poll_event() {
        Some(SessionEvent::Answered { answer, .. }) => answer,
        other => panic!("{other:?}"),
    }
}

/// A request is this message, and this payload of an answer means this.
fn is<M: Message + Default + PartialEq + Debug>(
    request: StateRequest,
    (expected, body): (Type, M),
    answers: impl IntoIterator<Item = (Vec<u8>, StateAnswer)>,
) {
    for (payload, answer) in answers {
        let mut handler = running(Some(10));
        let message = sent(&mut handler, request.clone());
        assert_eq!(kind(&message), expected);
        assert_eq!(M::decode(message.payload).unwrap(), body);
        assert_eq!(told(&mut handler, payload), answer);
    }
}

fn range() -> KeyRange {
    KeyRange {
        start: "a".to_owned(),
        end: "z".to_owned(),
    }
}

fn entries(keys: &[&str], next: Option<&str>) -> StateAnswer {
    let entry = |key: &&str| Entry {
        key: (*key).to_owned(),
        value: format!("value of {key}").into(),
    };
    let batch = Batch {
        results: keys.iter().map(entry).collect(),
        next: next.map(|id| QueryId(id.to_owned())),
    };
    StateAnswer::Entries((), Ok(batch))
}

#[test]
fn private_data_is_asked_for_in_its_collection() {
    let (collection, k, to) = (Some("c".into()), "k".to_owned(), ());
    let named = GetState {
        key: k.clone(),
        collection: "c".to_owned(),
    };
    let value = Some(Bytes::from_static(b"v"));
    let found = || {
        [
            (b"v".to_vec(), StateAnswer::Value((), Ok(value.clone()))),
            (Vec::new(), StateAnswer::Value((), Ok(None))),
        ]
    };
    let get = StateRequest::Get {
        collection: collection.clone(),
        key: k.clone(),
        to,
    };
    is(get, (Type::GetState, named.clone()), found());
    let hash = StateRequest::GetHash {
        collection: "c".into(),
        key: k.clone(),
        to,
    };
    is(hash, (Type::GetPrivateDataHash, named), found());
    let multiple = StateRequest::GetMultiple {
        collection: collection.clone(),
        keys: vec![k],
        to,
    };
    let named = GetStateMultiple {
        keys: vec!["k".to_owned()],
        collection: "c".to_owned(),
    };
    let values = protos::GetStateMultipleResult {
        values: vec![Bytes::from_static(b"v")],
    };
    let answer = StateAnswer::Values((), Ok(vec![value]));
    let answers = [(values.encode_to_vec(), answer)];
    is(multiple, (Type::GetStateMultiple, named), answers);
    let open = StateRequest::Open {
        collection,
        query: Query::Range(range()),
        to,
    };
    let named = GetStateByRange {
        start_key: "a".to_owned(),
        end_key: "z".to_owned(),
        collection: "c".to_owned(),
        metadata: Bytes::new(),
    };
    let answers = [(
        batch(&["a", "b"], true),
        entries(&["a", "b"], Some("iterator")),
    )];
    is(open, (Type::GetStateByRange, named), answers);
}

#[test]
fn metadata_is_read_by_name() {
    let request = StateRequest::GetMetadata {
        collection: Some("c".into()),
        key: "k".to_owned(),
        to: (),
    };
    let asked = GetStateMetadata {
        key: "k".to_owned(),
        collection: "c".to_owned(),
    };
    let entry = StateMetadata {
        metakey: "VALIDATION_PARAMETER".to_owned(),
        value: Bytes::from_static(b"p"),
    };
    let entries = vec![entry];
    let found = StateMetadataResult { entries }.encode_to_vec();
    let metadata = Metadata::from([("VALIDATION_PARAMETER".to_owned(), Bytes::from_static(b"p"))]);
    let answers = [
        (found, StateAnswer::Metadata((), Ok(metadata))),
        (Vec::new(), StateAnswer::Metadata((), Ok(Metadata::new()))),
    ];
    is(request, (Type::GetStateMetadata, asked), answers);
}

#[test]
fn rich_queries_and_their_pages() {
    let query = Query::Rich("{}".to_owned());
    let request = StateRequest::Open {
        collection: None,
        query: query.clone(),
        to: (),
    };
    let mut asked = GetQueryResult {
        query: "{}".to_owned(),
        ..GetQueryResult::default()
    };
    let answers = [(batch(&["a"], false), entries(&["a"], None))];
    is(request, (Type::GetQueryResult, asked.clone()), answers);
    let request = StateRequest::Page {
        query,
        page_size: u32::MAX,
        bookmark: "m".to_owned(),
        to: (),
    };
    let metadata = QueryMetadata {
        page_size: i32::MAX,
        bookmark: "m".to_owned(),
    };
    asked.metadata = metadata.encode_to_vec().into();
    let mut handler = running(None);
    let message = sent(&mut handler, request);
    assert_eq!(kind(&message), Type::GetQueryResult);
    assert_eq!(GetQueryResult::decode(message.payload).unwrap(), asked);
}

#[test]
fn a_history_is_read_to_its_end() {
    let modification = |n: u8, nanos| KeyModification {
        tx_id: format!("t{n}"),
        value: vec![n].into(),
        timestamp: Some(prost_types::Timestamp {
            seconds: i64::from(n),
            nanos,
        }),
        is_delete: n == 2,
    };
    let batch = |n, nanos, has_more| QueryResponse {
        results: vec![QueryResultBytes {
            result_bytes: modification(n, nanos).encode_to_vec().into(),
        }],
        has_more,
        id: "h".to_owned(),
        ..QueryResponse::default()
    };
    let told = |n: u8, nanos, next: Option<&str>| {
        let modification = Modification {
            tx_id: format!("t{n}").into(),
            value: vec![n].into(),
            timestamp: cmscc::ids::UnixTime {
                seconds: n.into(),
                nanos,
            },
            is_delete: n == 2,
        };
        let batch = Batch {
            results: vec![modification],
            next: next.map(|id| QueryId(id.to_owned())),
        };
        StateAnswer::Modifications((), Ok(batch))
    };
    let key = "k".to_owned();
    let request = StateRequest::OpenHistory {
        key: key.clone(),
        to: (),
    };
    let first = batch(1, 7, true).encode_to_vec();
    let asked = (Type::GetHistoryForKey, GetHistoryForKey { key });
    is(request, asked, [(first, told(1, 7, Some("h")))]);
    let request = StateRequest::NextHistory {
        query: QueryId("h".to_owned()),
        to: (),
    };
    // what is no count of nanoseconds is none
    let last = batch(2, -1, false).encode_to_vec();
    let id = "h".to_owned();
    let asked = (Type::QueryStateNext, QueryStateNext { id });
    is(request, asked, [(last, told(2, 0, None))]);
}

#[test]
fn a_query_goes_on_and_is_closed_by_its_id() {
    let query = QueryId("7".to_owned());
    let id = "7".to_owned();
    let next = StateRequest::Next {
        query: query.clone(),
        to: (),
    };
    let asked = (Type::QueryStateNext, QueryStateNext { id: id.clone() });
    let answers = [(batch(&["b"], false), entries(&["b"], None))];
    is(next, asked, answers);
    let close = StateRequest::Close { query, to: () };
    let asked = (Type::QueryStateClose, QueryStateClose { id });
    // whatever the peer says to that
    let closed = || StateAnswer::Closed((), Ok(()));
    let answers = [(batch(&[], false), closed()), (b"\xff".to_vec(), closed())];
    is(close, asked, answers);
}

#[test]
fn a_chaincode_is_called_on_its_channel() {
    let mut handler = running(None);
    let request = StateRequest::Invoke {
        chaincode: "other".into(),
        channel: Some("elsewhere".into()),
        args: Vec::new(),
        to: (),
    };
    let message = sent(&mut handler, request);
    let spec = protos::ChaincodeSpec::decode(message.payload).unwrap();
    assert_eq!(spec.chaincode_id.unwrap().name, "other/elsewhere");
}

#[test]
fn what_peers_would_take_for_something_else_is_not_sent() {
    let (key, to) = ("k".to_owned(), ());
    let collection = Some("".into());
    for (request, expected) in [
        (
            StateRequest::Get {
                collection: collection.clone(),
                key: key.clone(),
                to,
            },
            "GET_STATE",
        ),
        (
            StateRequest::GetMultiple {
                collection: collection.clone(),
                keys: vec![key.clone()],
                to,
            },
            "GET_STATE_MULTIPLE",
        ),
        (
            StateRequest::GetHash {
                collection: "".into(),
                key: key.clone(),
                to,
            },
            "GET_PRIVATE_DATA_HASH",
        ),
        (
            StateRequest::GetMetadata {
                collection: collection.clone(),
                key,
                to,
            },
            "GET_STATE_METADATA",
        ),
        (
            StateRequest::Open {
                collection,
                query: Query::Rich("{}".to_owned()),
                to,
            },
            "GET_QUERY_RESULT",
        ),
        (
            StateRequest::Page {
                query: Query::Range(range()),
                page_size: 0,
                bookmark: String::new(),
                to,
            },
            "GET_STATE_BY_RANGE",
        ),
        (
            StateRequest::Invoke {
                chaincode: "other/elsewhere".into(),
                channel: None,
                args: Vec::new(),
                to,
            },
            "INVOKE_CHAINCODE",
        ),
    ] {
        let mut handler = running(Some(10));
        handler.handle_request(&super::messages::key("t"), request);
        assert_eq!(handler.poll_transmit(), None, "{expected}");
        let Some(SessionEvent::Answered { answer, .. }) = handler.poll_event() else {
            panic!("no answer");
        };
        let error = super::handler::refusal_of(answer);
        let StubError::Invalid { call, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(call, expected);
    }
}

fn outcome(writes: Writes, event: &str) -> InvocationOutcome {
    InvocationOutcome {
        response: Response::success("done"),
        writes,
        event: Some(cmscc::stub::Event {
            name: event.to_owned(),
            payload: Bytes::new(),
        }),
    }
}

/// Writes of every kind, in the order that they are sent in.
fn every_write() -> Writes {
    let mut writes = Writes::default();
    let put = || Write::Put(Bytes::from_static(b"v"));
    writes.write_metadata(
        None,
        "a".to_owned(),
        "m".to_owned(),
        Bytes::from_static(b"p"),
    );
    writes.write_metadata(
        Some("c".into()),
        "a".to_owned(),
        "m".to_owned(),
        Bytes::from_static(b"p"),
    );
    writes.write(Some("c".into()), "c".to_owned(), Write::Purge);
    writes.write(Some("c".into()), "b".to_owned(), Write::Delete);
    writes.write(Some("c".into()), "a".to_owned(), put());
    writes.write(None, "b".to_owned(), Write::Delete);
    writes.write(None, "a".to_owned(), put());
    writes
}

#[test]
fn every_write_goes_out_alone_and_in_a_batch() {
    let record = |kind: Record, collection: &str, key: &str| {
        let metadata = StateMetadata {
            metakey: "m".to_owned(),
            value: Bytes::from_static(b"p"),
        };
        WriteRecord {
            key: key.to_owned(),
            collection: collection.to_owned(),
            value: match kind {
                Record::PutState => Bytes::from_static(b"v"),
                _ => Bytes::new(),
            },
            metadata: (kind == Record::PutStateMetadata).then_some(metadata),
            r#type: kind.into(),
        }
    };
    let records = [
        record(Record::PutState, "", "a"),
        record(Record::DelState, "", "b"),
        record(Record::PutState, "c", "a"),
        record(Record::DelState, "c", "b"),
        record(Record::PurgePrivateData, "c", "c"),
        record(Record::PutStateMetadata, "", "a"),
        record(Record::PutStateMetadata, "c", "a"),
    ];
    let mut handler = running(Some(10));
    handler.handle_outcome(&key("t"), outcome(every_write(), "e"));
    let message = handler.poll_transmit().unwrap();
    assert_eq!(kind(&message), Type::WriteBatchState);
    let batch = WriteBatchState::decode(message.payload).unwrap();
    assert_eq!(batch.rec, records);
    let mut handler = running(None);
    handler.handle_outcome(&key("t"), outcome(every_write(), "e"));
    for record in records {
        let message = handler.poll_transmit().unwrap();
        assert_eq!(handler.poll_transmit(), None);
        let payload = message.payload.clone();
        let (key, collection) = (record.key.clone(), record.collection.clone());
        match record.r#type() {
            Record::PutState => {
                assert_eq!(kind(&message), Type::PutState);
                let value = record.value;
                let put = PutState {
                    key,
                    value,
                    collection,
                };
                assert_eq!(PutState::decode(payload).unwrap(), put);
            }
            Record::DelState => {
                assert_eq!(kind(&message), Type::DelState);
                let del = DelState { key, collection };
                assert_eq!(DelState::decode(payload).unwrap(), del);
            }
            Record::PurgePrivateData => {
                assert_eq!(kind(&message), Type::PurgePrivateData);
                let purge = PurgePrivateState { key, collection };
                assert_eq!(PurgePrivateState::decode(payload).unwrap(), purge);
            }
            Record::PutStateMetadata => {
                assert_eq!(kind(&message), Type::PutStateMetadata);
                let metadata = record.metadata;
                let put = PutStateMetadata {
                    key,
                    collection,
                    metadata,
                };
                assert_eq!(PutStateMetadata::decode(payload).unwrap(), put);
            }
            Record::Undefined => panic!("no kind"),
        }
        handler.handle_message(Duration::ZERO, response("t", ""));
    }
    let last = handler.poll_transmit().unwrap();
    assert_eq!(kind(&last), Type::Completed);
}

/// Empty parts take two bytes each in a message, and many more in memory.
#[test]
fn answers_of_more_parts_than_peers_send_are_none() {
    let (key, to) = ("k".to_owned(), ());
    let collection = None;
    let query = || Query::Range(range());
    for (most, request) in [
        (
            1_000,
            StateRequest::Open {
                collection: collection.clone(),
                query: query(),
                to,
            },
        ),
        (
            7,
            StateRequest::Page {
                query: query(),
                page_size: 7,
                bookmark: String::new(),
                to,
            },
        ),
        (
            2,
            StateRequest::GetMultiple {
                collection: collection.clone(),
                keys: vec![key.clone(); 2],
                to,
            },
        ),
        (
            1_000,
            StateRequest::GetMetadata {
                collection,
                key,
                to,
            },
        ),
    ] {
        for (parts, is_refused) in [(most, false), (most + 1, true)] {
            let mut handler = running(Some(10));
            let call = sent(&mut handler, request.clone());
            let answer = told(&mut handler, [10, 0].repeat(parts));
            let refused = format!("{answer:?}").contains("parts");
            assert_eq!(refused, is_refused, "{:?} {answer:?}", kind(&call));
        }
    }
}

#[test]
fn writes_that_mean_something_else_to_a_peer_fail_the_transaction() {
    let put = || Write::Put(Bytes::from_static(b"v"));
    let mut unnamed = Writes::default();
    unnamed.write(Some("".into()), "k".to_owned(), put());
    let mut empty = Writes::default();
    empty.write(None, String::new(), put());
    let mut metadata = Writes::default();
    metadata.write_metadata(None, String::new(), "m".to_owned(), Bytes::new());
    let mut policy = Writes::default();
    let name = cmscc::stub::VALIDATION_PARAMETER.to_owned();
    policy.write_metadata(None, "k".to_owned(), name, Bytes::from_static(b"no policy"));
    let mut purge = Writes::default();
    purge.write(None, "k".to_owned(), Write::Purge);
    for (writes, event, words) in [
        (unnamed, "e", "the name of the collection is empty"),
        (empty, "e", "the key is empty"),
        (metadata, "e", "the key is empty"),
        (policy, "e", "is no `SignaturePolicyEnvelope`"),
        (purge, "e", "only private data can be purged"),
        (Writes::default(), "", "the name of the event is empty"),
    ] {
        let mut handler = running(Some(10));
        handler.handle_outcome(&key("t"), outcome(writes, event));
        let message = handler.poll_transmit().unwrap();
        assert_eq!(kind(&message), Type::Error);
        let said = String::from_utf8(message.payload.to_vec()).unwrap();
        let code = Failure::WritesInvalid("").code();
        assert!(said.contains(code) && said.contains(words), "{said}");
        assert_eq!(handler.poll_transmit(), None);
        assert_eq!(handler.transactions(), 0);
    }
}

/// Reads so many entries of a range on demand, then leaves it.
struct Reader {
    most: usize,
    /// Whether all are taken at once.
    at_once: bool,
}

impl Chaincode for Reader {
    async fn invoke<S: Stub>(&self, _: &Invocation, stub: &mut S) -> Response {
        let query = Query::Range(range());
        let mut iterator = stub.open(None, &query).await.unwrap();
        if self.at_once {
            let (taken, more) = iterator.take(self.most, stub).await.unwrap();
            return Response::success(format!("{} {more}", taken.len()));
        }
        let mut read = 0;
        while read < self.most && iterator.next(stub).await.unwrap().is_some() {
            read += 1;
        }
        iterator.close(stub).await.unwrap();
        Response::success(read.to_string())
    }
}

#[test]
fn a_range_is_read_as_far_as_wanted_and_closed_when_left() {
    use Type::{Completed, GetStateByRange, QueryStateClose, QueryStateNext};
    let (first, last) = (batch(&["a", "b"], true), batch(&["c"], false));
    let none = Vec::new();
    for (most, answers, calls, told) in [
        (10, vec![&last], vec![], ["1 false", "1"]),
        (
            10,
            vec![&first, &last],
            vec![QueryStateNext],
            ["3 false", "3"],
        ),
        (
            3,
            vec![&first, &last],
            vec![QueryStateNext],
            ["3 false", "3"],
        ),
        (
            2,
            vec![&first, &none],
            vec![QueryStateClose],
            ["2 true", "2"],
        ),
        (
            1,
            vec![&first, &none],
            vec![QueryStateClose],
            ["1 true", "1"],
        ),
        (0, vec![&last], vec![], ["0 true", "0"]),
        (
            0,
            vec![&first, &none],
            vec![QueryStateClose],
            ["0 true", "0"],
        ),
    ] {
        for (at_once, told) in [(true, told[0]), (false, told[1])] {
            let mut pair = Pair::of(Reader { most, at_once }, "cc_1:00");
            pair.deliver(message(Type::Registered));
            pair.deliver(ready(None));
            pair.deliver(transaction("t", &["f"]));
            for payload in &answers {
                pair.deliver(response("t", (*payload).clone()));
            }
            let mut kinds: Vec<_> = pair.sent.iter().skip(1).map(kind).collect();
            assert_eq!(kinds.pop(), Some(Completed));
            assert_eq!(kinds.remove(0), GetStateByRange);
            assert_eq!(kinds, calls, "{most}");
            let last = protos::Response::decode(pair.sent.pop().unwrap().payload).unwrap();
            assert_eq!(last.payload, told, "{most}");
        }
    }
}
