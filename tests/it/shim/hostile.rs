//! Whatever a peer sends and whatever the chaincode does: no panic, nothing unbounded, no leak.

use bytes::Bytes;
use cmscc::{
    proto::protos::{ChaincodeMessage, GetStateMultipleResult, chaincode_message::Type},
    shim::{InvocationOutcome, StateRequest},
    stub::{Response, Writes},
};
use proptest::prelude::*;
use prost::Message;

use super::messages::{about, batch, message, page, ready, transaction};
use crate::{
    cases::cases,
    fuzz_corpus::targets::shim::{Input, Walk, request, write},
};

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

fn requests() -> impl Strategy<Value = StateRequest> {
    any::<u8>().prop_map(request)
}

fn outcomes() -> impl Strategy<Value = InvocationOutcome> {
    let writes = prop::collection::vec(any::<u8>(), 0..5).prop_map(|bytes| {
        let mut writes = Writes::default();
        bytes.into_iter().for_each(|byte| write(&mut writes, byte));
        writes
    });
    (100..600i32, 0..3_000usize, writes).prop_map(|(status, payload, writes)| InvocationOutcome {
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

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn any_sequence_of_inputs_keeps_the_rules(
        registered in prop::bool::weighted(0.9),
        size in prop::option::of(0..4u32),
        inputs in prop::collection::vec(inputs(), 0..80),
    ) {
        let mut walk = Walk::new();
        if registered {
            walk.take(Input::Message(message(Type::Registered)));
            walk.take(Input::Message(ready(size)));
        }
        for input in inputs {
            walk.take(input);
        }
        walk.take(Input::End);
        prop_assert!(walk.is_closed());
    }
}
