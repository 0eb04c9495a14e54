//! A query: what it asks for, and what it finds.

use std::{cmp::Ordering, iter::zip};

use serde_json::{Map, Value};

use super::{
    error::{MangoError, Strings, term},
    order::{collate, raw},
    path::{FieldPath, Lookup},
    selector::Selector,
};

/// A query as CouchDB's `_find` takes it, by way of a peer.
#[derive(Debug, Clone)]
pub(crate) struct MangoQuery {
    selector: Selector,
    sort: Vec<FieldPath>,
    descending: bool,
    /// The fields that were asked for; `None` means the whole document.
    fields: Option<Vec<FieldPath>>,
    skip: u64,
    bookmark: Option<String>,
}

impl MangoQuery {
    /// Reads a query as a peer and then CouchDB do. What stands behind the JSON object is ignored,
    /// and so is a `limit`: the peer writes its own over it.
    ///
    /// # Errors
    ///
    /// Those of the peer and of CouchDB, and what is not known here.
    pub(crate) fn parse(query: &str) -> Result<Self, MangoError> {
        let mut options = options(query)?;
        // Fabric: statedb/statecouchdb, applyAdditionalQueryOptions.
        options.remove("limit");
        if let Some(fields) = options.get_mut("fields") {
            let fields = fields.as_array_mut().ok_or(MangoError::FieldsNoArray)?;
            fields.extend([Value::from("_id"), Value::from("~version")]);
        }
        // CouchDB: mango_opts.erl, validate_find; it looks at them in this order.
        let selector = match options.remove("selector") {
            None => {
                let reason = "Missing required key: selector".to_owned();
                return Err(MangoError::bad_request("missing_required_key", reason));
            }
            Some(Value::Object(selector)) => Selector::parse(&selector)?,
            Some(other) => {
                let other = term(&other, Strings::Bytes);
                let reason = format!("Selector must be a JSON object, not: {other}");
                return Err(MangoError::bad_request("invalid_selector_json", reason));
            }
        };
        check_index(options.remove("use_index"))?;
        let bookmark = bookmark(options.remove("bookmark"))?;
        let skip = skip(options.remove("skip"))?;
        let (sort, descending) = sort(options.remove("sort"))?;
        let fields = fields(options.remove("fields"))?;
        check_partition(options.remove("partition").as_ref())?;
        check_reading(&mut options)?;
        if let Some(name) = options.keys().next() {
            let reason = format!("Invalid key {name} for this request.");
            return Err(MangoError::bad_request("invalid_key", reason));
        }
        Ok(Self {
            selector,
            sort,
            descending,
            fields,
            skip,
            bookmark,
        })
    }

    /// The documents that are found, with their keys, as CouchDB answers them: whole, or cut to the
    /// fields that were asked for and `_id` and `~version`. In the order of the sort, and by the
    /// bytes of their keys where it says nothing. A document that lacks a field of the sort is
    /// not found. [`Self::skip`] and the peer's limit are left to the caller.
    ///
    /// The documents are to be as [`document()`](super::document()) makes them.
    ///
    /// # Errors
    ///
    /// Those of CouchDB while it looks.
    pub(crate) fn run<'a>(
        &self,
        documents: impl Iterator<Item = (&'a str, &'a Value)>,
    ) -> Result<Vec<(&'a str, Value)>, MangoError> {
        if self.selector.is_void() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for (key, document) in documents {
            if !self.selector.matches(document)? {
                continue;
            }
            if let Some(place) = self.place(document)? {
                found.push((place, key, document));
            }
        }
        // by `_id` alone CouchDB needs no index, and has them by their bytes
        let by_id = matches!(self.sort.as_slice(), [field] if field.as_str() == "_id");
        let values = if by_id { raw } else { collate };
        found.sort_by(|left, right| {
            let order = zip(&left.0, &right.0)
                .map(|(left, right)| values(left, right))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
                .then_with(|| left.1.cmp(right.1));
            if self.descending {
                order.reverse()
            } else {
                order
            }
        });
        let mut answers = Vec::new();
        for (_, key, document) in found {
            answers.push((key, self.cut(document)?));
        }
        Ok(answers)
    }

    /// How many documents are left out before the first. A peer that asks CouchDB more than once,
    /// for a page with a bookmark or behind its `internalQueryLimit`, skips as many each time.
    // CouchDB: mango_json_bookmark.erl, update_args, and mango_cursor_view.erl, handle_doc.
    pub(crate) const fn skip(&self) -> u64 {
        self.skip
    }

    /// The fields that it sorts by.
    pub(crate) fn sorted_by(&self) -> Vec<&str> {
        self.sort.iter().map(FieldPath::as_str).collect()
    }

    /// Where the query goes on, where it says so itself. A bookmark beside the query is written over
    /// it by the peer.
    pub(crate) fn bookmark(&self) -> Option<&str> {
        self.bookmark.as_deref()
    }

    /// What the document is sorted by; `None` where an index over these fields lacks it.
    // CouchDB: mango_native_proc.erl, get_index_entries.
    fn place<'a>(&self, document: &'a Value) -> Result<Option<Vec<&'a Value>>, MangoError> {
        let mut place = Vec::new();
        for field in &self.sort {
            match field.find(document)? {
                Lookup::Found(value) => place.push(value),
                Lookup::BadPath | Lookup::NotFound => return Ok(None),
            }
        }
        Ok(Some(place))
    }

    // CouchDB: mango_fields.erl, extract.
    fn cut(&self, document: &Value) -> Result<Value, MangoError> {
        let Some(fields) = &self.fields else {
            return Ok(document.clone());
        };
        let mut cut = Value::Object(Map::new());
        for field in fields {
            if let Lookup::Found(value) = field.find(document)? {
                field.set(&mut cut, value)?;
            }
        }
        Ok(cut)
    }
}

