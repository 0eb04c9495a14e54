//! What an intent writes: a partial config in Fabric's JSON, in the making.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::config::{ElementKind, ElementPath};

/// What is written of one element.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stroke {
    /// It goes.
    Delete,
    /// Its content, its mod policy, or both; the rest stays as it is.
    Patch {
        /// The member `value` or `policy` of its JSON form.
        content: Option<Value>,
        /// The name of the policy that decides about it.
        mod_policy: Option<String>,
    },
    /// A group, whole: its JSON form.
    Whole(Value),
}

/// What is written, element by element. Says no more than is wanted: what is not named may be changed by
/// others meanwhile.
#[derive(Clone, Debug, Default)]
pub(super) struct Sketch {
    strokes: BTreeMap<ElementPath, Stroke>,
}

/// The path of a value.
pub(super) fn value_path(group: &[&str], name: &str) -> ElementPath {
    ElementPath::new(
        ElementKind::Value,
        group.iter().copied().chain([name]).map(str::to_owned),
    )
}

impl Sketch {
    /// One with a single stroke.
    pub(super) fn of(path: ElementPath, stroke: Stroke) -> Self {
        let mut sketch = Self::default();
        sketch.add(path, stroke);
        sketch
    }

    /// Other content of a value or policy. `mod_policy`: that of one that is new.
    pub(super) fn content(path: ElementPath, content: Value, mod_policy: Option<&str>) -> Self {
        let mod_policy = mod_policy.map(str::to_owned);
        let content = Some(content);
        Self::of(
            path,
            Stroke::Patch {
                content,
                mod_policy,
            },
        )
    }

    /// Adds a stroke; what was there of the same element before gives way where both say something.
    pub(super) fn add(&mut self, path: ElementPath, stroke: Stroke) {
        let above = (self.strokes.iter_mut()).find(|(group, stroke)| {
            group.is_ancestor_of(&path) && matches!(stroke, Stroke::Whole(_))
        });
        if let Some((group, Stroke::Whole(whole))) = above {
            let names = path.keys().get(group.keys().len()..).unwrap_or_default();
            inside(whole, names, path.kind(), stroke);
            return;
        }
        if matches!(stroke, Stroke::Whole(_) | Stroke::Delete) {
            self.strokes.retain(|other, _| !path.is_ancestor_of(other));
        }
        let merged = match (self.strokes.remove(&path), stroke) {
            (
                Some(Stroke::Patch {
                    content: old,
                    mod_policy: old_policy,
                }),
                Stroke::Patch {
                    content,
                    mod_policy,
                },
            ) => Stroke::Patch {
                content: content.or(old),
                mod_policy: mod_policy.or(old_policy),
            },
            (_, stroke) => stroke,
        };
        self.strokes.insert(path, merged);
    }

    /// Adds all of another one, which came later.
    pub(super) fn merge(&mut self, later: Self) {
        for (path, stroke) in later.strokes {
            self.add(path, stroke);
        }
    }

    /// Whether nothing is written.
    pub(super) fn is_empty(&self) -> bool {
        self.strokes.is_empty()
    }

    /// All elements that are written.
    pub(super) fn paths(&self) -> impl Iterator<Item = &ElementPath> {
        self.strokes.keys()
    }

    /// The values whose content is written.
    pub(super) fn values(&self) -> impl Iterator<Item = (&ElementPath, &Value)> {
        let strokes = self.strokes.iter();
        strokes.filter_map(|(path, stroke)| match stroke {
            Stroke::Patch {
                content: Some(content),
                ..
            } if path.kind() == ElementKind::Value => Some((path, content)),
            _ => None,
        })
    }

    /// What is not there does not have to go. `is_there`: whether the config has an element.
    pub(super) fn drop_absent(&mut self, is_there: impl Fn(&ElementPath) -> bool) {
        (self.strokes).retain(|path, stroke| !matches!(stroke, Stroke::Delete) || is_there(path));
    }

    /// The patch, as Fabric's JSON of a `common.Config`; versions are modes.
    pub(super) fn patch(&self) -> Value {
        let mut root = Map::new();
        for (path, stroke) in &self.strokes {
            write(&mut root, path, stroke);
        }
        json!({ "channel_group": root })
    }

