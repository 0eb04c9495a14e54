//! Config updates, the slow and obvious way: generated types, maps from path to element as text,
//! and recursion.

use std::collections::BTreeMap;

use cmscc::proto::common::{Config, ConfigGroup, ConfigPolicy, ConfigUpdate, ConfigValue};

/// The update from one group to another, as read set and write set; `None` where nothing differs.
pub(crate) fn compute(original: &ConfigGroup, updated: &ConfigGroup) -> Option<ConfigUpdate> {
    let (read, write, changed) = compute_group(original, updated);
    changed.then(|| ConfigUpdate {
        read_set: Some(read),
        write_set: Some(write),
        ..ConfigUpdate::default()
    })
}

fn compute_group(
    original: &ConfigGroup,
    updated: &ConfigGroup,
) -> (ConfigGroup, ConfigGroup, bool) {
    let (mut read, mut write) = (ConfigGroup::default(), ConfigGroup::default());
    let mut same = ConfigGroup::default();
    let mut membership = false;
    for (name, old) in &original.values {
        match updated.values.get(name) {
            None => membership = true,
            Some(new) if new.mod_policy == old.mod_policy && new.value == old.value => {
                let bare = ConfigValue {
                    version: old.version,
                    ..ConfigValue::default()
                };
                same.values.insert(name.clone(), bare);
            }
            Some(new) => {
                let version = old.version.wrapping_add(1);
                write.values.insert(
                    name.clone(),
                    ConfigValue {
                        version,
                        ..new.clone()
                    },
                );
            }
        }
    }
    for (name, old) in &original.policies {
        match updated.policies.get(name) {
            None => membership = true,
            Some(new) if new.mod_policy == old.mod_policy && new.policy == old.policy => {
                let bare = ConfigPolicy {
                    version: old.version,
                    ..ConfigPolicy::default()
                };
                same.policies.insert(name.clone(), bare);
            }
            Some(new) => {
                let version = old.version.wrapping_add(1);
                write.policies.insert(
                    name.clone(),
                    ConfigPolicy {
                        version,
                        ..new.clone()
                    },
                );
            }
        }
    }
    for (name, old) in &original.groups {
        let Some(new) = updated.groups.get(name) else {
            membership = true;
            continue;
        };
        let (r, w, changed) = compute_group(old, new);
        if changed {
            read.groups.insert(name.clone(), r);
            write.groups.insert(name.clone(), w);
        } else {
            same.groups.insert(name.clone(), r);
        }
    }
    for (name, new) in updated
        .values
        .iter()
        .filter(|(n, _)| !original.values.contains_key(*n))
    {
        membership = true;
        write.values.insert(
            name.clone(),
            ConfigValue {
                version: 0,
                ..new.clone()
            },
        );
    }
    for (name, new) in updated
        .policies
        .iter()
        .filter(|(n, _)| !original.policies.contains_key(*n))
    {
        membership = true;
        write.policies.insert(
            name.clone(),
            ConfigPolicy {
                version: 0,
                ..new.clone()
            },
        );
    }
    for (name, new) in updated
        .groups
        .iter()
        .filter(|(n, _)| !original.groups.contains_key(*n))
    {
        membership = true;
        let (_, content, _) = compute_group(&ConfigGroup::default(), new);
        let group = ConfigGroup {
            version: 0,
            mod_policy: new.mod_policy.clone(),
            ..content
        };
        write.groups.insert(name.clone(), group);
    }
    (read.version, write.version) = (original.version, original.version);
    if membership || original.mod_policy != updated.mod_policy {
        write.version = original.version.wrapping_add(1);
        write.mod_policy.clone_from(&updated.mod_policy);
        for set in [&mut read, &mut write] {
            set.groups.extend(same.groups.clone());
            set.values.extend(same.values.clone());
            set.policies.extend(same.policies.clone());
        }
        return (read, write, true);
    }
    let changed =
        !(write.groups.is_empty() && write.values.is_empty() && write.policies.is_empty());
    (read, write, changed)
}

/// Any element, without telling what it is beyond its key in the map.
#[derive(Clone, Debug)]
enum Element {
    Group(ConfigGroup),
    Policy(ConfigPolicy),
    Value(ConfigValue),
}

impl Element {
    const fn version(&self) -> u64 {
        match self {
            Self::Group(e) => e.version,
            Self::Policy(e) => e.version,
            Self::Value(e) => e.version,
        }
    }

    fn mod_policy(&self) -> &str {
        match self {
            Self::Group(e) => &e.mod_policy,
            Self::Policy(e) => &e.mod_policy,
            Self::Value(e) => &e.mod_policy,
        }
    }
}

type Map = BTreeMap<String, Element>;

fn flatten(root: Option<&ConfigGroup>) -> Result<Map, &'static str> {
    let mut map = Map::new();
    if let Some(group) = root {
        flatten_group(&mut map, "/Channel", "Channel", group)?;
    }
    Ok(map)
}

