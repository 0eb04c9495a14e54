//! Which proposals should be combined: those that have to be signed anyway, where one update takes fewer
//! signatures than each by itself.

use super::{
    game::PlanGame,
    world::{PlanWorld, again, needed},
};
use crate::config::Patch;

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
    let intents = places
        .iter()
        .filter_map(|place| world.proposals.get(*place));
    let intent = Patch::combine(intents.map(|one| &one.intent)).ok()?;
    let effect = again(&state.bundle, &intent).ok()?;
    effect.next().ok()?;
    let nobody = crate::policy::SignerSet::default();
    let (_, policies) = state.bundle.explain(effect.terms(), &nobody, &[]);
    let combined = needed(&policies)?;
    (combined.len() < alone).then_some(Together {
        places,
        alone,
        combined,
    })
}
