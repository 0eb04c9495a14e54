//! `cmscc devnet try`: the program against a chaincode server that is not its own.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener as Plain},
    process::{Command, Output, Stdio},
    sync::Arc,
};

use bytes::Bytes;
use cmscc::{
    shim::{Quiet, ShimSettings, server::serve},
    stub::{Chaincode, Event, Invocation, Query, Response, Stub},
};
use serde_json::Value;
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_util::sync::CancellationToken;

/// `put K V`, `get K`, `secret K` (the value is transient), `reveal K`; `sorted`, a query; `shout`,
/// which answers what a terminal would obey.
struct Box;

impl Chaincode for Box {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        let args = invocation.args.iter();
        let args: Vec<&str> = args.map(|arg| str::from_utf8(arg).unwrap()).collect();
        let answer = match args[..] {
            ["put", key, value] => {
                stub.put_state(key, value.to_owned());
                stub.set_event(Event {
                    name: "Put".to_owned(),
                    payload: Bytes::from(format!("{{\"key\":\"{key}\",\"n\":[1,2]}}")),
                });
                Ok(None)
            }
            ["get", key] => stub.get_state(key).await,
            ["secret", key] => {
                stub.put_private_data("ours", key, invocation.transient["value"].clone());
                Ok(None)
            }
            ["reveal", key] => stub.get_private_data("ours", key).await,
            ["sorted"] => {
                let query = r#"{"selector":{"n":{"$gt":0}},"sort":["n"]}"#;
                let opened = stub.open(None, &Query::Rich(query.to_owned())).await;
                opened.map(|_| None)
            }
            ["shout"] => return Response::refusal(400, "\u{1b}]0;owned\u{7}\n> quit"),
            _ => return Response::refusal(404, "no such function"),
        };
        match answer {
            Ok(value) => Response::success(value.unwrap_or_default()),
            Err(error) => Response::refusal(500, error.to_string()),
        }
    }
}

/// A chaincode server, until it is dropped.
struct Served {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Served {
    fn start(address: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
        let address = listener.local_addr().unwrap();
        let (settings, token) = (ShimSettings::new("box:1"), CancellationToken::new());
        runtime.spawn(serve(
            listener,
            Arc::new(Box),
            settings,
            Arc::new(Quiet),
            token,
        ));
        Self {
            address,
            _runtime: runtime,
        }
    }
}

fn command(address: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cmscc"));
    command.args(["devnet", "try", address]).args(args);
    command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    command
}

fn run(server: &Served, args: &[&str], input: &str) -> Output {
    let mut child = command(&server.address.to_string(), args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

/// What was printed, with the ids of transactions and the address taken out.
fn printed(output: &Output, server: &Served) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut out = String::new();
    for line in text.replace(&server.address.to_string(), "ADDRESS").lines() {
        match line.split_once(", transaction ") {
            Some((before, after)) => {
                let (id, after) = after.split_at(12);
                assert!(id.chars().all(|c| c.is_ascii_hexdigit()), "{line}");
                out.push_str(&format!("{before}, transaction ID{after}\n"));
            }
            None => out.push_str(&format!("{line}\n")),
        }
    }
    out
}

#[test]
fn lines_are_run_in_their_order_and_failures_are_told() {
    let server = Served::start("127.0.0.1:0");
    let input = "\
# a comment

submit put k 'two words'
evaluate --as Org2.Admin get k
submit --endorse Org1 put k 2
evaluate shout
nothing
quit
evaluate get k
";
    let output = run(&server, &[], input);
    assert_eq!(output.status.code(), Some(1));
    let expected = "\
Channel mychannel of Org1, Org2, chaincode `chaincode` at ADDRESS, registered as `box:1`.
> submit put k 'two words'
VALID in block 1, transaction ID
status 200
event Put
  {
    \"key\": \"k\",
    \"n\": [
      1,
      2
    ]
  }
> evaluate --as Org2.Admin get k
status 200
  two words
> submit --endorse Org1 put k 2
ENDORSEMENT_POLICY_FAILURE in block 2, transaction ID: those who endorsed may not write this alone
answered, and nothing of it was written: status 200
> evaluate shout
status 400 of Org1MSP: \\u{1b}]0;owned\\u{7}\\u{a}> quit
> nothing
error: `nothing` is no command: there are submit, evaluate, help and quit
";
    assert_eq!(printed(&output, &server), expected);
    let well = run(&server, &[], "submit put k 1\nevaluate get k");
    assert_eq!(well.status.code(), Some(0), "{well:?}");
}

