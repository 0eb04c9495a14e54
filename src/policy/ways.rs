//! Ways to satisfy something, and what those who look for them share.

use crate::policy::{
    cast::{Budget, Cast, Counts, Pick},
    model::PrincipalId,
};

/// How many ways a node keeps.
pub(super) const MAX_WAYS: usize = 24;
/// Steps for the ways of one node.
pub(super) const NODE_STEPS: usize = 100_000;

/// A way to satisfy something: the signers in the order of the rules that use them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    /// How many of the picks are new.
    pub(super) new: usize,
    pub(super) picks: Vec<Pick>,
}

/// How the parts of a way go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Union {
    /// A signer may serve in several parts.
    Shared,
    /// The parts need different signers.
    Strict,
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
    /// Satisfied with nobody new.
    pub(super) fn free() -> Self {
        Self {
            ways: vec![Way::default()],
            newcomers: Vec::new(),
            exact: true,
        }
    }

    /// The newcomers of the cheapest way; 0 where there is none.
    pub(super) fn cost(&self) -> usize {
        self.ways.first().map_or(0, |way| way.new)
    }
}

/// Finds ways, from the principals up.
pub(super) struct Solver<'s, 'a> {
    pub(super) cast: &'s Cast<'a>,
    pub(super) budget: &'s mut Budget,
    /// To count picks with; of nothing in between.
    pub(super) counts: Counts,
    own: Counts,
}

impl<'s, 'a> Solver<'s, 'a> {
    /// Starts with nobody picked.
    pub(super) fn new(cast: &'s Cast<'a>, budget: &'s mut Budget) -> Self {
        Self {
            counts: cast.counts(),
            own: cast.counts(),
            cast,
            budget,
        }
    }

    /// Adds as many of each pick as `out`, which the counts are of, has fewer than `picks` has.
    pub(super) fn add_missing(&mut self, out: &mut Vec<Pick>, picks: &[Pick]) {
        for pick in picks {
            if self.own.add(*pick) > self.counts.of(*pick) {
                self.counts.add(*pick);
                out.push(*pick);
            }
        }
        self.own.clear(picks);
    }
}
