//! How long answers get: what is cut, and what a caller asked to have whole.
//!
//! A Fabric client receives at most 4 MiB in one message where nobody told it otherwise. So an
//! answer stays below [`ANSWER`], whatever lies on the ledger: each member has its share, and counts
//! say what was left out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ExplanationReport, LevelReport, ProposalReport, ProposalSummary, StatusDetail};
use crate::{
    json::{self, JsonProblem, json_size},
    review::{diff::DiffRoom, lint::LintRoom},
};

/// The most bytes of an answer of which nothing was asked for whole.
pub(crate) const ANSWER: usize = 4_000_000;
/// The most bytes of an answer of which something was.
const WHOLE_ANSWER: usize = 40_000_000;
/// The most bytes of a member that was asked for whole.
const WHOLE: usize = 8_000_000;
/// The most entries of a diff, and findings, that were asked for whole.
const ENTRIES: usize = 50_000;
/// The most bytes of a sentence, about.
const SENTENCE: usize = 4_000;
/// Of spoilers so many are put into words, and of each so many principals.
pub(crate) const SPOILERS: usize = 100;

/// A member of an answer that is cut.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// All of them.
    All,
    Application,
    Attestations,
    Channel,
    CombinedInto,
    ConfigUpdate,
    ConfigUpdateEnvelopeToSubmit,
    ConfigUpdateToSign,
    Conflicts,
    ConsentTrail,
    Diff,
    Endorsement,
    Explanation,
    Lint,
    Missing,
    NotChecked,
    Orderer,
    Patch,
    Signatures,
    SignaturesLeftOut,
    SignedBy,
    Sources,
    StatusDetail,
    Unsupported,
    Votes,
}

impl Part {
    /// What it may take in an answer of which nothing was asked for whole. Unit: bytes. Together with
    /// an update of 1 MiB in base64 and the other members they stay below [`ANSWER`].
    const fn share(self) -> usize {
        match self {
            Self::All | Self::ConfigUpdateEnvelopeToSubmit | Self::ConfigUpdateToSign => 0,
            Self::Application | Self::Attestations | Self::Channel | Self::Orderer => 800_000,
            Self::Explanation => 500_000,
            Self::Diff => 350_000,
            Self::Lint | Self::Signatures => 250_000,
            Self::ConfigUpdate | Self::Patch => 200_000,
            Self::Conflicts | Self::StatusDetail => 150_000,
            Self::Sources | Self::Votes => 100_000,
            Self::ConsentTrail => 50_000,
            Self::CombinedInto | Self::Endorsement | Self::Missing => 20_000,
            Self::NotChecked => 20_000,
            Self::SignaturesLeftOut | Self::SignedBy | Self::Unsupported => 20_000,
        }
    }
}

/// How many of each member's entries an answer leaves out, by the member's name. Of a document and
/// base64: how many bytes of the message.
pub(crate) type Omitted = BTreeMap<Part, usize>;

/// What a caller of `GetProposal` or `GetCapabilities` asked to have whole.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Shown {
    whole: BTreeSet<Part>,
    #[serde(skip)]
    omitted: Omitted,
}

impl Shown {
    /// What a member may take. Unit: bytes.
    pub(crate) fn room(&self, part: Part) -> usize {
        match self.is_whole(part) {
            true => match part {
                Part::Application
                | Part::Attestations
                | Part::Channel
                | Part::ConfigUpdate
                | Part::Diff
                | Part::Explanation
                | Part::Orderer
                | Part::Patch
                | Part::Signatures => WHOLE,
                _ => WHOLE / 4,
            },
            false => part.share(),
        }
    }

    /// Whether a member is wanted whole.
    pub(crate) fn is_whole(&self, part: Part) -> bool {
        self.whole.contains(&Part::All) || self.whole.contains(&part)
    }

    /// How much a diff lists.
    pub(crate) fn diff(&self) -> DiffRoom {
        DiffRoom {
            entries: match self.is_whole(Part::Diff) {
                true => ENTRIES,
                false => DiffRoom::USUAL.entries,
            },
            bytes: self.room(Part::Diff),
        }
    }

    /// How many findings are listed.
    pub(crate) fn lint(&self) -> LintRoom {
        LintRoom {
            findings: match self.is_whole(Part::Lint) {
                true => ENTRIES,
                false => LintRoom::USUAL.findings,
            },
            bytes: self.room(Part::Lint),
        }
    }

    /// A message in Fabric's JSON form; `None` where it is too long, or has none (see
    /// [`super::document`]).
    pub(crate) fn document(
        &mut self,
        part: Part,
        message_type: &str,
        bytes: &[u8],
    ) -> Option<Box<RawValue>> {
        match json::encode_compact(message_type, bytes, self.room(part)) {
            Ok(text) => RawValue::from_string(text).ok(),
            Err(error) => {
                if matches!(error.problem(), JsonProblem::TooLarge { .. }) {
                    self.omit(part, bytes.len());
                }
                None
            }
        }
    }

