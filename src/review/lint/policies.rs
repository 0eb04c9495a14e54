//! Policies that lock out, lead nowhere, or become weaker.

use std::collections::BTreeSet;

use super::{
    finding::{FindingId, Findings, Severity},
    subject::Subject,
};
use crate::{
    config::{Bundle, ElementRef, PolicyRef, compare::Side, differences},
    policy::{Effort, Efforts, PolicyId, RULE_TEXT},
};

pub(super) fn look(subject: &Subject<'_>, lint: &mut Findings) {
    let Ok(next) = subject.next else {
        return;
    };
    let look = Look {
        current: subject.current,
        next,
        before: (subject.current.policies()).efforts(subject.current.msps()),
        after: next.policies().efforts(next.msps()),
    };
    look.lockouts(lint);
    look.missing(lint);
    let deciding = look.mod_policies(lint);
    look.weaker(&deciding, lint);
}

/// Policies that nodes ask for by name, and what cannot be done without.
// Fabric: common/policies/policy.go; core/aclmgmt/defaultaclprovider.go
const NAMED: &[(&str, &str)] = &[
    (
        "/Channel/Readers",
        "nobody could fetch blocks from orderers",
    ),
    ("/Channel/Writers", "nobody could send anything to orderers"),
    (
        "/Channel/Orderer/BlockValidation",
        "no peer would take a block",
    ),
    (
        "/Channel/Application/Readers",
        "nobody could query a peer or hear of events",
    ),
    (
        "/Channel/Application/Writers",
        "no peer would take a proposal",
    ),
    (
        "/Channel/Application/Endorsement",
        "no transaction of a chaincode that follows it would be valid",
    ),
];

struct Look<'a> {
    current: &'a Bundle,
    next: &'a Bundle,
    before: Efforts,
    after: Efforts,
}

