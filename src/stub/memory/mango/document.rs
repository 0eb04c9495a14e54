//! What a peer's CouchDB holds for a key, and what of it a chaincode sees.

use serde_json::{Map, Number, Value, json};

/// What a peer calls the attachment that holds a value which is no JSON object.
const ATTACHMENT: &str = "valueBytes";

/// The document that a peer writes for a key and its value: the value's fields, where the value is
/// a JSON object, or nothing but a mark that the value is an attachment. With them stand `_id`,
/// `_rev` and `~version`; the latter two hold nothing that could be asked for.
///
/// Numbers are what Go makes of them: a float that is whole becomes an integer, and an integer of
/// more than 53 bits loses its last digits.
// Fabric: statedb/statecouchdb, couchdoc_conv.go, keyValToCouchDoc.
pub(crate) fn document(key: &str, value: &[u8]) -> Value {
    let mut fields: Map<String, Value> = match serde_json::from_slice(value) {
        Ok(Value::Object(fields)) => fields
            .into_iter()
            .map(|(name, value)| (name, as_go_writes(value)))
            .collect(),
        _ => {
            let stub = json!({
                ATTACHMENT: {
                    "content_type": "application/octet-stream",
                    "length": value.len(),
                    "revpos": 1,
                    "stub": true,
                },
            });
            Map::from_iter([("_attachments".to_owned(), stub)])
        }
    };
    fields.insert("_id".to_owned(), Value::from(key));
    fields.insert("_rev".to_owned(), Value::from("1-0"));
    fields.insert("~version".to_owned(), Value::from(""));
    Value::Object(fields)
}

/// What a chaincode gets for a document that was found: the fields that were asked for; `None`
/// where it is the value as it was put, since that is an attachment.
///
/// A query with `fields` gives no attachments: such a value is an empty object then.
// Fabric: statedb/statecouchdb, couchdb.go, queryDocuments; couchdoc_conv.go, couchDocToKeyValue.
pub(crate) fn state_value(found: Value) -> Option<Value> {
    let Value::Object(mut fields) = found else {
        return None;
    };
    if fields.contains_key("_attachments") {
        return None;
    }
    for reserved in ["_id", "_rev", "~version"] {
        fields.remove(reserved);
    }
    Some(Value::Object(fields))
}

/// Recursion as deep as the value, which serde_json bounds at 128.
fn as_go_writes(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(go_number(number)),
        Value::Array(values) => values.into_iter().map(as_go_writes).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, as_go_writes(value)))
            .collect(),
        _ => value,
    }
}

/// A number by way of Go's `float64`. Rust writes its digits as Go does.
fn go_number(number: Number) -> Number {
    let Some(float) = number.as_f64() else {
        return number;
    };
    let digits = float.to_string();
    let signed = digits.parse::<i64>().map(Number::from);
    let whole = signed.or_else(|_| digits.parse::<u64>().map(Number::from));
    whole
        .ok()
        .or_else(|| Number::from_f64(float))
        .unwrap_or(number)
}
