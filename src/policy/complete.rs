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

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    ids::MspId,
    policy::{
        cast::{Budget, Cast, Counts, Pick},
        manager::PolicyId,
        model::{Kind, PrincipalId, Rule},
    },
};

/// How many ways a node keeps.
pub(super) const MAX_WAYS: usize = 24;
/// Steps for the ways of one node.
const NODE_STEPS: usize = 100_000;

/// A way to satisfy something: the signers in the order of the rules that use them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    /// How many of the picks are new.
    pub(super) new: usize,
    pub(super) picks: Vec<Pick>,
}

/// How something can be satisfied.
#[derive(Clone, Debug)]
pub(super) struct Solved {
    /// Fewest newcomers first; none where nobody could satisfy it.
    pub(super) ways: Vec<Way>,
    /// The newcomers in the cheapest ways, also in those that were too many to keep; ascending.
    pub(super) newcomers: Vec<PrincipalId>,
    /// Whether all ways are there, as far as they may matter.
    pub(super) exact: bool,
}

impl Solved {
    fn free() -> Self {
        Self {
            ways: vec![Way::default()],
            newcomers: Vec::new(),
            exact: true,
        }
    }

    fn cost(&self) -> usize {
        self.ways.first().map_or(0, |way| way.new)
    }
}

/// How the parts of a way go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Union {
    /// A signer may serve in several parts.
    Shared,
    /// The parts need different signers.
    Strict,
}

