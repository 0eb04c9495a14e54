//! A chaincode that performs scripts of state calls: a transaction `run SCRIPT` with a JSON list of
//! operations answers a JSON list with a result for each, `{"ok": ..}` or `{"error": ..}`.
//!
//! The same was written on Fabric's Go shim and run on real peers; what it answered is kept beside the
//! tests (`tests/fabric-data/probe`). Values in answers are `null` where there are none, strings where
//! they are UTF-8, `base64:..`, or `long:LENGTH:SHA256` above 4,096 bytes.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use cmscc::{
    chaincode::{ClientIdentity, EndorserRole, StateEndorsementPolicy},
    ids::{CollectionName, Digest, UnixTime},
    stub::{
        Chaincode, Entry, Event, Invocation, KeyRange, Page, Query, QueryIterator, Response, Stub,
        StubError, VALIDATION_PARAMETER, Write, keys,
    },
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Longer values are told by their length and digest.
const LONGEST: usize = 4_096;

/// The chaincode.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe;

/// A value of a script: text (`base64:..` is decoded), or something repeated.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Repeated { repeat: String, times: usize },
}

/// One operation. Which fields it has follows from `op`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Operation {
    op: String,
    collection: Option<String>,
    key: String,
    keys: Vec<String>,
    value: Option<Content>,
    orgs: Vec<String>,
    del: Vec<String>,
    role: String,
    clear: bool,
    start: String,
    end: String,
    most: Option<usize>,
    brief: bool,
    size: i32,
    bookmark: String,
    bookmark_of: Option<usize>,
    r#type: String,
    attributes: Vec<String>,
    query: String,
    chaincode: String,
    channel: String,
    args: Vec<Content>,
    name: String,
    names: Vec<String>,
    ous: Vec<String>,
    payload: Option<Content>,
    status: i32,
    message: String,
    words: String,
    prefix: String,
    count: usize,
}

/// Why an operation has no result: the peer's words, or ours.
type Failure = String;

impl Chaincode for Probe {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        let [run, script, ..] = &invocation.args[..] else {
            return Response::refusal(500, "args: run SCRIPT [batch]");
        };
        if run != "run" {
            return Response::refusal(500, "args: run SCRIPT [batch]");
        }
        let operations: Vec<Operation> = match serde_json::from_slice(script) {
            Ok(operations) => operations,
            Err(error) => return Response::refusal(500, format!("script: {error}")),
        };
        let mut results = Vec::new();
        for operation in operations {
            match operation.op.as_str() {
                "fail" => {
                    return Response {
                        status: operation.status,
                        message: operation.message,
                        payload: Value::from(results).to_string().into(),
                    };
                }
                #[allow(
                    clippy::panic,
                    reason = "the script asks for it; tests include this file"
                )]
                "panic" => panic!("{}", operation.words),
                _ => {}
            }
            let result = perform(operation, &results, invocation, stub).await;
            results.push(match result {
                Ok(ok) => json!({"ok": ok}),
                Err(error) => json!({"error": error}),
            });
        }
        Response::success(Value::from(results).to_string())
    }
}

