//! Patches by hand, against a small config.

use bytes::Bytes;
use prost::Message;

use super::{ConfigLikeness, Patch, PlainForms};
use crate::{
    config::{ConfigTree, PatchError, PatchLimits, Update, compute_update},
    proto::{
        common::{Config, ConfigGroup, ConfigPolicy, ConfigUpdate, ConfigValue, Policy as Rule},
        write,
    },
};

fn value(version: u64, content: &'static str, mod_policy: &str) -> ConfigValue {
    ConfigValue {
        version,
        value: content.into(),
        mod_policy: mod_policy.to_owned(),
    }
}

fn policy(version: u64, rule: &'static str, mod_policy: &str) -> ConfigPolicy {
    let rule = Rule {
        r#type: 3,
        value: rule.into(),
    };
    ConfigPolicy {
        version,
        policy: (!rule.value.is_empty()).then_some(rule),
        mod_policy: mod_policy.to_owned(),
    }
}

fn group(version: u64, mod_policy: &str) -> ConfigGroup {
    ConfigGroup {
        version,
        mod_policy: mod_policy.to_owned(),
        ..ConfigGroup::default()
    }
}

/// A group at `/Channel/names..`, in groups of mode PATCH.
fn below(names: &[&str], inner: ConfigGroup) -> ConfigGroup {
    names.iter().rev().fold(inner, |inner, name| ConfigGroup {
        groups: [((*name).to_owned(), inner)].into(),
        ..ConfigGroup::default()
    })
}

fn config(root: ConfigGroup) -> Vec<u8> {
    let config = Config {
        sequence: 4,
        channel_group: Some(root),
    };
    config.encode_to_vec()
}

fn tree(root: ConfigGroup) -> ConfigTree {
    ConfigTree::parse(config(root).into()).unwrap()
}

/// `/Channel/A/Org` with a value, a policy and versions; `/Channel/B` is empty.
fn current() -> ConfigGroup {
    let mut org = group(5, "Admins");
    org.values.insert("V".to_owned(), value(6, "old", "Admins"));
    org.policies
        .insert("P".to_owned(), policy(7, "old", "Admins"));
    let mut application = group(3, "Admins");
    application.groups.insert("Org".to_owned(), org);
    let mut root = group(2, "Admins");
    root.groups.insert("A".to_owned(), application);
    root.groups.insert("B".to_owned(), group(1, "Admins"));
    root
}

fn patch(root: ConfigGroup) -> Result<Patch, PatchError> {
    Patch::parse(config(root).into(), &PatchLimits::default())
}

/// The config with a patch applied.
fn patched(root: ConfigGroup) -> Result<ConfigGroup, PatchError> {
    let next = patch(root)?.apply(&tree(current()))?;
    let next = Config::decode(next.encode().as_slice()).unwrap();
    assert_eq!(next.sequence, 4);
    Ok(next.channel_group.unwrap())
}

/// The current config, changed.
fn changed(change: impl FnOnce(&mut ConfigGroup)) -> ConfigGroup {
    let mut root = current();
    change(&mut root);
    root
}

fn org(root: &mut ConfigGroup) -> &mut ConfigGroup {
    let application = root.groups.get_mut("A").unwrap();
    application.groups.get_mut("Org").unwrap()
}

const ORG: [&str; 2] = ["A", "Org"];

fn org_with_value(name: &str, value: ConfigValue) -> ConfigGroup {
    let mut org = group(0, "");
    org.values.insert(name.to_owned(), value);
    below(&ORG, org)
}

fn org_with_policy(name: &str, policy: ConfigPolicy) -> ConfigGroup {
    let mut org = group(0, "");
    org.policies.insert(name.to_owned(), policy);
    below(&ORG, org)
}

#[test]
fn a_patched_element_keeps_what_is_not_given() {
    let next = patched(org_with_value("V", value(0, "new", ""))).unwrap();
    let want = changed(|root| {
        org(root)
            .values
            .insert("V".to_owned(), value(6, "new", "Admins"));
    });
    assert_eq!(next, want);
    let next = patched(org_with_value("V", value(0, "", "/Channel/Admins"))).unwrap();
    let want = changed(|root| {
        let value = value(6, "old", "/Channel/Admins");
        org(root).values.insert("V".to_owned(), value);
    });
    assert_eq!(next, want);
    let next = patched(org_with_policy("P", policy(0, "", "Readers"))).unwrap();
    let want = changed(|root| {
        let policy = policy(7, "old", "Readers");
        org(root).policies.insert("P".to_owned(), policy);
    });
    assert_eq!(next, want);
    let next = patched(below(&ORG, group(0, "Readers"))).unwrap();
    let want = changed(|root| org(root).mod_policy = "Readers".to_owned());
    assert_eq!(next, want);
}

