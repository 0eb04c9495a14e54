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
        cast::{Budget, Cast, Pick},
        manager::PolicyId,
        model::{Kind, Rule, rules_below},
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
pub(super) struct Solved<'a> {
    /// Fewest newcomers first; none where nobody could satisfy it.
    pub(super) ways: Vec<Way>,
    /// The MSPs of newcomers in the cheapest ways, also in those that were too many to keep.
    pub(super) msps: BTreeSet<&'a MspId>,
    /// Whether all ways are there, as far as they may matter.
    pub(super) exact: bool,
}

impl Solved<'_> {
    fn free() -> Self {
        Self {
            ways: vec![Way::default()],
            msps: BTreeSet::new(),
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
pub(super) fn solve<'a>(
    cast: &Cast<'a>,
    ids: &[PolicyId],
    budget: &mut Budget,
) -> BTreeMap<PolicyId, Solved<'a>> {
    let manager = cast.manager();
    let mut solved = BTreeMap::new();
    // what is counted comes behind who counts it
    for id in manager.reachable(ids).into_iter().rev() {
        let own = match manager.policy(id).map(|policy| &policy.kind) {
            None => continue,
            Some(Kind::Signature(rules)) => signature(cast, rules, budget),
            // nobody new can make it accept: it accepts as long as nobody does
            Some(Kind::ImplicitMeta(meta)) if meta.threshold() == 0 => Solved::free(),
            Some(Kind::ImplicitMeta(meta)) => {
                let subs = meta.subs.iter().flatten();
                let subs: Vec<&Solved<'a>> = subs.filter_map(|sub| solved.get(sub)).collect();
                combine(cast, &subs, meta.threshold(), Union::Shared, budget)
            }
        };
        solved.insert(id, own);
    }
    solved
}

/// The ways to satisfy all of these policies at once.
pub(super) fn all_of<'a>(
    cast: &Cast<'a>,
    ids: &[PolicyId],
    solved: &BTreeMap<PolicyId, Solved<'a>>,
    budget: &mut Budget,
) -> Solved<'a> {
    let parts: Vec<&Solved<'a>> = ids.iter().filter_map(|id| solved.get(id)).collect();
    combine(cast, &parts, ids.len(), Union::Shared, budget)
}

fn signature<'a>(cast: &Cast<'a>, rules: &[Rule], budget: &mut Budget) -> Solved<'a> {
    let mut open: BTreeMap<usize, Solved<'a>> = BTreeMap::new();
    // what is below a gate comes behind it
    for (at, rule) in rules.iter().enumerate().rev() {
        let own = match *rule {
            Rule::SignedBy(principal) => {
                let ways = cast.candidates(principal).map(|pick| Way {
                    new: usize::from(matches!(pick, Pick::New(_))),
                    picks: vec![pick],
                });
                let ways: Vec<Way> = ways.collect();
                let msps = ways.iter().take(1).flat_map(|w| &w.picks);
                Solved {
                    msps: msps.filter_map(|pick| cast.msp_id(*pick)).collect(),
                    ways,
                    exact: true,
                }
            }
            Rule::OutOf { n, .. } => {
                let below: Vec<Solved<'a>> = rules_below(rules, at)
                    .filter_map(|below| open.remove(&below))
                    .collect();
                let below: Vec<&Solved<'a>> = below.iter().collect();
                let needed = usize::try_from(n).unwrap_or(0);
                combine(cast, &below, needed, Union::Strict, budget)
            }
        };
        open.insert(at, own);
    }
    open.remove(&0).unwrap_or_else(Solved::free)
}

