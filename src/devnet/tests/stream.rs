//! A peer's end of the chaincode stream against the real chaincode server.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use prost::Message;
use tokio::{sync::Notify, time::timeout};

use crate::devnet::{
    error::ExecuteError,
    peer::{ChaincodeStream, Executed, ServerConnection, Simulator},
    server::Server,
};
use crate::{
    ids::BlockNumber,
    proto::{
        protos,
        protos::{ChaincodeMessage, chaincode_message::Type},
    },
    shim::{Quiet, ShimSettings},
    stub::{
        Chaincode, Event, Invocation, KeyRange, Response, Stub, StubError,
        memory::{
            Ledger, MemoryStub, PeerManner, PeerRelease, ReadWriteSet, StateDatabase, Version,
        },
    },
    transaction::{ChaincodeCall, Proposal},
};

/// Runs what its arguments say: `get k`, `gets k..`, `range start end most`, `page start end size
/// bookmark`, `put k v`, `del k`, `event name`, `hang`.
#[derive(Debug, Default)]
struct Script {
    hanging: Notify,
}

impl Script {
    async fn run<S: Stub>(&self, line: &str, stub: &mut S) -> Result<String, StubError> {
        let words: Vec<&str> = line.split(' ').collect();
        Ok(match words[..] {
            ["get", key] => format!("{:?}", stub.get_state(key).await?),
            ["gets", ..] => {
                let keys: Vec<_> = words[1..].iter().map(|k| (*k).to_owned()).collect();
                format!("{:?}", stub.get_states(&keys).await?)
            }
            ["range", start, end, most] => {
                let most = most.parse().unwrap();
                format!("{:?}", stub.get_range(&range(start, end), most).await?)
            }
            ["page", start, end, size, ref bookmark @ ..] => {
                let size = size.parse().unwrap();
                let bookmark = bookmark.first().copied().unwrap_or_default();
                let page = stub.get_page(&range(start, end), size, bookmark).await?;
                format!("{page:?}")
            }
            ["put", key, value] => {
                stub.put_state(key.to_owned(), Bytes::copy_from_slice(value.as_bytes()));
                String::new()
            }
            ["del", key] => {
                stub.del_state(key.to_owned());
                String::new()
            }
            ["event", name] => {
                stub.set_event(Event {
                    name: name.to_owned(),
                    payload: Bytes::from_static(b"payload"),
                });
                String::new()
            }
            ["hang"] => {
                self.hanging.notify_one();
                std::future::pending().await
            }
            _ => panic!("no such line: {line}"),
        })
    }
}

impl Chaincode for Script {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        let mut out = Vec::new();
        for line in &invocation.args {
            let line = std::str::from_utf8(line).unwrap();
            match self.run(line, stub).await {
                Ok(text) => out.push(text),
                Err(error) => {
                    return Response {
                        status: 500,
                        message: error.to_string(),
                        payload: Bytes::new(),
                    };
                }
            }
        }
        Response {
            status: 200,
            message: String::new(),
            payload: out.join("\n").into(),
        }
    }
}

fn range(start: &str, end: &str) -> KeyRange {
    KeyRange {
        start: start.to_owned(),
        end: end.to_owned(),
    }
}

/// 250 keys `k000` to `k249`, each written by another transaction.
fn ledger() -> Ledger {
    let mut ledger = Ledger::new();
    for tx in 0..250 {
        let set = ReadWriteSet {
            writes: [(format!("k{tx:03}"), Some(Bytes::from(format!("v{tx}"))))].into(),
            ..ReadWriteSet::default()
        };
        let block = BlockNumber(7);
        ledger.commit(Version { block, tx }, &set);
    }
    ledger
}

const ID: &str = "script_1.0:abc";

async fn serve() -> (Server, ServerConnection, Arc<Script>) {
    let script = Arc::new(Script::default());
    let settings = ShimSettings::new(ID);
    let server = Server::start(Arc::clone(&script), settings, Arc::new(Quiet)).await;
    let server = server.unwrap();
    let connection = ServerConnection {
        package_id: Some(ID.to_owned()),
        address: server.address(),
        tls: None,
    };
    (server, connection, script)
}

fn transaction(channel: &str, tx_id: &str, lines: &[&str]) -> ChaincodeMessage {
    let input = protos::ChaincodeInput {
        args: lines
            .iter()
            .map(|line| Bytes::copy_from_slice(line.as_bytes()))
            .collect(),
        ..protos::ChaincodeInput::default()
    };
    let organization = crate::devnet::Organization::generate("Org1").unwrap();
    let call = ChaincodeCall::new(&channel.into(), []);
    let stamp = crate::devnet::clock::stamp().unwrap();
    let proposal = Proposal::new(&call, "script", organization.client(), &stamp).unwrap();
    ChaincodeMessage {
        r#type: Type::Transaction.into(),
        payload: input.encode_to_vec().into(),
        txid: tx_id.to_owned(),
        channel_id: channel.to_owned(),
        proposal: Some(proposal.signed),
        ..ChaincodeMessage::default()
    }
}

