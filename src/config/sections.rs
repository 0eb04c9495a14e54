//! The sections of a channel config: what Fabric demands of each group's values.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    bundle::BundleError,
    duration,
    transaction::scan,
    tree::GroupRef,
    values::{self, BatchSize, ConsensusType, Consenter, Place},
};
use crate::{
    capabilities::{ApplicationCapabilities, ChannelCapabilities, MspVersion, OrdererCapabilities},
    identity::{Msp, Msps},
    ids::MspId,
    proto::scan::{Fields, ScanError},
};

/// The values of `/Channel` itself.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) capabilities: ChannelCapabilities,
}

/// `/Channel/Orderer`.
#[derive(Debug)]
pub(super) struct Orderer {
    pub(super) capabilities: OrdererCapabilities,
    pub(super) consensus: ConsensusType,
    pub(super) batch_size: BatchSize,
    /// The value `Orderers`.
    pub(super) consenters: Vec<Consenter>,
    /// By name.
    pub(super) orgs: BTreeMap<String, OrdererOrg>,
}

/// An organisation that runs orderers.
#[derive(Debug)]
pub(super) struct OrdererOrg {
    pub(super) msp: Arc<Msp>,
    pub(super) endpoints: usize,
}

/// `/Channel/Application`.
#[derive(Debug)]
pub(super) struct Application {
    pub(super) capabilities: ApplicationCapabilities,
    /// By name.
    pub(super) orgs: BTreeMap<String, Arc<Msp>>,
}

/// `/Channel/Consortiums`: by consortium, then by organisation.
#[derive(Debug)]
pub(super) struct Consortiums(pub(super) BTreeMap<String, BTreeMap<String, Arc<Msp>>>);

