//! Arguments and results: from bytes to typed values, and back.

use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::error::ChaincodeError;
use crate::stub::words::shown;

/// Bytes that are passed as they are, as an argument or as a result. All other types are text or JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw(pub Bytes);

/// What a function takes as an argument: every type that serde reads and that has a JSON schema, and
/// [`Raw`].
///
/// Of a type whose schema is a string the argument is the text itself; of every other type it is
/// JSON. So `red` is a `String` (or an enum of names), `7` a number, `true` a `bool`, and
/// `{"id":"a1"}` a struct. Of an `Option` an empty argument is `None`.
// Fabric: fabric-contract-api-go, serializer/json_transaction_serializer.go
pub trait Argument: Sized + Send {
    /// The schema in the metadata document.
    fn schema(generator: &mut SchemaGenerator) -> Schema;

    /// The value of an argument in this form.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    fn read(form: ArgumentForm, given: &Bytes) -> Result<Self, String>;
}

/// What a function gives: every type that serde writes and that has a JSON schema, and [`Raw`].
///
/// A string is answered as it is, nothing (`()`, or an `Option` without a value) as no bytes, all
/// else as JSON whose members are sorted by name.
pub trait ReturnValue: Send {
    /// The schema in the metadata document.
    fn schema(generator: &mut SchemaGenerator) -> Schema;

    /// The payload of the response.
    ///
    /// # Errors
    /// `INTERNAL`, 500, where the value cannot be JSON.
    fn write(self) -> Result<Bytes, ChaincodeError>;
}

/// How an argument is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentForm {
    /// JSON.
    Json {
        /// Whether there may be none.
        nullable: bool,
    },
    /// The text itself.
    Text {
        /// Whether there may be none.
        nullable: bool,
    },
}

impl<T: DeserializeOwned + JsonSchema + Send> Argument for T {
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }

    fn read(form: ArgumentForm, given: &Bytes) -> Result<Self, String> {
        let text = str::from_utf8(given).map_err(|_| "it is not UTF-8".to_owned())?;
        let value = match form {
            _ if form.is_nullable() && text.is_empty() => serde_json::from_value(Value::Null),
            ArgumentForm::Json { .. } => serde_json::from_str(text),
            ArgumentForm::Text { .. } => serde_json::from_value(Value::String(text.to_owned())),
        };
        value.map_err(|error| error.to_string())
    }
}

impl Argument for Raw {
    fn schema(_: &mut SchemaGenerator) -> Schema {
        bytes_schema()
    }

    fn read(_: ArgumentForm, given: &Bytes) -> Result<Self, String> {
        Ok(Self(given.clone()))
    }
}

impl<T: Serialize + JsonSchema + Send> ReturnValue for T {
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }

    fn write(self) -> Result<Bytes, ChaincodeError> {
        Ok(match sorted(&self)? {
            Value::Null => Bytes::new(),
            Value::String(text) => text.into(),
            value => value.to_string().into(),
        })
    }
}

impl ReturnValue for Raw {
    fn schema(_: &mut SchemaGenerator) -> Schema {
        bytes_schema()
    }

    fn write(self) -> Result<Bytes, ChaincodeError> {
        Ok(self.0)
    }
}

impl ArgumentForm {
    /// The form of this type's arguments.
    pub(super) fn of<T: Argument>() -> Self {
        let mut generator = generator();
        let schema = T::schema(&mut generator);
        let definitions = Value::Object(generator.take_definitions(true));
        let known = KnownSchemas {
            definitions: &definitions,
        };
        let nullable = known.is_nullable(schema.as_value(), DEPTH);
        match known.is_text(schema.as_value(), DEPTH) {
            true => Self::Text { nullable },
            false => Self::Json { nullable },
        }
    }

    /// Whether there may be no argument.
    pub(super) const fn is_nullable(self) -> bool {
        match self {
            Self::Json { nullable } | Self::Text { nullable } => nullable,
        }
    }
}

/// What makes the schemas of the metadata document.
pub(super) fn generator() -> SchemaGenerator {
    let mut settings = SchemaSettings::draft07();
    settings.definitions_path = "/components/schemas".into();
    settings.into_generator()
}

