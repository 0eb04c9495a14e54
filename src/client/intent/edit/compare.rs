//! What differs between two documents, element by element: what is written.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::{
    form::{self, MisfitForm, UnknownName},
    sketch::{Sketch, Stroke},
};
use crate::{
    client::{ClientError, near::nearest},
    config::{ElementKind, ElementPath, is_legal_key},
};

/// What is wrong, and at which member.
#[derive(Debug)]
pub(super) struct MisplacedEdit {
    pub(super) at: Vec<String>,
    pub(super) why: String,
}

/// A group that is in both documents.
struct EditedPair<'v> {
    base: &'v Value,
    edited: &'v Value,
    /// The names that lead to it from below the root of the config.
    names: Vec<String>,
    /// The members that lead to it in the document.
    at: Vec<String>,
}

/// What one document writes that another does not have so. `names`: the names from below the root to the
/// group that both are.
pub(super) fn compare(
    base: &Value,
    edited: &Value,
    names: &[String],
) -> Result<Sketch, MisplacedEdit> {
    let mut sketch = Sketch::default();
    let mut open = vec![EditedPair {
        base,
        edited,
        names: names.to_vec(),
        at: Vec::new(),
    }];
    while let Some(pair) = open.pop() {
        pair.own(&mut sketch)?;
        pair.elements(ElementKind::Value, &mut sketch)?;
        pair.elements(ElementKind::Policy, &mut sketch)?;
        for name in pair.all("groups") {
            let at = pair.member("groups", &name);
            let (old, new) = (
                one(pair.base, "groups", &name),
                one(pair.edited, "groups", &name),
            );
            let below: Vec<String> = pair.names.iter().cloned().chain([name.clone()]).collect();
            let path = ElementPath::new(ElementKind::Group, below.clone());
            match (old, new) {
                (Some(base), Some(edited)) => open.push(EditedPair {
                    base,
                    edited,
                    names: below,
                    at,
                }),
                (None, Some(new)) => {
                    legal(&name, &at)?;
                    let whole = whole(new, &below, &at)?;
                    sketch.add(path, Stroke::Whole(whole));
                }
                _ => sketch.add(path, Stroke::Delete),
            }
        }
    }
    Ok(sketch)
}

impl EditedPair<'_> {
    fn member(&self, list: &str, name: &str) -> Vec<String> {
        let at = self.at.iter().cloned();
        at.chain([list.to_owned(), name.to_owned()]).collect()
    }

    /// The names of a list in either document.
    fn all(&self, list: &str) -> BTreeSet<String> {
        let of = |value| members(value, list).map(|(name, _)| name.clone());
        of(self.base).chain(of(self.edited)).collect()
    }

    /// The group itself: its members, and its mod policy.
    fn own(&self, sketch: &mut Sketch) -> Result<(), MisplacedEdit> {
        check_group(self.edited, &self.at)?;
        let (old, new) = (
            text(self.base, "mod_policy"),
            text(self.edited, "mod_policy"),
        );
        if old == new {
            return Ok(());
        }
        let Some(name) = new else {
            return Err(MisplacedEdit {
                at: self.at.clone(),
                why: "a group has a mod_policy: who may add to it and remove from it".to_owned(),
            });
        };
        let path = ElementPath::new(ElementKind::Group, self.names.clone());
        let stroke = Stroke::Patch {
            content: None,
            mod_policy: Some(name.to_owned()),
        };
        sketch.add(path, stroke);
        Ok(())
    }

    /// Its values, or its policies.
    fn elements(&self, kind: ElementKind, sketch: &mut Sketch) -> Result<(), MisplacedEdit> {
        let list = list_of(kind);
        for name in self.all(list) {
            let at = self.member(list, &name);
            let (old, new) = (one(self.base, list, &name), one(self.edited, list, &name));
            let names = self.names.iter().cloned().chain([name.clone()]);
            let path = ElementPath::new(kind, names);
            let Some(new) = new else {
                sketch.add(path, Stroke::Delete);
                continue;
            };
            if old == Some(new) {
                continue;
            }
            let content_of = |element: &Value| element.get(content_name(kind)).cloned();
            let is_same = old.is_some_and(|old| content_of(old) == content_of(new));
            let content = match is_same {
                true => None,
                false => {
                    legal(&name, &at)?;
                    let known = KnownNames {
                        before: old.and_then(|old| old.get(content_name(kind))),
                        beside: members(self.base, list)
                            .map(|(name, _)| name.clone())
                            .collect(),
                    };
                    let read = content(kind, &path, new, &at, &known)?;
                    // written in another way, it may say the same
                    let before = old.map(|old| content(kind, &path, old, &at, &known));
                    let before = before.transpose()?;
                    Some(read).filter(|read| before.as_ref() != Some(read))
                }
            };
            let (was, is) = (
                old.and_then(|old| text(old, "mod_policy")),
                text(new, "mod_policy"),
            );
            let mod_policy = match (was == is, is) {
                (true, _) => None,
                (false, Some(name)) => Some(name.to_owned()),
                (false, None) => {
                    return Err(MisplacedEdit {
                        at,
                        why: "it needs a mod_policy: who decides about it".to_owned(),
                    });
                }
            };
            if content.is_some() || mod_policy.is_some() {
                let stroke = Stroke::Patch {
                    content,
                    mod_policy,
                };
                sketch.add(path, stroke);
            }
        }
        Ok(())
    }
}

