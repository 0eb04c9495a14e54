//! The rules that the vectors do not show, real documents, depth, and laws.

use std::thread;

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;

use super::{
    shape::{Content, Form, Scalar, Shape, Sibling},
    *,
};
use crate::proto::write;

const ORG: &str = include_str!("../../tests/fabric-data/fabric-3.1.5-caps-v2/add-orgx/org.json");
const CONFIG: &[u8] =
    include_bytes!("../../tests/fabric-data/fabric-3.1.5-caps-v2/add-orgx/config.pb");

/// A length-delimited field.
fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write::message(&mut out, number, content);
    out
}

fn uint(number: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write::varint(&mut out, u64::from(number) << 3);
    write::varint(&mut out, value);
    out
}

/// Compact text or reason.
fn text(message_type: &str, bytes: &[u8]) -> String {
    encode_compact(message_type, bytes, usize::MAX).unwrap_or_else(|e| e.reason().to_owned())
}

/// Hex of the bytes, or the reason.
fn bytes(message_type: &str, text: &str) -> String {
    decode(message_type, text.as_bytes()).map_or_else(|e| e.reason().to_owned(), hex::encode)
}

#[test]
fn types_are_known_by_their_full_name() {
    for name in [
        "common.Config",
        "msp.MSPConfig",
        "protos.Transaction",
        "orderer.smartbft.Options",
    ] {
        assert!(is_known(name), "{name}");
    }
    for name in [
        "",
        "Config",
        "common.",
        "google.protobuf.Timestamp",
        "google.protobuf.Empty",
    ] {
        assert!(!is_known(name), "{name}");
        let error = decode(name, b"{}").unwrap_err();
        assert_eq!(error.code(), "JSON_UNKNOWN_MESSAGE_TYPE");
        assert_eq!(encode(name, b"").unwrap_err(), error);
    }
}

#[test]
fn the_wire_is_read_as_protobuf_says() {
    let signed_by = |n| uint(1, n);
    let gate = field(2, &uint(1, 7));
    let part = |content: &[u8]| field(2, content);
    let entry = |key: &[u8], parts: &[&[u8]]| {
        let value: Vec<u8> = parts.iter().flat_map(|p| field(2, p)).collect();
        field(1, &[field(1, key), value].concat())
    };
    let cases: [(&str, &str, Vec<u8>, &str); 14] = [
        (
            "the last scalar",
            "common.LastConfig",
            [uint(1, 1), uint(1, 2)].concat(),
            r#"{"index":"2"}"#,
        ),
        (
            "unknown fields",
            "common.LastConfig",
            [uint(9, 1), field(1, b"x"), field(77, b"")].concat(),
            r#"{"index":"0"}"#,
        ),
        (
            "the low half of 32 bits",
            "protos.AnchorPeer",
            uint(2, 0xffff_ffff_ffff_fff6),
            r#"{"host":"","port":-10}"#,
        ),
        (
            "also where more is set",
            "etcdraft.Consenter",
            uint(2, 0x1_0000_0005),
            r#"{"client_tls_cert":"","host":"","port":5,"server_tls_cert":""}"#,
        ),
        (
            "unknown enum",
            "common.ImplicitMetaPolicy",
            uint(2, 9),
            r#"{"rule":9,"sub_policy":""}"#,
        ),
        (
            "any varint is true",
            "kvrwset.KVWrite",
            uint(2, 2),
            r#"{"is_delete":true,"key":"","value":""}"#,
        ),
        ("unset oneof", "common.SignaturePolicy", Vec::new(), "{}"),
        (
            "oneof set to its default",
            "common.SignaturePolicy",
            signed_by(0),
            r#"{"signed_by":0}"#,
        ),
        (
            "the last member of a oneof",
            "common.SignaturePolicy",
            [gate.clone(), signed_by(3)].concat(),
            r#"{"signed_by":3}"#,
        ),
        (
            "parts before another member are lost",
            "common.SignaturePolicy",
            [
                field(2, &uint(1, 1)),
                signed_by(3),
                field(2, &field(2, &signed_by(4))),
                gate,
            ]
            .concat(),
            r#"{"n_out_of":{"n":7,"rules":[{"signed_by":4}]}}"#,
        ),
        (
            "messages merge",
            "common.OrdererBlockMetadata",
            [field(1, &uint(1, 5)), field(2, b"m"), field(1, &[])].concat(),
            r#"{"consenter_metadata":"bQ==","last_config":{"index":"5"}}"#,
        ),
        (
            "entries of a map: sorted, the last of a key, parts merge",
            "protos.ACLs",
            [
                entry(b"b", &[&field(1, b"1")]),
                entry(b"a", &[]),
                entry(b"b", &[&field(1, b"2"), &[]]),
            ]
            .concat(),
            r#"{"acls":{"a":{"policy_ref":""},"b":{"policy_ref":"2"}}}"#,
        ),
        (
            "an empty element is a message, an empty field is not",
            "common.BlockData",
            [field(1, b""), field(1, &part(b"s"))].concat(),
            r#"{"data":[{"payload":null,"signature":""},{"payload":null,"signature":"cw=="}]}"#,
        ),
        (
            "below a oneof everything is plain",
            "protos.CollectionPolicyConfig",
            field(1, &field(3, &field(2, b"principal"))),
            r#"{"signature_policy":{"identities":[{"principal":"cHJpbmNpcGFs","principal_classification":"ROLE"}],"rule":null,"version":0}}"#,
        ),
    ];
    for (name, message_type, bytes, want) in cases {
        assert_eq!(text(message_type, &bytes), want, "{name}");
    }
}

