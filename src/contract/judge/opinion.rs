//! What the signatures on an update lead to: which of them count, whether they are enough, and what
//! is missing. Pure.

use std::{collections::BTreeSet, sync::Arc};

use super::terms::{Deciding, SettingsTerms};
use crate::{
    contract::{
        answer::ExplanationReport,
        ledger::{RevisionSignatures, StoredSignature, proposals::HashedRevision},
    },
    ids::{MspId, UnixTime},
    policy::Spoiler,
};

/// What an opinion is asked about. Everything that decides it is here, or in the config.
#[derive(Debug)]
pub(crate) struct OpinionQuestion<'a> {
    /// What was signed.
    pub(crate) revision: &'a HashedRevision<'a>,
    /// What decides about it; `None` where it does not do what is intended, so that nothing does.
    pub(crate) deciding: Option<&'a Deciding>,
    /// What lies on the ledger for this revision.
    pub(crate) signatures: &'a RevisionSignatures,
    /// The organisations whose rejections of it count.
    pub(crate) rejecting: &'a BTreeSet<MspId>,
    /// In how many bytes, about, the policies are to be explained, too.
    pub(crate) explained: Option<usize>,
}

/// What the signatures on an update lead to.
#[derive(Debug)]
pub(crate) struct Opinion {
    /// The stored signatures, in key order.
    pub(crate) signatures: Vec<SignatureOpinion>,
    /// What they decide; `None` where nothing decides.
    pub(crate) judgement: Option<Judgement>,
}

/// A stored signature, judged by the current config.
#[derive(Debug)]
pub(crate) struct SignatureOpinion {
    /// The MSP of its key.
    pub(crate) msp_id: MspId,
    /// Who signed; `None` where the current config cannot read it any more.
    pub(crate) subject: Option<String>,
    /// Why it does not count; `None`: it does.
    pub(crate) reason: Option<String>,
    /// When the signer's certificate expires; `None` where it cannot be read.
    pub(crate) not_after: Option<UnixTime>,
}

/// What an orderer would say of an update with these signatures.
#[derive(Debug)]
pub(crate) struct Judgement {
    /// The places of the signatures to hand out, in an order that satisfies.
    pub(crate) accepted: Option<Vec<usize>>,
    /// Whose signature behind those would spoil it, where the explanation was asked for.
    pub(crate) spoilers: Vec<Spoiler>,
    /// Why an orderer refuses, whoever signs.
    pub(crate) refused: Option<String>,
    /// What this build would have to know to tell.
    pub(crate) unsupported: Option<String>,
    /// The organisations that could complete it, ascending.
    pub(crate) missing: Vec<String>,
    /// What the policies need that are not satisfied, in words; some 10 at most.
    pub(crate) needs: Vec<String>,
    /// What cannot be known from the config.
    pub(crate) not_checked: Vec<String>,
    /// Why the policies cannot be satisfied any more; `None` where they can, or are.
    pub(crate) dead_end: Option<String>,
    /// The policies that decide, and what they make of the signatures, where that was asked for.
    pub(crate) explanation: Option<ExplanationReport>,
}

/// What decided, as far as the update does not tell.
#[derive(Debug, PartialEq, Eq)]
enum KeptDeciding {
    Nothing,
    Settings(SettingsTerms),
    Update,
}

impl KeptDeciding {
    fn of(question: &OpinionQuestion<'_>) -> Self {
        match question.deciding {
            None => Self::Nothing,
            Some(Deciding::Settings(terms)) => Self::Settings(terms.clone()),
            Some(Deciding::Update { .. }) => Self::Update,
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
pub(crate) struct KeptOpinion {
    deciding: KeptDeciding,
    explained: Option<usize>,
    signatures: Vec<KeptSignature>,
    rejecting: BTreeSet<MspId>,
    pub(crate) opinion: Arc<Opinion>,
}

impl KeptOpinion {
    pub(crate) fn new(question: &OpinionQuestion<'_>, opinion: &Arc<Opinion>) -> Self {
        let bytes = |stored: &StoredSignature| {
            let signature = &stored.signature;
            KeptSignature {
                header: signature.signature_header[..].into(),
                signature: signature.signature[..].into(),
            }
        };
        Self {
            deciding: KeptDeciding::of(question),
            explained: question.explained,
            signatures: question.signatures.signatures.iter().map(bytes).collect(),
            rejecting: question.rejecting.clone(),
            opinion: Arc::clone(opinion),
        }
    }

    /// Whether it is what the question, about the same update and config, would be answered.
    pub(crate) fn answers(&self, question: &OpinionQuestion<'_>) -> bool {
        let stored = &question.signatures.signatures;
        // what nothing decides has no explanation of any length
        let is_judged = self.opinion.judgement.is_some();
        let explained =
            !is_judged || question.explained.is_none() || question.explained == self.explained;
        self.deciding == KeptDeciding::of(question)
            && explained
            && self.rejecting == *question.rejecting
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
    pub(crate) fn weight(&self) -> usize {
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
        let explanation = judgement.and_then(|judgement| judgement.explanation.as_ref());
        let policies = explanation.into_iter().flat_map(|all| &all.policies);
        let explanation: usize = policies.map(|text| EACH + text.get().len()).sum();
        let missing = judgement.map_or(0, |judgement| judgement.missing.len());
        let needs = judgement.into_iter().flat_map(|judgement| &judgement.needs);
        let needs: usize = needs.map(|text| EACH + text.len()).sum();
        let spoilers = judgement.map_or(0, |judgement| judgement.spoilers.len());
        let others = missing + spoilers + self.rejecting.len();
        signatures + explanation + needs + EACH * others
    }
}