/// The ways to satisfy `needed` of some parts.
fn combine<'a>(
    cast: &Cast<'a>,
    parts: &[&Solved<'a>],
    needed: usize,
    union: Union,
    budget: &mut Budget,
) -> Solved<'a> {
    if needed == 0 {
        return Solved::free();
    }
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.retain(|at| parts.get(*at).is_some_and(|part| !part.ways.is_empty()));
    // equal parts stand side by side, earlier ones first
    order.sort_by(|a, b| {
        let key = |at: &usize| parts.get(*at).map(|part| &part.ways);
        key(a).cmp(&key(b)).then(a.cmp(b))
    });
    let usable: Vec<(usize, &Solved<'a>)> = order
        .into_iter()
        .filter_map(|at| parts.get(at).map(|part| (at, *part)))
        .collect();
    let mut out = Solved {
        ways: Vec::new(),
        msps: BTreeSet::new(),
        exact: parts.iter().all(|part| part.exact),
    };
    let Some((_, dearest)) = usable.get(needed.saturating_sub(1)) else {
        return out;
    };
    for (_, part) in &usable {
        if part.cost() > 0 && part.cost() <= dearest.cost() {
            out.msps.extend(&part.msps);
        }
    }
    let mut walk = Walk::new(cast, usable, needed, union);
    out.exact &= walk.run(budget);
    out.ways = walk.found;
    let cheapest = out.cost();
    for way in out.ways.iter().filter(|way| way.new == cheapest) {
        let msps = way.picks.iter().filter_map(|pick| cast.msp_id(*pick));
        out.msps.extend(msps);
    }
    out
}

/// A depth-first walk over the choices of `needed` parts with one way each.
struct Walk<'w, 'a> {
    cast: &'w Cast<'a>,
    /// Cheapest first, each with its place among the parts.
    parts: Vec<(usize, &'w Solved<'a>)>,
    /// Whether a part has the same ways as the one before.
    repeats: Vec<bool>,
    /// The costs of the first n parts, added up.
    costs: Vec<usize>,
    /// Whether costs of parts add up: no newcomer can serve in two.
    additive: bool,
    needed: usize,
    union: Union,
    chosen: Vec<Choice>,
    used: BTreeMap<Pick, usize>,
    found: Vec<Way>,
    known: BTreeSet<Vec<Pick>>,
}

struct Choice {
    part: usize,
    way: usize,
    /// The newcomers of all choices up to this one.
    new: usize,
    /// All choices up to this one together; only kept where costs do not add up.
    joined: Way,
}

impl<'w, 'a> Walk<'w, 'a> {
    fn new(
        cast: &'w Cast<'a>,
        parts: Vec<(usize, &'w Solved<'a>)>,
        needed: usize,
        union: Union,
    ) -> Self {
        let mut previous: Option<&[Way]> = None;
        let mut repeats = Vec::new();
        let mut costs = vec![0usize];
        let (mut msps, mut named, mut nameless) = (BTreeSet::new(), 0usize, false);
        for (_, part) in &parts {
            repeats.push(previous == Some(part.ways.as_slice()));
            previous = Some(&part.ways);
            costs.push(
                costs
                    .last()
                    .map_or(0, |sum| sum.saturating_add(part.cost())),
            );
            if union == Union::Shared {
                let picks = part.ways.iter().flat_map(|way| &way.picks);
                let new = picks.filter(|pick| matches!(pick, Pick::New(_)));
                let own: BTreeSet<_> = new.map(|pick| cast.msp_id(*pick)).collect();
                nameless |= own.contains(&None);
                named = named.saturating_add(own.len());
                msps.extend(own);
            }
        }
        Self {
            cast,
            additive: union == Union::Strict || (msps.len() == named && !nameless),
            parts,
            repeats,
            costs,
            needed,
            union,
            chosen: Vec::new(),
            used: BTreeMap::new(),
            found: Vec::new(),
            known: BTreeSet::new(),
        }
    }

    /// Fills `found`; false when it may have missed something that matters.
    fn run(&mut self, budget: &mut Budget) -> bool {
        let lowest = if self.additive {
            self.least(0, self.needed)
        } else {
            0
        };
        let dearest = |part: &Solved<'_>| part.ways.last().map_or(0, |way| way.new);
        let highest = self.parts.iter().map(|(_, part)| dearest(part));
        let highest = highest.fold(0, usize::saturating_add);
        let mut own = Budget::new(NODE_STEPS);
        for exactly in lowest..=highest {
            self.level(exactly, &mut own, budget);
            if self.found.len() >= MAX_WAYS || own.is_spent() || budget.is_spent() {
                break;
            }
        }
        let whole = self.found.len() < MAX_WAYS && !own.is_spent() && !budget.is_spent();
        if !whole && !self.found.iter().any(|way| way.new == way.picks.len()) {
            self.only_new();
        }
        whole
    }

