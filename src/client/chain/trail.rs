//! Config blocks that somebody kept, followed one by one: what each changed, who signed it, and from
//! where all of it is proven.

use bytes::Bytes;

use super::verified::{VerifiedChain, VerifiedLink, read};
use crate::{
    block::ConfigBlock,
    client::{ClientError, Exit},
    config::Bundle,
    ids::{ChannelId, MspId, Sequence},
    review::diff::{Diff, DiffRoom, diff_within},
};

/// What is said of the changes of one config.
const ROOM: DiffRoom = DiffRoom {
    entries: 200,
    bytes: 100_000,
};

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

/// A trail of configs, ascending. Pure: blocks are handed in.
#[derive(Debug)]
pub struct ConfigTrail {
    channel: ChannelId,
    chain: Option<VerifiedChain>,
    /// The block that somebody trusts from elsewhere, and what it says.
    anchor: Option<(Sequence, VerifiedLink, Bytes)>,
    configs: Vec<TrailConfig>,
    anchored: Option<Sequence>,
}

impl ConfigTrail {
    /// A trail without configs. `anchor`: a config block that somebody trusts, from elsewhere.
    ///
    /// # Errors
    /// `BAD_BLOCK`, `WRONG_CHANNEL` of the anchor.
    pub fn new(channel: &ChannelId, anchor: Option<Bytes>) -> Result<Self, ClientError> {
        let anchor = anchor.map(|bytes| {
            let block = read(channel, bytes.clone())?;
            Ok((block.sequence(), VerifiedLink::of(&block), bytes))
        });
        Ok(Self {
            channel: channel.clone(),
            chain: None,
            anchor: anchor.transpose()?,
            configs: Vec::new(),
            anchored: None,
        })
    }

    /// Takes the next config block, ascending. One that is there already is passed over; behind a gap
    /// the trail starts again, and [`TrailConfig::follows`] says so.
    ///
    /// # Errors
    /// `BAD_BLOCK`, `WRONG_CHANNEL`, `CAPABILITY_UNSUPPORTED`; unsafe: `BLOCK_NOT_PROVEN` where it does
    /// not follow from the config before it, `FORK` where it is another one than the anchor or than
    /// one that is there.
    pub fn take(&mut self, bytes: Bytes) -> Result<(), ClientError> {
        let block = read(&self.channel, bytes.clone())?;
        let (sequence, link) = (block.sequence(), VerifiedLink::of(&block));
        self.compare_anchor(sequence, &link)?;
        let chain = match self.chain.take() {
            Some(chain) if sequence <= chain.sequence() => {
                let known = chain.agrees(sequence, &link, "another block");
                self.chain = Some(chain);
                return known.map(drop);
            }
            Some(chain) => Some(chain),
            None => self.begins_at_anchor(sequence)?,
        };
        let before = chain.filter(|chain| chain.sequence().next() == sequence);
        let Some(mut chain) = before else {
            self.chain = Some(VerifiedChain::start(&self.channel, bytes)?);
            self.configs.push(TrailConfig {
                sequence,
                link,
                follows: false,
                diff: None,
                signers: Vec::new(),
            });
            return Ok(());
        };
        let diff = diff_within(chain.bundle().tree(), block.tree(), ROOM);
        let signers = signers(chain.bundle(), &block);
        let taken = chain.take(bytes);
        self.chain = Some(chain);
        taken?;
        self.configs.push(TrailConfig {
            sequence,
            link,
            follows: true,
            diff: Some(diff),
            signers,
        });
        Ok(())
    }

    /// The configs, ascending.
    #[must_use]
    pub fn configs(&self) -> &[TrailConfig] {
        &self.configs
    }

    /// The config of the anchor, where the trail goes through it, or begins behind it: what follows
    /// from there without a gap is proven by it.
    #[must_use]
    pub const fn anchored(&self) -> Option<Sequence> {
        self.anchored
    }

    /// The configs that have to be believed: nothing before them proves them, and they are not the
    /// anchor.
    pub fn believed(&self) -> impl Iterator<Item = &TrailConfig> {
        let configs = self.configs.iter().filter(|one| !one.follows);
        configs.filter(|one| self.anchored != Some(one.sequence))
    }

    /// Where the trail begins right behind the anchor, the chain begins with that.
    fn begins_at_anchor(
        &mut self,
        sequence: Sequence,
    ) -> Result<Option<VerifiedChain>, ClientError> {
        match &self.anchor {
            Some((at, _, bytes)) if at.next() == sequence => {
                let chain = VerifiedChain::start(&self.channel, bytes.clone())?;
                self.anchored = Some(*at);
                Ok(Some(chain))
            }
            _ => Ok(None),
        }
    }

    fn compare_anchor(
        &mut self,
        sequence: Sequence,
        link: &VerifiedLink,
    ) -> Result<(), ClientError> {
        match &self.anchor {
            Some((at, anchor, _)) if *at == sequence && anchor == link => {
                self.anchored = Some(sequence);
                Ok(())
            }
            Some((at, anchor, _)) if *at == sequence => {
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
            _ => Ok(()),
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
