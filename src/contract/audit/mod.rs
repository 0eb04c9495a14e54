//! Audit bundles: verifying offline what `ExportProposal` says, with the config blocks of any peer.
//! Pure.
//!
//! Nothing of a bundle is believed: blocks prove each other from the first one on, updates are
//! computed again from the intent, signatures are verified, and the policies are evaluated on the
//! envelope that the block carries. What is left to believe is the first block, and what no block
//! can show, which the report lists.

mod chain;
mod document;
mod finding;
mod outcome;
mod records;

pub(crate) use document::{
    Combined, Computed, Consent, Document, Evaluated, FORMAT, Outcome, Proof, Record,
};
pub use finding::{Finding, FindingId};
pub use outcome::{Effective, OnChainSigner, Policy};
pub use records::Signature;

use bytes::Bytes;
use serde::Serialize;

use crate::{
    block::{BlockError, ConfigBlock},
    config::{EnvelopeError, PatchError},
    ids::{ChannelId, Digest},
    review::diff::Diff,
};
use chain::Chain;
use finding::Findings;

/// What an auditor learns from a bundle; as JSON, with keys in the order of their names.
#[derive(Debug, Serialize)]
pub struct AuditReport {
    /// The channel.
    pub channel_id: String,
    /// What took effect, in words and as data; null where nothing did.
    pub diff: Option<Diff>,
    /// Where and how it took effect; null where it did not.
    pub effective: Option<Effective>,
    /// What is false or missing, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// What the bundle says that no block can prove or disprove, in words.
    pub not_verified: Vec<String>,
    /// How it ended, as the bundle says.
    pub outcome: String,
    /// The proposal.
    pub proposal_id: String,
    /// Every signature in the bundle, by proposal, revision, MSP id and fingerprint.
    pub signatures: Vec<Signature>,
    /// The config that all else is proven from: compare it with a source of your own.
    pub trusted: Option<Trusted>,
    /// Whether nothing was found.
    pub verified: bool,
}

/// A config that is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trusted {
    /// SHA-256 of the header of its block.
    pub block_hash: String,
    /// The number of its block.
    pub block_number: u64,
    /// SHA-256 of its bytes.
    pub config_sha256: String,
    /// Its sequence.
    pub sequence: u64,
}

/// Why a bundle or a block cannot be looked at at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A field that is not standard base64 with padding.
    #[error("field `{0}` of the bundle is not standard base64")]
    Base64(&'static str),
    /// A block that is no config block.
    #[error("block {index} is no config block: {source}")]
    Block {
        /// Its place among the blocks given, from 0.
        index: usize,
        /// What is wrong.
        source: BlockError,
    },
    /// A field that is no SHA-256 digest in lower-case hex.
    #[error("field `{0}` of the bundle is not a sha-256 digest")]
    Digest(&'static str),
    /// A bundle of another form.
    #[error("the bundle has format {0}, this build reads format 1")]
    Format(u64),
    /// A bundle that is not the JSON that it should be.
    #[error("the bundle cannot be read: {0}")]
    Json(serde_json::Error),
    /// An intent that is no patch.
    #[error("the patch of proposal `{id}` cannot be read: {source}")]
    Patch {
        /// The proposal.
        id: String,
        /// What is wrong.
        source: PatchError,
    },
    /// A signature that is none.
    #[error("a signature on proposal `{id}` cannot be read: {source}")]
    Signature {
        /// The proposal.
        id: String,
        /// What is wrong.
        source: EnvelopeError,
    },
}

/// Verifies a bundle of `ExportProposal` with serialized `common.Block`s, in any order: of every
/// link of its chain the config block. Blocks that no link names are passed over.
///
/// # Errors
/// [`AuditError`] where the bundle or a block cannot be read; that something in it is false is a
/// finding.
pub fn verify(bundle: &[u8], blocks: &[Bytes]) -> Result<AuditReport, AuditError> {
    let document = Document::read(bundle)?;
    let mut parsed = Vec::with_capacity(blocks.len());
    for (index, bytes) in blocks.iter().enumerate() {
        let block = ConfigBlock::parse(bytes.clone())
            .map_err(|source| AuditError::Block { index, source })?;
        parsed.push(block);
    }
    let channel = ChannelId::new(document.channel_id.as_str());
    let mut findings = Findings::default();
    let chain = Chain::build(&channel, &document.chain, parsed, &mut findings);
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
fn not_verified(document: &Document, chain: &Chain) -> Vec<String> {
    let mut left = vec![
        "who proposed it under this id, when, in which transaction, with which description and \
         deadline, in which transaction it was archived, and of which contract and epoch the \
         ledger was: look at those transactions of the channel"
            .to_owned(),
    ];
    if document.records().any(|record| !record.votes.is_empty()) {
        left.push("rejections and their reasons: the contract's statement".to_owned());
    }
    let unsigned = |record: &Record| {
        let mut signatures = record.signatures.iter();
        signatures.any(|one| one.config_signature.is_none())
    };
    if document.records().any(unsigned) {
        left.push(
            "signatures on revisions that did not take effect: an archive keeps only who signed \
             them"
                .to_owned(),
        );
    }
    if let Some(outcome) = &document.proposal.outcome
        && matches!(outcome.outcome.as_str(), "Withdrawn" | "Disowned")
    {
        left.push(format!(
            "that it ended as `{}`: the blocks show only that none of its revisions took effect",
            outcome.outcome
        ));
    }
    left.extend(chain.unproven());
    left
}

/// A digest of a bundle.
fn digest(field: &'static str, text: &str) -> Result<Digest, AuditError> {
    Digest::from_hex(text).ok_or(AuditError::Digest(field))
}
