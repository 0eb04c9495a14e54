//! What was about to be sent. Nothing goes to an orderer before a line of it is on the disk; so after a
//! crash it is known of which update one does not know what became. Only ids and digests are in it: the
//! bytes are fetched and verified again.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Digest;

/// Where sending an update is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubmittingState {
    /// It is in effect.
    Done,
    /// The proposal has other bytes now, or is over: these are never sent again.
    Gone,
    /// An orderer refused it, or it is not safe to send: a person decides.
    Refused,
    /// It is about to be sent, or was.
    Sending,
}

/// An update that the agent sends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Submitting {
    /// When, RFC 3339.
    pub at: String,
    /// The digest of the update.
    pub config_update_sha256: String,
    /// The proposal.
    pub proposal_id: String,
    /// Its revision.
    pub revision: u64,
    /// Where it is.
    pub state: SubmittingState,
    /// Why, of what was refused.
    pub why: Option<String>,
}

/// The journal of one channel: of each proposal the newest line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::agent) struct Journal {
    newest: BTreeMap<String, Submitting>,
    lines: usize,
}

/// So many lines are written before those that are over are left out.
const LINES: usize = 2_000;

impl Journal {
    /// Reads the lines of a file. A last line without an end was not on the disk when the process ended, so
    /// nothing was sent for it.
    ///
    /// # Errors
    /// Which line cannot be read, in words.
    pub(super) fn parse(content: &[u8]) -> Result<Self, String> {
        let mut journal = Self::default();
        for (at, line) in Self::whole(content)
            .split(|byte| *byte == b'\n')
            .enumerate()
        {
            if line.is_empty() {
                continue;
            }
            let one = serde_json::from_slice(line)
                .map_err(|error| format!("line {}: {error}", at.saturating_add(1)))?;
            journal.note(one);
        }
        Ok(journal)
    }

    /// Takes a line that is on the disk.
    pub(super) fn note(&mut self, one: Submitting) {
        self.lines = self.lines.saturating_add(1);
        self.newest.insert(one.proposal_id.clone(), one);
    }

    /// What is known of a proposal.
    pub(in crate::agent) fn of(&self, proposal_id: &str) -> Option<&Submitting> {
        self.newest.get(proposal_id)
    }

    /// Those of which it is not known what became.
    pub(in crate::agent) fn open(&self) -> impl Iterator<Item = &Submitting> {
        let lines = self.newest.values();
        lines.filter(|one| one.state == SubmittingState::Sending)
    }

    /// Those that a person has to look at.
    pub(in crate::agent) fn refused(&self) -> impl Iterator<Item = &Submitting> {
        let lines = self.newest.values();
        lines.filter(|one| one.state == SubmittingState::Refused)
    }

    /// Whether this very update of a proposal is not to be sent: it is in effect, or a person decides.
    pub(in crate::agent) fn is_settled(&self, proposal_id: &str, update: &Digest) -> bool {
        let update = update.to_string();
        self.of(proposal_id).is_some_and(|one| {
            one.config_update_sha256 == update
                && matches!(one.state, SubmittingState::Done | SubmittingState::Refused)
        })
    }

    /// The part of a file whose lines are whole.
    pub(super) fn whole(content: &[u8]) -> &[u8] {
        let end = content.iter().rposition(|byte| *byte == b'\n');
        let end = end.map_or(0, |end| end.saturating_add(1));
        content.get(..end).unwrap_or_default()
    }

    /// A shorter file that says the same of what is not over, where the file has grown long.
    pub(super) fn shortened(&mut self) -> Option<Vec<u8>> {
        if self.lines < LINES {
            return None;
        }
        self.newest.retain(|_, one| {
            matches!(
                one.state,
                SubmittingState::Sending | SubmittingState::Refused
            )
        });
        self.lines = self.newest.len();
        Some(self.newest.values().flat_map(line).collect())
    }
}

/// The line of an entry.
pub(super) fn line(one: &Submitting) -> Vec<u8> {
    let mut line = serde_json::to_vec(one).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, state: SubmittingState) -> Submitting {
        Submitting {
            at: "2026-11-30T00:00:00Z".to_owned(),
            config_update_sha256: Digest::of(id.as_bytes()).to_string(),
            proposal_id: id.to_owned(),
            revision: 1,
            state,
            why: None,
        }
    }

    #[test]
    fn a_line_that_is_not_whole_was_never_sent() {
        let mut content = line(&entry("a", SubmittingState::Sending));
        content.extend(line(&entry("b", SubmittingState::Done)));
        let torn = line(&entry("c", SubmittingState::Sending));
        for cut in 0..torn.len() {
            let mut file = content.clone();
            file.extend(&torn[..cut]);
            let journal = Journal::parse(&file).unwrap();
            let open: Vec<_> = journal.open().map(|one| one.proposal_id.as_str()).collect();
            assert_eq!(open, ["a"], "{cut}");
        }
        content.extend(torn);
        assert_eq!(Journal::parse(&content).unwrap().open().count(), 2);
        assert_eq!(Journal::parse(b"").unwrap(), Journal::default());
        assert!(Journal::parse(b"{}\n").unwrap_err().starts_with("line 1: "));
    }

    #[test]
    fn the_newest_line_counts_and_settled_is_of_these_bytes_alone() {
        let mut journal = Journal::default();
        journal.note(entry("a", SubmittingState::Sending));
        let digest = Digest::of(b"a");
        assert!(!journal.is_settled("a", &digest));
        journal.note(entry("a", SubmittingState::Refused));
        assert!(journal.is_settled("a", &digest));
        assert!(!journal.is_settled("a", &Digest::of(b"other bytes")));
        assert_eq!((journal.open().count(), journal.refused().count()), (0, 1));
    }

    #[test]
    fn a_long_journal_keeps_what_is_not_over() {
        let mut journal = Journal::default();
        for n in 0..LINES {
            journal.note(entry(&n.to_string(), SubmittingState::Done));
        }
        journal.note(entry("open", SubmittingState::Sending));
        let content = journal.shortened().unwrap();
        assert_eq!(Journal::parse(&content).unwrap().open().count(), 1);
        assert_eq!(content, line(&entry("open", SubmittingState::Sending)));
        assert_eq!(journal.shortened(), None);
    }
}
