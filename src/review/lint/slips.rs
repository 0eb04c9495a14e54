//! What is seldom meant: names in each other's place, groups that lose everything in them, settings
//! that are lost on the way.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    finding::{FindingId, Findings, Severity},
    subject::Subject,
};
use crate::{
    config::{Bundle, ElementRef, GroupRef, Org, Section, compare::Side, differences},
    ids::MspId,
    review::diff::{Item, reset},
};

pub(super) fn look(subject: &Subject<'_>, lint: &mut Findings) {
    names(subject, lint);
    emptied(subject, lint);
    resets(subject, lint);
}

/// New organisations whose name is not their MSP id, though that is the custom, or is another's.
fn names(subject: &Subject<'_>, lint: &mut Findings) {
    let Ok(next) = subject.next else {
        return;
    };
    let sections = [Section::Application, Section::Orderer];
    let orgs = || sections.into_iter().flat_map(|section| next.orgs(section));
    let mut by_name: BTreeMap<&str, BTreeSet<&MspId>> = BTreeMap::new();
    for org in orgs() {
        by_name.entry(org.name).or_default().insert(org.msp_id);
    }
    for section in sections {
        let old = |bundle: &Bundle| -> (BTreeSet<String>, usize, usize) {
            let names = bundle.orgs(section).map(|org| org.name.to_owned());
            let same = bundle.orgs(section).filter(is_same).count();
            (names.collect(), same, bundle.orgs(section).count())
        };
        let (known, same, all) = old(subject.current);
        for org in next.orgs(section).filter(|org| !known.contains(org.name)) {
            let (name, msp_id) = (org.name, org.msp_id);
            if is_same(&org) {
                continue;
            }
            let of_another = next.msps().get(name).is_some();
            let named_another = (by_name.get(msp_id.as_str()))
                .is_some_and(|ids| ids.iter().any(|id| *id != msp_id));
            let (severity, why) = match (of_another, named_another) {
                (true, _) => (
                    Severity::Warning,
                    format!("`{name}` is the msp id of another organisation"),
                ),
                (_, true) => (
                    Severity::Warning,
                    format!("`{msp_id}` is the name of another organisation"),
                ),
                _ if same == 0 => continue,
                _ if same == all => (
                    Severity::Warning,
                    "of all others of the section both are the same".to_owned(),
                ),
                _ => (
                    Severity::Info,
                    "of some others of the section both are the same".to_owned(),
                ),
            };
            let text = format!(
                "the organisation has the name `{name}` and the msp id `{msp_id}`: {why}; make sure \
                 that none is written in the other's place"
            );
            lint.add(FindingId::OrganizationName, severity, org.path(), text);
        }
    }
}

fn is_same(org: &Org<'_>) -> bool {
    org.name == org.msp_id.as_str()
}

/// Groups that had organisations, or policies, and have none any more.
fn emptied(subject: &Subject<'_>, lint: &mut Findings) {
    let pair = subject.current.tree().root().zip(subject.result.root());
    let mut open: Vec<(GroupRef<'_>, GroupRef<'_>)> = pair.into_iter().collect();
    while let Some((old, new)) = open.pop() {
        let inside = old.groups();
        let inside = inside.filter_map(|old| Some((old, new.group(old.name())?)));
        open.extend(inside);
        let counts = [
            ("organisations", organizations(old), organizations(new)),
            ("policies", old.policies().len(), new.policies().len()),
        ];
        for (what, before, after) in counts {
            if before > 0 && after == 0 {
                let text = format!(
                    "the group had {before} {what} and has none any more: what is left out of a \
                     group that is given whole is removed; make sure that this is wanted"
                );
                lint.add(FindingId::GroupEmptied, Severity::Warning, new.path(), text);
            }
        }
    }
}

fn organizations(group: GroupRef<'_>) -> usize {
    let orgs = group.groups().filter(|org| org.value("MSP").is_some());
    orgs.count()
}

/// Settings that go, in values that stay.
fn resets(subject: &Subject<'_>, lint: &mut Findings) {
    let mut differences = differences(subject.current.tree(), subject.result);
    while let Some(pair) = differences.next_pair() {
        let Side::Both(ElementRef::Value(old), ElementRef::Value(new)) = pair else {
            continue;
        };
        if old.bytes() == new.bytes() {
            continue;
        }
        for (item, name, was) in reset(new.name(), old.bytes(), new.bytes()) {
            let (severity, text) = match item {
                Item::Acl => (
                    Severity::Info,
                    format!(
                        "the acl of `{name}` goes, which was {was}: its default counts again; values \
                         are replaced whole, so list all that should stay"
                    ),
                ),
                _ => (
                    Severity::Warning,
                    format!(
                        "`{name}` was {was} and is not set any more: values are replaced whole, so \
                         give every field that should stay"
                    ),
                ),
            };
            lint.add(FindingId::ValueReset, severity, new.path(), text);
        }
    }
}
