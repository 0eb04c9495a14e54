//! Elements by their paths, and what is near a path that leads nowhere.

use std::borrow::Cow;

use crate::{
    client::{ClientError, Exit, near::nearest},
    config::{ConfigTree, ElementRef, GroupRef, PolicyRef},
};

/// An element, and the names of members inside its content that a path goes on with.
#[derive(Clone, Debug)]
pub(super) struct FoundElement<'a> {
    pub(super) element: ElementRef<'a>,
    pub(super) members: Vec<String>,
}

/// The element at a path such as `/Channel/Orderer/BatchSize/max_message_count`.
///
/// # Errors
/// `UNKNOWN_PATH`, with the nearest that there are.
pub(super) fn find<'a>(tree: &'a ConfigTree, path: &str) -> Result<FoundElement<'a>, ClientError> {
    let mut names = path
        .strip_prefix('/')
        .unwrap_or("")
        .trim_end_matches('/')
        .split('/');
    let root = tree.root().filter(|_| names.next() == Some("Channel"));
    let Some(mut group) = root else {
        return Err(unknown(tree, path));
    };
    while let Some(name) = names.next() {
        if let Some(child) = group.group(name) {
            group = child;
            continue;
        }
        let value = group.value(name).map(ElementRef::Value);
        let policy = || group.policy(name).map(ElementRef::Policy);
        let Some(element) = value.or_else(policy) else {
            return Err(unknown(tree, path));
        };
        let members = names.map(str::to_owned).collect();
        return Ok(FoundElement { element, members });
    }
    Ok(FoundElement {
        element: ElementRef::Group(group),
        members: Vec::new(),
    })
}

/// The policy at a path, which may be in no group of its name.
///
/// # Errors
/// `UNKNOWN_POLICY`, with the nearest that there are.
pub(super) fn policy<'a>(tree: &'a ConfigTree, path: &str) -> Result<PolicyRef<'a>, ClientError> {
    let (above, name) = split(path);
    let found = group(tree, above).and_then(|group| group.policy(name));
    found.ok_or_else(|| {
        let text = format!("there is no policy `{path}`");
        let error = ClientError::new(Exit::Usage, "UNKNOWN_POLICY", text);
        offered(error, &nearest(path, policies(tree)))
    })
}

/// The group at a path.
pub(super) fn group<'a>(tree: &'a ConfigTree, path: &str) -> Option<GroupRef<'a>> {
    let mut names = path.strip_prefix('/')?.split('/');
    let root = tree.root().filter(|_| names.next() == Some("Channel"))?;
    names.try_fold(root, |group, name| group.group(name))
}

/// A path as this program has it, of one as jq has it: `.channel_group.groups.Orderer.values.BatchTimeout` is
/// `/Channel/Orderer/BatchTimeout`. Others stay what they are.
#[must_use]
pub fn slashed(given: &str) -> Cow<'_, str> {
    if !given.starts_with('.') && !given.starts_with("channel_group") {
        return Cow::Borrowed(given);
    }
    let names = jq_names(given);
    let mut names = names.iter().map(String::as_str).peekable();
    // what leads from a block to the config
    let has_root = given.contains("channel_group");
    if has_root {
        names.by_ref().find(|name| *name == "channel_group");
    }
    let mut path = "/Channel".to_owned();
    while let Some(list) = names.next() {
        if !matches!(list, "groups" | "policies" | "values") {
            path = format!("{path}/{list}");
            continue;
        }
        let Some(name) = names.next() else { break };
        path = format!("{path}/{name}");
        if list == "values" {
            names.next_if_eq(&"value");
        }
        if list != "groups" {
            path = names.fold(path, |path, name| format!("{path}/{name}"));
            break;
        }
    }
    Cow::Owned(path)
}

/// The names in a path of jq: behind dots, in quotes, in brackets.
pub(super) fn jq_names(path: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut in_quotes = false;
    for c in path.chars() {
        match c {
            '"' => in_quotes = !in_quotes,
            '.' | '[' | ']' if !in_quotes => names.push(String::new()),
            c => {
                if let Some(name) = names.last_mut() {
                    name.push(c);
                }
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The path of what holds an element, and its name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The paths of all elements, groups first.
pub(super) fn elements(tree: &ConfigTree) -> Vec<String> {
    let mut all = Vec::new();
    for group in groups(tree) {
        all.push(group.path());
        all.extend(group.values().map(|value| value.path()));
        all.extend(group.policies().map(|policy| policy.path()));
    }
    all
}

/// The paths of all policies.
pub(super) fn policies(tree: &ConfigTree) -> Vec<String> {
    let groups = groups(tree).into_iter();
    groups
        .flat_map(|group| {
            group
                .policies()
                .map(|policy| policy.path())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// All groups, each before those in it.
fn groups(tree: &ConfigTree) -> Vec<GroupRef<'_>> {
    let mut all = Vec::new();
    let mut open: Vec<GroupRef<'_>> = tree.root().into_iter().collect();
    while let Some(group) = open.pop() {
        all.push(group);
        open.extend(group.groups());
    }
    all.sort_by_cached_key(GroupRef::path);
    all
}

fn unknown(tree: &ConfigTree, path: &str) -> ClientError {
    let text = format!("there is nothing at `{path}` in the config");
    let error = ClientError::new(Exit::Usage, "UNKNOWN_PATH", text);
    offered(error, &nearest(path, elements(tree)))
}

/// Offers names in the hint of an error.
pub(super) fn offered(error: ClientError, names: &[String]) -> ClientError {
    match names {
        [] => error,
        [one] => error.hint(format!("did you mean {one}?")),
        names => error.hint(format!("did you mean one of {}?", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_jq_are_understood() {
        for (given, path) in [
            (
                ".channel_group.groups.Orderer.values.BatchTimeout.value.timeout",
                "/Channel/Orderer/BatchTimeout/timeout",
            ),
            (
                ".data.data[0].payload.data.config.channel_group.groups.Application.groups.Org1MSP.policies.Admins",
                "/Channel/Application/Org1MSP/Admins",
            ),
            (
                "channel_group.groups.Orderer.values.ConsensusType.value.metadata.consenters[0].host",
                "/Channel/Orderer/ConsensusType/metadata/consenters/0/host",
            ),
            (
                r#".channel_group.groups.Application.groups["org.a"].values.MSP"#,
                "/Channel/Application/org.a/MSP",
            ),
            (".groups.Orderer", "/Channel/Orderer"),
            (".channel_group", "/Channel"),
            ("/Channel/Orderer/BatchSize", "/Channel/Orderer/BatchSize"),
            ("Orderer/BatchSize", "Orderer/BatchSize"),
        ] {
            assert_eq!(slashed(given), path);
        }
    }
}
