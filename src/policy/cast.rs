//! Who could satisfy some policies: the signers there are, and signers that could still come.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    identity::{Anonymity, Principal, Role},
    ids::MspId,
    policy::{
        evaluate::{Decider, Holders},
        manager::{PolicyId, PolicyManager},
        model::{Kind, PrincipalId, Rule},
    },
};

/// One signer in a supposed set of signers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pick {
    /// Any of the present signers of this class.
    Present(usize),
    /// Somebody new who was found for this principal.
    New(PrincipalId),
}

/// Present signers that satisfy the same principals, so that it does not matter which one signs.
#[derive(Debug)]
struct Class {
    satisfies: Vec<PrincipalId>,
    /// Positions in the signer set, ascending.
    members: Vec<usize>,
}

/// The present signers by class, and the principals that somebody new could satisfy.
#[derive(Debug)]
pub(super) struct Cast<'a> {
    manager: &'a PolicyManager,
    /// In the order of their first members. Signers who satisfy nothing are in none: they cannot
    /// change an evaluation.
    classes: Vec<Class>,
    classes_of: BTreeMap<PrincipalId, Vec<usize>>,
    /// For each principal that somebody new may be found for: everything that this newcomer satisfies.
    newcomers: BTreeMap<PrincipalId, Vec<PrincipalId>>,
    /// Principals that a newcomer found for another one satisfies as well.
    weak: BTreeSet<PrincipalId>,
}

impl<'a> Cast<'a> {
    /// Everyone who matters for these policies. `may_come` says of an MSP whether somebody new may
    /// come from it, and of `None` whether somebody new may come at all.
    pub(super) fn new(
        manager: &'a PolicyManager,
        ids: &[PolicyId],
        present: &mut impl Holders,
        may_come: impl Fn(Option<&MspId>) -> bool,
    ) -> Self {
        let principals = named(manager, ids);
        let mut satisfied = vec![Vec::new(); present.signers()];
        for id in &principals {
            for position in present.of(*id) {
                if let Some(row) = satisfied.get_mut(*position) {
                    row.push(*id);
                }
            }
        }
        let mut classes: Vec<Class> = Vec::new();
        let mut by_row = BTreeMap::new();
        for (position, satisfies) in satisfied.into_iter().enumerate() {
            if satisfies.is_empty() {
                continue;
            }
            let class = *by_row.entry(satisfies).or_insert_with_key(|satisfies| {
                classes.push(Class {
                    satisfies: satisfies.clone(),
                    members: Vec::new(),
                });
                classes.len().saturating_sub(1)
            });
            if let Some(class) = classes.get_mut(class) {
                class.members.push(position);
            }
        }
        let mut classes_of = BTreeMap::<_, Vec<usize>>::new();
        for (at, class) in classes.iter().enumerate() {
            for id in &class.satisfies {
                classes_of.entry(*id).or_default().push(at);
            }
        }
        let newcomers = newcomers(manager, &principals, &classes_of, may_come);
        let covered = newcomers.iter().flat_map(|(id, covered)| {
            let others = covered.iter().filter(move |other| *other != id);
            others.copied()
        });
        let weak = covered.collect();
        Self {
            manager,
            classes,
            classes_of,
            newcomers,
            weak,
        }
    }

