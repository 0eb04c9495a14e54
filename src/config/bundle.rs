//! A channel config with everything in it compiled: MSPs, policies, capabilities, values.

use std::sync::Arc;

use super::{
    compare::{Side, join_groups, same_bytes},
    path::{is_legal_channel_id, is_legal_key},
    sections::{self, Application, Channel, Consortiums, MspPool, Orderer},
    tree::{ConfigTree, GroupRef},
    values::{BatchSize, ConsensusType, Consenter},
};
use crate::{
    capabilities::{ApplicationCapabilities, ChannelCapabilities, OrdererCapabilities},
    identity::{Msp, MspError, Msps},
    ids::{ChannelId, MspId, Sequence},
    policy::{GroupId, PolicyError, PolicyManager, PolicyManagerBuilder},
    proto::scan::ScanError,
};

/// A valid channel config and everything that follows from it alone. Immutable; shared as
/// `Arc<Bundle>`.
#[derive(Debug)]
pub struct Bundle {
    pub(super) channel_id: ChannelId,
    pub(super) tree: ConfigTree,
    pub(super) channel: Channel,
    pub(super) orderer: Option<Orderer>,
    pub(super) application: Option<Application>,
    pub(super) consortiums: Option<Consortiums>,
    msps: Msps,
    policies: Arc<PolicyManager>,
}

/// The part of a channel that an organisation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Those that run peers.
    Application,
    /// Those that run orderers.
    Orderer,
}

/// An organisation of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Org<'a> {
    /// The name of its group.
    pub name: &'a str,
    /// Its MSP's id.
    pub msp_id: &'a MspId,
    /// Where it stands.
    pub section: Section,
}

impl Org<'_> {
    /// The path of its group, such as `/Channel/Application/Org1`.
    #[must_use]
    pub fn path(&self) -> String {
        let section = match self.section {
            Section::Application => "Application",
            Section::Orderer => "Orderer",
        };
        format!("/Channel/{section}/{}", self.name)
    }
}

/// Why a config is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// ACLs need an application capability.
    #[error("value `/Channel/Application/ACLs` needs an application capability V1_2 or later")]
    AclsNotAllowed,
    /// A batch size with a zero, or that prefers more bytes than it allows.
    #[error(
        "value `/Channel/Orderer/BatchSize` is not valid: {} messages, {} bytes at most, {} preferred",
        .0.max_message_count, .0.absolute_max_bytes, .0.preferred_max_bytes
    )]
    BatchSize(BatchSize),
    /// A batch timeout that is not a positive duration.
    #[error("value `/Channel/Orderer/BatchTimeout` is not a positive duration: `{0}`")]
    BatchTimeout(String),
    /// Another width than the only one that exists.
    #[error("value `/Channel/BlockDataHashingStructure` has width {0} instead of 4294967295")]
    BlockDataHashing(u32),
    /// Channel or application capabilities without orderer capabilities.
    #[error("channel and application capabilities need the value `/Channel/Orderer/Capabilities`")]
    CapabilityDependency,
    /// A channel id of illegal form.
    #[error("illegal channel id `{0}`")]
    ChannelId(ChannelId),
    /// A group of the channel that is not one of its sections.
    #[error("group `/Channel/{0}` is not a section of a channel")]
    DisallowedGroup(String),
    /// One MSP id with two definitions.
    #[error("msp `{id}` of `{org}` is defined otherwise elsewhere in this config")]
    DuplicateMsp {
        /// The organisation that came second.
        org: String,
        /// The MSP.
        id: MspId,
    },
    /// An MSP without id.
    #[error("the msp of `{org}` has no id")]
    EmptyMspId {
        /// The organisation.
        org: String,
    },
    /// Endpoints of an orderer organisation need a channel capability.
    #[error("value `{org}/Endpoints` needs a channel capability V1_4_2 or later")]
    EndpointsNotAllowed {
        /// The organisation.
        org: String,
    },
    /// A hashing algorithm that Fabric does not know.
    #[error("value `/Channel/HashingAlgorithm` names `{0}` instead of `SHA256` or `SHA3_256`")]
    HashingAlgorithm(String),
    /// An element's name is of illegal form.
    #[error("illegal name `{key}` in group `{group}`")]
    KeySyntax {
        /// The group that holds it.
        group: String,
        /// The name.
        key: String,
    },
    /// There is no channel group.
    #[error("the config has no channel group")]
    MissingChannelGroup,
    /// An orderer organisation needs an endpoint of its own.
    #[error("`{org}` has no endpoint, which channel capability V3_0 demands")]
    MissingEndpoints {
        /// The organisation.
        org: String,
    },
    /// There are no orderer addresses.
    #[error(
        "value `/Channel/OrdererAddresses` is empty, which needs a channel capability V1_4_2 or later"
    )]
    MissingOrdererAddresses,
    /// An MSP that cannot be set up.
    #[error("the msp of `{org}` cannot be set up: {source}")]
    Msp {
        /// The organisation.
        org: String,
        /// Why not.
        source: MspError,
    },
    /// A policy element without a policy in it.
    #[error("policy `{path}` is empty")]
    NilPolicy {
        /// The policy.
        path: String,
    },
    /// Global orderer addresses, which V3_0 forbids.
    #[error("value `/Channel/OrdererAddresses` must be empty with channel capability V3_0")]
    OrdererAddressesForbidden,
    /// A policy that does not compile.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Groups inside an organisation.
    #[error("organisation `{org}` has sub groups")]
    SubgroupNotAllowed {
        /// The organisation.
        org: String,
    },
    /// A value that is not the message its key stands for.
    #[error("value `{value}` does not decode: {source}")]
    Undecodable {
        /// The value.
        value: String,
        /// What is wrong with the bytes.
        source: ScanError,
    },
    /// A value whose key may not stand where it stands.
    #[error("value `{value}` is not known there")]
    UnexpectedValueKey {
        /// The value.
        value: String,
    },
}

