//! The shim against real peers: a chaincode that performs scripts, with each message of the protocol.

use std::{fs, sync::Arc, thread};

use cmscc::shim::{Quiet, ShimSettings, server};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{CHANNEL, net::Net, text};
use crate::shim::probe::script::{Probe, shown};

/// A server of the chaincode; it ends with this value.
struct ProbeServer {
    shutdown: CancellationToken,
    thread: Option<thread::JoinHandle<()>>,
}

impl ProbeServer {
    fn start(address: &str, chaincode_id: &str) -> Self {
        let shutdown = CancellationToken::new();
        let (address, settings) = (address.to_owned(), ShimSettings::new(chaincode_id));
        let until = shutdown.clone();
        let serve = async move {
            let listener = TcpListener::bind(address).await.unwrap();
            let probe = Arc::new(Probe);
            server::serve(listener, probe, settings, Arc::new(Quiet), until)
                .await
                .unwrap();
        };
        let thread = thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(serve);
        });
        Self {
            shutdown,
            thread: Some(thread),
        }
    }
}

impl Drop for ProbeServer {
    fn drop(&mut self) {
        self.shutdown.cancel();
        // a panic of the server has been told already
        let _ = self.thread.take().unwrap().join();
    }
}

/// Calls of the chaincode at a network.
struct Calls<'a>(&'a Net);

impl Calls<'_> {
    fn args(script: &Value) -> String {
        json!({"Args": ["run", script.to_string()]}).to_string()
    }

    /// Performs a script and waits until its transaction is committed.
    fn submit(&self, endorsers: &[&str], script: &Value) -> Result<String, String> {
        let peers = self.0.endorsers(endorsers);
        let peers: Vec<&str> = peers.iter().map(String::as_str).collect();
        let args = Self::args(script);
        let invoke = [
            "chaincode",
            "invoke",
            "-C",
            CHANNEL,
            "-n",
            "probe",
            "-c",
            &args,
        ];
        let more = ["--waitForEvent", "@ORDERER"];
        self.0.peer("org1", &[&invoke[..], &more, &peers].concat())
    }

    /// What a peer answers to a script.
    fn answers(&self, org: &str, script: &Value) -> Value {
        let args = Self::args(script);
        let query = [
            "chaincode",
            "query",
            "-C",
            CHANNEL,
            "-n",
            "probe",
            "-c",
            &args,
        ];
        let answer = self.0.peer(org, &query).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    /// Performs operations that only read, at the peer of an organisation: each with its result, or with
    /// a part of the error.
    fn check(&self, org: &str, expected: &[(Value, Value)]) {
        let script: Value = expected.iter().map(|(op, _)| op.clone()).collect();
        let answers = self.answers(org, &script);
        for ((op, expected), answer) in expected.iter().zip(answers.as_array().unwrap()) {
            match (expected.as_str(), answer["error"].as_str()) {
                (Some(part), Some(error)) => assert!(error.contains(part), "{op}: {error}"),
                _ => assert_eq!(*expected, answer["ok"], "{org}: {op}: {answer}"),
            }
        }
    }
}

const COLLECTIONS: &str = r#"[
  {"name": "both", "policy": "OR('Org1MSP.member','Org2MSP.member')", "requiredPeerCount": 0, "maxPeerCount": 1, "blockToLive": 0, "memberOnlyRead": true, "memberOnlyWrite": true},
  {"name": "one", "policy": "OR('Org1MSP.member')", "requiredPeerCount": 0, "maxPeerCount": 1, "blockToLive": 0, "memberOnlyRead": true, "memberOnlyWrite": true}
]"#;

