//! The clocks of the shells. What decides takes the time as an argument.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock that starts with the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    #[must_use]
    pub(crate) fn start() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "operations run by the host's clock"
        )]
        let start = Instant::now();
        Self { start }
    }

    /// The time since the start. It never goes back.
    #[must_use]
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// The host's time since 1970.
#[must_use]
pub(crate) fn since_1970() -> Duration {
    #[expect(
        clippy::disallowed_methods,
        reason = "operations run by the host's clock"
    )]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The host's time in whole seconds since 1970.
#[must_use]
pub(crate) fn unix_seconds() -> i64 {
    i64::try_from(since_1970().as_secs()).unwrap_or(i64::MAX)
}
