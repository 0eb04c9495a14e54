//! What to do with a file that somebody gave in the place of another. What it is, is found in
//! [`files`](crate::files).

use std::fmt;

use bytes::Bytes;

use crate::{
    contract::{
        error::shown,
        interface::{base64, is_json},
    },
    files::{self, FileForm, FormDetail},
};

/// A file that is another than the one that was to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongFile {
    /// The message's name, or `PEM`.
    form: &'static str,
    /// What it is, with what tells it from others of its kind.
    what: String,
    /// What to do with it.
    advice: &'static str,
}

impl fmt::Display for WrongFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is {}; {}", self.what, self.advice)
    }
}

/// The message that a JSON object is by the names of its members; `None` where it is no JSON object, or
/// none that has such a name. Cost: linear.
pub(crate) fn json_form(text: &[u8]) -> Option<&'static str> {
    files::form_of_json(text).map(FileForm::name)
}

/// What an argument is: JSON, base64 or bytes as they are; `None` where nothing of a channel's config is
/// recognised. Cost: linear.
pub(crate) fn recognised(argument: &Bytes) -> Option<WrongFile> {
    if files::is_pem(argument) {
        return Some(told(&files::pem_label(argument)));
    }
    if is_json(argument) {
        return files::recognised_json(argument).as_ref().map(told);
    }
    let decoded = base64(argument, "").unwrap_or_else(|_| argument.clone());
    match files::is_pem(&decoded) {
        true => Some(told(&files::pem_label(&decoded))),
        false => files::recognised_message(&decoded).as_ref().map(told),
    }
}

/// The same as the end of a refusal; empty where nothing is recognised, or nothing but the message that
/// was `wanted`.
pub(crate) fn remark(argument: &Bytes, wanted: &str) -> String {
    let other = recognised(argument).filter(|it| it.form != wanted);
    other.map_or_else(String::new, |it| format!("; {it}"))
}

/// Whether a message is one that is recognised.
pub(crate) fn is_message(message: &Bytes) -> bool {
    files::recognised_message(message).is_some()
}

/// The same of other messages than a signature. A signature is the last but one that is tried: what is
/// taken for another message before may be a signature, too.
pub(crate) fn is_other_than_signature(message: &Bytes) -> bool {
    is_message(message) && !files::is_signature(message)
}

/// Whether a message has no other fields than a `common.Config`.
pub(crate) fn has_config_fields(message: &[u8]) -> bool {
    files::has_config_fields(message)
}

/// A file, and what to do with it.
fn told(file: &files::Recognised) -> WrongFile {
    let advice = match (file.form, &file.detail) {
        (FileForm::Config, _) => {
            "`ProposeConfig` takes an edited config whole, `ProposeConfigUpdate` a patch"
        }
        (FileForm::ConfigUpdate, _) => "`ProposeConfigUpdate` takes computed updates",
        (FileForm::Envelope, FormDetail::Transaction(2, _)) => {
            "`ProposeConfigUpdate` takes the update in it as a new proposal, `AddSignature` the \
             signatures in it"
        }
        (FileForm::Envelope, _) => {
            "only an envelope of type CONFIG_UPDATE (2) holds what can be proposed or signed"
        }
        (FileForm::ConfigUpdateEnvelope, _) => {
            "`ProposeConfigUpdate` takes its member `config_update`, or the common.Envelope around it"
        }
        (FileForm::ConfigEnvelope, _) => "`ProposeConfig` takes its member `config`, edited",
        (FileForm::ConfigSignature, _) => "`AddSignature` takes signatures",
        (FileForm::Block, _) => {
            "`SyncConfig` takes the bytes of config blocks; `ProposeConfig` takes the edited config in one, \
             `.data.data[0].payload.data.config` of its JSON"
        }
        (FileForm::ConfigGroup, _) => {
            "`AddOrganization` takes the group of a new organisation; of an edited channel group \
             `ProposeConfig` takes the whole config, `{\"sequence\":..,\"channel_group\":..}`"
        }
        (FileForm::ConfigValue, _) => {
            "`ReconfigOrganizationMSP` takes the value `MSP` of an organisation"
        }
        (FileForm::MspConfig, _) => {
            "`ReconfigOrganizationMSP` takes the whole value, `{\"mod_policy\":..,\"value\":..}`"
        }
        (FileForm::Pem, _) => "certificates go into an organisation's MSP definition, keys nowhere",
        (FileForm::Payload, _) => "nothing of it can be proposed",
    };
    WrongFile {
        form: file.form.name(),
        what: file.words(|text| shown(text).to_string()),
        advice,
    }
}
