//! What is said of proposals: lists, all of one, and how finished ones ended.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ConflictReport, ProposedSettings, UnattestedLevel};
use crate::review::{
    Endorsement,
    diff::{Contrast, Diff},
    lint::Lint,
};

/// ListProposals.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct ProposalList {
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) bookmark: String,
    pub(in crate::contract) proposals: Vec<ProposalSummary>,
    pub(in crate::contract) unsupported: Vec<String>,
}

/// A proposal in a list.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct ProposalSummary {
    /// The proposals that this one was combined into, by id.
    pub(in crate::contract) combined_into: Vec<String>,
    /// Only where they were asked for; null where it is over.
    pub(in crate::contract) conflicts: Option<RelationsReport>,
    pub(in crate::contract) description: String,
    /// Whether the proposer's organisation left since: it belongs to nobody.
    pub(in crate::contract) former_member: bool,
    pub(in crate::contract) kind: &'static str,
    pub(in crate::contract) missing: Vec<String>,
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) proposer_msp_id: String,
    pub(in crate::contract) revision: u64,
    pub(in crate::contract) signed_by: Vec<String>,
    pub(in crate::contract) status: &'static str,
}

/// How a proposal stands to the others that are not over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct RelationsReport {
    /// The proposals that may take effect first without its signatures getting lost, by id.
    pub(in crate::contract) can_follow: Vec<Arc<str>>,
    /// Those whose intents do not go together with its own, by id.
    pub(in crate::contract) excludes: Vec<ExclusionReport>,
}

/// A proposal that excludes another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct ExclusionReport {
    /// What the other one wants as theirs, its own as ours; null in lists, and of all but the first.
    pub(in crate::contract) contrast: Option<Contrast>,
    /// The first element because of which they do.
    pub(in crate::contract) element: String,
    pub(in crate::contract) proposal_id: String,
}

/// GetProposal.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct ProposalReport {
    pub(in crate::contract) applied_revision: Option<u64>,
    pub(in crate::contract) archived: bool,
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) base_sequence: u64,
    /// The proposals that this one was combined into.
    pub(in crate::contract) combined_into: Vec<CombinedReport>,
    pub(in crate::contract) config_update: Option<Box<RawValue>>,
    pub(in crate::contract) config_update_envelope_to_submit: Option<String>,
    pub(in crate::contract) config_update_sha256: String,
    pub(in crate::contract) config_update_to_sign: Option<String>,
    /// How it stands to the others; null where it is over.
    pub(in crate::contract) conflicts: Option<RelationsReport>,
    pub(in crate::contract) consent_trail: Vec<ConsentReport>,
    pub(in crate::contract) created_at: Option<String>,
    pub(in crate::contract) deadline: Option<String>,
    pub(in crate::contract) description: String,
    pub(in crate::contract) diff: Option<Diff>,
    pub(in crate::contract) endorsement: Option<Endorsement>,
    pub(in crate::contract) explanation: Option<Box<RawValue>>,
    /// Whether the proposer's organisation left since: it belongs to nobody.
    pub(in crate::contract) former_member: bool,
    pub(in crate::contract) kind: &'static str,
    pub(in crate::contract) lint: Option<Lint>,
    pub(in crate::contract) not_checked: Vec<String>,
    pub(in crate::contract) outcome: Option<OutcomeReport>,
    pub(in crate::contract) patch: Option<Box<RawValue>>,
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) proposer_msp_id: String,
    pub(in crate::contract) revision: u64,
    /// What a settings proposal wants; null for others.
    pub(in crate::contract) settings: Option<ProposedSettings>,
    pub(in crate::contract) signatures: Vec<SignatureReport>,
    pub(in crate::contract) signatures_left_out: Vec<LeftOutReport>,
    /// The proposals that were combined into this one.
    pub(in crate::contract) sources: Vec<SourceReport>,
    pub(in crate::contract) status: &'static str,
    pub(in crate::contract) status_detail: StatusDetail,
    pub(in crate::contract) still_effective_if_submitted: Vec<u64>,
    pub(in crate::contract) tx_id: String,
    pub(in crate::contract) unsupported: Vec<String>,
    pub(in crate::contract) votes: Vec<VoteReport>,
}