/// A new group as Fabric's JSON: rules as messages, values checked.
fn whole(group: &Value, names: &[String], at: &[String]) -> Result<Value, MisplacedEdit> {
    let mut out = group.clone();
    let mut open: Vec<(&mut Value, Vec<String>, Vec<String>)> =
        vec![(&mut out, names.to_vec(), at.to_vec())];
    while let Some((group, names, at)) = open.pop() {
        check_group(group, &at)?;
        let Some(lists) = group.as_object_mut() else {
            continue;
        };
        for (list, elements) in lists.iter_mut() {
            let kind = match list.as_str() {
                "groups" => ElementKind::Group,
                "policies" => ElementKind::Policy,
                "values" => ElementKind::Value,
                _ => continue,
            };
            for (name, element) in elements.as_object_mut().into_iter().flatten() {
                let below: Vec<String> = names.iter().cloned().chain([name.clone()]).collect();
                let inside: Vec<String> = (at.iter().cloned())
                    .chain([list.clone(), name.clone()])
                    .collect();
                legal(name, &inside)?;
                if kind == ElementKind::Group {
                    open.push((element, below, inside));
                    continue;
                }
                let path = ElementPath::new(kind, below);
                let read = content(kind, &path, element, &inside, &KnownNames::default())?;
                if let Some(members) = element.as_object_mut() {
                    members.insert(content_name(kind).to_owned(), read);
                }
            }
        }
    }
    Ok(out)
}

/// The content of a value or policy, as Fabric's JSON.
fn content(
    kind: ElementKind,
    path: &ElementPath,
    element: &Value,
    at: &[String],
    known: &KnownNames<'_>,
) -> Result<Value, MisplacedEdit> {
    let member = content_name(kind);
    let misplaced = |more: &[String], why: String| {
        let at = at.iter().cloned().chain([member.to_owned()]);
        MisplacedEdit {
            at: at.chain(more.iter().cloned()).collect(),
            why,
        }
    };
    let members = element.as_object().map(Map::keys).into_iter().flatten();
    let own = [member, "mod_policy", "version"];
    if let Some(other) = members
        .into_iter()
        .find(|name| !own.contains(&name.as_str()))
    {
        return Err(MisplacedEdit {
            at: at.iter().cloned().chain([other.clone()]).collect(),
            why: format!("`{other}` does not belong here: there are {member} and mod_policy"),
        });
    }
    let Some(content) = element.get(member) else {
        return Err(misplaced(&[], format!("it has no `{member}`")));
    };
    let words = |error: &ClientError| match &error.hint {
        Some(hint) => format!("{}; {hint}", error.message),
        None => error.message.clone(),
    };
    match (kind, content) {
        (ElementKind::Policy, Value::String(rule)) => {
            let (kind, rule) = form::parse_rule(rule).map_err(|e| misplaced(&[], words(&e)))?;
            form::of_rule(path, kind, rule).map_err(|e| misplaced(&[], words(&e)))
        }
        (ElementKind::Policy, _) => Ok(content.clone()),
        _ => {
            form::check(path, content).map_err(|wrong| {
                let why = format!("{}{}", wrong.why, known.near(path.name(), &wrong));
                match wrong.unknown {
                    Some(UnknownName::Element) => MisplacedEdit {
                        at: at.to_vec(),
                        why,
                    },
                    _ => misplaced(&wrong.inside, why),
                }
            })?;
            Ok(content.clone())
        }
    }
}

