//! Messages in Fabric's JSON form, by the names of their members; PEM files.

use std::fmt;

use bytes::Bytes;
use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::{
    form::{FileForm, FormDetail, Recognised},
    message::recognised_message,
};
use crate::json;

/// The messages that are recognised in JSON, each with member names that no message before it has.
const JSON_FORMS: [(FileForm, &[&str]); 11] = [
    (FileForm::Config, &["channel_group", "sequence"]),
    (FileForm::ConfigUpdate, &["read_set", "write_set"]),
    (FileForm::Envelope, &["payload"]),
    (FileForm::ConfigUpdateEnvelope, &["config_update"]),
    (FileForm::ConfigEnvelope, &["last_update"]),
    (FileForm::ConfigSignature, &["signature_header"]),
    (FileForm::Block, &["metadata"]),
    (FileForm::Payload, &["header"]),
    (FileForm::ConfigGroup, &["groups", "policies", "values"]),
    (FileForm::ConfigValue, &["value"]),
    (FileForm::MspConfig, &["config"]),
];

/// The message that a JSON object is by the names of its members; `None` where it is no JSON object, or
/// none that has such a name. Cost: linear.
#[must_use]
pub fn form_of_json(text: &[u8]) -> Option<FileForm> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let found = deserializer.deserialize_map(MemberNames).ok()?;
    let first = (0..)
        .zip(&JSON_FORMS)
        .find(|(at, _)| found & (1 << at) != 0);
    first.map(|(_, (form, _))| *form)
}

/// Which of [`JSON_FORMS`] a JSON object has members of, as bits.
struct MemberNames;

impl<'de> Visitor<'de> for MemberNames {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<u32, A::Error> {
        let mut found = 0;
        while let Some(name) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            // skipped without recursion
            members.next_value::<IgnoredAny>()?;
            for (at, (_, names)) in (0..).zip(&JSON_FORMS) {
                if names.contains(&&*name) {
                    found |= 1 << at;
                }
            }
        }
        Ok(found)
    }
}

/// What a message in JSON is; `None` where nothing is recognised. Cost: linear.
#[must_use]
pub fn recognised_json(text: &[u8]) -> Option<Recognised> {
    let form = form_of_json(text)?;
    let bytes = json::decode(form.name(), text).map(Bytes::from).ok();
    let detailed = bytes.and_then(|bytes| recognised_message(&bytes));
    let same = detailed.filter(|it| it.form == form);
    Some(same.unwrap_or_else(|| Recognised::of(form, FormDetail::None)))
}

/// Whether a file is PEM text.
#[must_use]
pub fn is_pem(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"-----BEGIN ")
}

/// A PEM file, with the label of its first block.
#[must_use]
pub fn pem_label(text: &[u8]) -> Recognised {
    let text = String::from_utf8_lossy(text.get(..200).unwrap_or(text));
    let label = text.trim_start().trim_start_matches("-----BEGIN ");
    let label = label.split("-----").next().unwrap_or_default();
    Recognised::of(FileForm::Pem, FormDetail::Label(label.to_owned()))
}
