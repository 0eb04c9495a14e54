//! One proposal, and who reviewed it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::client::answers::{
    DecidingAnswer, DiffAnswer, EffectAnswer, LintAnswer, ProposalAnswer,
};

/// Who says what a proposal changes, what is to be found in it, and who must sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewedBy {
    /// The contract, as the peer that was asked told it. Good for reading, not for signing.
    Contract,
    /// One's own engine, on the config that one's own chain proves.
    OwnEngine,
}

/// How many of whom a policy takes, before and after.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct MajorityView {
    /// Afterwards, such as `2 of 3`; null where there is no such policy then.
    pub after: Option<String>,
    /// Before; null likewise.
    pub before: Option<String>,
    /// What it decides about, in words.
    pub what: String,
}

/// One proposal as people see it: what the contract says of it, with who reviewed what it does.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ProposalView {
    /// What the contract says.
    #[serde(flatten)]
    pub proposal: ProposalAnswer,
    /// What happens to the numbers of signers that policies take.
    pub majorities: Vec<MajorityView>,
    /// The command that brings it on; null where nobody knows one for who looks.
    pub next: Option<String>,
    /// Who says `diff`, `lint`, `endorsement`, `majorities` and `explanation`.
    pub reviewed_by: ReviewedBy,
}

impl ProposalView {
    /// A proposal as the contract shows it, for a member of this organisation.
    #[must_use]
    pub fn of_contract(proposal: ProposalAnswer, msp_id: &str) -> Self {
        Self {
            next: proposal.next(msp_id),
            proposal,
            majorities: Vec::new(),
            reviewed_by: ReviewedBy::Contract,
        }
    }

    /// The same with what one's own engine says in the place of what the contract said.
    #[must_use]
    pub fn reviewed(mut self, own: OwnReview) -> Self {
        self.proposal.diff = own.diff;
        self.proposal.lint = own.lint;
        self.proposal.endorsement = own.endorsement;
        self.proposal.explanation = own.explanation;
        self.majorities = own.majorities;
        self.reviewed_by = ReviewedBy::OwnEngine;
        self
    }
}

/// What one's own engine says of a proposal; [`same_shape`](crate::client::answers::same_shape) makes
/// the members of what the engine gives.
#[derive(Clone, Debug, Default)]
pub struct OwnReview {
    /// What it changes; `None` where there is nothing to compare.
    pub diff: Option<DiffAnswer>,
    /// What people should know before they sign.
    pub lint: Option<LintAnswer>,
    /// What it does to endorsements; `None` where nothing.
    pub endorsement: Option<EffectAnswer>,
    /// The policies that decide.
    pub explanation: Option<Vec<DecidingAnswer>>,
    /// What happens to the numbers of signers.
    pub majorities: Vec<MajorityView>,
}
