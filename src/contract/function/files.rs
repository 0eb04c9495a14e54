//! What a file is that somebody gave in the place of another: the one place where files are
//! recognised.
//!
//! Protobuf does not say what it is. A message is taken for the first of a list that has no other
//! fields than it has, down to what tells it from the others. Each step reads the bytes once, so that
//! recognising costs no more than linear in the argument.

use std::fmt;

use bytes::Bytes;
use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use crate::{
    block::Block,
    config::{
        ConfigTree, Update,
        envelope::{ConfigEnvelope, Transaction},
        is_legal_channel_id,
    },
    contract::{
        error::shown,
        interface::{base64, is_json},
    },
    ids::Sequence,
    json,
    proto::scan::{Fields, Wire},
};

/// A file that is another than the one that was to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recognised {
    /// The message's name, or `PEM`.
    form: &'static str,
    /// What it is, with what tells it from others of its kind.
    what: String,
    /// What to do with it.
    advice: &'static str,
}

impl fmt::Display for Recognised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is {}; {}", self.what, self.advice)
    }
}

/// The messages that are recognised in JSON, each with member names that no message before it has.
const JSON_FORMS: [(&str, &[&str]); 11] = [
    ("common.Config", &["channel_group", "sequence"]),
    ("common.ConfigUpdate", &["read_set", "write_set"]),
    ("common.Envelope", &["payload"]),
    ("common.ConfigUpdateEnvelope", &["config_update"]),
    ("common.ConfigEnvelope", &["last_update"]),
    ("common.ConfigSignature", &["signature_header"]),
    ("common.Block", &["metadata"]),
    ("common.Payload", &["header"]),
    ("common.ConfigGroup", &["groups", "policies", "values"]),
    ("common.ConfigValue", &["value"]),
    ("msp.MSPConfig", &["config"]),
];

/// The message that a JSON object is by the names of its members; `None` where it is no JSON object, or
/// none that has such a name. Cost: linear.
pub(crate) fn json_form(text: &[u8]) -> Option<&'static str> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let found = deserializer.deserialize_map(MemberNames).ok()?;
    let first = (0..)
        .zip(&JSON_FORMS)
        .find(|(at, _)| found & (1 << at) != 0);
    first.map(|(_, (name, _))| *name)
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

/// What an argument is: JSON, base64 or bytes as they are; `None` where nothing of a channel's config is
/// recognised. Cost: linear.
pub(crate) fn recognised(argument: &Bytes) -> Option<Recognised> {
    if argument.trim_ascii_start().starts_with(b"-----BEGIN ") {
        return Some(pem(argument));
    }
    if is_json(argument) {
        let form = json_form(argument)?;
        let bytes = json::decode(form, argument).map(Bytes::from).ok();
        let detailed = bytes.and_then(|bytes| of_message(&bytes));
        let same = detailed.filter(|it| it.form == form);
        return Some(same.unwrap_or_else(|| named(form, "")));
    }
    let decoded = base64(argument, "").unwrap_or_else(|_| argument.clone());
    match decoded.trim_ascii_start().starts_with(b"-----BEGIN ") {
        true => Some(pem(&decoded)),
        false => of_message(&decoded),
    }
}

/// The same as the end of a refusal; empty where nothing is recognised, or nothing but the message that
/// was `wanted`.
pub(crate) fn remark(argument: &Bytes, wanted: &str) -> String {
    let other = recognised(argument).filter(|it| it.form != wanted);
    other.map_or_else(String::new, |it| format!("; {it}"))
}

fn pem(text: &[u8]) -> Recognised {
    let text = String::from_utf8_lossy(text.get(..200).unwrap_or(text));
    let label = text.trim_start().trim_start_matches("-----BEGIN ");
    let label = label.split("-----").next().unwrap_or_default();
    Recognised {
        form: "PEM",
        what: format!("a PEM file, `{}`", shown(label)),
        advice: "certificates go into an organisation's MSP definition, keys nowhere",
    }
}

/// Whether a message is one that is recognised.
pub(crate) fn is_message(message: &Bytes) -> bool {
    of_message(message).is_some()
}

/// The same of other messages than a signature.
pub(crate) fn is_other_than_signature(message: &Bytes) -> bool {
    is_message(message) && of_signature(message).is_none()
}

