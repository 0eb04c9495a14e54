//! Capability levels of the channel: which ones a change raises, in which order that may be done,
//! and which organisations have attested them. Pure.

use std::collections::BTreeSet;

use prost::Message;
use serde::Serialize;

use crate::{
    capabilities::{ApplicationCapabilities, ChannelCapabilities, OrdererCapabilities},
    config::{Bundle, ConfigTree, Section},
    contract::error::{Code, ContractError},
    ids::MspId,
    proto::{
        cmscc::{Attestation, LevelScope},
        common::Capabilities,
    },
};

/// The value that declares levels.
const CAPABILITIES: &str = "Capabilities";

/// The three maps of a config that declare levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    /// `/Channel`: all nodes.
    Channel,
    /// `/Channel/Orderer`: orderers.
    Orderer,
    /// `/Channel/Application`: peers.
    Application,
}

impl Scope {
    /// Every scope, from the channel down.
    pub(crate) const ALL: [Self; 3] = [Self::Channel, Self::Orderer, Self::Application];

    /// As the ledger names it.
    pub(crate) const fn stored(self) -> LevelScope {
        match self {
            Self::Channel => LevelScope::Channel,
            Self::Orderer => LevelScope::Orderer,
            Self::Application => LevelScope::Application,
        }
    }

    /// The scope that the ledger names; `None` for none.
    pub(crate) const fn of_stored(stored: LevelScope) -> Option<Self> {
        match stored {
            LevelScope::Unspecified => None,
            LevelScope::Channel => Some(Self::Channel),
            LevelScope::Orderer => Some(Self::Orderer),
            LevelScope::Application => Some(Self::Application),
        }
    }

    /// The levels that this build knows, ascending.
    pub(crate) const fn supported(self) -> &'static [&'static str] {
        match self {
            Self::Channel => ChannelCapabilities::SUPPORTED,
            Self::Orderer => OrdererCapabilities::SUPPORTED,
            Self::Application => ApplicationCapabilities::SUPPORTED,
        }
    }

    /// The levels that a config declares here.
    pub(crate) fn declared(self, config: &ConfigTree) -> BTreeSet<String> {
        let group = match self {
            Self::Channel => config.root(),
            Self::Orderer => config.group(&["Orderer"]),
            Self::Application => config.group(&["Application"]),
        };
        // a value that does not decode makes no valid config
        group
            .and_then(|group| group.value(CAPABILITIES))
            .and_then(|value| Capabilities::decode(value.bytes()).ok())
            .map(|declared| declared.capabilities.into_keys().collect())
            .unwrap_or_default()
    }

    /// The levels that an organisation says its nodes support.
    pub(crate) fn attested(self, attestation: &Attestation) -> &[String] {
        match self {
            Self::Channel => &attestation.channel,
            Self::Orderer => &attestation.orderer,
            Self::Application => &attestation.application,
        }
    }

    /// The organisations whose nodes a level here is for.
    pub(crate) fn concerned(self, bundle: &Bundle) -> BTreeSet<MspId> {
        match self {
            Self::Channel => {
                let orderers = bundle.msp_ids(Section::Orderer);
                &bundle.msp_ids(Section::Application) | &orderers
            }
            Self::Orderer => bundle.msp_ids(Section::Orderer),
            Self::Application => bundle.msp_ids(Section::Application),
        }
    }

    /// The path of the group that declares it.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Channel => "/Channel",
            Self::Orderer => "/Channel/Orderer",
            Self::Application => "/Channel/Application",
        }
    }
}

/// A level that a change adds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Raise {
    /// Where it is declared.
    pub(crate) scope: Scope,
    /// Its name, such as `V2_5`.
    pub(crate) level: String,
}

/// The levels that another config has and this one has not, by scope and name.
pub(crate) fn raised(current: &ConfigTree, next: &ConfigTree) -> Vec<Raise> {
    let mut raises = Vec::new();
    for scope in Scope::ALL {
        let now = scope.declared(current);
        let added = scope.declared(next).into_iter();
        raises.extend(
            added
                .filter(|level| !now.contains(level))
                .map(|level| Raise { scope, level }),
        );
    }
    raises
}

