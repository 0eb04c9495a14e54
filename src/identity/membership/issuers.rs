//! The CAs that certify an MSP's identities, and what those could be: as far as the definition
//! tells, whoever they are.

use crate::identity::{certificate::Certificate, error::MspError, role::Role};

use super::x509_msp::X509Msp;

/// A CA that certifies identities, and what its MSP makes of those.
#[derive(Clone, Debug)]
pub struct IssuingCa {
    /// The CA.
    pub certificate: Certificate,
    /// Why nobody whom it certifies can be valid; `None` where somebody can.
    pub barred: Option<MspError>,
    /// What those whom it certifies can be, in the order of [`Role`]; empty where nobody can be
    /// valid, or NodeOUs are off.
    pub roles: Vec<Role>,
    /// Where another CA has its name and key: from when to when certificates start that have a chain
    /// to each of them, and are not valid for it. Seconds since 1970, the end excluded.
    pub doubled: Option<(i64, i64)>,
}

/// CAs with one name and key are looked for in an MSP of so many CAs and fewer.
const MANY: usize = 32;

/// The roles that NodeOUs give.
const ROLES: [Role; 4] = [Role::Admin, Role::Client, Role::Peer, Role::Orderer];

/// The CAs of an MSP that may certify identities: roots first, as they are listed.
pub(in crate::identity) fn issuing_cas(msp: &X509Msp) -> Vec<IssuingCa> {
    let cas = msp.roots.iter().chain(&msp.intermediates);
    cas.filter(|ca| !msp.internal.contains(ca.der()))
        .map(|ca| issuing_ca(msp, ca))
        .collect()
}

fn issuing_ca(msp: &X509Msp, ca: &Certificate) -> IssuingCa {
    let mut out = IssuingCa {
        certificate: ca.clone(),
        barred: None,
        roles: Vec::new(),
        doubled: None,
    };
    let chains = match chains(msp, ca) {
        Ok((chains, doubled)) => {
            out.doubled = doubled;
            chains
        }
        Err((why, doubled)) => {
            (out.barred, out.doubled) = (Some(why), doubled);
            return out;
        }
    };
    if msp.crls.iter().any(|crl| !crl.has_authority_key_id()) {
        out.barred = Some(MspError::CrlWithoutAki);
        return out;
    }
    let mut barred = None;
    let mut is_member = false;
    for chain in chains {
        let certifiers = msp.certifiers(&chain);
        let roles = ROLES.into_iter();
        out.roles
            .extend(roles.filter(|role| check_role(msp, *role, &certifiers).is_ok()));
        let member = match msp.node_ous.enabled {
            false => check_units(msp, &certifiers, None),
            true => (msp.node_ous.units.iter())
                .map(|unit| check_role(msp, unit.role, &certifiers))
                .reduce(|one, other| if other.is_ok() { other } else { one })
                .unwrap_or(Err(MspError::NoNodeOu)),
        };
        match member {
            Ok(()) => is_member = true,
            Err(why) => barred = Some(why),
        }
    }
    out.roles.sort_unstable();
    out.roles.dedup();
    out.barred = barred.filter(|_| !is_member);
    out
}

/// The chains from a CA that an identity may have as its only one, and when it has several; or why
/// it never has exactly one.
type Chains = Result<(Vec<Vec<Certificate>>, Option<(i64, i64)>), (MspError, Option<(i64, i64)>)>;

