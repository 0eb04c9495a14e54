//! The handler, rule by rule.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use cmscc::{
    proto::protos::{
        self, ChaincodeMessage, ChaincodeSpec, GetStateMultiple, GetStateMultipleResult, PutState,
        QueryMetadata, WriteBatchState, chaincode_message::Type,
    },
    shim::{
        Closing, Ending, Handler, InvocationOutcome, ServerLimits, SessionEvent, StateAnswer,
        StateRequest, Timeouts,
    },
    stub::{self, KeyRange, Query, Response, StubError, Write, Writes},
};
use prost::Message;

use super::messages::{about, batch, key, kind, message, page, ready, response, text, transaction};

/// A handler whose peer has said READY, with nothing left to poll.
pub(super) fn ready_handler(size: Option<u32>, limits: ServerLimits) -> Handler {
    let mut handler = Handler::new("cc_1:00", limits, Timeouts::default());
    handler.handle_message(Duration::ZERO, message(Type::Registered));
    handler.handle_message(Duration::ZERO, ready(size));
    assert_eq!(kinds(&mut handler), [Type::Register]);
    assert!(matches!(handler.poll_event(), Some(SessionEvent::Ready(_))));
    handler
}

/// The same with one transaction `t` that runs.
pub(super) fn running(size: Option<u32>) -> Handler {
    let mut handler = ready_handler(size, ServerLimits::default());
    start(&mut handler, "t");
    handler
}

pub(super) fn start(handler: &mut Handler, tx: &str) {
    handler.handle_message(Duration::ZERO, transaction(tx, &["f", "x"]));
    assert!(matches!(
        handler.poll_event(),
        Some(SessionEvent::Started { .. })
    ));
}

pub(super) fn sent(handler: &mut Handler) -> Vec<ChaincodeMessage> {
    std::iter::from_fn(|| handler.poll_transmit()).collect()
}

pub(super) fn kinds(handler: &mut Handler) -> Vec<Type> {
    sent(handler).iter().map(kind).collect()
}

pub(super) fn events(handler: &mut Handler) -> Vec<SessionEvent> {
    std::iter::from_fn(|| handler.poll_event()).collect()
}

pub(super) fn only<T: std::fmt::Debug>(mut things: Vec<T>) -> T {
    assert_eq!(things.len(), 1, "{things:?}");
    things.remove(0)
}

/// The one answer that a transaction got.
fn answer(handler: &mut Handler) -> StateAnswer {
    match only(events(handler)) {
        SessionEvent::Answered { answer, .. } => answer,
        other => panic!("{other:?}"),
    }
}

/// Why a state call has no answer.
pub(super) fn refusal_of(answer: StateAnswer) -> StubError {
    match answer {
        StateAnswer::Value((), Err(error))
        | StateAnswer::Values((), Err(error))
        | StateAnswer::Metadata((), Err(error))
        | StateAnswer::Entries((), Err(error))
        | StateAnswer::Modifications((), Err(error))
        | StateAnswer::Closed((), Err(error))
        | StateAnswer::Page((), Err(error))
        | StateAnswer::Response((), Err(error)) => error,
        answer => panic!("{answer:?}"),
    }
}

pub(super) fn outcome(status: i32, writes: &[(&str, Option<&str>)]) -> InvocationOutcome {
    let mut wrote = Writes::default();
    for (key, value) in writes {
        let put = |value: &str| Write::Put(Bytes::from(value.to_owned()));
        wrote.write(None, (*key).to_owned(), value.map_or(Write::Delete, put));
    }
    InvocationOutcome {
        response: Response {
            status,
            message: String::new(),
            payload: Bytes::from_static(b"result"),
        },
        writes: wrote,
        event: Some(stub::Event {
            name: "happened".to_owned(),
            payload: Bytes::new(),
        }),
    }
}

fn range() -> KeyRange {
    KeyRange {
        start: "a".to_owned(),
        end: "z".to_owned(),
    }
}

