//! The audit bundle: what `ExportProposal` answers and [`verify`](super::verify) reads.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use prost::Message;
use serde::{Deserialize, Serialize};

use super::AuditError;
use crate::{
    contract::{
        error::ContractError,
        evaluated,
        reports::{ChainLink, VoteReport, base64},
        state,
    },
    policy::{RULE_TEXT, print_rule},
    proto::cmscc::EvaluatedPolicies,
};

/// The version of the form below.
pub(in crate::contract) const FORMAT: u64 = 1;

/// What proves how a proposal ended, but for the config blocks, which every peer has.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::contract) struct Document {
    /// The head's sequence when it was exported.
    pub(in crate::contract) as_of_sequence: u64,
    /// Ascending, from the lowest sequence that any revision in here was computed on to the one
    /// where the proposal took effect, or to the head where it did not. The config block of every
    /// link is needed.
    pub(in crate::contract) chain: Vec<ChainLink>,
    pub(in crate::contract) channel_id: String,
    /// Transaction id of the contract's first bootstrap.
    pub(in crate::contract) contract_instance: String,
    pub(in crate::contract) epoch: u64,
    /// What the update that took effect was evaluated by; null where nothing took effect.
    pub(in crate::contract) evaluated: Option<Evaluated>,
    pub(in crate::contract) format: u64,
    pub(in crate::contract) proposal: Record,
    /// The other proposals that were combined, with it or into it; by id.
    pub(in crate::contract) sources: Vec<Record>,
    /// Levels of the head that the build which exported it does not know.
    pub(in crate::contract) unsupported: Vec<String>,
    /// The combined proposal inside which it took effect.
    pub(in crate::contract) via: Option<Record>,
}

/// Policies of the config before that the update in the effective block was evaluated by: first those
/// that decide about some element, then those that they count.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct Evaluated {
    /// How many more there were than are kept.
    pub(in crate::contract) omitted: u64,
    pub(in crate::contract) policies: Vec<EvaluatedPolicy>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(in crate::contract) struct EvaluatedPolicy {
    /// The serialized `common.Policy`; null where it was too large to be kept.
    pub(in crate::contract) config_policy: Option<String>,
    pub(in crate::contract) config_policy_sha256: String,
    /// Whether it decides by itself about some element.
    pub(in crate::contract) decides: bool,
    /// Its path, such as `/Channel/Application/Admins`.
    pub(in crate::contract) policy: String,
    /// In Fabric's policy language, for people; null where it was too large to be kept.
    pub(in crate::contract) rule: Option<String>,
}

impl Evaluated {
    /// What the contract keeps of an update's policies.
    pub(in crate::contract) fn new(kept: &EvaluatedPolicies) -> Result<Self, ContractError> {
        let policies = kept.policies.iter().map(|one| {
            let sha256 = match &one.policy {
                Some(policy) => evaluated::digest(policy),
                None => state::digest(&one.policy_sha256)?,
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
pub(in crate::contract) struct Record {
    pub(in crate::contract) archived: bool,
    pub(in crate::contract) created_at: Option<String>,
    pub(in crate::contract) deadline: Option<String>,
    pub(in crate::contract) description: String,
    /// The config update that the intent was given as; null: it was given as a patch.
    pub(in crate::contract) given_update: Option<String>,
    pub(in crate::contract) kind: String,
    /// Null while it is open, as a source may be.
    pub(in crate::contract) outcome: Option<Outcome>,
    /// The intent: a serialized `common.Config` whose versions are patch modes.
    pub(in crate::contract) patch: String,
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) proposed_sequence: u64,
    pub(in crate::contract) proposer_msp_id: String,
    /// Those that somebody signed, ascending, and the last.
    pub(in crate::contract) revisions: Vec<Computed>,
    /// By revision, MSP id and fingerprint.
    pub(in crate::contract) signatures: Vec<Consent>,
    /// What was combined into it; by id.
    pub(in crate::contract) sources: Vec<Combined>,
    pub(in crate::contract) tx_id: String,
    pub(in crate::contract) votes: Vec<VoteReport>,
}

/// One computation of a proposal's update.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::contract) struct Computed {
    pub(in crate::contract) base_sequence: u64,
    /// A serialized `common.ConfigUpdate`.
    pub(in crate::contract) config_update: String,
    pub(in crate::contract) config_update_sha256: String,
    pub(in crate::contract) revision: u64,
}

/// A signature.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::contract) struct Consent {
    /// A serialized `common.ConfigSignature`; null: the archive keeps only who signed.
    pub(in crate::contract) config_signature: Option<String>,
    pub(in crate::contract) fingerprint: String,
    pub(in crate::contract) msp_id: String,
    pub(in crate::contract) revision: u64,
}

/// A proposal that was combined, at its revision then.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::contract) struct Combined {
    pub(in crate::contract) config_update_sha256: String,
    pub(in crate::contract) proposal_id: String,
    pub(in crate::contract) revision: u64,
}

/// How a proposal ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::contract) struct Outcome {
    /// Null where it is not archived.
    pub(in crate::contract) archived_at: Option<String>,
    /// The head's sequence when it was archived; where it is not, when it was exported.
    pub(in crate::contract) as_of_sequence: u64,
    pub(in crate::contract) outcome: String,
    pub(in crate::contract) proof: Option<Proof>,
    /// The transaction that archived it, or took it back.
    pub(in crate::contract) tx_id: Option<String>,
    /// The combined proposal inside which it took effect; then the proof's revision is that one's.
    pub(in crate::contract) via: Option<String>,
}

/// Where in the verified chain a revision took effect.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::contract) struct Proof {
    pub(in crate::contract) block_hash: String,
    pub(in crate::contract) block_number: u64,
    pub(in crate::contract) revision: u64,
    pub(in crate::contract) sequence: u64,
}

impl Document {
    /// Reads a bundle.
    pub(super) fn read(json: &[u8]) -> Result<Self, AuditError> {
        let document: Self = serde_json::from_slice(json).map_err(AuditError::Json)?;
        if document.format != FORMAT {
            return Err(AuditError::Format(document.format));
        }
        Ok(document)
    }

    /// Every record in it, the proposal's first.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        [&self.proposal]
            .into_iter()
            .chain(&self.via)
            .chain(&self.sources)
    }

    /// The same by id; of several with one id the first.
    pub(super) fn by_id(&self) -> BTreeMap<&str, &Record> {
        let mut by_id = BTreeMap::new();
        for record in self.records() {
            by_id.entry(record.proposal_id.as_str()).or_insert(record);
        }
        by_id
    }
}

/// Bytes of a bundle.
pub(super) fn bytes(field: &'static str, text: &str) -> Result<Bytes, AuditError> {
    STANDARD
        .decode(text)
        .map(Bytes::from)
        .map_err(|_| AuditError::Base64(field))
}
