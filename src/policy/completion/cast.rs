//! Who could satisfy some policies: the signers there are, and signers that could still come.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    identity::{Anonymity, Principal, Role},
    ids::MspId,
    policy::{
        evaluation::{
            evaluate::{Decider, Holders},
            manager::PolicyManager,
        },
        language::{ids::PolicyId, model::PrincipalId},
    },
};

/// One signer in a supposed set of signers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) enum Pick {
    /// Any of the present signers of this class.
    Present(usize),
    /// Somebody new who was found for this principal.
    New(PrincipalId),
}

impl Pick {
    /// The principal that somebody new was found for.
    pub(in crate::policy) const fn newcomer(self) -> Option<PrincipalId> {
        match self {
            Self::Present(_) => None,
            Self::New(id) => Some(id),
        }
    }
}

/// How often each pick of a cast occurs in something.
#[derive(Debug)]
pub(in crate::policy) struct Counts {
    /// By class.
    present: Vec<usize>,
    /// By principal.
    new: Vec<usize>,
}

impl Counts {
    pub(in crate::policy) fn of(&self, pick: Pick) -> usize {
        let count = match pick {
            Pick::Present(class) => self.present.get(class),
            Pick::New(id) => self.new.get(id.0),
        };
        count.copied().unwrap_or(0)
    }

    /// One more of a pick; how many there are now.
    pub(in crate::policy) fn add(&mut self, pick: Pick) -> usize {
        self.slot(pick).map_or(0, |count| {
            *count = count.saturating_add(1);
            *count
        })
    }

    /// So many of a pick; how many there were.
    pub(in crate::policy) fn replace(&mut self, pick: Pick, count: usize) -> usize {
        self.slot(pick)
            .map_or(0, |slot| std::mem::replace(slot, count))
    }

    /// One less of a pick.
    pub(in crate::policy) fn remove(&mut self, pick: Pick) {
        if let Some(count) = self.slot(pick) {
            *count = count.saturating_sub(1);
        }
    }

    /// None of these picks any more.
    pub(in crate::policy) fn clear(&mut self, picks: &[Pick]) {
        for pick in picks {
            if let Some(count) = self.slot(*pick) {
                *count = 0;
            }
        }
    }

    fn slot(&mut self, pick: Pick) -> Option<&mut usize> {
        match pick {
            Pick::Present(class) => self.present.get_mut(class),
            Pick::New(id) => self.new.get_mut(id.0),
        }
    }
}

/// Present signers that satisfy the same principals, so that it does not matter which one signs.
#[derive(Debug)]
struct Class {
    satisfies: Vec<PrincipalId>,
    /// Positions in the signer set, ascending.
    members: Vec<usize>,
}

/// What is known of a principal that the policies name.
#[derive(Debug)]
struct CastPrincipal {
    id: PrincipalId,
    /// The classes that satisfy it, ascending.
    classes: Vec<usize>,
    /// Where somebody new may be found for it: everything that this newcomer satisfies.
    newcomer: Option<Vec<PrincipalId>>,
    /// Whether a newcomer found for another one satisfies it as well.
    weak: bool,
}

/// The present signers by class, and the principals that somebody new could satisfy.
#[derive(Debug)]
pub(in crate::policy) struct Cast<'a> {
    manager: &'a PolicyManager,
    /// In the order of their first members. Signers who satisfy nothing are in none: they cannot
    /// change an evaluation.
    classes: Vec<Class>,
    /// Ascending.
    named: Vec<CastPrincipal>,
}

