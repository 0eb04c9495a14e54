//! What happened, step by step: the JSON document that `cmscc demo --json` prints.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// What happened, step by step, and whether it was as expected.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The channel's name.
    pub channel: String,
    /// The steps in order; the first, number 0, sets the scene.
    pub steps: Vec<StoryStep>,
    /// Why the story ended before its end, if it did.
    pub error: Option<String>,
    /// Whether everything was as expected.
    pub ok: bool,
}

impl Report {
    /// How many things were not as expected.
    #[must_use]
    pub fn problems(&self) -> usize {
        let unexpected: usize = self.steps.iter().map(|step| step.unexpected.len()).sum();
        unexpected.saturating_add(usize::from(self.error.is_some()))
    }
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct StoryStep {
    /// Its number in the story.
    pub number: u32,
    /// What happens, in a sentence.
    pub title: String,
    /// Who did what, in order.
    pub deeds: Vec<Deed>,
    /// Every proposal after the step, by id.
    pub proposals: Vec<ProposalState>,
    /// MSP ids of the channel's members after the step, ascending, as the orderer has them.
    pub members: BTreeSet<String>,
    /// What was not as expected; empty when all was.
    pub unexpected: Vec<String>,
}

/// Something that somebody did.
#[derive(Clone, Debug, Serialize)]
pub struct Deed {
    /// The MSP id of who did it.
    pub actor: String,
    /// What was done: a call of the contract, or a phrase.
    pub deed: String,
    /// What came back: the contract's answer, or the network's.
    pub answer: Value,
}

/// A proposal as the contract shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ProposalState {
    /// The proposal's id.
    pub proposal_id: String,
    /// Its status, as `ListProposals` names it.
    pub status: String,
    /// Which computation of the update is current.
    pub revision: u64,
    /// MSP ids of the organisations whose signatures count.
    pub signed_by: Vec<String>,
    /// MSP ids of the organisations that could complete it.
    pub missing: Vec<String>,
    /// Whether only its archive is left.
    pub archived: bool,
}
