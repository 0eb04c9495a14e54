//! The shapes of answers. Field names are public: more may be added, none renamed.
//!
//! Fields are declared in the order of their names, so that keys come out sorted; absent ones are
//! null. Documents in Fabric's own JSON stand inside as they are ([`RawValue`]): they may be nested
//! deeper than a generic JSON tree can hold.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    error::{Code, ContractError},
    levels::Scope,
    state::digest,
};
use crate::{
    config::{
        Endorsement,
        diff::{Contrast, Contrasted, Diff},
        json,
        lint::Lint,
    },
    ids::{ChannelId, Digest, Sequence},
    proto::cmscc::{ChainEntry, Head},
};

/// A Fabric document inside an answer is never longer than this, in bytes.
const DOCUMENT: usize = 512 << 20;

/// The bytes of an answer.
pub(super) fn write(report: &impl Serialize) -> Result<Vec<u8>, ContractError> {
    serde_json::to_vec(report)
        .map_err(|e| Code::Internal.because(format_args!("the answer cannot be written: {e}")))
}

/// A message in Fabric's JSON form, to stand inside an answer; `None` where it has none: a config
/// may be nested deeper than JSON, or hold principals that Fabric's own codec cannot write.
pub(super) fn document(message_type: &str, bytes: &[u8]) -> Option<Box<RawValue>> {
    let text = json::encode_compact(message_type, bytes, DOCUMENT).ok()?;
    RawValue::from_string(text).ok()
}

/// Base64 as answers carry it.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The same of bytes that may be absent, which empty ones are.
pub(super) fn optional_bytes(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| base64(bytes))
}

/// Propose, Add, Reconfig, Combine.
#[derive(Debug, Serialize)]
pub(super) struct Proposed {
    pub(super) as_of_sequence: u64,
    pub(super) config_update_sha256: String,
    pub(super) proposal_id: String,
    pub(super) revision: u64,
}

/// AddSignature.
#[derive(Debug, Serialize)]
pub(super) struct Signed {
    pub(super) added: Vec<SignerReport>,
    pub(super) already: Vec<SignerReport>,
    pub(super) as_of_sequence: u64,
    pub(super) proposal_id: String,
    pub(super) refused: Vec<RefusedSignature>,
    pub(super) revision: u64,
}

/// An identity that signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct SignerReport {
    pub(super) fingerprint: String,
    pub(super) msp_id: String,
    pub(super) subject: String,
}

/// A signature that was not taken; what could not be read of its signer is null.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RefusedSignature {
    pub(super) code: Code,
    pub(super) fingerprint: Option<String>,
    pub(super) msp_id: Option<String>,
    pub(super) reason: String,
    pub(super) subject: Option<String>,
}

/// Reject, Withdraw, Delete.
#[derive(Debug, Serialize)]
pub(super) struct Ended {
    pub(super) as_of_sequence: u64,
    pub(super) proposal_id: String,
}

/// AttestCapabilities.
#[derive(Debug, Serialize)]
pub(super) struct Attested {
    pub(super) as_of_sequence: u64,
    pub(super) msp_id: String,
}

/// GetCapabilities.
#[derive(Debug, Serialize)]
pub(super) struct CapabilitiesReport {
    pub(super) application: Vec<LevelReport>,
    pub(super) as_of_sequence: u64,
    pub(super) attestations: Vec<AttestationReport>,
    pub(super) channel: Vec<LevelReport>,
    /// The contract capabilities that every endorsing server must know.
    pub(super) contract: Vec<String>,
    pub(super) gate: &'static str,
    pub(super) orderer: Vec<LevelReport>,
    pub(super) unsupported: Vec<String>,
}

/// One level of one of the three maps.
#[derive(Debug, Serialize)]
pub(super) struct LevelReport {
    pub(super) attested_by: Vec<String>,
    /// Concerned organisations that have not attested it.
    pub(super) lacking: Vec<String>,
    pub(super) level: String,
    /// Proposals that raise it.
    pub(super) proposed_by: Vec<String>,
    /// Whether the config declares it.
    pub(super) required: bool,
    /// Whether the build that answers knows it.
    pub(super) supported: bool,
}

