//! The status of a proposal, derived from stored facts and the verified config. Pure.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use prost_types::Timestamp;

use super::{
    cache::Compiled,
    gate::CapabilityGate,
    opinion::{Opinion, OpinionQuestion},
    standing,
    terms::{Deciding, ElementConflict, Standing},
};
use crate::{
    config::{Bundle, ConfigSignature, Effect, envelope},
    contract::{
        answer::{ExplanationReport, ProofReport, SPOILERS, SpoilerReport, StatusDetail},
        error::ContractError,
        ledger::{
            RevisionSignatures, TrustedHead,
            positions::{self, JudgedVote},
            proofs::Effective,
            proposals::HashedRevision,
            timestamps,
        },
    },
    ids::{Revision, UnixTime},
    policy::Spoiler,
    proto::cmscc::Proposal,
};

/// What a proposal is, as answers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
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
    pub(crate) const ALL: [Self; 9] = [
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
    pub(crate) const fn is_open(self) -> bool {
        !matches!(
            self,
            Self::Submitted | Self::Withdrawn | Self::Broken | Self::Outofdate
        )
    }

    /// Whether it is over, other than in the archive.
    pub(crate) const fn is_over(self) -> bool {
        matches!(self, Self::Submitted | Self::Withdrawn)
    }

    /// Whether nobody has to look at it any more: lists leave it out.
    pub(crate) const fn is_dead(self) -> bool {
        matches!(
            self,
            Self::Submitted | Self::Withdrawn | Self::Rejected | Self::Expired
        )
    }

    /// The status, where it is decided without signatures and deadline.
    pub(crate) const fn of(standing: &Standing) -> Option<Self> {
        match standing {
            Standing::Submitted(_) | Standing::AlreadyInEffect => Some(Self::Submitted),
            Standing::Withdrawn => Some(Self::Withdrawn),
            Standing::Broken(_) => Some(Self::Broken),
            Standing::Outofdate(_) => Some(Self::Outofdate),
            Standing::Open(_) => None,
        }
    }

    /// As answers and filters write it.
    pub(crate) const fn name(self) -> &'static str {
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

/// Everything that a proposal's status follows from.
#[derive(Debug)]
pub(crate) struct StatusFacts<'a> {
    /// The head's config, compiled.
    pub(crate) bundle: &'a Compiled,
    /// Head and settings.
    pub(crate) trusted: &'a TrustedHead,
    /// The proposal that it is the status of.
    pub(crate) proposal: &'a Proposal,
    /// Whether its owner took it back.
    pub(crate) withdrawn: bool,
    /// The revision that can be signed now.
    pub(crate) current: &'a HashedRevision<'a>,
    /// Where the current revision took effect; looked at only where it is not open.
    pub(crate) proof: Option<Effective>,
    /// What lies on the ledger for each revision.
    pub(crate) signatures: &'a BTreeMap<Revision, RevisionSignatures>,
    /// The votes on all revisions.
    pub(crate) votes: &'a [JudgedVote],
    /// What holds back what raises capability levels.
    pub(crate) gate: &'a CapabilityGate,
    /// The transaction's time.
    pub(crate) now: UnixTime,
}

/// How much is wanted of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The status, who signed and who is missing.
    Summary,
    /// Also the explanation of the policies in about so many bytes, and the envelope to submit.
    Whole(usize),
}

/// A proposal's status with everything that explains it.
#[derive(Debug)]
pub(crate) struct Derived {
    /// The first one that matches.
    pub(crate) status: Status,
    /// What `status_detail` shows for this status.
    pub(crate) detail: StatusDetail,
    /// The signatures on the current revision, and what they lead to.
    pub(crate) opinion: Arc<Opinion>,
    /// A serialized envelope that an orderer would accept.
    pub(crate) envelope: Option<Vec<u8>>,
    /// What the intent does to the verified config, where this call had to find that out.
    pub(crate) change: Option<Effect>,
}

impl Derived {
    /// The policies that decide, and what they make of the signatures.
    pub(crate) fn explanation(&self) -> Option<&ExplanationReport> {
        self.opinion.judgement.as_ref()?.explanation.as_ref()
    }

    /// What cannot be known from the config.
    pub(crate) fn not_checked(&self) -> Vec<String> {
        let judgement = self.opinion.judgement.as_ref();
        judgement.map_or_else(Vec::new, |judgement| judgement.not_checked.clone())
    }
}

/// Whether a proposal is past its deadline.
pub(crate) fn is_past(proposal: &Proposal, now: UnixTime) -> bool {
    is_over(proposal.deadline.as_ref(), now)
}

/// Whether a deadline is over.
pub(crate) fn is_over(deadline: Option<&Timestamp>, now: UnixTime) -> bool {
    deadline.is_some_and(|deadline| timestamps::read(deadline) < now)
}

/// Why there is nothing to do for what is in effect without proof.
const IN_EFFECT: &str = "what it wants is there already, and not because this proposal was submitted: \
     nobody has to sign or submit it";

/// Where nobody has signed.
static NO_SIGNATURES: RevisionSignatures = RevisionSignatures {
    signatures: Vec::new(),
};

