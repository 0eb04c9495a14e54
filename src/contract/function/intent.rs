//! What is to change: intents as callers give them, and as calls make them of a group or a value.

use std::fmt;

use bytes::Bytes;
use prost::Message;

use super::{Context, files};
use crate::{
    capabilities::ContractBounds,
    config::{
        Bundle, ConfigLikeness, ConfigSignature, ConfigTree, Patch, PatchError, PatchLimits,
        PlainForms, Section, Update, UpdateError, envelope, is_legal_channel_id,
    },
    contract::{
        answer::DOCUMENT,
        error::{Code, ContractError},
        interface::{base64, is_json},
        judge::access::Admin,
        ledger::TrustedHead,
    },
    ids::Sequence,
    json::{self, MessageType},
    proto::{
        cmscc::Source,
        common,
        msp::{FabricMspConfig, MspConfig},
        scan::Fields,
    },
};

/// What arguments are held against before the ledger is read.
const FIRST: ContractBounds = ContractBounds::V1_0;

/// The value that holds an organisation's MSP.
pub(crate) const MSP: &str = "MSP";

/// An intent within the limits, with the caller's bytes where it gave an update.
#[derive(Debug)]
pub(crate) struct ProposedIntent {
    /// What is to change, as a partial config with modes.
    pub(crate) patch: Patch,
    /// The bytes where it was given as bytes.
    pub(crate) given: Option<Bytes>,
    /// The proposals that it was combined from.
    pub(crate) sources: Vec<Source>,
}

impl ProposedIntent {
    /// An intent that was not combined from others.
    pub(crate) const fn of(patch: Patch, given: Option<Bytes>) -> Self {
        Self {
            patch,
            given,
            sources: Vec::new(),
        }
    }
}

/// What people mix up, and what to do instead.
const MODES: &str = "versions in a patch are modes (0 PATCH, 1 OVERWRITE, 2 DELETE), those in a config \
                     are counts; `ProposeConfig` takes an edited config whole";

/// An intent as the caller gave it.
pub(crate) enum GivenIntent {
    /// As a partial config, in JSON.
    Patch(Patch),
    /// As a computed update.
    Update(GivenUpdate),
}

/// A computed update as the caller gave it.
pub(crate) struct GivenUpdate {
    pub(crate) update: Update,
    /// The signatures of the envelope around it; nobody has looked at them.
    pub(crate) signatures: Vec<ConfigSignature>,
}

/// Reads an argument that is a patch, a computed update, or an envelope around one.
pub(crate) fn given_intent(call: &Context<'_>, index: usize) -> Result<GivenIntent, ContractError> {
    let value = call.args.value(index);
    if !is_json(value) {
        let bytes = base64(value, "config update").map_err(|e| {
            e.code()
                .because(format_args!("{}{}", e.text(), files::remark(value, UPDATE)))
        })?;
        return carried_update(&bytes).map(GivenIntent::Update);
    }
    let text = call.args.text(index, "intent")?.as_bytes();
    match files::json_form(text) {
        Some(form @ (ENVELOPE | UPDATE)) => {
            let bytes = json::decode(form, text)
                .map_err(|e| Code::BadJson.because(format_args!("the {form}: {e}")))?;
            carried_update(&bytes.into()).map(GivenIntent::Update)
        }
        // what is no object of a known form is refused with its place
        Some(PATCH) | None => given_patch(text).map(GivenIntent::Patch),
        Some(_) => Err(Code::BadJson.because(format_args!(
            "the intent is no patch, update or update envelope{}",
            files::remark(value, "")
        ))),
    }
}

const PATCH: &str = "common.Config";
const UPDATE: &str = "common.ConfigUpdate";
pub(crate) const ENVELOPE: &str = "common.Envelope";

