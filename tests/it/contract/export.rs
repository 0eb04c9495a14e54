//! `ExportProposal`, and what an auditor makes of it without the ledger.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    contract::{
        CallLimits, Contract, ContractSettings, NoObserver,
        audit::{AuditFindingId, AuditReport, verify},
    },
    ids::Digest,
    proto::common,
};
use prost::Message;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{
    blocks::checkpoint,
    calls::{
        add_organization, add_signature, combine_proposals, delete_proposal, export_proposal,
        propose_config_update, propose_settings, reject_proposal, sync_config, update_proposals,
        withdraw_proposal,
    },
    captures::{CAPTURES, Capture},
    patches::{of_admins, policy, timeout},
    people::{new_admin, person},
    world::{TestAnchors, World, founded, founded_on},
};

/// A world, and all config blocks of its channel.
struct Story {
    world: World<Contract>,
    anchors: Arc<TestAnchors>,
    blocks: Vec<Bytes>,
}

impl Story {
    async fn new() -> Self {
        Self::on(CAPTURES[0]).await
    }

    async fn on(capture: Capture) -> Self {
        let genesis = capture.genesis();
        let (world, anchors) = founded_on(&genesis).await;
        Self {
            world,
            anchors,
            blocks: vec![genesis.into()],
        }
    }

    /// Has an orderer take the finished envelope of a proposal.
    async fn take_effect(&mut self, id: &str) {
        let shown = self.world.proposal(id).await;
        let envelope = shown["config_update_envelope_to_submit"].as_str();
        let envelope = envelope.unwrap_or_else(|| panic!("{id} is {}", shown["status"]));
        self.order(&STANDARD.decode(envelope).unwrap().into()).await;
    }

    async fn order(&mut self, envelope: &Bytes) {
        let block = self.world.ordered(envelope);
        self.sync(&block).await;
    }

    async fn sync(&mut self, block: &[u8]) {
        self.world.ok(&person("Org1MSP"), sync_config(block)).await;
        self.blocks.push(Bytes::copy_from_slice(block));
    }

    async fn signed_by(&mut self, id: &str, msp_ids: &[&str]) {
        for msp_id in msp_ids {
            self.world.sign(&person(msp_id), id).await;
        }
    }

    async fn export(&mut self, id: &str) -> Value {
        self.world.ok(&person("Org2MSP"), export_proposal(id)).await
    }

    fn verify(&self, bundle: &Value) -> AuditReport {
        verify(bundle.to_string().as_bytes(), &self.blocks).unwrap()
    }

    /// Exports and verifies; nothing is found.
    async fn verified(&mut self, id: &str) -> (Value, AuditReport) {
        let bundle = self.export(id).await;
        let report = self.verify(&bundle);
        assert_eq!(report.findings, [], "{id}");
        assert!(report.verified);
        (bundle, report)
    }

    /// The findings of a bundle that was tampered with, or why it cannot be read.
    fn found(&self, bundle: &Value, blocks: &[Bytes]) -> Result<Vec<AuditFindingId>, String> {
        let report = verify(bundle.to_string().as_bytes(), blocks).map_err(|e| e.to_string())?;
        assert_eq!(report.verified, report.findings.is_empty());
        Ok(report.findings.iter().map(|found| found.id).collect())
    }
}

/// A story in which `add_orgy` took effect as its second revision, behind `add_orgx`.
async fn two_join() -> Story {
    let mut story = Story::new().await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    story.world.propose_org(&org1, "add_orgx", "add-orgx").await;
    story.world.propose_org(&org2, "add_orgy", "add-orgy").await;
    story.signed_by("add_orgy", &["Org2MSP"]).await;
    story
        .world
        .ok(&org1, reject_proposal("add_orgy", "one by one"))
        .await;
    story.signed_by("add_orgx", &["Org1MSP", "Org2MSP"]).await;
    story.take_effect("add_orgx").await;
    story.world.ok(&org2, update_proposals()).await;
    story.signed_by("add_orgy", &["OrgXMSP", "Org1MSP"]).await;
    story.take_effect("add_orgy").await;
    story
}

/// The sequences that a bundle's chain names.
fn sequences(bundle: &Value) -> Vec<&Value> {
    let links = bundle["chain"].as_array().unwrap().iter();
    links.map(|link| &link["sequence"]).collect()
}

