//! What people are told.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ChannelId, Digest, MspId},
    json::time_text,
    text::visible,
};

/// The most characters of a text of somebody else.
const TEXT: usize = 300;
/// The most names of a list.
const NAMES: usize = 50;

/// What changed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema, Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// A signature of one's own organisation could complete a proposal.
    AwaitsYou,
    /// A certificate ends soon.
    CertificateEnds,
    /// Another config is in effect.
    ConfigChanged,
    /// The contract has lacked configs of the channel for a while.
    ContractBehind,
    /// An organisation changes so much that the rest of it is not told for now.
    Crowded,
    /// The agent has not been able to do its work for a while.
    Degraded,
    /// A proposal is over without effect: withdrawn, expired, broken.
    Ended,
    /// The deadline of an open proposal comes near.
    ExpiresSoon,
    /// There are two chains: the agent does nothing more on this channel.
    Fork,
    /// A proposal took effect.
    InEffect,
    /// A proposal that was to be submitted was not.
    NotSubmitted,
    /// A proposal was made for a config that is not there any more.
    OutOfDate,
    /// There is a new proposal.
    Proposed,
    /// A proposal has all signatures that it needs.
    ReadyToSubmit,
    /// The agent does its work again.
    Recovered,
    /// A proposal cannot be signed enough any more.
    Rejected,
    /// Nothing happened: whether people are told at all.
    Test,
    /// A proposal waits for organisations to attest a level.
    ToBeAttested,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::AwaitsYou,
        Self::CertificateEnds,
        Self::ConfigChanged,
        Self::ContractBehind,
        Self::Crowded,
        Self::Degraded,
        Self::Ended,
        Self::ExpiresSoon,
        Self::Fork,
        Self::InEffect,
        Self::NotSubmitted,
        Self::OutOfDate,
        Self::Proposed,
        Self::ReadyToSubmit,
        Self::Recovered,
        Self::Rejected,
        Self::Test,
        Self::ToBeAttested,
    ];

    /// Its public name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwaitsYou => "awaits-you",
            Self::CertificateEnds => "certificate-ends",
            Self::ConfigChanged => "config-changed",
            Self::ContractBehind => "contract-behind",
            Self::Crowded => "crowded",
            Self::Degraded => "degraded",
            Self::Ended => "ended",
            Self::ExpiresSoon => "expires-soon",
            Self::Fork => "fork",
            Self::InEffect => "in-effect",
            Self::NotSubmitted => "not-submitted",
            Self::OutOfDate => "out-of-date",
            Self::Proposed => "proposed",
            Self::ReadyToSubmit => "ready-to-submit",
            Self::Recovered => "recovered",
            Self::Rejected => "rejected",
            Self::Test => "test",
            Self::ToBeAttested => "to-be-attested",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One thing that people are told, once: what hooks get as JSON.
///
/// Texts that others wrote are in it as they may be shown: hidden characters as their numbers, and cut.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct Notice {
    /// When the agent saw it, RFC 3339.
    pub at: String,
    /// The channel.
    pub channel: String,
    /// The same for the same change, whenever and however often it is told: 64 hex digits.
    pub id: String,
    /// What changed.
    pub kind: NoticeKind,
    /// The agent's organisation.
    pub msp_id: String,
    /// The command that comes next; null where nothing is to be done.
    pub next: Option<String>,
    /// The proposal that it is about.
    pub proposal: Option<NoticedProposal>,
    /// What is left of the time that it has. Unit: seconds.
    pub remaining_seconds: Option<i64>,
    /// The sequence of the channel's config.
    pub sequence: u64,
    /// The whole of it in one line.
    pub text: String,
}

/// The proposal of a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct NoticedProposal {
    /// The status before; null where it was not known.
    pub before: Option<String>,
    /// The digest of the current revision.
    pub config_update_sha256: String,
    /// Until when it is open; null: for ever.
    pub deadline: Option<String>,
    /// The proposer's words.
    pub description: String,
    /// Its id.
    pub proposal_id: String,
    /// Who proposed it.
    pub proposer_msp_id: String,
    /// How often its update was computed.
    pub revision: u64,
    /// Whose signatures count; the first 50.
    pub signed_by: Vec<String>,
    /// Its status.
    pub status: String,
}

/// What all notices of one look at one channel have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noticing<'a> {
    /// The channel.
    pub(super) channel: &'a ChannelId,
    /// The agent's organisation.
    pub(super) msp_id: &'a MspId,
    /// The sequence of the channel's config.
    pub(super) sequence: u64,
    /// Seconds since 1970.
    pub(super) now: i64,
    /// Whether the agent itself submits what its organisation proposed.
    pub(super) submits: bool,
}

