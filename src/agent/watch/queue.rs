//! What a hook has still to be told.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::agent::notice::{Notice, NoticeKind};

/// The most notices that wait for one hook on one channel.
const MOST: usize = 500;
/// The most that they take together. Unit: bytes.
const BYTES: usize = 1 << 20;
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
    /// How much it takes. Unit: bytes.
    #[serde(default)]
    bytes: usize,
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
    /// Takes a notice; where there is no room, gives back the least important ones. Of configs that
    /// changed the newest alone waits.
    pub(super) fn push(&mut self, notice: Notice) -> Vec<Notice> {
        if self.waiting.iter().any(|one| one.notice.id == notice.id) {
            return Vec::new();
        }
        if notice.kind == NoticeKind::ConfigChanged {
            self.waiting
                .retain(|one| one.notice.kind != NoticeKind::ConfigChanged);
        }
        self.waiting.push_back(WaitingNotice {
            bytes: notice.document().len(),
            notice,
            first_at: None,
        });
        let mut lost = Vec::new();
        while self.waiting.len() > MOST || self.bytes() > BYTES {
            let Some(least) = self.drop_least() else {
                break;
            };
            lost.push(least);
        }
        lost
    }

    /// Gives back the less important half of what waits.
    pub(super) fn halve(&mut self) -> impl Iterator<Item = Notice> + use<> {
        let half = self.waiting.len().div_ceil(2);
        let lost: Vec<Notice> = (0..half).filter_map(|_| self.drop_least()).collect();
        lost.into_iter()
    }

    fn bytes(&self) -> usize {
        let bytes = self.waiting.iter().map(|one| one.bytes);
        bytes.fold(0, usize::saturating_add)
    }

    /// Takes out the oldest of the least important ones, of whoever has most of those.
    // SECURITY: a member may bring about as many notices as it likes; what is lost is to be its own
    fn drop_least(&mut self) -> Option<Notice> {
        let least = self
            .waiting
            .iter()
            .map(|one| weight(one.notice.kind))
            .min()?;
        let mut counts = BTreeMap::<String, usize>::new();
        let least_ones = |one: &&WaitingNotice| weight(one.notice.kind) == least;
        for one in self.waiting.iter().filter(least_ones) {
            let count = counts.entry(party(&one.notice).to_owned()).or_default();
            *count = count.saturating_add(1);
        }
        let (crowd, _) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        let at = self
            .waiting
            .iter()
            .position(|one| weight(one.notice.kind) == least && party(&one.notice) == crowd)?;
        self.waiting.remove(at).map(|one| one.notice)
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

/// How much it matters that people are told: where there is no room, what matters least is dropped.
const fn weight(kind: NoticeKind) -> u8 {
    match kind {
        NoticeKind::Crowded | NoticeKind::Proposed | NoticeKind::Test => 0,
        NoticeKind::Ended
        | NoticeKind::InEffect
        | NoticeKind::OutOfDate
        | NoticeKind::Recovered
        | NoticeKind::Rejected => 1,
        // of changed configs one waits at most
        NoticeKind::CertificateEnds
        | NoticeKind::ConfigChanged
        | NoticeKind::ContractBehind
        | NoticeKind::Degraded
        | NoticeKind::ExpiresSoon
        | NoticeKind::ReadyToSubmit
        | NoticeKind::ToBeAttested => 2,
        NoticeKind::AwaitsYou | NoticeKind::Fork | NoticeKind::NotSubmitted => 3,
    }
}

/// Who brought it about: the proposer, or nobody.
fn party(notice: &Notice) -> &str {
    let proposal = notice.proposal.as_ref();
    proposal.map_or("", |one| one.proposer_msp_id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::notice::NoticedProposal;

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
            assert_eq!(queue.push(notice(id)), []);
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
            .flat_map(|n| queue.push(notice(&n.to_string())))
            .collect();
        let lost: Vec<_> = lost.iter().map(|one| one.id.as_str()).collect();
        assert_eq!((queue.len(), lost), (MOST, vec!["0", "1"]));
    }

    fn of(id: &str, kind: NoticeKind, proposer: &str) -> Notice {
        let proposal = NoticedProposal {
            proposer_msp_id: proposer.to_owned(),
            ..NoticedProposal::default()
        };
        Notice { kind, ..notice(id) }.about(proposal)
    }

    #[test]
    fn what_one_member_brings_about_displaces_nothing_that_matters_more() {
        let mut queue = HookQueue::default();
        let mut lost = queue.push(of("fork", NoticeKind::Fork, ""));
        for n in 0..20 {
            lost.extend(queue.push(of(&format!("a{n}"), NoticeKind::AwaitsYou, "Org1")));
        }
        for n in 0..MOST {
            lost.extend(queue.push(of(&format!("c{n}"), NoticeKind::ConfigChanged, "")));
            lost.extend(queue.push(of(&format!("e{n}"), NoticeKind::InEffect, "Evil")));
        }
        let configs = queue.waiting.iter();
        let configs = configs.filter(|one| one.notice.kind == NoticeKind::ConfigChanged);
        assert_eq!(configs.count(), 1, "what matters less went first");
        assert!(!lost.is_empty() && queue.len() == MOST);
        // also with what matters as much
        for n in 0..2 * MOST {
            lost.extend(queue.push(of(&format!("f{n}"), NoticeKind::AwaitsYou, "Evil")));
        }
        assert_eq!(queue.len(), MOST);
        for one in lost {
            let is_evil = party(&one) == "Evil";
            assert!(is_evil || one.kind == NoticeKind::ConfigChanged, "{one:?}");
        }
        let left: Vec<&str> = (queue.waiting.iter().take(21))
            .map(|one| one.notice.id.as_str())
            .collect();
        assert_eq!((left[0], left[1], left[20]), ("fork", "a0", "a19"));
    }

    #[test]
    fn of_configs_the_newest_waits_and_that_loses_nothing() {
        let mut queue = HookQueue::default();
        for n in 0..3 * MOST {
            let config = of(&format!("c{n}"), NoticeKind::ConfigChanged, "");
            assert_eq!(queue.push(config), []);
        }
        let ids: Vec<&str> = (queue.waiting.iter())
            .map(|one| one.notice.id.as_str())
            .collect();
        assert_eq!(ids, ["c1499"]);
    }

    #[test]
    fn long_notices_do_not_outgrow_the_memory() {
        let mut queue = HookQueue::default();
        let mut lost = 0;
        for n in 0..MOST {
            let long = Notice {
                text: "x".repeat(50_000),
                ..notice(&n.to_string())
            };
            lost += queue.push(long).len();
        }
        assert!(queue.bytes() <= BYTES);
        assert_eq!(queue.len() + lost, MOST);
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
