//! Patches of the channel group, as proposals carry them.

use cmscc::proto::write;
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

/// A rule of one out of one, as often as that, around an admin of the organisation.
pub(crate) fn nested(msp_id: &str, levels: usize) -> Vec<u8> {
    let mut rule = vec![0x08, 0];
    for _ in 0..levels {
        let mut out_of = vec![0x08, 1];
        write::message(&mut out_of, 2, &rule);
        rule.clear();
        write::message(&mut rule, 2, &out_of);
    }
    let mut policy = Vec::new();
    write::message(&mut policy, 2, &rule);
    let mut role = Vec::new();
    write::bytes(&mut role, 1, msp_id.as_bytes());
    role.extend([0x10, 1]);
    let mut principal = Vec::new();
    write::message(&mut principal, 2, &role);
    write::message(&mut policy, 3, &principal);
    policy
}
