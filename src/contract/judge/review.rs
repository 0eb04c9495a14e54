//! What reviewers of a proposal should know: what it changes, what is odd about it, and what it does
//! to endorsements. Pure.

use super::{
    fit::{expected, is_in_effect},
    gate::CapabilityGate,
};
use crate::{
    config::{Bundle, ConfigTree, Effect, Update, compute_update},
    contract::{
        chain::levels::Scope,
        error::ContractError,
        ledger::{proposals, timestamps},
    },
    ids::UnixTime,
    proto::cmscc::{Proposal, ProposalKind},
    review::{
        Endorsement,
        diff::{Diff, DiffRoom, diff_within},
        endorsement,
        lint::{Attested, Lint, LintRoom, Subject, lint_within},
    },
};

/// What there is to know before signing. Nothing of what is in effect already, or cannot be applied.
#[derive(Debug, Default)]
pub(crate) struct Review {
    /// What changes on the verified config.
    pub(crate) diff: Option<Diff>,
    /// Endorsements needed, where the number of organisations or the rule changes.
    pub(crate) endorsement: Option<Endorsement>,
    /// What was found.
    pub(crate) lint: Option<Lint>,
}

/// How much of a review is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReviewRoom {
    /// Of what changes.
    pub(crate) diff: DiffRoom,
    /// Of what was found.
    pub(crate) lint: LintRoom,
}

impl Review {
    /// Looks at the intent of a proposal on the verified config. `known`: what an update does there,
    /// where that was found out before; it saves work where it is the intent's. `agreed`: the
    /// endorsement policy that the members agreed on.
    pub(crate) fn of(
        bundle: &Bundle,
        proposal: &Proposal,
        known: Option<&Effect>,
        gate: &CapabilityGate,
        agreed: Option<&str>,
        room: ReviewRoom,
    ) -> Result<Self, ContractError> {
        if proposal.kind() != ProposalKind::ConfigUpdate {
            return Ok(Self::default());
        }
        let patch = proposals::patch(proposal)?;
        let Ok(intended) = patch.apply(bundle.tree()) else {
            return Ok(Self::default());
        };
        if is_in_effect(bundle.tree(), &intended) {
            return Ok(Self::default());
        }
        let Ok(result) = expected(bundle.tree(), &intended) else {
            return Ok(Self::default());
        };
        let created_at = proposal.created_at.as_ref().map(timestamps::read);
        Ok(Self::of_change(
            bundle,
            &intended,
            &result,
            known,
            created_at.unwrap_or_default(),
            (gate, agreed),
            room,
        ))
    }

    fn of_change(
        bundle: &Bundle,
        intended: &ConfigTree,
        result: &ConfigTree,
        known: Option<&Effect>,
        created_at: UnixTime,
        (gate, agreed): (&CapabilityGate, Option<&str>),
        room: ReviewRoom,
    ) -> Self {
        let mut review = Self {
            diff: Some(diff_within(bundle.tree(), result, room.diff)),
            ..Self::default()
        };
        let update = compute_update(bundle.channel(), bundle.tree(), intended)
            .ok()
            .and_then(|bytes| Update::parse(bytes.into()).ok());
        let Some(update) = update else {
            return review;
        };
        let computed;
        // only of the very same update: what a call happens to know must not show in its answer
        let next = match known.filter(|known| known.config_update() == update.bytes()) {
            Some(known) => known.next(),
            None => {
                computed = bundle.effect(&update);
                computed.as_ref().and_then(Effect::next)
            }
        };
        review.endorsement = next
            .ok()
            .and_then(|next| endorsement(bundle, next, agreed, gate.servers().as_ref()));
        let levels = |scope| gate.levels(scope).collect();
        let attested = Attested {
            channel: levels(Scope::Channel),
            orderer: levels(Scope::Orderer),
            application: levels(Scope::Application),
        };
        let subject = Subject {
            current: bundle,
            result,
            next,
            update_bytes: update.bytes().len(),
            now: created_at,
            attested: Some(&attested),
        };
        review.lint = Some(lint_within(&subject, room.lint));
        review
    }
}
