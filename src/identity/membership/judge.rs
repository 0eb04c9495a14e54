//! What an MSP makes of a certificate, whoever sent it.

use crate::identity::{
    certificate::Certificate, error::MspError, principal::Principal, role::Role,
};

use super::{msp::Msp, satisfies};

/// What an MSP makes of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateStanding {
    /// Whether it is valid, or the rule that it breaks. Dates do not count, as for Fabric.
    pub valid: Result<(), MspError>,
    /// The roles that policies take it for, in the order of [`Role`]. Who is listed as an admin is one,
    /// valid or not.
    pub roles: Vec<Role>,
}

impl Msp {
    /// Judges a certificate as one of this MSP.
    // Fabric: msp/mspimpl.go, DeserializeIdentity, Validate, SatisfiesPrincipal
    #[must_use]
    pub fn judge(&self, certificate: &Certificate) -> CertificateStanding {
        let member = self
            .x509()
            .and_then(|x509| Ok((x509, x509.member(certificate)?)));
        let (x509, member) = match member {
            Ok(read) => read,
            Err(why) => {
                return CertificateStanding {
                    valid: Err(why),
                    roles: Vec::new(),
                };
            }
        };
        let is = |role: &Role| {
            let principal = Principal::Role {
                msp_id: self.id().clone(),
                role: *role,
            };
            satisfies::check(self.id(), x509, &member, &principal).is_ok()
        };
        let roles = [Role::Admin, Role::Client, Role::Peer, Role::Orderer];
        CertificateStanding {
            valid: x509.validate(&member),
            roles: roles.into_iter().filter(is).collect(),
        }
    }
}
