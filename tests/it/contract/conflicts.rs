//! Ours against theirs: what is shown where somebody else changed what a proposal changes.

use cmscc::contract::Contract;
use serde_json::{Value, json};

use super::{
    calls::{add_organization, list_proposals, sync_config, update_proposals},
    captures::{CAPTURES, after},
    patches::{of_admins, policy, timeout},
    people::person,
    world::{World, founded},
};

/// A policy of Application: written whole, or deleted.
fn extra(rule: Option<&str>) -> Value {
    let mut extra = rule.map_or_else(|| json!({}), of_admins);
    extra["version"] = json!(if rule.is_some() { 1 } else { 2 });
    policy("Application", "Extra", &extra)
}

/// Has a change take effect.
async fn change(world: &mut World<Contract>, id: &str, group: &Value) {
    world.propose(&person("Org1MSP"), id, group).await;
    take_effect(world, id).await;
}

async fn take_effect(world: &mut World<Contract>, id: &str) {
    let update = world.update_to_sign(id).await;
    let signatures: Vec<_> = ["Org1MSP", "Org2MSP", "OrdererMSP"]
        .iter()
        .map(|msp_id| person(msp_id).config_signature(&update))
        .collect();
    world.order_signed(&update, &signatures).await;
    assert_eq!(world.status(id).await, "Submitted");
}

/// The one conflict that a proposal has; `UpdateProposals` answers the same.
async fn conflict(world: &mut World<Contract>, id: &str) -> Value {
    let shown = world.proposal(id).await;
    assert_eq!(shown["status"], "Outofdate", "{id}");
    let conflicts = shown["status_detail"]["conflicts"].clone();
    let update = update_proposals().mode(8).only(&[id]);
    let updated = world.ok(&person("Org2MSP"), update).await;
    assert_eq!(updated["recomputed"][0]["conflicts"], conflicts);
    assert_eq!(conflicts.as_array().unwrap().len(), 1, "{conflicts}");
    conflicts[0].clone()
}

#[tokio::test]
async fn both_contents_are_shown() {
    let (mut world, _) = founded().await;
    let org2 = person("Org2MSP");
    world.propose(&org2, "three", &timeout("3s")).await;
    change(&mut world, "five", &timeout("5s")).await;
    let found = conflict(&mut world, "three").await;
    assert_eq!(found["element"], "[Value]  /Channel/Orderer/BatchTimeout");
    assert_eq!(found["truncated"], 0);
    assert_eq!(
        found["differences"],
        json!([{
            "item": "setting",
            "name": "timeout",
            "ours": "3s",
            "path": "/Channel/Orderer/BatchTimeout",
            "text": "/Channel/Orderer/BatchTimeout: setting timeout: theirs `5s`, ours `3s`",
            "theirs": "5s",
            "unit": null,
        }])
    );
    // what was computed again has none
    let shown = world.proposal("three").await;
    assert_eq!(shown["status_detail"]["conflicts"], json!([]));
}

#[tokio::test]
async fn what_is_not_there_is_absent() {
    let (mut world, _) = founded().await;
    let org2 = person("Org2MSP");
    change(&mut world, "first", &extra(Some("ANY"))).await;
    world.propose(&org2, "delete", &extra(None)).await;
    // a deletion names only what stays, so somebody else's change alone does not stop it
    let mut second = extra(Some("ALL"));
    let policies = &mut second["groups"]["Application"]["policies"];
    policies["Other"] = policies["Extra"].clone();
    change(&mut world, "second", &second).await;
    let found = conflict(&mut world, "delete").await;
    let [one] = &found["differences"].as_array().unwrap()[..] else {
        panic!("{found}");
    };
    assert_eq!(
        (&one["theirs"], &one["ours"]),
        (&json!("ALL Admins"), &Value::Null)
    );
    assert_eq!(
        one["text"],
        "/Channel/Application/Extra: policy: theirs `ALL Admins`, ours absent"
    );
    assert_eq!(found["ours_sha256"], Value::Null);

    world
        .propose(&org2, "third", &extra(Some("MAJORITY")))
        .await;
    take_effect(&mut world, "delete").await;
    let found = conflict(&mut world, "third").await;
    assert_eq!(
        found["differences"][0]["text"],
        "/Channel/Application/Extra: policy: theirs absent, ours `MAJORITY Admins`"
    );
    assert_eq!(found["current_sha256"], Value::Null);
}

#[tokio::test]
async fn of_a_group_only_what_the_intent_writes_is_compared() {
    let (mut world, _) = founded().await;
    let org2 = person("Org2MSP");
    let mod_policy = |name: &str| json!({"groups": {"Application": {"mod_policy": name}}});
    world
        .propose(&org2, "readers", &mod_policy("Readers"))
        .await;
    change(&mut world, "writers", &mod_policy("Writers")).await;
    let found = conflict(&mut world, "readers").await;
    assert_eq!(
        found["differences"],
        json!([{
            "item": "mod_policy",
            "name": null,
            "ours": "Readers",
            "path": "/Channel/Application",
            "text": "/Channel/Application: mod policy: theirs `Writers`, ours `Readers`",
            "theirs": "Writers",
            "unit": null,
        }])
    );
}

