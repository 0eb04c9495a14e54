//! Our updates against the slow model of `model::update`, on generated configs.

use bytes::Bytes;
use cmscc::{
    config::{ConfigTree, Patch, PatchLimits, Update, compute_update, differences},
    ids::{ChannelId, Sequence},
    proto::common::{Config, ConfigGroup, ConfigPolicy, ConfigUpdate, ConfigValue, Policy},
};
use proptest::{prelude::*, sample::select};
use prost::Message;

use crate::{cases::cases, model::update as model};

const CHANNEL: &str = "ch";

/// Few names, so that configs share some; a few are not legal.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        30 => select(vec!["a", "b", "Orderer", "Capabilities", "x.y-Z"]),
        1 => select(vec!["", ".", "b/c", "ü"]),
    ]
    .prop_map(str::to_owned)
}

fn mod_policy() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => select(vec!["Admins", "/Channel/Admins"]),
        1 => select(vec!["", "/", "a//b"]),
    ]
    .prop_map(str::to_owned)
}

fn version() -> impl Strategy<Value = u64> {
    prop_oneof![10 => 0u64..3, 1 => Just(u64::MAX)]
}

fn bytes() -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(0u8..3, 0..3).prop_map(Bytes::from)
}

fn value() -> impl Strategy<Value = ConfigValue> {
    (version(), bytes(), mod_policy()).prop_map(|(version, value, mod_policy)| ConfigValue {
        version,
        value,
        mod_policy,
    })
}

