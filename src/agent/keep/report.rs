//! What the agent last said of itself: what `agent status` shows.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{holds::Holds, journal::Submitting};

/// What an agent last said of one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct ChannelReport {
    /// When, RFC 3339.
    pub at: String,
    /// How many proposals await one's own organisation.
    pub awaiting: u64,
    /// The contract's config; null where it has none, or is not reached.
    pub contract_sequence: Option<u64>,
    /// How many notices lie in the file of dead letters: nobody could be told.
    pub dead_letters: u64,
    /// What is held.
    pub holds: Holds,
    /// Hooks with what they have still to be told.
    pub hooks: BTreeMap<String, HookReport>,
    /// As whom it calls.
    pub identity: String,
    /// Whether there are more proposals of others than were looked at.
    #[serde(default)]
    pub is_cut: bool,
    /// Its organisation.
    pub msp_id: String,
    /// When the last round was done that found everything, RFC 3339; null: none yet.
    pub last_round_at: Option<String>,
    /// When the next one is due, RFC 3339.
    pub next_round_at: Option<String>,
    /// Proposals that are not over, by status.
    pub proposals: BTreeMap<String, u64>,
    /// One's own proposals that are ready, with what each waits for.
    pub ready: Vec<ReadyReport>,
    /// What a person has to look at: updates that were refused.
    pub refused: Vec<Submitting>,
    /// The channel's config, as one's own chain has it; null: not known yet.
    pub sequence: Option<u64>,
    /// The process.
    pub pid: u32,
    /// What keeps the agent from its work; null: nothing.
    pub trouble: Option<TroubleReport>,
}

/// What a hook has still to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct HookReport {
    /// How often in a row telling failed.
    pub failures: u32,
    /// How many notices wait.
    pub waiting: u64,
}

/// A proposal that is ready.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct ReadyReport {
    /// Its id.
    pub proposal_id: String,
    /// What it waits for; null: it is being submitted.
    pub waits: Option<String>,
}

/// What keeps an agent from its work.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct TroubleReport {
    /// What puts it right.
    pub hint: Option<String>,
    /// Since when, RFC 3339.
    pub since: String,
    /// The name of the error.
    pub symbol: String,
    /// What is wrong.
    pub text: String,
}
