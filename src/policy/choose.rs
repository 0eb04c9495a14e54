//! Which signatures to hand out and in which order, and whether policies can still be satisfied.

use std::collections::BTreeSet;

use crate::{
    identity::Msps,
    ids::MspId,
    policy::{
        cast::{Budget, Cast, Pick},
        complete::{Solved, Way, all_of, solve},
        evaluate::Known,
        manager::{PolicyId, PolicyManager},
        search,
        signers::SignerSet,
    },
};

/// Steps that a search may take: some tens of milliseconds.
const STEPS: usize = 2_000_000;

impl PolicyManager {
    /// Positions in [`SignerSet::signers`], of few signers and in an order in which they satisfy all
    /// of these policies at once; `None` where no order of any subset does.
    ///
    /// The search is bounded. Where the rules of the policies concern different organisations, as
    /// they do in practice, it always finds an order; so it does where there are up to some seven
    /// signers that matter, in any policies. A longer search than two million steps is given up,
    /// after the signers' own order was tried.
    #[must_use]
    pub fn choose(&self, msps: &Msps, ids: &[PolicyId], signers: &SignerSet) -> Option<Vec<usize>> {
        let mut known = Known::new(self, msps, signers);
        let cast = Cast::new(self, ids, &mut known, |_| false);
        choose(&cast, ids).map(|picks| cast.positions(&picks))
    }

    /// Whether all of these policies could still be satisfied, in some order, by the signers there
    /// are and every possible identity of some organisations. Where that is too hard to tell, and
    /// where only Fabric's greedy evaluation might prevent it, the answer is yes.
    #[must_use]
    pub fn could_pass(
        &self,
        msps: &Msps,
        ids: &[PolicyId],
        signers: &SignerSet,
        organizations: &BTreeSet<MspId>,
    ) -> bool {
        let mut known = Known::new(self, msps, signers);
        let cast = Cast::new(self, ids, &mut known, |msp_id| match msp_id {
            Some(id) => organizations.contains(id) && msps.get(id.as_str()).is_some(),
            None => !organizations.is_empty(),
        });
        could_pass(&cast, ids)
    }
}

/// Whether present signers and those who may come could satisfy all policies, if everybody stood
/// where they are needed.
pub(super) fn could_pass(cast: &Cast<'_>, ids: &[PolicyId]) -> bool {
    let all = ways(cast, ids);
    !all.ways.is_empty() || !all.exact
}

/// An order of some present signers that satisfies all policies.
pub(super) fn choose(cast: &Cast<'_>, ids: &[PolicyId]) -> Option<Vec<Pick>> {
    let all = ways(cast, ids);
    if all.ways.is_empty() && all.exact {
        return None; // greedy evaluation takes no signature that a way would not
    }
    let mut search = Budget::new(STEPS);
    let mut shortest: Vec<&Way> = all.ways.iter().collect();
    shortest.sort_by_key(|way| way.picks.len());
    let fits = |way: &&&Way| cast.satisfies(ids, &way.picks, &mut search);
    if let Some(way) = shortest.iter().find(fits) {
        return Some(way.picks.clone());
    }
    let way = shortest.first().map(|way| (*way).clone());
    search::order(cast, ids, &way.unwrap_or_default(), &mut search)
}

fn ways<'a>(cast: &Cast<'a>, ids: &[PolicyId]) -> Solved<'a> {
    let mut budget = Budget::new(STEPS);
    let solved = solve(cast, ids, &mut budget);
    all_of(cast, ids, &solved, &mut budget)
}
