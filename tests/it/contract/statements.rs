//! What orderer organisations say of their nodes, signed by their admins and carried by members.

use cmscc::{
    config::{ConfigSignature, envelope},
    contract::Contract,
    ids::ChannelId,
    proto::cmscc::AttestationStatement,
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    blocks::checkpoint,
    calls::{
        add_attestation, add_signature, attest_capabilities, get_capabilities, list_proposals,
        prepare_attestation,
    },
    capabilities::{first_config, levels},
    people::{Person, base64, person, user},
    world::{World, founded, founded_on, state_key, update_envelope},
};

const LEVELS: &str = r#"{"channel":["V3_0"],"orderer":["V2_0"]}"#;

impl World<Contract> {
    /// What the orderer organisation of the captures says, signed by its admin.
    pub(crate) async fn statement(&mut self, levels: &str) -> String {
        let call = prepare_attestation("OrdererMSP", levels);
        let prepared = self.ok(&person("Org1MSP"), call).await;
        signed_by(&prepared, &[&person("OrdererMSP")])
    }
}

/// The envelope that the given people signed, as `peer channel signconfigtx` writes it.
fn signed_by(prepared: &Value, people: &[&Person]) -> String {
    let unsigned = prepared["config_update_to_sign"].as_str().unwrap();
    let update = update_of(unsigned);
    envelope_of(&update, people)
}

fn update_of(unsigned: &str) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let envelope = STANDARD.decode(unsigned).unwrap();
    update_envelope(&envelope).config_update.to_vec()
}

/// An update in an envelope, signed by some people.
pub(crate) fn envelope_of(update: &[u8], people: &[&Person]) -> String {
    let signatures: Vec<ConfigSignature> = (people.iter())
        .map(|one| one.config_signature(update).into())
        .collect();
    let channel = ChannelId::new("mychannel");
    base64(&envelope::update_envelope(&channel, update, &signatures))
}

/// The update with another statement in it.
fn altered(update: &[u8], change: impl FnOnce(&mut AttestationStatement)) -> Vec<u8> {
    let mut update = cmscc::proto::common::ConfigUpdate::decode(update).unwrap();
    let bytes = update.isolated_data.get_mut("cmscc.attestation").unwrap();
    let mut statement = AttestationStatement::decode(bytes.clone()).unwrap();
    change(&mut statement);
    *bytes = statement.encode_to_vec().into();
    update.encode_to_vec()
}

async fn lacking(world: &mut World<Contract>, scope: &str, level: &str) -> Value {
    let table = world.ok(&person("Org1MSP"), get_capabilities()).await;
    let rows = table[scope].as_array().unwrap();
    let row = rows.iter().find(|row| row["level"] == level).unwrap();
    row["lacking"].clone()
}

