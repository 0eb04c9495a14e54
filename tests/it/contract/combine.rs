//! Several intents in one update: what is combined, what is shown, and what takes effect with it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    blocks::checkpoint,
    calls::{
        add_organization, combine_proposals, delete_proposal, get_config, list_proposals,
        reject_proposal, sync_config, update_proposals, withdraw_proposal,
    },
    captures::{CAPTURES, after},
    patches::{of_admins, policy, timeout},
    people::{person, user},
    world::{founded, state_key},
};

#[tokio::test]
async fn two_organisations_join_in_one_update() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.propose_org(&org2, "add_orgy", "add-orgy").await;
    world.sign(&org2, "add_orgx").await;
    world.ok(&org1, reject_proposal("add_orgy", "later")).await;
    let made = world
        .ok(&org2, combine_proposals("both", &["add_orgy", "add_orgx"]))
        .await;
    assert_eq!(made["proposal_id"], "both");
    assert_eq!(made["revision"], 1);

    // what was said of the sources does not carry over
    let shown = world.proposal("both").await;
    assert_eq!(shown["status"], "WaitingForSignatures");
    assert_eq!(shown["proposer_msp_id"], "Org2MSP");
    assert_eq!(
        (&shown["signatures"], &shown["votes"]),
        (&json!([]), &json!([]))
    );
    let sources = shown["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 2);
    assert_eq!(sources[0]["proposal_id"], "add_orgx");
    assert_eq!(sources[0]["revision"], 1);
    assert_eq!(sources[1]["proposal_id"], "add_orgy");
    assert_eq!(sources[1]["proposer_msp_id"], "Org2MSP");

    // sources stay open and say what they are part of
    for id in ["add_orgx", "add_orgy"] {
        let shown = world.proposal(id).await;
        assert_eq!(shown["combined_into"][0]["proposal_id"], "both");
        assert_eq!(shown["combined_into"][0]["revision"], 1);
        assert_eq!(
            shown["combined_into"][0]["config_update_sha256"],
            shown["config_update_sha256"]
        );
    }
    assert_eq!(world.status("add_orgx").await, "WaitingForSignatures");
    assert_eq!(world.status("add_orgy").await, "Rejected");
    let listed = world.ok(&org1, list_proposals()).await;
    assert_eq!(listed["proposals"][0]["combined_into"], json!(["both"]));
    assert_eq!(listed["proposals"][1]["combined_into"], json!([]));
    // the rejected one is left out
    assert_eq!(listed["left_out"], 1);

    for who in [&org1, &org2] {
        world.sign(who, "both").await;
    }
    world.take_effect("both").await;
    let config = world.ok(&org1, get_config()).await;
    let groups = &config["config"]["channel_group"]["groups"]["Application"]["groups"];
    assert!(groups["OrgXMSP"].is_object() && groups["OrgYMSP"].is_object());
    assert_eq!(world.status("both").await, "Submitted");
    for id in ["add_orgx", "add_orgy"] {
        let shown = world.proposal(id).await;
        assert_eq!(shown["status"], "Submitted");
        assert_eq!(shown["status_detail"]["via"], "both");
        assert_eq!(shown["status_detail"]["already_in_effect"], false);
        assert_eq!(shown["status_detail"]["proof"]["sequence"], 1);
        assert_eq!(shown["applied_revision"], Value::Null);
        let message = world
            .refused(&org1, reject_proposal(id, "no"), "WRONG_STATUS")
            .await;
        assert!(message.contains("`Submitted`"), "{message}");
    }
    world
        .refused(&org1, withdraw_proposal("add_orgx"), "WRONG_STATUS")
        .await;
    let listed = world.ok(&org1, list_proposals()).await;
    for one in listed["proposals"].as_array().unwrap() {
        assert_eq!(one["status"], "Submitted");
    }
    // with proof anybody archives them; of others' what is named is asked what it was combined into
    let updated = world.ok(&org1, update_proposals()).await;
    assert_eq!(updated["archived"].as_array().unwrap().len(), 2);
    assert_eq!(updated["others"], 1);
    let updated = world
        .ok(&org1, update_proposals().mode(6).only(&["add_orgy"]))
        .await;
    assert_eq!(updated["archived"][0]["outcome"], "Submitted");
    for (id, via) in [("both", Value::Null), ("add_orgy", "both".into())] {
        let shown = world.proposal(id).await;
        assert_eq!(shown["outcome"]["outcome"], "Submitted");
        assert_eq!(shown["outcome"]["via"], via);
        assert_eq!(shown["outcome"]["proof"]["sequence"], 1);
    }
    let sources = world.proposal("both").await["sources"].clone();
    assert_eq!(sources[0]["proposal_id"], "add_orgx");
    // what members said of a source is with it
    let votes = world.proposal("add_orgy").await["votes"].clone();
    assert_eq!(votes[0]["reason"], "later");
}