#[test]
fn absent_values_and_policies_are_created_with_version_0() {
    let next = patched(org_with_value("New", value(0, "new", "Admins"))).unwrap();
    let want = changed(|root| {
        org(root)
            .values
            .insert("New".to_owned(), value(0, "new", "Admins"));
    });
    assert_eq!(next, want);
    let next = patched(org_with_policy("New", policy(0, "new", "Admins"))).unwrap();
    let want = changed(|root| {
        org(root)
            .policies
            .insert("New".to_owned(), policy(0, "new", "Admins"));
    });
    assert_eq!(next, want);
}

#[test]
fn an_overwritten_element_is_exactly_what_is_given() {
    let next = patched(org_with_value("V", value(1, "new", ""))).unwrap();
    let want = changed(|root| {
        org(root).values.insert("V".to_owned(), value(6, "new", ""));
    });
    assert_eq!(next, want);
    // in a group that is overwritten, versions are no modes: 9 is none, 2 deletes nothing
    let mut given = group(1, "Readers");
    given.values.insert("V".to_owned(), value(9, "new", "x"));
    given.values.insert("W".to_owned(), value(2, "w", "x"));
    let next = patched(below(&ORG, given)).unwrap();
    let want = changed(|root| {
        let org = org(root);
        org.mod_policy = "Readers".to_owned();
        org.policies.clear();
        org.values.insert("V".to_owned(), value(6, "new", "x"));
        org.values.insert("W".to_owned(), value(0, "w", "x"));
    });
    assert_eq!(next, want);
    let next = patched(below(&["A", "NewOrg"], group(1, "Admins"))).unwrap();
    let want = changed(|root| {
        let application = root.groups.get_mut("A").unwrap();
        application
            .groups
            .insert("NewOrg".to_owned(), group(0, "Admins"));
    });
    assert_eq!(next, want);
}

#[test]
fn deleted_elements_are_gone() {
    let next = patched(org_with_value("V", value(2, "", ""))).unwrap();
    assert_eq!(next, changed(|root| org(root).values.clear()));
    let next = patched(org_with_policy("P", policy(2, "", ""))).unwrap();
    assert_eq!(next, changed(|root| org(root).policies.clear()));
    let next = patched(below(&ORG, group(2, ""))).unwrap();
    let want = changed(|root| root.groups.get_mut("A").unwrap().groups.clear());
    assert_eq!(next, want);
}

#[test]
fn what_makes_no_sense_is_refused_with_its_path() {
    let with_members = ConfigGroup {
        version: 2,
        ..current()
    };
    let cases: [(&str, ConfigGroup, &str); 14] = [
        (
            "value",
            org_with_value("V", value(3, "", "")),
            "is not a mode",
        ),
        (
            "policy",
            org_with_policy("P", policy(9, "", "")),
            "is not a mode",
        ),
        ("group", below(&ORG, group(u64::MAX, "")), "is not a mode"),
        ("root", group(2, ""), "the channel group cannot be deleted"),
        (
            "value with content",
            org_with_value("V", value(2, "x", "")),
            "is given content",
        ),
        (
            "value with mod policy",
            org_with_value("V", value(2, "", "x")),
            "is given content",
        ),
        (
            "policy with content",
            org_with_policy("P", policy(2, "x", "")),
            "is given content",
        ),
        (
            "group with mod policy",
            below(&ORG, group(2, "x")),
            "is given content",
        ),
        (
            "group with members",
            below(&["A"], with_members),
            "is given content",
        ),
        (
            "absent value",
            org_with_value("W", value(2, "", "")),
            "does not exist",
        ),
        (
            "absent policy",
            org_with_policy("Q", policy(2, "", "")),
            "does not exist",
        ),
        (
            "absent group",
            below(&["C"], group(2, "")),
            "does not exist",
        ),
        (
            "patched, absent",
            below(&["C"], group(0, "")),
            "needs mode OVERWRITE",
        ),
        (
            "patched, absent below",
            below(&["B", "C"], group(0, "x")),
            "needs mode OVERWRITE",
        ),
    ];
    for (name, given, want) in cases {
        let e = patched(given).unwrap_err();
        assert!(e.to_string().contains(want), "{name}: {e}");
    }
    let e = patched(org_with_value("W", value(2, "", ""))).unwrap_err();
    assert!(e.to_string().contains("/Channel/A/Org/W"), "{e}");
}

