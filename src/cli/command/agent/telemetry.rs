//! From what the agent tells to logs, metrics and health.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{debug, error, info, warn};

use crate::{
    agent::{AgentDeed, AgentObserver, HookRefusal, Notice, RoundFacts},
    client::ClientError,
    json::time_text,
    ops::{AgentHealth, AgentLook, AgentMetrics, unix_seconds},
    text::{foreign, visible},
};

/// Turns what the agent tells into logs, metrics and health.
pub(super) struct AgentTelemetry {
    pub(super) metrics: Arc<AgentMetrics>,
    pub(super) health: Arc<AgentHealth>,
    /// What was last said to be wrong, by channel: the same is said once.
    pub(super) wrong: Mutex<BTreeMap<String, String>>,
}

/// How a channel is called in health and logs.
pub(super) fn name(profile: &str, channel: &str) -> String {
    format!("{profile}/{channel}")
}

impl AgentObserver for AgentTelemetry {
    fn begun(&self, profile: &str, channel: &str) {
        self.health.begun(&name(profile, channel));
    }

    fn round(&self, profile: &str, channel: &str, facts: &RoundFacts, wrong: Option<&ClientError>) {
        let name = name(profile, channel);
        self.health
            .over(&name, wrong.map(|error| error.symbol.as_str()));
        let look = AgentLook {
            awaiting: facts.awaiting,
            ends: facts.ends.clone(),
            is_fork: facts.is_fork,
            is_held: facts.is_held,
            lag: facts.lag,
            proposals: facts.proposals.clone(),
            sequence: facts.sequence,
        };
        let at = facts.is_well.then(unix_seconds);
        self.metrics.round(profile, channel, &look, at);
        let mut said = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        match wrong {
            Some(why) => {
                let text = why.to_string();
                let before = said.insert(name, why.symbol.clone());
                if before.as_ref() == Some(&why.symbol) {
                    debug!(
                        profile,
                        channel,
                        symbol = why.symbol,
                        "the round could not be done"
                    );
                    return;
                }
                let (text, hint) = (visible(&text), why.hint.as_deref().map(visible));
                let (why, hint) = (&*foreign(&text), hint.as_deref());
                warn!(profile, channel, why, hint, "the round could not be done");
            }
            None => {
                if said.remove(&name).is_some() {
                    info!(profile, channel, "rounds are done again");
                }
                debug!(
                    profile,
                    channel,
                    sequence = facts.sequence,
                    lag = facts.lag,
                    "a round was done"
                );
            }
        }
    }

    fn did(&self, profile: &str, channel: &str, deed: &AgentDeed<'_>) {
        match deed {
            AgentDeed::Carried { file, proposal_id } => {
                self.metrics.carried(profile, channel, "carried");
                let proposal = &*foreign(proposal_id);
                info!(
                    profile,
                    channel, file, proposal, "a signature file was handed in"
                );
            }
            AgentDeed::Forgot { file, why } => {
                let text = visible(why);
                let why = &*foreign(&text);
                error!(
                    profile,
                    channel,
                    file,
                    why,
                    "what the agent remembered cannot be used and was put aside: it begins anew"
                );
            }
            AgentDeed::Held { reason } => {
                let reason = &*foreign(reason);
                error!(
                    profile,
                    channel,
                    reason,
                    "nothing more is sent on this channel: `cmscc agent resume` ends that"
                );
            }
            AgentDeed::NotCarried { file, why } => {
                self.metrics.carried(profile, channel, "refused");
                let why = &*foreign(why);
                warn!(
                    profile,
                    channel, file, why, "a signature file was not handed in"
                );
            }
            AgentDeed::NotRenewed { why } => {
                let text = visible(&why.to_string());
                let (why, symbol) = (&*foreign(&text), &why.symbol);
                error!(
                    profile,
                    channel,
                    symbol,
                    why,
                    "files of settings or identity changed and cannot be used: the old ones stay"
                );
            }
            AgentDeed::NotYetCarried { file, why } => {
                let why = &*foreign(why);
                warn!(
                    profile,
                    channel, file, why, "a signature file stays where it is, and is tried again"
                );
            }
            AgentDeed::Renewed { subject, not_after } => {
                let certificate_ends = time_text(*not_after).unwrap_or_default();
                info!(
                    profile,
                    channel, subject, certificate_ends, "settings and identity were read anew"
                );
            }
            AgentDeed::NotSubmitted { proposal_id, why } => {
                self.metrics.submitted(profile, channel, "refused");
                let text = visible(&why.to_string());
                let (proposal, why, symbol) =
                    (&*foreign(proposal_id), &*foreign(&text), &why.symbol);
                error!(
                    profile,
                    channel, proposal, symbol, why, "an update was not submitted: a person decides"
                );
            }
            AgentDeed::NotSynced { why } => {
                self.metrics.synced(profile, channel, "failed");
                let text = visible(&why.to_string());
                let (why, symbol) = (&*foreign(&text), &why.symbol);
                warn!(
                    profile,
                    channel, symbol, why, "config blocks were not handed in"
                );
            }
            AgentDeed::Sending {
                config_update_sha256,
                proposal_id,
            } => {
                let proposal = &*foreign(proposal_id);
                info!(
                    profile,
                    channel, proposal, config_update_sha256, "submitting"
                );
            }
            AgentDeed::Submitted {
                block,
                proposal_id,
                sequence,
            } => {
                self.metrics.submitted(profile, channel, "submitted");
                let proposal = &*foreign(proposal_id);
                info!(profile, channel, proposal, sequence, block, "in effect");
            }
            AgentDeed::Synced { block, sequence } => {
                let result = if block.is_some() { "synced" } else { "known" };
                self.metrics.synced(profile, channel, result);
                info!(
                    profile,
                    channel, sequence, block, "the contract has the channel's config"
                );
            }
        }
    }

    fn noticed(&self, notice: &Notice) {
        let (kind, id) = (notice.kind.name(), &notice.id);
        info!(
            channel = notice.channel,
            kind,
            id,
            text = notice.text,
            "notice"
        );
    }

    fn told(&self, hook: &str, notice: &Notice, told: Result<(), &HookRefusal>) {
        let (kind, id) = (notice.kind.name(), &notice.id);
        match told {
            Ok(()) => {
                self.metrics.delivered(hook, "told");
                debug!(hook, kind, id, "told");
            }
            Err(why) => {
                self.metrics.delivered(hook, "failed");
                warn!(hook, kind, id, %why, "a hook was not told; it is tried again");
            }
        }
    }

    fn waiting(&self, profile: &str, channel: &str, hook: &str, count: u64) {
        self.metrics.waiting(profile, channel, hook, count);
    }

    fn buried(&self, hook: &str, notice: &Notice) {
        self.metrics.delivered(hook, "dead");
        let (kind, id) = (notice.kind.name(), &notice.id);
        error!(
            hook,
            kind, id, "a hook will not be told: see the file of dead letters"
        );
    }
}

/// Hears of nothing: a look that nobody watches.
pub(super) struct NoTelemetry;

impl AgentObserver for NoTelemetry {
    fn begun(&self, _: &str, _: &str) {}
    fn round(&self, _: &str, _: &str, _: &RoundFacts, _: Option<&ClientError>) {}
    fn did(&self, _: &str, _: &str, _: &AgentDeed<'_>) {}
    fn noticed(&self, _: &Notice) {}
    fn told(&self, _: &str, _: &Notice, _: Result<(), &HookRefusal>) {}
    fn waiting(&self, _: &str, _: &str, _: &str, _: u64) {}
    fn buried(&self, _: &str, _: &Notice) {}
}
