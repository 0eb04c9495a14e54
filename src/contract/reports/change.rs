//! What calls on proposals did.

use serde::Serialize;

use crate::{contract::error::Code, review::diff::Contrasted};

/// Propose, Add, Reconfig, Combine.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct Proposed {
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) config_update_sha256: String,
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) revision: u64,
}

/// AddSignature.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct Signed {
    pub(in crate::contract) added: Vec<SignerReport>,
    pub(in crate::contract) already: Vec<SignerReport>,
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) refused: Vec<RefusedSignature>,
    pub(in crate::contract) revision: u64,
}

/// An identity that signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(in crate::contract) struct SignerReport {
    pub(in crate::contract) fingerprint: String,
    pub(in crate::contract) msp_id: String,
    pub(in crate::contract) subject: String,
}

/// A signature that was not taken; what could not be read of its signer is null.
#[derive(Clone, Debug, Serialize)]
pub(in crate::contract) struct RefusedSignature {
    pub(in crate::contract) code: Code,
    pub(in crate::contract) fingerprint: Option<String>,
    pub(in crate::contract) msp_id: Option<String>,
    pub(in crate::contract) reason: String,
    pub(in crate::contract) subject: Option<String>,
}

/// Reject, Withdraw, Delete.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct Ended {
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) proposal_id: String,
}

/// UpdateProposals.
#[derive(Debug, Default, Serialize)]
pub(in crate::contract) struct Updated {
    pub(in crate::contract) archived: Vec<ArchivedReport>,
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) left: Vec<LeftReport>,
    pub(in crate::contract) recomputed: Vec<RecomputedReport>,
}

#[derive(Debug, Serialize)]
pub(in crate::contract) struct ArchivedReport {
    pub(in crate::contract) outcome: &'static str,
    pub(in crate::contract) proposal_id: String,
}

#[derive(Debug, Serialize)]
pub(in crate::contract) struct LeftReport {
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) reason: String,
    /// Null while it is open: which of the open statuses it has takes reads that a write must not
    /// make.
    pub(in crate::contract) status: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub(in crate::contract) struct RecomputedReport {
    pub(in crate::contract) config_update_sha256: String,
    /// Where others changed the same elements since: what was taken for granted and what is there.
    pub(in crate::contract) conflicts: Vec<ConflictReport>,
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) revision: u64,
}

/// An element that the intent writes or deletes and that somebody else changed meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct ConflictReport {
    /// SHA-256 of the content that the proposal was computed on; null: absent.
    pub(in crate::contract) base_sha256: Option<String>,
    /// SHA-256 of the content now; null: absent.
    pub(in crate::contract) current_sha256: Option<String>,
    /// The content now as theirs, the one that the proposal would put there as ours; only where
    /// they differ.
    pub(in crate::contract) differences: Vec<Contrasted>,
    pub(in crate::contract) element: String,
    /// SHA-256 of the content that the proposal would put there; null: absent.
    pub(in crate::contract) ours_sha256: Option<String>,
    /// How many more differences there are.
    pub(in crate::contract) truncated: usize,
}

impl ConflictReport {
    /// Lists no more than this many differences.
    pub(in crate::contract) fn keep(&mut self, most: usize) {
        let more = self.differences.len().saturating_sub(most);
        self.differences.truncate(most);
        self.truncated = self.truncated.saturating_add(more);
    }
}
