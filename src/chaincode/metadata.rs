//! `org.hyperledger.fabric:GetMetadata`: the functions as data, as clients of Fabric's contract API
//! know them.
// Fabric: fabric-contract-api-go, metadata/schema/schema.json

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::{function::NamedFunction, value::generator};

/// The short name of the function.
pub(super) const FUNCTION: &str = "GetMetadata";

/// Its name in the contract that Fabric's contract API adds to every chaincode.
pub(super) const LONG_FUNCTION: &str = "org.hyperledger.fabric:GetMetadata";

const SYSTEM: &str = "org.hyperledger.fabric";

/// What a contract says of itself.
pub(super) struct ContractInfo {
    pub(super) name: String,
    pub(super) version: String,
    /// Empty where it says nothing.
    pub(super) description: String,
}

/// The document, whole.
pub(super) fn document<'a>(
    contract: &ContractInfo,
    functions: impl Iterator<Item = &'a NamedFunction>,
) -> Value {
    let mut generator = generator();
    let own: Vec<Value> = functions
        .map(|function| transaction(function, &mut generator))
        .collect();
    let (name, version) = (&contract.name, &contract.version);
    let mut info = json!({ "title": name, "version": version });
    if let Some(info) = info
        .as_object_mut()
        .filter(|_| !contract.description.is_empty())
    {
        info.insert("description".to_owned(), json!(contract.description));
    }
    json!({
        "$schema": "https://hyperledger.github.io/fabric-chaincode-node/main/api/contract-schema.json",
        "components": { "schemas": generator.take_definitions(true) },
        "contracts": {
            name: {
                "default": true,
                "info": info,
                "name": name,
                "transactions": own,
            },
            SYSTEM: {
                "info": { "title": SYSTEM, "version": version },
                "name": SYSTEM,
                "transactions": [{
                    "name": FUNCTION,
                    "parameters": [],
                    "returns": { "type": "object" },
                    "tag": tags(true),
                }],
            },
        },
        "info": info,
    })
}

fn transaction(function: &NamedFunction, generator: &mut SchemaGenerator) -> Value {
    let required = function.required();
    let parameters = function.parameters.iter().enumerate().map(|(at, one)| {
        json!({
            "name": one.name,
            "required": at < required,
            "schema": (one.schema)(generator),
        })
    });
    let parameters: Vec<Value> = parameters.collect();
    let mut transaction = Map::new();
    transaction.insert("name".to_owned(), json!(function.name));
    transaction.insert("parameters".to_owned(), Value::Array(parameters));
    let returns = (function.returns)(generator);
    // nothing is returned
    if returns.get("type").is_none_or(|kind| kind != "null") {
        transaction.insert("returns".to_owned(), returns.to_value());
    }
    transaction.insert("tag".to_owned(), tags(function.is_evaluate));
    Value::Object(transaction)
}

fn tags(is_evaluate: bool) -> Value {
    match is_evaluate {
        true => json!(["evaluate", "EVALUATE"]),
        false => json!(["submit", "SUBMIT"]),
    }
}
