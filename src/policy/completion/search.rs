//! Orders of signers that satisfy policies as Fabric evaluates them: greedily, where order, and even
//! one signature too many, can decide.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::language::{ids::PolicyId, model::PrincipalId};

use super::{
    cast::{Budget, Cast, Pick},
    ways::{MAX_WAYS, Solved, Way},
};

/// How many newcomers more than the ways say are tried.
const EXTRA_NEWCOMERS: usize = 3;
/// Steps to find an order for one set of newcomers.
const SET_STEPS: usize = 200_000;

/// An order of some of the picks of a way and of the present signers that satisfies all policies.
///
/// Tries the way's own order, alone and followed by everybody else, then the given order; then all
/// orders of all subsets, short ones first, until the budget is used up.
pub(in crate::policy) fn order(
    cast: &Cast<'_>,
    ids: &[PolicyId],
    way: &Way,
    budget: &mut Budget,
) -> Option<Vec<Pick>> {
    if cast.satisfies(ids, &way.picks, budget) {
        return Some(way.picks.clone());
    }
    let present = cast.present();
    let new = way.picks.iter().copied();
    let new = new.filter(|pick| matches!(pick, Pick::New(_)));
    let mut others = present.clone();
    for pick in &way.picks {
        if let Some(at) = others.iter().position(|other| other == pick) {
            others.remove(at);
        }
    }
    let everybody: Vec<Pick> = present.into_iter().chain(new).collect();
    let followed = way.picks.iter().copied().chain(others).collect();
    for order in [followed, everybody.clone()] {
        if cast.satisfies(ids, &order, budget) {
            return Some(order);
        }
    }
    any_order(cast, ids, &everybody, budget)
}

/// All orders of all subsets, short ones first; equal picks are tried once.
fn any_order(
    cast: &Cast<'_>,
    ids: &[PolicyId],
    picks: &[Pick],
    budget: &mut Budget,
) -> Option<Vec<Pick>> {
    let mut counts = BTreeMap::<Pick, usize>::new();
    for pick in picks {
        let count = counts.entry(*pick).or_default();
        *count = count.saturating_add(1);
    }
    let kinds: Vec<Pick> = counts.keys().copied().collect();
    let mut left: Vec<usize> = counts.into_values().collect();
    for length in 0..=picks.len() {
        let mut order: Vec<usize> = Vec::new();
        let mut next = 0usize;
        loop {
            if budget.is_spent() {
                return None;
            }
            budget.spend(1);
            if order.len() < length && next < kinds.len() {
                match left.get_mut(next) {
                    Some(left) if *left > 0 => {
                        *left -= 1;
                        order.push(next);
                        next = 0;
                    }
                    _ => next = next.saturating_add(1),
                }
                continue;
            }
            if order.len() == length {
                let order = order.iter().filter_map(|kind| kinds.get(*kind).copied());
                let order: Vec<Pick> = order.collect();
                if cast.satisfies(ids, &order, budget) {
                    return Some(order);
                }
            }
            match order.pop() {
                None => break,
                Some(kind) => {
                    if let Some(left) = left.get_mut(kind) {
                        *left = left.saturating_add(1);
                    }
                    next = kind.saturating_add(1);
                }
            }
        }
    }
    None
}

/// The smallest sets of newcomers that complete policies, each in ascending order, as far as the
/// budget goes. One empty set means that the present signers are enough, in another order or
/// without some of them.
pub(in crate::policy) fn smallest_sets(
    cast: &Cast<'_>,
    ids: &[PolicyId],
    solved: &Solved,
    budget: &mut Budget,
) -> BTreeSet<Vec<PrincipalId>> {
    find_sets(cast, ids, solved, false, budget)
}