/// Whether a message has no other fields than a `common.Config`.
pub(crate) fn has_config_fields(message: &[u8]) -> bool {
    has_only(message, CONFIG).is_some()
}

/// What a serialized message is.
fn of_message(bytes: &Bytes) -> Option<Recognised> {
    [
        of_block,
        of_envelope,
        of_config,
        of_update,
        of_update_envelope,
        of_config_envelope,
        of_signature,
        of_group,
    ]
    .into_iter()
    .find_map(|form| form(bytes))
}

fn of_block(bytes: &Bytes) -> Option<Recognised> {
    has_only(
        bytes,
        &[(1, Kind::Bytes), (2, Kind::Bytes), (3, Kind::Bytes)],
    )?;
    has_only(
        &last(bytes, 1)?,
        &[(1, Kind::Varint), (2, Kind::Bytes), (3, Kind::Bytes)],
    )?;
    let block = Block::parse(bytes.clone()).ok()?;
    if block.data_hash().len() != 32 {
        return None;
    }
    let first = block.data().first();
    let channel = first.and_then(|first| Transaction::parse(first).ok());
    let detail = match channel {
        Some(transaction) => format!(
            " {} of channel `{}`",
            block.number(),
            shown(transaction.channel_id.as_str())
        ),
        None => format!(" {}", block.number()),
    };
    Some(named("common.Block", &detail))
}

fn of_envelope(bytes: &Bytes) -> Option<Recognised> {
    let both: &[_] = &[(1, Kind::Bytes), (2, Kind::Bytes)];
    has_only(bytes, both)?;
    let payload = last(bytes, 1)?;
    has_only(&payload, both)?;
    let header = last(&payload, 1)?;
    has_only(&header, both)?;
    let (text, number) = (Kind::Bytes, Kind::Varint);
    has_only(
        &last(&header, 1)?,
        &[
            (1, number),
            (2, number),
            (3, text),
            (4, text),
            (5, text),
            (6, number),
            (7, text),
            (8, text),
        ],
    )?;
    let transaction = Transaction::parse(bytes).ok()?;
    if !is_legal_channel_id(transaction.channel_id.as_str()) {
        return None;
    }
    let kind = match transaction.header_type {
        0 => "MESSAGE",
        1 => "CONFIG",
        2 => "CONFIG_UPDATE",
        3 => "ENDORSER_TRANSACTION",
        4 => "ORDERER_TRANSACTION",
        5 => "DELIVER_SEEK_INFO",
        6 => "CHAINCODE_PACKAGE",
        _ => "unknown",
    };
    let detail = format!(
        " of type {kind} ({}) of channel `{}`",
        transaction.header_type,
        shown(transaction.channel_id.as_str())
    );
    Some(match transaction.header_type {
        2 => Recognised {
            form: "common.Envelope",
            what: format!("a common.Envelope{detail}"),
            advice: "`ProposeConfigUpdate` takes the update in it as a new proposal, \
                     `AddSignature` the signatures in it",
        },
        _ => named("common.Envelope", &detail),
    })
}

fn of_config(bytes: &Bytes) -> Option<Recognised> {
    has_only(bytes, CONFIG)?;
    has_only(&last(bytes, 2)?, GROUP)?;
    let tree = ConfigTree::parse(bytes.clone()).ok()?;
    let root = tree.root()?;
    if root.groups().len() == 0 {
        return None;
    }
    let detail = format!(" of sequence {}", tree.sequence());
    Some(named("common.Config", &detail))
}

fn of_update(bytes: &Bytes) -> Option<Recognised> {
    has_only(
        bytes,
        &[
            (1, Kind::Bytes),
            (2, Kind::Bytes),
            (3, Kind::Bytes),
            (5, Kind::Bytes),
        ],
    )?;
    has_only(&last(bytes, 3)?, GROUP)?;
    let update = Update::parse(bytes.clone()).ok()?;
    if !is_legal_channel_id(update.channel_id()) {
        return None;
    }
    let detail = format!(" of channel `{}`", shown(update.channel_id()));
    Some(named("common.ConfigUpdate", &detail))
}

fn of_update_envelope(bytes: &Bytes) -> Option<Recognised> {
    has_only(bytes, &[(1, Kind::Bytes), (2, Kind::Bytes)])?;
    of_update(&last(bytes, 1)?)?;
    Some(named("common.ConfigUpdateEnvelope", ""))
}

