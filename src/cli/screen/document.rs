//! JSON documents, and the members that were asked for.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, value::RawValue};

use crate::client::{ClientError, Exit};

/// The members of a document in the order of their names, each as it is written; documents of others
/// may be nested deeper than a JSON tree can hold.
pub(in crate::cli) type RawMembers = BTreeMap<String, Box<RawValue>>;

/// A document with the members that were named; all of them where none was. Where `rows` names a list,
/// the selection is about its entries.
pub(super) fn selected<T: Serialize>(
    document: &T,
    rows: Option<&str>,
    fields: &[String],
) -> Result<String, ClientError> {
    let whole = serde_json::to_string_pretty(document).map_err(|error| unwritable(&error))?;
    if fields.is_empty() {
        return Ok(whole);
    }
    let mut members: RawMembers =
        serde_json::from_str(&whole).map_err(|error| unwritable(&error))?;
    match rows.and_then(|rows| members.get_mut(rows)) {
        Some(list) => {
            let entries: Vec<RawMembers> =
                serde_json::from_str(list.get()).map_err(|error| unwritable(&error))?;
            let entries = entries.into_iter().map(|entry| only(entry, fields));
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            *list =
                serde_json::value::to_raw_value(&entries).map_err(|error| unwritable(&error))?;
        }
        None => members = only(members, fields)?,
    }
    let text = serde_json::to_string(&members).map_err(|error| unwritable(&error))?;
    // a line for each member, unless it is nested too deep for that
    let pretty = serde_json::from_str::<Value>(&text).map(|value| format!("{value:#}"));
    Ok(pretty.unwrap_or(text))
}

/// The members that were named.
fn only(mut members: RawMembers, fields: &[String]) -> Result<RawMembers, ClientError> {
    let names: Vec<String> = members.keys().cloned().collect();
    members.retain(|name, _| fields.contains(name));
    match fields.iter().find(|field| !names.contains(field)) {
        None => Ok(members),
        Some(unknown) => {
            let text = format!("`{unknown}` is no member of this document");
            let hint = format!("its members: {}", names.join(", "));
            Err(ClientError::new(Exit::Usage, "UNKNOWN_FIELD", text).hint(hint))
        }
    }
}

fn unwritable(error: &serde_json::Error) -> ClientError {
    let text = format!("the document cannot be written: {error}");
    ClientError::new(Exit::Failed, "INTERNAL", text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(document: &Value, rows: Option<&str>, fields: &[&str]) -> Result<Value, ClientError> {
        let fields: Vec<String> = fields.iter().map(|&name| name.to_owned()).collect();
        let text = selected(document, rows, &fields)?;
        Ok(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn members_are_selected_of_a_document_or_of_its_rows() {
        let one = json!({"a": 1, "b": [2], "c": null});
        assert_eq!(read(&one, None, &[]), Ok(one.clone()));
        assert_eq!(
            read(&one, None, &["b", "c"]),
            Ok(json!({"b": [2], "c": null}))
        );
        let list = json!({"more": false, "rows": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]});
        assert_eq!(
            read(&list, Some("rows"), &["b"]),
            Ok(json!({"more": false, "rows": [{"b": 2}, {"b": 4}]}))
        );
        let error = read(&one, None, &["d"]).unwrap_err();
        assert_eq!(error.exit, Exit::Usage);
        assert_eq!(error.hint.unwrap(), "its members: a, b, c");
    }
}
