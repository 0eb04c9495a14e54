//! `org.hyperledger.fabric:GetMetadata`: the functions as data, in the form that contracts written
//! with Fabric's contract api have.
// Fabric: fabric-contract-api-go, metadata/schema/schema.json

use serde_json::{Value, json};

use super::{
    functions::{Access, Parameter, SERVED, Served},
    schemas::{components, schema},
};

/// The contract, and the one that Fabric's contract api adds to every chaincode.
const OWN: &str = "cmscc";
const SYSTEM: &str = "org.hyperledger.fabric";

/// The document, whole.
pub(crate) fn document() -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let (mut own, mut system) = (Vec::new(), Vec::new());
    for served in SERVED {
        match served.name.strip_prefix(SYSTEM) {
            Some(name) => system.push(transaction(served, name.trim_start_matches(':'))),
            None => own.push(transaction(served, served.name)),
        }
    }
    json!({
        "$schema": "https://hyperledger.github.io/fabric-chaincode-node/main/api/contract-schema.json",
        "components": { "schemas": components() },
        "contracts": {
            OWN: {
                "default": true,
                "info": {
                    "description": "Functions are called by their names alone, without the name of \
                                    the contract.",
                    "title": OWN,
                    "version": version,
                },
                "name": OWN,
                "transactions": own,
            },
            SYSTEM: {
                "info": {
                    "title": SYSTEM,
                    "version": version,
                },
                "name": SYSTEM,
                "transactions": system,
            },
        },
        "info": {
            "description": "Changes of the channel's config: proposed, signed and proven on its \
                            ledger.",
            "license": { "name": env!("CARGO_PKG_LICENSE") },
            "title": "cmscc, the consortium management chaincode",
            "version": version,
        },
    })
}

fn transaction(served: &Served, name: &str) -> Value {
    let tags = match served.access {
        Access::Evaluate => ["evaluate", "EVALUATE"],
        Access::Submit => ["submit", "SUBMIT"],
    };
    let last = served.parameters.len().saturating_sub(1);
    let parameters: Vec<Value> = (served.parameters.iter().enumerate())
        .map(|(at, one)| parameter(one, served.repeats && at == last))
        .collect();
    json!({
        "name": name,
        "parameters": parameters,
        "returns": schema(served.returns),
        "tag": tags,
    })
}

fn parameter(one: &Parameter, repeats: bool) -> Value {
    let about = match repeats {
        true => format!("{}; may be repeated, an argument each", one.about),
        false => one.about.to_owned(),
    };
    json!({
        "description": about,
        "name": one.name,
        "required": one.required,
        "schema": schema(one.schema),
    })
}
