//! What is said of proposals: lists, all of one, and how finished ones ended.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{ConflictReport, ProposedSettings, UnattestedLevel, bounds::Omitted};
use crate::{
    config::ConfigSignature,
    contract::{
        answer,
        error::ContractError,
        ledger::{digest, positions::JudgedVote, proofs::Effective},
    },
    review::{
        Endorsement,
        diff::{Contrast, Diff},
        lint::Lint,
    },
};

/// Answer of `ListProposals`: one page.
#[derive(Debug, Serialize)]
pub(crate) struct ProposalList {
    pub(crate) as_of_sequence: u64,
    pub(crate) bookmark: String,
    /// How many of the page are not listed: dead ones, and those that the options do not ask for.
    pub(crate) left_out: usize,
    pub(crate) proposals: Vec<ProposalSummary>,
    pub(crate) unsupported: Vec<String>,
}

/// A proposal in a list.
#[derive(Debug, Serialize)]
pub(crate) struct ProposalSummary {
    /// Whether the config is like that already, without proof that it was this proposal.
    pub(crate) already_in_effect: bool,
    /// Whether the transaction that would record it cannot fit into the channel.
    pub(crate) cannot_be_recorded: bool,
    /// The proposals that this one was combined into, by id.
    pub(crate) combined_into: Vec<String>,
    pub(crate) config_update_sha256: String,
    /// Only where they were asked for; null where it is over.
    pub(crate) conflicts: Option<RelationsReport>,
    pub(crate) deadline: Option<String>,
    pub(crate) description: String,
    /// Whether the proposer's organisation left since: it belongs to nobody.
    pub(crate) former_member: bool,
    pub(crate) kind: &'static str,
    pub(crate) missing: Vec<String>,
    /// How many signatures of whom are missing, in words: see [`StatusDetail::needs`].
    pub(crate) needs: Vec<String>,
    /// How much of what is too long for a list.
    pub(crate) omitted: Omitted,
    pub(crate) proposal_id: String,
    pub(crate) proposer_msp_id: String,
    pub(crate) revision: u64,
    pub(crate) signed_by: Vec<String>,
    pub(crate) status: &'static str,
    /// Organisations that have not attested a level which it raises.
    pub(crate) to_attest: Vec<String>,
}

/// How a proposal stands to the others that are not over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct RelationsReport {
    /// The proposals that may take effect first without its signatures getting lost, by proposer and
    /// id.
    pub(crate) can_follow: Vec<Arc<str>>,
    /// How many there are; only the first are named.
    pub(crate) can_follow_count: usize,
    /// Those whose intents do not go together with its own, by proposer and id.
    pub(crate) excludes: Vec<ExclusionReport>,
    /// How many there are; only the first are named.
    pub(crate) excludes_count: usize,
    /// Whether there are more proposals than were looked at.
    pub(crate) more: bool,
}

/// A proposal that excludes another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ExclusionReport {
    /// What the other one wants as theirs, its own as ours; null in lists, and of all but the first.
    pub(crate) contrast: Option<Contrast>,
    /// The first element because of which they do.
    pub(crate) element: String,
    pub(crate) proposal_id: Arc<str>,
}

/// Answer of `GetProposal`: everything about one.
#[derive(Debug, Serialize)]
pub(crate) struct ProposalReport {
    pub(crate) applied_revision: Option<u64>,
    pub(crate) archived: bool,
    pub(crate) as_of_sequence: u64,
    pub(crate) base_sequence: u64,
    /// The proposals that this one was combined into.
    pub(crate) combined_into: Vec<CombinedReport>,
    pub(crate) config_update: Option<Box<RawValue>>,
    pub(crate) config_update_envelope_to_submit: Option<String>,
    pub(crate) config_update_sha256: String,
    pub(crate) config_update_to_sign: Option<String>,
    /// How it stands to the others; null where it is over.
    pub(crate) conflicts: Option<RelationsReport>,
    pub(crate) consent_trail: Vec<ConsentReport>,
    pub(crate) created_at: Option<String>,
    pub(crate) deadline: Option<String>,
    pub(crate) description: String,
    pub(crate) diff: Option<Diff>,
    pub(crate) endorsement: Option<Endorsement>,
    pub(crate) explanation: Option<ExplanationReport>,
    /// Whether the proposer's organisation left since: it belongs to nobody.
    pub(crate) former_member: bool,
    pub(crate) kind: &'static str,
    pub(crate) lint: Option<Lint>,
    pub(crate) not_checked: Vec<String>,
    /// How much was left out of what is too long for an answer.
    pub(crate) omitted: Omitted,
    pub(crate) outcome: Option<OutcomeReport>,
    pub(crate) patch: Option<Box<RawValue>>,
    pub(crate) proposal_id: String,
    pub(crate) proposer_msp_id: String,
    pub(crate) revision: u64,
    /// What a settings proposal wants; null for others.
    pub(crate) settings: Option<ProposedSettings>,
    pub(crate) signatures: Vec<SignatureReport>,
    /// The proposals that were combined into this one.
    pub(crate) sources: Vec<SourceReport>,
    pub(crate) status: &'static str,
    pub(crate) status_detail: StatusDetail,
    pub(crate) still_effective_if_submitted: Vec<u64>,
    pub(crate) tx_id: String,
    pub(crate) unsupported: Vec<String>,
    pub(crate) votes: Vec<VoteReport>,
}

