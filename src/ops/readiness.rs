//! When calls should come here, and when a new server counts as started. Decides; the time since the
//! start of the process is handed in.

use std::time::Duration;

/// How long after a refused registration the server is not ready. Then it is again: where it is not,
/// no peer dials it, and nobody would learn that the id has been put right.
const REFUSED: Duration = Duration::from_secs(60);

/// Of how many connections, in percent of the limit, an exhausted server is ready again.
const RELIEVED: usize = 80;

/// Why no call should come here. The names are public: `docs/operations.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unready {
    /// As many connections are open as may be, or not much less since.
    ConnectionsExhausted,
    /// A peer did not accept our id.
    RegistrationNotAccepted,
    /// The process is going down.
    ShuttingDown,
    /// The listeners are not up yet.
    Starting,
}

impl Unready {
    /// The name in answers.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ConnectionsExhausted => "connections_exhausted",
            Self::RegistrationNotAccepted => "registration_not_accepted",
            Self::ShuttingDown => "shutting_down",
            Self::Starting => "starting",
        }
    }
}

/// What readiness follows from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Readiness {
    is_serving: bool,
    is_stopping: bool,
    /// Open streams on which our id was accepted.
    accepted_open: u64,
    /// Whether our id was ever accepted.
    was_accepted: bool,
    /// When our id was last refused, where it was not accepted since.
    refused_at: Option<Duration>,
    is_exhausted: bool,
}

impl Readiness {
    /// The listeners are up.
    pub(super) const fn handle_serving(&mut self) {
        self.is_serving = true;
    }

    /// The process is going down.
    pub(super) const fn handle_stopping(&mut self) {
        self.is_stopping = true;
    }

    /// A peer accepted our id.
    pub(super) const fn handle_accepted(&mut self) {
        self.was_accepted = true;
        self.refused_at = None;
        self.accepted_open = self.accepted_open.saturating_add(1);
    }

    /// A stream on which our id had been accepted is over.
    pub(super) const fn handle_accepted_closed(&mut self) {
        self.accepted_open = self.accepted_open.saturating_sub(1);
    }

    /// A peer did not accept our id.
    // SECURITY: without mutual TLS anybody can open a stream and not accept us. While a peer that did
    // is connected, that changes nothing.
    pub(super) const fn handle_refused(&mut self, now: Duration) {
        if self.accepted_open == 0 {
            self.refused_at = Some(now);
        }
    }

    /// So many connections are open, of at most so many.
    pub(super) const fn handle_connections(&mut self, open: usize, limit: usize) {
        if open >= limit {
            self.is_exhausted = true;
        } else if open.saturating_mul(100) < limit.saturating_mul(RELIEVED) {
            self.is_exhausted = false;
        }
    }

    /// Why no call should come here now; `None`: calls are served.
    pub(super) fn unready(&self, now: Duration) -> Option<Unready> {
        let refused = |at| now.saturating_sub(at) < REFUSED;
        if self.is_stopping {
            Some(Unready::ShuttingDown)
        } else if !self.is_serving {
            Some(Unready::Starting)
        } else if self.is_exhausted {
            Some(Unready::ConnectionsExhausted)
        } else if self.refused_at.is_some_and(refused) {
            Some(Unready::RegistrationNotAccepted)
        } else {
            None
        }
    }

    /// Why this server does not count as started; `None`: it does. A refused id is not forgotten here
    /// until one is accepted, since a start-up probe decides once.
    pub(super) const fn unstarted(&self) -> Option<Unready> {
        if self.is_stopping {
            Some(Unready::ShuttingDown)
        } else if !self.is_serving {
            Some(Unready::Starting)
        } else if self.refused_at.is_some() && !self.was_accepted {
            Some(Unready::RegistrationNotAccepted)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn serving() -> Readiness {
        let mut readiness = Readiness::default();
        assert_eq!(readiness.unready(at(0)), Some(Unready::Starting));
        assert_eq!(readiness.unstarted(), Some(Unready::Starting));
        readiness.handle_serving();
        assert_eq!(readiness.unready(at(0)), None);
        assert_eq!(readiness.unstarted(), None);
        readiness
    }

    #[test]
    fn a_refused_id_clears_after_a_minute_and_is_remembered_for_start_up() {
        let mut readiness = serving();
        readiness.handle_refused(at(10));
        let refused = Some(Unready::RegistrationNotAccepted);
        assert_eq!(readiness.unready(at(69)), refused);
        assert_eq!(readiness.unready(at(70)), None);
        readiness.handle_refused(at(80));
        assert_eq!(readiness.unready(at(139)), refused, "counted from the last");
        assert_eq!(readiness.unstarted(), refused);
        readiness.handle_accepted();
        assert_eq!(readiness.unready(at(81)), None);
        assert_eq!(readiness.unstarted(), None);
    }

    #[test]
    fn a_stranger_cannot_take_a_server_from_its_peer() {
        let mut readiness = serving();
        readiness.handle_accepted();
        readiness.handle_refused(at(10));
        assert_eq!(readiness.unready(at(11)), None);
        readiness.handle_accepted_closed();
        readiness.handle_refused(at(20));
        assert!(readiness.unready(at(21)).is_some());
        assert_eq!(readiness.unstarted(), None, "it had started");
    }

    #[test]
    fn exhaustion_ends_below_four_fifths() {
        let mut readiness = serving();
        for (open, exhausted) in [
            (99, false),
            (100, true),
            (99, true),
            (80, true),
            (79, false),
            (99, false),
        ] {
            readiness.handle_connections(open, 100);
            let expected = exhausted.then_some(Unready::ConnectionsExhausted);
            assert_eq!(readiness.unready(at(1)), expected, "{open}");
        }
    }

    #[test]
    fn shutting_down_is_said_first() {
        let mut readiness = serving();
        readiness.handle_refused(at(1));
        readiness.handle_stopping();
        assert_eq!(readiness.unready(at(2)), Some(Unready::ShuttingDown));
        assert_eq!(readiness.unstarted(), Some(Unready::ShuttingDown));
    }
}
