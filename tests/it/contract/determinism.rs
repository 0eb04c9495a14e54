//! Equal proposals over equal state give equal answers, events, reads and writes, on every server.

use std::sync::Arc;

use cmscc::{
    config,
    contract::{Contract, ContractSettings, Limits, NoObserver, function_names},
    proto::{
        cmscc::{Proposal, Signature, Vote},
        common::{self, ConfigSignature},
    },
    stub::{
        Invocation, Response,
        keys::{composite, number},
        memory::{Ledger, ReadWriteSet},
    },
};
use prost::Message;

use super::world::{
    CAPTURES, Capture, Person, Server, TestAnchors, World, base64, contract, founded, person,
    trusting, user,
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

/// One thing that may be otherwise on a ledger.
type Toggle = Box<dyn Fn(&mut World<Contract>)>;

/// Ways in which what lies beside a proposal, and the proposal itself, may differ: none of them
/// changes the config.
async fn toggles(world: &mut World<Contract>) -> Vec<Toggle> {
    let key = |msp_id: &str, fingerprint: &str| {
        let revision = number(1);
        composite("signature", &["add_orgx", &revision, msp_id, fingerprint])
    };
    let stored = |world: &World<Contract>, msp_id: &str| {
        let mut entries = world.ledger.iter();
        let found = entries.find(|(key, _)| {
            key.starts_with(&composite("signature", &["add_orgx"])) && key.contains(msp_id)
        });
        let (key, entry) = found.unwrap();
        (key.to_owned(), Signature::decode(&*entry.value).unwrap())
    };
    let proposal_key = composite("proposal", &["add_orgx"]);
    let proposal = world.ledger.get(&proposal_key).unwrap().value.clone();
    let proposal = Proposal::decode(proposal).unwrap();
    for msp_id in ["Org1MSP", "Org2MSP"] {
        world.sign(&person(msp_id), "add_orgx").await;
    }
    let (own_key, own) = stored(world, "Org1MSP");
    let (other_key, other) = stored(world, "Org2MSP");
    let altered = |signature: &Signature, alter: fn(&mut ConfigSignature)| {
        let mut altered = signature.clone();
        alter(altered.config_signature.as_mut().unwrap());
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
    let vote = Vote {
        reason: "no".to_owned(),
        sequence: Some(0),
    };
    let vote_key = composite("vote", &["add_orgx", &number(1), "Org1MSP"]);
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
    vec![
        // an empty value is none
        put(&own_key, Vec::new()),
        put(&other_key, Vec::new()),
        put(&own_key, flipped),
        put(&other_key, other_header),
        put(&key("OrgZMSP", "00"), own.encode_to_vec()),
        put(&vote_key, vote.encode_to_vec()),
        put(&proposal_key, other_intent.encode_to_vec()),
        put(&proposal_key, other_base.encode_to_vec()),
    ]
}

/// A server keeps what it found out about intents, updates, signatures and votes. Whatever it has
/// seen before, it answers as one that has seen nothing.
#[tokio::test]
async fn what_a_server_remembers_never_shows() {
    let capture = CAPTURES[0];
    let org1 = person("Org1MSP");
    let mut world = World::new(contract(&TestAnchors::of(&capture.genesis())));
    world
        .ok(&org1, &[b"InitConsortium", &capture.genesis()])
        .await;
    let orgx = capture.file("add-orgx/org.json");
    let args: [&[u8]; 5] = [b"AddOrganization", b"add_orgx", b"OrgXMSP", &orgx, b"x"];
    world.ok(&org1, &args).await;
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
            for args in [
                &[b"ListProposals".as_slice()][..],
                &[b"GetProposal", b"add_orgx"],
                &[b"ListProposals", br#"{"conflicts":true}"#],
            ] {
                let call = world.invocation(&org1, args);
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
    let (mut world, anchors) = founded().await;
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
    let limit = Limits::default().signature_header;
    let signatures = [signed(&org1, 24), signed(&org2, limit)];
    let file = config::envelope::update_envelope(&world.channel, &update, &signatures);
    let file = base64(&file);
    let args: [&[u8]; 3] = [b"AddSignature", b"add_orgx", file.as_bytes()];
    world.refused(&org1, &args, "HEADER_TOO_LARGE").await;
    let settings = ContractSettings {
        limits: Limits {
            signature_header: 2 * limit,
            ..Limits::default()
        },
        ..ContractSettings::default()
    };
    let other = Contract::new(settings, anchors, Arc::new(NoObserver));
    let added = world.with(other).ok(&org1, &args).await;
    assert_eq!(added["added"].as_array().unwrap().len(), 2);
}
