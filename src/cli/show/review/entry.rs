//! One change: what kind of thing it is, what it is called, and what becomes of it.

use serde_json::Value;

use crate::cli::show::{
    layout::{Line, Look, Tone},
    time::{day, left},
    words::{common_name, short, with_short_digests},
};
use crate::client::{
    answers::{ChangeAnswer, seconds},
    view::WITHIN,
};

/// What a change shows: its kind, and what there is to say of it; further lines where all is shown.
pub(in crate::cli::show) struct ShownChange {
    pub(in crate::cli::show) kind: String,
    /// What it is called, where a value stands beside it.
    pub(in crate::cli::show) name: Line,
    pub(in crate::cli::show) body: Line,
    pub(in crate::cli::show) more: Vec<Line>,
}

/// The group under which a change is listed.
pub(in crate::cli::show) fn group(change: &ChangeAnswer) -> &str {
    match change.item.as_str() {
        "organization" | "group" => &change.path,
        _ => match change.path.rsplit_once('/') {
            Some((group, _)) if !group.is_empty() => group,
            _ => &change.path,
        },
    }
}

/// Whether something comes, goes, or becomes something else.
pub(in crate::cli::show) fn sign(change: &ChangeAnswer) -> (&'static str, Tone) {
    match change.change.as_str() {
        "added" => ("+", Tone::Good),
        "removed" => ("-", Tone::Bad),
        _ => ("~", Tone::Waiting),
    }
}

/// What a change shows.
pub(in crate::cli::show) fn entry(change: &ChangeAnswer, look: Look) -> ShownChange {
    let name = change.name.as_deref().unwrap_or_default();
    let leaf = change.path.rsplit('/').next().unwrap_or_default();
    let there = match change.after.is_null() {
        true => &change.before,
        false => &change.after,
    };
    let mut more = Vec::new();
    let mut label = Line::new();
    let mut named = |name: &str, change, look| {
        label = Line::of(Tone::Strong, name.trim());
        told(change, look)
    };
    let body = match change.item.as_str() {
        "organization" => Line::of(Tone::Strong, member(there, "msp_id")),
        "group" => Line::of(Tone::Strong, leaf),
        "policy" | "mod_policy" => named(leaf, change, look),
        "acl" | "msp" => named(name, change, look),
        "setting" => named(&format!("{leaf} {name}"), change, look),
        "capability" | "endpoint" | "anchor_peer" => Line::plain(name),
        "certificate" => certificate(there, look, &mut more),
        "consenter" => consenter(change, name, look, &mut more),
        "revocation_list" => revocation(there, look),
        "content" => named(&format!("{leaf} {name}"), change, look),
        _ => Line::plain(with_short_digests(&change.text, look.full)),
    };
    ShownChange {
        kind: kind(change, there),
        name: label,
        body,
        more,
    }
}

fn kind(change: &ChangeAnswer, there: &Value) -> String {
    let words = match change.item.as_str() {
        "certificate" => member(there, "use"),
        "organization" => "organisation",
        "endpoint" => "orderer endpoint",
        "content" => "bytes of",
        other => other,
    };
    words.replace('_', " ")
}

/// `100 -> 10 messages`
fn told(change: &ChangeAnswer, look: Look) -> Line {
    let said = |value: &Value| with_short_digests(&value_text(value), look.full);
    let line = Line::new();
    let line = match (change.before.is_null(), change.after.is_null()) {
        (false, false) => line
            .and(Tone::Dim, said(&change.before))
            .and(Tone::Dim, " -> ")
            .and(Tone::Plain, said(&change.after)),
        (true, false) => line.and(Tone::Plain, said(&change.after)),
        _ => line.and(Tone::Plain, said(&change.before)),
    };
    match &change.unit {
        Some(unit) => line.and(Tone::Plain, format!(" {unit}")),
        None => line,
    }
}

