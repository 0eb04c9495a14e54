//! What can be said of a proposal without looking at signatures, votes and deadline: whether its
//! bytes still do to the verified config what was intended. Pure.

use std::sync::Arc;

use super::{
    agreement,
    cache::Compiled,
    fit,
    recordable::Recording,
    terms::{Deciding, Stale, Standing},
};
use crate::{
    config::{Effect, Terms, Update, intended_effect, is_in_effect},
    contract::{
        chain::levels,
        error::ContractError,
        ledger::{
            TrustedHead,
            proofs::Effective,
            proposals::{self, HashedRevision},
        },
    },
    ids::Digest,
    proto::cmscc::{Proposal, ProposalKind},
};

/// Judges the current revision, as far as the config, intent and bytes tell: whether its bytes took
/// effect is asked for only where it is not open ([`proven`]).
pub(crate) fn of(
    bundle: &Compiled,
    trusted: &TrustedHead,
    proposal: &Proposal,
    withdrawn: bool,
    current: &HashedRevision<'_>,
) -> Result<Standing, ContractError> {
    with_change(bundle, trusted, proposal, withdrawn, current).map(|(standing, _)| standing)
}

/// The standing of what is not open, where its bytes took effect. Settings are proven by nothing but
/// the ledger itself.
pub(crate) fn proven(
    standing: Standing,
    proposal: &Proposal,
    proof: Option<Effective>,
) -> Standing {
    let is_update = proposal.kind() != ProposalKind::Settings;
    match (standing, proof) {
        (Standing::Open(deciding), _) => Standing::Open(deciding),
        (_, Some(proof)) if is_update => Standing::Submitted(proof),
        (standing, _) => standing,
    }
}

/// The same as [`of`], with what the intent does to the config where judging it had to find that out.
pub(crate) fn with_change(
    bundle: &Compiled,
    trusted: &TrustedHead,
    proposal: &Proposal,
    withdrawn: bool,
    current: &HashedRevision<'_>,
) -> Result<(Standing, Option<Effect>), ContractError> {
    if withdrawn {
        return Ok((Standing::Withdrawn, None));
    }
    if proposal.kind() == ProposalKind::Settings {
        let standing = agreement::standing(bundle, trusted, proposal, current)?;
        return Ok((standing, None));
    }
    let touched = proposal.touched.iter().flat_map(|touched| {
        let whole: &[u8] = if touched.whole { b"w" } else { b"" };
        [touched.element.as_bytes(), &touched.content_sha256, whole]
    });
    let policy = trusted.settings.endorsement_policy.as_str();
    let agreed = Some(policy).filter(|text| !text.is_empty());
    let given = [
        &proposal.patch[..],
        current.digest.as_bytes(),
        policy.as_bytes(),
    ];
    let given = Digest::of_parts(given.into_iter().chain(touched));
    let mut change = None;
    let standing = bundle.standing(&given, || {
        let (standing, found) = of_update(bundle, proposal, current, agreed)?;
        change = found;
        Ok(standing)
    })?;
    Ok((standing, change))
}

/// What an orderer would hold a revision's bytes against; `None` where they do not apply to the head's
/// config any more.
pub(crate) fn terms(bundle: &Compiled, revision: &HashedRevision<'_>) -> Option<Arc<Terms>> {
    bundle.terms(&revision.digest, || {
        let update = Update::parse(revision.config_update.clone()).ok()?;
        let effect = bundle.effect(&update).ok()?;
        Some(Arc::clone(effect.terms()))
    })
}

/// Judges an update that is to do what the intent of a proposal wants; with what that is, where
/// it can be done.
fn of_update(
    bundle: &Compiled,
    proposal: &Proposal,
    current: &HashedRevision<'_>,
    agreed: Option<&str>,
) -> Result<(Standing, Option<Effect>), ContractError> {
    let patch = proposals::patch(proposal)?;
    let intended = match patch.apply(bundle.tree()) {
        Ok(intended) => intended,
        Err(e) => return Ok((Standing::Broken(e.to_string()), None)),
    };
    if is_in_effect(bundle.tree(), &intended) {
        return Ok((Standing::AlreadyInEffect, None));
    }
    let misfit = match intended_effect(bundle, current.config_update, &intended) {
        Ok(effect) => {
            let terms = effect.terms();
            bundle.keep_terms(&current.digest, Some(terms));
            // too large, or against a rule of its consensus type: no signature changes that
            if let Some(refusal) = bundle.refusal(terms) {
                return Ok((Standing::Broken(refusal.to_string()), Some(effect)));
            }
            let update = Update::parse(current.config_update.clone()).ok();
            let recording =
                update.and_then(|update| Recording::of(bundle, &update, &effect, agreed));
            let deciding = Deciding::Update {
                terms: Arc::clone(terms),
                raises: levels::raised(bundle.tree(), effect.result()),
                recording,
            };
            return Ok((Standing::Open(deciding), Some(effect)));
        }
        Err(misfit) => misfit,
    };
    Ok(match fit::compute(bundle, &patch, &intended) {
        Err(refusal) => (Standing::Broken(refusal.text().to_owned()), None),
        Ok((fresh, effect)) => {
            let stale = Stale {
                why: misfit.why,
                different_effect: misfit.different_effect,
                conflicts: fit::conflicts(proposal, &patch, bundle, &intended),
                fresh,
            };
            (Standing::Outofdate(Arc::new(stale)), Some(effect))
        }
    })
}
