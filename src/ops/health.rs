//! What operators and orchestrators ask: is it ready, and what does it hold for true?

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

/// The state of this process, as `/readyz` shows it.
#[derive(Debug, Default)]
pub(crate) struct Health {
    state: Mutex<HealthState>,
}

/// What `/readyz` says.
#[derive(Clone, Debug, Default, Serialize)]
struct HealthState {
    ready: bool,
    /// Why not, where it is not.
    reason: Option<&'static str>,
    /// Open streams, which are peers.
    streams: u64,
    channels: BTreeMap<String, ChannelHealth>,
}

/// One channel, for the operators of its organisations to compare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ChannelHealth {
    /// How often the chain was recovered, plus one.
    pub(crate) epoch: u64,
    /// The sequence of the config that the contract holds for true.
    pub(crate) sequence: u64,
    /// SHA-256 of that config, lower-case hex.
    pub config_sha256: String,
    /// Capability levels that it requires and this build does not know; calls that write are
    /// refused while there is one.
    pub(crate) unsupported: Vec<String>,
    /// How often another config of a known sequence was brought, since the start.
    pub(crate) forks: u64,
}

impl Health {
    /// A process that is starting.
    #[must_use]
    pub(crate) fn starting() -> Self {
        let health = Self::default();
        health.state().reason = Some("starting");
        health
    }

    /// The listeners are up.
    pub(crate) fn set_ready(&self) {
        let mut state = self.state();
        state.ready = true;
        state.reason = None;
    }

    /// The process is going down.
    pub(crate) fn set_stopping(&self) {
        let mut state = self.state();
        state.ready = false;
        state.reason = Some("shutting down");
    }

    /// A stream was opened.
    pub(crate) fn stream_opened(&self) {
        let mut state = self.state();
        state.streams = state.streams.saturating_add(1);
    }

    /// A stream was closed.
    pub(crate) fn stream_closed(&self) {
        let mut state = self.state();
        state.streams = state.streams.saturating_sub(1);
    }

    /// Changes what is known of a channel.
    pub(crate) fn channel(&self, name: &str, change: impl FnOnce(&mut ChannelHealth)) {
        change(self.state().channels.entry(name.to_owned()).or_default());
    }

    /// Whether calls are served, and everything as a JSON document.
    pub(super) fn report(&self) -> (bool, String) {
        let state = self.state().clone();
        let text = serde_json::to_string(&state).unwrap_or_default();
        (state.ready, text)
    }

    fn state(&self) -> MutexGuard<'_, HealthState> {
        // what is behind the lock is whole after every statement
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