async fn execute(
    stream: &ChaincodeStream,
    manner: PeerManner,
    lines: &[&str],
) -> Result<Executed, ExecuteError> {
    let simulator = Simulator::new("script", ledger(), manner);
    stream
        .execute(transaction("c", "t", lines), simulator)
        .await
}

/// Both releases, both databases, and limits that cut what the script reads.
fn manners() -> [PeerManner; 6] {
    let small = StateDatabase::CouchDb {
        internal_query_limit: 10,
    };
    [
        PeerManner::default(),
        PeerManner::default().of_release(PeerRelease::V2_5),
        PeerManner::default().cutting_at(105),
        PeerManner::with(StateDatabase::COUCHDB),
        PeerManner::with(small).of_release(PeerRelease::V2_5),
        PeerManner::with(small).cutting_at(7),
    ]
}

#[tokio::test]
async fn a_message_over_the_bound_ends_the_stream() {
    let (_server, connection, _) = serve().await;
    let manner = PeerManner {
        message_bytes: 1500,
        ..PeerManner::default()
    };
    for (line, ends) in [
        ("gets k001 k002", false),
        ("range k000 k010 100", false),
        ("range k000 k100 100", true),
        ("page k000 l 100", true),
    ] {
        let stream = ChaincodeStream::open(&connection, manner).await.unwrap();
        let got = execute(&stream, manner, &[line]).await;
        assert_eq!(
            got == Err(ExecuteError::StreamEnded),
            ends,
            "{line}: {got:?}"
        );
        assert_eq!(stream.is_open(), !ends, "{line}");
        let mut stub = MemoryStub::new(&ledger()).at(manner);
        let run = Script::default().run(line, &mut stub).await;
        assert_eq!(run.is_err(), ends, "{line}: {run:?}");
        assert_eq!(stub.has_ended(), ends, "{line}");
    }
}

#[tokio::test]
async fn a_stream_reads_and_writes_what_the_ledger_in_memory_does() {
    let (_server, connection, script) = serve().await;
    for manner in manners() {
        let stream = ChaincodeStream::open(&connection, manner).await.unwrap();
        for lines in [
            vec!["get k001", "get missing", "put a 1", "del k002", "get a"],
            vec!["gets k001 missing k003", "event Happened"],
            vec!["range k000 k050 1000", "range k1 k2 1000", "range x y 10"],
            vec!["range k000 l 1000", "put z 1"],
            vec!["range k000 l 100", "range k000 l 101", "range k000 l 1"],
            vec!["page k000 l 10", "page k000 l 10 k010", "page k240 l 100"],
            vec!["put a 1", "put a 2", "del a"],
        ] {
            let got = execute(&stream, manner, &lines).await.unwrap();
            let mut stub = MemoryStub::new(&ledger()).at(manner);
            let mut expected = Vec::new();
            for line in &lines {
                expected.push(script.run(line, &mut stub).await.unwrap());
            }
            let payload = String::from_utf8(got.response.payload.to_vec()).unwrap();
            assert_eq!(payload, expected.join("\n"), "{manner:?} {lines:?}");
            assert_eq!(got.set, stub.finish().unwrap(), "{manner:?} {lines:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_package_id_is_no_launch() {
    let (_server, mut connection, _) = serve().await;
    connection.package_id = Some("other_1.0:abc".to_owned());
    let error = ChaincodeStream::open(&connection, PeerManner::default()).await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("it registered as `script_1.0:abc`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_killed_server_ends_the_transactions_on_its_stream() {
    let (server, connection, script) = serve().await;
    let stream = ChaincodeStream::open(&connection, PeerManner::default())
        .await
        .unwrap();
    let (outcome, ()) = tokio::join!(execute(&stream, PeerManner::default(), &["hang"]), async {
        script.hanging.notified().await;
        drop(server);
    });
    assert_eq!(outcome.unwrap_err(), ExecuteError::StreamEnded);
    assert!(!stream.is_open());
    let error = ChaincodeStream::open(&connection, PeerManner::default()).await;
    assert!(matches!(error, Err(ExecuteError::Launch { .. })));
}

#[tokio::test]
async fn one_stream_runs_the_same_transaction_id_on_two_channels() {
    let (_server, connection, script) = serve().await;
    let stream = ChaincodeStream::open(&connection, PeerManner::default())
        .await
        .unwrap();
    let running = transaction("a", "t", &["hang"]);
    let first = stream.execute(
        running.clone(),
        Simulator::new("s", ledger(), PeerManner::default()),
    );
    let others = async {
        script.hanging.notified().await;
        let again = stream
            .execute(
                running.clone(),
                Simulator::new("s", ledger(), PeerManner::default()),
            )
            .await;
        assert_eq!(again.unwrap_err(), ExecuteError::Running);
        let call = transaction("b", "t", &["get k001"]);
        stream
            .execute(call, Simulator::new("s", ledger(), PeerManner::default()))
            .await
            .unwrap()
    };
    tokio::select! {
        _ = first => panic!("it hangs"),
        answer = timeout(Duration::from_secs(10), others) => {
            assert_eq!(answer.unwrap().response.status, 200);
        }
    }
}
