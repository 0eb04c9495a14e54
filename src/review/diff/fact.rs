//! Something that a value of the config says: the type.

use std::collections::BTreeMap;

use serde_json::Value;

use super::entry::Item;

/// The facts of a value, by kind and name.
pub(super) type Facts = BTreeMap<(Item, String), Fact>;

/// Something that a value says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    pub(super) value: Value,
    pub(super) unit: Option<&'static str>,
}

impl Fact {
    pub(super) const fn new(value: Value) -> Self {
        Self { value, unit: None }
    }
}
