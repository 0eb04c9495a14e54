//! Who may take which id: a member that endorses a call sees its id, and could take it first.

use cmscc::{
    contract::Contract,
    ids::Digest,
    proto::{
        common,
        msp::{FabricMspConfig, MspConfig},
    },
};
use prost::Message;
use serde_json::json;

use super::{
    blocks::checkpoint,
    calls::{
        add_organization, combine_proposals, propose_patch, propose_settings,
        reconfig_organization_msp,
    },
    captures::CAPTURES,
    patches::timeout,
    people::person,
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
    group
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
