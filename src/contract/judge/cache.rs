//! Compiled configs and what follows from them, kept from one call to the next. It saves work, never
//! a read of the ledger, and cannot change an answer: it is looked up by everything that went in.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    opinion::KeptOpinion,
    terms::{Standing, weight_of},
};
use crate::{
    config::{Bundle, ConfigSignature, ConfigTree, Terms},
    contract::{
        error::{Code, ContractError},
        ledger::TrustedHead,
    },
    identity::{Identity, MspError},
    ids::{ChannelId, Digest},
};

/// How many compiled configs are kept.
const BUNDLES: usize = 8;
/// How much is kept of what intents and updates do to configs, in each map. Unit: bytes, about.
const FITS: usize = 16 << 20;
/// How much is kept of signatures and of what they lead to. Unit: bytes, about.
const OPINIONS: usize = 96 << 20;
/// How many valid signatures are kept.
const SIGNATURES: usize = 1 << 16;

/// Compiled configs by channel and digest of their bytes, and what was found out with them.
#[derive(Default)]
pub(crate) struct BundleCache {
    bundles: Mutex<Recent<(ChannelId, Digest), Arc<Bundle>>>,
    found: Arc<FoundOut>,
}

/// What was found out with configs. Everything is looked up by a digest over all that it follows from.
#[derive(Default)]
struct FoundOut {
    /// By config, intent, update, the content that the update was computed on, and the endorsement
    /// policy that the members agreed on.
    standings: Mutex<Recent<Digest, Standing>>,
    /// By config and update; `None` where the update does not fit.
    terms: Mutex<Recent<Digest, Option<Arc<Terms>>>>,
    /// The latest by config and update.
    opinions: Mutex<Recent<Digest, Arc<KeptOpinion>>>,
    /// By MSP, update, header and signature.
    verified: Mutex<Recent<Digest, ()>>,
}

impl BundleCache {
    /// The head's config, compiled; parsed only where the cache does not hold it.
    pub(crate) fn compile(
        &self,
        channel: &ChannelId,
        trusted: &TrustedHead,
    ) -> Result<Compiled, ContractError> {
        let digest = trusted.config_digest()?;
        if let Some(bundle) = self.get(channel, &digest) {
            return Ok(bundle);
        }
        if Digest::of(&trusted.body) != digest {
            return Err(Code::StateCorrupt.because("the config is not the one that the head names"));
        }
        let tree = ConfigTree::parse(trusted.body.clone())
            .map_err(|e| Code::StateCorrupt.because(format_args!("the head's config: {e}")))?;
        let bundle = match self.latest(channel) {
            Some(before) => before.compile_next(tree),
            None => Bundle::new(channel, tree),
        };
        let bundle = bundle
            .map_err(|e| Code::StateCorrupt.because(format_args!("the head's config: {e}")))?;
        Ok(self.put(channel, &digest, &Arc::new(bundle)))
    }

    /// The compiled config, where it is held.
    pub(crate) fn get(&self, channel: &ChannelId, digest: &Digest) -> Option<Compiled> {
        let bundle = locked(&self.bundles).get(&(channel.clone(), *digest))?;
        Some(self.compiled(channel, digest, bundle))
    }

    /// Some config of the channel, compiled: the one that was used last.
    pub(crate) fn latest(&self, channel: &ChannelId) -> Option<Arc<Bundle>> {
        locked(&self.bundles).latest(|(of, _)| of == channel)
    }

    /// Keeps a compiled config.
    pub(crate) fn put(
        &self,
        channel: &ChannelId,
        digest: &Digest,
        bundle: &Arc<Bundle>,
    ) -> Compiled {
        let key = (channel.clone(), *digest);
        locked(&self.bundles).put(key, Arc::clone(bundle), 1, BUNDLES);
        self.compiled(channel, digest, Arc::clone(bundle))
    }

    fn compiled(&self, channel: &ChannelId, digest: &Digest, bundle: Arc<Bundle>) -> Compiled {
        Compiled {
            id: Digest::of_parts([channel.as_str().as_bytes(), digest.as_bytes()]),
            bundle,
            found: Arc::clone(&self.found),
        }
    }
}

impl fmt::Debug for BundleCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BundleCache").finish_non_exhaustive()
    }
}

/// A compiled config, and what was found out with it.
#[derive(Clone)]
pub(crate) struct Compiled {
    /// Digest of channel and config: the first part of every key.
    id: Digest,
    bundle: Arc<Bundle>,
    found: Arc<FoundOut>,
}

impl Compiled {
    /// The config, to be shared.
    pub(crate) fn bundle(&self) -> Arc<Bundle> {
        Arc::clone(&self.bundle)
    }

    /// How an intent and its update stand to this config; `given` is a digest over all that decides
    /// that.
    pub(crate) fn standing(
        &self,
        given: &Digest,
        find: impl FnOnce() -> Result<Standing, ContractError>,
    ) -> Result<Standing, ContractError> {
        let key = self.key(given);
        if let Some(standing) = locked(&self.found.standings).get(&key) {
            return Ok(standing);
        }
        let standing = find()?;
        let weight = standing.weight().saturating_add(ENTRY);
        locked(&self.found.standings).put(key, standing.clone(), weight, FITS);
        Ok(standing)
    }

    /// The terms of an update, by its digest; `None` where it does not fit this config.
    pub(crate) fn terms(
        &self,
        update: &Digest,
        find: impl FnOnce() -> Option<Arc<Terms>>,
    ) -> Option<Arc<Terms>> {
        if let Some(known) = locked(&self.found.terms).get(&self.key(update)) {
            return known;
        }
        let terms = find();
        self.keep_terms(update, terms.as_ref());
        terms
    }

