//! What the signatures on an update lead to: which of them count, whether they are enough, and what
//! is missing. Pure.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json, value::RawValue};

use super::{
    agreement::{self, DECIDING},
    cache::Compiled,
    reports::LeftOutReport,
    signatures::{Tally, tally},
    standing::{Deciding, KnownTerms, SettingsTerms},
    state::{RevisionSignatures, StoredSignature},
};
use crate::{
    config::{Bundle, ConfigSignature, Verdict},
    ids::{Digest, MspId},
    policy::{Explanation, PolicyId, SignerSet, Spoiler},
};

/// What an opinion is asked about. Everything that decides it is here, or in the config.
#[derive(Debug)]
pub(super) struct Question<'a> {
    /// The signed bytes.
    pub(super) config_update: &'a [u8],
    /// What decides about it; `None` where it does not do what is intended, so that nothing does.
    pub(super) deciding: Option<&'a Deciding>,
    /// The signatures on it.
    pub(super) signatures: &'a RevisionSignatures,
    /// The organisations whose rejections of it count.
    pub(super) rejecting: &'a BTreeSet<MspId>,
    /// Whether the policies are to be explained, too.
    pub(super) explained: bool,
}

/// What the signatures on an update lead to.
#[derive(Debug)]
pub(super) struct Opinion {
    /// The stored signatures, in key order.
    pub(super) signatures: Vec<SignatureOpinion>,
    /// Organisations of which more signatures would count than may, by MSP id.
    pub(super) left_out: Vec<LeftOutReport>,
    /// What they decide; `None` where nothing decides.
    pub(super) judgement: Option<Judgement>,
}

/// A stored signature, judged by the current config.
#[derive(Debug)]
pub(super) struct SignatureOpinion {
    /// The MSP of its key.
    msp_id: MspId,
    /// Who signed; `None` where the current config cannot read it any more.
    pub(super) subject: Option<String>,
    /// Why it does not count; `None`: it does.
    pub(super) reason: Option<String>,
}

/// What an orderer would say of an update with these signatures.
#[derive(Debug)]
pub(super) struct Judgement {
    /// The places of the signatures to hand out, in an order that satisfies.
    pub(super) accepted: Option<Vec<usize>>,
    /// Whose signature behind those would spoil it, where the explanation was asked for.
    pub(super) spoilers: Vec<Spoiler>,
    /// Why an orderer refuses, whoever signs.
    pub(super) refused: Option<String>,
    /// What this build would have to know to tell.
    pub(super) unsupported: Option<String>,
    /// The organisations that could complete it, ascending.
    pub(super) missing: Vec<String>,
    /// What cannot be known from the config.
    pub(super) not_checked: Vec<String>,
    /// Why the policies cannot be satisfied any more; `None` where they can, or are.
    pub(super) dead_end: Option<String>,
    /// The policies that decide, and what they make of the signatures, where that was asked for.
    pub(super) explanation: Option<Box<RawValue>>,
}

impl Opinion {
    /// What follows from everything that the question names; remembered from one call to the next.
    pub(super) fn of(bundle: &Compiled, question: &Question<'_>) -> Arc<Self> {
        let update = Digest::of(question.config_update);
        let kept = bundle.opinion(&update);
        if let Some(kept) = kept.filter(|kept| kept.answers(question)) {
            return Arc::clone(&kept.opinion);
        }
        let opinion = Arc::new(Self::find(bundle, question));
        bundle.keep_opinion(&update, KeptOpinion::new(question, &opinion));
        opinion
    }

    fn find(bundle: &Compiled, question: &Question<'_>) -> Self {
        let policies = question.deciding.map(Deciding::policies);
        let tally = tally(
            bundle,
            policies,
            question.config_update,
            question.signatures,
        );
        let judgement = question
            .deciding
            .map(|deciding| Judgement::of(bundle, deciding, &tally, question));
        let signature = |judged: super::signatures::Judged<'_>| SignatureOpinion {
            msp_id: judged.stored.msp_id.clone(),
            subject: judged
                .identity
                .map(|identity| identity.subject().to_owned()),
            reason: judged.reason,
        };
        Self {
            signatures: tally.judged.into_iter().map(signature).collect(),
            left_out: tally.left_out,
            judgement,
        }
    }

    /// The organisations whose signatures count, ascending.
    pub(super) fn signed_by(&self) -> Vec<String> {
        let mut ids: Vec<String> = self
            .signatures
            .iter()
            .filter(|signature| signature.reason.is_none())
            .map(|signature| signature.msp_id.to_string())
            .collect();
        ids.dedup();
        ids
    }
}

