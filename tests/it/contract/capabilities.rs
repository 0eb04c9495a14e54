//! Capability levels: who attests what, what is raised in which order, and what is held back.

use std::collections::BTreeSet;

use cmscc::{
    contract::Contract,
    proto::{
        cmscc::{GateMode, Settings},
        common,
    },
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    blocks::checkpoint,
    calls::{
        attest_capabilities, delete_proposal, get_capabilities, list_proposals,
        propose_config_update, reject_proposal, withdraw_proposal,
    },
    captures::CAPTURES,
    patches::timeout,
    people::{base64, person, user},
    world::{World, founded, founded_on, state_key},
};

/// A patch of the channel group that declares these levels and no others.
pub(crate) fn levels(group: &str, names: &[&str]) -> Value {
    let names: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), json!({})))
        .collect();
    let values = json!({"Capabilities": {"value": {"capabilities": names}}});
    match group {
        "Channel" => json!({ "values": values }),
        _ => json!({"groups": {group: {"values": values}}}),
    }
}

/// A world whose channel declares these levels at first.
pub(crate) async fn declaring(orderer: &[&str], application: &[&str]) -> World<Contract> {
    let names = |names: &[&str]| {
        let capabilities = common::Capabilities {
            capabilities: names
                .iter()
                .map(|name| ((*name).to_owned(), common::Capability::default()))
                .collect(),
        };
        capabilities.encode_to_vec()
    };
    let genesis = checkpoint(&first_config(), |config| {
        let root = config.channel_group.as_mut().unwrap();
        for (group, names) in [
            ("Orderer", names(orderer)),
            ("Application", names(application)),
        ] {
            let group = root.groups.get_mut(group).unwrap();
            let value = group.values.get_mut("Capabilities").unwrap();
            value.value = names.into();
        }
    });
    founded_on(&genesis).await.0
}

/// The config of the first capture's genesis block.
pub(crate) fn first_config() -> Vec<u8> {
    let block = common::Block::decode(&CAPTURES[0].genesis()[..]).unwrap();
    let envelope = common::Envelope::decode(block.data.unwrap().data[0].clone()).unwrap();
    let payload = common::Payload::decode(envelope.payload).unwrap();
    let carried = common::ConfigEnvelope::decode(payload.data).unwrap();
    carried.config.unwrap().encode_to_vec()
}

impl World<Contract> {
    fn set_gate(&mut self, gate: GateMode) {
        let key = state_key(&["settings"]);
        let stored = self.ledger.get(&key).unwrap().value.clone();
        let mut settings = Settings::decode(stored).unwrap();
        settings.gate = gate.into();
        self.put(key, settings.encode_to_vec());
    }

    pub(crate) async fn attest(&mut self, msp_id: &str, attestation: &Value) {
        let attestation = attestation.to_string();
        self.ok(&person(msp_id), attest_capabilities(&attestation))
            .await;
    }

    /// The row of a level in a table of `GetCapabilities`.
    async fn level(&mut self, scope: &str, level: &str) -> Value {
        let table = self.ok(&person("Org1MSP"), get_capabilities()).await;
        let rows = table[scope].as_array().unwrap();
        let found = rows.iter().find(|row| row["level"] == level);
        found.cloned().unwrap_or(Value::Null)
    }
}

