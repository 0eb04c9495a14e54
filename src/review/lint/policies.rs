//! Policies that lock out, lead nowhere, or become weaker.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    asked::{NAMED, alone, is_of_contract, vital},
    finding::{FindingId, Findings, Severity},
    locked::Locked,
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
    let after = next.policies().efforts(next.msps());
    let look = PolicyLook {
        current: subject.current,
        next,
        before: (subject.current.policies()).efforts(subject.current.msps()),
        locked: Locked::of(next, &after),
        after,
    };
    let deciding = look.mod_policies(lint);
    look.lockouts(&deciding, lint);
    look.asked(lint);
    look.silent(lint);
    look.weaker(&deciding, lint);
}

/// The policies that are some element's mod policy.
#[derive(Default)]
struct ModPolicies {
    all: BTreeSet<PolicyId>,
    /// Those of groups that could never be changed again.
    locked: BTreeSet<PolicyId>,
}

struct PolicyLook<'a> {
    current: &'a Bundle,
    next: &'a Bundle,
    before: Efforts,
    after: Efforts,
    locked: Locked<'a>,
}

impl PolicyLook<'_> {
    /// Policies that nobody can satisfy, and that somebody could before, or that are new.
    fn lockouts(&self, deciding: &ModPolicies, lint: &mut Findings) {
        for id in self.next.policies().iter() {
            if self.after.of(id).is_some() {
                continue;
            }
            let path = self.next.policies().path(id);
            let known = self.current.policies().absolute(&path);
            if known.is_some_and(|known| self.before.of(known).is_none()) {
                continue;
            }
            let end = self.end(&path);
            let severity = match end.is_some() || deciding.locked.contains(&id) {
                true => Severity::Blocking,
                false => Severity::Warning,
            };
            let end = match end {
                Some(end) => end,
                None if severity == Severity::Blocking => {
                    "a group could never be changed again, whoever signs"
                }
                None => "what it decides about could not be done",
            };
            let text = format!(
                "nobody could satisfy `{}`: {end}; keep enough organisations, roles and NodeOUs that \
                 the policy asks for, or change the policy with them",
                self.next.policies().rule_text(id, RULE_TEXT)
            );
            lint.add(FindingId::LockoutPolicy, severity, path, text);
        }
    }

    /// What ends where nobody satisfies a policy, if that is the channel or the use of this contract.
    fn end(&self, path: &str) -> Option<&'static str> {
        if vital(self.next).any(|one| one.path == path) {
            return Some("the channel could not go on");
        }
        is_of_contract(self.next, path)
            .then_some("no chaincode could be used any more, this contract included")
    }

    /// Policies that nodes ask for by name, and that are not there any more, or that the one signature
    /// that there is can satisfy no more.
    fn asked(&self, lint: &mut Findings) {
        for asked in NAMED {
            let find = |bundle: &Bundle| bundle.policies().absolute(asked.path);
            let (known, id) = (find(self.current), find(self.next));
            if !alone(self.current, &self.before, known, *asked)
                || alone(self.next, &self.after, id, *asked)
            {
                continue;
            }
            let text = match id {
                None => {
                    let end = asked.end;
                    format!("nobody satisfies a policy that is not there: {end}; keep it")
                }
                // said above
                Some(id) if self.after.of(id).is_none() => continue,
                Some(id) => format!(
                    "`{}` takes several signatures, and what it is asked about has one: {}; choose a \
                     rule that one signature satisfies",
                    self.next.policies().rule_text(id, RULE_TEXT),
                    asked.end
                ),
            };
            let severity = match self.end(asked.path) {
                Some(_) => Severity::Blocking,
                None => Severity::Warning,
            };
            lint.add(
                FindingId::LockoutPolicy,
                severity,
                asked.path.to_owned(),
                text,
            );
        }
    }

    /// Organisations that are counted by a policy of the group above, and have no policy that could
    /// ever say yes.
    fn silent(&self, lint: &mut Findings) {
        let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        let (current, next) = (self.current.policies(), self.next.policies());
        for id in next.iter() {
            let (silent, sub_policy) = next.silent(id);
            if silent.is_empty() {
                continue;
            }
            let names = next.names(id);
            let above = names.split_last().map_or(&[][..], |(_, above)| above);
            let path = next.path(id);
            let known = current.absolute(&path).map(|known| current.silent(known));
            for name in silent {
                let group = [above, &[name]].concat();
                let group = self.next.tree().group(&group);
                let is_known = known
                    .as_ref()
                    .is_some_and(|(known, of)| *of == sub_policy && known.contains(&name));
                let Some(group) = group.filter(|group| group.value("MSP").is_some()) else {
                    continue;
                };
                if !is_known {
                    let key = (group.path(), sub_policy.to_owned());
                    found.entry(key).or_default().push(path.clone());
                }
            }
        }
        for ((org, sub_policy), policies) in found {
            let counted = policies.iter().filter_map(|path| {
                let id = next.absolute(path)?;
                let (needed, all) = next.meta_count(id)?;
                let rule = next.rule_text(id, RULE_TEXT);
                Some(format!("`{rule}` at `{path}` asks {needed} of {all}"))
            });
            let text = format!(
                "the organisation has no policy `{sub_policy}`: it is counted and can never be one \
                 of those who say yes ({}); add the policy",
                counted.collect::<Vec<_>>().join(", ")
            );
            lint.add(FindingId::SilentMember, Severity::Warning, org, text);
        }
    }

    /// Mod policies that lead nowhere now; all policies that are some element's mod policy.
    fn mod_policies(&self, lint: &mut Findings) -> ModPolicies {
        let mut deciding = ModPolicies::default();
        let mut open: Vec<ElementRef<'_>> = Vec::new();
        open.extend(self.next.tree().root().map(ElementRef::Group));
        while let Some(element) = open.pop() {
            element.push_members(&mut open);
            let locked =
                matches!(element, ElementRef::Group(group) if self.locked.is_locked(group));
            match mod_policy(self.next, element, element.mod_policy()) {
                Some(id) => {
                    deciding.all.insert(id);
                    if locked {
                        deciding.locked.insert(id);
                    }
                }
                None if self.was_dangling(element) => {}
                None => {
                    let text = format!(
                        "mod policy `{}` leads to no policy: this could never be changed again; name \
                         a policy that exists, or keep the one that it names",
                        element.mod_policy()
                    );
                    let severity = match locked {
                        true => Severity::Blocking,
                        false => Severity::Warning,
                    };
                    lint.add(FindingId::DanglingModPolicy, severity, element.path(), text);
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
    fn weaker(&self, deciding: &ModPolicies, lint: &mut Findings) {
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
    fn open_to_all(&self, deciding: &ModPolicies, lint: &mut Findings) {
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
                let locked =
                    matches!(new, ElementRef::Group(group) if self.locked.is_locked(group));
                let severity = match locked {
                    true => Severity::Blocking,
                    false => Severity::Warning,
                };
                lint.add(FindingId::LockoutPolicy, severity, new.path(), text);
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

    fn rule(&self, policy: PolicyRef<'_>, deciding: &ModPolicies, lint: &mut Findings) {
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
fn severity(deciding: &ModPolicies, id: PolicyId) -> Severity {
    match deciding.all.contains(&id) {
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
