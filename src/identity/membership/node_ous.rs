//! NodeOUs: organisational units that give a role.

use crate::{
    capabilities::MspVersion,
    identity::{certificate::Certificate, error::MspError, role::Role},
};

/// The units that give roles in an MSP.
#[derive(Debug, Default)]
pub(in crate::identity) struct NodeOus {
    /// Whether every identity must have exactly one of them.
    pub(in crate::identity) enabled: bool,
    /// In the order client, peer, admin, orderer; each role at most once.
    pub(in crate::identity) units: Vec<NodeOu>,
}

/// A unit that gives a role.
#[derive(Debug)]
pub(in crate::identity) struct NodeOu {
    pub(in crate::identity) role: Role,
    pub(in crate::identity) unit: String,
    /// Who must have certified it; empty where anybody of the MSP may.
    pub(in crate::identity) certifiers: Vec<u8>,
}

impl NodeOus {
    /// The unit that gives a role.
    pub(in crate::identity) fn unit(&self, role: Role) -> Option<&str> {
        let found = self.units.iter().find(|node_ou| node_ou.role == role);
        found.map(|node_ou| &*node_ou.unit)
    }

    /// The unit that gives a role, where NodeOUs are enabled.
    pub(in crate::identity) fn enabled_unit(&self, role: Role) -> Option<&str> {
        self.unit(role).filter(|_| self.enabled)
    }

    /// The definition that counts for a unit: of two roles with one unit, the older versions took the
    /// first, the newer take the last.
    pub(in crate::identity) fn governing(
        &self,
        version: MspVersion,
        unit: &str,
    ) -> Option<&NodeOu> {
        let mut same_name = self.units.iter().filter(|node_ou| node_ou.unit == unit);
        if version < MspVersion::V1_4_3 {
            same_name.next()
        } else {
            same_name.next_back()
        }
    }

    /// Where NodeOUs are enabled, an identity has exactly one of them, and those who certified it are
    /// those whom the unit asks for.
    // Fabric: msp/mspimplvalidate.go, validateIdentityOUsV11, validateIdentityOUsV142
    pub(in crate::identity) fn check(
        &self,
        version: MspVersion,
        certificate: &Certificate,
        certifiers: &[u8],
    ) -> Result<(), MspError> {
        if !self.enabled {
            return Ok(());
        }
        let mut count = 0;
        for unit in certificate.organizational_units() {
            let Some(node_ou) = self.governing(version, unit) else {
                continue;
            };
            if !node_ou.certifiers.is_empty() && node_ou.certifiers != certifiers {
                return Err(MspError::OuCertifierMismatch(unit.clone()));
            }
            count += 1;
            if count > 1 {
                return Err(MspError::SeveralNodeOus);
            }
        }
        if count == 0 {
            return Err(MspError::NoNodeOu);
        }
        Ok(())
    }
}