async fn perform<S: Stub>(
    mut it: Operation,
    results: &[Value],
    invocation: &Invocation,
    stub: &mut S,
) -> Result<Value, Failure> {
    if let Some(of) = it.bookmark_of {
        let page = results
            .get(of)
            .and_then(|page| page.pointer("/ok/bookmark"));
        let bookmark = page.and_then(Value::as_str);
        it.bookmark = bookmark.unwrap_or_default().to_owned();
    }
    let collection = it.collection.as_deref().map(CollectionName::from);
    let place = collection.as_ref();
    match it.op.as_str() {
        "get" => stub.get(place, &it.key).await.map(shown).map_err(words),
        "get_multiple" => {
            let values = stub.get_multiple(place, &it.keys).await.map_err(words)?;
            Ok(values.into_iter().map(shown).collect())
        }
        "hash" => {
            let named = collection.unwrap_or_default();
            let digest = stub.get_hash(&named, &it.key).await;
            digest.map(shown).map_err(words)
        }
        "put" => {
            stub.write(collection, it.key, Write::Put(content(it.value)));
            Ok(Value::Null)
        }
        "put_many" => {
            let value = content(it.value);
            for n in 0..it.count {
                let key = format!("{}{n:05}", it.prefix);
                stub.write(collection.clone(), key, Write::Put(value.clone()));
            }
            Ok(Value::Null)
        }
        "del" => {
            stub.write(collection, it.key, Write::Delete);
            Ok(Value::Null)
        }
        "purge" => {
            let named = collection.unwrap_or_default();
            stub.write(Some(named), it.key, Write::Purge);
            Ok(Value::Null)
        }
        "set_endorsement" => {
            let policy = match it.clear {
                true => Bytes::new(),
                false => policy_of(&it)?,
            };
            let name = VALIDATION_PARAMETER.to_owned();
            stub.write_metadata(collection, it.key, name, policy);
            Ok(Value::Null)
        }
        "get_endorsement" => {
            let found = stub
                .get_validation_parameter(it.collection.as_deref(), &it.key)
                .await
                .map_err(words)?;
            let Some(bytes) = found.filter(|bytes| !bytes.is_empty()) else {
                return Ok(Value::Null);
            };
            let policy = StateEndorsementPolicy::from_bytes(&bytes).map_err(|e| e.to_string())?;
            let orgs: Vec<&str> = policy.organizations().map(|org| org.as_str()).collect();
            Ok(json!({"policy": BASE64_STANDARD.encode(&bytes), "orgs": orgs}))
        }
        "endorsement_policy" => {
            let policy = policy_of(&it)?;
            Ok(BASE64_STANDARD.encode(policy).into())
        }
        "range" => {
            // as Fabric's shims have it: private ranges are not looked at
            let range = match it.collection {
                None => keys::simple_range(&it.start, &it.end).map_err(|e| e.to_string())?,
                Some(_) if it.start.is_empty() => KeyRange {
                    start: "\u{1}".to_owned(),
                    end: it.end.clone(),
                },
                Some(_) => keys::simple_range(&it.start, &it.end).map_err(|e| e.to_string())?,
            };
            read(&it, &Query::Range(range), stub).await
        }
        "partial" => {
            let range = partial(&it)?;
            read(&it, &Query::Range(range), stub).await
        }
        "query" => {
            let query = Query::Rich(it.query.clone());
            read(&it, &query, stub).await
        }
        "range_page" => {
            let range = keys::simple_range(&it.start, &it.end).map_err(|e| e.to_string())?;
            page(&it, &Query::Range(range), stub).await
        }
        "partial_page" => {
            let range = partial(&it)?;
            page(&it, &Query::Range(range), stub).await
        }
        "all_composite_page" => {
            let range = KeyRange {
                start: "\0".to_owned(),
                end: format!("\0{}", char::MAX),
            };
            page(&it, &Query::Range(range), stub).await
        }
        "query_page" => {
            let query = Query::Rich(it.query.clone());
            page(&it, &query, stub).await
        }
        "composite" => {
            let attributes: Vec<&str> = it.attributes.iter().map(String::as_str).collect();
            let key = keys::create_composite_key(&it.r#type, &attributes);
            key.map(Value::from).map_err(|e| e.to_string())
        }
        "split" => {
            let parts = keys::split_composite_key(&it.key).map_err(|e| e.to_string())?;
            Ok(json!({"type": parts.0, "attributes": parts.1}))
        }
        "history" => {
            let mut history = stub.get_history(&it.key).await.map_err(words)?;
            let mut all = Vec::new();
            while it.most.is_none_or(|most| all.len() < most) {
                let Some(found) = history.next(stub).await.map_err(words)? else {
                    break;
                };
                all.push(json!({
                    "value": shown(Some(found.value)),
                    "is_delete": found.is_delete,
                    "tx_id": found.tx_id.as_str(),
                    "timestamp": time(found.timestamp),
                }));
            }
            history.close(stub).await.map_err(words)?;
            Ok(all.into())
        }
        "invoke" => {
            let args: Vec<Bytes> = it.args.into_iter().map(|arg| content(Some(arg))).collect();
            let channel = (!it.channel.is_empty()).then(|| it.channel.as_str().into());
            let called = it.chaincode.as_str().into();
            let answer = stub.invoke_on_channel(&called, channel.as_ref(), &args);
            // Fabric's shims hand out what the peer says as the answer's payload
            let answer = match answer.await {
                Ok(answer) => answer,
                Err(error) => Response {
                    status: 500,
                    message: String::new(),
                    payload: words(error).into(),
                },
            };
            Ok(json!({
                "status": answer.status,
                "message": answer.message,
                "payload": shown(Some(answer.payload)),
            }))
        }
        "event" => {
            stub.set_event(Event {
                name: it.name,
                payload: content(it.payload),
            });
            Ok(Value::Null)
        }
        "transient" => Ok(table(&invocation.transient)),
        "decorations" => Ok(table(&invocation.decorations)),
        "creator" => creator(&it, invocation),
        "tx" => {
            let args = &invocation.args;
            let function = args.first().map(|name| String::from_utf8_lossy(name));
            Ok(json!({
                "channel": invocation.channel.as_str(),
                "tx_id": invocation.tx_id.as_str(),
                "args": args.len(),
                "function": function,
                "parameters": args.len().saturating_sub(1),
                "args_slice": args.iter().map(Bytes::len).sum::<usize>(),
                "timestamp": time(invocation.timestamp),
            }))
        }
        "binding" => Ok(invocation.binding().to_string().into()),
        "signed_proposal" => {
            let signed = &invocation.signed_proposal;
            Ok(json!({
                "proposal": Digest::of(&signed.proposal).to_string(),
                "signature": Digest::of(&signed.signature).to_string(),
            }))
        }
        other => Err(format!("no such operation: {other}")),
    }
}

fn policy_of(it: &Operation) -> Result<Bytes, Failure> {
    let role = match it.role.as_str() {
        "MEMBER" => EndorserRole::Member,
        "PEER" => EndorserRole::Peer,
        other => return Err(format!("role type {other} does not exist")),
    };
    let mut policy = StateEndorsementPolicy::default();
    policy.add_organizations(role, it.orgs.iter().map(String::as_str));
    policy.remove_organizations(it.del.iter().map(String::as_str));
    Ok(policy.to_bytes())
}

fn partial(it: &Operation) -> Result<KeyRange, Failure> {
    let attributes: Vec<&str> = it.attributes.iter().map(String::as_str).collect();
    keys::create_composite_key(&it.r#type, &attributes).map_err(|e| e.to_string())?;
    Ok(keys::prefix(&it.r#type, &attributes))
}

async fn read<S: Stub>(it: &Operation, query: &Query, stub: &mut S) -> Result<Value, Failure> {
    let iterator: QueryIterator<Entry> = stub
        .open(it.collection.as_deref(), query)
        .await
        .map_err(words)?;
    let most = it.most.unwrap_or(usize::MAX);
    let (entries, _) = iterator.take(most, stub).await.map_err(words)?;
    if !it.brief {
        return Ok(entries.into_iter().map(entry).collect());
    }
    let brief = match (entries.first(), entries.last()) {
        (Some(first), Some(last)) => {
            json!({"count": entries.len(), "first": first.key, "last": last.key})
        }
        _ => json!({"count": 0}),
    };
    Ok(brief)
}

async fn page<S: Stub>(it: &Operation, query: &Query, stub: &mut S) -> Result<Value, Failure> {
    let size = u32::try_from(it.size).unwrap_or_default();
    let page = stub.get_query_page(query, size, &it.bookmark).await;
    let Page { entries, bookmark } = page.map_err(words)?;
    Ok(json!({
        "count": entries.len(),
        "entries": entries.into_iter().map(entry).collect::<Vec<_>>(),
        "bookmark": bookmark,
    }))
}

fn creator(it: &Operation, invocation: &Invocation) -> Result<Value, Failure> {
    let client = ClientIdentity::of(invocation).map_err(|e| e.to_string())?;
    let names = ["hf.Affiliation", "hf.EnrollmentID", "hf.Type"];
    let names = names.into_iter().chain(it.names.iter().map(String::as_str));
    let attributes: Map<String, Value> = names
        .map(|name| (name.to_owned(), client.attribute(name).into()))
        .collect();
    let units = ["client", "admin", "peer"].into_iter();
    let units = units.chain(it.ous.iter().map(String::as_str));
    let ous: Map<String, Value> = units
        .map(|unit| (unit.to_owned(), client.has_unit(unit).into()))
        .collect();
    let creator = Digest::of(&invocation.creator);
    Ok(json!({
        "creator": BASE64_STANDARD.encode(creator.as_bytes()),
        "msp_id": client.msp_id().as_str(),
        "id": client.id(),
        "attributes": attributes,
        "ous": ous,
        "certificate": Digest::of(client.certificate().der()).to_string(),
    }))
}

fn content(content: Option<Content>) -> Bytes {
    match content {
        None => Bytes::new(),
        Some(Content::Repeated { repeat, times }) => repeat.repeat(times).into(),
        Some(Content::Text(text)) => match text.strip_prefix("base64:") {
            Some(rest) => BASE64_STANDARD.decode(rest).unwrap_or_default().into(),
            None => text.into(),
        },
    }
}

/// A value as answers have it.
pub(crate) fn shown(value: Option<Bytes>) -> Value {
    let value = value.unwrap_or_default();
    match str::from_utf8(&value) {
        _ if value.is_empty() => Value::Null,
        _ if value.len() > LONGEST => format!("long:{}:{}", value.len(), Digest::of(&value)).into(),
        Ok(text) => text.into(),
        Err(_) => format!("base64:{}", BASE64_STANDARD.encode(&value)).into(),
    }
}

fn entry(entry: Entry) -> Value {
    json!({"key": entry.key, "value": shown(Some(entry.value))})
}

fn time(time: UnixTime) -> Value {
    json!({"seconds": time.seconds, "nanos": time.nanos})
}

fn table<'a>(values: impl IntoIterator<Item = (&'a String, &'a Bytes)>) -> Value {
    let values = values.into_iter();
    let values = values.map(|(name, value)| (name.clone(), shown(Some(value.clone()))));
    Value::Object(values.collect())
}

/// The peer's own words where it has said some.
fn words(error: StubError) -> Failure {
    match error {
        StubError::Refused { reason, .. } => reason,
        other => other.to_string(),
    }
}
