//! The verified chain of configs: how it starts and how it grows. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;

use super::{evaluated, levels::demand_supported};
use crate::{
    block::{self, BlockError, ConfigBlock},
    config::{Bundle, Section},
    contract::{
        error::{Code, ContractError},
        ledger::digest,
    },
    ids::{ChannelId, Digest, MspId, Sequence},
    proto::cmscc::{ChainEntry, EvaluatedPolicies, Head},
};

/// Reads a block of this channel whose data is what its header names.
pub(crate) fn read_block(bytes: Bytes, channel: &ChannelId) -> Result<ConfigBlock, ContractError> {
    let block = ConfigBlock::parse(bytes).map_err(|e| refusal(&e, Code::BadBlock))?;
    block
        .block()
        .check_data_hash()
        .map_err(|e| refusal(&e, Code::BlockDataHash))?;
    if block.channel_id() != channel {
        return Err(Code::WrongChannel.because(format_args!(
            "the block is of channel `{}`, this is `{channel}`",
            block.channel_id()
        )));
    }
    Ok(block)
}

/// A chain and what a call adds to it.
#[derive(Debug)]
pub(crate) struct Growth {
    bundle: Arc<Bundle>,
    /// Entries of the ledger and of this call that blocks of this call are compared with.
    entries: BTreeMap<Sequence, ChainEntry>,
    added: Vec<Sequence>,
    known: BTreeSet<Sequence>,
    members: BTreeMap<(Section, MspId), Option<Sequence>>,
    evaluated: BTreeMap<Sequence, EvaluatedPolicies>,
    newest: Option<ConfigBlock>,
}

impl Growth {
    /// Starts a chain with a block that somebody trusts.
    pub(crate) fn start(channel: &ChannelId, block: &ConfigBlock) -> Result<Self, ContractError> {
        let bundle = Bundle::new(channel, block.tree().clone())
            .map_err(|e| Code::BadBlock.because(format_args!("its config is not valid: {e}")))?;
        demand_supported(&bundle)?;
        let sequence = block.sequence();
        let members = member_ids(&bundle).into_iter();
        let members = members.map(|place| (place, Some(sequence))).collect();
        Ok(Self {
            bundle: Arc::new(bundle),
            entries: BTreeMap::from([(sequence, entry(block))]),
            added: vec![sequence],
            known: BTreeSet::new(),
            members,
            evaluated: BTreeMap::new(),
            newest: Some(block.clone()),
        })
    }

    /// Goes on from a trusted head. `entries`: those of the ledger for the sequences that the
    /// call's blocks carry, as far as there are any.
    pub(crate) fn from_head(bundle: Arc<Bundle>, entries: BTreeMap<Sequence, ChainEntry>) -> Self {
        Self {
            bundle,
            entries,
            added: Vec::new(),
            known: BTreeSet::new(),
            members: BTreeMap::new(),
            evaluated: BTreeMap::new(),
            newest: None,
        }
    }

    /// Takes the next block: a known one again, or the next one, verified.
    pub(crate) fn take(&mut self, block: &ConfigBlock) -> Result<(), ContractError> {
        let head = self.bundle.sequence();
        let sequence = block.sequence();
        if sequence <= head {
            return self.compare(block);
        }
        if sequence != head.next() {
            return Err(Code::ConfigGap.because(format_args!(
                "block carries sequence {sequence}, the head is at {head}; sync sequence {} first",
                head.next()
            )));
        }
        let next = block::advance(&self.bundle, block)
            .map_err(|e| refusal(&e, Code::BlockNotSuccessor).at(head))?;
        demand_supported(&next)?;
        let policies = block.update();
        if let Some(policies) = policies.and_then(|update| evaluated(&self.bundle, update)) {
            self.evaluated.insert(sequence, policies);
        }
        let before = member_ids(&self.bundle);
        let after = member_ids(&next);
        for left in before.difference(&after) {
            self.members.insert(left.clone(), None);
        }
        for joined in after.difference(&before) {
            self.members.insert(joined.clone(), Some(sequence));
        }
        self.bundle = Arc::new(next);
        self.entries.insert(sequence, entry(block));
        self.added.push(sequence);
        self.newest = Some(block.clone());
        Ok(())
    }

