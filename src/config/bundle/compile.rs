//! A channel config with everything in it compiled: MSPs, policies, capabilities, values.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    error::BundleError,
    msp_pool::MspPool,
    org::{Org, Section},
    policies::compile_policies,
    sections::{self, Application, Channel, Consortiums, Orderer},
    values::{BatchSize, ConsensusType, Consenter},
};
use crate::{
    capabilities::{ApplicationCapabilities, ChannelCapabilities, OrdererCapabilities},
    config::tree::{ConfigTree, GroupRef, is_legal_channel_id, is_legal_key},
    identity::{Msp, Msps},
    ids::{ChannelId, MspId, Sequence},
    policy::{PolicyId, PolicyManager},
};

/// A valid channel config and everything that follows from it alone. Immutable; shared as
/// `Arc<Bundle>`.
#[derive(Debug)]
pub struct Bundle {
    pub(in crate::config) channel_id: ChannelId,
    pub(in crate::config) tree: ConfigTree,
    pub(super) channel: Channel,
    pub(in crate::config) orderer: Option<Orderer>,
    pub(super) application: Option<Application>,
    pub(super) consortiums: Option<Consortiums>,
    msps: Msps,
    policies: Arc<PolicyManager>,
}

impl Bundle {
    /// Compiles a config.
    ///
    /// # Errors
    /// [`BundleError`]: the first rule that the config breaks, in Fabric's order.
    // Fabric: common/channelconfig/bundle.go, NewBundle
    pub fn new(channel_id: &ChannelId, config: ConfigTree) -> Result<Self, BundleError> {
        Self::build(channel_id, config, None)
    }

    /// Compiles another config of the same channel: gives what [`Self::new`] gives. MSPs that did not
    /// change are shared, not set up again; policies that did not change are not read again.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn compile_next(&self, config: ConfigTree) -> Result<Self, BundleError> {
        Self::build(&self.channel_id, config, Some(self))
    }

    fn build(
        channel_id: &ChannelId,
        tree: ConfigTree,
        before: Option<&Self>,
    ) -> Result<Self, BundleError> {
        let root = tree.root().ok_or(BundleError::MissingChannelGroup)?;
        sections::check_dependencies(root)?;
        let channel = Channel::read(root)?;
        let version = channel.capabilities.msp_version();
        let same_version = before
            .filter(|before| before.channel.capabilities.msp_version() == version)
            .map(|before| &before.msps);
        let mut msps = MspPool::new(version, same_version);
        let (mut orderer, mut application, mut consortiums) = (None, None, None);
        for group in root.groups() {
            match group.name() {
                "Application" => application = Some(Application::read(group, &mut msps)?),
                "Orderer" => {
                    orderer = Some(Orderer::read(group, &channel.capabilities, &mut msps)?);
                }
                "Consortiums" => consortiums = Some(Consortiums::read(group, &mut msps)?),
                other => return Err(BundleError::DisallowedGroup(other.to_owned())),
            }
        }
        let policies =
            compile_policies(root, before.map(|before| (&before.tree, &before.policies)))?;
        if !is_legal_channel_id(channel_id.as_str()) {
            return Err(BundleError::ChannelId(channel_id.clone()));
        }
        check_keys(root)?;
        Ok(Self {
            channel_id: channel_id.clone(),
            tree,
            channel,
            orderer,
            application,
            consortiums,
            msps: msps.finish(),
            policies,
        })
    }

    /// The channel whose config it is.
    #[must_use]
    pub const fn channel(&self) -> &ChannelId {
        &self.channel_id
    }

    /// The config that this was compiled from.
    #[must_use]
    pub const fn tree(&self) -> &ConfigTree {
        &self.tree
    }

    /// How often the channel's config was changed.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        self.tree.sequence()
    }

    /// The MSPs of all its organisations.
    #[must_use]
    pub const fn msps(&self) -> &Msps {
        &self.msps
    }

    /// Every policy of the config, compiled.
    #[must_use]
    pub fn policies(&self) -> &PolicyManager {
        &self.policies
    }

    /// The policy that a mod policy leads to, seen from a group.
    pub(crate) fn mod_policy(&self, group: GroupRef<'_>, name: &str) -> Option<PolicyId> {
        let policies = self.policies();
        if name.starts_with('/') {
            return policies.absolute(name);
        }
        let group = policies.group(&group.names())?;
        policies.lookup(group, name)
    }

    /// The channel capabilities; empty where the value is absent.
    #[must_use]
    pub const fn channel_capabilities(&self) -> &ChannelCapabilities {
        &self.channel.capabilities
    }

    /// The orderer capabilities; `None` without an Orderer group.
    #[must_use]
    pub fn orderer_capabilities(&self) -> Option<&OrdererCapabilities> {
        self.orderer.as_ref().map(|orderer| &orderer.capabilities)
    }

    /// The application capabilities; `None` without an Application group.
    #[must_use]
    pub fn application_capabilities(&self) -> Option<&ApplicationCapabilities> {
        self.application
            .as_ref()
            .map(|application| &application.capabilities)
    }

    /// Limits of blocks and messages; `None` without an Orderer group.
    #[must_use]
    pub fn batch_size(&self) -> Option<BatchSize> {
        self.orderer.as_ref().map(|orderer| orderer.batch_size)
    }

    /// How the channel's orderers agree; `None` without an Orderer group.
    #[must_use]
    pub fn consensus(&self) -> Option<&ConsensusType> {
        self.orderer.as_ref().map(|orderer| &orderer.consensus)
    }

    /// The value `/Channel/Orderer/Orderers`, in the order given; empty where absent.
    #[must_use]
    pub fn consenters(&self) -> &[Consenter] {
        self.orderer
            .as_ref()
            .map_or(&[], |orderer| &orderer.consenters)
    }

    /// The organisations of a section, ascending by name.
    pub fn orgs(&self, section: Section) -> impl Iterator<Item = Org<'_>> {
        let application = (self.application.iter())
            .filter(move |_| section == Section::Application)
            .flat_map(|application| &application.orgs);
        let orderer = (self.orderer.iter())
            .filter(move |_| section == Section::Orderer)
            .flat_map(|orderer| orderer.orgs.iter().map(|(name, org)| (name, &org.msp)));
        application
            .chain(orderer)
            .map(move |(name, msp): (&String, &Arc<Msp>)| Org {
                name,
                msp_id: msp.id(),
                section,
            })
    }

    /// The MSP ids of a section, each once; several groups may have the same.
    #[must_use]
    pub fn msp_ids(&self, section: Section) -> BTreeSet<MspId> {
        self.orgs(section).map(|org| org.msp_id.clone()).collect()
    }
}

/// Every name of the config is legal.
fn check_keys(root: GroupRef<'_>) -> Result<(), BundleError> {
    let mut open = vec![root];
    while let Some(group) = open.pop() {
        let names = (group.values().map(|value| value.name()))
            .chain(group.policies().map(|policy| policy.name()))
            .chain(group.groups().map(|child| child.name()));
        for key in names {
            if !is_legal_key(key) {
                return Err(BundleError::KeySyntax {
                    group: group.path(),
                    key: key.to_owned(),
                });
            }
        }
        open.extend(group.groups());
    }
    Ok(())
}
