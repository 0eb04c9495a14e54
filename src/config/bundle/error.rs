//! Why a config is not valid, or may not follow another one.

use super::values::BatchSize;
use crate::{
    identity::MspError,
    ids::{ChannelId, MspId},
    policy::PolicyError,
    proto::scan::ScanError,
};

/// Why a config is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// ACLs without the application capability that they need.
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
    /// A width of block data hashing other than the only one that exists.
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
        /// The path of the organisation that came second.
        org: String,
        /// The MSP id that both have.
        id: MspId,
    },
    /// An MSP whose id is empty.
    #[error("the msp of `{org}` has no id")]
    EmptyMspId {
        /// The path of its group, such as `/Channel/Application/Org1`.
        org: String,
    },
    /// Endpoints of an orderer organisation without the channel capability that they need.
    #[error("value `{org}/Endpoints` needs a channel capability V1_4_2 or later")]
    EndpointsNotAllowed {
        /// The path of its group, such as `/Channel/Application/Org1`.
        org: String,
    },
    /// A hashing algorithm that Fabric does not know.
    #[error("value `/Channel/HashingAlgorithm` names `{0}` instead of `SHA256` or `SHA3_256`")]
    HashingAlgorithm(String),
    /// An element whose name is of illegal form.
    #[error("illegal name `{key}` in group `{group}`")]
    KeySyntax {
        /// The path of the group that holds it.
        group: String,
        /// The illegal name, as it stands.
        key: String,
    },
    /// A config without a channel group.
    #[error("the config has no channel group")]
    MissingChannelGroup,
    /// An orderer organisation needs an endpoint of its own.
    #[error("`{org}` has no endpoint, which channel capability V3_0 demands")]
    MissingEndpoints {
        /// The path of its group, such as `/Channel/Application/Org1`.
        org: String,
    },
    /// A channel without global orderer addresses, which older levels demand.
    #[error(
        "value `/Channel/OrdererAddresses` is empty, which needs a channel capability V1_4_2 or later"
    )]
    MissingOrdererAddresses,
    /// An MSP that cannot be set up.
    #[error("the msp of `{org}` cannot be set up: {source}")]
    Msp {
        /// The path of its group, such as `/Channel/Application/Org1`.
        org: String,
        /// What is wrong with its definition.
        source: MspError,
    },
    /// A policy element without a policy in it.
    #[error("policy `{path}` is empty")]
    NilPolicy {
        /// The policy's path, such as `/Channel/Application/Admins`.
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
        /// The path of its group, such as `/Channel/Application/Org1`.
        org: String,
    },
    /// A value that is not the message its key stands for.
    #[error("value `{value}` does not decode: {source}")]
    Undecodable {
        /// The value's path, such as `/Channel/Orderer/BatchSize`.
        value: String,
        /// What is wrong with the bytes.
        source: ScanError,
    },
    /// A value whose key may not stand where it stands.
    #[error("value `{value}` is not known there")]
    UnexpectedValueKey {
        /// The value's path, such as `/Channel/Orderer/BatchSize`.
        value: String,
    },
}

impl BundleError {
    /// The class of the reason, in the words of the conformance vectors.
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

/// Why a config may not follow another one.
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
        /// The name of the consensus type in the current config.
        from: String,
        /// The name of the consensus type in the next config.
        to: String,
    },
    /// An orderer organisation needs an endpoint of its own.
    #[error("`/Channel/Orderer/{org}` has no endpoint, which channel capability V3_0 demands")]
    MissingEndpoints {
        /// The path of its group, such as `/Channel/Application/Org1`.
        org: String,
    },
    /// An organisation may not get another MSP id.
    #[error("the msp id of `{org}` may not change from `{from}` to `{to}`")]
    MspIdChange {
        /// The path of its group, such as `/Channel/Application/Org1`.
        org: String,
        /// The MSP id in the current config.
        from: MspId,
        /// The MSP id in the next config.
        to: MspId,
    },
    /// The config has no Orderer group.
    #[error("the config has no group `/Channel/Orderer`")]
    OrdererGroupMissing,
    /// The next config has a section that the current one has not.
    #[error("group `/Channel/{0}` may not be added")]
    SectionAdded(&'static str),
    /// The next config has lost a section.
    #[error("group `/Channel/{0}` may not be removed")]
    SectionRemoved(&'static str),
}

impl SuccessorError {
    /// The class of the reason, in the words of the conformance vectors.
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