#[tokio::test]
async fn an_attestation_writes_one_key_and_tells_who() {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    let given = r#"{"application":["V2_5","V2_0","V2_5"],"channel":["V3_0"],"server":true}"#;
    let call = world.invocation(&org1, attest_capabilities(given));
    let (response, set) = world.submit(&call).await;
    assert_eq!(
        String::from_utf8_lossy(&response.payload),
        r#"{"as_of_sequence":0,"attestation":{"application":["V2_0","V2_5"],"channel":["V3_0"],"msp_id":"Org1MSP","orderer":[],"sequence":0,"server":true},"msp_id":"Org1MSP"}"#,
        "{}",
        response.message
    );
    let own = state_key(&["member", "attested", "Application", "Org1MSP"]);
    let expected: BTreeSet<String> = [
        state_key(&["config", "head"]),
        state_key(&["config", "body"]),
        state_key(&["settings"]),
        own.clone(),
    ]
    .into();
    assert_eq!(set.reads.keys().cloned().collect::<BTreeSet<_>>(), expected);
    assert!(set.ranges.is_empty());
    assert_eq!(set.writes.keys().collect::<Vec<_>>(), [&own]);
    let event = set.event.unwrap();
    assert_eq!(event.name, "CapabilitiesAttestedEvent");
    assert_eq!(
        event.payload,
        r#"{"msp_id":"Org1MSP","type":"CapabilitiesAttestedEvent","version":1}"#
    );
    // the same again writes nothing
    let (response, set) = world.submit(&call).await;
    assert!(response.is_success() && set.writes.is_empty());
    let table = world.ok(&org1, get_capabilities()).await;
    assert_eq!(
        table["attestations"],
        json!([{
            "application": ["V2_0", "V2_5"], "channel": ["V3_0"],
            "msp_id": "Org1MSP", "orderer": [], "sequence": 0, "server": true
        }])
    );
    // what is absent stays, what is empty is taken back
    let call = attest_capabilities(r#"{"channel":[],"orderer":["V2_0"]}"#);
    let changed = world.ok(&org1, call).await;
    assert_eq!(
        changed["attestation"],
        json!({
            "application": ["V2_0", "V2_5"], "channel": [],
            "msp_id": "Org1MSP", "orderer": ["V2_0"], "sequence": 0, "server": true
        })
    );
    world
        .refused(&org1, attest_capabilities("{}"), "NOTHING_TO_CHANGE")
        .await;
    let table = world.ok(&org1, get_capabilities()).await;
    assert_eq!(table["attestations"][0], changed["attestation"]);
}

#[tokio::test]
async fn admins_of_members_attest_and_only_what_is_a_level() {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    let good = r#"{"channel":["V3_0"]}"#;
    for (who, symbol) in [
        (user("Org1MSP", "User1"), "NOT_ADMIN"),
        (person("OrdererMSP"), "NOT_MEMBER"),
    ] {
        let message = world.refused(&who, attest_capabilities(good), symbol).await;
        if symbol == "NOT_ADMIN" {
            let said = "its certificate is that of a client; call as an admin";
            assert!(message.ends_with(said), "{message}");
        }
    }
    let many: Vec<String> = (0..65).map(|n| format!("V{n}")).collect();
    let many = json!({ "orderer": many }).to_string();
    let long = json!({ "orderer": ["V".repeat(65)] }).to_string();
    for (given, symbol) in [
        ("", "ARGUMENT_COUNT"),
        ("[]", "BAD_JSON"),
        ("{", "BAD_JSON"),
        (r#"{"peer":["V2_0"]}"#, "BAD_OPTION"),
        (r#"{"channel":"V2_0"}"#, "BAD_OPTION"),
        (r#"{"channel":[""]}"#, "BAD_CAPABILITY"),
        (r#"{"channel":["V 2"]}"#, "BAD_CAPABILITY"),
        (&long, "BAD_CAPABILITY"),
        (&many, "TOO_MANY"),
        (r#"{"channel":["Vx"]}"#, "CAPABILITY_UNSUPPORTED"),
        (r#"{"orderer":["V9_9"]}"#, "CAPABILITY_UNSUPPORTED"),
    ] {
        world
            .refused(&org1, attest_capabilities(given), symbol)
            .await;
    }
    // a level of another scope is recognised
    let elsewhere = attest_capabilities(r#"{"orderer":["V2_5"]}"#);
    let message = world
        .refused(&org1, elsewhere, "CAPABILITY_UNSUPPORTED")
        .await;
    assert!(
        message.contains("`V2_5` is a level of `/Channel/Application`"),
        "{message}"
    );
    world
        .refused(&org1, get_capabilities().and("x"), "BAD_JSON")
        .await;
}

#[tokio::test]
async fn the_table_says_what_is_required_proposed_attested_and_supported() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = declaring(&["V2_0"], &["V2_0"]).await;
    world
        .propose(&org1, "raise", &levels("Application", &["V2_0", "V2_5"]))
        .await;
    world
        .propose(&org2, "again", &levels("Application", &["V2_5"]))
        .await;
    world.propose(&org2, "other", &timeout("9s")).await;
    world
        .attest("Org2MSP", &json!({"application": ["V2_5"]}))
        .await;
    assert_eq!(
        world.level("application", "V2_5").await,
        json!({
            "attested_by": ["Org2MSP"], "lacking": ["Org1MSP"], "level": "V2_5",
            "proposed_by": ["raise", "again"], "required": false, "supported": true
        })
    );
    assert_eq!(
        world.level("application", "V2_0").await,
        json!({
            "attested_by": [], "lacking": ["Org1MSP", "Org2MSP"], "level": "V2_0",
            "proposed_by": [], "required": true, "supported": true
        })
    );
    assert_eq!(world.level("application", "V9_9").await, Value::Null);
    // orderer organisations are asked, too, although none is a member
    assert_eq!(world.level("orderer", "V2_0").await["required"], true);
    assert_eq!(
        world.level("orderer", "V2_0").await["lacking"],
        json!(["OrdererMSP"])
    );
    assert_eq!(
        world.level("channel", "V2_0").await["lacking"],
        json!(["OrdererMSP", "Org1MSP", "Org2MSP"])
    );
    assert_eq!(world.level("channel", "V9_9").await, Value::Null);
    let table = world.ok(&org1, get_capabilities()).await;
    assert_eq!(table["gate"], "advisory");
    assert_eq!(table["contract"], json!(["V1_0"]));
    assert_eq!(table["unsupported"], json!([]));
    // what is withdrawn is proposed no more
    world.ok(&org2, withdraw_proposal("again")).await;
    assert_eq!(
        world.level("application", "V2_5").await["proposed_by"],
        json!(["raise"])
    );
}

#[tokio::test]
async fn orderers_that_are_members_are_concerned_by_orderer_levels() {
    // the orderer organisation becomes a member
    let genesis = checkpoint(&first_config(), |config| {
        let root = config.channel_group.as_mut().unwrap();
        let org = root.groups["Orderer"].groups["OrdererOrg"].clone();
        let application = root.groups.get_mut("Application").unwrap();
        let mut org = org;
        org.values.remove("Endpoints");
        application.groups.insert("OrdererOrg".to_owned(), org);
    });
    let (mut world, _) = founded_on(&genesis).await;
    let lacking = |row: Value| row["lacking"].clone();
    let all = json!(["OrdererMSP", "Org1MSP", "Org2MSP"]);
    assert_eq!(
        lacking(world.level("orderer", "V2_0").await),
        json!(["OrdererMSP"])
    );
    assert_eq!(lacking(world.level("channel", "V2_0").await), all);
    assert_eq!(lacking(world.level("application", "V2_0").await), all);
}

#[tokio::test]
async fn a_gate_in_force_holds_back_what_is_not_attested() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = declaring(&["V2_0"], &["V2_0"]).await;
    world
        .propose(&org1, "raise", &levels("Application", &["V2_5"]))
        .await;
    world
        .attest("Org1MSP", &json!({"application": ["V2_5"]}))
        .await;
    world.set_gate(GateMode::Enforced);
    // signatures come first
    world.sign(&org1, "raise").await;
    let shown = world.proposal("raise").await;
    assert_eq!(shown["status"], "WaitingForSignatures");
    let unattested = json!([{"lacking": ["Org2MSP"], "level": "V2_5", "scope": "application"}]);
    assert_eq!(shown["status_detail"]["unattested"], unattested);
    world.sign(&org2, "raise").await;
    let shown = world.proposal("raise").await;
    assert_eq!(shown["status"], "WaitingForCapabilities");
    assert_eq!(shown["status_detail"]["unattested"], unattested);
    assert_eq!(shown["config_update_envelope_to_submit"], Value::Null);
    // an agreement between members, which stops nobody
    assert_eq!(shown["still_effective_if_submitted"], json!([1]));
    let filter = r#"{"status":"WaitingForCapabilities"}"#;
    let listed = world.ok(&org1, list_proposals().options(filter)).await;
    assert_eq!(listed["proposals"][0]["proposal_id"], "raise");
    // votes are still taken
    world.ok(&org2, reject_proposal("raise", "hm")).await;
    assert_eq!(world.status("raise").await, "WaitingForCapabilities");
    // the advisory gate warns only
    world.set_gate(GateMode::Advisory);
    let shown = world.proposal("raise").await;
    assert_eq!(shown["status"], "ReadyToSubmit");
    assert_eq!(shown["status_detail"]["unattested"], unattested);
    // another level is not this one
    world.set_gate(GateMode::Enforced);
    world
        .attest(
            "Org2MSP",
            &json!({"application": ["V2_0"], "channel": ["V2_0"]}),
        )
        .await;
    assert_eq!(world.status("raise").await, "WaitingForCapabilities");
    world
        .attest("Org2MSP", &json!({"application": ["V2_5"]}))
        .await;
    let shown = world.proposal("raise").await;
    assert_eq!(shown["status"], "ReadyToSubmit");
    assert_eq!(shown["status_detail"]["unattested"], json!([]));
    world.take_effect("raise").await;
    assert_eq!(world.level("application", "V2_5").await["required"], true);
}

#[tokio::test]
async fn expiry_comes_before_the_gate() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = declaring(&["V2_0"], &["V2_0"]).await;
    let patch = json!({ "channel_group": levels("Application", &["V2_5"]) }).to_string();
    let deadline = r#"{"deadline":"2026-11-18T11:06:49Z"}"#;
    let call = propose_config_update("raise", &patch).options(deadline);
    world.ok(&org1, call).await;
    world.set_gate(GateMode::Enforced);
    for who in [&org1, &org2] {
        world.sign(who, "raise").await;
    }
    assert_eq!(world.status("raise").await, "WaitingForCapabilities");
    assert_eq!(world.status_in(1000, "raise").await, "Expired");
    // a proposal that raises nothing passes the gate
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    for who in [&org1, &org2] {
        world.sign(who, "add_orgx").await;
    }
    assert_eq!(world.status("add_orgx").await, "ReadyToSubmit");
}

#[tokio::test]
async fn attestations_of_who_left_do_not_count() {
    let org1 = person("Org1MSP");
    let (mut world, anchors) = founded().await;
    world.attest("Org2MSP", &json!({"channel": ["V3_0"]})).await;
    let row = world.level("channel", "V3_0").await;
    assert_eq!(row["attested_by"], json!(["Org2MSP"]));
    let leave = checkpoint(&first_config(), |config| {
        config.sequence = 5;
        let root = config.channel_group.as_mut().unwrap();
        let application = root.groups.get_mut("Application").unwrap();
        application.groups.retain(|name, _| !name.contains("Org2"));
    });
    let back = checkpoint(&first_config(), |config| config.sequence = 9);
    for (block, concerned) in [
        (&leave, json!(["OrdererMSP", "Org1MSP"])),
        (&back, json!(["OrdererMSP", "Org1MSP", "Org2MSP"])),
    ] {
        world.recover(&anchors, block).await;
        let table = world.ok(&org1, get_capabilities()).await;
        assert_eq!(table["attestations"], json!([]));
        let row = world.level("channel", "V3_0").await;
        assert_eq!(row["attested_by"], json!([]));
        assert_eq!(row["lacking"], concerned);
    }
    world.attest("Org2MSP", &json!({"channel": ["V3_0"]})).await;
    let row = world.level("channel", "V3_0").await;
    assert_eq!(row["attested_by"], json!(["Org2MSP"]));
}

#[tokio::test]
async fn levels_are_raised_in_order_and_only_known_ones() {
    let org1 = person("Org1MSP");
    let mut world = declaring(&["V1_4_2"], &["V1_4_2"]).await;
    let patch = |group: &Value| json!({ "channel_group": group }).to_string();
    for (change, symbol, named) in [
        (levels("Application", &["V2_5"]), "CAPABILITY_ORDER", "V2_0"),
        (levels("Channel", &["V3_0"]), "CAPABILITY_ORDER", "V2_0"),
        (
            levels("Application", &["V9_0"]),
            "CAPABILITY_UNSUPPORTED",
            "V9_0",
        ),
        (
            levels("Channel", &["V9_0"]),
            "CAPABILITY_UNSUPPORTED",
            "V9_0",
        ),
        (
            levels("Orderer", &["V9_0"]),
            "CAPABILITY_UNSUPPORTED",
            "V9_0",
        ),
    ] {
        let patch = patch(&change);
        let call = propose_config_update("raise", &patch);
        let message = world.refused(&org1, call, symbol).await;
        assert!(message.contains(named), "{message}");
    }
    // lower ones, and both at once
    world
        .propose(&org1, "lower", &levels("Application", &["V1_3"]))
        .await;
    let both = json!({"groups": {
        "Application": levels("Application", &["V2_5"])["groups"]["Application"],
        "Orderer": levels("Orderer", &["V2_0"])["groups"]["Orderer"],
    }});
    world.propose(&org1, "both", &both).await;
    // also given as bytes
    let update = base64(&world.update_to_sign("both").await);
    world.ok(&org1, delete_proposal("both")).await;
    world
        .ok(&org1, propose_config_update("bytes", &update))
        .await;
}
