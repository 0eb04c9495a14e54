//! What may become of a proposal that is submitted next, and what a search needs to know of it.

use crate::ids::Digest;

/// What becomes of a proposal that is submitted next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlannedFate {
    /// Its bytes were made for another config by then: its update is computed again, and signed again.
    Again(String),
    /// Its bytes apply as they are.
    Stays,
}

/// A proposal that is submitted next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlannedMove {
    pub(super) fate: PlannedFate,
    /// How many of its signatures count then.
    pub(super) kept: usize,
}

/// Why a proposal is not submitted any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotPlanned {
    /// One that went before wants something else of this element.
    Excluded { by: usize, element: String },
    /// What it wants is in effect by then.
    InEffect,
    /// Its update would be refused then.
    Refused(String),
}

/// Proposals, numbered from 0, and what becomes of them.
pub(super) trait PlanGame {
    /// A config, and which proposals led to it.
    type State;

    /// How many proposals there are.
    fn count(&self) -> usize;

    /// How many signatures of a proposal count now: no order keeps more.
    fn worth(&self, place: usize) -> usize;

    /// The config now.
    fn start(&self) -> Self::State;

    /// What becomes of a proposal that is submitted next, and the config that follows.
    fn submit(
        &self,
        state: &Self::State,
        place: usize,
    ) -> Result<(PlannedMove, Self::State), NotPlanned>;

    /// What tells configs apart.
    fn key(&self, state: &Self::State) -> Digest;
}
