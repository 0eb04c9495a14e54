//! Slips that people make with two configs, and that no tool tells.

use std::path::Path;

use super::{
    given::{Encoding, FileConfig},
    plain::plain_forms,
};
use crate::{
    client::view::Remark,
    config::{ConfigTree, ElementRef, Update},
};

/// So many elements are named where all have the same matter.
const NAMED: usize = 3;

/// What people call a config that they edited, and never the one in force.
// Fabric's own tutorials say modified_config.json, and updated_config
const EDITED: [&str; 3] = ["edited", "modified", "updated"];

/// Tells them.
pub(super) fn slips(
    original: &FileConfig,
    modified: &FileConfig,
    update: &Update,
    remarks: &mut Vec<Remark>,
) {
    if modified.is_bare_group {
        let text = format!(
            "`{}` is the channel group alone, without the config around it. It was taken as the whole config",
            modified.name
        );
        remarks.push(Remark::named("CHANNEL_GROUP_ALONE", text));
    }
    let versions = other_versions(original, modified);
    if let Some(why) = looks_swapped(original, modified, &versions) {
        let text = format!(
            "`{}` was taken as the config in force, and `{}` as the one that is wanted: the update goes from \
             the first to the second. But {why}. If they are the wrong way round, name them the other way",
            original.name, modified.name
        );
        remarks.push(Remark::named("LOOKS_SWAPPED", text));
    }
    let (from, to) = (original.tree.sequence(), modified.tree.sequence());
    if from != to && !modified.is_bare_group {
        let text = format!(
            "`{}` has sequence {to}, `{}` has {from}. Sequences are not compared. If it was edited from \
             an older config, the update takes back what others changed since",
            modified.name, original.name
        );
        remarks.push(Remark::named("SEQUENCE_DIFFERS", text));
    }
    let versions: Vec<String> = versions.into_iter().map(|(path, _)| path).collect();
    if let Some(first) = versions.first() {
        let text = format!(
            "versions are not what `{}` has at {}. Whoever edited them need not: the update counts them \
             itself. If it was edited from an older config, the update takes back what others changed \
             since",
            original.name,
            listed(&versions)
        );
        remarks.push(Remark::named("VERSIONS_DIFFER", text).at(first.clone()));
    }
    let (lost, same) = rewritten(original, modified, update);
    if let Some(first) = lost.first() {
        let text = format!(
            "{} has fields that the JSON of configtxlator leaves out; the update, made of that JSON, \
             would lose them",
            listed(&lost)
        );
        remarks.push(Remark::named("FIELDS_LOST", text).at(first.clone()));
    }
    if let Some(first) = same.first() {
        let text = format!(
            "{} is written although it says the same: only its bytes differ. Take both configs from \
             one tool, such as both in JSON",
            listed(&same)
        );
        remarks.push(Remark::named("ONLY_BYTES_DIFFER", text).at(first.clone()));
    }
    if is_partial(original, modified) {
        let text = format!(
            "`{}` lacks most of what a config has, and the update removes it. If it is meant as a part \
             that is to be changed, --patch takes it as one",
            modified.name
        );
        remarks.push(Remark::named("LOOKS_PARTIAL", text));
    }
}