/// Why a proposal has its status.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct StatusDetail {
    /// The config is like that already, without proof that it was this proposal.
    pub(crate) already_in_effect: bool,
    pub(crate) conflicts: Vec<ConflictReport>,
    /// What the bytes would do beside, or instead of, the intent.
    pub(crate) different_effect: Vec<String>,
    /// Organisations whose signatures could complete it.
    pub(crate) missing: Vec<String>,
    /// What each deciding policy needs that is not satisfied, in words: how many of what it counts
    /// there are and must be, and how many of whom; behind some 10 the others are counted.
    pub(crate) needs: Vec<String>,
    /// Of an out-of-date one: what changed the config since its update was computed.
    pub(crate) outdated_by: Option<OutdatedBy>,
    pub(crate) proof: Option<ProofReport>,
    /// Of an out-of-date one: whether it can be computed again without a conflict.
    pub(crate) rebases: Option<bool>,
    /// Of an open update: what the transaction that records it takes.
    pub(crate) recording: Option<RecordingReport>,
    /// While it is ready: who would spoil it by submitting it.
    pub(crate) spoilers: Vec<SpoilerReport>,
    /// How many more there are, which were not put into words.
    #[serde(skip)]
    pub(crate) spoilers_unsaid: usize,
    /// Levels that it raises and that organisations concerned have not attested.
    pub(crate) unattested: Vec<UnattestedLevel>,
    /// `unsupported` where this build cannot tell what an orderer would say.
    pub(crate) verdict: Option<&'static str>,
    /// The combined proposal inside which it took effect; then `proof.revision` is that one's.
    pub(crate) via: Option<String>,
    pub(crate) why: Option<String>,
}

impl StatusDetail {
    /// Whether the transaction that would record it cannot fit into the channel.
    pub(crate) fn cannot_be_recorded(&self) -> bool {
        self.recording
            .as_ref()
            .is_some_and(|recording| !recording.fits)
    }
}

/// The links of the verified chain behind the config that an out-of-date update was computed on: one of
/// them changed what it builds on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct OutdatedBy {
    /// The block of the first; null where a recovery left it out.
    pub(crate) first_block: Option<u64>,
    pub(crate) first_sequence: u64,
    pub(crate) last_block: u64,
    /// The head's.
    pub(crate) last_sequence: u64,
    /// Where there is one alone: the proposal whose update led to it, as long as that is not archived.
    pub(crate) proposal_id: Option<String>,
    pub(crate) text: String,
}

/// What the transaction that records an update has at least: `SyncConfig` with the resulting block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RecordingReport {
    /// Where the block is given as an argument, as raw bytes.
    pub(crate) bytes_as_argument: u64,
    /// Where it is given as an argument in base64, as `peer chaincode invoke` needs it.
    pub(crate) bytes_as_base64: u64,
    /// Where it is given as transient data.
    pub(crate) bytes_as_transient: u64,
    /// How many endorsements are counted.
    pub(crate) endorsements: u64,
    /// Whether it can fit at all: as transient data.
    pub(crate) fits: bool,
    /// What the channel allows after the update. Unit: bytes.
    pub(crate) limit: u64,
    /// What is left as transient data; below zero where it does not fit. Unit: bytes.
    pub(crate) margin: i64,
    /// What to do where it does not fit.
    pub(crate) text: Option<String>,
}

/// The policies that decide, and what they make of the signatures; as JSON the list of those that are
/// explained.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExplanationReport {
    /// Each as it stands in answers.
    pub(crate) policies: Vec<Box<RawValue>>,
    /// How many others decide that are not explained, and how many are not explained whole.
    pub(crate) omitted: usize,
}

impl Serialize for ExplanationReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.policies.serialize(serializer)
    }
}

/// Somebody who must not submit with `peer channel update`, which adds the submitter's signature
/// behind the others: the policies that decide would not be satisfied any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SpoilerReport {
    /// The MSP of the spoiler; null where any signer would spoil.
    pub(crate) msp_id: Option<String>,
    /// What this somebody is, as the policies name it: `Org1MSP.admin`.
    pub(crate) principals: Vec<String>,
    pub(crate) text: String,
}