// Fabric: common/channelconfig/bundle.go, preValidate
pub(super) fn check_dependencies(root: GroupRef<'_>) -> Result<(), BundleError> {
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
    pub(super) fn read(root: GroupRef<'_>) -> Result<Self, BundleError> {
        check_values(root, Place::Channel)?;
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
        check_values(group, Place::Orderer)?;
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
            let msp = read_org(org, Place::OrdererOrg, msps)?;
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
    pub(super) fn org_without_endpoints(&self) -> Option<&str> {
        self.orgs
            .iter()
            .find(|(_, org)| org.endpoints == 0)
            .map(|(name, _)| name.as_str())
    }
}

impl Application {
    // Fabric: common/channelconfig/application.go, NewApplicationConfig
    pub(super) fn read(group: GroupRef<'_>, msps: &mut MspPool<'_>) -> Result<Self, BundleError> {
        check_values(group, Place::Application)?;
        let capabilities =
            ApplicationCapabilities::new(value(group, "Capabilities", values::capabilities)?);
        if group.value("ACLs").is_some() && !capabilities.acls() {
            return Err(BundleError::AclsNotAllowed);
        }
        Ok(Self {
            capabilities,
            orgs: read_orgs(group, Place::ApplicationOrg, msps)?,
        })
    }
}

impl Consortiums {
    // Fabric: common/channelconfig/consortiums.go, NewConsortiumsConfig; the group's own values are
    // not looked at
    pub(super) fn read(group: GroupRef<'_>, msps: &mut MspPool<'_>) -> Result<Self, BundleError> {
        let mut consortiums = BTreeMap::new();
        for consortium in group.groups() {
            check_values(consortium, Place::Consortium)?;
            let orgs = read_orgs(consortium, Place::ConsortiumOrg, msps)?;
            consortiums.insert(consortium.name().to_owned(), orgs);
        }
        Ok(Self(consortiums))
    }
}

fn read_orgs(
    section: GroupRef<'_>,
    place: Place,
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
    place: Place,
    msps: &mut MspPool<'_>,
) -> Result<Arc<Msp>, BundleError> {
    if org.groups().len() > 0 {
        return Err(BundleError::SubgroupNotAllowed { org: org.path() });
    }
    check_values(org, place)?;
    msps.add(org)
}

/// Every key is known at this place, and its value decodes.
fn check_values(group: GroupRef<'_>, place: Place) -> Result<(), BundleError> {
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

/// The MSPs of a config while it is read: each definition is set up once, and not at all when the
/// config before had it.
pub(super) struct MspPool<'a> {
    version: MspVersion,
    before: Option<&'a Msps>,
    found: BTreeMap<MspId, Arc<Msp>>,
}

impl<'a> MspPool<'a> {
    /// `before` are MSPs of this same version.
    pub(super) const fn new(version: MspVersion, before: Option<&'a Msps>) -> Self {
        Self {
            version,
            before,
            found: BTreeMap::new(),
        }
    }

    /// The MSP of an organisation.
    // Fabric: common/channelconfig/msp.go, ProposeMSP
    fn add(&mut self, org: GroupRef<'_>) -> Result<Arc<Msp>, BundleError> {
        let config = org.value("MSP").map_or(&[][..], |value| value.bytes());
        if let Some(msp) = self.known(config) {
            self.found.insert(msp.id().clone(), Arc::clone(&msp));
            return Ok(msp);
        }
        let msp = Msp::setup(config, self.version).map_err(|source| BundleError::Msp {
            org: org.path(),
            source,
        })?;
        let id = msp.id().clone();
        if let Some(other) = self.found.get(&id) {
            if !same_message(other.config(), config) {
                return Err(BundleError::DuplicateMsp {
                    org: org.path(),
                    id,
                });
            }
            return Ok(Arc::clone(other));
        }
        if id.as_str().is_empty() {
            return Err(BundleError::EmptyMspId { org: org.path() });
        }
        let msp = Arc::new(msp);
        self.found.insert(id, Arc::clone(&msp));
        Ok(msp)
    }

    /// An MSP that was set up from exactly these bytes, unless another one has its id here.
    fn known(&self, config: &[u8]) -> Option<Arc<Msp>> {
        let id = claimed_id(config)?;
        let msp = match self.found.get(id) {
            Some(msp) => msp,
            None => self.before?.get(id)?,
        };
        (msp.config() == config).then(|| Arc::clone(msp))
    }

    pub(super) fn finish(self) -> Msps {
        Msps::new(self.found.into_values())
    }
}

/// The id in a serialized `msp.MSPConfig` (both kinds have it in field 1), to look an MSP up by; a
/// hint, so whatever does not decode is `None`.
fn claimed_id(config: &[u8]) -> Option<&str> {
    let last = |message, number| {
        let mut found = None;
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next().ok()? {
            if field.number == number {
                found = field.bytes().or(found);
            }
        }
        found
    };
    std::str::from_utf8(last(last(config, 2)?, 1)?).ok()
}

/// Whether two `msp.MSPConfig` are equal as messages: type, config bytes, and unknown fields.
fn same_message(one: &[u8], other: &[u8]) -> bool {
    one == other
        || match (MspMessage::parse(one), MspMessage::parse(other)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
}

#[derive(PartialEq, Eq, Default)]
struct MspMessage<'a> {
    kind: i32,
    config: &'a [u8],
    /// By field number, each in the order given.
    unknown: BTreeMap<u32, Vec<u8>>,
}

impl<'a> MspMessage<'a> {
    fn parse(message: &'a [u8]) -> Result<Self, ScanError> {
        scan(message)?;
        let mut out = Self::default();
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match (field.number, field.varint(), field.bytes()) {
                (1, Some(kind), _) => out.kind = super::transaction::low_i32(kind),
                (2, _, Some(config)) => out.config = config,
                (number, ..) => out
                    .unknown
                    .entry(number)
                    .or_default()
                    .extend_from_slice(field.raw),
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `msp.MSPConfig` of type 0 for this id, with an unknown field.
    fn config(id: &str, unknown: &[u8]) -> Vec<u8> {
        let mut definition = Vec::new();
        crate::proto::write::bytes(&mut definition, 1, id.as_bytes());
        let mut config = Vec::new();
        crate::proto::write::bytes(&mut config, 2, &definition);
        config.extend_from_slice(unknown);
        config
    }

    #[test]
    fn definitions_are_compared_as_messages() {
        let plain = config("A", b"");
        let zero_type = [b"\x08\x00", &plain[..]].concat();
        assert!(same_message(&plain, &zero_type));
        assert!(!same_message(&plain, &config("B", b"")));
        assert!(!same_message(&plain, &config("A", b"\x18\x01")));
        // the order among unknown fields of different numbers does not matter
        let (one, other) = (b"\x18\x01\x20\x02", b"\x20\x02\x18\x01");
        assert!(same_message(&config("A", one), &config("A", other)));
        assert!(!same_message(&plain, b"\xff"));
    }

    #[test]
    fn an_id_is_read_without_setting_up() {
        assert_eq!(claimed_id(&config("OrgMSP", b"")), Some("OrgMSP"));
        assert_eq!(claimed_id(b""), None);
        assert_eq!(claimed_id(b"\x12\x01\xff"), None);
    }
}