#[tokio::test]
async fn the_word_of_an_orderer_organisation_is_carried_by_anybody() {
    let (mut world, _) = founded().await;
    let (org2, orderer) = (person("Org2MSP"), person("OrdererMSP"));
    let everybody = json!(["OrdererMSP", "Org1MSP", "Org2MSP"]);
    assert_eq!(lacking(&mut world, "channel", "V3_0").await, everybody);
    // the orderer's own admin is nobody's member
    let own = attest_capabilities(LEVELS);
    world.refused(&orderer, own, "NOT_MEMBER").await;

    let prepared = world
        .ok(&org2, prepare_attestation("OrdererMSP", LEVELS))
        .await;
    assert_eq!(
        (
            &prepared["number"],
            &prepared["since"],
            &prepared["current"]
        ),
        (&json!(1), &json!(0), &Value::Null)
    );
    let envelope = signed_by(&prepared, &[&orderer]);
    let call = world.invocation(&user("Org2MSP", "User1"), add_attestation(&envelope));
    let (response, set) = world.submit(&call).await;
    assert!(response.is_success(), "{}", response.message);
    let key = state_key(&["member", "attested", "Orderer", "OrdererMSP"]);
    assert_eq!(set.writes.keys().collect::<Vec<_>>(), [&key]);
    assert_eq!(set.event.unwrap().name, "CapabilitiesAttestedEvent");
    let answer: Value = serde_json::from_slice(&response.payload).unwrap();
    assert_eq!(
        answer["attestation"],
        json!({
            "application": [], "channel": ["V3_0"], "msp_id": "OrdererMSP",
            "orderer": ["V2_0"], "sequence": 0, "server": false
        })
    );
    let members = json!(["Org1MSP", "Org2MSP"]);
    assert_eq!(lacking(&mut world, "channel", "V3_0").await, members);
    assert_eq!(lacking(&mut world, "orderer", "V2_0").await, json!([]));

    // it is good for once; what is absent from the next one stays
    let again = add_attestation(&envelope);
    world.refused(&org2, again, "WRONG_NUMBER").await;
    let next = prepare_attestation("OrdererMSP", r#"{"channel":[]}"#);
    let prepared = world.ok(&org2, next).await;
    assert_eq!(
        (
            &prepared["number"],
            &prepared["channel"],
            &prepared["orderer"]
        ),
        (&json!(2), &json!([]), &json!(["V2_0"]))
    );
    assert_eq!(prepared["current"], answer["attestation"]);
    let envelope = signed_by(&prepared, &[&orderer]);
    world.ok(&org2, add_attestation(&envelope)).await;
    assert_eq!(lacking(&mut world, "channel", "V3_0").await, everybody);
}

#[tokio::test]
async fn a_raise_waits_for_orderer_organisations_too() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world
        .propose(&org1, "raise", &levels("Channel", &["V3_0"]))
        .await;
    for msp_id in ["Org1MSP", "Org2MSP"] {
        world.attest(msp_id, &json!({"channel": ["V3_0"]})).await;
    }
    let detail = world.proposal("raise").await["status_detail"].clone();
    assert_eq!(
        detail["unattested"],
        json!([{"lacking": ["OrdererMSP"], "level": "V3_0", "scope": "channel"}])
    );
    let listed = world.ok(&org1, list_proposals()).await;
    assert_eq!(listed["proposals"][0]["to_attest"], json!(["OrdererMSP"]));
    let envelope = world.statement(LEVELS).await;
    world.ok(&org2, add_attestation(&envelope)).await;
    let listed = world.ok(&org1, list_proposals()).await;
    assert_eq!(listed["proposals"][0]["to_attest"], json!([]));
    let detail = world.proposal("raise").await["status_detail"].clone();
    assert_eq!(detail["unattested"], json!([]));
}

