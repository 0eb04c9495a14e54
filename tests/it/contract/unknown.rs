//! What a build does about levels and contract capabilities that only a newer one knows.

use bytes::Bytes;
use cmscc::{
    contract::{Contract, function_names},
    ids::Digest,
    proto::{
        cmscc::{Head, Proposal, SettingsChange},
        common::ConfigUpdate,
    },
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    calls::{
        Call, add_organization, add_orgnization, add_signature, apply_settings,
        attest_capabilities, check_proposal, cmcc, combine_proposals, get_settings, list_proposals,
        prepare_attestation, propose_config, propose_config_update, propose_settings, raw,
        reconfig_organization_msp, reconfig_orgnization_msp, reject_proposal, update_proposals,
        withdraw_proposal,
    },
    capabilities::{declaring, levels},
    captures::{CAPTURES, after},
    patches::timeout,
    people::{Person, person},
    settings::ENFORCED,
    statements::empty_statement,
    world::{World, founded, state_key, with_orgx},
};

/// The bytes with one level in the place of another, whose name is as long.
fn renamed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = bytes.to_vec();
    let mut found = 0;
    for at in 0..out.len() {
        if out[at..].starts_with(from.as_bytes()) {
            out[at..at + to.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{from} is not there");
    out
}

impl World<Contract> {
    /// A stored proposal to raise a level, as a server that knows the level has endorsed it.
    async fn raise_unknown(&mut self, who: &Person, id: &str, group: &str, known: &str) {
        self.propose(who, id, &levels(group, &[known])).await;
        let key = state_key(&["proposal", id]);
        let mut stored = Proposal::decode(self.ledger.get(&key).unwrap().value.clone()).unwrap();
        stored.patch = renamed(&stored.patch, known, "V9_9").into();
        let revision = stored.revisions.last_mut().unwrap();
        revision.config_update = renamed(&revision.config_update, known, "V9_9").into();
        self.put(key, stored.encode_to_vec());
    }
}

#[tokio::test]
async fn a_proposal_that_raises_an_unknown_level_is_not_broken() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    for (group, known, orderer, signers) in [
        ("Application", "V2_5", "V2_0", &["Org1MSP", "Org2MSP"][..]),
        (
            "Channel",
            "V3_0",
            "V2_0",
            &["Org1MSP", "Org2MSP", "OrdererMSP"],
        ),
        ("Orderer", "V2_0", "V1_1", &["OrdererMSP"]),
    ] {
        let mut world = declaring(&[orderer], &["V1_3"]).await;
        world.raise_unknown(&org1, "raise", group, known).await;
        for msp_id in signers {
            world.sign(&person(msp_id), "raise").await;
        }
        let shown = world.proposal("raise").await;
        assert_eq!(
            shown["status"], "WaitingForSignatures",
            "{group}: {}",
            shown["status_detail"]
        );
        assert_eq!(shown["status_detail"]["verdict"], "unsupported", "{group}");
        let why = shown["status_detail"]["why"].as_str().unwrap();
        assert!(why.contains("`V9_9`"), "{why}");
        assert_eq!(
            shown["config_update_envelope_to_submit"],
            Value::Null,
            "{group}"
        );
        assert_eq!(shown["still_effective_if_submitted"], json!([]), "{group}");
        assert!(
            shown["explanation"]
                .as_array()
                .unwrap()
                .iter()
                .all(|one| one["satisfied"] == true)
        );
        let listed = world.ok(&org1, list_proposals()).await;
        let listed = listed["proposals"].as_array().unwrap();
        let one = listed
            .iter()
            .find(|one| one["proposal_id"] == "raise")
            .unwrap();
        assert_eq!(one["status"], "WaitingForSignatures");
        // nobody archives it for that
        let call = update_proposals().mode(15).only(&["raise"]);
        let left = world.ok(&org1, call).await;
        assert_eq!(
            (&left["archived"], &left["recomputed"]),
            (&json!([]), &json!([])),
            "{group}"
        );
        world.propose(&org2, "timeout", &timeout("9s")).await;
        let combine = combine_proposals("both", &["raise", "timeout"]);
        world
            .refused(&org1, &combine, "CAPABILITY_UNSUPPORTED")
            .await;
    }
}

#[tokio::test]
async fn what_this_build_would_not_propose_it_does_not_compute_again() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = declaring(&["V2_0"], &["V1_3"]).await;
    world
        .raise_unknown(&org1, "raise", "Application", "V2_5")
        .await;
    let known = levels("Application", &["V1_4_2"]);
    world.propose(&org1, "raise_known", &known).await;
    // the same element changes meanwhile
    world
        .propose(&org2, "lower", &levels("Application", &["V2_0"]))
        .await;
    for who in [&org1, &org2] {
        world.sign(who, "lower").await;
    }
    world.take_effect("lower").await;
    assert_eq!(world.status("raise").await, "Outofdate");
    let call = update_proposals().mode(15).only(&["raise"]);
    let left = world.ok(&org2, &call).await;
    assert_eq!(left["left"][0]["proposal_id"], "raise");
    // it does not keep the others from being computed again
    let done = world.ok(&org1, update_proposals().mode(15)).await;
    let left = done["left"].as_array().unwrap();
    assert_eq!(left.len(), 1, "{done}");
    assert_eq!(left[0]["proposal_id"], "raise");
    assert_eq!(left[0]["status"], "Outofdate");
    let reason = left[0]["reason"].as_str().unwrap();
    assert!(reason.contains("does not know"), "{reason}");
    assert_eq!(done["recomputed"][0]["proposal_id"], "raise_known");
    assert_eq!(done["archived"][0]["proposal_id"], "lower");
    assert_eq!(world.proposal("raise").await["revision"], 1);
}

