//! Two contents of one element, side by side.

use serde::Serialize;
use serde_json::Value;

use super::{
    entry::{Diff, DiffEntry, Item},
    walk,
    words::shown,
};
use crate::config::{ConfigTree, ElementKind, ElementPath, ElementRef};

/// What two configs have at one place; as JSON, with keys in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contrast {
    /// Where they differ, in the order of a [`Diff`]; empty where both say the same.
    pub differences: Vec<Contrasted>,
    /// How many more there are than are listed.
    pub truncated: usize,
}

/// One thing that two configs do not have alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contrasted {
    /// What kind of thing it is; by it, the form of `ours` and `theirs`, as in an [`DiffEntry`].
    pub item: Item,
    /// Its name among its kind, such as `max_message_count`; null where the path says all.
    pub name: Option<String>,
    /// What we have; null: absent.
    pub ours: Value,
    /// The path of the group, value or policy that holds it.
    pub path: String,
    /// The difference in one line of words.
    pub text: String,
    /// What they have; null: absent.
    pub theirs: Value,
    /// The unit of numbers; null where there is none.
    pub unit: Option<&'static str>,
}

impl Contrast {
    /// Keeps the first `most` differences and counts the others.
    pub fn truncate(&mut self, most: usize) {
        let more = self.differences.len().saturating_sub(most);
        self.differences.truncate(most);
        self.truncated = self.truncated.saturating_add(more);
    }
}

/// What two configs have at one place. Of a group: all of it where `whole`, otherwise its mod
/// policy. Bounded as a [`Diff`] is.
#[must_use]
pub fn contrast(
    path: &ElementPath,
    whole: bool,
    theirs: &ConfigTree,
    ours: &ConfigTree,
) -> Contrast {
    let Diff { changes, truncated } =
        walk::contrast(element(theirs, path), element(ours, path), whole);
    Contrast {
        differences: changes.into_iter().map(contrasted).collect(),
        truncated,
    }
}

fn element<'a>(config: &'a ConfigTree, path: &ElementPath) -> Option<ElementRef<'a>> {
    let (_, names) = path.keys().split_first()?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match (names.split_last(), path.kind()) {
        (None, _) => config.root().map(ElementRef::Group),
        (Some(_), ElementKind::Group) => config.group(&names).map(ElementRef::Group),
        (Some((name, group)), kind) => config.group(group)?.member(kind, name),
    }
}

fn contrasted(entry: DiffEntry) -> Contrasted {
    let said = |value: &Value| match (value, shown(value)) {
        (Value::Null, _) => "absent".to_owned(),
        (_, text) if text.is_empty() => "there".to_owned(),
        (_, text) => text,
    };
    let name = entry.name.as_deref().map(|name| format!(" {name}"));
    let unit = entry.unit.map(|unit| format!(" {unit}"));
    Contrasted {
        text: format!(
            "{}: {}{}: theirs {}, ours {}{}",
            entry.path,
            entry.item.words(),
            name.unwrap_or_default(),
            said(&entry.before),
            said(&entry.after),
            unit.unwrap_or_default()
        ),
        item: entry.item,
        name: entry.name,
        ours: entry.after,
        path: entry.path,
        theirs: entry.before,
        unit: entry.unit,
    }
}
