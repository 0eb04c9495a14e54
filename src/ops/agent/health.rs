//! How it is about an agent.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;

use super::metrics::AgentMetrics;
use crate::ops::{clock::Clock, probed::Probed};

/// So long a round may take before its task counts as stuck.
const STUCK: Duration = Duration::from_secs(900);

/// The state of an agent, as `/readyz` and `/startupz` show it.
#[derive(Debug)]
pub(crate) struct AgentHealth {
    clock: Clock,
    metrics: Arc<AgentMetrics>,
    /// After how long without a good round a channel is not well.
    patience: Duration,
    state: Mutex<AgentState>,
}

#[derive(Debug, Default)]
struct AgentState {
    is_stopping: bool,
    channels: BTreeMap<String, ChannelRounds>,
}

/// The rounds of one channel; times since the start of the process.
#[derive(Clone, Debug, Default)]
struct ChannelRounds {
    /// Since when a round is under way.
    begun_at: Option<Duration>,
    /// When one was last done; `None`: none was.
    well_at: Option<Duration>,
    /// Whether one is over, however it ended.
    is_started: bool,
    /// What is wrong.
    wrong: Option<String>,
}

#[derive(Serialize)]
struct AgentReadyDocument<'a> {
    ready: bool,
    reason: Option<&'static str>,
    channels: BTreeMap<&'a str, ChannelDocument<'a>>,
}

#[derive(Serialize)]
struct ChannelDocument<'a> {
    ready: bool,
    /// How long ago a round was done; null: none was. Unit: seconds.
    last_round_seconds: Option<u64>,
    /// What is wrong; null: nothing.
    error: Option<&'a str>,
}

impl AgentHealth {
    /// An agent that starts on these channels.
    #[must_use]
    pub(crate) fn starting(
        clock: Clock,
        metrics: Arc<AgentMetrics>,
        patience: Duration,
        channels: impl IntoIterator<Item = String>,
    ) -> Self {
        let channels = channels
            .into_iter()
            .map(|name| (name, ChannelRounds::default()));
        Self {
            clock,
            metrics,
            patience,
            state: Mutex::new(AgentState {
                is_stopping: false,
                channels: channels.collect(),
            }),
        }
    }

    /// A round of a channel begins.
    pub(crate) fn begun(&self, channel: &str) {
        let now = self.clock.elapsed();
        if let Some(rounds) = self.state().channels.get_mut(channel) {
            rounds.begun_at = Some(now);
        }
    }