impl Judgement {
    fn of(
        bundle: &Bundle,
        deciding: &Deciding,
        tally: &Tally<'_>,
        question: &Question<'_>,
    ) -> Self {
        let policies = bundle.policies();
        let chosen = policies.choose(bundle.msps(), deciding.policies(), &tally.signers);
        let signers = match &chosen {
            Some(positions) => tally.signers.pick(positions),
            None => tally.signers.clone(),
        };
        let (mut judgement, completable) = match deciding {
            Deciding::Settings(terms) => {
                let places = chosen.is_some().then(|| places(&signers));
                Self::of_settings(bundle, terms, &signers, places, question.explained)
            }
            Deciding::Update(known) => {
                Self::of_update(bundle, known, &signers, tally, question.explained)
            }
        };
        // who could complete every policy by itself has been found among everybody
        let can_pass = completable && question.rejecting.is_empty();
        if judgement.refused.is_none() && judgement.accepted.is_none() && !can_pass {
            let policies = deciding.policies();
            judgement.dead_end = dead_end(bundle, policies, tally, question.rejecting);
        }
        judgement
    }

    /// Also whether each policy is satisfied or can be completed.
    fn of_update(
        bundle: &Bundle,
        known: &KnownTerms,
        signers: &SignerSet,
        tally: &Tally<'_>,
        explained: bool,
    ) -> (Self, bool) {
        let places = places(signers);
        let picked: Vec<ConfigSignature> = places
            .iter()
            .filter_map(|place| tally.judged.get(*place))
            .map(|judged| judged.stored.signature.clone())
            .collect();
        let decision = bundle.decide(known.terms(), signers, &picked, explained);
        let explanation = explained.then(|| {
            let verdicts = decision.policies.iter();
            let verdicts = verdicts.map(|verdict| {
                let elements = verdict.elements.iter().map(ToString::to_string);
                let elements: Vec<String> = elements.collect();
                explained_policy(&elements, &verdict.path, &verdict.explanation)
            });
            Value::Array(verdicts.collect())
        });
        let missing = decision.missing();
        let mut explanations = decision.policies.iter().map(|one| &one.explanation);
        let completable = explanations.all(can_be_completed);
        let spoilers = match explained {
            true => (bundle.policies()).spoilers(bundle.msps(), known.policies(), signers),
            false => Vec::new(),
        };
        let mut judgement = Self {
            accepted: None,
            spoilers,
            refused: None,
            unsupported: known.unsupported().cloned(),
            missing: missing.iter().map(ToString::to_string).collect(),
            dead_end: None,
            explanation: explanation.as_ref().and_then(written),
            not_checked: decision.not_checked,
        };
        if judgement.unsupported.is_some() {
            return (judgement, completable);
        }
        match decision.verdict {
            Verdict::Accepted => judgement.accepted = Some(places),
            Verdict::Refused(refusal) => judgement.refused = Some(refusal.to_string()),
            Verdict::Unsupported { .. } | Verdict::Unsatisfied => {}
        }
        (judgement, completable)
    }

    /// Whether the signatures on settings satisfy the policy that decides about them.
    fn of_settings(
        bundle: &Bundle,
        terms: &SettingsTerms,
        signers: &SignerSet,
        accepted: Option<Vec<usize>>,
        explained: bool,
    ) -> (Self, bool) {
        let policies = bundle.policies();
        let explanation = policies.explain(bundle.msps(), terms.policy, signers);
        let missing = explanation.missing().iter().map(ToString::to_string);
        let text = explained.then(|| {
            let elements = [agreement::ISOLATED.to_owned()];
            json!([explained_policy(&elements, DECIDING, &explanation)])
        });
        let judgement = Self {
            accepted,
            // nobody submits settings to an orderer
            spoilers: Vec::new(),
            refused: None,
            unsupported: terms.unsupported.clone(),
            missing: missing.collect(),
            not_checked: Vec::new(),
            dead_end: None,
            explanation: text.as_ref().and_then(written),
        };
        (judgement, can_be_completed(&explanation))
    }
}

fn can_be_completed(explanation: &Explanation) -> bool {
    explanation.satisfied() || !explanation.smallest_sets().is_empty()
}

/// The places of the signatures of some signers, in their order.
fn places(signers: &SignerSet) -> Vec<usize> {
    signers.signers().iter().map(|one| one.index).collect()
}