/// What an organisation says of its nodes.
#[derive(Debug, Serialize)]
pub(super) struct AttestationReport {
    pub(super) application: Vec<String>,
    pub(super) channel: Vec<String>,
    /// Given before the organisation left, or by one that is not a member: it does not count.
    pub(super) former_member: bool,
    pub(super) msp_id: String,
    pub(super) orderer: Vec<String>,
    pub(super) sequence: u64,
    pub(super) server: bool,
}

/// Settings, in the form in which they are proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct SettingsReport {
    pub(super) capabilities: Vec<String>,
    /// Null: none.
    pub(super) endorsement_policy: Option<String>,
    pub(super) gate: &'static str,
}

/// What a settings proposal wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ProposedSettings {
    /// SHA-256 of the settings that it changes.
    pub(super) current_sha256: Option<String>,
    pub(super) instance: String,
    pub(super) settings: SettingsReport,
    /// The version that the settings become.
    pub(super) version: u64,
}

/// GetSettings.
#[derive(Debug, Serialize)]
pub(super) struct GetSettingsReport {
    pub(super) as_of_sequence: u64,
    pub(super) definition: DefinitionReport,
    /// The transaction of the first bootstrap.
    pub(super) instance: String,
    pub(super) settings: SettingsReport,
    pub(super) settings_sha256: String,
    /// The contract capabilities that the build that answers knows.
    pub(super) supported_capabilities: Vec<String>,
    pub(super) unsupported: Vec<String>,
    pub(super) version: u64,
}

/// The chaincode's committed definition; what is not known is null.
#[derive(Debug, Serialize)]
pub(super) struct DefinitionReport {
    pub(super) chaincode: Option<String>,
    pub(super) endorsement_policy: Option<String>,
    /// Why nothing is known of it.
    pub(super) error: Option<String>,
    /// Whether its endorsement policy is the agreed one; null where none was agreed.
    pub(super) matches: Option<bool>,
    pub(super) sequence: Option<i64>,
    pub(super) version: Option<String>,
}

/// ApplySettings.
#[derive(Debug, Serialize)]
pub(super) struct SettingsApplied {
    pub(super) as_of_sequence: u64,
    pub(super) proposal_id: String,
    pub(super) version: u64,
}

/// A level that a proposal raises and that organisations concerned have not attested.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct UnattestedLevel {
    pub(super) lacking: Vec<String>,
    pub(super) level: String,
    pub(super) scope: Scope,
}

/// UpdateProposals.
#[derive(Debug, Default, Serialize)]
pub(super) struct Updated {
    pub(super) archived: Vec<ArchivedReport>,
    pub(super) as_of_sequence: u64,
    pub(super) left: Vec<LeftReport>,
    pub(super) recomputed: Vec<RecomputedReport>,
}

#[derive(Debug, Serialize)]
pub(super) struct ArchivedReport {
    pub(super) outcome: &'static str,
    pub(super) proposal_id: String,
}

#[derive(Debug, Serialize)]
pub(super) struct LeftReport {
    pub(super) proposal_id: String,
    pub(super) reason: String,
    /// Null while it is open: which of the open statuses it has takes reads that a write must not
    /// make.
    pub(super) status: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub(super) struct RecomputedReport {
    pub(super) config_update_sha256: String,
    /// Where others changed the same elements since: what was taken for granted and what is there.
    pub(super) conflicts: Vec<ConflictReport>,
    pub(super) proposal_id: String,
    pub(super) revision: u64,
}

/// An element that the intent writes or deletes and that somebody else changed meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ConflictReport {
    /// SHA-256 of the content that the proposal was computed on; null: absent.
    pub(super) base_sha256: Option<String>,
    /// SHA-256 of the content now; null: absent.
    pub(super) current_sha256: Option<String>,
    /// The content now as theirs, the one that the proposal would put there as ours; only where
    /// they differ.
    pub(super) differences: Vec<Contrasted>,
    pub(super) element: String,
    /// SHA-256 of the content that the proposal would put there; null: absent.
    pub(super) ours_sha256: Option<String>,
    /// How many more differences there are.
    pub(super) truncated: usize,
}