fn given_patch(text: &[u8]) -> Result<Patch, ContractError> {
    let bytes = json::decode(PATCH, text)
        .map_err(|e| Code::BadJson.because(format_args!("the patch: {e}")))?;
    let bytes = Bytes::from(bytes);
    let looks = |how: &dyn fmt::Display| {
        Code::BadPatch.because(format_args!(
            "the patch looks like a config: {how}; {MODES}"
        ))
    };
    let sequence = sequence(&bytes);
    if sequence != Sequence(0) {
        return Err(looks(&format_args!("it has the sequence {sequence}")));
    }
    Patch::parse(sized(bytes)?, &limits(&FIRST)).map_err(|e| match e {
        PatchError::UnknownMode { .. } | PatchError::DeleteContent { .. } => looks(&e),
        e => patch_refusal(e),
    })
}

/// The sequence of a serialized `common.Config`; 0 where there is none.
fn sequence(config: &[u8]) -> Sequence {
    let (mut sequence, mut fields) = (0, Fields::new(config));
    while let Ok(Some(field)) = fields.next() {
        if field.number == 1 {
            sequence = field.varint().unwrap_or(sequence);
        }
    }
    Sequence(sequence)
}

/// Refuses a patch that looks like a config, or like a part of one that somebody pasted.
pub(crate) fn demand_patch(bundle: &Bundle, patch: &Patch) -> Result<(), ContractError> {
    let likeness = patch.config_likeness(bundle.tree());
    likeness.map_or(Ok(()), |likeness| {
        let instead = match &likeness {
            ConfigLikeness::Drops { .. } => {
                "; to remove a group, give the group around it version 0 and it alone version 2"
            }
            ConfigLikeness::Empties { .. } => "; to remove it give it version 2 and nothing else",
            ConfigLikeness::NamesAll => "",
        };
        Err(Code::BadPatch
            .because(format_args!(
                "the patch looks like a config: {likeness}; {MODES}{instead}"
            ))
            .at(bundle.sequence()))
    })
}

/// Reads an argument that is a computed update and nothing else.
pub(crate) fn given_update(call: &Context<'_>, index: usize) -> Result<Update, ContractError> {
    let value = call.args.value(index);
    let bytes = base64(value, "config update").map_err(|e| {
        e.code()
            .because(format_args!("{}{}", e.text(), files::remark(value, UPDATE)))
    })?;
    read_update(&bytes)
}

/// An update, or the one that an envelope carries, by the rule by which `AddSignature` reads envelopes.
fn carried_update(bytes: &Bytes) -> Result<GivenUpdate, ContractError> {
    let Ok(envelope) = envelope::read_update_envelope(bytes) else {
        return Ok(GivenUpdate {
            update: read_update(bytes)?,
            signatures: Vec::new(),
        });
    };
    check_signatures(&envelope.signatures)?;
    Ok(GivenUpdate {
        update: read_update(&envelope.config_update)?,
        signatures: envelope.signatures,
    })
}

fn read_update(bytes: &Bytes) -> Result<Update, ContractError> {
    let remark = || files::remark(bytes, UPDATE);
    let sized = sized(bytes.clone())
        .map_err(|e| e.code().because(format_args!("{}{}", e.text(), remark())))?;
    let refused = |why: &dyn fmt::Display| {
        Code::BadProtobuf.because(format_args!(
            "argument `config update` is no ConfigUpdate{why}{}",
            remark()
        ))
    };
    let update = Update::parse(sized).map_err(|e| refused(&format_args!(": {e}")))?;
    // other messages may decode as an update, too
    let is_other = !is_legal_channel_id(update.channel_id());
    match is_other && files::is_message(bytes) {
        true => Err(refused(&"")),
        false => Ok(update),
    }
}

/// Refuses more or longer signatures than a call may carry: the call, not one signature of it. A
/// server whose limit is higher would answer differently otherwise.
pub(crate) fn check_signatures(signatures: &[ConfigSignature]) -> Result<(), ContractError> {
    let limit = FIRST.signatures;
    if signatures.len() > limit {
        return Err(Code::TooMany.because(format_args!(
            "the envelope has {} signatures, the limit is {limit}",
            signatures.len()
        )));
    }
    let limit = FIRST.signature_header;
    let mut lengths = signatures.iter().map(|one| one.signature_header.len());
    lengths
        .find(|length| *length > limit)
        .map_or(Ok(()), |length| {
            Err(Code::HeaderTooLarge.because(format_args!(
                "a signature header has {length} bytes, the limit is {limit}"
            )))
        })
}

