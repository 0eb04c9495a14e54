//! What reviewers of a proposal should know: what it changes, what is odd about it, and what it does
//! to endorsements. Pure.

use std::collections::BTreeSet;

use super::{gate::CapabilityGate, recordable::Recording};
use crate::{
    capabilities::ChannelCapabilities,
    config::{
        Bundle, ConfigTree, Effect, Section, Update, compute_update, expected_result, is_in_effect,
    },
    contract::{
        chain::levels::Scope,
        error::ContractError,
        ledger::{proposals, timestamps},
    },
    ids::{MspId, UnixTime},
    proto::cmscc::{Proposal, ProposalKind},
    review::{
        Endorsement,
        diff::{Diff, DiffRoom, diff_within},
        endorsement,
        lint::{Attested, KnownCertificate, Lint, LintRoom, Subject, lint_within},
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

/// What a proposal changes, as far as it is in effect nowhere and can be applied.
#[derive(Debug)]
pub(crate) struct Reviewable<'a> {
    bundle: &'a Bundle,
    intended: ConfigTree,
    result: ConfigTree,
    created_at: UnixTime,
}

impl<'a> Reviewable<'a> {
    /// The intent of a proposal on the verified config; `None` where there is nothing to review.
    pub(crate) fn of(
        bundle: &'a Bundle,
        proposal: &Proposal,
    ) -> Result<Option<Self>, ContractError> {
        if proposal.kind() != ProposalKind::ConfigUpdate {
            return Ok(None);
        }
        let patch = proposals::patch(proposal)?;
        let Ok(intended) = patch.apply(bundle.tree()) else {
            return Ok(None);
        };
        if is_in_effect(bundle.tree(), &intended) {
            return Ok(None);
        }
        let Ok(result) = expected_result(bundle.tree(), &intended) else {
            return Ok(None);
        };
        let created_at = proposal.created_at.as_ref().map(timestamps::read);
        Ok(Some(Self {
            bundle,
            intended,
            result,
            created_at: created_at.unwrap_or_default(),
        }))
    }

    /// The MSPs that change: first those that say something else, then those that follow the rules of
    /// another version.
    pub(crate) fn changed_msps(&self) -> Vec<MspId> {
        let version = |tree: &ConfigTree| {
            let levels = Scope::Channel.declared(tree);
            ChannelCapabilities::new(levels).msp_version()
        };
        let all = version(self.bundle.tree()) != version(&self.result);
        let sections = [Section::Application, Section::Orderer];
        let orgs = sections.into_iter().flat_map(|of| self.bundle.orgs(of));
        let (mut edited, mut others) = (BTreeSet::new(), BTreeSet::new());
        for org in orgs {
            let value = |tree: &ConfigTree| {
                let group = tree.group(&[org.section.name(), org.name]);
                group.and_then(|group| Some(group.value("MSP")?.shared_bytes()))
            };
            match value(&self.result) {
                None => {}
                after if value(self.bundle.tree()) != after => {
                    edited.insert(org.msp_id.clone());
                }
                _ if all => {
                    others.insert(org.msp_id.clone());
                }
                _ => {}
            }
        }
        let others: Vec<MspId> = others.difference(&edited).cloned().collect();
        edited.into_iter().chain(others).collect()
    }

    /// What there is to know. `known`: what an update does on the config, where that was found out
    /// before; it saves work where it is the intent's. `agreed`: the endorsement policy that the
    /// members agreed on. `people`: who acted for the organisations whose MSP changes, and the MSPs of
    /// which nobody looked.
    pub(crate) fn review(
        &self,
        known: Option<&Effect>,
        gate: &CapabilityGate,
        agreed: Option<&str>,
        (people, unread): (&[KnownCertificate], &[MspId]),
        room: ReviewRoom,
    ) -> Review {
        let Self {
            bundle,
            intended,
            result,
            created_at,
        } = self;
        let mut review = Review {
            diff: Some(diff_within(bundle.tree(), result, room.diff)),
            ..Review::default()
        };
        let update = compute_update(bundle.channel(), bundle.tree(), intended)
            .ok()
            .and_then(|bytes| Update::parse(bytes.into()).ok());
        let Some(update) = update else {
            return review;
        };
        let computed;
        // only of the very same update: what a call happens to know must not show in its answer
        let effect = match known.filter(|known| known.config_update() == update.bytes()) {
            Some(known) => Ok(known),
            None => {
                computed = bundle.effect(&update);
                computed.as_ref()
            }
        };
        let next = effect.and_then(Effect::next);
        // by the channel's own policy, so that nothing but config and update decides
        let recording = effect
            .ok()
            .and_then(|effect| Recording::of(bundle, &update, effect, None))
            .map(|recording| recording.size());
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
            now: *created_at,
            attested: Some(&attested),
            known: people,
            unread,
            recording,
        };
        review.lint = Some(lint_within(&subject, room.lint));
        review
    }
}
