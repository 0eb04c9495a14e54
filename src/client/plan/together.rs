//! Which proposals should be combined: those that have to be signed anyway, where one update takes fewer
//! signatures than each by itself.

use super::{
    game::PlanGame,
    world::{PlanWorld, again, needed},
};
use crate::{config::Patch, policy::SignerSet};

/// Proposals that would be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Together {
    /// Which, in the order of the plan.
    pub(super) places: Vec<usize>,
    /// How many signatures they take each by itself, together.
    pub(super) alone: usize,
    /// Whose signatures the combined one takes.
    pub(super) combined: Vec<String>,
}

/// Whether these, of each how many signatures it still takes, had better be combined, once all others of
/// the order are in effect. `None` where they had not, or cannot.
pub(super) fn together(
    world: &PlanWorld<'_>,
    order: &[(usize, Option<usize>)],
) -> Option<Together> {
    let open = order.iter().filter(|(_, needed)| *needed != Some(0));
    let places: Vec<usize> = open.map(|(place, _)| *place).collect();
    if places.len() < 2 {
        return None;
    }
    let counts = order.iter().map(|(_, needed)| *needed);
    let alone = counts.sum::<Option<usize>>()?;
    let mut state = world.start();
    for (place, _) in order.iter().filter(|(place, _)| !places.contains(place)) {
        let (step, next) = world.submit(&state, *place).ok()?;
        // the others lose nothing by going first
        if step.kept < world.worth(*place) {
            return None;
        }
        state = next;
    }
    let parts: Vec<_> = (places.iter())
        .filter_map(|place| world.proposals.get(*place))
        .collect();
    let intent = Patch::combine(parts.iter().map(|one| &one.intent)).ok()?;
    let unasked = parts.iter().flat_map(|one| &one.unasked).cloned().collect();
    let effect = again(&state.bundle, &intent).ok()?;
    effect.next().ok()?;
    let (terms, nobody) = (effect.terms(), SignerSet::default());
    let explained = (state.bundle).explain_within(terms, &nobody, &[], &unasked, usize::MAX);
    let (_, policies) = explained;
    let combined = needed(&policies)?;
    (combined.len() < alone).then_some(Together {
        places,
        alone,
        combined,
    })
}
