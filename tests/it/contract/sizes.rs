//! No answer is longer than a stock client receives, whatever members put into the config and into
//! proposals.

use std::collections::BTreeSet;

use cmscc::{
    contract::Contract,
    ids::Digest,
    proto::{
        cmscc::{Archive, ArchivedRevision, ChainEntry, Outcome, Proposal},
        common, write,
    },
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    blocks::checkpoint,
    calls::{
        Call, get_capabilities, get_config_chain, get_history, get_proposal, get_settings,
        list_proposals, propose_config_update, raw, update_proposals,
    },
    captures::CAPTURES,
    patches::{nested, timeout},
    people::person,
    world::{World, founded_on, state_key},
};

/// Below this answers stay of which nothing was asked for whole. Unit: bytes.
const ANSWER: usize = 4_000_000;
/// Below this all others stay. Unit: bytes.
const WHOLE_ANSWER: usize = 40_000_000;

/// The genesis block with another Application group.
pub(super) async fn world_with(alter: impl FnOnce(&mut common::ConfigGroup)) -> World<Contract> {
    let (first, _) = founded_on(&CAPTURES[0].genesis()).await;
    let block = checkpoint(&first.config(), |config| {
        let root = config.channel_group.as_mut().unwrap();
        alter(root.groups.get_mut("Application").unwrap());
    });
    founded_on(&block).await.0
}

/// The group of Org2 as that of another organisation, whose id has as many characters.
fn copied(org2: &common::ConfigGroup, msp_id: &str) -> common::ConfigGroup {
    let mut bytes = org2.encode_to_vec();
    let old = b"Org2MSP";
    assert_eq!(old.len(), msp_id.len());
    for at in 0..bytes.len().saturating_sub(old.len()) {
        if bytes[at..].starts_with(old) {
            bytes[at..at + old.len()].copy_from_slice(msp_id.as_bytes());
        }
    }
    common::ConfigGroup::decode(&bytes[..]).unwrap()
}

/// Organisations beside the two of the capture, by MSP id.
pub(super) fn many(application: &mut common::ConfigGroup, count: usize) {
    let org2 = application.groups["Org2MSP"].clone();
    for number in 0..count {
        let id = format!("M{number:06}");
        application.groups.insert(id.clone(), copied(&org2, &id));
    }
}

fn set_admins(application: &mut common::ConfigGroup, msp_id: &str, rule: Vec<u8>) {
    let group = application.groups.get_mut(msp_id).unwrap();
    let admins = group.policies.get_mut("Admins").unwrap();
    admins.policy.as_mut().unwrap().value = rule.into();
}

/// A rule of so many of so many named admins.
fn named(msp_id: &str, needed: u8, admins: usize) -> Vec<u8> {
    let (mut out_of, mut principals) = (vec![0x08, needed], Vec::new());
    for number in 0..admins {
        let signed_by = u32::try_from(number).unwrap();
        let mut rule = vec![0x08];
        prost::encoding::encode_varint(u64::from(signed_by), &mut rule);
        write::message(&mut out_of, 2, &rule);
        let mut identity = Vec::new();
        write::bytes(&mut identity, 1, msp_id.as_bytes());
        write::bytes(
            &mut identity,
            2,
            format!("admin number {number}").as_bytes(),
        );
        let mut principal = vec![0x08, 2];
        write::message(&mut principal, 2, &identity);
        principals.push(principal);
    }
    let (mut policy, mut rule) = (Vec::new(), Vec::new());
    write::message(&mut rule, 2, &out_of);
    write::message(&mut policy, 2, &rule);
    for principal in principals {
        write::message(&mut policy, 3, &principal);
    }
    policy
}

