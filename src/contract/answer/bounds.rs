//! How long answers get: what is cut, and what a caller asked to have whole.
//!
//! A Fabric client receives at most 4 MiB in one message where nobody told it otherwise. So an
//! answer stays below [`ANSWER`], whatever lies on the ledger: each member has its share, and counts
//! say what was left out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    json::{self, JsonProblem, json_size},
    review::{diff::DiffRoom, lint::LintRoom},
};

/// The most bytes of an answer of which nothing was asked for whole.
pub(crate) const ANSWER: usize = 4_000_000;
/// The most bytes of an answer of which something was.
pub(super) const WHOLE_ANSWER: usize = 40_000_000;
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
    Needs,
    NotChecked,
    Orderer,
    Patch,
    Signatures,
    SignedBy,
    Sources,
    StatusDetail,
    ToAttest,
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
            Self::Needs | Self::NotChecked => 20_000,
            Self::SignedBy | Self::ToAttest | Self::Unsupported => 20_000,
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
    pub(super) whole: BTreeSet<Part>,
    #[serde(skip)]
    pub(super) omitted: Omitted,
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
        items: &(impl Iterator<Item = I> + Clone),
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
        items: &(impl Iterator<Item = I> + Clone),
        entry: impl Fn(I) -> T,
    ) -> Vec<T> {
        self.preferring(part, items, |_| true, entry)
    }

    /// How many entries were left out so far.
    pub(crate) fn into_omitted(self) -> Omitted {
        self.omitted
    }

    /// Counts what was not even made.
    pub(crate) fn omit(&mut self, part: Part, count: usize) {
        note(&mut self.omitted, part, count);
    }
}

pub(super) fn note(omitted: &mut Omitted, part: Part, count: usize) {
    if count > 0 {
        let noted = omitted.entry(part).or_default();
        *noted = noted.saturating_add(count);
    }
}

/// Keeps the first entries of a list that fit into so many bytes; how many it leaves out.
pub(super) fn keep<T: Serialize>(list: &mut Vec<T>, left: &mut usize) -> usize {
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

/// What the entries of a list may take together in an answer; the rest is for what stands beside them.
/// Unit: bytes.
pub(crate) const ENTRIES_SHARE: usize = ANSWER - 200_000;

/// Cuts a text so that it takes at most about so many bytes as JSON, at a character.
pub(crate) fn shorten_to(text: &mut String, room: usize) {
    // what says how much was cut
    const SAID: usize = 32;
    if json_size(text) <= room {
        return;
    }
    let mut left = room.saturating_sub(SAID);
    let cut = text.char_indices().find(|(_, c)| {
        let fits = left.checked_sub(escaped(*c));
        left = fits.unwrap_or_default();
        fits.is_none()
    });
    if let Some((at, _)) = cut {
        cut_at(text, at);
    }
}

/// How many bytes a character takes in a text as JSON.
const fn escaped(c: char) -> usize {
    match c {
        '"' | '\\' | '\u{8}' | '\u{c}' | '\n' | '\r' | '\t' => 2,
        '\0'..='\u{1f}' => 6,
        other => other.len_utf8(),
    }
}

/// Cuts a sentence that is too long, at a character.
pub(crate) fn shorten(text: &mut String) {
    if let Some(at) = (SENTENCE..text.len()).find(|at| text.is_char_boundary(*at)) {
        cut_at(text, at);
    }
}

fn cut_at(text: &mut String, at: usize) {
    let more = text.len().saturating_sub(at);
    text.truncate(at);
    text.push_str(&format!(".. ({more} bytes more)"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_what_they_take_as_json() {
        for (c, bytes) in [
            ('a', 1),
            ('\u{1}', 6),
            ('"', 2),
            ('\u{7f}', 1),
            ('\u{10ffff}', 4),
        ] {
            assert_eq!(escaped(c), bytes, "{c:?}");
            for room in [40, 100, 1_000] {
                let mut text = c.to_string().repeat(2_000);
                shorten_to(&mut text, room);
                let size = json_size(&text);
                assert!(size <= room && room - size < 24, "{c:?}: {size} of {room}");
                assert!(text.ends_with(" bytes more)"), "{text}");
            }
            let mut short = c.to_string();
            shorten_to(&mut short, 8);
            assert_eq!(short, c.to_string());
        }
        for c in (0..=0x1f)
            .filter_map(char::from_u32)
            .chain(['\\', '"', ' '])
        {
            assert_eq!(json_size(&c), escaped(c) + 2, "{c:?}");
        }
    }
}
