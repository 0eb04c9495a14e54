//! The two orders of JSON values: CouchDB's collation, and the order of Erlang's terms, which
//! holds for `_id`.

use std::{cmp::Ordering, iter::zip};

use serde_json::{Map, Number, Value};

/// CouchDB's collation: null, false, true, numbers, strings, arrays, objects. Fields of an object
/// are compared in the order of their names' bytes, which is how a peer writes them.
// CouchDB: couch_ejson_compare.c, less_json.
pub(super) fn collate(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => numbers(left, right),
        (Value::String(left), Value::String(right)) => strings(left, right),
        (Value::Array(left), Value::Array(right)) => arrays(left, right, collate),
        (Value::Object(left), Value::Object(right)) => objects(left, right, strings, collate),
        _ => collation_rank(left).cmp(&collation_rank(right)),
    }
}

/// The order of Erlang's terms: numbers, false, null, true, objects, arrays, strings by bytes.
// CouchDB: mango_json.erl, cmp_raw.
pub(super) fn raw(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => numbers(left, right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Array(left), Value::Array(right)) => arrays(left, right, raw),
        (Value::Object(left), Value::Object(right)) => objects(left, right, str::cmp, raw),
        _ => raw_rank(left).cmp(&raw_rank(right)),
    }
}

const fn collation_rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::Array(_) => 5,
        Value::Object(_) => 6,
    }
}

const fn raw_rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::Bool(false) => 1,
        Value::Null => 2,
        Value::Bool(true) => 3,
        Value::Object(_) => 4,
        Value::Array(_) => 5,
        Value::String(_) => 6,
    }
}

fn arrays(left: &[Value], right: &[Value], values: fn(&Value, &Value) -> Ordering) -> Ordering {
    zip(left, right)
        .map(|(left, right)| values(left, right))
        .find(|order| order.is_ne())
        .unwrap_or_else(|| left.len().cmp(&right.len()))
}

fn objects(
    left: &Map<String, Value>,
    right: &Map<String, Value>,
    names: fn(&str, &str) -> Ordering,
    values: fn(&Value, &Value) -> Ordering,
) -> Ordering {
    zip(left, right)
        .map(|(left, right)| names(left.0, right.0).then_with(|| values(left.1, right.1)))
        .find(|order| order.is_ne())
        .unwrap_or_else(|| left.len().cmp(&right.len()))
}

/// Numbers by what they are worth: 1 and 1.0 are equal.
fn numbers(left: &Number, right: &Number) -> Ordering {
    if let (Some(left), Some(right)) = (integer(left), integer(right)) {
        return left.cmp(&right);
    }
    // a number of JSON is never NaN, and serde_json gives every one as a float
    let as_float = |number: &Number| number.as_f64().unwrap_or_default();
    as_float(left)
        .partial_cmp(&as_float(right))
        .unwrap_or(Ordering::Equal)
}

/// A number that is written without fraction and exponent.
pub(super) fn integer(number: &Number) -> Option<i128> {
    let signed = number.as_i64().map(i128::from);
    signed.or_else(|| number.as_u64().map(i128::from))
}

/// Strings as ICU's root collation has them, for ASCII: punctuation, digits, letters, with the
/// case of letters looked at last, and control characters not at all.
// Differs from CouchDB: whatever is not ASCII comes behind all letters, by its code points,
// because ICU's tables are no forty lines.
pub(super) fn strings(left: &str, right: &str) -> Ordering {
    let keys =
        |text: &'_ str| -> Vec<(u32, bool)> { text.chars().filter_map(collation_key).collect() };
    if left == right {
        return Ordering::Equal;
    }
    let (left, right) = (keys(left), keys(right));
    let primary = |key: &(u32, bool)| key.0;
    let case = |key: &(u32, bool)| key.1;
    left.iter()
        .map(primary)
        .cmp(right.iter().map(primary))
        .then_with(|| left.iter().map(case).cmp(right.iter().map(case)))
}

/// A character's place, and whether it is the upper case there; `None` where it is not looked at.
fn collation_key(c: char) -> Option<(u32, bool)> {
    /// What comes before the digits, in order.
    const MARKS: &str = "\t\n\u{b}\u{c}\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";
    let letter = u32::from(c.to_ascii_lowercase());
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Some((letter, c.is_ascii_uppercase())),
        // behind the letters, and far from running over
        c if !c.is_ascii() => Some((letter, false)),
        // 37 marks, all before `0`, which is 48
        c => {
            let place = MARKS.chars().position(|mark| mark == c)?;
            Some((u32::try_from(place).ok()?, false))
        }
    }
}
