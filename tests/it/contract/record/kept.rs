//! Records of layouts that are out, kept with the tests: what this build makes of ledgers that an earlier
//! one wrote. `docs/testing.md` says how one is made, and what may differ.

use std::{
    fs::{self, File},
    io::{BufReader, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use cmscc::{contract::Contract, stub::Invocation};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::Value;

use super::{
    super::{
        calls::{Call, check_proposal, prepare_attestation, propose_settings, raw},
        people::person,
        settings::ENFORCED,
        world::{Server, World, symbol_of, trusting},
    },
    BETWEEN, directory,
    format::Reader,
    record,
    replay::{Difference, Kind, Replay},
};

/// The seed whose walk is kept: its record has every function both ways, and its ledger every kind of key.
const SEED: u64 = 19;

/// The kinds of keys, as `docs/state.md` has them.
const KINDS: [&str; 16] = [
    "config\0body",
    "config\0head",
    "config\0policies",
    "config\0seq",
    "applied",
    "archive",
    "combined",
    "combining",
    "known",
    "member\0attested",
    "member\0since",
    "open",
    "position",
    "stance",
    "proposal",
    "settings",
];

#[tokio::test]
async fn a_record_is_kept_where_one_is_wanted() {
    let Some(directory) = directory("CMSCC_KEEP") else {
        eprintln!("CMSCC_KEEP is not set: no record is kept");
        return;
    };
    fs::create_dir_all(&directory).unwrap();
    let file = File::create(directory.join(format!("seed-{SEED:04}.jsonl.gz"))).unwrap();
    let out = GzEncoder::new(file, Compression::best());
    let out = record(SEED, BETWEEN, out).await;
    out.finish().unwrap().flush().unwrap();
}

/// The kept records, by the layout's version.
fn kept() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledgers");
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let mut kept = Vec::new();
    for path in below(&folder).iter().flat_map(|version| below(version)) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        kept.push((name, path));
    }
    kept.sort();
    assert!(!kept.is_empty());
    kept
}

fn open(path: &Path) -> Reader<BufReader<GzDecoder<File>>> {
    Reader::new(BufReader::new(GzDecoder::new(File::open(path).unwrap())))
}

#[tokio::test]
async fn kept_records_are_replayed() {
    for (name, path) in kept() {
        let mut replay = Replay::new(5);
        replay.play(&name, open(&path)).await;
        let report = &replay.report;
        assert!(report.calls() > 0, "{name}");
        // a build that knows a later contract capability names it in `GetSettings`, and differs in
        // nothing else
        let known = |it: &Difference| {
            cfg!(feature = "test-capability") && it.what.contains("answer.supported_capabilities")
        };
        let mut differences = report.differences().into_iter();
        let worst = differences.find(|it| !known(it)).map(|it| it.kind);
        assert!(worst > Some(Kind::Answer) || worst.is_none(), "{report}");
    }
}

#[tokio::test]
async fn every_query_answers_on_a_kept_ledger() {
    for (name, path) in kept() {
        let mut reader = open(&path);
        let last = reader.by_ref().last().expect("a call");
        let mut world = World::new(trusting());
        world.ledger = reader.ledger().clone();
        let keys: Vec<&str> = world.ledger.iter().map(|(key, _)| key).collect();
        for kind in KINDS {
            let start = format!("\0{kind}\0");
            assert!(
                keys.iter().any(|key| key.starts_with(&start)),
                "{name}: {kind:?}"
            );
        }
        ask_all(&name, &world, &last.call).await;
    }
}

/// Asks every function that is for reading, of every proposal where it is of one.
async fn ask_all(name: &str, world: &World<Contract>, last: &Invocation) {
    let org1 = person("Org1MSP");
    let ask = async |call: Call| {
        let call = Invocation {
            creator: Bytes::copy_from_slice(org1.serialized()),
            args: call.into_args(),
            ..last.clone()
        };
        let (response, set) = world.server.simulate(&world.ledger, &call).await;
        assert!(set.writes.is_empty());
        response
    };
    let ids: Vec<&str> = (world.ledger.iter())
        .filter_map(|(key, _)| key.strip_prefix("\0proposal\0")?.strip_suffix('\0'))
        .collect();
    assert!(ids.len() > 3, "{name}: {ids:?}");
    let metadata = ask(Call::of("org.hyperledger.fabric:GetMetadata")).await;
    let metadata: Value = serde_json::from_slice(&metadata.payload).unwrap();
    let functions = metadata.pointer("/contracts/cmscc/transactions").unwrap();
    let mut asked = 0;
    for function in functions.as_array().unwrap() {
        let tags = function["tag"].as_array().unwrap();
        if !tags.contains(&Value::from("evaluate")) {
            continue;
        }
        let called = function["name"].as_str().unwrap();
        let parameters = function["parameters"].as_array().unwrap();
        let required = parameters.iter().filter(|it| it["required"] == true);
        let calls: Vec<Call> = match required.count() {
            _ if called == "CheckProposal" => {
                vec![check_proposal(propose_settings("new", ENFORCED))]
            }
            0 => vec![Call::of(called)],
            1 => ids.iter().map(|id| raw([called, *id])).collect(),
            _ => vec![two_arguments(called)],
        };
        let mut answered = 0;
        for call in calls {
            let text = format!("{name}: {call:?}");
            let response = ask(call).await;
            // what is open, or changes settings, is not exported; the CMCC interface does not show what
            // is archived
            let allowed: &[&str] = match called {
                "ExportProposal" => &["NOT_FINISHED", "WRONG_KIND"],
                "getProposal" => &["UNKNOWN_PROPOSAL"],
                _ => &[],
            };
            if response.is_success() {
                answered += 1;
            } else {
                assert!(
                    allowed.contains(&symbol_of(&response)),
                    "{text}: {}",
                    response.message
                );
            }
            asked += 1;
        }
        assert!(answered > 0, "{name}: {called} never answers");
    }
    assert!(asked > 10 + ids.len(), "{name}: {asked} calls");
}

/// A query that takes more than an id.
fn two_arguments(called: &str) -> Call {
    match called {
        "PrepareAttestation" => prepare_attestation("OrdererMSP", r#"{"orderer":["V2_0"]}"#),
        _ => panic!("{called}: its arguments stand nowhere here"),
    }
}