#[tokio::test]
async fn on_a_channel_with_unknown_orderer_levels_proposals_wait() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = declaring(&["V2_0", "V9_0"], &["V2_0"]).await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    for who in [&org1, &org2] {
        world.sign(who, "add_orgx").await;
    }
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "WaitingForSignatures");
    assert_eq!(shown["status_detail"]["verdict"], "unsupported");
    assert_eq!(shown["config_update_envelope_to_submit"], Value::Null);
    assert_eq!(shown["unsupported"], json!([]), "peers are not concerned");
    let left = world.ok(&org1, update_proposals().mode(15)).await;
    assert_eq!(left["archived"], json!([]));
}

/// A call with which every function gets as far as the ledger.
fn usual(function: &str) -> Call {
    let org = CAPTURES[0].file("add-orgx/org.json");
    let msp = serde_json::from_slice::<Value>(&org).unwrap()["values"]["MSP"].take();
    let call = Call::of(function);
    match function {
        "AddOrganization" => add_organization("id1", "OrgX", &org),
        "AddOrgnization" => add_orgnization("id1", "OrgX", &org),
        "ReconfigOrganizationMSP" => reconfig_organization_msp("id1", &msp),
        "ReconfigOrgnizationMSP" => reconfig_orgnization_msp("id1", &msp),
        "InitConsortium" | "SyncConfig" | "RecoverConfig" => call.and(after("add-orgx")),
        "ProposeConfigUpdate" => propose_config_update("id1", r#"{"channel_group":{}}"#),
        "ProposeConfig" => {
            propose_config("id1", r#"{"channel_group":{"groups":{"Application":{}}}}"#)
        }
        "CheckProposal" => check_proposal(usual("ProposeConfigUpdate")),
        "ProposeSettings" => propose_settings("id1", ENFORCED),
        "CombineProposals" => combine_proposals("id1", &["one", "two"]),
        "AddSignature" | "addSignature" => call.and("add_orgx").and("CgFhEgFi"),
        "RejectProposal" => reject_proposal("add_orgx", "no"),
        "AttestCapabilities" => attest_capabilities(r#"{"server":true}"#),
        "AddAttestation" => call.and(empty_statement()),
        "PrepareAttestation" => prepare_attestation("OrdererMSP", r#"{"channel":["V3_0"]}"#),
        "proposeConfigUpdate" => cmcc::propose_config_update("id1", "CgFj"),
        "ApplySettings" | "DeleteProposal" | "ExportProposal" | "GetProposal"
        | "WithdrawProposal" | "deleteProposal" | "getProposal" => call.and("add_orgx"),
        _ => call,
    }
}

#[tokio::test]
async fn a_server_that_lacks_an_agreed_capability_refuses_every_function() {
    let org1 = person("Org1MSP");
    let mut world = with_orgx().await;
    let key = state_key(&["settings"]);
    let stored = world.ledger.get(&key).unwrap().value.clone();
    let mut settings = cmscc::proto::cmscc::Settings::decode(stored).unwrap();
    settings.capabilities.push("V9_0".to_owned());
    world.put(key, settings.encode_to_vec());
    for function in function_names() {
        // what this build serves is no answer about a channel
        if function == "org.hyperledger.fabric:GetMetadata" {
            continue;
        }
        let call = usual(function);
        let message = world.refused(&org1, call, "CONTRACT_CAPABILITY").await;
        assert!(message.contains("`V9_0`"), "{message}");
        assert!(message.contains("install 9.0 or later"), "{message}");
    }
    let mut init = world.invocation(&org1, raw([""; 0]));
    init.is_init = true;
    world.refused_call(&init, "CONTRACT_CAPABILITY").await;
}

/// Makes the head's config one that demands `V9_9` of peers, as servers that know it have endorsed.
pub(crate) fn outgrown(world: &mut World<Contract>) {
    let body = renamed(&world.config(), "V2_5", "V9_9");
    let place = state_key(&["config", "head"]);
    let mut head = Head::decode(world.ledger.get(&place).unwrap().value.clone()).unwrap();
    head.config_sha256 = Digest::of(&body).as_bytes().to_vec().into();
    world.put(place, head.encode_to_vec());
    world.put(state_key(&["config", "body"]), body);
}

#[tokio::test]
async fn on_a_channel_that_outgrew_this_build_nothing_is_written_and_answers_say_so() {
    let org1 = person("Org1MSP");
    let mut world = declaring(&["V2_0"], &["V2_5"]).await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let ended = withdraw_proposal("add_orgx");
    world.ok(&org1, &ended).await;
    outgrown(&mut world);
    let mut marked = 0;
    for function in function_names() {
        let call = usual(function);
        match function {
            // what this build serves is no answer about a channel
            "org.hyperledger.fabric:GetMetadata" => {}
            // what has a head is not initialised again; who recovers chooses another head
            "Init" | "InitConsortium" | "RecoverConfig" => {}
            "getProposal" | "getProposals" => drop(world.ok(&org1, call).await),
            _ if function.starts_with("Get")
                || ["ExportProposal", "ListProposals", "PrepareAttestation"]
                    .contains(&function) =>
            {
                let answer = world.ok(&org1, call).await;
                let levels = &answer["unsupported"];
                assert_eq!(*levels, json!(["Application/V9_9"]), "{function}");
                marked += 1;
            }
            _ => {
                let message = world.refused(&org1, call, "CAPABILITY_UNSUPPORTED").await;
                assert!(message.contains("`Application/V9_9`"), "{message}");
            }
        }
    }
    assert_eq!(marked, 9);
}

/// Puts a capability into a stored settings proposal, as a server that knows it has endorsed it.
fn demanding(world: &mut World<Contract>, id: &str, level: &str) -> Bytes {
    let key = state_key(&["proposal", id]);
    let mut stored = Proposal::decode(world.ledger.get(&key).unwrap().value.clone()).unwrap();
    let revision = stored.revisions.last_mut().unwrap();
    let mut update = ConfigUpdate::decode(revision.config_update.clone()).unwrap();
    let change = update.isolated_data.get_mut("cmscc.settings").unwrap();
    let mut inner = SettingsChange::decode(change.clone()).unwrap();
    let settings = inner.settings.as_mut().unwrap();
    settings.capabilities.push(level.to_owned());
    *change = inner.encode_to_vec().into();
    revision.config_update = update.encode_to_vec().into();
    world.put(key, stored.encode_to_vec());
    world.first_update(id)
}

#[tokio::test]
async fn a_build_that_does_not_know_a_capability_endorses_neither_proposal_nor_application() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    let demand = propose_settings("newer", r#"{"capabilities":["V1_0","V9_0"]}"#);
    let message = world.refused(&org1, demand, "CONTRACT_CAPABILITY").await;
    assert!(message.contains("install 9.0 or later"), "{message}");
    // others have proposed it
    world
        .propose_settings(&org1, "newer", r#"{"gate":"enforced"}"#)
        .await;
    let bytes = demanding(&mut world, "newer", "V9_0");
    for who in [&org1, &org2] {
        let signature = who.signed(&bytes);
        world.ok(who, add_signature("newer", &signature)).await;
    }
    let shown = world.proposal("newer").await;
    assert_eq!(shown["status"], "ReadyToSubmit");
    assert_eq!(shown["status_detail"]["verdict"], "unsupported");
    let apply = apply_settings("newer");
    world.refused(&org1, &apply, "CONTRACT_CAPABILITY").await;
    // nor does it compute it again
    world
        .agree(
            "other",
            r#"{"endorsement_policy":"/Channel/Application/Endorsement"}"#,
        )
        .await;
    assert_eq!(world.status("newer").await, "Outofdate");
    let left = world.ok(&org1, update_proposals()).await;
    assert_eq!(left["recomputed"], json!([]));
    let newer = left["left"].as_array().unwrap().iter();
    let newer: Vec<&Value> = newer.filter(|one| one["proposal_id"] == "newer").collect();
    assert_eq!(newer[0]["status"], "Outofdate");
    assert!(
        newer[0]["reason"]
            .as_str()
            .unwrap()
            .contains("contract capability")
    );
    let others = world.ok(&org2, update_proposals()).await;
    assert_eq!(others["others"], 1);
}

/// `V1_1` is known to builds with the feature `test-capability`, and to no others.
#[tokio::test]
async fn two_builds_differ_in_the_test_capability_only_by_refusing() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    let shown = world.ok(&org1, get_settings()).await;
    assert_eq!(
        shown["settings"]["capabilities"],
        json!(["V1_0"]),
        "whatever the build knows"
    );
    let demand = r#"{"capabilities":["V1_1","V1_0"]}"#;
    if !cfg!(feature = "test-capability") {
        let call = propose_settings("newer", demand);
        let message = world.refused(&org1, call, "CONTRACT_CAPABILITY").await;
        assert!(message.contains("install 1.1 or later"), "{message}");
        return;
    }
    world
        .propose_settings(&org2, "stays", r#"{"gate":"enforced"}"#)
        .await;
    world.agree("newer", demand).await;
    let shown = world.ok(&org1, get_settings()).await;
    assert_eq!(shown["settings"]["capabilities"], json!(["V1_0", "V1_1"]));
    // capabilities are only added
    let message = world.proposal("stays").await["status_detail"]["why"].to_string();
    assert!(message.contains("V1_1"), "{message}");
    assert_eq!(world.status("stays").await, "Broken");
    let drop = propose_settings("drop", r#"{"capabilities":["V1_0"]}"#);
    world.refused(&org1, &drop, "CAPABILITY_DROPPED").await;
    world.agree("later", r#"{"gate":"enforced"}"#).await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
}
