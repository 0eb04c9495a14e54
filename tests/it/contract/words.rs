//! What answers say in words: how many of whom are missing, what made a proposal out of date, and what
//! nobody submitted.

use cmscc::proto::common::{ConfigGroup, ConfigPolicy};
use serde_json::{Value, json};

use super::{
    calls::{
        add_signature, delete_proposal, get_history, get_proposal, list_proposals,
        propose_config_update, raw, reject_proposal, sync_config, update_proposals,
    },
    captures::after,
    manners::{named, simulate_at},
    patches::{of_admins, policy, timeout},
    people::{new_admin, person},
    sizes::{many, world_with},
    world::{founded, with_orgx},
};

/// The same in a list, which must say it likewise.
async fn needs(
    world: &mut super::world::World<cmscc::contract::Contract>,
    id: &str,
) -> Vec<String> {
    let shown = world.proposal(id).await["status_detail"]["needs"].take();
    let org1 = person("Org1MSP");
    let listed = world
        .ok(&org1, list_proposals().options(r#"{"all":true}"#))
        .await;
    let mut listed = listed["proposals"].as_array().unwrap().iter();
    let listed = listed.find(|one| one["proposal_id"] == id).unwrap();
    assert_eq!(listed["needs"], shown);
    serde_json::from_value(shown).unwrap()
}

#[tokio::test]
async fn how_many_of_whom_are_missing() {
    let org1 = person("Org1MSP");
    let mut world = world_with(|application| many(application, 3)).await;
    let extra = policy("Application", "Extra", &of_admins("ANY"));
    world.propose(&org1, "extra", &extra).await;
    let all = "`/Channel/Application/Admins`: 0 of 3: three more of `M000000`, `M000001`, `M000002`, \
               `Org1MSP`, `Org2MSP`";
    assert_eq!(needs(&mut world, "extra").await, [all]);
    world.sign(&org1, "extra").await;
    let others = "`/Channel/Application/Admins`: 1 of 3: two more of `M000000`, `M000001`, `M000002`, \
                  `Org2MSP`";
    assert_eq!(needs(&mut world, "extra").await, [others]);
}

#[tokio::test]
async fn a_thousand_organisations_are_counted_and_not_named() {
    let org1 = person("Org1MSP");
    let mut world = world_with(|application| many(application, 998)).await;
    let extra = policy("Application", "Extra", &of_admins("ANY"));
    world.propose(&org1, "extra", &extra).await;
    let text = "`/Channel/Application/Admins`: 0 of 501: 501 more of `M000000`, `M000001`, `M000002`, \
                `M000003`, `M000004`, 995 others";
    assert_eq!(needs(&mut world, "extra").await, [text]);
}

/// Gives an organisation's `Admins` a rule in Fabric's language.
fn set_admins(application: &mut ConfigGroup, org: &str, rule: &str) {
    let group = application.groups.get_mut(org).unwrap();
    let admins: &mut ConfigPolicy = group.policies.get_mut("Admins").unwrap();
    let policy = admins.policy.as_mut().unwrap();
    policy.value = cmscc::policy::parse_policy(rule).unwrap().into();
}

#[tokio::test]
async fn two_admins_of_one_organisation_are_two() {
    // alone an admin of Org1 does not satisfy its policy any more, so Org2 proposes
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let two = "OutOf(2, 'Org1MSP.admin', 'Org1MSP.admin')";
    let mut world = world_with(|application| set_admins(application, "Org1MSP", two)).await;
    // what the organisation decides about alone
    let anchors = json!({"groups": {"Application": {"groups": {"Org1MSP": {"values": {"AnchorPeers": {
        "mod_policy": "Admins", "value": {"anchor_peers": [{"host": "peer", "port": 1}]}}}}}}}});
    world.propose(&org2, "anchors", &anchors).await;
    let policy = "`/Channel/Application/Org1MSP/Admins`";
    assert_eq!(
        needs(&mut world, "anchors").await,
        [format!("{policy}: 0 of 2: two signers of `Org1MSP`")]
    );
    world.sign(&org1, "anchors").await;
    assert_eq!(
        needs(&mut world, "anchors").await,
        [format!("{policy}: 1 of 2: another signer of `Org1MSP`")]
    );
    let update = world.update_to_sign("anchors").await;
    let other = new_admin("Org1MSP", "second");
    let signature = add_signature("anchors", &other.signed(&update));
    world.ok(&org1, signature).await;
    assert!(needs(&mut world, "anchors").await.is_empty());
    assert_eq!(world.status("anchors").await, "ReadyToSubmit");
}

#[tokio::test]
async fn who_rejected_is_not_asked_first() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = world_with(|application| many(application, 1)).await;
    let extra = policy("Application", "Extra", &of_admins("ANY"));
    world.propose(&org1, "extra", &extra).await;
    world.sign(&org1, "extra").await;
    let sets = |shown: &Value| shown["explanation"][0]["explanation"]["smallest_sets"].clone();
    let shown = world.proposal("extra").await;
    assert_eq!(sets(&shown), json!([["M000000.admin"], ["Org2MSP.admin"]]));
    assert_eq!(
        needs(&mut world, "extra").await,
        ["`/Channel/Application/Admins`: 1 of 2: one more of `M000000`, `Org2MSP`"]
    );
    world.ok(&org2, reject_proposal("extra", "no")).await;
    let shown = world.proposal("extra").await;
    assert_eq!(shown["status"], "WaitingForSignatures");
    assert_eq!(sets(&shown), json!([["M000000.admin"]]));
    assert_eq!(shown["status_detail"]["missing"], json!(["M000000"]));
    assert_eq!(
        needs(&mut world, "extra").await,
        ["`/Channel/Application/Admins`: 1 of 2: `M000000`"]
    );
}

#[tokio::test]
async fn without_whom_nobody_could_are_named_although_they_rejected() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = with_orgx().await;
    world.sign(&org1, "add_orgx").await;
    world.ok(&org2, reject_proposal("add_orgx", "no")).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "Rejected");
    assert_eq!(shown["status_detail"]["missing"], json!(["Org2MSP"]));
    let sets = &shown["explanation"][0]["explanation"]["smallest_sets"];
    assert_eq!(*sets, json!([["Org2MSP.admin"]]));
    assert_eq!(
        needs(&mut world, "add_orgx").await,
        ["`/Channel/Application/Admins`: 1 of 2: `Org2MSP`"]
    );
}

