//! Deciding policies over the identities that signed.

use std::{collections::BTreeMap, collections::BTreeSet, fmt};

use crate::{
    identity::{Identity, MspError, Msps, Principal},
    ids::MspId,
    policy::language::{
        ids::PolicyId,
        model::{PolicyKind, PrincipalId, Rule},
    },
};

use super::{manager::PolicyManager, signers::SignerSet};

/// Which signers satisfy which principal. Signers are numbered by position, from 0.
pub(in crate::policy) trait Holders {
    /// How many signers there are.
    fn signers(&self) -> usize;

    /// The signers that satisfy a principal, ascending.
    fn of(&mut self, principal: PrincipalId) -> &[usize];
}

/// Policies decided over one set of signers. Asks each identity about each principal at most once,
/// and decides each policy at most once, over all calls.
#[derive(Debug)]
pub struct Evaluation<'a>(Decider<'a, Known<'a>>);

impl<'a> Evaluation<'a> {
    /// Whether a policy accepts the signers.
    pub fn accepts(&mut self, id: PolicyId) -> bool {
        self.0.accepts(id)
    }

    pub(in crate::policy) const fn decider(&mut self) -> &mut Decider<'a, Known<'a>> {
        &mut self.0
    }
}

/// Why an identity has no say in some policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Irrelevant {
    /// The identity's MSP.
    pub msp_id: MspId,
    /// The principals that might have fitted, ascending, and why each does not.
    pub tried: Vec<(Principal, MspError)>,
}

impl PolicyManager {
    /// Whether a policy accepts the signers.
    // Fabric: common/cauthdsl/cauthdsl.go, compile; common/policies/implicitmeta.go
    #[must_use]
    pub fn evaluate(&self, msps: &Msps, id: PolicyId, signers: &SignerSet) -> bool {
        self.evaluation(msps, signers).accepts(id)
    }

    /// Starts deciding several policies over the same signers.
    #[must_use]
    pub fn evaluation<'a>(&'a self, msps: &'a Msps, signers: &'a SignerSet) -> Evaluation<'a> {
        Evaluation(Decider::new(self, Known::new(self, msps, signers)))
    }

    /// Every principal that a policy names in some branch, ascending, without repetition.
    #[must_use]
    pub fn principals(&self, id: PolicyId) -> Vec<Principal> {
        self.named(&[id]).into_iter().cloned().collect()
    }

    /// Everybody who has a say in some of these policies.
    #[must_use]
    pub fn concerned(&self, ids: &[PolicyId]) -> Concerned<'_> {
        let mut named = self.mentioned(&self.reachable(ids));
        named.sort_unstable();
        named.dedup();
        let named = named
            .into_iter()
            .filter_map(|id| self.principals_table().get(id));
        let mut by_msp: Vec<_> = named
            .map(|principal| (principal.msp_id(), principal))
            .collect();
        by_msp.sort_by_key(|(msp_id, _)| *msp_id);
        Concerned { by_msp }
    }

    fn named(&self, ids: &[PolicyId]) -> BTreeSet<&Principal> {
        let named = self.mentioned(&self.reachable(ids)).into_iter();
        named
            .filter_map(|id| self.principals_table().get(id))
            .collect()
    }

    /// The principals in the rules of signature policies, as often as they stand there.
    pub(in crate::policy) fn mentioned(&self, ids: &[PolicyId]) -> Vec<PrincipalId> {
        let mut all = Vec::new();
        for id in ids {
            if let Some(PolicyKind::Signature(rules)) = self.policy(*id).map(|policy| &policy.kind)
            {
                all.extend(rules.iter().filter_map(|rule| match rule {
                    Rule::SignedBy(principal) => Some(*principal),
                    Rule::OutOf { .. } => None,
                }));
            }
        }
        all
    }

    /// These policies and everything that their implicit meta policies count, each once,
    /// ascending by the names that lead to them.
    #[must_use]
    pub fn counted(&self, ids: &[PolicyId]) -> Vec<PolicyId> {
        let mut counted = self.reachable(ids);
        counted.sort_by_cached_key(|id| self.names(*id));
        counted
    }

    /// These policies and everything that their implicit meta policies count; every policy comes
    /// before what it counts.
    pub(in crate::policy) fn reachable(&self, ids: &[PolicyId]) -> Vec<PolicyId> {
        let mut seen = vec![false; self.len()];
        let mut done = Vec::new();
        let mut stack: Vec<(PolicyId, bool)> = ids.iter().map(|id| (*id, false)).collect();
        while let Some((id, counted)) = stack.pop() {
            if counted {
                done.push(id);
                continue;
            }
            let (Some(seen @ false), Some(policy)) = (seen.get_mut(id.0), self.policy(id)) else {
                continue;
            };
            *seen = true;
            stack.push((id, true));
            if let PolicyKind::ImplicitMeta(meta) = &policy.kind {
                stack.extend(meta.subs.iter().flatten().map(|sub| (*sub, false)));
            }
        }
        // what a policy counts was done before it: a policy counts only what lies below its group
        done.reverse();
        done
    }
}