#[test]
fn misplaced_messages_are_answered_and_end_the_stream() {
    let cases: [(&str, &[Type], Type); 8] = [
        ("READY first", &[], Type::Ready),
        ("TRANSACTION first", &[], Type::Transaction),
        ("REGISTERED twice", &[Type::Registered], Type::Registered),
        ("RESPONSE before READY", &[Type::Registered], Type::Response),
        ("READY twice", &[Type::Registered, Type::Ready], Type::Ready),
        ("REGISTER", &[Type::Registered, Type::Ready], Type::Register),
        ("no type", &[Type::Registered, Type::Ready], Type::Undefined),
        ("a call", &[Type::Registered, Type::Ready], Type::GetState),
    ];
    for (name, before, came) in cases {
        let mut handler = Handler::new("cc_1:00", ServerLimits::default(), Timeouts::default());
        for kind in before {
            handler.handle_message(Duration::ZERO, message(*kind));
        }
        assert_eq!(sent(&mut handler).len(), 1, "{name}");
        events(&mut handler);
        handler.handle_message(Duration::ZERO, about("t", came, ""));
        assert!(text(&only(sent(&mut handler))).contains(came.as_str_name()));
        let event = only(events(&mut handler));
        assert!(
            matches!(
                event,
                SessionEvent::Closed(Closing::UnexpectedMessage { .. })
            ),
            "{name}"
        );
        handler.handle_message(Duration::ZERO, message(Type::Keepalive));
        assert!(
            handler.poll_transmit().is_none(),
            "{name}: closed is closed"
        );
    }
}

#[test]
fn an_unknown_message_type_is_named_by_its_number() {
    let mut handler = ready_handler(None, ServerLimits::default());
    handler.handle_message(
        Duration::ZERO,
        ChaincodeMessage {
            r#type: 77,
            ..ChaincodeMessage::default()
        },
    );
    assert!(text(&only(sent(&mut handler))).contains("`type 77`"));
}

#[test]
fn a_name_that_none_can_have_ends_the_stream() {
    for (kind, long) in [(Type::Transaction, 1_025), (Type::Response, 20 << 20)] {
        let mut handler = running(None);
        let name = "x".repeat(long);
        handler.handle_message(Duration::ZERO, about(&name, kind, ""));
        let events = events(&mut handler);
        let Some(SessionEvent::Closed(why)) = events.last() else {
            panic!("{events:?}");
        };
        let limit = 1_024;
        assert_eq!(*why, Closing::NameTooLong { bytes: long, limit });
    }
}

#[test]
fn keepalives_are_echoed_in_every_phase() {
    let mut handler = Handler::new("cc_1:00", ServerLimits::default(), Timeouts::default());
    for next in [Type::Registered, Type::Ready, Type::Keepalive] {
        handler.handle_message(Duration::ZERO, message(Type::Keepalive));
        handler.handle_message(Duration::ZERO, message(next));
    }
    let mut echoed = kinds(&mut handler);
    assert_eq!(echoed.remove(0), Type::Register);
    assert_eq!(echoed, [Type::Keepalive; 4]);
}

#[test]
fn the_facts_of_an_invocation_come_from_the_signed_proposal() {
    let mut handler = ready_handler(None, ServerLimits::default());
    handler.handle_message(Duration::ZERO, transaction("t", &["f", "x"]));
    let SessionEvent::Started { invocation, .. } = only(events(&mut handler)) else {
        panic!("not started");
    };
    assert_eq!(invocation.channel.as_str(), "mychannel");
    assert_eq!(invocation.tx_id.as_str(), "t");
    assert_eq!(invocation.chaincode.as_str(), "called");
    assert_eq!(invocation.args, ["f", "x"]);
    assert_eq!(invocation.creator, "someone");
    assert_eq!(invocation.timestamp.seconds, 1_795_000_000);
    assert_eq!(invocation.timestamp.nanos, 5);
    assert_eq!(invocation.transient["k"], "value");
    assert!(!invocation.is_init);
}

