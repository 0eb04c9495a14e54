//! The metadata document says what the router does: names, arguments, answers, writes.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cmscc::contract::function_names;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    calls::Call,
    captures::CAPTURES,
    determinism::cases,
    people::person,
    world::{Server, World, founded, symbol_of, trusting},
};

const METADATA: &str = "org.hyperledger.fabric:GetMetadata";

async fn document() -> Value {
    static DOCUMENT: tokio::sync::OnceCell<Value> = tokio::sync::OnceCell::const_new();
    let read = || async {
        let world = World::new(trusting());
        let call = world.invocation(&person("Org1MSP"), Call::of(METADATA));
        let (response, _) = world.server.simulate(&world.ledger, &call).await;
        serde_json::from_slice(&response.payload).unwrap()
    };
    DOCUMENT.get_or_init(read).await.clone()
}

/// Every transaction by the name that is called.
fn transactions(document: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (contract, content) in document["contracts"].as_object().unwrap() {
        for one in content["transactions"].as_array().unwrap() {
            let name = one["name"].as_str().unwrap();
            let called = match contract.as_str() {
                "cmscc" => name.to_owned(),
                other => format!("{other}:{name}"),
            };
            assert!(all.insert(called, one.clone()).is_none(), "{name} twice");
        }
    }
    all
}

fn parameters(transaction: &Value) -> Vec<(&str, bool)> {
    let parameters = transaction["parameters"].as_array().unwrap().iter();
    parameters
        .map(|one| (one["name"].as_str().unwrap(), one["required"] == true))
        .collect()
}

fn tag(transaction: &Value) -> &str {
    transaction["tag"][0].as_str().unwrap()
}

#[tokio::test]
async fn every_function_that_is_served_is_described_and_the_reverse() {
    let document = document().await;
    let described: BTreeSet<String> = transactions(&document).into_keys().collect();
    let served: BTreeSet<String> = function_names().map(str::to_owned).collect();
    assert_eq!(described, served);
    let (mut world, _) = founded().await;
    for name in &described {
        let call = world.invocation(&person("Org1MSP"), Call::of(name));
        let (response, _) = world.submit(&call).await;
        assert_ne!(symbol_of(&response), "UNKNOWN_FUNCTION", "{name}");
    }
}

/// Arguments are counted before anything is read, so any text will do.
#[tokio::test]
async fn functions_take_exactly_the_arguments_described() {
    let document = document().await;
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    for (name, transaction) in transactions(&document) {
        let parameters = parameters(&transaction);
        let required = parameters.iter().filter(|(_, required)| *required).count();
        assert!(
            parameters.iter().map(|(_, required)| !required).is_sorted(),
            "{name}"
        );
        let repeats = matches!(
            name.as_str(),
            "CheckProposal" | "Init" | "InitConsortium" | "SyncConfig"
        );
        for count in 0..parameters.len() + 3 {
            let call = (0..count).fold(Call::of(&name), |call, _| call.and("!"));
            let call = world.invocation(&org1, call);
            let (response, _) = world.server.simulate(&world.ledger, &call).await;
            let fits = count >= required && (repeats || count <= parameters.len());
            let refused = symbol_of(&response) == "ARGUMENT_COUNT";
            assert_eq!(fits, !refused, "{name} with {count}: {}", response.message);
            if refused {
                for (place, (parameter, required)) in parameters.iter().enumerate() {
                    let shown = match (required, repeats && place + 1 == parameters.len()) {
                        (true, false) => (*parameter).to_owned(),
                        (true, true) => format!("{parameter}, [...]"),
                        (false, false) => format!("[{parameter}]"),
                        (false, true) => format!("[{parameter}, ...]"),
                    };
                    assert!(response.message.contains(&shown), "{}", response.message);
                }
            }
        }
        // an empty one is an absent one
        for (empty, (parameter, _)) in parameters.iter().take(required).enumerate() {
            let call = (0..required).fold(Call::of(&name), |call, place| {
                call.and(if place == empty { "" } else { "!" })
            });
            let message = world.refused(&org1, call, "ARGUMENT_COUNT").await;
            let missing = format!("argument `{parameter}`");
            assert!(message.contains(&missing), "{message}");
        }
    }
}

