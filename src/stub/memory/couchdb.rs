//! How CouchDB keeps values, those that are JSON objects as documents, and what it refuses.

use std::fmt::Write;

use bytes::Bytes;
use serde_json::Value;

use super::mango::{document, state_value};

/// What CouchDB gives for a bookmark where it found nothing.
const NO_BOOKMARK: &str = "nil";

/// A value as the peer reads it back: a JSON object is written anew, with sorted names and without
/// spaces; all else is as it was.
// Fabric: statedb/statecouchdb/couchdoc_conv.go, validateAndRetrieveFields
pub(super) fn as_read(key: &str, value: &Bytes) -> Bytes {
    match object(value) {
        Some(_) => shown(document(key, value), value),
        None => value.clone(),
    }
}

/// A document as a chaincode gets it; `stored`: the value that it was made of.
pub(super) fn shown(document: Value, stored: &Bytes) -> Bytes {
    state_value(document).map_or_else(|| stored.clone(), |value| bytes(&value))
}

/// A JSON value as Go writes it.
fn bytes(value: &Value) -> Bytes {
    // what is escaped here stands in strings only
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // writing to a string does not fail
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.into()
}

/// Whether CouchDB could hold this.
// Fabric: statedb/statecouchdb/couchdoc_conv.go, validateKey and validateValue
pub(super) fn check(key: &str, value: Option<&Bytes>) -> Result<(), String> {
    check_key(key)?;
    let Some(Value::Object(fields)) = value.and_then(object) else {
        return Ok(());
    };
    match (fields.keys()).find(|name| *name == "~version" || name.starts_with('_')) {
        Some(name) => Err(format!(
            "field [{name}] is not valid for the CouchDB state database"
        )),
        None => Ok(()),
    }
}

/// Whether CouchDB could hold this key.
// Fabric: statedb/statecouchdb/couchdoc_conv.go, validateKey
pub(super) fn check_key(key: &str) -> Result<(), String> {
    if key.is_empty() {
        return Err("invalid key. Empty string is not supported as a key by couchdb".to_owned());
    }
    if key.starts_with('_') {
        return Err(format!("invalid key [{key}], cannot begin with \"_\""));
    }
    Ok(())
}

/// The bookmark of a page behind which lie so many results; `before`: the one that the page began at.
/// Real ones are opaque, too.
// CouchDB: mango_json_bookmark.erl, create
pub(super) fn bookmark(passed: usize, is_empty: bool, before: &str) -> String {
    match (is_empty, before) {
        (true, "") => NO_BOOKMARK.to_owned(),
        (true, before) => before.to_owned(),
        (false, _) => format!("g1AAAA{passed:x}"),
    }
}

/// How many results lie before a bookmark.
// CouchDB: mango_error.erl, invalid_bookmark
pub(super) fn start_of(bookmark: &str) -> Result<usize, String> {
    let passed = bookmark.strip_prefix("g1AAAA");
    let passed = passed.and_then(|passed| usize::from_str_radix(passed, 16).ok());
    passed.ok_or_else(|| {
        let reason = format!("Invalid bookmark value: \"{bookmark}\"");
        refusal("invalid_bookmark", &reason)
    })
}

/// What a peer says of a request that CouchDB refuses.
// Fabric: statedb/statecouchdb/couchdb.go, handleRequest
pub(super) fn refusal(error: &str, reason: &str) -> String {
    format!("error handling CouchDB request. Error:{error},  Status Code:400,  Reason:{reason}")
}

fn object(value: &Bytes) -> Option<Value> {
    // spares reading of what is none
    let first = value.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        Some(b'{') => serde_json::from_slice(value).ok(),
        _ => None,
    }
}
