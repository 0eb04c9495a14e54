//! The sections of a channel config: what Fabric demands of each group's values.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    duration,
    error::BundleError,
    msp_pool::MspPool,
    values::{self, BatchSize, ConsensusType, Consenter, GroupKind},
};
use crate::{
    capabilities::{ApplicationCapabilities, ChannelCapabilities, OrdererCapabilities},
    config::tree::GroupRef,
    identity::Msp,
    proto::scan::ScanError,
};

/// The values of `/Channel` itself.
#[derive(Debug)]
pub(in crate::config) struct Channel {
    pub(in crate::config) capabilities: ChannelCapabilities,
}

/// The values and organisations of `/Channel/Orderer`.
#[derive(Debug)]
pub(in crate::config) struct Orderer {
    pub(in crate::config) capabilities: OrdererCapabilities,
    pub(in crate::config) consensus: ConsensusType,
    pub(in crate::config) batch_size: BatchSize,
    /// The entries of the value `Orderers`, in their order; empty where it is absent.
    pub(in crate::config) consenters: Vec<Consenter>,
    /// The organisations that run orderers, by the name of their group.
    pub(in crate::config) orgs: BTreeMap<String, OrdererOrg>,
}

/// An organisation that runs orderers.
#[derive(Debug)]
pub(in crate::config) struct OrdererOrg {
    pub(in crate::config) msp: Arc<Msp>,
    pub(in crate::config) endpoints: usize,
}

/// The values and organisations of `/Channel/Application`.
#[derive(Debug)]
pub(in crate::config) struct Application {
    pub(in crate::config) capabilities: ApplicationCapabilities,
    /// The MSPs of the organisations that run peers, by the name of their group.
    pub(in crate::config) orgs: BTreeMap<String, Arc<Msp>>,
}

/// The MSPs in `/Channel/Consortiums`, by consortium and then by organisation.
#[derive(Debug)]
pub(in crate::config) struct Consortiums(pub(super) BTreeMap<String, BTreeMap<String, Arc<Msp>>>);

// Fabric: common/channelconfig/bundle.go, preValidate
pub(in crate::config) fn check_dependencies(root: GroupRef<'_>) -> Result<(), BundleError> {
    let has = |group: GroupRef<'_>| group.value("Capabilities").is_some();
    if root.group("Orderer").is_some_and(|orderer| !has(orderer))
        && (has(root) || root.group("Application").is_some_and(has))
    {
        return Err(BundleError::CapabilityDependency);
    }
    Ok(())
}

impl Channel {
    // Fabric: common/channelconfig/channel.go, NewChannelConfig
    pub(in crate::config) fn read(root: GroupRef<'_>) -> Result<Self, BundleError> {
        check_values(root, GroupKind::Channel)?;
        let capabilities =
            ChannelCapabilities::new(value(root, "Capabilities", values::capabilities)?);
        let algorithm = value(root, "HashingAlgorithm", values::text)?;
        if !matches!(&*algorithm, "SHA256" | "SHA3_256") {
            return Err(BundleError::HashingAlgorithm(algorithm));
        }
        let width = value(root, "BlockDataHashingStructure", values::width)?;
        if width != u32::MAX {
            return Err(BundleError::BlockDataHashing(width));
        }
        let addresses = value(root, "OrdererAddresses", values::addresses)?;
        if addresses.is_empty() && !capabilities.org_specific_orderer_endpoints() {
            return Err(BundleError::MissingOrdererAddresses);
        }
        if !addresses.is_empty() && capabilities.consensus_type_bft() {
            return Err(BundleError::OrdererAddressesForbidden);
        }
        Ok(Self { capabilities })
    }
}

