//! Elements of a config in Fabric's JSON, and back.

use bytes::Bytes;
use prost::Message;
use serde_json::Value;

use super::{drawn::bad_value, place::jq_names};
use crate::{
    client::{ClientError, Exit},
    config::{ConfigTree, ElementKind, ElementPath, ValueRef},
    json::{self, JsonProblem},
    policy::parse_policy,
    proto::common,
};

const CONFIG: &str = "common.Config";
/// The longest JSON form of one element. Unit: bytes.
const LONGEST: usize = 16 << 20;
/// Policies of type `SIGNATURE` and `IMPLICIT_META`.
const SIGNATURE: i32 = 1;
const IMPLICIT_META: i32 = 3;

/// What a value says, as the member `value` of its JSON form.
///
/// # Errors
/// `UNREADABLE_VALUE` where it has no JSON form, or one that would lose something.
pub(super) fn of_value(value: ValueRef<'_>) -> Result<Value, ClientError> {
    let path = value.element_path();
    let form = of_bytes(&path, value.bytes())?;
    // what this build does not know would be lost by writing it again
    let again = to_bytes(&path, &form).map_err(|text| unreadable(&path, &text))?;
    match again.len() == value.bytes().len() {
        true => Ok(form),
        false => Err(unreadable(
            &path,
            "it has fields that this build does not know",
        )),
    }
}

/// A policy's rule, as the member `policy` of its JSON form.
///
/// # Errors
/// `UNREADABLE_VALUE`.
pub(super) fn of_rule(path: &ElementPath, kind: i32, rule: Bytes) -> Result<Value, ClientError> {
    let mut parent = common::ConfigGroup::default();
    let policy = common::ConfigPolicy {
        policy: Some(common::Policy {
            r#type: kind,
            value: rule,
        }),
        ..common::ConfigPolicy::default()
    };
    parent.policies.insert(path.name().to_owned(), policy);
    read_member(path, parent, "policies", "policy")
}

/// A serialized value, as the member `value` of its JSON form.
///
/// # Errors
/// `UNREADABLE_VALUE`.
pub(super) fn of_bytes(path: &ElementPath, bytes: &[u8]) -> Result<Value, ClientError> {
    let mut parent = common::ConfigGroup::default();
    let value = common::ConfigValue {
        value: Bytes::copy_from_slice(bytes),
        ..common::ConfigValue::default()
    };
    parent.values.insert(path.name().to_owned(), value);
    read_member(path, parent, "values", "value")
}

/// Why a member `value` cannot stand at a path.
#[derive(Debug)]
pub(super) struct MisfitForm {
    /// The members inside it that lead to what is wrong.
    pub(super) inside: Vec<String>,
    /// Why, in words.
    pub(super) why: String,
    /// Where a name is not known: of what.
    pub(super) unknown: Option<UnknownName>,
}

/// Of what a name is that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnknownName {
    /// Of the value itself.
    Element,
    /// Of a member inside it.
    Member,
}

/// What a member `value` says, serialized.
///
/// # Errors
/// Why it cannot stand there, in words.
pub(super) fn to_bytes(path: &ElementPath, form: &Value) -> Result<Bytes, String> {
    decoded(path, form).map_err(|wrong| wrong.why)
}

/// Whether a member `value` can stand at a path.
///
/// # Errors
/// What is wrong, and where inside it.
pub(super) fn check(path: &ElementPath, form: &Value) -> Result<(), MisfitForm> {
    decoded(path, form).map(drop)
}

fn decoded(path: &ElementPath, form: &Value) -> Result<Bytes, MisfitForm> {
    let whole = |why: String| MisfitForm {
        inside: Vec::new(),
        why,
        unknown: None,
    };
    let mut nested = serde_json::json!({ "values": { path.name(): { "value": form } } });
    for name in above(path).iter().rev() {
        nested = serde_json::json!({ "groups": { name.as_str(): nested } });
    }
    let config = serde_json::json!({ "channel_group": nested });
    let bytes =
        json::decode(CONFIG, config.to_string().as_bytes()).map_err(|error| MisfitForm {
            inside: inside(error.path(), above(path).len()),
            why: error.problem().to_string(),
            unknown: match error.problem() {
                JsonProblem::UnknownConfigKey => Some(UnknownName::Element),
                JsonProblem::UnknownField { .. } => Some(UnknownName::Member),
                _ => None,
            },
        })?;
    let tree = ConfigTree::parse(bytes.into()).map_err(|error| whole(error.to_string()))?;
    let names: Vec<&str> = above(path).iter().map(String::as_str).collect();
    let value = tree.group(&names).and_then(|group| {
        let value = group.value(path.name())?;
        Some(value.shared_bytes())
    });
    Ok(value.unwrap_or_default())
}

/// The members behind `.value` in the place of an error, which begins with so many groups:
/// `channel_group.groups.Orderer.values["a.b"].value.config.root_certs[0]`.
fn inside(place: &str, groups: usize) -> Vec<String> {
    let names = jq_names(place);
    // channel_group, each group with its list, then values, the name, value
    let before = groups.saturating_mul(2).saturating_add(4);
    names.into_iter().skip(before).collect()
}

