//! `doctor` against contracts and peers that lie, and where the truth itself is amiss.

use serde_json::{Value, json};

use super::{Ended, Town, chains::elsewhere};

/// What is told as a warning or an error: its name, its level, its sentence.
#[track_caller]
fn amiss(ended: &Ended) -> Vec<(String, String, String)> {
    let view: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(view["exit_code"], ended.code, "{ended:?}");
    let text = |one: &Value, member: &str| one[member].as_str().unwrap().to_owned();
    let all = view["findings"].as_array().unwrap().iter();
    all.filter(|one| matches!(one["level"].as_str(), Some("warning" | "error")))
        .map(|one| {
            assert!(one["fix"].is_string(), "{one}");
            (text(one, "check"), text(one, "level"), text(one, "text"))
        })
        .collect()
}

/// Exactly this is amiss.
#[track_caller]
fn told(ended: &Ended, checks: &[(&str, &str)], code: i32) {
    let amiss = amiss(ended);
    let named: Vec<(&str, &str)> = (amiss.iter())
        .map(|(check, level, _)| (check.as_str(), level.as_str()))
        .collect();
    assert_eq!(named, checks, "{amiss:#?}");
    assert_eq!(ended.code, code);
}

#[tokio::test(flavor = "multi_thread")]
async fn lies_and_faults_of_the_channel_are_found_by_name() {
    let town = Town::new().await;
    let doctor = || town.cmscc(&["doctor"]);
    told(&doctor(), &[], 0);
    // nothing is kept of what was looked at
    assert!(!town.file("state").exists());

    // the contract is behind, and stays so until somebody hands in the block
    town.propose("first", "Endorsement").await;
    let block = town.bring_about("first").await;
    told(&doctor(), &[("CONTRACT_CHAIN", "warning")], 3);
    town.served.consortium.sync("Org2", &block).await.unwrap();
    told(&doctor(), &[], 0);

    // the contract's server shows another chain
    town.liar.edits("GetConfigChain", |answer| {
        for link in answer["chain"].as_array_mut().unwrap() {
            link["config_sha256"] = json!("ab".repeat(32));
        }
    });
    let forked = doctor();
    told(&forked, &[("CONTRACT_CHAIN", "error")], 7);
    assert!(amiss(&forked)[0].2.ends_with("[FORK]"));

    // the server does not know a level of the channel
    town.liar.edits("GetSettings", |answer| {
        answer["unsupported"] = json!(["V9_9\u{1b}[2J"]);
    });
    told(&doctor(), &[("CONTRACT_LEVELS", "error")], 1);
    let shown = town.command("org1", "state", &["doctor"]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("V9_9\\u{1b}[2J"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");

    // a server of another version
    town.liar
        .edits("org.hyperledger.fabric:GetMetadata", |answer| {
            answer["info"]["version"] = json!("9.9.9");
        });
    town.liar.by_server();
    told(&doctor(), &[("SERVER_VERSIONS", "warning")], 3);
    town.liar.honest();
    told(&doctor(), &[], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_chain_is_found_by_name() {
    let town = Town::new().await;
    let (their_genesis, theirs) = elsewhere().await;
    let doctor = |state: &str| town.cmscc_as("org1", state, &["doctor"]);
    town.propose("first", "Endorsement").await;
    let block = town.bring_about("first").await;
    town.served.consortium.sync("Org2", &block).await.unwrap();

    // the peer shows the second config of another network
    town.liar
        .about("GetConfigBlock", move |_, _| theirs.clone());
    let code = 7;
    told(&doctor("state"), &[("CHAIN", "error")], code);
    town.liar.honest();

    // the anchor file is the genesis block of another network: here, and for who has pinned before
    town.cmscc(&["sync"]).good();
    let own = std::fs::read(town.file("anchor.block")).unwrap();
    std::fs::write(town.file("anchor.block"), &their_genesis).unwrap();
    told(&doctor("fresh"), &[("CHAIN", "error")], code);
    told(&doctor("state"), &[("TRUST_ANCHOR", "error")], code);
    std::fs::write(town.file("anchor.block"), b"no block").unwrap();
    told(&doctor("fresh"), &[("TRUST_ANCHOR", "error")], 1);
    std::fs::write(town.file("anchor.block"), own).unwrap();
    told(&doctor("fresh"), &[], 0);
}