    /// All choices with exactly this many newcomers.
    fn level(&mut self, exactly: usize, own: &mut Budget, budget: &mut Budget) {
        // the next part and way to try
        let (mut part, mut way) = (0usize, 0usize);
        loop {
            if self.found.len() >= MAX_WAYS || own.is_spent() || budget.is_spent() {
                self.chosen.clear();
                self.used.clear();
                return;
            }
            own.spend(1);
            budget.spend(1);
            let left = self.needed.saturating_sub(self.chosen.len());
            let new = self.chosen.last().map_or(0, |choice| choice.new);
            if left == 0 && new == exactly {
                let size = self.keep();
                own.spend(size);
                budget.spend(size);
            }
            let parts_left = self.parts.len().saturating_sub(part);
            let too_dear = match self.additive {
                true => new.saturating_add(self.least(part, left)) > exactly,
                false => new > exactly,
            };
            if left == 0 || parts_left < left || too_dear {
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
            let joined = share(self.cast, joined, option);
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
            let used = self.used.entry(*pick).or_default();
            *used = used.saturating_add(1);
            if self.cast.capacity(*pick).is_some_and(|most| *used > most) {
                release(
                    &mut self.used,
                    way.picks.iter().take(done.saturating_add(1)),
                );
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
            release(&mut self.used, way.into_iter().flat_map(|way| &way.picks));
        }
        Some(choice)
    }

    /// Keeps the choice made, unless the same signers were found before; its size.
    fn keep(&mut self) -> usize {
        let way = match self.chosen.last() {
            Some(choice) if !self.additive => choice.joined.clone(),
            _ => {
                let mut chosen: Vec<(usize, &Way)> = Vec::new();
                for choice in &self.chosen {
                    if let Some((place, part)) = self.parts.get(choice.part) {
                        chosen.extend(part.ways.get(choice.way).map(|way| (*place, way)));
                    }
                }
                concatenate(chosen, self.union)
            }
        };
        let mut signers = way.picks.clone();
        signers.sort_unstable();
        let size = way.picks.len().saturating_add(1);
        if self.known.insert(signers) {
            self.found.push(way);
        }
        size
    }

    /// Adds a way without present signers: it fits beside whatever other rules use.
    fn only_new(&mut self) {
        let new_way = |(place, part): &(usize, &'w Solved<'a>)| {
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
            concatenate(chosen, self.union)
        } else {
            let sum = |sum, (_, way): (usize, &Way)| share(self.cast, &sum, way);
            chosen.into_iter().fold(Way::default(), sum)
        };
        let at = self.found.partition_point(|other| other.new <= way.new);
        self.found.insert(at, way);
    }
}

fn release<'p>(used: &mut BTreeMap<Pick, usize>, picks: impl Iterator<Item = &'p Pick>) {
    for pick in picks {
        if let Some(used) = used.get_mut(pick) {
            *used = used.saturating_sub(1);
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

/// Ways that no newcomer can share, in the order of their rules. Present signers are all different
/// in a strict union; in a shared one every part starts again with all of them.
fn concatenate(mut ways: Vec<(usize, &Way)>, union: Union) -> Way {
    ways.sort_by_key(|(place, _)| *place);
    let mut out = Way::default();
    let mut most = BTreeMap::<Pick, usize>::new();
    for (_, way) in ways {
        out.new = out.new.saturating_add(way.new);
        if union == Union::Strict {
            out.picks.extend(&way.picks);
            continue;
        }
        if let [pick] = way.picks.as_slice() {
            // nearly all ways of an organisation's policy: one of its administrators
            let most = most.entry(*pick).or_default();
            if *most == 0 {
                *most = 1;
                out.picks.push(*pick);
            }
            continue;
        }
        let mut own = BTreeMap::<Pick, usize>::new();
        for pick in &way.picks {
            let own = own.entry(*pick).or_default();
            let most = most.entry(*pick).or_default();
            *own = own.saturating_add(1);
            if *own > *most {
                *most = *own;
                out.picks.push(*pick);
            }
        }
    }
    out
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