    pub(super) const fn manager(&self) -> &'a PolicyManager {
        self.manager
    }

    /// Who can satisfy a principal: present classes first, then somebody new.
    pub(super) fn candidates(&self, id: PrincipalId) -> impl Iterator<Item = Pick> {
        let present = self.classes_of.get(&id).into_iter().flatten();
        let new = self.newcomers.contains_key(&id).then_some(Pick::New(id));
        present.copied().map(Pick::Present).chain(new)
    }

    /// How many different signers a pick stands for; `None` for any number.
    pub(super) fn capacity(&self, pick: Pick) -> Option<usize> {
        match pick {
            Pick::Present(class) => Some(self.classes.get(class).map_or(0, |c| c.members.len())),
            Pick::New(id) => self.principal(id).is_some_and(is_one_identity).then_some(1),
        }
    }

    /// The MSP of somebody new.
    pub(super) fn msp_id(&self, pick: Pick) -> Option<&'a MspId> {
        match pick {
            Pick::Present(_) => None,
            Pick::New(id) => self.principal(id).and_then(Principal::msp_id),
        }
    }

    pub(super) fn principal(&self, id: PrincipalId) -> Option<&'a Principal> {
        self.manager.principals_table().get(id)
    }

    /// The principals that somebody new may be found for, ascending.
    pub(super) fn newcomers(&self) -> impl Iterator<Item = PrincipalId> {
        self.newcomers.keys().copied()
    }

    /// The classes of present signers that somebody else may be of, too: not those that only one
    /// certificate is of.
    pub(super) fn repeatable(&self) -> impl Iterator<Item = Pick> {
        let one_only = |class: &Class| {
            let mut principals = class.satisfies.iter().filter_map(|id| self.principal(*id));
            principals.any(is_one_identity)
        };
        let classes = self.classes.iter().enumerate();
        classes
            .filter(move |(_, class)| !one_only(class))
            .map(|(at, _)| Pick::Present(at))
    }

    /// Everything that a pick satisfies of what the policies name.
    pub(super) fn satisfied_by(&self, pick: Pick) -> &[PrincipalId] {
        let satisfied = match pick {
            Pick::Present(class) => self.classes.get(class).map(|c| &c.satisfies),
            Pick::New(id) => self.newcomers.get(&id),
        };
        satisfied.map_or(&[], Vec::as_slice)
    }

    /// What is known of a pick: the principal that somebody new was found for, or everything that
    /// the present ones satisfy.
    pub(super) fn said_of(&self, pick: Pick) -> impl Iterator<Item = &'a Principal> {
        let ids = match pick {
            Pick::Present(class) => self.classes.get(class).map(|c| c.satisfies.clone()),
            Pick::New(id) => Some(vec![id]),
        };
        let ids = ids.unwrap_or_default();
        ids.into_iter().filter_map(|id| self.principal(id))
    }

    /// Whether `strong` and `weak` are newcomers, of whom the first satisfies the second's principal.
    pub(super) fn covers(&self, strong: Pick, weak: Pick) -> bool {
        match (strong, weak) {
            (Pick::New(strong), Pick::New(weak)) => self
                .newcomers
                .get(&strong)
                .is_some_and(|covered| covered.contains(&weak)),
            _ => strong == weak,
        }
    }

    /// Whether a newcomer could be replaced by one found for another principal.
    pub(super) fn is_weak(&self, pick: Pick) -> bool {
        matches!(pick, Pick::New(id) if self.weak.contains(&id))
    }

    /// Every present signer that matters, one pick each, in the order of the signer set.
    pub(super) fn present(&self) -> Vec<Pick> {
        let members = |(at, class): (usize, &Class)| {
            let members = class.members.iter();
            members.map(|m| (*m, Pick::Present(at))).collect::<Vec<_>>()
        };
        let mut all: Vec<(usize, Pick)> =
            self.classes.iter().enumerate().flat_map(members).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, pick)| pick).collect()
    }

    /// The positions in the signer set that a list of present picks stands for: the earliest
    /// members of each class. Newcomers are left out.
    pub(super) fn positions(&self, picks: &[Pick]) -> Vec<usize> {
        let mut next = vec![0usize; self.classes.len()];
        let mut out = Vec::new();
        for pick in picks {
            let Pick::Present(class) = *pick else {
                continue;
            };
            if let (Some(next), Some(class)) = (next.get_mut(class), self.classes.get(class)) {
                out.extend(class.members.get(*next));
                *next = next.saturating_add(1);
            }
        }
        out
    }

    /// Whether these signers in this order satisfy all policies as Fabric evaluates them. Takes the
    /// work it makes from the budget, and is false once that is used up.
    pub(super) fn satisfies(&self, ids: &[PolicyId], picks: &[Pick], budget: &mut Budget) -> bool {
        if budget.is_spent() {
            return false;
        }
        let mut lists = BTreeMap::<_, Vec<usize>>::new();
        let mut work = 0usize;
        for (position, pick) in picks.iter().enumerate() {
            for id in self.satisfied_by(*pick) {
                lists.entry(*id).or_default().push(position);
                work = work.saturating_add(1);
            }
        }
        let supposed = Supposed {
            signers: picks.len(),
            lists,
        };
        let mut decider = Decider::new(self.manager, supposed);
        let accepted = ids.iter().all(|id| decider.accepts(*id));
        budget.spend(work.saturating_add(decider.work));
        accepted
    }
}

/// How much work a search may still make; a unit is about one step of a loop.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Budget {
    pub(super) const fn new(units: usize) -> Self {
        Self(units)
    }

    pub(super) const fn spend(&mut self, units: usize) {
        self.0 = self.0.saturating_sub(units);
    }

    pub(super) const fn left(&self) -> usize {
        self.0
    }

    /// A budget of at most this many units, and of what is left here; nothing is taken here.
    pub(super) fn part(&self, units: usize) -> Self {
        Self(self.0.min(units))
    }

    pub(super) const fn is_spent(&self) -> bool {
        self.0 == 0
    }
}

