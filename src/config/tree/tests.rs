//! What the decoder accepts, refuses and keeps.

use std::thread;

use bytes::Bytes;

use super::arena::MAX_LEVELS;
use crate::{
    config::{Change, ConfigError, ConfigTree, Update, compute_update, differences},
    ids::Sequence,
    proto::{
        scan::ScanError,
        write::{self, message},
    },
};

/// A length-delimited field.
fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    message(&mut out, number, content);
    out
}

/// An entry of one of the maps of a group.
fn entry(number: u32, name: &str, pieces: &[&[u8]]) -> Vec<u8> {
    let mut inner = field(1, name.as_bytes());
    for piece in pieces {
        inner.extend(field(2, piece));
    }
    field(number, &inner)
}

fn tree(group: &[u8]) -> ConfigTree {
    ConfigTree::from_group(Sequence(0), group.to_vec().into()).unwrap()
}

fn refused(group: &[u8]) -> ConfigError {
    ConfigTree::from_group(Sequence(0), group.to_vec().into()).unwrap_err()
}

#[test]
fn of_equal_names_the_last_counts_and_members_are_sorted() {
    let group = [
        entry(3, "b", &[&[0x08, 1]]),
        entry(3, "a", &[&[0x08, 2]]),
        entry(3, "b", &[&[0x08, 3]]),
        entry(2, "g", &[&[0x08, 4], &entry(3, "lost", &[])]),
        entry(2, "g", &[&[0x08, 5]]),
    ]
    .concat();
    let tree = tree(&group);
    let root = tree.root().unwrap();
    let values: Vec<_> = root.values().map(|v| (v.name(), v.version())).collect();
    assert_eq!(values, [("a", 2), ("b", 3)]);
    let groups: Vec<_> = root.groups().map(|g| (g.name(), g.version())).collect();
    assert_eq!(groups, [("g", 5)]);
    assert_eq!(root.group("g").unwrap().values().len(), 0);
    assert_eq!(
        root.encode(),
        [
            entry(2, "g", &[&[0x08, 5]]),
            entry(3, "a", &[&[0x08, 2]]),
            entry(3, "b", &[&[0x08, 3]])
        ]
        .concat()
    );
}

#[test]
fn a_message_in_pieces_is_merged() {
    let group = [
        entry(2, "g", &[&[0x08, 4], &entry(3, "v", &[]), &[0x2a, 1, b'm']]),
        entry(4, "p", &[&[0x12, 2, 0x08, 1], &[0x12, 3, 0x12, 1, 9]]),
    ]
    .concat();
    let tree = tree(&group);
    let root = tree.root().unwrap();
    let group = root.group("g").unwrap();
    assert_eq!((group.version(), group.mod_policy()), (4, "m"));
    assert_eq!(group.values().len(), 1);
    let policy = root.policy("p").unwrap();
    assert_eq!((policy.kind(), policy.rule()), (1, &[9][..]));
}

#[test]
fn an_entry_without_value_is_an_empty_element() {
    let tree = tree(&[entry(2, "g", &[]), entry(3, "v", &[]), entry(4, "p", &[])].concat());
    let root = tree.root().unwrap();
    assert!(root.group("g").is_some() && root.value("v").is_some());
    assert!(!root.policy("p").unwrap().is_present());
    assert!(tree.same_content(&ConfigTree::parse(tree.encode().into()).unwrap()));
}

#[test]
fn an_absent_rule_is_not_an_empty_one() {
    let absent = tree(&entry(4, "p", &[]));
    let empty = tree(&entry(4, "p", &[&[0x12, 0]]));
    assert!(!absent.same_content(&empty));
    let found: Vec<_> = differences(&absent, &empty).collect();
    assert_eq!(found[0].path.path(), "/Channel/p");
    assert_eq!((found.len(), found[0].change), (1, Change::Changed));
}

#[test]
fn unknown_fields_are_kept_last_with_short_tags() {
    // field 9 in two places, once with a tag of two bytes for one
    let group = [
        &[0xc8, 0x00, 1][..],
        &entry(3, "v", &[&[0x48, 2]]),
        &[0x48, 3],
    ]
    .concat();
    let expected = [&entry(3, "v", &[&[0x48, 2]])[..], &[0x48, 1, 0x48, 3]].concat();
    assert_eq!(tree(&group).root().unwrap().encode(), expected);
    // among fields of different numbers, order does not count
    let (a, b) = ([0x48, 1, 0x50, 1], [0x50, 1, 0x48, 1]);
    assert!(tree(&a).equals(&tree(&b)));
    assert!(!tree(&[0x48, 1, 0x48, 2]).equals(&tree(&[0x48, 2, 0x48, 1])));
}

