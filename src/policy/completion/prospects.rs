//! What could become of policies: whether one signature could ever satisfy one, whether some could if
//! others were changed, and who is counted without being able to say yes.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    identity::{Anonymity, Msps, Principal},
    ids::MspId,
    policy::{
        evaluation::manager::PolicyManager,
        language::{
            ids::{GroupId, PolicyId},
            implicit_meta::{ImplicitMeta, MetaRule},
            model::{PolicyKind, PrincipalId},
        },
    },
};

use super::effort::{can_exist, signature};

/// What could be changed, and so could come to mean anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changeable {
    /// Groups: what is in them could be replaced.
    pub groups: BTreeSet<GroupId>,
    /// Policies.
    pub policies: BTreeSet<PolicyId>,
    /// Organisations whose MSP could be replaced.
    pub msps: BTreeSet<MspId>,
}

impl PolicyManager {
    /// Whether one signature of somebody could satisfy a policy: what peers and orderers ask of a
    /// proposal or a request has one. False only where nobody could: it is supposed that the signer is
    /// whatever helps of all that its MSP can make of somebody.
    #[must_use]
    pub fn could_pass_alone(&self, msps: &Msps, id: PolicyId) -> bool {
        let mut order = self.reachable(&[id]);
        let is_odd = |id: &PolicyId| {
            matches!(
                self.policy(*id).map(|policy| &policy.kind),
                Some(PolicyKind::ImplicitMeta(ImplicitMeta {
                    rule: MetaRule::Unknown(_),
                    ..
                }))
            )
        };
        // one that holds while nobody says yes
        if order.iter().any(is_odd) {
            return true;
        }
        let mut by_msp: BTreeMap<Option<&MspId>, BTreeSet<PrincipalId>> = BTreeMap::new();
        for principal in self.mentioned(&order) {
            let known = self.principals_table().get(principal);
            if let Some(known) = known.filter(|known| can_exist(msps, known)) {
                by_msp.entry(known.msp_id()).or_default().insert(principal);
            }
        }
        let anybody = by_msp.remove(&None).unwrap_or_default();
        self.bottom_up(&mut order);
        let accepts = |of: &BTreeSet<PrincipalId>| {
            let is_one = |id: &PrincipalId| of.contains(id) || anybody.contains(id);
            let mut holding = BTreeSet::new();
            for id in &order {
                let holds = match self.policy(*id).map(|policy| &policy.kind) {
                    None => false,
                    // it serves once; whom it is not need not be, so what gates need is counted
                    Some(PolicyKind::Signature(rules)) => {
                        let mut cost = |id: PrincipalId| is_one(&id).then_some(1);
                        signature(rules, &mut cost).is_some_and(|signers| signers <= 1)
                    }
                    Some(PolicyKind::ImplicitMeta(meta)) => {
                        let subs = meta.subs.iter().flatten();
                        subs.filter(|sub| holding.contains(*sub)).count() >= meta.threshold()
                    }
                };
                if holds {
                    holding.insert(*id);
                }
            }
            holding.contains(&id)
        };
        accepts(&BTreeSet::new()) || by_msp.values().any(accepts)
    }

    /// The policies that could be satisfied once everything that can be changed is changed.
    #[must_use]
    pub fn could_become_satisfiable(&self, msps: &Msps, open: &Changeable) -> BTreeSet<PolicyId> {
        let mut order: Vec<PolicyId> = self.iter().collect();
        self.bottom_up(&mut order);
        let possible = |id: PrincipalId| {
            let principal = self.principals_table().get(id);
            principal.is_some_and(|one| can_exist(msps, one) || could_exist(open, one))
        };
        let table = (0..self.principals_table().len()).map(|at| possible(PrincipalId(at)));
        let table: Vec<bool> = table.collect();
        let mut out = BTreeSet::new();
        for id in order {
            let Some(policy) = self.policy(id) else {
                continue;
            };
            let satisfiable = open.policies.contains(&id)
                || open.groups.contains(&policy.group)
                || match &policy.kind {
                    PolicyKind::Signature(rules) => {
                        let mut cost = |id: PrincipalId| table.get(id.0).copied()?.then_some(0);
                        signature(rules, &mut cost).is_some()
                    }
                    PolicyKind::ImplicitMeta(meta) => {
                        let groups = self
                            .groups(policy.group)
                            .map(|sub| open.groups.contains(&sub));
                        let subs = meta.subs.iter().zip(groups).filter(|(sub, open)| {
                            *open || sub.is_some_and(|sub| out.contains(&sub))
                        });
                        subs.count() >= meta.threshold()
                    }
                };
            if satisfiable {
                out.insert(id);
            }
        }
        out
    }

    /// The groups that an implicit meta policy counts although they have no policy for it, by their
    /// names, with the name of that policy. Empty for other policies.
    #[must_use]
    pub fn silent(&self, id: PolicyId) -> (Vec<&str>, &str) {
        let Some(policy) = self.policy(id) else {
            return (Vec::new(), "");
        };
        match &policy.kind {
            PolicyKind::Signature(_) => (Vec::new(), ""),
            PolicyKind::ImplicitMeta(meta) => {
                let groups = self.group_names(policy.group).zip(&meta.subs);
                let silent = groups.filter(|(_, sub)| sub.is_none());
                (silent.map(|(name, _)| name).collect(), &meta.sub_policy)
            }
        }
    }
}

/// Whether somebody could be whom a principal asks for, once MSPs are changed that can be.
fn could_exist(open: &Changeable, principal: &Principal) -> bool {
    match principal {
        Principal::Combined(parts) => parts
            .iter()
            .all(|part| !matches!(part, Principal::Combined(_)) && could_exist(open, part)),
        Principal::Anonymity(anonymity) => *anonymity == Anonymity::Nominal,
        Principal::Other { .. } => false,
        one => one
            .msp_id()
            .is_some_and(|msp_id| open.msps.contains(msp_id)),
    }
}