impl Look<'_> {
    /// Policies that nobody can satisfy, and that somebody could before, or that are new.
    fn lockouts(&self, lint: &mut Findings) {
        for id in self.next.policies().iter() {
            if self.after.of(id).is_some() {
                continue;
            }
            let path = self.next.policies().path(id);
            let known = self.current.policies().absolute(&path);
            if known.is_some_and(|known| self.before.of(known).is_none()) {
                continue;
            }
            // without senders or block signatures nothing could ever follow
            let vital = path == "/Channel/Orderer/BlockValidation"
                || self.next.senders().is_some_and(|senders| path == senders);
            let end = match vital {
                true => "the channel could not go on",
                false => "what it decides about could never be done again",
            };
            let text = format!(
                "nobody could satisfy `{}`: {end}; keep enough organisations, roles and NodeOUs that \
                 the policy asks for, or change the policy with them",
                self.next.policies().rule_text(id, RULE_TEXT)
            );
            lint.add(FindingId::LockoutPolicy, Severity::Warning, path, text);
        }
    }

    /// Policies that nodes ask for by name, and that are not there any more.
    fn missing(&self, lint: &mut Findings) {
        for (path, end) in NAMED {
            let known = self.current.policies().absolute(path);
            let was_there = known.is_some_and(|known| self.before.of(known).is_some());
            if !was_there || self.next.policies().absolute(path).is_some() {
                continue;
            }
            let text = format!("nobody satisfies a policy that is not there: {end}; keep it");
            let path = (*path).to_owned();
            lint.add(FindingId::LockoutPolicy, Severity::Warning, path, text);
        }
    }

    /// Mod policies that lead nowhere now; all policies that are some element's mod policy.
    fn mod_policies(&self, lint: &mut Findings) -> BTreeSet<PolicyId> {
        let mut deciding = BTreeSet::new();
        let mut open: Vec<ElementRef<'_>> = Vec::new();
        open.extend(self.next.tree().root().map(ElementRef::Group));
        while let Some(element) = open.pop() {
            element.push_members(&mut open);
            match mod_policy(self.next, element, element.mod_policy()) {
                Some(id) => {
                    deciding.insert(id);
                }
                None if self.was_dangling(element) => {}
                None => {
                    let text = format!(
                        "mod policy `{}` leads to no policy: this could never be changed again; name \
                         a policy that exists, or keep the one that it names",
                        element.mod_policy()
                    );
                    lint.add(
                        FindingId::DanglingModPolicy,
                        Severity::Warning,
                        element.path(),
                        text,
                    );
                }
            }
        }
        deciding
    }

    /// Whether the element was there with a mod policy that led nowhere.
    fn was_dangling(&self, element: ElementRef<'_>) -> bool {
        let group = self.current.tree().group(&element.policy_group().names());
        let old = match element {
            ElementRef::Group(_) => group.map(ElementRef::Group),
            _ => group.and_then(|group| group.member(element.kind(), element.name())),
        };
        old.is_some_and(|old| mod_policy(self.current, old, old.mod_policy()).is_none())
    }

    /// Mod policies and rules that take less than before.
    fn weaker(&self, deciding: &BTreeSet<PolicyId>, lint: &mut Findings) {
        self.open_to_all(deciding, lint);
        let mut differences = differences(self.current.tree(), self.next.tree());
        while let Some(pair) = differences.next_pair() {
            let Side::Both(old, new) = pair else {
                continue;
            };
            if old.mod_policy() != new.mod_policy() {
                self.mod_policy(old, new, lint);
            }
            if let (ElementRef::Policy(old), ElementRef::Policy(new)) = (old, new)
                && (old.kind(), old.rule()) != (new.kind(), new.rule())
            {
                self.rule(new, deciding, lint);
            }
        }
    }

    /// Policies whose rule stays and that take no signature any more, since no organisation is left
    /// that they count.
    fn open_to_all(&self, deciding: &BTreeSet<PolicyId>, lint: &mut Findings) {
        let (current, next) = (self.current.policies(), self.next.policies());
        let nothing = |effort: Option<Effort>| effort.is_some_and(|effort| effort.signatures == 0);
        for id in next.iter().filter(|id| nothing(self.after.of(*id))) {
            let path = next.path(id);
            let Some(known) = current.absolute(&path) else {
                continue;
            };
            let same = current.rule_text(known, RULE_TEXT) == next.rule_text(id, RULE_TEXT);
            if !same || nothing(self.before.of(known)) {
                continue;
            }
            let text = "the rule stays, but no organisation is left that it counts: it takes no \
                        signature at all, and anybody could do what it decides about";
            let severity = severity(deciding, id);
            lint.add(FindingId::WeakenedPolicy, severity, path, text.to_owned());
        }
    }

    fn mod_policy(&self, old: ElementRef<'_>, new: ElementRef<'_>, lint: &mut Findings) {
        let Some(id) = mod_policy(self.next, new, new.mod_policy()) else {
            return;
        };
        // both as they are afterwards, so that members who come or go do not count
        let before = match mod_policy(self.next, new, old.mod_policy()) {
            Some(before) => self.after.of(before),
            None => mod_policy(self.current, old, old.mod_policy())
                .and_then(|before| self.before.of(before)),
        };
        match (before, self.after.of(id)) {
            (Some(_), None) => {
                let text = format!(
                    "nobody could satisfy the new mod policy `{}`: this could never be changed again",
                    new.mod_policy()
                );
                lint.add(
                    FindingId::LockoutPolicy,
                    Severity::Warning,
                    new.path(),
                    text,
                );
            }
            (Some(before), Some(after)) if is_weaker(before, after) => {
                let text = format!(
                    "mod policy `{}` takes {} where `{}` took {}: make sure that this is wanted",
                    new.mod_policy(),
                    words(after),
                    old.mod_policy(),
                    words(before)
                );
                lint.add(
                    FindingId::WeakenedModPolicy,
                    Severity::Warning,
                    new.path(),
                    text,
                );
            }
            _ => {}
        }
    }

    fn rule(&self, policy: PolicyRef<'_>, deciding: &BTreeSet<PolicyId>, lint: &mut Findings) {
        let path = policy.path();
        let find = |bundle: &Bundle| bundle.policies().absolute(&path);
        let (Some(old), Some(new)) = (find(self.current), find(self.next)) else {
            return;
        };
        let (Some(before), Some(after)) = (self.before.of(old), self.after.of(new)) else {
            return;
        };
        if !is_weaker(before, after) {
            return;
        }
        let severity = severity(deciding, new);
        let text = format!(
            "the new rule takes {} where the old one took {}: make sure that this is wanted",
            words(after),
            words(before)
        );
        lint.add(FindingId::WeakenedPolicy, severity, path, text);
    }
}

/// How much it matters that a policy takes less.
fn severity(deciding: &BTreeSet<PolicyId>, id: PolicyId) -> Severity {
    match deciding.contains(&id) {
        true => Severity::Warning,
        false => Severity::Info,
    }
}

/// The policy that a mod policy of an element leads to.
fn mod_policy(bundle: &Bundle, element: ElementRef<'_>, name: &str) -> Option<PolicyId> {
    bundle.mod_policy(element.policy_group(), name)
}

const fn is_weaker(before: Effort, after: Effort) -> bool {
    after.signatures < before.signatures || after.privileged < before.privileged
}

fn words(effort: Effort) -> String {
    let Effort {
        signatures,
        privileged,
    } = effort;
    match signatures {
        0 => "no signature at all".to_owned(),
        1 => format!("at least 1 signature ({privileged} of an admin or a named identity)"),
        _ => {
            format!("at least {signatures} signatures ({privileged} of admins or named identities)")
        }
    }
}
