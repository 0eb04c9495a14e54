//! Everything about one proposal.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::{
    agreement::ProposedSettingsAnswer,
    read::proposal_id,
    review::{DecidingAnswer, DiffAnswer, EffectAnswer, LintAnswer},
};

/// Answer of `GetProposal`: everything about one proposal.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
pub struct ProposalAnswer {
    /// The revision that took effect.
    pub applied_revision: Option<u64>,
    /// Whether only what remains of it is shown.
    pub archived: bool,
    /// The sequence of the config that the answer holds for.
    pub as_of_sequence: u64,
    /// The config that the current revision was computed on.
    pub base_sequence: u64,
    /// The proposals that it was combined into.
    pub combined_into: Vec<CombinedAnswer>,
    /// Base64 of the finished envelope; only while it is ready.
    pub config_update_envelope_to_submit: Option<String>,
    /// The digest of the current revision.
    pub config_update_sha256: String,
    /// Base64 of an envelope without signatures.
    pub config_update_to_sign: Option<String>,
    /// How it stands to the others; null where it is over.
    pub conflicts: Option<RelationsAnswer>,
    /// Who signed earlier revisions of the same intent.
    pub consent_trail: Vec<ConsentAnswer>,
    /// When it was made.
    pub created_at: Option<String>,
    /// Until when it is open; null: for ever.
    pub deadline: Option<String>,
    /// The proposer's words.
    pub description: String,
    /// What it changes; null where there is nothing to compare.
    pub diff: Option<DiffAnswer>,
    /// What it does to endorsements; null where nothing.
    pub endorsement: Option<EffectAnswer>,
    /// The policies that decide; null for what is not open.
    pub explanation: Option<Vec<DecidingAnswer>>,
    /// Whether the proposer's organisation left since.
    pub former_member: bool,
    /// `config_update` or `settings`.
    pub kind: String,
    /// The findings on it.
    pub lint: Option<LintAnswer>,
    /// What an orderer will look at and no config can tell.
    pub not_checked: Vec<String>,
    /// How much of each member was left out.
    pub omitted: BTreeMap<String, u64>,
    /// How an archived one ended.
    pub outcome: Option<OutcomeAnswer>,
    /// The intent, in Fabric's JSON.
    #[schemars(with = "Option<serde_json::Value>")]
    pub patch: Option<Box<RawValue>>,
    /// Its id.
    #[serde(deserialize_with = "proposal_id")]
    pub proposal_id: String,
    /// Who proposed it.
    pub proposer_msp_id: String,
    /// How often its update was computed.
    pub revision: u64,
    /// What a settings proposal wants; null for others.
    pub settings: Option<ProposedSettingsAnswer>,
    /// Those on the current revision.
    pub signatures: Vec<SignatureAnswer>,
    /// The proposals that were combined into it.
    pub sources: Vec<SourceAnswer>,
    /// Its status, such as `ReadyToSubmit`.
    pub status: String,
    /// Why it has that status.
    pub status_detail: DetailAnswer,
    /// Revisions that an orderer would accept now.
    pub still_effective_if_submitted: Vec<u64>,
    /// The transaction that made it.
    pub tx_id: String,
    /// Levels that the channel requires and the build that answers does not know.
    pub unsupported: Vec<String>,
    /// Rejections.
    pub votes: Vec<VoteAnswer>,
}

/// Why a proposal has its status.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct DetailAnswer {
    /// The config is like that already, without proof that it was this proposal.
    pub already_in_effect: bool,
    /// What others changed meanwhile that it changes, too.
    pub conflicts: Vec<ConflictAnswer>,
    /// What the bytes would do beside, or instead of, the intent.
    pub different_effect: Vec<String>,
    /// Organisations whose signatures could complete it.
    pub missing: Vec<String>,
    /// What each deciding policy needs that is not satisfied, in words.
    pub needs: Vec<String>,
    /// Of an out-of-date one: what changed the config.
    pub outdated_by: Option<OutdatedAnswer>,
    /// Where it took effect.
    pub proof: Option<ProofAnswer>,
    /// Of an out-of-date one: whether it can be computed again without a conflict.
    pub rebases: Option<bool>,
    /// What the transaction that records it takes.
    pub recording: Option<RecordingAnswer>,
    /// Who would spoil it by submitting it with a signature more.
    pub spoilers: Vec<SpoilerAnswer>,
    /// Levels that it raises and that organisations concerned have not attested.
    pub unattested: Vec<UnattestedAnswer>,
    /// `unsupported` where the build that answers cannot judge it.
    pub verdict: Option<String>,
    /// The combined proposal inside which it took effect.
    pub via: Option<String>,
    /// The reason in words.
    pub why: Option<String>,
}

/// A proposal that another one was combined into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct CombinedAnswer {
    /// The digest of what went in.
    pub config_update_sha256: String,
    /// The combined one.
    #[serde(deserialize_with = "proposal_id")]
    pub proposal_id: String,
    /// The revision that went in.
    pub revision: u64,
}

/// A proposal that was combined into another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct SourceAnswer {
    /// The digest of what went in.
    pub config_update_sha256: String,
    /// The source.
    #[serde(deserialize_with = "proposal_id")]
    pub proposal_id: String,
    /// Who proposed it.
    pub proposer_msp_id: String,
    /// The revision that went in.
    pub revision: u64,
}

/// Who signed an earlier revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct ConsentAnswer {
    /// The identity, in hex.
    pub fingerprint: String,
    /// Its organisation.
    pub msp_id: String,
    /// The revision that was signed.
    pub revision: u64,
}

