//! CouchDB's queries over documents in memory: Mango, as `_find` of Apache CouchDB 3.4.2 takes it
//! from a peer for `GET_QUERY_RESULT`.
//!
//! | file | what it is |
//! |---|---|
//! | `document` | what a peer writes for a key, and what of it a chaincode gets back |
//! | `query` | a query, and what it finds |
//! | `selector` | which documents are meant |
//! | `pattern` | the regular expressions of `$regex` |
//! | `path` | names of fields |
//! | `order` | which value comes before which |
//! | `error` | why a query has no answer |
//!
//! All operators are known but `$text`. Also what looks odd is CouchDB's: neither `$eq` nor `$ne`
//! finds a document without the field; `$or` of nothing finds all, but nothing where it stands alone;
//! bounds of `_id` that cross by collation find nothing, though keys are compared by bytes; `$nor` within `$elemMatch` finds
//! nothing; without `fields` also a value that is no JSON object may be found, by its key; `fields`
//! of nothing gives empty objects. `tests/couchdb/mango.json` has what the real one answered.
//!
//! Differs from CouchDB:
//!
//! * There are no indexes here: whether one allows the sort is for the caller to say. A document without
//!   a field of the sort is not found. Without a sort the order is that of the keys; a real CouchDB
//!   that uses an index takes the order of that. Documents that are equal in what they are sorted by are in the order of their keys, even where a real
//!   index has more fields.
//! * Strings are compared as ICU does only where they are ASCII. Others come behind, by code points,
//!   and are equal only where they are the same. Keys (`_id`) are compared by their bytes, as there.
//! * `$regex` is a part of PCRE, see `pattern`. What is not known is refused.
//! * An error that CouchDB meets at a document it meets only where it looks at that document; with an
//!   index or a limit it may not.
//! * CouchDB fails (`badmatch`) at a `$beginsWith` whose field is bounded to something else beside it.
//!   Here nothing is found.
//! * Nothing may be nested deeper than 127 levels. Such a query is refused, such a value is none
//!   of JSON.
//! * Messages show numbers and unusual strings a little otherwise than Erlang, and what is wrong with
//!   a text that is no JSON otherwise than Go.
//! * A selector that asks for `_rev` or `~version` finds no true ones.

mod document;
mod error;
mod order;
mod path;
mod pattern;
mod query;
mod selector;
#[cfg(test)]
mod tests;

pub(crate) use document::{document, state_value};
pub(crate) use query::MangoQuery;
