//! What a config compiles to behind another one, against what it compiles to alone, on generated
//! sequences of changes: organisations come, go and get other definitions, policies come, go and
//! change.

use std::{fs, path::Path};

use bytes::Bytes;
use cmscc::{
    config::{Bundle, BundleError, ConfigTree, Section},
    ids::ChannelId,
    policy::parse_policy,
    proto::common::{
        Config, ConfigGroup, ConfigPolicy, ConfigValue, ImplicitMetaPolicy, Policy,
        implicit_meta_policy::Rule,
    },
};
use proptest::{prelude::*, sample::select};
use prost::Message;

use crate::cases::cases;

/// One change. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Change {
    /// A copy of an organisation under another name, with the same MSP.
    AddOrg(usize, &'static str),
    RemoveOrg(usize),
    /// The MSP of one organisation for another one.
    SwapMsp(usize, usize),
    /// The group's policy of the first name gets the second name.
    RenamePolicy(usize, usize, &'static str),
    RemovePolicy(usize, usize),
    SetPolicy(usize, &'static str, Option<(i32, Vec<u8>)>),
    /// A new value beside the policies, which does not concern them.
    Anchors(usize, Vec<u8>),
    ChannelLevel(&'static str),
}

fn policy_name() -> impl Strategy<Value = &'static str> {
    select(vec!["Admins", "Readers", "Writers", "Endorsement", "Other"])
}

fn rule() -> impl Strategy<Value = Option<(i32, Vec<u8>)>> {
    let signature = select(vec![
        "OR('PerfOrg0000MSP.admin')",
        "OutOf(2, 'PerfOrg0001MSP.peer', 'PerfOrg0000MSP.admin', 'NewMSP.member')",
        "AND('NewMSP.member', OR('PerfOrg0003MSP.client', 'NewMSP.member'))",
    ])
    .prop_map(|text| (1, parse_policy(text).unwrap()));
    let sub_policy = select(vec![
        "Admins",
        "Other",
        "/Channel/Application/PerfOrg0001/Admins",
        "None",
    ]);
    let meta = (sub_policy, 0..3i32).prop_map(|(sub_policy, rule)| {
        let policy = ImplicitMetaPolicy {
            sub_policy: sub_policy.to_owned(),
            rule: Rule::try_from(rule).unwrap().into(),
        };
        (3, policy.encode_to_vec())
    });
    prop_oneof![
        10 => signature.prop_map(Some),
        10 => meta.prop_map(Some),
        1 => Just(Some((1, b"\x08".to_vec()))),
        1 => Just(Some((2, Vec::new()))),
        1 => Just(None),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let any = 0..1_000usize;
    let org_name = select(vec!["AaaOrg", "PerfOrg0005x", "ZzzOrg"]);
    prop_oneof![
        4 => (any.clone(), org_name).prop_map(|(org, name)| Change::AddOrg(org, name)),
        4 => any.clone().prop_map(Change::RemoveOrg),
        1 => (any.clone(), any.clone()).prop_map(|(one, other)| Change::SwapMsp(one, other)),
        2 => (any.clone(), any.clone(), policy_name())
            .prop_map(|(group, policy, name)| Change::RenamePolicy(group, policy, name)),
        2 => (any.clone(), any.clone())
            .prop_map(|(group, policy)| Change::RemovePolicy(group, policy)),
        6 => (any.clone(), policy_name(), rule())
            .prop_map(|(group, name, rule)| Change::SetPolicy(group, name, rule)),
        1 => (any, proptest::collection::vec(0u8..3, 0..3))
            .prop_map(|(org, bytes)| Change::Anchors(org, bytes)),
        1 => select(vec!["V1_1", "V1_4_3", "V2_0", "V3_0"]).prop_map(Change::ChannelLevel),
    ]
}

/// The groups of a config by the names that lead to them.
fn paths(config: &Config) -> Vec<Vec<String>> {
    let mut paths = vec![Vec::new()];
    let mut at = 0;
    while at < paths.len() {
        let path = paths[at].clone();
        let mut copy = config.clone();
        for name in group(&mut copy, &path).groups.keys() {
            paths.push([path.clone(), vec![name.clone()]].concat());
        }
        at += 1;
    }
    paths
}

fn group<'a>(config: &'a mut Config, path: &[String]) -> &'a mut ConfigGroup {
    let root = config.channel_group.as_mut().unwrap();
    path.iter()
        .fold(root, |group, name| group.groups.get_mut(name).unwrap())
}

/// The organisation that a number chooses: its section and name.
fn org(config: &Config, number: usize) -> Option<(Vec<String>, String)> {
    let mut orgs = paths(config);
    orgs.retain(|path| path.len() == 2);
    let mut path = orgs.get(number % orgs.len().max(1))?.clone();
    let name = path.pop()?;
    Some((path, name))
}

fn apply(config: &mut Config, change: &Change) -> Option<()> {
    match change {
        Change::AddOrg(number, name) => {
            let (section, like) = org(config, *number)?;
            let section = group(config, &section);
            let copy = section.groups.get(&like)?.clone();
            section.groups.insert((*name).to_owned(), copy);
        }
        Change::RemoveOrg(number) => {
            let (section, name) = org(config, *number)?;
            group(config, &section).groups.remove(&name);
        }
        Change::SwapMsp(one, other) => {
            let (section, name) = org(config, *one)?;
            let msp = group(config, &[section, vec![name]].concat())
                .values
                .get("MSP")?
                .clone();
            let (section, name) = org(config, *other)?;
            let other = group(config, &[section, vec![name]].concat());
            other.values.insert("MSP".to_owned(), msp);
        }
        Change::RenamePolicy(number, policy, name) => {
            let policies = policies(config, *number);
            let old = policies.keys().nth(policy % policies.len().max(1))?.clone();
            let policy = policies.remove(&old)?;
            policies.insert((*name).to_owned(), policy);
        }
        Change::RemovePolicy(number, policy) => {
            let policies = policies(config, *number);
            let old = policies.keys().nth(policy % policies.len().max(1))?.clone();
            policies.remove(&old);
        }
        Change::SetPolicy(number, name, rule) => {
            let policy = rule.as_ref().map(|(kind, value)| Policy {
                r#type: *kind,
                value: value.clone().into(),
            });
            let policy = ConfigPolicy {
                version: 0,
                policy,
                mod_policy: "Admins".to_owned(),
            };
            policies(config, *number).insert((*name).to_owned(), policy);
        }
        Change::Anchors(number, bytes) => {
            let (section, name) = org(config, *number)?;
            let value = ConfigValue {
                value: bytes.clone().into(),
                ..ConfigValue::default()
            };
            let org = group(config, &[section, vec![name]].concat());
            org.values.insert("AnchorPeers".to_owned(), value);
        }
        Change::ChannelLevel(level) => {
            let levels = cmscc::proto::common::Capabilities {
                capabilities: [((*level).to_owned(), Default::default())].into(),
            };
            let root = group(config, &[]);
            root.values.get_mut("Capabilities")?.value = levels.encode_to_vec().into();
        }
    }
    Some(())
}

fn policies(
    config: &mut Config,
    number: usize,
) -> &mut std::collections::BTreeMap<String, ConfigPolicy> {
    let paths = paths(config);
    &mut group(config, &paths[number % paths.len()]).policies
}

fn first() -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/perf/config-10.pb");
    Config::decode(Bytes::from(fs::read(path).unwrap())).unwrap()
}