#[tokio::test]
async fn what_made_it_out_of_date_is_named() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let orderer = person("OrdererMSP");
    let (mut world, anchors) = founded().await;
    world.propose(&org2, "three", &timeout("3s")).await;
    assert_eq!(
        world.proposal("three").await["status_detail"]["outdated_by"],
        Value::Null
    );
    let mut block = Value::Null;
    for (id, text) in [("five", "5s"), ("seven", "7s")] {
        world.propose(&org1, id, &timeout(text)).await;
        let update = world.first_update(id);
        let signatures = [&org1, &org2, &orderer].map(|who| who.config_signature(&update));
        world.order_signed(&update, &signatures).await;
        let shown = world.proposal("three").await;
        assert_eq!(shown["status"], "Outofdate");
        let by = &shown["status_detail"]["outdated_by"];
        if id == "five" {
            block = by["last_block"].clone();
            let text = format!(
                "proposal `five`, with which the config got to sequence 1 (block {block}) changed what \
                 this update builds on; it was computed at sequence 0"
            );
            assert_eq!(
                *by,
                json!({"first_block": block, "first_sequence": 1, "last_block": block,
                    "last_sequence": 1, "proposal_id": "five", "text": text})
            );
            // archived, it is not found any more: the block is
            let before = world.ledger.clone();
            world.ok(&org1, delete_proposal("five")).await;
            let by = world.proposal("three").await["status_detail"]["outdated_by"].take();
            assert_eq!(by["proposal_id"], Value::Null);
            let text = by["text"].as_str().unwrap();
            let start =
                format!("the update with which the config got to sequence 1 (block {block}) ");
            assert!(text.starts_with(&start), "{text}");
            world.ledger = before;
        } else {
            assert_eq!(
                (&by["first_block"], &by["first_sequence"]),
                (&block, &json!(1))
            );
            assert_eq!(
                (&by["last_sequence"], &by["proposal_id"]),
                (&json!(2), &Value::Null)
            );
            let text = by["text"].as_str().unwrap();
            assert!(text.contains("from sequence 0 to 2"), "{text}");
        }
        // in words, not `written at version 1, but is at version 1`
        let why = shown["status_detail"]["why"].as_str().unwrap();
        let has = "[Value]  /Channel/Orderer/BatchTimeout, but the config has version";
        assert!(why.contains(has), "{why}");
        assert!(!why.contains("is at version"), "{why}");
    }
    // one state call more than of an open one
    let call = world.invocation(&org1, get_proposal("three"));
    let (_, _, stale) = simulate_at(named("leveldb"), &world.server, &world.ledger, &call).await;
    assert!(stale.calls <= 12, "{stale:?}");
    // a recovery leaves links out
    let far = super::blocks::checkpoint(&world.config(), |config| config.sequence += 5);
    world.recover(&anchors, &far).await;
    let by = world.proposal("three").await["status_detail"]["outdated_by"].take();
    assert_eq!(
        (&by["first_block"], &by["last_sequence"]),
        (&block, &json!(7))
    );
}

