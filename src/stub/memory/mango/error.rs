//! Why a query has no answer, in the words that a peer passes on.

use serde_json::Value;

/// Why a query has no answer. Shown in the words of the peer, as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MangoError {
    /// CouchDB refused the query; the peer passes on what it said.
    // Fabric: statedb/statecouchdb, couchdb.go, handleRequest.
    #[error(
        "error handling CouchDB request. Error:{error},  Status Code:{status},  Reason:{reason}"
    )]
    CouchDb {
        /// The status of CouchDB's HTTP response.
        status: u16,
        /// The kind of error.
        error: &'static str,
        /// What was wrong.
        reason: String,
    },
    /// The peer refused it: `fields` is there and is no array.
    #[error("fields definition must be an array")]
    FieldsNoArray,
    /// The peer refused it: the text is no JSON object.
    #[error("{0}")]
    NoJson(String),
    /// CouchDB may know it, the ledger in memory does not.
    #[error("not known to the ledger in memory: {0}")]
    Unsupported(String),
}

impl MangoError {
    /// What CouchDB refuses with status 400.
    pub(super) const fn bad_request(error: &'static str, reason: String) -> Self {
        Self::CouchDb {
            status: 400,
            error,
            reason,
        }
    }

    /// What CouchDB has no words for.
    pub(super) const fn unknown(reason: String) -> Self {
        Self::CouchDb {
            status: 500,
            error: "unknown_error",
            reason,
        }
    }

    /// An operator does not take this argument.
    pub(super) fn bad_argument(operator: &str, argument: &Value) -> Self {
        let argument = term(argument, Strings::Bytes);
        Self::bad_request(
            "bad_arg",
            format!("Bad argument for operator {operator}: {argument}"),
        )
    }
}

/// How CouchDB shows the strings within a value.
#[derive(Clone, Copy)]
pub(super) enum Strings {
    /// As a list of bytes, `~w` of Erlang.
    Bytes,
    /// In quotes, `~p` of Erlang; without its line breaks.
    Quoted,
}

/// A value as CouchDB's messages show it: an Erlang term.
pub(super) fn term(value: &Value, strings: Strings) -> String {
    let joined = |parts: Vec<String>| parts.join(",");
    match value {
        Value::Null | Value::Bool(_) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => binary(text, strings),
        Value::Array(values) => {
            let parts = values.iter().map(|value| term(value, strings));
            format!("[{}]", joined(parts.collect()))
        }
        Value::Object(fields) => {
            let parts = fields.iter().map(|(name, value)| {
                format!("{{{},{}}}", binary(name, strings), term(value, strings))
            });
            format!("{{[{}]}}", joined(parts.collect()))
        }
    }
}

fn binary(text: &str, strings: Strings) -> String {
    if let Strings::Quoted = strings
        && !text.is_empty()
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    {
        return format!("<<{text:?}>>");
    }
    let bytes: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
    format!("<<{}>>", bytes.join(","))
}