/// A rule in Fabric's language: a signature policy, or `ANY`, `ALL` or `MAJORITY` of a sub policy. Its
/// type, and the serialized rule.
///
/// # Errors
/// `BAD_RULE`, with the place and an example.
// Fabric: internal/configtxgen/encoder/encoder.go, AddPolicies; common/policies/implicitmetaparser.go
pub(super) fn parse_rule(text: &str) -> Result<(i32, Bytes), ClientError> {
    let bad = |why: String| {
        ClientError::new(Exit::Usage, "BAD_RULE", why).hint(
            "a rule is `MAJORITY Admins`, `ANY Readers`, `ALL Writers`, or made of AND, OR and OutOf: \
             \"OR('Org1MSP.admin', 'Org2MSP.admin')\"",
        )
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [word, sub_policy] = words.as_slice() {
        let rule = match *word {
            "ANY" => Some(0),
            "ALL" => Some(1),
            "MAJORITY" => Some(2),
            _ => None,
        };
        let is_name = !sub_policy.contains(['(', '\'', '"', ',']);
        match rule {
            Some(rule) if is_name => {
                let meta = common::ImplicitMetaPolicy {
                    sub_policy: (*sub_policy).to_owned(),
                    rule,
                };
                return Ok((IMPLICIT_META, meta.encode_to_vec().into()));
            }
            None if is_name => {
                let text = format!("`{word}` is none of ANY, ALL and MAJORITY, in capitals");
                return Err(bad(text));
            }
            _ => {}
        }
    }
    if words.len() == 1 && !text.contains('(') {
        return Err(bad(format!("`{text}` is no rule")));
    }
    let rule = parse_policy(text).map_err(|error| bad(format!("`{text}`: {error}")))?;
    Ok((SIGNATURE, rule.into()))
}

/// The names of the groups above an element.
fn above(path: &ElementPath) -> &[String] {
    let keys = path.keys();
    keys.get(1..keys.len().saturating_sub(1))
        .unwrap_or_default()
}

/// The member of the only element of a group that stands at a path.
fn read_member(
    path: &ElementPath,
    parent: common::ConfigGroup,
    list: &str,
    member: &str,
) -> Result<Value, ClientError> {
    let mut group = parent;
    for name in above(path).iter().rev() {
        let mut outer = common::ConfigGroup::default();
        outer.groups.insert(name.clone(), group);
        group = outer;
    }
    let config = common::Config {
        channel_group: Some(group),
        ..common::Config::default()
    };
    let text = json::encode_compact(CONFIG, &config.encode_to_vec(), LONGEST)
        .map_err(|error| unreadable(path, &error.to_string()))?;
    let mut document: Value =
        serde_json::from_str(&text).map_err(|error| unreadable(path, &error.to_string()))?;
    let mut at = document.get_mut("channel_group");
    for name in above(path) {
        at = at.and_then(|group| group.get_mut("groups")?.get_mut(name));
    }
    let found = at.and_then(|group| group.get_mut(list)?.get_mut(path.name())?.get_mut(member));
    Ok(found.map(Value::take).unwrap_or_default())
}

fn unreadable(path: &ElementPath, why: &str) -> ClientError {
    let text = format!("{} cannot be written as JSON: {why}", path.path());
    ClientError::new(Exit::Failed, "UNREADABLE_VALUE", text)
}

/// Refuses a member `value` that cannot stand at a path.
///
/// # Errors
/// `BAD_VALUE`.
pub(super) fn demand_form(path: &ElementPath, form: &Value, hint: &str) -> Result<(), ClientError> {
    debug_assert_eq!(path.kind(), ElementKind::Value);
    to_bytes(path, form)
        .map(drop)
        .map_err(|why| bad_value(&path.path(), &why, hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_inside_of_values_are_found() {
        let place = r#"channel_group.groups.Orderer.groups["a.b"].values.MSP.value.a[0].b"#;
        assert_eq!(inside(place, 2), ["a", "0", "b"]);
        assert!(inside("channel_group", 1).is_empty());
    }

    #[test]
    fn rules_are_read_as_configtxgen_reads_them() {
        let (kind, rule) = parse_rule("MAJORITY Admins").unwrap();
        assert_eq!((kind, &rule[..]), (3, &b"\x0a\x06Admins\x10\x02"[..]));
        assert_eq!(
            parse_rule(" ANY  Readers ").unwrap().1,
            &b"\x0a\x07Readers"[..]
        );
        assert_eq!(parse_rule("OR('Org1MSP.admin')").unwrap().0, 1);
        assert_eq!(parse_rule("OR( 'Org1MSP.admin')").unwrap().0, 1);
        for bad in [
            "",
            "Admins",
            "majority Admins",
            "MOST Admins",
            "OR('Org1MSP.boss')",
            "OR('Org1MSP.admin'",
            "MAJORITY Admins Readers",
        ] {
            let error = parse_rule(bad).unwrap_err();
            assert_eq!(error.symbol, "BAD_RULE", "{bad}");
            assert!(error.hint.unwrap().contains("MAJORITY Admins"));
        }
    }
}
