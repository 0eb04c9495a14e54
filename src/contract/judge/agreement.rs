//! What a settings proposal is about: the message that is signed, and what it says on the settings
//! of now. Pure.
//!
//! The signed bytes are a `ConfigUpdate` of this channel that changes nothing and carries one
//! message in its isolated data. No orderer can apply it, and since the message names instance,
//! version, hash and proposal, no signature on it is good for anything else.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use prost::Message;

use super::terms::{Computed, Deciding, SettingsTerms, Stale, Standing};
use crate::{
    capabilities::ContractCapabilities,
    config::Bundle,
    contract::{
        answer::{SettingsReport, names::gate_name},
        error::{Code, ContractError, shown},
        ledger::{
            TrustedHead, lacking,
            proposals::{self, HashedRevision},
        },
    },
    ids::{ChannelId, Digest, ProposalId},
    policy::parse_policy,
    proto::{
        cmscc::{Proposal, Settings, SettingsChange},
        common,
    },
};

/// The policy that decides about settings.
pub(crate) const DECIDING: &str = "/Channel/Application/Admins";

/// The key of a change of settings in the isolated data of a config update.
pub(crate) const ISOLATED: &str = "cmscc.settings";

/// Where policies of the channel config lie.
const CHANNEL: &str = "/Channel/";

/// Judges the current revision of a settings proposal.
pub(crate) fn standing(
    bundle: &Bundle,
    trusted: &TrustedHead,
    proposal: &Proposal,
    current: &HashedRevision<'_>,
) -> Result<Standing, ContractError> {
    let change = change(proposal)?;
    let wanted = change.settings.clone().unwrap_or_default();
    if same_content(&wanted, &trusted.settings) {
        return Ok(Standing::AlreadyInEffect);
    }
    let policy = match check(bundle, &trusted.settings, &wanted) {
        Ok(()) => bundle.policies().absolute(DECIDING),
        Err(refusal) => return Ok(Standing::Broken(refusal.text().to_owned())),
    };
    let Some(policy) = policy else {
        return Ok(Standing::Broken(format!(
            "the config has no policy `{DECIDING}`, which decides about settings"
        )));
    };
    let id = ProposalId::new(proposal.id.as_str());
    let fresh = canonical(bundle.channel(), trusted, &id, &wanted);
    if fresh == current.config_update {
        let known = demand_known(&wanted);
        return Ok(Standing::Open(Deciding::Settings(SettingsTerms {
            policy,
            unsupported: known.err().map(|refusal| refusal.text().to_owned()),
        })));
    }
    Ok(Standing::Outofdate(Arc::new(Stale {
        why: misfit(trusted, &change),
        different_effect: Vec::new(),
        fresh: Computed {
            config_update: fresh,
            touched: Vec::new(),
        },
        conflicts: Vec::new(),
    })))
}

/// The change of settings that a proposal's current revision carries.
pub(crate) fn change(proposal: &Proposal) -> Result<SettingsChange, ContractError> {
    let bytes = &proposals::last(proposal)?.config_update;
    common::ConfigUpdate::decode(bytes.clone())
        .ok()
        .and_then(|update| SettingsChange::decode(update.isolated_data.get(ISOLATED)?.clone()).ok())
        .ok_or_else(|| {
            Code::StateCorrupt.because(format_args!(
                "proposal `{}` carries no change of settings",
                proposal.id
            ))
        })
}

/// The one encoding of a change to these settings at the version after the settings of now: what is
/// signed, and what is applied.
pub(crate) fn canonical(
    channel: &ChannelId,
    trusted: &TrustedHead,
    id: &ProposalId,
    wanted: &Settings,
) -> Bytes {
    let change = SettingsChange {
        instance: trusted.settings.instance.clone(),
        version: next_version(&trusted.settings),
        current_sha256: Bytes::copy_from_slice(trusted.settings_sha256.as_bytes()),
        proposal_id: id.to_string(),
        settings: Some(next(&trusted.settings, wanted)),
    };
    let update = common::ConfigUpdate {
        channel_id: channel.to_string(),
        isolated_data: BTreeMap::from([(ISOLATED.to_owned(), change.encode_to_vec().into())]),
        ..common::ConfigUpdate::default()
    };
    update.encode_to_vec().into()
}