/// A certificate on one line; all of it below where all is shown.
fn certificate(value: &Value, look: Look, more: &mut Vec<Line>) -> Line {
    let subject = member(value, "subject");
    let fingerprint = member(value, "fingerprint");
    if subject.is_empty() {
        let why = member(value, "unreadable");
        return Line::of(Tone::Bad, format!("cannot be read: {why}  "))
            .and(Tone::Dim, format!("sha256 {}", short(fingerprint)));
    }
    let end = seconds(member(value, "not_after"));
    let (tone, ends) = match end {
        Some(end) if end < look.now => (Tone::Bad, format!("ended {}", day(end))),
        Some(end) if end < look.now.saturating_add(WITHIN) => (
            Tone::Waiting,
            format!("ends {}, {}", day(end), left(look.now, end)),
        ),
        Some(end) => (Tone::Plain, format!("ends {}", day(end))),
        None => (Tone::Bad, "ends at no time".to_owned()),
    };
    let line = match look.full {
        true => Line::of(Tone::Strong, subject),
        false => Line::of(Tone::Strong, common_name(subject)),
    };
    if !look.full {
        return line
            .and(tone, format!("  {ends}"))
            .and(Tone::Dim, format!("  sha256 {}", short(fingerprint)));
    }
    let fact = |name: &str, text: &str| Line::of(Tone::Dim, name).and(Tone::Plain, text);
    more.push(fact("issuer   ", member(value, "issuer")));
    let period = format!(
        "{} to {}",
        member(value, "not_before"),
        member(value, "not_after")
    );
    more.push(Line::of(Tone::Dim, "valid    ").and(tone, period));
    more.push(fact("sha256   ", fingerprint));
    line
}

/// A consenter, with what changes of it.
fn consenter(change: &ChangeAnswer, name: &str, look: Look, more: &mut Vec<Line>) -> Line {
    let line = Line::of(Tone::Strong, name);
    let (Some(before), Some(after)) = (change.before.as_object(), change.after.as_object()) else {
        let there = if change.after.is_null() {
            &change.before
        } else {
            &change.after
        };
        for (name, value) in there.as_object().into_iter().flatten() {
            if (look.full || is_certificate(name)) && !value.is_null() {
                let text = with_short_digests(&value_text(value), look.full);
                let name = format!("{}  ", name.replace('_', " "));
                more.push(Line::of(Tone::Dim, name).and(Tone::Plain, text));
            }
        }
        let msp_id = member(there, "msp_id");
        return match msp_id.is_empty() {
            true => line,
            false => line.and(Tone::Plain, format!("  {msp_id}")),
        };
    };
    let names = before
        .keys()
        .chain(after.keys().filter(|name| !before.contains_key(*name)));
    for name in names {
        let side = |members: &serde_json::Map<String, Value>| {
            let value = members.get(name).map(value_text).unwrap_or_default();
            with_short_digests(&value, look.full)
        };
        let (old, new) = (side(before), side(after));
        if before.get(name) != after.get(name) && is_certificate(name) {
            // a certificate fills a line
            let name = name.replace('_', " ");
            more.push(Line::of(Tone::Dim, format!("{name}  - ")).and(Tone::Dim, old));
            let blanks = " ".repeat(name.chars().count());
            more.push(Line::of(Tone::Dim, format!("{blanks}  + ")).and(Tone::Plain, new));
        } else if before.get(name) != after.get(name) {
            more.push(
                Line::of(Tone::Dim, format!("{}  ", name.replace('_', " ")))
                    .and(Tone::Dim, format!("{old} -> "))
                    .and(Tone::Plain, new),
            );
        }
    }
    line
}

/// Whether a member of a consenter is a certificate in words.
fn is_certificate(name: &str) -> bool {
    name == "identity" || name.ends_with("_cert")
}

fn revocation(value: &Value, look: Look) -> Line {
    let digest = with_short_digests(member(value, "sha256"), look.full);
    let mut line = Line::of(Tone::Dim, format!("sha256 {digest}"));
    if let Some(revoked) = value.get("revoked").and_then(Value::as_u64) {
        line.push(Tone::Plain, format!("  revokes {revoked}"));
    }
    let signed_by = member(value, "signed_by");
    if !signed_by.is_empty() {
        line.push(Tone::Plain, format!("  by {}", common_name(signed_by)));
    }
    line.and(
        Tone::Bad,
        match member(value, "effect") {
            "" => String::new(),
            effect => format!("  {effect}"),
        },
    )
}

/// A text member of an object; empty where there is none.
fn member<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A value in words.
fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let texts = members.map(|(name, value)| format!("{name} {}", value_text(value)));
            texts.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}