    /// Reads a patch back; `None` where it is none.
    pub(super) fn read(patch: &Value) -> Option<Self> {
        let mut sketch = Self::default();
        let mut open = vec![(Vec::<String>::new(), patch.get("channel_group")?)];
        while let Some((names, group)) = open.pop() {
            let path = |name: &str, kind| {
                let names = names.iter().cloned();
                ElementPath::new(kind, names.chain([name.to_owned()]))
            };
            if let Some(name) = text_of(group, "mod_policy") {
                let stroke = Stroke::Patch {
                    content: None,
                    mod_policy: Some(name),
                };
                sketch.add(ElementPath::new(ElementKind::Group, names.clone()), stroke);
            }
            for (kind, members, content) in [
                (ElementKind::Value, "values", "value"),
                (ElementKind::Policy, "policies", "policy"),
            ] {
                for (name, element) in members_of(group, members) {
                    let stroke = match mode(element)? {
                        2 => Stroke::Delete,
                        _ => Stroke::Patch {
                            content: element.get(content).filter(|one| !one.is_null()).cloned(),
                            mod_policy: text_of(element, "mod_policy"),
                        },
                    };
                    sketch.add(path(name, kind), stroke);
                }
            }
            for (name, child) in members_of(group, "groups") {
                match mode(child)? {
                    0 => open.push((names.iter().cloned().chain([name.clone()]).collect(), child)),
                    1 => sketch.add(path(name, ElementKind::Group), Stroke::Whole(child.clone())),
                    _ => sketch.add(path(name, ElementKind::Group), Stroke::Delete),
                }
            }
        }
        Some(sketch)
    }
}

/// The mode in a version, which may be a number or a text; `None` where it is none.
fn mode(element: &Value) -> Option<u64> {
    let mode = match element.get("version") {
        None | Some(Value::Null) => 0,
        Some(Value::String(text)) => text.parse().ok()?,
        Some(number) => number.as_u64()?,
    };
    (mode <= 2).then_some(mode)
}

fn text_of(element: &Value, member: &str) -> Option<String> {
    let text = element.get(member)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn members_of<'a>(group: &'a Value, kind: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    group
        .get(kind)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The member of a group that lists elements of a kind, and the member of such an element that has its
/// content.
const fn places(kind: ElementKind) -> (&'static str, &'static str) {
    match kind {
        ElementKind::Group => ("groups", ""),
        ElementKind::Policy => ("policies", "policy"),
        ElementKind::Value => ("values", "value"),
    }
}

/// Writes a stroke into the JSON of the channel group.
fn write(root: &mut Map<String, Value>, path: &ElementPath, stroke: &Stroke) {
    let Some((name, above)) = path.keys().get(1..).and_then(<[String]>::split_last) else {
        if let Stroke::Patch {
            mod_policy: Some(name),
            ..
        } = stroke
        {
            root.insert("mod_policy".to_owned(), json!(name));
        }
        return;
    };
    let Some(group) = opened(root, above) else {
        return;
    };
    let (list, content_name) = places(path.kind());
    let list = group.entry(list).or_insert_with(|| json!({}));
    let Some(list) = list.as_object_mut() else {
        return;
    };
    match stroke {
        Stroke::Delete => {
            list.insert(name.clone(), json!({ "version": "2" }));
        }
        Stroke::Whole(group) => {
            let mut group = group.clone();
            if let Some(members) = group.as_object_mut() {
                members.insert("version".to_owned(), json!("1"));
            }
            list.insert(name.clone(), group);
        }
        Stroke::Patch {
            content,
            mod_policy,
        } => {
            let element = list.entry(name.clone()).or_insert_with(|| json!({}));
            let Some(element) = element.as_object_mut() else {
                return;
            };
            if let Some(content) = content {
                element.insert(content_name.to_owned(), content.clone());
            }
            if let Some(name) = mod_policy {
                element.insert("mod_policy".to_owned(), json!(name));
            }
        }
    }
}

/// The group that these names lead to, made where it is absent.
fn opened<'v>(
    root: &'v mut Map<String, Value>,
    names: &[String],
) -> Option<&'v mut Map<String, Value>> {
    names.iter().try_fold(root, |group, name| {
        let groups = group.entry("groups").or_insert_with(|| json!({}));
        let child = groups
            .as_object_mut()?
            .entry(name.clone())
            .or_insert_with(|| json!({}));
        child.as_object_mut()
    })
}

