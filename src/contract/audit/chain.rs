//! The chain of a bundle, block by block.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use super::finding::{AuditFindingId, AuditFindings};
use crate::{
    block::{ConfigBlock, advance},
    config::Bundle,
    contract::{answer::ChainLink, chain::growth::entry},
    ids::{ChannelId, Sequence},
};

/// So many checkpoints are named, whoever made the bundle chose how many there are.
const LISTED: usize = 100;

/// The links of a bundle with the configs that the blocks prove.
#[derive(Debug)]
pub(crate) struct AuditedChain {
    links: BTreeMap<Sequence, Link>,
    trusted: Option<TrustedConfig>,
    /// Sequences that nothing before them proves, other than the first.
    checkpoints: Vec<Sequence>,
}

/// One link, with its block and the config in it.
#[derive(Debug)]
pub(crate) struct Link {
    /// What the bundle says.
    pub(crate) said: ChainLink,
    /// A block that says the same and holds; `None` where there is none.
    pub(crate) block: Option<ConfigBlock>,
    /// The config of that block, compiled; `None` where no block holds.
    pub(crate) config: Option<Arc<Bundle>>,
}

impl AuditedChain {
    /// Follows the links, ascending, with these blocks.
    pub(crate) fn build(
        channel: &ChannelId,
        links: &[ChainLink],
        blocks: Vec<ConfigBlock>,
        findings: &mut AuditFindings,
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
                findings.put(AuditFindingId::Chain, place(sequence), text);
                break;
            }
            let given = by_sequence.remove(&sequence).unwrap_or_default();
            let matching = matching(said, given, findings);
            let proven = chain.prove(channel, sequence, matching, findings);
            let (block, config) = match proven {
                Some((block, config)) => (Some(block), Some(Arc::new(config))),
                None => (None, None),
            };
            if chain.trusted.is_none() && config.is_some() {
                chain.trusted = Some(TrustedConfig {
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
            findings.put(AuditFindingId::Chain, "chain", "there is no link");
        }
        chain
    }

    /// A block of a link with its config: what follows from the config before it, or, of the first
    /// block and behind a gap, what the block says. Of several, whose metadata may differ, the first
    /// that holds.
    fn prove(
        &mut self,
        channel: &ChannelId,
        sequence: Sequence,
        blocks: Vec<ConfigBlock>,
        findings: &mut AuditFindings,
    ) -> Option<(ConfigBlock, Bundle)> {
        let before = sequence.0.checked_sub(1).map(Sequence);
        let before = before.and_then(|before| self.links.get(&before));
        let before = match before {
            // found already; what follows from nothing proves nothing
            Some(link) => Some(Arc::clone(link.config.as_ref()?)),
            None => None,
        };
        let mut refused = Vec::new();
        for block in blocks {
            let proven = match &before {
                Some(before) => advance(before, &block).map_err(|e| e.to_string()),
                None => first(channel, &block),
            };
            match proven {
                Ok(config) => {
                    if before.is_none() && self.trusted.is_some() {
                        self.checkpoints.push(sequence);
                    }
                    return Some((block, config));
                }
                Err(why) => refused.push(why),
            }
        }
        if !refused.is_empty() {
            findings.put(
                AuditFindingId::BlockInvalid,
                place(sequence),
                sentence(refused),
            );
        }
        None
    }

    /// The link of a sequence.
    pub(crate) fn link(&self, sequence: Sequence) -> Option<&Link> {
        self.links.get(&sequence)
    }

    /// The config of a sequence.
    pub(crate) fn config_at(&self, sequence: Sequence) -> Option<&Arc<Bundle>> {
        self.links.get(&sequence)?.config.as_ref()
    }

    /// Every config that is known, from a sequence on, ascending, and then those before.
    pub(crate) fn configs_from(&self, sequence: Sequence) -> impl Iterator<Item = &Arc<Bundle>> {
        let behind = self.links.range(sequence..);
        behind
            .chain(self.links.range(..sequence))
            .filter_map(|(_, link)| link.config.as_ref())
    }

    /// All links, ascending.
    pub(crate) fn links(&self) -> impl Iterator<Item = (Sequence, &Link)> {
        self.links.iter().map(|(sequence, link)| (*sequence, link))
    }

    /// The highest sequence of the links; 0 where there are none.
    pub(crate) fn last(&self) -> Option<Sequence> {
        self.links.last_key_value().map(|(sequence, _)| *sequence)
    }

    /// What all else is proven from.
    pub(crate) fn trusted(&self) -> Option<TrustedConfig> {
        self.trusted.clone()
    }

    /// What has to be believed beside the first block, in words.
    pub(crate) fn unproven(&self) -> Vec<String> {
        let checkpoints = self.checkpoints.iter().take(LISTED);
        let mut unproven: Vec<String> = checkpoints
            .map(|sequence| {
                format!(
                    "that the config of sequence {sequence} followed from what was before: a \
                     recovery set it as a checkpoint"
                )
            })
            .collect();
        let left = self.checkpoints.len().saturating_sub(LISTED);
        if left > 0 {
            unproven.push(format!("the same of {left} more configs"));
        }
        unproven
    }
}

/// The blocks that are what the link says.
fn matching(
    said: &ChainLink,
    given: Vec<ConfigBlock>,
    findings: &mut AuditFindings,
) -> Vec<ConfigBlock> {
    let at = place(Sequence(said.sequence));
    if given.is_empty() {
        let text = format!(
            "block {} with config `{}` was not given",
            said.block_number, said.config_sha256
        );
        findings.put(AuditFindingId::BlockMissing, at, text);
        return Vec::new();
    }
    let (mut same, mut differs) = (Vec::new(), Vec::new());
    for block in given {
        match difference(said, &block) {
            None => same.push(block),
            Some(text) => differs.push(text),
        }
    }
    if same.is_empty() {
        findings.put(AuditFindingId::BlockMismatch, at, sentence(differs));
    }
    same
}

/// Reasons in an order that does not depend on that of the blocks.
fn sentence(mut reasons: Vec<String>) -> String {
    reasons.sort();
    reasons.dedup();
    reasons.join("; ")
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

/// A config that is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrustedConfig {
    /// SHA-256 of the header of its block.
    pub block_hash: String,
    /// The number of its block.
    pub block_number: u64,
    /// SHA-256 of its one encoding, whatever bytes the block carries.
    pub config_sha256: String,
    /// How often the config had been changed.
    pub sequence: u64,
}
