//! How long to wait before another try.

use std::time::Duration;

/// How often, and how far apart, something is tried again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    first: Duration,
    most: Duration,
    left: u32,
}

impl Backoff {
    /// For a node that may answer in a moment: 4 more tries within some seconds.
    pub(super) const PASSING: Self = Self {
        first: Duration::from_millis(100),
        most: Duration::from_secs(2),
        left: 4,
    };

    /// For transactions that met others, or peers that are a block behind: about one block apart.
    pub(super) const CONFLICT: Self = Self {
        first: Duration::from_millis(200),
        most: Duration::from_secs(3),
        left: 6,
    };

    /// The longest that the next wait may be; `None`: it was tried often enough. Of it at least half is
    /// waited, and a random part of the rest.
    pub(super) fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let now = self.first;
        self.first = (now * 2).min(self.most);
        Some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let mut backoff = Backoff::PASSING;
        let mut waits = Vec::new();
        while let Some(wait) = backoff.next() {
            waits.push(wait.as_millis());
        }
        assert_eq!(waits, [100, 200, 400, 800]);
    }
}