/// The names that could be meant by one that is not known.
#[derive(Default)]
struct KnownNames<'v> {
    /// What the element said before.
    before: Option<&'v Value>,
    /// The elements beside it.
    beside: Vec<String>,
}

impl KnownNames<'_> {
    /// The nearest, as words to be put behind what is wrong with an element of this name.
    fn near(&self, element: &str, wrong: &MisfitForm) -> String {
        let (name, known) = match wrong.unknown {
            Some(UnknownName::Element) => (element, self.beside.clone()),
            Some(UnknownName::Member) => match wrong.inside.split_last() {
                Some((name, above)) => (name.as_str(), self.members(above)),
                None => return String::new(),
            },
            None => return String::new(),
        };
        match nearest(name, known.clone()).first() {
            Some(near) => format!(": did you mean `{near}`?"),
            None if known.is_empty() => String::new(),
            None => format!("; there are {}", known.join(", ")),
        }
    }

    /// The members that there were at a place in the element.
    fn members(&self, at: &[String]) -> Vec<String> {
        let found = self.before.and_then(|before| {
            at.iter().try_fold(before, |value, name| match value {
                // the entries of a list are alike
                Value::Array(list) => list.first(),
                value => value.get(name),
            })
        });
        let members = found.into_iter().flat_map(members_of);
        members.map(|(name, _)| name.clone()).collect()
    }
}

/// Refuses what is no group.
fn check_group(group: &Value, at: &[String]) -> Result<(), MisplacedEdit> {
    let misplaced = |at: Vec<String>, why: String| Err(MisplacedEdit { at, why });
    let Some(members) = group.as_object() else {
        return misplaced(at.to_vec(), "here stands a group: { .. }".to_owned());
    };
    let known = ["groups", "mod_policy", "policies", "values", "version"];
    for (name, member) in members {
        let place = || at.iter().cloned().chain([name.clone()]).collect();
        if !known.contains(&name.as_str()) {
            let near = nearest(name, known.map(str::to_owned).to_vec());
            let instead = match near.first() {
                Some(near) => format!(": did you mean `{near}`?"),
                None => ": a group has values, policies, groups and mod_policy".to_owned(),
            };
            return misplaced(place(), format!("`{name}` does not belong here{instead}"));
        }
        let is_list = matches!(name.as_str(), "groups" | "policies" | "values");
        if is_list && !member.is_object() {
            return misplaced(
                place(),
                format!("`{name}` lists elements by name: {{ .. }}"),
            );
        }
        let of = members_of(member).filter(|_| is_list && name != "groups");
        for (element, content) in of {
            if !content.is_object() {
                let at: Vec<String> = place();
                let at = at.into_iter().chain([element.clone()]).collect();
                return misplaced(at, format!("`{element}` is {{ .. }}"));
            }
        }
    }
    Ok(())
}

fn legal(name: &str, at: &[String]) -> Result<(), MisplacedEdit> {
    match is_legal_key(name) {
        true => Ok(()),
        false => Err(MisplacedEdit {
            at: at.to_vec(),
            why: format!("`{name}` is no name: letters, digits, dots and dashes"),
        }),
    }
}

const fn list_of(kind: ElementKind) -> &'static str {
    match kind {
        ElementKind::Group => "groups",
        ElementKind::Policy => "policies",
        ElementKind::Value => "values",
    }
}

const fn content_name(kind: ElementKind) -> &'static str {
    match kind {
        ElementKind::Policy => "policy",
        ElementKind::Group | ElementKind::Value => "value",
    }
}

fn members<'v>(group: &'v Value, list: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    group.get(list).into_iter().flat_map(members_of)
}

fn members_of(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn one<'v>(group: &'v Value, list: &str, name: &str) -> Option<&'v Value> {
    group.get(list)?.get(name)
}

fn text<'v>(value: &'v Value, member: &str) -> Option<&'v str> {
    value.get(member)?.as_str().filter(|text| !text.is_empty())
}
