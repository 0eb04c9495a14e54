//! The verification, from a bundle and blocks to the report.

use bytes::Bytes;
use serde::Serialize;

use super::{
    chain::{AuditedChain, TrustedConfig},
    document::{AuditBundle, ExportedProposal},
    error::AuditError,
    finding::{AuditFinding, AuditFindings},
    outcome::{self, EffectiveUpdate},
    records::{self, AuditedSignature},
};
use crate::{
    block::ConfigBlock,
    ids::{ChannelId, Sequence},
    review::diff::Diff,
};

/// What an auditor learns from a bundle; as JSON, with keys in the order of their names.
#[derive(Debug, Serialize)]
pub struct AuditReport {
    /// The channel that the bundle names.
    pub channel_id: String,
    /// What took effect, in words and as data; null where nothing did.
    pub diff: Option<Diff>,
    /// Where and how it took effect; null where it did not.
    pub effective: Option<EffectiveUpdate>,
    /// What is false or missing, in the order in which it was found.
    pub findings: Vec<AuditFinding>,
    /// What the bundle says that no block can prove or disprove, in words.
    pub not_verified: Vec<String>,
    /// How it ended, as the bundle says.
    pub outcome: String,
    /// The id of the proposal that was exported.
    pub proposal_id: String,
    /// Every signature in the bundle, by proposal, revision, MSP id and fingerprint.
    pub signatures: Vec<AuditedSignature>,
    /// The config that all else is proven from: compare it with a source of your own.
    pub trusted: Option<TrustedConfig>,
    /// Whether nothing was found.
    pub verified: bool,
}

/// Verifies a bundle of `ExportProposal` with serialized `common.Block`s, in any order: of every
/// link of its chain the config block. Blocks that no link names are passed over.
///
/// # Errors
/// [`AuditError`] where the bundle or a block cannot be read; that something in it is false is a
/// finding.
pub fn verify(bundle: &[u8], blocks: &[Bytes]) -> Result<AuditReport, AuditError> {
    let document = AuditBundle::read(bundle)?;
    let mut parsed = Vec::with_capacity(blocks.len());
    for (index, bytes) in blocks.iter().enumerate() {
        let block = ConfigBlock::parse(bytes.clone())
            .map_err(|source| AuditError::Block { index, source })?;
        parsed.push(block);
    }
    let channel = ChannelId::new(document.channel_id.as_str());
    let mut findings = AuditFindings::default();
    let chain = AuditedChain::build(&channel, &document.chain, parsed, &mut findings);
    let records = records::check(&document, &chain, &mut findings)?;
    let (effective, diff) = outcome::check(&document, &chain, &records, &mut findings)?;
    let outcome = document.proposal.outcome.as_ref();
    let findings = findings.into_vec();
    Ok(AuditReport {
        channel_id: document.channel_id.clone(),
        diff,
        effective,
        verified: findings.is_empty(),
        findings,
        not_verified: not_verified(&document, &chain),
        outcome: outcome.map_or_else(String::new, |outcome| outcome.outcome.clone()),
        proposal_id: document.proposal.proposal_id.clone(),
        signatures: records.signatures,
        trusted: chain.trusted(),
    })
}

/// What is said in the bundle and stands in no config block.
fn not_verified(document: &AuditBundle, chain: &AuditedChain) -> Vec<String> {
    let mut left = vec![
        "who proposed it under this id, when, in which transaction, with which description and \
         deadline, in which transaction it was archived, and of which contract and epoch the \
         ledger was: look at those transactions of the channel"
            .to_owned(),
    ];
    if document.records().any(|record| !record.votes.is_empty()) {
        left.push("rejections and their reasons: the contract's statement".to_owned());
    }
    let is_without_bytes = |record: &ExportedProposal| {
        let mut signatures = record.signatures.iter();
        signatures.any(|one| records::is_dropped(record, one))
    };
    if document.records().any(is_without_bytes) {
        left.push(
            "signatures on earlier revisions whose bytes the ledger does not keep any more, since \
             no orderer could take them"
                .to_owned(),
        );
    }
    let revisions = document.records().flat_map(|record| &record.revisions);
    let without_base = revisions
        .filter(|one| chain.link(Sequence(one.base_sequence)).is_none())
        .count();
    if without_base > 0 {
        left.push(format!(
            "that {without_base} revisions are what their intents compute to: the configs that they were \
             computed on are not in the chain, as after a recovery"
        ));
    }
    let omitted = document.records().map(|record| record.signatures_omitted);
    let omitted = omitted.fold(0, usize::saturating_add);
    if omitted > 0 {
        left.push(format!(
            "{omitted} more signatures, for which the export had no room"
        ));
    }
    if let Some(outcome) = &document.proposal.outcome
        && matches!(outcome.outcome.as_str(), "Withdrawn" | "Disowned")
    {
        left.push(format!(
            "that it ended as `{}`, and that it had no other revisions: the blocks show only that none of \
             these took effect",
            outcome.outcome
        ));
    }
    left.extend(chain.unproven());
    left
}