/// A whole edited config as the caller gave it.
pub(crate) struct GivenConfig {
    tree: ConfigTree,
    /// Given as JSON, which is the plain form.
    is_plain: bool,
}

/// Reads an argument that is an edited config.
pub(crate) fn given_config(call: &Context<'_>, index: usize) -> Result<GivenConfig, ContractError> {
    let given = call.args.config(index).map_err(|e| {
        let remark = files::remark(call.args.value(index), PATCH);
        e.code().because(format_args!("{}{remark}", e.text()))
    })?;
    let is_plain = is_json(&given);
    let bytes = match is_plain {
        true if !matches!(files::json_form(&given), Some(PATCH) | None) => {
            return Err(Code::BadJson.because(format_args!(
                "the config is no common.Config{}",
                files::remark(&given, PATCH)
            )));
        }
        true => json::decode(PATCH, &given)
            .map_err(|e| Code::BadJson.because(format_args!("the config: {e}")))?
            .into(),
        false => given,
    };
    let refused = |why: &dyn fmt::Display| {
        Code::BadProtobuf.because(format_args!(
            "the config is no common.Config{why}{}",
            files::remark(&bytes, PATCH)
        ))
    };
    if !files::has_config_fields(&bytes) {
        return Err(refused(&""));
    }
    let tree = ConfigTree::parse(bytes.clone()).map_err(|e| refused(&format_args!(": {e}")))?;
    let root = tree.root().filter(|root| root.groups().len() > 0);
    match root {
        Some(_) => Ok(GivenConfig { tree, is_plain }),
        None => Err(refused(&": it has no groups")),
    }
}

/// The intent that an edited config expresses.
pub(crate) fn from_config(
    call: &Context<'_>,
    trusted: &TrustedHead,
    bundle: &Bundle,
    given: &GivenConfig,
) -> Result<ProposedIntent, ContractError> {
    let (sequence, head) = (given.tree.sequence(), bundle.sequence());
    if sequence != head {
        let next = match sequence > head {
            true => "bring the blocks up to it with `SyncConfig` first",
            false => "edit the config that `GetConfig` gives now",
        };
        return Err(Code::StaleConfig.because(format_args!(
            "the edited config is of sequence {sequence}, the head is at {head}; {next}"
        )));
    }
    let has_policy = given
        .tree
        .root()
        .is_some_and(|root| !root.mod_policy().is_empty());
    if !has_policy {
        return Err(Code::BadPatch.because(
            "the channel group has no `mod_policy`, so this is no whole config; \
             `ProposeConfigUpdate` takes patches",
        ));
    }
    let plain = plain_forms(trusted, given);
    let edited = Patch::of_edited(call.channel(), bundle.tree(), &given.tree, plain.as_ref());
    let patch = edited.map_err(|e| {
        let code = match &e {
            PatchError::NoEffect => Code::NothingToChange,
            PatchError::UnknownFields { .. } | PatchError::UnknownMessageFields => {
                Code::BadProtobuf
            }
            _ => Code::InvalidResult,
        };
        let text = match code {
            Code::NothingToChange => {
                "the edited config says the same as the one in force".to_owned()
            }
            _ => e.to_string(),
        };
        code.because(text).at(head)
    })?;
    let bounds = trusted.capabilities().bounds();
    let patch = Patch::parse(patch.bytes().clone(), &limits(&bounds)).map_err(patch_refusal)?;
    Ok(ProposedIntent::of(patch, None))
}

