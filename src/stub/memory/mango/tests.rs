//! Against a real CouchDB's answers, and what that does not show.

use std::{cmp::Ordering, collections::BTreeMap};

use serde_json::{Value, json};

use super::{
    MangoQuery, document, error::MangoError, order::strings, pattern::Pattern, state_value,
};

/// What is refused here and not there: regular expressions beyond ours.
const UNSUPPORTED: [&str; 4] = ["[[:alpha:]]", "(?=b)", "\\bred", "(a)\\1"];

#[test]
fn a_real_couchdb_answers_the_same() {
    let data: Value =
        serde_json::from_str(include_str!("../../../../tests/couchdb/mango.json")).unwrap();
    let documents = documents(&data);
    let mut differ = Vec::new();
    let mut unsupported = Vec::new();
    for case in data["answers"].as_array().unwrap() {
        let ours = match answer(&case["query"], &documents) {
            Err(MangoError::Unsupported(_)) => {
                unsupported.push(&case["query"]["selector"]["color"]["$regex"]);
                continue;
            }
            ours => ours,
        };
        let same = match (&ours, case.get("error")) {
            (Ok((keys, values)), None) => {
                json!(keys) == case["keys"]
                    && case.get("docs").is_none_or(|docs| json!(values) == *docs)
            }
            (Err(error), Some(theirs)) => error.to_string() == peer_words(theirs),
            _ => false,
        };
        if !same {
            differ.push(format!("{case}\n  ours: {ours:?}"));
        }
    }
    assert!(differ.is_empty(), "{}: {}", differ.len(), differ.join("\n"));
    assert_eq!(unsupported, UNSUPPORTED);
}

type Documents = BTreeMap<String, Value>;

fn documents(data: &Value) -> Documents {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let values = |name: &str, bytes: &dyn Fn(&Value) -> String| -> Documents {
        let values = data[name].as_object().unwrap().iter();
        values
            .map(|(key, value)| (key.clone(), document(key, bytes(value).as_bytes())))
            .collect()
    };
    let mut documents = values("documents", &Value::to_string);
    documents.extend(values("others", &text));
    documents
}

fn answer(query: &Value, documents: &Documents) -> Result<(Vec<String>, Vec<Value>), MangoError> {
    let query = MangoQuery::parse(&query.to_string())?;
    let found = query.run(documents.iter().map(|(key, value)| (key.as_str(), value)))?;
    let found = found.into_iter().skip(query.skip().try_into().unwrap());
    let found = found.map(|(key, value)| {
        (
            key.to_owned(),
            state_value(value).unwrap_or_else(|| json!({})),
        )
    });
    Ok(found.unzip())
}

fn peer_words(error: &Value) -> String {
    let text = |name: &str| error[name].as_str().unwrap().to_owned();
    format!(
        "error handling CouchDB request. Error:{},  Status Code:{},  Reason:{}",
        text("error"),
        error["status"],
        text("reason")
    )
}

fn refusal(query: &str) -> String {
    MangoQuery::parse(query).unwrap_err().to_string()
}

#[test]
fn a_peer_refuses_what_is_no_object() {
    let map = "into Go value of type map[string]interface {}";
    assert_eq!(refusal(""), "EOF");
    assert_eq!(refusal("  "), "EOF");
    assert_eq!(refusal("{\"selector\":"), "unexpected EOF");
    assert_eq!(refusal("[]"), format!("json: cannot unmarshal array {map}"));
    assert_eq!(refusal("5"), format!("json: cannot unmarshal number {map}"));
    assert_eq!(
        refusal("null"),
        format!("json: cannot unmarshal null {map}")
    );
    assert!(refusal("{x}").contains("column 2"), "{}", refusal("{x}"));
    let fields = "fields definition must be an array";
    assert_eq!(refusal(r#"{"selector":{},"fields":"a"}"#), fields);
    assert_eq!(refusal(r#"{"selector":{},"fields":null}"#), fields);
    let deep = format!("{}5{}", "{\"a\":".repeat(200), "}".repeat(200));
    assert!(refusal(&deep).contains("recursion limit"));
}

#[test]
fn what_stands_behind_the_query_is_ignored() {
    MangoQuery::parse(r#"{"selector":{"a":1},"limit":"none"} and more"#).unwrap();
}

#[test]
fn text_search_is_not_known() {
    assert_eq!(
        refusal(r#"{"selector":{"$text":"a"}}"#),
        "not known to the ledger in memory: operator `$text`"
    );
}

#[test]
fn a_query_says_where_it_goes_on() {
    let query = MangoQuery::parse(r#"{"selector":{},"skip":3,"bookmark":"b"}"#).unwrap();
    assert_eq!((query.skip(), query.bookmark()), (3, Some("b")));
    let query = MangoQuery::parse(r#"{"selector":{},"bookmark":""}"#).unwrap();
    assert_eq!((query.skip(), query.bookmark()), (0, None));
}

#[test]
fn a_document_is_what_a_peer_writes() {
    let text = br#"{"b":1.0,"a":[9007199254740993,0.5,1e30],"c":{"d":-0.25}}"#;
    let written = document("k", text);
    assert_eq!(written["_id"], "k");
    assert_eq!(written["b"].to_string(), "1");
    assert_eq!(written["a"].to_string(), "[9007199254740992,0.5,1e+30]");
    let value = state_value(written).unwrap().to_string();
    assert_eq!(
        value,
        r#"{"a":[9007199254740992,0.5,1e+30],"b":1,"c":{"d":-0.25}}"#
    );
    for other in ["", "text", "[1]", "null", "5"] {
        assert_eq!(
            state_value(document("k", other.as_bytes())),
            None,
            "{other}"
        );
    }
}

#[test]
fn what_is_not_ascii_comes_last() {
    assert_eq!(strings("z", "\u{e9}"), Ordering::Less);
    assert_eq!(strings("e", "E"), Ordering::Less);
    assert_eq!(strings("Ea", "eb"), Ordering::Less);
    assert_eq!(strings("a\0", "a"), Ordering::Equal);
}

#[test]
fn a_pattern_stays_small() {
    let refused = |text: &str| matches!(Pattern::parse(text), Err(MangoError::Unsupported(_)));
    assert!(refused("a{5000}"));
    assert!(refused("((a{100}){100}){100}"));
    assert!(refused(&"(".repeat(100)));
    assert!(!refused("(a{30}){30}"));
    let slow = Pattern::parse("(a*)*(a*)*b").unwrap();
    assert!(!slow.matches(&"a".repeat(10_000)));
    assert!(slow.matches("xaab"));
}

#[test]
fn an_end_is_also_before_a_last_line_feed() {
    let pattern = Pattern::parse("^a$").unwrap();
    let found = ["a", "a\n", "a\n\n", "ba", "a\nb"].map(|text| pattern.matches(text));
    assert_eq!(found, [true, true, false, false, false]);
}

#[test]
fn what_is_empty_is_not_repeated() {
    for text in ["(((){300}){300}){300}", "((((){2000}){2000}){2000}){2000}"] {
        assert!(Pattern::parse(text).unwrap().matches("x"), "{text}");
    }
}
