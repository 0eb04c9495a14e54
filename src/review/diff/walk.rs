//! Walking the elements that differ.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    cut::cut,
    entry::{Diff, DiffEntry, Item, Verb},
    fact::Facts,
    facts,
    words::sentence,
};
use crate::{
    config::{
        ConfigTree, Differences, ElementRef, GroupRef, PolicyRef, ValueRef,
        compare::{self, Side},
        differences, group_differences,
    },
    identity::MspDefinition,
    json::json_size,
};

/// How much is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiffRoom {
    /// At most this many entries.
    pub entries: usize,
    /// No more entries once these have so many bytes of JSON.
    pub bytes: usize,
}

impl DiffRoom {
    /// Room for 1,000 entries, whatever their size.
    pub const USUAL: Self = Self {
        entries: 1_000,
        bytes: usize::MAX,
    };
}
/// The mod policy that Fabric's tools give: of what comes or goes, only others are worth a word.
const USUAL: &str = "Admins";

/// What changes from one config to another. The work is linear in both configs; the number of
/// entries and the length of each are bounded.
#[must_use]
pub fn diff(from: &ConfigTree, to: &ConfigTree) -> Diff {
    diff_within(from, to, DiffRoom::USUAL)
}

/// The same with other bounds.
#[must_use]
pub fn diff_within(from: &ConfigTree, to: &ConfigTree, room: DiffRoom) -> Diff {
    let mut walk = DiffWalk::new(room);
    walk.pairs(differences(from, to));
    walk.diff
}

/// From one content of an element to another one; of a group all of it, or only its mod policy.
pub(super) fn contrast(
    from: Option<ElementRef<'_>>,
    to: Option<ElementRef<'_>>,
    whole: bool,
) -> Diff {
    let mut walk = DiffWalk::new(DiffRoom::USUAL);
    match (from, to) {
        (None, None) => {}
        (from, to) if !whole => walk.mod_policies(from, to),
        (Some(old), None) => walk.all(old, Verb::Removed),
        (None, Some(new)) => walk.all(new, Verb::Added),
        (Some(ElementRef::Group(old)), Some(ElementRef::Group(new))) => {
            walk.pairs(group_differences(old, new));
        }
        (Some(old), Some(new)) if compare::same_element(old, new) => {}
        (Some(old), Some(new)) => walk.changed(old, new),
    }
    walk.diff
}

/// A diff in the making.
struct DiffWalk {
    diff: Diff,
    room: DiffRoom,
    /// What the entries take. Unit: bytes; counted where they are bounded.
    bytes: usize,
}

impl DiffWalk {
    fn new(room: DiffRoom) -> Self {
        Self {
            diff: Diff::default(),
            room,
            bytes: 0,
        }
    }

    fn pairs(&mut self, mut differences: Differences<'_>) {
        while let Some(pair) = differences.next_pair() {
            if self.is_full() {
                self.skip();
                continue;
            }
            match pair {
                Side::Both(old, new) => self.changed(old, new),
                Side::Left(old) => self.all(old, Verb::Removed),
                Side::Right(new) => self.all(new, Verb::Added),
            }
        }
    }

    fn mod_policies(&mut self, old: Option<ElementRef<'_>>, new: Option<ElementRef<'_>>) {
        let Some(path) = new.or(old).map(|element| cut(element.path())) else {
            return;
        };
        let name = |element: ElementRef<'_>| json!(cut(element.mod_policy().to_owned()));
        let (before, after) = (old.map(name), new.map(name));
        if before != after {
            self.put(&path, Item::ModPolicy, None, before, after);
        }
    }

    const fn is_full(&self) -> bool {
        self.diff.changes.len() >= self.room.entries || self.bytes >= self.room.bytes
    }

    const fn skip(&mut self) {
        self.diff.truncated = self.diff.truncated.saturating_add(1);
    }

    /// An element that both have.
    fn changed(&mut self, old: ElementRef<'_>, new: ElementRef<'_>) {
        let path = cut(new.path());
        if old.mod_policy() != new.mod_policy() {
            self.put(
                &path,
                Item::ModPolicy,
                None,
                Some(json!(cut(old.mod_policy().to_owned()))),
                Some(json!(cut(new.mod_policy().to_owned()))),
            );
        }
        let said = self.diff.changes.len();
        let own = match (old, new) {
            (ElementRef::Policy(old), ElementRef::Policy(new)) => {
                let (before, after) = (rule(old), rule(new));
                if before != after {
                    self.put(&path, Item::Policy, None, Some(before), Some(after));
                }
                (old.kind(), old.rule()) != (new.kind(), new.rule())
            }
            (ElementRef::Value(old), ElementRef::Value(new)) if old.bytes() != new.bytes() => {
                self.facts(&path, Some(old), Some(new));
                true
            }
            _ => old.mod_policy() == new.mod_policy(),
        };
        if own && self.diff.changes.len() == said {
            // the same rule in other bytes, or unknown fields
            self.put(
                &path,
                Item::Content,
                None,
                Some(content(old)),
                Some(content(new)),
            );
        }
    }