fn explained_policy(elements: &[String], path: &str, explanation: &Explanation) -> Value {
    json!({
        "elements": elements,
        "policy": path,
        "satisfied": explanation.satisfied(),
        "explanation": explanation.to_json(),
    })
}

/// A value as text; a generic JSON value can always be written.
fn written(value: &Value) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(value).ok()
}

/// Why the deciding policies cannot be satisfied any more, neither by the signatures that count
/// nor by anybody of the organisations that have not rejected; `None` where they can.
fn dead_end(
    bundle: &Bundle,
    policies: &[PolicyId],
    tally: &Tally<'_>,
    rejecting: &BTreeSet<MspId>,
) -> Option<String> {
    let others: BTreeSet<MspId> = bundle
        .msps()
        .iter()
        .map(|msp| msp.id().clone())
        .filter(|msp_id| !rejecting.contains(msp_id))
        .collect();
    let can_pass = bundle
        .policies()
        .could_pass(bundle.msps(), policies, &tally.signers, &others);
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

/// What decided, as far as the update does not tell.
#[derive(Debug, PartialEq, Eq)]
enum KeptDeciding {
    Nothing,
    Settings(SettingsTerms),
    Update,
}

impl KeptDeciding {
    fn of(question: &Question<'_>) -> Self {
        match question.deciding {
            None => Self::Nothing,
            Some(Deciding::Settings(terms)) => Self::Settings(terms.clone()),
            Some(Deciding::Update(_)) => Self::Update,
        }
    }
}

/// A signature, copied, so that no message of a peer is kept because of it.
#[derive(Debug)]
struct KeptSignature {
    header: Box<[u8]>,
    signature: Box<[u8]>,
}

/// An opinion, and everything that decided it beside the config and the update.
#[derive(Debug)]
pub(super) struct KeptOpinion {
    deciding: KeptDeciding,
    signatures: Vec<KeptSignature>,
    unread: Vec<MspId>,
    rejecting: BTreeSet<MspId>,
    opinion: Arc<Opinion>,
}

impl KeptOpinion {
    fn new(question: &Question<'_>, opinion: &Arc<Opinion>) -> Self {
        let bytes = |stored: &StoredSignature| {
            let signature = &stored.signature;
            KeptSignature {
                header: signature.signature_header[..].into(),
                signature: signature.signature[..].into(),
            }
        };
        Self {
            deciding: KeptDeciding::of(question),
            signatures: question.signatures.signatures.iter().map(bytes).collect(),
            unread: question.signatures.unread.clone(),
            rejecting: question.rejecting.clone(),
            opinion: Arc::clone(opinion),
        }
    }

    /// Whether it is what the question, about the same update and config, would be answered.
    fn answers(&self, question: &Question<'_>) -> bool {
        let stored = &question.signatures.signatures;
        let explained = self.opinion.judgement.as_ref();
        let explained = explained.is_none_or(|judgement| judgement.explanation.is_some());
        self.deciding == KeptDeciding::of(question)
            && (explained || !question.explained)
            && self.rejecting == *question.rejecting
            && self.unread == question.signatures.unread
            && self.signatures.len() == stored.len()
            && (self.signatures.iter().zip(&self.opinion.signatures))
                .zip(stored)
                .all(|((kept, opinion), stored)| {
                    stored.msp_id == opinion.msp_id
                        && stored.signature.signature == *kept.signature
                        && stored.signature.signature_header == *kept.header
                })
    }

    /// What it takes to keep it. Unit: bytes, about.
    pub(super) fn weight(&self) -> usize {
        const EACH: usize = 200;
        let signatures = self.signatures.iter().zip(&self.opinion.signatures);
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let signatures: usize = signatures
            .map(|(kept, opinion)| {
                let texts = text(&opinion.subject) + text(&opinion.reason);
                EACH + kept.header.len() + kept.signature.len() + texts
            })
            .sum();
        let judgement = self.opinion.judgement.as_ref();
        let explanation = judgement.and_then(|judgement| judgement.explanation.as_deref());
        let explanation = explanation.map_or(0, |text| text.get().len());
        let missing = judgement.map_or(0, |judgement| judgement.missing.len());
        let spoilers = judgement.map_or(0, |judgement| judgement.spoilers.len());
        let others = missing + spoilers + self.rejecting.len() + self.unread.len();
        signatures + explanation + EACH * others
    }
}
