//! Which of many similar log lines are written.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How many lines of a kind are written in a window.
const LINES: u32 = 10;

/// How long a window is, at least.
const WINDOW: Duration = Duration::from_secs(10);

/// Lets the first lines of each kind through and counts the others. The kinds are ours, so there are
/// few; `now` is the time since the start of the process.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    windows: Mutex<BTreeMap<[&'static str; 2], Window>>,
}

/// How loud lines of a kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineLevel {
    /// What happens every day.
    Info,
    /// What should be looked at.
    Warn,
}

/// What came of one kind since its window began.
#[derive(Clone, Copy, Debug)]
struct Window {
    level: LineLevel,
    since: Duration,
    shown: u32,
    left_out: u64,
}

/// Lines that were not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub(crate) level: LineLevel,
    /// What the lines say.
    pub(crate) kind: &'static str,
    /// Which of them, where there are several sorts.
    pub(crate) sort: &'static str,
    pub(crate) lines: u64,
    /// In which time they came.
    pub(crate) within: Duration,
}

impl Throttle {
    /// Whether a line of this kind and sort is written. A window stays until [`Throttle::left_out`]
    /// ends it.
    pub(crate) fn admits(
        &self,
        level: LineLevel,
        kind: &'static str,
        sort: &'static str,
        now: Duration,
    ) -> bool {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry([kind, sort]).or_insert(Window {
            level,
            since: now,
            shown: 0,
            left_out: 0,
        });
        if window.shown < LINES {
            window.shown = window.shown.saturating_add(1);
            true
        } else {
            window.left_out = window.left_out.saturating_add(1);
            false
        }
    }

    /// Ends the windows that are over, and says what was left out in them, in the order of kinds.
    pub(crate) fn left_out(&self, now: Duration) -> Vec<LeftOut> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left_out = Vec::new();
        windows.retain(|[kind, sort], window| {
            let within = now.saturating_sub(window.since);
            let is_over = within >= WINDOW;
            if is_over && window.left_out > 0 {
                left_out.push(LeftOut {
                    level: window.level,
                    kind,
                    sort,
                    lines: window.left_out,
                    within,
                });
            }
            !is_over
        });
        left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_of_a_window_are_written_and_the_others_counted() {
        let throttle = Throttle::default();
        let at = Duration::from_secs;
        let written = (0..822)
            .filter(|_| throttle.admits(LineLevel::Warn, "stray", "", at(1)))
            .count();
        assert_eq!(written, 10);
        assert!(
            throttle.admits(LineLevel::Warn, "stray", "x", at(2)),
            "each sort by itself"
        );
        assert_eq!(throttle.left_out(at(10)), []);
        let left_out = LeftOut {
            level: LineLevel::Warn,
            kind: "stray",
            sort: "",
            lines: 812,
            within: at(10),
        };
        assert_eq!(throttle.left_out(at(11)), [left_out]);
        assert!(
            throttle.admits(LineLevel::Warn, "stray", "", at(11)),
            "a new window"
        );
        assert_eq!(throttle.left_out(at(60)), [], "nothing was left out");
    }
}
