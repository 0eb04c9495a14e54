//! Settings by agreement: proposed, signed, applied; what becomes of them, and what they change.

use std::collections::BTreeSet;

use bytes::Bytes;
use cmscc::{
    config::{Bundle, ConfigSignature, ConfigTree, Update, Verdict, envelope::update_envelope},
    contract::Contract,
    proto::{
        cmscc::{Archive, Settings, SettingsChange},
        common::{ConfigUpdate, Policy},
    },
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    blocks::checkpoint,
    calls::{
        add_signature, apply_settings, attest_capabilities, delete_proposal, get_capabilities,
        get_history, propose_settings, reject_proposal, update_proposals, withdraw_proposal,
    },
    capabilities::{declaring, first_config, levels},
    people::{Person, base64, person, user},
    world::{Server, World, founded, state_key},
};

pub(crate) const ISOLATED: &str = "cmscc.settings";
pub(crate) const ENFORCED: &str = r#"{"gate":"enforced"}"#;

impl World<Contract> {
    pub(crate) async fn propose_settings(&mut self, who: &Person, id: &str, settings: &str) {
        let call = propose_settings(id, settings);
        self.ok(who, call).await;
    }

    /// Has both members agree on settings.
    pub(crate) async fn agree(&mut self, id: &str, settings: &str) {
        let org1 = person("Org1MSP");
        self.propose_settings(&org1, id, settings).await;
        for who in [&org1, &person("Org2MSP")] {
            self.sign(who, id).await;
        }
        self.ok(&org1, apply_settings(id)).await;
    }

    pub(crate) fn settings(&self) -> Settings {
        let stored = self.ledger.get(&state_key(&["settings"])).unwrap();
        Settings::decode(stored.value.clone()).unwrap()
    }
}

pub(crate) fn opened(update: &Bytes) -> (ConfigUpdate, SettingsChange) {
    let update = ConfigUpdate::decode(update.clone()).unwrap();
    let change = SettingsChange::decode(update.isolated_data[ISOLATED].clone()).unwrap();
    (update, change)
}