#[tokio::test]
async fn what_nobody_submitted_says_so() {
    let org1 = person("Org1MSP");
    let (mut world, anchors) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.recover(&anchors, &after("add-orgx")).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "Submitted");
    let why = shown["status_detail"]["why"].as_str().unwrap();
    assert!(why.contains("nobody has to sign or submit it"), "{why}");
    let listed = world
        .ok(&org1, list_proposals().options(r#"{"all":true}"#))
        .await;
    assert_eq!(listed["proposals"][0]["already_in_effect"], true);
    let update = world.first_update("add_orgx");
    let signature = add_signature("add_orgx", &org1.signed(&update));
    for call in [signature, reject_proposal("add_orgx", "no")] {
        let text = world.refused(&org1, call, "WRONG_STATUS").await;
        assert!(text.ends_with(": what it wants is there already"), "{text}");
    }
    world.ok(&org1, update_proposals()).await;
    let history = world.ok(&org1, get_history()).await;
    let entry = &history["history"][0];
    assert_eq!(entry["status"], "AlreadyInEffect");
    let text = entry["outcome"]["text"].as_str().unwrap();
    assert!(
        text.starts_with("what it wanted was there already"),
        "{text}"
    );
}

#[tokio::test]
async fn how_it_ended_is_told_in_words() {
    let org1 = person("Org1MSP");
    let mut world = with_orgx().await;
    world.ok(&org1, sync_config(&after("add-orgx"))).await;
    world.ok(&org1, delete_proposal("add_orgx")).await;
    let history = world.ok(&org1, get_history()).await;
    let entry = &history["history"][0];
    assert_eq!(entry["status"], "Submitted");
    let block = &entry["outcome"]["proof"]["block_number"];
    assert_eq!(
        entry["outcome"]["text"],
        format!("in effect since sequence 1, block {block}")
    );
}

#[tokio::test]
async fn slips_in_calls_are_told_plainly() {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    let text = world
        .refused(&org1, raw(["listProposals"]), "UNKNOWN_FUNCTION")
        .await;
    assert!(text.contains("did you mean `ListProposals`?"), "{text}");
    let patch = json!({"channel_group": timeout("3s")}).to_string();
    let call = propose_config_update("three", &patch)
        .described("d")
        .and(r#"{"deadline":"1999-01-01T00:00:00Z"}"#);
    let text = world.refused(&org1, call, "BAD_DEADLINE").await;
    assert!(
        text.contains("must be later than the time of this transaction"),
        "{text}"
    );
}
