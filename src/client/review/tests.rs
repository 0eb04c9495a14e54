//! A real update, and what a hostile server could make of it.

use std::{collections::BTreeSet, fs, path::Path};

use bytes::Bytes;
use prost::Message;

use super::{ClaimedKind, ContractSaid, JudgedSettings, JudgedUpdate, ProposalClaim};
use crate::{
    block::ConfigBlock,
    client::{Exit, answers::same_shape},
    config::{Bundle, ConfigSignature, Patch, Update, envelope::read_update_envelope},
    ids::{ChannelId, ProposalId, Revision, UnixTime},
    json,
    proto::{cmscc, common},
};

const NOW: UnixTime = UnixTime {
    seconds: 1_790_000_000,
    nanos: 0,
};

fn file(name: &str) -> Bytes {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    fs::read(folder.join("fabric-3.1.5-caps-v3").join(name))
        .unwrap()
        .into()
}

fn bundle(block: &str) -> Bundle {
    let block = ConfigBlock::parse(file(block)).unwrap();
    Bundle::new(block.channel_id(), block.tree().clone()).unwrap()
}

fn before() -> Bundle {
    bundle("genesis.block")
}

/// What Org1 and Org2 signed on a real network, as a proposal.
fn claim() -> ProposalClaim {
    let envelope = read_update_envelope(&file("add-orgx/envelope_signed.pb")).unwrap();
    let update = Update::parse(envelope.config_update.clone()).unwrap();
    ProposalClaim {
        proposal_id: ProposalId::new("add_orgx"),
        revision: Revision(1),
        kind: ClaimedKind::ConfigUpdate,
        patch: Some(patch_of(&update)),
        config_update: envelope.config_update,
        signatures: envelope.signatures,
        created_at: NOW,
    }
}

fn patch_of(update: &Update) -> Vec<u8> {
    let patch = Patch::from_update(before().tree(), update).unwrap();
    json::encode("common.Config", patch.bytes()).unwrap().into()
}

fn judge(claim: &ProposalClaim) -> Result<JudgedUpdate, (Exit, String)> {
    JudgedUpdate::new(&before(), claim, NOW, &BTreeSet::new()).map_err(|e| (e.exit, e.symbol))
}

/// What an honest contract says of it.
fn said(judged: &JudgedUpdate) -> ContractSaid {
    ContractSaid {
        status: "ReadyToSubmit".to_owned(),
        config_update_sha256: judged.digest.to_string(),
        diff: Some(same_shape(&judged.diff).unwrap()),
        lint: Some(same_shape(&judged.lint).unwrap()),
    }
}

#[test]
fn an_update_is_judged_by_its_own_bytes() {
    let claim = claim();
    let judged = judge(&claim).unwrap();
    assert!(judged.is_ready());
    assert_eq!(judged.chosen.as_ref().unwrap().len(), 2);
    let first = judged.diff.changes.first().unwrap();
    assert_eq!(first.path, "/Channel/Application/OrgXMSP");
    assert_eq!(judged.endorsement.as_ref().unwrap().organizations_after, 3);
    said(&judged).check(&claim, &judged).unwrap();
    let shown = judged.shown(&before(), &judged.policies).unwrap();
    assert!(shown.explanation.unwrap()[0].satisfied);
    let majority = &shown.majorities[0];
    assert_eq!(majority.before.as_deref(), Some("2 of 2"));
    assert_eq!(majority.after.as_deref(), Some("2 of 3"));

    // with one signature it waits, and says for whom
    let mut one = claim.clone();
    one.signatures.truncate(1);
    let judged = judge(&one).unwrap();
    assert!(!judged.is_ready());
    assert_eq!(judged.decision.missing, ["Org2MSP".into()]);

    // without a stated intent it is judged by what it does
    let mut bytes = claim;
    bytes.patch = None;
    assert!(judge(&bytes).unwrap().is_ready());
}

#[test]
fn an_update_that_is_not_its_intent_is_not_judged_but_refused() {
    // the intent says less: only that OrgX comes with another name
    let mut lie = claim();
    let patch = String::from_utf8(lie.patch.unwrap()).unwrap();
    lie.patch = Some(patch.replace("\"OrgXMSP\": {", "\"OrgZMSP\": {").into());
    let unsafe_ = |symbol: &str| Some((Exit::Unsafe, symbol.to_owned()));
    assert_eq!(judge(&lie).err(), unsafe_("DIFFERENT_EFFECT"));

    let mut lie = claim();
    lie.patch = Some(b"{".to_vec());
    assert_eq!(judge(&lie).err(), unsafe_("BAD_INTENT"));

    // what no orderer reads, and what a padded message hides
    let mut update = common::ConfigUpdate::decode(claim().config_update).unwrap();
    update
        .isolated_data
        .insert("x".to_owned(), Bytes::from_static(b"y"));
    let mut lie = claim();
    lie.config_update = update.encode_to_vec().into();
    assert_eq!(judge(&lie).err(), unsafe_("UPDATE_DIFFERS"));
    let mut lie = claim();
    lie.config_update = [&lie.config_update[..], &[0x7a, 1, b'x']].concat().into();
    assert_eq!(judge(&lie).err(), unsafe_("UPDATE_DIFFERS"));

    let mut update = common::ConfigUpdate::decode(claim().config_update).unwrap();
    update.channel_id = "other".to_owned();
    let mut lie = claim();
    lie.config_update = update.encode_to_vec().into();
    assert_eq!(judge(&lie).err(), unsafe_("WRONG_CHANNEL"));

    let mut lie = claim();
    lie.config_update = Bytes::from_static(b"\x0a\xff");
    assert_eq!(judge(&lie).err(), unsafe_("NOT_AN_UPDATE"));

    let mut lie = claim();
    lie.signatures.push(ConfigSignature {
        signature_header: Bytes::from_static(b"\x0a\xff"),
        signature: Bytes::new(),
    });
    assert_eq!(judge(&lie).err(), unsafe_("BAD_SIGNATURES"));
}