#[test]
fn unknown_fields_are_refused_wherever_they_are() {
    let unknown = [0xf8, 0x01, 0x01];
    let entry = |number: u32, name: &str, bytes: &[u8]| {
        let mut entry = Vec::new();
        write::message(&mut entry, 1, name.as_bytes());
        write::message(&mut entry, 2, bytes);
        let mut out = Vec::new();
        write::message(&mut out, number, &entry);
        out
    };
    let root = |content: &[u8]| {
        let mut out = Vec::new();
        write::message(&mut out, 2, content);
        out
    };
    let mut rule = Vec::new();
    write::message(&mut rule, 1, &unknown);
    let inside_group = root(&entry(2, "A", &unknown));
    let inside_value = root(&entry(3, "V", &unknown));
    let inside_policy = root(&entry(4, "P", &unknown));
    let inside_rule = root(&entry(4, "P", &rule));
    for bytes in [
        root(&unknown),
        inside_group,
        inside_value,
        inside_policy,
        inside_rule,
    ] {
        let e = Patch::parse(bytes.into(), &PatchLimits::default()).unwrap_err();
        assert!(
            matches!(
                e,
                PatchError::UnknownFields { .. } | PatchError::UnknownMessageFields
            ),
            "{e}"
        );
    }
    let beside = [config(group(0, "")), unknown.to_vec()].concat();
    let e = Patch::parse(beside.into(), &PatchLimits::default()).unwrap_err();
    assert!(matches!(e, PatchError::UnknownMessageFields), "{e}");
}

#[test]
fn limits_are_those_given() {
    let bytes = config(below(&["A", "Org"], group(0, "x")));
    let limits = |patch_bytes, patch_levels| PatchLimits {
        patch_bytes,
        patch_levels,
    };
    let parse = |limits: PatchLimits| Patch::parse(bytes.clone().into(), &limits);
    assert!(parse(limits(bytes.len(), 3)).is_ok());
    let e = parse(limits(bytes.len() - 1, 3)).unwrap_err();
    assert!(matches!(e, PatchError::TooLong { .. }), "{e}");
    let e = parse(limits(bytes.len(), 2)).unwrap_err();
    assert!(matches!(e, PatchError::TooDeep { limit: 2 }), "{e}");
    let e = Patch::parse(Bytes::new(), &PatchLimits::default()).unwrap_err();
    assert!(matches!(e, PatchError::Empty), "{e}");
    let e = Patch::parse(Bytes::from_static(&[0x0a]), &PatchLimits::default()).unwrap_err();
    assert!(matches!(e, PatchError::Undecodable(_)), "{e}");
}

#[test]
fn whole_groups_are_put_whatever_their_versions() {
    let limits = PatchLimits::default();
    let given = ConfigGroup {
        values: [("V".to_owned(), value(8, "new", "Admins"))].into(),
        ..group(2, "Admins")
    };
    let put = Patch::put_group(&ORG, &given.encode_to_vec(), &limits).unwrap();
    let next = put.apply(&tree(current())).unwrap();
    let want = changed(|root| {
        let org = org(root);
        org.policies.clear();
        org.values.insert("V".to_owned(), value(6, "new", "Admins"));
    });
    assert!(next.equals(&tree(want)));
    let e = Patch::put_group(&[], &given.encode_to_vec(), &limits).unwrap_err();
    assert!(matches!(e, PatchError::Empty), "{e}");
    let e = Patch::put_group(&ORG, &[0xff], &limits).unwrap_err();
    assert!(matches!(e, PatchError::Undecodable(_)), "{e}");
    let e = Patch::put_group(&ORG, &[0xf8, 0x01, 0x01], &limits).unwrap_err();
    assert!(matches!(e, PatchError::UnknownFields { .. }), "{e}");
}