/// Whether all names of a config are legal.
pub(crate) fn has_legal_names(group: &ConfigGroup) -> bool {
    flatten(Some(group)).is_ok()
}

fn flatten_group(
    map: &mut Map,
    path: &str,
    name: &str,
    group: &ConfigGroup,
) -> Result<(), &'static str> {
    check_key(name)?;
    map.insert(format!("group {path}"), Element::Group(group.clone()));
    for (name, value) in &group.values {
        check_key(name)?;
        map.insert(
            format!("value {path}/{name}"),
            Element::Value(value.clone()),
        );
    }
    for (name, policy) in &group.policies {
        check_key(name)?;
        map.insert(
            format!("policy {path}/{name}"),
            Element::Policy(policy.clone()),
        );
    }
    for (name, group) in &group.groups {
        flatten_group(map, &format!("{path}/{name}"), name, group)?;
    }
    Ok(())
}

fn check_key(key: &str) -> Result<(), &'static str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    if key.is_empty() || key.len() > 249 || key == "." || key == ".." || !key.chars().all(legal) {
        return Err("key_syntax");
    }
    Ok(())
}

/// What an update makes of a config, and what it is after the repair. An error lists every reason
/// that holds at the step which fails.
pub(crate) fn apply(
    current: &Config,
    update: &ConfigUpdate,
) -> Result<(ConfigGroup, ConfigGroup), Vec<&'static str>> {
    let one = |reason| vec![reason];
    let map = flatten(current.channel_group.as_ref()).map_err(one)?;
    let read = flatten(update.read_set.as_ref()).map_err(one)?;
    let mut faults = Vec::new();
    for (key, element) in &read {
        match map.get(key) {
            None => faults.push("read_set_unknown_element"),
            Some(e) if e.version() != element.version() => {
                faults.push("read_set_version_mismatch");
            }
            Some(_) => {}
        }
    }
    stop(&faults)?;
    let write = flatten(update.write_set.as_ref()).map_err(one)?;
    let delta: Map = write
        .into_iter()
        .filter(|(key, e)| read.get(key).is_none_or(|r| r.version() != e.version()))
        .collect();
    if delta.is_empty() {
        return Err(vec!["no_differences"]);
    }
    for (key, element) in &delta {
        let mod_policy = element.mod_policy();
        let pieces = mod_policy
            .strip_prefix('/')
            .unwrap_or(mod_policy)
            .split('/');
        if mod_policy.is_empty() {
            faults.push("missing_mod_policy");
        } else if pieces.map(check_key).any(|r| r.is_err()) {
            faults.push("bad_mod_policy");
        } else {
            match map.get(key) {
                None if element.version() != 0 => faults.push("new_element_nonzero_version"),
                Some(e) if e.version().wrapping_add(1) != element.version() => {
                    faults.push("version_mismatch");
                }
                _ => {}
            }
        }
    }
    stop(&faults)?;
    let mut next = map;
    next.extend(delta);
    let result = rebuild(&next, "/Channel");
    let mut repaired = result.clone();
    if next.contains_key("value /Channel/Orderer/Capabilities") {
        repair(&mut repaired);
    }
    Ok((result, repaired))
}

fn stop(faults: &[&'static str]) -> Result<(), Vec<&'static str>> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.to_vec())
    }
}

fn rebuild(map: &Map, path: &str) -> ConfigGroup {
    let Some(Element::Group(named)) = map.get(&format!("group {path}")) else {
        panic!("no group at {path}");
    };
    let mut group = named.clone();
    for (name, slot) in &mut group.groups {
        *slot = rebuild(map, &format!("{path}/{name}"));
    }
    for (name, slot) in &mut group.values {
        let Some(Element::Value(value)) = map.get(&format!("value {path}/{name}")) else {
            panic!("no value {name} at {path}");
        };
        slot.clone_from(value);
    }
    for (name, slot) in &mut group.policies {
        let Some(Element::Policy(policy)) = map.get(&format!("policy {path}/{name}")) else {
            panic!("no policy {name} at {path}");
        };
        slot.clone_from(policy);
    }
    group
}

fn repair(group: &mut ConfigGroup) {
    let fix = |mod_policy: &mut String| {
        if mod_policy.is_empty() {
            "Admins".clone_into(mod_policy);
        }
    };
    fix(&mut group.mod_policy);
    group
        .values
        .values_mut()
        .for_each(|e| fix(&mut e.mod_policy));
    group
        .policies
        .values_mut()
        .for_each(|e| fix(&mut e.mod_policy));
    group.groups.values_mut().for_each(repair);
}

/// The group with all versions 0.
pub(crate) fn without_versions(group: &ConfigGroup) -> ConfigGroup {
    let mut group = group.clone();
    group.version = 0;
    group.values.values_mut().for_each(|e| e.version = 0);
    group.policies.values_mut().for_each(|e| e.version = 0);
    for child in group.groups.values_mut() {
        *child = without_versions(child);
    }
    group
}
