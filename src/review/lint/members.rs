//! Organisations: who can be their admin, and their certificates.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    expiry::expiry,
    finding::{FindingId, Findings, Severity},
    subject::Subject,
};
use crate::{
    config::{ConfigTree, GroupRef},
    identity::{CertificateUse, ListedCertificate, MspDefinition, Role},
    ids::{Digest, UnixTime},
};

pub(super) fn look(subject: &Subject<'_>, lint: &mut Findings) {
    let before = organizations(subject.current.tree());
    let after = organizations(subject.result);
    for (path, config) in &after {
        let old = before.get(path).copied();
        if old == Some(*config) {
            continue;
        }
        let Ok(new) = MspDefinition::read(config) else {
            continue; // such a result is refused
        };
        let old = old.and_then(|old| MspDefinition::read(old).ok());
        if let Some(old) = &old {
            admin_ca(path, old, &new, lint);
        }
        admin(subject, path, &new, lint);
        certificates(subject.now, path, old.as_ref(), &new, lint);
    }
    one_section(subject, &before, &after, lint);
}

/// The value `MSP` of every organisation, by the path of its group.
fn organizations(tree: &ConfigTree) -> BTreeMap<String, &[u8]> {
    let sections = tree.root().into_iter().flat_map(|root| root.groups());
    let orgs = sections.flat_map(|section| {
        let orgs: Vec<GroupRef<'_>> = match section.name() {
            "Consortiums" => section.groups().flat_map(|c| c.groups()).collect(),
            _ => section.groups().collect(),
        };
        orgs
    });
    orgs.filter_map(|org| Some((org.path(), org.value("MSP")?.bytes())))
        .collect()
}

fn admin_ca(path: &str, old: &MspDefinition, new: &MspDefinition, lint: &mut Findings) {
    let (before, after) = (admin_cas(old), admin_cas(new));
    if !before.is_empty() && before.is_disjoint(&after) {
        let text = format!(
            "none of the CAs that certify admins of `{}` stays: its admins need certificates of the \
             new CA, and no signature of theirs counts until then; keep the old CA beside the new \
             one for a while",
            old.id
        );
        lint.add(
            FindingId::AdminCaLost,
            Severity::Warning,
            path.to_owned(),
            text,
        );
    }
}

/// The CAs that can issue certificates of admins: those that have not certified another CA, or the
/// one that the NodeOU names.
fn admin_cas(definition: &MspDefinition) -> BTreeSet<Digest> {
    if let Some(ca) = definition.admin_ca {
        return BTreeSet::from([ca]);
    }
    let cas = || {
        let cas = definition.certificates.iter();
        cas.filter(|listed| {
            matches!(
                listed.purpose,
                CertificateUse::Root | CertificateUse::Intermediate
            )
        })
    };
    let issuers: BTreeSet<String> = cas()
        .filter(|listed| listed.purpose == CertificateUse::Intermediate)
        .filter_map(|listed| Some(listed.certificate.as_ref().ok()?.issuer()))
        .collect();
    let is_issuer = |listed: &ListedCertificate| {
        let certificate = listed.certificate.as_ref();
        certificate.is_ok_and(|certificate| issuers.contains(&certificate.subject()))
    };
    cas()
        .filter(|listed| !is_issuer(listed))
        .map(|listed| listed.fingerprint)
        .collect()
}

fn admin(subject: &Subject<'_>, path: &str, new: &MspDefinition, lint: &mut Findings) {
    let Ok(next) = subject.next else {
        return;
    };
    let msp = next.msps().get(new.id.as_str());
    if msp.is_some_and(|msp| !msp.is_idemix() && !msp.can_have(Role::Admin)) {
        let text = format!(
            "nobody could be an admin of `{}`: enable NodeOUs with one for admins, or list a valid \
             admin certificate",
            new.id
        );
        lint.add(FindingId::NoAdmin, Severity::Warning, path.to_owned(), text);
    }
}

fn certificates(
    now: UnixTime,
    path: &str,
    old: Option<&MspDefinition>,
    new: &MspDefinition,
    lint: &mut Findings,
) {
    let known: BTreeSet<Digest> = (old.iter())
        .flat_map(|old| old.certificates.iter().map(|listed| listed.fingerprint))
        .collect();
    for listed in &new.certificates {
        let Ok(certificate) = &listed.certificate else {
            continue;
        };
        let severity = match known.contains(&listed.fingerprint) {
            true => Severity::Info,
            false => Severity::Warning,
        };
        let path = format!("{path}/MSP");
        expiry(
            now,
            &path,
            listed.purpose.name(),
            certificate,
            severity,
            lint,
        );
    }
}

/// MSPs that stood alike in several sections and of which only some change.
fn one_section(
    subject: &Subject<'_>,
    before: &BTreeMap<String, &[u8]>,
    after: &BTreeMap<String, &[u8]>,
    lint: &mut Findings,
) {
    let mut places: BTreeMap<&[u8], Vec<&String>> = BTreeMap::new();
    for (path, config) in before {
        places.entry(config).or_default().push(path);
    }
    for (config, paths) in places {
        let stays = |path: &&&String| after.get(**path) == Some(&config);
        let changes = |path: &&&String| after.get(**path).is_some_and(|new| *new != config);
        let Some(same) = paths.iter().find(stays) else {
            continue;
        };
        for path in paths.iter().filter(changes) {
            let severity = match subject.next {
                Ok(_) => Severity::Warning,
                Err(_) => Severity::Blocking,
            };
            let text = format!(
                "the msp changes here and stays as it is at `{same}`: change it in both, with one update"
            );
            lint.add(FindingId::MspInOneSection, severity, (*path).clone(), text);
        }
    }
}