#[tokio::test]
async fn combining_reads_its_sources_and_writes_none() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.propose(&org2, "timeout", &timeout("3s")).await;
    let combine = combine_proposals("both", &["add_orgx", "timeout"]);
    let (_, set) = world.outcome(&org2, combine).await;
    let expected: BTreeSet<String> = [
        state_key(&["config", "head"]),
        state_key(&["config", "body"]),
        state_key(&["settings"]),
        state_key(&["proposal", "add_orgx"]),
        state_key(&["open", "Org1MSP", "add_orgx"]),
        state_key(&["proposal", "timeout"]),
        state_key(&["open", "Org2MSP", "timeout"]),
        state_key(&["proposal", "both"]),
    ]
    .into();
    assert_eq!(set.reads.keys().cloned().collect::<BTreeSet<_>>(), expected);
    // of ranges only that of its own proposals
    for range in &set.ranges {
        let own = state_key(&["open", "Org2MSP"]);
        assert!(range.range.start.starts_with(&own), "{range:?}");
    }
    let known = state_key(&["known", "Org2MSP"]);
    let mut written: BTreeSet<String> = set.writes.keys().cloned().collect();
    written.retain(|key| !key.starts_with(&known));
    assert_eq!(written.len() + 1, set.writes.len());
    let expected: BTreeSet<String> = [
        state_key(&["combined", "Org1MSP", "add_orgx", "Org2MSP"]),
        state_key(&["combined", "Org2MSP", "timeout", "Org2MSP"]),
        state_key(&["combining", "Org1MSP", "add_orgx", "Org2MSP"]),
        state_key(&["combining", "Org2MSP", "timeout", "Org2MSP"]),
        state_key(&["proposal", "both"]),
        state_key(&["open", "Org2MSP", "both"]),
    ]
    .into();
    assert_eq!(written, expected);
    assert_eq!(set.event.unwrap().name, "NewProposalEvent");
    // one more with the same bytes is refused
    let again = combine_proposals("again", &["timeout", "add_orgx"]);
    world.refused(&org2, &again, "UPDATE_TAKEN").await;
    // of another organisation it is not
    world.ok(&org1, again).await;
}

#[tokio::test]
async fn what_cannot_be_combined() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.propose_org(&org1, "add_orgy", "add-orgy").await;
    world.propose(&org1, "three", &timeout("3s")).await;
    world.propose(&org2, "four", &timeout("4s")).await;
    world.propose(&org2, "taken_back", &timeout("5s")).await;
    world.ok(&org2, withdraw_proposal("taken_back")).await;
    world.propose(&org2, "archived", &timeout("6s")).await;
    world.ok(&org2, delete_proposal("archived")).await;
    let orderer = policy("Orderer", "Extra", &of_admins("ANY"));
    world.propose(&org2, "extra", &orderer).await;
    for (id, ids, symbol) in [
        ("new", &["three"][..], "TOO_FEW"),
        ("new", &["three", "three"], "TOO_FEW"),
        ("new", &["three", "nothing"], "UNKNOWN_PROPOSAL"),
        ("new", &["three", "!"], "BAD_ID"),
        ("new", &["three", "taken_back"], "WRONG_STATUS"),
        ("new", &["three", "archived"], "WRONG_STATUS"),
        ("three", &["three", "add_orgx"], "ID_USED"),
        ("archived", &["three", "add_orgx"], "ID_USED"),
        (
            "new",
            &["add_orgx", "extra", "three", "four"],
            "INTENTS_CONFLICT",
        ),
    ] {
        world
            .refused(&org1, combine_proposals(id, ids), symbol)
            .await;
    }
    let call = combine_proposals("new", &["add_orgx", "three", "four"]);
    let message = world.refused(&org1, &call, "INTENTS_CONFLICT").await;
    for part in ["`three`", "`four`", "/Channel/Orderer/BatchTimeout"] {
        assert!(message.contains(part), "{message}");
    }
    let call = combine_proposals("new", &["three", "add_orgx"]);
    world
        .refused(&user("Org1MSP", "User1"), &call, "NOT_ADMIN")
        .await;
    world.ok(&org2, sync_config(&after("add-orgx"))).await;
    let message = world.refused(&org1, &call, "WRONG_STATUS").await;
    assert!(message.contains("`Submitted`"), "{message}");
    // out of date: its owner computes it again first, also where it rebases cleanly
    assert_eq!(world.status("add_orgy").await, "Outofdate");
    let call = combine_proposals("new", &["three", "add_orgy"]);
    let message = world.refused(&org1, &call, "WRONG_STATUS").await;
    assert!(message.contains("mode 4"), "{message}");
    world
        .ok(&org1, update_proposals().mode(6).only(&["add_orgy"]))
        .await;
    world.ok(&org1, call).await;
    assert_eq!(world.status("new").await, "WaitingForSignatures");
}