#[tokio::test]
async fn members_propose_sign_and_apply_settings() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    let before = world.settings();
    let given = r#"{"gate":"enforced","endorsement_policy":"/Channel/Application/Endorsement"}"#;
    let propose = propose_settings("gate", given).described("hold back");
    let (_, set) = world.outcome(&org1, &propose).await;
    assert_eq!(set.event.unwrap().name, "NewProposalEvent");
    // what is signed changes nothing on a channel and names everything that it is good for
    let bytes = world.update_to_sign("gate").await;
    let (update, change) = opened(&bytes);
    assert_eq!(update.channel_id, "mychannel");
    assert_eq!((&update.read_set, &update.write_set), (&None, &None));
    assert_eq!(update.isolated_data.len(), 1);
    assert_eq!(change.instance, before.instance);
    assert_eq!((change.version, change.proposal_id.as_str()), (1, "gate"));
    let digest = cmscc::ids::Digest::of(&before.encode_to_vec());
    assert_eq!(change.current_sha256, digest.as_bytes().to_vec());
    let shown = world.proposal("gate").await;
    assert_eq!(shown["kind"], "settings");
    assert_eq!(shown["status"], "WaitingForSignatures");
    let detail = &shown["status_detail"];
    assert_eq!(detail["missing"], json!(["Org1MSP", "Org2MSP"]));
    assert_eq!(shown["settings"]["version"], 1);
    assert_eq!(
        shown["settings"]["settings"],
        json!({"capabilities": ["V1_0"], "endorsement_policy": "/Channel/Application/Endorsement",
            "gate": "enforced"})
    );
    assert_eq!(
        shown["explanation"][0]["policy"],
        "/Channel/Application/Admins"
    );
    for absent in [
        "patch",
        "config_update",
        "diff",
        "lint",
        "conflicts",
        "outcome",
    ] {
        assert_eq!(shown[absent], Value::Null, "{absent}");
    }

    world.sign(&org1, "gate").await;
    assert_eq!(
        world.proposal("gate").await["status_detail"]["missing"],
        json!(["Org2MSP"])
    );
    let apply = apply_settings("gate");
    let message = world.refused(&org1, &apply, "WRONG_STATUS").await;
    assert!(message.contains("Org2MSP"), "{message}");
    // as a file that went through both hands
    let signatures = [&org1, &org2].map(|who| config_signature(who, &bytes));
    let file = base64(&update_envelope(&world.channel, &bytes, &signatures));
    let add = add_signature("gate", &file);
    let added = world.ok(&user("Org1MSP", "User1"), add).await;
    assert_eq!(added["added"][0]["msp_id"], "Org2MSP");
    assert_eq!(added["already"][0]["msp_id"], "Org1MSP");
    let shown = world.proposal("gate").await;
    assert_eq!(shown["status"], "ReadyToSubmit");
    assert_eq!(shown["config_update_envelope_to_submit"], Value::Null);
    assert_eq!(shown["still_effective_if_submitted"], json!([]));

    let call = world.invocation(&org2, &apply);
    let (response, set) = world.submit(&call).await;
    assert_eq!(
        response.payload,
        r#"{"as_of_sequence":0,"proposal_id":"gate","version":1}"#
    );
    let event = set.event.unwrap();
    assert_eq!(event.name, "SettingsAppliedEvent");
    let payload: Value = serde_json::from_slice(&event.payload).unwrap();
    assert_eq!(payload["settings_version"], 1);
    let after = world.settings();
    assert_eq!(Some(&after), change.settings.as_ref());
    assert_eq!(
        (&after.instance, after.version),
        (&before.instance, Some(1))
    );
    let archive = world
        .ledger
        .get(&state_key(&["archive", "Org1MSP", "gate"]))
        .unwrap();
    let archive = Archive::decode(archive.value.clone()).unwrap();
    assert_eq!(archive.settings_version, Some(1));
    assert!(!world.ledger.iter().any(|(k, _)| k.starts_with("\0open\0")));
    let shown = world.proposal("gate").await;
    assert_eq!(
        (&shown["status"], &shown["archived"]),
        (&json!("Submitted"), &json!(true))
    );
    assert_eq!(shown["outcome"]["settings_version"], 1);
    assert_eq!(shown["applied_revision"], 1);
    let history = world.ok(&org1, get_history()).await;
    assert_eq!(history["history"][0]["outcome"]["settings_version"], 1);
    assert_eq!(shown["signatures"].as_array().unwrap().len(), 2);
    world.refused(&org2, &apply, "WRONG_STATUS").await;
    // and the next ones
    world
        .agree("again", r#"{"gate":"advisory","endorsement_policy":null}"#)
        .await;
    let last = world.settings();
    assert_eq!(
        (last.version, last.gate, last.endorsement_policy.as_str()),
        (Some(2), 1, "")
    );
}

