//! `set`: one setting of a value.

use serde_json::Value;

use super::super::{
    drawn::{Drawn, bad_value, nothing},
    form,
    place::{self, FoundElement, offered},
    sketch::Sketch,
};
use crate::{
    client::{ClientError, Exit, near::nearest},
    config::{Bundle, ElementRef},
};

/// What is right at a place, for those who wrote something else.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "BatchTimeout/timeout",
        "a duration such as 2s, 500ms or 1m30s",
    ),
    (
        "BatchSize/max_message_count",
        "a number of messages such as 500",
    ),
    (
        "BatchSize/absolute_max_bytes",
        "a number of bytes such as 10485760, or 10MB",
    ),
    (
        "BatchSize/preferred_max_bytes",
        "a number of bytes such as 2097152, or 2MB, no more than absolute_max_bytes",
    ),
    ("ConsensusType/state", "STATE_NORMAL or STATE_MAINTENANCE"),
    ("ConsensusType/type", "etcdraft or BFT"),
    ("options/tick_interval", "a duration such as 500ms"),
    (
        "options/snapshot_interval_size",
        "a number of bytes such as 16777216, or 16MB",
    ),
];

/// What other values are changed with.
const INTENTS: &[(&str, &str)] = &[
    ("ACLs", "cmscc propose acl RESOURCE POLICY"),
    ("AnchorPeers", "cmscc propose anchor-peers HOST:PORT.."),
    ("Capabilities", "cmscc propose capability SECTION LEVEL"),
    ("Endpoints", "cmscc propose endpoints HOST:PORT.."),
    ("MSP", "cmscc propose rotate-ca, or set-msp"),
    (
        "Orderers",
        "cmscc propose consenter add|remove|replace-cert",
    ),
];

/// One setting, at a path such as `/Channel/Orderer/BatchSize/max_message_count`.
pub(in crate::client::intent) fn draw(
    bundle: &Bundle,
    path: &str,
    given: &str,
) -> Result<Drawn, ClientError> {
    let FoundElement { element, members } = place::find(bundle.tree(), path)?;
    let value = match element {
        ElementRef::Value(value) => value,
        ElementRef::Policy(policy) => {
            let text = format!("{} is a policy", policy.path());
            return Err(ClientError::new(Exit::Usage, "NO_VALUE", text)
                .hint(format!("cmscc propose policy {} RULE", policy.path())));
        }
        ElementRef::Group(group) => {
            let text = format!("{} is a group, which has values", group.path());
            let values: Vec<String> = group.values().map(|value| value.path()).collect();
            let hint = match values.is_empty() {
                true => "cmscc config show lists what there is".to_owned(),
                false => format!("there are {}", values.join(", ")),
            };
            return Err(ClientError::new(Exit::Usage, "NO_VALUE", text).hint(hint));
        }
    };
    let full = value.path();
    let mut form = form::of_value(value)?;
    let before = form.clone();
    let is_whole = members.is_empty() && given.trim_start().starts_with('{');
    let members = match (members.is_empty(), is_whole) {
        (true, false) => vec![only_setting(&full, value.name(), &form)?],
        _ => members,
    };
    let slot = slot(&mut form, &members, &full)?;
    let place = members
        .iter()
        .fold(value.name().to_owned(), |at, name| format!("{at}/{name}"));
    let hint = example(&place, slot);
    *slot = read(slot, &place, given).map_err(|why| bad_value(path, &why, &hint))?;
    form::demand_form(&value.element_path(), &form, &hint)?;
    if form == before {
        return Err(nothing(&format!("{path} is {given} already")));
    }
    let setting = members.last().filter(|name| !full.ends_with(name.as_str()));
    let id = match setting.filter(|_| members.len() > 1 || value.name() != "BatchTimeout") {
        Some(setting) => format!("set-{}-{}", value.name(), setting.replace('_', "-")),
        None => format!("set-{}", value.name()),
    };
    let words = match given.len() < 60 {
        true => format!("{path}: {given}"),
        false => format!("{path}: another value"),
    };
    let mut drawn = Drawn::new(Sketch::content(value.element_path(), form, None), id, words);
    drawn.hint = Some(hint);
    if value.name() == "ChannelRestrictions" {
        drawn.note("orderers of 2.3 and later do not look at ChannelRestrictions".to_owned());
    }
    Ok(drawn)
}

/// What is right at a place: what is known of it, or what stands there.
fn example(place: &str, now: &Value) -> String {
    let known = EXAMPLES.iter().find(|(end, _)| place.ends_with(end));
    match (known, now) {
        (Some((_, words)), _) => format!("it takes {words}"),
        (None, Value::String(text)) if !text.is_empty() => format!("it is now {text}"),
        (None, Value::Number(number)) => format!("it takes a number, and is now {number}"),
        (None, Value::Bool(on)) => format!("it takes true or false, and is now {on}"),
        (None, other) => {
            let text = other.to_string();
            match text.len() < 200 {
                true => format!("it takes JSON, and is now {text}"),
                false => "it takes JSON, as `cmscc config get` prints it".to_owned(),
            }
        }
    }
}

