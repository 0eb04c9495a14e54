//! Config blocks that somebody kept, followed one by one: what each changed, who signed it, and from
//! where all of it is proven.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::verified::{VerifiedChain, VerifiedLink, read};
use crate::{
    block::ConfigBlock,
    client::{ClientError, Exit},
    config::Bundle,
    ids::{ChannelId, MspId, Sequence},
    json::json_size,
    review::diff::{Diff, DiffRoom, diff_within},
};

/// What is said of the changes of one config.
const ROOM: DiffRoom = DiffRoom {
    entries: 200,
    bytes: 100_000,
};
/// What is said of the changes of all of them together; behind that it is only counted. Unit: bytes of
/// JSON, about.
const ROOM_OF_ALL: usize = 64 << 20;

/// One config of a trail.
#[derive(Clone, Debug, PartialEq)]
pub struct TrailConfig {
    /// Its sequence.
    pub sequence: Sequence,
    /// What its block says.
    pub link: VerifiedLink,
    /// Whether it follows from the config before it; otherwise nothing before it is there.
    pub follows: bool,
    /// What changed; `None` where it does not follow.
    pub diff: Option<Diff>,
    /// Whose signatures on the update count, in the order of the block: MSP id and certificate subject.
    pub signers: Vec<(MspId, String)>,
}

/// Up to where configs are proven by one anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenStretch {
    /// The config of the anchor.
    pub anchor: Sequence,
    /// The last config that follows from it without a gap.
    pub to: Sequence,
}

/// A config block that somebody trusts from elsewhere.
#[derive(Debug)]
struct TrailAnchor {
    link: VerifiedLink,
    block: Bytes,
}

/// A trail of configs, ascending. Pure: blocks are handed in.
#[derive(Debug)]
pub struct ConfigTrail {
    channel: ChannelId,
    chain: Option<VerifiedChain>,
    anchors: BTreeMap<Sequence, TrailAnchor>,
    configs: Vec<TrailConfig>,
    /// Ascending.
    proven: Vec<ProvenStretch>,
    /// What may still be said of changes. Unit: bytes.
    room: usize,
}

impl ConfigTrail {
    /// A trail without configs. `anchors`: config blocks that somebody trusts, from elsewhere.
    ///
    /// # Errors
    /// `BAD_BLOCK`, `WRONG_CHANNEL` of an anchor; `FORK` (unsafe) where two of one sequence differ.
    pub fn new(
        channel: &ChannelId,
        anchors: impl IntoIterator<Item = Bytes>,
    ) -> Result<Self, ClientError> {
        let mut trail = Self {
            channel: channel.clone(),
            chain: None,
            anchors: BTreeMap::new(),
            configs: Vec::new(),
            proven: Vec::new(),
            room: ROOM_OF_ALL,
        };
        for block in anchors {
            let read = read(channel, block.clone())?;
            let (sequence, link) = (read.sequence(), VerifiedLink::of(&read));
            trail.compare_anchor(sequence, &link)?;
            trail.anchors.insert(sequence, TrailAnchor { link, block });
        }
        Ok(trail)
    }

    /// Takes the next config block, ascending. One that is there already is passed over; behind a gap
    /// the trail starts again, and [`TrailConfig::follows`] says so. An anchor need not follow from what
    /// another anchor proves: a recovery may lie between.
    ///
    /// # Errors
    /// `BAD_BLOCK`, `WRONG_CHANNEL`, `CAPABILITY_UNSUPPORTED`; `NOT_NEXT` where it is before all that is
    /// there; unsafe: `BLOCK_NOT_PROVEN` where it does not follow from the config before it, `FORK` where
    /// it is another one than an anchor or than one that is there. The trail is as it was then.
    pub fn take(&mut self, bytes: Bytes) -> Result<(), ClientError> {
        let block = read(&self.channel, bytes.clone())?;
        let (sequence, link) = (block.sequence(), VerifiedLink::of(&block));
        let is_anchor = self.compare_anchor(sequence, &link)?;
        if let Some(chain) = &self.chain
            && sequence <= chain.sequence()
        {
            return match chain.agrees(sequence, &link, "another block")? {
                true => Ok(()),
                false => {
                    let text = format!("config {sequence} comes behind later ones");
                    Err(ClientError::new(Exit::Failed, "NOT_NEXT", text))
                }
            };
        }
        let is_next = |chain: &VerifiedChain| chain.sequence().next() == sequence;
        let anchor = self.begins_at_anchor(sequence)?;
        let anchor_sequence = anchor.as_ref().map(VerifiedChain::sequence);
        let own = self.chain.take_if(|chain| is_next(chain));
        let follows = match (own, anchor) {
            (Some(mut chain), _) => {
                let taken = self.follow(&mut chain, &block, bytes.clone());
                self.chain = Some(chain);
                match taken {
                    Ok(config) => Some(config),
                    // between what is trusted on both sides a recovery may lie
                    Err(_) if is_anchor && self.is_proven_up_to_here() => None,
                    Err(error) => return Err(error),
                }
            }
            (None, Some(mut chain)) => {
                let config = self.follow(&mut chain, &block, bytes.clone())?;
                self.chain = Some(chain);
                Some(config)
            }
            (None, None) => None,
        };
        let config = match follows {
            Some(config) => config,
            None => {
                self.chain = Some(VerifiedChain::start(&self.channel, bytes)?);
                TrailConfig {
                    sequence,
                    link,
                    follows: false,
                    diff: None,
                    signers: Vec::new(),
                }
            }
        };
        self.prove(&config, is_anchor, anchor_sequence);
        self.configs.push(config);
        Ok(())
    }