/// Writes a stroke into a group that is written whole. Names are those from below the group.
fn inside(whole: &mut Value, names: &[String], kind: ElementKind, stroke: Stroke) {
    let (Some((name, above)), Some(group)) = (names.split_last(), whole.as_object_mut()) else {
        return;
    };
    let Some(group) = opened(group, above) else {
        return;
    };
    let (list, content_name) = places(kind);
    let list = group.entry(list).or_insert_with(|| json!({}));
    let Some(list) = list.as_object_mut() else {
        return;
    };
    match stroke {
        Stroke::Delete => {
            list.remove(name);
        }
        Stroke::Whole(group) => {
            list.insert(name.clone(), group);
        }
        Stroke::Patch {
            content,
            mod_policy,
        } => {
            let element = list.entry(name.clone()).or_insert_with(|| json!({}));
            let Some(element) = element.as_object_mut() else {
                return;
            };
            if let Some(content) = content {
                element.insert(content_name.to_owned(), content);
            }
            if let Some(name) = mod_policy {
                element.insert("mod_policy".to_owned(), json!(name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(content: u32, mod_policy: Option<&str>) -> Stroke {
        Stroke::Patch {
            content: Some(json!({ "n": content })),
            mod_policy: mod_policy.map(str::to_owned),
        }
    }

    #[test]
    fn later_strokes_win_and_the_rest_stays() {
        let acls = || value_path(&["Application"], "ACLs");
        let mut sketch = Sketch::of(acls(), patch(1, Some("Admins")));
        sketch.merge(Sketch::of(acls(), patch(2, None)));
        let expected = json!({"channel_group": {"groups": {"Application": {"values": {"ACLs": {
            "value": {"n": 2}, "mod_policy": "Admins"}}}}}});
        assert_eq!(sketch.patch(), expected);
        assert_eq!(Sketch::read(&expected).unwrap().patch(), expected);
        sketch.add(acls(), Stroke::Delete);
        let gone = sketch.patch();
        assert_eq!(
            gone["channel_group"]["groups"]["Application"]["values"]["ACLs"],
            json!({"version": "2"})
        );
        assert_eq!(Sketch::read(&gone).unwrap().patch(), gone);
        sketch.drop_absent(|_| false);
        assert!(sketch.is_empty());
    }

    #[test]
    fn what_is_in_a_new_group_is_written_there() {
        let group = ElementPath::new(ElementKind::Group, ["Application", "Org9"]);
        let mut sketch = Sketch::of(group.clone(), Stroke::Whole(json!({"values": {"MSP": {}}})));
        let anchors = value_path(&["Application", "Org9"], "AnchorPeers");
        sketch.add(anchors, patch(1, Some("Admins")));
        let new = &sketch.patch()["channel_group"]["groups"]["Application"]["groups"]["Org9"];
        assert_eq!(new["version"], "1");
        assert_eq!(new["values"]["AnchorPeers"]["value"], json!({"n": 1}));
        assert!(new["values"]["MSP"].is_object());
        // a group that goes takes with it what was said of its inside
        sketch.add(group, Stroke::Delete);
        let text = sketch.patch().to_string();
        assert!(!text.contains("AnchorPeers"), "{text}");
    }

    #[test]
    fn mod_policies_of_groups_stand_in_them() {
        let root = ElementPath::new(ElementKind::Group, [] as [&str; 0]);
        let stroke = || Stroke::Patch {
            content: None,
            mod_policy: Some("Admins".to_owned()),
        };
        let mut sketch = Sketch::of(root, stroke());
        sketch.add(ElementPath::new(ElementKind::Group, ["Orderer"]), stroke());
        let expected = json!({"channel_group": {"mod_policy": "Admins",
            "groups": {"Orderer": {"mod_policy": "Admins"}}}});
        assert_eq!(sketch.patch(), expected);
        assert_eq!(Sketch::read(&expected).unwrap().patch(), expected);
        assert!(
            Sketch::read(&json!({"channel_group": {"groups": {"A": {"version": 9}}}})).is_none()
        );
    }
}
