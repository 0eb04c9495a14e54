//! Selectors: which documents a query means.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{
    error::MangoError,
    order::{collate, integer, raw},
    path::{FieldPath, Lookup},
    pattern::Pattern,
};

/// A selector, or a part of one, as deep as its JSON, which serde_json bounds at 128.
#[derive(Debug, Clone)]
pub(super) enum Selector {
    All(Vec<Value>),
    AllMatch(Box<Self>),
    And(Vec<Self>),
    /// The empty selector, which means all documents.
    Any,
    BeginsWith(String),
    Compare(Comparison, Value),
    ElemMatch(Box<Self>),
    Exists(bool),
    Field(FieldPath, Box<Self>),
    In(Vec<Value>),
    KeyMapMatch(Box<Self>),
    Mod {
        divisor: i128,
        remainder: i128,
    },
    NotIn(Vec<Value>),
    Nor(Vec<Self>),
    Not(Box<Self>),
    Or(Vec<Self>),
    Regex(Pattern),
    Size(u64),
    Type(String),
}

/// How a value stands to that of the query.
#[derive(Debug, Clone, Copy)]
pub(super) enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    NotEqual,
}

impl Selector {
    /// # Errors
    ///
    /// Those of CouchDB, and operators that are not known here.
    // CouchDB: mango_selector.erl, normalize.
    pub(super) fn parse(selector: &Map<String, Value>) -> Result<Self, MangoError> {
        if selector.is_empty() {
            return Ok(Self::Any);
        }
        let selector = operators(&Value::Object(selector.clone()))?
            .with_fields(&FieldPath::new(String::new()))
            .with_negations();
        if let Self::Field(field, _) = &selector
            && field.as_str().is_empty()
        {
            return Err(MangoError::bad_request(
                "invalid_selector",
                "One or more conditions is missing a field name.".to_owned(),
            ));
        }
        Ok(selector)
    }

    /// Whether a document is meant.
    ///
    /// # Errors
    ///
    /// Those of CouchDB while it looks.
    pub(super) fn matches(&self, document: &Value) -> Result<bool, MangoError> {
        self.holds(document, collate)
    }

    /// Whether CouchDB sees, before it looks at a document, that none is meant: at an empty list in
    /// place of all conditions, and at bounds of `_id` with nothing between them. These it
    /// compares by collation, though keys are compared by their bytes: nothing is between `B`
    /// and `a`.
    // CouchDB: mango_cursor.erl, maybe_noop_range; mango_idx_view.erl, range.
    pub(super) fn is_void(&self) -> bool {
        if let Self::And(parts) | Self::Or(parts) = self
            && parts.is_empty()
        {
            return true;
        }
        let mut bounds = Bounds::default();
        self.id_bounds(&mut bounds);
        let crossed = |low: &Bound, high: &Bound| match collate(&low.value, &high.value) {
            Ordering::Less => false,
            Ordering::Equal => !(low.inclusive && high.inclusive),
            Ordering::Greater => true,
        };
        let mut lows = bounds.lows.iter();
        lows.any(|low| bounds.highs.iter().any(|high| crossed(low, high)))
    }

    fn id_bounds(&self, bounds: &mut Bounds) {
        let (field, condition) = match self {
            Self::And(parts) => return parts.iter().for_each(|part| part.id_bounds(bounds)),
            Self::Field(field, condition) => (field, &**condition),
            _ => return,
        };
        if field.as_str() != "_id" {
            return;
        }
        match condition {
            Self::BeginsWith(prefix) => {
                bounds.low(&Value::from(prefix.as_str()), true);
                bounds.high(&Value::from(format!("{prefix}\u{ffff}")), true);
            }
            Self::Compare(comparison, value) => match comparison {
                Comparison::Equal => {
                    bounds.low(value, true);
                    bounds.high(value, true);
                }
                Comparison::Greater => bounds.low(value, false),
                Comparison::GreaterOrEqual => bounds.low(value, true),
                Comparison::Less => bounds.high(value, false),
                Comparison::LessOrEqual => bounds.high(value, true),
                Comparison::NotEqual => {}
            },
            _ => {}
        }
    }

