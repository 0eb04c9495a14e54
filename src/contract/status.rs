//! The status of a proposal, derived from stored facts and the verified config. Pure.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    agreement,
    cache::Compiled,
    error::ContractError,
    levels::{self, Gate, Raise},
    opinion::{Opinion, Question},
    proofs::Effective,
    proposal::{self, Computed, Conflict},
    reports::{SpoilerReport, StatusDetail},
    state::{RevisionSignatures, Trusted},
    timestamps,
    votes::{self, JudgedVote},
};
use crate::{
    config::{Bundle, ConfigSignature, Effect, Terms, Update, envelope},
    ids::{Digest, Revision, UnixTime},
    policy::{PolicyId, Spoiler},
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
    Outofdate(Arc<Stale>),
    /// The bytes apply cleanly, with exactly the intended effect.
    Open(Deciding),
}

/// What decides about an open proposal.
#[derive(Clone, Debug)]
pub(super) enum Deciding {
    /// The one policy that decides about settings.
    Settings(SettingsTerms),
    /// The policies of what a config update writes, and an orderer's rules.
    Update(Arc<KnownTerms>),
}

/// What decides about settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SettingsTerms {
    /// The policy.
    pub(super) policy: PolicyId,
    /// What this build would have to know to apply them.
    pub(super) unsupported: Option<String>,
}

impl Deciding {
    /// The policies that must be satisfied.
    pub(super) fn policies(&self) -> &[PolicyId] {
        match self {
            Self::Settings(terms) => std::slice::from_ref(&terms.policy),
            Self::Update(known) => &known.policies,
        }
    }
}

/// How an intent and the update that stands for it fit a config.
#[derive(Clone, Debug)]
pub(super) enum Fit {
    /// The config is as the intent wants it.
    AlreadyInEffect,
    /// The intent cannot be applied; why.
    Broken(String),
    /// The update does not fit, or does something else than the intent.
    Outofdate(Arc<Stale>),
    /// The update does what the intent wants.
    Open(Arc<KnownTerms>),
}

/// What decides about an update that fits.
#[derive(Debug)]
pub(super) struct KnownTerms {
    terms: Terms,
    policies: Vec<PolicyId>,
    /// The levels that it raises.
    raises: Vec<Raise>,
    /// What this build would have to know to say more.
    unsupported: Option<String>,
}

/// An out-of-date proposal.
#[derive(Clone, Debug)]
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

impl KnownTerms {
    fn of(bundle: &Bundle, effect: &Effect) -> Arc<Self> {
        let terms = effect.terms().clone();
        let policies = terms.policies().iter().map(|one| one.policy).collect();
        Arc::new(Self {
            terms,
            policies,
            raises: levels::raised(bundle.tree(), effect.result()),
            unsupported: unsupported(effect.unknown_levels()),
        })
    }

    /// The policies that must be satisfied.
    pub(super) fn policies(&self) -> &[PolicyId] {
        &self.policies
    }

    /// The terms themselves.
    pub(super) const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What this build would have to know to say more.
    pub(super) const fn unsupported(&self) -> Option<&String> {
        self.unsupported.as_ref()
    }

    /// What it takes to keep them. Unit: bytes, about.
    pub(super) fn weight(&self) -> usize {
        const EACH: usize = 100;
        let elements = self.terms.policies().iter().flat_map(|one| &one.elements);
        let elements = elements.map(|element| EACH + element.to_string().len());
        elements.sum::<usize>() + EACH * (self.policies.len() + self.raises.len())
    }
}

