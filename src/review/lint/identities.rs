//! Who is valid under the resulting MSPs, and what they are: CAs and units by what the definitions
//! say, certificates that are known one by one.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{
    finding::{FindingId, Findings, Severity},
    subject::Subject,
};
use crate::{
    config::{Bundle, Section},
    identity::{
        Certificate, CertificateStanding, CertificateUse, CrlSigner, IssuingCa, Msp, MspDefinition,
        Role,
    },
    ids::MspId,
    json::time_text,
};

/// The roles that are missed where they are lost.
const ROLES: [Role; 3] = [Role::Admin, Role::Peer, Role::Orderer];

/// So many of the admins that an MSP lists are looked at.
const ADMINS: usize = 256;

pub(super) fn look(subject: &Subject<'_>, lint: &mut Findings) {
    let Ok(next) = subject.next else {
        return;
    };
    let changed: Vec<(Option<&Msp>, &Msp)> = (next.msps().iter())
        .map(|new| (subject.current.msps().get(new.id().as_str()), new))
        .filter(|(old, new)| old.is_none_or(|old| old.digest() != new.digest()))
        .map(|(old, new)| (old.map(|msp| &**msp), &**new))
        .collect();
    if changed.is_empty() {
        return;
    }
    unread(subject.unread, lint);
    let (paths, known, shared) = (paths(next), known(subject, next), SharedCas::of(next));
    for (old, new) in changed {
        let path = paths.get(new.id()).cloned().unwrap_or_default();
        let of = MspChange { old, new, path };
        of.nobody(lint);
        of.cas(lint);
        of.units(lint);
        of.crls(lint);
        of.known(known.get(new.id()).map_or(&[][..], Vec::as_slice), lint);
        shared.look(&of, lint);
    }
}

fn unread(msp_ids: &[MspId], lint: &mut Findings) {
    let Some(first) = msp_ids.first() else {
        return;
    };
    let others = match msp_ids.len() {
        1 => String::new(),
        count => format!(" and {} other msps", count.saturating_sub(1)),
    };
    let text = format!(
        "too many msps change at once: whether those who acted here for `{first}`{others} stay valid was \
         not looked at; ask them, or change fewer msps with one update"
    );
    let path = "/Channel".to_owned();
    lint.add(FindingId::IdentitiesUnread, Severity::Info, path, text);
}

/// The path of the value of each MSP: the first of several.
fn paths(bundle: &Bundle) -> BTreeMap<MspId, String> {
    let orgs = [Section::Application, Section::Orderer];
    let mut out = BTreeMap::new();
    for org in orgs.into_iter().flat_map(|section| bundle.orgs(section)) {
        out.entry(org.msp_id.clone())
            .or_insert_with(|| format!("{}/MSP", org.path()));
    }
    out
}

/// Somebody whose certificate is known.
struct Somebody {
    certificate: Certificate,
    /// Who it is, in words.
    who: String,
    /// Whether it is known for being listed as an admin.
    listed: bool,
}

/// Whose certificates are known: those that were handed in, and those that the config names and
/// keeps. Each once, by MSP.
fn known(subject: &Subject<'_>, next: &Bundle) -> BTreeMap<MspId, Vec<Somebody>> {
    let current = subject.current;
    let mut out: BTreeMap<MspId, Vec<Somebody>> = BTreeMap::new();
    let mut seen: BTreeSet<(MspId, Bytes)> = BTreeSet::new();
    let mut add = |msp_id: &MspId, certificate: &Certificate, who: String, listed: bool| {
        if seen.insert((msp_id.clone(), certificate.der().clone())) {
            out.entry(msp_id.clone()).or_default().push(Somebody {
                certificate: certificate.clone(),
                who,
                listed,
            });
        }
    };
    for one in subject.known {
        add(
            &one.msp_id,
            &one.certificate,
            "who acted here".to_owned(),
            false,
        );
    }
    let kept: BTreeSet<(&str, &Bytes)> = (next.consenters().iter())
        .map(|node| (&*node.msp_id, &node.identity))
        .collect();
    for node in current.consenters() {
        if !kept.contains(&(&*node.msp_id, &node.identity)) {
            continue;
        }
        if let Ok(certificate) = Certificate::from_pem(&node.identity) {
            let who = format!("the identity of consenter `{}:{}`", node.host, node.port);
            add(&MspId::from(&*node.msp_id), &certificate, who, false);
        }
    }
    for msp in current.msps().iter() {
        let changes = next.msps().get(msp.id().as_str());
        if changes.is_none_or(|new| new.digest() == msp.digest()) {
            continue;
        }
        let definition = MspDefinition::read(msp.config());
        let listed = definition.iter().flat_map(|of| &of.certificates);
        let listed = listed.filter(|listed| listed.purpose == CertificateUse::Admin);
        for listed in listed.take(ADMINS) {
            if let Ok(certificate) = &listed.certificate {
                add(msp.id(), certificate, "a listed admin".to_owned(), true);
            }
        }
    }
    out
}