    /// Makes entries of items until there is no room left: of the preferred ones first. They stay in
    /// the order of the items.
    pub(crate) fn preferring<I, T: Serialize>(
        &mut self,
        part: Part,
        items: impl Iterator<Item = I> + Clone,
        is_preferred: impl Fn(&I) -> bool,
        entry: impl Fn(I) -> T,
    ) -> Vec<T> {
        let mut left = self.room(part);
        let (mut kept, mut omitted) = (Vec::new(), 0usize);
        for preferred in [true, false] {
            for (at, item) in items.clone().enumerate() {
                if is_preferred(&item) != preferred {
                    continue;
                }
                // once something is left out, nothing behind it is made
                let made = (omitted == 0).then(|| entry(item));
                let size = made.as_ref().map_or(usize::MAX, |made| json_size(made) + 1);
                match made.filter(|_| size <= left) {
                    Some(made) => {
                        left = left.saturating_sub(size);
                        kept.push((at, made));
                    }
                    None => omitted = omitted.saturating_add(1),
                }
            }
        }
        self.omit(part, omitted);
        kept.sort_by_key(|(at, _)| *at);
        kept.into_iter().map(|(_, made)| made).collect()
    }

    /// Makes entries of items until there is no room left.
    pub(crate) fn first<I, T: Serialize>(
        &mut self,
        part: Part,
        items: impl Iterator<Item = I> + Clone,
        entry: impl Fn(I) -> T,
    ) -> Vec<T> {
        self.preferring(part, items, |_| true, entry)
    }

    /// How many entries were left out so far.
    pub(crate) fn into_omitted(self) -> Omitted {
        self.omitted
    }

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

    /// Counts what was not even made.
    pub(crate) fn omit(&mut self, part: Part, count: usize) {
        note(&mut self.omitted, part, count);
    }
}

fn note(omitted: &mut Omitted, part: Part, count: usize) {
    if count > 0 {
        let noted = omitted.entry(part).or_default();
        *noted = noted.saturating_add(count);
    }
}

/// Keeps the first entries of a list that fit into so many bytes; how many it leaves out.
fn keep<T: Serialize>(list: &mut Vec<T>, left: &mut usize) -> usize {
    let mut fits = 0usize;
    for entry in list.iter() {
        let size = json_size(entry).saturating_add(1);
        if size > *left {
            break;
        }
        *left = left.saturating_sub(size);
        fits = fits.saturating_add(1);
    }
    let omitted = list.len().saturating_sub(fits);
    list.truncate(fits);
    omitted
}

/// Cuts a sentence that is too long, at a character.
pub(crate) fn shorten(text: &mut String) {
    if let Some(at) = (SENTENCE..text.len()).find(|at| text.is_char_boundary(*at)) {
        let more = text.len().saturating_sub(at);
        text.truncate(at);
        text.push_str(&format!(".. ({more} bytes more)"));
    }
}

impl ProposalReport {
    /// Cuts every member to its share, and says in `omitted` what was left out. What a caller asked
    /// for whole gets more room. Where an update and its signatures take so much room that the rest
    /// does not fit, members are left out one by one, and the base64 last.
    pub(crate) fn bounded(mut self, shown: Shown) -> Self {
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
            Part::SignaturesLeftOut,
            keep(
                &mut self.signatures_left_out,
                &mut room(Part::SignaturesLeftOut),
            ),
        );
        cut(
            Part::Unsupported,
            keep(&mut self.unsupported, &mut room(Part::Unsupported)),
        );
        cut(Part::Votes, keep(&mut self.votes, &mut room(Part::Votes)));
        let each = room(Part::Sources) / self.sources.len().max(1) / 2;
        for source in &mut self.sources {
            let left = &mut each.clone();
            shorten(&mut source.description);
            let out = keep(&mut source.votes, left);
            cut(Part::Sources, out + keep(&mut source.consent, left));
        }
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
        // a third for who is missing; what it leaves is for the others
        let mut missing = room / 3;
        let mut omitted = keep(&mut self.missing, &mut missing);
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
        cut(Part::SignedBy, keep(&mut self.signed_by, &mut (room / 4)));
        let combined = keep(&mut self.combined_into, &mut (room / 8));
        cut(Part::CombinedInto, combined);
        if let Some(conflicts) = &mut self.conflicts {
            let left = &mut (room / 4);
            let out = keep(&mut conflicts.excludes, left);
            cut(Part::Conflicts, out + keep(&mut conflicts.can_follow, left));
        }
        shorten(&mut self.description);
        self.omitted = omitted;
        self
    }
}
