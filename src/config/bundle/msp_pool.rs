//! The MSPs of a config while it is read.

use std::{collections::BTreeMap, sync::Arc};

use super::error::BundleError;
use crate::{
    capabilities::MspVersion,
    config::tree::GroupRef,
    identity::{Msp, Msps},
    ids::MspId,
    proto::scan::{Fields, ScanError, check_fields, int32},
};

/// The MSPs of a config while it is read: each definition is set up once, and not at all when the
/// config before had it.
pub(super) struct MspPool<'a> {
    version: MspVersion,
    before: Option<&'a Msps>,
    found: BTreeMap<MspId, Arc<Msp>>,
}

impl<'a> MspPool<'a> {
    /// An empty pool. `before` are the MSPs of the config before, if they are of this same version.
    pub(super) const fn new(version: MspVersion, before: Option<&'a Msps>) -> Self {
        Self {
            version,
            before,
            found: BTreeMap::new(),
        }
    }

    /// The MSP of an organisation, set up or taken over.
    // Fabric: common/channelconfig/msp.go, ProposeMSP
    pub(in crate::config) fn add(&mut self, org: GroupRef<'_>) -> Result<Arc<Msp>, BundleError> {
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
    /// Unknown fields by their number, those of one number in the order given.
    unknown: BTreeMap<u32, Vec<u8>>,
}

impl<'a> MspMessage<'a> {
    fn parse(message: &'a [u8]) -> Result<Self, ScanError> {
        check_fields(message)?;
        let mut out = Self::default();
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match (field.number, field.varint(), field.bytes()) {
                (1, Some(kind), _) => out.kind = int32(kind),
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