#[tokio::test]
async fn what_took_effect_is_proven_by_blocks_alone() {
    let mut story = two_join().await;
    let (open, before) = story.verified("add_orgy").await;
    assert_eq!(open["proposal"]["archived"], false);
    let org1 = person("Org1MSP");
    story.world.ok(&org1, update_proposals()).await;
    let (bundle, report) = story.verified("add_orgy").await;
    assert_eq!(bundle["proposal"]["archived"], true);
    assert_eq!(
        serde_json::to_value(&before.effective).unwrap(),
        serde_json::to_value(&report.effective).unwrap()
    );
    assert_eq!(sequences(&bundle), [0, 1, 2]);
    assert_eq!(bundle["proposal"]["revisions"].as_array().unwrap().len(), 2);
    assert_eq!(bundle["proposal"]["votes"][0]["reason"], "one by one");

    let report = serde_json::to_value(&report).unwrap();
    assert_eq!(report["outcome"], "Submitted");
    assert_eq!(report["trusted"]["sequence"], 0);
    let effective = &report["effective"];
    assert_eq!(effective["sequence"], 2);
    assert_eq!(effective["revision"], 2);
    assert_eq!(effective["proposal_id"], "add_orgy");
    let decided = effective["policies"].as_array().unwrap();
    assert_eq!(decided.len(), 1);
    assert_eq!(decided[0]["policy"], "/Channel/Application/Admins");
    assert_eq!(decided[0]["rule"], "MAJORITY Admins");
    assert_eq!(decided[0]["satisfied"], true);
    assert_eq!(
        decided[0]["elements"],
        json!(["[Group]  /Channel/Application"])
    );
    // the bundle lists the same ones, with those that they count
    let listed = bundle["evaluated"]["policies"].as_array().unwrap().iter();
    let listed: Vec<Value> = listed
        .map(|one| json!([one["policy"], one["rule"], one["decides"]]))
        .collect();
    let admins = |org: &str| {
        let path = format!("/Channel/Application/{org}/Admins");
        json!([path, format!("OR('{org}.admin')"), false])
    };
    assert_eq!(
        listed,
        [
            json!(["/Channel/Application/Admins", "MAJORITY Admins", true]),
            admins("Org1MSP"),
            admins("Org2MSP"),
            admins("OrgXMSP"),
        ]
    );
    let policy = &bundle["evaluated"]["policies"][3];
    let bytes = STANDARD.decode(policy["config_policy"].as_str().unwrap());
    let bytes = bytes.unwrap();
    assert_eq!(
        policy["config_policy_sha256"],
        Digest::of(&bytes).to_string()
    );
    let config_policy = common::Policy::decode(&bytes[..]).unwrap();
    assert_eq!(config_policy.r#type, 1);
    let signers = effective["signers"].as_array().unwrap();
    let signers: Vec<&Value> = signers
        .iter()
        .filter(|one| one["recorded"] == true)
        .map(|one| &one["msp_id"])
        .collect();
    assert_eq!(signers, ["Org1MSP", "OrgXMSP"]);
    assert_eq!(
        report["diff"]["changes"][0]["path"],
        "/Channel/Application/OrgYMSP"
    );
    // also those of the first revision
    let valid: Vec<(&Value, &Value)> = report["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["revision"], &one["valid"]))
        .collect();
    let yes = json!(true);
    assert_eq!(
        valid,
        [(&json!(1), &yes), (&json!(2), &yes), (&json!(2), &yes)]
    );
    let left = report["not_verified"].to_string();
    for said in ["who proposed it", "contract and epoch", "rejections"] {
        assert!(left.contains(said), "{left}");
    }
}

#[tokio::test]
async fn real_blocks_prove_it_as_well() {
    for capture in CAPTURES {
        let mut story = Story::on(capture).await;
        let org1 = person("Org1MSP");
        let on_chain = capture.file("add-orgx/config_update_envelope_onchain.pb");
        let on_chain = common::ConfigUpdateEnvelope::decode(&on_chain[..]).unwrap();
        let update = STANDARD.encode(on_chain.config_update);
        let call = propose_config_update("add_orgx", &update);
        story.world.ok(&org1, &call).await;
        story.sync(&capture.after("add-orgx")).await;
        let (bundle, report) = story.verified("add_orgx").await;
        assert_eq!(bundle["proposal"]["given_update"], update);
        assert_eq!(bundle["proposal"]["signatures"], json!([]));
        // signed past the contract: the block itself shows who did
        let effective = report.effective.unwrap();
        assert!(effective.signers.len() >= 2, "{effective:?}");
        assert!(effective.signers.iter().all(|signer| !signer.recorded));
        assert!(effective.policies.iter().all(|policy| policy.satisfied));
    }
}

#[tokio::test]
async fn the_submitters_own_signature_is_told_apart() {
    let mut story = Story::new().await;
    let org1 = person("Org1MSP");
    story.world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let update = story.world.update_to_sign("add_orgx").await;
    story.signed_by("add_orgx", &["Org1MSP"]).await;
    let signatures: Vec<common::ConfigSignature> = ["Org1MSP", "Org2MSP"]
        .iter()
        .map(|msp_id| person(msp_id).config_signature(&update))
        .collect();
    let signatures: Vec<cmscc::config::ConfigSignature> = signatures
        .iter()
        .map(|one| cmscc::config::ConfigSignature::parse(&one.encode_to_vec().into()).unwrap())
        .collect();
    let envelope =
        cmscc::config::envelope::update_envelope(&story.world.channel, &update, &signatures);
    story.order(&envelope.into()).await;
    let (_, report) = story.verified("add_orgx").await;
    let recorded: Vec<(String, bool)> = report
        .effective
        .unwrap()
        .signers
        .into_iter()
        .map(|signer| (signer.msp_id, signer.recorded))
        .collect();
    assert_eq!(
        recorded,
        [("Org1MSP".to_owned(), true), ("Org2MSP".to_owned(), false)]
    );
}

/// What no block can show: these may say anything, and the report names them.
const STATEMENTS: [&str; 17] = [
    "/as_of_sequence",
    "/contract_instance",
    "/epoch",
    "/proposal/archived",
    "/proposal/created_at",
    "/proposal/deadline",
    "/proposal/description",
    "/proposal/kind",
    "/proposal/outcome/archived_at",
    "/proposal/outcome/as_of_sequence",
    "/proposal/outcome/tx_id",
    "/proposal/proposal_id",
    "/proposal/proposed_sequence",
    "/proposal/proposer_msp_id",
    "/proposal/signatures_omitted",
    "/proposal/tx_id",
    "/proposal/votes",
];

/// Every value in a document that is no object and no list, by its pointer.
fn leaves(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(value, &format!("{at}/{name}"), out);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, &format!("{at}/{index}"), out);
            }
        }
        _ => out.push(at.to_owned()),
    }
}