    // CouchDB: mango_selector.erl, match.
    fn holds(&self, value: &Value, order: ValueOrder) -> Result<bool, MangoError> {
        Ok(match self {
            Self::Any => true,
            Self::And(parts) => {
                for part in parts {
                    if !part.holds(value, order)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Or(parts) => {
                for part in parts {
                    if part.holds(value, order)? {
                        return Ok(true);
                    }
                }
                // one of none is taken as true
                parts.is_empty()
            }
            Self::Not(part) => !part.holds(value, order)?,
            // within `$elemMatch` and its kin CouchDB leaves it as it is and then does not know it
            Self::Nor(_) => {
                return Err(MangoError::bad_request(
                    "invalid_operator",
                    "Invalid operator: $nor".to_owned(),
                ));
            }
            Self::All(wanted) => match value {
                Value::Array(values) => all(wanted, values),
                _ => false,
            },
            // an error in one element ends the search, without a match
            Self::ElemMatch(part) => match value {
                Value::Array(values) => values
                    .iter()
                    .map(|value| part.holds(value, order))
                    .find(|held| !matches!(held, Ok(false)))
                    .is_some_and(|held| held.is_ok()),
                _ => false,
            },
            Self::AllMatch(part) => match value {
                Value::Array(values) => {
                    let mut held = values.iter().map(|value| part.holds(value, order));
                    !values.is_empty() && held.all(|held| matches!(held, Ok(true)))
                }
                _ => false,
            },
            Self::KeyMapMatch(part) => match value {
                Value::Object(fields) => fields
                    .keys()
                    .map(|name| part.holds(&Value::from(name.as_str()), order))
                    .find(|held| !matches!(held, Ok(false)))
                    .is_some_and(|held| held.is_ok()),
                _ => false,
            },
            Self::Compare(comparison, wanted) => comparison.holds(order(value, wanted)),
            Self::In(wanted) => within(value, wanted, order),
            Self::NotIn(wanted) => !within(value, wanted, order),
            // what is looked at exists
            Self::Exists(wanted) => *wanted,
            Self::Type(wanted) => type_name(value) == wanted,
            Self::Mod { divisor, remainder } => match value {
                Value::Number(number) => match integer(number) {
                    Some(number) => {
                        let rest = number.checked_rem(*divisor);
                        rest.ok_or_else(|| MangoError::unknown("badarith".to_owned()))?
                            == *remainder
                    }
                    None => false,
                },
                _ => false,
            },
            Self::BeginsWith(prefix) => value
                .as_str()
                .is_some_and(|text| text.starts_with(prefix.as_str())),
            Self::Regex(pattern) => value.as_str().is_some_and(|text| pattern.matches(text)),
            Self::Size(size) => match value {
                Value::Array(values) => u64::try_from(values.len()).is_ok_and(|len| len == *size),
                _ => false,
            },
            // a condition without a field, within an operator
            Self::Field(field, part) if field.as_str().is_empty() => part.holds(value, order)?,
            Self::Field(field, part) => match field.find(value)? {
                Lookup::Found(found) if field.as_str() == "_id" => part.holds(found, raw)?,
                Lookup::Found(found) => part.holds(found, order)?,
                Lookup::NotFound => matches!(**part, Self::Exists(false)),
                Lookup::BadPath => false,
            },
        })
    }

    /// Writes the names of the fields at the conditions that stand for them, as far down as can be.
    // CouchDB: mango_selector.erl, norm_fields.
    fn with_fields(self, path: &FieldPath) -> Self {
        let all = |parts: Vec<Self>| {
            parts
                .into_iter()
                .map(|part| part.with_fields(path))
                .collect()
        };
        let here = |part: Self| Self::Field(path.clone(), Box::new(part));
        let apart = |part: Box<Self>| Box::new(part.with_fields(&FieldPath::new(String::new())));
        match self {
            Self::And(parts) => Self::And(all(parts)),
            Self::Or(parts) => Self::Or(all(parts)),
            Self::Nor(parts) => Self::Nor(all(parts)),
            Self::Not(part) => Self::Not(Box::new(part.with_fields(path))),
            Self::Field(name, part) => part.with_fields(&path.within(name.as_str())),
            Self::ElemMatch(part) => here(Self::ElemMatch(apart(part))),
            Self::AllMatch(part) => here(Self::AllMatch(apart(part))),
            Self::KeyMapMatch(part) => here(Self::KeyMapMatch(apart(part))),
            terminal => here(terminal),
        }
    }

    /// Takes negations down to the conditions, which changes what they mean for a field that is not
    /// there: neither `$eq` nor `$ne` matches it. What stands in `$elemMatch` and its kin stays.
    // CouchDB: mango_selector.erl, norm_negations.
    fn with_negations(self) -> Self {
        let all = |parts: Vec<Self>| parts.into_iter().map(Self::with_negations).collect();
        match self {
            Self::Not(part) => part.negated(),
            Self::Nor(parts) => Self::And(parts.into_iter().map(Self::negated).collect()),
            Self::And(parts) => Self::And(all(parts)),
            Self::Or(parts) => Self::Or(all(parts)),
            other => other,
        }
    }

    // CouchDB: mango_selector.erl, negate.
    fn negated(self) -> Self {
        let all = |parts: Vec<Self>| parts.into_iter().map(Self::negated).collect();
        match self {
            Self::Not(part) => part.with_negations(),
            Self::Nor(parts) => Self::Or(parts.into_iter().map(Self::with_negations).collect()),
            Self::And(parts) => Self::Or(all(parts)),
            Self::Or(parts) => Self::And(all(parts)),
            Self::Compare(comparison, value) => Self::Compare(comparison.negated(), value),
            Self::In(values) => Self::NotIn(values),
            Self::NotIn(values) => Self::In(values),
            Self::Exists(exists) => Self::Exists(!exists),
            Self::Field(field, part) => Self::Field(field, Box::new(part.negated())),
            terminal => Self::Not(Box::new(terminal)),
        }
    }
}

impl Comparison {
    const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::NotEqual => order.is_ne(),
        }
    }