#[tokio::test]
async fn calls_write_and_answer_as_described() {
    let document = document().await;
    let transactions = transactions(&document);
    let mut written = BTreeSet::new();
    let mut answered = BTreeSet::new();
    for (ledger, call) in cases(CAPTURES[0]).await {
        let name = std::str::from_utf8(&call.args[0]).unwrap();
        let (response, set) = trusting().simulate(&ledger, &call).await;
        if !response.is_success() {
            continue;
        }
        let described = &transactions[name];
        if !set.writes.is_empty() {
            assert_eq!(tag(described), "submit", "{name} writes");
            written.insert(name.to_owned());
        }
        // ids of the older interface are plain text
        let text = String::from_utf8(response.payload.to_vec()).unwrap();
        let answer = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let schema = &described["returns"];
        if let Err(why) = conforms(&document, schema, &answer) {
            panic!("{name}: {why}");
        }
        answered.insert(name.to_owned());
    }
    let submitted: BTreeSet<String> = transactions
        .iter()
        .filter(|(_, one)| tag(one) == "submit")
        .map(|(name, _)| name.clone())
        .filter(|name| !name.contains("Orgnization"))
        .collect();
    // a recovery needs an anchor, an MSP of one's own a file of one's own; `Init` wrote nothing here
    let elsewhere = ["Init", "RecoverConfig", "ReconfigOrganizationMSP"];
    for name in submitted {
        let known = elsewhere.contains(&name.as_str());
        assert!(known != written.contains(&name), "{name}");
    }
    for name in transactions.keys() {
        let elsewhere = ["RecoverConfig", "ReconfigOrganizationMSP"].contains(&name.as_str());
        let known = elsewhere || name.contains("Orgnization");
        assert!(known != answered.contains(name), "{name}");
    }
}

/// Programs rely on these: more may come, none goes.
#[tokio::test]
async fn public_names_stay() {
    let document = document().await;
    let transactions = transactions(&document);
    let synced =
        "channel_id epoch sequence block_number block_hash config_sha256 added known applied";
    let proposed = "proposal_id revision config_update_sha256";
    let link = "sequence block_number block_hash config_sha256 config_update_sha256";
    let signer = "msp_id subject fingerprint";
    let ended = "proposal_id as_of_sequence";
    for (function, path, names) in [
        ("InitConsortium", "", synced),
        ("Init", "", synced),
        ("SyncConfig", "", synced),
        ("RecoverConfig", "", synced),
        ("SyncConfig", "added", link),
        ("SyncConfig", "known", link),
        ("ProposeConfigUpdate", "", proposed),
        ("AddOrganization", "", proposed),
        ("ReconfigOrganizationMSP", "", proposed),
        ("CombineProposals", "", proposed),
        ("ProposeSettings", "", proposed),
        ("ApplySettings", "", "proposal_id version"),
        (
            "AddSignature",
            "",
            "proposal_id revision added already refused",
        ),
        ("AddSignature", "added", signer),
        ("AddSignature", "already", signer),
        (
            "AddSignature",
            "refused",
            "msp_id subject fingerprint code reason",
        ),
        (
            "GetProposal",
            "",
            "proposal_id kind description proposer_msp_id tx_id created_at deadline revision \
             base_sequence as_of_sequence status status_detail not_checked \
             still_effective_if_submitted applied_revision patch config_update \
             config_update_sha256 config_update_to_sign config_update_envelope_to_submit \
             signatures consent_trail votes explanation lint diff endorsement outcome archived",
        ),
        (
            "GetProposal",
            "signatures",
            "msp_id subject fingerprint counts reason config_signature",
        ),
        (
            "GetProposal",
            "votes",
            "msp_id reason sequence former_member",
        ),
        ("ListProposals", "", "proposals bookmark as_of_sequence"),
        (
            "ListProposals",
            "proposals",
            "proposal_id kind description proposer_msp_id revision status signed_by missing",
        ),
        ("UpdateProposals", "", "archived recomputed left"),
        ("UpdateProposals", "archived", "proposal_id outcome"),
        ("UpdateProposals", "recomputed", proposed),
        ("UpdateProposals", "left", "proposal_id status reason"),
        ("RejectProposal", "", ended),
        ("WithdrawProposal", "", ended),
        ("DeleteProposal", "", ended),
        ("AttestCapabilities", "", "msp_id as_of_sequence"),
        (
            "GetConfig",
            "",
            "epoch sequence block_number block_hash config_sha256 config",
        ),
        ("GetConfigChain", "", "chain"),
        ("GetConfigChain", "chain", link),
        (
            "getProposal",
            "",
            "creator proposal_type proposal_data description signatures",
        ),
    ] {
        let find = |schema: &Value| match schema["$ref"].as_str() {
            Some(reference) => document
                .pointer(reference.trim_start_matches('#'))
                .unwrap()
                .clone(),
            None => schema.clone(),
        };
        let mut shape = find(&transactions[function]["returns"]);
        if !path.is_empty() {
            shape = find(&shape["properties"][path]["items"]);
        }
        let required = shape["required"].as_array().unwrap();
        for name in names.split_whitespace() {
            assert!(required.contains(&json!(name)), "{function} {path}: {name}");
        }
    }
}

