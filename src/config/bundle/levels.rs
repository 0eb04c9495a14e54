//! Whether nodes of this build serve the levels that a config demands.

use super::{compile::Bundle, error::SuccessorError, values};
use crate::{
    capabilities::{ApplicationCapabilities, ChannelCapabilities, OrdererCapabilities},
    config::tree::{ConfigTree, GroupRef},
};

/// What a capability level is about: the group that declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LevelScope {
    /// `/Channel/Application`: what peers do.
    Application,
    /// `/Channel`: what peers and orderers do alike.
    Channel,
    /// `/Channel/Orderer`: what orderers do.
    Orderer,
}

impl LevelScope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Channel, Self::Orderer, Self::Application];

    /// Its name in commands: `channel`, `orderer`, `application`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Channel => "channel",
            Self::Orderer => "orderer",
        }
    }

    /// The names from below the root to the group that declares it.
    #[must_use]
    pub const fn group(self) -> &'static [&'static str] {
        match self {
            Self::Application => &["Application"],
            Self::Channel => &[],
            Self::Orderer => &["Orderer"],
        }
    }

    /// The levels that this build knows, ascending.
    #[must_use]
    pub const fn known(self) -> &'static [&'static str] {
        match self {
            Self::Application => ApplicationCapabilities::SUPPORTED,
            Self::Channel => ChannelCapabilities::SUPPORTED,
            Self::Orderer => OrdererCapabilities::SUPPORTED,
        }
    }
}

impl Bundle {
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
pub(in crate::config) fn unknown_levels(config: &ConfigTree) -> Vec<String> {
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