#[test]
fn what_is_no_invocation_is_refused() {
    let good = transaction("t", &["f"]);
    let mut cases = vec![
        ("no proposal", good.clone()),
        ("garbage as proposal", good.clone()),
        ("an empty proposal", good.clone()),
        ("garbage as input", good),
    ];
    cases[0].1.proposal = None;
    cases[1].1.proposal.as_mut().unwrap().proposal_bytes = Bytes::from_static(b"\xff");
    cases[2].1.proposal.as_mut().unwrap().proposal_bytes = Bytes::new();
    cases[3].1.payload = Bytes::from_static(b"\x0a\xff");
    for (name, case) in cases {
        let mut handler = ready_handler(None, ServerLimits::default());
        handler.handle_message(Duration::ZERO, case);
        let text = text(&only(sent(&mut handler)));
        assert!(
            text.starts_with("Code 400: INVALID_PROPOSAL: "),
            "{name}: {text}"
        );
        assert!(matches!(
            only(events(&mut handler)),
            SessionEvent::Refused { .. }
        ));
        assert_eq!(handler.transactions(), 0);
    }
}

#[test]
fn equal_ids_on_two_channels_are_two_transactions() {
    let mut handler = running(None);
    let mut other = transaction("t", &["f"]);
    other.channel_id = "other".to_owned();
    handler.handle_message(Duration::ZERO, other);
    assert!(matches!(
        only(events(&mut handler)),
        SessionEvent::Started { .. }
    ));
    assert_eq!(handler.transactions(), 2);
    handler.handle_outcome(&key("t"), outcome(200, &[]));
    assert_eq!(only(sent(&mut handler)).channel_id, "mychannel");
    assert_eq!(handler.transactions(), 1);
}

#[test]
fn a_second_transaction_of_the_same_id_ends_both() {
    let mut handler = running(None);
    handler.handle_message(Duration::ZERO, transaction("t", &["f"]));
    assert!(text(&only(sent(&mut handler))).contains("TRANSACTION_RUNNING"));
    let both = events(&mut handler);
    assert!(
        matches!(
            both[..],
            [
                SessionEvent::Ended {
                    ending: Ending::Cancelled,
                    ..
                },
                SessionEvent::Refused { .. }
            ]
        ),
        "{both:?}"
    );
    assert_eq!(handler.transactions(), 1, "the chaincode still runs");
    handler.handle_outcome(&key("t"), outcome(200, &[("k", Some("v"))]));
    assert_eq!(handler.transactions(), 0);
    assert!(sent(&mut handler).is_empty());
}

#[test]
fn limits_refuse_one_transaction_and_leave_the_others() {
    let bytes = transaction("a", &["f", "x"]).encoded_len();
    for (limits, code) in [
        (
            ServerLimits {
                transactions: 2,
                ..ServerLimits::default()
            },
            "TOO_MANY_TRANSACTIONS",
        ),
        (
            ServerLimits {
                transaction_bytes: 2 * bytes,
                ..ServerLimits::default()
            },
            "TOO_MANY_TRANSACTION_BYTES",
        ),
    ] {
        let mut handler = ready_handler(None, limits);
        start(&mut handler, "a");
        start(&mut handler, "b");
        handler.handle_message(Duration::ZERO, transaction("c", &["f", "x"]));
        assert!(text(&only(sent(&mut handler))).contains(code));
        assert!(matches!(
            only(events(&mut handler)),
            SessionEvent::Refused { .. }
        ));
        handler.handle_outcome(&key("a"), outcome(200, &[]));
        assert_eq!(handler.transaction_bytes(), bytes);
        events(&mut handler);
        start(&mut handler, "c");
    }
}

#[test]
fn a_get_has_a_value_or_none() {
    for (payload, value) in [("", None), ("v", Some(Bytes::from_static(b"v")))] {
        let mut handler = running(None);
        handler.handle_request(
            &key("t"),
            StateRequest::Get {
                collection: None,
                key: "k".to_owned(),
                to: (),
            },
        );
        assert_eq!(kinds(&mut handler), [Type::GetState]);
        handler.handle_message(Duration::ZERO, response("t", payload));
        assert_eq!(answer(&mut handler), StateAnswer::Value((), Ok(value)));
    }
}

