//! The config as text: Fabric's JSON, policies as their rules, versions left out, with comments.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{super::form, meaning};
use crate::{
    config::{ConfigTree, GroupRef, PolicyRef},
    identity::{CertificateUse, ListedCertificate},
    json::{self, time_text},
    policy::print_rule,
};

/// A rule longer than this stands as JSON. Unit: bytes.
const RULE: usize = 4 << 10;
/// The longest config that is edited. Unit: bytes of JSON.
const LONGEST: usize = 64 << 20;
/// The order of the members of a group.
const GROUP: [&str; 4] = ["mod_policy", "values", "policies", "groups"];

/// A config as the document that is edited.
///
/// # Errors
/// Why it has no such form, in words.
pub(super) fn document(tree: &ConfigTree) -> Result<Value, String> {
    let text = json::encode_compact("common.Config", &tree.encode(), LONGEST)
        .map_err(|error| error.to_string())?;
    let mut config: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let mut root = config
        .get_mut("channel_group")
        .map(Value::take)
        .unwrap_or_default();
    let mut open: Vec<(&mut Value, GroupRef<'_>)> = Vec::new();
    open.extend(tree.root().map(|group| (&mut root, group)));
    while let Some((form, group)) = open.pop() {
        let Some(members) = form.as_object_mut() else {
            continue;
        };
        members.remove("version");
        for (kind, list) in members.iter_mut() {
            let Some(list) = list.as_object_mut() else {
                continue;
            };
            list.retain(|_, element| !element.is_null());
            for (name, element) in list.iter_mut() {
                let Some(members) = element.as_object_mut() else {
                    continue;
                };
                match kind.as_str() {
                    "groups" => {
                        if let Some(child) = group.group(name) {
                            open.push((element, child));
                        }
                    }
                    "policies" => {
                        members.remove("version");
                        if let Some(rule) = group.policy(name).and_then(printed) {
                            members.insert("policy".to_owned(), Value::from(rule));
                        }
                    }
                    _ => {
                        members.remove("version");
                    }
                }
            }
        }
    }
    Ok(root)
}

/// A rule as text, where that says all of it.
fn printed(policy: PolicyRef<'_>) -> Option<String> {
    let text = print_rule(policy.kind(), policy.rule(), RULE)?;
    let (kind, rule) = form::parse_rule(&text).ok()?;
    (kind == policy.kind() && rule == policy.rule()).then_some(text)
}

/// The text of a group of a document. `path`: its path.
pub(super) fn text(group: &Value, path: &str) -> String {
    let mut out = Out::default();
    out.group(group, path, 0);
    out.text.push('\n');
    out.text
}

#[derive(Default)]
struct Out {
    text: String,
}

impl Out {
    fn indent(&mut self, level: usize) {
        for _ in 0..level {
            self.text.push_str("  ");
        }
    }

    fn comment(&mut self, level: usize, words: &str) {
        self.indent(level);
        self.text.push_str("// ");
        // nothing that somebody wrote into a certificate begins a line of its own
        let words = words.chars().map(|c| if c.is_control() { ' ' } else { c });
        self.text.extend(words);
        self.text.push('\n');
    }

    fn key(&mut self, level: usize, key: &str) {
        self.indent(level);
        self.scalar(&Value::from(key));
        self.text.push_str(": ");
    }

    fn scalar(&mut self, value: &Value) {
        self.text.push_str(&value.to_string());
    }

    fn end(&mut self, is_last: bool) {
        self.text.push_str(if is_last { "\n" } else { ",\n" });
    }

    /// A group: `path` is its path, and the cursor stands behind its key.
    fn group(&mut self, group: &Value, path: &str, level: usize) {
        let Some(members) = group.as_object() else {
            return self.scalar(group);
        };
        let known = GROUP
            .iter()
            .filter(|name| members.contains_key(**name))
            .copied();
        let others = members
            .keys()
            .map(String::as_str)
            .filter(|name| !GROUP.contains(name));
        let names: Vec<&str> = known.chain(others).collect();
        self.text.push_str("{\n");
        for (at, name) in names.iter().enumerate() {
            let Some(member) = members.get(*name) else {
                continue;
            };
            if *name == "mod_policy" {
                self.comment(level + 1, "who may add to this group and remove from it");
            }
            self.key(level + 1, name);
            match (*name, member.as_object()) {
                ("groups" | "values" | "policies", Some(list)) => {
                    self.list(name, list, path, level + 1);
                }
                _ => self.value(member, level + 1),
            }
            self.end(at + 1 == names.len());
        }
        self.indent(level);
        self.text.push('}');
    }

    fn list(&mut self, kind: &str, list: &Map<String, Value>, path: &str, level: usize) {
        if list.is_empty() {
            return self.text.push_str("{}");
        }
        self.text.push_str("{\n");
        for (at, (name, element)) in list.iter().enumerate() {
            let meaning = match kind {
                "groups" => meaning::of_group(&format!("{path}/{name}")),
                "values" => meaning::of_value(name),
                _ => meaning::of_policy(path, name),
            };
            if let Some(words) = meaning {
                self.comment(level + 1, &format!("{name}: {words}"));
            }
            self.key(level + 1, name);
            match kind {
                "groups" => self.group(element, &format!("{path}/{name}"), level + 1),
                _ => self.value(element, level + 1),
            }
            self.end(at + 1 == list.len());
        }
        self.indent(level);
        self.text.push('}');
    }

    fn value(&mut self, value: &Value, level: usize) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                self.text.push_str("{\n");
                for (at, (name, member)) in members.iter().enumerate() {
                    let words = meaning::of_setting(name).map(str::to_owned);
                    for words in words.into_iter().chain(certificate(member)) {
                        self.comment(level + 1, &words);
                    }
                    self.key(level + 1, name);
                    self.value(member, level + 1);
                    self.end(at + 1 == members.len());
                }
                self.indent(level);
                self.text.push('}');
            }
            Value::Array(list) if !list.is_empty() => {
                self.text.push_str("[\n");
                for (at, entry) in list.iter().enumerate() {
                    if let Some(words) = certificate(entry) {
                        self.comment(level + 1, &words);
                    }
                    self.indent(level + 1);
                    self.value(entry, level + 1);
                    self.end(at + 1 == list.len());
                }
                self.indent(level);
                self.text.push(']');
            }
            other => self.scalar(other),
        }
    }
}

/// What a certificate in base64 of PEM is; `None` where it is none.
fn certificate(value: &Value) -> Option<String> {
    let text = value
        .as_str()
        .filter(|text| text.starts_with("LS0tLS1CRUdJ"))?;
    let pem = STANDARD.decode(text).ok()?;
    let listed = ListedCertificate::read(CertificateUse::Root, &pem);
    let certificate = listed.certificate.ok()?;
    let end = time_text(certificate.not_after()).unwrap_or_default();
    let day = end.split('T').next().unwrap_or_default();
    let short: String = listed.fingerprint.to_string().chars().take(16).collect();
    Some(format!(
        "{}, until {day}, sha256 {short}..",
        certificate.subject()
    ))
}
