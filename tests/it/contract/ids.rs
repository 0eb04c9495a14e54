//! Who may take which id: a member that endorses a call sees its id, and could take it first.

use cmscc::{
    contract::Contract,
    ids::Digest,
    proto::{
        common,
        msp::{FabricMspConfig, MspConfig, SerializedIdentity},
    },
    stub::Invocation,
};
use prost::Message;
use serde_json::json;

use super::{
    blocks::checkpoint,
    calls::{
        Call, add_organization, add_signature, combine_proposals, get_proposal, propose_patch,
        propose_settings, reconfig_organization_msp, reject_proposal,
    },
    captures::CAPTURES,
    patches::{of_admins, policy, timeout},
    people::{base64, person},
    world::{World, founded, founded_on},
};

/// The group of Org2 as that of an organisation with another MSP id.
fn renamed(org2: &common::ConfigGroup, msp_id: &str) -> common::ConfigGroup {
    let mut group = org2.clone();
    let value = group.values.get_mut("MSP").unwrap();
    let mut msp = MspConfig::decode(value.value.clone()).unwrap();
    let mut config = FabricMspConfig::decode(msp.config.clone()).unwrap();
    config.name = msp_id.to_owned();
    msp.config = config.encode_to_vec().into();
    value.value = msp.encode_to_vec().into();
    for policy in group.policies.values_mut() {
        let policy = policy.policy.as_mut().unwrap();
        let mut rule = common::SignaturePolicyEnvelope::decode(policy.value.clone()).unwrap();
        for identity in &mut rule.identities {
            let mut role = common::MspRole::decode(identity.principal.clone()).unwrap();
            role.msp_identifier = msp_id.to_owned();
            identity.principal = role.encode_to_vec().into();
        }
        policy.value = rule.encode_to_vec().into();
    }
    group
}

/// Org2's admin as one of an organisation with another MSP id.
fn admin_of(world: &World<Contract>, msp_id: &str, call: Call) -> Invocation {
    let org2 = person("Org2MSP");
    let mut identity = SerializedIdentity::decode(org2.serialized()).unwrap();
    identity.mspid = msp_id.to_owned();
    let mut call = world.invocation(&org2, call);
    call.creator = identity.encode_to_vec().into();
    call
}

/// A world in which these are members, too.
async fn with_members(msp_ids: &[&str]) -> World<Contract> {
    let (first, _) = founded_on(&CAPTURES[0].genesis()).await;
    let block = checkpoint(&first.config(), |config| {
        let root = config.channel_group.as_mut().unwrap();
        let application = root.groups.get_mut("Application").unwrap();
        let org2 = application.groups["Org2MSP"].clone();
        for (number, msp_id) in msp_ids.iter().enumerate() {
            let group = renamed(&org2, msp_id);
            application.groups.insert(format!("More{number}"), group);
        }
    });
    founded_on(&block).await.0
}

#[tokio::test]
async fn ids_of_a_member_are_refused_to_others_by_every_function() {
    let (mut world, _) = founded().await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    for id in ["one", "two"] {
        world
            .propose(
                &org1,
                id,
                &timeout(&format!("{}s", id.len() + id.matches('w').count())),
            )
            .await;
    }
    let org = CAPTURES[0].file("add-orgx/org.json");
    let calls = |id: &str| {
        [
            propose_patch(id, &timeout("9s")),
            add_organization(id, "OrgXMSP", &org),
            reconfig_organization_msp(id, &json!({"value": {}})),
            combine_proposals(id, &["one", "two"]),
            propose_settings(id, r#"{"gate":"enforced"}"#),
        ]
    };
    let digest = Digest::of(b"Org1MSP").to_string();
    for id in [
        "Org1MSP.next",
        "Org1MSP.",
        &format!("{}.next", &digest[..16]),
    ] {
        for call in calls(id) {
            let text = world.refused(&org2, call, "ID_RESERVED").await;
            assert!(text.contains("those of `Org1MSP`"), "{text}");
            assert!(text.contains("begin yours with `Org2MSP.`"), "{text}");
        }
    }
    world.propose(&org1, "Org1MSP.next", &timeout("7s")).await;
    assert_eq!(
        world.proposal("Org1MSP.next").await["proposal_id"],
        "Org1MSP.next"
    );
    // whoever comes first has the others
    let free = [
        "Org1MSP",
        "Org1MSPx.next",
        "org1msp.next",
        "x.Org1MSP.next",
        "OrgXMSP.next",
    ];
    for (number, id) in free.into_iter().enumerate() {
        world
            .propose(&org2, id, &timeout(&format!("{}s", number + 20)))
            .await;
    }
}

#[tokio::test]
async fn the_longest_msp_id_decides_and_every_msp_id_has_ids() {
    let odd = "Org 3 \u{fc}ber \u{202e}";
    let long = "L".repeat(70);
    let mut world = with_members(&["Org1MSP.eu", odd, &long]).await;
    let org1 = person("Org1MSP");
    let mut ids = vec!["Org1MSP.eu.x".to_owned()];
    for msp_id in [odd, &long] {
        let digest = Digest::of(msp_id.as_bytes()).to_string();
        ids.push(format!("{}.x", &digest[..16]));
    }
    for id in &ids {
        let call = propose_patch(id, &timeout("9s"));
        world.refused(&org1, call, "ID_RESERVED").await;
    }
    for (number, id) in ["Org1MSP.eux", "Org1MSP.eu", "Org1MSP.x.eu."]
        .into_iter()
        .enumerate()
    {
        world
            .propose(&org1, id, &timeout(&format!("{}s", number + 20)))
            .await;
    }
}

#[tokio::test]
async fn keys_hold_no_msp_id_above_its_bound() {
    let (longest, above) = ("L".repeat(256), "L".repeat(257));
    let mut world = with_members(&[&longest, &above]).await;
    let propose = propose_patch("one", &timeout("9s"));
    let call = admin_of(&world, &above, propose.clone());
    let text = world.refused_call(&call, "MSP_ID_TOO_LONG").await;
    assert!(text.contains("257 bytes, the limit is 256"), "{text}");
    let call = admin_of(&world, &longest, propose);
    world.outcome_of(&call).await;
    let reject = reject_proposal("one", "no");
    let call = admin_of(&world, &above, reject.clone());
    world.refused_call(&call, "MSP_ID_TOO_LONG").await;
    let call = admin_of(&world, &longest, reject);
    world.outcome_of(&call).await;
    // signers are asked, whoever carries
    let signature = |identity: &[u8], update: &[u8]| {
        let org2 = person("Org2MSP");
        let header = common::SignatureHeader {
            creator: bytes::Bytes::copy_from_slice(identity),
            nonce: bytes::Bytes::new(),
        };
        let header = header.encode_to_vec();
        let signature = common::ConfigSignature {
            signature: org2.sign(&[&header, update].concat()),
            signature_header: header.into(),
        };
        base64(&signature.encode_to_vec())
    };
    let org1 = person("Org1MSP");
    let own = policy("Application", "Own", &of_admins("ANY"));
    world.propose(&org1, "own", &own).await;
    let update = world.update_to_sign("own").await;
    for (msp_id, refused) in [(&above, true), (&longest, false)] {
        let creator = admin_of(&world, msp_id, get_proposal("own")).creator;
        let call = add_signature("own", &signature(&creator, &update));
        match refused {
            true => drop(world.refused(&org1, call, "MSP_ID_TOO_LONG").await),
            false => drop(world.ok(&org1, call).await),
        }
    }
}