fn of_config_envelope(bytes: &Bytes) -> Option<Recognised> {
    has_only(bytes, &[(1, Kind::Bytes), (2, Kind::Bytes)])?;
    of_config(&ConfigEnvelope::parse(bytes).ok()?.config?)?;
    Some(named("common.ConfigEnvelope", ""))
}

fn of_signature(bytes: &Bytes) -> Option<Recognised> {
    let both: &[_] = &[(1, Kind::Bytes), (2, Kind::Bytes)];
    has_only(bytes, both)?;
    let header = last(bytes, 1)?;
    has_only(&header, both)?;
    let creator = last(&header, 1)?;
    has_only(&creator, both)?;
    std::str::from_utf8(&last(&creator, 1)?).ok()?;
    (!last(bytes, 2)?.is_empty()).then(|| named("common.ConfigSignature", ""))
}

fn of_group(bytes: &Bytes) -> Option<Recognised> {
    has_only(bytes, GROUP)?;
    let tree = ConfigTree::from_group(Sequence(0), bytes.clone()).ok()?;
    let root = tree.root()?;
    let is_organization = root.value("MSP").is_some();
    (is_organization || root.groups().len() > 0).then(|| named("common.ConfigGroup", ""))
}

/// A kind of message, and what to do with one.
fn named(form: &'static str, detail: &str) -> Recognised {
    let advice = match form {
        "common.Config" => {
            "`ProposeConfig` takes an edited config whole, `ProposeConfigUpdate` a patch"
        }
        "common.ConfigUpdate" => "`ProposeConfigUpdate` takes computed updates",
        "common.Envelope" => {
            "only an envelope of type CONFIG_UPDATE (2) holds what can be proposed or signed"
        }
        "common.ConfigUpdateEnvelope" => {
            "`ProposeConfigUpdate` takes its member `config_update`, or the common.Envelope around it"
        }
        "common.ConfigEnvelope" => "`ProposeConfig` takes its member `config`, edited",
        "common.ConfigSignature" => "`AddSignature` takes signatures",
        "common.Block" => {
            "`SyncConfig` takes the bytes of config blocks; `ProposeConfig` takes the edited config in one, \
             `.data.data[0].payload.data.config` of its JSON"
        }
        "common.ConfigGroup" => {
            "`AddOrganization` takes the group of a new organisation; of an edited channel group \
             `ProposeConfig` takes the whole config, `{\"sequence\":..,\"channel_group\":..}`"
        }
        "common.ConfigValue" => {
            "`ReconfigOrganizationMSP` takes the value `MSP` of an organisation"
        }
        "msp.MSPConfig" => {
            "`ReconfigOrganizationMSP` takes the whole value, `{\"mod_policy\":..,\"value\":..}`"
        }
        _ => "nothing of it can be proposed",
    };
    let article = match form {
        "msp.MSPConfig" => "an",
        _ => "a",
    };
    Recognised {
        form,
        what: format!("{article} {form}{detail}"),
        advice,
    }
}

/// The wire type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bytes,
    Varint,
}

/// The fields of `common.Config`.
const CONFIG: &[(u32, Kind)] = &[(1, Kind::Varint), (2, Kind::Bytes)];

/// The fields of `common.ConfigGroup`.
const GROUP: &[(u32, Kind)] = &[
    (1, Kind::Varint),
    (2, Kind::Bytes),
    (3, Kind::Bytes),
    (4, Kind::Bytes),
    (5, Kind::Bytes),
];

/// `None` where the bytes are no message, or one with a field that is not listed.
fn has_only(message: &[u8], known: &[(u32, Kind)]) -> Option<()> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next().ok()? {
        let kind = match field.wire {
            Wire::Bytes(_) => Kind::Bytes,
            Wire::Varint(_) => Kind::Varint,
            _ => return None,
        };
        if !known.contains(&(field.number, kind)) {
            return None;
        }
    }
    Some(())
}

/// The last field of this number, which must be there.
fn last(message: &Bytes, number: u32) -> Option<Bytes> {
    let mut fields = Fields::new(message);
    let mut found = None;
    while let Some(field) = fields.next().ok()? {
        if field.number == number {
            found = field.bytes();
        }
    }
    found.map(|bytes| message.slice_ref(bytes))
}