/// Another value of the same kind; of bytes in base64 every byte in turn would do, the last one does.
fn another(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_u64().unwrap() + 1),
        Value::Bool(truth) => json!(!truth),
        Value::String(text) => match STANDARD.decode(text) {
            Ok(mut bytes) if bytes.len() > 32 && text.len() != 64 => {
                *bytes.last_mut().unwrap() ^= 1;
                json!(STANDARD.encode(bytes))
            }
            _ => {
                let (rest, last) = text.split_at(text.len() - 1);
                json!(format!("{rest}{}", if last == "0" { "1" } else { "0" }))
            }
        },
        _ => json!("x"),
    }
}

#[tokio::test]
async fn whatever_is_changed_is_found_out() {
    let mut story = two_join().await;
    story.world.ok(&person("Org1MSP"), update_proposals()).await;
    let (bundle, _) = story.verified("add_orgy").await;
    let mut all = Vec::new();
    leaves(&bundle, "", &mut all);
    let (mut changed, mut free) = (0, 0);
    for pointer in all {
        let mut tampered = bundle.clone();
        let leaf = tampered.pointer_mut(&pointer).unwrap();
        if leaf.is_null() && !pointer.ends_with("given_update") {
            continue;
        }
        *leaf = another(leaf);
        let found = story.found(&tampered, &story.blocks);
        if STATEMENTS.iter().any(|free| pointer.starts_with(free)) {
            free += 1;
            assert_eq!(found, Ok(Vec::new()), "{pointer} is no statement");
        } else {
            changed += 1;
            assert_ne!(found, Ok(Vec::new()), "{pointer}");
        }
    }
    assert!(changed > 30 && free > 10, "{changed} {free}");
}

#[tokio::test]
async fn every_byte_of_an_intent_an_update_and_a_signature_counts() {
    let mut story = Story::new().await;
    let org1 = person("Org1MSP");
    story.world.propose(&org1, "three", &timeout("3s")).await;
    let update = story.world.update_to_sign("three").await;
    story.signed_by("three", &["OrdererMSP"]).await;
    story.take_effect("three").await;
    let (bundle, _) = story.verified("three").await;
    assert!(!update.is_empty());
    for pointer in [
        "/proposal/patch",
        "/proposal/revisions/0/config_update",
        "/proposal/signatures/0/config_signature",
    ] {
        let text = bundle.pointer(pointer).unwrap().as_str().unwrap();
        let bytes = STANDARD.decode(text).unwrap();
        // a certificate's every byte would take long
        let step = (bytes.len() / 25).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            let mut tampered = bundle.clone();
            *tampered.pointer_mut(pointer).unwrap() = json!(STANDARD.encode(bytes));
            let found = story.found(&tampered, &story.blocks);
            assert_ne!(found, Ok(Vec::new()), "{pointer} byte {at}");
        }
    }
}