/// The first few paths, and how many more there are.
fn listed(paths: &[String]) -> String {
    let first = paths.iter().take(NAMED);
    let first: Vec<String> = first.map(|path| format!("`{path}`")).collect();
    match paths.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// What tells that the config in force was named as the edited one, and the edited one as the one in force.
fn looks_swapped(
    original: &FileConfig,
    modified: &FileConfig,
    versions: &[(String, bool)],
) -> Option<String> {
    // nobody edits a block, and what is in force comes in one
    match (&original.block, &modified.block) {
        (Some(_), None) => return None,
        (None, Some(block)) => {
            let number = block.block().number();
            return Some(format!(
                "`{}` is block {number}, as a peer or an orderer has it, which nobody edits",
                modified.name
            ));
        }
        _ => {}
    }
    let (from, to) = (original.tree.sequence(), modified.tree.sequence());
    if to < from && !modified.is_bare_group {
        return Some(format!(
            "`{}` has the older sequence, {to} and not {from}",
            modified.name
        ));
    }
    let all_older = !versions.is_empty() && versions.iter().all(|(_, is_older)| *is_older);
    if to == from && all_older {
        return Some(format!("`{}` has the older versions", modified.name));
    }
    let is_edited = |file: &FileConfig| {
        let stem = Path::new(&file.name).file_stem().unwrap_or_default();
        let stem = stem.to_string_lossy().to_lowercase();
        EDITED.into_iter().find(|word| stem.contains(word))
    };
    match (is_edited(original), is_edited(modified)) {
        (Some(word), None) => Some(format!("`{}` is called {word}", original.name)),
        _ => None,
    }
}

/// The elements of both configs that have other versions in the modified one, and whether that is older.
fn other_versions(original: &FileConfig, modified: &FileConfig) -> Vec<(String, bool)> {
    let (Some(from), Some(to)) = (original.tree.root(), modified.tree.root()) else {
        return Vec::new();
    };
    let (mut out, mut open) = (Vec::new(), vec![(from, to)]);
    while let Some((from, to)) = open.pop() {
        if from.version() != to.version() {
            out.push((to.path(), to.version() < from.version()));
        }
        for value in to.values() {
            let own = from.value(value.name());
            if let Some(own) = own.filter(|own| own.version() != value.version()) {
                out.push((value.path(), value.version() < own.version()));
            }
        }
        for policy in to.policies() {
            let own = from.policy(policy.name());
            if let Some(own) = own.filter(|own| own.version() != policy.version()) {
                out.push((policy.path(), policy.version() < own.version()));
            }
        }
        open.extend(
            to.groups()
                .filter_map(|group| Some((from.group(group.name())?, group))),
        );
    }
    out.sort();
    out
}

/// Of the values and policies that the update writes and that exist: those that the JSON form of the
/// original does not say whole, and those that say what they said before.
fn rewritten(
    original: &FileConfig,
    modified: &FileConfig,
    update: &Update,
) -> (Vec<String>, Vec<String>) {
    let (mut lost, mut same) = (Vec::new(), Vec::new());
    if original.encoding == Encoding::Json {
        return (lost, same);
    }
    let Some(forms) = plain_forms(original, modified) else {
        return (lost, same);
    };
    for element in update.written() {
        let path = element.element_path();
        let names: Vec<&str> = path.keys().iter().skip(1).map(String::as_str).collect();
        let Some((_, above)) = names.split_last() else {
            continue;
        };
        let inside = |tree: &ConfigTree, name: &str| -> Option<Vec<u8>> {
            let group = tree.group(above)?;
            match element {
                ElementRef::Group(_) => None,
                ElementRef::Policy(_) => Some(group.policy(name)?.rule().to_vec()),
                ElementRef::Value(_) => Some(group.value(name)?.bytes().to_vec()),
            }
        };
        let name = path.name();
        let (Some(raw), Some(plain)) = (inside(&original.tree, name), inside(&forms.current, name))
        else {
            continue;
        };
        if raw.len() != plain.len() && modified.encoding == Encoding::Json {
            lost.push(path.path());
        }
        if inside(&forms.edited, name).as_ref() == Some(&plain)
            && raw.len() == plain.len()
            && mod_policy(&original.tree, above, element, name)
                == mod_policy(&modified.tree, above, element, name)
        {
            same.push(path.path());
        }
    }
    (lost, same)
}

fn mod_policy(
    tree: &ConfigTree,
    above: &[&str],
    kind: ElementRef<'_>,
    name: &str,
) -> Option<String> {
    let group = tree.group(above)?;
    let name = match kind {
        ElementRef::Group(_) => None,
        ElementRef::Policy(_) => group.policy(name).map(|one| one.mod_policy().to_owned()),
        ElementRef::Value(_) => group.value(name).map(|one| one.mod_policy().to_owned()),
    };
    Some(name.unwrap_or_default())
}

/// Whether the modified config lacks what every config has, and the original has it.
fn is_partial(original: &FileConfig, modified: &FileConfig) -> bool {
    let (Some(from), Some(to)) = (original.tree.root(), modified.tree.root()) else {
        return false;
    };
    let lacks_values = from.values().len() > 0 && to.values().len() == 0;
    let lacks_policies = from.policies().len() > 0 && to.policies().len() == 0;
    lacks_values && lacks_policies
}
