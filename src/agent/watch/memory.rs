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
/// The most proposals that are remembered.
// SECURITY: a peer may list others in each round, also as one's own
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
    /// Configs behind that one, with the proposals of whose effect people were told.
    #[serde(default)]
    pub(super) effects: BTreeSet<(u64, String)>,
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

/// The status of one that cannot be signed enough any more; it may come back.
pub(super) const REJECTED: &str = "Rejected";

/// What a round listed, and how far that reaches.
#[derive(Clone, Copy, Debug)]
pub(in crate::agent) struct ListReach<'a> {
    /// What was listed.
    pub(in crate::agent) proposals: &'a [SummaryAnswer],
    /// Up to which of them, by proposer and id, all are listed; `None`: all are.
    pub(in crate::agent) listed_to: Option<&'a (String, String)>,
    /// One's own organisation, whose proposals are always listed whole.
    pub(in crate::agent) own: &'a str,
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
    /// When it was last asked what became of it, since it is not listed any more.
    #[serde(default)]
    pub(super) asked_at: Option<i64>,
    /// The contract's config then.
    #[serde(default)]
    pub(super) asked_of: Option<u64>,
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
            effects: BTreeSet::new(),
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

    /// The proposals that are not in the contract's list any more: what became of them is to be asked. At most
    /// so many: one's own and those that could take effect first, and before others those that were not
    /// asked about for longest. `contract`: its config.
    // SECURITY: what others leave behind must not silence what becomes of one's own
    pub(in crate::agent) fn gone(
        &self,
        list: ListReach<'_>,
        contract: Sequence,
        most: usize,
    ) -> Vec<String> {
        let listed = list.proposals.iter();
        let ids: BTreeSet<&str> = listed.map(|one| one.proposal_id.as_str()).collect();
        let mut gone: Vec<_> = (self.proposals.iter())
            .filter(|(id, one)| {
                // one's own are always listed whole
                let is_covered = one.proposer == list.own
                    || (list.listed_to)
                        .is_none_or(|(proposer, last)| (&one.proposer, *id) <= (proposer, last));
                // one that is rejected can only be more than that by another config
                let is_settled =
                    one.status == REJECTED && one.asked_of.is_some_and(|asked| asked >= contract.0);
                is_covered && !is_settled && !ids.contains(id.as_str())
            })
            .map(|(id, one)| {
                let rank = match one.asked_at {
                    _ if one.proposer == list.own => 0,
                    None if one.status == "ReadyToSubmit" => 1,
                    _ => 2,
                };
                (rank, one.asked_at, id)
            })
            .collect();
        gone.sort();
        gone.truncate(most);
        gone.into_iter().map(|(_, _, id)| id.clone()).collect()
    }

    /// Whether the contract recorded a config since the round before.
    pub(in crate::agent) fn is_news(&self, sequence: Sequence) -> bool {
        self.recorded.is_some_and(|recorded| recorded < sequence.0)
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
                let dropped = queue.push(notice.clone()).into_iter();
                lost.extend(dropped.map(|notice| (hook.name.clone(), notice)));
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

    /// Forgets proposals, where too many are remembered: those of others that a round did not see, then
    /// one's own that it did not see. They are told of again when they are seen again.
    pub(super) fn make_room(&mut self, listed: &[SummaryAnswer], own: &str) {
        if self.proposals.len() <= PROPOSALS {
            return;
        }
        let ids: BTreeSet<&str> = listed.iter().map(|one| one.proposal_id.as_str()).collect();
        let remembered = std::mem::take(&mut self.proposals).into_iter();
        let mut kept: Vec<_> = remembered
            .map(|(id, one)| {
                let (is_own, is_listed) = (one.proposer == own, ids.contains(id.as_str()));
                (!(is_own && is_listed), !is_listed, !is_own, id, one)
            })
            .filter(|(_, is_unlisted, is_others, _, _)| !(*is_unlisted && *is_others))
            .collect();
        kept.sort_by(|one, other| {
            (one.0, one.1, one.2, &one.3).cmp(&(other.0, other.1, other.2, &other.3))
        });
        kept.truncate(PROPOSALS);
        self.proposals = kept
            .into_iter()
            .map(|(_, _, _, id, one)| (id, one))
            .collect();
    }

    /// The content of a file of at most so many bytes, and what hooks will not be told for that.
    // SECURITY: what was written must be read again, or the next start has nothing to go on
    pub(in crate::agent) fn fitted(&mut self, most: usize) -> (Vec<u8>, Vec<(String, Notice)>) {
        let mut lost = Vec::new();
        loop {
            let content = self.content();
            let is_empty = self.proposals.is_empty() && self.queues.is_empty();
            if content.len() <= most || is_empty {
                return (content, lost);
            }
            let half = self.proposals.len() / 2;
            let other_half = self.proposals.keys().nth(half).cloned();
            if let Some(from) = other_half {
                let _ = self.proposals.split_off(&from);
            }
            for (name, queue) in &mut self.queues {
                lost.extend(queue.halve().map(|notice| (name.clone(), notice)));
            }
            self.queues.retain(|_, queue| queue.len() > 0);
        }
    }
}