/// A call that must succeed, with an answer of fewer than so many bytes.
async fn within(world: &mut World<Contract>, call: impl Into<Call>, most: usize) -> Value {
    let invocation = world.invocation(&person("Org1MSP"), call);
    let function = String::from_utf8_lossy(&invocation.args[0]).into_owned();
    let (response, _) = world.submit(&invocation).await;
    assert!(response.is_success(), "{function}: {}", response.message);
    let bytes = response.payload.len();
    assert!(bytes < most, "{function}: {bytes} bytes");
    let answer: Value = serde_json::from_slice(&response.payload).unwrap();
    assert!(response.payload == answer.to_string(), "{function}");
    super::metadata::check_answer(&function, &answer).await;
    answer
}

/// A proposal as it is shown, and the same with everything whole.
async fn both(world: &mut World<Contract>, id: &str) -> (Value, Value) {
    let usual = within(world, get_proposal(id), ANSWER).await;
    let all = get_proposal(id).options(r#"{"whole":["all"]}"#);
    let whole = within(world, all, WHOLE_ANSWER).await;
    for shown in [&usual, &whole] {
        assert_eq!(shown["status"], usual["status"]);
        assert!(shown["config_update_to_sign"].is_string() || shown["status"] == "ReadyToSubmit");
    }
    (usual, whole)
}

/// What every other answer comes to.
async fn others(world: &mut World<Contract>) {
    for call in [
        list_proposals().options(r#"{"page_size":200,"conflicts":true}"#),
        get_capabilities(),
        get_config_chain(),
        get_settings(),
        raw(["org.hyperledger.fabric:GetMetadata"]),
    ] {
        within(world, call, ANSWER).await;
    }
    let whole = get_capabilities().options(r#"{"whole":["all"]}"#);
    within(world, whole, WHOLE_ANSWER).await;
}

fn omitted(shown: &Value) -> BTreeSet<&str> {
    let members = shown["omitted"].as_object().unwrap();
    members.keys().map(String::as_str).collect()
}

/// The policies below the first node of an explanation, by path.
fn below(explained: &Value) -> Vec<&str> {
    let nodes = explained["explanation"]["policy"]["policies"].as_array();
    let paths = nodes.unwrap().iter().map(|node| node["path"].as_str());
    paths.map(Option::unwrap).collect()
}

/// A value of an organisation of about so many bytes, in its own group.
fn large(org: &str, bytes: usize) -> Value {
    let peer = json!({"host": "h".repeat(bytes), "port": 7051});
    json!({"groups": {"Application": {"groups": {org: {"values": {
        "AnchorPeers": {"mod_policy": "Admins", "value": {"anchor_peers": [peer]}}}}}}}})
}

/// So many organisations, of which the first has nested rules and the second a crowd of admins.
async fn crowded(count: usize) -> World<Contract> {
    world_with(|application| {
        many(application, count);
        set_admins(application, "M000000", nested("M000000", 1_500));
        set_admins(application, "M000001", named("M000001", 1, 5_000));
    })
    .await
}

/// A new policy in each of some organisations' groups, which their admins decide about.
fn everywhere<'a>(orgs: impl Iterator<Item = &'a str>) -> Value {
    let group = json!({"policies": {"Extra": super::patches::of_admins("ANY")}});
    let groups = orgs.map(|org| (org.to_owned(), group.clone()));
    let groups: serde_json::Map<String, Value> = groups.collect();
    json!({"groups": {"Application": {"groups": groups}}})
}

#[tokio::test]
async fn nested_rules_and_crowds_of_admins_hide_nobody() {
    let mut world = crowded(3).await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    world
        .propose(
            &org1,
            "rule",
            &super::patches::policy("Application", "Own", &super::patches::of_admins("ANY")),
        )
        .await;
    world.sign(&org1, "rule").await;
    let (usual, whole) = both(&mut world, "rule").await;
    let missing = json!(["M000000", "M000001", "M000002", "Org2MSP"]);
    assert_eq!(usual["status_detail"]["missing"], missing);
    assert!(usual["explanation"].to_string().len() < 600_000);
    assert_eq!(omitted(&usual), BTreeSet::from(["explanation"]));
    for shown in [&usual, &whole] {
        let explained = &shown["explanation"][0];
        let orgs = ["M000000", "M000001", "M000002", "Org1MSP", "Org2MSP"];
        let paths = orgs.map(|org| format!("/Channel/Application/{org}/Admins"));
        assert_eq!(below(explained), paths);
        let last = &explained["explanation"]["policy"]["policies"][4];
        assert_eq!(last["policies"].as_array().unwrap().len(), 1, "{last}");
    }
    let count = |shown: &Value| shown["explanation"].to_string().len();
    assert!(count(&whole) > count(&usual));
    world.sign(&org2, "rule").await;
    // the crowd decides about its own group alone
    world
        .propose(&org1, "crowd", &everywhere(["M000001"].into_iter()))
        .await;
    let (usual, _) = both(&mut world, "crowd").await;
    assert_eq!(usual["status_detail"]["missing"], json!(["M000001"]));
    others(&mut world).await;
}

#[tokio::test]
async fn an_update_of_a_megabyte_is_handed_out_to_sign_and_to_submit() {
    let mut world = world_with(|_| {}).await;
    let org1 = person("Org1MSP");
    world
        .propose(&org1, "large", &large("Org1MSP", 1_000_000))
        .await;
    let (usual, whole) = both(&mut world, "large").await;
    assert!(usual["config_update_to_sign"].as_str().unwrap().len() > 1_300_000);
    assert_eq!(usual["config_update"], Value::Null);
    assert_eq!(omitted(&usual), BTreeSet::from(["config_update", "patch"]));
    assert!(usual["omitted"]["patch"].as_u64().unwrap() > 1_000_000);
    assert_eq!(whole["omitted"], json!({}));
    assert!(whole["config_update"].to_string().len() > 1_000_000);
    let one = get_proposal("large").options(r#"{"whole":["patch"]}"#);
    let one = within(&mut world, one, WHOLE_ANSWER).await;
    assert_eq!(omitted(&one), BTreeSet::from(["config_update"]));
    world.sign(&org1, "large").await;
    let (usual, _) = both(&mut world, "large").await;
    for member in ["config_update_to_sign", "config_update_envelope_to_submit"] {
        assert!(
            usual[member].as_str().unwrap().len() > 1_300_000,
            "{member}"
        );
    }
    others(&mut world).await;
}

#[tokio::test]
async fn a_thousand_organisations_fit_into_answers() {
    let mut world = crowded(1_000).await;
    let org1 = person("Org1MSP");
    let names = (0..1_000).map(|number| format!("M{number:06}"));
    let mut orgs: Vec<String> = names.collect();
    orgs.extend(["Org1MSP", "Org2MSP"].map(str::to_owned));
    // one policy that all count for, and a thousand policies that decide
    world
        .propose(
            &org1,
            "rule",
            &super::patches::policy("Application", "Own", &super::patches::of_admins("ANY")),
        )
        .await;
    let each = everywhere(orgs.iter().map(String::as_str));
    world.propose(&org1, "each", &each).await;
    for id in ["rule", "each"] {
        world.sign(&org1, id).await;
        let (usual, whole) = both(&mut world, id).await;
        let missing = usual["status_detail"]["missing"].as_array().unwrap();
        assert_eq!(missing.len(), 1_001, "{id}");
        assert!(
            usual["omitted"]["explanation"].as_u64().unwrap() > 0,
            "{id}"
        );
        assert!(whole["explanation"].to_string().len() > usual["explanation"].to_string().len());
    }
    others(&mut world).await;
}

#[tokio::test]
async fn attestations_of_later_builds_do_not_blow_up_the_table() {
    let mut world = world_with(|application| many(application, 300)).await;
    let member = |number: usize| {
        state_key(&[
            "member",
            "attested",
            "Application",
            &format!("M{number:06}"),
        ])
    };
    for number in 0..300 {
        let names = |scope: char| (0..64).map(move |n| format!("{scope}{number:030}_{n:030}"));
        let attestation = cmscc::proto::cmscc::Attestation {
            channel: names('C').collect(),
            orderer: names('O').collect(),
            application: names('A').collect(),
            server: true,
            sequence: Some(0),
        };
        let value = cmscc::proto::cmscc::Member {
            sequence: Some(0),
            attestation: Some(attestation),
            statements: 0,
        };
        world.put(member(number), value.encode_to_vec());
    }
    let table = within(&mut world, get_capabilities(), ANSWER).await;
    assert!(table["omitted"]["attestations"].as_u64().unwrap() > 100);
    // what nobody here knows has no row
    for scope in ["application", "channel", "orderer"] {
        let rows = table[scope].as_array().unwrap();
        assert!(rows.iter().all(|row| row["supported"] == true), "{scope}");
    }
    let whole = get_capabilities().options(r#"{"whole":["all"]}"#);
    within(&mut world, whole, WHOLE_ANSWER).await;
}

#[tokio::test]
async fn a_long_chain_comes_in_pages() {
    let mut world = world_with(|_| {}).await;
    let key = |sequence: u64| state_key(&["config", "seq", &format!("{sequence:020}")]);
    let (entry, head) = (key(0), state_key(&["config", "head"]));
    let entry = ChainEntry::decode(world.ledger.get(&entry).unwrap().value.clone()).unwrap();
    for sequence in 1..2_500 {
        world.put(key(sequence), entry.encode_to_vec());
    }
    let stored = world.ledger.get(&head).unwrap().value.clone();
    let mut moved = cmscc::proto::cmscc::Head::decode(stored).unwrap();
    moved.sequence = 2_499;
    world.put(head, moved.encode_to_vec());
    // the config's own sequence must be the head's
    let mut config = common::Config::decode(world.config()).unwrap();
    config.sequence = 2_499;
    let config = config.encode_to_vec();
    moved.config_sha256 = Digest::of(&config).as_bytes().to_vec().into();
    world.put(state_key(&["config", "head"]), moved.encode_to_vec());
    world.put(state_key(&["config", "body"]), config);
    let (mut from, mut found) = (Some(0), Vec::new());
    while let Some(next) = from {
        let page = get_config_chain().options(json!({ "from": next }).to_string());
        let page = within(&mut world, page, ANSWER).await;
        let links = page["chain"].as_array().unwrap();
        assert!(links.len() <= 1_000);
        found.extend(links.iter().map(|link| link["sequence"].as_u64().unwrap()));
        from = page["next"].as_u64();
    }
    assert_eq!(found, (0..2_500).collect::<Vec<u64>>());
}

/// As long as a description may be, of characters that take six bytes each in JSON.
fn longest() -> String {
    "\u{1}".repeat(4_096)
}

/// Archived proposals of Org1, whose revisions nobody else has.
fn archive(world: &mut World<Contract>, count: usize, revisions: usize) {
    for number in 0..count {
        let id = format!("id-{number:03}");
        let revisions = (1..=revisions).map(|revision| ArchivedRevision {
            revision: revision.try_into().unwrap(),
            config_update_sha256: Digest::of(format!("{id} {revision}").as_bytes())
                .as_bytes()
                .to_vec()
                .into(),
            base_sequence: 0,
        });
        let archive = Archive {
            outcome: Outcome::Withdrawn.into(),
            description: longest(),
            revisions: revisions.collect(),
            ..Archive::default()
        };
        let key = state_key(&["archive", "Org1MSP", &id]);
        world.put(key, archive.encode_to_vec());
    }
}

#[tokio::test]
async fn descriptions_do_not_blow_up_pages() {
    let mut world = world_with(|_| {}).await;
    archive(&mut world, 200, 1);
    let all = get_history().options(r#"{"page_size":200}"#);
    let page = within(&mut world, all, ANSWER).await;
    assert_eq!(page["history"].as_array().unwrap().len(), 200);
    let cut = |one: &Value| {
        let text = one["description"].as_str().unwrap();
        assert!(text.starts_with("\u{1}\u{1}"), "{text}");
        text.ends_with(" bytes more)")
    };
    assert!(page["history"].as_array().unwrap().iter().all(cut));
    // a usual page has room for them
    let page = within(&mut world, get_history(), ANSWER).await;
    assert!(!page["history"].as_array().unwrap().iter().any(cut));

    let org1 = person("Org1MSP");
    let call = propose_config_update(
        "id-000",
        &json!({"channel_group": timeout("9s")}).to_string(),
    )
    .described(&longest());
    world.ok(&org1, call).await;
    let (body, record) = (["proposal", "id-000"], ["open", "Org1MSP", "id-000"]);
    let stored = |world: &World<Contract>, key: &[&str]| {
        world.ledger.get(&state_key(key)).unwrap().value.clone()
    };
    let record = stored(&world, &record);
    let mut proposal = Proposal::decode(stored(&world, &body)).unwrap();
    for number in 1..200 {
        let id = format!("id-{number:03}");
        proposal.id.clone_from(&id);
        world.put(state_key(&["proposal", &id]), proposal.encode_to_vec());
        world.put(state_key(&["open", "Org1MSP", &id]), record.to_vec());
    }
    let all = list_proposals().options(r#"{"page_size":200,"conflicts":true}"#);
    let page = within(&mut world, all, ANSWER).await;
    let listed = page["proposals"].as_array().unwrap();
    assert_eq!(listed.len(), 200);
    assert!(listed.iter().all(cut));
    let page = within(&mut world, list_proposals(), ANSWER).await;
    assert!(!page["proposals"].as_array().unwrap().iter().any(cut));
}

#[tokio::test]
async fn a_page_of_history_looks_for_a_bounded_number_of_revisions() {
    let mut world = world_with(|_| {}).await;
    archive(&mut world, 200, 16);
    let (mut bookmark, mut seen) = (String::new(), Vec::new());
    loop {
        let options = json!({"page_size": 200, "bookmark": bookmark}).to_string();
        let call = get_history().options(options);
        let (page, set) = world.outcome(&person("Org1MSP"), call).await;
        let applied = state_key(&["applied"]);
        let looked_for = set.reads.keys().filter(|key| key.starts_with(&applied));
        assert!(looked_for.count() <= 1_000);
        let entries = page["history"].as_array().unwrap().iter();
        seen.extend(entries.map(|one| one["proposal_id"].as_str().unwrap().to_owned()));
        page["bookmark"].as_str().unwrap().clone_into(&mut bookmark);
        if bookmark.is_empty() {
            break;
        }
    }
    let all: Vec<String> = (0..200).map(|number| format!("id-{number:03}")).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn conflicts_do_not_blow_up_what_an_update_answers() {
    const ELEMENTS: usize = 2_000;
    let mut world = world_with(|_| {}).await;
    let org1 = person("Org1MSP");
    for number in 0..9 {
        let rule = json!({"rule": "ANY", "sub_policy": format!("Admins{number}")});
        let policy = json!({"mod_policy": "Admins", "policy": {"type": 3, "value": rule}});
        let policies = (0..ELEMENTS).map(|name| (format!("P{name}"), policy.clone()));
        let policies: serde_json::Map<String, Value> = policies.collect();
        let group =
            json!({"groups": {"Application": {"groups": {"Org1MSP": {"policies": policies}}}}});
        world
            .propose(&org1, &format!("id-{number:03}"), &group)
            .await;
    }
    world.sign(&org1, "id-000").await;
    world.take_effect("id-000").await;
    let done = within(&mut world, update_proposals().mode(15), ANSWER).await;
    let recomputed = done["recomputed"].as_array().unwrap();
    assert_eq!(recomputed.len(), 8, "{}", done["left"]);
    for one in recomputed {
        let listed = one["conflicts"].as_array().unwrap().len();
        assert!((100..ELEMENTS).contains(&listed), "{listed}");
        assert_eq!(one["omitted"], json!({"conflicts": ELEMENTS - listed}));
    }
}