/// A signature on the current revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct SignatureAnswer {
    /// Base64 of the signature itself.
    pub config_signature: String,
    /// Whether it counts.
    pub counts: bool,
    /// Whether the signer's certificate is over; it counts all the same.
    pub expired: bool,
    /// The identity, in hex.
    pub fingerprint: String,
    /// Its organisation.
    pub msp_id: String,
    /// Why it does not count.
    pub reason: Option<String>,
    /// The subject of its certificate; null where it cannot be read.
    pub subject: Option<String>,
}

/// A rejection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct VoteAnswer {
    /// Given before the organisation left: it does not count.
    pub former_member: bool,
    /// Who rejected.
    pub msp_id: String,
    /// Why.
    pub reason: String,
    /// The revision that was rejected; only those of the current one count.
    pub revision: u64,
    /// The config when it was given.
    pub sequence: u64,
}

/// How a proposal stands to the others that are not over.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct RelationsAnswer {
    /// Those that may take effect first without its signatures getting lost.
    pub can_follow: Vec<String>,
    /// How many there are.
    pub can_follow_count: u64,
    /// Those whose intents do not go together with its own.
    pub excludes: Vec<ExclusionAnswer>,
    /// How many there are.
    pub excludes_count: u64,
    /// Whether there are more proposals than were looked at.
    pub more: bool,
}

/// A proposal that excludes another one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct ExclusionAnswer {
    /// Both wishes; null in lists, and of all but the first.
    pub contrast: Option<ContrastAnswer>,
    /// The first element because of which they do.
    pub element: String,
    /// The other one.
    #[serde(deserialize_with = "proposal_id")]
    pub proposal_id: String,
}

/// What two configs have at one place.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct ContrastAnswer {
    /// Where they differ.
    pub differences: Vec<ContrastedAnswer>,
    /// How many more there are.
    pub truncated: u64,
}

/// One thing that two configs do not have alike.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct ContrastedAnswer {
    /// What kind of thing it is.
    pub item: String,
    /// Its name among its kind.
    pub name: Option<String>,
    /// What we have; null: absent.
    pub ours: Value,
    /// The path of what holds it.
    pub path: String,
    /// The difference in words.
    pub text: String,
    /// What they have; null: absent.
    pub theirs: Value,
    /// The unit of numbers.
    pub unit: Option<String>,
}

/// An element that somebody else changed meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct ConflictAnswer {
    /// What the proposal was computed on; null: absent.
    pub base_sha256: Option<String>,
    /// What is there now; null: absent.
    pub current_sha256: Option<String>,
    /// What is there now, and what the proposal would put there.
    pub differences: Vec<ContrastedAnswer>,
    /// The path of the element.
    pub element: String,
    /// What the proposal would put there; null: absent.
    pub ours_sha256: Option<String>,
    /// How many more differences there are.
    pub truncated: u64,
}

/// What made a proposal out of date: links of the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct OutdatedAnswer {
    /// The block of the first; null where a recovery left it out.
    pub first_block: Option<u64>,
    /// The first sequence.
    pub first_sequence: u64,
    /// The block of the last.
    pub last_block: u64,
    /// The head's sequence.
    pub last_sequence: u64,
    /// The proposal whose update it was, where that is known.
    pub proposal_id: Option<String>,
    /// The same in words.
    pub text: String,
}

/// What the transaction that records an update takes at least.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct RecordingAnswer {
    /// With the block as an argument.
    pub bytes_as_argument: u64,
    /// With the block as base64.
    pub bytes_as_base64: u64,
    /// With the block as transient data.
    pub bytes_as_transient: u64,
    /// How many endorsements are counted.
    pub endorsements: u64,
    /// Whether it can fit at all.
    pub fits: bool,
    /// What the channel allows. Unit: bytes.
    pub limit: u64,
    /// What is left; below zero where it does not fit. Unit: bytes.
    pub margin: i64,
    /// What to do where it does not fit.
    pub text: Option<String>,
}

/// Somebody who must not submit with a signature of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct SpoilerAnswer {
    /// Whose; null: anybody.
    pub msp_id: Option<String>,
    /// What this somebody is, such as `Org1MSP.admin`.
    pub principals: Vec<String>,
    /// The same in words.
    pub text: String,
}

/// A level that organisations concerned have not attested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct UnattestedAnswer {
    /// Who has not.
    pub lacking: Vec<String>,
    /// The level.
    pub level: String,
    /// `channel`, `orderer` or `application`.
    pub scope: String,
}

/// Where in the chain a revision took effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct ProofAnswer {
    /// The hash of the block.
    pub block_hash: String,
    /// Its number.
    pub block_number: u64,
    /// The revision.
    pub revision: u64,
    /// The config that it led to.
    pub sequence: u64,
}

/// How an archived proposal ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct OutcomeAnswer {
    /// When it was archived.
    pub archived_at: Option<String>,
    /// The config then.
    pub as_of_sequence: u64,
    /// How it ended, such as `Submitted`.
    pub outcome: String,
    /// Where it took effect.
    pub proof: Option<ProofAnswer>,
    /// The version of the settings that it became.
    pub settings_version: Option<u64>,
    /// The same in words.
    pub text: String,
    /// The transaction that archived it.
    pub tx_id: String,
    /// The combined proposal inside which it took effect.
    pub via: Option<String>,
}