#[tokio::test]
async fn endorsements_are_counted_by_the_agreed_policy() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let usual = world.proposal("add_orgx").await["endorsement"].take();
    assert_eq!(usual["policy"], "/Channel/Application/Endorsement");
    assert_eq!(usual["rule_after"], "MAJORITY Endorsement");
    let rule = "OR('Org1MSP.peer', 'Org2MSP.peer')";
    let settings = json!({ "endorsement_policy": rule }).to_string();
    world.agree("rule", &settings).await;
    world
        .ok(&org1, attest_capabilities(r#"{"server":true}"#))
        .await;
    let agreed = world.proposal("add_orgx").await["endorsement"].take();
    assert_eq!(agreed["policy"], rule);
    assert_eq!(
        (&agreed["rule_before"], &agreed["rule_after"]),
        (&json!(rule), &json!(rule))
    );
    assert_eq!(
        (&agreed["needed_before"], &agreed["needed_after"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(agreed["enough_servers"], true);
}

pub(crate) fn config_signature(who: &Person, update: &[u8]) -> ConfigSignature {
    let signature = who.config_signature(update);
    ConfigSignature {
        signature_header: signature.signature_header,
        signature: signature.signature,
    }
}

#[tokio::test]
async fn no_orderer_takes_what_was_signed() {
    let (mut world, _) = founded().await;
    world
        .propose_settings(&person("Org1MSP"), "gate", ENFORCED)
        .await;
    let bytes = world.update_to_sign("gate").await;
    let tree = ConfigTree::parse(world.config()).unwrap();
    let bundle = Bundle::new(&world.channel, tree).unwrap();
    let signatures = ["Org1MSP", "Org2MSP", "OrdererMSP"];
    let signatures = signatures.map(|msp_id| config_signature(&person(msp_id), &bytes));
    let emulation = bundle.emulate(&Update::parse(bytes).unwrap(), &signatures);
    assert!(
        matches!(emulation.verdict, Verdict::Refused(_)),
        "{:?}",
        emulation.verdict
    );
}

#[tokio::test]
async fn admins_of_members_propose_sign_and_apply() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_settings(&org1, "gate", ENFORCED).await;
    for (who, refused) in [
        (user("Org1MSP", "User1"), "NOT_ADMIN"),
        (person("OrdererMSP"), "NOT_MEMBER"),
        (person("OrgXMSP"), "UNKNOWN_ORGANIZATION"),
    ] {
        let propose = propose_settings("other", ENFORCED);
        world.refused(&who, &propose, refused).await;
        world.refused(&who, apply_settings("gate"), refused).await;
    }
    let bytes = world.update_to_sign("gate").await;
    for (who, refused) in [
        (user("Org1MSP", "User1"), "SIGNER_NOT_CONCERNED"),
        (person("OrdererMSP"), "SIGNER_NOT_CONCERNED"),
        (person("OrgXMSP"), "SIGNER_UNKNOWN"),
    ] {
        let signature = who.signed(&bytes);
        let add = add_signature("gate", &signature);
        world.refused(&org1, add, refused).await;
    }
    for call in [withdraw_proposal("gate"), delete_proposal("gate")] {
        world.refused(&org2, call, "NOT_OWNER").await;
    }
    world.ok(&org1, withdraw_proposal("gate")).await;
    assert_eq!(world.status("gate").await, "Withdrawn");
    world
        .refused(&org1, apply_settings("gate"), "WRONG_STATUS")
        .await;
    world.ok(&org1, delete_proposal("gate")).await;
    let shown = world.proposal("gate").await;
    assert_eq!(
        (&shown["status"], &shown["archived"]),
        (&json!("Withdrawn"), &json!(true))
    );
    assert_eq!(shown["outcome"]["settings_version"], Value::Null);
    let propose = propose_settings("gate", ENFORCED);
    world.refused(&org1, propose, "ID_USED").await;
    world
        .refused(&org1, apply_settings("none"), "UNKNOWN_PROPOSAL")
        .await;
}

#[tokio::test]
async fn votes_and_deadlines_end_settings_proposals() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    let call = propose_settings("gate", ENFORCED).options(r#"{"deadline":"2026-11-18T11:07:30Z"}"#);
    world.ok(&org1, call).await;
    world.ok(&org2, reject_proposal("gate", "no")).await;
    let shown = world.proposal("gate").await;
    assert_eq!(
        (&shown["status"], &shown["votes"][0]["reason"]),
        (&json!("Rejected"), &json!("no"))
    );
    // who signs after all makes it pass
    for who in [&org1, &org2] {
        world.sign(who, "gate").await;
    }
    assert_eq!(world.status("gate").await, "ReadyToSubmit");
    assert_eq!(world.status_in(1000, "gate").await, "Expired");
    let mut late = world.invocation(&org1, apply_settings("gate"));
    late.timestamp.seconds += 1000;
    world.refused_call(&late, "WRONG_STATUS").await;
    world.ok(&org1, apply_settings("gate")).await;
    let votes = &world.proposal("gate").await["votes"];
    assert_eq!(votes[0]["msp_id"], "Org2MSP");
}

#[tokio::test]
async fn a_policy_that_leaves_the_config_breaks_a_proposal() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, anchors) = founded().await;
    let reference = "/Channel/Application/LifecycleEndorsement";
    let settings = json!({ "endorsement_policy": reference }).to_string();
    world.propose_settings(&org1, "policy", &settings).await;
    let block = checkpoint(&first_config(), |config| {
        config.sequence = 3;
        let root = config.channel_group.as_mut().unwrap();
        let application = root.groups.get_mut("Application").unwrap();
        application.policies.remove("LifecycleEndorsement");
    });
    world.recover(&anchors, &block).await;
    let shown = world.proposal("policy").await;
    assert_eq!(shown["status"], "Broken");
    let why = shown["status_detail"]["why"].as_str().unwrap();
    assert!(why.contains(reference), "{why}");
    let signature = base64(
        &org1
            .config_signature(&world.update_to_sign("policy").await)
            .encode_to_vec(),
    );
    let call = add_signature("policy", &signature);
    world.refused(&org1, call, "WRONG_STATUS").await;
    let left = world.ok(&org2, update_proposals().mode(1)).await;
    assert_eq!(left["archived"], json!([]));
    let done = world.ok(&org1, update_proposals().mode(1)).await;
    assert_eq!(
        done["archived"],
        json!([{"outcome": "Broken", "proposal_id": "policy"}])
    );
    // without the policy that decides, nobody can agree
    let block = checkpoint(&first_config(), |config| {
        config.sequence = 4;
        let root = config.channel_group.as_mut().unwrap();
        let application = root.groups.get_mut("Application").unwrap();
        let admins = application.policies.remove("Admins").unwrap();
        assert!(matches!(admins.policy, Some(Policy { r#type: 3, .. })));
    });
    world.recover(&anchors, &block).await;
    world.propose_settings(&org1, "nobody", ENFORCED).await;
    assert_eq!(world.status("nobody").await, "Broken");
}

#[tokio::test]
async fn adding_a_signature_reads_no_more_than_for_config_updates() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_settings(&org1, "gate", ENFORCED).await;
    let bytes = world.update_to_sign("gate").await;
    let call = |world: &World<Contract>, who: &Person| {
        let signature = who.signed(&bytes);
        world.invocation(who, add_signature("gate", &signature))
    };
    let calls = [call(&world, &org1), call(&world, &org2)];
    let before = world.ledger.clone();
    let (_, set) = world.submit(&calls[0]).await;
    let position = |key: &&String| key.starts_with(&state_key(&["stance"]));
    let slot = set.writes.keys().find(position).unwrap().clone();
    let expected: BTreeSet<String> = [
        state_key(&["config", "head"]),
        state_key(&["config", "body"]),
        state_key(&["settings"]),
        state_key(&["proposal", "gate"]),
        state_key(&["open", "Org1MSP", "gate"]),
        slot,
    ]
    .into();
    assert_eq!(set.reads.keys().cloned().collect::<BTreeSet<_>>(), expected);
    assert!(set.ranges.is_empty());
    // so two signatures of one block both stay
    let (_, other) = world.server.simulate(&before, &calls[1]).await;
    world.ledger.validate(&other).unwrap();
    // what is signed when settings change is not
    let apply = {
        world.sign(&org2, "gate").await;
        world.invocation(&org1, apply_settings("gate"))
    };
    world.submit(&apply).await;
    assert!(world.ledger.validate(&other).is_err());
}

#[tokio::test]
async fn an_agreed_gate_holds_back_what_is_not_attested() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = declaring(&["V2_0"], &["V2_0"]).await;
    world
        .propose(&org1, "raise", &levels("Application", &["V2_5"]))
        .await;
    for who in [&org1, &org2] {
        world.sign(who, "raise").await;
    }
    assert_eq!(world.status("raise").await, "ReadyToSubmit");
    world.agree("gate", ENFORCED).await;
    let shown = world.proposal("raise").await;
    assert_eq!(shown["status"], "WaitingForCapabilities");
    assert_eq!(shown["config_update_envelope_to_submit"], Value::Null);
    let table = world.ok(&org1, get_capabilities()).await;
    assert_eq!(table["gate"], "enforced");
    for msp_id in ["Org1MSP", "Org2MSP"] {
        assert_eq!(world.status("raise").await, "WaitingForCapabilities");
        world
            .attest(msp_id, &json!({"application": ["V2_5"]}))
            .await;
    }
    assert_eq!(world.status("raise").await, "ReadyToSubmit");
    world
        .ok(&org2, attest_capabilities(r#"{"application":[]}"#))
        .await;
    assert_eq!(world.status("raise").await, "WaitingForCapabilities");
    world.agree("open", r#"{"gate":"advisory"}"#).await;
    assert_eq!(world.status("raise").await, "ReadyToSubmit");
    world.take_effect("raise").await;
}