/// An MSP that changes, or is new.
struct MspChange<'a> {
    old: Option<&'a Msp>,
    new: &'a Msp,
    /// The path of its value.
    path: String,
}

impl MspChange<'_> {
    fn say(&self, id: FindingId, severity: Severity, text: String, lint: &mut Findings) {
        lint.add(id, severity, self.path.clone(), text);
    }

    fn nobody(&self, lint: &mut Findings) {
        let was_so = self.old.is_some_and(|old| old.nobody_valid().is_some());
        if let Some(why) = self.new.nobody_valid().filter(|_| !was_so) {
            let text = format!(
                "nobody of `{}` would be valid, whatever certificate comes: {why}",
                self.new.id()
            );
            self.say(FindingId::NobodyValid, Severity::Blocking, text, lint);
        }
    }

    /// What the CAs can certify.
    fn cas(&self, lint: &mut Findings) {
        let nobody = self.new.nobody_valid().is_some();
        let old_cas = self.old.map_or(&[][..], Msp::issuing_cas);
        for ca in self.new.issuing_cas() {
            let before = old_cas.iter().find(|old| old.certificate == ca.certificate);
            let subject = ca.certificate.subject();
            let was_barred = before.is_some_and(|before| before.barred.is_some());
            match (&ca.barred, ca.doubled) {
                (_, Some(span)) if before.is_none_or(|before| before.doubled.is_none()) => {
                    let text = doubled(&subject, span);
                    self.say(FindingId::CaUnusable, Severity::Warning, text, lint);
                }
                (Some(why), _) if !nobody && !was_barred => {
                    let text = format!(
                        "nobody whom the ca `{subject}` certifies would be valid: {why}; let NodeOUs \
                         and organisational units name this ca, or no ca"
                    );
                    self.say(FindingId::CaUnusable, Severity::Warning, text, lint);
                }
                (None, _) => self.roles_of(ca, before, lint),
                _ => {}
            }
        }
    }

    /// The roles that a CA's certificates cannot have, although others of the MSP can.
    fn roles_of(&self, ca: &IssuingCa, before: Option<&IssuingCa>, lint: &mut Findings) {
        let Some(old) = self.old else {
            return;
        };
        let had = |role: &Role| match before {
            Some(before) => before.roles.contains(role),
            // a new CA is taken for one that goes on for another
            None => old.can_have(*role),
        };
        let lost: Vec<String> = (ROLES.iter())
            .filter(|role| had(role) && !ca.roles.contains(role))
            .filter(|role| self.new.role_unit(**role).is_some())
            .map(ToString::to_string)
            .collect();
        if !lost.is_empty() {
            let text = format!(
                "nobody whom the ca `{}` certifies could be {}: the NodeOU names another ca as its \
                 certifier; let it name this ca, or no ca",
                ca.certificate.subject(),
                lost.join(" or ")
            );
            self.say(FindingId::CaUnusable, Severity::Warning, text, lint);
        }
    }

    /// Other units that make somebody valid, or give a role.
    fn units(&self, lint: &mut Findings) {
        let Some(old) = self.old else {
            return;
        };
        let mut said = |text: String| {
            self.say(FindingId::OuRulesChanged, Severity::Warning, text, lint);
        };
        let all = [Role::Client, Role::Peer, Role::Admin, Role::Orderer];
        let units = |msp: &Msp| -> Vec<(Role, String)> {
            let unit = |role: Role| Some((role, msp.role_unit(role)?.to_owned()));
            all.into_iter().filter_map(unit).collect()
        };
        let (before, after) = (units(old), units(self.new));
        if before.is_empty() && !after.is_empty() {
            let names: Vec<&str> = after.iter().map(|(_, unit)| unit.as_str()).collect();
            said(format!(
                "NodeOUs are on: only certificates with exactly one of the units `{}` are valid, and \
                 the unit gives the role",
                names.join("`, `")
            ));
        } else if !before.is_empty() && after.is_empty() {
            said("NodeOUs are off: no unit gives a role any more".to_owned());
        } else {
            for (role, unit) in &before {
                let stays = after.iter().any(|(_, after)| after == unit);
                let end = match stays {
                    true => "",
                    false => ", and is not valid without another one",
                };
                match after.iter().find(|(of, _)| of == role) {
                    Some((_, new)) if new != unit => said(format!(
                        "the unit of the role {role} is `{new}` instead of `{unit}`: who has `{unit}` \
                         is no {role} any more{end}"
                    )),
                    None => said(format!(
                        "no unit gives the role {role} any more: who has `{unit}` is no {role}{end}"
                    )),
                    Some(_) => {}
                }
            }
        }
        let listed =
            |msp: &Msp| -> BTreeSet<String> { msp.listed_units().map(str::to_owned).collect() };
        let (before, after) = (listed(old), listed(self.new));
        let fewer = before.is_empty() || !before.is_subset(&after);
        if before != after && !after.is_empty() && fewer {
            let names: Vec<&str> = after.iter().map(String::as_str).collect();
            said(format!(
                "only certificates with one of the organisational units `{}` are valid, of admins, \
                 peers and orderers as well",
                names.join("`, `")
            ));
        }
    }

    /// Revocation lists that revoke no identity.
    fn crls(&self, lint: &mut Findings) {
        let read = |msp: &Msp| MspDefinition::read(msp.config()).ok();
        let Some(new) = read(self.new).filter(|new| !new.revocation_lists.is_empty()) else {
            return;
        };
        let old = self.old.and_then(read);
        let known: BTreeSet<_> = (old.iter())
            .flat_map(|old| old.revocation_lists.iter().map(|list| list.digest))
            .collect();
        for (list, signer) in new.revocation_lists.iter().zip(new.crl_signers()) {
            if known.contains(&list.digest) {
                continue;
            }
            let why = match signer {
                CrlSigner::Nobody => "no ca of the msp signed it".to_owned(),
                CrlSigner::Ca {
                    subject,
                    certifies_identities: false,
                } => format!(
                    "`{subject}`, which signed it, certifies cas and no identities; take the list of \
                     the ca that certifies those"
                ),
                _ => continue,
            };
            let text = format!(
                "the revocation list with sha256 {} revokes no identity: {why}",
                list.digest
            );
            self.say(FindingId::CrlWithoutEffect, Severity::Warning, text, lint);
        }
    }

    /// Known people who stop being valid, or admin, peer or orderer.
    fn known(&self, known: &[Somebody], lint: &mut Findings) {
        let Some(old) = self.old else {
            return;
        };
        for one in known {
            let (before, after) = (
                old.judge(&one.certificate),
                self.new.judge(&one.certificate),
            );
            let lost: Vec<Role> = (before.roles.iter())
                .filter(|role| ROLES.contains(role) && !after.roles.contains(role))
                .copied()
                .collect();
            self.somebody(one, &before, &after, &lost, lint);
        }
    }

    fn somebody(
        &self,
        one: &Somebody,
        before: &CertificateStanding,
        after: &CertificateStanding,
        lost: &[Role],
        lint: &mut Findings,
    ) {
        let name = format!("`{}`, {},", one.certificate.subject(), one.who);
        let roles: Vec<String> = lost.iter().map(ToString::to_string).collect();
        let roles = roles.join(" and ");
        match &after.valid {
            Err(why) if before.valid.is_ok() => {
                let roles = match (lost.is_empty(), after.roles.contains(&Role::Admin)) {
                    (false, _) => format!(" and no {roles} any more"),
                    (true, true) => " any more, though listed as an admin".to_owned(),
                    (true, false) => " any more".to_owned(),
                };
                let text = format!("{name} is not valid{roles}: {why}");
                self.say(FindingId::IdentityLost, Severity::Warning, text, lint);
            }
            _ if lost.is_empty() => {}
            valid => {
                let units: Vec<String> = (lost.iter())
                    .filter_map(|role| {
                        let unit = self.new.role_unit(*role)?;
                        Some(format!("the unit of the role {role} is `{unit}`"))
                    })
                    .collect();
                let why = match (valid, one.listed && lost == [Role::Admin]) {
                    (_, true) => "it is not listed any more, and has no unit that gives the role",
                    (Err(_), _) => "it is not valid, and was an admin because it was listed",
                    _ if units.is_empty() => "nothing gives the role any more",
                    _ => &units.join(", "),
                };
                let text = format!("{name} is no {roles} any more: {why}");
                // who is taken off the list is meant to be
                let severity = match one.listed && lost == [Role::Admin] {
                    true => Severity::Info,
                    false => Severity::Warning,
                };
                self.say(FindingId::RoleLost, severity, text, lint);
            }
        }
    }
}

