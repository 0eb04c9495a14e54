//! Which proposals are to be submitted, and when.

use crate::{
    agent::{keep::Holds, rule::SubmitRules},
    client::answers::SummaryAnswer,
};

use super::memory::ChannelMemory;

/// A proposal of one's own organisation that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agent) struct DueProposal {
    /// Its id.
    pub(in crate::agent) proposal_id: String,
    /// Its revision.
    pub(in crate::agent) revision: u64,
    /// The digest of its update.
    pub(in crate::agent) config_update_sha256: String,
    /// What it waits for; `None`: it is submitted now.
    pub(in crate::agent) waits: Option<NotDue>,
}

/// What a proposal that is ready waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agent) enum NotDue {
    /// Others can object until then. Unit: seconds since 1970.
    Grace(i64),
    /// Somebody holds it.
    Held,
    /// No window is open.
    Window,
}

impl NotDue {
    /// A word for people.
    pub(in crate::agent) fn words(&self) -> String {
        match self {
            Self::Grace(until) => format!(
                "others can object until {}",
                crate::json::time_text(*until).unwrap_or_default()
            ),
            Self::Held => "held".to_owned(),
            Self::Window => "waits for a window".to_owned(),
        }
    }
}

/// One's own proposals that an orderer would take, with what each waits for.
pub(in crate::agent) fn due(
    memory: &ChannelMemory,
    listed: &[SummaryAnswer],
    own: &str,
    rules: &SubmitRules,
    holds: &Holds,
    now: i64,
) -> Vec<DueProposal> {
    let is_own = |one: &&SummaryAnswer| {
        one.proposer_msp_id == own && one.status == "ReadyToSubmit" && one.kind == "config_update"
    };
    let waits = |one: &SummaryAnswer| {
        if holds.of(&one.proposal_id).is_some() {
            return Some(NotDue::Held);
        }
        let since = memory
            .proposals
            .get(&one.proposal_id)
            .and_then(|kept| kept.ready_since);
        let grace = i64::try_from(rules.grace.as_secs()).unwrap_or(i64::MAX);
        let until = since.unwrap_or(now).saturating_add(grace);
        if now < until {
            return Some(NotDue::Grace(until));
        }
        (!rules.is_open(now)).then_some(NotDue::Window)
    };
    let ready = listed.iter().filter(is_own).map(|one| DueProposal {
        proposal_id: one.proposal_id.clone(),
        revision: one.revision,
        config_update_sha256: one.config_update_sha256.clone(),
        waits: waits(one),
    });
    ready.collect()
}