#[tokio::test]
async fn each_falsehood_has_its_name() {
    use AuditFindingId::*;
    let mut story = two_join().await;
    let (bundle, _) = story.verified("add_orgy").await;
    let (other, _) = story.verified("add_orgx").await;
    let cases: [(&str, Value, AuditFindingId); 21] = [
        ("/proposal/revisions/0/revision", json!(2), Revisions),
        ("/proposal/signatures/0/revision", json!(3), Signature),
        (
            "/proposal/patch",
            other["proposal"]["patch"].clone(),
            UpdateIntent,
        ),
        (
            "/proposal/revisions/1/config_update",
            other["proposal"]["revisions"][0]["config_update"].clone(),
            UpdateDigest,
        ),
        (
            "/proposal/revisions/1/base_sequence",
            json!(2),
            UpdateIntent,
        ),
        ("/proposal/revisions/1/base_sequence", json!(0), Revisions),
        ("/proposal/revisions", json!([]), Revisions),
        ("/chain/1/sequence", json!(0), Chain),
        (
            "/proposal/signatures/1/config_signature",
            bundle["proposal"]["signatures"][2]["config_signature"].clone(),
            Signature,
        ),
        (
            "/proposal/signatures/1/config_signature",
            bundle["proposal"]["signatures"][0]["config_signature"].clone(),
            Signature,
        ),
        (
            "/chain/1/config_sha256",
            bundle["chain"][2]["config_sha256"].clone(),
            BlockMismatch,
        ),
        ("/chain/2/config_update_sha256", Value::Null, BlockMismatch),
        ("/proposal/outcome/proof/sequence", json!(1), Proof),
        ("/proposal/outcome/proof/revision", json!(1), Proof),
        ("/proposal/outcome/proof", Value::Null, Outcome),
        ("/proposal/outcome/outcome", json!("Withdrawn"), Outcome),
        ("/proposal/outcome/via", json!("both"), Combined),
        ("/evaluated", Value::Null, Policy),
        ("/evaluated", other["evaluated"].clone(), Policy),
        ("/evaluated/policies", json!([]), Policy),
        ("/evaluated/omitted", json!(1), Policy),
    ];
    for (pointer, value, id) in cases {
        let mut tampered = bundle.clone();
        *tampered.pointer_mut(pointer).unwrap() = value;
        let found = story.found(&tampered, &story.blocks).unwrap();
        assert!(found.contains(&id), "{pointer}: {found:?}");
    }
    // it never happened, says the bundle: proof and outcome fit, and the chain shows otherwise
    let mut tampered = bundle.clone();
    tampered["proposal"]["outcome"]["proof"] = Value::Null;
    tampered["proposal"]["outcome"]["outcome"] = json!("Withdrawn");
    let found = story.found(&tampered, &story.blocks).unwrap();
    assert_eq!(found, [Outcome, Policy]);
    tampered["evaluated"] = Value::Null;
    let found = story.found(&tampered, &story.blocks).unwrap();
    assert_eq!(found, [Outcome]);
    tampered["chain"].as_array_mut().unwrap().pop();
    let found = story.found(&tampered, &story.blocks).unwrap();
    assert_eq!(found, [Chain]);
    // it did, says the bundle
    story
        .world
        .propose(&person("Org1MSP"), "never", &timeout("3s"))
        .await;
    story
        .world
        .ok(&person("Org1MSP"), withdraw_proposal("never"))
        .await;
    let (mut never, _) = story.verified("never").await;
    never["proposal"]["outcome"]["outcome"] = json!("Submitted");
    assert_eq!(story.found(&never, &story.blocks).unwrap(), [Outcome]);
    never["chain"] = bundle["chain"].clone();
    never["proposal"]["outcome"]["proof"] = bundle["proposal"]["outcome"]["proof"].clone();
    never["proposal"]["outcome"]["proof"]["revision"] = json!(1);
    let found = story.found(&never, &story.blocks).unwrap();
    assert!(
        found.contains(&Proof) && found.contains(&Result),
        "{found:?}"
    );
    never["proposal"]["outcome"] = Value::Null;
    assert_eq!(story.found(&never, &story.blocks).unwrap(), [Outcome]);
}