#[test]
fn everything_on_the_wire_has_to_be_valid() {
    let bad = [0x0a, 0x05, 1];
    let cases: [(&str, &str, Vec<u8>); 6] = [
        ("cut off", "common.Config", vec![0x0a, 0x05]),
        ("nested", "common.ConfigEnvelope", field(1, &field(2, &bad))),
        (
            "overridden entry",
            "protos.ACLs",
            [field(1, &field(2, &bad)), field(1, &[])].concat(),
        ),
        (
            "given up member",
            "common.SignaturePolicy",
            [field(2, &bad), uint(1, 0)].concat(),
        ),
        ("text", "common.ImplicitMetaPolicy", field(1, b"\xff")),
        ("key", "protos.ACLs", field(1, &field(1, b"\xff"))),
    ];
    for (name, message_type, bytes) in cases {
        assert_eq!(text(message_type, &bytes), "undecodable", "{name}");
    }
}

#[test]
fn of_a_namespace_only_key_values_are_opened() {
    let set = field(
        2,
        &[
            field(1, b"cc"),
            field(2, &field(3, &field(1, b"k"))),
            field(3, &field(2, b"h")),
        ]
        .concat(),
    );
    let hashed = r#"[{"collection_name":"","hashed_rwset":"aA==","pvt_rwset_hash":""}]"#;
    let write = r#"{"metadata_writes":[],"range_queries_info":[],"reads":[],"writes":[{"is_delete":false,"key":"k","value":""}]}"#;
    let opened = format!(
        r#"{{"data_model":"KV","ns_rwset":[{{"collection_hashed_rwset":{hashed},"namespace":"cc","rwset":{write}}}]}}"#
    );
    assert_eq!(text("rwset.TxReadWriteSet", &set), opened);
    assert_eq!(bytes("rwset.TxReadWriteSet", &opened), hex::encode(&set));
    let other = [uint(1, 5), set].concat();
    let closed = text("rwset.TxReadWriteSet", &other);
    assert!(closed.contains(r#""rwset":"GgMKAWs=""#), "{closed}");
    // Fabric's own decoder crashes here
    assert_eq!(
        bytes(
            "rwset.TxReadWriteSet",
            r#"{"data_model":5,"ns_rwset":[{}]}"#
        ),
        "json_undecodable_type"
    );
    assert_eq!(
        bytes("rwset.TxReadWriteSet", r#"{"data_model":5,"ns_rwset":[]}"#),
        "0805"
    );
}

#[test]
fn many_elements_whose_type_a_sibling_tells() {
    // looked up for each of them: slow to the end of days if that walked over all of them
    let sets = field(2, &[]).repeat(100_000);
    let text = text("rwset.TxReadWriteSet", &sets);
    assert_eq!(bytes("rwset.TxReadWriteSet", &text), hex::encode(sets));
}

#[test]
fn errors_are_short_whatever_the_input() {
    let long = "x".repeat(1_000_000);
    let error = decode("common.Config", format!(r#"{{"{long}":1}}"#).as_bytes()).unwrap_err();
    assert_eq!(error.reason(), "json_unknown_field");
    assert!(error.to_string().len() < 1_000);
    assert!(decode(long.as_str(), b"{}").unwrap_err().to_string().len() < 1_000);
}

#[test]
fn integers_are_read_in_every_form() {
    for (number, want) in [
        ("5", "0805"),
        ("-0.0", ""),
        ("0e99999999999", ""),
        ("0.5e1", "0805"),
        ("0.05e2", "0805"),
        ("70e-1", "0807"),
        ("7.50e1", "084b"),
        ("10000000000000000000000e-22", "0801"),
        ("18446744073709551615", "08ffffffffffffffffff01"),
        ("18446744073709551616", "json_bad_value"),
        ("1e20", "json_bad_value"),
        ("1e-1", "json_bad_value"),
        ("5e-1", "json_bad_value"),
        ("1e400", "json_bad_value"),
        ("1e99999999999", "json_bad_value"),
        ("-1", "json_bad_value"),
        (r#""5e0""#, "0805"),
        (r#""5e""#, "json_bad_value"),
        (r#""5e,""#, "0805"),
        (r#""5e+,""#, "json_bad_value"),
        (r#""0e+,""#, "json_bad_value"),
        (r#""0e,""#, ""),
        (r#""7,x""#, "0807"),
        (r#""7é""#, "0807"),
        (r#""7 8""#, "0807"),
        (r#""7.""#, "json_bad_value"),
        (r#""7_""#, "json_bad_value"),
        (r#""00""#, "json_bad_value"),
        (r#""+5""#, "json_bad_value"),
        (r#""5 ""#, "json_bad_value"),
        (r#""\u00a05""#, "json_bad_value"),
        (r#""null""#, "json_bad_value"),
    ] {
        let text = format!(r#"{{"index":{number}}}"#);
        assert_eq!(bytes("common.LastConfig", &text), want, "{number}");
    }
    for (number, want) in [
        ("-2147483648", "1080808080f8ffffffff01"),
        ("2147483647", "10ffffffff07"),
        ("2147483648", "json_bad_value"),
        ("-2147483649", "json_bad_value"),
        (r#""-1""#, "10ffffffffffffffffff01"),
    ] {
        let text = format!(r#"{{"port":{number}}}"#);
        assert_eq!(bytes("protos.AnchorPeer", &text), want, "{number}");
    }
    let epoch = |n: &str| bytes("msp.IdemixMSPConfig", &format!(r#"{{"epoch":{n}}}"#));
    assert_eq!(epoch("-9223372036854775808"), "2880808080808080808001");
    assert_eq!(epoch("9223372036854775808"), "json_bad_value");
}

#[test]
fn base64_is_read_in_every_form() {
    for (encoded, want) in [
        ("YQ==", "61"),
        ("YQ", "61"),
        ("YR==", "61"),
        ("YWI=", "6162"),
        (r"Y\nQ==", "json_bad_value"),
        (r"YQ\n=\r=\n\n", "61"),
        (r"YW\r\nI", "6162"),
        (r"YW\r\nJj\n", "616263"),
        ("YQ=", "json_bad_value"),
        ("YQ===", "json_bad_value"),
        ("YQ==YQ==", "json_bad_value"),
        ("====", "json_bad_value"),
        ("Y===", "json_bad_value"),
        (r"YW\nJ", "json_bad_value"),
        ("_-8=", "ffef"),
        ("/+8=", "ffef"),
        ("_+8=", "json_bad_value"),
        ("é", "json_bad_value"),
    ] {
        let text = format!(r#"{{"signature":"{encoded}"}}"#);
        let length = want.len() / 2;
        let want = if want.contains('_') {
            want.to_owned()
        } else {
            format!("12{length:02x}{want}")
        };
        assert_eq!(bytes("common.Envelope", &text), want, "{encoded}");
    }
}

#[test]
fn members_go_by_two_names() {
    for (name, message_type, text, want) in [
        (
            "null counts as given",
            "common.ChannelHeader",
            r#"{"channel_id":null,"channelId":"b"}"#,
            "json_duplicate_field",
        ),
        (
            "null does not set a oneof",
            "common.SignaturePolicy",
            r#"{"signed_by":null,"n_out_of":{"n":1}}"#,
            "12020801",
        ),
        (
            "a oneof once",
            "common.SignaturePolicy",
            r#"{"signed_by":1,"signedBy":1}"#,
            "json_duplicate_field",
        ),
        (
            "a oneof's default is kept",
            "common.SignaturePolicy",
            r#"{"signedBy":0}"#,
            "0800",
        ),
        (
            "a special field wins",
            "common.Envelope",
            r#"{"payload":{"header":{"channelHeader":"CAE=","channel_header":{"type":2}}}}"#,
            "0a060a040a020802",
        ),
        (
            "unless it is null",
            "common.Envelope",
            r#"{"payload":{"header":{"channelHeader":"CAE=","channel_header":null}}}"#,
            "0a060a040a020801",
        ),
        (
            "and the other is read all the same",
            "common.Config",
            r#"{"channel_group":{},"channelGroup":{"x":1}}"#,
            "json_unknown_field",
        ),
        (
            "its content is plain",
            "common.Config",
            r#"{"channelGroup":{"values":{"Zz":{"value":"AQ=="}}}}"#,
            "120b1a090a025a7a1203120101",
        ),
        (
            "the payload's type in base64",
            "common.Payload",
            r#"{"header":{"channelHeader":"CAI="},"data":{"signatures":[]}}"#,
            "0a040a020802",
        ),
        (
            "which has to be a message",
            "common.Payload",
            r#"{"header":{"channelHeader":"/w=="},"data":{}}"#,
            "undecodable",
        ),
        (
            "no third name",
            "common.Envelope",
            r#"{"Signature":"AQ=="}"#,
            "json_unknown_field",
        ),
        (
            "no extensions",
            "common.Config",
            r#"{"[x]":1}"#,
            "json_unknown_field",
        ),
    ] {
        assert_eq!(bytes(message_type, text), want, "{name}");
    }
}

#[test]
fn syntax_comes_before_every_other_fault() {
    let text = r#"{"foo":1,"sequence":}"#;
    assert_eq!(bytes("common.Config", text), "json_syntax");
}

#[test]
fn of_several_faults_one_is_named() {
    for (message_type, text, fitting) in [
        (
            "common.Config",
            r#"{"sequence":"x","foo":1,"channel_group":5}"#,
            ["json_bad_value", "json_unknown_field", "json_wrong_type"],
        ),
        (
            "common.Config",
            r#"{"channel_group":{"groups":{"Foo":{}},"policies":{"p":5},"x":1}}"#,
            [
                "json_wrong_type",
                "json_unknown_config_key",
                "json_unknown_field",
            ],
        ),
        (
            "common.ConfigUpdate",
            r#"{"isolated_data":false,"channel_id":5,"write_set":{"x":1}}"#,
            ["json_wrong_type", "json_bad_value", "json_unknown_field"],
        ),
    ] {
        let named = bytes(message_type, text);
        assert!(fitting.contains(&&*named), "{text}: {named}");
    }
    let header = field(1, &[field(1, &uint(9, 1)), field(2, b"\xff")].concat());
    let payload = [header, field(2, &uint(1, 1))].concat();
    assert_eq!(text("common.Payload", &payload), "undecodable");
}

#[test]
fn errors_say_where() {
    let text = r#"{"channel_group":{"groups":{"Application":{"groups":{"a b":{"values":{"MSP":{"value":{"config":{"admins":["AQ==",5]}}}}}}}}}}"#;
    let error = decode("common.Config", text.as_bytes()).unwrap_err();
    assert_eq!(
        error.path(),
        r#"channel_group.groups.Application.groups["a b"].values.MSP.value.config.admins[1]"#
    );
    assert_eq!(error.offset(), text.find('5'));
    assert_eq!(error.code(), "JSON_BAD_VALUE");
    let error = decode("common.Config", b"{\"x\\ny\":1}").unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"unknown field `x\ny` of `common.Config` at `["x\ny"]`, byte 1"#
    );

    let value = field(3, &[field(1, b"Foo"), field(2, &field(2, b"x"))].concat());
    let error = encode("common.Config", &field(2, &value)).unwrap_err();
    assert_eq!(error.path(), r#"channel_group.values["Foo"].value"#);
    assert_eq!(
        (error.reason(), error.offset()),
        ("json_unknown_config_key", None)
    );
}

#[test]
fn a_patch_is_a_config_with_known_fields_only() {
    let patch = r#"{"channel_group":{"groups":{"Application":{"groups":{"Org9":{"version":2}}}}}}"#;
    assert!(decode("common.Config", patch.as_bytes()).is_ok());
    for (text, want) in [
        (r#"{"channel_group":{"group":{}}}"#, "json_unknown_field"),
        (
            r#"{"channel_group":{"groups":{"App":{}}}}"#,
            "json_unknown_config_key",
        ),
        (
            r#"{"channel_group":{"groups":{"Application":{"values":{"ACLs":{"value":{"acl":{}}}}}}}}"#,
            "json_unknown_field",
        ),
        (
            r#"{"channel_group":{"groups":{"Application":{"values":{"ACL":{"value":{}}}}}}}"#,
            "json_unknown_config_key",
        ),
    ] {
        assert_eq!(bytes("common.Config", text), want, "{text}");
    }
}

#[test]
fn organisations_are_read_as_configtxgen_writes_them() {
    let group = decode(MessageType::Organization, ORG.as_bytes()).unwrap();
    assert_eq!(encode(MessageType::Organization, &group).unwrap(), ORG);
    // as a group of no position its values are not opened
    assert_eq!(bytes("common.ConfigGroup", ORG), "json_bad_value");

    let org: serde_json::Value = serde_json::from_str(ORG).unwrap();
    for key in ["MSP", "AnchorPeers"] {
        let value = org["values"][key].to_string();
        let bytes = decode(MessageType::OrganizationValue(key), value.as_bytes()).unwrap();
        let again: serde_json::Value =
            serde_json::from_str(&encode(MessageType::OrganizationValue(key), &bytes).unwrap())
                .unwrap();
        assert_eq!(again, org["values"][key], "{key}");
    }
    let endpoints = br#"{"value":{"addresses":["a:1"]}}"#;
    let error = decode(MessageType::OrganizationValue("Endpoints"), endpoints).unwrap_err();
    assert_eq!(error.reason(), "json_unknown_config_key");
}

#[test]
fn compact_text_is_the_same_document() {
    let long = encode("common.Config", CONFIG).unwrap();
    let short = encode_compact("common.Config", CONFIG, long.len()).unwrap();
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(value(&short), value(&long));
    assert!(!short.contains(['\n', '\t']));
    assert_eq!(
        decode("common.Config", short.as_bytes()),
        decode("common.Config", long.as_bytes())
    );
    let error = encode_compact("common.Config", CONFIG, short.len() - 1).unwrap_err();
    assert_eq!(error.code(), "JSON_TOO_LARGE");
    assert_eq!(
        encode_compact("common.Config", CONFIG, short.len()).unwrap(),
        short
    );
}

/// Runs where native recursion over nesting would overflow at once.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(128 * 1024);
    thread.spawn(test).unwrap().join().unwrap();
}

fn nested_policy(gates: usize) -> Vec<u8> {
    // from the inside out, reversed: each gate adds its few bytes once
    let mut reversed = vec![0, 8];
    for _ in 0..gates {
        for head in [&[][..], &[8, 1]] {
            reversed.extend(head.iter().rev());
            let (mut front, length) = (Vec::new(), reversed.len());
            // rules = 2 around a policy, n_out_of = 2 around the gate
            write::bytes_header(&mut front, 2, length);
            reversed.extend(front.into_iter().rev());
        }
    }
    reversed.reverse();
    reversed
}

#[test]
fn depth_is_limited_as_go_limits_it() {
    on_a_small_stack(|| {
        // each gate is three levels of text, and the innermost policy one
        let deepest = nested_policy(3_333);
        let text = encode_compact("common.SignaturePolicy", &deepest, usize::MAX).unwrap();
        assert_eq!(
            decode("common.SignaturePolicy", text.as_bytes()).unwrap(),
            deepest
        );
        let error = encode_compact("common.SignaturePolicy", &nested_policy(3_334), usize::MAX)
            .unwrap_err();
        assert_eq!(
            (error.code(), error.reason()),
            ("JSON_TOO_DEEP", "json_syntax")
        );
        let error = encode_compact("common.SignaturePolicy", &nested_policy(5_000), usize::MAX)
            .unwrap_err();
        assert_eq!(error.reason(), "undecodable");
        assert!(error.path().len() < 600 && error.to_string().len() < 1_000);
    });
}

#[test]
fn groups_nest_without_recursion() {
    on_a_small_stack(|| {
        let text = format!("{}{}", r#"{"groups":{"g":"#.repeat(4_999), "{}") + &"}}".repeat(4_999);
        let bytes = decode("common.ConfigGroup", text.as_bytes()).unwrap();
        let again = encode_compact("common.ConfigGroup", &bytes, usize::MAX).unwrap();
        assert_eq!(
            decode("common.ConfigGroup", again.as_bytes()).unwrap(),
            bytes
        );
        let text = format!(
            "{}5{}",
            r#"{"groups":{"g":"#.repeat(4_999),
            "}}".repeat(4_999)
        );
        let error = decode("common.ConfigGroup", text.as_bytes()).unwrap_err();
        assert_eq!(error.reason(), "json_wrong_type");
        assert!(error.path().ends_with("..."));
    });
}

#[test]
fn deep_garbage_is_refused() {
    on_a_small_stack(|| {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let nested = |depth: usize| {
                let text = format!(
                    r#"{{"sequence":{}5{}}}"#,
                    open.repeat(depth),
                    close.repeat(depth)
                );
                decode("common.Config", text.as_bytes()).unwrap_err().code()
            };
            assert_eq!(nested(9_999), "JSON_BAD_VALUE");
            assert_eq!(nested(10_000), "JSON_TOO_DEEP");
            assert_eq!(nested(200_000), "JSON_TOO_DEEP");
            let endless = open.repeat(200_000);
            assert_eq!(bytes("common.Config", &endless), "json_syntax");
        }
        let deep = vec![0x12; 100_000];
        assert_eq!(
            encode("common.ConfigGroup", &deep).unwrap_err().reason(),
            "undecodable"
        );
    });
}

/// Types that lead to every rule.
const ROOTS: [&str; 9] = [
    "common.Block",
    "common.Config",
    "common.ConfigGroup",
    "common.ConfigUpdate",
    "common.ConfigUpdateEnvelope",
    "common.Envelope",
    "common.SignaturePolicyEnvelope",
    "protos.Transaction",
    "rwset.TxReadWriteSet",
];

/// Numbers that a test case draws from; zeros behind the end.
struct Draws<'d>(std::slice::Iter<'d, u32>);

impl Draws<'_> {
    fn below(&mut self, limit: u32) -> u32 {
        self.0.next().copied().unwrap_or(0) % limit
    }

    fn number(&mut self, scalar: Scalar) -> u64 {
        const ODD: [u64; 6] = [0, 1, 2, 3, 127, 300];
        let small = ODD[self.below(6) as usize];
        match (scalar, self.below(4)) {
            (Scalar::Bool, _) => small % 2,
            (Scalar::Uint32, 0) => u32::MAX.into(),
            (Scalar::Int32 | Scalar::Enum(_), 0) => i64::from(i32::MIN).cast_unsigned(),
            (Scalar::Int64 | Scalar::Uint64, 0) => u64::MAX,
            _ => small,
        }
    }

    fn text(&mut self) -> String {
        const WORDS: [&str; 8] = [
            "",
            "a",
            "MSP",
            "<é\u{2028}\"\\\n\0>",
            "Application",
            "BFT",
            "etcdraft",
            "Org1",
        ];
        WORDS[self.below(8) as usize].to_owned()
    }
}

/// Some message of a shape in its deterministic encoding, which has a JSON form.
fn some_message(shape: &Shape, draws: &mut Draws<'_>, depth: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut oneof = false;
    let mut siblings: Vec<(usize, u64, String)> = Vec::new();
    for (index, slot) in shape.slots.iter().enumerate() {
        let count = match slot.form {
            _ if slot.oneof.is_some() && oneof => 0,
            Form::Single => draws.below(4).min(1),
            Form::List | Form::Map => draws.below(4),
        };
        let mut keys: Vec<String> = (0..count).map(|_| draws.text()).collect();
        keys.sort();
        keys.dedup();
        let values = if slot.form == Form::Map {
            keys.len()
        } else {
            count as usize
        };
        for i in 0..values {
            let key = keys.get(i).filter(|_| slot.form == Form::Map);
            let choice = |at: usize| {
                let choice = &SHAPES.choices[at];
                let of = |slot| siblings.iter().find(|(s, ..)| *s == slot);
                match choice.sibling {
                    Sibling::Number(slot) => choice
                        .by_number(of(slot).map_or(0, |(_, n, _)| i32::try_from(*n).unwrap_or(-1))),
                    Sibling::Text(slot) => choice.by_text(of(slot).map_or("", |(.., text)| text)),
                    Sibling::Header => None,
                }
            };
            let inside = match slot.content {
                Content::Plain(id) | Content::Nested(id) | Content::Opened(id) => Some(id),
                Content::OpenedBy(at) => choice(at),
                Content::NestedBy(at) => choice(at).filter(|_| siblings.is_empty()),
                Content::ByKey(at) => SHAPES.keys[at].shape(key.unwrap()),
                Content::Scalar(_)
                | Content::Timestamp
                | Content::UnknownKey
                | Content::UnknownType => None,
            };
            let implicit = slot.form == Form::Single && slot.oneof.is_none();
            let mut value = Vec::new();
            let number = if key.is_some() { 2 } else { slot.number };
            match (slot.content, inside) {
                (Content::Scalar(scalar), _) if scalar.is_varint() => {
                    let n = draws.number(scalar);
                    siblings.push((index, n, String::new()));
                    if n != 0 || !implicit {
                        value = uint(number, n);
                    }
                }
                (Content::Scalar(_), _) => {
                    let text = draws.text();
                    if !text.is_empty() || !implicit {
                        value = field(number, text.as_bytes());
                    }
                    siblings.push((index, 0, text));
                }
                (Content::Timestamp, _) => {
                    let (seconds, nanos) = (draws.below(u32::MAX), draws.below(1_000_000_000));
                    let mut time = Vec::new();
                    write::uint(&mut time, 1, seconds.into());
                    write::uint(&mut time, 2, nanos.into());
                    value = field(number, &time);
                }
                (content, Some(inside)) if depth > 0 => {
                    let message = some_message(SHAPES.get(inside), draws, depth - 1);
                    if !(implicit && content.is_opened() && message.is_empty()) {
                        value = field(number, &message);
                    }
                }
                _ => continue,
            }
            oneof |= slot.oneof.is_some();
            out.extend(match key {
                Some(key) => field(slot.number, &[field(1, key.as_bytes()), value].concat()),
                None => value,
            });
        }
    }
    out
}

proptest! {
    #![proptest_config(crate::cases::cases(256))]

    #[test]
    fn text_and_back_is_the_same_message(
        root in 0..ROOTS.len(),
        draws in prop::collection::vec(any::<u32>(), 0..400),
    ) {
        let message_type = ROOTS[root];
        let shape = SHAPES.get(SHAPES.open(message_type).unwrap());
        let message = some_message(shape, &mut Draws(draws.iter()), 12);
        let text = encode(message_type, &message).unwrap();
        prop_assert_eq!(&decode(message_type, text.as_bytes()).unwrap(), &message, "{}", text);
        // another reader and writer of JSON changes nothing
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(decode(message_type, value.to_string().as_bytes()).unwrap(), message);
    }

    #[test]
    fn any_bytes_have_an_answer(
        root in 0..ROOTS.len(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Ok(text) = encode(ROOTS[root], &bytes) {
            // nearly all of what is written can be read; what cannot has its reason
            let _ = decode(ROOTS[root], text.as_bytes());
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }

    #[test]
    fn any_text_has_an_answer(root in 0..ROOTS.len(), text in ".{0,200}") {
        let _ = decode(ROOTS[root], text.as_bytes());
    }

    #[test]
    fn a_damaged_message_has_an_answer(at in 0..CONFIG.len(), byte in any::<u8>(), cut in 0..20_usize) {
        let mut damaged = CONFIG.to_vec();
        damaged[at] = byte;
        damaged.drain(at..(at + cut).min(CONFIG.len()));
        if let Ok(text) = encode_compact("common.Config", &damaged, usize::MAX) {
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }

    #[test]
    fn a_damaged_text_has_an_answer(at in 0..ORG.len(), byte in any::<u8>(), cut in 0..20_usize) {
        let mut damaged = ORG.as_bytes().to_vec();
        damaged[at] = byte;
        damaged.drain(at..(at + cut).min(ORG.len()));
        if let Ok(group) = decode(MessageType::Organization, &damaged) {
            prop_assert!(encode(MessageType::Organization, &group).is_ok());
        }
    }

    #[test]
    fn bytes_are_read_as_any_encoder_writes_them(content in prop::collection::vec(any::<u8>(), 0..50)) {
        use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
        let mut want = Vec::new();
        write::bytes(&mut want, 2, &content);
        for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            let text = format!(r#"{{"signature":"{}"}}"#, engine.encode(&content));
            prop_assert_eq!(&decode("common.Envelope", text.as_bytes()).unwrap(), &want, "{}", text);
        }
    }
}