impl BundleError {
    /// The vectors' reason class.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::AclsNotAllowed => "acls_not_allowed",
            Self::BatchSize(_) | Self::BatchTimeout(_) => "bad_batch_config",
            Self::BlockDataHashing(_) => "bad_block_data_hashing",
            Self::CapabilityDependency => "capability_dependency",
            Self::ChannelId(_) => "bad_channel_id",
            Self::DisallowedGroup(_) => "disallowed_group",
            Self::DuplicateMsp { .. } => "duplicate_msp",
            Self::EmptyMspId { .. } => "empty_msp_id",
            Self::EndpointsNotAllowed { .. } => "endpoints_not_allowed",
            Self::HashingAlgorithm(_) => "bad_hashing_algorithm",
            Self::KeySyntax { .. } => "key_syntax",
            Self::MissingChannelGroup => "missing_channel_group",
            Self::MissingEndpoints { .. } => "missing_endpoints",
            Self::MissingOrdererAddresses => "missing_orderer_addresses",
            Self::Msp { source, .. } => match source.reason() {
                unsupported @ "unsupported_msp_type" => unsupported,
                _ => "invalid_msp",
            },
            Self::NilPolicy { .. } => "nil_policy",
            Self::OrdererAddressesForbidden => "orderer_addresses_forbidden",
            Self::Policy(source) => source.reason(),
            Self::SubgroupNotAllowed { .. } => "subgroup_not_allowed",
            Self::Undecodable { .. } => "undecodable",
            Self::UnexpectedValueKey { .. } => "unexpected_value_key",
        }
    }
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
    pub fn successor(&self, config: ConfigTree) -> Result<Self, BundleError> {
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
        let policies = compile_policies(root, before)?;
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

    /// The channel.
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

    /// Its policies.
    #[must_use]
    pub fn policies(&self) -> &PolicyManager {
        &self.policies
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
}

/// All policies of the config, those that nothing refers to included. Groups whose policies are as
/// in the config before take over what these compiled to.
fn compile_policies(
    root: GroupRef<'_>,
    before: Option<&Bundle>,
) -> Result<Arc<PolicyManager>, BundleError> {
    let mut builder = PolicyManagerBuilder::new();
    let mut root_before = None;
    if let Some(before) = before {
        root_before = before.tree.root().zip(before.policies.group(&[]));
        if root_before.is_some_and(|(before, _)| same_policies_everywhere(before, root)) {
            return Ok(Arc::clone(&before.policies));
        }
        builder = PolicyManagerBuilder::following(&before.policies);
    }
    let mut open = vec![(root, None, root_before)];
    while let Some((group, parent, group_before)) = open.pop() {
        let id = builder.group(parent, group.name());
        match group_before {
            Some((before, id_before)) if same_policies(before, group) => {
                builder.take_over(id, id_before);
            }
            _ => compile_group(&mut builder, id, group)?,
        }
        let parent = Some(id);
        let (Some(before), Some((group_before, id_before))) = (before, group_before) else {
            open.extend(group.groups().map(|child| (child, parent, None)));
            continue;
        };
        // both lists ascend by name
        let mut ids = before.policies.groups(id_before);
        for side in join_groups(group_before, group) {
            match side {
                Side::Left(_) => {
                    ids.next();
                }
                Side::Both(child_before, child) => {
                    let child_before = ids.next().map(|id| (child_before, id));
                    open.push((child, parent, child_before));
                }
                Side::Right(child) => open.push((child, parent, None)),
            }
        }
    }
    Ok(Arc::new(builder.finish()?))
}

fn compile_group(
    builder: &mut PolicyManagerBuilder<'_>,
    id: GroupId,
    group: GroupRef<'_>,
) -> Result<(), BundleError> {
    for policy in group.policies() {
        if !policy.is_present() {
            return Err(BundleError::NilPolicy {
                path: policy.path(),
            });
        }
        builder.policy(id, policy.name(), policy.kind(), policy.rule())?;
    }
    Ok(())
}

/// Whether two configs have the same groups with the same policies in them, so that one compiles
/// to what the other did.
fn same_policies_everywhere(before: GroupRef<'_>, root: GroupRef<'_>) -> bool {
    let mut open = vec![(before, root)];
    while let Some((one, other)) = open.pop() {
        if one.name_bytes() != other.name_bytes() {
            return false;
        }
        if same_bytes(one, other) {
            continue;
        }
        if one.groups().len() != other.groups().len() || !same_policies(one, other) {
            return false;
        }
        open.extend(one.groups().zip(other.groups()));
    }
    true
}

/// Whether two groups have the same policies, and all of them have a rule.
fn same_policies(one: GroupRef<'_>, other: GroupRef<'_>) -> bool {
    same_bytes(one, other)
        || one.policies().len() == other.policies().len()
            && one.policies().zip(other.policies()).all(|(one, other)| {
                one.name_bytes() == other.name_bytes()
                    && one.is_present()
                    && other.is_present()
                    && one.kind() == other.kind()
                    && one.rule() == other.rule()
            })
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