/// Supposed signers.
#[derive(Debug)]
struct Supposed {
    signers: usize,
    lists: BTreeMap<PrincipalId, Vec<usize>>,
}

impl Holders for Supposed {
    fn signers(&self) -> usize {
        self.signers
    }

    fn of(&mut self, principal: PrincipalId) -> &[usize] {
        self.lists.get(&principal).map_or(&[], Vec::as_slice)
    }
}

/// The principals that some branch of these policies names.
fn named(manager: &PolicyManager, ids: &[PolicyId]) -> BTreeSet<PrincipalId> {
    let mut out = BTreeSet::new();
    for id in manager.reachable(ids) {
        if let Some(Kind::Signature(rules)) = manager.policy(id).map(|p| &p.kind) {
            out.extend(rules.iter().filter_map(|rule| match rule {
                Rule::SignedBy(principal) => Some(*principal),
                Rule::OutOf { .. } => None,
            }));
        }
    }
    out
}

fn newcomers(
    manager: &PolicyManager,
    principals: &BTreeSet<PrincipalId>,
    classes_of: &BTreeMap<PrincipalId, Vec<usize>>,
    may_come: impl Fn(Option<&MspId>) -> bool,
) -> BTreeMap<PrincipalId, Vec<PrincipalId>> {
    let table = manager.principals_table();
    let mut by_msp = BTreeMap::<_, Vec<(PrincipalId, &Principal)>>::new();
    for id in principals {
        if let Some(principal) = table.get(*id) {
            let group = by_msp.entry(principal.msp_id()).or_default();
            group.push((*id, principal));
        }
    }
    let of_nobody = by_msp.get(&None).cloned().unwrap_or_default();
    let mut out = BTreeMap::new();
    for (msp_id, group) in &by_msp {
        let there = may_come(*msp_id);
        for (id, principal) in group {
            // the one holder of a certificate has signed already
            let taken = is_one_identity(principal) && classes_of.contains_key(id);
            if there && !taken && can_exist(principal) {
                let others = if msp_id.is_some() { &*of_nobody } else { &[] };
                let covered = group.iter().chain(others);
                let covered = covered.filter(|(_, other)| implies(principal, other));
                out.insert(*id, covered.map(|(id, _)| *id).collect());
            }
        }
    }
    out
}

/// Whether somebody could satisfy a principal at all, as far as the principal itself tells.
fn can_exist(principal: &Principal) -> bool {
    match principal {
        Principal::Role { role, .. } => !matches!(role, Role::Other(_)),
        Principal::OrganizationUnit { .. } | Principal::Identity(_) => true,
        Principal::Anonymity(anonymity) => *anonymity == Anonymity::Nominal,
        Principal::Combined(parts) => {
            let named = parts.iter().filter_map(Principal::msp_id);
            named.collect::<BTreeSet<_>>().len() <= 1 && parts.iter().all(can_exist_part)
        }
        Principal::Other { .. } => false,
    }
}

fn can_exist_part(part: &Principal) -> bool {
    // parts of a combined principal are never combined themselves
    !matches!(part, Principal::Combined(_)) && can_exist(part)
}

/// Whether only one certificate satisfies a principal.
fn is_one_identity(principal: &Principal) -> bool {
    match principal {
        Principal::Identity(_) => true,
        Principal::Combined(parts) => parts.iter().any(|p| matches!(p, Principal::Identity(_))),
        _ => false,
    }
}

fn parts(principal: &Principal) -> &[Principal] {
    match principal {
        Principal::Combined(parts) => parts,
        other => std::slice::from_ref(other),
    }
}

/// Whether everybody who satisfies `given` satisfies `asked`, as far as the two themselves tell: a
/// role, a unit or a certificate makes a member, and everybody has a name.
fn implies(given: &Principal, asked: &Principal) -> bool {
    parts(asked).iter().all(|asked| {
        parts(given).iter().any(|given| {
            given == asked
                || match asked {
                    Principal::Role { msp_id, role } => {
                        *role == Role::Member && given.msp_id() == Some(msp_id)
                    }
                    Principal::Anonymity(anonymity) => *anonymity == Anonymity::Nominal,
                    _ => false,
                }
        })
    })
}