    /// It is over; `wrong`: the name of what was wrong.
    pub(crate) fn over(&self, channel: &str, wrong: Option<&str>) {
        let now = self.clock.elapsed();
        if let Some(rounds) = self.state().channels.get_mut(channel) {
            rounds.begun_at = None;
            rounds.is_started = true;
            rounds.wrong = wrong.map(str::to_owned);
            if wrong.is_none() {
                rounds.well_at = Some(now);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, AgentState> {
        // what is behind the lock is whole after every statement
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Probed for AgentHealth {
    fn metrics(&self) -> String {
        self.metrics.text()
    }

    fn ready(&self) -> (bool, String) {
        let now = self.clock.elapsed();
        let state = self.state();
        let since = |rounds: &ChannelRounds| rounds.well_at.map(|at| now.saturating_sub(at));
        let well = |rounds: &ChannelRounds| since(rounds).is_some_and(|ago| ago < self.patience);
        let reason = match (state.is_stopping, state.channels.values().all(well)) {
            (true, _) => Some("shutting_down"),
            (false, false) if state.channels.values().any(|rounds| !rounds.is_started) => {
                Some("starting")
            }
            (false, false) => Some("degraded"),
            (false, true) => None,
        };
        let channels = state.channels.iter().map(|(name, rounds)| {
            let document = ChannelDocument {
                ready: well(rounds),
                last_round_seconds: since(rounds).map(|ago| ago.as_secs()),
                error: rounds.wrong.as_deref(),
            };
            (name.as_str(), document)
        });
        let document = AgentReadyDocument {
            ready: reason.is_none(),
            reason,
            channels: channels.collect(),
        };
        (
            reason.is_none(),
            serde_json::to_string(&document).unwrap_or_default(),
        )
    }

    fn started(&self) -> (bool, String) {
        let state = self.state();
        let is_started = state.channels.values().all(|rounds| rounds.is_started);
        (is_started, format!("{{\"started\":{is_started}}}"))
    }

    fn is_moving(&self) -> bool {
        let now = self.clock.elapsed();
        let stuck = |rounds: &ChannelRounds| {
            rounds
                .begun_at
                .is_some_and(|begun| now.saturating_sub(begun) > STUCK)
        };
        !self.state().channels.values().any(stuck)
    }

    fn summary(&self) -> String {
        let state = self.state();
        let all = state.channels.len();
        let wrong: Vec<String> = (state.channels.iter())
            .filter_map(|(name, rounds)| Some(format!("{name}: {}", rounds.wrong.as_ref()?)))
            .take(5)
            .collect();
        match wrong.is_empty() {
            true => format!("at work on {all} channels"),
            false => format!("at work on {all} channels; {}", wrong.join(", ")),
        }
    }

    fn set_stopping(&self) {
        self.state().is_stopping = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(patience: Duration) -> AgentHealth {
        let metrics = Arc::new(AgentMetrics::new("0.0.0"));
        let channels = ["a".to_owned(), "b".to_owned()];
        AgentHealth::starting(Clock::start(), metrics, patience, channels)
    }

    #[test]
    fn ready_is_who_has_done_a_good_round_of_every_channel() {
        let health = health(Duration::from_secs(60));
        let reason = |health: &AgentHealth| {
            let (is_ready, document) = health.ready();
            let document: serde_json::Value = serde_json::from_str(&document).unwrap();
            assert_eq!(document["ready"], is_ready);
            document["reason"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(reason(&health), "starting");
        assert!(!health.started().0);
        health.over("a", None);
        health.over("b", Some("PEER_UNREACHABLE"));
        assert!(health.started().0);
        assert_eq!(reason(&health), "degraded", "there was no good one yet");
        assert!(health.ready().1.contains("\"last_round_seconds\":null"));
        health.over("b", None);
        assert_eq!(reason(&health), "");
        health.over("b", Some("PEER_UNREACHABLE"));
        assert_eq!(reason(&health), "", "it may pass");
        assert!(health.summary().contains("b: PEER_UNREACHABLE"));
        health.set_stopping();
        assert_eq!(reason(&health), "shutting_down");
    }

    #[test]
    fn a_channel_without_a_good_round_is_degraded() {
        let health = health(Duration::ZERO);
        health.over("a", None);
        health.over("b", Some("FORK"));
        let (is_ready, document) = health.ready();
        assert!(
            !is_ready && document.contains("\"reason\":\"degraded\""),
            "{document}"
        );
        assert!(document.contains("\"error\":\"FORK\""), "{document}");
    }

    #[test]
    fn the_page_lists_every_metric() {
        let page = include_str!("../../../docs/agent.md");
        let metrics = AgentMetrics::new("0.0.0");
        metrics.channel("org1", "c");
        metrics.hook("chat");
        metrics.waiting("org1", "c", "chat", 1);
        let look = super::super::metrics::AgentLook {
            proposals: BTreeMap::from([("ReadyToSubmit".to_owned(), 1)]),
            ends: vec![("root ca of Org1MSP".to_owned(), "ab".to_owned(), 7)],
            lag: Some(0),
            sequence: Some(1),
            ..super::super::metrics::AgentLook::default()
        };
        metrics.round("org1", "c", &look, Some(5));
        let text = metrics.text();
        let named = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE cmscc_agent_"));
        let names: Vec<&str> = named.filter_map(|line| line.split(' ').next()).collect();
        assert!(names.len() >= 16, "{names:?}");
        for name in names {
            let is_listed = ["", "_total", "_info"]
                .iter()
                .any(|end| page.contains(&format!("| `{name}{end}` |")));
            assert!(is_listed, "{name}");
        }
    }

    #[test]
    fn series_of_what_is_over_go() {
        let metrics = AgentMetrics::new("0.0.0");
        let look = |status: &str| super::super::metrics::AgentLook {
            proposals: BTreeMap::from([(status.to_owned(), 1)]),
            ends: vec![("root ca of Org1MSP".to_owned(), "ab".to_owned(), 7)],
            ..super::super::metrics::AgentLook::default()
        };
        metrics.round("org1", "c", &look("WaitingForSignatures"), Some(5));
        assert!(
            metrics
                .text()
                .contains("status=\"WaitingForSignatures\"} 1")
        );
        metrics.round("org1", "c", &look("ReadyToSubmit"), None);
        let text = metrics.text();
        assert!(
            !text.contains("lag_sequences{"),
            "nothing is known of it: {text}"
        );
        assert!(!text.contains("WaitingForSignatures"), "{text}");
        assert!(text.contains("cmscc_agent_certificate_not_after_seconds{profile=\"org1\",channel=\"c\",use=\"root ca of Org1MSP\",fingerprint=\"ab\"} 7"), "{text}");
        assert!(text.contains(
            "cmscc_agent_last_round_timestamp_seconds{profile=\"org1\",channel=\"c\"} 5"
        ));
        assert!(text.contains(
            "cmscc_agent_rounds_total{profile=\"org1\",channel=\"c\",result=\"failed\"} 1"
        ));
    }
}
