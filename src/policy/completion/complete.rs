//! The smallest sets of new signers that would satisfy policies.
//!
//! From the principals up, every rule and every policy gets the *ways* to satisfy it, fewest
//! newcomers first: which present signers and which newcomers its rules would use. Inside a
//! signature policy the parts of a way are different signers; under an implicit meta policy a
//! signer may serve in several sub policies. Ways suppose that every rule gets the signer meant
//! for it. Fabric's greedy evaluation may need more, never fewer; [`search`](super::search)
//! therefore tries every way before it is shown.
//!
//! All ways are found while a node has at most [`MAX_WAYS`] and the budget lasts. Past that, a
//! cheapest way is still found wherever the parts of a policy concern different organisations;
//! [`Solved::exact`] says when something may be missing.

use std::collections::BTreeMap;

use crate::policy::language::{
    ids::PolicyId,
    model::{PolicyKind, PrincipalId, Rule},
};

use super::{
    cast::{Budget, Cast, Pick},
    walk::Walk,
    ways::{MAX_WAYS, NODE_STEPS, Solved, Solver, Union, Way},
};

/// Finds the ways of these policies and of all that they count; a policy that all of them count is
/// solved once.
pub(in crate::policy) fn solve(
    cast: &Cast<'_>,
    ids: &[PolicyId],
    budget: &mut Budget,
) -> BTreeMap<PolicyId, Solved> {
    let manager = cast.manager();
    let mut solver = Solver::new(cast, budget);
    let mut solved = BTreeMap::new();
    // what is counted comes behind who counts it
    for id in manager.reachable(ids).into_iter().rev() {
        let own = match manager.policy(id).map(|policy| &policy.kind) {
            None => continue,
            Some(PolicyKind::Signature(rules)) => solver.signature(rules),
            // nobody new can make it accept: it accepts as long as nobody does
            Some(PolicyKind::ImplicitMeta(meta)) if meta.threshold() == 0 => Solved::free(),
            Some(PolicyKind::ImplicitMeta(meta)) => {
                let subs = meta.subs.iter().flatten();
                let subs: Vec<&Solved> = subs.filter_map(|sub| solved.get(sub)).collect();
                solver.combine(&subs, meta.threshold(), Union::Shared)
            }
        };
        solved.insert(id, own);
    }
    solved
}

/// The ways to satisfy all of these policies at once.
pub(in crate::policy) fn all_of(
    cast: &Cast<'_>,
    ids: &[PolicyId],
    solved: &BTreeMap<PolicyId, Solved>,
    budget: &mut Budget,
) -> Solved {
    let parts: Vec<&Solved> = ids.iter().filter_map(|id| solved.get(id)).collect();
    Solver::new(cast, budget).combine(&parts, ids.len(), Union::Shared)
}

impl Solver<'_, '_> {
    fn signature(&mut self, rules: &[Rule]) -> Solved {
        // what is below a gate comes behind it: the rules directly below are those on top
        let mut open: Vec<Solved> = Vec::new();
        for rule in rules.iter().rev() {
            let own = match *rule {
                Rule::SignedBy(principal) => self.signed_by(principal),
                // nearly every organisation's policy
                Rule::OutOf { n: 1, rules: 1, .. } if self.walk_one(open.last()) => continue,
                Rule::OutOf { n, rules, .. } => {
                    let below = open.split_off(open.len().saturating_sub(rules));
                    let below: Vec<&Solved> = below.iter().rev().collect();
                    let needed = usize::try_from(n).unwrap_or(0);
                    self.combine(&below, needed, Union::Strict)
                }
            };
            open.push(own);
        }
        open.pop().unwrap_or_else(Solved::free)
    }

    fn signed_by(&self, principal: PrincipalId) -> Solved {
        let ways = self.cast.candidates(principal).map(|pick| Way {
            new: usize::from(matches!(pick, Pick::New(_))),
            picks: vec![pick],
        });
        let ways: Vec<Way> = ways.collect();
        let cheapest = ways.first().into_iter().flat_map(|way| &way.picks);
        Solved {
            newcomers: cheapest.filter_map(|pick| pick.newcomer()).collect(),
            ways,
            exact: true,
        }
    }

    /// The ways to satisfy `needed` of some parts.
    fn combine(&mut self, parts: &[&Solved], needed: usize, union: Union) -> Solved {
        if needed == 0 {
            return Solved::free();
        }
        let usable = parts.iter().copied().enumerate();
        let mut usable: Vec<(usize, &Solved)> =
            usable.filter(|(_, part)| !part.ways.is_empty()).collect();
        // equal parts stand side by side, earlier ones first
        usable.sort_unstable_by(|(a, one), (b, other)| {
            one.ways.cmp(&other.ways).then_with(|| a.cmp(b))
        });
        let mut out = Solved {
            ways: Vec::new(),
            newcomers: Vec::new(),
            exact: parts.iter().all(|part| part.exact),
        };
        let Some((_, dearest)) = usable.get(needed.saturating_sub(1)) else {
            return out;
        };
        for (_, part) in &usable {
            if part.cost() > 0 && part.cost() <= dearest.cost() {
                out.newcomers.extend(&part.newcomers);
            }
        }
        let (ways, whole) = Walk::new(self, usable, needed, union).run();
        out.exact &= whole;
        out.ways = ways;
        let cheapest = out.cost();
        for way in out.ways.iter().filter(|way| way.new == cheapest) {
            for pick in &way.picks {
                if self.counts.add(*pick) == 1 {
                    out.newcomers.extend(pick.newcomer());
                }
            }
        }
        for way in &out.ways {
            self.counts.clear(&way.picks);
        }
        out.newcomers.sort_unstable();
        out.newcomers.dedup();
        out
    }

    /// Takes from the budget what the walk over one rule takes, of which one is needed; it would find
    /// the ways of that rule. False where it could not look at all of them: then nothing is taken.
    fn walk_one(&mut self, rule: Option<&Solved>) -> bool {
        let Some((rule, last)) = rule.and_then(|rule| Some((rule, rule.ways.last()?))) else {
            return false;
        };
        if !rule.exact || rule.ways.len() >= MAX_WAYS {
            return false;
        }
        let sizes = rule
            .ways
            .iter()
            .map(|way| way.picks.len().saturating_add(1));
        let mut steps = sizes.fold(0, usize::saturating_add);
        for exactly in rule.cost()..=last.new {
            // each way taken and left, then none, then the end
            let ways = rule.ways.partition_point(|way| way.new <= exactly);
            steps = steps.saturating_add(ways.saturating_add(1).saturating_mul(2));
        }
        if steps >= self.budget.part(NODE_STEPS).left() {
            return false;
        }
        self.budget.spend(steps);
        true
    }
}
