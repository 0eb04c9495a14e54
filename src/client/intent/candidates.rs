//! What a shell completes the words of an intent with, from the config that this machine verified.

use std::collections::BTreeSet;

use super::{
    kind::{acl, consenter},
    place,
};
use crate::config::{Bundle, ElementRef, LevelScope, Section};

/// What could stand in the place of the last word. `words`: what follows `cmscc propose`, with that last one,
/// which may be empty. Nothing where only a shell knows, such as names of files.
#[must_use]
pub fn candidates(bundle: &Bundle, words: &[String]) -> Vec<String> {
    let Some((last, before)) = words.split_last() else {
        return Vec::new();
    };
    let tree = bundle.tree();
    let flag = before
        .last()
        .map(String::as_str)
        .filter(|word| word.starts_with('-'));
    let all: Vec<String> = match flag {
        Some("--org") => organizations(bundle, &[Section::Application, Section::Orderer]),
        Some("--mod-policy") => place::policies(tree),
        Some(_) => Vec::new(),
        None => {
            let plain: Vec<&str> = before.iter().map(String::as_str).collect();
            match plain.as_slice() {
                ["set"] => settings(bundle),
                ["policy"] => place::policies(tree),
                ["policy", _] => ["ANY", "ALL", "MAJORITY"].map(str::to_owned).to_vec(),
                ["mod-policy" | "edit"] => place::elements(tree),
                ["mod-policy", path] => mod_policies(bundle, path),
                ["acl"] => acl::resources().map(str::to_owned).collect(),
                ["acl", _] => {
                    let mut all = place::policies(tree);
                    all.push(acl::DEFAULT.to_owned());
                    all
                }
                ["capability"] => LevelScope::ALL.map(|one| one.name().to_owned()).to_vec(),
                ["capability", section] => {
                    let scope = LevelScope::ALL
                        .into_iter()
                        .find(|one| one.name() == *section);
                    let levels = scope.map_or(&[][..], LevelScope::known);
                    levels.iter().map(|level| (*level).to_owned()).collect()
                }
                ["consenter"] => ["add", "remove", "replace-cert"]
                    .map(str::to_owned)
                    .to_vec(),
                ["consenter", "remove" | "replace-cert"] => consenter::addresses(bundle),
                ["remove-org"] => organizations(bundle, &[Section::Application]),
                _ => Vec::new(),
            }
        }
    };
    let beginning = all.into_iter().filter(|one| one.starts_with(last.as_str()));
    beginning.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The names of organisations.
fn organizations(bundle: &Bundle, sections: &[Section]) -> Vec<String> {
    let orgs = sections.iter().flat_map(|section| bundle.orgs(*section));
    orgs.map(|org| org.name.to_owned()).collect()
}

/// The settings of values that people set by themselves.
fn settings(bundle: &Bundle) -> Vec<String> {
    let tree = bundle.tree();
    let mut all = Vec::new();
    for path in place::elements(tree) {
        let Ok(found) = place::find(tree, &path) else {
            continue;
        };
        let ElementRef::Value(value) = found.element else {
            continue;
        };
        match value.name() {
            "BatchTimeout" => all.push(path),
            "BatchSize" => {
                for name in [
                    "absolute_max_bytes",
                    "max_message_count",
                    "preferred_max_bytes",
                ] {
                    all.push(format!("{path}/{name}"));
                }
            }
            "ConsensusType" => {
                for name in [
                    "election_tick",
                    "heartbeat_tick",
                    "max_inflight_blocks",
                    "snapshot_interval_size",
                    "tick_interval",
                ] {
                    all.push(format!("{path}/metadata/options/{name}"));
                }
                all.push(format!("{path}/state"));
            }
            _ => {}
        }
    }
    all
}

/// The policies that can be the mod policy of an element: those beside it by their names, all by their paths.
fn mod_policies(bundle: &Bundle, path: &str) -> Vec<String> {
    let mut all = place::policies(bundle.tree());
    if let Ok(found) = place::find(bundle.tree(), path) {
        let group = found.element.policy_group();
        all.extend(group.policies().map(|policy| policy.name().to_owned()));
    }
    all
}
