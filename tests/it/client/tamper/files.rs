//! Lies in files: sign requests, and signatures that are handed in.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::config::envelope;
use serde_json::{Value, json};

use super::{Ended, Town, chains::elsewhere, digest_of};

/// Signs a request as the admin of Org3, who asks nobody: only the file speaks.
fn sign_offline(town: &Town, state: &str, request: &Value, digest: &str) -> Ended {
    // the format stands first, as programs write it
    let mut members = request.as_object().unwrap().clone();
    let format = members.remove("format").unwrap();
    let members = Value::Object(members).to_string();
    let content = format!("{{\"format\":{format},{}", &members[1..]);
    fs::write(town.file("request"), content).unwrap();
    let _ = fs::remove_file(town.file("signature"));
    let args = [
        "sign",
        "--in",
        "request",
        "--out",
        "signature",
        "--yes",
        "--digest",
        digest,
    ];
    town.cmscc_as("org3", state, &args)
}

async fn requested(town: &Town, id: &str) -> (Value, String) {
    town.cmscc(&["sign", id, "--out", "out.signreq"]).good();
    let request = fs::read(town.file("out.signreq")).unwrap();
    let digest = town.digest(id).await.to_string();
    (serde_json::from_slice(&request).unwrap(), digest)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_request_is_believed_in_nothing() {
    let town = Town::new().await;
    town.propose("first", "Endorsement").await;
    let block = town.bring_about("first").await;
    town.served.consortium.sync("Org2", &block).await.unwrap();
    town.propose("this", "LifecycleEndorsement").await;
    town.propose("other", "Endorsement2").await;
    let (request, digest) = requested(&town, "this").await;
    let (other, other_digest) = requested(&town, "other").await;
    let theirs = elsewhere().await;
    let blocks = |blocks: &[&Bytes]| {
        let blocks: Vec<_> = blocks.iter().map(|block| STANDARD.encode(block)).collect();
        json!(blocks)
    };
    let genesis = &town.served.consortium.genesis;
    let with = |member: &str, value: Value| {
        let mut changed = request.clone();
        changed[member] = value;
        changed
    };
    type Lie<'a> = (&'a str, Value, &'a str, &'a str, i32);
    let lies: &[Lie<'_>] = &[
        (
            "a false branch",
            with("config_blocks", blocks(&[genesis, &theirs.1])),
            &digest,
            "BLOCK_NOT_PROVEN",
            7,
        ),
        (
            "another pin",
            with("config_blocks", blocks(&[&theirs.0, &theirs.1])),
            &digest,
            "FORK",
            7,
        ),
        // nothing is known of what lies between: the sender is to write more blocks
        (
            "blocks that do not reach the pin",
            with("config_blocks", blocks(&[&far(&block)])),
            &digest,
            "BLOCKS_MISSING",
            6,
        ),
        (
            "another update than its intent",
            with("config_update", other["config_update"].clone()),
            &other_digest,
            "DIFFERENT_EFFECT",
            7,
        ),
        (
            "another intent than its update",
            with("patch", other["patch"].clone()),
            &digest,
            "DIFFERENT_EFFECT",
            7,
        ),
        (
            "another update with its intent",
            {
                let mut changed = with("config_update", other["config_update"].clone());
                changed["patch"] = other["patch"].clone();
                changed
            },
            &digest,
            "DIGEST_DIFFERS",
            7,
        ),
        (
            "settings",
            with("kind", json!("settings")),
            &digest,
            "DIFFERENT_EFFECT",
            7,
        ),
        (
            "a channel that is a path",
            with("channel_id", json!("../../x")),
            &digest,
            "BAD_SIGN_REQUEST",
            2,
        ),
        (
            "another channel",
            with("channel_id", json!("other")),
            &digest,
            "WRONG_CHANNEL",
            2,
        ),
        (
            "an id that is agreed to with the return key",
            with("proposal_id", json!("")),
            &digest,
            "BAD_SIGN_REQUEST",
            2,
        ),
    ];
    for (index, (name, lie, digest, symbol, code)) in lies.iter().enumerate() {
        let ended = sign_offline(&town, &format!("offline{index}"), lie, digest);
        ended.refused(name, symbol, *code);
        assert!(!town.file("signature").exists(), "{name}");
    }
    // one's own pin is needed, and what a request brings along is none
    fs::rename(town.file("anchor.block"), town.file("gone.block")).unwrap();
    fs::create_dir(town.file("anchor.block")).unwrap();
    let ended = sign_offline(&town, "unpinned", &request, &digest);
    ended.refused("no pin", "NOT_PINNED", 7);
    fs::remove_dir(town.file("anchor.block")).unwrap();
    fs::rename(town.file("gone.block"), town.file("anchor.block")).unwrap();
    // the truth is signed, and what was signed is taken
    sign_offline(&town, "offline", &request, &digest).good();
    town.cmscc(&["sign", "--in", "signature"]).good();
    let truth = town.truth("this").await;
    assert_eq!(truth["signatures"][0]["msp_id"], "Org3MSP", "{truth}");
    // an older config than this machine knows is stale
    let old = with("config_blocks", blocks(&[genesis]));
    sign_offline(&town, "offline", &old, &digest).refused("old", "STALE_UPDATE", 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_written_from_ones_own_chain_only() {
    let town = Town::new().await;
    town.propose("this", "Endorsement").await;
    town.cmscc(&["sync"]).good();
    let theirs = elsewhere().await.0;
    town.liar
        .about("GetBlockByNumber", move |_, _| theirs.clone());
    let ended = town.cmscc(&["sign", "this", "--out", "out.signreq"]);
    ended.refused("another block", "PEER_INCONSISTENT", 7);
    assert!(!town.file("out.signreq").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_on_other_bytes_are_not_handed_in() {
    let town = Town::new().await;
    town.propose("this", "Endorsement").await;
    town.propose("other", "LifecycleEndorsement").await;
    let other = town.truth("other").await;
    let unsigned = STANDARD.decode(other["config_update_to_sign"].as_str().unwrap());
    let update = envelope::read_update_envelope(&unsigned.unwrap().into()).unwrap();
    let admin = town
        .served
        .consortium
        .network
        .organization("Org3")
        .unwrap()
        .admin();
    let signature = admin.sign_config_update(&update.config_update).unwrap();
    let channel = &town.served.consortium.channel;
    let signed = envelope::update_envelope(channel, &update.config_update, &[signature]);
    fs::write(town.file("other.sig"), &signed).unwrap();
    // it was made for another revision, as far as anybody knows
    let ended = town.cmscc(&["sign", "this", "--in", "other.sig"]);
    ended.refused("other bytes", "WRONG_BYTES", 6);
    // a liar that says they are the same has them refused by the contract
    let digest = digest_of(&other).to_string();
    town.liar.edits("GetProposal", move |said| {
        said["config_update_sha256"] = json!(digest)
    });
    let ended = town.cmscc(&["sign", "this", "--in", "other.sig"]);
    assert_ne!(ended.code, 0, "{ended:?}");
    town.liar.honest();
    for id in ["this", "other"] {
        assert_eq!(town.truth(id).await["signatures"], json!([]), "{id}");
    }
    // as text, with a line before it
    fs::write(
        town.file("other.sig"),
        format!("\n{}\n", STANDARD.encode(&signed)),
    )
    .unwrap();
    town.cmscc(&["sign", "--in", "other.sig"]).good();
    assert_eq!(
        town.truth("other").await["signatures"][0]["msp_id"],
        "Org3MSP"
    );
}

/// The block of a much later config.
fn far(block: &Bytes) -> Bytes {
    super::chains::recarried(block, |config, _| {
        config.config.as_mut().unwrap().sequence = 9
    })
}
