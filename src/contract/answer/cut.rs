//! Cutting answers to their bounds.

use std::mem;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    agreement::LevelReport,
    bounds::{
        ANSWER, ENTRIES_SHARE, Omitted, Part, Shown, WHOLE_ANSWER, keep, note, shorten, shorten_to,
    },
    change::Updated,
    proposal::{ExplanationReport, HistoryEntry, ProposalReport, ProposalSummary, StatusDetail},
};
use crate::json::json_size;

impl Shown {
    /// Makes the rows of a table of levels, each in an equal share of the room; what there is no room
    /// for is counted.
    pub(crate) fn levels(
        &mut self,
        part: Part,
        rows: impl ExactSizeIterator<Item = LevelReport>,
    ) -> Vec<LevelReport> {
        let each = self.room(part) / rows.len().max(1);
        let mut out = Vec::with_capacity(rows.len());
        let mut omitted = 0usize;
        for mut row in rows {
            // who is missing holds things up
            omitted += keep(&mut row.lacking, &mut (each / 2));
            omitted += keep(&mut row.attested_by, &mut (each / 4));
            omitted += keep(&mut row.proposed_by, &mut (each / 4));
            out.push(row);
        }
        self.omit(part, omitted);
        out
    }
}

impl ProposalReport {
    /// Cuts every member to its share, and says in `omitted` what was left out. What a caller asked
    /// for whole gets more room. Where an update and its signatures take so much room that the rest
    /// does not fit, members are left out one by one, and the base64 last.
    pub(crate) fn bounded(mut self, shown: &Shown) -> Self {
        let room = |part| shown.room(part);
        let mut omitted = shown.omitted.clone();
        let mut cut = |part, count| note(&mut omitted, part, count);
        if let Some(diff) = &mut self.diff {
            let out = keep(&mut diff.changes, &mut room(Part::Diff));
            diff.truncated = diff.truncated.saturating_add(out);
            cut(Part::Diff, diff.truncated);
        }
        if let Some(lint) = &self.lint {
            cut(Part::Lint, lint.truncated);
        }
        if let Some(explanation) = &mut self.explanation {
            explanation.keep(room(Part::Explanation));
            cut(Part::Explanation, explanation.omitted);
        }
        if let Some(conflicts) = &mut self.conflicts {
            let left = &mut room(Part::Conflicts);
            let out = keep(&mut conflicts.excludes, left);
            cut(Part::Conflicts, out + keep(&mut conflicts.can_follow, left));
        }
        if let Some(servers) = (self.endorsement.as_mut()).and_then(|one| one.servers.as_mut()) {
            let out = keep(servers, &mut room(Part::Endorsement));
            cut(Part::Endorsement, out);
        }
        cut(
            Part::CombinedInto,
            keep(&mut self.combined_into, &mut room(Part::CombinedInto)),
        );
        cut(
            Part::ConsentTrail,
            keep(&mut self.consent_trail, &mut room(Part::ConsentTrail)),
        );
        cut(
            Part::NotChecked,
            keep(&mut self.not_checked, &mut room(Part::NotChecked)),
        );
        cut(
            Part::Signatures,
            keep(&mut self.signatures, &mut room(Part::Signatures)),
        );
        cut(
            Part::Unsupported,
            keep(&mut self.unsupported, &mut room(Part::Unsupported)),
        );
        cut(Part::Votes, keep(&mut self.votes, &mut room(Part::Votes)));
        cut(
            Part::Sources,
            keep(&mut self.sources, &mut room(Part::Sources)),
        );
        cut(
            Part::StatusDetail,
            self.status_detail.bounded(room(Part::StatusDetail)),
        );
        self.omitted = omitted;
        let limit = match shown.whole.is_empty() {
            true => ANSWER,
            false => WHOLE_ANSWER,
        };
        self.squeeze(limit);
        self
    }

