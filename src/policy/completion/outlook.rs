//! What an explanation comes to, found without making one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cast::{Budget, Cast},
    complete::solve,
    needs::{have_of_needed, needs},
    search,
    ways::Solved,
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
pub(in crate::policy) const STEPS: usize = 2_000_000;

/// What an [`Explanation`](super::Explanation) comes to: whether a policy accepts, and who could complete it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Whether it accepts; then nobody is missing.
    pub satisfied: bool,
    /// Whether somebody could complete it, or the signatures there in another order; whether it
    /// has smallest sets. Also where it accepts.
    pub completable: bool,
    /// The MSPs with a part in some smallest completing set, ascending.
    pub missing: Vec<MspId>,
    /// What it needs, in words: [`Explanation::needs`](super::Explanation::needs).
    pub needs: Option<String>,
}

impl Evaluation<'_> {
    /// What the explanation of a policy would come to. `unasked`: whom nobody should ask to sign
    /// where others could complete it.
    pub fn outlook(&mut self, id: PolicyId, unasked: &BTreeSet<MspId>) -> Outlook {
        if self.accepts(id) {
            return Outlook {
                satisfied: true,
                completable: true,
                missing: Vec::new(),
                needs: None,
            };
        }
        let decider = self.decider();
        let (have, needed) = have_of_needed(decider, id);
        let (manager, msps) = (decider.manager(), decider.holders.msps());
        let (cast, solved) = asked(manager, msps, id, &mut decider.holders, unasked);
        let mut outlook = outlook(&cast, id, &solved);
        outlook.needs = outlook.needs.map(|who| counted(have, needed, &who));
        outlook
    }
}

/// `1 of 3: two more of ..`
pub(super) fn counted(have: usize, needed: i64, who: &str) -> String {
    format!("{have} of {needed}: {who}")
}

/// The outlook of a policy that does not accept; who is needed without how many there are.
pub(in crate::policy) fn outlook(
    cast: &Cast<'_>,
    id: PolicyId,
    solved: &BTreeMap<PolicyId, Solved>,
) -> Outlook {
    let mut outlook = Outlook {
        satisfied: false,
        completable: false,
        missing: Vec::new(),
        needs: None,
    };
    if let Some(solved) = solved.get(&id) {
        let sets = search::some_sets(cast, &[id], solved, &mut Budget::new(STEPS));
        let missing = msps(cast, search::helpful(&sets, solved));
        outlook.completable = !sets.is_empty();
        outlook.needs = Some(needs(cast, solved, &sets, &missing));
        outlook.missing = missing.into_iter().cloned().collect();
    }
    outlook
}

/// Who could complete a policy, and how: everybody but those whom nobody should ask, or everybody
/// where nobody could without them.
pub(super) fn asked<'a>(
    manager: &'a PolicyManager,
    msps: &Msps,
    id: PolicyId,
    known: &mut Known<'_>,
    unasked: &BTreeSet<MspId>,
) -> (Cast<'a>, BTreeMap<PolicyId, Solved>) {
    if !unasked.is_empty() {
        let cast = Cast::new(manager, &[id], known, |msp_id| {
            msp_id.is_none_or(|msp_id| {
                !unasked.contains(msp_id) && msps.get(msp_id.as_str()).is_some()
            })
        });
        let solved = solve(&cast, &[id], &mut Budget::new(STEPS));
        if solved.get(&id).is_some_and(|own| !own.ways.is_empty()) {
            return (cast, solved);
        }
    }
    let cast = everybody(manager, msps, id, known);
    let solved = solve(&cast, &[id], &mut Budget::new(STEPS));
    (cast, solved)
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
