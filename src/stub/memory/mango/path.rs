//! The way to a field: names with dots between them.

use serde_json::{Map, Value};

use super::error::MangoError;

/// A field as a query names it. A dot that is no separator has a backslash before it.
#[derive(Debug, Clone)]
pub(super) struct FieldPath {
    text: String,
    /// The names from the outermost on; `None` where one of them is empty.
    names: Option<Vec<String>>,
}

/// What stands where a path leads.
#[derive(Debug)]
pub(super) enum Lookup<'a> {
    /// It leads through what has no fields, or no such element.
    BadPath,
    Found(&'a Value),
    /// An object on the way has no such field.
    NotFound,
}

impl FieldPath {
    // CouchDB: mango_util.erl, parse_field.
    pub(super) fn new(text: String) -> Self {
        let mut names = Vec::new();
        let mut name = String::new();
        let mut empty = true;
        let mut last = None;
        for c in text.chars() {
            match c {
                '.' if last != Some('\\') => {
                    names.push((std::mem::take(&mut name), empty));
                    empty = true;
                }
                // all backslashes go, also those before something else
                '\\' => empty = false,
                _ => {
                    name.push(c);
                    empty = false;
                }
            }
            last = Some(c);
        }
        names.push((name, empty));
        let names = names
            .into_iter()
            .map(|(name, empty)| (!empty).then_some(name))
            .collect();
        Self { text, names }
    }

    /// The field `name` within this one; of the empty path, that field itself.
    pub(super) fn within(&self, name: &str) -> Self {
        Self::new(match self.text.as_str() {
            "" => name.to_owned(),
            outer => format!("{outer}.{name}"),
        })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// # Errors
    ///
    /// A name on the way is empty.
    // CouchDB: mango_doc.erl, get_field.
    pub(super) fn find<'a>(&self, value: &'a Value) -> Result<Lookup<'a>, MangoError> {
        let mut value = value;
        for name in self.names()? {
            value = match value {
                Value::Object(fields) => match fields.get(name) {
                    Some(field) => field,
                    None => return Ok(Lookup::NotFound),
                },
                Value::Array(elements) => match index(name).and_then(|at| elements.get(at)) {
                    Some(element) => element,
                    None => return Ok(Lookup::BadPath),
                },
                _ => return Ok(Lookup::BadPath),
            };
        }
        Ok(Lookup::Found(value))
    }

    /// Writes what the path leads to in one document into another. An element of an array that is
    /// not there yet becomes a field with the index as its name. One that is there is written
    /// into the place before it, as CouchDB does it by mistake.
    ///
    /// # Errors
    ///
    /// There is no place before the first.
    // CouchDB: mango_doc.erl, set_field.
    pub(super) fn set(&self, into: &mut Value, found: &Value) -> Result<(), MangoError> {
        let mut place = into;
        for name in self.names()? {
            place = match place {
                Value::Object(fields) => fields
                    .entry(name.clone())
                    .or_insert_with(|| Value::Object(Map::new())),
                Value::Array(elements) => {
                    let at = index(name);
                    let Some(element) = at.and_then(|at| elements.get(at)).cloned() else {
                        return Ok(());
                    };
                    let before = at.and_then(|at| at.checked_sub(1));
                    let before = before.and_then(|at| elements.get_mut(at));
                    let before =
                        before.ok_or_else(|| MangoError::unknown("function_clause".to_owned()))?;
                    *before = element;
                    before
                }
                _ => return Ok(()),
            };
        }
        *place = found.clone();
        Ok(())
    }

    fn names(&self) -> Result<&[String], MangoError> {
        self.names.as_deref().ok_or_else(|| {
            MangoError::bad_request(
                "invalid_field_name",
                format!("Invalid field name: {}", self.text),
            )
        })
    }
}

/// An index into an array, from 0.
fn index(name: &str) -> Option<usize> {
    // signed, since Erlang takes `+1` and `-0` as well
    let at: i64 = name.parse().ok()?;
    usize::try_from(at).ok()
}
