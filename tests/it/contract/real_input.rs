//! The story of the captures from real networks, told by the contract.

use bytes::Bytes;
use cmscc::{
    config::ConfigTree,
    contract::Disown,
    ids::{Digest, Sequence},
    proto::common,
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    calls::{
        Call, add_organization, add_orgnization, add_signature, get_config, get_config_chain, init,
        init_consortium, list_proposals, propose_config_update, recover_config, sync_config,
        update_proposals,
    },
    captures::{CAPTURES, Capture},
    manners::Played,
    people::{Person, base64, person, user},
    served::Loopback,
    world::{Host, InProcess, Server, TestAnchors, World, contract, trusting, update_envelope},
};
use crate::chain::forged::Padding;

/// Makes each story a test in this process, at each kind of peer, and one over a stream.
macro_rules! told_everywhere {
    ($($story:ident)*) => {
        mod in_process {
            $(#[tokio::test]
            async fn $story() {
                super::$story(&super::InProcess).await;
            })*
        }
        mod with_couchdb_of_2_5 {
            $(#[tokio::test]
            async fn $story() {
                super::$story(&super::Played::at("couchdb-2.5")).await;
            })*
        }
        mod with_couchdb_that_cuts_ranges {
            $(#[tokio::test]
            async fn $story() {
                super::$story(&super::Played::at("couchdb-cut")).await;
            })*
        }
        mod with_leveldb_that_cuts_ranges {
            $(#[tokio::test]
            async fn $story() {
                super::$story(&super::Played::at("leveldb-cut")).await;
            })*
        }
        mod through_the_server {
            $(#[tokio::test]
            async fn $story() {
                super::$story(&super::Loopback).await;
            })*
        }
    };
}

told_everywhere! {
    the_story
    a_flipped_byte_is_refused_wherever_it_is
    a_block_out_of_order_is_refused
    a_block_of_another_channel_is_refused
    a_fork_is_refused
    padding_is_neither_kept_nor_a_fork
    a_bootstrap_needs_trust
    init_succeeds_with_anything_when_there_is_a_head
    a_recovery_takes_the_anchor_and_nothing_else
    a_disowned_branch_goes_away_once
    the_captured_signatures_are_taken
    three_forms_of_a_signature
}

async fn the_story(host: &impl Host) {
    for capture in CAPTURES {
        let server = contract(&TestAnchors::of(&capture.genesis()));
        the_story_on(capture, host.serve(server).await).await;
    }
}