impl<'a> Cast<'a> {
    /// Everyone who matters for these policies. `may_come` says of an MSP whether somebody new may
    /// come from it, and of `None` whether somebody new may come at all.
    pub(in crate::policy) fn new(
        manager: &'a PolicyManager,
        ids: &[PolicyId],
        present: &mut impl Holders,
        may_come: impl Fn(Option<&MspId>) -> bool,
    ) -> Self {
        let mut named = named(manager, ids);
        let mut satisfied = vec![Vec::new(); present.signers()];
        for one in &named {
            for position in present.of(one.id) {
                if let Some(row) = satisfied.get_mut(*position) {
                    row.push(one.id);
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
        for (at, class) in classes.iter().enumerate() {
            for id in &class.satisfies {
                if let Some(one) = place(&named, *id).and_then(|place| named.get_mut(place)) {
                    one.classes.push(at);
                }
            }
        }
        find_newcomers(manager, &mut named, may_come);
        Self {
            manager,
            classes,
            named,
        }
    }

    /// Counts of nothing yet.
    pub(in crate::policy) fn counts(&self) -> Counts {
        Counts {
            present: vec![0; self.classes.len()],
            new: vec![0; self.manager.principals_table().len()],
        }
    }

    pub(in crate::policy) const fn manager(&self) -> &'a PolicyManager {
        self.manager
    }

    /// Who can satisfy a principal: present classes first, then somebody new.
    pub(in crate::policy) fn candidates(&self, id: PrincipalId) -> impl Iterator<Item = Pick> {
        self.named(id).into_iter().flat_map(move |one| {
            let new = one.newcomer.is_some().then_some(Pick::New(id));
            one.classes.iter().copied().map(Pick::Present).chain(new)
        })
    }

    /// How many different signers a pick stands for; `None` for any number.
    pub(in crate::policy) fn capacity(&self, pick: Pick) -> Option<usize> {
        match pick {
            Pick::Present(class) => Some(self.classes.get(class).map_or(0, |c| c.members.len())),
            Pick::New(id) => self.principal(id).is_some_and(is_one_identity).then_some(1),
        }
    }

    /// The MSP of somebody new.
    pub(in crate::policy) fn msp_id(&self, pick: Pick) -> Option<&'a MspId> {
        match pick {
            Pick::Present(_) => None,
            Pick::New(id) => self.principal(id).and_then(Principal::msp_id),
        }
    }

    fn named(&self, id: PrincipalId) -> Option<&CastPrincipal> {
        self.named.get(place(&self.named, id)?)
    }

    pub(in crate::policy) fn principal(&self, id: PrincipalId) -> Option<&'a Principal> {
        self.manager.principals_table().get(id)
    }

    /// The principals that somebody new may be found for, ascending.
    pub(in crate::policy) fn newcomers(&self) -> impl Iterator<Item = PrincipalId> {
        let named = self.named.iter();
        named.filter(|one| one.newcomer.is_some()).map(|one| one.id)
    }

    /// The classes of present signers that somebody else may be of, too: not those that only one
    /// certificate is of.
    pub(in crate::policy) fn repeatable(&self) -> impl Iterator<Item = Pick> {
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
    pub(in crate::policy) fn satisfied_by(&self, pick: Pick) -> &[PrincipalId] {
        let satisfied = match pick {
            Pick::Present(class) => self.classes.get(class).map(|c| &c.satisfies),
            Pick::New(id) => self.named(id).and_then(|one| one.newcomer.as_ref()),
        };
        satisfied.map_or(&[], Vec::as_slice)
    }

    /// What is known of a pick: the principal that somebody new was found for, or everything that
    /// the present ones satisfy.
    pub(in crate::policy) fn said_of(&self, pick: Pick) -> impl Iterator<Item = &'a Principal> {
        let ids = match pick {
            Pick::Present(class) => self.classes.get(class).map(|c| c.satisfies.clone()),
            Pick::New(id) => Some(vec![id]),
        };
        let ids = ids.unwrap_or_default();
        ids.into_iter().filter_map(|id| self.principal(id))
    }

    /// Whether `strong` and `weak` are newcomers, of whom the first satisfies the second's principal.
    pub(in crate::policy) fn covers(&self, strong: Pick, weak: Pick) -> bool {
        match (strong, weak) {
            (Pick::New(_), Pick::New(weak)) => self.satisfied_by(strong).contains(&weak),
            _ => strong == weak,
        }
    }

    /// Whether a newcomer could be replaced by one found for another principal.
    pub(in crate::policy) fn is_weak(&self, pick: Pick) -> bool {
        let principal = pick.newcomer().and_then(|id| self.named(id));
        principal.is_some_and(|one| one.weak)
    }

    /// Every present signer that matters, one pick each, in the order of the signer set.
    pub(in crate::policy) fn present(&self) -> Vec<Pick> {
        let classes = self.classes.iter().enumerate();
        let picks = classes.flat_map(|(at, class)| {
            let members = class.members.iter();
            members.map(move |member| (*member, Pick::Present(at)))
        });
        let mut all: Vec<(usize, Pick)> = picks.collect();
        all.sort_unstable();
        all.into_iter().map(|(_, pick)| pick).collect()
    }

