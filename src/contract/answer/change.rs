//! What calls on proposals did.

use serde::Serialize;

use super::bounds::Omitted;
use crate::{contract::error::Code, review::diff::Contrasted};

/// Answer of calls that make a proposal: its id, and the digest to be signed.
#[derive(Debug, Serialize)]
pub(crate) struct Proposed {
    pub(crate) as_of_sequence: u64,
    pub(crate) config_update_sha256: String,
    pub(crate) proposal_id: String,
    pub(crate) revision: u64,
    /// Those in the envelope that was given: who consents adds its own.
    pub(crate) unused_signatures: Vec<UnusedSignature>,
}

/// A signature that came with an update and was not looked at; what could not be read of its signer is
/// null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct UnusedSignature {
    pub(crate) fingerprint: Option<String>,
    pub(crate) msp_id: Option<String>,
    pub(crate) subject: Option<String>,
}

/// Answer of `AddSignature`: what became of each signature.
#[derive(Debug, Serialize)]
pub(crate) struct Signed {
    pub(crate) added: Vec<SignerReport>,
    pub(crate) already: Vec<SignerReport>,
    pub(crate) as_of_sequence: u64,
    pub(crate) proposal_id: String,
    pub(crate) refused: Vec<RefusedSignature>,
    pub(crate) revision: u64,
}

/// Whose signature it is, as answers name the signer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct SignerReport {
    pub(crate) fingerprint: String,
    pub(crate) msp_id: String,
    pub(crate) subject: String,
}

/// A signature that was not taken; what could not be read of its signer is null.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RefusedSignature {
    pub(crate) code: Code,
    pub(crate) fingerprint: Option<String>,
    pub(crate) msp_id: Option<String>,
    pub(crate) reason: String,
    pub(crate) subject: Option<String>,
}

/// Answer of calls that end or oppose a proposal.
#[derive(Debug, Serialize)]
pub(crate) struct Ended {
    pub(crate) as_of_sequence: u64,
    pub(crate) proposal_id: String,
}

/// Answer of `UpdateProposals`: what became of each proposal.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Updated {
    pub(crate) archived: Vec<ArchivedReport>,
    pub(crate) as_of_sequence: u64,
    /// Where the next call goes on; empty: nothing is left.
    pub(crate) bookmark: String,
    /// Of what the call looked at what stays as it is, and why.
    pub(crate) left: Vec<LeftReport>,
    /// How many proposals of other organisations it looked at that have not taken effect.
    pub(crate) others: usize,
    pub(crate) recomputed: Vec<RecomputedReport>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ArchivedReport {
    pub(crate) outcome: &'static str,
    pub(crate) proposal_id: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct LeftReport {
    pub(crate) proposal_id: String,
    pub(crate) reason: String,
    /// Null while it is open: which of the open statuses it has takes reads that a write must not
    /// make.
    pub(crate) status: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct RecomputedReport {
    pub(crate) config_update_sha256: String,
    /// Where others changed the same elements since: what was taken for granted and what is there.
    pub(crate) conflicts: Vec<ConflictReport>,
    /// How many of them were left out of what is too long for an answer.
    pub(crate) omitted: Omitted,
    pub(crate) proposal_id: String,
    pub(crate) revision: u64,
}

/// An element that the intent writes or deletes and that somebody else changed meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ConflictReport {
    /// SHA-256 of the content that the proposal was computed on; null: absent.
    pub(crate) base_sha256: Option<String>,
    /// SHA-256 of the content now; null: absent.
    pub(crate) current_sha256: Option<String>,
    /// The content now as theirs, the one that the proposal would put there as ours; only where
    /// they differ.
    pub(crate) differences: Vec<Contrasted>,
    pub(crate) element: String,
    /// SHA-256 of the content that the proposal would put there; null: absent.
    pub(crate) ours_sha256: Option<String>,
    /// How many more differences there are.
    pub(crate) truncated: usize,
}

impl ConflictReport {
    /// Lists no more than this many differences.
    pub(crate) fn keep(&mut self, most: usize) {
        let more = self.differences.len().saturating_sub(most);
        self.differences.truncate(most);
        self.truncated = self.truncated.saturating_add(more);
    }
}
