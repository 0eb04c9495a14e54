//! The status of a proposal, derived from stored facts and the verified config. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    agreement::{self, DECIDING},
    cache::Compiled,
    error::ContractError,
    levels::Gate,
    proofs::Effective,
    proposal::{self, Computed, Conflict},
    reports::StatusDetail,
    signatures::{Tally, tally},
    state::{RevisionSignatures, Trusted},
    timestamps,
    votes::{self, JudgedVote},
};
use crate::{
    config::{Bundle, ConfigSignature, Effect, Update, Verdict, envelope},
    ids::{Digest, MspId, Revision, UnixTime},
    policy::PolicyId,
    proto::cmscc::{Proposal, ProposalKind, RevisionBytes},
};

/// What a proposal is, as answers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// In effect.
    Submitted,
    /// Taken back by its owner.
    Withdrawn,
    /// Its intent cannot be applied any more.
    Broken,
    /// Made for another config.
    Outofdate,
    /// Can no longer pass.
    Rejected,
    /// Past its deadline.
    Expired,
    /// Policies are not satisfied yet.
    WaitingForSignatures,
    /// Signed enough, but members have not attested the levels that it raises.
    WaitingForCapabilities,
    /// An orderer would accept it.
    ReadyToSubmit,
}

impl Status {
    /// Every status, in the order in which the first match wins.
    pub(super) const ALL: [Self; 9] = [
        Self::Submitted,
        Self::Withdrawn,
        Self::Broken,
        Self::Outofdate,
        Self::Rejected,
        Self::Expired,
        Self::WaitingForSignatures,
        Self::WaitingForCapabilities,
        Self::ReadyToSubmit,
    ];

    /// Whether the bytes apply as they are, with the intended effect.
    pub(super) const fn is_open(self) -> bool {
        !matches!(
            self,
            Self::Submitted | Self::Withdrawn | Self::Broken | Self::Outofdate
        )
    }

    /// Whether it is over, other than in the archive.
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Submitted | Self::Withdrawn)
    }

    /// Its public name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "Submitted",
            Self::Withdrawn => "Withdrawn",
            Self::Broken => "Broken",
            Self::Outofdate => "Outofdate",
            Self::Rejected => "Rejected",
            Self::Expired => "Expired",
            Self::WaitingForSignatures => "WaitingForSignatures",
            Self::WaitingForCapabilities => "WaitingForCapabilities",
            Self::ReadyToSubmit => "ReadyToSubmit",
        }
    }
}

/// What can be said of a proposal without looking at signatures, votes and deadline.
#[derive(Debug)]
pub(super) enum Standing {
    /// The verified chain proves that the current revision took effect, by itself or combined.
    Submitted(Effective),
    /// The config is as the intent wants it, for whatever reason.
    AlreadyInEffect,
    /// Taken back by its owner.
    Withdrawn,
    /// The intent cannot be applied any more; why.
    Broken(String),
    /// The bytes do not fit the config any more, or would do something else than the intent.
    Outofdate(Box<Stale>),
    /// The bytes apply cleanly, with exactly the intended effect.
    Open(Deciding),
}

/// What decides about an open proposal.
#[derive(Clone, Debug)]
pub(super) enum Deciding {
    /// The policies of what a config update writes, and an orderer's rules.
    Update(Arc<Effect>),
    /// The one policy that decides about settings.
    Settings(PolicyId),
}

impl Deciding {
    /// The policies that must be satisfied.
    pub(super) fn policies(&self) -> Vec<PolicyId> {
        match self {
            Self::Update(effect) => policies_of(effect),
            Self::Settings(policy) => vec![*policy],
        }
    }
}

/// An out-of-date proposal.
#[derive(Debug)]
pub(super) struct Stale {
    /// What does not fit.
    pub(super) why: String,
    /// What the bytes would do beside, or instead of, the intent.
    pub(super) different_effect: Vec<String>,
    /// The update computed again.
    pub(super) fresh: Computed,
    /// What others changed that the intent changes, too.
    pub(super) conflicts: Vec<Conflict>,
}

impl Standing {
    /// Judges the current revision. `proof`: where its bytes took effect.
    pub(super) fn of(
        bundle: &Compiled,
        trusted: &Trusted,
        proposal: &Proposal,
        proof: Option<Effective>,
    ) -> Result<Self, ContractError> {
        match proposal.kind() {
            ProposalKind::Settings if proposal.withdrawal.is_some() => Ok(Self::Withdrawn),
            ProposalKind::Settings => Self::of_settings(bundle, trusted, proposal),
            _ => Self::of_update(bundle, proposal, proof),
        }
    }

