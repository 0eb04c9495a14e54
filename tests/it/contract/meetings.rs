//! Whatever one member does, at any pace, invalidates no call of another: no call that writes reads what
//! others may write as often as they like.

use cmscc::{
    contract::Contract,
    stub::{
        Chaincode as _,
        memory::{MemoryStub, StateCost},
    },
};
use serde_json::json;

use super::{
    calls::{
        Call, add_attestation, add_signature, apply_settings, attest_capabilities, cmcc,
        combine_proposals, delete_proposal, get_proposal, list_proposals, propose_patch, raw,
        reject_proposal, sync_config, update_proposals, withdraw_proposal,
    },
    captures::after,
    patches::{of_admins, policy, timeout},
    people::person,
    settings::ENFORCED,
    world::{Server as _, World, founded},
};

/// What Org1 has, when Org2 turns hostile: two that are open, one that went out of date, one that it is
/// about to delete, and settings that are agreed.
async fn peaceful() -> World<Contract> {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "stale", "add-orgy").await;
    world.ok(&org1, sync_config(&after("add-orgx"))).await;
    assert_eq!(world.status("stale").await, "Outofdate");
    for id in ["open", "victim", "old"] {
        let patch = policy("Application", id, &of_admins("ANY"));
        world.propose(&org1, id, &patch).await;
    }
    world.propose_settings(&org1, "agreed", ENFORCED).await;
    for who in [&org1, &org2] {
        world.sign(who, "agreed").await;
    }
    world
}

/// One turn of a hostile Org2; how many of its calls wrote.
async fn hostile(world: &mut World<Contract>, turn: usize) -> usize {
    let org2 = person("Org2MSP");
    let (own, both) = (format!("other-{turn}"), format!("both-{turn}"));
    let mut calls = vec![
        attest_capabilities(&json!({ "server": turn.is_multiple_of(2) }).to_string()),
        propose_patch(&own, &policy("Application", &own, &of_admins("ANY"))),
        reject_proposal(&own, "never"),
        combine_proposals(&both, &["open", "victim", &own]),
        delete_proposal(&both),
        withdraw_proposal(&own),
        delete_proposal(&own),
    ];
    for id in ["open", "agreed", "victim", "old"] {
        calls.push(reject_proposal(id, &format!("never {turn}")));
    }
    let mut wrote = 0;
    for call in calls {
        let proposes = call.function() == "ProposeConfigUpdate";
        let (_, set) = world.outcome(&org2, call).await;
        wrote += usize::from(!set.writes.is_empty());
        if proposes {
            world.sign(&org2, &own).await;
        }
    }
    wrote
}

/// What it costs to look at many proposals, and at one.
async fn costs(world: &World<Contract>) -> Vec<(String, StateCost)> {
    let mut costs = Vec::new();
    for call in [
        list_proposals(),
        list_proposals().options(r#"{"conflicts":true}"#),
        cmcc::get_proposals(),
        get_proposal("open"),
    ] {
        let name = call.function();
        let call = world.invocation(&person("Org1MSP"), call);
        let mut stub = MemoryStub::new(&world.ledger);
        let response = world.server.invoke(&call, &mut stub).await;
        assert!(response.is_success(), "{name}: {}", response.message);
        costs.push((name, stub.cost()));
    }
    costs
}

#[tokio::test]
async fn what_is_archived_costs_nobody_anything() {
    let mut world = peaceful().await;
    hostile(&mut world, 0).await;
    let before = costs(&world).await;
    for turn in 1..6 {
        hostile(&mut world, turn).await;
    }
    for ((name, before), (_, after)) in before.iter().zip(costs(&world).await) {
        assert_eq!(
            (before.calls, before.keys),
            (after.calls, after.keys),
            "{name}"
        );
    }
}

/// Calls of Org1 that write, and whether a new signature of Org2 may meet them.
async fn calls(world: &mut World<Contract>) -> Vec<(Call, bool)> {
    let org1 = person("Org1MSP");
    let signature = org1.signed(&world.update_to_sign("open").await);
    let statement = world.statement(r#"{"channel":["V3_0"]}"#).await;
    let own = raw(["UpdateProposals", "15", "", r#"{"msp_id":"Org1MSP"}"#]);
    vec![
        (propose_patch("new", &timeout("9s")), false),
        (add_signature("open", &signature), false),
        (reject_proposal("open", "hm"), false),
        (combine_proposals("both", &["open", "victim"]), false),
        (withdraw_proposal("victim"), false),
        (delete_proposal("old"), false),
        (cmcc::delete_proposal("old"), true),
        (update_proposals().mode(15).only(&["stale"]), false),
        (update_proposals().mode(15).only(&["open", "stale"]), false),
        (own, false),
        (apply_settings("agreed"), true),
        (attest_capabilities(r#"{"channel":["V3_0"]}"#), false),
        (add_attestation(&statement), false),
        (sync_config(&after("add-orgy")), false),
    ]
}

#[tokio::test]
async fn no_member_meets_the_calls_of_another() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let mut world = peaceful().await;
    // a first turn, so that what Org2 writes replaces something as well
    assert_eq!(hostile(&mut world, 0).await, 11);
    let calls = calls(&mut world).await;
    let mut sets = Vec::new();
    for (call, meets_signers) in calls {
        let name = call.function();
        let call = world.invocation(&org1, call);
        let (response, set) = world.server.simulate(&world.ledger, &call).await;
        assert!(response.is_success(), "{name}: {}", response.message);
        assert!(!set.writes.is_empty(), "{name}");
        sets.push((name, meets_signers, set));
    }
    for turn in 1..4 {
        assert_eq!(hostile(&mut world, turn).await, 11);
        for (name, _, set) in &sets {
            assert_eq!(world.ledger.validate(set), Ok(()), "{name}");
        }
    }
    // of signatures a member has sixteen on a revision, and no more
    for id in ["open", "victim", "old"] {
        world.sign(&org2, id).await;
    }
    for (name, meets_signers, set) in &sets {
        if !meets_signers {
            assert_eq!(world.ledger.validate(set), Ok(()), "{name}");
        }
    }
}
