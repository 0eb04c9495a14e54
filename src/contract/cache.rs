//! Compiled configs and what follows from them, kept from one call to the next. It saves work, never
//! a read of the ledger, and cannot change an answer: it is looked up by everything that went in.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;

use crate::{
    config::{Bundle, ConfigSignature, Effect},
    ids::{ChannelId, Digest},
};

/// How many compiled configs are kept.
const BUNDLES: usize = 8;
/// How many updates of one config are kept applied; each holds a compiled config.
const EFFECTS: usize = 16;
/// How many valid signatures on updates are kept for one config.
const SIGNATURES: usize = 4096;

/// Compiled configs by channel and digest of their bytes.
#[derive(Default)]
pub(super) struct BundleCache(Mutex<Recent<(ChannelId, Digest), Arc<Compiled>>>);

impl BundleCache {
    /// The compiled config, where it is held.
    pub(super) fn get(&self, channel: &ChannelId, digest: &Digest) -> Option<Arc<Compiled>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(&(channel.clone(), *digest))
    }

    /// Keeps a compiled config.
    pub(super) fn put(
        &self,
        channel: &ChannelId,
        digest: &Digest,
        bundle: &Arc<Bundle>,
    ) -> Arc<Compiled> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let compiled = Arc::new(Compiled::of(bundle));
        held.put((channel.clone(), *digest), Arc::clone(&compiled), BUNDLES);
        compiled
    }
}

impl fmt::Debug for BundleCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BundleCache").finish_non_exhaustive()
    }
}

/// A compiled config, and what was found out with it.
pub(super) struct Compiled {
    bundle: Arc<Bundle>,
    effects: Mutex<Recent<Intended, Arc<Effect>>>,
    verified: Mutex<Recent<Signed, ()>>,
}

/// SHA-256 of an intent and of the update that stands for it.
type Intended = (Digest, Digest);

/// SHA-256 of an update, the header of a signature on it, and the signature.
type Signed = (Digest, Bytes, Bytes);

impl Compiled {
    fn of(bundle: &Arc<Bundle>) -> Self {
        Self {
            bundle: Arc::clone(bundle),
            effects: Mutex::default(),
            verified: Mutex::default(),
        }
    }

    /// The config, to be shared.
    pub(super) fn bundle(&self) -> Arc<Bundle> {
        Arc::clone(&self.bundle)
    }

    /// What an update does, where it is known to do what this intent wants.
    pub(super) fn effect_of(&self, intent: &Digest, update: &Digest) -> Option<Arc<Effect>> {
        let mut effects = self.effects.lock().unwrap_or_else(PoisonError::into_inner);
        effects.get(&(*intent, *update))
    }

    /// Keeps the effect of an update that does what the intent wants.
    pub(super) fn keep_effect(&self, intent: &Digest, update: &Digest, effect: &Arc<Effect>) {
        let mut effects = self.effects.lock().unwrap_or_else(PoisonError::into_inner);
        effects.put((*intent, *update), Arc::clone(effect), EFFECTS);
    }

    /// Whether the signature is known to be one of its creator over the update.
    pub(super) fn is_verified(&self, update: &Digest, signature: &ConfigSignature) -> bool {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.get(&signed(update, signature)).is_some()
    }

    /// Remembers that the signature is one of its creator over the update.
    pub(super) fn keep_verified(&self, update: &Digest, signature: &ConfigSignature) {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.put(signed(update, signature), (), SIGNATURES);
    }
}

fn signed(update: &Digest, signature: &ConfigSignature) -> Signed {
    let header = signature.signature_header.clone();
    (*update, header, signature.signature.clone())
}

impl Deref for Compiled {
    type Target = Bundle;

    fn deref(&self) -> &Bundle {
        &self.bundle
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled")
            .field("bundle", &self.bundle)
            .finish_non_exhaustive()
    }
}

/// A bounded map: past the bound, the half that was unused for longest goes.
struct Recent<K, V> {
    uses: u64,
    held: BTreeMap<K, Slot<V>>,
}

struct Slot<V> {
    used: u64,
    value: V,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self {
            uses: 0,
            held: BTreeMap::new(),
        }
    }
}

impl<K: Ord, V: Clone> Recent<K, V> {
    fn get(&mut self, key: &K) -> Option<V> {
        self.uses = self.uses.wrapping_add(1);
        let slot = self.held.get_mut(key)?;
        slot.used = self.uses;
        Some(slot.value.clone())
    }

    fn put(&mut self, key: K, value: V, most: usize) {
        self.uses = self.uses.wrapping_add(1);
        let used = self.uses;
        self.held.insert(key, Slot { used, value });
        if self.held.len() > most {
            let mut uses: Vec<u64> = self.held.values().map(|slot| slot.used).collect();
            uses.sort_unstable();
            let middle = uses.get(uses.len() / 2).copied().unwrap_or_default();
            self.held.retain(|_, slot| slot.used >= middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_unused_for_longest_goes() {
        let mut recent = Recent::default();
        for key in 0..4 {
            recent.put(key, key * 10, 4);
        }
        assert_eq!(recent.get(&0), Some(0));
        recent.put(4, 40, 4);
        let kept: Vec<i32> = recent.held.keys().copied().collect();
        assert_eq!(kept, [0, 3, 4]);
        assert_eq!(recent.get(&1), None);
    }
}