#[test]
fn an_error_answers_the_call_and_the_transaction_goes_on() {
    let mut handler = running(None);
    handler.handle_request(
        &key("t"),
        StateRequest::Get {
            collection: None,
            key: "k".to_owned(),
            to: (),
        },
    );
    handler.handle_message(Duration::ZERO, about("t", Type::Error, "no ledger context"));
    let refused = refusal_of(answer(&mut handler)).to_string();
    assert_eq!(refused, "the peer refused `GET_STATE`: no ledger context");
    handler.handle_outcome(&key("t"), outcome(500, &[]));
    sent(&mut handler);
    assert_eq!(handler.transactions(), 0);
}

fn invoke(args: &[&'static [u8]]) -> StateRequest {
    StateRequest::Invoke {
        to: (),
        channel: None,
        chaincode: "other".into(),
        args: args.iter().map(|arg| Bytes::from_static(arg)).collect(),
    }
}

#[test]
fn another_chaincode_answers_with_its_last_message() {
    let mut handler = running(None);
    handler.handle_request(&key("t"), invoke(&[b"f", b""]));
    let asked = only(sent(&mut handler));
    assert_eq!(kind(&asked), Type::InvokeChaincode);
    let spec = ChaincodeSpec::decode(asked.payload).unwrap();
    assert_eq!(spec.chaincode_id.unwrap().name, "other");
    assert_eq!(spec.input.unwrap().args, [&b"f"[..], b""]);
    let refusal = protos::Response {
        status: 404,
        message: "none".to_owned(),
        payload: Bytes::from_static(b"x"),
    };
    let last = about("t", Type::Completed, refusal.encode_to_vec());
    handler.handle_message(Duration::ZERO, response("t", last.encode_to_vec()));
    let expected = Response {
        status: 404,
        message: "none".to_owned(),
        payload: Bytes::from_static(b"x"),
    };
    assert_eq!(
        answer(&mut handler),
        StateAnswer::Response((), Ok(expected))
    );
    // neither an error in its place, nor what is no message, ends the transaction
    let error = about("t", Type::Error, "no such function").encode_to_vec();
    for (payload, refused) in [(error, true), (b"\xff".to_vec(), false)] {
        handler.handle_request(&key("t"), invoke(&[b"f"]));
        assert_eq!(kinds(&mut handler), [Type::InvokeChaincode]);
        handler.handle_message(Duration::ZERO, response("t", payload));
        let error = refusal_of(answer(&mut handler));
        assert_eq!(matches!(error, StubError::Refused { .. }), refused);
        let call = "INVOKE_CHAINCODE";
        assert!(error.to_string().contains(call), "{error}");
    }
    handler.handle_outcome(&key("t"), outcome(200, &[]));
    assert_eq!(kinds(&mut handler), [Type::Completed]);
}

#[test]
fn a_call_too_large_for_a_message_is_refused_to_the_chaincode() {
    let limits = ServerLimits {
        message_bytes: 200,
        ..ServerLimits::default()
    };
    let mut handler = ready_handler(None, limits);
    start(&mut handler, "t");
    static LONG: [u8; 200] = [0; 200];
    handler.handle_request(&key("t"), invoke(&[&LONG]));
    assert!(sent(&mut handler).is_empty());
    let refused = refusal_of(answer(&mut handler));
    assert!(
        matches!(refused, StubError::TooLarge { limit: 200, .. }),
        "{refused:?}"
    );
    handler.handle_request(&key("t"), invoke(&[b"f"]));
    assert_eq!(kinds(&mut handler), [Type::InvokeChaincode]);
}

#[test]
fn several_keys_go_out_in_messages_of_the_announced_size() {
    let keys: Vec<String> = (0..5).map(|i| format!("k{i}")).collect();
    let mut handler = running(Some(2));
    handler.handle_request(
        &key("t"),
        StateRequest::GetMultiple {
            collection: None,
            keys: keys.clone(),
            to: (),
        },
    );
    for asked in [&keys[..2], &keys[2..4], &keys[4..]] {
        let message = only(sent(&mut handler));
        assert_eq!(kind(&message), Type::GetStateMultiple);
        let request = GetStateMultiple::decode(message.payload).unwrap();
        assert_eq!(request.keys, asked);
        let values = asked.iter().map(|k| Bytes::from(k.clone())).collect();
        let result = GetStateMultipleResult { values };
        handler.handle_message(Duration::ZERO, response("t", result.encode_to_vec()));
    }
    let values = keys.into_iter().map(|k| Some(Bytes::from(k))).collect();
    assert_eq!(answer(&mut handler), StateAnswer::Values((), Ok(values)));
}

#[test]
fn several_keys_go_out_one_by_one_where_the_peer_knows_no_better() {
    let mut handler = running(None);
    let keys = vec!["a".to_owned(), "b".to_owned()];
    handler.handle_request(
        &key("t"),
        StateRequest::GetMultiple {
            collection: None,
            keys,
            to: (),
        },
    );
    for value in ["", "v"] {
        assert_eq!(kinds(&mut handler), [Type::GetState]);
        handler.handle_message(Duration::ZERO, response("t", value));
    }
    let values = vec![None, Some(Bytes::from_static(b"v"))];
    assert_eq!(answer(&mut handler), StateAnswer::Values((), Ok(values)));
}

#[test]
fn answers_that_are_none_end_the_call_only() {
    let few = GetStateMultipleResult::default().encode_to_vec();
    let keys = StateRequest::GetMultiple {
        collection: None,
        keys: vec!["a".to_owned()],
        to: (),
    };
    let rows = StateRequest::Open {
        to: (),
        collection: None,
        query: Query::Range(range()),
    };
    for (name, request, payload) in [
        ("too few values", keys.clone(), few),
        ("no values message", keys, b"\xff".to_vec()),
        ("no range message", rows.clone(), b"\xff".to_vec()),
        ("an empty batch with more", rows, batch(&[], true)),
    ] {
        let mut handler = running(Some(10));
        handler.handle_request(&key("t"), request);
        sent(&mut handler);
        handler.handle_message(Duration::ZERO, response("t", payload));
        let answer = answer(&mut handler);
        assert!(
            matches!(refusal_of(answer), StubError::Malformed { .. }),
            "{name}"
        );
        assert_eq!(handler.transactions(), 1);
    }
}

#[test]
fn a_second_request_before_the_answer_is_refused_by_its_own_name() {
    let mut handler = running(Some(10));
    handler.handle_request(
        &key("t"),
        StateRequest::Get {
            collection: None,
            key: "k".to_owned(),
            to: (),
        },
    );
    assert_eq!(kinds(&mut handler), [Type::GetState]);
    let page = StateRequest::Page {
        to: (),
        query: Query::Range(range()),
        page_size: 10,
        bookmark: String::new(),
    };
    let invoke = StateRequest::Invoke {
        to: (),
        channel: None,
        chaincode: "other".into(),
        args: Vec::new(),
    };
    for (request, call) in [
        (
            StateRequest::Get {
                collection: None,
                key: "l".to_owned(),
                to: (),
            },
            "GET_STATE",
        ),
        (
            StateRequest::GetMultiple {
                collection: None,
                keys: vec!["a".to_owned()],
                to: (),
            },
            "GET_STATE_MULTIPLE",
        ),
        (page, "GET_STATE_BY_RANGE"),
        (invoke, "INVOKE_CHAINCODE"),
    ] {
        handler.handle_request(&key("t"), request);
        assert_eq!(kinds(&mut handler), []);
        assert_eq!(refusal_of(answer(&mut handler)), StubError::Ended { call });
    }
    handler.handle_message(Duration::ZERO, response("t", "v"));
    let value = Some(Bytes::from_static(b"v"));
    assert_eq!(answer(&mut handler), StateAnswer::Value((), Ok(value)));
}

#[test]
fn a_page_carries_size_and_bookmark_both_ways() {
    let mut handler = running(None);
    let request = StateRequest::Page {
        to: (),
        query: Query::Range(range()),
        page_size: 2,
        bookmark: "m".to_owned(),
    };
    handler.handle_request(&key("t"), request);
    let message = only(sent(&mut handler));
    let asked = protos::GetStateByRange::decode(message.payload).unwrap();
    let metadata = QueryMetadata::decode(asked.metadata).unwrap();
    assert_eq!((metadata.page_size, metadata.bookmark.as_str()), (2, "m"));
    handler.handle_message(Duration::ZERO, response("t", page(&["m", "n"], "o")));
    let StateAnswer::Page((), Ok(page)) = answer(&mut handler) else {
        panic!("no page");
    };
    assert_eq!((page.entries.len(), page.bookmark.as_str()), (2, "o"));
}

#[test]
fn writes_go_out_with_a_success_only() {
    for (status, expected) in [
        (200, vec![Type::PutState]),
        (399, vec![Type::PutState]),
        (400, vec![Type::Completed]),
        (500, vec![Type::Completed]),
    ] {
        let mut handler = running(Some(10));
        handler.handle_outcome(&key("t"), outcome(status, &[("k", Some("v"))]));
        let first = sent(&mut handler);
        assert_eq!(first.iter().map(kind).collect::<Vec<_>>(), expected);
        if status >= 400 {
            assert!(first[0].chaincode_event.is_none());
            continue;
        }
        assert_eq!(handler.transactions(), 1);
        handler.handle_message(Duration::ZERO, response("t", ""));
        let last = only(sent(&mut handler));
        assert_eq!(kind(&last), Type::Completed);
        assert_eq!(last.chaincode_event.unwrap().event_name, "happened");
        assert!(matches!(
            only(events(&mut handler)),
            SessionEvent::Ended { .. }
        ));
    }
}

#[test]
fn batches_are_cut_by_number_and_by_size() {
    let big = "x".repeat(9 << 20);
    let three = vec![("a", Some("1")), ("b", None), ("c", Some("3"))];
    let large = vec![("a", Some(big.as_str())), ("b", Some(&big)), ("c", None)];
    let cases = [
        ("one by one", None, &three, vec![1, 1, 1]),
        ("by number, the last alone", Some(2), &three, vec![2, 1]),
        ("a number of 0 means 100", Some(0), &three, vec![3]),
        ("by size", Some(100), &large, vec![1, 2]),
    ];
    for (name, size, writes, expected) in cases {
        let mut handler = running(size);
        handler.handle_outcome(&key("t"), outcome(200, writes));
        let mut cut = Vec::new();
        loop {
            let message = only(sent(&mut handler));
            match kind(&message) {
                Type::Completed => break,
                Type::WriteBatchState => {
                    let batch = WriteBatchState::decode(message.payload).unwrap();
                    cut.push(batch.rec.len());
                }
                Type::PutState | Type::DelState => cut.push(1),
                other => panic!("{other:?}"),
            }
            handler.handle_message(Duration::ZERO, response("t", ""));
        }
        assert_eq!(cut, expected, "{name}");
    }
}

#[test]
fn refused_writes_fail_the_transaction() {
    let mut handler = running(None);
    handler.handle_outcome(&key("t"), outcome(200, &[("a", Some("1")), ("b", None)]));
    let put = only(sent(&mut handler));
    assert_eq!(PutState::decode(put.payload).unwrap().key, "a");
    handler.handle_message(Duration::ZERO, about("t", Type::Error, "paginated"));
    let text = text(&only(sent(&mut handler)));
    assert_eq!(
        text,
        "Code 500: WRITES_REFUSED: the peer refused the writes: paginated"
    );
    assert_eq!(handler.transactions(), 0);
}

#[test]
fn an_answer_too_large_for_a_message_is_an_error() {
    let limits = ServerLimits {
        message_bytes: 1_000,
        ..ServerLimits::default()
    };
    let mut large = outcome(200, &[]);
    large.response.payload = vec![0; 1_000].into();
    let value = "x".repeat(1_000);
    for (code, outcome) in [
        ("RESPONSE_TOO_LARGE", large),
        ("WRITES_REFUSED", outcome(200, &[("k", Some(&value))])),
    ] {
        let mut handler = ready_handler(Some(10), limits);
        start(&mut handler, "t");
        handler.handle_outcome(&key("t"), outcome);
        assert!(text(&only(sent(&mut handler))).contains(code));
        assert_eq!(
            (handler.transactions(), handler.transaction_bytes()),
            (0, 0)
        );
    }
}

#[test]
fn a_panic_is_an_error() {
    let mut handler = running(None);
    handler.handle_panic(&key("t"));
    assert!(text(&only(sent(&mut handler))).starts_with("Code 500: CHAINCODE_FAILED: "));
    assert!(matches!(
        only(events(&mut handler)),
        SessionEvent::Ended { .. }
    ));
    assert_eq!(handler.transactions(), 0);
}

#[test]
fn stray_answers_are_told_and_change_nothing() {
    let mut handler = running(None);
    for kind in [Type::Response, Type::Error] {
        handler.handle_message(Duration::ZERO, about("nobody", kind, ""));
        assert!(matches!(only(events(&mut handler)), SessionEvent::Stray(_)));
    }
    assert!(sent(&mut handler).is_empty());
    assert_eq!(handler.transactions(), 1);
}

#[test]
fn an_answer_nobody_asked_for_ends_its_transaction() {
    let mut handler = running(None);
    handler.handle_message(Duration::ZERO, response("t", ""));
    assert!(text(&only(sent(&mut handler))).contains("UNEXPECTED_ANSWER"));
    assert!(matches!(
        only(events(&mut handler)),
        SessionEvent::Ended { .. }
    ));
    handler.handle_request(
        &key("t"),
        StateRequest::Get {
            collection: None,
            key: "k".to_owned(),
            to: (),
        },
    );
    assert!(matches!(
        refusal_of(answer(&mut handler)),
        StubError::Ended { .. }
    ));
    handler.handle_outcome(&key("t"), outcome(200, &[]));
    assert!(sent(&mut handler).is_empty());
    assert_eq!(handler.transactions(), 0);
}

#[test]
fn a_call_that_was_let_go_fails_its_transaction() {
    let mut handler = running(None);
    handler.handle_request(
        &key("t"),
        StateRequest::Get {
            collection: None,
            key: "k".to_owned(),
            to: (),
        },
    );
    sent(&mut handler);
    handler.handle_outcome(&key("t"), outcome(200, &[("k", Some("v"))]));
    assert!(text(&only(sent(&mut handler))).contains("CHAINCODE_FAILED"));
    assert_eq!(handler.transactions(), 0);
}

#[test]
fn a_broken_stream_cancels_what_runs() {
    let mut handler = running(None);
    handler.handle_request(
        &key("t"),
        StateRequest::Get {
            collection: None,
            key: "k".to_owned(),
            to: (),
        },
    );
    sent(&mut handler);
    handler.handle_end(Closing::PeerEnded);
    let events = events(&mut handler);
    assert!(
        matches!(
            events[..],
            [
                SessionEvent::Answered {
                    answer: StateAnswer::Value((), Err(StubError::Ended { .. })),
                    ..
                },
                SessionEvent::Ended {
                    ending: Ending::Cancelled,
                    ..
                },
                SessionEvent::Closed(Closing::PeerEnded)
            ]
        ),
        "{events:?}"
    );
    assert!(sent(&mut handler).is_empty());
    assert_eq!(
        (handler.transactions(), handler.transaction_bytes()),
        (0, 0)
    );
}

#[test]
fn writes_go_out_in_key_order() {
    let mut handler = running(Some(100));
    let writes: BTreeMap<_, _> = [("b", None), ("a", Some("1")), ("\0c\0", Some("2"))].into();
    let writes: Vec<_> = writes.into_iter().rev().collect();
    handler.handle_outcome(&key("t"), outcome(200, &writes));
    let batch = WriteBatchState::decode(only(sent(&mut handler)).payload).unwrap();
    let keys: Vec<_> = batch.rec.iter().map(|r| r.key.as_str()).collect();
    assert_eq!(keys, ["\0c\0", "a", "b"]);
}
