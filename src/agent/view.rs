//! What commands about the agent show, as data: the documents that they print with `--json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::keep::ChannelReport;

/// What the agents of this machine last said: of `agent status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct AgentStatusView {
    /// The channels, as the agent's file names them.
    pub channels: Vec<AgentChannelView>,
}

/// What the agent of one channel last said.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct AgentChannelView {
    /// The channel.
    pub channel: String,
    /// Whether an agent is at work on it now.
    pub is_at_work: bool,
    /// The profile.
    pub profile: String,
    /// What was last said; null: there never was an agent.
    pub report: Option<ChannelReport>,
}

/// What an agent would find: of `agent check`.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct AgentCheckView {
    /// The channels, as the agent's file names them.
    pub channels: Vec<CheckedChannelView>,
    /// The hooks.
    pub hooks: Vec<CheckedHookView>,
}

/// What an agent would find on one channel.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct CheckedChannelView {
    /// The channel.
    pub channel: String,
    /// Whether an agent is at work on it now.
    pub is_at_work: bool,
    /// The profile.
    pub profile: String,
    /// What a round found; nothing was sent.
    pub report: ChannelReport,
    /// Whether it would submit finished proposals.
    pub submits: bool,
    /// Whether it would hand config blocks in.
    pub syncs: bool,
}

/// Whether a hook can be used.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct CheckedHookView {
    /// Whether it was told a test.
    pub is_told: bool,
    /// Its name.
    pub name: String,
    /// What is wrong; null: nothing was found.
    pub problem: Option<String>,
}

/// What is held, or not any more: of `agent hold` and `agent resume`.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct HeldView {
    /// The channel.
    pub channel: String,
    /// Whether it is held now.
    pub is_held: bool,
    /// The proposal; null: the whole channel.
    pub proposal_id: Option<String>,
}