    /// The same of a config update, which only the config decides about.
    pub(super) fn of_update(
        bundle: &Compiled,
        proposal: &Proposal,
        proof: Option<Effective>,
    ) -> Result<Self, ContractError> {
        if let Some(proof) = proof {
            return Ok(Self::Submitted(proof));
        }
        if proposal.withdrawal.is_some() {
            return Ok(Self::Withdrawn);
        }
        let current = proposal::current(proposal)?;
        let (intent, update) = (
            Digest::of(&proposal.patch),
            Digest::of(&current.config_update),
        );
        if let Some(effect) = bundle.effect_of(&intent, &update) {
            return Ok(Self::Open(Deciding::Update(effect)));
        }
        let patch = proposal::patch(proposal)?;
        let intended = match patch.apply(bundle.tree()) {
            Ok(intended) => intended,
            Err(e) => return Ok(Self::Broken(e.to_string())),
        };
        if proposal::is_in_effect(bundle.tree(), &intended) {
            return Ok(Self::AlreadyInEffect);
        }
        let misfit = match proposal::effect(bundle, &current.config_update, &intended) {
            Ok(effect) => {
                let effect = Arc::new(effect);
                bundle.keep_effect(&intent, &update, &effect);
                return Ok(Self::Open(Deciding::Update(effect)));
            }
            Err(misfit) => misfit,
        };
        Ok(match proposal::compute(bundle, &patch, &intended) {
            Err(refusal) => Self::Broken(refusal.text().to_owned()),
            Ok(fresh) => Self::Outofdate(Box::new(Stale {
                why: misfit.why,
                different_effect: misfit.different_effect,
                conflicts: proposal::conflicts(proposal, &patch, bundle, &intended),
                fresh,
            })),
        })
    }

    fn of_settings(
        bundle: &Bundle,
        trusted: &Trusted,
        proposal: &Proposal,
    ) -> Result<Self, ContractError> {
        Ok(match agreement::standing(bundle, trusted, proposal)? {
            agreement::Standing::AlreadyInEffect => Self::AlreadyInEffect,
            agreement::Standing::Broken(why) => Self::Broken(why),
            agreement::Standing::Outofdate { why, fresh } => Self::Outofdate(Box::new(Stale {
                why,
                different_effect: Vec::new(),
                fresh,
                conflicts: Vec::new(),
            })),
            agreement::Standing::Open(policy) => Self::Open(Deciding::Settings(policy)),
        })
    }

    /// The status, where it is decided without signatures and deadline.
    pub(super) const fn status(&self) -> Option<Status> {
        match self {
            Self::Submitted(_) | Self::AlreadyInEffect => Some(Status::Submitted),
            Self::Withdrawn => Some(Status::Withdrawn),
            Self::Broken(_) => Some(Status::Broken),
            Self::Outofdate(_) => Some(Status::Outofdate),
            Self::Open(_) => None,
        }
    }
}

/// Everything that a proposal's status follows from.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    /// The verified config.
    pub(super) bundle: &'a Compiled,
    /// Head and settings.
    pub(super) trusted: &'a Trusted,
    /// The proposal.
    pub(super) proposal: &'a Proposal,
    /// Where the current revision took effect.
    pub(super) proof: Option<Effective>,
    /// What lies on the ledger for each revision.
    pub(super) signatures: &'a BTreeMap<Revision, RevisionSignatures>,
    /// The votes on all revisions.
    pub(super) votes: &'a [JudgedVote],
    /// What holds back what raises capability levels.
    pub(super) gate: &'a Gate,
    /// The transaction's time.
    pub(super) now: UnixTime,
}

/// A proposal's status with everything that explains it.
#[derive(Debug)]
pub(super) struct Derived<'a> {
    /// The status.
    pub(super) status: Status,
    /// Why.
    pub(super) detail: StatusDetail,
    /// The signatures on the current revision.
    pub(super) tally: Tally<'a>,
    /// The policies that decide, and what they make of the signatures.
    pub(super) explanation: Option<Value>,
    /// What cannot be known from the config.
    pub(super) not_checked: Vec<String>,
    /// A serialized envelope that an orderer would accept.
    pub(super) envelope: Option<Vec<u8>>,
}

