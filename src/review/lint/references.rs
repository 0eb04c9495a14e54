//! ACLs: whether the policies that they name are there, and can be satisfied.

use std::collections::BTreeMap;

use super::{
    asked::{AskedPolicy, PEER_WIDE, PROPOSE, RESOURCES, acls, alone, resource_policy},
    finding::{FindingId, Findings, Severity},
    subject::Subject,
};
use crate::config::Bundle;

const PATH: &str = "/Channel/Application/ACLs";

pub(super) fn look(subject: &Subject<'_>, lint: &mut Findings) {
    let Ok(next) = subject.next else {
        return;
    };
    let (before, after) = (acls(subject.current), acls(next));
    unsatisfiable(subject.current, next, &before, &after, lint);
    for resource in after.keys().filter(|name| !before.contains_key(*name)) {
        let name = resource.as_str();
        let why = if PEER_WIDE.contains(&name) {
            "peers ask their own MSP about it, whatever a channel says"
        } else if !RESOURCES.iter().any(|(known, _)| *known == name) {
            "no release of Fabric asks about a resource of this name: see `core/aclmgmt/resources` \
             for those that there are"
        } else {
            continue;
        };
        let text = format!("the acl of `{name}` has no effect: {why}");
        lint.add(
            FindingId::AclWithoutEffect,
            Severity::Info,
            PATH.to_owned(),
            text,
        );
    }
}

/// Resources about which peers ask a policy that nobody can satisfy, or that is not there, because of
/// an ACL.
// Fabric: core/aclmgmt/resourceprovider.go, Evaluate: `PolicyNotFound`
fn unsatisfiable(
    current: &Bundle,
    next: &Bundle,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    lint: &mut Findings,
) {
    let listed = RESOURCES.iter().map(|(name, _)| *name);
    let listed: Vec<(&str, &String)> = listed
        .filter_map(|name| Some((name, after.get(name)?)))
        .collect();
    if listed.is_empty() {
        return;
    }
    let efforts = |bundle: &Bundle| bundle.policies().efforts(bundle.msps());
    let (old, new) = (efforts(current), efforts(next));
    for (resource, path) in listed {
        // a request has one signature
        let asked = AskedPolicy {
            path: "",
            alone: true,
            end: "",
        };
        let id = next.policies().absolute(path);
        if alone(next, &new, id, asked) {
            continue;
        }
        let known = resource_policy(before, resource).and_then(|p| current.policies().absolute(p));
        if !alone(current, &old, known, asked) {
            continue;
        }
        let why = match id {
            None => "is not there",
            Some(id) if new.of(id).is_none() => "can be satisfied by nobody",
            Some(_) => "takes several signatures, and a request has one",
        };
        let (severity, end) = match resource == PROPOSE {
            true => (
                Severity::Blocking,
                "every call of every chaincode fails, of this contract as well",
            ),
            false => (Severity::Warning, "every such request fails"),
        };
        let text = format!(
            "the acl of `{resource}` names the policy `{path}`, which {why}: {end}; name a policy \
             that is there and that one signature can satisfy, or leave the acl out"
        );
        lint.add(FindingId::AclUnsatisfiable, severity, PATH.to_owned(), text);
    }
}