/// Whom some policies ask for, in whatever branch: by the MSP that a principal names.
#[derive(Debug)]
pub struct Concerned<'a> {
    /// Ascending by MSP; no principal twice.
    by_msp: Vec<(Option<&'a MspId>, &'a Principal)>,
}

/// So many principals are named for people.
const NAMED: usize = 4;

impl Concerned<'_> {
    /// Whom they ask for, for people: the first few principals, such as `` `Org1MSP.admin` ``, and how
    /// many more.
    #[must_use]
    pub fn asked(&self) -> String {
        let named = self.by_msp.iter().take(NAMED);
        let named: Vec<String> = named.map(|(_, one)| format!("`{one}`")).collect();
        match self.by_msp.len().saturating_sub(NAMED) {
            0 if named.is_empty() => "nobody".to_owned(),
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }

    /// Whether somebody who is no more than this principal says is asked for.
    #[must_use]
    pub fn asks_for(&self, principal: &Principal) -> bool {
        let mut named = self.by_msp.iter();
        named.any(|(_, asked)| principal.implies(asked))
    }

    /// The MSPs that are asked for, ascending, each once.
    #[must_use]
    pub fn msp_ids(&self) -> BTreeSet<&MspId> {
        self.by_msp
            .iter()
            .filter_map(|(msp_id, _)| *msp_id)
            .collect()
    }

    /// Whether an identity satisfies at least one of these principals.
    ///
    /// # Errors
    /// Which principals were tried, and why the identity is none of them.
    pub fn check(&self, identity: &Identity) -> Result<(), Irrelevant> {
        let mut tried = BTreeMap::new();
        // principals of other MSPs are not looked at
        for msp_id in [Some(identity.msp_id()), None] {
            let start = self.by_msp.partition_point(|(other, _)| *other < msp_id);
            let own = self.by_msp.iter().skip(start);
            for (_, principal) in own.take_while(|(other, _)| *other == msp_id) {
                match identity.satisfies(principal) {
                    Ok(()) => return Ok(()),
                    Err(why) => {
                        tried.insert(*principal, why);
                    }
                }
            }
        }
        Err(Irrelevant {
            msp_id: identity.msp_id().clone(),
            tried: (tried.into_iter())
                .map(|(principal, why)| (principal.clone(), why))
                .collect(),
        })
    }
}

impl fmt::Display for Irrelevant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tried.is_empty() {
            return write!(f, "no deciding policy asks for `{}`", self.msp_id);
        }
        for (i, (principal, why)) in self.tried.iter().take(NAMED).enumerate() {
            let comma = if i == 0 { "" } else { "; " };
            write!(f, "{comma}it is not `{principal}`: {why}")?;
        }
        match self.tried.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, "; nor any of {more} more"),
        }
    }
}

/// What the signers of a [`SignerSet`] satisfy, found out on demand.
#[derive(Debug)]
pub(in crate::policy) struct Known<'a> {
    manager: &'a PolicyManager,
    msps: &'a Msps,
    signers: &'a SignerSet,
    /// Who is of which MSP, by position; ascending.
    by_msp: Vec<(&'a MspId, usize)>,
    lists: Vec<Option<Vec<usize>>>,
}

