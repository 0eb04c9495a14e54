//! Equal proposals over equal state give equal answers, events, reads and writes, on every server.

use std::sync::Arc;

use cmscc::{
    contract::{Contract, function_names},
    stub::{
        Invocation, Response,
        memory::{Ledger, ReadWriteSet},
    },
};
use prost::Message;

use super::contract_world::{
    CAPTURES, Capture, Server, TestAnchors, World, base64, contract, person, trusting, user,
};

type Simulated = (Response, ReadWriteSet);

/// Calls of every function, most of which succeed, and ledgers to run them on.
pub(crate) async fn cases(capture: Capture) -> Vec<(Ledger, Invocation)> {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let genesis = capture.genesis();
    let first = capture.file("add-orgx/config_block_after.pb");
    let second = capture.file("add-orgy/config_block_after.pb");
    let orgx = capture.file("add-orgx/org.json");
    let orgy = capture.file("add-orgy/org.json");
    let msp = serde_json::from_slice::<serde_json::Value>(&orgx).unwrap()["values"]["MSP"]
        .to_string()
        .into_bytes();
    let patch: &[u8] = br#"{"channel_group":{"groups":{"Application":{"policies":{"Extra":{
        "mod_policy":"Admins","policy":{"type":3,"value":{"rule":"ANY","sub_policy":"Admins"}}}}}}}}"#;

    let mut world = World::new(contract(&TestAnchors::of(&genesis)));
    let empty = world.ledger.clone();
    let init = [
        world.invocation(&org1, &[b"InitConsortium", &genesis]),
        world.invocation(&org1, &[b"InitConsortium", &genesis, &first]),
        world.invocation(&org1, &[b"Init"]),
        world.invocation(&org1, &[b"GetConfig"]),
        world.invocation(&org1, &[b"org.hyperledger.fabric:GetMetadata"]),
    ];
    world.ok(&org1, &[b"InitConsortium", &genesis]).await;
    world
        .ok(
            &org1,
            &[b"AddOrganization", b"add_orgx", b"OrgXMSP", &orgx, b"x"],
        )
        .await;
    world
        .ok(
            &org2,
            &[b"AddOrganization", b"add_orgy", b"OrgYMSP", &orgy, b"y"],
        )
        .await;
    world.sign(&org2, "add_orgx").await;
    let update = world.update_to_sign("add_orgx").await;
    let signature = base64(&org1.config_signature(&update).encode_to_vec());
    let computed = base64(&capture.file("add-orgx/config_update.pb"));
    let settings: &[u8] = br#"{"endorsement_policy":"/Channel/Application/Endorsement"}"#;
    let gate: &[u8] = br#"{"gate":"enforced"}"#;
    for (id, settings) in [(b"agreed", settings), (b"waits_", gate)] {
        let args: [&[u8]; 4] = [b"ProposeSettings", id, settings, b"d"];
        world.ok(&org1, &args).await;
    }
    let agreed = world.update_to_sign("waits_").await;
    let consent = base64(&org1.config_signature(&agreed).encode_to_vec());
    for who in [&org1, &org2] {
        world.sign(who, "agreed").await;
    }
    let early = world.ledger.clone();
    let early_calls: Vec<Vec<&[u8]>> = vec![
        vec![b"Init", b"x"],
        vec![b"InitConsortium", &genesis],
        vec![b"SyncConfig", &first],
        vec![b"SyncConfig", &first, &second],
        vec![b"SyncConfig", &second],
        vec![b"SyncConfig", &genesis],
        vec![b"RecoverConfig", &first],
        vec![b"ProposeConfigUpdate", b"extra", patch, b"d"],
        vec![b"ProposeConfigUpdate", b"add_orgx", patch, b"d"],
        vec![b"AddOrganization", b"again", b"OrgXMSP", &orgx, b"d"],
        vec![b"AddOrganization", b"other", b"Other", &orgx, b"d"],
        vec![b"ReconfigOrganizationMSP", b"msp", &msp, b"d"],
        vec![b"AddSignature", b"add_orgx", signature.as_bytes()],
        vec![b"AddSignature", b"add_orgy", signature.as_bytes()],
        vec![b"GetProposal", b"add_orgx"],
        vec![b"GetProposal", b"add_orgy"],
        vec![b"GetProposal", b"none"],
        vec![b"ListProposals"],
        vec![b"RejectProposal", b"add_orgx", b"why"],
        vec![
            b"CombineProposals",
            b"both",
            br#"["add_orgy","add_orgx"]"#,
            b"d",
        ],
        vec![b"WithdrawProposal", b"add_orgx"],
        vec![b"DeleteProposal", b"add_orgx"],
        vec![b"UpdateProposals", b"15"],
        vec![b"GetConfig"],
        vec![b"GetConfigChain"],
        vec![b"AttestCapabilities", br#"{"channel":["V3_0"]}"#],
        vec![b"GetCapabilities"],
        vec![b"ProposeSettings", b"other", gate, b"d"],
        vec![b"AddSignature", b"waits_", consent.as_bytes()],
        vec![b"ApplySettings", b"agreed"],
        vec![b"ApplySettings", b"waits_"],
        vec![b"RejectProposal", b"waits_", b"why"],
        vec![b"GetProposal", b"agreed"],
        vec![b"GetSettings"],
        vec![b"proposeConfigUpdate", b"cmcc", computed.as_bytes(), b"d"],
        vec![b"addSignature", b"add_orgx", signature.as_bytes()],
        vec![b"getProposals"],
        vec![b"getProposal", b"add_orgx"],
        vec![b"deleteProposal", b"add_orgx"],
    ];
    let mut calls: Vec<(Ledger, Invocation)> =
        init.into_iter().map(|call| (empty.clone(), call)).collect();
    for who in [&org1, &org2, &user("Org1MSP", "User1")] {
        for args in &early_calls {
            calls.push((early.clone(), world.invocation(who, args)));
        }
    }
    world.ok(&org1, &[b"SyncConfig", &first]).await;
    world.ok(&org2, &[b"ApplySettings", b"agreed"]).await;
    let late = world.ledger.clone();
    for who in [&org1, &org2, &person("OrgXMSP")] {
        for args in [
            &[b"UpdateProposals".as_slice()][..],
            &[b"UpdateProposals", b"15", br#"["add_orgy"]"#],
            &[b"GetProposal", b"add_orgy"],
            &[b"GetProposal", b"add_orgx"],
            &[b"ListProposals", br#"{"page_size":1}"#],
            &[b"GetHistory"],
            &[b"ExportProposal", b"add_orgx"],
            &[b"ExportProposal", b"add_orgy"],
            &[b"GetProposal", b"agreed"],
            &[b"GetProposal", b"waits_"],
            &[b"ApplySettings", b"waits_"],
            &[b"UpdateProposals", b"15", br#"["waits_"]"#],
            &[b"GetSettings"],
            &[b"ListProposals", br#"{"conflicts":true}"#],
            &[b"AddSignature", b"add_orgy", signature.as_bytes()],
            &[b"SyncConfig", &second],
            &[b"SyncConfig", &first],
            &[b"DeleteProposal", b"add_orgx"],
        ] {
            calls.push((late.clone(), world.invocation(who, args)));
        }
    }
    for name in function_names().filter(|name| !name.contains("Orgnization")) {
        assert!(
            calls.iter().any(|(_, call)| call.args[0] == name),
            "no call of {name}"
        );
    }
    calls
}

/// A refusal may be this server's own; what is endorsed may not.
fn assert_equal(call: &Invocation, a: &Simulated, b: &Simulated) {
    let name = String::from_utf8_lossy(&call.args[0]);
    let own = ["ANCHOR_REQUIRED", "ANCHOR_MISMATCH", "UNANCHORED"];
    let is_own = |one: &Simulated| own.iter().any(|symbol| one.0.message.contains(symbol));
    if is_own(a) || is_own(b) {
        return;
    }
    assert_eq!(a.0, b.0, "{name}: responses");
    assert_eq!(a.1.reads, b.1.reads, "{name}: reads");
    assert_eq!(a.1.ranges, b.1.ranges, "{name}: ranges");
    assert!(a.1.writes == b.1.writes, "{name}: writes");
    assert_eq!(a.1.event, b.1.event, "{name}: events");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_agree_in_any_order() {
    for capture in CAPTURES {
        let cases = cases(capture).await;
        let anchored = || contract(&TestAnchors::of(&capture.genesis()));
        // a new server for every call
        let mut cold = Vec::new();
        for (ledger, call) in &cases {
            cold.push(anchored().simulate(ledger, call).await);
        }
        let succeeded = cold.iter().filter(|(r, _)| r.is_success()).count();
        assert!(
            succeeded * 2 > cases.len(),
            "only {succeeded} of {} calls succeed",
            cases.len()
        );
        // one server for all, backwards, twice, without anchors
        let warm = trusting();
        for _ in 0..2 {
            for ((ledger, call), first) in cases.iter().zip(&cold).rev() {
                assert_equal(call, first, &warm.simulate(ledger, call).await);
            }
        }
        // one server for all at once
        let shared: Arc<Contract> = Arc::new(anchored());
        let mut running = Vec::new();
        for (ledger, call) in cases.clone() {
            let server = Arc::clone(&shared);
            running.push(tokio::spawn(async move {
                server.simulate(&ledger, &call).await
            }));
        }
        for ((task, (_, call)), first) in running.into_iter().zip(&cases).zip(&cold) {
            assert_equal(call, first, &task.await.unwrap());
        }
    }
}