/// Both configs as JSON and back; `None` where one has no JSON form.
fn plain_forms(trusted: &TrustedHead, given: &GivenConfig) -> Option<PlainForms> {
    let plain = |config: &[u8]| {
        let text = json::encode_compact(PATCH, config, DOCUMENT).ok()?;
        ConfigTree::parse(json::decode(PATCH, text.as_bytes()).ok()?.into()).ok()
    };
    Some(PlainForms {
        current: plain(&trusted.body)?,
        edited: match given.is_plain {
            true => given.tree.clone(),
            false => plain(&given.tree.encode())?,
        },
        is_lossy: !given.is_plain,
    })
}

/// Refuses an argument that is longer than a patch may be.
pub(crate) fn sized(bytes: impl Into<Bytes>) -> Result<Bytes, ContractError> {
    let bytes = bytes.into();
    demand_size(&FIRST, &bytes)?;
    Ok(bytes)
}

/// Refuses what is longer than a patch may be.
pub(crate) fn demand_size(bounds: &ContractBounds, bytes: &[u8]) -> Result<(), ContractError> {
    let limit = bounds.patch;
    if bytes.len() > limit {
        return Err(Code::PatchTooLarge.because(format_args!(
            "the change has {} bytes in its protobuf form, the limit is {limit}",
            bytes.len()
        )));
    }
    Ok(())
}

const fn limits(bounds: &ContractBounds) -> PatchLimits {
    PatchLimits {
        patch_bytes: bounds.patch,
        patch_levels: bounds.patch_levels,
    }
}

/// A part of an organisation, from an argument that is a JSON object of this type.
pub(crate) fn document(
    call: &Context<'_>,
    index: usize,
    name: &str,
    message_type: MessageType<'_>,
) -> Result<Bytes, ContractError> {
    let value = call.args.value(index);
    let wanted = match message_type {
        MessageType::Organization => "common.ConfigGroup",
        _ => "common.ConfigValue",
    };
    let refused = |why: &dyn fmt::Display| {
        let remark = files::remark(value, wanted);
        Code::BadJson.because(format_args!("argument `{name} JSON`{why}{remark}"))
    };
    let text = call.args.text(index, name)?.as_bytes();
    if !is_json(text) {
        return Err(refused(&" is not a JSON object"));
    }
    let bytes = json::decode(message_type, text).map_err(|e| refused(&format_args!(": {e}")))?;
    sized(bytes)
}

/// The intent of a computed update.
pub(crate) fn from_update(
    call: &Context<'_>,
    bounds: &ContractBounds,
    bundle: &Bundle,
    update: &Update,
) -> Result<ProposedIntent, ContractError> {
    update
        .check_channel(call.channel())
        .map_err(update_refusal)?;
    let patch = Patch::from_update(bundle.tree(), update).map_err(|e| {
        let refusal = patch_refusal(e);
        let refusal = match refusal.code() {
            Code::BadPatch => Code::BadUpdate.because(refusal.text()),
            _ => refusal,
        };
        refusal.at(bundle.sequence())
    })?;
    let patch = Patch::parse(patch.bytes().clone(), &limits(bounds)).map_err(patch_refusal)?;
    Ok(ProposedIntent::of(patch, Some(update.bytes().clone())))
}