#[test]
fn an_update_for_another_config_is_stale() {
    let after = bundle("add-orgx/config_block_after.pb");
    let judged = JudgedUpdate::new(&after, &claim(), NOW, &BTreeSet::new());
    let error = judged.unwrap_err();
    assert_eq!(
        (error.exit, &*error.symbol),
        (Exit::Done, "ALREADY_IN_EFFECT")
    );

    // OrgY's, which was computed behind OrgX's
    let envelope = read_update_envelope(&file("add-orgy/envelope_signed.pb")).unwrap();
    let mut early = claim();
    early.config_update = envelope.config_update;
    early.patch = None;
    assert_eq!(
        judge(&early).err(),
        Some((Exit::Stale, "STALE_UPDATE".to_owned()))
    );
}

#[test]
fn a_contract_that_says_something_else_is_found_out() {
    let claim = claim();
    // when certificates of the new organisation are about to end: there is something to hide
    let late = UnixTime {
        seconds: 2_110_000_000,
        nanos: 0,
    };
    let judged = JudgedUpdate::new(&before(), &claim, late, &BTreeSet::new()).unwrap();
    let symbol = |said: ContractSaid| {
        let error = said.check(&claim, &judged).unwrap_err();
        assert_eq!(error.exit, Exit::Unsafe);
        error.symbol
    };
    let mut lie = said(&judged);
    lie.config_update_sha256 = "0".repeat(64);
    assert_eq!(symbol(lie), "DIGEST_DIFFERS");

    let mut lie = said(&judged);
    lie.diff.as_mut().unwrap().changes.pop();
    assert_eq!(symbol(lie), "DIFF_DIFFERS");
    let mut lie = said(&judged);
    let diff = lie.diff.as_mut().unwrap();
    "/Channel/Application/Harmless".clone_into(&mut diff.changes[0].path);
    diff.truncated = 1;
    assert_eq!(symbol(lie), "DIFF_DIFFERS");
    let mut lie = said(&judged);
    lie.diff = None;
    assert_eq!(symbol(lie), "DIFF_DIFFERS");

    assert!(!judged.lint.findings.is_empty(), "nothing to hide");
    let mut lie = said(&judged);
    lie.lint.as_mut().unwrap().findings.pop();
    assert_eq!(symbol(lie), "FINDING_HIDDEN");

    let mut lie = said(&judged);
    lie.status = "WaitingForSignatures".to_owned();
    assert_eq!(symbol(lie), "STATUS_DIFFERS");
}

#[test]
fn a_change_of_settings_is_read_from_what_is_signed() {
    let channel = ChannelId::new("mychannel");
    let change = cmscc::SettingsChange {
        version: 3,
        proposal_id: "gate1".to_owned(),
        settings: Some(cmscc::Settings {
            gate: cmscc::GateMode::Enforced.into(),
            ..cmscc::Settings::default()
        }),
        ..cmscc::SettingsChange::default()
    };
    let update = common::ConfigUpdate {
        channel_id: channel.to_string(),
        isolated_data: [("cmscc.settings".to_owned(), change.encode_to_vec().into())].into(),
        ..common::ConfigUpdate::default()
    };
    let claim = |update: &common::ConfigUpdate| ProposalClaim {
        proposal_id: ProposalId::new("gate1"),
        kind: ClaimedKind::Settings,
        config_update: update.encode_to_vec().into(),
        patch: None,
        signatures: Vec::new(),
        ..claim()
    };
    let judged = JudgedSettings::new(&channel, &claim(&update)).unwrap();
    assert_eq!((judged.version, judged.gate), (3, "enforced"));

    // the same with something that an orderer would apply
    let real = common::ConfigUpdate::decode(super::tests::claim().config_update).unwrap();
    let mut lie = update.clone();
    lie.write_set = real.write_set;
    let symbol = |update| {
        JudgedSettings::new(&channel, &claim(update))
            .unwrap_err()
            .symbol
    };
    assert_eq!(symbol(&lie), "DIFFERENT_EFFECT");
    let mut lie = update.clone();
    lie.isolated_data.insert("x".to_owned(), Bytes::new());
    assert_eq!(symbol(&lie), "DIFFERENT_EFFECT");
    assert_eq!(symbol(&common::ConfigUpdate::default()), "DIFFERENT_EFFECT");
}