#[test]
fn each_message_means_to_real_peers_what_it_means_to_us() {
    let Some(net) = Net::up(800) else { return };
    let collections = net.work("collections.json");
    fs::write(&collections, COLLECTIONS).unwrap();
    let addresses = ["org1", "org2"].map(|org| net.address(org, 5));
    let deploy = ["deploy", "probe", &addresses[0], &addresses[1]];
    let package = net.script(&[&deploy[..], &["--package-only"]].concat());
    let ids = package
        .lines()
        .filter_map(|line| line.split_once("_CHAINCODE_ID="));
    let ids: Vec<&str> = ids.map(|(_, id)| id.trim_matches('\'')).collect();
    assert_eq!(ids.len(), 2, "{package}");
    let _servers = [0, 1].map(|at| ProbeServer::start(&addresses[at], ids[at]));
    let policy = "OR('Org1MSP.peer','Org2MSP.peer')";
    let more = ["--policy", policy, "--collections", text(&collections)];
    net.script(&[&deploy[..], &more].concat());
    let calls = Calls(&net);

    let put = |key: &str, value: &str| json!({"op": "put", "key": key, "value": value});
    let private = |collection: &str, key: &str, value: &str| json!({"op": "put", "key": key, "value": value, "collection": collection});
    // PUT_STATE, DEL_STATE, PUT_STATE_METADATA; WRITE_BATCH_STATE at peers of 3.x
    calls
        .submit(
            &["org1"],
            &json!([
                put("a", "1"),
                put("b", "2"),
                put("gone", "x"),
                put("owned", "ours"),
                {"op": "set_endorsement", "key": "owned", "orgs": ["Org1MSP", "Org2MSP"], "role": "PEER"},
                private("both", "p", "secret"),
                private("both", "purged", "forget me"),
                private("one", "p", "own"),
                {"op": "put_many", "prefix": "m", "count": 250, "value": "v"},
                {"op": "event", "name": "happened", "payload": "now"},
            ]),
        )
        .unwrap();
    calls
        .submit(
            &["org1"],
            &json!([
                put("a", "11"),
                {"op": "del", "key": "gone"},
                {"op": "purge", "key": "purged", "collection": "both"},
                {"op": "get", "key": "a"},
            ]),
        )
        .unwrap();
    // what both organisations own takes both
    let refused = calls.submit(&["org1"], &json!([put("owned", "mine")]));
    assert!(refused.unwrap_err().contains("ENDORSEMENT_POLICY_FAILURE"));
    calls
        .submit(&["org1", "org2"], &json!([put("owned", "still ours")]))
        .unwrap();

    let get = |key: &str| json!({"op": "get", "key": key});
    let in_both = |op: &str, key: &str| json!({"op": op, "key": key, "collection": "both"});
    let digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let digest = shown(Some(hex::decode(digest).unwrap().into()));
    let orgs = json!(["Org1MSP", "Org2MSP"]);
    let policy = "EgwSCggCEgIIABICCAEaDRILCgdPcmcxTVNQEAMaDRILCgdPcmcyTVNQEAM=";
    let range = |start: &str, end: &str| json!({"op": "range", "start": start, "end": end});
    let brief = |most: Option<u32>| json!({"op": "range", "start": "m", "end": "n", "most": most, "brief": true});
    let page = |of: Option<u32>| json!({"op": "range_page", "start": "m", "end": "n", "size": 2, "bookmark_of": of});
    let pair = |key: &str, value: &str| json!({"key": key, "value": value});
    calls.check(
        "org2",
        &[
            // GET_STATE, GET_STATE_MULTIPLE, GET_STATE_METADATA, GET_PRIVATE_DATA_HASH
            (get("a"), json!("11")),
            (get("gone"), Value::Null),
            (get("owned"), json!("still ours")),
            (
                json!({"op": "get_multiple", "keys": ["b", "nothing", "a"]}),
                json!(["2", null, "11"]),
            ),
            (
                json!({"op": "get_endorsement", "key": "owned"}),
                json!({"orgs": orgs, "policy": policy}),
            ),
            (json!({"op": "get_endorsement", "key": "a"}), Value::Null),
            (in_both("get", "p"), json!("secret")),
            (in_both("get", "purged"), Value::Null),
            (in_both("hash", "p"), digest),
            (
                json!({"op": "get", "key": "p", "collection": "one"}),
                json!("does not have read access"),
            ),
            (
                json!({"op": "get", "key": "p", "collection": "two"}),
                json!("could not be found"),
            ),
            (
                json!({"op": "get", "key": "p", "collection": ""}),
                json!("the name of the collection is empty"),
            ),
            // GET_STATE_BY_RANGE, QUERY_STATE_NEXT, QUERY_STATE_CLOSE, pages
            (range("a", "c"), json!([pair("a", "11"), pair("b", "2")])),
            (
                brief(None),
                json!({"count": 250, "first": "m00000", "last": "m00249"}),
            ),
            (
                brief(Some(1)),
                json!({"count": 1, "first": "m00000", "last": "m00000"}),
            ),
            (
                brief(Some(101)),
                json!({"count": 101, "first": "m00000", "last": "m00100"}),
            ),
            // GET_QUERY_RESULT, which LevelDB does not know
            (
                json!({"op": "query", "query": "{\"selector\":{}}"}),
                json!("not supported for leveldb"),
            ),
        ],
    );
    calls.check(
        "org1",
        &[
            (page(None), json!({"bookmark": "m00002", "count": 2, "entries": [pair("m00000", "v"), pair("m00001", "v")]})),
            (page(Some(0)), json!({"bookmark": "m00004", "count": 2, "entries": [pair("m00002", "v"), pair("m00003", "v")]})),
        ],
    );
    // a range of a collection, in a transaction that only reads
    let of_both = json!({"op": "range", "start": "", "end": "", "collection": "both"});
    calls.check("org2", &[(of_both, json!([pair("p", "secret")]))]);
    // GET_HISTORY_FOR_KEY: the latest first
    let answers = calls.answers(
        "org1",
        &json!([{"op": "history", "key": "gone"}, {"op": "history", "key": "a"}]),
    );
    let told = |at: usize| -> Vec<(Value, Value)> {
        let all = answers[at]["ok"].as_array().unwrap().iter();
        all.map(|it| (it["value"].clone(), it["is_delete"].clone()))
            .collect()
    };
    assert_eq!(
        told(0),
        [(Value::Null, json!(true)), (json!("x"), json!(false))]
    );
    assert_eq!(
        told(1),
        [(json!("11"), json!(false)), (json!("1"), json!(false))]
    );
    // other chaincodes, and itself
    let invoke =
        |chaincode: &str| json!({"op": "invoke", "chaincode": chaincode, "args": ["run", "[]"]});
    let answers = calls.answers(
        "org1",
        &json!([invoke("nobody"), invoke("probe"), invoke("cscc")]),
    );
    for (at, part) in ["not found", "exists", "Rejecting invoke of CSCC"]
        .into_iter()
        .enumerate()
    {
        assert!(answers[at].to_string().contains(part), "{answers}");
    }
    // what the transaction says of itself
    let answers = calls.answers("org2", &json!([{"op": "creator"}, {"op": "binding"}, {"op": "signed_proposal"}, {"op": "transient"}, {"op": "decorations"}]));
    assert_eq!(answers[0]["ok"]["msp_id"], "Org2MSP");
    assert_eq!(answers[0]["ok"]["ous"]["admin"], true);
    assert_eq!(answers[1]["ok"].as_str().unwrap().len(), 64);
    assert_eq!(
        (&answers[3]["ok"], &answers[4]["ok"]),
        (&json!({}), &json!({}))
    );
    // writes that a peer refuses, or would take for something else, fail the transaction
    for (script, part) in [
        (
            json!([page(None), put("z", "1")]),
            "WRITES_REFUSED: the peer refused the writes",
        ),
        (json!([private("two", "k", "v")]), "could not be found"),
        (
            json!([private("", "k", "v")]),
            "WRITES_INVALID: the writes were not sent",
        ),
        (json!([put("", "v")]), "the key is empty"),
    ] {
        let error = calls.submit(&["org1"], &script).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}