/// The intent to add a group of an organisation to Application.
pub(crate) fn new_organization(
    bounds: &ContractBounds,
    bundle: &Bundle,
    name: &str,
    group: &Bytes,
) -> Result<ProposedIntent, ContractError> {
    let tree = ConfigTree::from_group(Sequence(0), group.clone())
        .map_err(|e| Code::BadProtobuf.because(format_args!("the organisation's group: {e}")))?;
    let root = tree
        .root()
        .ok_or_else(|| Code::BadProtobuf.because("the organisation's group is empty"))?;
    let bad_msp = |why: &dyn fmt::Display| {
        Code::BadMsp.because(format_args!("the organisation's MSP: {why}"))
    };
    let value = root
        .value(MSP)
        .ok_or_else(|| bad_msp(&"the group has no value `MSP`"))?;
    let (msp_id, config) = msp_of(value.bytes()).map_err(|e| bad_msp(&e))?;
    if bundle
        .orgs(Section::Application)
        .any(|org| org.name == name)
    {
        return Err(Code::OrganizationExists.because(format_args!(
            "the Application group of sequence {} has an organisation `{name}` already",
            bundle.sequence()
        )));
    }
    if bundle
        .orgs(Section::Application)
        .any(|org| org.msp_id.as_str() == msp_id)
    {
        return Err(Code::MspExists.because(format_args!(
            "`{msp_id}` is a member of the Application group of sequence {} already",
            bundle.sequence()
        )));
    }
    let other = bundle
        .msps()
        .get(&msp_id)
        .is_some_and(|msp| MspConfig::decode(msp.config()).ok().as_ref() != Some(&config));
    if other {
        return Err(Code::MspConflict.because(format_args!(
            "`{msp_id}` exists elsewhere in the config of sequence {} with another MSP definition",
            bundle.sequence()
        )));
    }
    let patch =
        Patch::put_group(&["Application", name], group, &limits(bounds)).map_err(patch_refusal)?;
    Ok(ProposedIntent::of(patch, None))
}

/// The intent to give the caller's organisation another MSP definition, in each group that has it.
pub(crate) fn new_msp(
    bounds: &ContractBounds,
    bundle: &Bundle,
    admin: &Admin,
    value: &Bytes,
) -> Result<ProposedIntent, ContractError> {
    let content = common::ConfigValue::decode(value.clone())
        .map_err(|e| Code::BadProtobuf.because(format_args!("the MSP value: {e}")))?;
    let (msp_id, _) = msp_of(&content.value)
        .map_err(|e| Code::BadMsp.because(format_args!("the MSP value: {e}")))?;
    if msp_id != admin.msp_id().as_str() {
        return Err(Code::BadMsp.because(format_args!(
            "the definition is for `{msp_id}`, the caller belongs to `{}`; an organisation \
             changes its own, and an MSP id never changes",
            admin.msp_id()
        )));
    }
    let mut patches = Vec::new();
    for (section, name) in [
        (Section::Application, "Application"),
        (Section::Orderer, "Orderer"),
    ] {
        for org in bundle.orgs(section) {
            if org.msp_id == admin.msp_id() {
                let group = [name, org.name];
                let patch = Patch::put_value(&group, MSP, value, &limits(bounds));
                patches.push(patch.map_err(patch_refusal)?);
            }
        }
    }
    let patch = Patch::combine(&patches).map_err(patch_refusal)?;
    Ok(ProposedIntent::of(patch, None))
}

/// The MSP id that a definition names, and the definition.
fn msp_of(value: &[u8]) -> Result<(String, MspConfig), String> {
    let config = MspConfig::decode(value).map_err(|e| e.to_string())?;
    if config.r#type != 0 {
        return Err(format!(
            "type {} is not 0 (X.509); members of Application that sign have X.509 identities",
            config.r#type
        ));
    }
    let fabric = FabricMspConfig::decode(config.config.clone()).map_err(|e| e.to_string())?;
    if fabric.name.is_empty() {
        return Err("it names no MSP id".to_owned());
    }
    Ok((fabric.name, config))
}

/// The refusal of an intent that cannot be read or applied.
pub(crate) fn patch_refusal(error: PatchError) -> ContractError {
    let code = match &error {
        PatchError::TooDeep { .. } | PatchError::TooLong { .. } => Code::PatchTooLarge,
        PatchError::Update(e) if e.is_stale() => Code::StaleUpdate,
        PatchError::Update(_)
        | PatchError::Differs { .. }
        | PatchError::IsolatedData
        | PatchError::NoEffect => Code::BadUpdate,
        _ => Code::BadPatch,
    };
    code.because(error)
}

fn update_refusal(error: UpdateError) -> ContractError {
    let code = match &error {
        UpdateError::ChannelMismatch { .. } => Code::WrongChannel,
        e if e.is_stale() => Code::StaleUpdate,
        _ => Code::BadUpdate,
    };
    code.because(error)
}