#[tokio::test]
async fn blocks_are_believed_as_little_as_bundles() {
    use AuditFindingId::*;
    let mut story = two_join().await;
    let (bundle, _) = story.verified("add_orgy").await;
    let blocks = story.blocks.clone();
    // order does not matter, and more than needed does not either
    let mut shuffled: Vec<Bytes> = blocks.iter().rev().cloned().collect();
    shuffled.push(blocks[0].clone());
    assert_eq!(story.found(&bundle, &shuffled), Ok(Vec::new()));
    for missing in 0..3 {
        let mut some = blocks.clone();
        some.remove(missing);
        let found = story.found(&bundle, &some).unwrap();
        assert!(found.contains(&BlockMissing), "{missing}: {found:?}");
    }
    // a block that was changed is not the one that its link names
    for (at, block) in blocks.iter().enumerate() {
        let mut some = blocks.clone();
        let mut block = common::Block::decode(block.clone()).unwrap();
        block.header.as_mut().unwrap().number += 7;
        some[at] = block.encode_to_vec().into();
        let found = story.found(&bundle, &some).unwrap();
        assert!(found.contains(&BlockMismatch), "{at}: {found:?}");
    }
    // nor does it help to change the link as well: the orderer did not sign this header
    let mut some = blocks.clone();
    let mut block = common::Block::decode(blocks[2].clone()).unwrap();
    block.header.as_mut().unwrap().number += 7;
    some[2] = block.encode_to_vec().into();
    let forged = cmscc::block::ConfigBlock::parse(some[2].clone()).unwrap();
    let mut tampered = bundle.clone();
    for pointer in ["/chain/2", "/proposal/outcome/proof"] {
        let named = tampered.pointer_mut(pointer).unwrap();
        named["block_number"] = json!(forged.block().number().0);
        named["block_hash"] = json!(forged.block().header_hash().to_string());
    }
    let found = story.found(&tampered, &some).unwrap();
    assert_eq!(found, [BlockInvalid, Proof]);
    // one with broken signatures beside the good one does no harm, alone it proves nothing
    let mut broken = common::Block::decode(blocks[2].clone()).unwrap();
    broken.metadata = None;
    let broken = Bytes::from(broken.encode_to_vec());
    let beside = [&[broken.clone()][..], &blocks].concat();
    assert_eq!(story.found(&bundle, &beside), Ok(Vec::new()));
    let mut some = blocks.clone();
    some[2] = broken;
    let found = story.found(&bundle, &some).unwrap();
    assert_eq!(found, [BlockInvalid, Proof]);
    // what is no block at all
    let error = verify(
        bundle.to_string().as_bytes(),
        &[Bytes::from_static(b"block")],
    );
    assert!(error.unwrap_err().to_string().starts_with("block 0 "));
}

#[tokio::test]
async fn what_took_effect_combined_is_proven_through_the_combined_one() {
    let mut story = Story::new().await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    story.world.propose_org(&org1, "add_orgx", "add-orgx").await;
    story.world.propose_org(&org2, "add_orgy", "add-orgy").await;
    story.signed_by("add_orgx", &["Org2MSP"]).await;
    let combine = combine_proposals("both", &["add_orgy", "add_orgx"]).described("both");
    story.world.ok(&org2, combine).await;
    story.signed_by("both", &["Org1MSP", "Org2MSP"]).await;
    story.take_effect("both").await;
    let (bundle, report) = story.verified("add_orgx").await;
    assert_eq!(bundle["proposal"]["outcome"]["via"], "both");
    assert_eq!(bundle["via"]["proposal_id"], "both");
    assert_eq!(bundle["sources"][0]["proposal_id"], "add_orgy");
    let effective = report.effective.unwrap();
    assert_eq!(
        (effective.proposal_id.as_str(), effective.revision),
        ("both", 1)
    );
    assert!(effective.signers.iter().all(|signer| signer.recorded));
    // archived it is the same
    story.world.ok(&org1, update_proposals()).await;
    let (archived, _) = story.verified("add_orgx").await;
    assert_eq!(archived["via"]["archived"], true);
    let (both, report) = story.verified("both").await;
    assert_eq!(both["via"], Value::Null);
    assert_eq!(both["sources"].as_array().unwrap().len(), 2);
    assert_eq!(report.effective.unwrap().sequence, 1);

    let foreign = {
        let org = &mut two_join().await;
        org.export("add_orgx").await["proposal"]["patch"].clone()
    };
    let y = bundle["sources"][0]["patch"].clone();
    assert_eq!(foreign, bundle["proposal"]["patch"]);
    for (pointer, value) in [
        ("/via", Value::Null),
        ("/via/proposal_id", json!("other")),
        ("/via/sources/0/proposal_id", json!("other")),
        (
            "/via/sources/0/config_update_sha256",
            json!("00".repeat(32)),
        ),
        ("/via/patch", y.clone()),
        ("/sources", json!([])),
        ("/sources/0/patch", foreign),
        ("/proposal/patch", y),
    ] {
        let mut tampered = bundle.clone();
        *tampered.pointer_mut(pointer).unwrap() = value;
        let found = story.found(&tampered, &story.blocks).unwrap();
        assert!(
            found.contains(&AuditFindingId::Combined),
            "{pointer}: {found:?}"
        );
    }
}