/// Panics where the answer of a function is not what the document describes.
pub(crate) async fn check_answer(function: &str, answer: &Value) {
    let document = Box::pin(document()).await;
    let described = transactions(&document);
    if let Err(why) = conforms(&document, &described[function]["returns"], answer) {
        panic!("{function}: {why}");
    }
}

/// Whether a value fits a schema of the document; of the words of JSON schema those that it uses.
fn conforms(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let Some(words) = schema.as_object() else {
        return Err(format!("no schema: {schema}"));
    };
    if let Some(reference) = words.get("$ref") {
        let pointer = reference.as_str().unwrap().trim_start_matches('#');
        let shape = document.pointer(pointer);
        return conforms(document, shape.ok_or(pointer)?, value);
    }
    let is = |kind: &str| match kind {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    };
    let fits = match words.get("type") {
        None => true,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| is(kind.as_str().unwrap())),
        Some(kind) => is(kind.as_str().unwrap()),
    };
    if !fits {
        return Err(format!("{value} is not {schema}"));
    }
    if let (Some(pattern), Some(text)) = (words.get("pattern"), value.as_str()) {
        let legal = match pattern.as_str().unwrap() {
            "^[0-9a-f]{64}$" => cmscc::ids::Digest::from_hex(text).is_some(),
            "^[A-Za-z0-9_.-]{3,64}$" => {
                (3..=64).contains(&text.len())
                    && text
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
            }
            other => panic!("pattern {other}"),
        };
        if !legal {
            return Err(format!("`{text}` does not match {pattern}"));
        }
    }
    if let (Some(format), Some(text)) = (words.get("format"), value.as_str()) {
        let legal = match format.as_str().unwrap() {
            "byte" => STANDARD.decode(text).is_ok(),
            "date-time" => text.ends_with('Z') && OffsetDateTime::parse(text, &Rfc3339).is_ok(),
            other => panic!("format {other}"),
        };
        if !legal {
            return Err(format!("`{text}` is no {format}"));
        }
    }
    if let (Some(items), Some(values)) = (words.get("items"), value.as_array()) {
        for one in values {
            conforms(document, items, one)?;
        }
    }
    let Some(members) = value.as_object() else {
        return Ok(());
    };
    for name in words
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if !members.contains_key(name.as_str().unwrap()) {
            return Err(format!("{name} is missing"));
        }
    }
    let known = words.get("properties");
    for (name, one) in members {
        match (
            known.and_then(|known| known.get(name)),
            words.get("additionalProperties"),
        ) {
            (Some(schema), _) => {
                conforms(document, schema, one).map_err(|why| format!("{name}: {why}"))?;
            }
            (None, Some(Value::Bool(false))) => return Err(format!("`{name}` is not described")),
            (None, Some(schema)) => conforms(document, schema, one)?,
            (None, None) => {}
        }
    }
    Ok(())
}