fn policy() -> impl Strategy<Value = ConfigPolicy> {
    let rule = (-1i32..4, bytes()).prop_map(|(r#type, value)| Policy { r#type, value });
    (version(), proptest::option::of(rule), mod_policy()).prop_map(
        |(version, policy, mod_policy)| ConfigPolicy {
            version,
            policy,
            mod_policy,
        },
    )
}

fn group() -> impl Strategy<Value = ConfigGroup> {
    let leaf = (
        version(),
        proptest::collection::btree_map(name(), value(), 0..3),
        proptest::collection::btree_map(name(), policy(), 0..3),
        mod_policy(),
    )
        .prop_map(|(version, values, policies, mod_policy)| ConfigGroup {
            version,
            groups: Default::default(),
            values,
            policies,
            mod_policy,
        });
    leaf.prop_recursive(3, 20, 3, |inner| {
        let members = proptest::collection::btree_map(name(), inner.clone(), 0..3);
        (inner, members).prop_map(|(group, groups)| ConfigGroup { groups, ..group })
    })
}

/// Takes each part of a config from one of two others, so that much stays the same.
fn mix(a: &ConfigGroup, b: &ConfigGroup, mut dice: u64) -> ConfigGroup {
    fn part<T: Clone>(
        a: &std::collections::BTreeMap<String, T>,
        b: &std::collections::BTreeMap<String, T>,
        roll: &mut impl FnMut() -> bool,
    ) -> std::collections::BTreeMap<String, T> {
        let mut out = a.clone();
        for (name, element) in b {
            if roll() {
                out.insert(name.clone(), element.clone());
            }
        }
        out.retain(|_, _| !roll());
        out
    }
    let mut roll = || {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        dice >> 62 == 0
    };
    let mut out = a.clone();
    out.values = part(&a.values, &b.values, &mut roll);
    out.policies = part(&a.policies, &b.policies, &mut roll);
    out.groups = part(&a.groups, &b.groups, &mut roll);
    if roll() {
        out.mod_policy.clone_from(&b.mod_policy);
    }
    let seed = u64::from(roll()) | dice;
    for (i, (name, group)) in out.groups.iter_mut().enumerate() {
        if let Some(other) = b.groups.get(name).or_else(|| b.groups.values().next()) {
            *group = mix(group, other, seed.wrapping_add(i as u64));
        }
    }
    out
}

/// Changes one version or drops one member somewhere: most such updates do not fit.
fn disturb(group: &mut ConfigGroup, dice: u64) {
    let rest = dice / 8;
    match dice % 8 {
        0 => group.version = rest % 3,
        1 => group
            .values
            .values_mut()
            .for_each(|v| v.version = v.version.wrapping_add(rest % 2)),
        2 => group
            .policies
            .values_mut()
            .for_each(|p| p.version = rest % 3),
        3 => drop(group.values.pop_first()),
        4 => drop(group.groups.pop_last()),
        5 => drop(group.policies.pop_last()),
        _ => {
            if let Some(group) = group.groups.values_mut().last() {
                disturb(group, rest);
            }
        }
    }
}

fn config(group: &ConfigGroup) -> Config {
    Config {
        sequence: 7,
        channel_group: Some(group.clone()),
    }
}

fn tree(group: &ConfigGroup) -> ConfigTree {
    ConfigTree::parse(config(group).encode_to_vec().into()).unwrap()
}

fn back(tree: &ConfigTree) -> ConfigGroup {
    Config::decode(&*tree.encode())
        .unwrap()
        .channel_group
        .unwrap()
}

fn channel() -> ChannelId {
    ChannelId::from(CHANNEL)
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn trees_read_and_write_what_generated_types_do(group in group()) {
        let tree = tree(&group);
        prop_assert_eq!(back(&tree), group.clone());
        let again = ConfigTree::parse(tree.encode().into()).unwrap();
        prop_assert!(again.equals(&tree) && again.same_content(&tree));
        prop_assert_eq!(again.encode(), tree.encode());
    }

    #[test]
    fn equality_is_that_of_messages(a in group(), b in group(), dice: u64) {
        let b = mix(&a, &b, dice);
        prop_assert_eq!(tree(&a).equals(&tree(&b)), a == b);
        let same = model::without_versions(&a) == model::without_versions(&b);
        prop_assert_eq!(tree(&a).same_content(&tree(&b)), same);
        prop_assert_eq!(differences(&tree(&a), &tree(&b)).next().is_none(), same);
    }

    #[test]
    fn computed_updates_are_those_of_the_model(a in group(), b in group(), dice: u64) {
        let b = mix(&a, &b, dice);
        let ours = compute_update(&channel(), &tree(&a), &tree(&b)).ok();
        let model = model::compute(&a, &b);
        let ours = ours.map(|bytes| ConfigUpdate::decode(&*bytes).unwrap());
        let model = model.map(|update| ConfigUpdate { channel_id: CHANNEL.to_owned(), ..update });
        prop_assert_eq!(ours, model);
    }

    #[test]
    fn applied_updates_are_those_of_the_model(
        a in group(), b in group(), dice: u64, read: u64, write: u64
    ) {
        // a bundle does not accept other configs
        prop_assume!(model::has_legal_names(&a));
        let b = mix(&a, &b, dice);
        let mut update = model::compute(&a, &b).unwrap_or_default();
        if read % 4 == 0 && let Some(set) = &mut update.read_set {
            disturb(set, read / 4);
        }
        if write % 2 == 0 && let Some(set) = &mut update.write_set {
            disturb(set, write / 2);
        }
        match read % 64 {
            1 => update.read_set = None,
            2 => update.write_set = None,
            3 => update.write_set = update.read_set.clone(),
            _ => {}
        }
        let current = tree(&a);
        let parsed = Update::parse(update.encode_to_vec().into()).unwrap();
        let ours = parsed.delta(&current).and_then(|delta| {
            Ok((delta.apply()?, delta.result()?))
        });
        match (ours, model::apply(&config(&a), &update)) {
            (Ok((ours, repaired)), Ok((model, model_repaired))) => {
                prop_assert_eq!(ours.sequence(), Sequence(8));
                prop_assert_eq!(back(&ours), model);
                prop_assert_eq!(back(&repaired), model_repaired);
            }
            (Err(ours), Err(model)) => prop_assert!(model.contains(&ours.reason()), "{} {:?}", ours, model),
            (ours, model) => prop_assert!(false, "{:?} {:?}", ours, model),
        }
    }

    #[test]
    fn applying_what_was_computed_gives_the_content(a in group(), b in group(), dice: u64) {
        let (a, b) = (tree(&a), tree(&mix(&a, &b, dice)));
        let Ok(update) = compute_update(&channel(), &a, &b) else {
            prop_assert!(a.same_content(&b));
            return Ok(());
        };
        let update = Update::parse(update.into()).unwrap();
        match update.delta(&a) {
            Ok(delta) => prop_assert!(delta.apply().unwrap().same_content(&b)),
            Err(e) => prop_assert!(
                ["key_syntax", "missing_mod_policy", "bad_mod_policy"].contains(&e.reason()), "{}", e
            ),
        }
    }

    #[test]
    fn the_intent_of_an_update_is_its_effect(a in group(), b in group(), dice: u64) {
        let (a, b) = (tree(&a), tree(&mix(&a, &b, dice)));
        let Ok(update) = compute_update(&channel(), &a, &b) else { return Ok(()) };
        let update = Update::parse(update.into()).unwrap();
        let Ok(delta) = update.delta(&a) else { return Ok(()) };
        let next = delta.apply().unwrap();
        let patch = Patch::from_update(&a, &update).unwrap();
        let patched = patch.apply(&a).unwrap();
        prop_assert!(patched.same_content(&next));
        prop_assert_eq!(&compute_update(&channel(), &a, &patched).unwrap(), update.bytes());
        let limits = PatchLimits::default();
        let again = Patch::parse(patch.bytes().clone(), &limits).unwrap();
        prop_assert_eq!(again.bytes(), patch.bytes());
        prop_assert!(!patch.changes_nothing(&a));
        // the touched elements differ in content exactly where the update changed them
        for (before, after) in patch.touched(&a).iter().zip(patch.touched(&next)) {
            prop_assert_eq!(&before.path, &after.path);
            prop_assert_ne!(before.digest, after.digest);
        }
    }

    #[test]
    fn combined_patches_do_what_both_do(a in group(), b in group(), c in group(), x: u64, y: u64) {
        let (b, c) = (mix(&a, &b, x), mix(&a, &c, y));
        let a = tree(&a);
        let patch = |to: &ConfigGroup| {
            let update = compute_update(&channel(), &a, &tree(to)).ok()?;
            Patch::from_update(&a, &Update::parse(update.into()).unwrap()).ok()
        };
        let (Some(first), Some(second)) = (patch(&b), patch(&c)) else { return Ok(()) };
        prop_assert_eq!(first.conflict(&second).is_some(), second.conflict(&first).is_some());
        prop_assert_eq!(first.conflict(&first), None);
        let Ok(both) = Patch::combine([&first, &second]) else {
            prop_assert!(first.conflict(&second).is_some());
            return Ok(());
        };
        let swapped = Patch::combine([&second, &first]).unwrap();
        prop_assert_eq!(both.bytes(), swapped.bytes());
        let result = both.apply(&a).unwrap();
        let one_by_one = first.apply(&a).and_then(|next| second.apply(&next));
        // a second deletion of the same element finds nothing
        if let Ok(next) = one_by_one {
            prop_assert!(next.same_content(&result));
        }
        prop_assert!(first.changes_nothing(&result) || has_deletion(&first));
        prop_assert!(second.changes_nothing(&result) || has_deletion(&second));
    }

    #[test]
    fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), group in group(), at: usize) {
        let _ = Update::parse(bytes.clone().into());
        let _ = ConfigTree::parse(bytes.clone().into()).map(|tree| tree.encode());
        let _ = Patch::parse(bytes.clone().into(), &PatchLimits::default());
        // mostly a config
        let mut config = config(&group).encode_to_vec();
        let at = at % config.len();
        config.splice(at..at, bytes.drain(..bytes.len().min(3)));
        if let Ok(tree) = ConfigTree::parse(config.into()) {
            let again = ConfigTree::parse(tree.encode().into()).unwrap();
            prop_assert!(tree.equals(&again));
        }
    }
}

fn has_deletion(patch: &Patch) -> bool {
    let config = Config::decode(&**patch.bytes()).unwrap();
    let mut open: Vec<ConfigGroup> = config.channel_group.into_iter().collect();
    while let Some(group) = open.pop() {
        let deleted = group.version == 2
            || group.values.values().any(|v| v.version == 2)
            || group.policies.values().any(|p| p.version == 2);
        if deleted {
            return true;
        }
        open.extend(group.groups.into_values());
    }
    false
}