impl Noticing<'_> {
    /// A notice. `of` tells this change from all others of its kind on the channel.
    pub(super) fn notice(&self, kind: NoticeKind, of: &[&str], text: impl Into<String>) -> Notice {
        let mut parts = vec![kind.name(), self.channel.as_str(), self.msp_id.as_str()];
        parts.extend(of);
        let id = Digest::of_parts(parts.into_iter().map(str::as_bytes)).to_string();
        Notice {
            at: time_text(self.now).unwrap_or_default(),
            channel: self.channel.to_string(),
            id,
            kind,
            msp_id: self.msp_id.to_string(),
            next: None,
            proposal: None,
            remaining_seconds: None,
            sequence: self.sequence,
            text: text.into(),
        }
    }
}

impl Notice {
    /// The same with what comes next.
    #[must_use]
    pub(super) fn next(mut self, command: impl Into<String>) -> Self {
        self.next = Some(command.into());
        self
    }

    /// The same about a proposal.
    #[must_use]
    pub(super) fn about(mut self, proposal: NoticedProposal) -> Self {
        self.proposal = Some(proposal);
        self
    }

    /// The JSON document; characters that a terminal obeys are escapes in it.
    #[must_use]
    pub fn document(&self) -> String {
        crate::text::escaped_json(&serde_json::to_string(self).unwrap_or_default())
    }

    /// What is told beside the document to programs that read no JSON.
    #[must_use]
    pub fn variables(&self) -> BTreeMap<&'static str, String> {
        let proposal = self.proposal.as_ref();
        BTreeMap::from([
            ("CMSCC_CHANNEL", self.channel.clone()),
            ("CMSCC_EVENT", self.kind.name().to_owned()),
            ("CMSCC_ID", self.id.clone()),
            (
                "CMSCC_PROPOSAL",
                proposal
                    .map(|one| one.proposal_id.clone())
                    .unwrap_or_default(),
            ),
            (
                "CMSCC_STATUS",
                proposal.map(|one| one.status.clone()).unwrap_or_default(),
            ),
            ("CMSCC_TEXT", self.text.clone()),
        ])
    }
}

/// A text of somebody else as it may be shown: in one line, visible, and cut.
// SECURITY: members write it, and hooks put it into chats, mails and terminals
pub(super) fn theirs(text: &str) -> String {
    let shown = visible(text);
    match shown.char_indices().nth(TEXT) {
        Some((end, _)) => format!("{}..", shown.get(..end).unwrap_or_default()),
        None => shown,
    }
}

/// Names that others chose.
pub(super) fn names(names: &[String]) -> Vec<String> {
    names.iter().take(NAMES).map(|name| theirs(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noticing<'a>(channel: &'a ChannelId, msp_id: &'a MspId, now: i64) -> Noticing<'a> {
        Noticing {
            channel,
            msp_id,
            sequence: 7,
            now,
            submits: false,
        }
    }

    #[test]
    fn the_id_is_of_the_change_alone() {
        let (channel, org1, org2) = (
            ChannelId::from("c"),
            MspId::from("Org1"),
            MspId::from("Org2"),
        );
        let of = |msp: &MspId, now, kind, parts: &[&str]| {
            noticing(&channel, msp, now).notice(kind, parts, "x").id
        };
        let one = of(&org1, 1, NoticeKind::Proposed, &["p", "1"]);
        assert_eq!(one, of(&org1, 99, NoticeKind::Proposed, &["p", "1"]));
        for other in [
            of(&org2, 1, NoticeKind::Proposed, &["p", "1"]),
            of(&org1, 1, NoticeKind::Ended, &["p", "1"]),
            of(&org1, 1, NoticeKind::Proposed, &["p1", ""]),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn what_members_write_is_shown_and_cut() {
        assert_eq!(
            theirs("a\u{1b}[2J\nb\u{202e}"),
            "a\\u{1b}[2J\\u{a}b\\u{202e}"
        );
        assert_eq!(theirs(&"x".repeat(5_000)).len(), TEXT + 2);
        assert_eq!(names(&vec!["o".to_owned(); 900]).len(), NAMES);
    }

    #[test]
    fn the_page_lists_every_kind() {
        let page = include_str!("../../docs/agent.md");
        let rows = page
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let rows: Vec<&str> = rows.map(|(name, _)| name).collect();
        for kind in NoticeKind::ALL {
            assert!(rows.contains(&kind.name()), "{}", kind.name());
        }
    }

    #[test]
    fn every_kind_has_one_name() {
        for kind in NoticeKind::ALL {
            assert_eq!(NoticeKind::named(kind.name()), Some(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{}\"", kind.name()));
        }
    }
}
