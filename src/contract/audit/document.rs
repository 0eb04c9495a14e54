//! The audit bundle: what `ExportProposal` answers and [`verify`](super::verify) reads.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use prost::Message;
use serde::{Deserialize, Serialize};

use super::error::AuditError;
use crate::{
    contract::{
        answer::{ChainLink, VoteReport, base64},
        chain::policy_digest,
        error::ContractError,
        ledger::digest,
    },
    policy::{RULE_TEXT, print_rule},
    proto::cmscc::EvaluatedPolicies,
};

/// The version of the form below.
pub(crate) const FORMAT: u64 = 1;

/// What proves how a proposal ended, but for the config blocks, which every peer has.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct AuditBundle {
    /// The head's sequence when it was exported.
    pub(crate) as_of_sequence: u64,
    /// Ascending, from the lowest sequence that any revision in here was computed on to the one
    /// where the proposal took effect, or to the head where it did not. The config block of every
    /// link is needed.
    pub(crate) chain: Vec<ChainLink>,
    pub(crate) channel_id: String,
    /// Transaction id of the contract's first bootstrap.
    pub(crate) contract_instance: String,
    pub(crate) epoch: u64,
    /// What the update that took effect was evaluated by; null where nothing took effect.
    pub(crate) evaluated: Option<ExportedPolicies>,
    pub(crate) format: u64,
    pub(crate) proposal: ExportedProposal,
    /// The other proposals that were combined, with it or into it; by id.
    pub(crate) sources: Vec<ExportedProposal>,
    /// Levels of the head that the build which exported it does not know.
    pub(crate) unsupported: Vec<String>,
    /// The combined proposal inside which it took effect.
    pub(crate) via: Option<ExportedProposal>,
}

/// Policies of the config before that the update in the effective block was evaluated by: first those
/// that decide about some element, then those that they count.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct ExportedPolicies {
    /// How many more there were than are kept.
    pub(crate) omitted: u64,
    pub(crate) policies: Vec<EvaluatedPolicy>,
}

/// A policy that the update was evaluated by.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct EvaluatedPolicy {
    /// The serialized `common.Policy`; null where it was too large to be kept.
    pub(crate) config_policy: Option<String>,
    pub(crate) config_policy_sha256: String,
    /// Whether it decides by itself about some element.
    pub(crate) decides: bool,
    /// Its path, such as `/Channel/Application/Admins`.
    pub(crate) policy: String,
    /// In Fabric's policy language, for people; null where it was too large to be kept.
    pub(crate) rule: Option<String>,
}

impl ExportedPolicies {
    /// What the contract keeps of an update's policies.
    pub(crate) fn new(kept: &EvaluatedPolicies) -> Result<Self, ContractError> {
        let policies = kept.policies.iter().map(|one| {
            let sha256 = match &one.policy {
                Some(policy) => policy_digest(policy),
                None => digest(&one.policy_sha256)?,
            };
            let policy = one.policy.as_ref();
            Ok(EvaluatedPolicy {
                config_policy: policy.map(|policy| base64(&policy.encode_to_vec())),
                config_policy_sha256: sha256.to_string(),
                decides: one.decides,
                policy: one.path.clone(),
                rule: policy.and_then(|p| print_rule(p.r#type, &p.value, RULE_TEXT)),
            })
        });
        Ok(Self {
            omitted: kept.omitted,
            policies: policies.collect::<Result<_, ContractError>>()?,
        })
    }
}

/// One proposal, as the ledger has it. Bytes are base64.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ExportedProposal {
    pub(crate) archived: bool,
    pub(crate) created_at: Option<String>,
    pub(crate) deadline: Option<String>,
    pub(crate) description: String,
    /// The config update that the intent was given as; null: it was given as a patch.
    pub(crate) given_update: Option<String>,
    pub(crate) kind: String,
    /// Null while it is open, as a source may be.
    pub(crate) outcome: Option<ExportedOutcome>,
    /// The intent: a serialized `common.Config` whose versions are patch modes.
    pub(crate) patch: String,
    pub(crate) proposal_id: String,
    pub(crate) proposed_sequence: u64,
    pub(crate) proposer_msp_id: String,
    /// Those that are kept, ascending: that somebody signed, and the last. Of a source those that went
    /// in, and the one that took effect.
    pub(crate) revisions: Vec<ExportedRevision>,
    /// By revision, MSP id and fingerprint; also on revisions that are not kept any more.
    pub(crate) signatures: Vec<ExportedSignature>,
    /// How many more there are, for which the export had no room.
    pub(crate) signatures_omitted: usize,
    /// What was combined into it; by id.
    pub(crate) sources: Vec<ExportedSource>,
    pub(crate) tx_id: String,
    pub(crate) votes: Vec<VoteReport>,
}

/// One computation of a proposal's update.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ExportedRevision {
    pub(crate) base_sequence: u64,
    /// A serialized `common.ConfigUpdate`.
    pub(crate) config_update: String,
    pub(crate) config_update_sha256: String,
    pub(crate) revision: u64,
}

/// One signature on a proposal, as the ledger had it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ExportedSignature {
    /// A serialized `common.ConfigSignature`.
    pub(crate) config_signature: String,
    pub(crate) fingerprint: String,
    pub(crate) msp_id: String,
    pub(crate) revision: u64,
}

/// A proposal that was combined, at its revision then.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ExportedSource {
    pub(crate) config_update_sha256: String,
    pub(crate) proposal_id: String,
    pub(crate) revision: u64,
}

/// How a proposal ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ExportedOutcome {
    /// Null where it is not archived.
    pub(crate) archived_at: Option<String>,
    /// The head's sequence when it was archived; where it is not, when it was exported.
    pub(crate) as_of_sequence: u64,
    pub(crate) outcome: String,
    pub(crate) proof: Option<ExportedProof>,
    /// The transaction that archived it, or took it back.
    pub(crate) tx_id: Option<String>,
    /// The combined proposal inside which it took effect; then the proof's revision is that one's.
    pub(crate) via: Option<String>,
}

/// Where in the verified chain a revision took effect.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ExportedProof {
    pub(crate) block_hash: String,
    pub(crate) block_number: u64,
    pub(crate) revision: u64,
    pub(crate) sequence: u64,
}

impl AuditBundle {
    /// Reads a bundle.
    pub(crate) fn read(json: &[u8]) -> Result<Self, AuditError> {
        let document: Self = serde_json::from_slice(json).map_err(AuditError::Json)?;
        if document.format != FORMAT {
            return Err(AuditError::Format(document.format));
        }
        Ok(document)
    }

    /// Every record in it, the proposal's first.
    pub(crate) fn records(&self) -> impl Iterator<Item = &ExportedProposal> {
        [&self.proposal]
            .into_iter()
            .chain(&self.via)
            .chain(&self.sources)
    }

    /// The same by id; of several with one id the first.
    pub(crate) fn by_id(&self) -> BTreeMap<&str, &ExportedProposal> {
        let mut by_id = BTreeMap::new();
        for record in self.records() {
            by_id.entry(record.proposal_id.as_str()).or_insert(record);
        }
        by_id
    }
}

/// Bytes of a bundle.
pub(crate) fn bytes(field: &'static str, text: &str) -> Result<Bytes, AuditError> {
    STANDARD
        .decode(text)
        .map(Bytes::from)
        .map_err(|_| AuditError::Base64(field))
}
