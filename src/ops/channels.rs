//! What this server holds for true of channels: a table of bounded size.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// The most channels that are known at once. One more makes the longest unused one forgotten.
// SECURITY: a peer, or who plays one, names channels as it likes.
const CHANNELS: usize = 256;

/// One channel, for the operators of its organisations to compare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ChannelHealth {
    /// How often the chain was recovered, plus one.
    pub(crate) epoch: u64,
    /// The sequence of the config that the contract holds for true.
    pub(crate) sequence: u64,
    /// SHA-256 of that config, lower-case hex.
    pub config_sha256: String,
    /// Capability levels that it requires and this build does not know; calls that write are
    /// refused while there is one.
    pub(crate) unsupported: Vec<String>,
    /// How often another config of a known sequence was brought, since the start.
    pub(crate) forks: u64,
    /// The same of blocks without good signatures, which anybody can make.
    #[serde(skip)]
    pub(crate) unverified_blocks: u64,
    /// When the sequence last moved under our eyes, in seconds since 1970; 0: it has not.
    #[serde(skip)]
    pub(crate) changed: i64,
}

/// The channels that were last called, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct ChannelTable {
    known: BTreeMap<String, Tracked>,
    /// How often any was touched.
    touches: u64,
}

#[derive(Clone, Debug, Default)]
struct Tracked {
    health: ChannelHealth,
    /// The number of its last touch.
    touched: u64,
}

impl ChannelTable {
    /// How many channels are known.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// What is known of a channel, to be read or changed, and the channel that had to go for it.
    pub(super) fn touch(&mut self, name: &str) -> (&mut ChannelHealth, Option<String>) {
        self.touches = self.touches.saturating_add(1);
        let mut gone = None;
        if !self.known.contains_key(name) && self.known.len() >= CHANNELS {
            let oldest = self.known.iter().min_by_key(|(_, tracked)| tracked.touched);
            gone = oldest.map(|(name, _)| name.clone());
            if let Some(name) = &gone {
                self.known.remove(name);
            }
        }
        let tracked = self.known.entry(name.to_owned()).or_default();
        tracked.touched = self.touches;
        (&mut tracked.health, gone)
    }
}

impl Serialize for ChannelTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.known.iter().map(|(name, known)| (name, &known.health)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_channel_goes() {
        let mut table = ChannelTable::default();
        for n in 0..CHANNELS {
            assert_eq!(table.touch(&format!("c{n}")).1, None);
        }
        table.touch("c0").0.forks = 7;
        for n in 1..100 {
            let (_, gone) = table.touch(&format!("new{n}"));
            assert_eq!(gone, Some(format!("c{n}")));
        }
        assert_eq!(table.touch("c0").0.forks, 7);
        assert_eq!(table.known.len(), CHANNELS);
    }
}