impl ConflictReport {
    /// Lists no more than this many differences.
    pub(super) fn keep(&mut self, most: usize) {
        let more = self.differences.len().saturating_sub(most);
        self.differences.truncate(most);
        self.truncated = self.truncated.saturating_add(more);
    }
}

/// Init, Sync, Recover.
#[derive(Debug, Serialize)]
pub(super) struct Synced {
    pub(super) added: Vec<ChainLink>,
    pub(super) applied: Vec<AppliedProposal>,
    pub(super) block_hash: Option<String>,
    pub(super) block_number: Option<u64>,
    pub(super) channel_id: String,
    pub(super) config_sha256: Option<String>,
    pub(super) epoch: Option<u64>,
    pub(super) known: Vec<ChainLink>,
    pub(super) sequence: Option<u64>,
}

impl Synced {
    /// The answer for this head, or for none yet, with nothing added or known.
    pub(super) fn at(channel: &ChannelId, head: Option<&Head>) -> Result<Self, ContractError> {
        let hex = |bytes: &[u8]| digest(bytes).map(|d| d.to_string());
        Ok(Self {
            added: Vec::new(),
            applied: Vec::new(),
            block_hash: head.map(|h| hex(&h.block_hash)).transpose()?,
            block_number: head.map(|h| h.block_number),
            channel_id: channel.to_string(),
            config_sha256: head.map(|h| hex(&h.config_sha256)).transpose()?,
            epoch: head.map(|h| h.epoch),
            known: Vec::new(),
            sequence: head.map(|h| h.sequence),
        })
    }
}

/// A proposal's revision that took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct AppliedProposal {
    pub(super) proposal_id: String,
    pub(super) revision: u64,
}

/// GetConfigChain.
#[derive(Debug, Serialize)]
pub(super) struct Chain {
    pub(super) as_of_sequence: u64,
    pub(super) chain: Vec<ChainLink>,
    pub(super) unsupported: Vec<String>,
}

/// One link of the verified chain.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct ChainLink {
    pub(super) block_hash: String,
    pub(super) block_number: u64,
    pub(super) config_sha256: String,
    pub(super) config_update_sha256: Option<String>,
    pub(super) sequence: u64,
}

impl ChainLink {
    /// The link that an entry of the ledger is.
    pub(super) fn new(sequence: Sequence, entry: &ChainEntry) -> Result<Self, ContractError> {
        let update = match entry.config_update_sha256.is_empty() {
            true => None,
            false => Some(digest(&entry.config_update_sha256)?.to_string()),
        };
        Ok(Self {
            block_hash: digest(&entry.block_hash)?.to_string(),
            block_number: entry.block_number,
            config_sha256: digest(&entry.config_sha256)?.to_string(),
            config_update_sha256: update,
            sequence: sequence.0,
        })
    }
}

/// GetConfig.
#[derive(Debug, Serialize)]
pub(super) struct ConfigReport {
    pub(super) block_hash: String,
    pub(super) block_number: u64,
    pub(super) config: Option<Box<RawValue>>,
    pub(super) config_sha256: String,
    pub(super) epoch: u64,
    pub(super) sequence: u64,
    /// Levels that the channel requires and this build does not know.
    pub(super) unsupported: Vec<String>,
}

/// ListProposals.
#[derive(Debug, Serialize)]
pub(super) struct ProposalList {
    pub(super) as_of_sequence: u64,
    pub(super) bookmark: String,
    pub(super) proposals: Vec<ProposalSummary>,
    pub(super) unsupported: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct ProposalSummary {
    /// The proposals that this one was combined into, by id.
    pub(super) combined_into: Vec<String>,
    /// Only where they were asked for; null where it is over.
    pub(super) conflicts: Option<RelationsReport>,
    pub(super) description: String,
    /// Whether the proposer's organisation left since: it belongs to nobody.
    pub(super) former_member: bool,
    pub(super) kind: &'static str,
    pub(super) missing: Vec<String>,
    pub(super) proposal_id: String,
    pub(super) proposer_msp_id: String,
    pub(super) revision: u64,
    pub(super) signed_by: Vec<String>,
    pub(super) status: &'static str,
}

/// How a proposal stands to the others that are not over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct RelationsReport {
    /// The proposals that may take effect first without its signatures getting lost, by id.
    pub(super) can_follow: Vec<String>,
    /// Those whose intents do not go together with its own, by id.
    pub(super) excludes: Vec<ExclusionReport>,
}