    /// Leaves out members until the answer is short enough.
    fn squeeze(&mut self, limit: usize) {
        const ORDER: [Part; 9] = [
            Part::ConfigUpdate,
            Part::Patch,
            Part::Explanation,
            Part::Signatures,
            Part::ConsentTrail,
            Part::Sources,
            Part::Votes,
            // who wants to sign all the same adds a signature to the envelope to submit
            Part::ConfigUpdateToSign,
            Part::ConfigUpdateEnvelopeToSubmit,
        ];
        for part in ORDER {
            if json_size(self) <= limit {
                return;
            }
            let raw = |text: Option<Box<RawValue>>| text.map_or(0, |text| text.get().len());
            let base64 = |text: Option<String>| text.map_or(0, |text| text.len() / 4 * 3);
            let count = match part {
                Part::ConfigUpdate => raw(self.config_update.take()),
                Part::Patch => raw(self.patch.take()),
                Part::Explanation => self.explanation.as_mut().map_or(0, |all| {
                    let before = all.omitted;
                    all.keep(0);
                    all.omitted.saturating_sub(before)
                }),
                Part::Signatures => keep(&mut self.signatures, &mut 0),
                Part::ConsentTrail => keep(&mut self.consent_trail, &mut 0),
                Part::Sources => keep(&mut self.sources, &mut 0),
                Part::Votes => keep(&mut self.votes, &mut 0),
                Part::ConfigUpdateToSign if self.config_update_envelope_to_submit.is_some() => {
                    base64(self.config_update_to_sign.take())
                }
                Part::ConfigUpdateEnvelopeToSubmit => {
                    base64(self.config_update_envelope_to_submit.take())
                }
                _ => 0,
            };
            note(&mut self.omitted, part, count);
        }
    }
}

impl ExplanationReport {
    /// Keeps the first policies that fit into so many bytes.
    fn keep(&mut self, mut room: usize) {
        let out = keep(&mut self.policies, &mut room);
        self.omitted = self.omitted.saturating_add(out);
    }
}

impl StatusDetail {
    /// Keeps what fits into so many bytes: who is missing first; how much it leaves out.
    fn bounded(&mut self, room: usize) -> usize {
        // a third for who is missing, in words as well; the rest is for the others
        let mut missing = room / 4;
        let mut omitted = keep(&mut self.missing, &mut missing);
        omitted += keep(&mut self.needs, &mut (room / 12));
        if let Some(why) = &mut self.why {
            shorten(why);
        }
        let mut left = (room - room / 3) / 4;
        omitted += keep(&mut self.different_effect, &mut left.clone());
        omitted += keep(&mut self.spoilers, &mut left.clone());
        omitted += self.spoilers_unsaid;
        omitted += keep(&mut self.conflicts, &mut left.clone());
        let each = left / self.unattested.len().max(1) / 2;
        for level in &mut self.unattested {
            omitted += keep(&mut level.lacking, &mut each.clone());
        }
        omitted + keep(&mut self.unattested, &mut left)
    }
}

impl ProposalSummary {
    /// Cuts its lists and texts so that it takes at most about so many bytes; `omitted` says what
    /// was left out.
    pub(crate) fn bounded(mut self, room: usize) -> Self {
        let mut omitted = Omitted::new();
        let mut cut = |part, list: usize| note(&mut omitted, part, list);
        cut(Part::Missing, keep(&mut self.missing, &mut (room / 4)));
        cut(Part::Needs, keep(&mut self.needs, &mut (room / 16)));
        cut(Part::SignedBy, keep(&mut self.signed_by, &mut (room / 4)));
        let combined = keep(&mut self.combined_into, &mut (room / 8));
        cut(Part::CombinedInto, combined);
        cut(Part::ToAttest, keep(&mut self.to_attest, &mut (room / 8)));
        if let Some(conflicts) = &mut self.conflicts {
            let left = &mut (room / 4);
            let out = keep(&mut conflicts.excludes, left);
            cut(Part::Conflicts, out + keep(&mut conflicts.can_follow, left));
        }
        self.omitted = omitted;
        let description = mem::take(&mut self.description);
        self.description = left_for(description, &self, room);
        self
    }
}

impl HistoryEntry {
    /// Cuts the description so that the entry takes at most about so many bytes.
    pub(crate) fn bounded(mut self, room: usize) -> Self {
        let description = mem::take(&mut self.description);
        self.description = left_for(description, &self, room);
        self
    }
}

/// A text, cut to what the rest of an entry leaves of its share.
fn left_for(mut text: String, rest: &impl Serialize, room: usize) -> String {
    shorten_to(&mut text, room.saturating_sub(json_size(rest)));
    text
}

impl Updated {
    /// Cuts reasons and conflicts so that each entry takes at most an equal share of the answer;
    /// `omitted` of an entry says how many conflicts were left out.
    pub(crate) fn bounded(mut self) -> Self {
        let entries = [self.archived.len(), self.left.len(), self.recomputed.len()];
        let each = ENTRIES_SHARE / entries.iter().sum::<usize>().max(1);
        for left in &mut self.left {
            shorten_to(&mut left.reason, each / 2);
        }
        for one in &mut self.recomputed {
            let out = keep(&mut one.conflicts, &mut (each / 2));
            note(&mut one.omitted, Part::Conflicts, out);
        }
        self
    }
}
