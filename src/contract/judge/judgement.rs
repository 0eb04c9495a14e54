//! What the signatures on an update lead to: whether they are enough, and what is missing. Pure.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{json, value::RawValue};

use super::{
    agreement::{self, DECIDING},
    cache::Compiled,
    opinion::{Judgement, KeptOpinion, Opinion, OpinionQuestion},
    signatures::{Tally, tally},
    terms::{Deciding, SettingsTerms},
};
use crate::{
    config::{Bundle, ConfigSignature, PolicyVerdict, Terms, Verdict},
    contract::{answer::ExplanationReport, ledger::RevisionSignatures},
    ids::MspId,
    policy::{Evaluation, Explanation, PolicyId, SignerSet},
};

/// The most bytes of an element's path, about.
const ELEMENT: usize = 1_000;

impl Opinion {
    /// What follows from everything that the question names; remembered from one call to the next.
    pub(crate) fn of(bundle: &Compiled, question: &OpinionQuestion<'_>) -> Arc<Self> {
        let update = &question.revision.digest;
        let kept = bundle.opinion(update);
        if let Some(kept) = kept.filter(|kept| kept.answers(question)) {
            return Arc::clone(&kept.opinion);
        }
        let opinion = Arc::new(Self::find(bundle, question));
        bundle.keep_opinion(update, KeptOpinion::new(question, &opinion));
        opinion
    }

    fn find(bundle: &Compiled, question: &OpinionQuestion<'_>) -> Self {
        let policies = question.deciding.map(Deciding::policies);
        let tally = tally(bundle, policies, question.revision, question.signatures);
        let judgement = question
            .deciding
            .map(|deciding| Judgement::of(bundle, deciding, &tally, question));
        Self {
            signatures: tally.judged,
            judgement,
        }
    }

    /// The organisations whose signatures count, ascending.
    pub(crate) fn signed_by(&self) -> Vec<String> {
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
        tally: &Tally,
        question: &OpinionQuestion<'_>,
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
            signatures: question.signatures,
        };
        let (mut judgement, completable) = match deciding {
            Deciding::Settings(terms) => {
                let accepted = chosen.is_some();
                Self::of_settings(bundle, terms, judged, accepted, question)
            }
            Deciding::Update { terms, .. } => Self::of_update(bundle, terms, judged, question),
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
        terms: &Terms,
        judged: Picked<'_, '_>,
        question: &OpinionQuestion<'_>,
    ) -> (Self, bool) {
        let (explained, rejecting) = (question.explained, question.rejecting);
        let Picked {
            signers, places, ..
        } = judged;
        let signed = places
            .iter()
            .filter_map(|place| judged.signatures.signatures.get(*place));
        let signed = signed.map(|stored| stored.signature.clone());
        let signed: Vec<ConfigSignature> = signed.collect();
        let (mut explanation, mut spoilers) = (None, Vec::new());
        let decision = match explained {
            None => bundle.decide(terms, judged.evaluation, &signed, rejecting),
            Some(room) => {
                let (decision, verdicts) =
                    bundle.explain_within(terms, signers, &signed, rejecting, room);
                let unexplained = terms.policy_ids().len().saturating_sub(verdicts.len());
                let is_cut = |verdict: &&PolicyVerdict| {
                    verdict.more_elements > 0 || verdict.explanation.is_cut()
                };
                let cut = verdicts.iter().filter(is_cut).count();
                explanation = Some(ExplanationReport {
                    policies: verdicts.iter().filter_map(explained_policy).collect(),
                    omitted: unexplained.saturating_add(cut),
                });
                let policies = bundle.policies();
                spoilers = policies.spoilers(bundle.msps(), terms.policy_ids(), signers);
                decision
            }
        };
        let mut judgement = Self {
            accepted: None,
            spoilers,
            refused: None,
            unsupported: unsupported(terms.unknown_levels()),
            missing: decision.missing.iter().map(ToString::to_string).collect(),
            needs: decision.needs,
            dead_end: None,
            explanation,
            not_checked: decision.not_checked,
        };
        if judgement.unsupported.is_some() {
            return (judgement, decision.completable);
        }
        match decision.verdict {
            Verdict::Accepted => judgement.accepted = Some(places),
            Verdict::Refused(refusal) => judgement.refused = Some(refusal.to_string()),
            Verdict::Unsupported { .. } | Verdict::Unsatisfied => {}
        }
        (judgement, decision.completable)
    }

    /// Whether the signatures on settings satisfy the policy that decides about them.
    fn of_settings(
        bundle: &Bundle,
        terms: &SettingsTerms,
        judged: Picked<'_, '_>,
        accepted: bool,
        question: &OpinionQuestion<'_>,
    ) -> (Self, bool) {
        let (policy, rejecting) = (terms.policy, question.rejecting);
        let (explanation, outlook) = match question.explained {
            None => (None, judged.evaluation.outlook(policy, rejecting)),
            Some(room) => {
                let policies = bundle.policies();
                let (msps, signers) = (bundle.msps(), judged.signers);
                let explanation = policies.explain_within(msps, policy, signers, rejecting, room);
                let elements = [agreement::ISOLATED.to_owned()];
                let text = explained_rule(&elements, 0, DECIDING, &explanation);
                let outlook = explanation.outlook();
                let report = ExplanationReport {
                    policies: text.into_iter().collect(),
                    omitted: usize::from(explanation.is_cut()),
                };
                (Some(report), outlook)
            }
        };
        let needs = outlook.needs.map(|needs| format!("`{DECIDING}`: {needs}"));
        let judgement = Self {
            accepted: accepted.then_some(judged.places),
            // nobody submits settings to an orderer
            spoilers: Vec::new(),
            refused: None,
            unsupported: terms.unsupported.clone(),
            missing: outlook.missing.iter().map(ToString::to_string).collect(),
            needs: needs.into_iter().collect(),
            not_checked: Vec::new(),
            dead_end: None,
            explanation,
        };
        (judgement, outlook.completable)
    }
}

/// The signatures to hand out, where there are enough, otherwise all that count.
struct Picked<'e, 'a> {
    signers: &'e SignerSet,
    /// What policies make of exactly these signers.
    evaluation: &'e mut Evaluation<'a>,
    /// Their places among all.
    places: Vec<usize>,
    signatures: &'e RevisionSignatures,
}

/// The places of the signatures of some signers, in their order.
fn places(signers: &SignerSet) -> Vec<usize> {
    signers.signers().iter().map(|one| one.index).collect()
}

fn explained_policy(verdict: &PolicyVerdict) -> Option<Box<RawValue>> {
    let elements = verdict.elements.iter().map(|element| {
        let mut text = element.to_string();
        if let Some(at) = (ELEMENT..text.len()).find(|at| text.is_char_boundary(*at)) {
            text.truncate(at);
            text.push_str("..");
        }
        text
    });
    let elements: Vec<String> = elements.collect();
    let more = verdict.more_elements;
    explained_rule(&elements, more, &verdict.path, &verdict.explanation)
}

/// A policy that decides, as answers show it; a generic JSON value can always be written.
fn explained_rule(
    elements: &[String],
    elements_omitted: usize,
    path: &str,
    explanation: &Explanation,
) -> Option<Box<RawValue>> {
    let mut out = json!({
        "elements": elements,
        "elements_omitted": elements_omitted,
        "policy": path,
        "satisfied": explanation.satisfied(),
    });
    // moved, where the macro would copy the whole tree
    if let Some(object) = out.as_object_mut() {
        object.insert("explanation".to_owned(), explanation.to_json());
    }
    serde_json::value::to_raw_value(&out).ok()
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
