//! What can be said of a proposal without looking at signatures, votes and deadline: whether its
//! bytes still do to the verified config what was intended. Pure.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    agreement,
    cache::Compiled,
    error::ContractError,
    levels::{self, Raise},
    proofs::Effective,
    proposal::{self, Computed, Conflict},
    state::Trusted,
};
use crate::{
    config::{Bundle, Effect, Terms},
    ids::Digest,
    policy::PolicyId,
    proto::cmscc::{Proposal, ProposalKind},
};

/// What can be said of a proposal without looking at signatures, votes and deadline.
#[derive(Debug)]
pub(super) enum Standing {
    /// The verified chain proves that the current revision took effect, by itself or combined.
    Submitted(Effective),
    /// The config is as the intent wants it, for whatever reason.
    AlreadyInEffect,
    /// Taken back by its owner.
    Withdrawn,
    /// The intent cannot be applied any more; why.
    Broken(String),
    /// The bytes do not fit the config any more, or would do something else than the intent.
    Outofdate(Arc<Stale>),
    /// The bytes apply cleanly, with exactly the intended effect.
    Open(Deciding),
}

/// What decides about an open proposal.
#[derive(Clone, Debug)]
pub(super) enum Deciding {
    /// The one policy that decides about settings.
    Settings(SettingsTerms),
    /// The policies of what a config update writes, and an orderer's rules.
    Update(Arc<KnownTerms>),
}

/// What decides about settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SettingsTerms {
    /// The policy.
    pub(super) policy: PolicyId,
    /// What this build would have to know to apply them.
    pub(super) unsupported: Option<String>,
}

impl Deciding {
    /// The policies that must be satisfied.
    pub(super) fn policies(&self) -> &[PolicyId] {
        match self {
            Self::Settings(terms) => std::slice::from_ref(&terms.policy),
            Self::Update(known) => &known.policies,
        }
    }
}

/// How an intent and the update that stands for it fit a config.
#[derive(Clone, Debug)]
pub(super) enum Fit {
    /// The config is as the intent wants it.
    AlreadyInEffect,
    /// The intent cannot be applied; why.
    Broken(String),
    /// The update does not fit, or does something else than the intent.
    Outofdate(Arc<Stale>),
    /// The update does what the intent wants.
    Open(Arc<KnownTerms>),
}

/// What decides about an update that fits.
#[derive(Debug)]
pub(super) struct KnownTerms {
    terms: Terms,
    policies: Vec<PolicyId>,
    /// The levels that it raises.
    pub(super) raises: Vec<Raise>,
    /// What this build would have to know to say more.
    unsupported: Option<String>,
}

/// An out-of-date proposal.
#[derive(Clone, Debug)]
pub(super) struct Stale {
    /// What does not fit.
    pub(super) why: String,
    /// What the bytes would do beside, or instead of, the intent.
    pub(super) different_effect: Vec<String>,
    /// The update computed again.
    pub(super) fresh: Computed,
    /// What others changed that the intent changes, too.
    pub(super) conflicts: Vec<Conflict>,
}

impl KnownTerms {
    /// The terms of an update with this effect.
    pub(super) fn of(bundle: &Bundle, effect: &Effect) -> Arc<Self> {
        let terms = effect.terms().clone();
        let policies = terms.policies().iter().map(|one| one.policy).collect();
        Arc::new(Self {
            terms,
            policies,
            raises: levels::raised(bundle.tree(), effect.result()),
            unsupported: unsupported(effect.unknown_levels()),
        })
    }

    /// The policies that must be satisfied.
    pub(super) fn policies(&self) -> &[PolicyId] {
        &self.policies
    }

    /// The terms themselves.
    pub(super) const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What this build would have to know to say more.
    pub(super) const fn unsupported(&self) -> Option<&String> {
        self.unsupported.as_ref()
    }

    /// What it takes to keep them. Unit: bytes, about.
    pub(super) fn weight(&self) -> usize {
        const EACH: usize = 100;
        let elements = self.terms.policies().iter().flat_map(|one| &one.elements);
        let elements = elements.map(|element| EACH + element.to_string().len());
        elements.sum::<usize>() + EACH * (self.policies.len() + self.raises.len())
    }
}

impl Fit {
    /// Judges an update that is to do what the intent of a proposal wants; with what that is, where
    /// it can be done. `update` is the update's digest.
    fn find(
        bundle: &Compiled,
        proposal: &Proposal,
        config_update: &Bytes,
        update: &Digest,
    ) -> Result<(Self, Option<Change>), ContractError> {
        let patch = proposal::patch(proposal)?;
        let intended = match patch.apply(bundle.tree()) {
            Ok(intended) => intended,
            Err(e) => return Ok((Self::Broken(e.to_string()), None)),
        };
        if proposal::is_in_effect(bundle.tree(), &intended) {
            return Ok((Self::AlreadyInEffect, None));
        }
        let misfit = match proposal::effect(bundle, config_update, &intended) {
            Ok(effect) => {
                let known = KnownTerms::of(bundle, &effect);
                bundle.keep_terms(update, Some(&known));
                let written = effect.written().iter().map(ToString::to_string);
                bundle.keep_written(update, Some(&written.collect()));
                let change = Change {
                    config_update: config_update.clone(),
                    effect,
                };
                return Ok((Self::Open(known), Some(change)));
            }
            Err(misfit) => misfit,
        };
        Ok(match proposal::compute(bundle, &patch, &intended) {
            Err(refusal) => (Self::Broken(refusal.text().to_owned()), None),
            Ok((fresh, effect)) => {
                let change = Change {
                    config_update: fresh.config_update.clone(),
                    effect,
                };
                let stale = Stale {
                    why: misfit.why,
                    different_effect: misfit.different_effect,
                    conflicts: proposal::conflicts(proposal, &patch, bundle, &intended),
                    fresh,
                };
                (Self::Outofdate(Arc::new(stale)), Some(change))
            }
        })
    }

