//! What is to change: intents as callers give them, and as calls make them of a group or a value.

use bytes::Bytes;
use prost::Message;

use super::Context;
use crate::{
    capabilities::ContractBounds,
    config::{Bundle, ConfigTree, Patch, PatchError, PatchLimits, Section, Update, UpdateError},
    contract::{
        error::{Code, ContractError},
        interface::{base64, is_json},
        judge::access::Admin,
    },
    ids::Sequence,
    json,
    proto::{
        cmscc::Source,
        common,
        msp::{FabricMspConfig, MspConfig},
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

/// An intent as the caller gave it.
pub(crate) enum GivenIntent {
    /// As a partial config, in JSON.
    Patch(Patch),
    /// As a computed update, in base64.
    Update(Update),
}

/// Reads an argument that is a patch or a computed update.
pub(crate) fn given_intent(call: &Context<'_>, index: usize) -> Result<GivenIntent, ContractError> {
    let value = call.args.value(index);
    if is_json(value) {
        let text = call.args.text(index, "patch")?.as_bytes();
        let bytes = json::decode("common.Config", text)
            .map_err(|e| Code::BadJson.because(format_args!("the patch: {e}")))?;
        let patch = Patch::parse(sized(bytes)?, &limits(&FIRST)).map_err(patch_refusal)?;
        return Ok(GivenIntent::Patch(patch));
    }
    given_update(call, index).map(GivenIntent::Update)
}

/// Reads an argument that is a computed update.
pub(crate) fn given_update(call: &Context<'_>, index: usize) -> Result<Update, ContractError> {
    let bytes = sized(base64(call.args.value(index), "config update")?)?;
    Update::parse(bytes).map_err(|e| {
        Code::BadProtobuf.because(format_args!(
            "argument `config update` is no ConfigUpdate: {e}"
        ))
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

/// The text of an argument that is a JSON object.
pub(crate) fn document<'a>(
    call: &Context<'a>,
    index: usize,
    name: &str,
) -> Result<&'a [u8], ContractError> {
    let text = call.args.text(index, name)?.as_bytes();
    if is_json(text) {
        return Ok(text);
    }
    Err(Code::BadJson.because(format_args!("argument `{name} JSON` is not a JSON object")))
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
    let bad_msp = |why: &dyn std::fmt::Display| {
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
