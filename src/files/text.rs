//! Messages in Fabric's JSON form, by the names of their members; PEM files.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

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

/// Which group of a config a `common.ConfigGroup` in JSON is, by the names of its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupPlace {
    /// `/Channel/Application`.
    Application,
    /// `/Channel`: all of the config, without its sequence.
    Channel,
    /// An organisation's.
    Organization,
    /// `/Channel/Orderer`.
    Orderer,
}

/// Which group of a config this is; `None` where that is not told. Cost: linear.
#[must_use]
pub fn group_of_json(text: &[u8]) -> Option<GroupPlace> {
    let group = members(text)?;
    let has = |list: &str, names: &[&str]| {
        let inside = group
            .get(list)
            .and_then(|list| members(list.get().as_bytes()));
        inside.is_some_and(|inside| names.iter().any(|name| inside.contains_key(*name)))
    };
    match () {
        () if has("groups", &SECTIONS) => Some(GroupPlace::Channel),
        () if has("values", &["BlockDataHashingStructure", "HashingAlgorithm"]) => {
            Some(GroupPlace::Channel)
        }
        () if has("values", &["BatchSize", "BatchTimeout", "ConsensusType"]) => {
            Some(GroupPlace::Orderer)
        }
        () if has("values", &["MSP"]) => Some(GroupPlace::Organization),
        () if has("values", &["ACLs"])
            || has("policies", &["Endorsement", "LifecycleEndorsement"]) =>
        {
            Some(GroupPlace::Application)
        }
        () => None,
    }
}

/// The groups of a channel group.
const SECTIONS: [&str; 3] = ["Application", "Consortiums", "Orderer"];

/// Whether a JSON object is the member `groups` of a channel group, without the group around it. Cost:
/// linear.
#[must_use]
pub fn is_sections_of_json(text: &[u8]) -> bool {
    members(text).is_some_and(|all| {
        !all.is_empty() && all.keys().all(|name| SECTIONS.contains(&name.as_str()))
    })
}

/// The members of a JSON object; what is in them is not read.
fn members(text: &[u8]) -> Option<BTreeMap<String, Box<RawValue>>> {
    serde_json::from_slice(text).ok()
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

/// Whether a text holds a private key in PEM form, whole or not, encrypted or not, anywhere in it.
#[must_use]
pub fn holds_private_key(text: &[u8]) -> bool {
    const LABEL: &[u8] = b"PRIVATE KEY-----";
    text.windows(LABEL.len()).any(|part| part == LABEL)
}