#[tokio::test]
async fn what_others_changed_is_not_overridden_by_combining() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    let org = String::from_utf8(CAPTURES[0].file("add-orgx/org.json")).unwrap();
    let other = org.replace("17081", "17082");
    let call = add_organization("other_orgx", "OrgXMSP", other.as_bytes());
    world.ok(&org2, &call).await;
    world.propose(&org1, "three", &timeout("3s")).await;
    world.ok(&org2, sync_config(&after("add-orgx"))).await;
    let call = combine_proposals("new", &["three", "other_orgx"]);
    let message = world.refused(&org1, call, "WRONG_STATUS").await;
    assert!(message.contains("`Outofdate`"), "{message}");
}

#[tokio::test]
async fn what_is_combined_twice_is_submitted_with_the_outer_one() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.propose_org(&org1, "add_orgy", "add-orgy").await;
    let extra = policy("Application", "Extra", &of_admins("ANY"));
    world.propose(&org2, "extra", &extra).await;
    world
        .ok(&org2, combine_proposals("two", &["add_orgx", "add_orgy"]))
        .await;
    world
        .ok(&org2, combine_proposals("three", &["two", "extra"]))
        .await;
    let sources = world.proposal("three").await["sources"].clone();
    let ids: Vec<&Value> = sources
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["proposal_id"])
        .collect();
    assert_eq!(ids, ["add_orgx", "add_orgy", "extra", "two"]);
    for who in [&org1, &org2] {
        world.sign(who, "three").await;
    }
    world.take_effect("three").await;
    for id in ["two", "add_orgx", "add_orgy", "extra"] {
        let shown = world.proposal(id).await;
        assert_eq!(shown["status_detail"]["via"], "three", "{id}");
    }
}

#[tokio::test]
async fn a_recovery_disowns_what_took_effect_combined() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, anchors) = founded().await;
    let before = world.config();
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.propose_org(&org1, "add_orgy", "add-orgy").await;
    world
        .ok(&org2, combine_proposals("both", &["add_orgx", "add_orgy"]))
        .await;
    for who in [&org1, &org2] {
        world.sign(who, "both").await;
    }
    world.take_effect("both").await;
    world.ok(&org1, delete_proposal("add_orgx")).await;
    assert_eq!(world.status("add_orgx").await, "Submitted");
    let other = checkpoint(&before, |config| config.sequence += 2);
    world.disown(&anchors, &other, (1, 1)).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["outcome"]["outcome"], "Disowned");
    assert_eq!(shown["outcome"]["via"], Value::Null);
    assert_eq!(world.status("add_orgy").await, "WaitingForSignatures");
    // the intent may be proposed again under another id
    world.propose_org(&org1, "again", "add-orgx").await;
}

#[tokio::test]
async fn what_took_effect_combined_stays_submitted_when_it_is_reverted() {
    let (org1, org2, orderer) = (person("Org1MSP"), person("Org2MSP"), person("OrdererMSP"));
    let (mut world, _) = founded().await;
    // the timeout as it is, to be put back
    let config = world.ok(&org1, get_config()).await;
    let groups = &config["config"]["channel_group"]["groups"];
    let before = groups["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"].clone();
    world.propose(&org1, "three", &timeout("3s")).await;
    world.propose_org(&org2, "add_orgx", "add-orgx").await;
    world
        .ok(&org2, combine_proposals("both", &["three", "add_orgx"]))
        .await;
    for who in [&org1, &org2, &orderer] {
        world.sign(who, "both").await;
    }
    world.take_effect("both").await;
    world
        .propose(&org1, "back", &timeout(before.as_str().unwrap()))
        .await;
    world.sign(&orderer, "back").await;
    world.take_effect("back").await;
    let shown = world.proposal("three").await;
    assert_eq!(shown["status"], "Submitted");
    assert_eq!(shown["status_detail"]["via"], "both");
    world.propose_org(&org1, "add_orgy", "add-orgy").await;
    for call in [
        reject_proposal("three", "no"),
        combine_proposals("more", &["three", "add_orgy"]),
    ] {
        let message = world.refused(&org1, call, "WRONG_STATUS").await;
        assert!(message.contains("`three` is `Submitted`"), "{message}");
    }
    // the same intent is a new proposal
    world.propose(&org1, "again", &timeout("3s")).await;
}
