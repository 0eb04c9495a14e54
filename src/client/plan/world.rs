//! Proposals on configs: which bytes still apply, whose signatures still count.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;

use super::game::{NotPlanned, PlanGame, PlannedFate, PlannedMove};
use crate::{
    client::{ClientError, Exit, ProposalClaim, review::check_intent},
    config::{
        Bundle, ConfigSignature, Decision, Effect, Patch, PolicyVerdict, compute_update,
        intended_effect, is_in_effect,
    },
    ids::{Digest, MspId},
    policy::{CountedSigner, SignerSet},
};

/// A proposal that is planned with, judged on the config now.
#[derive(Clone, Debug)]
pub struct PlannedProposal {
    /// What is signed, and by whom.
    pub(super) claim: ProposalClaim,
    /// What it wants.
    pub(super) intent: Patch,
    /// Whom nobody should ask to sign, since they rejected.
    pub(super) unasked: BTreeSet<MspId>,
}

impl PlannedProposal {
    /// A proposal that was examined on this config. `unasked`: who rejects it.
    ///
    /// # Errors
    /// Its intent cannot be read.
    pub fn new(
        bundle: &Bundle,
        claim: &ProposalClaim,
        unasked: BTreeSet<MspId>,
    ) -> Result<Self, ClientError> {
        let (update, _) = check_intent(bundle, claim)?;
        let meant = || {
            Patch::from_update(bundle.tree(), &update).map_err(|error| {
                let text = format!("the update of `{}`: {error}", claim.proposal_id);
                ClientError::new(Exit::Unsafe, "UPDATE_DIFFERS", text)
            })
        };
        let intent = match claim.intent()? {
            Some(intent) => intent,
            None => meant()?,
        };
        Ok(Self {
            claim: claim.clone(),
            intent,
            unasked,
        })
    }
}

/// A config, and the proposals that led to it.
#[derive(Clone, Debug)]
pub(super) struct PlanState {
    pub(super) bundle: Arc<Bundle>,
    pub(super) done: Vec<usize>,
}

/// Proposals on the config now.
#[derive(Debug)]
pub(super) struct PlanWorld<'a> {
    bundle: Arc<Bundle>,
    pub(super) proposals: &'a [PlannedProposal],
    worth: Vec<usize>,
}

/// A proposal on a config: what its update does, and who signed it.
#[derive(Debug)]
pub(super) struct PlacedProposal {
    pub(super) fate: PlannedFate,
    pub(super) effect: Effect,
    /// Who signed, where the bytes stay; else nobody.
    pub(super) signers: SignerSet,
    signatures: Vec<ConfigSignature>,
    unasked: BTreeSet<MspId>,
}

impl PlacedProposal {
    /// Each signature that is one, and why no policy asks for it where none does.
    pub(super) fn counting(&self, bundle: &Bundle) -> Vec<(&CountedSigner, Result<(), String>)> {
        let concerned = bundle
            .policies()
            .concerned(self.effect.terms().policy_ids());
        let signers = self.signers.signers().iter();
        let counting = signers.map(|signer| {
            let counts = concerned.check(&signer.identity);
            (signer, counts.map_err(|why| why.to_string()))
        });
        counting.collect()
    }

    /// How many signatures some policy asks for.
    pub(super) fn kept(&self, bundle: &Bundle) -> usize {
        let counting = self.counting(bundle);
        counting.iter().filter(|(_, counts)| counts.is_ok()).count()
    }

    /// What an orderer would say, and why.
    pub(super) fn explained(&self, bundle: &Bundle) -> (Decision, Vec<PolicyVerdict>) {
        let (terms, signatures) = (self.effect.terms(), &self.signatures);
        bundle.explain_within(terms, &self.signers, signatures, &self.unasked, usize::MAX)
    }
}

impl<'a> PlanWorld<'a> {
    pub(super) fn new(bundle: Arc<Bundle>, proposals: &'a [PlannedProposal]) -> Self {
        let mut world = Self {
            bundle,
            proposals,
            worth: Vec::new(),
        };
        let start = world.start();
        world.worth = (0..proposals.len())
            .map(|place| match world.placed(&start, place) {
                Ok(placed) => placed.kept(&start.bundle),
                Err(_) => 0,
            })
            .collect();
        world
    }