impl Orderer {
    // Fabric: common/channelconfig/orderer.go, NewOrdererConfig
    pub(super) fn read(
        group: GroupRef<'_>,
        channel: &ChannelCapabilities,
        msps: &mut MspPool<'_>,
    ) -> Result<Self, BundleError> {
        check_values(group, GroupKind::Orderer)?;
        let batch_size = value(group, "BatchSize", BatchSize::parse)?;
        let zero = batch_size.max_message_count == 0
            || batch_size.absolute_max_bytes == 0
            || batch_size.preferred_max_bytes == 0;
        if zero || batch_size.preferred_max_bytes > batch_size.absolute_max_bytes {
            return Err(BundleError::BatchSize(batch_size));
        }
        let timeout = value(group, "BatchTimeout", values::text)?;
        if !duration::parse(&timeout).is_ok_and(|nanoseconds| nanoseconds > 0) {
            return Err(BundleError::BatchTimeout(timeout));
        }
        let mut orgs = BTreeMap::new();
        for org in group.groups() {
            let endpoints = org.value("Endpoints");
            if endpoints.is_some() && !channel.org_specific_orderer_endpoints() {
                return Err(BundleError::EndpointsNotAllowed { org: org.path() });
            }
            let msp = read_org(org, GroupKind::OrdererOrg, msps)?;
            let endpoints = value(org, "Endpoints", values::addresses)?.len();
            orgs.insert(org.name().to_owned(), OrdererOrg { msp, endpoints });
        }
        let orderer = Self {
            capabilities: OrdererCapabilities::new(value(
                group,
                "Capabilities",
                values::capabilities,
            )?),
            consensus: value(group, "ConsensusType", ConsensusType::parse)?,
            batch_size,
            consenters: value(group, "Orderers", Consenter::parse_all)?,
            orgs,
        };
        match orderer.org_without_endpoints() {
            Some(org) if channel.consensus_type_bft() => Err(BundleError::MissingEndpoints {
                org: format!("{}/{org}", group.path()),
            }),
            _ => Ok(orderer),
        }
    }

    /// The first organisation without an endpoint of its own.
    pub(in crate::config) fn org_without_endpoints(&self) -> Option<&str> {
        self.orgs
            .iter()
            .find(|(_, org)| org.endpoints == 0)
            .map(|(name, _)| name.as_str())
    }
}

impl Application {
    // Fabric: common/channelconfig/application.go, NewApplicationConfig
    pub(in crate::config) fn read(
        group: GroupRef<'_>,
        msps: &mut MspPool<'_>,
    ) -> Result<Self, BundleError> {
        check_values(group, GroupKind::Application)?;
        let capabilities =
            ApplicationCapabilities::new(value(group, "Capabilities", values::capabilities)?);
        if group.value("ACLs").is_some() && !capabilities.acls() {
            return Err(BundleError::AclsNotAllowed);
        }
        Ok(Self {
            capabilities,
            orgs: read_orgs(group, GroupKind::ApplicationOrg, msps)?,
        })
    }
}

impl Consortiums {
    // Fabric: common/channelconfig/consortiums.go, NewConsortiumsConfig; the group's own values are
    // not looked at
    pub(in crate::config) fn read(
        group: GroupRef<'_>,
        msps: &mut MspPool<'_>,
    ) -> Result<Self, BundleError> {
        let mut consortiums = BTreeMap::new();
        for consortium in group.groups() {
            check_values(consortium, GroupKind::Consortium)?;
            let orgs = read_orgs(consortium, GroupKind::ConsortiumOrg, msps)?;
            consortiums.insert(consortium.name().to_owned(), orgs);
        }
        Ok(Self(consortiums))
    }
}

fn read_orgs(
    section: GroupRef<'_>,
    place: GroupKind,
    msps: &mut MspPool<'_>,
) -> Result<BTreeMap<String, Arc<Msp>>, BundleError> {
    section
        .groups()
        .map(|org| Ok((org.name().to_owned(), read_org(org, place, msps)?)))
        .collect()
}

// Fabric: common/channelconfig/organization.go, NewOrganizationConfig
fn read_org(
    org: GroupRef<'_>,
    place: GroupKind,
    msps: &mut MspPool<'_>,
) -> Result<Arc<Msp>, BundleError> {
    if org.groups().len() > 0 {
        return Err(BundleError::SubgroupNotAllowed { org: org.path() });
    }
    check_values(org, place)?;
    msps.add(org)
}

/// Every key is known at this place, and its value decodes.
fn check_values(group: GroupRef<'_>, place: GroupKind) -> Result<(), BundleError> {
    for value in group.values() {
        match place.check(value.name(), value.bytes()) {
            Some(Ok(())) => {}
            Some(Err(source)) => {
                return Err(BundleError::Undecodable {
                    value: value.path(),
                    source,
                });
            }
            None => {
                return Err(BundleError::UnexpectedValueKey {
                    value: value.path(),
                });
            }
        }
    }
    Ok(())
}

/// A value as its own type; absent is the zero message.
fn value<T>(
    group: GroupRef<'_>,
    key: &str,
    parse: impl Fn(&[u8]) -> Result<T, ScanError>,
) -> Result<T, BundleError> {
    let bytes = group.value(key).map_or(&[][..], |value| value.bytes());
    parse(bytes).map_err(|source| BundleError::Undecodable {
        value: format!("{}/{key}", group.path()),
        source,
    })
}
