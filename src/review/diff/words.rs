//! What an entry says, in words.

use serde_json::Value;

use super::entry::Item;

/// `/Channel/Orderer/BatchSize: setting max_message_count changes from 500 to 10 messages`
pub(super) fn sentence(
    path: &str,
    item: Item,
    name: Option<&str>,
    before: &Option<Value>,
    after: &Option<Value>,
    unit: Option<&str>,
) -> String {
    let name = name.map(|name| format!(" {name}")).unwrap_or_default();
    let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    let what = format!("{path}: {}{name}", item.words());
    // what the name of a certificate or list says is not said twice
    let named = matches!(item, Item::Certificate | Item::RevocationList).then_some(name.as_str());
    let shown = |value: &Value| said(value, named);
    match (before.as_ref().map(shown), after.as_ref().map(shown)) {
        (Some(old), Some(new)) => format!("{what} changes from {old} to {new}{unit}"),
        (None, Some(new)) if new.is_empty() => format!("{what} is added"),
        (None, Some(new)) => format!("{what} is added: {new}{unit}"),
        (Some(old), None) if old.is_empty() => format!("{what} is removed"),
        (Some(old), None) => format!("{what} is removed: {old}{unit}"),
        (None, None) => what,
    }
}

/// A value in words: texts in backticks, members of objects in the order of their names, but what
/// begins before what ends.
pub(super) fn shown(value: &Value) -> String {
    said(value, None)
}

/// The same without those members that stand in a name already.
fn said(value: &Value, name: Option<&str>) -> String {
    let is_named = |value: &Value| match (value.as_str(), name) {
        (Some(text), Some(name)) => !text.is_empty() && name.contains(text),
        _ => false,
    };
    match value {
        Value::String(text) => format!("`{text}`"),
        Value::Object(members) => {
            let mut members: Vec<_> = (members.iter())
                .filter(|(_, value)| !value.is_null() && !is_named(value))
                .collect();
            members.sort_by_key(|(name, _)| match name.as_str() {
                "not_after" => "not_before_",
                name => name,
            });
            let texts = members
                .iter()
                .map(|(name, value)| format!("{} {}", name.replace('_', " "), plain(value)));
            texts.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => other.to_string(),
    }
}