/// The query's JSON object, in the words of Go's decoder where that is easily said.
fn options(query: &str) -> Result<Map<String, Value>, MangoError> {
    // as Go's decoder, this one reads a value and does not look behind it
    let mut values = serde_json::Deserializer::from_str(query).into_iter::<Value>();
    let kind = match values.next() {
        Some(Ok(Value::Object(options))) => return Ok(options),
        None => return Err(MangoError::NoJson("EOF".to_owned())),
        Some(Err(error)) if error.is_eof() => {
            return Err(MangoError::NoJson("unexpected EOF".to_owned()));
        }
        Some(Err(error)) => return Err(MangoError::NoJson(error.to_string())),
        // Differs from Fabric: it ends the peer, which writes into a map that is nil.
        Some(Ok(Value::Null)) => "null",
        Some(Ok(Value::Bool(_))) => "bool",
        Some(Ok(Value::Number(_))) => "number",
        Some(Ok(Value::String(_))) => "string",
        Some(Ok(Value::Array(_))) => "array",
    };
    let reason =
        format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
    Err(MangoError::NoJson(reason))
}

/// Which index is to be used changes nothing in what is found here.
// CouchDB: mango_opts.erl, validate_use_index.
fn check_index(index: Option<Value>) -> Result<(), MangoError> {
    let is_name = match &index {
        None | Some(Value::Null | Value::String(_)) => true,
        Some(Value::Array(names)) => names.len() <= 2 && names.iter().all(Value::is_string),
        Some(_) => false,
    };
    match index {
        Some(index) if !is_name => Err(unexpected("invalid_index_name", &index)),
        _ => Ok(()),
    }
}

// CouchDB: mango_opts.erl, validate_bookmark.
fn bookmark(bookmark: Option<Value>) -> Result<Option<String>, MangoError> {
    match bookmark {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(bookmark)) => Ok(Some(bookmark).filter(|bookmark| !bookmark.is_empty())),
        Some(other) => Err(unexpected("invalid_bookmark", &other)),
    }
}

// CouchDB: mango_opts.erl, is_non_neg_integer.
fn skip(skip: Option<Value>) -> Result<u64, MangoError> {
    let Some(skip) = skip else { return Ok(0) };
    skip.as_u64().ok_or_else(|| {
        let skip = term(&skip, Strings::Bytes);
        let reason = format!("{skip} is not an integer greater than or equal to zero");
        MangoError::bad_request("invalid_non_neg_integer", reason)
    })
}