#[tokio::test]
async fn other_ends_are_compared_with_the_config_of_then() {
    let mut story = Story::new().await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let orgx = CAPTURES[0].file("add-orgx/org.json");
    let new = add_organization("add_orgx", "OrgXMSP", &orgx);
    story.world.ok(&org1, &new).await;
    // the same in the end, by other bytes: it takes effect with a timeout
    let org: Value = serde_json::from_slice(&orgx).unwrap();
    let mut group = org;
    group["version"] = json!("1");
    let both = json!({"groups": {
        "Application": {"groups": {"OrgXMSP": group}},
        "Orderer": {"values": {"BatchTimeout": {"value": {"timeout": "3s"}}}},
    }});
    story.world.propose(&org2, "more", &both).await;
    // deletes what the next one deletes, too
    let gone = json!({"groups": {"Application": {"groups": {"OrgXMSP": {"version": "2"}}}}});
    story
        .signed_by("more", &["Org1MSP", "Org2MSP", "OrdererMSP"])
        .await;
    story.take_effect("more").await;
    assert_eq!(story.world.status("add_orgx").await, "Submitted");
    story
        .world
        .refused(&org2, export_proposal("add_orgx"), "NOT_FINISHED")
        .await;
    story.world.ok(&org1, update_proposals().mode(2)).await;
    let (bundle, report) = story.verified("add_orgx").await;
    assert_eq!(report.outcome, "AlreadyInEffect");
    assert!(report.effective.is_none() && report.diff.is_none());
    let lie = |bundle: &Value, outcome: &str| {
        let mut lie = bundle.clone();
        lie["proposal"]["outcome"]["outcome"] = json!(outcome);
        lie
    };
    let found = story.found(&lie(&bundle, "Broken"), &story.blocks);
    assert_eq!(found, Ok(vec![AuditFindingId::Outcome]));

    story.world.propose(&org1, "gone", &gone).await;
    story
        .world
        .propose(
            &org2,
            "gone_too",
            &json!({"groups": {
                "Application": {"groups": {"OrgXMSP": {"version": "2"}}},
                "Orderer": {"values": {"BatchTimeout": {"value": {"timeout": "4s"}}}},
            }}),
        )
        .await;
    story.signed_by("gone", &["Org1MSP", "Org2MSP"]).await;
    story.take_effect("gone").await;
    assert_eq!(story.world.status("gone_too").await, "Broken");
    story.world.ok(&org2, update_proposals().mode(1)).await;
    let (bundle, report) = story.verified("gone_too").await;
    assert_eq!(report.outcome, "Broken");
    for other in ["AlreadyInEffect", "Submitted", "Rejected"] {
        let found = story.found(&lie(&bundle, other), &story.blocks);
        assert_eq!(found, Ok(vec![AuditFindingId::Outcome]), "{other}");
    }

    // an earlier revision that took effect after all proves it, whatever it was archived as
    story.world.propose(&org1, "five", &timeout("5s")).await;
    story.signed_by("five", &["OrdererMSP"]).await;
    let shown = story.world.proposal("five").await;
    let envelope = shown["config_update_envelope_to_submit"].as_str().unwrap();
    let envelope = Bytes::from(STANDARD.decode(envelope).unwrap());
    story.world.ok(&org1, delete_proposal("five")).await;
    let (_, report) = story.verified("five").await;
    assert_eq!(report.outcome, "Withdrawn");
    assert!(
        report
            .not_verified
            .iter()
            .any(|text| text.contains("`Withdrawn`"))
    );
    story.order(&envelope).await;
    let (_, report) = story.verified("five").await;
    assert_eq!(report.outcome, "Submitted");
}

#[tokio::test]
async fn a_recovery_leaves_a_gap_that_the_report_names() {
    let mut story = two_join().await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    story.world.ok(&org1, update_proposals()).await;
    let before = story.world.config();
    // a branch that both operators disown, from sequence 2 on
    let other = checkpoint(&before, |config| config.sequence += 3);
    story.world.disown(&story.anchors, &other, (1, 2)).await;
    story.blocks.push(other.into());
    let (bundle, report) = story.verified("add_orgy").await;
    assert_eq!(report.outcome, "Disowned");
    assert_eq!(bundle["epoch"], 2);
    assert_eq!(sequences(&bundle), [0, 1, 5]);
    let left = report.not_verified.join("; ");
    assert!(left.contains("the config of sequence 5 followed"), "{left}");
    let (_, report) = story.verified("add_orgx").await;
    assert_eq!(report.effective.unwrap().sequence, 1);
    story.world.propose(&org2, "six", &timeout("6s")).await;
    story.signed_by("six", &["OrdererMSP"]).await;
    story.take_effect("six").await;
    let (bundle, report) = story.verified("six").await;
    assert_eq!(bundle["chain"][0]["sequence"], 5);
    assert_eq!(report.trusted.unwrap().sequence, 5);
}

