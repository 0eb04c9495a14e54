//! Lies to somebody who proposes, and signs at once what was proposed.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Town, rule_patch};

/// What the contract answers to a check of another proposal.
fn other_answer(town: &Town, patch: &str) -> Value {
    fs::write(town.file("other.json"), patch).unwrap();
    let args = [
        "api",
        "CheckProposal",
        "ProposeConfigUpdate",
        "other",
        "@other.json",
        "x",
        "",
    ];
    let other = town.cmscc(&args).good();
    assert_eq!(other["proposal_id"], "other", "{other}");
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_proposed_is_what_was_asked_for() {
    let town = Town::new().await;
    town.propose("unasked", "Endorsement2").await;
    let unasked = town.truth("unasked").await;
    let update = STANDARD.decode(unasked["config_update_to_sign"].as_str().unwrap());
    fs::write(town.file("update.pb"), update.unwrap()).unwrap();
    fs::write(town.file("patch.json"), rule_patch("Endorsement")).unwrap();
    fs::write(town.file("orgx.json"), crate::devnet::wire::org_json()).unwrap();
    files_of_config(&town);
    let said = other_answer(&town, &rule_patch("LifecycleEndorsement"));
    let wishes: &[&[&str]] = &[
        &["patch", "patch.json"],
        &["from-file", "config.json"],
        &["from-update", "update.pb"],
        &["add-org", "orgx.json"],
        &["remove-org", "Org3MSP"],
        &["set-msp", "org1.json"],
    ];
    for (index, wish) in wishes.iter().enumerate() {
        let id = format!("mine{index}");
        let rest = ["--id", &id, "--description", "d", "--sign"];
        let args = [&["propose"], *wish, &rest].concat();
        let mut lie = said.clone();
        lie["proposal_id"] = json!(id);
        let lie = serde_json::to_vec(&lie).unwrap();
        // it would be said again when what was proposed is looked at
        *town.liar.evaluated.lock().unwrap() =
            Some(Box::new(move |_, args, answer| match args.first() {
                Some(&("CheckProposal" | "GetProposal")) => lie.clone().into(),
                _ => answer,
            }));
        town.cmscc(&args)
            .refused(&format!("{wish:?}"), "OTHER_CHANGE", 7);
        town.liar.edits("CheckProposal", |answer| {
            answer["proposal_id"] = json!("yours");
        });
        town.cmscc(&args)
            .refused(&format!("{wish:?}"), "OTHER_PROPOSAL", 7);
        town.liar
            .edits("CheckProposal", |answer| answer["kind"] = json!("settings"));
        town.cmscc(&args)
            .refused(&format!("{wish:?}"), "DIFFERENT_EFFECT", 7);
        // nothing was written; the truth is proposed and signed
        town.liar.honest();
        let c = &town.served.consortium;
        assert!(c.query("Org2", &["GetProposal", &id]).await.is_err());
        town.cmscc(&args).good();
        let truth = town.truth(&id).await;
        assert_eq!(
            truth["signatures"][0]["msp_id"], "Org1MSP",
            "{wish:?}: {truth}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proposed_is_what_is_signed() {
    let town = Town::new().await;
    fs::write(town.file("patch.json"), rule_patch("Endorsement")).unwrap();
    let mut said = other_answer(&town, &rule_patch("LifecycleEndorsement"));
    said["proposal_id"] = json!("mine");
    town.liar
        .edits("GetProposal", move |answer| *answer = said.clone());
    let args = [
        "propose",
        "patch",
        "patch.json",
        "--id",
        "mine",
        "--description",
        "d",
        "--sign",
    ];
    town.cmscc(&args)
        .refused("another one", "DIGEST_DIFFERS", 7);
    town.unsigned("another one", &town.truth("mine").await);
}

/// The config with a policy of the application more; one's own organisation with a root more.
fn files_of_config(town: &Town) {
    let head = town.cmscc(&["api", "GetConfig"]).good();
    let mut config = head["config"].clone();
    let application = &mut config["channel_group"]["groups"]["Application"];
    let mut own = application["groups"]["Org1MSP"].clone();
    let roots = |org: &Value| org["values"]["MSP"]["value"]["config"]["tls_root_certs"].clone();
    let both = [&own, &application["groups"]["Org2MSP"]].map(|org| roots(org)[0].clone());
    own["values"]["MSP"]["value"]["config"]["tls_root_certs"] = json!(both);
    fs::write(town.file("org1.json"), own.to_string()).unwrap();
    application["policies"]["Mine"] = application["policies"]["Admins"].clone();
    fs::write(town.file("config.json"), config.to_string()).unwrap();
}