/// The fields to sort by, and whether the order is turned around.
// CouchDB: mango_sort.erl.
fn sort(sort: Option<Value>) -> Result<(Vec<FieldPath>, bool), MangoError> {
    let specs = match sort {
        None => return Ok((Vec::new(), false)),
        Some(Value::Array(specs)) => specs,
        Some(other) => {
            let other = term(&other, Strings::Quoted);
            let reason = format!("Sort must be an array of sort specs, not: {other}");
            return Err(MangoError::bad_request("invalid_sort_json", reason));
        }
    };
    let mut fields = Vec::new();
    let mut directions = Vec::new();
    for spec in specs {
        let Some((name, descending)) = sort_field(&spec) else {
            let spec = term(&spec, Strings::Quoted);
            let reason = format!("Invalid sort field: {spec}");
            return Err(MangoError::bad_request("invalid_sort_field", reason));
        };
        fields.push(FieldPath::new(name.to_owned()));
        directions.push(descending);
    }
    let descending = directions.contains(&true);
    if descending && directions.contains(&false) {
        let reason = "Sorts currently only support a single direction for all fields.";
        return Err(MangoError::bad_request(
            "unsupported_mixed_sort",
            reason.to_owned(),
        ));
    }
    Ok((fields, descending))
}

fn sort_field(spec: &Value) -> Option<(&str, bool)> {
    match spec {
        Value::String(name) => (!name.is_empty()).then_some((name, false)),
        Value::Object(spec) => {
            let mut spec = spec.iter();
            let (name, direction) = spec.next().filter(|_| spec.len() == 0)?;
            match direction.as_str()? {
                "asc" => Some((name, false)),
                "desc" => Some((name, true)),
                _ => None,
            }
        }
        _ => None,
    }
}

// CouchDB: mango_fields.erl, new; an object is let through there and fails later.
fn fields(fields: Option<Value>) -> Result<Option<Vec<FieldPath>>, MangoError> {
    let Some(Value::Array(fields)) = fields else {
        return Ok(None);
    };
    let mut paths = Vec::new();
    for field in fields {
        match field {
            Value::String(name) => paths.push(FieldPath::new(name)),
            Value::Object(_) => return Err(MangoError::unknown("badarg".to_owned())),
            other => {
                let other = term(&other, Strings::Bytes);
                let reason = format!("Invalid JSON for field spec: {other}");
                return Err(MangoError::bad_request("invalid_field", reason));
            }
        }
    }
    Ok(Some(paths))
}

/// A peer's database has no partitions.
// CouchDB: mango_opts.erl, validate_partition.
fn check_partition(partition: Option<&Value>) -> Result<(), MangoError> {
    let (error, reason) = match partition.map(Value::as_str) {
        None | Some(Some("")) => return Ok(()),
        Some(None) => ("illegal_partition", "Partition must be a string"),
        Some(Some(name)) if name.starts_with('_') => (
            "illegal_partition",
            "Partition must not start with an underscore",
        ),
        Some(Some(_)) => ("bad_request", "partition specified on non-partitioned db"),
    };
    Err(MangoError::bad_request(error, reason.to_owned()))
}

/// What says how CouchDB reads. It changes nothing in what is found here.
fn check_reading(options: &mut Map<String, Value>) -> Result<(), MangoError> {
    if let Some(r) = options.remove("r")
        && matches!(r.as_u64(), None | Some(0))
    {
        let r = term(&r, Strings::Bytes);
        let reason = format!("{r} is not an integer greater than zero");
        return Err(MangoError::bad_request("invalid_pos_integer", reason));
    }
    for name in ["conflicts", "stale", "update", "stable", "execution_stats"] {
        match options.remove(name) {
            None => {}
            Some(Value::Bool(false)) => {}
            Some(Value::String(text)) if name == "stale" && matches!(&*text, "ok" | "false") => {}
            Some(other) if name == "stale" => {
                return Err(unexpected("invalid_ok_or_false_value", &other));
            }
            Some(Value::Bool(true)) => {}
            Some(other) => {
                let reason = format!("Invalid boolean value: {}", term(&other, Strings::Bytes));
                return Err(MangoError::bad_request("invalid_boolean", reason));
            }
        }
    }
    Ok(())
}

/// What CouchDB has no message for.
fn unexpected(what: &str, value: &Value) -> MangoError {
    let value = term(value, Strings::Bytes);
    MangoError::unknown(format!("Unknown Error: mango_opts :: {{{what},{value}}}"))
}