    /// The id of a proposal.
    pub(super) fn name(&self, place: usize) -> String {
        let proposal = self.proposals.get(place);
        proposal.map_or_else(String::new, |one| one.claim.proposal_id.to_string())
    }

    /// A proposal on a config.
    pub(super) fn placed(
        &self,
        state: &PlanState,
        place: usize,
    ) -> Result<PlacedProposal, NotPlanned> {
        let Some(proposal) = self.proposals.get(place) else {
            return Err(NotPlanned::InEffect);
        };
        for done in &state.done {
            let before = self.proposals.get(*done);
            let element = before.and_then(|before| before.intent.conflict(&proposal.intent));
            if let Some(element) = element {
                let element = element.to_string();
                return Err(NotPlanned::Excluded { by: *done, element });
            }
        }
        let bundle = &state.bundle;
        let refused = |why: &dyn std::fmt::Display| NotPlanned::Refused(why.to_string());
        let stale = match check_intent(bundle, &proposal.claim) {
            Ok((update, effect)) => {
                let signatures = &proposal.claim.signatures;
                let signers = bundle.verify_signatures(&update, signatures);
                return Ok(PlacedProposal {
                    fate: PlannedFate::Stays,
                    effect,
                    signers: signers.map_err(|error| refused(&error))?,
                    signatures: signatures.clone(),
                    unasked: proposal.unasked.clone(),
                });
            }
            Err(error) if error.symbol == "ALREADY_IN_EFFECT" => return Err(NotPlanned::InEffect),
            Err(error) => error.message,
        };
        let effect = again(bundle, &proposal.intent)?;
        Ok(PlacedProposal {
            fate: PlannedFate::Again(stale),
            effect,
            signers: SignerSet::default(),
            signatures: Vec::new(),
            unasked: proposal.unasked.clone(),
        })
    }
}

/// What an intent does to a config, its update computed anew.
pub(super) fn again(bundle: &Bundle, intent: &Patch) -> Result<Effect, NotPlanned> {
    let refused = |why: String| NotPlanned::Refused(why);
    let tree = bundle.tree();
    let intended = intent
        .apply(tree)
        .map_err(|error| refused(error.to_string()))?;
    if is_in_effect(tree, &intended) {
        return Err(NotPlanned::InEffect);
    }
    let update = compute_update(bundle.channel(), tree, &intended);
    let update = Bytes::from(update.map_err(|error| refused(error.to_string()))?);
    intended_effect(bundle, &update, &intended).map_err(|misfit| refused(misfit.text()))
}

impl PlanGame for PlanWorld<'_> {
    type State = PlanState;

    fn count(&self) -> usize {
        self.proposals.len()
    }

    fn worth(&self, place: usize) -> usize {
        self.worth.get(place).copied().unwrap_or_default()
    }

    fn start(&self) -> PlanState {
        PlanState {
            bundle: Arc::clone(&self.bundle),
            done: Vec::new(),
        }
    }

    fn submit(
        &self,
        state: &PlanState,
        place: usize,
    ) -> Result<(PlannedMove, PlanState), NotPlanned> {
        let placed = self.placed(state, place)?;
        let step = PlannedMove {
            kept: placed.kept(&state.bundle),
            fate: placed.fate,
        };
        let next = placed.effect.into_next();
        let next = next.map_err(|refusal| NotPlanned::Refused(refusal.to_string()))?;
        let done = state.done.iter().copied().chain([place]).collect();
        let bundle = Arc::new(next);
        Ok((step, PlanState { bundle, done }))
    }

    fn key(&self, state: &PlanState) -> Digest {
        Digest::of(&state.bundle.tree().encode())
    }
}

/// The fewest signatures that the policies of an update still take, as principals: of each policy that is
/// not satisfied the first of its smallest sets, each principal once. `None` where nobody could.
pub(super) fn needed(policies: &[PolicyVerdict]) -> Option<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    for policy in policies {
        if policy.explanation.satisfied() {
            continue;
        }
        let set = policy.explanation.smallest_sets().first()?;
        for principal in set {
            let wanted = set.iter().filter(|one| *one == principal).count();
            let named = all.iter().filter(|one| *one == principal).count();
            let more = wanted.saturating_sub(named);
            all.extend(std::iter::repeat_n(principal.clone(), more));
        }
    }
    Some(all)
}
