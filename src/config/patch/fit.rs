//! Whether the bytes of an update do what an intent wants.

use bytes::Bytes;

use crate::config::{
    bundle::Bundle,
    tree::{ConfigError, ConfigTree, ElementPath},
    update::{Effect, Update, compute_update},
};

/// Whether the config is as the intent wants it. `intended` is the patched config.
#[must_use]
pub fn is_in_effect(config: &ConfigTree, intended: &ConfigTree) -> bool {
    intended.same_content(config)
        || (is_repaired(config, intended)
            && intended
                .repaired()
                .is_ok_and(|repaired| repaired.same_content(config)))
}

/// What an update does, signatures aside, where that is valid, as far as this build can tell, and
/// what the intent wants, versions aside: Fabric's read set checks versions, not contents, so an
/// update made for another config can apply and do something else.
///
/// # Errors
/// [`Misfit`].
pub fn intended_effect(
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
    let expected =
        expected_result(bundle.tree(), intended).map_err(|e| misfit(e.to_string(), false))?;
    if result.same_content(&expected) {
        return Ok(effect);
    }
    Err(Misfit {
        why: "the update applies, but does something else than its intent".to_owned(),
        different_effect: differences(bundle, result, &expected),
        stale: false,
    })
}

/// Why bytes do not do what the intent wants.
#[derive(Debug)]
pub struct Misfit {
    /// The reason that `status_detail.why` shows.
    pub why: String,
    /// Elements where the result differs from the intent; empty where the bytes do not apply.
    pub different_effect: Vec<String>,
    /// Whether the bytes were made for another state of the config.
    pub stale: bool,
}

impl Misfit {
    /// For people, with what differs.
    #[must_use]
    pub fn text(&self) -> String {
        if self.different_effect.is_empty() {
            return self.why.clone();
        }
        format!("{}: {}", self.why, self.different_effect.join(", "))
    }
}

/// The config that Fabric makes of the intended one when it applies the update.
///
/// # Errors
/// [`ConfigError`].
pub fn expected_result(
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