    /// An element that only one has, with everything in it.
    fn all(&mut self, element: ElementRef<'_>, verb: Verb) {
        let mut open = vec![element];
        while let Some(element) = open.pop() {
            if self.is_full() {
                self.skip();
            } else {
                self.one(element, verb);
            }
            element.push_members(&mut open);
        }
    }

    fn one(&mut self, element: ElementRef<'_>, verb: Verb) {
        let path = cut(element.path());
        let sides = |value: Value| match verb {
            Verb::Removed => (Some(value), None),
            Verb::Added | Verb::Changed => (None, Some(value)),
        };
        match element {
            ElementRef::Group(group) => {
                let (item, value) = match msp_id(group) {
                    Some(id) => (Item::Organization, json!({ "msp_id": cut(id) })),
                    None => (Item::Group, json!({})),
                };
                let (before, after) = sides(value);
                self.put(&path, item, None, before, after);
            }
            ElementRef::Policy(policy) => {
                let (before, after) = sides(rule(policy));
                self.put(&path, Item::Policy, None, before, after);
            }
            ElementRef::Value(value) => {
                let before = self.diff.changes.len();
                match verb {
                    Verb::Removed => self.facts(&path, Some(value), None),
                    Verb::Added | Verb::Changed => self.facts(&path, None, Some(value)),
                }
                if self.diff.changes.len() == before {
                    let (before, after) = sides(content(element));
                    self.put(&path, Item::Content, None, before, after);
                }
            }
        }
        if ["", USUAL].contains(&element.mod_policy()) {
            return;
        }
        if self.is_full() {
            self.skip();
        } else {
            let (before, after) = sides(json!(cut(element.mod_policy().to_owned())));
            self.put(&path, Item::ModPolicy, None, before, after);
        }
    }

    /// What differs between two values, or all of one.
    fn facts(&mut self, path: &str, old: Option<ValueRef<'_>>, new: Option<ValueRef<'_>>) {
        let read = |value: Option<ValueRef<'_>>| match value {
            None => Some(Facts::new()),
            Some(value) => facts::of(value.name(), value.bytes()),
        };
        // what cannot be read is shown as bytes by the caller
        let (Some(mut old), Some(mut new)) = (read(old), read(new)) else {
            return;
        };
        let keys: BTreeSet<(Item, String)> = old.keys().chain(new.keys()).cloned().collect();
        for key in keys {
            let (old, new) = (old.remove(&key), new.remove(&key));
            if old == new {
                continue;
            }
            if self.is_full() {
                self.skip();
                return;
            }
            let (item, name) = key;
            let unit = new.as_ref().or(old.as_ref()).and_then(|fact| fact.unit);
            let (before, after) = (old.map(|f| f.value), new.map(|f| f.value));
            self.put_named(path, item, Some(name), before, after, unit);
        }
    }

    fn put(
        &mut self,
        path: &str,
        item: Item,
        name: Option<String>,
        before: Option<Value>,
        after: Option<Value>,
    ) {
        self.put_named(path, item, name, before, after, None);
    }

    fn put_named(
        &mut self,
        path: &str,
        item: Item,
        name: Option<String>,
        before: Option<Value>,
        after: Option<Value>,
        unit: Option<&'static str>,
    ) {
        let change = match (&before, &after) {
            (None, _) => Verb::Added,
            (_, None) => Verb::Removed,
            _ => Verb::Changed,
        };
        let name = name.map(cut);
        let text = sentence(path, item, name.as_deref(), &before, &after, unit);
        let entry = DiffEntry {
            after: after.unwrap_or_default(),
            before: before.unwrap_or_default(),
            change,
            item,
            name,
            path: path.to_owned(),
            text,
            unit,
        };
        if self.room.bytes != usize::MAX {
            self.bytes = self.bytes.saturating_add(json_size(&entry));
        }
        self.diff.changes.push(entry);
    }
}

/// A policy's rule in Fabric's language.
fn rule(policy: PolicyRef<'_>) -> Value {
    match facts::printed(policy.kind(), policy.rule()) {
        Some(text) => text,
        None => json!(format!(
            "type {}, {} bytes that are no rule",
            policy.kind(),
            policy.rule().len()
        )),
    }
}

fn content(element: ElementRef<'_>) -> Value {
    let bytes = match element {
        ElementRef::Group(group) => group.unknown().to_vec(),
        ElementRef::Policy(policy) => [policy.rule(), policy.unknown()].concat(),
        ElementRef::Value(value) => [value.bytes(), value.unknown()].concat(),
    };
    facts::digest(&bytes)
}

/// The MSP id of an organisation's group.
fn msp_id(group: GroupRef<'_>) -> Option<String> {
    let msp = MspDefinition::read(group.value("MSP")?.bytes()).ok()?;
    Some(msp.id.to_string())
}