impl<'a> Facts<'a> {
    /// Derives the status; the first match wins, in the order of [`Status::ALL`].
    pub(super) fn derive(&self) -> Result<Derived<'a>, ContractError> {
        let proof = self.proof.clone();
        let standing = Standing::of(self.bundle, self.trusted, self.proposal, proof)?;
        let current = proposal::current(self.proposal)?;
        let mut detail = detail(&standing)?;
        let Standing::Open(deciding) = &standing else {
            return Ok(Derived {
                status: standing.status().unwrap_or(Status::Broken),
                detail,
                tally: self.tally(current, None),
                explanation: None,
                not_checked: Vec::new(),
                envelope: None,
            });
        };
        let tally = self.tally(current, Some(&deciding.policies()));
        let judged = match deciding {
            Deciding::Update(effect) => Judgement::of(self.bundle, effect, &tally),
            Deciding::Settings(policy) => self.judge_settings(*policy, &tally)?,
        };
        detail.missing = judged.missing;
        detail.verdict = judged.unsupported.is_some().then_some("unsupported");
        detail.why = judged.refused.clone().or(judged.unsupported);
        if let Deciding::Update(effect) = deciding {
            detail.unattested = self.gate.unattested(self.bundle, effect.result());
        }
        let held = self.gate.is_enforced() && !detail.unattested.is_empty();
        let expired = self
            .proposal
            .deadline
            .as_ref()
            .is_some_and(|deadline| timestamps::read(deadline) < self.now);
        let dead_end = match judged.refused.is_none() && judged.accepted.is_none() {
            true => self.dead_end(&deciding.policies(), &tally, Revision(current.revision)),
            false => None,
        };
        let status = if judged.refused.is_some() {
            Status::Broken
        } else if dead_end.is_some() {
            detail.why = dead_end;
            Status::Rejected
        } else if expired {
            Status::Expired
        } else if judged.accepted.is_none() {
            Status::WaitingForSignatures
        } else if held {
            Status::WaitingForCapabilities
        } else {
            Status::ReadyToSubmit
        };
        let envelope = judged
            .accepted
            .filter(|_| status == Status::ReadyToSubmit)
            .filter(|_| matches!(deciding, Deciding::Update(_)))
            .map(|signatures| {
                envelope::update_envelope(
                    self.bundle.channel(),
                    &current.config_update,
                    &signatures,
                )
            });
        Ok(Derived {
            status,
            detail,
            tally,
            explanation: Some(judged.explanation),
            not_checked: judged.not_checked,
            envelope,
        })
    }

    /// The revisions whose bytes an orderer would accept now with the signatures that lie here,
    /// whatever the members agreed since. Ascending.
    pub(super) fn still_effective(&self) -> Vec<u64> {
        let effective = |bytes: &&RevisionBytes| {
            let Ok(update) = Update::parse(bytes.config_update.clone()) else {
                return false;
            };
            let Ok(effect) = self.bundle.effect(&update) else {
                return false;
            };
            let tally = self.tally(bytes, Some(&policies_of(&effect)));
            Judgement::of(self.bundle, &effect, &tally)
                .accepted
                .is_some()
        };
        self.proposal
            .revisions
            .iter()
            .filter(effective)
            .map(|bytes| bytes.revision)
            .collect()
    }

    /// Why the deciding policies cannot be satisfied any more, neither by the signatures that count
    /// nor by anybody of the organisations that have not rejected; `None` where they can.
    fn dead_end(
        &self,
        policies: &[PolicyId],
        tally: &Tally<'_>,
        revision: Revision,
    ) -> Option<String> {
        let rejecting = votes::rejecting(self.votes, revision);
        let others: BTreeSet<MspId> = self
            .bundle
            .msps()
            .iter()
            .map(|msp| msp.id().clone())
            .filter(|msp_id| !rejecting.contains(msp_id))
            .collect();
        let can_pass = self.bundle.policies().could_pass(
            self.bundle.msps(),
            policies,
            &tally.signers,
            &others,
        );
        let names: Vec<&str> = rejecting.iter().map(MspId::as_str).collect();
        match (can_pass, names.is_empty()) {
            (true, _) => None,
            (false, true) => Some("nobody could satisfy the policies that decide".to_owned()),
            (false, false) => Some(format!(
                "rejected by `{}`; without them the policies that decide cannot be satisfied",
                names.join("`, `")
            )),
        }
    }

    /// Whether the signatures on settings satisfy the policy that decides about them.
    fn judge_settings(
        &self,
        policy: PolicyId,
        tally: &Tally<'_>,
    ) -> Result<Judgement, ContractError> {
        let (policies, msps) = (self.bundle.policies(), self.bundle.msps());
        let chosen = policies.choose(msps, &[policy], &tally.signers);
        let signers = match &chosen {
            Some(positions) => tally.signers.pick(positions),
            None => tally.signers.clone(),
        };
        let explanation = policies.explain(msps, policy, &signers);
        let wanted = agreement::change(self.proposal)?.settings;
        let unknown = agreement::demand_known(&wanted.unwrap_or_default());
        Ok(Judgement {
            accepted: chosen.is_some().then(|| tally.signatures_of(&signers)),
            refused: None,
            unsupported: unknown.err().map(|refusal| refusal.text().to_owned()),
            missing: explanation
                .missing()
                .iter()
                .map(ToString::to_string)
                .collect(),
            not_checked: Vec::new(),
            explanation: json!([{
                "elements": [agreement::ISOLATED],
                "policy": DECIDING,
                "satisfied": explanation.satisfied(),
                "explanation": explanation.to_json(),
            }]),
        })
    }

    fn tally(&self, bytes: &RevisionBytes, policies: Option<&[PolicyId]>) -> Tally<'a> {
        self.signatures
            .get(&Revision(bytes.revision))
            .map_or_else(Tally::default, |signatures| {
                tally(self.bundle, policies, &bytes.config_update, signatures)
            })
    }
}