/// Some smallest sets, without finding them all: of all of them [`helpful`] finds the same.
pub(in crate::policy) fn some_sets(
    cast: &Cast<'_>,
    ids: &[PolicyId],
    solved: &Solved,
    budget: &mut Budget,
) -> BTreeSet<Vec<PrincipalId>> {
    find_sets(cast, ids, solved, true, budget)
}

/// The newcomers with a part in some of these smallest sets, or in others that were too many.
pub(in crate::policy) fn helpful(
    sets: &BTreeSet<Vec<PrincipalId>>,
    solved: &Solved,
) -> BTreeSet<PrincipalId> {
    let mut newcomers: BTreeSet<PrincipalId> = sets.iter().flatten().copied().collect();
    // one empty set asks nobody to sign
    if sets.iter().all(|set| !set.is_empty()) {
        newcomers.extend(&solved.newcomers);
    }
    newcomers
}

/// `briefly`: one set is enough where it is as small as the ways say. Others of that size are of the
/// cheapest ways' newcomers, who are known.
fn find_sets(
    cast: &Cast<'_>,
    ids: &[PolicyId],
    solved: &Solved,
    briefly: bool,
    budget: &mut Budget,
) -> BTreeSet<Vec<PrincipalId>> {
    let mut found = BTreeSet::new();
    let Some(least) = solved.ways.first().map(|way| way.new) else {
        return found;
    };
    for size in least..=least.saturating_add(EXTRA_NEWCOMERS) {
        for way in solved.ways.iter().filter(|way| way.new == size) {
            let set = newcomers(way);
            if !found.contains(&set) && completes(cast, ids, way, budget) {
                found.insert(set);
                if briefly && size == least {
                    return found;
                }
            }
        }
        // where greed costs more than the ways say, somebody whom no way names may help as well
        if found.is_empty() || size > least {
            any_set(cast, ids, size, &mut found, budget);
        }
        if !found.is_empty() || budget.is_spent() {
            break;
        }
    }
    found
}

/// Whether a way's newcomers complete policies, in some order and with some present signers.
fn completes(cast: &Cast<'_>, ids: &[PolicyId], way: &Way, budget: &mut Budget) -> bool {
    let mut own = budget.part(SET_STEPS);
    let before = own.left();
    let found = order(cast, ids, way, &mut own).is_some();
    budget.spend(before.saturating_sub(own.left()));
    found
}

/// Tries every set of this many newcomers.
fn any_set(
    cast: &Cast<'_>,
    ids: &[PolicyId],
    size: usize,
    found: &mut BTreeSet<Vec<PrincipalId>>,
    budget: &mut Budget,
) {
    let kinds: Vec<PrincipalId> = cast.newcomers().collect();
    // ascending indices into `kinds`, counted like digits
    let mut set = vec![0usize; size];
    while !kinds.is_empty() && found.len() < MAX_WAYS && !budget.is_spent() {
        let chosen = set.iter().filter_map(|kind| kinds.get(*kind).copied());
        let picks: Vec<Pick> = chosen.map(Pick::New).collect();
        let way = Way { new: size, picks };
        let once = |pick: &Pick| {
            let count = way.picks.iter().filter(|other| *other == pick).count();
            cast.capacity(*pick).is_none_or(|most| count <= most)
        };
        if way.picks.iter().all(once) && completes(cast, ids, &way, budget) {
            found.insert(newcomers(&way));
        }
        let last = kinds.len().saturating_sub(1);
        let Some(at) = set.iter().rposition(|kind| *kind < last) else {
            return;
        };
        let next = set.get(at).map_or(0, |kind| kind.saturating_add(1));
        for kind in set.iter_mut().skip(at) {
            *kind = next;
        }
    }
}

/// The principals of those in a way who are new, ascending.
pub(in crate::policy) fn newcomers(way: &Way) -> Vec<PrincipalId> {
    let mut out: Vec<PrincipalId> = way
        .picks
        .iter()
        .filter_map(|pick| pick.newcomer())
        .collect();
    out.sort_unstable();
    out
}
