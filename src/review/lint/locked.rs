//! What could never be changed again, whoever signs.
//!
//! An element can be changed where its mod policy can be satisfied; a group also where the group
//! above can be changed, since it can be removed there and come again. What can be changed may come to
//! mean anything: a policy may become satisfiable, an MSP may get members. This is followed until
//! nothing more can be changed.

use super::asked::{alone, vital};
use crate::{
    config::{Bundle, ElementRef, GroupRef},
    identity::MspDefinition,
    ids::MspId,
    policy::{Changeable, Efforts, GroupId, PolicyId},
};

/// How often something opens up something else before the rest counts as open, too.
const ROUNDS: usize = 16;

/// The groups of a config that could never be changed again.
pub(super) struct Locked<'a> {
    bundle: &'a Bundle,
    /// `None`: everything can be changed, one way or another.
    open: Option<Changeable>,
}

/// An element and what decides about it.
struct DecidedElement<'a> {
    element: ElementRef<'a>,
    policy: Option<PolicyId>,
    /// Of an MSP: its id, where something cannot be changed at once.
    msp_id: Option<MspId>,
}

impl<'a> Locked<'a> {
    pub(super) fn of(bundle: &'a Bundle, efforts: &Efforts) -> Self {
        let nothing = Self {
            bundle,
            open: Some(Changeable::default()),
        };
        let policies = bundle.policies();
        if !vital(bundle).all(|one| alone(bundle, efforts, policies.absolute(one.path), one)) {
            return nothing;
        }
        let Some(root) = bundle.tree().root() else {
            return nothing;
        };
        let mut all: Vec<DecidedElement<'_>> = Vec::new();
        let mut open = vec![ElementRef::Group(root)];
        while let Some(element) = open.pop() {
            element.push_members(&mut open);
            all.push(DecidedElement {
                element,
                policy: bundle.mod_policy(element.policy_group(), element.mod_policy()),
                msp_id: None,
            });
        }
        let is_open =
            |one: &DecidedElement<'_>| one.policy.is_some_and(|id| efforts.of(id).is_some());
        if all.iter().all(is_open) {
            return Self { bundle, open: None };
        }
        for one in &mut all {
            if let ElementRef::Value(value) = one.element
                && value.name() == "MSP"
            {
                let msp = MspDefinition::read(value.bytes());
                one.msp_id = msp.ok().map(|msp| msp.id);
            }
        }
        let mut open = Changeable::default();
        for _ in 0..ROUNDS {
            let before = open.clone();
            let satisfiable = policies.could_become_satisfiable(bundle.msps(), &open);
            // groups come before what is in them
            for one in &all {
                let decided = one.policy.is_some_and(|id| satisfiable.contains(&id));
                add(bundle, one, decided, &mut open);
            }
            if open == before {
                return Self {
                    bundle,
                    open: Some(open),
                };
            }
        }
        Self { bundle, open: None }
    }

    /// Whether a group could never be changed again.
    pub(super) fn is_locked(&self, group: GroupRef<'_>) -> bool {
        let Some(open) = &self.open else {
            return false;
        };
        group_id(self.bundle, group).is_none_or(|id| !open.groups.contains(&id))
    }
}

fn group_id(bundle: &Bundle, group: GroupRef<'_>) -> Option<GroupId> {
    bundle.policies().group(&group.names())
}

/// Notes an element as changeable, where its mod policy or a group above says so.
fn add(bundle: &Bundle, one: &DecidedElement<'_>, decided: bool, open: &mut Changeable) {
    let policies = bundle.policies();
    let is_open = |group: Option<GroupRef<'_>>, open: &Changeable| {
        let id = group.and_then(|group| group_id(bundle, group));
        id.is_some_and(|id| open.groups.contains(&id))
    };
    match one.element {
        ElementRef::Group(group) => {
            if (decided || is_open(group.parent(), open))
                && let Some(id) = group_id(bundle, group)
            {
                open.groups.insert(id);
            }
        }
        ElementRef::Policy(policy) => {
            let group = policy.group();
            if (decided || is_open(Some(group), open))
                && let Some(id) = group_id(bundle, group)
                && let Some(id) = policies.lookup(id, policy.name())
            {
                open.policies.insert(id);
            }
        }
        ElementRef::Value(value) => {
            if let Some(id) = &one.msp_id
                && (decided || is_open(Some(value.group()), open))
            {
                open.msps.insert(id.clone());
            }
        }
    }
}