    const fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::NotEqual => Self::Equal,
        }
    }
}

/// Between what a selector wants `_id` to be.
#[derive(Debug, Default)]
struct Bounds {
    lows: Vec<Bound>,
    highs: Vec<Bound>,
}

#[derive(Debug)]
struct Bound {
    value: Value,
    inclusive: bool,
}

impl Bounds {
    fn low(&mut self, value: &Value, inclusive: bool) {
        let value = value.clone();
        self.lows.push(Bound { value, inclusive });
    }

    fn high(&mut self, value: &Value, inclusive: bool) {
        let value = value.clone();
        self.highs.push(Bound { value, inclusive });
    }
}

type ValueOrder = fn(&Value, &Value) -> Ordering;

/// The operators of a selector, with their arguments looked at.
// CouchDB: mango_selector.erl, norm_ops.
fn operators(selector: &Value) -> Result<Selector, MangoError> {
    // a bare value means that the field is equal to it
    let equal = || Ok(Selector::Compare(Comparison::Equal, selector.clone()));
    let Value::Object(fields) = selector else {
        return equal();
    };
    let mut parts = fields
        .iter()
        .map(|(name, argument)| operator(name, argument));
    match parts.len() {
        0 => equal(),
        1 => parts.next().unwrap_or_else(equal),
        _ => Ok(Selector::And(parts.collect::<Result<_, _>>()?)),
    }
}