/// Refuses to raise a level that this build does not know.
///
/// Differs from Fabric: an orderer lets an unknown application level pass, and every peer stops.
pub(crate) fn check_known(current: &ConfigTree, next: &ConfigTree) -> Result<(), ContractError> {
    for Raise { scope, level } in raised(current, next) {
        if !scope.supported().contains(&level.as_str()) {
            return Err(Code::CapabilityUnsupported.because(format_args!(
                "the change raises the capability level `{level}` of `{}`, which this server \
                 (version {}) does not know: nodes that do not know it stop; it knows `{}`",
                scope.path(),
                env!("CARGO_PKG_VERSION"),
                scope.supported().join("`, `")
            )));
        }
    }
    Ok(())
}

/// Refuses the same, and to raise a channel or application level before the orderers are at theirs.
pub(crate) fn check_raises(current: &ConfigTree, next: &ConfigTree) -> Result<(), ContractError> {
    check_known(current, next)?;
    let orderer = Scope::Orderer.declared(next);
    for Raise { scope, level } in raised(current, next) {
        if scope == Scope::Orderer {
            continue;
        }
        if let Some(first) = orderer_level_before(&level, &orderer) {
            return Err(Code::CapabilityOrder.because(format_args!(
                "the change raises the capability level `{level}` of `{}` before \
                 `/Channel/Orderer` is at `{first}`; raise that first, or in the same change",
                scope.path()
            )));
        }
    }
    Ok(())
}

/// The orderer level that a channel or application level comes after and that is not declared.
fn orderer_level_before(level: &str, declared: &BTreeSet<String>) -> Option<&'static str> {
    let wanted = OrdererCapabilities::SUPPORTED
        .iter()
        .filter(|known| numbers(known) <= numbers(level))
        .max_by_key(|known| numbers(known))?;
    let reached = declared.iter().any(|have| numbers(have) >= numbers(wanted));
    (!reached).then_some(*wanted)
}

/// The version that a level's name stands for: `V1_4_2` is 1.4.2.
fn numbers(level: &str) -> Vec<u32> {
    level
        .trim_start_matches('V')
        .split('_')
        .map_while(|part| part.parse().ok())
        .collect()
}

/// The levels of a config that this build does not know and that concern peers.
pub(crate) fn unsupported(bundle: &Bundle) -> Vec<String> {
    let channel = bundle.channel_capabilities().unsupported();
    let application = bundle
        .application_capabilities()
        .map(|c| c.unsupported())
        .unwrap_or_default();
    channel
        .into_iter()
        .map(|level| format!("Channel/{level}"))
        .chain(
            application
                .into_iter()
                .map(|level| format!("Application/{level}")),
        )
        .collect()
}

/// Refuses a config that requires levels which this build does not know.
pub(crate) fn demand_supported(bundle: &Bundle) -> Result<(), ContractError> {
    let levels = unsupported(bundle);
    if levels.is_empty() {
        return Ok(());
    }
    Err(Code::CapabilityUnsupported.because(format_args!(
        "the config of sequence {} requires the capability levels `{}`, which this server \
         (version {}) does not know; install a version that does",
        bundle.sequence(),
        levels.join("`, `"),
        env!("CARGO_PKG_VERSION")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orderers_come_first() {
        let cases: &[(&str, &[&str], Option<&str>)] = &[
            ("V2_0", &["V1_4_2"], Some("V2_0")),
            ("V3_0", &["V2_0"], None),
            ("V2_5", &["V2_0"], None),
            ("V1_3", &[], Some("V1_1")),
            ("V1_3", &["V1_1"], None),
            ("V1_4_3", &["V1_1"], Some("V1_4_2")),
            ("V1_1_PVTDATA_EXPERIMENTAL", &["V2_0"], None),
        ];
        for (level, declared, missing) in cases {
            let declared = declared.iter().map(|d| (*d).to_owned()).collect();
            assert_eq!(
                orderer_level_before(level, &declared),
                *missing,
                "{level} {declared:?}"
            );
        }
    }
}