    fn compare(&mut self, block: &ConfigBlock) -> Result<(), ContractError> {
        let sequence = block.sequence();
        let Some(entry) = self.entries.get(&sequence) else {
            return Err(Code::BeforeCheckpoint.because(format_args!(
                "the chain holds no entry for sequence {sequence}: it starts later; the head is at \
                 {}",
                self.bundle.sequence()
            )));
        };
        let known = digest(&entry.config_sha256)?;
        if known != block.config_digest() {
            return Err(Code::ConfigFork.because(format_args!(
                "sequence {sequence} is known with config `{known}`, the block carries config \
                 `{}`; compare both with your own peer, somebody's chain is false",
                block.config_digest()
            )));
        }
        if !self.added.contains(&sequence) {
            self.known.insert(sequence);
        }
        Ok(())
    }

    /// The newest config, compiled.
    pub(crate) const fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// The newest block that was added; `None` where nothing was.
    pub(crate) const fn newest(&self) -> Option<&ConfigBlock> {
        self.newest.as_ref()
    }

    /// The entries that this call adds, by sequence, ascending.
    pub(crate) fn added(&self) -> impl Iterator<Item = (Sequence, &ChainEntry)> {
        self.added
            .iter()
            .filter_map(|sequence| Some((*sequence, self.entries.get(sequence)?)))
    }

    /// What was known before, ascending.
    pub(crate) fn known(&self) -> impl Iterator<Item = (Sequence, &ChainEntry)> {
        self.known
            .iter()
            .filter_map(|sequence| Some((*sequence, self.entries.get(sequence)?)))
    }

    /// The policies that the updates of added blocks were evaluated by.
    pub(crate) const fn evaluated(&self) -> &BTreeMap<Sequence, EvaluatedPolicies> {
        &self.evaluated
    }

    /// Since when organisations are in a section; `None`: they left it.
    pub(crate) const fn members(&self) -> &BTreeMap<(Section, MspId), Option<Sequence>> {
        &self.members
    }
}

/// The MSP ids of both sections.
pub(crate) fn member_ids(bundle: &Bundle) -> BTreeSet<(Section, MspId)> {
    let of = |section| {
        let ids = bundle.msp_ids(section).into_iter();
        ids.map(move |msp_id| (section, msp_id))
    };
    of(Section::Application)
        .chain(of(Section::Orderer))
        .collect()
}

/// The entry that a block makes.
pub(crate) fn entry(block: &ConfigBlock) -> ChainEntry {
    let bytes = |digest: Digest| Bytes::copy_from_slice(digest.as_bytes());
    ChainEntry {
        block_number: block.block().number().0,
        block_hash: bytes(block.block().header_hash()),
        config_sha256: bytes(block.config_digest()),
        config_update_sha256: block.update_digest().map(bytes).unwrap_or_default(),
    }
}

/// The head that an entry of the chain makes, at its sequence.
pub(crate) fn head(sequence: Sequence, entry: &ChainEntry, epoch: u64, tx_id: &str) -> Head {
    Head {
        epoch,
        sequence: sequence.0,
        block_number: entry.block_number,
        block_hash: entry.block_hash.clone(),
        config_sha256: entry.config_sha256.clone(),
        tx_id: tx_id.to_owned(),
    }
}

/// The contract's refusal for a block's.
pub(crate) fn refusal(error: &BlockError, otherwise: Code) -> ContractError {
    let code = match error {
        BlockError::DataHash { .. } => Code::BlockDataHash,
        BlockError::MissingPolicy(_) | BlockError::Signatures { .. } => Code::BlockSignatures,
        BlockError::Malformed(_)
        | BlockError::MissingHeader
        | BlockError::MissingLastConfig
        | BlockError::MissingMetadata { .. } => Code::BadBlock,
        BlockError::Unsupported(_) => Code::CapabilityUnsupported,
        BlockError::WrongChannel { .. } => Code::WrongChannel,
        BlockError::Config(_)
        | BlockError::Invalid(_)
        | BlockError::NotConfig
        | BlockError::Number { .. }
        | BlockError::PreviousHash { .. }
        | BlockError::Transaction(_)
        | BlockError::Undecodable(_) => otherwise,
    };
    code.because(error)
}