/// Finds the ways of these policies and of all that they count; a policy that all of them count is
/// solved once.
pub(super) fn solve(
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
            Some(Kind::Signature(rules)) => solver.signature(rules),
            // nobody new can make it accept: it accepts as long as nobody does
            Some(Kind::ImplicitMeta(meta)) if meta.threshold() == 0 => Solved::free(),
            Some(Kind::ImplicitMeta(meta)) => {
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
pub(super) fn all_of(
    cast: &Cast<'_>,
    ids: &[PolicyId],
    solved: &BTreeMap<PolicyId, Solved>,
    budget: &mut Budget,
) -> Solved {
    let parts: Vec<&Solved> = ids.iter().filter_map(|id| solved.get(id)).collect();
    Solver::new(cast, budget).combine(&parts, ids.len(), Union::Shared)
}

/// Finds ways, from the principals up.
struct Solver<'s, 'a> {
    cast: &'s Cast<'a>,
    budget: &'s mut Budget,
    /// To count picks with; of nothing in between.
    counts: Counts,
    own: Counts,
}

impl<'s, 'a> Solver<'s, 'a> {
    fn new(cast: &'s Cast<'a>, budget: &'s mut Budget) -> Self {
        Self {
            counts: cast.counts(),
            own: cast.counts(),
            cast,
            budget,
        }
    }

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
        let mut walk = Walk::new(self, usable, needed, union);
        out.exact &= walk.run();
        out.ways = walk.found;
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

    /// Adds as many of each pick as `out`, which the counts are of, has fewer than `picks` has.
    fn add_missing(&mut self, out: &mut Vec<Pick>, picks: &[Pick]) {
        for pick in picks {
            if self.own.add(*pick) > self.counts.of(*pick) {
                self.counts.add(*pick);
                out.push(*pick);
            }
        }
        self.own.clear(picks);
    }
}

/// A depth-first walk over the choices of `needed` parts with one way each.
struct Walk<'w, 's, 'a> {
    /// Its counts: how often picks are used by the parts of a strict union that were chosen.
    solver: &'w mut Solver<'s, 'a>,
    /// Cheapest first, each with its place among the parts.
    parts: Vec<(usize, &'w Solved)>,
    /// Whether a part has the same ways as the one before.
    repeats: Vec<bool>,
    /// The costs of the first n parts, added up.
    costs: Vec<usize>,
    /// Whether costs of parts add up: no newcomer can serve in two.
    additive: bool,
    needed: usize,
    union: Union,
    chosen: Vec<Choice>,
    found: Vec<Way>,
    /// The picks of each way that was found, in ascending order; `None` where no two parts have a
    /// pick in common, so that every choice is of other signers.
    known: Option<BTreeSet<Vec<Pick>>>,
}

struct Choice {
    part: usize,
    way: usize,
    /// The newcomers of all choices up to this one.
    new: usize,
    /// All choices up to this one together; only kept where costs do not add up.
    joined: Way,
}

impl<'w, 's, 'a> Walk<'w, 's, 'a> {
    fn new(
        solver: &'w mut Solver<'s, 'a>,
        parts: Vec<(usize, &'w Solved)>,
        needed: usize,
        union: Union,
    ) -> Self {
        let mut previous: Option<&[Way]> = None;
        let mut repeats = Vec::with_capacity(parts.len());
        let mut costs = Vec::with_capacity(parts.len().saturating_add(1));
        let mut sum = 0usize;
        costs.push(sum);
        for (_, part) in &parts {
            repeats.push(previous == Some(part.ways.as_slice()));
            previous = Some(&part.ways);
            sum = sum.saturating_add(part.cost());
            costs.push(sum);
        }
        let overlap = Overlap::of(solver, &parts);
        let additive = union == Union::Strict || !overlap.newcomers;
        let distinct = additive && !overlap.picks;
        Self {
            additive,
            solver,
            parts,
            repeats,
            costs,
            needed,
            union,
            chosen: Vec::new(),
            found: Vec::new(),
            known: (!distinct).then(BTreeSet::new),
        }
    }

    /// Fills `found`; false when it may have missed something that matters.
    fn run(&mut self) -> bool {
        let lowest = if self.additive {
            self.least(0, self.needed)
        } else {
            0
        };
        let dearest = |part: &Solved| part.ways.last().map_or(0, |way| way.new);
        let highest = self.parts.iter().map(|(_, part)| dearest(part));
        let highest = highest.fold(0, usize::saturating_add);
        let mut own = Budget::new(NODE_STEPS);
        for exactly in lowest..=highest {
            self.level(exactly, &mut own);
            if self.is_over(&own) {
                break;
            }
        }
        let whole = !self.is_over(&own);
        if !whole && !self.found.iter().any(|way| way.new == way.picks.len()) {
            self.only_new();
        }
        whole
    }

    /// Whether enough was found, or looked at. `own`: what is left for this walk.
    fn is_over(&self, own: &Budget) -> bool {
        self.found.len() >= MAX_WAYS || own.is_spent() || self.solver.budget.is_spent()
    }

    /// All choices with exactly this many newcomers.
    fn level(&mut self, exactly: usize, own: &mut Budget) {
        // the next part and way to try
        let (mut part, mut way) = (0usize, 0usize);
        loop {
            if self.is_over(own) {
                while self.undo().is_some() {}
                return;
            }
            own.spend(1);
            self.solver.budget.spend(1);
            let left = self.needed.saturating_sub(self.chosen.len());
            let new = self.chosen.last().map_or(0, |choice| choice.new);
            if left == 0 && new == exactly {
                let size = self.keep();
                own.spend(size);
                self.solver.budget.spend(size);
            }
            let too_few = || self.parts.len().saturating_sub(part) < left;
            let too_dear = || match self.additive {
                true => new.saturating_add(self.least(part, left)) > exactly,
                false => new > exactly,
            };
            if left == 0 || too_few() || too_dear() {
                match self.undo() {
                    Some(choice) => (part, way) = (choice.part, choice.way.saturating_add(1)),
                    None => return,
                }
                continue;
            }
            (part, way) = match self.take(part, way, exactly, own) {
                Next::Part => (part.saturating_add(1), 0),
                Next::SkipEqual => {
                    let mut next = part.saturating_add(1);
                    while self.repeats.get(next) == Some(&true) {
                        next = next.saturating_add(1);
                    }
                    (next, 0)
                }
                Next::Way => (part, way.saturating_add(1)),
            };
        }
    }

    /// The least newcomers that `count` parts from `part` on can have.
    fn least(&self, part: usize, count: usize) -> usize {
        let sum = |n: usize| {
            self.costs
                .get(n)
                .or_else(|| self.costs.last())
                .copied()
                .unwrap_or(0)
        };
        sum(part.saturating_add(count)).saturating_sub(sum(part))
    }

    fn take(&mut self, part: usize, way: usize, exactly: usize, own: &mut Budget) -> Next {
        let Some((_, solved)) = self.parts.get(part) else {
            return Next::Part;
        };
        // of equal parts the earlier one takes the earlier way
        let last = self.chosen.last();
        let repeated = last
            .filter(|c| c.part.saturating_add(1) == part && self.repeats.get(part) == Some(&true));
        let way = repeated.map_or(way, |choice| choice.way.max(way));
        let Some(option) = solved.ways.get(way) else {
            // done with this part: a part that is equal to a skipped one is skipped as well
            return Next::SkipEqual;
        };
        let before = self.chosen.last().map_or(0, |choice| choice.new);
        let (new, joined) = if self.additive {
            (before.saturating_add(option.new), Way::default())
        } else {
            let nothing = Way::default();
            let joined = self.chosen.last().map_or(&nothing, |choice| &choice.joined);
            let size = joined.picks.len().saturating_mul(option.picks.len());
            own.spend(size);
            let joined = share(self.solver.cast, joined, option);
            (joined.new, joined)
        };
        if self.additive && new > exactly {
            return Next::SkipEqual; // later ways are no cheaper
        }
        if self.union == Union::Strict && !self.reserve(option) {
            return Next::Way;
        }
        self.chosen.push(Choice {
            part,
            way,
            new,
            joined,
        });
        Next::Part
    }

    /// Takes the signers of a way; false, and nothing is taken, where one is used up.
    fn reserve(&mut self, way: &Way) -> bool {
        for (done, pick) in way.picks.iter().enumerate() {
            let used = self.solver.counts.add(*pick);
            if self
                .solver
                .cast
                .capacity(*pick)
                .is_some_and(|most| used > most)
            {
                let taken = way.picks.iter().take(done.saturating_add(1));
                taken.for_each(|pick| self.solver.counts.remove(*pick));
                return false;
            }
        }
        true
    }

    fn undo(&mut self) -> Option<Choice> {
        let choice = self.chosen.pop()?;
        if self.union == Union::Strict {
            let part = self.parts.get(choice.part);
            let way = part.and_then(|(_, part)| part.ways.get(choice.way));
            let picks = way.into_iter().flat_map(|way| &way.picks);
            picks.for_each(|pick| self.solver.counts.remove(*pick));
        }
        Some(choice)
    }

    /// Keeps the choice made, unless the same signers were found before; its size.
    fn keep(&mut self) -> usize {
        let way = match self.chosen.last() {
            Some(choice) if !self.additive => choice.joined.clone(),
            _ => {
                let mut chosen: Vec<(usize, &Way)> = Vec::with_capacity(self.chosen.len());
                for choice in &self.chosen {
                    if let Some((place, part)) = self.parts.get(choice.part) {
                        chosen.extend(part.ways.get(choice.way).map(|way| (*place, way)));
                    }
                }
                self.concatenate(chosen)
            }
        };
        let size = way.picks.len().saturating_add(1);
        let is_new = self.known.as_mut().is_none_or(|known| {
            let mut signers = way.picks.clone();
            signers.sort_unstable();
            known.insert(signers)
        });
        if is_new {
            self.found.push(way);
        }
        size
    }

    /// Adds a way without present signers: it fits beside whatever other rules use.
    fn only_new(&mut self) {
        let new_way = |(place, part): &(usize, &'w Solved)| {
            let mut ways = part.ways.iter();
            Some((*place, ways.find(|way| way.new == way.picks.len())?))
        };
        let mut chosen: Vec<(usize, &Way)> = self.parts.iter().filter_map(new_way).collect();
        chosen.sort_by_key(|(place, way)| (way.new, *place));
        if chosen.len() < self.needed {
            return;
        }
        chosen.truncate(self.needed);
        let way = if self.additive {
            self.concatenate(chosen)
        } else {
            let sum = |sum, (_, way): (usize, &Way)| share(self.solver.cast, &sum, way);
            chosen.into_iter().fold(Way::default(), sum)
        };
        let at = self.found.partition_point(|other| other.new <= way.new);
        self.found.insert(at, way);
    }

    /// Ways that no newcomer can share, in the order of their rules. Present signers are all
    /// different in a strict union; in a shared one every part starts again with all of them.
    fn concatenate(&mut self, mut ways: Vec<(usize, &Way)>) -> Way {
        ways.sort_by_key(|(place, _)| *place);
        let mut out = Way {
            new: 0,
            picks: Vec::with_capacity(ways.len()),
        };
        for (_, way) in ways {
            out.new = out.new.saturating_add(way.new);
            if self.union == Union::Strict || self.known.is_none() {
                out.picks.extend(&way.picks);
            } else {
                // no part of a shared union uses anybody up, so the counts are free
                self.solver.add_missing(&mut out.picks, &way.picks);
            }
        }
        if self.union == Union::Shared {
            self.solver.counts.clear(&out.picks);
        }
        out
    }
}

/// What some parts have in common.
struct Overlap {
    /// Whether two have the same pick, or one asks for nobody.
    picks: bool,
    /// Whether a newcomer could serve in two: where both have newcomers of one MSP, and where a
    /// newcomer may be of any.
    newcomers: bool,
}

impl Overlap {
    fn of(solver: &mut Solver<'_, '_>, parts: &[(usize, &Solved)]) -> Self {
        let (cast, last) = (solver.cast, &mut solver.counts);
        let (mut picks, mut nameless) = (false, false);
        let mut msps: Vec<(&MspId, usize)> = Vec::with_capacity(parts.len());
        for (number, (_, part)) in (1..).zip(parts) {
            for way in &part.ways {
                picks |= way.picks.is_empty();
                for pick in &way.picks {
                    // the part that had it last; 0: none
                    let before = last.replace(*pick, number);
                    picks |= before != 0 && before != number;
                    if before != number && pick.newcomer().is_some() {
                        let msp_id = cast.msp_id(*pick);
                        nameless |= msp_id.is_none();
                        msps.extend(msp_id.map(|msp_id| (msp_id, number)));
                    }
                }
            }
        }
        for way in parts.iter().flat_map(|(_, part)| &part.ways) {
            last.clear(&way.picks);
        }
        msps.sort_unstable();
        msps.dedup();
        Self {
            picks,
            newcomers: nameless || !msps.is_sorted_by(|(one, _), (other, _)| one < other),
        }
    }
}

/// Where a walk goes on.
enum Next {
    /// With the next part: this one is chosen.
    Part,
    /// With the next part that is not equal to this one.
    SkipEqual,
    /// With the next way of this part.
    Way,
}

/// The fewest signers that serve in both ways: equal ones are shared, and a newcomer with a role
/// serves where any member would do.
fn share(cast: &Cast<'_>, a: &Way, b: &Way) -> Way {
    let mut picks: Vec<(Pick, bool)> = a.picks.iter().map(|pick| (*pick, false)).collect();
    let mut rest = b.picks.clone();
    let passes: [&dyn Fn(Pick, Pick) -> bool; 4] = [
        // whose place many could take pairs up last
        &|mine, theirs| mine == theirs && !cast.is_weak(theirs),
        &|mine, theirs| mine != theirs && cast.covers(theirs, mine),
        &|mine, theirs| mine != theirs && cast.covers(mine, theirs),
        &|mine, theirs| mine == theirs,
    ];
    for pairs in passes {
        rest.retain(|theirs| {
            let free = picks
                .iter_mut()
                .find(|(mine, taken)| !taken && pairs(*mine, *theirs));
            let Some((mine, taken)) = free else {
                return true;
            };
            *taken = true;
            if cast.covers(*theirs, *mine) {
                *mine = *theirs;
            }
            false
        });
    }
    let mut out = Way::default();
    out.picks.extend(picks.into_iter().map(|(pick, _)| pick));
    out.picks.append(&mut rest);
    let new = out.picks.iter().filter(|pick| matches!(pick, Pick::New(_)));
    out.new = new.count();
    out
}