#[test]
fn collections_have_their_members_and_scripts_get_documents() {
    let server = Served::start("127.0.0.1:0");
    let policy = "OR('AMSP.peer','BMSP.peer')";
    let mut args = vec!["--orgs", "A,B,C", "--collection", "ours=A,B", "--json"];
    args.extend(["--endorsement-policy", policy, "--peer", "2.5"]);
    args.extend(["--state-database", "CouchDB", "--chaincode-id", "box:1"]);
    for line in [
        "submit --endorse A --transient value=7 secret k",
        "evaluate --as B reveal k",
        "evaluate --as C reveal k",
        "evaluate --as A --at C reveal k",
        "evaluate --as D reveal k",
        "submit --wait f",
    ] {
        args.extend(["--execute", line]);
    }
    let output = run(&server, &args, "");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let told: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(told.len(), 6, "{text}");
    assert_eq!(told[0]["validation_code"], "VALID");
    assert_eq!(told[0]["block"], 1);
    assert_eq!(told[0]["as"], "A.User1");
    assert_eq!(told[0]["tx_id"].as_str().unwrap().len(), 64);
    assert_eq!(told[1]["payload"], "7");
    assert_eq!(told[1]["ok"], true);
    assert_eq!(told[2]["status"], 500);
    assert_eq!(told[2]["refused_by"], "CMSP");
    let message = |n: usize| told[n]["message"].as_str().unwrap();
    assert!(message(2).contains("read access permission"), "{text}");
    assert!(message(3).contains("not available"), "{text}");
    assert_eq!(told[4]["error"], "unknown organisation `D`");
    assert_eq!(told[5]["ok"], false);
}

#[test]
fn a_server_that_is_not_there_or_another_one_is_told() {
    let fails = |address: &str, args: &[&str], code: i32, expected: &[&str]| {
        let output = command(address, args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        for part in expected {
            assert!(text.contains(part), "{text}");
        }
    };
    let server = Served::start("127.0.0.1:0");
    let there = server.address.to_string();
    let other = ["--chaincode-id", "box:2"];
    fails(
        &there,
        &other,
        1,
        &["registered as `box:1`, not as `box:2`"],
    );
    let free = Plain::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = ["no chaincode server at", "without TLS"];
    fails(&free.to_string(), &[], 1, &nobody);
    fails("nowhere", &[], 1, &["`nowhere` is no address: HOST:PORT"]);
    let wrong = [
        "--orgs=Org1,Org1,a_b",
        "--collection=c=Org2",
        "--collection=c",
        "--endorsement-policy=OR(",
    ];
    let errors = [
        "`Org1` stands in --orgs twice",
        "`a_b` in --orgs",
        "`Org2`, a member of collection `c`, is not in --orgs",
        "--collection `c` is not NAME=ORG",
        "--endorsement-policy: ",
    ];
    fails(&there, &wrong, 2, &errors);
}

#[test]
fn a_server_that_was_started_again_is_dialled_again() {
    let server = Served::start("127.0.0.1:0");
    let address = server.address.to_string();
    let mut child = command(&address, &["--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut ask = |line: &str| -> Value {
        writeln!(input, "{line}").unwrap();
        serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap()
    };
    assert_eq!(ask("submit put k 1")["ok"], true);
    drop(server);
    let gone = ask("evaluate get k");
    assert_eq!(gone["ok"], false, "{gone}");
    assert!(gone["error"].is_string(), "{gone}");
    let _again = Served::start(&address);
    assert_eq!(ask("evaluate get k")["payload"], "1");
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_query_that_sorts_needs_an_index() {
    let server = Served::start("127.0.0.1:0");
    let couchdb = ["--state-database", "CouchDB", "-e", "evaluate sorted"];
    let without = run(&server, &couchdb, "");
    assert_eq!(without.status.code(), Some(1));
    let text = printed(&without, &server);
    assert!(text.contains("no_usable_index"), "{text}");
    let with = run(&server, &[&couchdb[..], &["--index", "n,m"]].concat(), "");
    assert_eq!(with.status.code(), Some(0), "{with:?}");
}