    /// The configs, ascending.
    #[must_use]
    pub fn configs(&self) -> &[TrailConfig] {
        &self.configs
    }

    /// The sequences of the anchors that were given, ascending.
    pub fn anchors(&self) -> impl Iterator<Item = Sequence> {
        self.anchors.keys().copied()
    }

    /// What is proven by the anchors: where the trail goes through one, or begins right behind it, all
    /// that follows from there without a gap. Ascending.
    #[must_use]
    pub fn proven(&self) -> &[ProvenStretch] {
        &self.proven
    }

    /// The configs that have to be believed: nothing before them proves them, and they are no anchors.
    pub fn believed(&self) -> impl Iterator<Item = &TrailConfig> {
        let configs = self.configs.iter().filter(|one| !one.follows);
        configs.filter(|one| !self.anchors.contains_key(&one.sequence))
    }

    /// Takes a block that follows, and says what it changed.
    fn follow(
        &mut self,
        chain: &mut VerifiedChain,
        block: &ConfigBlock,
        bytes: Bytes,
    ) -> Result<TrailConfig, ClientError> {
        let room = DiffRoom {
            entries: if self.room == 0 { 0 } else { ROOM.entries },
            bytes: ROOM.bytes.min(self.room),
        };
        let diff = diff_within(chain.bundle().tree(), block.tree(), room);
        let signers = signers(chain.bundle(), block);
        chain.take(bytes)?;
        let said = diff.changes.iter().map(json_size);
        self.room = said.fold(self.room, usize::saturating_sub);
        Ok(TrailConfig {
            sequence: block.sequence(),
            link: VerifiedLink::of(block),
            follows: true,
            diff: Some(diff),
            signers,
        })
    }

    /// Notes what proves a config that was taken. `behind`: the anchor right before it.
    fn prove(&mut self, config: &TrailConfig, is_anchor: bool, behind: Option<Sequence>) {
        let to = config.sequence;
        match self.proven.last_mut() {
            Some(last) if config.follows && last.to.next() == to => last.to = to,
            _ if is_anchor => self.proven.push(ProvenStretch { anchor: to, to }),
            _ => {
                let behind = behind.filter(|_| config.follows);
                let stretch = behind.map(|anchor| ProvenStretch { anchor, to });
                self.proven.extend(stretch);
            }
        }
    }

    fn is_proven_up_to_here(&self) -> bool {
        let last = self.configs.last().map(|one| one.sequence);
        last.is_some() && self.proven.last().map(|one| one.to) == last
    }

    /// Where the trail begins right behind an anchor, the chain begins with that.
    fn begins_at_anchor(&self, sequence: Sequence) -> Result<Option<VerifiedChain>, ClientError> {
        let before = sequence.0.checked_sub(1).map(Sequence);
        let anchor = before.and_then(|before| self.anchors.get(&before));
        anchor
            .map(|anchor| VerifiedChain::start(&self.channel, anchor.block.clone()))
            .transpose()
    }

    /// Whether it is an anchor; `FORK` where an anchor says otherwise.
    fn compare_anchor(&self, sequence: Sequence, link: &VerifiedLink) -> Result<bool, ClientError> {
        match self.anchors.get(&sequence).map(|anchor| &anchor.link) {
            None => Ok(false),
            Some(anchor) if anchor == link => Ok(true),
            Some(anchor) => {
                let text = format!(
                    "config {sequence} is another one than your anchor's: block {} with digest {}, \
                     yours is block {} with digest {}",
                    link.block_number,
                    link.config_sha256,
                    anchor.block_number,
                    anchor.config_sha256
                );
                Err(ClientError::new(Exit::Unsafe, "FORK", text)
                    .hint("do not rely on any of it: ask other members for their config block"))
            }
        }
    }
}

/// Whose signatures in the block count by the config before.
fn signers(before: &Bundle, block: &ConfigBlock) -> Vec<(MspId, String)> {
    let found = || {
        let envelope = block.update_envelope()?;
        before
            .verify_signatures(block.update()?, &envelope.signatures)
            .ok()
    };
    let verified = found();
    let signers = verified
        .iter()
        .flat_map(|verified| verified.signers().iter());
    signers
        .map(|signer| {
            let identity = &signer.identity;
            (identity.msp_id().clone(), identity.subject().to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// Whoever made the blocks chooses how much there is to say of them.
    #[test]
    fn where_there_is_no_room_changes_are_counted() {
        let block = |name: &str| -> Bytes {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
            fs::read(folder.join("fabric-3.1.5-caps-v3").join(name))
                .unwrap()
                .into()
        };
        let told = |room: Option<usize>| {
            let mut trail = ConfigTrail::new(&ChannelId::new("mychannel"), None).unwrap();
            trail.room = room.unwrap_or(trail.room);
            trail.take(block("genesis.block")).unwrap();
            trail.take(block("add-orgx/config_block_after.pb")).unwrap();
            let diff = trail.configs()[1].diff.clone().unwrap();
            (trail.room, diff.changes.len(), diff.truncated)
        };
        let (left, changes, truncated) = told(None);
        assert!(left < ROOM_OF_ALL);
        assert_eq!((changes, truncated), (17, 0));
        let (left, changes, truncated) = told(Some(0));
        assert_eq!((left, changes), (0, 0));
        assert!(truncated > 0);
    }
}
