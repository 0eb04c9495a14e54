//! The decision by digests against the patches themselves, and what is counted, cut and refused.

use bytes::Bytes;
use proptest::{collection::btree_map, option, prelude::*, sample::select};
use prost::Message;

use super::*;
use crate::{
    cases::cases,
    config::{ElementKind, GroupRef, PatchLimits, Wish, WishedPart},
    contract::error::Code,
    ids::MspId,
    proto::{
        cmscc::{TouchedDigests, Withdrawal},
        common::{Config, ConfigGroup, ConfigPolicy, ConfigValue, Policy},
    },
};

const UPDATE: &[u8] =
    include_bytes!("../../../../tests/fabric-data/fabric-3.1.5-caps-v2/add-orgx/config_update.pb");
const CONFIG: &[u8] =
    include_bytes!("../../../../tests/fabric-data/fabric-3.1.5-caps-v2/add-orgx/config.pb");

const DELETE: u64 = 2;

fn name() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c"]).prop_map(str::to_owned)
}

fn mod_policy() -> impl Strategy<Value = String> {
    select(vec!["", "", "M", "N"]).prop_map(str::to_owned)
}

fn content() -> impl Strategy<Value = Bytes> {
    select(vec!["", "x", "x", "y"]).prop_map(Bytes::from)
}

fn mode() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0u64), 2 => Just(1), 1 => Just(DELETE)]
}

fn value() -> impl Strategy<Value = ConfigValue> {
    (mode(), content(), mod_policy()).prop_map(|(version, value, mod_policy)| match version {
        DELETE => ConfigValue {
            version,
            ..ConfigValue::default()
        },
        version => ConfigValue {
            version,
            value,
            mod_policy,
        },
    })
}