fn operator(name: &str, argument: &Value) -> Result<Selector, MangoError> {
    let list = || match argument {
        Value::Array(values) => Ok(values.clone()),
        _ => Err(MangoError::bad_argument(name, argument)),
    };
    let parts = || list()?.iter().map(operators).collect::<Result<_, _>>();
    let part = || match argument {
        Value::Object(_) => Ok(Box::new(operators(argument)?)),
        _ => Err(MangoError::bad_argument(name, argument)),
    };
    let bad = || MangoError::bad_argument(name, argument);
    let text = || argument.as_str().ok_or_else(bad);
    let invalid =
        || MangoError::bad_request("invalid_operator", format!("Invalid operator: {name}"));
    // these two have no words of their own for an argument that is no string
    let searched = || argument.as_str().ok_or_else(invalid);
    let compared = |comparison| Selector::Compare(comparison, argument.clone());
    Ok(match name {
        "$and" => Selector::And(parts()?),
        "$or" => Selector::Or(parts()?),
        "$nor" => Selector::Nor(parts()?),
        "$not" => Selector::Not(part()?),
        "$in" => Selector::In(list()?),
        "$nin" => Selector::NotIn(list()?),
        "$all" => Selector::All(list()?),
        "$exists" => Selector::Exists(argument.as_bool().ok_or_else(bad)?),
        "$type" => Selector::Type(text()?.to_owned()),
        "$mod" => {
            let (divisor, remainder) = division(argument).ok_or_else(bad)?;
            Selector::Mod { divisor, remainder }
        }
        "$regex" => Selector::Regex(Pattern::parse(searched()?)?),
        "$elemMatch" => Selector::ElemMatch(part()?),
        "$allMatch" => Selector::AllMatch(part()?),
        "$keyMapMatch" => Selector::KeyMapMatch(part()?),
        "$size" => Selector::Size(argument.as_u64().ok_or_else(bad)?),
        "$beginsWith" => Selector::BeginsWith(searched()?.to_owned()),
        "$eq" => compared(Comparison::Equal),
        "$ne" => compared(Comparison::NotEqual),
        "$gt" => compared(Comparison::Greater),
        "$gte" => compared(Comparison::GreaterOrEqual),
        "$lt" => compared(Comparison::Less),
        "$lte" => compared(Comparison::LessOrEqual),
        "$text" | "$default" => {
            return Err(MangoError::Unsupported(format!("operator `{name}`")));
        }
        "$where" | "$geoWithin" | "$geoIntersects" | "$near" | "$nearSphere" => {
            let reason = format!("Unsupported operator: {name}");
            return Err(MangoError::bad_request("not_supported", reason));
        }
        _ if name.starts_with('$') => return Err(invalid()),
        _ => {
            let condition = operators(argument)?;
            Selector::Field(FieldPath::new(name.to_owned()), Box::new(condition))
        }
    })
}

/// The divisor and the remainder of `$mod`.
fn division(argument: &Value) -> Option<(i128, i128)> {
    match argument.as_array()?.as_slice() {
        [Value::Number(divisor), Value::Number(remainder)] => {
            Some((integer(divisor)?, integer(remainder)?))
        }
        _ => None,
    }
}

/// Whether an array holds all that is wanted, or is the one array that is wanted. In the former
/// case 1 and 1.0 are different, in the latter they are not.
fn all(wanted: &[Value], values: &[Value]) -> bool {
    match wanted {
        [] => false,
        [Value::Array(array)] if alike(array, values) => true,
        _ => wanted.iter().all(|wanted| values.contains(wanted)),
    }
}

fn alike(left: &[Value], right: &[Value]) -> bool {
    let (left, right) = (Value::from(left), Value::from(right));
    raw(&left, &right).is_eq()
}

/// Whether a value, or one of an array's elements, is among those that are wanted.
fn within(value: &Value, wanted: &[Value], order: ValueOrder) -> bool {
    let listed = |value: &Value| wanted.iter().any(|wanted| order(value, wanted).is_eq());
    match value {
        Value::Array(values) => values.iter().any(listed),
        _ => listed(value),
    }
}

// CouchDB: mango_json.erl, type.
const fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
