//! Equal proposals over equal state give equal answers, events, reads and writes, on every server.

use std::sync::Arc;

use cmscc::{
    capabilities::ContractBounds,
    config,
    contract::{Contract, function_names},
    proto::{
        cmscc::{Position, Proposal, Stance, Vote},
        common::{self, ConfigSignature},
    },
    stub::{
        Invocation, Response,
        keys::number,
        memory::{Ledger, ReadWriteSet},
    },
};
use prost::Message;

use super::{
    calls::{
        Call, add_attestation, add_organization, add_signature, apply_settings,
        attest_capabilities, check_proposal, cmcc, combine_proposals, delete_proposal,
        export_proposal, get_capabilities, get_config, get_config_chain, get_history, get_proposal,
        get_settings, init, init_consortium, list_proposals, prepare_attestation, propose_config,
        propose_patch, propose_settings, reconfig_organization_msp, recover_config,
        reject_proposal, sync_config, update_proposals, withdraw_proposal,
    },
    captures::{CAPTURES, Capture},
    patches::{of_admins, policy},
    people::{Person, base64, person, user},
    settings::ENFORCED,
    world::{Server, TestAnchors, World, contract, founded, state_key, trusting, with_orgx},
};

type Simulated = (Response, ReadWriteSet);

/// Calls of every function, most of which succeed, and ledgers to run them on.
pub(crate) async fn cases(capture: Capture) -> Vec<(Ledger, Invocation)> {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let genesis = capture.genesis();
    let first = capture.after("add-orgx");
    let second = capture.after("add-orgy");
    let orgx = capture.file("add-orgx/org.json");
    let orgy = capture.file("add-orgy/org.json");
    let msp = serde_json::from_slice::<serde_json::Value>(&orgx).unwrap()["values"]["MSP"].take();
    let extra = policy("Application", "Extra", &of_admins("ANY"));

    let mut world = World::new(contract(&TestAnchors::of(&genesis)));
    let empty = world.ledger.clone();
    let first_calls = [
        world.invocation(&org1, init_consortium(&genesis)),
        world.invocation(&org1, init_consortium(&genesis).and(&first)),
        world.invocation(&org1, Call::of("Init")),
        world.invocation(&org1, get_config()),
        world.invocation(&org1, Call::of("org.hyperledger.fabric:GetMetadata")),
    ];
    world.found(&genesis).await;
    world
        .ok(&org1, add_organization("add_orgx", "OrgXMSP", &orgx))
        .await;
    world
        .ok(
            &org2,
            add_organization("add_orgy", "OrgYMSP", &orgy).described("y"),
        )
        .await;
    world.sign(&org2, "add_orgx").await;
    let update = world.update_to_sign("add_orgx").await;
    let signature = org1.signed(&update);
    let computed = base64(&capture.file("add-orgx/config_update.pb"));
    let settings = r#"{"endorsement_policy":"/Channel/Application/Endorsement"}"#;
    for (id, settings) in [("agreed", settings), ("waits_", ENFORCED)] {
        world.ok(&org1, propose_settings(id, settings)).await;
    }
    let agreed = world.update_to_sign("waits_").await;
    let consent = org1.signed(&agreed);
    let levels = r#"{"channel":["V3_0"]}"#;
    let statement = world.statement(levels).await;
    for who in [&org1, &org2] {
        world.sign(who, "agreed").await;
    }
    let mut edited = world.ok(&org1, get_config()).await["config"].take();
    edited["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] =
        "3s".into();
    let edited = edited.to_string();
    let early = world.ledger.clone();
    let early_calls = [
        init(b"x"),
        init_consortium(&genesis),
        sync_config(&first),
        sync_config(&first).and(&second),
        sync_config(&second),
        sync_config(&genesis),
        recover_config(&first),
        propose_patch("extra", &extra),
        check_proposal(propose_patch("extra", &extra)),
        propose_config("edited", &edited),
        check_proposal(propose_config("edited", &edited)),
        check_proposal(propose_settings("other", ENFORCED)),
        check_proposal(get_config()),
        propose_patch("add_orgx", &extra),
        add_organization("again", "OrgXMSP", &orgx),
        add_organization("other", "Other", &orgx),
        reconfig_organization_msp("msp", &msp),
        add_signature("add_orgx", &signature),
        add_signature("add_orgy", &signature),
        get_proposal("add_orgx"),
        get_proposal("add_orgy"),
        get_proposal("none"),
        list_proposals(),
        reject_proposal("add_orgx", "why"),
        combine_proposals("both", &["add_orgy", "add_orgx"]),
        withdraw_proposal("add_orgx"),
        delete_proposal("add_orgx"),
        update_proposals().mode(15),
        get_config(),
        get_config_chain(),
        attest_capabilities(levels),
        prepare_attestation("OrdererMSP", levels),
        add_attestation(&statement),
        get_capabilities(),
        propose_settings("other", ENFORCED),
        add_signature("waits_", &consent),
        apply_settings("agreed"),
        apply_settings("waits_"),
        reject_proposal("waits_", "why"),
        get_proposal("agreed"),
        get_settings(),
        cmcc::propose_config_update("cmcc", &computed).and("d"),
        cmcc::add_signature("add_orgx", &signature),
        cmcc::get_proposals(),
        cmcc::get_proposal("add_orgx"),
        cmcc::delete_proposal("add_orgx"),
    ];
    let mut calls: Vec<(Ledger, Invocation)> = first_calls
        .into_iter()
        .map(|call| (empty.clone(), call))
        .collect();
    for who in [&org1, &org2, &user("Org1MSP", "User1")] {
        for call in &early_calls {
            calls.push((early.clone(), world.invocation(who, call)));
        }
    }
    world.ok(&org1, sync_config(&first)).await;
    world.ok(&org2, apply_settings("agreed")).await;
    let late = world.ledger.clone();
    for who in [&org1, &org2, &person("OrgXMSP")] {
        for call in [
            update_proposals(),
            update_proposals().mode(15).only(&["add_orgy"]),
            get_proposal("add_orgy"),
            get_proposal("add_orgx"),
            list_proposals().options(r#"{"page_size":1}"#),
            get_history(),
            export_proposal("add_orgx"),
            export_proposal("add_orgy"),
            get_proposal("agreed"),
            get_proposal("waits_"),
            apply_settings("waits_"),
            update_proposals().mode(15).only(&["waits_"]),
            get_settings(),
            list_proposals().options(r#"{"conflicts":true}"#),
            add_signature("add_orgy", &signature),
            sync_config(&second),
            sync_config(&first),
            delete_proposal("add_orgx"),
        ] {
            calls.push((late.clone(), world.invocation(who, call)));
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

/// One thing that may be otherwise on a ledger.
type Toggle = Box<dyn Fn(&mut World<Contract>)>;

/// Ways in which what lies beside a proposal, and the proposal itself, may differ: none of them
/// changes the config.
async fn toggles(world: &mut World<Contract>) -> Vec<Toggle> {
    let key = |msp_id: &str| {
        let revision = number(1);
        state_key(&[
            "position",
            "Org1MSP",
            "add_orgx",
            &revision,
            "signatures",
            msp_id,
        ])
    };
    let stored = |world: &World<Contract>, msp_id: &str| {
        let entry = world.ledger.get(&key(msp_id)).unwrap();
        Position::decode(entry.value.clone()).unwrap()
    };
    let proposal_key = state_key(&["proposal", "add_orgx"]);
    let proposal = world.ledger.get(&proposal_key).unwrap().value.clone();
    let proposal = Proposal::decode(proposal).unwrap();
    for msp_id in ["Org1MSP", "Org2MSP"] {
        world.sign(&person(msp_id), "add_orgx").await;
    }
    let own = stored(world, "Org1MSP");
    let other = stored(world, "Org2MSP");
    let altered = |position: &Position, alter: fn(&mut ConfigSignature)| {
        let mut altered = position.clone();
        alter(altered.signatures[0].config_signature.as_mut().unwrap());
        altered.encode_to_vec()
    };
    let flipped = altered(&own, |signature| {
        let mut bytes = signature.signature.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        signature.signature = bytes.into();
    });
    let other_header = altered(&other, |signature| {
        // one more field of the header, which is signed as well
        let header = [&signature.signature_header[..], b"\x18\x01"].concat();
        signature.signature_header = header.into();
    });
    let rejected = Position {
        vote: Some(Vote {
            reason: "no".to_owned(),
            sequence: Some(0),
        }),
        ..own.clone()
    };
    let other_intent = {
        let mut other = proposal.clone();
        let group = std::mem::take(&mut other.patch);
        let mut patch = common::Config::decode(group).unwrap();
        let root = patch.channel_group.as_mut().unwrap();
        root.groups.get_mut("Application").unwrap().mod_policy = "Writers".to_owned();
        other.patch = patch.encode_to_vec().into();
        other
    };
    let other_base = {
        let mut other = other_intent.clone();
        for touched in &mut other.touched {
            touched.content_sha256 = vec![7; 32].into();
        }
        other
    };
    let put = |key: &str, value: Vec<u8>| -> Toggle {
        let key = key.to_owned();
        Box::new(move |world| world.put(key.clone(), value.clone()))
    };
    // what is said lies in two places
    let say = |msp_id: &str, position: Vec<u8>| -> Toggle {
        let stance = Stance {
            revision: 1,
            position: Some(Position::decode(&position[..]).unwrap()),
        };
        let here = (key(msp_id), position);
        let stance_key = state_key(&["stance", "Org1MSP", "add_orgx", msp_id]);
        let there = (stance_key, stance.encode_to_vec());
        Box::new(move |world| {
            for (key, value) in [&here, &there] {
                world.put(key.clone(), value.clone());
            }
        })
    };
    vec![
        // an empty value is none
        say("Org1MSP", Vec::new()),
        say("Org2MSP", Vec::new()),
        say("Org1MSP", flipped),
        say("Org2MSP", other_header),
        say("OrgZMSP", own.encode_to_vec()),
        say("Org1MSP", rejected.encode_to_vec()),
        put(&proposal_key, other_intent.encode_to_vec()),
        put(&proposal_key, other_base.encode_to_vec()),
    ]
}

/// A server keeps what it found out about intents, updates, signatures and votes. Whatever it has
/// seen before, it answers as one that has seen nothing.
#[tokio::test]
async fn what_a_server_remembers_never_shows() {
    let org1 = person("Org1MSP");
    let mut world = with_orgx().await;
    let toggles = toggles(&mut world).await;
    let start = world.ledger.clone();
    let mut seen = std::collections::BTreeSet::new();
    // every pair in either order, so that each state follows several others
    for first in 0..toggles.len() {
        for second in (0..toggles.len()).rev() {
            world.ledger = start.clone();
            toggles[first](&mut world);
            if first != second {
                toggles[second](&mut world);
            }
            for call in [
                list_proposals(),
                get_proposal("add_orgx"),
                list_proposals().options(r#"{"conflicts":true}"#),
            ] {
                let call = world.invocation(&org1, call);
                let warm = world.server.simulate(&world.ledger, &call).await;
                assert!(warm.0.is_success(), "{}", warm.0.message);
                let cold = contract(&TestAnchors::none());
                assert_equal(&call, &cold.simulate(&world.ledger, &call).await, &warm);
                seen.insert(warm.0.payload);
            }
        }
    }
    assert!(seen.len() > 40, "the ledgers hardly differ: {}", seen.len());
}

/// A limit is a server's own: what is above it is refused whole, so that all who answer say the
/// same.
#[tokio::test]
async fn limits_refuse_and_never_leave_out() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let update = world.update_to_sign("add_orgx").await;
    let signed = |who: &Person, nonce: usize| {
        let header = common::SignatureHeader {
            creator: who.serialized().to_vec().into(),
            nonce: vec![7; nonce].into(),
        };
        let header = header.encode_to_vec();
        config::ConfigSignature {
            signature: who.sign(&[&header[..], &update].concat()),
            signature_header: header.into(),
        }
    };
    let limit = ContractBounds::V1_0.signature_header;
    let signatures = [signed(&org1, 24), signed(&org2, limit)];
    let file = config::envelope::update_envelope(&world.channel, &update, &signatures);
    let call = add_signature("add_orgx", &base64(&file));
    world.refused(&org1, &call, "HEADER_TOO_LARGE").await;
}
