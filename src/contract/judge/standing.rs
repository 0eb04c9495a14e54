//! What can be said of a proposal without looking at signatures, votes and deadline: whether its
//! bytes still do to the verified config what was intended. Pure.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    agreement,
    cache::Compiled,
    fit::{self, Change},
    terms::{Deciding, Fit, KnownTerms, SettingsTerms, Stale},
};
use crate::{
    config::Bundle,
    contract::{
        error::ContractError,
        ledger::{Trusted, proofs::Effective, proposals},
    },
    ids::Digest,
    proto::cmscc::{Proposal, ProposalKind},
};

/// What can be said of a proposal without looking at signatures, votes and deadline.
#[derive(Debug)]
pub(crate) enum Standing {
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

impl Standing {
    /// Judges the current revision. `proof`: where its bytes took effect.
    pub(crate) fn of(
        bundle: &Compiled,
        trusted: &Trusted,
        proposal: &Proposal,
        proof: Option<Effective>,
    ) -> Result<Self, ContractError> {
        Self::with_change(bundle, trusted, proposal, proof).map(|(standing, _)| standing)
    }

    /// The same, with what the intent does to the config where judging it had to find that out.
    pub(crate) fn with_change(
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
        let current = proposals::current(proposal)?;
        let touched = proposal.touched.iter().flat_map(|touched| {
            let whole: &[u8] = if touched.whole { b"w" } else { b"" };
            [touched.element.as_bytes(), &touched.content_sha256, whole]
        });
        let update = Digest::of(&current.config_update);
        let given = [&proposal.patch[..], update.as_bytes()];
        let given = Digest::of_parts(given.into_iter().chain(touched));
        let mut change = None;
        let fit = bundle.fit(&given, || {
            let (fit, found) = find_fit(bundle, proposal, &current.config_update, &update)?;
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

/// Judges an update that is to do what the intent of a proposal wants; with what that is, where
/// it can be done. `update` is the update's digest.
fn find_fit(
    bundle: &Compiled,
    proposal: &Proposal,
    config_update: &Bytes,
    update: &Digest,
) -> Result<(Fit, Option<Change>), ContractError> {
    let patch = proposals::patch(proposal)?;
    let intended = match patch.apply(bundle.tree()) {
        Ok(intended) => intended,
        Err(e) => return Ok((Fit::Broken(e.to_string()), None)),
    };
    if fit::is_in_effect(bundle.tree(), &intended) {
        return Ok((Fit::AlreadyInEffect, None));
    }
    let misfit = match fit::effect(bundle, config_update, &intended) {
        Ok(effect) => {
            let known = KnownTerms::of(bundle, &effect);
            bundle.keep_terms(update, Some(&known));
            let written = effect.written().iter().map(ToString::to_string);
            bundle.keep_written(update, Some(&written.collect()));
            let change = Change {
                config_update: config_update.clone(),
                effect,
            };
            return Ok((Fit::Open(known), Some(change)));
        }
        Err(misfit) => misfit,
    };
    Ok(match fit::compute(bundle, &patch, &intended) {
        Err(refusal) => (Fit::Broken(refusal.text().to_owned()), None),
        Ok((fresh, effect)) => {
            let change = Change {
                config_update: fresh.config_update.clone(),
                effect,
            };
            let stale = Stale {
                why: misfit.why,
                different_effect: misfit.different_effect,
                conflicts: fit::conflicts(proposal, &patch, bundle, &intended),
                fresh,
            };
            (Fit::Outofdate(Arc::new(stale)), Some(change))
        }
    })
}