/// Where in the verified chain a revision took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ProofReport {
    pub(crate) block_hash: String,
    pub(crate) block_number: u64,
    pub(crate) revision: u64,
    pub(crate) sequence: u64,
}

/// How an archived proposal ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct OutcomeReport {
    pub(crate) archived_at: Option<String>,
    pub(crate) as_of_sequence: u64,
    pub(crate) outcome: &'static str,
    pub(crate) proof: Option<ProofReport>,
    /// The version of the settings that it became; null for what changed no settings.
    pub(crate) settings_version: Option<u64>,
    /// The same in words.
    pub(crate) text: String,
    pub(crate) tx_id: String,
    /// The combined proposal inside which it took effect.
    pub(crate) via: Option<String>,
}

/// Answer of `GetHistory`: one page of finished proposals.
#[derive(Debug, Serialize)]
pub(crate) struct History {
    pub(crate) as_of_sequence: u64,
    pub(crate) bookmark: String,
    pub(crate) history: Vec<HistoryEntry>,
    pub(crate) unsupported: Vec<String>,
}

/// A finished proposal in a page of `GetHistory`.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryEntry {
    pub(crate) created_at: Option<String>,
    pub(crate) description: String,
    pub(crate) kind: &'static str,
    pub(crate) outcome: OutcomeReport,
    pub(crate) proposal_id: String,
    pub(crate) proposer_msp_id: String,
    /// Those that somebody signed, and the last.
    pub(crate) revisions: Vec<RevisionReport>,
    /// As `GetProposal` gives it: how it ended.
    pub(crate) status: &'static str,
}

/// One computation of a proposal's update.
#[derive(Debug, Serialize)]
pub(crate) struct RevisionReport {
    pub(crate) base_sequence: u64,
    pub(crate) config_update_sha256: String,
    pub(crate) revision: u64,
}

/// A stored signature on the current revision.
#[derive(Debug, Serialize)]
pub(crate) struct SignatureReport {
    pub(crate) config_signature: String,
    pub(crate) counts: bool,
    /// Whether the signer's certificate has expired at the time of the call. It counts all the same.
    pub(crate) expired: bool,
    pub(crate) fingerprint: String,
    pub(crate) msp_id: String,
    pub(crate) reason: Option<String>,
    pub(crate) subject: Option<String>,
}

/// One organisation's rejection of one revision.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct VoteReport {
    /// Given before the organisation left, or by one that is not a member: it does not count.
    pub(crate) former_member: bool,
    pub(crate) msp_id: String,
    pub(crate) reason: String,
    /// The revision that was rejected; only rejections of the current one count.
    pub(crate) revision: u64,
    /// The head's sequence when it was given.
    pub(crate) sequence: u64,
}

/// A proposal and the revision of a source that went into it.
#[derive(Debug, Serialize)]
pub(crate) struct CombinedReport {
    pub(crate) config_update_sha256: String,
    pub(crate) proposal_id: String,
    pub(crate) revision: u64,
}

/// A source of a combined proposal: what went in. `GetProposal` of it shows what members said about it
/// by itself.
#[derive(Debug, Serialize)]
pub(crate) struct SourceReport {
    pub(crate) config_update_sha256: String,
    pub(crate) proposal_id: String,
    pub(crate) proposer_msp_id: String,
    pub(crate) revision: u64,
}

/// Who signed an earlier revision of the same intent.
#[derive(Debug, Serialize)]
pub(crate) struct ConsentReport {
    pub(crate) fingerprint: String,
    pub(crate) msp_id: String,
    pub(crate) revision: u64,
}

/// Base64 of a serialized `common.ConfigSignature`.
pub(crate) fn config_signature(signature: &ConfigSignature) -> String {
    answer::base64(&signature.encode())
}

impl ProofReport {
    /// The proof as answers show it.
    pub(crate) fn of(effective: &Effective) -> Result<Self, ContractError> {
        Ok(Self {
            block_hash: digest(&effective.at.entry.block_hash)?.to_string(),
            block_number: effective.at.entry.block_number,
            revision: effective.revision,
            sequence: effective.at.sequence.0,
        })
    }
}

impl VoteReport {
    /// The vote as answers show it. It counts only on the current revision.
    pub(crate) fn of(judged: &JudgedVote) -> Self {
        let stored = judged.stored();
        Self {
            former_member: judged.former_member,
            msp_id: stored.msp_id.to_string(),
            reason: stored.vote.reason.clone(),
            revision: stored.revision.0,
            sequence: stored.vote.sequence.unwrap_or_default(),
        }
    }
}
