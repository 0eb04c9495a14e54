//! Configs, updates, patches and the envelopes of updates.

use std::collections::BTreeSet;

use bytes::Bytes;
use cmscc::{
    config::{
        ConfigSignature, ConfigTree, ElementKind, Patch, PatchLimits, Update, compute_update,
        differences, envelope as envelopes,
    },
    ids::{ChannelId, UnixTime},
    review::diff::diff,
};

use super::{BETWEEN, split, world::BUNDLE};

fn channel() -> ChannelId {
    "vec-channel".into()
}

/// A field that no config has, and what it says.
const UNKNOWN: &[u8] = &[0x7a, 0x01, 0x00];

/// One or two configs: what is read is written, equal ones have one encoding, and what is computed
/// between them has that effect.
pub fn tree(data: &[u8]) {
    let trees: Vec<ConfigTree> = split(data, BETWEEN)
        .into_iter()
        .filter_map(|part| ConfigTree::parse(Bytes::copy_from_slice(part)).ok())
        .collect();
    for tree in &trees {
        let written = tree.encode();
        let again = ConfigTree::parse(written.clone().into()).unwrap();
        assert!(again.equals(tree) && again.same_content(tree));
        assert_eq!(again.encode(), written);
        assert_eq!(tree.encoded_len(), written.len());
        if let Ok(repaired) = tree.repaired() {
            assert_eq!(repaired.repaired().unwrap().encode(), repaired.encode());
        }
        let _ = format!("{tree:?}").len();
        let _ = BUNDLE.compile_next(tree.clone());
    }
    for part in split(data, BETWEEN) {
        check_padded(part);
    }
    if let [a, b, ..] = trees.as_slice() {
        assert_eq!(
            a.encode() == b.encode(),
            a.sequence() == b.sequence() && a.equals(b),
            "the encoding is no identity"
        );
        check_computed(a, b);
        check_computed(b, a);
        assert_eq!(
            differences(a, b).next().is_none(),
            a.same_content(b),
            "differences without different content"
        );
        let _ = format!("{:?}", diff(a, b));
    }
}

/// What a decoder drops, or reads twice, says nothing: the encoding stays the same.
fn check_padded(config: &[u8]) {
    let read = |parts: &[&[u8]]| ConfigTree::parse(parts.concat().into()).map(|it| it.encode());
    let Ok(encoded) = read(&[config]) else { return };
    assert_eq!(read(&[config, UNKNOWN]).as_ref(), Ok(&encoded), "behind");
    assert_eq!(read(&[UNKNOWN, config]).as_ref(), Ok(&encoded), "before");
    // an earlier sequence does not count; what the encoding leaves out is 0
    let with_sequence = [&[0x08, 0x07][..], config, &[0x08, 0x00]].concat();
    let without = read(&[config, &[0x08, 0x00]]);
    assert_eq!(read(&[&with_sequence]), without, "an earlier sequence");
}

fn check_computed(a: &ConfigTree, b: &ConfigTree) {
    let Ok(bytes) = compute_update(&channel(), a, b) else {
        return;
    };
    let update = Update::parse(bytes.into()).unwrap();
    assert_eq!(update.encode(), update.bytes().as_ref());
    let Ok(delta) = update.delta(a) else { return };
    let next = delta.apply().unwrap();
    // an update has no unknown fields to carry, and what is written by it has none
    let unknown = differences(&next, b).next().is_some();
    assert!(
        !unknown || Patch::from_update(a, &update).is_err() || has_unknown(a, b),
        "another effect"
    );
}

/// Whether a config says more than its fields do: those bytes are not part of an update.
fn has_unknown(a: &ConfigTree, b: &ConfigTree) -> bool {
    [a, b].iter().any(|tree| {
        let bytes = tree.encode();
        let known = <cmscc::proto::common::Config as prost::Message>::decode(&*bytes);
        // a field of another wire type than its own is unknown, too; that decoder refuses it
        known.map_or(true, |known| {
            prost::Message::encode_to_vec(&known).len() != bytes.len()
        })
    })
}

