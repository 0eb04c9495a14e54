//! What may not change from one config of a channel to the next.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    bundle::Bundle,
    refusal::{Refusal, Stage},
    tree::{ConfigTree, GroupRef},
    values,
};
use crate::{
    capabilities::{ApplicationCapabilities, ChannelCapabilities, OrdererCapabilities},
    identity::Msp,
    ids::MspId,
};

/// A change that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuccessorError {
    /// Capabilities that the nodes do not know.
    #[error("group `{group}` has unsupported capabilities: {}", .names.join(", "))]
    CapabilityUnsupported {
        /// The group whose value `Capabilities` names them.
        group: &'static str,
        /// The unknown ones, ascending.
        names: Vec<String>,
    },
    /// Another consensus type, without the channel capability for it.
    #[error("the consensus type may not change from `{from}` to `{to}`")]
    ConsensusTypeChange {
        /// The current type.
        from: String,
        /// The next type.
        to: String,
    },
    /// An orderer organisation needs an endpoint of its own.
    #[error("`/Channel/Orderer/{org}` has no endpoint, which channel capability V3_0 demands")]
    MissingEndpoints {
        /// The organisation.
        org: String,
    },
    /// An organisation may not get another MSP id.
    #[error("the msp id of `{org}` may not change from `{from}` to `{to}`")]
    MspIdChange {
        /// The organisation's path.
        org: String,
        /// The current id.
        from: MspId,
        /// The next id.
        to: MspId,
    },
    /// The config has no Orderer group.
    #[error("the config has no group `/Channel/Orderer`")]
    OrdererGroupMissing,
    /// A section may not appear.
    #[error("group `/Channel/{0}` may not be added")]
    SectionAdded(&'static str),
    /// A section may not disappear.
    #[error("group `/Channel/{0}` may not be removed")]
    SectionRemoved(&'static str),
}

impl SuccessorError {
    /// The vectors' reason class.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::CapabilityUnsupported { .. } => "capability_unsupported",
            Self::ConsensusTypeChange { .. } => "consensus_type_change",
            Self::MissingEndpoints { .. } => "missing_endpoints",
            Self::MspIdChange { .. } => "msp_id_change",
            Self::OrdererGroupMissing => "orderer_group_missing",
            Self::SectionAdded(_) => "section_added",
            Self::SectionRemoved(_) => "section_removed",
        }
    }
}

impl Bundle {
    /// Compiles the next config and checks that an orderer lets it follow this one.
    ///
    /// # Errors
    /// [`Refusal`] at stage [`Stage::NewBundle`], [`Stage::Capabilities`] or
    /// [`Stage::ValidateNew`].
    // Fabric: orderer/common/multichannel/chainsupport.go, ProposeConfigUpdate
    pub fn check_successor(&self, next: &ConfigTree) -> Result<Self, Refusal> {
        let next = self
            .successor(next.clone())
            .map_err(|e| Refusal::at(Stage::NewBundle, e))?;
        next.check_orderer_capabilities()
            .map_err(|e| Refusal::at(Stage::Capabilities, e))?;
        self.check_transition(&next)
            .map_err(|e| Refusal::at(Stage::ValidateNew, e))?;
        Ok(next)
    }

    /// Whether an orderer of this build's level can serve this config.
    ///
    /// # Errors
    /// [`SuccessorError::OrdererGroupMissing`], [`SuccessorError::CapabilityUnsupported`].
    // Fabric: orderer/common/multichannel/blocksupport.go, checkResources
    pub fn check_orderer_capabilities(&self) -> Result<(), SuccessorError> {
        let orderer = self
            .orderer_capabilities()
            .ok_or(SuccessorError::OrdererGroupMissing)?;
        supported("/Channel/Orderer", orderer.unsupported())?;
        supported("/Channel", self.channel_capabilities().unsupported())
    }

