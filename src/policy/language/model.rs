//! A config's policies in memory: flat lists, so that depth costs no stack.

use std::{cell::OnceCell, collections::BTreeMap, sync::Arc};

use crate::identity::Principal;

use super::implicit_meta::ImplicitMeta;

/// One rule of a signature policy. A policy is its rules in pre-order: a gate, then everything
/// below its first rule, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Rule {
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) enum PolicyKind {
    /// Policies of the sub groups decide.
    ImplicitMeta(ImplicitMeta),
    /// Principals decide. INVARIANT: never empty; the first rule spans all of them.
    Signature(Vec<Rule>),
}

/// A principal of a [`Principals`] list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) struct PrincipalId(pub(in crate::policy) usize);

/// The different principals of all policies of a config, so that each is decided once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::policy) struct Principals(Vec<Arc<Named>>);

/// A principal, and the serialized `MSPPrincipal` that it was read from.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    bytes: Arc<[u8]>,
    principal: Principal,
}

impl Principals {
    /// A principal by its id.
    pub(in crate::policy) fn get(&self, id: PrincipalId) -> Option<&Principal> {
        self.0.get(id.0).map(|named| &named.principal)
    }

    /// How many there are.
    pub(in crate::policy) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Collects the principals of a config, in the order in which its policies name them. Those that
/// another config has already are shared with it, and not read again.
#[derive(Debug, Default)]
pub(in crate::policy) struct PrincipalsBuilder<'b> {
    found: Vec<Arc<Named>>,
    /// Those of `found` that `before` has not.
    new: BTreeMap<Arc<[u8]>, PrincipalId>,
    before: Option<Before<'b>>,
}

/// The principals of the other config.
#[derive(Debug)]
struct Before<'b> {
    principals: &'b Principals,
    /// For each of them its id here, once it has one.
    ids: Vec<Option<PrincipalId>>,
    /// Made when one is looked up.
    by_bytes: OnceCell<BTreeMap<&'b [u8], PrincipalId>>,
}

impl<'b> PrincipalsBuilder<'b> {
    /// Starts with nothing; `before` is the other config's.
    pub(in crate::policy) fn following(before: &'b Principals) -> Self {
        Self {
            before: Some(Before {
                principals: before,
                ids: vec![None; before.len()],
                by_bytes: OnceCell::new(),
            }),
            ..Self::default()
        }
    }

    /// The id of a serialized `MSPPrincipal`; equal bytes share one.
    pub(in crate::policy) fn intern(&mut self, bytes: &[u8]) -> PrincipalId {
        let before = self.before.as_ref().and_then(|before| before.find(bytes));
        if let Some(id) = before {
            return self.take_over(id);
        }
        if let Some(id) = self.new.get(bytes) {
            return *id;
        }
        let named = Named {
            bytes: bytes.into(),
            principal: Principal::parse(bytes),
        };
        let id = PrincipalId(self.found.len());
        self.new.insert(Arc::clone(&named.bytes), id);
        self.found.push(Arc::new(named));
        id
    }

    /// The id here of a principal of the other config.
    pub(in crate::policy) fn take_over(&mut self, id: PrincipalId) -> PrincipalId {
        let here = PrincipalId(self.found.len());
        let Some(before) = &mut self.before else {
            return here;
        };
        match (before.ids.get_mut(id.0), before.principals.0.get(id.0)) {
            (Some(Some(known)), _) => *known,
            (Some(slot), Some(named)) => {
                *slot = Some(here);
                self.found.push(Arc::clone(named));
                here
            }
            _ => here,
        }
    }

    pub(in crate::policy) fn finish(self) -> Principals {
        Principals(self.found)
    }
}

impl Before<'_> {
    fn find(&self, bytes: &[u8]) -> Option<PrincipalId> {
        let by_bytes = self.by_bytes.get_or_init(|| {
            let all = self.principals.0.iter().enumerate();
            all.map(|(at, named)| (&*named.bytes, PrincipalId(at)))
                .collect()
        });
        by_bytes.get(bytes).copied()
    }
}

/// The indices of the rules directly below the gate at `gate`, in order; empty for other rules.
pub(in crate::policy) fn rules_below(rules: &[Rule], gate: usize) -> impl Iterator<Item = usize> {
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