fn policy() -> impl Strategy<Value = ConfigPolicy> {
    let rule = (0i32..2, content()).prop_map(|(r#type, value)| Policy { r#type, value });
    (mode(), option::of(rule), mod_policy()).prop_map(|(version, policy, mod_policy)| match version
    {
        DELETE => ConfigPolicy {
            version,
            ..ConfigPolicy::default()
        },
        version => ConfigPolicy {
            version,
            policy,
            mod_policy,
        },
    })
}

fn of_mode(version: u64, group: ConfigGroup) -> ConfigGroup {
    match version {
        DELETE => ConfigGroup {
            version,
            ..ConfigGroup::default()
        },
        version => ConfigGroup { version, ..group },
    }
}

/// A group of a patch; most are patched, so that something is below them.
fn group() -> impl Strategy<Value = ConfigGroup> {
    let leaf = (
        btree_map(name(), value(), 0..2),
        btree_map(name(), policy(), 0..2),
        mod_policy(),
        mode(),
    )
        .prop_map(|(values, policies, mod_policy, mode)| {
            let group = ConfigGroup {
                values,
                policies,
                mod_policy,
                ..ConfigGroup::default()
            };
            of_mode(mode, group)
        });
    leaf.prop_recursive(3, 12, 2, |inner| {
        let members = btree_map(name(), inner, 0..3);
        let mode = prop_oneof![5 => Just(0u64), 1 => Just(1u64)];
        let own = (
            btree_map(name(), value(), 0..2),
            select(vec!["", "", "", "M"]),
        );
        (own, members, mode).prop_map(|((values, mod_policy), groups, mode)| {
            let group = ConfigGroup {
                groups,
                values,
                mod_policy: mod_policy.to_owned(),
                ..ConfigGroup::default()
            };
            of_mode(mode, group)
        })
    })
}

fn parsed(root: &ConfigGroup) -> Patch {
    // the root stays
    let root = match root.version {
        DELETE => ConfigGroup::default(),
        _ => root.clone(),
    };
    let config = Config {
        sequence: 0,
        channel_group: Some(root),
    };
    Patch::parse(config.encode_to_vec().into(), &PatchLimits::default()).unwrap()
}

fn place(id: &str) -> ProposalPlace {
    ProposalPlace::new(&MspId::new("Org1MSP"), &ProposalId::new(id))
}

fn record(touched: TouchedDigests, written: Bytes) -> OpenProposal {
    OpenProposal {
        kind: ProposalKind::ConfigUpdate.into(),
        touched: Some(touched),
        written,
        ..OpenProposal::default()
    }
}

/// The first element because of which the wishes do not go together, by comparing all pairs.
fn contested(a: &[Wish], b: &[Wish]) -> Option<ElementPath> {
    let is_whole =
        |wish: &Wish| wish.path.kind() == ElementKind::Group && wish.content != WishedPart::Unsaid;
    let differ =
        |a: WishedPart, b: WishedPart| a != WishedPart::Unsaid && b != WishedPart::Unsaid && a != b;
    let deletes = |wish: &Wish| wish.content == WishedPart::Whole;
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    pairs
        .filter_map(|(a, b)| {
            let other = a.path == b.path
                && (deletes(a) != deletes(b)
                    || differ(a.content, b.content)
                    || differ(a.mod_policy, b.mod_policy));
            let above = |a: &Wish, b: &Wish| is_whole(a) && a.path.is_ancestor_of(&b.path);
            match (other || above(a, b), above(b, a)) {
                (true, _) => Some(a.path.clone()),
                (false, true) => Some(b.path.clone()),
                (false, false) => None,
            }
        })
        .min()
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn digests_decide_as_patches_do(groups in proptest::collection::vec(group(), 1..12)) {
        let patches: Vec<Patch> = groups.iter().map(parsed).collect();
        let mut relations = Relations::default();
        let mut records = Vec::new();
        for (at, patch) in patches.iter().enumerate() {
            let id = at.to_string();
            relations.add_intent(ProposalId::new(id.as_str()), patch, None);
            records.push((place(&id), record(touched_digests(patch), Bytes::new())));
        }
        relations.meet(&records, false).unwrap();
        for (report, (own, patch)) in relations.reports().zip(patches.iter().enumerate()) {
            let excludes: Vec<(String, String)> = (report.excludes.iter())
                .map(|one| (one.proposal_id.to_string(), one.element.clone()))
                .collect();
            let mut expected = Vec::new();
            for (at, other) in patches.iter().enumerate().filter(|(at, _)| *at != own) {
                let element = contested(&patch.wishes(), &other.wishes());
                prop_assert_eq!(patch.conflict(other).is_some(), element.is_some(), "{:?}", element);
                expected.extend(element.map(|element| (at.to_string(), element.to_string())));
            }
            prop_assert_eq!(excludes, expected);
        }
    }
}

/// A patch of one value in one group.
fn patch_of(group: &str, mode: u64, content: &'static str, mod_policy: &str) -> Patch {
    let value = ConfigValue {
        version: mode,
        value: content.into(),
        mod_policy: mod_policy.to_owned(),
    };
    let below = ConfigGroup {
        values: [("V".to_owned(), value)].into(),
        ..ConfigGroup::default()
    };
    parsed(&ConfigGroup {
        groups: [(group.to_owned(), below)].into(),
        ..ConfigGroup::default()
    })
}

#[test]
fn contents_go_together_field_by_field() {
    for (a, b, excludes) in [
        (patch_of("A", 0, "x", ""), patch_of("A", 0, "", "M"), false),
        (patch_of("A", 0, "x", ""), patch_of("A", 0, "y", ""), true),
        (patch_of("A", 0, "x", ""), patch_of("A", 1, "x", "M"), false),
        (patch_of("A", 0, "x", ""), patch_of("A", 1, "", "M"), true),
        (patch_of("A", 0, "", ""), patch_of("A", 2, "", ""), true),
        (patch_of("A", 2, "", ""), patch_of("A", 2, "", ""), false),
        (patch_of("A", 1, "x", ""), patch_of("B", 1, "y", ""), false),
    ] {
        for (a, b) in [(&a, &b), (&b, &a)] {
            let mut relations = Relations::default();
            relations.add_intent(ProposalId::new("a"), a, None);
            let other = record(touched_digests(b), Bytes::new());
            relations.meet(&[(place("b"), other)], false).unwrap();
            let report = relations.reports().next().unwrap();
            assert_eq!(report.excludes_count, usize::from(excludes), "{a:?} {b:?}");
            assert_eq!(a.conflict(b).is_some(), excludes);
        }
    }
}

#[test]
fn elements_are_named_as_fabric_writes_them() {
    let update = Update::parse(Bytes::from_static(UPDATE)).unwrap();
    let mut expected: BTreeSet<ShortDigest> = BTreeSet::new();
    let mut add = |name: ElementPath| {
        expected.insert(ShortDigest::of_element(&name));
    };
    let mut open: Vec<GroupRef<'_>> = [update.read_set(), update.write_set()]
        .into_iter()
        .flatten()
        .collect();
    while let Some(group) = open.pop() {
        add(group.element_path());
        group.values().for_each(|one| add(one.element_path()));
        group.policies().for_each(|one| add(one.element_path()));
        open.extend(group.groups());
    }
    assert!(expected.len() > 10);
    assert_eq!(mentioned(&update), expected);
    // as any tool computes them: `printf '[Group]  /Channel/Application' | sha256sum`
    let below = ConfigGroup {
        mod_policy: "M".to_owned(),
        ..ConfigGroup::default()
    };
    let touched = touched_digests(&parsed(&ConfigGroup {
        groups: [("Application".to_owned(), below)].into(),
        ..ConfigGroup::default()
    }));
    let name = "ffb4b6d42045f0d2ac0dce9fc0c71bb1";
    assert_eq!(hex::encode(touched.elements), name);
    assert_eq!(hex::encode(touched.contents), "0".repeat(32));
}

#[test]
fn what_is_written_follows_from_the_bytes_alone() {
    let update = Update::parse(Bytes::from_static(UPDATE)).unwrap();
    let config = ConfigTree::parse(Bytes::from_static(CONFIG)).unwrap();
    let delta = update.delta(&config).unwrap();
    let expected: BTreeSet<ShortDigest> = (delta.elements().iter())
        .map(|element| ShortDigest::of_element(&element.element_path()))
        .collect();
    let stored = record(TouchedDigests::default(), written_digests(update.bytes()));
    let stored = StoredDigests::read(&stored).unwrap();
    assert!(stored.written.len() > 5);
    assert!(stored.written.iter().eq(&expected));
    assert!(written_digests(&Bytes::from_static(&[0xff])).is_empty());
}

#[test]
fn bytes_follow_what_writes_nothing_of_theirs() {
    let update = Update::parse(Bytes::from_static(UPDATE)).unwrap();
    let patch = patch_of("A", 0, "x", "");
    let elsewhere = touched_digests(&patch_of("B", 0, "y", ""));
    let written = written_digests(update.bytes());
    let others = [
        (place("writes"), record(elsewhere.clone(), written)),
        (place("writes_not"), record(elsewhere, Bytes::new())),
        (
            place("excludes"),
            record(touched_digests(&patch_of("A", 0, "y", "")), Bytes::new()),
        ),
        (place("open"), record(touched_digests(&patch), Bytes::new())),
    ];
    let mut relations = Relations::default();
    relations.add_intent(ProposalId::new("open"), &patch, Some(&update));
    relations.add_intent(ProposalId::new("stale"), &patch, None);
    relations.meet(&others, true).unwrap();
    let [open, stale] =
        <[RelationsReport; 2]>::try_from(relations.reports().collect::<Vec<_>>()).unwrap();
    assert_eq!(open.can_follow, ["writes_not".into()]);
    assert_eq!(open.can_follow_count, 1);
    assert_eq!(stale.can_follow_count, 0);
    for report in [open, stale] {
        assert_eq!(report.excludes_count, 1);
        assert_eq!(&*report.excludes[0].proposal_id, "excludes");
        assert_eq!(report.excludes[0].element, "[Value]  /Channel/A/V");
        assert!(report.more);
    }
}

#[test]
fn many_are_counted_and_the_first_named() {
    let update = Update::parse(Bytes::from_static(UPDATE)).unwrap();
    let config = ConfigTree::parse(Bytes::from_static(CONFIG)).unwrap();
    let alone = Relations::with_contrasts(&config);
    for (mut relations, most) in [(Relations::default(), 20), (alone, 100)] {
        // more than fit into one word
        for at in 0..150 {
            let patch = patch_of("A", 0, ["x", "y"][at % 2], "");
            let update = Some(&update).filter(|_| at % 3 == 0);
            relations.add_intent(ProposalId::new(at.to_string()), &patch, update);
        }
        let others = (0..400).map(|at| {
            let patch = patch_of("A", 0, ["x", "y"][at % 2], "");
            let record = record(touched_digests(&patch), Bytes::new());
            (place(&at.to_string()), record)
        });
        relations.meet(&others.collect::<Vec<_>>(), false).unwrap();
        let mut reports = 0;
        for (at, report) in relations.reports().enumerate() {
            let of_parity = |parity: usize| (0..400).filter(move |other| other % 2 == parity);
            let excluded: Vec<String> = of_parity((at + 1) % 2).map(|at| at.to_string()).collect();
            let named: Vec<&str> = (report.excludes.iter())
                .map(|one| &*one.proposal_id)
                .collect();
            assert_eq!(report.excludes_count, 200);
            assert_eq!(named, excluded[..most]);
            let followed: Vec<String> = of_parity(at % 2)
                .filter(|other| *other != at && at % 3 == 0)
                .map(|at| at.to_string())
                .collect();
            assert_eq!(report.can_follow_count, followed.len());
            let named: Vec<&str> = report.can_follow.iter().map(|id| &**id).collect();
            assert_eq!(named, followed[..followed.len().min(most)]);
            reports += 1;
        }
        assert_eq!(reports, 150);
    }
}

#[test]
fn long_names_do_not_make_a_long_answer() {
    let config = ConfigTree::parse(Bytes::from_static(CONFIG)).unwrap();
    let alone = Relations::with_contrasts(&config);
    let group = "g".repeat(1000);
    // its id is as long as the longest
    let others = (0..100).map(|at| {
        let touched = touched_digests(&patch_of(&group, 0, "x", ""));
        (place(&format!("{at:064}")), record(touched, Bytes::new()))
    });
    let others: Vec<_> = others.collect();
    for (mut relations, bound, named) in [(Relations::default(), 4 << 10, 3), (alone, 64 << 10, 60)]
    {
        relations.add_intent(ProposalId::new("a"), &patch_of(&group, 0, "y", ""), None);
        relations.meet(&others, false).unwrap();
        let report = relations.reports().next().unwrap();
        assert_eq!(report.excludes_count, 100);
        let texts = report.excludes.iter();
        let bytes: usize = texts
            .map(|one| one.element.len() + one.proposal_id.len())
            .sum();
        assert!(bytes <= bound, "{bytes}");
        assert_eq!(report.excludes.len(), named);
    }
}

#[test]
fn what_is_over_or_no_config_update_meets_nobody() {
    let other = record(touched_digests(&patch_of("A", 0, "y", "")), Bytes::new());
    let withdrawn = OpenProposal {
        withdrawal: Some(Withdrawal::default()),
        ..other.clone()
    };
    let settings = OpenProposal {
        kind: ProposalKind::Settings.into(),
        ..other.clone()
    };
    let update = Update::parse(Bytes::from_static(UPDATE)).unwrap();
    for (other, meets) in [(other, 1), (withdrawn, 0), (settings, 0)] {
        let mut relations = Relations::default();
        let patch = patch_of("A", 0, "x", "");
        relations.add_intent(ProposalId::new("a"), &patch, Some(&update));
        relations.meet(&[(place("b"), other)], false).unwrap();
        let report = relations.reports().next().unwrap();
        assert_eq!(report.excludes_count, meets);
        assert_eq!(report.can_follow_count, 0);
    }
}

#[test]
fn records_of_odd_lengths_are_corrupt() {
    let good = record(
        touched_digests(&patch_of("A", 0, "y", "")),
        written_digests(&Bytes::from_static(UPDATE)),
    );
    let meet = |other: OpenProposal| Relations::default().meet(&[(place("b"), other)], false);
    meet(good.clone()).unwrap();
    let changes: [fn(&mut TouchedDigests); 6] = [
        |touched| touched.elements = Bytes::new(),
        |touched| touched.elements = touched.elements.slice(1..),
        |touched| touched.contents = touched.contents.slice(16..),
        |touched| touched.contents = touched.contents.slice(..15),
        |touched| touched.mod_policies = [&touched.mod_policies[..]; 2].concat().into(),
        |touched| touched.holders = touched.holders.slice(1..),
    ];
    for change in changes {
        let mut other = good.clone();
        change(other.touched.as_mut().unwrap());
        assert_eq!(meet(other).unwrap_err().code(), Code::StateCorrupt);
    }
    let mut other = good;
    other.written = other.written.slice(1..);
    assert_eq!(meet(other).unwrap_err().code(), Code::StateCorrupt);
}