/// The only setting of a value that is one.
fn only_setting(full: &str, name: &str, form: &Value) -> Result<String, ClientError> {
    let members: Vec<&String> = form
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .collect();
    let scalar = form.as_object().and_then(|members| {
        let mut members = members.iter();
        let (name, value) = members.next().filter(|_| members.len() == 0)?;
        (!value.is_object() && !value.is_array()).then(|| name.clone())
    });
    scalar.ok_or_else(|| {
        let text = format!("{full} has several settings");
        let instead = INTENTS.iter().find(|(key, _)| *key == name);
        let paths: Vec<String> = members
            .iter()
            .map(|name| format!("{full}/{name}"))
            .collect();
        let hint = match instead {
            Some((_, command)) => (*command).to_owned(),
            None => format!("name one: {}", paths.join(", ")),
        };
        ClientError::new(Exit::Usage, "NO_VALUE", text).hint(hint)
    })
}

/// The place that these names lead to inside a value.
fn slot<'v>(
    form: &'v mut Value,
    members: &[String],
    full: &str,
) -> Result<&'v mut Value, ClientError> {
    let mut at = form;
    let mut path = full.to_owned();
    for name in members {
        let known: Vec<String> = match &*at {
            Value::Object(members) => members.keys().map(|key| format!("{path}/{key}")).collect(),
            Value::Array(list) => (0..list.len())
                .map(|index| format!("{path}/{index}"))
                .collect(),
            _ => Vec::new(),
        };
        let next = match at {
            Value::Object(members) => members.get_mut(name),
            Value::Array(list) => name
                .parse::<usize>()
                .ok()
                .and_then(|index| list.get_mut(index)),
            _ => None,
        };
        let Some(next) = next else {
            let text = format!("there is no `{name}` in {path}");
            let error = ClientError::new(Exit::Usage, "UNKNOWN_PATH", text);
            let near = nearest(&format!("{path}/{name}"), known.clone());
            return Err(match (near.is_empty(), known.is_empty()) {
                (false, _) => offered(error, &near),
                (true, false) => error.hint(format!("there are {}", known.join(", "))),
                (true, true) => error.hint(format!("cmscc propose set {path} VALUE")),
            });
        };
        path = format!("{path}/{name}");
        at = next;
    }
    Ok(at)
}

/// What is given, in the form of what stands there.
fn read(now: &Value, place: &str, given: &str) -> Result<Value, String> {
    let json =
        || serde_json::from_str::<Value>(given).map_err(|error| format!("`{given}`: {error}"));
    match now {
        Value::String(_) => match json() {
            Ok(Value::String(text)) => Ok(Value::String(text)),
            _ => Ok(Value::String(given.to_owned())),
        },
        Value::Number(_) => {
            let sized = place.contains("bytes") || place.ends_with("_size");
            let number = given
                .parse::<u64>()
                .ok()
                .or_else(|| size(given).filter(|_| sized));
            number
                .map(Value::from)
                .ok_or_else(|| format!("`{given}` is no number"))
        }
        Value::Bool(_) => match given {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(format!("`{given}` is neither true nor false")),
        },
        Value::Array(_) | Value::Null | Value::Object(_) => json(),
    }
}

/// A number of bytes with a unit, as configtx.yaml has it: `10 MB` is 10 * 1024 * 1024.
// Fabric: common/viperutil/config_util.go, byteSizeDecodeHook
fn size(given: &str) -> Option<u64> {
    let lower = given.to_lowercase();
    let units = [
        ("kb", 10),
        ("mb", 20),
        ("gb", 30),
        ("k", 10),
        ("m", 20),
        ("g", 30),
    ];
    let (digits, shift) = units.iter().find_map(|(unit, shift)| {
        let digits = lower.strip_suffix(unit)?;
        Some((digits.trim_end(), *shift))
    })?;
    let count: u64 = digits.parse().ok()?;
    count.checked_mul(1u64.checked_shl(shift)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_given_has_the_form_of_what_stands_there() {
        let number = |given| read(&json!(1), "BatchSize/absolute_max_bytes", given).ok();
        assert_eq!(number("500"), Some(json!(500)));
        assert_eq!(number("10 MB"), Some(json!(10 << 20)));
        assert_eq!(number("99mb"), Some(json!(99 << 20)));
        for bad in ["", "-1", "1.5", "ten", "99999999999 GB"] {
            assert_eq!(number(bad), None, "{bad}");
        }
        assert_eq!(
            read(&json!(1), "BatchSize/max_message_count", "1k").ok(),
            None
        );
        assert_eq!(
            read(&json!("2s"), "BatchTimeout/timeout", "3s"),
            Ok(json!("3s"))
        );
        assert_eq!(read(&json!("2s"), "x", "\"3s\""), Ok(json!("3s")));
        assert_eq!(read(&json!(true), "x", "false"), Ok(json!(false)));
        assert!(read(&json!(true), "x", "no").is_err());
        assert_eq!(read(&json!([]), "x", "[1]"), Ok(json!([1])));
    }
}