#[test]
fn a_value_is_put_and_its_mod_policy_kept() {
    let limits = PatchLimits::default();
    let given = value(9, "new", "").encode_to_vec();
    let put = Patch::put_value(&ORG, "V", &given, &limits).unwrap();
    assert_eq!(
        put.bytes(),
        patch(org_with_value("V", value(0, "new", "")))
            .unwrap()
            .bytes()
    );
    let touched = put.touched(&tree(current()));
    let paths: Vec<String> = touched.iter().map(|t| t.path.path()).collect();
    assert_eq!(paths, ["/Channel/A/Org/V"]);
    let new = Patch::put_value(&["C"], "V", &given, &limits).unwrap();
    let e = new.apply(&tree(current())).unwrap_err();
    assert!(matches!(e, PatchError::AbsentGroup { .. }), "{e}");
}

/// The update from the current config to another.
fn update_to(next: ConfigGroup) -> ConfigUpdate {
    let computed = compute_update(&"ch".into(), &tree(current()), &tree(next)).unwrap();
    ConfigUpdate::decode(computed.as_slice()).unwrap()
}

fn from_update(update: &ConfigUpdate) -> Result<Patch, PatchError> {
    let update = Update::parse(update.encode_to_vec().into()).unwrap();
    Patch::from_update(&tree(current()), &update)
}

#[test]
fn an_update_gives_its_intent() {
    let update = update_to(changed(|root| {
        org(root).values.clear();
        root.groups.get_mut("B").unwrap().mod_policy = "Readers".to_owned();
    }));
    let mut want = org_with_value("V", value(2, "", ""));
    want.groups.insert("B".to_owned(), group(0, "Readers"));
    assert_eq!(
        from_update(&update).unwrap().bytes(),
        patch(want).unwrap().bytes()
    );
}

#[test]
fn updates_without_an_intent_are_refused() {
    let good = || update_to(changed(|root| org(root).values.clear()));
    assert!(from_update(&good()).is_ok());
    let refused = |change: fn(&mut ConfigUpdate)| {
        let mut update = good();
        change(&mut update);
        from_update(&update).unwrap_err()
    };
    let e = refused(|u| drop(u.isolated_data.insert("k".to_owned(), Bytes::new())));
    assert!(matches!(e, PatchError::IsolatedData), "{e}");
    let e = refused(|u| u.read_set.as_mut().unwrap().version = 1);
    assert!(e.is_stale(), "{e}");
    let e = refused(|u| u.write_set.clone_from(&u.read_set));
    assert!(!e.is_stale(), "{e}");
    // more read than its effect needs
    let e = refused(|u| {
        let read = u.read_set.as_mut().unwrap();
        read.groups.insert("B".to_owned(), group(1, ""));
    });
    assert!(matches!(e, PatchError::Differs { .. }), "{e}");
    let bytes = [good().encode_to_vec(), vec![0xf8, 0x01, 0x01]].concat();
    let update = Update::parse(bytes.into()).unwrap();
    let e = Patch::from_update(&tree(current()), &update).unwrap_err();
    assert!(matches!(e, PatchError::UnknownMessageFields), "{e}");
}

