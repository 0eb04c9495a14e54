//! The CAs that certify an MSP's identities, and what those could be: as far as the definition
//! tells, whoever they are.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

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
    let sharing = Sharing::of(msp);
    let cas = msp.roots.iter().chain(&msp.intermediates);
    cas.filter(|ca| !msp.internal.contains(ca.der()))
        .map(|ca| issuing_ca(msp, &sharing, ca))
        .collect()
}

fn issuing_ca(msp: &X509Msp, sharing: &Sharing<'_>, ca: &Certificate) -> IssuingCa {
    let mut out = IssuingCa {
        certificate: ca.clone(),
        barred: None,
        roles: Vec::new(),
        doubled: sharing.several(ca),
    };
    let chains = match sharing.chains(msp, ca) {
        Ok(chains) => chains,
        Err(why) => {
            out.barred = Some(why);
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

/// The subject and key of a CA, by which identities find it.
type NameAndKey<'m> = (&'m Bytes, &'m Bytes);

/// Whether CAs of an MSP share name and key, so that an identity may have a chain to each.
enum Sharing<'m> {
    /// None does.
    None,
    /// Nobody looked: the CAs are too many, or their own rules tell identities apart.
    Unknown,
    /// Some do: for each name and key what holds, as the time passes.
    Some(BTreeMap<NameAndKey<'m>, Vec<SharedTime>>),
}

/// A time in which the same chains hold for an identity that starts in it.
struct SharedTime {
    /// Seconds since 1970.
    from: i64,
    /// The end, excluded.
    until: i64,
    /// How many chains an identity has.
    count: usize,
    /// The only one, without the identity.
    only: Option<Vec<Certificate>>,
}

impl<'m> Sharing<'m> {
    fn of(msp: &'m X509Msp) -> Self {
        if msp.roots.len().saturating_add(msp.intermediates.len()) > MANY {
            return Self::Unknown;
        }
        let mut sharers: BTreeMap<NameAndKey<'m>, Vec<&Certificate>> = BTreeMap::new();
        for ca in msp.roots.iter().chain(&msp.intermediates) {
            let of = sharers.entry(name_and_key(ca)).or_default();
            // the same one twice counts once
            if !of.contains(&ca) {
                of.push(ca);
            }
        }
        if sharers.values().all(|of| of.len() == 1) {
            return Self::None;
        }
        let all = || sharers.values().flatten();
        if !all().all(|ca| is_plain(ca)) {
            return Self::Unknown;
        }
        // which chains hold changes only where a certificate starts or ends
        let times: BTreeSet<i64> = all()
            .flat_map(|ca| [ca.not_before(), ca.not_after().saturating_add(1)])
            .collect();
        let shared = |of: &[&Certificate]| {
            let ends = times.iter().skip(1).copied().chain([i64::MAX]);
            let each = times.iter().zip(ends);
            each.map(|(from, until)| SharedTime::of(msp, of, *from, until))
                .collect()
        };
        let of_all = sharers.iter().map(|(key, of)| (*key, shared(of)));
        Self::Some(of_all.collect())
    }

    /// The chains from a CA that an identity may have as its only one, or why it never has exactly one.
    // Go: crypto/x509, Certificate.Verify; Fabric: msp/mspimpl.go, getUniqueValidationChain
    fn chains(&self, msp: &X509Msp, ca: &Certificate) -> Result<Vec<Vec<Certificate>>, MspError> {
        let Some(times) = self.times(ca) else {
            let chain = msp.trust.unique_chain(ca)?;
            return match (self, too_long(&chain)) {
                (Self::None, Some(why)) => Err(why),
                _ => Ok(vec![chain]),
            };
        };
        let mut own: Vec<Vec<Certificate>> = Vec::new();
        for chain in times.iter().filter_map(|time| time.only.as_ref()) {
            if chain.first() == Some(ca) && !own.contains(chain) {
                own.push(chain.clone());
            }
        }
        let most = times.iter().map(|time| time.count).max();
        match most.unwrap_or_default() {
            _ if !own.is_empty() => Ok(own),
            0 => Err(MspError::PathLength {
                subject: ca.subject(),
            }),
            most => Err(MspError::MultipleChains(most)),
        }
    }

    /// From when to when an identity below a CA has several chains.
    fn several(&self, ca: &Certificate) -> Option<(i64, i64)> {
        let mut several: Option<(i64, i64)> = None;
        for time in self.times(ca)?.iter().filter(|time| time.count > 1) {
            let (start, until) = several.unwrap_or((time.from, time.from));
            if until == time.from {
                several = Some((start, time.until));
            }
        }
        several
    }

    /// What holds for identities below a CA as the time passes; `None` where no CAs are shared.
    fn times<'a>(&'a self, ca: &'a Certificate) -> Option<&'a [SharedTime]> {
        match self {
            Self::Some(times) => Some(times.get(&name_and_key(ca)).map_or(&[], Vec::as_slice)),
            Self::None | Self::Unknown => None,
        }
    }
}

impl SharedTime {
    fn of(msp: &X509Msp, sharers: &[&Certificate], from: i64, until: i64) -> Self {
        let mut chains: Vec<Vec<Certificate>> = (sharers.iter())
            .flat_map(|ca| msp.trust.identity_chains(ca, from))
            .filter(|chain| too_long(chain).is_none())
            .collect();
        Self {
            from,
            until,
            count: chains.len(),
            only: chains.pop().filter(|_| chains.is_empty()),
        }
    }
}

fn name_and_key(ca: &Certificate) -> NameAndKey<'_> {
    (ca.raw_subject(), ca.key_info())
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
