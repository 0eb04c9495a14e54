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
    policy::{Evaluation, Explanation, PolicyId, SignerSet, Spoiler},
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
        let opinion = Arc::new(Self::find(bundle, question, &update));
        bundle.keep_opinion(&update, KeptOpinion::new(question, &opinion));
        opinion
    }

    fn find(bundle: &Compiled, question: &Question<'_>, update: &Digest) -> Self {
        let policies = question.deciding.map(Deciding::policies);
        let tally = tally(
            bundle,
            policies,
            question.config_update,
            update,
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
        let (policies, ids) = (bundle.policies(), deciding.policies());
        let mut everybody = policies.evaluation(bundle.msps(), &tally.signers);
        let chosen = everybody.choose(ids);
        let picked = chosen.as_ref().map(|places| tally.signers.pick(places));
        let signers = picked.as_ref().unwrap_or(&tally.signers);
        let mut of_picked = picked
            .as_ref()
            .map(|picked| policies.evaluation(bundle.msps(), picked));
        let judged = Picked {
            signers,
            evaluation: of_picked.as_mut().unwrap_or(&mut everybody),
            places: places(signers),
            tally,
        };
        let (mut judgement, completable) = match deciding {
            Deciding::Settings(terms) => {
                let accepted = chosen.is_some();
                Self::of_settings(bundle, terms, judged, accepted, question.explained)
            }
            Deciding::Update(known) => Self::of_update(bundle, known, judged, question.explained),
        };
        // who could complete every policy by itself has been found among everybody
        let can_pass = completable && question.rejecting.is_empty();
        if judgement.refused.is_none() && judgement.accepted.is_none() && !can_pass {
            judgement.dead_end = dead_end(bundle, ids, &mut everybody, question.rejecting);
        }
        judgement
    }

    /// Also whether each policy is satisfied or can be completed.
    fn of_update(
        bundle: &Bundle,
        known: &KnownTerms,
        judged: Picked<'_, '_>,
        explained: bool,
    ) -> (Self, bool) {
        let Picked {
            signers, places, ..
        } = judged;
        let signed = places
            .iter()
            .filter_map(|place| judged.tally.judged.get(*place));
        let signed = signed.map(|judged| judged.stored.signature.clone());
        let signed: Vec<ConfigSignature> = signed.collect();
        let (mut explanation, mut spoilers) = (None, Vec::new());
        let outlook = match explained {
            false => bundle.outlook(known.terms(), judged.evaluation, &signed),
            true => {
                let decision = bundle.decide(known.terms(), signers, &signed);
                let verdicts = decision.policies.iter().map(|verdict| {
                    let elements = verdict.elements.iter().map(ToString::to_string);
                    let elements: Vec<String> = elements.collect();
                    explained_policy(&elements, &verdict.path, &verdict.explanation)
                });
                explanation = written(&Value::Array(verdicts.collect()));
                let policies = bundle.policies();
                spoilers = policies.spoilers(bundle.msps(), known.policies(), signers);
                decision.into()
            }
        };
        let mut judgement = Self {
            accepted: None,
            spoilers,
            refused: None,
            unsupported: known.unsupported().cloned(),
            missing: outlook.missing.iter().map(ToString::to_string).collect(),
            dead_end: None,
            explanation,
            not_checked: outlook.not_checked,
        };
        if judgement.unsupported.is_some() {
            return (judgement, outlook.completable);
        }
        match outlook.verdict {
            Verdict::Accepted => judgement.accepted = Some(places),
            Verdict::Refused(refusal) => judgement.refused = Some(refusal.to_string()),
            Verdict::Unsupported { .. } | Verdict::Unsatisfied => {}
        }
        (judgement, outlook.completable)
    }

    /// Whether the signatures on settings satisfy the policy that decides about them.
    fn of_settings(
        bundle: &Bundle,
        terms: &SettingsTerms,
        judged: Picked<'_, '_>,
        accepted: bool,
        explained: bool,
    ) -> (Self, bool) {
        let policy = terms.policy;
        let (explanation, missing, completable) = match explained {
            false => {
                let outlook = judged.evaluation.outlook(policy);
                (None, outlook.missing, outlook.completable)
            }
            true => {
                let policies = bundle.policies();
                let explanation = policies.explain(bundle.msps(), policy, judged.signers);
                let elements = [agreement::ISOLATED.to_owned()];
                let text = json!([explained_policy(&elements, DECIDING, &explanation)]);
                let missing = explanation.missing().to_vec();
                (written(&text), missing, explanation.completable())
            }
        };
        let judgement = Self {
            accepted: accepted.then_some(judged.places),
            // nobody submits settings to an orderer
            spoilers: Vec::new(),
            refused: None,
            unsupported: terms.unsupported.clone(),
            missing: missing.iter().map(ToString::to_string).collect(),
            not_checked: Vec::new(),
            dead_end: None,
            explanation,
        };
        (judgement, completable)
    }
}

/// The signatures to hand out, where there are enough, otherwise all that count.
struct Picked<'e, 'a> {
    signers: &'e SignerSet,
    /// Over these signers.
    evaluation: &'e mut Evaluation<'a>,
    /// Their places among all.
    places: Vec<usize>,
    tally: &'e Tally<'e>,
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
    signers: &mut Evaluation<'_>,
    rejecting: &BTreeSet<MspId>,
) -> Option<String> {
    let others: BTreeSet<MspId> = bundle
        .msps()
        .iter()
        .map(|msp| msp.id().clone())
        .filter(|msp_id| !rejecting.contains(msp_id))
        .collect();
    let can_pass = signers.could_pass(policies, &others);
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