/// The form of Fabric's contract api, by the words that its schema allows.
#[tokio::test]
async fn the_document_has_the_form_of_the_contract_api() {
    let document = document().await;
    let keys = |value: &Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let set =
        |names: &[&str]| -> BTreeSet<String> { names.iter().map(|n| (*n).to_owned()).collect() };
    assert_eq!(
        keys(&document),
        set(&["$schema", "components", "contracts", "info"])
    );
    let info = |info: &Value| {
        for name in ["title", "version"] {
            assert!(info[name].is_string(), "{info}");
        }
    };
    info(&document["info"]);
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    for (name, contract) in document["contracts"].as_object().unwrap() {
        assert_eq!(contract["name"], json!(name));
        info(&contract["info"]);
        for transaction in contract["transactions"].as_array().unwrap() {
            assert_eq!(
                keys(transaction),
                set(&["name", "parameters", "returns", "tag"])
            );
            assert!(["submit", "evaluate"].contains(&tag(transaction)));
            let mut names = BTreeSet::new();
            for parameter in transaction["parameters"].as_array().unwrap() {
                assert_eq!(
                    keys(parameter),
                    set(&["description", "name", "required", "schema"])
                );
                assert!(!parameter["description"].as_str().unwrap().is_empty());
                assert!(names.insert(parameter["name"].as_str().unwrap()));
            }
        }
    }
    for (name, shape) in document["components"]["schemas"].as_object().unwrap() {
        assert!(shape["properties"].is_object(), "{name}");
    }
    // every schema has words of the api's only, and every reference leads to a shape that is used
    let mut used = BTreeSet::new();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix("#/components/schemas/").unwrap();
            assert!(
                document["components"]["schemas"][name].is_object(),
                "{reference}"
            );
            used.insert(name.to_owned());
        }
        match value {
            Value::Object(members) => open.extend(members.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    // those that may only be null stand where they are used
    let inlined = set(&[
        "AuditOutcome",
        "Contrast",
        "Diff",
        "Endorsement",
        "EvaluatedPolicies",
        "Lint",
        "OutdatedBy",
        "Proof",
        "ProposedSettings",
        "Recording",
        "Relations",
    ]);
    let all = keys(&document["components"]["schemas"]);
    assert_eq!(&all - &used, inlined);
    let mut schemas = Vec::new();
    for transaction in transactions(&document).values() {
        schemas.push(transaction["returns"].clone());
        for parameter in transaction["parameters"].as_array().unwrap() {
            schemas.push(parameter["schema"].clone());
        }
    }
    schemas.extend(
        document["components"]["schemas"]
            .as_object()
            .unwrap()
            .values()
            .cloned(),
    );
    let words = set(&[
        "$ref",
        "additionalProperties",
        "format",
        "items",
        "maxItems",
        "maximum",
        "minimum",
        "pattern",
        "properties",
        "required",
        "type",
    ]);
    while let Some(schema) = schemas.pop() {
        assert!(keys(&schema).is_subset(&words), "{schema}");
        schemas.extend(schema.get("items").cloned());
        schemas.extend(
            schema
                .get("additionalProperties")
                .filter(|one| one.is_object())
                .cloned(),
        );
        let members = schema.get("properties").and_then(Value::as_object);
        schemas.extend(members.into_iter().flat_map(|m| m.values().cloned()));
    }
}