#[tokio::test]
async fn an_organisation_is_compared_in_its_parts() {
    let (mut world, _) = founded().await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let org = String::from_utf8(CAPTURES[0].file("add-orgx/org.json")).unwrap();
    let other = org.replace("17081", "17082");
    assert_ne!(org, other);
    let call = add_organization("other", "OrgXMSP", other.as_bytes());
    world.ok(&org2, call).await;
    let joined = after("add-orgx");
    world.ok(&org1, sync_config(&joined)).await;
    let found = conflict(&mut world, "other").await;
    assert_eq!(found["element"], "[Group]  /Channel/Application/OrgXMSP");
    let texts: Vec<&str> = found["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["text"].as_str().unwrap())
        .collect();
    // nothing but the port, which makes it another anchor peer
    assert_eq!(texts.len(), 2, "{texts:?}");
    for text in texts {
        assert!(text.contains("anchor peer"), "{text}");
        assert_eq!(
            text.contains("17081"),
            text.ends_with("theirs there, ours absent")
        );
        assert_eq!(
            text.contains("17082"),
            text.ends_with("theirs absent, ours there")
        );
    }
}

#[tokio::test]
async fn what_others_did_alike_is_no_difference() {
    let (mut world, _) = founded().await;
    let org2 = person("Org2MSP");
    let mut both = timeout("3s");
    both["groups"]["Application"] = extra(Some("ANY"))["groups"]["Application"].clone();
    world.propose(&org2, "both", &both).await;
    change(&mut world, "three", &timeout("3s")).await;
    let found = conflict(&mut world, "both").await;
    assert_eq!(found["current_sha256"], found["ours_sha256"]);
    assert_eq!(found["differences"], json!([]));
}

#[tokio::test]
async fn many_differences_are_counted_and_not_listed() {
    let (mut world, _) = founded().await;
    let org2 = person("Org2MSP");
    let anchors = |org: &str, hosts: usize, start: &str| {
        let hosts: Vec<Value> = (0..hosts)
            .map(|i| json!({"host": format!("{start}{i}"), "port": 1}))
            .collect();
        json!({ org: {"values": {"AnchorPeers": {"mod_policy": "Admins",
            "value": {"anchor_peers": hosts}}}}})
    };
    let in_application = |mut a: Value, b: &Value| {
        let members = a.as_object_mut().unwrap();
        members.extend(b.as_object().unwrap().clone());
        json!({"groups": {"Application": {"groups": a}}})
    };
    let ours = in_application(anchors("Org1MSP", 70, "a"), &anchors("Org2MSP", 70, "b"));
    world.propose(&org2, "ours", &ours).await;
    let theirs = in_application(anchors("Org1MSP", 1, "c"), &anchors("Org2MSP", 2, "d"));
    change(&mut world, "theirs", &theirs).await;
    let shown = world.proposal("ours").await;
    let conflicts = &shown["status_detail"]["conflicts"];
    let counts = |conflicts: &Value| -> Vec<(usize, u64)> {
        let conflicts = conflicts.as_array().unwrap().iter();
        conflicts
            .map(|one| {
                let listed = one["differences"].as_array().unwrap().len();
                (listed, one["truncated"].as_u64().unwrap())
            })
            .collect()
    };
    assert_eq!(counts(conflicts), [(71, 0), (29, 43)]);
    // an answer that is kept on the ledger lists no more for several proposals than for one
    world.propose(&org2, "three", &timeout("3s")).await;
    change(&mut world, "five", &timeout("5s")).await;
    let updated = world.ok(&org2, update_proposals().mode(8)).await;
    let recomputed = &updated["recomputed"];
    assert_eq!(counts(&recomputed[0]["conflicts"]), [(71, 0), (29, 43)]);
    assert_eq!(counts(&recomputed[1]["conflicts"]), [(0, 1)]);
}

#[tokio::test]
async fn proposals_that_exclude_each_other_show_both_wishes() {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    world.propose(&org1, "three", &timeout("3s")).await;
    world.propose(&org1, "four", &timeout("4s")).await;
    let shown = world.proposal("three").await;
    let excluded = &shown["conflicts"]["excludes"][0];
    assert_eq!(excluded["proposal_id"], "four");
    assert_eq!(
        excluded["contrast"]["differences"][0]["text"],
        "/Channel/Orderer/BatchTimeout: setting timeout: theirs `4s`, ours `3s`"
    );
    // of the first ten
    for number in 10..24 {
        let id = format!("more{number}");
        world
            .propose(&org1, &id, &timeout(&format!("{number}s")))
            .await;
    }
    let shown = world.proposal("three").await;
    let excludes = shown["conflicts"]["excludes"].as_array().unwrap();
    assert_eq!(excludes.len(), 15);
    for (at, one) in excludes.iter().enumerate() {
        assert_eq!(one["contrast"].is_null(), at >= 10, "{one}");
    }
    // lists are shorter
    let listed = world
        .ok(&org1, list_proposals().options(r#"{"conflicts":true}"#))
        .await;
    let first = &listed["proposals"][0]["conflicts"]["excludes"][0];
    assert_eq!(first["contrast"], Value::Null);
}
