//! Who must not submit: `peer channel update` adds the submitter's signature behind the others, and
//! Fabric's greedy evaluation can fail with one signature more.

use bytes::Bytes;
use cmscc::{
    config::{Bundle, ConfigSignature, ConfigTree, envelope::update_envelope},
    contract::Contract,
    policy::parse_policy,
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    people::person,
    world::{World, founded, update_envelope as read_envelope},
};

/// Makes a rule the policy that decides about the members.
async fn admins(world: &mut World<Contract>, rule: &str) {
    let policy = cmscc::json::encode_compact(
        "common.SignaturePolicyEnvelope",
        &parse_policy(rule).unwrap(),
        1 << 20,
    );
    let policy: Value = serde_json::from_str(&policy.unwrap()).unwrap();
    let group = json!({"groups": {"Application": {"policies": {"Admins": {"version": 1,
        "mod_policy": "Admins", "policy": {"type": 1, "value": policy}}}}}});
    let org1 = person("Org1MSP");
    world.propose(&org1, "admins", &group).await;
    for msp_id in ["Org1MSP", "Org2MSP"] {
        world.sign(&person(msp_id), "admins").await;
    }
    world.take_effect("admins").await;
}

async fn three_members() -> World<Contract> {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    for msp_id in ["Org1MSP", "Org2MSP"] {
        world.sign(&person(msp_id), "add_orgx").await;
    }
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "ReadyToSubmit");
    assert_eq!(shown["status_detail"]["spoilers"], json!([]));
    world.take_effect("add_orgx").await;
    world
}

/// Whether an orderer would take the envelope handed out after this submitter signed it, too.
async fn passes(world: &mut World<Contract>, id: &str, submitter: &str) -> bool {
    let shown = world.proposal(id).await;
    let envelope = shown["config_update_envelope_to_submit"].as_str().unwrap();
    let envelope = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, envelope);
    let carried = read_envelope(&envelope.unwrap());
    let own = person(submitter).config_signature(&carried.config_update);
    let signatures: Vec<ConfigSignature> = (carried.signatures.iter().chain([&own]))
        .map(|one| ConfigSignature::parse(&Bytes::from(one.encode_to_vec())).unwrap())
        .collect();
    let envelope = update_envelope(&world.channel, &carried.config_update, &signatures);
    let config = ConfigTree::parse(world.config()).unwrap();
    let bundle = Bundle::new(&world.channel, config).unwrap();
    bundle.propose_config_update(&envelope).is_ok()
}

/// `add_orgy`, ready with the signatures of Org1 and Org2 under this rule, and whom its answer warns of.
async fn ready_under(rule: &str) -> (World<Contract>, Vec<Value>) {
    let mut world = three_members().await;
    admins(&mut world, rule).await;
    world
        .propose_org(&person("Org1MSP"), "add_orgy", "add-orgy")
        .await;
    for msp_id in ["Org1MSP", "Org2MSP"] {
        world.sign(&person(msp_id), "add_orgy").await;
    }
    let shown = world.proposal("add_orgy").await;
    assert_eq!(shown["status"], "ReadyToSubmit");
    let spoilers = shown["status_detail"]["spoilers"]
        .as_array()
        .unwrap()
        .clone();
    (world, spoilers)
}

#[tokio::test]
async fn the_answer_warns_of_submitters_who_would_spoil_it() {
    // with all three the first gate holds, and takes the two that the others need
    let rule = "OutOf(2, AND('Org1MSP.admin', 'Org2MSP.admin', 'OrgXMSP.admin'), \
                'Org1MSP.admin', 'Org2MSP.admin')";
    let (mut world, spoilers) = ready_under(rule).await;
    assert_eq!(spoilers.len(), 1, "{spoilers:?}");
    assert_eq!(spoilers[0]["msp_id"], "OrgXMSP");
    assert_eq!(spoilers[0]["principals"], json!(["OrgXMSP.admin"]));
    let text = spoilers[0]["text"].as_str().unwrap();
    for part in ["`OrgXMSP`", "`peer channel update`", "who has signed"] {
        assert!(text.contains(part), "{text}");
    }
    // and so it is
    for (submitter, passed) in [("Org1MSP", true), ("Org2MSP", true), ("OrgXMSP", false)] {
        assert_eq!(
            passes(&mut world, "add_orgy", submitter).await,
            passed,
            "{submitter}"
        );
    }
    // that one's signature in the contract changes nothing: it is left out of the envelope
    world.sign(&person("OrgXMSP"), "add_orgy").await;
    let shown = world.proposal("add_orgy").await;
    assert_eq!(shown["status"], "ReadyToSubmit");
    assert_eq!(
        shown["status_detail"]["spoilers"],
        json!(spoilers),
        "whoever asks, and whoever has signed"
    );
}

#[tokio::test]
async fn another_signer_of_the_same_kind_can_spoil_it_as_well() {
    // a second admin of Org1 completes the first gate, which then takes Org2 from the last rule
    let rule = "OutOf(2, AND('Org1MSP.admin', 'Org1MSP.admin', 'Org2MSP.admin'), \
                'Org1MSP.admin', 'Org2MSP.admin')";
    let (mut world, spoilers) = ready_under(rule).await;
    let msp_ids: Vec<&Value> = spoilers.iter().map(|one| &one["msp_id"]).collect();
    assert_eq!(msp_ids, ["Org1MSP"]);
    assert!(
        passes(&mut world, "add_orgy", "Org1MSP").await,
        "the one who signed"
    );
}
