//! Whether an identity is whom a principal asks for.

use crate::{
    capabilities::MspVersion,
    identity::{
        certificate::Certificate,
        chain::normalise,
        error::MspError,
        principal::{Anonymity, NamedIdentity, Principal},
        role::Role,
    },
    ids::MspId,
};

use super::x509_msp::{Member, X509Msp};

/// Checks an identity of the MSP `id` against a principal.
// Fabric: msp/mspimpl.go, SatisfiesPrincipal
pub(in crate::identity) fn check(
    id: &MspId,
    msp: &X509Msp,
    member: &Member,
    principal: &Principal,
) -> Result<(), MspError> {
    match principal {
        Principal::Combined(parts) if msp.version >= MspVersion::V1_3 => parts
            .iter()
            .try_for_each(|part| check_one(id, msp, member, part)),
        one => check_one(id, msp, member, one),
    }
}

// Fabric: msp/mspimpl.go, satisfiesPrincipalInternalPreV13, satisfiesPrincipalInternalV13,
// satisfiesPrincipalInternalV142
fn check_one(
    id: &MspId,
    msp: &X509Msp,
    member: &Member,
    principal: &Principal,
) -> Result<(), MspError> {
    match principal {
        Principal::Role { msp_id, role } => {
            check_msp(id, msp_id)?;
            check_role(msp, member, *role)
        }
        Principal::OrganizationUnit {
            msp_id,
            unit,
            certifiers,
        } => {
            check_msp(id, msp_id)?;
            msp.validate(member)?;
            let in_unit = msp
                .units(member)
                .is_some_and(|(units, theirs)| units.contains(unit) && *certifiers == theirs);
            if in_unit {
                Ok(())
            } else {
                Err(MspError::NotInUnit(unit.clone()))
            }
        }
        Principal::Identity(named) => {
            check_msp(id, named.msp_id())?;
            if !is_same(msp, member, named)? {
                return Err(MspError::DifferentIdentity);
            }
            msp.validate(member)
        }
        Principal::Anonymity(Anonymity::Nominal) if msp.version >= MspVersion::V1_3 => Ok(()),
        Principal::Anonymity(_) | Principal::Combined(_) | Principal::Other { .. } => {
            Err(MspError::UnsupportedPrincipal)
        }
    }
}

fn check_msp(id: &MspId, asked: &MspId) -> Result<(), MspError> {
    if id == asked {
        return Ok(());
    }
    Err(MspError::WrongMspId {
        expected: asked.clone(),
        found: id.clone(),
    })
}

fn check_role(msp: &X509Msp, member: &Member, role: Role) -> Result<(), MspError> {
    let modern = msp.version >= MspVersion::V1_4_3;
    let by_unit = || {
        msp.validate(member)?;
        msp.check_carries(member, role)
    };
    match role {
        Role::Member => msp.validate(member),
        // a listed administrator was checked at setup
        Role::Admin if msp.is_listed_admin(member) => Ok(()),
        Role::Admin | Role::Orderer if modern && msp.node_ous.enabled => by_unit(),
        Role::Client | Role::Peer => by_unit(),
        Role::Admin | Role::Orderer | Role::Other(_) => Err(MspError::NotInRole(role)),
    }
}

/// Whether the named certificate is the member's, both normalised.
fn is_same(msp: &X509Msp, member: &Member, named: &NamedIdentity) -> Result<bool, MspError> {
    let der = named.certificate_der().ok_or(MspError::BadPem)?;
    if der == member.certificate.der() {
        return Ok(true);
    }
    let named = Certificate::from_der(der.clone())?;
    // to normalise changes the signature only, and takes verifying it: not for other certificates
    if named.signed_part() != member.certificate.signed_part() {
        return Ok(false);
    }
    Ok(normalise(&named, &msp.trust)? == member.certificate)
}
