//! A config's policies in memory: flat lists, so that depth costs no stack.

use std::collections::BTreeMap;

use crate::{identity::Principal, policy::implicit_meta::ImplicitMeta};

/// One rule of a signature policy. A policy is its rules in pre-order: a gate, then everything
/// below its first rule, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// At least `n` of `rules` rules hold; `end` is the index after the last rule below.
    OutOf {
        /// The threshold; 0 and negative ones always hold, ones above `rules` never.
        n: i32,
        /// How many rules stand directly below.
        rules: usize,
        /// Index of the first rule that is not below this one.
        end: usize,
    },
    /// An identity that satisfies this principal, not used by another rule yet.
    SignedBy(PrincipalId),
}

/// What decides a policy.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Policies of the sub groups decide.
    ImplicitMeta(ImplicitMeta),
    /// Principals decide. INVARIANT: never empty; the first rule spans all of them.
    Signature(Vec<Rule>),
}

/// A principal of a [`Principals`] list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PrincipalId(pub(super) usize);

/// The different principals of all policies of a config, so that each is decided once.
#[derive(Clone, Debug, Default)]
pub(super) struct Principals {
    list: Vec<Principal>,
    by_bytes: BTreeMap<Vec<u8>, PrincipalId>,
}

impl Principals {
    /// The id of a serialized `MSPPrincipal`; equal bytes share one.
    pub(super) fn intern(&mut self, bytes: &[u8]) -> PrincipalId {
        if let Some(id) = self.by_bytes.get(bytes) {
            return *id;
        }
        let id = PrincipalId(self.list.len());
        self.list.push(Principal::parse(bytes));
        self.by_bytes.insert(bytes.to_vec(), id);
        id
    }

    /// A principal by its id.
    pub(super) fn get(&self, id: PrincipalId) -> Option<&Principal> {
        self.list.get(id.0)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Frees what only [`Self::intern`] needs.
    pub(super) fn seal(&mut self) {
        self.by_bytes = BTreeMap::new();
    }
}

/// The indices of the rules directly below the gate at `gate`, in order; empty for other rules.
pub(super) fn rules_below(rules: &[Rule], gate: usize) -> impl Iterator<Item = usize> {
    let (count, mut next) = match rules.get(gate) {
        Some(Rule::OutOf { rules: count, .. }) => (*count, gate.saturating_add(1)),
        _ => (0, gate),
    };
    (0..count).map(move |_| {
        let here = next;
        next = match rules.get(here) {
            Some(Rule::OutOf { end, .. }) => *end,
            _ => here.saturating_add(1),
        };
        here
    })
}