/// A proposal that excludes another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ExclusionReport {
    /// What the other one wants as theirs, its own as ours; null in lists, and of all but the first.
    pub(super) contrast: Option<Contrast>,
    /// The first element because of which they do.
    pub(super) element: String,
    pub(super) proposal_id: String,
}

/// GetProposal.
#[derive(Debug, Serialize)]
pub(super) struct ProposalReport {
    pub(super) applied_revision: Option<u64>,
    pub(super) archived: bool,
    pub(super) as_of_sequence: u64,
    pub(super) base_sequence: u64,
    /// The proposals that this one was combined into.
    pub(super) combined_into: Vec<CombinedReport>,
    pub(super) config_update: Option<Box<RawValue>>,
    pub(super) config_update_envelope_to_submit: Option<String>,
    pub(super) config_update_sha256: String,
    pub(super) config_update_to_sign: Option<String>,
    /// How it stands to the others; null where it is over.
    pub(super) conflicts: Option<RelationsReport>,
    pub(super) consent_trail: Vec<ConsentReport>,
    pub(super) created_at: Option<String>,
    pub(super) deadline: Option<String>,
    pub(super) description: String,
    pub(super) diff: Option<Diff>,
    pub(super) endorsement: Option<Endorsement>,
    pub(super) explanation: Option<Box<RawValue>>,
    /// Whether the proposer's organisation left since: it belongs to nobody.
    pub(super) former_member: bool,
    pub(super) kind: &'static str,
    pub(super) lint: Option<Lint>,
    pub(super) not_checked: Vec<String>,
    pub(super) outcome: Option<OutcomeReport>,
    pub(super) patch: Option<Box<RawValue>>,
    pub(super) proposal_id: String,
    pub(super) proposer_msp_id: String,
    pub(super) revision: u64,
    /// What a settings proposal wants; null for others.
    pub(super) settings: Option<ProposedSettings>,
    pub(super) signatures: Vec<SignatureReport>,
    pub(super) signatures_left_out: Vec<LeftOutReport>,
    /// The proposals that were combined into this one.
    pub(super) sources: Vec<SourceReport>,
    pub(super) status: &'static str,
    pub(super) status_detail: StatusDetail,
    pub(super) still_effective_if_submitted: Vec<u64>,
    pub(super) tx_id: String,
    pub(super) unsupported: Vec<String>,
    pub(super) votes: Vec<VoteReport>,
}

/// Why a proposal has its status.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct StatusDetail {
    /// The config is like that already, without proof that it was this proposal.
    pub(super) already_in_effect: bool,
    pub(super) conflicts: Vec<ConflictReport>,
    /// What the bytes would do beside, or instead of, the intent.
    pub(super) different_effect: Vec<String>,
    /// Organisations whose signatures could complete it.
    pub(super) missing: Vec<String>,
    pub(super) proof: Option<ProofReport>,
    /// Of an out-of-date one: whether it can be computed again without a conflict.
    pub(super) rebases: Option<bool>,
    /// While it is ready: who would spoil it by submitting it.
    pub(super) spoilers: Vec<SpoilerReport>,
    /// Levels that it raises and that organisations concerned have not attested.
    pub(super) unattested: Vec<UnattestedLevel>,
    /// `unsupported` where this build cannot tell what an orderer would say.
    pub(super) verdict: Option<&'static str>,
    /// The combined proposal inside which it took effect; then `proof.revision` is that one's.
    pub(super) via: Option<String>,
    pub(super) why: Option<String>,
}