    /// Keeps the terms of an update.
    pub(crate) fn keep_terms(&self, update: &Digest, terms: Option<&Arc<Terms>>) {
        let weight = terms.map_or(0, |terms| weight_of(terms));
        let weight = weight.saturating_add(ENTRY);
        locked(&self.found.terms).put(self.key(update), terms.cloned(), weight, FITS);
    }

    /// What was last found out about the signatures on an update, by its digest.
    pub(crate) fn opinion(&self, update: &Digest) -> Option<Arc<KeptOpinion>> {
        locked(&self.found.opinions).get(&self.key(update))
    }

    /// Keeps what was found out about the signatures on an update.
    pub(crate) fn keep_opinion(&self, update: &Digest, opinion: KeptOpinion) {
        let weight = opinion.weight().saturating_add(ENTRY);
        let opinion = Arc::new(opinion);
        locked(&self.found.opinions).put(self.key(update), opinion, weight, OPINIONS);
    }

    /// Finds out whether an identity made the signature over the update; a good one is remembered.
    pub(crate) fn verify(
        &self,
        identity: &Identity,
        update: &Digest,
        signature: &ConfigSignature,
        find: impl FnOnce() -> Result<(), MspError>,
    ) -> Result<(), MspError> {
        let key = signed(identity, update, signature);
        if locked(&self.found.verified).get(&key).is_none() {
            find()?;
            locked(&self.found.verified).put(key, (), 1, SIGNATURES);
        }
        Ok(())
    }

    /// Remembers that the identity made the signature over the update.
    pub(crate) fn keep_verified(
        &self,
        identity: &Identity,
        update: &Digest,
        signature: &ConfigSignature,
    ) {
        let key = signed(identity, update, signature);
        locked(&self.found.verified).put(key, (), 1, SIGNATURES);
    }

    fn key(&self, of: &Digest) -> Digest {
        Digest::of_parts([&self.id.as_bytes()[..], of.as_bytes()])
    }
}

/// Whether a signature is good depends on the signer's certificate, which the header carries, and on
/// the hash of the signer's MSP.
fn signed(identity: &Identity, update: &Digest, signature: &ConfigSignature) -> Digest {
    Digest::of_parts([
        &identity.msp().digest().as_bytes()[..],
        update.as_bytes(),
        &signature.signature_header,
        &signature.signature,
    ])
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

/// A map of bounded weight: past the bound, what was unused for longest goes, until half is left.
struct Recent<K, V> {
    uses: u64,
    weight: usize,
    held: BTreeMap<K, Kept<V>>,
}

struct Kept<V> {
    used: u64,
    weight: usize,
    value: V,
}

/// What an entry takes beside its value, about. Unit: bytes.
const ENTRY: usize = 128;

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self {
            uses: 0,
            weight: 0,
            held: BTreeMap::new(),
        }
    }
}

impl<K: Ord + Clone, V: Clone> Recent<K, V> {
    fn get(&mut self, key: &K) -> Option<V> {
        self.uses = self.uses.wrapping_add(1);
        let slot = self.held.get_mut(key)?;
        slot.used = self.uses;
        Some(slot.value.clone())
    }

    /// The entry that was used last, of those whose key is wanted.
    fn latest(&self, wanted: impl Fn(&K) -> bool) -> Option<V> {
        let wanted = self.held.iter().filter(|(key, _)| wanted(key));
        let (_, slot) = wanted.max_by_key(|(_, slot)| slot.used)?;
        Some(slot.value.clone())
    }

    /// Keeps an entry, unless it alone is too heavy for half of `most`.
    fn put(&mut self, key: K, value: V, weight: usize, most: usize) {
        self.uses = self.uses.wrapping_add(1);
        let used = self.uses;
        let slot = Kept {
            used,
            weight,
            value,
        };
        let replaced = self.held.insert(key, slot);
        let replaced = replaced.map_or(0, |slot| slot.weight);
        // saturating: weights are far below
        self.weight = self.weight.saturating_sub(replaced).saturating_add(weight);
        if self.weight <= most {
            return;
        }
        let mut slots: Vec<(u64, usize)> = (self.held.values())
            .map(|slot| (slot.used, slot.weight))
            .collect();
        slots.sort_unstable();
        let mut oldest = 0;
        for (used, weight) in slots {
            if self.weight <= most / 2 {
                break;
            }
            self.weight = self.weight.saturating_sub(weight);
            oldest = used;
        }
        self.held.retain(|_, slot| slot.used > oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_unused_for_longest_goes() {
        let mut recent = Recent::default();
        for key in 0..4 {
            recent.put(key, key * 10, 1, 4);
        }
        assert_eq!(recent.get(&0), Some(0));
        recent.put(4, 40, 1, 4);
        let kept: Vec<i32> = recent.held.keys().copied().collect();
        assert_eq!(kept, [0, 4]);
        assert_eq!(recent.get(&1), None);
        assert_eq!(recent.latest(|key| *key < 3), Some(0));
    }

    #[test]
    fn heavy_entries_make_room_for_themselves() {
        let mut recent = Recent::default();
        for (key, weight, kept) in [
            (0, 10, &[0][..]),
            (1, 80, &[0, 1]),
            // in place of another weight
            (1, 20, &[0, 1]),
            (2, 80, &[]),
            (3, 50, &[3]),
            (4, 51, &[]),
            (5, 30, &[5]),
            (6, 30, &[5, 6]),
            (7, 41, &[7]),
        ] {
            recent.put(key, (), weight, 100);
            let held: Vec<i32> = recent.held.keys().copied().collect();
            assert_eq!(held, kept, "{key}");
            let weight: usize = recent.held.values().map(|slot| slot.weight).sum();
            assert_eq!(recent.weight, weight, "{key}");
        }
    }
}