impl Fit {
    /// Judges an update that is to do what the intent of a proposal wants; with what that is, where
    /// it can be done.
    fn find(
        bundle: &Compiled,
        proposal: &Proposal,
        config_update: &Bytes,
    ) -> Result<(Self, Option<Change>), ContractError> {
        let patch = proposal::patch(proposal)?;
        let intended = match patch.apply(bundle.tree()) {
            Ok(intended) => intended,
            Err(e) => return Ok((Self::Broken(e.to_string()), None)),
        };
        if proposal::is_in_effect(bundle.tree(), &intended) {
            return Ok((Self::AlreadyInEffect, None));
        }
        let misfit = match proposal::effect(bundle, config_update, &intended) {
            Ok(effect) => {
                let known = KnownTerms::of(bundle, &effect);
                bundle.keep_terms(&Digest::of(config_update), Some(&known));
                let change = Change {
                    config_update: config_update.clone(),
                    effect,
                };
                return Ok((Self::Open(known), Some(change)));
            }
            Err(misfit) => misfit,
        };
        Ok(match proposal::compute(bundle, &patch, &intended) {
            Err(refusal) => (Self::Broken(refusal.text().to_owned()), None),
            Ok((fresh, effect)) => {
                let change = Change {
                    config_update: fresh.config_update.clone(),
                    effect,
                };
                let stale = Stale {
                    why: misfit.why,
                    different_effect: misfit.different_effect,
                    conflicts: proposal::conflicts(proposal, &patch, bundle, &intended),
                    fresh,
                };
                (Self::Outofdate(Arc::new(stale)), Some(change))
            }
        })
    }

    /// What it takes to keep it. Unit: bytes, about.
    pub(super) fn weight(&self) -> usize {
        const EACH: usize = 300;
        match self {
            Self::AlreadyInEffect => 0,
            Self::Broken(why) => why.len(),
            Self::Open(known) => known.weight(),
            Self::Outofdate(stale) => {
                let texts = stale.different_effect.iter().map(|text| EACH + text.len());
                let touched = stale.fresh.touched.iter();
                let touched = touched.map(|touched| EACH + touched.element.len());
                let conflicts = stale.conflicts.iter().map(Conflict::weight);
                stale.why.len()
                    + stale.fresh.config_update.len()
                    + texts.chain(touched).chain(conflicts).sum::<usize>()
            }
        }
    }
}

impl Standing {
    /// Judges the current revision. `proof`: where its bytes took effect.
    pub(super) fn of(
        bundle: &Compiled,
        trusted: &Trusted,
        proposal: &Proposal,
        proof: Option<Effective>,
    ) -> Result<Self, ContractError> {
        Self::with_change(bundle, trusted, proposal, proof).map(|(standing, _)| standing)
    }

    /// The same, with what the intent does to the config where judging it had to find that out.
    fn with_change(
        bundle: &Compiled,
        trusted: &Trusted,
        proposal: &Proposal,
        proof: Option<Effective>,
    ) -> Result<(Self, Option<Change>), ContractError> {
        let standing = match proposal.kind() {
            ProposalKind::Settings if proposal.withdrawal.is_some() => Self::Withdrawn,
            ProposalKind::Settings => Self::of_settings(bundle, trusted, proposal)?,
            _ => return Self::of_update(bundle, proposal, proof),
        };
        Ok((standing, None))
    }

    /// The same of a config update, which only the config decides about.
    fn of_update(
        bundle: &Compiled,
        proposal: &Proposal,
        proof: Option<Effective>,
    ) -> Result<(Self, Option<Change>), ContractError> {
        if let Some(proof) = proof {
            return Ok((Self::Submitted(proof), None));
        }
        if proposal.withdrawal.is_some() {
            return Ok((Self::Withdrawn, None));
        }
        let current = proposal::current(proposal)?;
        let touched = proposal.touched.iter().flat_map(|touched| {
            let whole: &[u8] = if touched.whole { b"w" } else { b"" };
            [touched.element.as_bytes(), &touched.content_sha256, whole]
        });
        let given = [&proposal.patch[..], &current.config_update];
        let given = Digest::of_parts(given.into_iter().chain(touched));
        let mut change = None;
        let fit = bundle.fit(&given, || {
            let (fit, found) = Fit::find(bundle, proposal, &current.config_update)?;
            change = found;
            Ok(fit)
        })?;
        let standing = match fit {
            Fit::AlreadyInEffect => Self::AlreadyInEffect,
            Fit::Broken(why) => Self::Broken(why),
            Fit::Open(known) => Self::Open(Deciding::Update(known)),
            Fit::Outofdate(stale) => Self::Outofdate(stale),
        };
        Ok((standing, change))
    }