#[tokio::test]
async fn what_cannot_be_exported() {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    world.propose(&org1, "open", &timeout("3s")).await;
    for (id, symbol) in [
        ("open", "NOT_FINISHED"),
        ("none", "UNKNOWN_PROPOSAL"),
        ("!", "BAD_ID"),
        ("", "ARGUMENT_COUNT"),
    ] {
        world.refused(&org1, export_proposal(id), symbol).await;
    }
    // no block proves settings
    let gate = propose_settings("gate", r#"{"gate":"enforced"}"#);
    world.ok(&org1, &gate).await;
    world.ok(&org1, delete_proposal("gate")).await;
    world
        .refused(&org1, export_proposal("gate"), "WRONG_KIND")
        .await;
    world.ok(&org1, withdraw_proposal("open")).await;
    let bundle = world.text(&org1, export_proposal("open")).await;
    world.server = limited(bundle.len());
    assert_eq!(world.text(&org1, export_proposal("open")).await, bundle);
    world.server = limited(bundle.len() - 1);
    let call = export_proposal("open");
    let message = world.refused(&org1, call, "EXPORT_TOO_LARGE").await;
    assert!(message.contains(&bundle.len().to_string()), "{message}");
}

/// A contract whose exports have at most so many bytes.
fn limited(export: usize) -> Contract {
    let settings = ContractSettings {
        allow_unanchored: true,
        limits: CallLimits {
            export,
            ..CallLimits::default()
        },
    };
    Contract::new(settings, TestAnchors::none(), Arc::new(NoObserver))
}

#[tokio::test]
async fn signatures_push_no_bundle_over_its_limit() {
    let mut story = Story::new().await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    for (who, id) in [(&org1, "own"), (&org2, "more")] {
        let patch = policy("Application", id, &of_admins("ANY"));
        story.world.propose(who, id, &patch).await;
    }
    story.signed_by("own", &["Org2MSP"]).await;
    let combine = combine_proposals("both", &["own", "more"]);
    story.world.ok(&org2, combine).await;
    for other in ["other1", "other2"] {
        let patch = policy("Application", other, &of_admins("ANY"));
        story.world.propose(&org2, other, &patch).await;
        story.signed_by(other, &["Org1MSP", "Org2MSP"]).await;
        story.take_effect(other).await;
        for who in [&org1, &org2] {
            story.world.ok(who, update_proposals()).await;
        }
        story.signed_by("own", &["Org2MSP"]).await;
    }
    let update = story.world.update_to_sign("both").await;
    for msp_id in ["Org1MSP", "Org2MSP"] {
        for number in 0..15 {
            let admin = new_admin(msp_id, &format!("Admin{number}"));
            let add = add_signature("both", &admin.signed(&update));
            story.world.ok(&org1, add).await;
        }
    }
    story.signed_by("both", &["Org1MSP", "Org2MSP"]).await;
    story.take_effect("both").await;
    let (whole, _) = story.verified("both").await;
    assert_eq!(whole["proposal"]["signatures_omitted"], 0);
    let signatures = whole["proposal"]["signatures"].to_string().len();
    assert!(signatures > 30_000, "{signatures}");
    // of what went in only that, as far as it is kept
    let revisions = |source: &Value, member: &str| -> Vec<u64> {
        let all = source[member].as_array().unwrap().iter();
        all.map(|one| one["revision"].as_u64().unwrap()).collect()
    };
    for (source, id, kept) in [(1, "own", vec![1]), (0, "more", Vec::new())] {
        let source = &whole["sources"][source];
        assert_eq!(source["proposal_id"], id);
        assert_eq!(revisions(source, "revisions"), kept, "{id}");
        assert_eq!(revisions(source, "signatures"), kept, "{id}");
    }
    // half of the limit is for signatures
    story.world.server = limited(signatures);
    let (cut, report) = story.verified("both").await;
    let omitted = cut["proposal"]["signatures_omitted"].as_u64().unwrap();
    let kept = cut["proposal"]["signatures"].as_array().unwrap();
    assert_eq!(omitted + u64::try_from(kept.len()).unwrap(), 32);
    assert!((10..24).contains(&kept.len()), "{}", kept.len());
    // of the sources' own there was no more room
    assert_eq!(cut["sources"][1]["signatures_omitted"], 1);
    let said = format!(
        "{} more signatures, for which the export had no room",
        omitted + 1
    );
    assert!(
        report.not_verified.contains(&said),
        "{:?}",
        report.not_verified
    );
}

#[test]
fn what_is_no_bundle_is_refused() {
    for text in ["", "[]", "{}", "null", "{\"format\":1}"] {
        assert!(verify(text.as_bytes(), &[]).is_err(), "{text}");
    }
}

/// A story in which Org2 signs every revision of Org1's proposal and makes each of them out of date.
async fn restless(revisions: u64) -> Story {
    let mut story = Story::new().await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let own = policy("Application", "Own", &of_admins("ANY"));
    story.world.propose(&org1, "own", &own).await;
    for revision in 1..revisions {
        story.signed_by("own", &["Org2MSP"]).await;
        let (id, name) = (format!("other{revision}"), format!("Other{revision}"));
        let other = policy("Application", &name, &of_admins("ANY"));
        story.world.propose(&org2, &id, &other).await;
        story.signed_by(&id, &["Org1MSP", "Org2MSP"]).await;
        story.take_effect(&id).await;
        let only = update_proposals().mode(4).only(&["own"]);
        let updated = story.world.ok(&org1, only).await;
        assert_eq!(
            updated["recomputed"][0]["revision"],
            revision + 1,
            "{updated}"
        );
        let settled = update_proposals().mode(2).only(&[id]);
        story.world.ok(&org2, settled).await;
    }
    story
}

#[tokio::test]
async fn signatures_of_others_keep_no_proposal_from_being_computed_again() {
    let mut story = restless(19).await;
    let shown = story.world.proposal("own").await;
    assert_eq!(shown["revision"], 19);
    let trail = shown["consent_trail"].as_array().unwrap().iter();
    let trail: Vec<u64> = trail.map(|one| one["revision"].as_u64().unwrap()).collect();
    // what was said of the oldest went with them
    assert_eq!(trail, (4..19).collect::<Vec<u64>>());
    story.signed_by("own", &["Org1MSP", "Org2MSP"]).await;
    story.take_effect("own").await;
    let (bundle, report) = story.verified("own").await;
    let kept = bundle["proposal"]["revisions"].as_array().unwrap().iter();
    let kept: Vec<u64> = kept.map(|one| one["revision"].as_u64().unwrap()).collect();
    // the oldest went, and no more than had to
    assert_eq!(kept, (4..20).collect::<Vec<u64>>());
    assert_eq!(report.signatures.len(), 17);
    assert!(report.signatures.iter().all(|one| one.valid == Some(true)));
    let said = |text: &String| text.starts_with("signatures on earlier revisions whose bytes");
    assert!(!report.not_verified.iter().any(said));
    // of one who left before it went
    let mut left = bundle.clone();
    left["proposal"]["signatures"][0]["revision"] = json!(3);
    let report = verify(left.to_string().as_bytes(), &story.blocks).unwrap();
    assert!(report.verified, "{report:#?}");
    let dropped = report.signatures.iter().find(|one| one.revision == 3);
    assert_eq!(dropped.unwrap().valid, None);
    assert_eq!(
        report.not_verified.iter().filter(|text| said(text)).count(),
        1
    );
    // what never was cannot be dropped
    for revision in [0, 20] {
        let mut tampered = bundle.clone();
        tampered["proposal"]["signatures"][0]["revision"] = json!(revision);
        let found = story.found(&tampered, &story.blocks).unwrap();
        assert_eq!(found, [AuditFindingId::Signature], "{revision}");
    }
}

#[tokio::test]
async fn nor_do_their_bytes() {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    let own = |section: &str, content: Value| {
        let group = json!({section: content});
        json!({"groups": {"Application": {"groups": {"Org1MSP": group}}}})
    };
    let peer = json!({"host": "h".repeat(1_000_000), "port": 7051});
    let peers = json!({"mod_policy": "Admins", "value": {"anchor_peers": [peer]}});
    let large = own("values", json!({"AnchorPeers": peers}));
    world.propose(&org1, "large", &large).await;
    for revision in 1..6 {
        world.sign(&org1, "large").await;
        let (id, name) = (format!("other{revision}"), format!("Other{revision}"));
        let other = own("policies", json!({name: of_admins("ANY")}));
        world.propose(&org1, &id, &other).await;
        world.sign(&org1, &id).await;
        world.take_effect(&id).await;
        let updated = world.ok(&org1, update_proposals()).await;
        assert_eq!(
            updated["recomputed"][0]["revision"],
            revision + 1,
            "{updated}"
        );
    }
    assert_eq!(world.status("large").await, "WaitingForSignatures");
}