/// Somebody who must not submit with `peer channel update`, which adds the submitter's signature
/// behind the others: the policies that decide would not be satisfied any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct SpoilerReport {
    /// Null: whoever it is.
    pub(super) msp_id: Option<String>,
    /// What this somebody is, as the policies name it: `Org1MSP.admin`.
    pub(super) principals: Vec<String>,
    pub(super) text: String,
}

/// Where in the verified chain a revision took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ProofReport {
    pub(super) block_hash: String,
    pub(super) block_number: u64,
    pub(super) revision: u64,
    pub(super) sequence: u64,
}

/// How an archived proposal ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct OutcomeReport {
    pub(super) archived_at: Option<String>,
    pub(super) as_of_sequence: u64,
    pub(super) outcome: &'static str,
    pub(super) proof: Option<ProofReport>,
    /// The version of the settings that it became; null for what changed no settings.
    pub(super) settings_version: Option<u64>,
    pub(super) tx_id: String,
    /// The combined proposal inside which it took effect.
    pub(super) via: Option<String>,
}

/// GetHistory.
#[derive(Debug, Serialize)]
pub(super) struct History {
    pub(super) as_of_sequence: u64,
    pub(super) bookmark: String,
    pub(super) history: Vec<HistoryEntry>,
    pub(super) unsupported: Vec<String>,
}

/// A finished proposal.
#[derive(Debug, Serialize)]
pub(super) struct HistoryEntry {
    pub(super) created_at: Option<String>,
    pub(super) description: String,
    pub(super) kind: &'static str,
    pub(super) outcome: OutcomeReport,
    pub(super) proposal_id: String,
    pub(super) proposer_msp_id: String,
    /// Those that somebody signed, and the last.
    pub(super) revisions: Vec<RevisionReport>,
    /// Who signed which revision.
    pub(super) signers: Vec<ConsentReport>,
    pub(super) votes: Vec<VoteReport>,
}

/// One computation of a proposal's update.
#[derive(Debug, Serialize)]
pub(super) struct RevisionReport {
    pub(super) base_sequence: u64,
    pub(super) config_update_sha256: String,
    pub(super) revision: u64,
}

/// A stored signature on the current revision.
#[derive(Debug, Serialize)]
pub(super) struct SignatureReport {
    pub(super) config_signature: String,
    pub(super) counts: bool,
    pub(super) fingerprint: String,
    pub(super) msp_id: String,
    pub(super) reason: Option<String>,
    pub(super) subject: Option<String>,
}

/// A rejection.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct VoteReport {
    /// Given before the organisation left, or by one that is not a member: it does not count.
    pub(super) former_member: bool,
    pub(super) msp_id: String,
    pub(super) reason: String,
    /// The revision that was rejected; only rejections of the current one count.
    pub(super) revision: u64,
    /// The head's sequence when it was given.
    pub(super) sequence: u64,
}

/// A proposal and the revision of a source that went into it.
#[derive(Debug, Serialize)]
pub(super) struct CombinedReport {
    pub(super) config_update_sha256: String,
    pub(super) proposal_id: String,
    pub(super) revision: u64,
}

/// A source of a combined proposal: what went in, and what members said about it by itself.
#[derive(Debug, Serialize)]
pub(super) struct SourceReport {
    pub(super) config_update_sha256: String,
    /// Who signed which of its revisions.
    pub(super) consent: Vec<ConsentReport>,
    pub(super) description: String,
    pub(super) proposal_id: String,
    pub(super) proposer_msp_id: String,
    pub(super) revision: u64,
    pub(super) votes: Vec<VoteReport>,
}

/// Valid signatures beyond what counts of one organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct LeftOutReport {
    /// Of those that were read.
    pub(super) count: usize,
    pub(super) msp_id: String,
    /// Whether there are more, which were not read.
    pub(super) unread: bool,
}

/// Who signed an earlier revision of the same intent.
#[derive(Debug, Serialize)]
pub(super) struct ConsentReport {
    pub(super) fingerprint: String,
    pub(super) msp_id: String,
    pub(super) revision: u64,
}

/// A digest as text, where it is there.
pub(super) fn optional_digest(digest: Option<&Digest>) -> Option<String> {
    digest.map(Digest::to_string)
}