/// What an orderer would say of an update with these signatures.
struct Judgement {
    /// The signatures to hand out, in an order that satisfies.
    accepted: Option<Vec<ConfigSignature>>,
    refused: Option<String>,
    /// What this build would have to know to say more.
    unsupported: Option<String>,
    missing: Vec<String>,
    not_checked: Vec<String>,
    explanation: Value,
}

impl Judgement {
    fn of(bundle: &Bundle, effect: &Effect, tally: &Tally<'_>) -> Self {
        let chosen = bundle
            .policies()
            .choose(bundle.msps(), &policies_of(effect), &tally.signers);
        let signers = match chosen {
            Some(positions) => tally.signers.pick(&positions),
            None => tally.signers.clone(),
        };
        let picked = tally.signatures_of(&signers);
        let emulation = bundle.decide(effect, signers, &picked);
        let explanation: Vec<Value> = emulation
            .policies
            .iter()
            .map(|verdict| {
                let elements: Vec<String> =
                    verdict.elements.iter().map(ToString::to_string).collect();
                json!({
                    "elements": elements,
                    "policy": verdict.path,
                    "satisfied": verdict.explanation.satisfied(),
                    "explanation": verdict.explanation.to_json(),
                })
            })
            .collect();
        let missing = emulation
            .missing()
            .iter()
            .map(ToString::to_string)
            .collect();
        let mut judgement = Self {
            accepted: None,
            refused: None,
            unsupported: unsupported(effect),
            missing,
            not_checked: emulation.not_checked,
            explanation: Value::Array(explanation),
        };
        if judgement.unsupported.is_some() {
            return judgement;
        }
        match emulation.verdict {
            Verdict::Accepted => judgement.accepted = Some(picked),
            Verdict::Refused(refusal) => judgement.refused = Some(refusal.to_string()),
            Verdict::Unsupported { .. } | Verdict::Unsatisfied => {}
        }
        judgement
    }
}

/// The levels that a verdict takes and this build does not know, for people; `None`: none.
fn unsupported(effect: &Effect) -> Option<String> {
    let levels = effect.unknown_levels();
    (!levels.is_empty()).then(|| {
        format!(
            "it takes the capability levels `{}` to say more, which this server (version {}) does \
             not know; install a version that does",
            levels.join("`, `"),
            env!("CARGO_PKG_VERSION")
        )
    })
}

/// The policies that decide about an update.
fn policies_of(effect: &Effect) -> Vec<PolicyId> {
    effect.policies().iter().map(|one| one.policy).collect()
}

fn detail(standing: &Standing) -> Result<StatusDetail, ContractError> {
    let mut detail = StatusDetail::default();
    match standing {
        Standing::Submitted(proof) => {
            detail.proof = Some(proof.report()?);
            detail.via = proof.via.as_ref().map(ToString::to_string);
        }
        Standing::AlreadyInEffect => detail.already_in_effect = true,
        Standing::Broken(why) => detail.why = Some(why.clone()),
        Standing::Outofdate(stale) => {
            detail.why = Some(stale.why.clone());
            detail.different_effect.clone_from(&stale.different_effect);
            detail.conflicts = stale.conflicts.iter().map(Conflict::report).collect();
            detail.rebases = Some(stale.conflicts.is_empty());
        }
        Standing::Withdrawn | Standing::Open(_) => {}
    }
    Ok(detail)
}

/// A serialized envelope without signatures, as `peer channel signconfigtx` takes it.
pub(super) fn envelope_to_sign(bundle: &Bundle, config_update: &Bytes) -> Vec<u8> {
    envelope::update_envelope(bundle.channel(), config_update, &[])
}