    fn of_settings(
        bundle: &Bundle,
        trusted: &Trusted,
        proposal: &Proposal,
    ) -> Result<Self, ContractError> {
        Ok(match agreement::standing(bundle, trusted, proposal)? {
            agreement::Standing::AlreadyInEffect => Self::AlreadyInEffect,
            agreement::Standing::Broken(why) => Self::Broken(why),
            agreement::Standing::Outofdate { why, fresh } => Self::Outofdate(Arc::new(Stale {
                why,
                different_effect: Vec::new(),
                fresh,
                conflicts: Vec::new(),
            })),
            agreement::Standing::Open(policy) => {
                let wanted = agreement::change(proposal)?.settings;
                let known = agreement::demand_known(&wanted.unwrap_or_default());
                Self::Open(Deciding::Settings(SettingsTerms {
                    policy,
                    unsupported: known.err().map(|refusal| refusal.text().to_owned()),
                }))
            }
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

/// What an update does to the verified config.
#[derive(Debug)]
pub(super) struct Change {
    /// The update.
    pub(super) config_update: Bytes,
    /// Its effect.
    pub(super) effect: Effect,
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

/// How much is wanted of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The status, who signed and who is missing.
    Summary,
    /// Also the explanation of the policies, and the envelope to submit.
    Whole,
}

/// A proposal's status with everything that explains it.
#[derive(Debug)]
pub(super) struct Derived {
    /// The status.
    pub(super) status: Status,
    /// Why.
    pub(super) detail: StatusDetail,
    /// The signatures on the current revision, and what they lead to.
    pub(super) opinion: Arc<Opinion>,
    /// A serialized envelope that an orderer would accept.
    pub(super) envelope: Option<Vec<u8>>,
    /// What the intent does to the verified config, where this call had to find that out.
    pub(super) change: Option<Change>,
}

impl Derived {
    /// The policies that decide, and what they make of the signatures.
    pub(super) fn explanation(&self) -> Option<&RawValue> {
        self.opinion.judgement.as_ref()?.explanation.as_deref()
    }

    /// What cannot be known from the config.
    pub(super) fn not_checked(&self) -> Vec<String> {
        let judgement = self.opinion.judgement.as_ref();
        judgement.map_or_else(Vec::new, |judgement| judgement.not_checked.clone())
    }
}

/// Where nobody has signed.
static NO_SIGNATURES: RevisionSignatures = RevisionSignatures {
    signatures: Vec::new(),
    unread: Vec::new(),
};

impl Facts<'_> {
    /// Derives the status; the first match wins, in the order of [`Status::ALL`].
    pub(super) fn derive(&self, extent: Extent) -> Result<Derived, ContractError> {
        let proof = self.proof.clone();
        let (standing, change) =
            Standing::with_change(self.bundle, self.trusted, self.proposal, proof)?;
        let current = proposal::current(self.proposal)?;
        let mut detail = detail(&standing)?;
        let deciding = match &standing {
            Standing::Open(deciding) => Some(deciding),
            _ => None,
        };
        let opinion = self.opinion(current, deciding, extent);
        let (Some(deciding), Some(judged)) = (deciding, &opinion.judgement) else {
            return Ok(Derived {
                status: standing.status().unwrap_or(Status::Broken),
                detail,
                opinion,
                envelope: None,
                change,
            });
        };
        detail.missing.clone_from(&judged.missing);
        detail.verdict = judged.unsupported.is_some().then_some("unsupported");
        detail.why = judged
            .refused
            .clone()
            .or_else(|| judged.unsupported.clone());
        if let Deciding::Update(known) = deciding {
            detail.unattested = self.gate.unattested(self.bundle, &known.raises);
        }
        let held = self.gate.is_enforced() && !detail.unattested.is_empty();
        let expired = self
            .proposal
            .deadline
            .as_ref()
            .is_some_and(|deadline| timestamps::read(deadline) < self.now);
        let status = if judged.refused.is_some() {
            Status::Broken
        } else if judged.dead_end.is_some() {
            detail.why.clone_from(&judged.dead_end);
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
        if status == Status::ReadyToSubmit {
            detail.spoilers = judged.spoilers.iter().map(spoiler).collect();
        }
        let envelope = match (deciding, &judged.accepted, status, extent) {
            (Deciding::Update(_), Some(places), Status::ReadyToSubmit, Extent::Whole) => {
                Some(self.envelope(current, places))
            }
            _ => None,
        };
        Ok(Derived {
            status,
            detail,
            opinion,
            envelope,
            change,
        })
    }

    /// The revisions whose bytes an orderer would accept now with the signatures that lie here,
    /// whatever the members agreed since. Ascending.
    pub(super) fn still_effective(&self) -> Vec<u64> {
        let effective = |bytes: &&RevisionBytes| {
            let known = self.bundle.terms(&Digest::of(&bytes.config_update), || {
                let update = Update::parse(bytes.config_update.clone()).ok()?;
                let effect = self.bundle.effect(&update).ok()?;
                Some(KnownTerms::of(self.bundle, &effect))
            });
            known.is_some_and(|known| {
                let deciding = Deciding::Update(known);
                let opinion = self.opinion(bytes, Some(&deciding), Extent::Summary);
                let judgement = opinion.judgement.as_ref();
                judgement.is_some_and(|judged| judged.accepted.is_some())
            })
        };
        self.proposal
            .revisions
            .iter()
            .filter(effective)
            .map(|bytes| bytes.revision)
            .collect()
    }

    /// The signatures that lie here on a revision.
    pub(super) fn signatures_on(&self, revision: u64) -> &RevisionSignatures {
        self.signatures
            .get(&Revision(revision))
            .unwrap_or(&NO_SIGNATURES)
    }

    fn opinion(
        &self,
        bytes: &RevisionBytes,
        deciding: Option<&Deciding>,
        extent: Extent,
    ) -> Arc<Opinion> {
        let question = Question {
            config_update: &bytes.config_update,
            deciding,
            signatures: self.signatures_on(bytes.revision),
            rejecting: &votes::rejecting(self.votes, Revision(bytes.revision)),
            explained: extent == Extent::Whole,
        };
        Opinion::of(self.bundle, &question)
    }

    fn envelope(&self, bytes: &RevisionBytes, places: &[usize]) -> Vec<u8> {
        let stored = &self.signatures_on(bytes.revision).signatures;
        let chosen = places.iter().filter_map(|place| stored.get(*place));
        let chosen: Vec<ConfigSignature> = chosen.map(|stored| stored.signature.clone()).collect();
        envelope::update_envelope(self.bundle.channel(), &bytes.config_update, &chosen)
    }
}

/// For people, that a verdict takes levels which this build does not know; `None`: it takes none.
fn unsupported(levels: &[String]) -> Option<String> {
    (!levels.is_empty()).then(|| {
        format!(
            "it takes the capability levels `{}` to say more, which this server (version {}) does \
             not know; install a version that does",
            levels.join("`, `"),
            env!("CARGO_PKG_VERSION")
        )
    })
}

/// A warning to who submits with `peer channel update`.
fn spoiler(spoiler: &Spoiler) -> SpoilerReport {
    let principals: Vec<String> = spoiler.principals.iter().map(ToString::to_string).collect();
    let who = match &spoiler.msp_id {
        Some(msp_id) => format!("somebody of `{msp_id}`"),
        None => "somebody".to_owned(),
    };
    SpoilerReport {
        text: format!(
            "{who} who is `{}` and has not signed must not submit it with `peer channel update`: \
             that adds the submitter's signature behind the others, and with it the policies that \
             decide are not satisfied any more; submit it as somebody who has signed",
            principals.join("` and `")
        ),
        msp_id: spoiler.msp_id.as_ref().map(ToString::to_string),
        principals,
    }
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
