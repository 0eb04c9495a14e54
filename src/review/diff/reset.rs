//! Settings that are lost because a value is replaced whole.

use serde_json::Value;

use super::{entry::Item, facts, words::shown};

/// The settings, and entries of ACLs, that a value had and that its successor has not, or has as zero,
/// although it is there for something else: each with what it was, in words. Ascending by name.
pub(in crate::review) fn reset(key: &str, old: &[u8], new: &[u8]) -> Vec<(Item, String, String)> {
    let (Some(old), Some(new)) = (facts::of(key, old), facts::of(key, new)) else {
        return Vec::new();
    };
    let kept = |item| new.keys().any(|(of, _)| *of == item);
    let lost = old.into_iter().filter(|((item, name), fact)| {
        let after = new.get(&(*item, name.clone())).map(|fact| &fact.value);
        match item {
            Item::Setting => is_set(&fact.value) && !after.is_some_and(is_set),
            Item::Acl => after.is_none() && kept(Item::Acl),
            _ => false,
        }
    });
    lost.map(|((item, name), fact)| {
        let unit = fact.unit.map(|unit| format!(" {unit}"));
        let was = format!("{}{}", shown(&fact.value), unit.unwrap_or_default());
        (item, name, was)
    })
    .collect()
}

/// Whether a setting is something else than what an absent one is.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_u64() != Some(0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
