//! What an update does to a config, and what decides about it: all that follows without signatures.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use super::{
    config_update::Update,
    delta::Delta,
    refusal::{Cause, Refusal, Stage},
};
use crate::{
    config::{
        bundle::{Bundle, unknown_levels},
        orderer::{ConsenterChange, only_for_3},
        tree::{ConfigTree, ElementPath},
    },
    policy::PolicyId,
};

/// What an update does to a config, signatures aside: the part of an emulation that only a new
/// config changes.
#[derive(Debug)]
pub struct Effect {
    config_update: Bytes,
    pub(super) terms: Arc<Terms>,
    written: Vec<ElementPath>,
    result: ConfigTree,
    pub(super) next: Result<Bundle, Refusal>,
}

/// What decides about an update, together with its signatures: an effect without the resulting
/// config, to be kept for long.
#[derive(Clone, Debug)]
pub struct Terms {
    pub(super) policies: Vec<UpdatePolicy>,
    /// The same without their elements.
    pub(super) ids: Vec<PolicyId>,
    /// Levels that decide what is valid and that this build does not know.
    unknown: Vec<String>,
    /// Why the resulting config is refused, if it is.
    pub(super) refusal: Option<Refusal>,
    pub(super) change: ConsenterChange,
    /// Why orderers of 2.5 would refuse what those of 3.x accept, if they would.
    pub(super) only_for_3: Vec<String>,
    /// Bytes of the update and of the resulting config together.
    pub(super) bytes: u64,
}

/// A policy that decides an update, and for which elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdatePolicy {
    /// Which one, of the current config's.
    pub policy: PolicyId,
    /// The elements that it decides, ascending; never empty.
    pub elements: Vec<ElementPath>,
}

impl Terms {
    /// The policies that decide the update, by the first element that each decides.
    #[must_use]
    pub fn policies(&self) -> &[UpdatePolicy] {
        &self.policies
    }

    /// The same by their ids alone.
    #[must_use]
    pub fn policy_ids(&self) -> &[PolicyId] {
        &self.ids
    }

    /// The levels that decide what is valid and that this build does not know: those that the
    /// result demands, and the current config of orderers. While there are any, nobody here can say
    /// what an orderer says, or what the result is good for.
    #[must_use]
    pub fn unknown_levels(&self) -> &[String] {
        &self.unknown
    }
}

impl Effect {
    /// The serialized `common.ConfigUpdate`.
    #[must_use]
    pub const fn config_update(&self) -> &Bytes {
        &self.config_update
    }

    /// What decides about the update.
    #[must_use]
    pub const fn terms(&self) -> &Arc<Terms> {
        &self.terms
    }

    /// The policies that decide the update, by the first element that each decides.
    #[must_use]
    pub fn policies(&self) -> &[UpdatePolicy] {
        self.terms.policies()
    }

    /// The elements that the update writes, in the order of its delta.
    #[must_use]
    pub fn written(&self) -> &[ElementPath] {
        &self.written
    }

    /// The config that the update makes of the current one; it may be refused.
    #[must_use]
    pub const fn result(&self) -> &ConfigTree {
        &self.result
    }

    /// The resulting config, compiled.
    ///
    /// # Errors
    /// Why an orderer would not let it follow.
    pub const fn next(&self) -> Result<&Bundle, &Refusal> {
        self.next.as_ref()
    }

    /// The same, with nothing else kept.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub fn into_next(self) -> Result<Bundle, Refusal> {
        self.next
    }
}

impl Bundle {
    /// The policies that decide an update, by the first element that each decides.
    ///
    /// # Errors
    /// [`Refusal`] where the update does not fit this config.
    pub fn update_policies(&self, update: &Update) -> Result<Vec<UpdatePolicy>, Refusal> {
        let propose = |cause: Cause| Refusal::at(Stage::Propose, cause);
        let delta = self.checked_delta(update)?;
        Ok(by_policy(self.delta_policies(&delta).map_err(propose)?))
    }

