//! How much it takes at least to satisfy policies, whoever has signed: to tell policies that nobody
//! can satisfy, and those that became weaker.

use std::cmp::Reverse;

use crate::{
    identity::{Anonymity, Msps, Principal, Role},
    policy::{
        evaluation::manager::PolicyManager,
        language::{
            ids::PolicyId,
            model::{PolicyKind, PrincipalId, Rule, rules_below},
        },
    },
};

/// The least that satisfies a policy. The two numbers are least each on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Signatures.
    pub signatures: usize,
    /// Signatures of those who are more than a member of an organisation with an ordinary role:
    /// administrators, units, named certificates.
    pub privileged: usize,
}

/// The efforts of all policies of a config.
#[derive(Clone, Debug)]
pub struct Efforts {
    signatures: Vec<Option<usize>>,
    privileged: Vec<Option<usize>>,
}

impl Efforts {
    /// What it takes to satisfy a policy; `None` where nobody can.
    ///
    /// That one signer may serve in several sub policies, or may not serve twice in one, is not looked
    /// at: where nobody can, nobody can indeed.
    #[must_use]
    pub fn of(&self, id: PolicyId) -> Option<Effort> {
        Some(Effort {
            signatures: self.signatures.get(id.0).copied().flatten()?,
            privileged: self.privileged.get(id.0).copied().flatten()?,
        })
    }
}

impl PolicyManager {
    /// What each policy takes, given who can exist: an MSP gives a role only if it can have somebody
    /// with it.
    #[must_use]
    pub fn efforts(&self, msps: &Msps) -> Efforts {
        let mut order: Vec<PolicyId> = self.iter().collect();
        self.bottom_up(&mut order);
        let least = |cost: &dyn Fn(&Principal) -> usize| {
            let table = self.principals_table();
            let principals = (0..table.len()).map(|at| table.get(PrincipalId(at)));
            let costs = principals.map(|one| one.filter(|p| can_exist(msps, p)).map(cost));
            let costs: Vec<Option<usize>> = costs.collect();
            self.least(&order, |principal| {
                costs.get(principal.0).copied().flatten()
            })
        };
        Efforts {
            signatures: least(&|_| 1),
            privileged: least(&|principal| usize::from(is_privileged(principal))),
        }
    }

    /// How many sub policies must accept, and how many there are; `None` for a policy that is not
    /// an implicit meta policy.
    #[must_use]
    pub fn meta_count(&self, id: PolicyId) -> Option<(usize, usize)> {
        match &self.policy(id)?.kind {
            PolicyKind::ImplicitMeta(meta) => Some((meta.threshold(), meta.subs.len())),
            PolicyKind::Signature(_) => None,
        }
    }

    /// Sorts policies so that what one counts comes before it.
    pub(super) fn bottom_up(&self, ids: &mut [PolicyId]) {
        // what is counted stands in a group below, which was added later
        ids.sort_by_key(|id| Reverse(self.policy(*id).map(|policy| policy.group)));
    }

    /// The least cost of some policies, by id, from the cost of each principal; `None` where nobody
    /// can satisfy it, as far as every rule by itself tells. What a policy counts comes before it.
    pub(in crate::policy) fn least(
        &self,
        order: &[PolicyId],
        mut cost: impl FnMut(PrincipalId) -> Option<usize>,
    ) -> Vec<Option<usize>> {
        let mut out = vec![None; self.len()];
        for id in order {
            let least = match self.policy(*id).map(|policy| &policy.kind) {
                None => continue,
                Some(PolicyKind::Signature(rules)) => signature(rules, &mut cost),
                Some(PolicyKind::ImplicitMeta(meta)) => {
                    let subs = meta.subs.iter().flatten();
                    let subs = subs.map(|sub| out.get(sub.0).copied().flatten());
                    cheapest(subs, meta.threshold())
                }
            };
            if let Some(slot) = out.get_mut(id.0) {
                *slot = least;
            }
        }
        out
    }
}

/// The least cost of a signature policy, from the cost of each principal; `None` where nobody can
/// satisfy it, as far as every rule by itself tells.
pub(super) fn signature(
    rules: &[Rule],
    cost: &mut impl FnMut(PrincipalId) -> Option<usize>,
) -> Option<usize> {
    let mut least: Vec<Option<usize>> = vec![None; rules.len()];
    // what is below a gate comes behind it
    for (at, rule) in rules.iter().enumerate().rev() {
        let own = match *rule {
            Rule::SignedBy(principal) => cost(principal),
            Rule::OutOf { n, .. } => {
                let below = rules_below(rules, at);
                let below = below.map(|below| least.get(below).copied().flatten());
                cheapest(below, usize::try_from(n).unwrap_or(0))
            }
        };
        if let Some(slot) = least.get_mut(at) {
            *slot = own;
        }
    }
    least.first().copied().flatten()
}

/// The sum of the `needed` smallest numbers; `None` where there are fewer.
fn cheapest(parts: impl Iterator<Item = Option<usize>>, needed: usize) -> Option<usize> {
    let mut parts: Vec<usize> = parts.flatten().collect();
    parts.sort_unstable();
    let chosen = parts.get(..needed)?;
    Some(chosen.iter().copied().fold(0, usize::saturating_add))
}

/// Whether somebody could be whom a principal asks for, as far as the MSPs tell.
pub(super) fn can_exist(msps: &Msps, principal: &Principal) -> bool {
    let has = |msp_id: &str, role| msps.get(msp_id).is_some_and(|msp| msp.can_have(role));
    match principal {
        Principal::Role { msp_id, role } => has(msp_id.as_str(), *role),
        Principal::OrganizationUnit { msp_id, .. } => has(msp_id.as_str(), Role::Member),
        Principal::Identity(named) => has(named.msp_id().as_str(), Role::Member),
        Principal::Anonymity(Anonymity::Anonymous) => msps.iter().any(|msp| msp.is_idemix()),
        Principal::Anonymity(anonymity) => *anonymity == Anonymity::Nominal,
        // parts of a combined principal are never combined themselves
        Principal::Combined(parts) => parts
            .iter()
            .all(|part| !matches!(part, Principal::Combined(_)) && can_exist(msps, part)),
        Principal::Other { .. } => false,
    }
}

fn is_privileged(principal: &Principal) -> bool {
    match principal {
        Principal::Role { role, .. } => *role == Role::Admin,
        Principal::OrganizationUnit { .. } | Principal::Identity(_) => true,
        Principal::Combined(parts) => parts
            .iter()
            .any(|part| !matches!(part, Principal::Combined(_)) && is_privileged(part)),
        Principal::Anonymity(_) | Principal::Other { .. } => false,
    }
}