impl<'a> Known<'a> {
    pub(in crate::policy) fn new(
        manager: &'a PolicyManager,
        msps: &'a Msps,
        signers: &'a SignerSet,
    ) -> Self {
        let signed = signers.signers().iter().enumerate();
        let signed = signed.map(|(position, signer)| (signer.identity.msp_id(), position));
        let mut by_msp: Vec<(&MspId, usize)> = signed.collect();
        by_msp.sort_unstable();
        Self {
            manager,
            msps,
            signers,
            by_msp,
            lists: vec![None; manager.principals_table().len()],
        }
    }

    pub(in crate::policy) const fn msps(&self) -> &'a Msps {
        self.msps
    }

    fn find(&self, principal: PrincipalId) -> Vec<usize> {
        let Some(principal) = self.manager.principals_table().get(principal) else {
            return Vec::new();
        };
        let all = self.signers.signers();
        let fits = |position: &usize| {
            all.get(*position)
                .is_some_and(|signer| self.msps.satisfies(&signer.identity, principal).is_ok())
        };
        let supposed = self.signers.supposed().iter().enumerate();
        let supposed = supposed.filter(|(_, signer)| signer.implies(principal));
        let supposed = supposed.map(|(at, _)| all.len().saturating_add(at));
        match principal.msp_id() {
            // only identities of the MSP that a principal names can satisfy it
            Some(msp_id) => {
                let start = self.by_msp.partition_point(|(other, _)| *other < msp_id);
                let own = self.by_msp.iter().skip(start);
                let own = own.take_while(|(other, _)| *other == msp_id);
                let own = own.map(|(_, position)| *position).filter(fits);
                own.chain(supposed).collect()
            }
            None => (0..all.len()).filter(fits).chain(supposed).collect(),
        }
    }
}

impl Holders for Known<'_> {
    fn signers(&self) -> usize {
        self.signers.count()
    }

    fn of(&mut self, principal: PrincipalId) -> &[usize] {
        if let Some(None) = self.lists.get(principal.0) {
            let found = self.find(principal);
            if let Some(list) = self.lists.get_mut(principal.0) {
                *list = Some(found);
            }
        }
        self.lists
            .get(principal.0)
            .and_then(Option::as_deref)
            .unwrap_or_default()
    }
}

/// What became of one rule of a signature policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::policy) struct Outcome {
    pub(in crate::policy) holds: bool,
    /// How many rules directly below hold; 1 or 0 for a principal.
    pub(in crate::policy) have: usize,
    /// The signer that a principal took.
    pub(in crate::policy) signer: Option<usize>,
}

/// Decides policies over some [`Holders`].
#[derive(Debug)]
pub(in crate::policy) struct Decider<'a, H> {
    manager: &'a PolicyManager,
    pub(in crate::policy) holders: H,
    decided: Vec<Option<bool>>,
    used: Used,
    /// Of no gates, in between.
    gates: Vec<OpenGate>,
    /// Rules decided so far: a measure of work.
    pub(in crate::policy) work: usize,
}

/// Which signers are taken by a rule of the signature policy at hand.
#[derive(Debug)]
struct Used {
    flags: Vec<bool>,
    /// The signers taken, in order, so that the latest can be given back.
    trail: Vec<usize>,
}

impl Used {
    fn take_first(&mut self, candidates: &[usize]) -> Option<usize> {
        let free = |signer: &&usize| self.flags.get(**signer) == Some(&false);
        let signer = *candidates.iter().find(free)?;
        if let Some(flag) = self.flags.get_mut(signer) {
            *flag = true;
        }
        self.trail.push(signer);
        Some(signer)
    }

    fn give_back(&mut self, until: usize) {
        for signer in self.trail.drain(until.min(self.trail.len())..) {
            if let Some(flag) = self.flags.get_mut(signer) {
                *flag = false;
            }
        }
    }
}

/// An implicit meta policy whose sub policies are being decided.
struct OpenMeta {
    id: PolicyId,
    /// The next sub policy.
    next: usize,
    have: usize,
}

/// A gate whose rules are being decided.
#[derive(Debug)]
struct OpenGate {
    at: usize,
    n: i32,
    /// Rules not decided yet.
    left: usize,
    have: usize,
    /// How many signers were taken before it.
    taken_before: usize,
}

