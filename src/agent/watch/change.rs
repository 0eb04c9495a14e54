//! What changed of proposals.

use std::collections::BTreeSet;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    crowd::Admission,
    memory::{ChannelMemory, REJECTED, RememberedProposal},
    sight::{CONTRADICTED, ChannelSight, EndedSight},
};
use crate::{
    agent::notice::{Notice, NoticeKind, NoticedProposal, Noticing, names, theirs},
    client::answers::SummaryAnswer,
};

/// So many hours before its deadline a proposal is told of, each once.
const LEVELS: [i64; 3] = [2, 24, 48];

impl ChannelMemory {
    /// Takes what a round saw, and says what changed since the round before. The first round ever tells
    /// only what awaits one's own organisation.
    pub(in crate::agent) fn take(
        &mut self,
        sight: &ChannelSight,
        with: Noticing<'_>,
    ) -> Vec<Notice> {
        let mut notices = self.channel_changes(sight, with);
        if sight.contract.is_none() {
            return notices;
        }
        for one in &sight.proposals {
            let changed = self.proposal(one, with);
            notices.extend(self.admitted(&one.proposer_msp_id, changed, with));
        }
        for id in &sight.asked {
            if let Some(asked) = self.proposals.get_mut(id) {
                asked.asked_at = Some(with.now);
                asked.asked_of = sight.contract.map(|sequence| sequence.0);
            }
        }
        for one in &sight.effective {
            self.meet(one);
        }
        notices.extend(self.ends(sight, with));
        self.make_room(&sight.proposals, with.msp_id.as_str());
        self.has_looked = true;
        self.recorded = sight.contract.map(|sequence| sequence.0);
        self.effects
            .retain(|(sequence, _)| Some(*sequence) > self.recorded);
        notices
    }

    /// What is told of proposals that are over. Several may have led to one config: those with the same
    /// bytes, and those inside of a combined one. One's own are always told, and of each config one.
    // SECURITY: a copy with another id must not take the place of the proposal that it was copied from
    fn ends(&mut self, sight: &ChannelSight, with: Noticing<'_>) -> Vec<Notice> {
        let own = with.msp_id.as_str();
        let mut ended: Vec<&EndedSight> = sight.ended.iter().collect();
        ended.sort_by_key(|one| {
            let one = *one;
            let known = self.proposals.get(&one.proposal_id);
            let is_own = known.is_some_and(|known| known.proposer == own);
            (!is_own, one.via.is_some(), &one.proposal_id)
        });
        let (mut told, mut configs) = (Vec::new(), BTreeSet::new());
        for one in ended {
            let Some((proposer, notice)) = self.ended(one, with) else {
                continue;
            };
            // a change of the channel is told whoever wanted it
            match one.effect {
                Some((sequence, _)) if configs.insert(sequence) => told.push(notice),
                _ => told.extend(self.admitted(&proposer, vec![notice], with)),
            }
        }
        told
    }

    /// What is told of the changes of one organisation.
    fn admitted(
        &mut self,
        proposer: &str,
        notices: Vec<Notice>,
        with: Noticing<'_>,
    ) -> Vec<Notice> {
        let mut told = Vec::new();
        for notice in notices {
            if proposer == with.msp_id.as_str() {
                told.push(notice);
                continue;
            }
            match self.crowd.admit(proposer, with.now) {
                Admission::Told => told.push(notice),
                Admission::First => {
                    let text = format!(
                        "{} changes so many proposals that further ones of it are not told for an hour",
                        theirs(proposer)
                    );
                    let hour = (with.now / 3_600).to_string();
                    let notice = with.notice(NoticeKind::Crowded, &[proposer, &hour], text);
                    told.push(notice.next("cmscc list"));
                }
                Admission::Quiet => {}
            }
        }
        told
    }

