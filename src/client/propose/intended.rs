//! What a wanted change makes of the config, found out here: the contract computes the update, and one's
//! own signature may follow at once, so its word is not enough.

use bytes::Bytes;

use super::WantedChange;
use crate::{
    client::{ClientError, Exit},
    config::{
        Bundle, ConfigTree, Patch, PatchLimits, PlainForms, Section, Update, envelope,
        intended_effect,
    },
    ids::MspId,
    json::{self, MessageType},
};

/// What is read of files that this machine's own user named.
const LIMITS: PatchLimits = PatchLimits {
    patch_bytes: 32 << 20,
    patch_levels: 1_000,
};

/// The longest JSON form that is made. Unit: bytes.
const LONGEST: usize = 64 << 20;

const CONFIG: &str = "common.Config";

impl WantedChange {
    /// Refuses an update that does something else than what is wanted. `own`: one's own organisation.
    ///
    /// # Errors
    /// `OTHER_CHANGE` (unsafe); `BAD_INTENT` where what is wanted cannot be read here.
    // SECURITY: the contract's answer names intent and update; only this compares them with what was asked
    pub fn check_proposed(
        &self,
        bundle: &Bundle,
        own: &MspId,
        config_update: &Bytes,
    ) -> Result<(), ClientError> {
        let wanted = self.wanted_config(bundle, own).map_err(|why| {
            let text = format!("what is wanted cannot be read on this machine: {why}");
            ClientError::new(Exit::Usage, "BAD_INTENT", text)
        })?;
        intended_effect(bundle, config_update, &wanted).map_err(|misfit| {
            let text = "the contract proposes something else than what you asked for";
            let mut error = ClientError::new(Exit::Unsafe, "OTHER_CHANGE", text)
                .hint("nothing was written: your server, your peer or this program is wrong");
            let elements = misfit.different_effect.into_iter();
            error.details = elements.map(|path| ("differs".to_owned(), path)).collect();
            error
        })?;
        Ok(())
    }

    /// The config as it is wanted.
    ///
    /// # Errors
    /// Why it cannot be read, or does not fit this config, in words.
    pub(in crate::client) fn wanted_config(
        &self,
        bundle: &Bundle,
        own: &MspId,
    ) -> Result<ConfigTree, String> {
        let patch = match self {
            Self::AddOrganization { name, group } => {
                let group = json::decode(MessageType::Organization, group.as_bytes());
                let group = group.map_err(|error| error.to_string())?;
                Patch::put_group(&["Application", name], &group, &LIMITS)
            }
            Self::Config(config) => return of_config(bundle, config),
            Self::Patch(text) => return of_change(bundle, text.as_bytes()),
            Self::RemoveOrganization { name } => {
                return of_change(bundle, super::call::removal(name).as_bytes());
            }
            Self::SetMsp(value) => return of_msp(bundle, own, value),
            Self::Update(update) => return of_change(bundle, update),
        };
        applied(bundle, patch)
    }
}

fn applied<E: std::fmt::Display>(
    bundle: &Bundle,
    patch: Result<Patch, E>,
) -> Result<ConfigTree, String> {
    let patch = patch.map_err(|error| error.to_string())?;
    patch.apply(bundle.tree()).map_err(|e| e.to_string())
}

/// A patch or an update, as JSON or serialized; an update also in an envelope.
fn of_change(bundle: &Bundle, given: &[u8]) -> Result<ConfigTree, String> {
    let is_json = given.trim_ascii_start().first() == Some(&b'{');
    let serialized = |form: &str| json::decode(form, given).map(Bytes::from);
    let update = match is_json {
        false => Bytes::copy_from_slice(given),
        true => {
            match serialized("common.Envelope").or_else(|_| serialized("common.ConfigUpdate")) {
                Ok(update) => update,
                Err(_) => {
                    let patch = serialized(CONFIG).map_err(|error| error.to_string())?;
                    return applied(bundle, Patch::parse(patch, &LIMITS));
                }
            }
        }
    };
    let update = match envelope::read_update_envelope(&update) {
        Ok(envelope) => envelope.config_update,
        Err(_) => update,
    };
    let update = Update::parse(update).map_err(|error| error.to_string())?;
    applied(bundle, Patch::from_update(bundle.tree(), &update))
}

/// A whole edited config, as JSON or serialized.
fn of_config(bundle: &Bundle, given: &Bytes) -> Result<ConfigTree, String> {
    let is_plain = given.trim_ascii_start().first() == Some(&b'{');
    let bytes = match is_plain {
        true => json::decode(CONFIG, given)
            .map_err(|e| e.to_string())?
            .into(),
        false => given.clone(),
    };
    let edited = ConfigTree::parse(bytes).map_err(|error| error.to_string())?;
    let plain = |tree: &ConfigTree| {
        let text = json::encode_compact(CONFIG, &tree.encode(), LONGEST).ok()?;
        ConfigTree::parse(json::decode(CONFIG, text.as_bytes()).ok()?.into()).ok()
    };
    let forms = || {
        Some(PlainForms {
            current: plain(bundle.tree())?,
            edited: match is_plain {
                true => edited.clone(),
                false => plain(&edited)?,
            },
            is_lossy: !is_plain,
        })
    };
    let patch = Patch::of_edited(bundle.channel(), bundle.tree(), &edited, forms().as_ref());
    applied(bundle, patch)
}

/// Another MSP definition of one's own, in each group that has it.
fn of_msp(bundle: &Bundle, own: &MspId, value: &str) -> Result<ConfigTree, String> {
    let value = json::decode(MessageType::OrganizationValue("MSP"), value.as_bytes());
    let value = value.map_err(|error| error.to_string())?;
    let mut patches = Vec::new();
    for (section, name) in [
        (Section::Application, "Application"),
        (Section::Orderer, "Orderer"),
    ] {
        for org in bundle.orgs(section).filter(|org| org.msp_id == own) {
            let patch = Patch::put_value(&[name, org.name], "MSP", &value, &LIMITS);
            patches.push(patch.map_err(|error| error.to_string())?);
        }
    }
    applied(bundle, Patch::combine(&patches))
}