    /// What it takes to keep it. Unit: bytes, about.
    pub(super) fn weight(&self) -> usize {
        const EACH: usize = 300;
        match self {
            Self::AlreadyInEffect => 0,
            Self::Broken(why) => why.len(),
            Self::Open(known) => known.weight(),
            Self::Outofdate(stale) => {
                let texts = stale.different_effect.iter().map(|text| EACH + text.len());
                let touched = stale.fresh.touched.iter();
                let touched = touched.map(|touched| EACH + touched.element.len());
                let conflicts = stale.conflicts.iter().map(Conflict::weight);
                stale.why.len()
                    + stale.fresh.config_update.len()
                    + texts.chain(touched).chain(conflicts).sum::<usize>()
            }
        }
    }
}

impl Standing {
    /// Judges the current revision. `proof`: where its bytes took effect.
    pub(super) fn of(
        bundle: &Compiled,
        trusted: &Trusted,
        proposal: &Proposal,
        proof: Option<Effective>,
    ) -> Result<Self, ContractError> {
        Self::with_change(bundle, trusted, proposal, proof).map(|(standing, _)| standing)
    }

    /// The same, with what the intent does to the config where judging it had to find that out.
    pub(super) fn with_change(
        bundle: &Compiled,
        trusted: &Trusted,
        proposal: &Proposal,
        proof: Option<Effective>,
    ) -> Result<(Self, Option<Change>), ContractError> {
        let standing = match proposal.kind() {
            ProposalKind::Settings if proposal.withdrawal.is_some() => Self::Withdrawn,
            ProposalKind::Settings => Self::of_settings(bundle, trusted, proposal)?,
            _ => return Self::of_update(bundle, proposal, proof),
        };
        Ok((standing, None))
    }

    /// The same of a config update, which only the config decides about.
    fn of_update(
        bundle: &Compiled,
        proposal: &Proposal,
        proof: Option<Effective>,
    ) -> Result<(Self, Option<Change>), ContractError> {
        if let Some(proof) = proof {
            return Ok((Self::Submitted(proof), None));
        }
        if proposal.withdrawal.is_some() {
            return Ok((Self::Withdrawn, None));
        }
        let current = proposal::current(proposal)?;
        let touched = proposal.touched.iter().flat_map(|touched| {
            let whole: &[u8] = if touched.whole { b"w" } else { b"" };
            [touched.element.as_bytes(), &touched.content_sha256, whole]
        });
        let update = Digest::of(&current.config_update);
        let given = [&proposal.patch[..], update.as_bytes()];
        let given = Digest::of_parts(given.into_iter().chain(touched));
        let mut change = None;
        let fit = bundle.fit(&given, || {
            let (fit, found) = Fit::find(bundle, proposal, &current.config_update, &update)?;
            change = found;
            Ok(fit)
        })?;
        let standing = match fit {
            Fit::AlreadyInEffect => Self::AlreadyInEffect,
            Fit::Broken(why) => Self::Broken(why),
            Fit::Open(known) => Self::Open(Deciding::Update(known)),
            Fit::Outofdate(stale) => Self::Outofdate(stale),
        };
        Ok((standing, change))
    }

    fn of_settings(
        bundle: &Bundle,
        trusted: &Trusted,
        proposal: &Proposal,
    ) -> Result<Self, ContractError> {
        Ok(match agreement::standing(bundle, trusted, proposal)? {
            agreement::Standing::AlreadyInEffect => Self::AlreadyInEffect,
            agreement::Standing::Broken(why) => Self::Broken(why),
            agreement::Standing::Outofdate { why, fresh } => Self::Outofdate(Arc::new(Stale {
                why,
                different_effect: Vec::new(),
                fresh,
                conflicts: Vec::new(),
            })),
            agreement::Standing::Open(policy) => {
                let wanted = agreement::change(proposal)?.settings;
                let known = agreement::demand_known(&wanted.unwrap_or_default());
                Self::Open(Deciding::Settings(SettingsTerms {
                    policy,
                    unsupported: known.err().map(|refusal| refusal.text().to_owned()),
                }))
            }
        })
    }
}

/// What an update does to the verified config.
#[derive(Debug)]
pub(super) struct Change {
    /// The update.
    pub(super) config_update: Bytes,
    /// Its effect.
    pub(super) effect: Effect,
}

/// For people, that a verdict takes levels which this build does not know; `None`: it takes none.
fn unsupported(levels: &[String]) -> Option<String> {
    (!levels.is_empty()).then(|| {
        format!(
            "it takes the capability levels `{}` to say more, which this server (version {}) does \
             not know; install a version that does",
            levels.join("`, `"),
            env!("CARGO_PKG_VERSION")
        )
    })
}
