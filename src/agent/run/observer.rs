//! What is told of the agent to logs and metrics.

use std::collections::BTreeMap;

use crate::{
    agent::{hook::HookRefusal, notice::Notice},
    client::ClientError,
};

/// What became of a round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundFacts {
    /// How many proposals await one's own organisation.
    pub awaiting: u64,
    /// Certificates that were looked at: what each is for, and when it ends, in seconds since 1970.
    pub ends: Vec<(String, String, i64)>,
    /// Whether there are two chains.
    pub is_fork: bool,
    /// Whether the whole channel is held.
    pub is_held: bool,
    /// Whether the round found everything and did what was due.
    pub is_well: bool,
    /// How many configs the contract lacks; `None`: nothing was seen yet.
    pub lag: Option<u64>,
    /// Proposals that are not over, by status.
    pub proposals: BTreeMap<String, u64>,
    /// The channel's config; `None`: nothing was seen yet.
    pub sequence: Option<u64>,
}

/// Something that the agent did, or did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentDeed<'a> {
    /// A signature file was handed in.
    Carried {
        /// Its name.
        file: &'a str,
        /// The proposal.
        proposal_id: &'a str,
    },
    /// What it remembered cannot be used: it begins anew.
    Forgot {
        /// Where what it remembered is now.
        file: &'a str,
        /// Why.
        why: &'a str,
    },
    /// It decided to send nothing more on this channel.
    Held {
        /// Why.
        reason: &'a str,
    },
    /// A signature file was not handed in.
    NotCarried {
        /// Its name.
        file: &'a str,
        /// Why.
        why: &'a str,
    },
    /// Files of settings or identity changed, and cannot be used: the old ones stay.
    NotRenewed {
        /// Why.
        why: &'a ClientError,
    },
    /// An update was refused, or is not safe.
    NotSubmitted {
        /// The proposal.
        proposal_id: &'a str,
        /// Why.
        why: &'a ClientError,
    },
    /// Config blocks were not handed in, and will be later.
    NotSynced {
        /// Why.
        why: &'a ClientError,
    },
    /// A signature file stays in its folder: it may be handed in another time.
    NotYetCarried {
        /// Its name.
        file: &'a str,
        /// Why.
        why: &'a str,
    },
    /// Settings or identity were read anew.
    Renewed {
        /// Whose certificate is used.
        subject: &'a str,
        /// When it ends, in seconds since 1970.
        not_after: i64,
    },
    /// An update is about to be sent.
    Sending {
        /// The digest of the update.
        config_update_sha256: &'a str,
        /// The proposal.
        proposal_id: &'a str,
    },
    /// An update is in effect.
    Submitted {
        /// The block.
        block: u64,
        /// The proposal.
        proposal_id: &'a str,
        /// The config that it led to.
        sequence: u64,
    },
    /// The contract was brought to a config.
    Synced {
        /// The block of the transaction; none: somebody else was quicker.
        block: Option<u64>,
        /// The config.
        sequence: u64,
    },
}

/// What is told of the agent. `profile` and `channel` say of which channel.
pub trait AgentObserver: Send + Sync {
    /// A round begins.
    fn begun(&self, profile: &str, channel: &str);
    /// A round is over.
    fn round(&self, profile: &str, channel: &str, facts: &RoundFacts, wrong: Option<&ClientError>);
    /// Something was done.
    fn did(&self, profile: &str, channel: &str, deed: &AgentDeed<'_>);
    /// People are to be told.
    fn noticed(&self, notice: &Notice);
    /// A hook was told, or not.
    fn told(&self, hook: &str, notice: &Notice, told: Result<(), &HookRefusal>);
    /// So many notices wait for a hook.
    fn waiting(&self, profile: &str, channel: &str, hook: &str, count: u64);
    /// A hook will not be told: it is in the file of dead letters.
    fn buried(&self, hook: &str, notice: &Notice);
}
