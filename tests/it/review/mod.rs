//! What reviewers are told of a change: the semantic diff, the findings, the endorsement arithmetic.

mod diff;
mod lint;
mod lockouts;
mod shown;

use std::fs;

use bytes::Bytes;
use cmscc::{
    config::{Bundle, ConfigTree},
    ids::ChannelId,
    proto::common,
};
use prost::Message;

use crate::contract::captures::captured;

fn data(path: &str) -> Bytes {
    captured(path).into()
}

fn channel() -> ChannelId {
    ChannelId::from("mychannel")
}

/// The config of a real network with Org1 and Org2, before or after OrgX joined.
fn config(moment: &str) -> common::Config {
    let path = format!("fabric-3.1.5-caps-v2/add-orgx/config_raw_{moment}.pb");
    common::Config::decode(data(&path)).unwrap()
}

fn tree(config: &common::Config) -> ConfigTree {
    ConfigTree::parse(config.encode_to_vec().into()).unwrap()
}

fn bundle(config: &common::Config) -> Bundle {
    Bundle::new(&channel(), tree(config)).unwrap()
}

/// A group by its path below the root, such as `Application/Org1MSP`; the root for none.
fn group<'a>(config: &'a mut common::Config, path: &str) -> &'a mut common::ConfigGroup {
    let root = config.channel_group.as_mut().unwrap();
    path.split('/')
        .filter(|name| !name.is_empty())
        .fold(root, |group, name| group.groups.get_mut(name).unwrap())
}

/// Changes one value of a group; an absent one is made.
fn edit<M: Message + Default>(
    group: &mut common::ConfigGroup,
    key: &str,
    change: impl FnOnce(&mut M),
) {
    let value = group
        .values
        .entry(key.to_owned())
        .or_insert_with(|| common::ConfigValue {
            mod_policy: "Admins".to_owned(),
            ..Default::default()
        });
    let mut message = M::decode(value.value.clone()).unwrap();
    change(&mut message);
    value.value = message.encode_to_vec().into();
}

/// Changes the X.509 definition of an organisation.
fn edit_msp(
    config: &mut common::Config,
    org: &str,
    change: impl FnOnce(&mut cmscc::proto::msp::FabricMspConfig),
) {
    edit(
        group(config, org),
        "MSP",
        |value: &mut cmscc::proto::msp::MspConfig| {
            let mut definition =
                cmscc::proto::msp::FabricMspConfig::decode(value.config.clone()).unwrap();
            change(&mut definition);
            value.config = definition.encode_to_vec().into();
        },
    );
}

/// Gives a policy a rule in Fabric's language, or an implicit meta rule such as `ANY Admins`.
fn set_policy(group: &mut common::ConfigGroup, name: &str, rule: &str) {
    let (kind, value) = match rule.split_once(' ') {
        Some((word @ ("ANY" | "ALL" | "MAJORITY"), sub)) => {
            let rule = ["ANY", "ALL", "MAJORITY"].iter().position(|w| *w == word);
            let meta = common::ImplicitMetaPolicy {
                sub_policy: sub.to_owned(),
                rule: i32::try_from(rule.unwrap()).unwrap(),
            };
            (3, meta.encode_to_vec())
        }
        _ => (1, cmscc::policy::parse_policy(rule).unwrap()),
    };
    let policy = group.policies.entry(name.to_owned()).or_default();
    if policy.mod_policy.is_empty() {
        "Admins".clone_into(&mut policy.mod_policy);
    }
    policy.policy = Some(common::Policy {
        r#type: kind,
        value: value.into(),
    });
}

/// Every config of the vectors that parses.
fn vector_configs() -> Vec<(String, ConfigTree)> {
    let folder = crate::conformance::root().join("configs");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "pb"))
        .collect();
    files.sort();
    let parse = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let tree = ConfigTree::parse(fs::read(path).unwrap().into()).ok()?;
        Some((name, tree))
    };
    files.iter().filter_map(parse).collect()
}