#[test]
fn what_the_reference_cannot_decode_is_refused() {
    let utf8 = ConfigError::Undecodable(ScanError::Utf8);
    assert_eq!(refused(&[0x2a, 1, 0xff]), utf8);
    assert_eq!(refused(&field(3, &field(1, &[0xff]))), utf8);
    // also where a later one replaces it
    assert_eq!(refused(&[0x2a, 1, 0xff, 0x2a, 0]), utf8);
    let replaced = [entry(2, "g", &[&[0x2a, 1, 0xff]]), entry(2, "g", &[])].concat();
    assert_eq!(refused(&replaced), utf8);
    let truncated = ConfigError::Undecodable(ScanError::Truncated);
    assert_eq!(refused(&entry(3, "v", &[&[0x12, 5, 1]])), truncated);
    // two pieces that only together are well formed
    assert_eq!(refused(&entry(3, "v", &[&[0x12, 2], &[1, 1]])), truncated);
}

#[test]
fn a_field_of_another_wire_type_is_unknown() {
    let tree = tree(&[0x0a, 1, 7, 0x10, 1]);
    assert_eq!(tree.root().unwrap().version(), 0);
    assert_eq!(tree.root().unwrap().encode(), [0x0a, 1, 7, 0x10, 1]);
}

/// A config of groups inside each other; the channel group is the first.
fn nested(groups: usize) -> Vec<u8> {
    let mut lens = vec![0; groups];
    for i in (0..groups.saturating_sub(1)).rev() {
        lens[i] = write::bytes_field_len(2, 3 + write::bytes_field_len(2, lens[i + 1]));
    }
    let mut out = Vec::new();
    write::bytes_header(&mut out, 2, lens[0]);
    for len in &lens[1..] {
        write::bytes_header(&mut out, 2, 3 + write::bytes_field_len(2, *len));
        out.extend([0x0a, 1, b'g']);
        write::bytes_header(&mut out, 2, *len);
    }
    out
}

#[test]
fn nesting_ends_where_the_reference_ends_it() {
    // the config, the channel group, and two messages for each group below: 10,000 in all
    let deepest = ConfigTree::parse(nested(5_000).into()).unwrap();
    assert_eq!(deepest.encode(), nested(5_000));
    assert_eq!(
        ConfigTree::parse(nested(5_001).into()).unwrap_err(),
        ConfigError::TooDeep { limit: MAX_LEVELS }
    );
}

#[test]
fn the_deepest_config_needs_little_stack() {
    let work = || {
        let bytes = Bytes::from(nested(5_000));
        let (a, b) = (
            ConfigTree::parse(bytes).unwrap(),
            ConfigTree::from_group(Sequence(0), entry(3, "v", &[]).into()).unwrap(),
        );
        assert!(a.equals(&a.clone()) && !a.same_content(&b));
        assert_eq!(differences(&a, &b).count(), 2);
        assert!(!format!("{a:?} {:?}", a.root()).is_empty());
        let repaired = a.repaired().unwrap();
        let update = compute_update(&"ch".into(), &a, &repaired).unwrap();
        let update = Update::parse(update.into()).unwrap();
        let delta = update.delta(&a).unwrap();
        assert_eq!(delta.elements().len(), 5_000);
        assert!(delta.apply().unwrap().same_content(&repaired));
        drop(a);
    };
    thread::Builder::new()
        .stack_size(512 << 10)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn equal_trees_have_one_encoding() {
    // the same unknown fields in a value, a policy, its rule, and the group
    let tree = |unknown: &[u8]| {
        let policy = [&field(2, unknown)[..], unknown].concat();
        let group = [
            &entry(3, "value", &[unknown])[..],
            &entry(4, "policy", &[&policy]),
            unknown,
        ];
        ConfigTree::parse(field(2, &group.concat()).into()).unwrap()
    };
    // fields 100 and 50; of one number, order counts
    let (x, y, z) = (b"\xa0\x06\x01", b"\x90\x03\x02", b"\x90\x03\x03");
    let one = tree(&[&x[..], y, z].concat());
    let same = tree(&[&y[..], x, z].concat());
    let other = tree(&[&z[..], y, x].concat());
    assert!(one.equals(&same) && !one.equals(&other));
    assert_eq!(one.encode(), same.encode());
    assert_ne!(one.encode(), other.encode());
    assert_eq!(one.encoded_len(), one.encode().len());
    let again = ConfigTree::parse(one.encode().into()).unwrap();
    assert!(again.equals(&one) && again.encode() == one.encode());
}
