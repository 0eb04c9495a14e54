//! What could become of policies: whether one signature could ever satisfy one, whether some could if
//! others were changed, and who is counted without being able to say yes.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    identity::{Anonymity, Msps, Principal},
    ids::MspId,
    policy::{
        evaluation::{evaluate::Decider, manager::PolicyManager},
        language::{
            ids::{GroupId, PolicyId},
            implicit_meta::{ImplicitMeta, MetaRule},
            model::{PolicyKind, PrincipalId, Rule, rules_below},
        },
    },
};

use super::{
    cast::Supposed,
    effort::{can_exist, cheapest},
};

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
    /// all that its MSP can make of somebody.
    #[must_use]
    pub fn could_pass_alone(&self, msps: &Msps, id: PolicyId) -> bool {
        let reachable = self.reachable(&[id]);
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
        if reachable.iter().any(is_odd) {
            return true;
        }
        let mut by_msp: BTreeMap<Option<&MspId>, Vec<PrincipalId>> = BTreeMap::new();
        for principal in self.mentioned(&reachable) {
            let known = self.principals_table().get(principal);
            if let Some(known) = known.filter(|known| can_exist(msps, known)) {
                by_msp.entry(known.msp_id()).or_default().push(principal);
            }
        }
        let anybody = by_msp.get(&None).cloned().unwrap_or_default();
        let accepts = |signers: usize, satisfied: &[PrincipalId]| {
            let holders = satisfied.iter().chain(&anybody).map(|one| (*one, 0));
            let mut holders: Vec<_> = holders.filter(|_| signers > 0).collect();
            holders.sort_unstable();
            holders.dedup();
            Decider::new(self, Supposed::new(signers, holders)).accepts(id)
        };
        accepts(1, &[]) || accepts(0, &[]) || by_msp.values().any(|of| accepts(1, of))
    }

    /// The policies that could be satisfied once everything that can be changed is changed.
    #[must_use]
    pub fn could_become_satisfiable(&self, msps: &Msps, open: &Changeable) -> BTreeSet<PolicyId> {
        let mut order: Vec<PolicyId> = self.iter().collect();
        order.sort_by_key(|id| Reverse(self.policy(*id).map(|policy| policy.group)));
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
                    PolicyKind::Signature(rules) => signature(rules, &table),
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

fn signature(rules: &[Rule], possible: &[bool]) -> bool {
    let mut satisfiable: Vec<Option<usize>> = vec![None; rules.len()];
    // what is below a gate comes behind it
    for (at, rule) in rules.iter().enumerate().rev() {
        let own = match *rule {
            Rule::SignedBy(id) => (possible.get(id.0) == Some(&true)).then_some(0),
            Rule::OutOf { n, .. } => {
                let below = rules_below(rules, at);
                let below = below.map(|below| satisfiable.get(below).copied().flatten());
                cheapest(below, usize::try_from(n).unwrap_or(0))
            }
        };
        if let Some(slot) = satisfiable.get_mut(at) {
            *slot = own;
        }
    }
    satisfiable.first().is_some_and(Option::is_some)
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