fn compiled_alone(config: &Config) -> Result<Bundle, BundleError> {
    let tree = ConfigTree::parse(config.encode_to_vec().into()).unwrap();
    Bundle::new(&ChannelId::from("vec-channel"), tree)
}

fn assert_same(alone: &Bundle, behind: &Bundle) -> Result<(), TestCaseError> {
    // every id and every principal in its place: some answers name what comes first
    prop_assert_eq!(alone.policies(), behind.policies());
    let msps = |bundle: &Bundle| -> Vec<(String, Vec<u8>, _)> {
        let msps = bundle.msps().iter();
        msps.map(|msp| (msp.id().to_string(), msp.config().to_vec(), msp.version()))
            .collect()
    };
    prop_assert_eq!(msps(alone), msps(behind));
    for section in [Section::Application, Section::Orderer] {
        prop_assert!(alone.orgs(section).eq(behind.orgs(section)));
    }
    prop_assert_eq!(format!("{alone:?}"), format!("{behind:?}"));
    Ok(())
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn a_successor_is_what_its_config_compiles_to_alone(
        steps in proptest::collection::vec(proptest::collection::vec(change(), 1..3), 1..6),
    ) {
        let mut config = first();
        let mut before = compiled_alone(&config).unwrap();
        for changes in steps {
            let mut next = config.clone();
            for change in &changes {
                // a change of something that is not there changes nothing
                let _ = apply(&mut next, change);
            }
            let tree = ConfigTree::parse(next.encode_to_vec().into()).unwrap();
            match (compiled_alone(&next), before.compile_next(tree)) {
                (Ok(alone), Ok(behind)) => {
                    assert_same(&alone, &behind)?;
                    (before, config) = (behind, next);
                }
                (alone, behind) => prop_assert_eq!(alone.err(), behind.err()),
            }
        }
    }
}

/// What the generated changes rely on: most of them lead to a valid config with other policies.
#[test]
fn an_added_and_a_removed_organisation_change_all_that_follows() {
    let config = first();
    let before = compiled_alone(&config).unwrap();
    for change in [
        Change::AddOrg(3, "AaaOrg"),
        Change::RemoveOrg(3),
        Change::SetPolicy(
            0,
            "Other",
            Some((1, parse_policy("OR('NewMSP.admin')").unwrap())),
        ),
    ] {
        let mut next = config.clone();
        apply(&mut next, &change).unwrap();
        let tree = ConfigTree::parse(next.encode_to_vec().into()).unwrap();
        let behind = before.compile_next(tree).unwrap();
        assert_ne!(behind.policies(), before.policies(), "{change:?}");
        assert_same(&compiled_alone(&next).unwrap(), &behind).unwrap();
    }
}
