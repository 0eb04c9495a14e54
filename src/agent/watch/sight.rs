//! What a round saw.

use crate::{
    client::{answers::SummaryAnswer, view::EndingView},
    ids::Sequence,
};

/// What a round saw of a channel.
#[derive(Clone, Debug, Default)]
pub(in crate::agent) struct ChannelSight {
    /// The head of one's own chain.
    pub(in crate::agent) sequence: Sequence,
    /// The block of the head.
    pub(in crate::agent) block_number: u64,
    /// The contract's head; `None`: it has no config yet.
    pub(in crate::agent) contract: Option<Sequence>,
    /// Proposals that are not over, at most as many as are looked at.
    pub(in crate::agent) proposals: Vec<SummaryAnswer>,
    /// Up to which of them, by proposer and id, all are listed; `None`: all are.
    pub(in crate::agent) listed_to: Option<(String, String)>,
    /// Those that were there before and are not now, as far as it was asked what became of them.
    pub(in crate::agent) asked: Vec<String>,
    /// What became of those.
    pub(in crate::agent) ended: Vec<EndedSight>,
    /// Proposals that took effect, whether they were seen before or not; what became of them is in `ended`.
    pub(in crate::agent) effective: Vec<SummaryAnswer>,
    /// Certificates that end soon, of one's own organisation and of what all depend on.
    pub(in crate::agent) ends: Vec<(i64, EndingView)>,
}

/// The status of a proposal that the contract calls in effect, against one's own chain.
pub(in crate::agent) const CONTRADICTED: &str = "Contradicted";

/// A proposal that is not open any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::agent) struct EndedSight {
    /// Its id.
    pub(in crate::agent) proposal_id: String,
    /// Its status, such as `Withdrawn`.
    pub(in crate::agent) status: String,
    /// Why, in the contract's words.
    pub(in crate::agent) why: Option<String>,
    /// The config and the block that it led to, as one's own chain has it.
    pub(in crate::agent) effect: Option<(u64, u64)>,
    /// The combined proposal inside which it took effect.
    pub(in crate::agent) via: Option<String>,
}
