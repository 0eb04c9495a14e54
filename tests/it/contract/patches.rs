//! Patches of the channel group, as proposals carry them.

use serde_json::{Value, json};

/// A rule over the policies `Admins` of a group's members, such as `ANY`.
pub(crate) fn of_admins(rule: &str) -> Value {
    json!({"mod_policy": "Admins",
        "policy": {"type": 3, "value": {"rule": rule, "sub_policy": "Admins"}}})
}

/// A policy of Application or Orderer, such as [`of_admins`].
pub(crate) fn policy(section: &str, name: &str, policy: &Value) -> Value {
    json!({"groups": {section: {"policies": {name: policy}}}})
}

/// Another batch timeout, such as `3s`.
pub(crate) fn timeout(text: &str) -> Value {
    json!({"groups": {"Orderer": {"values": {"BatchTimeout": {"value": {"timeout": text}}}}}})
}