    /// Whether another config may follow this one.
    ///
    /// # Errors
    /// [`SuccessorError`].
    // Fabric: common/channelconfig/bundle.go, ValidateNew
    pub fn check_transition(&self, next: &Self) -> Result<(), SuccessorError> {
        if let Some(current) = &self.orderer {
            let Some(next_orderer) = &next.orderer else {
                return Err(SuccessorError::SectionRemoved("Orderer"));
            };
            let (from, to) = (&current.consensus.name, &next_orderer.consensus.name);
            if from != to && !self.channel_capabilities().consensus_type_migration() {
                return Err(SuccessorError::ConsensusTypeChange {
                    from: from.clone(),
                    to: to.clone(),
                });
            }
            let is_new = !self.channel_capabilities().consensus_type_bft()
                && next.channel_capabilities().consensus_type_bft();
            if let (true, Some(org)) = (is_new, next_orderer.org_without_endpoints()) {
                return Err(SuccessorError::MissingEndpoints {
                    org: org.to_owned(),
                });
            }
            same_msp_ids(
                "/Channel/Orderer",
                current.orgs.iter().map(|(name, org)| (name, &org.msp)),
                |name| next_orderer.orgs.get(name).map(|org| &org.msp),
            )?;
        }
        if let Some(current) = &self.application {
            let Some(next) = &next.application else {
                return Err(SuccessorError::SectionRemoved("Application"));
            };
            same_msp_ids("/Channel/Application", &current.orgs, |name| {
                next.orgs.get(name)
            })?;
        }
        match (&self.consortiums, &next.consortiums) {
            (Some(_), None) => return Err(SuccessorError::SectionRemoved("Consortiums")),
            (None, Some(_)) => return Err(SuccessorError::SectionAdded("Consortiums")),
            (None, None) => {}
            (Some(current), Some(next)) => {
                let none = BTreeMap::new();
                for (name, orgs) in &current.0 {
                    let next = next.0.get(name).unwrap_or(&none);
                    let path = format!("/Channel/Consortiums/{name}");
                    same_msp_ids(&path, orgs, |org| next.get(org))?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a peer of this build's level can serve a config: what its channel and application levels
/// are is read from the tree alone, since a level that is not known may change what is valid.
/// Values that do not decode pass; they make no valid config.
///
/// # Errors
/// [`SuccessorError::CapabilityUnsupported`].
// Fabric: core/peer/peer.go, capabilitiesSupportedOrPanic
pub fn check_peer_levels(config: &ConfigTree) -> Result<(), SuccessorError> {
    let application = ApplicationCapabilities::new(declared(config.group(&["Application"])));
    supported("/Channel/Application", application.unsupported())?;
    let channel = ChannelCapabilities::new(declared(config.root()));
    supported("/Channel", channel.unsupported())
}

/// All levels of a config that this build does not know, read in the same way; in no order, and
/// some may come twice.
pub(super) fn unknown_levels(config: &ConfigTree) -> Vec<String> {
    let application = ApplicationCapabilities::new(declared(config.group(&["Application"])));
    let orderer = OrdererCapabilities::new(declared(config.group(&["Orderer"])));
    let channel = ChannelCapabilities::new(declared(config.root()));
    let unknown = [
        application.unsupported(),
        orderer.unsupported(),
        channel.unsupported(),
    ];
    unknown.concat().into_iter().map(str::to_owned).collect()
}

/// The levels that a group declares.
fn declared(group: Option<GroupRef<'_>>) -> Vec<String> {
    let value = group.and_then(|group| group.value("Capabilities"));
    value
        .and_then(|value| values::capabilities(value.bytes()).ok())
        .unwrap_or_default()
}

fn supported(group: &'static str, unknown: Vec<&str>) -> Result<(), SuccessorError> {
    if unknown.is_empty() {
        return Ok(());
    }
    Err(SuccessorError::CapabilityUnsupported {
        group,
        names: unknown.into_iter().map(str::to_owned).collect(),
    })
}

/// An organisation that is in both configs keeps its MSP id.
fn same_msp_ids<'a>(
    section: &str,
    current: impl IntoIterator<Item = (&'a String, &'a Arc<Msp>)>,
    next: impl Fn(&str) -> Option<&'a Arc<Msp>>,
) -> Result<(), SuccessorError> {
    for (name, msp) in current {
        match next(name) {
            Some(next) if next.id() != msp.id() => {
                return Err(SuccessorError::MspIdChange {
                    org: format!("{section}/{name}"),
                    from: msp.id().clone(),
                    to: next.id().clone(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}
