//! Which open proposals exclude each other, and which can follow which without losing signatures.

use cmscc::contract::Contract;
use serde_json::{Value, json};

use super::{
    calls::{delete_proposal, list_proposals, sync_config, withdraw_proposal},
    captures::after,
    patches::{of_admins, policy, timeout},
    people::person,
    world::{World, founded},
};

fn ids(view: &Value, of: &str) -> Vec<String> {
    let all = view[of].as_array().unwrap().iter();
    all.map(|one| {
        one.as_str()
            .or_else(|| one["proposal_id"].as_str())
            .unwrap()
            .to_owned()
    })
    .collect()
}

#[tokio::test]
async fn the_view_foretells_what_happens() {
    let people = ["Org1MSP", "Org2MSP", "OrdererMSP"].map(person);
    let org1 = &people[0];
    let (mut world, _) = founded().await;
    world.propose_org(org1, "add_orgx", "add-orgx").await;
    world.propose_org(org1, "add_orgy", "add-orgy").await;
    world.propose(org1, "three", &timeout("3s")).await;
    world.propose(org1, "four", &timeout("4s")).await;
    let members = policy("Application", "Extra", &of_admins("ANY"));
    world.propose(org1, "members_policy", &members).await;
    let orderers = policy("Orderer", "Extra", &of_admins("ANY"));
    world.propose(org1, "orderers_policy", &orderers).await;
    let org = json!({"groups": {"Application": {"groups": {"Org2MSP": {"values": {
        "AnchorPeers": {"value": {"anchor_peers": [{"host": "a", "port": 1}]},
        "mod_policy": "Admins"}}}}}}});
    world.propose(org1, "anchors", &org).await;
    let all = [
        "add_orgx",
        "add_orgy",
        "anchors",
        "four",
        "members_policy",
        "orderers_policy",
        "three",
    ];
    let page = world
        .ok(org1, list_proposals().options(r#"{"conflicts":true}"#))
        .await;
    let listed = page["proposals"].as_array().unwrap();
    assert_eq!(listed.len(), all.len());
    for one in listed {
        // `GetProposal` says the same
        let id = one["proposal_id"].as_str().unwrap();
        let mut shown = world.proposal(id).await["conflicts"].clone();
        for excluded in shown["excludes"].as_array_mut().unwrap() {
            assert!(!excluded["contrast"]["differences"][0].is_null());
            excluded["contrast"] = Value::Null;
        }
        assert_eq!(shown, one["conflicts"]);
    }
    let view = |id: &str| {
        let one = listed.iter().find(|one| one["proposal_id"] == id).unwrap();
        one["conflicts"].clone()
    };
    assert_eq!(ids(&view("three"), "excludes"), ["four"]);
    assert_eq!(ids(&view("four"), "excludes"), ["three"]);
    assert_eq!(
        view("three")["excludes"][0]["element"],
        "[Value]  /Channel/Orderer/BatchTimeout"
    );
    assert_eq!(ids(&view("add_orgx"), "excludes"), Vec::<String>::new());
    assert!(ids(&view("add_orgx"), "can_follow").contains(&"three".to_owned()));

    let start = world.ledger.clone();
    let (mut followers, mut losers) = (0, 0);
    for first in all {
        world.ledger = start.clone();
        let update = world.first_update(first);
        let signatures: Vec<_> = people
            .iter()
            .map(|who| who.config_signature(&update))
            .collect();
        world.order_signed(&update, &signatures).await;
        assert_eq!(world.status(first).await, "Submitted");
        for then in all.into_iter().filter(|then| *then != first) {
            let kept = world.status(then).await == "WaitingForSignatures";
            let foretold = ids(&view(then), "can_follow").contains(&first.to_owned());
            assert_eq!(foretold, kept, "{then} after {first}");
            match kept {
                true => followers += 1,
                false => losers += 1,
            }
            let shown = world.proposal(then).await;
            let collides = shown["status_detail"]["rebases"] == false;
            let excluded = ids(&view(then), "excludes").contains(&first.to_owned());
            assert_eq!(excluded, collides, "{then} after {first}");
        }
    }
    assert!(followers > 5 && losers > 5, "{followers} {losers}");
}

/// How a proposal stands to others: whom it can follow, and whom it excludes.
async fn stands(world: &mut World<Contract>, id: &str) -> (Vec<String>, Vec<String>) {
    let shown = world.proposal(id).await["conflicts"].clone();
    let (follows, excludes) = (ids(&shown, "can_follow"), ids(&shown, "excludes"));
    assert_eq!(shown["can_follow_count"], follows.len());
    assert_eq!(shown["excludes_count"], excludes.len());
    assert_eq!(shown["more"], false);
    (follows, excludes)
}

#[tokio::test]
async fn what_is_withdrawn_stands_in_nobodys_way() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    world.propose(&org1, "three", &timeout("3s")).await;
    world.propose(&org1, "four", &timeout("4s")).await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.propose_org(&org1, "add_orgy", "add-orgy").await;
    let orgs = || vec!["add_orgx".to_owned(), "add_orgy".to_owned()];
    let (follows, excludes) = stands(&mut world, "three").await;
    assert_eq!((follows, excludes), (orgs(), vec!["four".to_owned()]));
    world.ok(&org1, withdraw_proposal("four")).await;
    assert_eq!(world.proposal("four").await["conflicts"], Value::Null);
    let (follows, excludes) = stands(&mut world, "three").await;
    assert_eq!((follows, excludes), (orgs(), vec![]));
    let joined = after("add-orgx");
    world.ok(&org1, sync_config(&joined)).await;
    // whether others are out of date is not asked
    let (follows, excludes) = stands(&mut world, "three").await;
    assert_eq!((follows, excludes), (orgs(), vec![]));
    // what is out of date has lost its signatures already
    assert_eq!(world.status("add_orgy").await, "Outofdate");
    let (follows, excludes) = stands(&mut world, "add_orgy").await;
    assert_eq!((follows, excludes), (vec![], vec![]));
    // archived: it has no record any more
    world.ok(&org1, delete_proposal("add_orgx")).await;
    let (follows, excludes) = stands(&mut world, "three").await;
    assert_eq!((follows, excludes), (vec!["add_orgy".to_owned()], vec![]));
    // not asked for, not told
    let page = world.ok(&org1, list_proposals()).await;
    assert_eq!(page["proposals"][0]["conflicts"], Value::Null);
}