/// The settings that follow those of now.
fn next(current: &Settings, wanted: &Settings) -> Settings {
    Settings {
        instance: current.instance.clone(),
        version: Some(next_version(current)),
        ..wanted.clone()
    }
}

fn next_version(current: &Settings) -> u64 {
    // saturating: a version takes a transaction
    current.version.unwrap_or_default().saturating_add(1)
}

/// Whether two settings say the same, instance and version aside.
pub(crate) fn same_content(one: &Settings, other: &Settings) -> bool {
    one.capabilities == other.capabilities
        && one.gate() == other.gate()
        && one.endorsement_policy == other.endorsement_policy
}

/// Refuses settings that can not follow those of now: capabilities are only added, and an endorsement
/// policy must be one.
pub(crate) fn check(
    bundle: &Bundle,
    current: &Settings,
    wanted: &Settings,
) -> Result<(), ContractError> {
    let dropped: Vec<&str> = current
        .capabilities
        .iter()
        .filter(|level| !wanted.capabilities.contains(level))
        .map(String::as_str)
        .collect();
    if !dropped.is_empty() {
        return Err(Code::CapabilityDropped.because(format_args!(
            "the settings drop the contract capabilities `{}` of version {}; capabilities are only \
             added",
            dropped.join("`, `"),
            current.version.unwrap_or_default()
        )));
    }
    check_policy(bundle, &wanted.endorsement_policy)
}

/// Refuses what is neither a policy of the channel config nor a signature policy. Empty: none.
fn check_policy(bundle: &Bundle, text: &str) -> Result<(), ContractError> {
    if text.is_empty() {
        return Ok(());
    }
    if !is_reference(text) {
        return parse_policy(text).map(drop).map_err(|e| {
            Code::BadPolicy.because(format_args!(
                "the endorsement policy is neither a policy of the channel config, such as \
                 `/Channel/Application/Endorsement`, nor a signature policy: {e}"
            ))
        });
    }
    let policies = bundle.policies();
    // a name that Fabric reads otherwise than it is written is not taken
    let found = policies.absolute(text).map(|policy| policies.path(policy));
    if text.starts_with(CHANNEL) && found.as_deref() == Some(text) {
        return Ok(());
    }
    Err(Code::BadPolicy.because(format_args!(
        "the endorsement policy `{}` is no policy of the config of sequence {}",
        shown(text),
        bundle.sequence()
    )))
}

/// Whether an endorsement policy names a policy of the channel config.
pub(crate) fn is_reference(policy: &str) -> bool {
    policy.starts_with('/')
}

/// Refuses to endorse settings that demand what this build does not know.
pub(crate) fn demand_known(settings: &Settings) -> Result<(), ContractError> {
    let capabilities = ContractCapabilities::new(settings.capabilities.iter().cloned());
    match lacking(&capabilities) {
        None => Ok(()),
        Some(text) => Err(Code::ContractCapability
            .because(format_args!("the settings demand that servers know {text}"))),
    }
}

/// Why a change does not fit the settings of now.
fn misfit(trusted: &TrustedHead, change: &SettingsChange) -> String {
    let settings = &trusted.settings;
    if change.instance != settings.instance {
        return format!(
            "it was made for instance `{}` of the contract, this is `{}`",
            change.instance, settings.instance
        );
    }
    let (made, now) = (change.version, next_version(settings));
    if made != now {
        return format!(
            "it was made to become version {made} of the settings, the next one is {now}"
        );
    }
    format!(
        "it was made for settings with sha-256 `{}`, those of now have `{}`",
        Digest::from_bytes(&change.current_sha256).map_or_else(String::new, |d| d.to_string()),
        trusted.settings_sha256
    )
}

impl SettingsReport {
    /// Settings as answers show them.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            capabilities: settings.capabilities.clone(),
            endorsement_policy: Some(settings.endorsement_policy.clone())
                .filter(|policy| !policy.is_empty()),
            gate: gate_name(settings.gate()),
        }
    }
}
