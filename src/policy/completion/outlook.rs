//! What an explanation comes to, found without making one.

use std::collections::BTreeSet;

use super::{
    cast::{Budget, Cast},
    complete::solve,
    search,
};
use crate::{
    identity::{Msps, Principal},
    ids::MspId,
    policy::{
        evaluation::{
            evaluate::{Evaluation, Known},
            manager::PolicyManager,
        },
        language::{ids::PolicyId, model::PrincipalId},
    },
};

/// Steps for finding completing sets.
pub(super) const STEPS: usize = 2_000_000;

/// What an [`Explanation`](super::Explanation) comes to: whether a policy accepts, and who could complete it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Whether it accepts; then nobody is missing.
    pub satisfied: bool,
    /// Whether somebody could complete it, or the signatures there are in another order; whether it
    /// has smallest sets. Also where it accepts.
    pub completable: bool,
    /// The MSPs with a part in some smallest completing set, ascending.
    pub missing: Vec<MspId>,
}

impl Evaluation<'_> {
    /// What the explanation of a policy would come to.
    pub fn outlook(&mut self, id: PolicyId) -> Outlook {
        if self.accepts(id) {
            return Outlook {
                satisfied: true,
                completable: true,
                missing: Vec::new(),
            };
        }
        let decider = self.decider();
        let (manager, msps) = (decider.manager(), decider.holders.msps());
        let cast = everybody(manager, msps, id, &mut decider.holders);
        outlook(&cast, id)
    }
}

/// The outlook of a policy that does not accept.
pub(in crate::policy) fn outlook(cast: &Cast<'_>, id: PolicyId) -> Outlook {
    let solved = solve(cast, &[id], &mut Budget::new(STEPS));
    let outlook = solved
        .get(&id)
        .map(|solved| search::outlook(cast, &[id], solved, &mut Budget::new(STEPS)));
    let (completable, helpful) = outlook.unwrap_or_default();
    Outlook {
        satisfied: false,
        completable,
        missing: msps(cast, helpful).into_iter().cloned().collect(),
    }
}

/// The signers and everybody who may come: whoever an MSP of the channel could have.
pub(super) fn everybody<'a>(
    manager: &'a PolicyManager,
    msps: &Msps,
    id: PolicyId,
    known: &mut Known<'_>,
) -> Cast<'a> {
    Cast::new(manager, &[id], known, |msp_id| {
        msp_id.is_none_or(|msp_id| msps.get(msp_id.as_str()).is_some())
    })
}

/// The MSPs that newcomers are of.
pub(super) fn msps<'a>(cast: &Cast<'a>, newcomers: BTreeSet<PrincipalId>) -> BTreeSet<&'a MspId> {
    let principals = newcomers.into_iter().filter_map(|id| cast.principal(id));
    principals.filter_map(Principal::msp_id).collect()
}
