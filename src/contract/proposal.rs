//! An intent, the update computed from it, and what others did to the same elements. Pure.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    error::{Code, ContractError},
    reports::{ConflictReport, optional_digest},
};
use crate::{
    config::{
        Bundle, ConfigError, ConfigTree, Effect, ElementPath, Limits, Patch, Touched, Update,
        compute_update,
    },
    ids::Digest,
    proto::cmscc::{Proposal, RevisionBytes, TouchedElement},
    review::diff::{Contrast, contrast},
};

/// Of one proposal at most this many differences are listed with its conflicts.
pub(super) const DIFFERENCES: usize = 100;

/// An update computed from an intent on the current config.
#[derive(Clone, Debug)]
pub(super) struct Computed {
    /// The serialized `common.ConfigUpdate`.
    pub(super) config_update: Bytes,
    /// What the intent writes or deletes, with the content that is there now.
    pub(super) touched: Vec<TouchedElement>,
}

/// Why bytes do not do what the intent wants.
#[derive(Debug)]
pub(super) struct Misfit {
    /// For people.
    pub(super) why: String,
    /// Elements where the result differs from the intent; empty where the bytes do not apply.
    pub(super) different_effect: Vec<String>,
    /// Whether the bytes were made for another state of the config.
    pub(super) stale: bool,
}

/// An element of the intent that somebody else changed since the update was computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    element: String,
    base: Option<Digest>,
    theirs: Option<Digest>,
    ours: Option<Digest>,
    contrast: Contrast,
}

impl Conflict {
    /// What it takes to keep it. Unit: bytes, about.
    pub(super) fn weight(&self) -> usize {
        const EACH: usize = 300;
        // a difference holds its path, both contents, and a text with all of that in it
        let differences = self.contrast.differences.iter();
        let differences = differences.map(|one| EACH.saturating_add(one.text.len() * 2));
        differences.sum::<usize>() + EACH + self.element.len()
    }

    /// The conflict as answers show it.
    pub(super) fn report(&self) -> ConflictReport {
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

/// The stored intent.
pub(super) fn patch(proposal: &Proposal) -> Result<Patch, ContractError> {
    // what was accepted once stays readable, whatever a server's limits are now
    let limits = Limits {
        patch_bytes: usize::MAX,
        patch_levels: usize::MAX,
    };
    Patch::parse(proposal.patch.clone(), &limits).map_err(|e| {
        Code::StateCorrupt.because(format_args!("the patch of proposal `{}`: {e}", proposal.id))
    })
}

/// The current revision.
pub(super) fn current(proposal: &Proposal) -> Result<&RevisionBytes, ContractError> {
    proposal.revisions.last().ok_or_else(|| {
        Code::StateCorrupt.because(format_args!("proposal `{}` has no revision", proposal.id))
    })
}

/// Whether the config is as the intent wants it. `intended` is the patched config.
pub(super) fn is_in_effect(config: &ConfigTree, intended: &ConfigTree) -> bool {
    intended.same_content(config)
        || (is_repaired(config, intended)
            && intended
                .repaired()
                .is_ok_and(|repaired| repaired.same_content(config)))
}

/// Computes the update that turns the config into the intended one, and makes sure that it does:
/// with its effect.
pub(super) fn compute(
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
/// what the intent wants, versions aside: Fabric's read set checks versions, not contents, so an update made for another config can
/// apply and do something else.
pub(super) fn effect(
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
    if let (Err(refusal), true) = (effect.next(), effect.unknown_levels().is_empty()) {
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
    pub(super) fn text(&self) -> String {
        if self.different_effect.is_empty() {
            return self.why.clone();
        }
        format!("{}: {}", self.why, self.different_effect.join(", "))
    }
}

/// The elements of the intent whose content is no longer the one that the current revision was
/// computed on, in the intent's order.
pub(super) fn conflicts(
    proposal: &Proposal,
    patch: &Patch,
    bundle: &Bundle,
    intended: &ConfigTree,
) -> Vec<Conflict> {
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
        conflicts.push(Conflict {
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
pub(super) fn touched(patch: &Patch, config: &ConfigTree) -> Vec<TouchedElement> {
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
pub(super) fn expected(
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