/// Two organisations are added, one after the other, with the updates that were really submitted.
/// The server must hold the capture's genesis block as its anchor.
async fn the_story_on(capture: Capture, server: impl Server) {
    let (org1, org2, orgx) = (person("Org1MSP"), person("Org2MSP"), person("OrgXMSP"));
    let mut world = World::new(server);
    let started = world.ok(&org1, init_consortium(&capture.genesis())).await;
    assert_eq!(started["sequence"], 0);
    assert_eq!(started["epoch"], 1);
    assert_eq!(started["channel_id"], "mychannel");

    // 1, 2: Org1 proposes and signs
    let org_json = capture.file("add-orgx/org.json");
    let proposed = world
        .ok(
            &org1,
            add_organization("add_orgx", "OrgXMSP", &org_json).described("bring in OrgX"),
        )
        .await;
    assert_eq!(proposed["revision"], 1);
    let update = world.update_to_sign("add_orgx").await;
    assert_same_update(&update, &capture.file("add-orgx/config_update.pb"));
    let on_chain = common::ConfigUpdateEnvelope::decode(
        capture
            .file("add-orgx/config_update_envelope_onchain.pb")
            .as_slice(),
    )
    .unwrap();
    assert!(
        update == on_chain.config_update,
        "the deterministic encoding"
    );
    assert_eq!(
        proposed["config_update_sha256"],
        Digest::of(&update).to_string()
    );
    assert_eq!(world.status("add_orgx").await, "WaitingForSignatures");
    world.sign(&org1, "add_orgx").await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "WaitingForSignatures");
    assert_eq!(shown["status_detail"]["missing"], json!(["Org2MSP"]));
    assert_eq!(shown["config_update_envelope_to_submit"], Value::Null);

    // 3, 4: Org2 proposes and signs
    let orgy_json = capture.file("add-orgy/org.json");
    world
        .ok(
            &org2,
            add_orgnization("add_orgy", "OrgYMSP", &orgy_json).described("bring in OrgY"),
        )
        .await;
    world.sign(&org2, "add_orgy").await;

    // 5, 6: Org2 signs the other one, which is ready then
    world.sign(&org2, "add_orgx").await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "ReadyToSubmit");
    assert_eq!(shown["status_detail"]["missing"], json!([]));
    assert_eq!(shown["still_effective_if_submitted"], json!([1]));
    let ready = shown["config_update_envelope_to_submit"].as_str().unwrap();
    let ready = update_envelope(
        &base64::Engine::decode(&base64::engine::general_purpose::STANDARD, ready).unwrap(),
    );
    assert_eq!(ready.config_update, update);
    assert_eq!(ready.signatures.len(), 2);
    let digests = [update, world.update_to_sign("add_orgy").await];
    let digests = digests.map(|update| Digest::of(&update).to_string());
    let listed = world.ok(&org1, list_proposals()).await;
    assert_eq!(
        listed["proposals"],
        json!([
            {"already_in_effect": false, "cannot_be_recorded": false, "combined_into": [], "config_update_sha256": digests[0], "conflicts": null, "deadline": null, "description": "bring in OrgX", "former_member": false, "kind": "config_update", "missing": [], "needs": [], "omitted": {},
             "proposal_id": "add_orgx", "proposer_msp_id": "Org1MSP", "revision": 1,
             "signed_by": ["Org1MSP", "Org2MSP"], "status": "ReadyToSubmit", "to_attest": []},
            {"already_in_effect": false, "cannot_be_recorded": false, "combined_into": [], "config_update_sha256": digests[1], "conflicts": null, "deadline": null, "description": "bring in OrgY", "former_member": false, "kind": "config_update", "missing": ["Org1MSP"], "needs": ["`/Channel/Application/Admins`: 1 of 2: `Org1MSP`"], "omitted": {},
             "proposal_id": "add_orgy", "proposer_msp_id": "Org2MSP", "revision": 1,
             "signed_by": ["Org2MSP"], "status": "WaitingForSignatures", "to_attest": []},
        ])
    );

    // 7, 8: it was submitted and committed; its block is synced
    let after = capture.after("add-orgx");
    let synced = world
        .ok(&org2, sync_config(base64(&after).as_bytes()))
        .await;
    assert_eq!(synced["sequence"], 1);
    assert_eq!(synced["applied"], json!([digests[0]]));

    // 9: one is submitted, with proof; the other out of date
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "Submitted");
    let block = common::Block::decode(after.as_slice()).unwrap();
    let proof = &shown["status_detail"]["proof"];
    assert_eq!(proof["block_number"], block.header.unwrap().number);
    assert_eq!(proof["block_hash"], synced["block_hash"]);
    assert_eq!(proof["sequence"], 1);
    let shown = world.proposal("add_orgy").await;
    assert_eq!(shown["status"], "Outofdate");
    assert_eq!(shown["status_detail"]["rebases"], true);
    assert_eq!(shown["status_detail"]["conflicts"], json!([]));

    // 10: archived and computed again
    let updated = world.ok(&org2, update_proposals()).await;
    assert_eq!(
        updated["archived"],
        json!([{"outcome": "Submitted", "proposal_id": "add_orgx"}])
    );
    assert_eq!(updated["recomputed"][0]["proposal_id"], "add_orgy");
    assert_eq!(updated["recomputed"][0]["revision"], 2);
    assert_eq!(updated["left"], json!([]));
    let archived = world.proposal("add_orgx").await;
    assert_eq!(archived["archived"], true);
    assert_eq!(archived["status"], "Submitted");
    assert_eq!(archived["outcome"]["proof"]["sequence"], 1);

    // 11: signed again, now by two of three
    let update = world.update_to_sign("add_orgy").await;
    assert_same_update(&update, &capture.file("add-orgy/config_update.pb"));
    world.sign(&org1, "add_orgy").await;
    let shown = world.proposal("add_orgy").await;
    assert_eq!(shown["status"], "WaitingForSignatures");
    assert_eq!(shown["consent_trail"][0]["msp_id"], "Org2MSP");
    world.sign(&orgx, "add_orgy").await;
    assert_eq!(world.status("add_orgy").await, "ReadyToSubmit");
    let after = capture.after("add-orgy");
    let synced = world.ok(&orgx, sync_config(&after)).await;
    let digest = world.proposal("add_orgy").await["config_update_sha256"].clone();
    assert_eq!(synced["applied"], json!([digest]));
    let shown = world.proposal("add_orgy").await;
    assert_eq!(shown["status"], "Submitted");
    assert_eq!(shown["status_detail"]["proof"]["revision"], 2);

    let chain = world.ok(&org1, get_config_chain()).await;
    let sequences: Vec<&Value> = chain["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| &link["sequence"])
        .collect();
    assert_eq!(sequences, [0, 1, 2]);
    let config = world.ok(&org1, get_config()).await;
    let members = &config["config"]["channel_group"]["groups"]["Application"]["groups"];
    let names: Vec<&String> = members.as_object().unwrap().keys().collect();
    assert_eq!(names, ["Org1MSP", "Org2MSP", "OrgXMSP", "OrgYMSP"]);
    let raw = world
        .ok(&org1, get_config().options(r#"{"format":"base64"}"#))
        .await;
    let carried = capture.file("add-orgy/config_raw_after.pb");
    let config = ConfigTree::parse(carried.into()).unwrap();
    assert_eq!(raw["config"], base64(&config.encode()));
}

/// Equal as messages: the tools write maps in random order.
fn assert_same_update(ours: &[u8], theirs: &[u8]) {
    assert!(
        common::ConfigUpdate::decode(ours).unwrap()
            == common::ConfigUpdate::decode(theirs).unwrap()
    );
}

async fn started<H: Host>(host: &H, capture: Capture) -> World<H::Server> {
    let mut world = World::new(
        host.serve(contract(&TestAnchors::of(&capture.genesis())))
            .await,
    );
    world.found(&capture.genesis()).await;
    world
}

async fn a_flipped_byte_is_refused_wherever_it_is(host: &impl Host) {
    let caller = person("Org1MSP");
    for capture in CAPTURES {
        let good = capture.after("add-orgx");
        let mut world = started(host, capture).await;
        let mut symbols = std::collections::BTreeSet::new();
        for place in (0..good.len()).step_by(good.len() / 97) {
            let mut bad = good.clone();
            bad[place] ^= 1;
            let (response, _) = {
                let call = world.invocation(&caller, sync_config(&bad));
                world.submit(&call).await
            };
            if response.is_success() {
                // metadata that no signature covers
                let (a, b) = (
                    common::Block::decode(bad.as_slice()).unwrap(),
                    common::Block::decode(good.as_slice()).unwrap(),
                );
                assert_eq!((a.header, a.data), (b.header, b.data), "byte {place}");
                world = started(host, capture).await;
                continue;
            }
            symbols.insert(super::world::symbol_of(&response).to_owned());
        }
        let mut flipped = common::Block::decode(good.as_slice()).unwrap();
        let data = flipped.data.as_mut().unwrap();
        let mut entry = data.data[0].to_vec();
        let middle = entry.len() / 2;
        entry[middle] ^= 1;
        data.data[0] = entry.into();
        world
            .refused(
                &caller,
                sync_config(&flipped.encode_to_vec()),
                "BLOCK_DATA_HASH",
            )
            .await;
        let mut header = common::Block::decode(good.as_slice()).unwrap();
        header.header.as_mut().unwrap().number += 1;
        world
            .refused(
                &caller,
                sync_config(&header.encode_to_vec()),
                "BLOCK_SIGNATURES",
            )
            .await;
        for symbol in symbols {
            assert!(
                [
                    "BAD_BLOCK",
                    "BLOCK_DATA_HASH",
                    "BLOCK_SIGNATURES",
                    "WRONG_CHANNEL"
                ]
                .contains(&symbol.as_str()),
                "{symbol}"
            );
        }
        world.ok(&caller, sync_config(&good)).await;
    }
}

async fn a_block_out_of_order_is_refused(host: &impl Host) {
    let caller = person("Org2MSP");
    for capture in CAPTURES {
        let mut world = started(host, capture).await;
        let first = capture.after("add-orgx");
        let second = capture.after("add-orgy");
        let message = world
            .refused(&caller, sync_config(&second), "CONFIG_GAP")
            .await;
        assert!(message.contains("sync sequence 1 first"), "{message}");
        world
            .refused(&caller, sync_config(&second).and(&first), "CONFIG_GAP")
            .await;
        let both = world.ok(&caller, sync_config(&first).and(&second)).await;
        assert_eq!(both["added"].as_array().unwrap().len(), 2);
        // a known block again is a success without effect
        let (again, set) = world.outcome(&caller, sync_config(&first)).await;
        assert!(set.writes.is_empty() && set.event.is_none());
        assert_eq!(again["known"][0]["sequence"], 1);
        assert_eq!(again["sequence"], 2);
    }
}

async fn a_block_of_another_channel_is_refused(host: &impl Host) {
    let caller = person("Org1MSP");
    for capture in CAPTURES {
        let mut world = started(host, capture).await;
        let block = renamed(&capture.after("add-orgx"), "otherchannel");
        world
            .refused(&caller, sync_config(&block), "WRONG_CHANNEL")
            .await;
        let mut other = World::new(
            host.serve(contract(&TestAnchors::of(&capture.genesis())))
                .await,
        );
        other.channel = "otherchannel".into();
        other
            .refused(
                &caller,
                init_consortium(&capture.genesis()),
                "WRONG_CHANNEL",
            )
            .await;
    }
}

/// The block with another channel id in its transaction, and a data hash that fits.
fn renamed(block: &[u8], channel: &str) -> Vec<u8> {
    let mut block = common::Block::decode(block).unwrap();
    let entry = &mut block.data.as_mut().unwrap().data[0];
    let mut envelope = common::Envelope::decode(entry.clone()).unwrap();
    let mut payload = common::Payload::decode(envelope.payload).unwrap();
    let header = payload.header.as_mut().unwrap();
    let mut channel_header = common::ChannelHeader::decode(header.channel_header.clone()).unwrap();
    channel_header.channel_id = channel.to_owned();
    header.channel_header = channel_header.encode_to_vec().into();
    envelope.payload = payload.encode_to_vec().into();
    *entry = envelope.encode_to_vec().into();
    let hash = Digest::of(entry);
    block.header.as_mut().unwrap().data_hash = Bytes::copy_from_slice(hash.as_bytes());
    block.encode_to_vec()
}

async fn a_fork_is_refused(host: &impl Host) {
    let caller = person("Org1MSP");
    for (ours, theirs) in [(0, 1), (1, 2)] {
        let (ours, theirs) = (CAPTURES[ours], CAPTURES[theirs]);
        let mut world = started(host, ours).await;
        let message = world
            .refused(&caller, sync_config(&theirs.genesis()), "CONFIG_FORK")
            .await;
        for capture in [ours, theirs] {
            let block = cmscc::block::ConfigBlock::parse(capture.genesis().into()).unwrap();
            assert!(message.contains(&block.config_digest().to_string()));
        }
        world
            .refused(&caller, init_consortium(&theirs.genesis()), "CONFIG_FORK")
            .await;
        let again = world.ok(&caller, init_consortium(&ours.genesis())).await;
        assert_eq!(again["known"][0]["sequence"], 0);
    }
    // these two made one config, with map entries in another order
    let (ours, theirs) = (CAPTURES[2], CAPTURES[0]);
    assert_ne!(ours.genesis(), theirs.genesis());
    let mut world = started(host, ours).await;
    let same = world.ok(&caller, sync_config(&theirs.genesis())).await;
    assert_eq!(same["known"][0]["sequence"], 0);
}

async fn padding_is_neither_kept_nor_a_fork(host: &impl Host) {
    let caller = person("Org1MSP");
    let capture = CAPTURES[0];
    let real = capture.after("add-orgx");
    let mut plain = started(host, capture).await;
    let plainly = plain.ok(&caller, sync_config(&real)).await;
    let plain_body = plain.config();
    for padding in Padding::ALL {
        let padded = padding.on(&real, 3_000_000);
        let mut world = started(host, capture).await;
        let added = world.ok(&caller, sync_config(&padded)).await;
        assert_eq!(added["config_sha256"], plainly["config_sha256"]);
        assert!(world.config() == plain_body, "{padding:?}");
        assert_eq!(
            plainly["config_sha256"],
            Digest::of(&plain_body).to_string()
        );
        // the hash is what the block claims
        assert_ne!(added["block_hash"], plainly["block_hash"]);
        let again = world.ok(&caller, sync_config(&real)).await;
        assert_eq!(again["known"][0]["sequence"], 1);
        let again = plain.ok(&caller, sync_config(&padded)).await;
        assert_eq!(again["known"][0]["sequence"], 1);
        // what follows follows from the padded one, too
        let next = capture.after("add-orgy");
        assert_eq!(world.ok(&caller, sync_config(&next)).await["sequence"], 2);
        // an operator's anchor of this sequence has the same config
        let anchored = host.serve(contract(&TestAnchors::of(&real))).await;
        let mut world = started(host, capture).await.with(anchored);
        world.ok(&caller, sync_config(&padded)).await;
    }
}

async fn a_bootstrap_needs_trust(host: &impl Host) {
    let caller = person("Org1MSP");
    for capture in CAPTURES {
        let genesis = capture.genesis();
        let first = capture.after("add-orgx");
        let second = capture.after("add-orgy");
        let other = CAPTURES
            .into_iter()
            .map(Capture::genesis)
            .find(|block| *block != genesis)
            .unwrap();
        let mut world = World::new(host.serve(contract(&TestAnchors::none())).await);
        world
            .refused(&caller, init_consortium(&genesis), "UNANCHORED")
            .await;
        let mut world = World::new(host.serve(contract(&TestAnchors::of(&other))).await);
        world
            .refused(&caller, init_consortium(&genesis), "ANCHOR_MISMATCH")
            .await;
        // the anchor itself, what leads to it, what descends from it
        for (anchor, blocks) in [
            (&first, vec![&first]),
            (&first, vec![&genesis, &first]),
            (&second, vec![&genesis, &first, &second]),
            (&genesis, vec![&first]),
            (&genesis, vec![&first, &second]),
        ] {
            let mut world = World::new(host.serve(contract(&TestAnchors::of(anchor))).await);
            let call = blocks.iter().fold(Call::of("InitConsortium"), Call::and);
            let started = world.ok(&caller, call).await;
            assert_eq!(started["added"].as_array().unwrap().len(), blocks.len());
        }
        // too far from the anchor, or before it
        for (anchor, block) in [(&genesis, &second), (&second, &first)] {
            let mut world = World::new(host.serve(contract(&TestAnchors::of(anchor))).await);
            world
                .refused(&caller, init_consortium(block), "ANCHOR_MISMATCH")
                .await;
        }
        // without an anchor a block must at least satisfy its own policy
        let mut world = World::new(host.serve(trusting()).await);
        let mut unsigned = common::Block::decode(first.as_slice()).unwrap();
        unsigned.metadata.as_mut().unwrap().metadata[0] = Bytes::new();
        world
            .refused(
                &caller,
                init_consortium(&unsigned.encode_to_vec()),
                "BLOCK_SIGNATURES",
            )
            .await;
        world.ok(&caller, init_consortium(&first)).await;
        world
            .refused(&caller, sync_config(&genesis), "BEFORE_CHECKPOINT")
            .await;
        world
            .refused(&caller, init_consortium(&second), "ALREADY_INITIALIZED")
            .await;
    }
}

async fn init_succeeds_with_anything_when_there_is_a_head(host: &impl Host) {
    let caller = person("Org1MSP");
    let capture = CAPTURES[0];
    let mut world = World::new(
        host.serve(contract(&TestAnchors::of(&capture.genesis())))
            .await,
    );
    let mut first = world.invocation(&caller, Call::of("InitConsortium"));
    first.is_init = true;
    let (response, set) = world.submit(&first).await;
    assert!(response.is_success() && set.writes.is_empty());
    first.args = vec![Bytes::from_static(b"Init"), capture.genesis().into()];
    let (response, set) = world.submit(&first).await;
    assert!(response.is_success(), "{}", response.message);
    assert!(!set.writes.is_empty());
    first.args = vec![Bytes::from_static(b"whatever"), Bytes::from_static(b"!")];
    let (response, set) = world.submit(&first).await;
    assert!(response.is_success() && set.writes.is_empty());
    world.ok(&caller, init(b"!")).await;
    let only = init_consortium(b"!");
    let message = world.refused(&caller, &only, "BAD_BLOCK").await;
    assert!(!message.contains("block 1 of"), "{message}");
    let genesis = capture.genesis();
    let second = init_consortium(&genesis).and(b"!");
    let message = world.refused(&caller, &second, "BAD_BLOCK").await;
    assert!(message.contains("BAD_BLOCK: block 2 of 2: "), "{message}");
}

async fn a_recovery_takes_the_anchor_and_nothing_else(host: &impl Host) {
    let caller = person("Org1MSP");
    for capture in CAPTURES {
        let genesis = capture.genesis();
        let first = capture.after("add-orgx");
        let second = capture.after("add-orgy");
        let anchors = TestAnchors::of(&genesis);
        let mut world = World::new(host.serve(contract(&anchors)).await);
        world.ok(&caller, init_consortium(&genesis)).await;
        world
            .refused(&caller, recover_config(&second), "ANCHOR_MISMATCH")
            .await;
        let mut without = World::new(host.serve(trusting()).await);
        without.ok(&caller, init_consortium(&genesis)).await;
        without
            .refused(&caller, recover_config(&second), "ANCHOR_REQUIRED")
            .await;

        anchors.set(&second);
        world
            .refused(
                &caller,
                recover_config(&second).disowning(1),
                "NOT_DISOWNED",
            )
            .await;
        let recovered = world.ok(&caller, recover_config(&second)).await;
        assert_eq!(recovered["epoch"], 2);
        assert_eq!(recovered["sequence"], 2);
        let again = world.ok(&caller, recover_config(&second)).await;
        assert_eq!((&again["epoch"], &again["added"]), (&json!(2), &json!([])));
        world
            .refused(&caller, sync_config(&first), "BEFORE_CHECKPOINT")
            .await;
        anchors.set(&first);
        world
            .refused(&caller, recover_config(&first), "NOT_NEWER")
            .await;
    }
}

async fn a_disowned_branch_goes_away_once(host: &impl Host) {
    let caller = person("Org1MSP");
    let capture = CAPTURES[0];
    let first = capture.after("add-orgx");
    let second = capture.after("add-orgy");
    let anchors = TestAnchors::of(&capture.genesis());
    let mut world = World::new(host.serve(contract(&anchors)).await);
    world
        .ok(&caller, init_consortium(&capture.genesis()).and(&first))
        .await;
    anchors.set(&second);
    anchors.permit(Disown {
        epoch: 1,
        from: Sequence(1),
    });
    world
        .refused(&caller, recover_config(&second), "NOT_DISOWNED")
        .await;
    world
        .refused(
            &caller,
            recover_config(&second).disowning(2),
            "NOT_DISOWNED",
        )
        .await;
    world
        .ok(&caller, recover_config(&second).disowning(1))
        .await;
    let chain = world.ok(&caller, get_config_chain()).await;
    let sequences: Vec<u64> = chain["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!(sequences, [0, 2]);
    world
        .refused(
            &caller,
            recover_config(&second).disowning(1),
            "NOT_DISOWNED",
        )
        .await;
}

async fn the_captured_signatures_are_taken(host: &impl Host) {
    for capture in CAPTURES {
        let org1 = person("Org1MSP");
        let mut world = started(host, capture).await;
        let envelope = capture.file("add-orgx/envelope_signed.pb");
        let update = update_envelope(&envelope).config_update;
        // the update as bytes: revision 1 is these bytes
        world
            .ok(
                &org1,
                propose_config_update("add_orgx", &base64(&update)).described("as bytes"),
            )
            .await;
        assert_eq!(world.update_to_sign("add_orgx").await, update);
        let added = world
            .ok(
                &user("Org1MSP", "User1"),
                add_signature("add_orgx", &base64(&envelope)),
            )
            .await;
        let signers: Vec<&str> = added["added"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["msp_id"].as_str().unwrap())
            .collect();
        assert_eq!(signers, ["Org1MSP", "Org2MSP"]);
        assert_eq!(world.status("add_orgx").await, "ReadyToSubmit");
        // what was really refused by a real orderer, for the same reason
        let mut world = started(host, capture).await;
        world
            .ok(
                &org1,
                propose_config_update("add_orgx", &base64(&update)).described("as bytes"),
            )
            .await;
        let refused = capture.file("rejected_orgx_org1_only.pb");
        if update_envelope(&refused).config_update == update {
            world
                .ok(&org1, add_signature("add_orgx", &base64(&refused)))
                .await;
        } else {
            world
                .refused(
                    &org1,
                    add_signature("add_orgx", &base64(&refused)),
                    "WRONG_BYTES",
                )
                .await;
            world.sign(&org1, "add_orgx").await;
        }
        let shown = world.proposal("add_orgx").await;
        assert_eq!(shown["status"], "WaitingForSignatures");
        assert_eq!(shown["status_detail"]["missing"], json!(["Org2MSP"]));
    }
}

async fn three_forms_of_a_signature(host: &impl Host) {
    let capture = CAPTURES[0];
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let org_json = capture.file("add-orgx/org.json");
    let propose = add_organization("add_orgx", "OrgXMSP", &org_json);
    let forms: [fn(&Person, &[u8]) -> String; 3] = [
        |who, update| who.signed(update),
        |who, update| {
            let bytes = who.config_signature(update).encode_to_vec();
            cmscc::json::encode("common.ConfigSignature", &bytes).unwrap()
        },
        |who, update| {
            let one = who.config_signature(update);
            let signature = cmscc::config::ConfigSignature {
                signature_header: one.signature_header,
                signature: one.signature,
            };
            let channel = "mychannel".into();
            let envelope = cmscc::config::envelope::update_envelope(&channel, update, &[signature]);
            base64(&envelope)
        },
    ];
    for form in forms {
        let mut world = started(host, capture).await;
        world.ok(&org1, &propose).await;
        let update = world.update_to_sign("add_orgx").await;
        for who in [&org1, &org2] {
            let signature = form(who, &update);
            let call = add_signature("add_orgx", &signature);
            let added = world.ok(&org1, &call).await;
            assert_eq!(added["added"].as_array().unwrap().len(), 1);
            let (again, set) = world.outcome(&org1, &call).await;
            assert_eq!(again["already"], added["added"]);
            assert!(set.writes.is_empty());
        }
        assert_eq!(world.status("add_orgx").await, "ReadyToSubmit");
    }
}