/// What a schema asks for, in words: ``a whole number (`uint32`)``.
pub(super) fn expected(schema: &Schema) -> String {
    let of = |name: &str| schema.get(name).and_then(Value::as_str);
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|k| *k != NULL),
        kind => kind.and_then(Value::as_str),
    };
    let format = of("format").map_or_else(String::new, |format| format!(" (`{format}`)"));
    match (kind, of("$ref").and_then(|path| path.rsplit('/').next())) {
        (Some("string"), _) => format!("text{format}"),
        (Some("integer"), _) => format!("a whole number{format}"),
        (Some("number"), _) => format!("a number{format}"),
        (Some("boolean"), _) => "`true` or `false`".to_owned(),
        (Some("array"), _) => "a JSON array".to_owned(),
        (Some("object"), _) => "a JSON object".to_owned(),
        (_, Some(name)) => format!("`{name}`"),
        _ => "JSON".to_owned(),
    }
}

/// The name of the type that holds no value.
const NULL: &str = "null";

/// How many references of a schema are followed.
const DEPTH: usize = 16;

fn bytes_schema() -> Schema {
    let mut schema = Schema::default();
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("format".to_owned(), json!("binary"));
    schema
}

/// Schemas, with those that they name.
struct KnownSchemas<'a> {
    definitions: &'a Value,
}

impl<'a> KnownSchemas<'a> {
    /// Whether every value but null is a string.
    fn is_text(&self, schema: &'a Value, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        if let Some(of) = self.named(schema) {
            return self.is_text(of, depth);
        }
        if let Some(all) = alternatives(schema) {
            let mut some = all.iter().filter(|of| !is_null(of)).peekable();
            return some.peek().is_some() && some.all(|of| self.is_text(of, depth));
        }
        match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().all(|kind| kind == "string" || kind == NULL),
            Some(kind) => kind == "string",
            None => schema.get("const").is_some_and(Value::is_string),
        }
    }

    /// Whether null is a value.
    fn is_nullable(&self, schema: &'a Value, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        if let Some(of) = self.named(schema) {
            return self.is_nullable(of, depth);
        }
        if let Some(all) = alternatives(schema) {
            return all.iter().any(|of| self.is_nullable(of, depth));
        }
        match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == NULL),
            kind => kind.is_some_and(|kind| kind == NULL),
        }
    }

    fn named(&self, schema: &Value) -> Option<&'a Value> {
        let name = schema.get("$ref")?.as_str()?.rsplit('/').next()?;
        self.definitions.get(name)
    }
}

fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    let all = schema.get("anyOf").or_else(|| schema.get("oneOf"))?;
    all.as_array()
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == NULL)
}

/// A value as JSON whose members are sorted by name, so that all endorsers write the same.
fn sorted<T: Serialize + ?Sized>(value: &T) -> Result<Value, ChaincodeError> {
    let value = serde_json::to_value(value);
    let mut value = value
        .map_err(|error| ChaincodeError::internal(format!("a value cannot be JSON: {error}")))?;
    // any crate of a build can have serde_json keep the order in which members came
    value.sort_all_objects();
    Ok(value)
}

/// A value as JSON. Members of objects are sorted by name.
///
/// # Errors
/// `INTERNAL`, 500, where the value cannot be JSON.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, ChaincodeError> {
    Ok(sorted(value)?.to_string().into())
}

/// A value of the ledger that is JSON; the key is for the words of the refusal.
///
/// # Errors
/// `STATE_CORRUPT`, 500.
pub fn from_json<T: DeserializeOwned>(key: &str, value: &[u8]) -> Result<T, ChaincodeError> {
    serde_json::from_slice(value).map_err(|error| {
        let text = format!(
            "the value of `{}` is not the JSON that it should be: {error}",
            shown(key)
        );
        ChaincodeError::new(500, "STATE_CORRUPT", text)
    })
}

/// Private data or a transient field that is JSON.
///
/// # Errors
/// Where in the text it is not, and nothing of the text.
// SECURITY: serde's words quote values, and refusals are seen and logged where private data is not.
pub(super) fn from_secret_json<T: DeserializeOwned>(value: &[u8]) -> Result<T, String> {
    serde_json::from_slice(value).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("is not the JSON that it should be, at line {line} column {column}")
    })
}