impl StatusFacts<'_> {
    /// Derives the status; the first match wins, in the order of [`Status::ALL`].
    pub(crate) fn derive(&self, extent: Extent) -> Result<Derived, ContractError> {
        let (standing, change) = standing::with_change(
            self.bundle,
            self.trusted,
            self.proposal,
            self.withdrawn,
            self.current,
        )?;
        let standing = standing::proven(standing, self.proposal, self.proof.clone());
        let current = self.current;
        let mut detail = detail(&standing)?;
        let deciding = match &standing {
            Standing::Open(deciding) => Some(deciding),
            _ => None,
        };
        let opinion = self.opinion(current, deciding, extent);
        let (Some(deciding), Some(judged)) = (deciding, &opinion.judgement) else {
            return Ok(Derived {
                status: Status::of(&standing).unwrap_or(Status::Broken),
                detail,
                opinion,
                envelope: None,
                change,
            });
        };
        detail.missing.clone_from(&judged.missing);
        detail.needs.clone_from(&judged.needs);
        detail.verdict = judged.unsupported.is_some().then_some("unsupported");
        detail.why = judged
            .refused
            .clone()
            .or_else(|| judged.unsupported.clone());
        if let Deciding::Update { raises, .. } = deciding {
            detail.unattested = self.gate.unattested(self.bundle, raises);
        }
        let held = self.gate.is_enforced() && !detail.unattested.is_empty();
        let expired = is_past(self.proposal, self.now);
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
            let said = judged.spoilers.iter().take(SPOILERS);
            detail.spoilers = said.map(spoiler).collect();
            detail.spoilers_unsaid = judged.spoilers.len().saturating_sub(SPOILERS);
        }
        let envelope = match (deciding, &judged.accepted, status, extent) {
            (Deciding::Update { .. }, Some(places), Status::ReadyToSubmit, Extent::Whole(_)) => {
                Some(self.envelope(current, places))
            }
            _ => None,
        };
        self.add_recording(deciding, judged.accepted.as_deref(), &mut detail);
        Ok(Derived {
            status,
            detail,
            opinion,
            envelope,
            change,
        })
    }

    /// Says what recording the update takes; where it cannot be recorded that is also why one should
    /// not sign, unless something else is.
    fn add_recording(
        &self,
        deciding: &Deciding,
        chosen: Option<&[usize]>,
        detail: &mut StatusDetail,
    ) {
        let Deciding::Update { recording, .. } = deciding else {
            return;
        };
        let stored = &self.signatures_on(self.current.number).signatures;
        let chosen = chosen.unwrap_or_default().iter();
        let signatures = chosen.filter_map(|place| stored.get(*place));
        detail.recording = recording
            .as_ref()
            .map(|recording| recording.report(signatures.map(|stored| &stored.signature)));
        if let (None, Some(recording)) = (&detail.why, &detail.recording) {
            detail.why.clone_from(&recording.text);
        }
    }

    /// The revisions whose bytes an orderer would accept now with the signatures that lie here,
    /// whatever the members agreed since. Ascending.
    pub(crate) fn still_effective(&self) -> Vec<u64> {
        let effective = |revision: &HashedRevision<'_>| {
            standing::terms(self.bundle, revision).is_some_and(|terms| {
                let deciding = Deciding::Update {
                    terms,
                    raises: Vec::new(),
                    recording: None,
                };
                let opinion = self.opinion(revision, Some(&deciding), Extent::Summary);
                let judgement = opinion.judgement.as_ref();
                judgement.is_some_and(|judged| judged.accepted.is_some())
            })
        };
        let (current, revisions) = (*self.current, self.proposal.revisions.iter());
        revisions
            .map(|stored| match stored.revision == current.number.0 {
                true => current,
                false => HashedRevision::of(stored),
            })
            .filter(effective)
            .map(|revision| revision.number.0)
            .collect()
    }

    /// The signatures that lie here on a revision.
    pub(crate) fn signatures_on(&self, revision: Revision) -> &RevisionSignatures {
        self.signatures.get(&revision).unwrap_or(&NO_SIGNATURES)
    }

    fn opinion(
        &self,
        revision: &HashedRevision<'_>,
        deciding: Option<&Deciding>,
        extent: Extent,
    ) -> Arc<Opinion> {
        let question = OpinionQuestion {
            revision,
            deciding,
            signatures: self.signatures_on(revision.number),
            rejecting: &positions::rejecting(self.votes, revision.number),
            explained: match extent {
                Extent::Summary => None,
                Extent::Whole(room) => Some(room),
            },
        };
        Opinion::of(self.bundle, &question)
    }

    fn envelope(&self, revision: &HashedRevision<'_>, places: &[usize]) -> Vec<u8> {
        let stored = &self.signatures_on(revision.number).signatures;
        let chosen = places.iter().filter_map(|place| stored.get(*place));
        let chosen: Vec<ConfigSignature> = chosen.map(|stored| stored.signature.clone()).collect();
        envelope::update_envelope(self.bundle.channel(), revision.config_update, &chosen)
    }
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
            detail.proof = Some(ProofReport::of(proof)?);
            detail.via = proof.via.as_ref().map(ToString::to_string);
        }
        Standing::AlreadyInEffect => {
            detail.already_in_effect = true;
            detail.why = Some(IN_EFFECT.to_owned());
        }
        Standing::Broken(why) => detail.why = Some(why.clone()),
        Standing::Outofdate(stale) => {
            detail.why = Some(stale.why.clone());
            detail.different_effect.clone_from(&stale.different_effect);
            detail.conflicts = stale
                .conflicts
                .iter()
                .map(ElementConflict::report)
                .collect();
            detail.rebases = Some(stale.conflicts.is_empty());
        }
        Standing::Withdrawn | Standing::Open(_) => {}
    }
    Ok(detail)
}

/// A serialized envelope without signatures, as `peer channel signconfigtx` takes it.
pub(crate) fn envelope_to_sign(bundle: &Bundle, config_update: &Bytes) -> Vec<u8> {
    envelope::update_envelope(bundle.channel(), config_update, &[])
}