/// Why a proposal has its status.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(in crate::contract) struct StatusDetail {
    /// The config is like that already, without proof that it was this proposal.
    pub(in crate::contract) already_in_effect: bool,
    pub(in crate::contract) conflicts: Vec<ConflictReport>,
    /// What the bytes would do beside, or instead of, the intent.
    pub(in crate::contract) different_effect: Vec<String>,
    /// Organisations whose signatures could complete it.
    pub(in crate::contract) missing: Vec<String>,
    pub(in crate::contract) proof: Option<ProofReport>,
    /// Of an out-of-date one: whether it can be computed again without a conflict.
    pub(in crate::contract) rebases: Option<bool>,
    /// While it is ready: who would spoil it by submitting it.
    pub(in crate::contract) spoilers: Vec<SpoilerReport>,
    /// Levels that it raises and that organisations concerned have not attested.
    pub(in crate::contract) unattested: Vec<UnattestedLevel>,
    /// `unsupported` where this build cannot tell what an orderer would say.
    pub(in crate::contract) verdict: Option<&'static str>,
    /// The combined proposal inside which it took effect; then `proof.revision` is that one's.
    pub(in crate::contract) via: Option<String>,
    pub(in crate::contract) why: Option<String>,
}

/// Somebody who must not submit with `peer channel update`, which adds the submitter's signature
/// behind the others: the policies that decide would not be satisfied any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct SpoilerReport {
    /// Null: whoever it is.
    pub(in crate::contract) msp_id: Option<String>,
    /// What this somebody is, as the policies name it: `Org1MSP.admin`.
    pub(in crate::contract) principals: Vec<String>,
    pub(in crate::contract) text: String,
}

/// Where in the verified chain a revision took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct ProofReport {
    pub(in crate::contract) block_hash: String,
    pub(in crate::contract) block_number: u64,
    pub(in crate::contract) revision: u64,
    pub(in crate::contract) sequence: u64,
}

/// How an archived proposal ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct OutcomeReport {
    pub(in crate::contract) archived_at: Option<String>,
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) outcome: &'static str,
    pub(in crate::contract) proof: Option<ProofReport>,
    /// The version of the settings that it became; null for what changed no settings.
    pub(in crate::contract) settings_version: Option<u64>,
    pub(in crate::contract) tx_id: String,
    /// The combined proposal inside which it took effect.
    pub(in crate::contract) via: Option<String>,
}

/// GetHistory.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct History {
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) bookmark: String,
    pub(in crate::contract) history: Vec<HistoryEntry>,
    pub(in crate::contract) unsupported: Vec<String>,
}

/// A finished proposal.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct HistoryEntry {
    pub(in crate::contract) created_at: Option<String>,
    pub(in crate::contract) description: String,
    pub(in crate::contract) kind: &'static str,
    pub(in crate::contract) outcome: OutcomeReport,
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) proposer_msp_id: String,
    /// Those that somebody signed, and the last.
    pub(in crate::contract) revisions: Vec<RevisionReport>,
    /// Who signed which revision.
    pub(in crate::contract) signers: Vec<ConsentReport>,
    pub(in crate::contract) votes: Vec<VoteReport>,
}

/// One computation of a proposal's update.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct RevisionReport {
    pub(in crate::contract) base_sequence: u64,
    pub(in crate::contract) config_update_sha256: String,
    pub(in crate::contract) revision: u64,
}

/// A stored signature on the current revision.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct SignatureReport {
    pub(in crate::contract) config_signature: String,
    pub(in crate::contract) counts: bool,
    pub(in crate::contract) fingerprint: String,
    pub(in crate::contract) msp_id: String,
    pub(in crate::contract) reason: Option<String>,
    pub(in crate::contract) subject: Option<String>,
}

/// A rejection.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct VoteReport {
    /// Given before the organisation left, or by one that is not a member: it does not count.
    pub(in crate::contract) former_member: bool,
    pub(in crate::contract) msp_id: String,
    pub(in crate::contract) reason: String,
    /// The revision that was rejected; only rejections of the current one count.
    pub(in crate::contract) revision: u64,
    /// The head's sequence when it was given.
    pub(in crate::contract) sequence: u64,
}

/// A proposal and the revision of a source that went into it.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct CombinedReport {
    pub(in crate::contract) config_update_sha256: String,
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) revision: u64,
}

/// A source of a combined proposal: what went in, and what members said about it by itself.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct SourceReport {
    pub(in crate::contract) config_update_sha256: String,
    /// Who signed which of its revisions.
    pub(in crate::contract) consent: Vec<ConsentReport>,
    pub(in crate::contract) description: String,
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) proposer_msp_id: String,
    pub(in crate::contract) revision: u64,
    pub(in crate::contract) votes: Vec<VoteReport>,
}

/// Valid signatures beyond what counts of one organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct LeftOutReport {
    /// Of those that were read.
    pub(in crate::contract) count: usize,
    pub(in crate::contract) msp_id: String,
    /// Whether there are more, which were not read.
    pub(in crate::contract) unread: bool,
}

/// Who signed an earlier revision of the same intent.
#[derive(Debug, Serialize)]
pub(in crate::contract) struct ConsentReport {
    pub(in crate::contract) fingerprint: String,
    pub(in crate::contract) msp_id: String,
    pub(in crate::contract) revision: u64,
}
