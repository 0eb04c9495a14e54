//! The plan, as it is shown.

use std::sync::Arc;

use super::{
    game::{NotPlanned, PlanGame, PlannedFate},
    search::best_order,
    together::together,
    world::{PlacedProposal, PlanState, PlanWorld, PlannedProposal, needed},
};
use crate::{
    client::{
        ClientError, Exit,
        view::{LostSignatureView, PlanLeftView, PlanStepView, PlanTogetherView, PlanView},
    },
    config::{Bundle, Verdict},
};

/// The best order of these proposals, and what becomes of each. Cost: some judgements for each pair; of up
/// to eight proposals at most 1,500.
///
/// # Errors
/// The config cannot be compiled, which no verified config leads to.
pub fn make_plan(bundle: &Bundle, proposals: &[PlannedProposal]) -> Result<PlanView, ClientError> {
    let now = bundle.compile_next(bundle.tree().clone());
    let now = now.map_err(|error| {
        ClientError::new(Exit::Failed, "INTERNAL", format!("the config: {error}"))
    })?;
    let world = PlanWorld::new(Arc::new(now), proposals);
    let found = best_order(&world);
    let name = |place: usize| world.name(place);
    let order: Vec<usize> = found.moves.iter().map(|(place, _)| *place).collect();
    let planned = planned(&world, &order);
    let took: Vec<_> = planned
        .iter()
        .map(|(place, _, took)| (*place, *took))
        .collect();
    let left = found.left.iter().map(|(place, why)| {
        let (by, element, reason, text) = match why {
            NotPlanned::Excluded { by, element } => (
                Some(name(*by)),
                Some(element.clone()),
                "excluded",
                format!("`{}` wants something else of {}", name(*by), bare(element)),
            ),
            NotPlanned::InEffect => (
                None,
                None,
                "in_effect",
                "what it wants is in effect then".to_owned(),
            ),
            NotPlanned::Refused(why) => {
                (None, None, "refused", format!("it would be refused: {why}"))
            }
        };
        PlanLeftView {
            by,
            element,
            proposal_id: name(*place),
            reason: reason.to_owned(),
            signatures: world.worth(*place),
            text,
        }
    });
    let combine = together(&world, &took).map(|found| PlanTogetherView {
        proposals: found.places.iter().map(|place| name(*place)).collect(),
        signatures_alone: found.alone,
        signatures_combined: found.combined.len(),
        signers: found.combined,
    });
    Ok(PlanView {
        as_of_sequence: bundle.sequence().0,
        combine,
        exact: found.exact,
        left: left.collect(),
        not_looked_at: 0,
        passed_over: Vec::new(),
        steps: planned.into_iter().map(|(_, step, _)| step).collect(),
    })
}

/// An element without its kind, for people.
fn bare(element: &str) -> &str {
    element.split_whitespace().last().unwrap_or(element)
}

/// The steps of an order, and how many signatures each still takes.
pub(super) fn planned(
    world: &PlanWorld<'_>,
    order: &[usize],
) -> Vec<(usize, PlanStepView, Option<usize>)> {
    let start = world.start();
    let mut state = world.start();
    let mut steps = Vec::new();
    for place in order {
        let (view, took) = step(world, &start, &state, *place);
        steps.push((*place, view, took));
        if let Ok((_, next)) = world.submit(&state, *place) {
            state = next;
        }
    }
    steps
}

/// A step, and how many signatures it still takes; `None` where nobody could complete it.
fn step(
    world: &PlanWorld<'_>,
    start: &PlanState,
    state: &PlanState,
    place: usize,
) -> (PlanStepView, Option<usize>) {
    let mut view = PlanStepView {
        proposal_id: world.name(place),
        signatures: world.worth(place),
        ..PlanStepView::default()
    };
    let Ok(placed) = world.placed(state, place) else {
        return (view, None);
    };
    view.signatures_kept = placed.kept(&state.bundle);
    let (decision, policies) = placed.explained(&state.bundle);
    let still = needed(&policies);
    view.missing = decision.missing.iter().map(ToString::to_string).collect();
    view.needs = decision.needs;
    view.ready = still.as_ref().is_some_and(Vec::is_empty);
    if let Verdict::Refused(refusal) = &decision.verdict {
        view.ready = false;
        view.needs.push(format!("it would be refused: {refusal}"));
    }
    match &placed.fate {
        PlannedFate::Stays => {
            if let Ok(now) = world.placed(start, place) {
                view.lost = lost(&now, start, &placed, state);
            }
        }
        PlannedFate::Again(why) => view.computed_again = Some(why.clone()),
    }
    let took = still.as_ref().map(Vec::len);
    view.signers = still.unwrap_or_default();
    (view, took)
}

/// Whose signatures count now and not then, and why.
fn lost(
    now: &PlacedProposal,
    start: &PlanState,
    then: &PlacedProposal,
    state: &PlanState,
) -> Vec<LostSignatureView> {
    let counting = now.counting(&start.bundle);
    let then_counting = then.counting(&state.bundle);
    let mut lost = Vec::new();
    for (signer, counts) in &counting {
        let after = then_counting
            .iter()
            .find(|(one, _)| one.index == signer.index);
        let why = match (counts, after) {
            (Err(_), _) | (Ok(()), Some((_, Ok(())))) => continue,
            (Ok(()), Some((_, Err(why)))) => why.clone(),
            (Ok(()), None) => {
                let mut rejected = then.signers.rejected().iter();
                let rejected = rejected.find(|one| one.index == signer.index);
                rejected.map_or_else(String::new, |one| one.why.to_string())
            }
        };
        lost.push(LostSignatureView {
            msp_id: signer.identity.msp_id().to_string(),
            subject: signer.identity.subject().to_owned(),
            why,
        });
    }
    lost
}
