//! An intent, the update computed from it, and what others did to the same elements. Pure.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::terms::{Computed, ElementConflict};
use crate::{
    config::{Bundle, ConfigTree, Effect, Patch, Touched, compute_update, intended_effect},
    contract::error::{Code, ContractError},
    ids::Digest,
    proto::cmscc::{Proposal, TouchedElement},
    review::diff::contrast,
};

/// Of one proposal at most this many differences are listed with its conflicts.
pub(crate) const DIFFERENCES: usize = 100;

/// Computes the update that turns the config into the intended one, and makes sure that it does:
/// with its effect.
pub(crate) fn compute(
    bundle: &Bundle,
    patch: &Patch,
    intended: &ConfigTree,
) -> Result<(Computed, Effect), ContractError> {
    let bytes = compute_update(bundle.channel(), bundle.tree(), intended)
        .map_err(|e| Code::NothingToChange.because(e))?;
    let config_update = Bytes::from(bytes);
    let effect = intended_effect(bundle, &config_update, intended).map_err(|misfit| {
        let code = match misfit.different_effect.is_empty() {
            true => Code::InvalidResult,
            false => Code::DifferentEffect,
        };
        code.because(misfit.text())
    })?;
    let computed = Computed {
        config_update,
        touched: touched(patch, bundle.tree()),
    };
    Ok((computed, effect))
}

/// The elements of the intent whose content is no longer the one that the current revision was
/// computed on, in the intent's order.
pub(crate) fn conflicts(
    proposal: &Proposal,
    patch: &Patch,
    bundle: &Bundle,
    intended: &ConfigTree,
) -> Vec<ElementConflict> {
    let now = by_element(patch.touched(bundle.tree()));
    let ours = by_element(patch.touched(intended));
    let mut room = DIFFERENCES;
    let mut conflicts = Vec::new();
    for element in &proposal.touched {
        let key = (element.element.clone(), element.whole);
        let base = Digest::from_bytes(&element.content_sha256);
        let Some(theirs) = now.get(&key).filter(|theirs| theirs.digest != base) else {
            continue;
        };
        let mut contrast = contrast(&theirs.path, theirs.whole, bundle.tree(), intended);
        contrast.truncate(room);
        room = room.saturating_sub(contrast.differences.len());
        conflicts.push(ElementConflict {
            element: element.element.clone(),
            base,
            theirs: theirs.digest,
            ours: ours.get(&key).and_then(|ours| ours.digest),
            contrast,
        });
    }
    conflicts
}

/// What the intent writes or deletes, with the content that a config has there.
pub(crate) fn touched(patch: &Patch, config: &ConfigTree) -> Vec<TouchedElement> {
    patch
        .touched(config)
        .into_iter()
        .map(|touched| TouchedElement {
            element: touched.path.to_string(),
            content_sha256: touched
                .digest
                .map(|digest| Bytes::copy_from_slice(digest.as_bytes()))
                .unwrap_or_default(),
            whole: touched.whole,
        })
        .collect()
}

fn by_element(touched: Vec<Touched>) -> BTreeMap<(String, bool), Touched> {
    let keyed = touched.into_iter();
    keyed
        .map(|touched| ((touched.path.to_string(), touched.whole), touched))
        .collect()
}