/// The words about two CAs with one name and key.
fn doubled(subject: &str, (start, end): (i64, i64)) -> String {
    let time = |seconds| time_text(seconds).unwrap_or_else(|| "the end of time".to_owned());
    format!(
        "two cas `{subject}` have the same name and key: a certificate that starts from {} on, and \
         before {}, has a chain to each and is not valid, since only one is supported; leave out \
         the old ca once every certificate that it certified is renewed",
        time(start),
        time(end)
    )
}

/// The MSPs whose identities a CA certifies, by its name and key.
struct SharedCas<'a>(BTreeMap<(Bytes, Bytes), Vec<&'a Msp>>);

impl<'a> SharedCas<'a> {
    fn of(bundle: &'a Bundle) -> Self {
        let mut cas: BTreeMap<_, Vec<&Msp>> = BTreeMap::new();
        for msp in bundle.msps().iter() {
            for key in keys(msp) {
                cas.entry(key).or_default().push(msp);
            }
        }
        Self(cas)
    }

    /// CAs of a changed MSP that others have as well, and that it had not before.
    fn look(&self, of: &MspChange<'_>, lint: &mut Findings) {
        let before = of.old.map(keys).unwrap_or_default();
        for key in keys(of.new) {
            let Some(others) = self.0.get(&key).filter(|_| !before.contains(&key)) else {
                continue;
            };
            let others: Vec<&Msp> = (others.iter().copied())
                .filter(|other| other.id() != of.new.id())
                .collect();
            if others.is_empty() {
                continue;
            }
            let names: Vec<&str> = others.iter().map(|other| other.id().as_str()).collect();
            let ca = of.new.issuing_cas().iter().find(|ca| key_of(ca) == key);
            let ca = ca.map(|ca| ca.certificate.subject()).unwrap_or_default();
            let apart = others.iter().all(|other| are_apart(of.new, other));
            let (severity, end) = match apart {
                true => (
                    Severity::Info,
                    "only the listed organisational units keep them apart",
                ),
                false => (
                    Severity::Warning,
                    "whoever is certified for one can act as the other, so that one organisation \
                     has two votes; let each have a ca of its own",
                ),
            };
            let text = format!(
                "the ca `{ca}` certifies identities of `{}` and of `{}`: {end}",
                of.new.id(),
                names.join("`, `")
            );
            of.say(FindingId::SharedCa, severity, text, lint);
        }
    }
}

/// The name and key of each CA that certifies identities.
fn keys(msp: &Msp) -> BTreeSet<(Bytes, Bytes)> {
    msp.issuing_cas().iter().map(key_of).collect()
}

fn key_of(ca: &IssuingCa) -> (Bytes, Bytes) {
    let certificate = &ca.certificate;
    (
        certificate.raw_subject().clone(),
        certificate.key_info().clone(),
    )
}

/// Whether two MSPs list organisational units, and none that the other lists.
fn are_apart(one: &Msp, other: &Msp) -> bool {
    let units = |msp: &Msp| -> BTreeSet<String> { msp.listed_units().map(str::to_owned).collect() };
    let (one, other) = (units(one), units(other));
    !one.is_empty() && !other.is_empty() && one.is_disjoint(&other)
}
