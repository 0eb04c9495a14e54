//! The story of two organisations that bring in a third and a fourth, on the embedded network: as
//! `cmscc demo` tells it, and in variations.

use std::process::{Command, Output};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cmscc::{
    cli::command::demo,
    devnet::{DevnetError, Levels, NetworkOptions},
    ids::Digest,
    proto::protos::TxValidationCode,
    stub::memory::{PeerManner, PeerRelease, StateDatabase},
};
use serde_json::Value;

use super::harness::Consortium;

#[tokio::test(flavor = "multi_thread")]
async fn the_story_goes_as_told() {
    let report = demo::tell().await;
    assert_eq!(report.error, None, "{report:#?}");
    for step in &report.steps {
        assert_eq!(step.unexpected, Vec::<String>::new(), "{step:#?}");
    }
    assert!(report.ok);
    let numbers: Vec<_> = report.steps.iter().map(|step| step.number).collect();
    assert_eq!(numbers, (0..=11).collect::<Vec<_>>());
    let last = report.steps.last().unwrap();
    assert_eq!(last.members.len(), 4);
    assert!(last.proposals.iter().all(|p| p.status == "Submitted"));
}

fn program(color: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cmscc"))
        .args(args)
        .env("CLICOLOR_FORCE", "1")
        .env("NO_COLOR", color)
        .output()
        .unwrap()
}

#[test]
fn the_program_tells_it_in_color_or_without_or_as_json() {
    let colored = program("", &["demo"]);
    assert!(colored.status.success(), "{colored:?}");
    let text = String::from_utf8(colored.stdout).unwrap();
    assert!(text.contains("\u{1b}[1m11. "), "{text}");

    let plain = program("1", &["demo"]);
    let text = String::from_utf8(plain.stdout).unwrap();
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(text.ends_with("Everything was as expected.\n"), "{text}");

    let json = program("", &["demo", "--json"]);
    assert!(json.status.success(), "{json:?}");
    let document: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(document["ok"], true);
    let last = &document["steps"][11];
    assert_eq!(last["number"], 11);
    assert_eq!(last["proposals"][1]["status"], "Submitted");
}

/// Peers of 2.5 announce no batches; with CouchDB, and limits that cut most ranges.
#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_joins_with_peers_of_2_5_and_without_tls() {
    let database = StateDatabase::CouchDb {
        internal_query_limit: 1,
    };
    let manner = PeerManner::with(database).of_release(PeerRelease::V2_5);
    let options = NetworkOptions {
        manner: manner.cutting_at(2),
        tls: false,
        ..NetworkOptions::default()
    };
    bring_in_orgx(options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_joins_a_channel_of_level_3_0() {
    let levels = Levels {
        channel: "V3_0",
        ..Levels::default()
    };
    let options = NetworkOptions {
        levels,
        ..NetworkOptions::default()
    };
    bring_in_orgx(options).await;
}

async fn bring_in_orgx(options: NetworkOptions) {
    let mut c = Consortium::new(&["Org1", "Org2"], options).await;
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    c.sign("Org1", "add_orgx").await;
    assert_eq!(c.status("Org2", "add_orgx").await, "WaitingForSignatures");
    c.sign("Org2", "add_orgx").await;
    assert_eq!(c.status("Org1", "add_orgx").await, "ReadyToSubmit");
    let block = c.submit("Org2", "add_orgx").await;
    assert_eq!(c.network.config_block(&c.channel).unwrap(), block);
    c.sync("Org1", &block).await.unwrap();
    assert_eq!(c.status("Org2", "add_orgx").await, "Submitted");
    assert_eq!(c.network.members(&c.channel).unwrap().len(), 3);
    // the new member's server sees the same through its own peer
    c.network.join(&c.channel, "OrgX").unwrap();
    c.network.start_server("OrgX").await.unwrap();
    assert_eq!(c.status("OrgX", "add_orgx").await, "Submitted");
    let state = |name| c.network.state(&c.channel, name).unwrap();
    assert_eq!(state("OrgX"), state("Org1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_init_call_starts_it_once_and_changes_nothing_later() {
    let c = Consortium::without_contract(&["Org1", "Org2"], NetworkOptions::default()).await;
    let admin = c.network.organization("Org1").unwrap().admin();
    let block = STANDARD.encode(&c.genesis);
    let mut call = c.call(&["InitConsortium", &block]);
    call.is_init = true;
    let first = c.network.invoke(admin, &call).await.unwrap();
    let first: Value = serde_json::from_slice(&first.payload).unwrap();
    assert_eq!(first["added"].as_array().unwrap().len(), 1);
    let before = c.network.state(&c.channel, "Org1").unwrap();
    // a definition with --init-required demands an init call at each new version
    let mut call = c.call(&["anything"]);
    call.is_init = true;
    c.network.invoke(admin, &call).await.unwrap();
    assert_eq!(c.network.state(&c.channel, "Org1").unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_may_come_as_transient_data() {
    let mut c = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    for name in ["Org1", "Org2"] {
        c.sign(name, "add_orgx").await;
    }
    let block = c.submit("Org1", "add_orgx").await;
    let mut call = c.call(&["SyncConfig", &Digest::of(&block).to_string()]);
    call.transient.insert("config_block".to_owned(), block);
    let admin = c.network.organization("Org2").unwrap().admin();
    c.network.invoke(admin, &call).await.unwrap();
    assert_eq!(c.status("Org1", "add_orgx").await, "Submitted");
}

/// The contract cannot record the fourth member while two servers run.
#[tokio::test(flavor = "multi_thread")]
async fn four_members_need_three_servers() {
    let mut c = Consortium::new(&["Org1", "Org2"], NetworkOptions::default()).await;
    c.propose_to_add("Org1", "add_orgx", "OrgX").await;
    c.bring_in("add_orgx", &["Org1", "Org2"]).await.unwrap();
    c.propose_to_add("Org2", "add_orgy", "OrgY").await;
    let error = c.bring_in("add_orgy", &["Org1", "Org2"]).await.unwrap_err();
    let DevnetError::NotEndorsed {
        needed: 3, got: 2, ..
    } = error
    else {
        panic!("{error}");
    };
    let block = c.network.config_block(&c.channel).unwrap();
    let call = c.call(&["SyncConfig", &STANDARD.encode(&block)]);
    let admin = c.network.organization("Org1").unwrap().admin();
    let two = c
        .network
        .endorse_with(&["Org1", "Org2"], admin, &call)
        .await;
    let codes = c.network.order(&c.channel, &[two.unwrap()]).unwrap();
    assert_eq!(codes, [TxValidationCode::EndorsementPolicyFailure]);

    c.network.join(&c.channel, "OrgY").unwrap();
    c.network.start_server("OrgY").await.unwrap();
    c.sync("OrgY", &block).await.unwrap();
    assert_eq!(c.status("Org1", "add_orgy").await, "Submitted");
}
