//! What is remembered of a channel between rounds, and between runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{crowd::Crowd, queue::HookQueue, trouble::Trouble};
use crate::{
    agent::notice::{Notice, theirs},
    agent::rule::Hook,
    client::answers::SummaryAnswer,
    ids::Sequence,
};

/// The form of the file.
const FORM: u32 = 1;
/// The most proposals that are remembered, where a round did not see all of them.
const PROPOSALS: usize = 5_000;

/// What is remembered of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent) struct ChannelMemory {
    /// Form of the file.
    form: u32,
    /// The channel.
    pub(in crate::agent) channel: String,
    /// Whether a round saw the contract before.
    pub(super) has_looked: bool,
    /// The last config that was seen.
    pub(super) sequence: Option<u64>,
    /// The contract's config when a round last saw it; what took effect behind it may be news.
    #[serde(default)]
    pub(super) recorded: Option<u64>,
    /// Since when the contract lacks configs.
    pub(super) behind_since: Option<i64>,
    /// Whether that was told.
    pub(super) behind_told: bool,
    /// Proposals, by id.
    pub(super) proposals: BTreeMap<String, RememberedProposal>,
    /// Certificates of which it was told that they end: by fingerprint, how many days before.
    pub(super) certificates: BTreeMap<String, i64>,
    /// How much was told of each organisation.
    pub(super) crowd: Crowd,
    /// Why the agent cannot do its work.
    pub(in crate::agent) trouble: Option<Trouble>,
    /// What hooks have still to be told, by name.
    pub(in crate::agent) queues: BTreeMap<String, HookQueue>,
}

/// What is remembered of a proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RememberedProposal {
    pub(super) proposer: String,
    pub(super) revision: u64,
    pub(super) status: String,
    pub(super) awaits: bool,
    /// Since when this revision is ready.
    pub(super) ready_since: Option<i64>,
    /// How many hours before its deadline that was told last.
    pub(super) deadline_told: Option<i64>,
    /// What is told of it when it is over.
    pub(super) description: String,
    pub(super) config_update_sha256: String,
}

impl ChannelMemory {
    /// Nothing is known of this channel yet.
    pub(in crate::agent) fn new(channel: &str) -> Self {
        Self {
            form: FORM,
            channel: channel.to_owned(),
            has_looked: false,
            sequence: None,
            recorded: None,
            behind_since: None,
            behind_told: false,
            proposals: BTreeMap::new(),
            certificates: BTreeMap::new(),
            crowd: Crowd::default(),
            trouble: None,
            queues: BTreeMap::new(),
        }
    }

    /// What a file remembers of this channel.
    ///
    /// # Errors
    /// Why it is not that, in words.
    pub(in crate::agent) fn parse(channel: &str, content: &[u8]) -> Result<Self, String> {
        let memory: Self = serde_json::from_slice(content).map_err(|error| error.to_string())?;
        if memory.form != FORM {
            return Err(format!(
                "it has form {}, this program writes {FORM}",
                memory.form
            ));
        }
        match memory.channel == channel {
            true => Ok(memory),
            false => Err(format!("it is of channel `{}`", memory.channel)),
        }
    }

    /// The content of a file.
    pub(in crate::agent) fn content(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The proposals that were there before and are not now: what became of them is to be asked. At most
    /// so many.
    pub(in crate::agent) fn gone(
        &self,
        listed: &[SummaryAnswer],
        listed_to: Option<&(String, String)>,
        own: &str,
        most: usize,
    ) -> Vec<String> {
        let ids: BTreeSet<&str> = listed.iter().map(|one| one.proposal_id.as_str()).collect();
        let gone = self.proposals.iter().filter(|(id, one)| {
            // one's own are always listed whole
            let is_covered = one.proposer == own
                || listed_to
                    .is_none_or(|(proposer, last)| (&one.proposer, *id) <= (proposer, last));
            is_covered && one.status != "Rejected" && !ids.contains(id.as_str())
        });
        gone.map(|(id, _)| id.clone()).take(most).collect()
    }

    /// Whether an update took effect, and no round saw a proposal of it before.
    pub(in crate::agent) fn is_unseen(&self, sequence: Sequence, update: &str) -> bool {
        let is_new = self.recorded.is_some_and(|recorded| recorded < sequence.0);
        let mut known = self.proposals.values();
        is_new && !known.any(|one| one.config_update_sha256 == update)
    }

    /// Whether a proposal is remembered.
    pub(in crate::agent) fn knows(&self, id: &str) -> bool {
        self.proposals.contains_key(id)
    }

    /// Takes in a proposal that came and went while nobody looked, so that its end is told.
    pub(super) fn meet(&mut self, one: &SummaryAnswer) {
        let met = RememberedProposal {
            proposer: one.proposer_msp_id.clone(),
            revision: one.revision,
            description: theirs(&one.description),
            config_update_sha256: one.config_update_sha256.clone(),
            ..RememberedProposal::default()
        };
        self.proposals.entry(one.proposal_id.clone()).or_insert(met);
    }

    /// How many proposals of a status there are, by status.
    pub(in crate::agent) fn by_status(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::<String, u64>::new();
        for one in self.proposals.values() {
            let count = counts.entry(one.status.clone()).or_default();
            *count = count.saturating_add(1);
        }
        counts
    }

    /// How many proposals await one's own organisation.
    pub(in crate::agent) fn awaiting(&self) -> u64 {
        self.proposals.values().filter(|one| one.awaits).count() as u64
    }

    /// Has every hook told what it wants to be told; what found no room.
    pub(in crate::agent) fn tell(
        &mut self,
        hooks: &[Hook],
        notices: &[Notice],
    ) -> Vec<(String, Notice)> {
        let mut lost = Vec::new();
        for notice in notices {
            for hook in hooks
                .iter()
                .filter(|hook| hook.wants(notice.kind, &notice.channel))
            {
                let queue = self.queues.entry(hook.name.clone()).or_default();
                if let Some(dropped) = queue.push(notice.clone()) {
                    lost.push((hook.name.clone(), dropped));
                }
            }
        }
        lost
    }

    /// Drops what is remembered for hooks that there are no more; what they were not told.
    pub(in crate::agent) fn retain(&mut self, hooks: &[Hook]) -> Vec<(String, Notice)> {
        let mut lost = Vec::new();
        self.queues.retain(|name, queue| {
            let is_there = hooks.iter().any(|hook| hook.name == *name);
            if !is_there {
                lost.extend(queue.take_all().map(|notice| (name.clone(), notice)));
            }
            is_there
        });
        lost
    }

    /// Forgets proposals of others that a round did not see, where too many are remembered: they are told of
    /// again when they are seen again.
    pub(super) fn make_room(&mut self, listed: &[SummaryAnswer], own: &str) {
        if self.proposals.len() <= PROPOSALS {
            return;
        }
        let ids: BTreeSet<&str> = listed.iter().map(|one| one.proposal_id.as_str()).collect();
        self.proposals
            .retain(|id, one| one.proposer == own || ids.contains(id.as_str()));
    }
}
