//! Ways to satisfy something, and what those who look for them share.

use crate::policy::language::model::PrincipalId;

use super::cast::{Budget, Cast, Counts, Pick};

/// How many ways a node keeps.
pub(in crate::policy) const MAX_WAYS: usize = 24;
/// Steps for the ways of one node.
pub(in crate::policy) const NODE_STEPS: usize = 100_000;

/// A way to satisfy something: the signers in the order of the rules that use them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) struct Way {
    /// How many of the picks are new.
    pub(in crate::policy) new: usize,
    pub(in crate::policy) picks: Vec<Pick>,
}

/// How the parts of a way go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Union {
    /// A signer may serve in several parts.
    Shared,
    /// The parts need different signers.
    Strict,
}

/// How something can be satisfied.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Solved {
    /// Fewest newcomers first; none where nobody could satisfy it.
    pub(in crate::policy) ways: Vec<Way>,
    /// The newcomers in the cheapest ways, also in those that were too many to keep; ascending.
    pub(in crate::policy) newcomers: Vec<PrincipalId>,
    /// Whether all ways are there, as far as they may matter.
    pub(in crate::policy) exact: bool,
}

impl Solved {
    /// Satisfied with nobody new.
    pub(in crate::policy) fn free() -> Self {
        Self {
            ways: vec![Way::default()],
            newcomers: Vec::new(),
            exact: true,
        }
    }

    /// The newcomers of the cheapest way; 0 where there is none.
    pub(in crate::policy) fn cost(&self) -> usize {
        self.ways.first().map_or(0, |way| way.new)
    }
}

/// Finds ways, from the principals up.
pub(in crate::policy) struct Solver<'s, 'a> {
    pub(in crate::policy) cast: &'s Cast<'a>,
    pub(in crate::policy) budget: &'s mut Budget,
    /// To count picks with; of nothing in between.
    pub(in crate::policy) counts: Counts,
    own: Counts,
}

impl<'s, 'a> Solver<'s, 'a> {
    /// Starts with nobody picked.
    pub(in crate::policy) fn new(cast: &'s Cast<'a>, budget: &'s mut Budget) -> Self {
        Self {
            counts: cast.counts(),
            own: cast.counts(),
            cast,
            budget,
        }
    }

    /// Adds as many of each pick as `out`, which the counts are of, has fewer than `picks` has.
    pub(in crate::policy) fn add_missing(&mut self, out: &mut Vec<Pick>, picks: &[Pick]) {
        for pick in picks {
            if self.own.add(*pick) > self.counts.of(*pick) {
                self.counts.add(*pick);
                out.push(*pick);
            }
        }
        self.own.clear(picks);
    }
}
