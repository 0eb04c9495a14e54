//! Lists of proposals.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    proposal::{OutcomeAnswer, RelationsAnswer},
    read::proposal_id,
};

/// Answer of `ListProposals`: one page.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct ListAnswer {
    /// The sequence of the config that the answer holds for.
    pub as_of_sequence: u64,
    /// Where the next page goes on; empty: there is none.
    pub bookmark: String,
    /// How many of the page are not listed.
    pub left_out: u64,
    /// Those that are listed.
    pub proposals: Vec<SummaryAnswer>,
    /// Levels that the channel requires and the build that answers does not know.
    pub unsupported: Vec<String>,
}

/// A proposal in a list.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
pub struct SummaryAnswer {
    /// Whether the config is like that already, without proof that it was this one.
    pub already_in_effect: bool,
    /// Whether the transaction that would record it cannot fit into the channel.
    pub cannot_be_recorded: bool,
    /// The proposals that it was combined into.
    pub combined_into: Vec<String>,
    /// The digest of the current revision.
    pub config_update_sha256: String,
    /// How it stands to the others; null where nobody asked.
    pub conflicts: Option<RelationsAnswer>,
    /// Until when it is open; null: for ever.
    pub deadline: Option<String>,
    /// The proposer's words.
    pub description: String,
    /// Whether the proposer's organisation left since.
    pub former_member: bool,
    /// `config_update` or `settings`.
    pub kind: String,
    /// Organisations whose signatures could complete it.
    pub missing: Vec<String>,
    /// What each deciding policy needs, in words.
    pub needs: Vec<String>,
    /// How much of each member was left out.
    pub omitted: BTreeMap<String, u64>,
    /// Its id.
    #[serde(deserialize_with = "proposal_id")]
    pub proposal_id: String,
    /// Who proposed it.
    pub proposer_msp_id: String,
    /// How often its update was computed.
    pub revision: u64,
    /// Whose signatures count.
    pub signed_by: Vec<String>,
    /// Its status, such as `ReadyToSubmit`.
    pub status: String,
    /// Organisations that have not attested a level which it raises.
    pub to_attest: Vec<String>,
}

/// Answer of `GetHistory`: one page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct HistoryAnswer {
    /// The sequence of the config that the answer holds for.
    pub as_of_sequence: u64,
    /// Where the next page goes on; empty: there is none.
    pub bookmark: String,
    /// Finished proposals, by proposer and id.
    pub history: Vec<EndedAnswer>,
    /// Levels that the channel requires and the build that answers does not know.
    pub unsupported: Vec<String>,
}

/// A finished proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct EndedAnswer {
    /// When it was made.
    pub created_at: Option<String>,
    /// The proposer's words.
    pub description: String,
    /// `config_update` or `settings`.
    pub kind: String,
    /// How it ended.
    pub outcome: OutcomeAnswer,
    /// Its id.
    #[serde(deserialize_with = "proposal_id")]
    pub proposal_id: String,
    /// Who proposed it.
    pub proposer_msp_id: String,
    /// Those that somebody signed, and the last.
    pub revisions: Vec<RevisionAnswer>,
    /// Its status.
    pub status: String,
}

/// One computation of a proposal's update.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct RevisionAnswer {
    /// The config that it was computed on.
    pub base_sequence: u64,
    /// Its digest.
    pub config_update_sha256: String,
    /// Its number, from 1.
    pub revision: u64,
}
