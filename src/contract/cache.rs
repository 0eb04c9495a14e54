//! Compiled configs, kept from one call to the next.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    config::Bundle,
    ids::{ChannelId, Digest},
};

/// How many compiled configs are kept; the one unused for longest goes first.
const MOST: usize = 8;

/// Compiled configs by channel and digest of their bytes. It saves parsing, never a read of the
/// ledger, and cannot change an answer: equal bytes compile to the same thing.
#[derive(Default)]
pub(super) struct BundleCache(Mutex<Slots>);

#[derive(Default)]
struct Slots {
    uses: u64,
    held: BTreeMap<(ChannelId, Digest), Slot>,
}

struct Slot {
    used: u64,
    bundle: Arc<Bundle>,
}

impl BundleCache {
    /// The compiled config, where it is held.
    pub(super) fn get(&self, channel: &ChannelId, digest: &Digest) -> Option<Arc<Bundle>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.uses = slots.uses.wrapping_add(1);
        let used = slots.uses;
        let slot = slots.held.get_mut(&(channel.clone(), *digest))?;
        slot.used = used;
        Some(Arc::clone(&slot.bundle))
    }

    /// Keeps a compiled config.
    pub(super) fn put(&self, channel: &ChannelId, digest: &Digest, bundle: &Arc<Bundle>) {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.uses = slots.uses.wrapping_add(1);
        let slot = Slot {
            used: slots.uses,
            bundle: Arc::clone(bundle),
        };
        slots.held.insert((channel.clone(), *digest), slot);
        while slots.held.len() > MOST {
            let oldest = slots.held.iter().min_by_key(|(_, slot)| slot.used);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            slots.held.remove(&key);
        }
    }
}

impl fmt::Debug for BundleCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BundleCache").finish_non_exhaustive()
    }
}
