//! The older CMCC interface over the same proposals.

use prost::Message;
use serde_json::{Value, json};

use super::world::{CAPTURES, Person, Server, World, base64, founded, new_admin, person};

/// A call that must succeed: its result as text, and its event.
async fn call<S: Server>(
    world: &mut World<S>,
    who: &Person,
    args: &[&[u8]],
) -> (String, Option<(String, String)>) {
    let invocation = world.invocation(who, args);
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
    let args: [&[u8]; 4] = [b"proposeConfigUpdate", b"orgx1", update.as_bytes(), b"OrgX"];
    let (answer, told) = call(&mut world, &org1, &args).await;
    assert_eq!(
        (answer.as_str(), told),
        ("orgx1", event("newProposalEvent", "orgx1"))
    );
    assert!(
        world
            .refused(&org1, &args, "ID_USED")
            .await
            .starts_with("Code 409: ")
    );
    assert_eq!(world.status("orgx1").await, "WaitingForSignatures");

    let signature = |who: &Person| base64(&who.config_signature(&bytes).encode_to_vec());
    let first = signature(&org1);
    let args: [&[u8]; 3] = [b"addSignature", b"orgx1", first.as_bytes()];
    let (answer, told) = call(&mut world, &org2, &args).await;
    assert_eq!(
        (answer.as_str(), told),
        ("orgx1", event("newSignatureEvent", "orgx1"))
    );
    let (answer, told) = call(&mut world, &org2, &args).await;
    assert_eq!((answer.as_str(), told), ("orgx1", None), "the same again");
    // another admin of Org1: the first in key order stands for the organisation
    let other = new_admin("Org1MSP", "second");
    let second = signature(&other);
    call(
        &mut world,
        &org2,
        &[b"addSignature", b"orgx1", second.as_bytes()],
    )
    .await;
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
    let read = world.ok(&org2, &[b"getProposal", b"orgx1"]).await;
    assert_eq!(read, document);
    // one proposed with our own function, and one without description
    world.propose_org(&org2, "another", "add-orgy").await;
    let all = world.ok(&org2, &[b"getProposals"]).await;
    let ids: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(ids, ["another", "orgx1"]);
    assert_eq!(all["orgx1"], document);
    assert_eq!(all["another"]["creator"], "Org2MSP");

    world
        .refused(&org2, &[b"deleteProposal", b"orgx1"], "NOT_OWNER")
        .await;
    let (answer, told) = call(&mut world, &org1, &[b"deleteProposal", b"orgx1"]).await;
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap(), document);
    assert_eq!(told, event("deleteProposalEvent", "orgx1"));
    for args in [
        [b"getProposal".as_slice(), b"orgx1"],
        [b"deleteProposal", b"orgx1"],
        [b"getProposal", b"never"],
    ] {
        let text = world.refused(&org1, &args, "UNKNOWN_PROPOSAL").await;
        assert!(text.starts_with("Code 404: "), "{text}");
    }
    assert_eq!(world.status("orgx1").await, "Withdrawn");
}

#[tokio::test]
async fn only_its_own_argument_forms_are_taken() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    let update = base64(&CAPTURES[0].file("add-orgx/config_update.pb"));
    let update = update.as_bytes();
    let envelope = base64(&CAPTURES[0].file("add-orgx/envelope_signed.pb"));
    let patch: &[u8] = br#"{"channel_group":{}}"#;
    for (args, symbol) in [
        (
            &[b"proposeConfigUpdate".as_slice(), b"abc", patch, b"d"][..],
            "BAD_BASE64",
        ),
        (
            &[b"proposeConfigUpdate", b"abc", b"AAAA", b"d"],
            "BAD_PROTOBUF",
        ),
        (&[b"proposeConfigUpdate", b"a.b", update, b"d"], "BAD_ID"),
        (&[b"proposeConfigUpdate", b"abc"], "ARGUMENT_COUNT"),
        (
            &[b"proposeConfigUpdate", b"abc", update, b"d", b"{}"],
            "ARGUMENT_COUNT",
        ),
        (&[b"addSignature", b"abc", patch], "BAD_BASE64"),
        (
            &[b"addSignature", b"abc", envelope.as_bytes()],
            "BAD_PROTOBUF",
        ),
        (&[b"getProposals", b"x"], "ARGUMENT_COUNT"),
        (&[b"getProposal"], "ARGUMENT_COUNT"),
    ] {
        world.refused(&org1, args, symbol).await;
    }
    // a description may be empty here
    let args: [&[u8]; 3] = [b"proposeConfigUpdate", b"abc", update];
    let (answer, _) = call(&mut world, &org1, &args).await;
    assert_eq!(answer, "abc");
    let (unsigned, _) = call(&mut world, &org1, &[b"getProposal", b"abc"]).await;
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
    world.ok(&org2, &[b"WithdrawProposal", b"withdrawn"]).await;
    world.propose_org(&org2, "outofdate", "add-orgy").await;
    let next = CAPTURES[0].file("add-orgx/config_block_after.pb");
    world.ok(&org1, &[b"SyncConfig", &next]).await;
    assert_eq!(world.status("submitted").await, "Submitted");
    let all = world.ok(&org1, &[b"getProposals"]).await;
    let ids: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(ids, ["outofdate"]);
}

#[tokio::test]
async fn two_hundred_are_listed() {
    let (mut world, _) = founded().await;
    world
        .propose_org(&person("Org1MSP"), "p000", "add-orgx")
        .await;
    let key = |id: &str| cmscc::stub::keys::composite("proposal", &[id]);
    let found = world.ledger.iter().find(|(k, _)| **k == key("p000"));
    let value = found.unwrap().1.value.clone();
    let template = cmscc::proto::cmscc::Proposal::decode(value).unwrap();
    for number in 1..=250 {
        let id = format!("p{number:03}");
        let copy = cmscc::proto::cmscc::Proposal {
            id: id.clone(),
            ..template.clone()
        };
        world.put(key(&id), copy.encode_to_vec());
    }
    let all = world.ok(&person("Org1MSP"), &[b"getProposals"]).await;
    let ids: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(ids.len(), 200);
    assert_eq!(ids.last().unwrap().as_str(), "p199");
}