#[tokio::test]
async fn only_what_admins_of_the_organisation_signed_is_taken() {
    let (mut world, _) = founded().await;
    let (org1, orderer) = (person("Org1MSP"), person("OrdererMSP"));
    for (msp_id, given, symbol) in [
        ("Org1MSP", LEVELS, "NOT_ORDERER"),
        ("NobodyMSP", LEVELS, "NOT_ORDERER"),
        ("OrdererMSP", "{}", "NOTHING_TO_CHANGE"),
        ("OrdererMSP", r#"{"server":true}"#, "BAD_OPTION"),
        (
            "OrdererMSP",
            r#"{"channel":["Vx"]}"#,
            "CAPABILITY_UNSUPPORTED",
        ),
    ] {
        let call = prepare_attestation(msp_id, given);
        world.refused(&org1, call, symbol).await;
    }
    let prepared = world
        .ok(&org1, prepare_attestation("OrdererMSP", LEVELS))
        .await;
    let update = update_of(prepared["config_update_to_sign"].as_str().unwrap());
    for (envelope, symbol, said) in [
        (
            signed_by(&prepared, &[]),
            "NOT_ADMIN",
            "carries no signature",
        ),
        (signed_by(&prepared, &[&org1]), "NOT_ADMIN", "of `Org1MSP`"),
        (
            // a good signature on other bytes
            {
                let other = altered(&update, |it| it.orderer.clear());
                let signature = orderer.config_signature(&update).into();
                let channel = ChannelId::new("mychannel");
                base64(&envelope::update_envelope(&channel, &other, &[signature]))
            },
            "NOT_ADMIN",
            "signature 0",
        ),
    ] {
        let message = world
            .refused(&org1, add_attestation(&envelope), symbol)
            .await;
        assert!(message.contains(said), "{message}");
    }
    type Change = fn(&mut AttestationStatement);
    let changes: [(Change, &str); 7] = [
        (|it| it.instance.push('x'), "WRONG_BYTES"),
        (|it| it.msp_id = "Org1MSP".to_owned(), "NOT_ORDERER"),
        (|it| it.since = 1, "WRONG_NUMBER"),
        (|it| it.number = 2, "WRONG_NUMBER"),
        (|it| it.number = 0, "WRONG_NUMBER"),
        (
            |it| it.orderer.push("V9_9".to_owned()),
            "CAPABILITY_UNSUPPORTED",
        ),
        (|it| it.orderer.push("V1_1".to_owned()), "WRONG_BYTES"),
    ];
    for (change, symbol) in changes {
        let envelope = envelope_of(&altered(&update, change), &[&orderer]);
        world
            .refused(&org1, add_attestation(&envelope), symbol)
            .await;
    }
    // bytes beside the statement, and a statement of another channel
    let beside = [&update[..], &[0xf8, 0x07, 1]].concat();
    let mut elsewhere = cmscc::proto::common::ConfigUpdate::decode(&update[..]).unwrap();
    elsewhere.channel_id = "other".to_owned();
    for update in [beside, elsewhere.encode_to_vec()] {
        let envelope = envelope_of(&update, &[&orderer]);
        world
            .refused(&org1, add_attestation(&envelope), "WRONG_BYTES")
            .await;
    }
    // what is no statement at all
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let proposed = world.update_to_sign("add_orgx").await;
    for (given, symbol) in [
        (envelope_of(&proposed, &[&orderer]), "WRONG_BYTES"),
        (base64(b"\xff\xff"), "BAD_PROTOBUF"),
        ("%".to_owned(), "BAD_BASE64"),
    ] {
        world.refused(&org1, add_attestation(&given), symbol).await;
    }
    // a statement is no signature on anything
    let signature = orderer.signed(&update);
    world
        .refused(
            &org1,
            add_signature("add_orgx", &signature),
            "SIGNATURE_INVALID",
        )
        .await;
}

#[tokio::test]
async fn a_statement_ends_with_the_place_that_it_was_made_for() {
    let org1 = person("Org1MSP");
    let (mut world, anchors) = founded().await;
    let orderer = person("OrdererMSP");
    let envelope = world.statement(LEVELS).await;
    world.ok(&org1, add_attestation(&envelope)).await;
    let kept = world.statement(LEVELS).await;
    // another organisation runs the orderers for a while
    let renamed = checkpoint(&first_config(), |config| {
        config.sequence = 5;
        let root = config.channel_group.as_mut().unwrap();
        let application = root.groups["Application"].groups.clone();
        let (_, org) = application.iter().next().unwrap();
        let mut org = org.clone();
        let section = root.groups.get_mut("Orderer").unwrap();
        let (name, old) = section.groups.pop_first().unwrap();
        org.values
            .extend(old.values.into_iter().filter(|(key, _)| key == "Endpoints"));
        org.values.remove("AnchorPeers");
        section.groups.insert(name, org);
    });
    world.recover(&anchors, &renamed).await;
    let table = world.ok(&org1, get_capabilities()).await;
    assert_eq!(table["attestations"], json!([]));
    world
        .refused(&org1, add_attestation(&kept), "NOT_ORDERER")
        .await;
    let back = checkpoint(&first_config(), |config| config.sequence = 9);
    world.recover(&anchors, &back).await;
    let table = world.ok(&org1, get_capabilities()).await;
    assert_eq!(table["attestations"], json!([]));
    for old in [&envelope, &kept] {
        world
            .refused(&org1, add_attestation(old), "WRONG_NUMBER")
            .await;
    }
    let call = prepare_attestation("OrdererMSP", LEVELS);
    let prepared = world.ok(&org1, call).await;
    assert_eq!(
        (&prepared["number"], &prepared["since"]),
        (&json!(1), &json!(9))
    );
    let envelope = signed_by(&prepared, &[&orderer]);
    world.ok(&org1, add_attestation(&envelope)).await;
}

#[tokio::test]
async fn who_is_a_member_too_attests_as_one() {
    let genesis = checkpoint(&first_config(), |config| {
        let root = config.channel_group.as_mut().unwrap();
        let mut org = root.groups["Orderer"].groups["OrdererOrg"].clone();
        org.values.remove("Endpoints");
        let application = root.groups.get_mut("Application").unwrap();
        application.groups.insert("OrdererOrg".to_owned(), org);
    });
    let (mut world, _) = founded_on(&genesis).await;
    let orderer = person("OrdererMSP");
    let call = prepare_attestation("OrdererMSP", LEVELS);
    let message = world.refused(&orderer, call, "NOT_ORDERER").await;
    assert!(message.contains("`AttestCapabilities`"), "{message}");
    world.ok(&orderer, attest_capabilities(LEVELS)).await;
    assert_eq!(lacking(&mut world, "orderer", "V2_0").await, json!([]));
}

/// An envelope with a statement that says nothing.
pub(crate) fn empty_statement() -> String {
    let update = cmscc::proto::common::ConfigUpdate {
        isolated_data: [("cmscc.attestation".to_owned(), Default::default())].into(),
        ..Default::default()
    };
    envelope_of(&update.encode_to_vec(), &[])
}
