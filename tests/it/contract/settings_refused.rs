//! What is no agreement: settings that are none, signatures on something else, other functions.

use bytes::Bytes;
use cmscc::{
    config::envelope::update_envelope,
    contract::Contract,
    ids::Digest,
    proto::{
        cmscc::{OpenProposal, Position, Proposal, SettingsChange},
        common::ConfigUpdate,
    },
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    calls::{
        add_signature, apply_settings, cmcc, combine_proposals, list_proposals,
        propose_config_update, propose_settings, raw, update_proposals,
    },
    people::{base64, person},
    settings::{ENFORCED, ISOLATED, config_signature, opened},
    world::{World, founded, state_key, trusting},
};

impl World<Contract> {
    fn stored(&self, id: &str) -> Proposal {
        let stored = self.ledger.get(&state_key(&["proposal", id])).unwrap();
        Proposal::decode(stored.value.clone()).unwrap()
    }

    /// Puts other bytes in the place of a settings proposal's current revision, and signatures of
    /// both members on them.
    fn tamper(&mut self, id: &str, alter: impl FnOnce(&mut ConfigUpdate, &mut SettingsChange)) {
        let mut proposal = self.stored(id);
        let revision = proposal.revisions.last_mut().unwrap();
        let (mut update, mut change) = opened(&revision.config_update);
        alter(&mut update, &mut change);
        update
            .isolated_data
            .insert(ISOLATED.to_owned(), change.encode_to_vec().into());
        revision.config_update = update.encode_to_vec().into();
        self.put_signed(id, &proposal);
    }

    /// Writes a proposal, and signatures of both members on its current revision.
    fn put_signed(&mut self, id: &str, proposal: &Proposal) {
        let revision = proposal.revisions.last().unwrap();
        self.put(state_key(&["proposal", id]), proposal.encode_to_vec());
        let key = state_key(&["open", &proposal.proposer_msp_id, id]);
        let mut record =
            OpenProposal::decode(self.ledger.get(&key).unwrap().value.clone()).unwrap();
        record.revision = revision.revision;
        record.config_update_sha256 =
            Bytes::copy_from_slice(Digest::of(&revision.config_update).as_bytes());
        self.put(key, record.encode_to_vec());
        for msp_id in ["Org1MSP", "Org2MSP"] {
            let signature = cmscc::proto::cmscc::Signature {
                fingerprint: "somebody".to_owned(),
                config_signature: Some(person(msp_id).config_signature(&revision.config_update)),
            };
            let position = Position {
                signatures: vec![signature],
                vote: None,
            };
            let place = [
                "position",
                &proposal.proposer_msp_id,
                id,
                &format!("{:020}", revision.revision),
                "signatures",
                msp_id,
            ];
            self.put(state_key(&place), position.encode_to_vec());
        }
    }
}

