//! Lists of proposals.

use schemars::JsonSchema;
use serde::Serialize;

use super::phase::{Whereabouts, phase};
use crate::client::answers::{EndedAnswer, SummaryAnswer};

/// Which proposals are wanted; those that no member excludes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// Only those that a signature of my organisation could complete.
    pub awaiting_me: bool,
    /// Only those that are over.
    pub done: bool,
    /// Only those that are not over.
    pub in_flight: bool,
    /// Only those of my organisation.
    pub mine: bool,
    /// Only those of this status, by its public name.
    pub status: Option<String>,
}

impl RowFilter {
    /// Whether a proposal is wanted by a member of this organisation.
    #[must_use]
    pub fn wants(&self, row: &RowView, msp_id: &str) -> bool {
        let one = &row.proposal;
        let is_done = phase(&one.status) == Whereabouts::Done;
        (!self.awaiting_me || row.awaiting_me)
            && (!self.done || is_done)
            && (!self.in_flight || !is_done)
            && (!self.mine || one.proposer_msp_id == msp_id)
            && (self.status.as_ref()).is_none_or(|status| *status == one.status)
    }
}

/// A proposal in a list, for who looks.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct RowView {
    /// What the contract says.
    #[serde(flatten)]
    pub proposal: SummaryAnswer,
    /// Whether a signature of my organisation could complete it and is not there.
    pub awaiting_me: bool,
    /// The command that brings it on; null where nobody knows one for who looks.
    pub next: Option<String>,
}

impl RowView {
    /// A row for a member of this organisation.
    #[must_use]
    pub fn new(proposal: SummaryAnswer, msp_id: &str) -> Self {
        Self {
            awaiting_me: proposal.awaits(msp_id),
            next: proposal.next(msp_id),
            proposal,
        }
    }
}

/// A list of proposals.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ListView {
    /// The sequence of the config that the list holds for.
    pub as_of_sequence: u64,
    /// Whether there are more than were looked at.
    pub more: bool,
    /// The proposals, by proposer and id.
    pub proposals: Vec<RowView>,
}

/// Finished proposals.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct HistoryView {
    /// The sequence of the config that the list holds for.
    pub as_of_sequence: u64,
    /// The proposals, by proposer and id.
    pub history: Vec<EndedAnswer>,
    /// Whether there are more than were looked at.
    pub more: bool,
}
