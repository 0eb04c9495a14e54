//! The walk over the choices of parts that together satisfy something.

use std::collections::BTreeSet;

use crate::ids::MspId;

use super::{
    cast::{Budget, Cast, Pick},
    ways::{MAX_WAYS, NODE_STEPS, Solved, Solver, Union, Way},
};

/// A depth-first walk over the choices of `needed` parts with one way each.
pub(in crate::policy) struct Walk<'w, 's, 'a> {
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
    chosen: Vec<PartChoice>,
    found: Vec<Way>,
    /// The picks of each way that was found, in ascending order; `None` where no two parts have a
    /// pick in common, so that every choice is of other signers.
    known: Option<BTreeSet<Vec<Pick>>>,
}

struct PartChoice {
    part: usize,
    way: usize,
    /// The newcomers of all choices up to this one.
    new: usize,
    /// All choices up to this one together; only kept where costs do not add up.
    joined: Way,
}

impl<'w, 's, 'a> Walk<'w, 's, 'a> {
    pub(in crate::policy) fn new(
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

    /// The ways, fewest newcomers first, and whether nothing is missing that may matter.
    pub(in crate::policy) fn run(mut self) -> (Vec<Way>, bool) {
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
        (self.found, whole)
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
        self.chosen.push(PartChoice {
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

    fn undo(&mut self) -> Option<PartChoice> {
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