/// An update, and the config it is for, where one is given.
pub fn update(data: &[u8]) {
    let parts = split(data, BETWEEN);
    let Ok(update) = Update::parse(Bytes::copy_from_slice(parts[0])) else {
        return;
    };
    let again = Update::parse(update.encode().into()).unwrap();
    assert_eq!(again.encode(), update.encode());
    assert_eq!(again.channel_id(), update.channel_id());
    let current = parts
        .get(1)
        .and_then(|part| ConfigTree::parse(Bytes::copy_from_slice(part)).ok());
    check_update(current.as_ref().unwrap_or_else(|| BUNDLE.tree()), &update);
    let emulation = BUNDLE.emulate(&update, &[]);
    let _ = format!("{:?}", emulation.verdict);
    let _ = BUNDLE.update_policies(&update);
    // what it writes by itself has the same elements as what is written of a config
    let alone = update.writes().unwrap();
    let mut seen = BTreeSet::new();
    let mut open: Vec<_> = alone.root().into_iter().collect();
    while let Some(group) = open.pop() {
        seen.extend(group.values().map(|one| one.element_path()));
        seen.extend(group.policies().map(|one| one.element_path()));
        open.extend(group.groups());
    }
    let written = update.written();
    let written = written.iter().map(|element| element.element_path());
    let written: BTreeSet<_> = written
        .filter(|path| path.kind() != ElementKind::Group)
        .collect();
    assert_eq!(seen, written);
    let _ = update.written_groups();
}

fn check_update(current: &ConfigTree, update: &Update) {
    if let Ok(delta) = update.delta(current) {
        for element in delta.elements() {
            let _ = (element.check(), element.element_path().to_string());
        }
        let _ = delta.result().map(|tree| tree.encode());
    }
    if let Ok(patch) = Patch::from_update(current, update) {
        let patched = patch.apply(current).unwrap();
        let next = update.delta(current).unwrap().apply().unwrap();
        assert!(patched.same_content(&next), "the intent is another");
        check_patch(&patch, current);
    }
}

/// A patch, and the config it is for, where one is given.
pub fn patch(data: &[u8]) {
    let parts = split(data, BETWEEN);
    let limits = PatchLimits::default();
    let patches: Vec<Patch> = parts
        .iter()
        .filter_map(|part| Patch::parse(Bytes::copy_from_slice(part), &limits).ok())
        .collect();
    for patch in &patches {
        check_patch(patch, BUNDLE.tree());
    }
    if let [a, b, ..] = patches.as_slice() {
        assert_eq!(a.conflict(b).is_some(), b.conflict(a).is_some());
        if let Ok(both) = Patch::combine([a, b]) {
            assert_eq!(both.bytes(), Patch::combine([b, a]).unwrap().bytes());
            check_patch(&both, BUNDLE.tree());
        }
    }
    let names = ["Application", "Org1"];
    let _ = Patch::put_group(&names, parts[0], &limits).map(|p| check_patch(&p, BUNDLE.tree()));
    let _ =
        Patch::put_value(&names, "MSP", parts[0], &limits).map(|p| check_patch(&p, BUNDLE.tree()));
}

fn check_patch(patch: &Patch, current: &ConfigTree) {
    let limits = PatchLimits {
        patch_bytes: usize::MAX,
        patch_levels: usize::MAX,
    };
    let again = Patch::parse(patch.bytes().clone(), &limits).unwrap();
    assert_eq!(again.bytes(), patch.bytes(), "not canonical");
    let before = patch.touched(current);
    let Ok(next) = patch.apply(current) else {
        return;
    };
    for (a, b) in before.iter().zip(patch.touched(&next)) {
        assert_eq!(a.path, b.path);
    }
    if patch.changes_nothing(current) {
        assert!(next.same_content(current));
    }
    let Ok(computed) = compute_update(&channel(), current, &next) else {
        return;
    };
    let computed = Update::parse(computed.into()).unwrap();
    if let Ok(delta) = computed.delta(current) {
        assert!(delta.apply().unwrap().same_content(&next));
    }
}

/// An envelope with an update, as an orderer takes it.
pub fn envelope(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    if let Ok(signature) = ConfigSignature::parse(&bytes) {
        let again = ConfigSignature::parse(&signature.encode().into()).unwrap();
        assert_eq!(again, signature);
        let _ = envelopes::creator(&signature.signature_header);
    }
    let now = UnixTime {
        seconds: 1_800_000_000,
        nanos: 0,
    };
    let ordered = BUNDLE.process_config_update(&bytes, now);
    let proposed = BUNDLE.propose_config_update(&bytes);
    assert!(ordered.is_err() || proposed.is_ok());
    let Ok(carried) = envelopes::read_update_envelope(&bytes) else {
        assert!(proposed.is_err());
        return;
    };
    let again = envelopes::update_envelope(
        &carried.channel_id,
        &carried.config_update,
        &carried.signatures,
    );
    let again = envelopes::read_update_envelope(&again.into()).unwrap();
    assert_eq!(
        (again.channel_id, again.config_update, &again.signatures),
        (
            carried.channel_id,
            carried.config_update.clone(),
            &carried.signatures
        )
    );
    if let Ok(update) = Update::parse(carried.config_update) {
        let emulation = BUNDLE.emulate(&update, &carried.signatures);
        let _ = emulation.missing();
        for policy in &emulation.policies {
            let _ = policy.explanation.to_json();
        }
        let _ = BUNDLE.choose_signatures(&update, &carried.signatures);
    }
}
