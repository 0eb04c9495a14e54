//! What a hook has still to be told.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::agent::notice::Notice;

/// The most notices that wait for one hook on one channel.
const MOST: usize = 500;
/// So long telling is tried. Unit: seconds.
const PATIENCE: i64 = 86_400;
/// The longest time between two tries. Unit: seconds.
const LONGEST: i64 = 3_600;

/// What one hook has still to be told of one channel, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent) struct HookQueue {
    /// What waits, the oldest first.
    waiting: VecDeque<WaitingNotice>,
    /// How often in a row telling failed.
    failures: u32,
    /// When it is tried again. Unit: seconds since 1970.
    next_at: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WaitingNotice {
    notice: Notice,
    /// When it was first tried.
    first_at: Option<i64>,
}

/// What is to be done for a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agent) enum QueueStep {
    /// There is nothing to tell.
    Empty,
    /// This is to be told now.
    Tell(Box<Notice>),
    /// At this time.
    Wait(i64),
}

impl HookQueue {
    /// Takes a notice; where there is no room, gives back the oldest one.
    pub(super) fn push(&mut self, notice: Notice) -> Option<Notice> {
        if self.waiting.iter().any(|one| one.notice.id == notice.id) {
            return None;
        }
        self.waiting.push_back(WaitingNotice {
            notice,
            first_at: None,
        });
        match self.waiting.len() > MOST {
            true => self.waiting.pop_front().map(|one| one.notice),
            false => None,
        }
    }

    /// What is to be done now.
    pub(in crate::agent) fn step(&self, now: i64) -> QueueStep {
        let Some(first) = self.waiting.front() else {
            return QueueStep::Empty;
        };
        // a clock that was set back must not silence it
        let is_far = self.next_at.saturating_sub(now) > LONGEST;
        match self.next_at <= now || is_far {
            true => QueueStep::Tell(Box::new(first.notice.clone())),
            false => QueueStep::Wait(self.next_at),
        }
    }

    /// It was told.
    pub(in crate::agent) fn told(&mut self, id: &str) {
        self.waiting.retain(|one| one.notice.id != id);
        self.failures = 0;
        self.next_at = 0;
    }

    /// It was not told; given back where it was tried for long enough.
    pub(in crate::agent) fn failed(&mut self, id: &str, now: i64) -> Option<Notice> {
        let wait = 1_i64.checked_shl(self.failures).unwrap_or(LONGEST);
        self.failures = self.failures.saturating_add(1).min(30);
        self.next_at = now.saturating_add(wait.clamp(1, LONGEST));
        let at = self.waiting.iter().position(|one| one.notice.id == id)?;
        let first = *self.waiting.get_mut(at)?.first_at.get_or_insert(now);
        if now.saturating_sub(first) < PATIENCE {
            return None;
        }
        self.waiting.remove(at).map(|one| one.notice)
    }

    /// How many wait.
    pub(in crate::agent) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How often in a row telling failed.
    pub(in crate::agent) const fn failures(&self) -> u32 {
        self.failures
    }

    /// Takes out all that wait.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Notice> + use<> {
        std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|one| one.notice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::notice::NoticeKind;

    fn notice(id: &str) -> Notice {
        Notice {
            at: String::new(),
            channel: "c".to_owned(),
            id: id.to_owned(),
            kind: NoticeKind::Test,
            msp_id: String::new(),
            next: None,
            proposal: None,
            remaining_seconds: None,
            sequence: 0,
            text: String::new(),
        }
    }

    #[test]
    fn a_hook_that_fails_is_tried_for_a_day_ever_more_rarely() {
        let mut queue = HookQueue::default();
        queue.push(notice("a"));
        let (mut now, mut tries, mut longest, mut lost) = (1_000, 0, 0, None);
        while lost.is_none() {
            match queue.step(now) {
                QueueStep::Tell(told) => {
                    assert_eq!(told.id, "a");
                    tries += 1;
                    lost = queue.failed("a", now);
                }
                QueueStep::Wait(until) => {
                    longest = longest.max(until - now);
                    now = until;
                }
                QueueStep::Empty => panic!("it was dropped unseen"),
            }
        }
        assert_eq!(longest, LONGEST);
        assert!(now - 1_000 >= PATIENCE && now - 1_000 < PATIENCE + 2 * LONGEST);
        assert!((30..40).contains(&tries), "{tries}");
        assert_eq!(queue.step(now), QueueStep::Empty);
    }

    #[test]
    fn an_hour_of_failures_loses_nothing_and_keeps_the_order() {
        let mut queue = HookQueue::default();
        for id in ["a", "b", "a"] {
            assert_eq!(queue.push(notice(id)), None);
        }
        assert_eq!(queue.len(), 2, "one notice is told once");
        let mut now = 0;
        while now < 3_600 {
            match queue.step(now) {
                QueueStep::Tell(_) => assert_eq!(queue.failed("a", now), None),
                QueueStep::Wait(until) => now = until,
                QueueStep::Empty => panic!("it was dropped unseen"),
            }
        }
        let mut told = Vec::new();
        while let QueueStep::Tell(one) = queue.step(now) {
            queue.told(&one.id);
            told.push(one.id);
        }
        assert_eq!(told, ["a", "b"]);
        assert_eq!(queue.failures(), 0);
    }

    #[test]
    fn the_queue_is_bounded_and_gives_back_the_oldest() {
        let mut queue = HookQueue::default();
        let lost: Vec<_> = (0..MOST + 2)
            .filter_map(|n| queue.push(notice(&n.to_string())))
            .collect();
        let lost: Vec<_> = lost.iter().map(|one| one.id.as_str()).collect();
        assert_eq!((queue.len(), lost), (MOST, vec!["0", "1"]));
    }

    #[test]
    fn a_clock_that_was_set_back_silences_no_hook() {
        let mut queue = HookQueue::default();
        queue.push(notice("a"));
        let _ = queue.failed("a", 1_000_000);
        assert!(matches!(queue.step(1_000_000), QueueStep::Wait(_)));
        assert!(matches!(queue.step(10), QueueStep::Tell(_)));
    }
}