    fn proposal(&mut self, one: &SummaryAnswer, with: Noticing<'_>) -> Vec<Notice> {
        let own = with.msp_id.as_str();
        let old = self.proposals.get(&one.proposal_id).cloned();
        let is_ready = one.status == "ReadyToSubmit";
        let same = old.as_ref().filter(|old| old.revision == one.revision);
        let mut now = RememberedProposal {
            proposer: one.proposer_msp_id.clone(),
            revision: one.revision,
            status: one.status.clone(),
            awaits: one.awaits(own),
            ready_since: match same.and_then(|old| old.ready_since) {
                Some(since) if is_ready => Some(since.min(with.now)),
                _ => is_ready.then_some(with.now),
            },
            deadline_told: same.and_then(|old| old.deadline_told),
            description: theirs(&one.description),
            config_update_sha256: one.config_update_sha256.clone(),
            asked_at: None,
            asked_of: None,
        };
        let about = Telling {
            with,
            one,
            before: old.as_ref().map(|old| old.status.as_str()),
        };
        let mut notices = Vec::new();
        let is_news = self.has_looked;
        if old.is_none() && is_news {
            let text = format!(
                "{} proposes `{}`{}",
                about.proposer(),
                about.id(),
                about.words()
            );
            notices.push(about.notice(NoticeKind::Proposed, text));
        }
        let awaited = same.is_some_and(|old| old.awaits);
        if now.awaits && !awaited {
            notices.push(about.awaits());
        }
        let moved = old.as_ref().map(|old| (&old.status, old.revision))
            != Some((&one.status, one.revision));
        if moved && is_news {
            notices.extend(about.moved());
        }
        if let Some((level, notice)) = about.near_deadline(now.deadline_told) {
            now.deadline_told = Some(level);
            notices.extend(notice);
        }
        self.proposals.insert(one.proposal_id.clone(), now);
        notices
    }

    fn ended(&mut self, ended: &EndedSight, with: Noticing<'_>) -> Option<(String, Notice)> {
        let old = self.proposals.get(&ended.proposal_id)?.clone();
        let id = &ended.proposal_id;
        let why = ended.why.as_deref().map(|why| format!(": {}", theirs(why)));
        let why = why.unwrap_or_default();
        let shown = theirs(id);
        let via = ended.via.as_deref();
        let via = via.map(|via| format!(", inside `{}`", theirs(via)));
        let via = via.unwrap_or_default();
        let (kind, text) = match (ended.status.as_str(), ended.effect) {
            ("Submitted", Some((sequence, block))) => (
                NoticeKind::InEffect,
                format!("`{shown}` is in effect: config {sequence}, block {block}{via}"),
            ),
            ("Submitted", None) => (
                NoticeKind::InEffect,
                format!("the config is as `{shown}` wants it{why}"),
            ),
            (REJECTED, _) => (
                NoticeKind::Rejected,
                format!("`{shown}` is rejected: it cannot be signed enough any more"),
            ),
            (CONTRADICTED, _) => (
                NoticeKind::Ended,
                format!("`{shown}` is over, and not as the contract says{why}"),
            ),
            (status, _) => (
                NoticeKind::Ended,
                format!("`{shown}` is over: {}{why}", theirs(status).to_lowercase()),
            ),
        };
        match kind {
            // it may come back, where somebody signs after all
            NoticeKind::Rejected => {
                let kept = self.proposals.get_mut(id)?;
                kept.status.clone_from(&ended.status);
                kept.awaits = false;
                kept.ready_since = None;
            }
            _ => {
                self.proposals.remove(id);
            }
        }
        // people know that it is over; only that it took effect all the same is news
        if old.status == REJECTED && kind != NoticeKind::InEffect {
            return None;
        }
        // it came into effect once, whatever was seen before
        let effect = ended.effect.map(|(sequence, _)| sequence);
        if effect.is_some_and(|sequence| !self.effects.insert((sequence, id.clone()))) {
            return None;
        }
        let of = match effect {
            Some(sequence) => vec![id.clone(), sequence.to_string()],
            None => {
                let (revision, before) = (old.revision.to_string(), old.status.clone());
                vec![id.clone(), revision, before, ended.status.clone()]
            }
        };
        let of: Vec<&str> = of.iter().map(String::as_str).collect();
        let notice = with.notice(kind, &of, text).about(NoticedProposal {
            before: Some(old.status.clone()).filter(|status| !status.is_empty()),
            config_update_sha256: old.config_update_sha256.clone(),
            description: old.description.clone(),
            proposal_id: shown,
            proposer_msp_id: theirs(&old.proposer),
            revision: old.revision,
            status: theirs(&ended.status),
            ..NoticedProposal::default()
        });
        Some((old.proposer, notice))
    }
}

/// What is told of one open proposal.
struct Telling<'a> {
    with: Noticing<'a>,
    one: &'a SummaryAnswer,
    before: Option<&'a str>,
}