    /// What an update does to this config.
    ///
    /// # Errors
    /// [`Refusal`] where the update does not fit this config; that its result is not valid is part
    /// of the effect.
    pub fn effect(&self, update: &Update) -> Result<Effect, Refusal> {
        let propose = |cause: Cause| Refusal::at(Stage::Propose, cause);
        let delta = self.checked_delta(update)?;
        let policies = by_policy(self.delta_policies(&delta).map_err(propose)?);
        let result = delta.result().map_err(|e| propose(e.into()))?;
        let bytes = (update.bytes().len() as u64).saturating_add(result.encoded_len() as u64);
        let judged = self.judge(update, &result);
        let (next, change) = match judged {
            Ok((next, change)) => (Ok(next), change),
            Err(refusal) => (Err(refusal), ConsenterChange::default()),
        };
        let refusal = next.as_ref().err().cloned();
        let only_for_3 = (next.as_ref()).map_or_else(|_| Vec::new(), |next| only_for_3(self, next));
        let mut unknown = unknown_levels(&result);
        unknown.extend(self.unknown_orderer_levels());
        unknown.sort();
        unknown.dedup();
        let terms = Terms {
            ids: policies.iter().map(|one| one.policy).collect(),
            policies,
            unknown,
            refusal,
            change,
            only_for_3,
            bytes,
        };
        let written = delta.elements().iter().map(|one| one.element_path());
        Ok(Effect {
            config_update: update.bytes().clone(),
            terms: Arc::new(terms),
            written: written.collect(),
            result,
            next,
        })
    }

    /// The changed elements, once channel and content pass the checks of a proposal.
    pub(super) fn delta_set<'a>(&'a self, update: &'a Update) -> Result<Delta<'a>, Refusal> {
        update
            .check_channel(self.channel())
            .and_then(|()| update.delta_set(self.tree()))
            .map_err(|e| Refusal::at(Stage::Propose, e))
    }

    /// What an update writes: something, and each element well-formed.
    fn checked_delta<'a>(&'a self, update: &'a Update) -> Result<Delta<'a>, Refusal> {
        update
            .check_channel(self.channel())
            .and_then(|()| update.delta(self.tree()))
            .map_err(|e| Refusal::at(Stage::Propose, e))
    }

    /// All that comes after the update itself is accepted.
    pub(super) fn judge(
        &self,
        update: &Update,
        result: &ConfigTree,
    ) -> Result<(Self, ConsenterChange), Refusal> {
        let next = self.next_at_orderer(result)?;
        let change = self
            .check_consensus(&next)
            .map_err(|e| Refusal::at(Stage::Consensus, e))?;
        self.check_migration(&next, update.write_set())
            .map_err(|e| Refusal::at(Stage::Migration, e))?;
        Ok((next, change))
    }

    /// Levels that an orderer must know and this build does not.
    pub(super) fn unknown_orderer_levels(&self) -> Vec<String> {
        let orderer = self.orderer_capabilities();
        let mut levels: Vec<String> = (orderer.into_iter())
            .flat_map(|capabilities| capabilities.unsupported())
            .chain(self.channel_capabilities().unsupported())
            .map(str::to_owned)
            .collect();
        levels.sort();
        levels.dedup();
        levels
    }
}

/// Groups elements by the policy that decides them.
fn by_policy(elements: Vec<(ElementPath, PolicyId)>) -> Vec<UpdatePolicy> {
    let mut places: BTreeMap<PolicyId, usize> = BTreeMap::new();
    let mut out: Vec<UpdatePolicy> = Vec::new();
    for (element, policy) in elements {
        let place = *places.entry(policy).or_insert(out.len());
        match out.get_mut(place) {
            Some(known) => known.elements.push(element),
            None => out.push(UpdatePolicy {
                policy,
                elements: vec![element],
            }),
        }
    }
    out
}