impl<'a, H: Holders> Decider<'a, H> {
    pub(in crate::policy) fn new(manager: &'a PolicyManager, holders: H) -> Self {
        Self {
            manager,
            decided: vec![None; manager.len()],
            used: Used {
                flags: vec![false; holders.signers()],
                trail: Vec::new(),
            },
            holders,
            gates: Vec::new(),
            work: 0,
        }
    }

    pub(in crate::policy) const fn manager(&self) -> &'a PolicyManager {
        self.manager
    }

    /// Whether a policy accepts; an unknown one never does.
    pub(in crate::policy) fn accepts(&mut self, id: PolicyId) -> bool {
        let mut open = vec![OpenMeta {
            id,
            next: 0,
            have: 0,
        }];
        while let Some(top) = open.last_mut() {
            self.work = self.work.saturating_add(1);
            let id = top.id;
            let accepted = match self.manager.policy(id).map(|policy| &policy.kind) {
                None => false,
                Some(PolicyKind::Signature(rules)) => self.signature(rules, None),
                Some(PolicyKind::ImplicitMeta(meta)) => {
                    let mut undecided = None;
                    while let Some(sub) = meta.subs.get(top.next) {
                        match sub {
                            None => {}
                            Some(sub) => match self.decided.get(sub.0).copied().flatten() {
                                None => {
                                    undecided = Some(*sub);
                                    break;
                                }
                                Some(accepted) => {
                                    top.have = top.have.saturating_add(usize::from(accepted));
                                }
                            },
                        }
                        top.next = top.next.saturating_add(1);
                    }
                    if let Some(id) = undecided {
                        open.push(OpenMeta {
                            id,
                            next: 0,
                            have: 0,
                        });
                        continue;
                    }
                    meta.holds(top.have)
                }
            };
            if let Some(decided) = self.decided.get_mut(id.0) {
                *decided = Some(accepted);
            }
            open.pop();
        }
        self.decided.get(id.0).copied().flatten() == Some(true)
    }

    /// Whether a signature policy accepts: every rule of every gate is decided, left to right, and
    /// takes the first identity that fits and is free; a rule that fails gives back what it took.
    /// `outcomes`, when given, gets one entry for each rule.
    // Fabric: common/cauthdsl/cauthdsl.go, compile
    pub(in crate::policy) fn signature(
        &mut self,
        rules: &[Rule],
        mut outcomes: Option<&mut Vec<Outcome>>,
    ) -> bool {
        if let Some(outcomes) = &mut outcomes {
            outcomes.clear();
            outcomes.resize(rules.len(), Outcome::default());
        }
        let mut record = |at: usize, outcome: Outcome| {
            if let Some(slot) = outcomes.as_mut().and_then(|o| o.get_mut(at)) {
                *slot = outcome;
            }
        };
        self.work = self.work.saturating_add(rules.len());
        let mut open = std::mem::take(&mut self.gates);
        let mut accepted = false;
        for (at, rule) in rules.iter().enumerate() {
            accepted = match *rule {
                Rule::OutOf { n, rules, .. } => {
                    open.push(OpenGate {
                        at,
                        n,
                        left: rules,
                        have: 0,
                        taken_before: self.used.trail.len(),
                    });
                    if rules > 0 {
                        continue;
                    }
                    false // of no rule yet: the gate is closed below
                }
                Rule::SignedBy(principal) => {
                    let signer = self.used.take_first(self.holders.of(principal));
                    let holds = signer.is_some();
                    let have = usize::from(holds);
                    record(
                        at,
                        Outcome {
                            holds,
                            have,
                            signer,
                        },
                    );
                    holds
                }
            };
            // a decided rule counts for its gate, which may be decided by that in turn
            while let Some(gate) = open.last_mut() {
                if gate.left > 0 {
                    gate.left -= 1;
                    gate.have += usize::from(accepted);
                    if gate.left > 0 {
                        break;
                    }
                }
                let (have, taken_before) = (gate.have, gate.taken_before);
                let holds = i64::try_from(have).unwrap_or(i64::MAX) >= i64::from(gate.n);
                let signer = None;
                record(
                    gate.at,
                    Outcome {
                        holds,
                        have,
                        signer,
                    },
                );
                if !holds {
                    self.used.give_back(taken_before);
                }
                accepted = holds;
                open.pop();
            }
        }
        self.used.give_back(0);
        self.gates = open;
        accepted
    }
}