impl Telling<'_> {
    fn id(&self) -> String {
        theirs(&self.one.proposal_id)
    }

    fn proposer(&self) -> String {
        theirs(&self.one.proposer_msp_id)
    }

    fn description(&self) -> String {
        theirs(&self.one.description)
    }

    /// The proposer's words behind a sentence, where there are any.
    fn words(&self) -> String {
        match self.one.description.is_empty() {
            true => String::new(),
            false => format!(": {}", self.description()),
        }
    }

    fn notice(&self, kind: NoticeKind, text: String) -> Notice {
        self.of(kind, &[], text)
    }

    fn of(&self, kind: NoticeKind, more: &[&str], text: String) -> Notice {
        let one = self.one;
        let revision = one.revision.to_string();
        let sequence = self.with.sequence.to_string();
        let mut of = vec![one.proposal_id.as_str(), &revision, &one.status, &sequence];
        of.extend(more);
        let mut notice = self.with.notice(kind, &of, text).about(NoticedProposal {
            before: self.before.map(theirs),
            config_update_sha256: one.config_update_sha256.clone(),
            deadline: one.deadline.clone(),
            description: self.description(),
            proposal_id: self.id(),
            proposer_msp_id: self.proposer(),
            revision: one.revision,
            signed_by: names(&one.signed_by),
            status: theirs(&one.status),
        });
        notice.remaining_seconds = self.remaining();
        notice
    }

    fn awaits(&self) -> Notice {
        let left = match self.remaining() {
            Some(left) => format!(", {} left", time_left(left)),
            None => String::new(),
        };
        let text = format!(
            "`{}` of {} awaits a signature of {}{left}{}",
            self.id(),
            self.proposer(),
            self.with.msp_id,
            self.words()
        );
        let notice = self.notice(NoticeKind::AwaitsYou, text);
        notice.next(format!("cmscc sign {}", self.id()))
    }

    /// What its status means, where people are told of it.
    fn moved(&self) -> Option<Notice> {
        let (id, own) = (
            self.id(),
            self.one.proposer_msp_id == self.with.msp_id.as_str(),
        );
        let next = |command: &str| format!("cmscc {command} {id}");
        let (kind, text, next) = match self.one.status.as_str() {
            "ReadyToSubmit" if own && self.with.submits && self.one.kind == "config_update" => {
                let text = format!(
                    "`{id}` has all signatures that it needs; the agent submits it unless it is held"
                );
                return Some(self.notice(NoticeKind::ReadyToSubmit, text));
            }
            "ReadyToSubmit" => (
                NoticeKind::ReadyToSubmit,
                format!("`{id}` has all signatures that it needs"),
                match self.one.kind.as_str() {
                    "settings" => next("settings apply"),
                    _ => next("submit"),
                },
            ),
            "WaitingForCapabilities" => (
                NoticeKind::ToBeAttested,
                format!("`{id}` waits until all have attested the levels that it raises"),
                "cmscc capabilities".to_owned(),
            ),
            "Outofdate" => (
                NoticeKind::OutOfDate,
                format!(
                    "`{id}` is out of date: the config has changed since; {}",
                    match own {
                        true => "an admin of your organisation computes it again".to_owned(),
                        false => format!("{} computes it again", self.proposer()),
                    }
                ),
                match own {
                    true => next("rebase"),
                    false => next("show"),
                },
            ),
            "Broken" => (
                NoticeKind::Ended,
                format!("`{id}` cannot take effect any more"),
                next("show"),
            ),
            _ => return None,
        };
        Some(self.notice(kind, text).next(next))
    }

    /// The level that its deadline has come to, where that was not told; nothing is told of one that goes
    /// nowhere.
    fn near_deadline(&self, told: Option<i64>) -> Option<(i64, Option<Notice>)> {
        let left = self.remaining()?;
        let level = LEVELS.into_iter().find(|hours| left <= hours * 3_600)?;
        if told.is_some_and(|told| told <= level) || left <= 0 {
            return None;
        }
        let waits = matches!(
            self.one.status.as_str(),
            "WaitingForSignatures" | "WaitingForCapabilities" | "ReadyToSubmit" | "Outofdate"
        );
        let notice = waits.then(|| {
            let text = format!("`{}` expires in {}", self.id(), time_left(left));
            let notice = self.of(NoticeKind::ExpiresSoon, &[&level.to_string()], text);
            match self.one.awaits(self.with.msp_id.as_str()) {
                true => notice.next(format!("cmscc sign {}", self.id())),
                false => notice.next(format!("cmscc show {}", self.id())),
            }
        });
        Some((level, notice))
    }

    /// Until its deadline. Unit: seconds.
    fn remaining(&self) -> Option<i64> {
        let deadline = self.one.deadline.as_deref()?;
        let deadline = OffsetDateTime::parse(deadline, &Rfc3339).ok()?;
        Some(deadline.unix_timestamp().saturating_sub(self.with.now))
    }
}

/// A length of time for people.
fn time_left(seconds: i64) -> String {
    match seconds.max(0) {
        seconds if seconds >= 2 * 86_400 => format!("{} days", seconds / 86_400),
        seconds if seconds >= 2 * 3_600 => format!("{} hours", seconds / 3_600),
        seconds => format!("{} minutes", seconds / 60),
    }
}
