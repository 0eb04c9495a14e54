//! The best order. Better is: more signatures that count when they are used; then more proposals that get in;
//! then fewer that are signed again. Of equal orders the one counts that loses least at first.

use std::collections::BTreeMap;

use super::game::{NotPlanned, PlanGame, PlannedFate, PlannedMove};
use crate::ids::Digest;

/// All orders of so many proposals are looked at.
pub(super) const EXACT: usize = 8;

/// So many steps are judged at most while looking for an order of few; some may be left unseen.
const JUDGED: usize = 1_500;

/// An order, and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundOrder {
    /// The proposals that are submitted, each with what becomes of it.
    pub(super) moves: Vec<(usize, PlannedMove)>,
    /// Those that are not.
    pub(super) left: Vec<(usize, NotPlanned)>,
    /// Whether no order is better.
    pub(super) exact: bool,
}

/// How good an order is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Merit {
    kept: usize,
    placed: usize,
    /// Those that are not signed again.
    unchanged: usize,
}

impl Merit {
    fn and(self, step: &PlannedMove) -> Self {
        Self {
            kept: self.kept.saturating_add(step.kept),
            placed: self.placed.saturating_add(1),
            unchanged: self
                .unchanged
                .saturating_add(usize::from(step.fate == PlannedFate::Stays)),
        }
    }
}

/// The best order of all proposals.
pub(super) fn best_order<G: PlanGame>(game: &G) -> FoundOrder {
    let all: Vec<usize> = (0..game.count()).collect();
    let (order, exact) = match all.len() <= EXACT {
        true => {
            let mut search = ExactSearch {
                game,
                known: BTreeMap::new(),
                left: JUDGED,
            };
            let (_, order) = search.best(&game.start(), &all);
            (order, search.left > 0)
        }
        false => (greedy(game, all), false),
    };
    FoundOrder {
        exact,
        ..played(game, &order)
    }
}

/// What becomes of proposals in this order; those that are not in it come behind, and are left out.
pub(super) fn played<G: PlanGame>(game: &G, order: &[usize]) -> FoundOrder {
    let (mut moves, mut left) = (Vec::new(), Vec::new());
    let mut state = game.start();
    let others = (0..game.count()).filter(|place| !order.contains(place));
    for place in order.iter().copied().chain(others) {
        match game.submit(&state, place) {
            Ok((step, next)) => {
                moves.push((place, step));
                state = next;
            }
            Err(why) => left.push((place, why)),
        }
    }
    FoundOrder {
        moves,
        left,
        exact: false,
    }
}

/// What is best from a config on, by the proposals that are left and the config.
struct ExactSearch<'g, G> {
    game: &'g G,
    known: BTreeMap<(Vec<usize>, Digest), (Merit, Vec<usize>)>,
    /// How many steps may still be judged.
    left: usize,
}

impl<G: PlanGame> ExactSearch<'_, G> {
    /// The best order of those that are left. As deep as there are proposals, at most [`EXACT`].
    fn best(&mut self, state: &G::State, left: &[usize]) -> (Merit, Vec<usize>) {
        let key = (left.to_vec(), self.game.key(state));
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let mut steps = Vec::new();
        for place in left {
            if self.left == 0 {
                break;
            }
            self.left = self.left.saturating_sub(1);
            if let Ok((step, next)) = self.game.submit(state, *place) {
                steps.push((*place, step, next));
            }
        }
        // those first that lose least; of equal ones those that were named first
        let loss =
            |place: usize, step: &PlannedMove| self.game.worth(place).saturating_sub(step.kept);
        steps.sort_by_key(|(place, step, _)| (loss(*place, step), *place));
        let most = Merit {
            kept: left.iter().map(|place| self.game.worth(*place)).sum(),
            placed: left.len(),
            unchanged: left.len(),
        };
        let mut best: Option<(Merit, Vec<usize>)> = None;
        for (place, step, next) in steps {
            let others: Vec<usize> = left.iter().copied().filter(|one| *one != place).collect();
            let (merit, order) = self.best(&next, &others);
            let merit = merit.and(&step);
            if best.as_ref().is_none_or(|(so_far, _)| merit > *so_far) {
                let order = [place].into_iter().chain(order).collect();
                best = Some((merit, order));
            }
            // nothing can be better, or there is no time to find it
            if merit == most || self.left == 0 {
                break;
            }
        }
        let best = best.unwrap_or_default();
        self.known.insert(key, best.clone());
        best
    }
}

/// A good order of many: always the one next whose submission costs the others least.
fn greedy<G: PlanGame>(game: &G, mut left: Vec<usize>) -> Vec<usize> {
    let start = game.start();
    // what the submission of one costs another, both judged alone
    let mut costs: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for first in &left {
        let Ok((_, next)) = game.submit(&start, *first) else {
            continue;
        };
        for other in left.iter().filter(|other| *other != first) {
            let kept = match game.submit(&next, *other) {
                Ok((step, _)) => step.kept,
                Err(_) => 0,
            };
            let lost = game.worth(*other).saturating_sub(kept);
            costs.insert((*first, *other), lost);
        }
    }
    let cost = |first: usize, others: &[usize]| -> usize {
        let costs = others
            .iter()
            .filter_map(|other| costs.get(&(first, *other)));
        costs.sum()
    };
    let mut order = Vec::new();
    while let Some(next) = left.iter().copied().min_by_key(|place| {
        (
            cost(*place, &left),
            std::cmp::Reverse(game.worth(*place)),
            *place,
        )
    }) {
        left.retain(|place| *place != next);
        order.push(next);
    }
    order
}