#[test]
fn contents_go_together_field_by_field() {
    let of_value = |value: ConfigValue| {
        let mut org = group(0, "");
        org.values.insert("V".to_owned(), value);
        patch(below(&["A", "Org"], org)).unwrap()
    };
    let of_policy = |policy: ConfigPolicy| {
        let mut org = group(0, "");
        org.policies.insert("P".to_owned(), policy);
        patch(below(&["A", "Org"], org)).unwrap()
    };
    // mode, content and mod policy of both, and of the union
    type Given = (u64, &'static str, &'static str);
    let cases: &[(Given, Given, Option<Given>)] = &[
        ((0, "new", ""), (0, "new", ""), Some((0, "new", ""))),
        ((0, "new", ""), (0, "other", ""), None),
        ((0, "new", ""), (0, "new", "M"), Some((0, "new", "M"))),
        ((0, "new", ""), (0, "", "M"), Some((0, "new", "M"))),
        ((0, "new", "N"), (0, "", "M"), None),
        ((0, "new", ""), (1, "new", "M"), Some((1, "new", "M"))),
        ((0, "new", "M"), (1, "new", "M"), Some((1, "new", "M"))),
        ((0, "", "M"), (1, "new", "M"), Some((1, "new", "M"))),
        ((0, "new", "N"), (1, "new", "M"), None),
        ((0, "new", ""), (1, "other", "M"), None),
        ((0, "new", "M"), (1, "new", ""), None),
        ((0, "new", ""), (1, "", "M"), None),
        ((1, "new", "M"), (1, "new", "M"), Some((1, "new", "M"))),
        ((1, "new", ""), (1, "new", "M"), None),
        ((2, "", ""), (2, "", ""), Some((2, "", ""))),
        ((2, "", ""), (0, "new", ""), None),
        ((2, "", ""), (1, "new", "M"), None),
    ];
    for (a, b, union) in cases {
        let values = [a, b].map(|(mode, content, by)| of_value(value(*mode, content, by)));
        let policies = [a, b].map(|(mode, content, by)| of_policy(policy(*mode, content, by)));
        let expected = union.map(|(mode, content, by)| {
            let value = of_value(value(mode, content, by));
            (value, of_policy(policy(mode, content, by)))
        });
        for [one, other] in [[0, 1], [1, 0]] {
            let value = Patch::combine([&values[one], &values[other]]);
            let policy = Patch::combine([&policies[one], &policies[other]]);
            let conflict = values[one].conflict(&values[other]);
            assert_eq!(conflict.is_some(), union.is_none(), "{a:?} {b:?}");
            let found = value.ok().zip(policy.ok());
            let bytes =
                |(value, policy): &(Patch, Patch)| (value.bytes().clone(), policy.bytes().clone());
            assert_eq!(
                found.as_ref().map(bytes),
                expected.as_ref().map(bytes),
                "{a:?} {b:?}"
            );
        }
    }
}

fn of_edited(root: ConfigGroup) -> Result<Patch, PatchError> {
    Patch::of_edited(&"channel".into(), &tree(current()), &tree(root), None)
}

#[test]
fn an_edited_config_is_the_intent_that_makes_it() {
    type Edit = fn(&mut ConfigGroup);
    let edits: [(&str, Edit); 8] = [
        ("a value", |root| {
            org(root)
                .values
                .insert("V".to_owned(), value(0, "new", "Admins"));
        }),
        ("mod policies", |root| {
            org(root).mod_policy = "Readers".to_owned();
            org(root)
                .policies
                .insert("P".to_owned(), policy(9, "old", "Readers"));
        }),
        ("a value emptied", |root| {
            org(root)
                .values
                .insert("V".to_owned(), value(0, "", "Admins"));
        }),
        ("new ones", |root| {
            let new = below(&["Inner"], group(8, "Admins"));
            org(root).groups = new.groups;
            org(root)
                .values
                .insert("W".to_owned(), value(3, "w", "Admins"));
        }),
        ("a value that is gone", |root| org(root).values.clear()),
        ("a policy that is gone", |root| org(root).policies.clear()),
        ("a group that is gone", |root| {
            root.groups.remove("B");
        }),
        ("all at once", |root| {
            root.groups.get_mut("A").unwrap().groups.clear();
            root.groups.get_mut("B").unwrap().mod_policy = "Readers".to_owned();
            root.values.insert("V".to_owned(), value(1, "v", "Admins"));
        }),
    ];
    for (name, edit) in edits {
        let wanted = tree(changed(edit));
        let found = of_edited(changed(edit)).unwrap();
        let made = found.apply(&tree(current())).unwrap();
        assert!(made.same_content(&wanted), "{name}");
        let again = Patch::parse(found.bytes().clone(), &PatchLimits::default()).unwrap();
        assert_eq!(again.bytes(), found.bytes(), "{name}");
        // as a patch from somebody's hand one of these could be a slip
        let likeness = found.config_likeness(&tree(current()));
        assert_eq!(likeness.is_some(), name == "a value emptied", "{name}");
    }
}

