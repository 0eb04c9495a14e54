//! `org.hyperledger.fabric:GetMetadata`: the functions as data, as clients of Fabric's contract API
//! know them.
//!
//! The schema of such documents has fewer words than JSON Schema, and its components are objects. What
//! `schemars` makes of a type is said in its words ([`TypeSchemas`]); words of single names of an enum are
//! lost thereby. Left as they are, and not valid there, are maps whose keys are numbers
//! (`patternProperties`) and words that a type asks for itself, where an argument or a result has them
//! and not the type of a field.
// Fabric: fabric-contract-api-go, metadata/schema/schema.json

use std::collections::BTreeSet;

use schemars::{Schema, SchemaGenerator};
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
    let functions: Vec<Described<'_>> = functions
        .map(|function| Described::of(function, &mut generator))
        .collect();
    let mut shapes = TypeSchemas {
        definitions: generator.take_definitions(true),
        ..TypeSchemas::default()
    };
    let own: Vec<Value> = functions
        .into_iter()
        .map(|function| function.transaction(&mut shapes))
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
        "components": { "schemas": shapes.components() },
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

/// A function with the schemas that its types have.
struct Described<'a> {
    function: &'a NamedFunction,
    parameters: Vec<Value>,
    returns: Value,
}

impl<'a> Described<'a> {
    fn of(function: &'a NamedFunction, generator: &mut SchemaGenerator) -> Self {
        let parameters = function.parameters.iter();
        let parameters = parameters.map(|one| made((one.schema)(generator), generator));
        Self {
            function,
            parameters: parameters.collect(),
            returns: made((function.returns)(generator), generator),
        }
    }

    fn transaction(self, shapes: &mut TypeSchemas) -> Value {
        let required = self.function.required();
        let parameters = self.function.parameters.iter().zip(&self.parameters);
        let parameters = parameters.enumerate().map(|(at, (one, schema))| {
            json!({
                "name": one.name,
                "required": at < required,
                "schema": shapes.schema(schema),
            })
        });
        let parameters: Vec<Value> = parameters.collect();
        let mut transaction = Map::new();
        transaction.insert("name".to_owned(), json!(self.function.name));
        transaction.insert("parameters".to_owned(), Value::Array(parameters));
        // nothing is returned
        if !is_null(&self.returns) {
            transaction.insert("returns".to_owned(), shapes.schema(&self.returns));
        }
        transaction.insert("tag".to_owned(), tags(self.function.is_evaluate));
        Value::Object(transaction)
    }
}

/// A schema in the words of draft 07, as those of the definitions are.
fn made(mut schema: Schema, generator: &mut SchemaGenerator) -> Value {
    for transform in generator.transforms_mut() {
        transform.transform(&mut schema);
    }
    schema.to_value()
}

fn tags(is_evaluate: bool) -> Value {
    match is_evaluate {
        true => json!(["evaluate", "EVALUATE"]),
        false => json!(["submit", "SUBMIT"]),
    }
}

/// Says schemas in the words of the contract schema.
#[derive(Default)]
struct TypeSchemas {
    /// What types with names are, as `schemars` says it.
    definitions: Map<String, Value>,
    /// The definitions that are being written out where they are used.
    open: Vec<String>,
    /// Definitions that are no objects and are still named: they hold themselves.
    named: BTreeSet<String>,
    /// Definitions that are used where there may be none.
    optional: BTreeSet<String>,
}

impl TypeSchemas {
    /// A schema, at any depth.
    fn schema(&mut self, schema: &Value) -> Value {
        let Value::Object(words) = schema else {
            return match schema {
                Value::Bool(true) => json!({}),
                other => other.clone(),
            };
        };
        if let Some(name) = reference(schema) {
            return self.named(name, schema);
        }
        let mut said = Map::new();
        for (word, value) in words {
            let (word, value) = match word.as_str() {
                "properties" | "patternProperties" => (word.as_str(), self.members(value)),
                "items" | "allOf" | "anyOf" | "oneOf" => (word.as_str(), self.each(value)),
                // a truth value may stand here
                "additionalProperties" if !value.is_boolean() => {
                    (word.as_str(), self.schema(value))
                }
                "const" => ("enum", json!([value])),
                word => (word, value.clone()),
            };
            said.insert(word.to_owned(), value);
        }
        self.alternatives(&mut said);
        Value::Object(said)
    }

    /// All named schemas, each with its name in `$id`, and with `properties` although it is a choice.
    fn components(mut self) -> Map<String, Value> {
        let names: Vec<String> = self.definitions.keys().cloned().collect();
        let mut components = Map::new();
        for name in &names {
            let component = self.component(name);
            components.insert(name.clone(), component);
        }
        components.retain(|name, _| self.is_component(name) || self.named.contains(name));
        for name in &self.optional {
            let mut optional = match components.get(name) {
                Some(Value::Object(one))
                    if one.get("type").is_some_and(|kind| kind == "object") =>
                {
                    let mut one = one.clone();
                    one.insert("type".to_owned(), json!(["object", NULL]));
                    one
                }
                _ => {
                    let mut one = Map::new();
                    one.insert("anyOf".to_owned(), json!([named(name), { "type": NULL }]));
                    one.insert("properties".to_owned(), json!({}));
                    one
                }
            };
            let name = format!("{OPTIONAL}{name}");
            optional.insert("$id".to_owned(), json!(name));
            components.insert(name, Value::Object(optional));
        }
        components
    }