// Go: crypto/x509, Certificate.Verify; Fabric: msp/mspimpl.go, getUniqueValidationChain
fn chains(msp: &X509Msp, ca: &Certificate) -> Chains {
    let few = msp.roots.len().saturating_add(msp.intermediates.len()) <= MANY;
    let mut all: Vec<&Certificate> = Vec::new();
    for one in msp.roots.iter().chain(&msp.intermediates).take(MANY) {
        // the same one twice counts once
        if !all.contains(&one) {
            all.push(one);
        }
    }
    let twins = |of: &Certificate| {
        let same = all.iter().filter(|other| {
            other.raw_subject() == of.raw_subject() && other.key_info() == of.key_info()
        });
        same.copied().collect::<Vec<_>>()
    };
    let ways = few && all.iter().any(|one| twins(one).len() > 1);
    if !ways || !all.iter().all(|ca| is_plain(ca)) {
        let chain = msp.trust.unique_chain(ca).map_err(|why| (why, None))?;
        return match too_long(&chain) {
            Some(why) if few && !ways => Err((why, None)),
            _ => Ok((vec![chain], None)),
        };
    }
    let twins = twins(ca);
    // which chains hold changes only where a certificate starts or ends
    let mut times: Vec<i64> = (all.iter())
        .flat_map(|ca| [ca.not_before(), ca.not_after().saturating_add(1)])
        .collect();
    times.sort_unstable();
    times.dedup();
    let (mut own, mut several, mut most) = (Vec::new(), None, 0);
    for (at, time) in times.iter().enumerate() {
        let mut found: Vec<Vec<Certificate>> = (twins.iter())
            .flat_map(|twin| msp.trust.identity_chains(twin, *time))
            .filter(|chain| too_long(chain).is_none())
            .collect();
        most = most.max(found.len());
        if found.len() > 1 {
            let end = times.get(at.saturating_add(1)).copied().unwrap_or(i64::MAX);
            let (start, until) = several.unwrap_or((*time, *time));
            if until == *time {
                several = Some((start, end));
            }
        } else if let Some(chain) = found.pop()
            && chain.first() == Some(ca)
            && !own.contains(&chain)
        {
            own.push(chain);
        }
    }
    match (own.is_empty(), most) {
        (false, _) => Ok((own, several)),
        (true, 0) => {
            let subject = ca.subject();
            Err((MspError::PathLength { subject }, several))
        }
        (true, most) => Err((MspError::MultipleChains(most), several)),
    }
}

/// Whether no chain through a CA is ruled out by an identity's own names or policies.
fn is_plain(ca: &Certificate) -> bool {
    let extensions = ca.extensions();
    extensions.name_constraints.is_none()
        && extensions.policies.names.is_empty()
        && extensions.policies.require_explicit.is_none()
}

/// Whether a chain of CAs is too long for an identity below it: each may have fewer below itself.
// Go: crypto/x509, Certificate.isValid: `TooManyIntermediates`
fn too_long(chain: &[Certificate]) -> Option<MspError> {
    let too_long = chain.iter().enumerate().find(|(below, ca)| {
        let allowed = ca
            .extensions()
            .basic
            .and_then(|basic| basic.max_path_length);
        allowed.is_some_and(|allowed| u64::try_from(*below).is_ok_and(|below| below > allowed))
    });
    too_long.map(|(_, ca)| MspError::PathLength {
        subject: ca.subject(),
    })
}

/// Whether somebody of these certifiers could have a role by its unit.
fn check_role(msp: &X509Msp, role: Role, certifiers: &[u8]) -> Result<(), MspError> {
    let unit = msp.node_ous.enabled_unit(role);
    let unit = unit.ok_or(MspError::NotInRole(role))?;
    let governing = msp.node_ous.governing(msp.version, unit);
    if governing.is_some_and(|of| !of.certifiers.is_empty() && of.certifiers != certifiers) {
        return Err(MspError::OuCertifierMismatch(unit.to_owned()));
    }
    check_units(msp, certifiers, Some(unit))
}

/// Whether somebody of these certifiers could have one of the listed organisational units, beside the
/// one that gives the role.
fn check_units(msp: &X509Msp, certifiers: &[u8], own: Option<&str>) -> Result<(), MspError> {
    let gives_another_role = |unit: &str| {
        let own = own.is_none_or(|own| own == unit);
        !own && msp.node_ous.units.iter().any(|of| of.unit == unit)
    };
    let fits = msp.units.iter().any(|(unit, known)| {
        known.iter().any(|known| known == certifiers) && !gives_another_role(unit)
    });
    match msp.units.is_empty() || fits {
        true => Ok(()),
        false => Err(MspError::MissingOu),
    }
}