#[test]
fn what_no_update_can_make_of_an_edited_config_is_refused() {
    let e = of_edited(current()).unwrap_err();
    assert!(matches!(e, PatchError::NoEffect), "{e}");
    // versions are not looked at
    let e = of_edited(changed(|root| org(root).version = 70)).unwrap_err();
    assert!(matches!(e, PatchError::NoEffect), "{e}");
    let e = of_edited(changed(|root| org(root).mod_policy.clear())).unwrap_err();
    assert!(matches!(e, PatchError::Update(_)), "{e}");
    assert!(e.path().is_some(), "{e}");
    let e = of_edited(changed(|root| {
        root.values
            .insert("no key".to_owned(), value(0, "v", "Admins"));
    }))
    .unwrap_err();
    assert!(matches!(e, PatchError::Update(_)), "{e}");
    let none = ConfigTree::parse(Bytes::new()).unwrap();
    let e = Patch::of_edited(&"channel".into(), &tree(current()), &none, None).unwrap_err();
    assert!(matches!(e, PatchError::MissingChannelGroup), "{e}");
    // fields that an update would lose
    let mut value = value(0, "new", "Admins").encode_to_vec();
    value.extend([0x78, 1]);
    let mut entry = Vec::new();
    write::message(&mut entry, 1, b"V");
    write::message(&mut entry, 2, &value);
    let mut root = current().encode_to_vec();
    write::message(&mut root, 3, &entry);
    let mut config = Vec::new();
    write::message(&mut config, 2, &root);
    let edited = ConfigTree::parse(config.into()).unwrap();
    let e = Patch::of_edited(&"channel".into(), &tree(current()), &edited, None).unwrap_err();
    assert!(matches!(e, PatchError::UnknownFields { .. }), "{e}");
}

#[test]
fn what_says_the_same_in_the_plain_form_is_no_change() {
    let other = |text: &'static str| {
        tree(changed(|root| {
            org(root)
                .values
                .insert("V".to_owned(), value(0, text, "Admins"));
        }))
    };
    let plain = |current: &ConfigTree, edited: &ConfigTree, is_lossy| PlainForms {
        current: current.clone(),
        edited: edited.clone(),
        is_lossy,
    };
    let same = tree(current());
    for (text, is_lossy, is_same) in [
        ("odl", false, true),
        ("odl", true, true),
        ("older", false, true),
        ("older", true, false),
    ] {
        let edited = other(text);
        let forms = plain(&same, &same, is_lossy);
        let found = Patch::of_edited(&"channel".into(), &same, &edited, Some(&forms));
        assert_eq!(found.is_err(), is_same, "{text} {is_lossy}");
        let forms = plain(&same, &edited, is_lossy);
        let found = Patch::of_edited(&"channel".into(), &same, &edited, Some(&forms));
        let made = found.unwrap().apply(&same).unwrap();
        assert!(made.same_content(&edited), "{text} {is_lossy}");
    }
}

#[test]
fn patches_that_look_like_a_config_are_told() {
    let likeness = |root: ConfigGroup| patch(root).unwrap().config_likeness(&tree(current()));
    for (name, drops, root) in [
        ("a whole group", true, below(&["A"], group(1, "Admins"))),
        ("the root", true, group(1, "Admins")),
        ("below an overwritten one", true, {
            let mut root = group(1, "Admins");
            root.groups.insert("A".to_owned(), group(0, "Admins"));
            root.groups.insert("B".to_owned(), group(0, "Admins"));
            root
        }),
        ("a value", true, org_with_value("V", value(1, "", "Admins"))),
        (
            "a policy",
            true,
            org_with_policy("P", policy(1, "", "Admins")),
        ),
        (
            "a value that is written",
            false,
            org_with_value("V", value(1, "new", "Admins")),
        ),
        (
            "a value's mod policy",
            false,
            org_with_value("V", value(0, "", "Readers")),
        ),
        (
            "a new value",
            false,
            org_with_value("W", value(1, "", "Admins")),
        ),
        ("no group is lost", false, below(&ORG, group(1, "Admins"))),
        ("a new group", false, below(&["C"], group(1, "Admins"))),
        ("a group that is deleted", false, below(&ORG, group(2, ""))),
        ("a patched one", false, below(&["A"], group(0, "Readers"))),
    ] {
        let found = likeness(root);
        assert_eq!(found.is_some(), drops, "{name}: {found:?}");
    }
    let config = changed(|root| {
        root.policies
            .insert("P".to_owned(), policy(0, "new", "Admins"));
    });
    let whole = tree(config.clone());
    let mut all = group(0, "");
    all.policies.clone_from(&config.policies);
    for name in ["A", "B"] {
        assert_eq!(patch(all.clone()).unwrap().config_likeness(&whole), None);
        all.groups.insert(name.to_owned(), group(0, "Readers"));
    }
    let found = patch(all).unwrap().config_likeness(&whole);
    assert_eq!(found, Some(ConfigLikeness::NamesAll));
}
