//! The older CMCC interface over the same proposals.

use prost::Message;
use serde_json::{Value, json};

use super::{
    calls::{Call, cmcc, raw, sync_config, withdraw_proposal},
    captures::{CAPTURES, after},
    people::{Person, base64, new_admin, person},
    world::{Server, World, founded, state_key},
};

/// A call that must succeed: its result as text, and its event.
async fn call<S: Server>(
    world: &mut World<S>,
    who: &Person,
    call: impl Into<Call>,
) -> (String, Option<(String, String)>) {
    let invocation = world.invocation(who, call);
    let (response, set) = world.submit(&invocation).await;
    assert!(response.is_success(), "{}", response.message);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let event = set.event.map(|event| (event.name, text(&event.payload)));
    (text(&response.payload), event)
}

fn event(name: &str, id: &str) -> Option<(String, String)> {
    Some((name.to_owned(), id.to_owned()))
}

#[tokio::test]
async fn the_five_functions_with_their_own_forms() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    let bytes = CAPTURES[0].file("add-orgx/config_update.pb");
    let update = base64(&bytes);
    let propose = cmcc::propose_config_update("orgx1", &update).and("OrgX");
    let (answer, told) = call(&mut world, &org1, &propose).await;
    assert_eq!(
        (answer.as_str(), told),
        ("orgx1", event("newProposalEvent", "orgx1"))
    );
    assert!(
        world
            .refused(&org1, &propose, "ID_USED")
            .await
            .starts_with("Code 409: ")
    );
    assert_eq!(world.status("orgx1").await, "WaitingForSignatures");

    let signature = |who: &Person| who.signed(&bytes);
    let first = signature(&org1);
    let add = cmcc::add_signature("orgx1", &first);
    let (answer, told) = call(&mut world, &org2, &add).await;
    assert_eq!(
        (answer.as_str(), told),
        ("orgx1", event("newSignatureEvent", "orgx1"))
    );
    let (answer, told) = call(&mut world, &org2, &add).await;
    assert_eq!((answer.as_str(), told), ("orgx1", None), "the same again");
    // another admin of Org1: the first in key order stands for the organisation
    let other = new_admin("Org1MSP", "second");
    let second = signature(&other);
    call(&mut world, &org2, cmcc::add_signature("orgx1", &second)).await;
    let shown = world.proposal("orgx1").await;
    let stored = shown["signatures"].as_array().unwrap();
    assert_eq!(stored.len(), 2);

    let document = json!({
        "creator": "Org1MSP",
        "description": "OrgX",
        "proposal_data": update,
        "proposal_type": "ConfigUpdate",
        "signatures": {"Org1MSP": stored[0]["config_signature"]},
    });
    let read = world.ok(&org2, cmcc::get_proposal("orgx1")).await;
    assert_eq!(read, document);
    // one proposed with our own function, and one without description
    world.propose_org(&org2, "another", "add-orgy").await;
    let all = world.ok(&org2, cmcc::get_proposals()).await;
    let ids: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(ids, ["another", "orgx1"]);
    assert_eq!(all["orgx1"], document);
    assert_eq!(all["another"]["creator"], "Org2MSP");

    world
        .refused(&org2, cmcc::delete_proposal("orgx1"), "NOT_OWNER")
        .await;
    let (answer, told) = call(&mut world, &org1, cmcc::delete_proposal("orgx1")).await;
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap(), document);
    assert_eq!(told, event("deleteProposalEvent", "orgx1"));
    for over in [
        cmcc::get_proposal("orgx1"),
        cmcc::delete_proposal("orgx1"),
        cmcc::get_proposal("never"),
    ] {
        let text = world.refused(&org1, over, "UNKNOWN_PROPOSAL").await;
        assert!(text.starts_with("Code 404: "), "{text}");
    }
    assert_eq!(world.status("orgx1").await, "Withdrawn");
}

#[tokio::test]
async fn only_its_own_argument_forms_are_taken() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    let update = base64(&CAPTURES[0].file("add-orgx/config_update.pb"));
    let envelope = base64(&CAPTURES[0].file("add-orgx/envelope_signed.pb"));
    let patch = r#"{"channel_group":{}}"#;
    for (call, symbol) in [
        (
            cmcc::propose_config_update("abc", patch).and("d"),
            "BAD_BASE64",
        ),
        (
            cmcc::propose_config_update("abc", "AAAA").and("d"),
            "BAD_PROTOBUF",
        ),
        (
            cmcc::propose_config_update("a/b", &update).and("d"),
            "BAD_ID",
        ),
        (
            cmcc::propose_config_update("Org2MSP.b", &update).and("d"),
            "ID_RESERVED",
        ),
        (raw(["proposeConfigUpdate", "abc"]), "ARGUMENT_COUNT"),
        (
            cmcc::propose_config_update("abc", &update)
                .and("d")
                .and("{}"),
            "ARGUMENT_COUNT",
        ),
        (cmcc::add_signature("abc", patch), "BAD_BASE64"),
        (cmcc::add_signature("abc", &envelope), "BAD_PROTOBUF"),
        (cmcc::get_proposals().and("x"), "ARGUMENT_COUNT"),
        (raw(["getProposal"]), "ARGUMENT_COUNT"),
    ] {
        world.refused(&org1, call, symbol).await;
    }
    // a description may be empty here
    let unnamed = cmcc::propose_config_update("abc", &update);
    let (answer, _) = call(&mut world, &org1, unnamed).await;
    assert_eq!(answer, "abc");
    let (unsigned, _) = call(&mut world, &org1, cmcc::get_proposal("abc")).await;
    let unsigned: Value = serde_json::from_str(&unsigned).unwrap();
    assert_eq!(unsigned["description"], "");
    assert_eq!(unsigned["signatures"], json!({}));
}

#[tokio::test]
async fn what_is_finished_is_not_active() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "submitted", "add-orgx").await;
    world.propose_org(&org2, "withdrawn", "add-orgy").await;
    world.ok(&org2, withdraw_proposal("withdrawn")).await;
    world.propose_org(&org2, "outofdate", "add-orgy").await;
    let next = after("add-orgx");
    world.ok(&org1, sync_config(&next)).await;
    assert_eq!(world.status("submitted").await, "Submitted");
    let all = world.ok(&org1, cmcc::get_proposals()).await;
    let ids: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(ids, ["outofdate"]);
}

#[tokio::test]
async fn two_hundred_are_listed() {
    let (mut world, _) = founded().await;
    world
        .propose_org(&person("Org1MSP"), "p000", "add-orgx")
        .await;
    let key = |id: &str| state_key(&["proposal", id]);
    let value = world.ledger.get(&key("p000")).unwrap().value.clone();
    let template = cmscc::proto::cmscc::Proposal::decode(value).unwrap();
    let record_key = |id: &str| state_key(&["open", "Org1MSP", id]);
    let record = world.ledger.get(&record_key("p000")).unwrap();
    let record = record.value.to_vec();
    for number in 1..=250 {
        let id = format!("p{number:03}");
        let copy = cmscc::proto::cmscc::Proposal {
            id: id.clone(),
            ..template.clone()
        };
        world.put(key(&id), copy.encode_to_vec());
        world.put(record_key(&id), record.clone());
    }
    let all = world.ok(&person("Org1MSP"), cmcc::get_proposals()).await;
    let ids: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(ids.len(), 200);
    assert_eq!(ids.last().unwrap().as_str(), "p199");
}