    /// The positions in the signer set that a list of present picks stands for: the earliest
    /// members of each class. Newcomers are left out.
    pub(in crate::policy) fn positions(&self, picks: &[Pick]) -> Vec<usize> {
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
    pub(in crate::policy) fn satisfies(
        &self,
        ids: &[PolicyId],
        picks: &[Pick],
        budget: &mut Budget,
    ) -> bool {
        if budget.is_spent() {
            return false;
        }
        let mut holders: Vec<(PrincipalId, usize)> = Vec::with_capacity(picks.len());
        for (position, pick) in picks.iter().enumerate() {
            let satisfied = self.satisfied_by(*pick).iter();
            holders.extend(satisfied.map(|id| (*id, position)));
        }
        let work = holders.len();
        let mut decider = Decider::new(self.manager, Supposed::new(picks.len(), holders));
        let accepted = ids.iter().all(|id| decider.accepts(*id));
        budget.spend(work.saturating_add(decider.work));
        accepted
    }
}

/// How much work a search may still make; a unit is about one step of a loop.
#[derive(Debug)]
pub(in crate::policy) struct Budget(usize);

impl Budget {
    pub(in crate::policy) const fn new(units: usize) -> Self {
        Self(units)
    }

    pub(in crate::policy) const fn spend(&mut self, units: usize) {
        self.0 = self.0.saturating_sub(units);
    }

    pub(in crate::policy) const fn left(&self) -> usize {
        self.0
    }

    /// A budget of at most this many units, and of what is left here; nothing is taken here.
    pub(in crate::policy) fn part(&self, units: usize) -> Self {
        Self(self.0.min(units))
    }

    pub(in crate::policy) const fn is_spent(&self) -> bool {
        self.0 == 0
    }
}

/// Supposed signers.
#[derive(Debug)]
pub(super) struct Supposed {
    signers: usize,
    /// Ascending by principal, then by signer.
    principals: Vec<PrincipalId>,
    /// The signer at the same place.
    holders: Vec<usize>,
}

impl Supposed {
    /// So many signers, and who of them satisfies which principal.
    pub(super) fn new(signers: usize, mut satisfied: Vec<(PrincipalId, usize)>) -> Self {
        satisfied.sort_unstable();
        let (principals, holders) = satisfied.into_iter().unzip();
        Self {
            signers,
            principals,
            holders,
        }
    }
}

impl Holders for Supposed {
    fn signers(&self) -> usize {
        self.signers
    }

    fn of(&mut self, principal: PrincipalId) -> &[usize] {
        let start = self.principals.partition_point(|other| *other < principal);
        let own = self.principals.iter().skip(start);
        let count = own.take_while(|other| **other == principal).count();
        self.holders
            .get(start..start.saturating_add(count))
            .unwrap_or_default()
    }
}

/// The principals that some branch of these policies names, of which nothing is known yet.
fn named(manager: &PolicyManager, ids: &[PolicyId]) -> Vec<CastPrincipal> {
    let mut all = manager.mentioned(&manager.reachable(ids));
    all.sort_unstable();
    all.dedup();
    let named = all.into_iter().map(|id| CastPrincipal {
        id,
        classes: Vec::new(),
        newcomer: None,
        weak: false,
    });
    named.collect()
}

/// The place of a principal among those that are named.
fn place(named: &[CastPrincipal], id: PrincipalId) -> Option<usize> {
    named.binary_search_by_key(&id, |one| one.id).ok()
}

/// Finds out for whom somebody new may come, and what such newcomers satisfy.
fn find_newcomers(
    manager: &PolicyManager,
    named: &mut [CastPrincipal],
    may_come: impl Fn(Option<&MspId>) -> bool,
) {
    let table = manager.principals_table();
    // by MSP; those of none come first
    let mut all: Vec<(Option<&MspId>, usize, &Principal)> = Vec::with_capacity(named.len());
    for (place, one) in named.iter().enumerate() {
        all.extend(table.get(one.id).map(|p| (p.msp_id(), place, p)));
    }
    all.sort_unstable_by_key(|(msp_id, place, _)| (*msp_id, *place));
    let of_nobody = all.partition_point(|(msp_id, ..)| msp_id.is_none());
    let of_nobody = all.get(..of_nobody).unwrap_or_default();
    for group in all.chunk_by(|(one, ..), (other, ..)| one == other) {
        let msp_id = group.first().and_then(|(msp_id, ..)| *msp_id);
        if !may_come(msp_id) {
            continue;
        }
        let others = if msp_id.is_some() { of_nobody } else { &[] };
        for (_, strong, principal) in group {
            // the one holder of a certificate has signed already
            let signed = named
                .get(*strong)
                .is_some_and(|one| !one.classes.is_empty());
            if (is_one_identity(principal) && signed) || !can_exist(principal) {
                continue;
            }
            let mut covered = Vec::new();
            for (_, weak, other) in group.iter().chain(others) {
                if principal.implies(other)
                    && let Some(one) = named.get_mut(*weak)
                {
                    one.weak |= weak != strong;
                    covered.push(one.id);
                }
            }
            if let Some(one) = named.get_mut(*strong) {
                one.newcomer = Some(covered);
            }
        }
    }
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