    fn component(&mut self, name: &str) -> Value {
        let definition = self.definitions.get(name).cloned().unwrap_or_default();
        self.open.push(name.to_owned());
        let mut component = self.schema(&definition);
        self.open.pop();
        if let Some(words) = component.as_object_mut() {
            words.insert("$id".to_owned(), json!(name));
            words.entry("properties").or_insert_with(|| json!({}));
        }
        component
    }

    /// A reference; what it leads to where that is no object.
    fn named(&mut self, name: &str, reference: &Value) -> Value {
        if self.is_component(name) {
            return reference.clone();
        }
        let Some(definition) = self.definitions.get(name).cloned() else {
            return reference.clone();
        };
        if self.open.iter().any(|open| open == name) {
            self.named.insert(name.to_owned());
            return reference.clone();
        }
        self.open.push(name.to_owned());
        let schema = self.schema(&definition);
        self.open.pop();
        schema
    }

    /// Whether a definition can stand among the components, which are objects: it is one, or a choice
    /// that is no list of names.
    fn is_component(&self, name: &str) -> bool {
        let Some(definition) = self.definitions.get(name) else {
            return false;
        };
        let is_choice = ["allOf", "anyOf", "oneOf"]
            .iter()
            .any(|word| definition.get(word).is_some());
        let is_object = definition.get("type").is_some_and(|kind| kind == "object");
        is_object || is_choice && names(definition.get("oneOf")).is_none()
    }

    /// Names instead of a choice among names; one schema instead of a choice between it and nothing.
    fn alternatives(&mut self, said: &mut Map<String, Value>) {
        if let Some(names) = names(said.get("oneOf")) {
            said.remove("oneOf");
            said.insert("type".to_owned(), json!("string"));
            said.insert("enum".to_owned(), Value::Array(names));
        }
        let Some([one, none]) = said
            .get("anyOf")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
        else {
            return;
        };
        if !is_null(none) {
            return;
        }
        let mut words = match (reference(one), one) {
            (Some(name), _) => {
                let optional = format!("{OPTIONAL}{name}");
                if !self.is_component(name) || self.definitions.contains_key(&optional) {
                    return;
                }
                self.optional.insert(name.to_owned());
                // beside a reference nothing is read
                said.remove("anyOf");
                match said.is_empty() {
                    true => *said = named(&optional),
                    false => {
                        said.insert("allOf".to_owned(), json!([named(&optional)]));
                    }
                }
                return;
            }
            (None, Value::Object(words)) => words.clone(),
            _ => return,
        };
        match words.get_mut("type") {
            Some(Value::Array(kinds)) if kinds.iter().any(|kind| kind == NULL) => {}
            Some(kind) if kind.is_string() => *kind = json!([kind.clone(), NULL]),
            _ => return,
        }
        if let Some(Value::Array(values)) = words.get_mut("enum")
            && !values.contains(&Value::Null)
        {
            values.push(Value::Null);
        }
        said.remove("anyOf");
        words.append(said);
        *said = words;
    }

    fn members(&mut self, members: &Value) -> Value {
        let members = members.as_object().into_iter().flatten();
        let members = members.map(|(name, one)| (name.clone(), self.schema(one)));
        Value::Object(members.collect())
    }

    fn each(&mut self, schemas: &Value) -> Value {
        match schemas {
            Value::Array(all) => all.iter().map(|one| self.schema(one)).collect(),
            one => self.schema(one),
        }
    }
}

/// The kind of no value.
const NULL: &str = "null";

/// What stands before the name of a schema for what may be missing, as `schemars` has it.
const OPTIONAL: &str = "Nullable_";

const COMPONENTS: &str = "#/components/schemas/";

fn named(name: &str) -> Map<String, Value> {
    Map::from_iter([("$ref".to_owned(), json!(format!("{COMPONENTS}{name}")))])
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(COMPONENTS)
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == NULL)
}

