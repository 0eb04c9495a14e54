//! The chain of a bundle, block by block.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Trusted,
    finding::{FindingId, Findings},
};
use crate::{
    block::{ConfigBlock, advance},
    config::Bundle,
    contract::{chain::entry, reports::ChainLink},
    ids::{ChannelId, Sequence},
};

/// The links of a bundle with the configs that the blocks prove.
#[derive(Debug)]
pub(super) struct Chain {
    links: BTreeMap<Sequence, Link>,
    trusted: Option<Trusted>,
    /// Sequences that nothing before them proves, other than the first.
    checkpoints: Vec<Sequence>,
}

/// One link, with its block and the config in it.
#[derive(Debug)]
pub(super) struct Link {
    /// What the bundle says.
    pub(super) said: ChainLink,
    /// The block that says the same; `None` where there is none.
    pub(super) block: Option<ConfigBlock>,
    /// Its config, where that is proven or the first.
    pub(super) config: Option<Arc<Bundle>>,
}

impl Chain {
    /// Follows the links, ascending, with these blocks.
    pub(super) fn build(
        channel: &ChannelId,
        links: &[ChainLink],
        blocks: Vec<ConfigBlock>,
        findings: &mut Findings,
    ) -> Self {
        let mut by_sequence: BTreeMap<Sequence, Vec<ConfigBlock>> = BTreeMap::new();
        for block in blocks {
            by_sequence.entry(block.sequence()).or_default().push(block);
        }
        let mut chain = Self {
            links: BTreeMap::new(),
            trusted: None,
            checkpoints: Vec::new(),
        };
        for said in links {
            let sequence = Sequence(said.sequence);
            if let Some((last, _)) = chain.links.last_key_value()
                && *last >= sequence
            {
                let text = format!("the link before is of sequence {last}");
                findings.put(FindingId::Chain, place(sequence), text);
                continue;
            }
            let given = by_sequence.remove(&sequence).unwrap_or_default();
            let block = matching(said, given, findings);
            let config = block
                .as_ref()
                .and_then(|block| chain.config(channel, block, findings))
                .map(Arc::new);
            if chain.trusted.is_none() && config.is_some() {
                chain.trusted = Some(Trusted {
                    block_hash: said.block_hash.clone(),
                    block_number: said.block_number,
                    config_sha256: said.config_sha256.clone(),
                    sequence: said.sequence,
                });
            }
            let link = Link {
                said: said.clone(),
                block,
                config,
            };
            chain.links.insert(sequence, link);
        }
        if links.is_empty() {
            findings.put(FindingId::Chain, "chain", "there is no link");
        }
        chain
    }

    /// The config of a block: what follows from the config before it, or, of the first block and
    /// behind a gap, what the block says.
    fn config(
        &mut self,
        channel: &ChannelId,
        block: &ConfigBlock,
        findings: &mut Findings,
    ) -> Option<Bundle> {
        let sequence = block.sequence();
        let before = sequence.0.checked_sub(1).map(Sequence);
        let before = before.and_then(|before| self.links.get(&before));
        let proven = match before {
            Some(Link {
                config: Some(before),
                ..
            }) => advance(before, block).map_err(|e| e.to_string()),
            // found already; what follows from nothing proves nothing
            Some(_) => return None,
            None => {
                if self.trusted.is_some() {
                    self.checkpoints.push(sequence);
                }
                first(channel, block)
            }
        };
        match proven {
            Ok(bundle) => Some(bundle),
            Err(why) => {
                findings.put(FindingId::BlockInvalid, place(sequence), why);
                None
            }
        }
    }

    /// The link of a sequence.
    pub(super) fn link(&self, sequence: Sequence) -> Option<&Link> {
        self.links.get(&sequence)
    }

    /// The config of a sequence.
    pub(super) fn config_at(&self, sequence: Sequence) -> Option<&Arc<Bundle>> {
        self.links.get(&sequence)?.config.as_ref()
    }

    /// Every config that is known, from a sequence on, ascending, and then those before.
    pub(super) fn configs_from(&self, sequence: Sequence) -> impl Iterator<Item = &Arc<Bundle>> {
        let behind = self.links.range(sequence..);
        behind
            .chain(self.links.range(..sequence))
            .filter_map(|(_, link)| link.config.as_ref())
    }

    /// All links, ascending.
    pub(super) fn links(&self) -> impl Iterator<Item = (Sequence, &Link)> {
        self.links.iter().map(|(sequence, link)| (*sequence, link))
    }

    /// The last sequence.
    pub(super) fn last(&self) -> Option<Sequence> {
        self.links.last_key_value().map(|(sequence, _)| *sequence)
    }

    /// What all else is proven from.
    pub(super) fn trusted(&self) -> Option<Trusted> {
        self.trusted.clone()
    }

    /// What has to be believed beside the first block, in words.
    pub(super) fn unproven(&self) -> Vec<String> {
        let checkpoints = self.checkpoints.iter();
        checkpoints
            .map(|sequence| {
                format!(
                    "that the config of sequence {sequence} followed from what was before: a \
                     recovery set it as a checkpoint"
                )
            })
            .collect()
    }
}

/// The block that is what the link says.
fn matching(
    said: &ChainLink,
    given: Vec<ConfigBlock>,
    findings: &mut Findings,
) -> Option<ConfigBlock> {
    let at = place(Sequence(said.sequence));
    if given.is_empty() {
        let text = format!(
            "block {} with config `{}` was not given",
            said.block_number, said.config_sha256
        );
        findings.put(FindingId::BlockMissing, at, text);
        return None;
    }
    let mut differs = Vec::new();
    for block in given {
        match difference(said, &block) {
            None => return Some(block),
            Some(text) => differs.push(text),
        }
    }
    findings.put(FindingId::BlockMismatch, at, differs.join("; "));
    None
}

fn difference(said: &ChainLink, block: &ConfigBlock) -> Option<String> {
    let found = match ChainLink::new(block.sequence(), &entry(block)) {
        Ok(found) => found,
        Err(e) => return Some(e.text().to_owned()),
    };
    let (said_json, found_json) = (
        serde_json::to_string(said).unwrap_or_default(),
        serde_json::to_string(&found).unwrap_or_default(),
    );
    (*said != found).then(|| format!("the link says {said_json}, the block {found_json}"))
}

fn first(channel: &ChannelId, block: &ConfigBlock) -> Result<Bundle, String> {
    if block.channel_id() != channel {
        return Err(format!(
            "the block is of channel `{}`, the bundle of `{channel}`",
            block.channel_id()
        ));
    }
    block.block().check_data_hash().map_err(|e| e.to_string())?;
    Bundle::new(channel, block.tree().clone()).map_err(|e| e.to_string())
}

fn place(sequence: Sequence) -> String {
    format!("sequence {sequence}")
}
