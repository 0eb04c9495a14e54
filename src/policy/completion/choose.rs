//! Which signatures to hand out and in which order, whether policies can still be satisfied, and who
//! would spoil it.

use std::collections::BTreeSet;

use crate::{
    identity::{Msps, Principal},
    ids::MspId,
    policy::{
        evaluation::{
            evaluate::{Evaluation, Holders, Known},
            manager::PolicyManager,
            signers::SignerSet,
        },
        language::{
            ids::PolicyId,
            implicit_meta::MetaRule,
            model::{PolicyKind, Rule},
        },
    },
};

use super::{
    cast::{Budget, Cast, Pick},
    complete::{all_of, solve},
    search,
    ways::Way,
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
        self.evaluation(msps, signers).choose(ids)
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
        self.evaluation(msps, signers)
            .could_pass(ids, organizations)
    }
}

impl Evaluation<'_> {
    /// What [`PolicyManager::choose`] gives.
    pub fn choose(&mut self, ids: &[PolicyId]) -> Option<Vec<usize>> {
        let decider = self.decider();
        let manager = decider.manager();
        if !within_reach(manager, ids, &mut decider.holders) {
            return None;
        }
        let cast = Cast::new(manager, ids, &mut decider.holders, |_| false);
        choose(&cast, ids).map(|picks| cast.positions(&picks))
    }

    /// What [`PolicyManager::could_pass`] gives.
    pub fn could_pass(&mut self, ids: &[PolicyId], organizations: &BTreeSet<MspId>) -> bool {
        let decider = self.decider();
        let (manager, msps) = (decider.manager(), decider.holders.msps());
        let cast = Cast::new(manager, ids, &mut decider.holders, |msp_id| match msp_id {
            Some(id) => organizations.contains(id) && msps.get(id.as_str()).is_some(),
            None => !organizations.is_empty(),
        });
        could_pass(&cast, ids)
    }
}

/// Whether the present signers could satisfy each policy if they could be used any number of times;
/// where not, no order of any of them does.
pub(in crate::policy) fn within_reach(
    manager: &PolicyManager,
    ids: &[PolicyId],
    present: &mut impl Holders,
) -> bool {
    let mut order = manager.reachable(ids);
    order.reverse();
    let least = manager.least(&order, |id| (!present.of(id).is_empty()).then_some(0));
    let reached = |id: &PolicyId| least.get(id.0).is_some_and(Option::is_some);
    ids.iter().all(reached)
}

/// Somebody whose signature, behind others, makes satisfied policies unsatisfied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoiler {
    /// The MSP; `None`: of any.
    pub msp_id: Option<MspId>,
    /// What this somebody is; ascending.
    pub principals: Vec<Principal>,
}

impl PolicyManager {
    /// Whose signature must not be added behind those of the signers, in their order: with it one of
    /// the policies, which are satisfied now, is not any more. `peer channel update` adds the
    /// submitter's. Who has signed already spoils nothing: a second signature of one identity is
    /// passed over.
    ///
    /// Looked at is, for each principal that the policies name, somebody new who satisfies it and
    /// what follows from it (an admin is a member), and for each signer somebody else who satisfies
    /// exactly the same principals. Somebody who satisfies other combinations is not looked at.
    /// Ascending by MSP id; empty where the policies are not satisfied as it is. The search is
    /// bounded by two million steps; what was not reached is left out.
    // Fabric: internal/peer/channel/signconfigtx.go, sanityCheckAndSignConfigTx
    #[must_use]
    pub fn spoilers(&self, msps: &Msps, ids: &[PolicyId], signers: &SignerSet) -> Vec<Spoiler> {
        if !self.can_be_spoiled(ids) {
            return Vec::new();
        }
        let mut known = Known::new(self, msps, signers);
        let cast = Cast::new(self, ids, &mut known, |_| true);
        let mut found: Vec<Spoiler> = spoilers(&cast, ids)
            .into_iter()
            .map(|pick| {
                let mut principals: Vec<Principal> = cast.said_of(pick).cloned().collect();
                principals.sort();
                Spoiler {
                    msp_id: principals.iter().find_map(Principal::msp_id).cloned(),
                    principals,
                }
            })
            .collect();
        found.sort_by(|a, b| (&a.msp_id, &a.principals).cmp(&(&b.msp_id, &b.principals)));
        found.dedup();
        found
    }

    /// Whether one more signature could un-satisfy some of these policies at all: it can where gates
    /// stand in gates, whose rules use up identities together, and where a count must be exactly 0.
    fn can_be_spoiled(&self, ids: &[PolicyId]) -> bool {
        self.reachable(ids)
            .into_iter()
            .any(|id| match self.policy(id).map(|policy| &policy.kind) {
                Some(PolicyKind::Signature(rules)) => {
                    let mut below = rules.iter().skip(1);
                    below.any(|rule| matches!(rule, Rule::OutOf { .. }))
                }
                Some(PolicyKind::ImplicitMeta(meta)) => matches!(meta.rule, MetaRule::Unknown(_)),
                None => false,
            })
    }
}

/// Whether present signers and those who may come could satisfy all policies, if everybody stood
/// where they are needed. A signer may serve in several policies, so each by itself tells.
pub(in crate::policy) fn could_pass(cast: &Cast<'_>, ids: &[PolicyId]) -> bool {
    let solved = solve(cast, ids, &mut Budget::new(STEPS));
    let parts = || ids.iter().map(|id| solved.get(id));
    let none_is_out_of_reach = parts().all(|part| part.is_some_and(|part| !part.ways.is_empty()));
    none_is_out_of_reach || parts().flatten().any(|part| !part.exact)
}

/// An order of some present signers that satisfies all policies.
pub(in crate::policy) fn choose(cast: &Cast<'_>, ids: &[PolicyId]) -> Option<Vec<Pick>> {
    let mut budget = Budget::new(STEPS);
    let solved = solve(cast, ids, &mut budget);
    let all = all_of(cast, ids, &solved, &mut budget);
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

/// Who un-satisfies policies that the present signers satisfy, by signing behind them: somebody
/// new, or somebody else like one of them.
pub(in crate::policy) fn spoilers(cast: &Cast<'_>, ids: &[PolicyId]) -> Vec<Pick> {
    let mut budget = Budget::new(STEPS);
    let present = cast.present();
    let mut found = Vec::new();
    if !cast.satisfies(ids, &present, &mut budget) {
        return found;
    }
    let new = cast.newcomers().map(Pick::New);
    for pick in new.chain(cast.repeatable()) {
        let with: Vec<Pick> = present.iter().copied().chain([pick]).collect();
        let satisfied = cast.satisfies(ids, &with, &mut budget);
        if budget.is_spent() {
            break;
        }
        if !satisfied {
            found.push(pick);
        }
    }
    found
}