#[tokio::test]
async fn settings_that_are_none_are_refused() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    let many: Vec<String> = (0..65).map(|n| format!("V{n}")).collect();
    let long = json!({ "endorsement_policy": "x".repeat(1 << 20) }).to_string();
    for (settings, symbol) in [
        ("", "ARGUMENT_COUNT"),
        ("[]", "BAD_JSON"),
        ("{", "BAD_JSON"),
        ("{}", "NOTHING_TO_CHANGE"),
        (
            r#"{"gate":"advisory","endorsement_policy":null}"#,
            "NOTHING_TO_CHANGE",
        ),
        (r#"{"endorsement_policy":" "}"#, "NOTHING_TO_CHANGE"),
        (r#"{"capabilities":["V1_0"]}"#, "NOTHING_TO_CHANGE"),
        (r#"{"gate":"enforced","quorum":3}"#, "BAD_OPTION"),
        (r#"{"gate":"on"}"#, "BAD_OPTION"),
        (r#"{"gate":"enforced","version":7}"#, "BAD_OPTION"),
        (r#"{"gate":"enforced","gate":"advisory"}"#, "BAD_OPTION"),
        (r#"{"capabilities":"V1_0"}"#, "BAD_OPTION"),
        (r#"{"capabilities":[]}"#, "CAPABILITY_DROPPED"),
        (r#"{"capabilities":["V1_0","V9_0"]}"#, "CONTRACT_CAPABILITY"),
        (r#"{"capabilities":["V1_0","V 1"]}"#, "BAD_CAPABILITY"),
        (&json!({ "capabilities": many }).to_string(), "TOO_MANY"),
        (r#"{"endorsement_policy":"majority"}"#, "BAD_POLICY"),
        (
            r#"{"endorsement_policy":"AND('Org1MSP.peer'"}"#,
            "BAD_POLICY",
        ),
        (
            r#"{"endorsement_policy":"OR('Org1MSP.nobody')"}"#,
            "BAD_POLICY",
        ),
        (
            r#"{"endorsement_policy":"Application/Endorsement"}"#,
            "BAD_POLICY",
        ),
        (
            r#"{"endorsement_policy":"/Channel/Application/Nothing"}"#,
            "BAD_POLICY",
        ),
        (
            r#"{"endorsement_policy":"/Channel.Application/Admins"}"#,
            "BAD_POLICY",
        ),
        (
            r#"{"endorsement_policy":"/Application/Endorsement"}"#,
            "BAD_POLICY",
        ),
        (&long, "PATCH_TOO_LARGE"),
    ] {
        let call = propose_settings("one", settings);
        world.refused(&org1, call, symbol).await;
    }
    world
        .refused(
            &org1,
            raw(["ProposeSettings", "one", ENFORCED]),
            "ARGUMENT_COUNT",
        )
        .await;
    for policy in [
        "OutOf(1, 'Org1MSP.peer', 'Org2MSP.peer')",
        "/Channel/Orderer/Admins",
    ] {
        let settings = json!({ "endorsement_policy": policy }).to_string();
        let id = format!("good{}", policy.len());
        world.propose_settings(&org1, &id, &settings).await;
    }
}

#[tokio::test]
async fn signatures_are_good_for_one_proposal_and_one_version() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_settings(&org1, "one", ENFORCED).await;
    world.propose_settings(&org2, "two", ENFORCED).await;
    let policy = r#"{"endorsement_policy":"OR('Org1MSP.peer','Org2MSP.peer')"}"#;
    world.propose_settings(&org2, "three", policy).await;
    let bytes = world.update_to_sign("one").await;
    let signature = org2.signed(&bytes);
    let signatures = [config_signature(&org2, &bytes)];
    let file = base64(&update_envelope(&world.channel, &bytes, &signatures));
    // under another id
    for (given, symbol) in [(&signature, "SIGNATURE_INVALID"), (&file, "WRONG_BYTES")] {
        let call = add_signature("two", given);
        world.refused(&org1, call, symbol).await;
    }
    for id in ["one", "three"] {
        for who in [&org1, &org2] {
            world.sign(who, id).await;
        }
        assert_eq!(world.status(id).await, "ReadyToSubmit");
    }
    let old = world.update_to_sign("three").await;
    world.ok(&org1, apply_settings("one")).await;
    // the same was agreed meanwhile
    let shown = world.proposal("two").await;
    assert_eq!(shown["status"], "Submitted");
    assert_eq!(shown["status_detail"]["already_in_effect"], true);
    // something else was
    let shown = world.proposal("three").await;
    assert_eq!(shown["status"], "Outofdate");
    assert_eq!(shown["status_detail"]["rebases"], true);
    let why = shown["status_detail"]["why"].as_str().unwrap();
    assert!(why.contains("version 1"), "{why}");
    world
        .refused(&org1, apply_settings("three"), "WRONG_STATUS")
        .await;
    let signature = org1.signed(&old);
    let call = add_signature("three", &signature);
    world.refused(&org1, &call, "WRONG_STATUS").await;
    // only its owner recomputes, into the same settings for the next version
    let left = world.ok(&org1, update_proposals()).await;
    assert_eq!(
        (&left["recomputed"], &left["archived"]),
        (&json!([]), &json!([]))
    );
    let done = world.ok(&org2, update_proposals()).await;
    assert_eq!(
        done["archived"],
        json!([{"outcome": "AlreadyInEffect", "proposal_id": "two"}])
    );
    assert_eq!(done["recomputed"][0]["proposal_id"], "three");
    let (_, was) = opened(&old);
    let (_, is) = opened(&world.update_to_sign("three").await);
    assert_eq!((was.version, is.version), (1, 2));
    let settings = is.settings.unwrap();
    assert_eq!(settings.version, Some(2));
    assert_eq!(
        settings.endorsement_policy,
        was.settings.unwrap().endorsement_policy
    );
    // what is recomputed is what is stored: only the bytes moved, and the old signatures do not count
    assert_eq!(settings.gate, 1, "complete settings, as they were proposed");
    assert_eq!(world.status("three").await, "WaitingForSignatures");
    let message = world.refused(&org1, &call, "SIGNATURE_INVALID").await;
    assert!(message.contains("revision 1"), "{message}");
    for who in [&org1, &org2] {
        world.sign(who, "three").await;
    }
    world.ok(&org2, apply_settings("three")).await;
    assert_eq!(world.settings().version, Some(2));
    assert_eq!(world.proposal("three").await["applied_revision"], 2);
}

/// What an altered settings proposal is.
type Alter = fn(&mut ConfigUpdate, &mut SettingsChange);

#[tokio::test]
async fn only_the_canonical_bytes_are_applied() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    world.agree("first", ENFORCED).await;
    let back = r#"{"gate":"advisory"}"#;
    let cases: &[(&str, Alter, &str)] = &[
        ("as they are", |_, _| {}, "ReadyToSubmit"),
        (
            "another id",
            |_, c| c.proposal_id = "first".to_owned(),
            "Outofdate",
        ),
        ("an older version", |_, c| c.version = 1, "Outofdate"),
        ("a later version", |_, c| c.version = 3, "Outofdate"),
        (
            "another instance",
            |_, c| c.instance = "1".to_owned(),
            "Outofdate",
        ),
        (
            "another hash",
            |_, c| c.current_sha256 = vec![0; 32].into(),
            "Outofdate",
        ),
        (
            "no hash",
            |_, c| c.current_sha256 = Bytes::new(),
            "Outofdate",
        ),
        (
            "another channel",
            |u, _| u.channel_id = "other".to_owned(),
            "Outofdate",
        ),
        (
            "more isolated data",
            |u, _| drop(u.isolated_data.insert("other".to_owned(), Bytes::new())),
            "Outofdate",
        ),
        (
            "a write set",
            |u, _| u.write_set = Some(Default::default()),
            "Outofdate",
        ),
        (
            "an instance in the settings",
            |_, c| c.settings.as_mut().unwrap().instance = "1".to_owned(),
            "Outofdate",
        ),
        (
            "a version in the settings",
            |_, c| c.settings.as_mut().unwrap().version = Some(9),
            "Outofdate",
        ),
        (
            "a capability dropped",
            |_, c| c.settings.as_mut().unwrap().capabilities.clear(),
            "Broken",
        ),
        (
            "a policy that does not parse",
            |_, c| c.settings.as_mut().unwrap().endorsement_policy = "AND(".to_owned(),
            "Broken",
        ),
    ];
    for (place, (name, alter, status)) in cases.iter().enumerate() {
        let mut world = world.with(trusting());
        let id = format!("case{place}");
        world.propose_settings(&org1, &id, back).await;
        world.tamper(&id, alter);
        assert_eq!(world.status(&id).await, *status, "{name}");
        let apply = apply_settings(&id);
        match *status {
            "ReadyToSubmit" => drop(world.ok(&org1, &apply).await),
            _ => drop(world.refused(&org1, &apply, "WRONG_STATUS").await),
        }
    }
}

#[tokio::test]
async fn config_updates_carry_no_isolated_data() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    world.propose_settings(&org1, "gate", ENFORCED).await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let settings = world.update_to_sign("gate").await;
    let update = world.update_to_sign("add_orgx").await;
    let mut both = ConfigUpdate::decode(update).unwrap();
    both.isolated_data = opened(&settings).0.isolated_data;
    for bytes in [settings.to_vec(), both.encode_to_vec()] {
        let given = base64(&bytes);
        for call in [
            propose_config_update("bytes", &given),
            cmcc::propose_config_update("bytes", &given).and("d"),
        ] {
            world.refused(&org1, call, "BAD_UPDATE").await;
        }
    }
}

#[tokio::test]
async fn other_functions_leave_settings_alone() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    world.propose_settings(&org1, "gate", ENFORCED).await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.propose_org(&org1, "add_orgy", "add-orgy").await;
    let combine = combine_proposals("both", &["add_orgx", "gate"]);
    world.refused(&org1, &combine, "WRONG_KIND").await;
    world
        .refused(&org1, apply_settings("add_orgx"), "WRONG_KIND")
        .await;
    // the older interface has config updates only
    let listed = world.ok(&org1, cmcc::get_proposals()).await;
    let ids: Vec<&String> = listed.as_object().unwrap().keys().collect();
    assert_eq!(ids, ["add_orgx", "add_orgy"]);
    let bytes = world.update_to_sign("gate").await;
    let signature = org1.signed(&bytes);
    for call in [
        cmcc::get_proposal("gate"),
        cmcc::delete_proposal("gate"),
        cmcc::add_signature("gate", &signature),
    ] {
        world.refused(&org1, call, "UNKNOWN_PROPOSAL").await;
    }
    // relations are those of config updates
    let list = list_proposals().options(r#"{"conflicts":true}"#);
    let listed = world.ok(&org1, list).await;
    for one in listed["proposals"].as_array().unwrap() {
        if one["proposal_id"] == "gate" {
            assert_eq!(one["kind"], "settings");
            assert_eq!(one["conflicts"], Value::Null);
            assert_eq!(one["missing"], json!(["Org1MSP", "Org2MSP"]));
        } else {
            assert!(!one["conflicts"].to_string().contains("gate"));
        }
    }
}
