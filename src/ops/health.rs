//! What operators and orchestrators ask: is it ready, and what does it hold for true?

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;

use super::{
    channels::{ChannelHealth, ChannelTable},
    clock::Clock,
    metrics::Metrics,
    probed::Probed,
    readiness::{Readiness, Unready},
};

/// So long the threads that serve may stand still.
const STILL: Duration = Duration::from_secs(60);

/// The state of this process, as `/readyz` and `/startupz` show it.
#[derive(Debug)]
pub(crate) struct Health {
    clock: Clock,
    metrics: Arc<Metrics>,
    state: Mutex<HealthState>,
}

#[derive(Debug, Default)]
struct HealthState {
    readiness: Readiness,
    /// Open streams, which are peers.
    streams: u64,
    /// Those on which our id was accepted. INVARIANT: only open ones, of which the server has few.
    accepted: BTreeSet<u64>,
    channels: ChannelTable,
    /// When the threads that serve last moved.
    moved_at: Duration,
}

/// What `/readyz` says.
#[derive(Serialize)]
struct ReadyDocument<'a> {
    ready: bool,
    /// Why not, where it is not.
    reason: Option<&'static str>,
    streams: u64,
    channels: &'a ChannelTable,
}

/// What `/startupz` says.
#[derive(Serialize)]
struct StartedDocument {
    started: bool,
    reason: Option<&'static str>,
}

impl Health {
    /// A process that is starting. What is known of channels goes to the metrics, too.
    #[must_use]
    pub(crate) fn starting(clock: Clock, metrics: Arc<Metrics>) -> Self {
        Self {
            clock,
            metrics,
            state: Mutex::default(),
        }
    }

    /// The listeners are up.
    pub(crate) fn set_ready(&self) {
        self.state().readiness.handle_serving();
    }

    /// A stream was opened.
    pub(crate) fn stream_opened(&self) {
        let mut state = self.state();
        state.streams = state.streams.saturating_add(1);
    }

    /// The peer accepted our id on this stream.
    pub(crate) fn registration_accepted(&self, stream: u64) {
        let mut state = self.state();
        if state.accepted.insert(stream) {
            state.readiness.handle_accepted();
        }
    }

    /// A peer did not accept our id.
    pub(crate) fn registration_refused(&self) {
        let now = self.clock.elapsed();
        self.state().readiness.handle_refused(now);
    }

    /// A stream was closed.
    pub(crate) fn stream_closed(&self, stream: u64) {
        let mut state = self.state();
        state.streams = state.streams.saturating_sub(1);
        if state.accepted.remove(&stream) {
            state.readiness.handle_accepted_closed();
        }
    }

    /// So many connections are open, of at most so many.
    pub(crate) fn connections(&self, open: usize, limit: usize) {
        self.state().readiness.handle_connections(open, limit);
    }

    /// Changes what is known of a channel, here and in the metrics. The name must be a legal one.
    pub(crate) fn channel(&self, name: &str, change: impl FnOnce(&mut ChannelHealth)) {
        let mut state = self.state();
        let (known, gone) = state.channels.touch(name);
        let before = known.clone();
        change(known);
        // under the same lock, so that both know the same channels
        if let Some(gone) = gone {
            self.metrics.forget_channel(&gone);
        }
        if *known != before || before == ChannelHealth::default() {
            self.metrics.show_channel(name, known);
        }
    }

    /// The threads that serve still move.
    pub(crate) fn moved(&self) {
        self.state().moved_at = self.clock.elapsed();
    }
}

impl Probed for Health {
    fn metrics(&self) -> String {
        self.metrics.text()
    }

    fn is_moving(&self) -> bool {
        let state = self.state();
        let still = self.clock.elapsed().saturating_sub(state.moved_at);
        still < STILL || state.readiness.unready(self.clock.elapsed()) == Some(Unready::Starting)
    }

    fn summary(&self) -> String {
        let (streams, channels) = {
            let state = self.state();
            (state.streams, state.channels.len())
        };
        let (is_ready, _) = self.ready();
        let ready = if is_ready { "serving" } else { "not ready" };
        format!("{ready}: {streams} streams of peers, {channels} channels")
    }

    fn set_stopping(&self) {
        self.state().readiness.handle_stopping();
    }

    fn ready(&self) -> (bool, String) {
        let now = self.clock.elapsed();
        let state = self.state();
        let reason = state.readiness.unready(now);
        let document = ReadyDocument {
            ready: reason.is_none(),
            reason: reason.map(Unready::name),
            streams: state.streams,
            channels: &state.channels,
        };
        (reason.is_none(), text(&document))
    }

    fn started(&self) -> (bool, String) {
        let reason = self.state().readiness.unstarted();
        let document = StartedDocument {
            started: reason.is_none(),
            reason: reason.map(Unready::name),
        };
        (reason.is_none(), text(&document))
    }
}

impl Health {
    fn state(&self) -> MutexGuard<'_, HealthState> {
        // what is behind the lock is whole after every statement
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text(document: &impl Serialize) -> String {
    serde_json::to_string(document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_thousand_channels_leave_bounded_documents() {
        let metrics = Arc::new(Metrics::new("0.0.0"));
        let health = Health::starting(Clock::start(), Arc::clone(&metrics));
        for n in 0..20_000_u64 {
            health.channel(&format!("channel{n}"), |known| known.sequence = n);
        }
        let (_, document) = health.ready();
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["channels"].as_object().unwrap().len(), 256);
        let text = metrics.text();
        let series = text.matches("cmscc_config_sequence{").count();
        assert_eq!(series, 256);
        assert!(text.contains("cmscc_config_sequence{channel=\"channel19999\"} 19999"));
    }
}
