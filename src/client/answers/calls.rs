//! What calls that write did.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{proposal::ConflictAnswer, read::proposal_id};

/// Answer of calls that make a proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct ProposedAnswer {
    /// The config that it was computed on.
    pub as_of_sequence: u64,
    /// The digest to be signed.
    pub config_update_sha256: String,
    /// Its id.
    #[serde(deserialize_with = "proposal_id")]
    pub proposal_id: String,
    /// Its revision, 1.
    pub revision: u64,
    /// Those in the envelope that was given, which nobody looked at.
    pub unused_signatures: Vec<UnusedAnswer>,
}

/// A signature that came with an update; what could not be read is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct UnusedAnswer {
    /// The identity, in hex.
    pub fingerprint: Option<String>,
    /// Its organisation.
    pub msp_id: Option<String>,
    /// The subject of its certificate.
    pub subject: Option<String>,
}

/// Answer of `AddSignature`: what became of each signature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct SignedAnswer {
    /// Those that were taken.
    pub added: Vec<SignerAnswer>,
    /// Those that were there.
    pub already: Vec<SignerAnswer>,
    /// The sequence of the config that the answer holds for.
    pub as_of_sequence: u64,
    /// The proposal.
    #[serde(deserialize_with = "proposal_id")]
    pub proposal_id: String,
    /// Those that were not taken.
    pub refused: Vec<RefusedAnswer>,
    /// Its revision.
    pub revision: u64,
}

/// Whose signature it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct SignerAnswer {
    /// The identity, in hex.
    pub fingerprint: String,
    /// Its organisation.
    pub msp_id: String,
    /// The subject of its certificate.
    pub subject: String,
}

/// A signature that was not taken; what could not be read is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct RefusedAnswer {
    /// Why, by its name, such as `UNRELATED_SIGNER`.
    pub code: String,
    /// The identity, in hex.
    pub fingerprint: Option<String>,
    /// Its organisation.
    pub msp_id: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// The subject of its certificate.
    pub subject: Option<String>,
}

/// Answer of `UpdateProposals`: what became of each proposal.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct UpdatedAnswer {
    /// Those that were archived.
    pub archived: Vec<ArchivedAnswer>,
    /// The sequence of the config that the answer holds for.
    pub as_of_sequence: u64,
    /// Where the next call goes on; empty: nothing is left.
    pub bookmark: String,
    /// Those that stay as they are.
    pub left: Vec<LeftAnswer>,
    /// How many of other organisations were looked at.
    pub others: u64,
    /// Those that were computed again.
    pub recomputed: Vec<RecomputedAnswer>,
}

/// A proposal that was archived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct ArchivedAnswer {
    /// How it ended.
    pub outcome: String,
    /// Its id.
    #[serde(deserialize_with = "proposal_id")]
    pub proposal_id: String,
}

/// A proposal that stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct LeftAnswer {
    /// Its id.
    #[serde(deserialize_with = "proposal_id")]
    pub proposal_id: String,
    /// Why.
    pub reason: String,
    /// Its status; null while it is open.
    pub status: Option<String>,
}

/// A proposal that was computed again.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct RecomputedAnswer {
    /// The digest to be signed.
    pub config_update_sha256: String,
    /// What others changed and this changes back.
    pub conflicts: Vec<ConflictAnswer>,
    /// How much was left out.
    pub omitted: BTreeMap<String, u64>,
    /// Its id.
    #[serde(deserialize_with = "proposal_id")]
    pub proposal_id: String,
    /// Its revision now.
    pub revision: u64,
}
