//! What decides about a proposal, and what became of one that does not fit any more: the types.

use std::sync::Arc;

use bytes::Bytes;

use super::recordable::Recording;
use crate::{
    config::Terms,
    contract::{
        answer::{ConflictReport, optional_digest},
        chain::levels::Raise,
        ledger::proofs::Effective,
    },
    ids::Digest,
    policy::PolicyId,
    proto::cmscc::TouchedElement,
    review::diff::Contrast,
};

/// What can be said of a proposal without looking at signatures, votes and deadline.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// The verified chain proves that the current revision took effect, by itself or combined.
    Submitted(Effective),
    /// What is wanted is there already, for whatever reason.
    AlreadyInEffect,
    /// Taken back by its owner.
    Withdrawn,
    /// The intent cannot be applied any more; why.
    Broken(String),
    /// The bytes do not fit what is there any more, or would do something else than the intent.
    Outofdate(Arc<Stale>),
    /// The bytes apply cleanly, with exactly the intended effect.
    Open(Deciding),
}

impl Standing {
    /// What it takes to keep it. Unit: bytes, about.
    pub(crate) fn weight(&self) -> usize {
        const EACH: usize = 300;
        match self {
            Self::Submitted(_) | Self::AlreadyInEffect | Self::Withdrawn => 0,
            Self::Broken(why) => why.len(),
            Self::Open(Deciding::Update { terms, raises, .. }) => {
                weight_of(terms) + EACH * raises.len()
            }
            Self::Open(Deciding::Settings(_)) => EACH,
            Self::Outofdate(stale) => {
                let texts = stale.different_effect.iter().map(|text| EACH + text.len());
                let touched = stale.fresh.touched.iter();
                let touched = touched.map(|touched| EACH + touched.element.len());
                let conflicts = stale.conflicts.iter().map(ElementConflict::weight);
                stale.why.len()
                    + stale.fresh.config_update.len()
                    + texts.chain(touched).chain(conflicts).sum::<usize>()
            }
        }
    }
}

/// What decides about an open proposal.
#[derive(Clone, Debug)]
pub(crate) enum Deciding {
    /// The one policy that decides about settings.
    Settings(SettingsTerms),
    /// The policies of what a config update writes, and an orderer's rules.
    Update {
        /// As the config's rules give them.
        terms: Arc<Terms>,
        /// The capability levels that it raises; left out where nobody asks for attestations.
        raises: Vec<Raise>,
        /// What recording it takes; left out where nobody asks.
        recording: Option<Recording>,
    },
}

impl Deciding {
    /// The policies that must be satisfied.
    pub(crate) fn policies(&self) -> &[PolicyId] {
        match self {
            Self::Settings(terms) => std::slice::from_ref(&terms.policy),
            Self::Update { terms, .. } => terms.policy_ids(),
        }
    }
}

/// What decides about settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SettingsTerms {
    /// The policy that must be satisfied: `/Channel/Application/Admins`.
    pub(crate) policy: PolicyId,
    /// What this build would have to know to apply them.
    pub(crate) unsupported: Option<String>,
}

/// Why the bytes no longer fit, and the update computed again.
#[derive(Clone, Debug)]
pub(crate) struct Stale {
    /// What does not fit.
    pub(crate) why: String,
    /// What the bytes would do beside, or instead of, the intent.
    pub(crate) different_effect: Vec<String>,
    /// The update as the intent computes it on the head's config.
    pub(crate) fresh: Computed,
    /// What others changed that the intent changes, too.
    pub(crate) conflicts: Vec<ElementConflict>,
}

/// An update computed from an intent on the current config.
#[derive(Clone, Debug)]
pub(crate) struct Computed {
    /// The serialized `common.ConfigUpdate`.
    pub(crate) config_update: Bytes,
    /// What the intent writes or deletes, with the content that is there now.
    pub(crate) touched: Vec<TouchedElement>,
}

/// An element of the intent that somebody else changed since the update was computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ElementConflict {
    pub(super) element: String,
    pub(super) base: Option<Digest>,
    pub(super) theirs: Option<Digest>,
    pub(super) ours: Option<Digest>,
    pub(super) contrast: Contrast,
}

impl ElementConflict {
    /// What it takes to keep it. Unit: bytes, about.
    pub(crate) fn weight(&self) -> usize {
        const EACH: usize = 300;
        // a difference holds its path, both contents, and a text with all of that in it
        let differences = self.contrast.differences.iter();
        let differences = differences.map(|one| EACH.saturating_add(one.text.len() * 2));
        differences.sum::<usize>() + EACH + self.element.len()
    }

    /// The conflict as answers show it.
    pub(crate) fn report(&self) -> ConflictReport {
        ConflictReport {
            base_sha256: optional_digest(self.base.as_ref()),
            current_sha256: optional_digest(self.theirs.as_ref()),
            differences: self.contrast.differences.clone(),
            element: self.element.clone(),
            ours_sha256: optional_digest(self.ours.as_ref()),
            truncated: self.contrast.truncated,
        }
    }
}

/// What it takes to keep the terms of an update. Unit: bytes, about.
pub(crate) fn weight_of(terms: &Terms) -> usize {
    const EACH: usize = 100;
    let elements = terms.policies().iter().flat_map(|one| &one.elements);
    let elements = elements.map(|element| EACH + element.to_string().len());
    elements.sum::<usize>() + EACH * (2 * terms.policy_ids().len() + terms.unknown_levels().len())
}
