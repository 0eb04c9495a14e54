//! An intent, the update computed from it, and what others did to the same elements. Pure.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::terms::{Computed, ElementConflict};
use crate::{
    config::{
        Bundle, ConfigError, ConfigTree, Effect, ElementPath, Patch, Touched, Update,
        compute_update,
    },
    contract::error::{Code, ContractError},
    ids::Digest,
    proto::cmscc::{Proposal, TouchedElement},
    review::diff::contrast,
};

/// Of one proposal at most this many differences are listed with its conflicts.
pub(crate) const DIFFERENCES: usize = 100;

/// Why bytes do not do what the intent wants.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// The reason that `status_detail.why` shows.
    pub(crate) why: String,
    /// Elements where the result differs from the intent; empty where the bytes do not apply.
    pub(crate) different_effect: Vec<String>,
    /// Whether the bytes were made for another state of the config.
    pub(crate) stale: bool,
}

/// Whether the config is as the intent wants it. `intended` is the patched config.
pub(crate) fn is_in_effect(config: &ConfigTree, intended: &ConfigTree) -> bool {
    intended.same_content(config)
        || (is_repaired(config, intended)
            && intended
                .repaired()
                .is_ok_and(|repaired| repaired.same_content(config)))
}

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
    let effect = effect(bundle, &config_update, intended).map_err(|misfit| {
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

/// What an update does, signatures aside, where that is valid, as far as this build can tell, and
/// what the intent wants, versions aside: Fabric's read set checks versions, not contents, so an
/// update made for another config can apply and do something else.
pub(crate) fn effect(
    bundle: &Bundle,
    config_update: &Bytes,
    intended: &ConfigTree,
) -> Result<Effect, Misfit> {
    let misfit = |why: String, stale: bool| Misfit {
        why,
        different_effect: Vec::new(),
        stale,
    };
    let update = Update::parse(config_update.clone()).map_err(|e| misfit(e.to_string(), false))?;
    let effect = bundle.effect(&update).map_err(|refusal| {
        let stale = update.delta(bundle.tree()).is_err_and(|e| e.is_stale());
        misfit(refusal.to_string(), stale)
    })?;
    // what is valid by levels that this build does not know, it cannot say
    if let (Err(refusal), true) = (effect.next(), effect.terms().unknown_levels().is_empty()) {
        return Err(misfit(refusal.to_string(), false));
    }
    let result = effect.result();
    let expected = expected(bundle.tree(), intended).map_err(|e| misfit(e.to_string(), false))?;
    if result.same_content(&expected) {
        return Ok(effect);
    }
    Err(Misfit {
        why: "the update applies, but does something else than its intent".to_owned(),
        different_effect: differences(bundle, result, &expected),
        stale: false,
    })
}

impl Misfit {
    /// For people, with what differs.
    pub(crate) fn text(&self) -> String {
        if self.different_effect.is_empty() {
            return self.why.clone();
        }
        format!("{}: {}", self.why, self.different_effect.join(", "))
    }
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

/// The config that Fabric makes of the intended one when it applies the update.
pub(crate) fn expected(
    config: &ConfigTree,
    intended: &ConfigTree,
) -> Result<ConfigTree, ConfigError> {
    match is_repaired(config, intended) {
        true => intended.repaired(),
        false => Ok(intended.clone()),
    }
}

/// Whether Fabric gives elements without mod policy one when it applies the update: it does where
/// the value `/Channel/Orderer/Capabilities` is in the old or in the new config.
fn is_repaired(config: &ConfigTree, intended: &ConfigTree) -> bool {
    [config, intended].into_iter().any(|tree| {
        tree.group(&["Orderer"])
            .is_some_and(|orderer| orderer.value("Capabilities").is_some())
    })
}

/// The elements where two results differ: what an update from one to the other would write.
fn differences(bundle: &Bundle, result: &ConfigTree, expected: &ConfigTree) -> Vec<String> {
    let update = compute_update(bundle.channel(), result, expected)
        .ok()
        .and_then(|bytes| Update::parse(bytes.into()).ok());
    let Some(update) = update else {
        return Vec::new();
    };
    let Ok(delta) = update.delta_set(result) else {
        return Vec::new();
    };
    let mut paths: Vec<ElementPath> = delta
        .elements()
        .iter()
        .map(|element| element.element_path())
        .collect();
    paths.sort();
    paths.iter().map(ToString::to_string).collect()
}