/// The names that a choice is among, where it is among names only.
fn names(choice: Option<&Value>) -> Option<Vec<Value>> {
    let mut names = Vec::new();
    for one in choice?.as_array()? {
        if one.get("type").is_none_or(|kind| kind != "string") {
            return None;
        }
        match (one.get("enum"), one.get("const")) {
            (Some(Value::Array(some)), _) => names.extend(some.iter().cloned()),
            (_, Some(name)) => names.push(name.clone()),
            _ => return None,
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::chaincode::{ChaincodeError, ContractChaincode, TransactionContext};

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Color {
        /// As the sky.
        Blue,
        Red,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Node {
        color: Color,
        /// What it would rather have.
        wish: Option<Color>,
        next: Option<Box<Self>>,
        /// Where it comes from.
        last: Option<Box<Self>>,
        any: Value,
        tuple: (u8, Color),
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    enum Choice {
        Number(u8),
        Node(Box<Node>),
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct List(Vec<Self>);

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Empty {}

    type Given<T> = Result<T, ChaincodeError>;

    async fn take(
        _: &mut TransactionContext<'_>,
        _: Node,
        _: Color,
        _: (u8, Choice),
        _: Option<Choice>,
    ) -> Given<Option<Node>> {
        Ok(None)
    }

    async fn give(_: &mut TransactionContext<'_>, _: List, _: Empty) -> Given<Value> {
        Ok(Value::Null)
    }

    async fn map(_: &mut TransactionContext<'_>) -> Given<BTreeMap<String, Option<Color>>> {
        Ok(BTreeMap::new())
    }

    fn sample() -> Value {
        let contract = ContractChaincode::new("sample", "1.0")
            .submit("Take", ["node", "color", "pair", "choice"], take)
            .submit("Give", ["list", "empty"], give)
            .evaluate("Map", [], map);
        serde_json::from_str(&contract.metadata()).unwrap()
    }

    /// Whether a schema has words of the contract schema only.
    fn is_plain(schema: &Value) -> bool {
        // the words of the definition `schema`, of which the others are not met here
        let words = [
            "$ref",
            "additionalProperties",
            "allOf",
            "default",
            "description",
            "enum",
            "format",
            "items",
            "maxItems",
            "maximum",
            "minItems",
            "minimum",
            "properties",
            "required",
            "title",
            "type",
        ];
        let Value::Object(schema) = schema else {
            return false;
        };
        let all = |value: &Value| match value {
            Value::Array(all) => all.iter().all(is_plain),
            one => is_plain(one),
        };
        schema.iter().all(|(word, value)| match word.as_str() {
            "items" | "allOf" => all(value),
            "additionalProperties" => value.is_boolean() || is_plain(value),
            "properties" => value.as_object().unwrap().values().all(is_plain),
            word => words.contains(&word),
        })
    }

    #[test]
    fn arguments_and_results_have_words_of_the_contract_schema_only() {
        let document = sample();
        let transactions = &document["contracts"]["sample"]["transactions"];
        for one in transactions.as_array().unwrap() {
            assert!(is_plain(&one["returns"]), "{one}");
            for parameter in one["parameters"].as_array().unwrap() {
                assert!(is_plain(&parameter["schema"]), "{parameter}");
            }
        }
    }

    #[test]
    fn components_have_their_names_and_properties() {
        let document = sample();
        let components = document["components"]["schemas"].as_object().unwrap();
        for (name, component) in components {
            assert_eq!(component["$id"], json!(name));
            assert!(component["properties"].is_object(), "{name}");
        }
        let names: Vec<_> = components.keys().map(String::as_str).collect();
        let expected = [
            "Choice",
            "Empty",
            "List",
            "Node",
            "Nullable_Choice",
            "Nullable_Node",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn names_stand_where_they_are_used() {
        let document = sample();
        let color = json!({ "enum": ["red", "blue"], "type": "string" });
        let optional = json!({
            "description": "What it would rather have.",
            "enum": ["red", "blue", null],
            "type": ["string", "null"],
        });
        let transactions = &document["contracts"]["sample"]["transactions"];
        assert_eq!(transactions[2]["parameters"][1]["schema"], color);
        let node = &document["components"]["schemas"]["Node"];
        assert_eq!(node["properties"]["color"], color);
        assert_eq!(node["properties"]["wish"], optional);
        assert_eq!(node["properties"]["tuple"]["items"][1], color);
    }

    #[test]
    fn anything_is_a_schema_without_words() {
        let document = sample();
        let transactions = &document["contracts"]["sample"]["transactions"];
        assert_eq!(transactions[0]["returns"], json!({}));
        let node = &document["components"]["schemas"]["Node"];
        assert_eq!(node["properties"]["any"], json!({}));
    }

    #[test]
    fn what_may_be_missing_has_a_name_of_its_own() {
        let document = sample();
        let named = json!({ "$ref": "#/components/schemas/Nullable_Node" });
        let transactions = &document["contracts"]["sample"]["transactions"];
        assert_eq!(transactions[2]["returns"], named);
        let components = &document["components"]["schemas"];
        assert_eq!(components["Node"]["properties"]["next"], named);
        let described = json!({ "allOf": [named], "description": "Where it comes from." });
        assert_eq!(components["Node"]["properties"]["last"], described);
        let optional = &components["Nullable_Node"];
        assert_eq!(optional["type"], json!(["object", "null"]));
        assert_eq!(optional["properties"], components["Node"]["properties"]);
    }
}
