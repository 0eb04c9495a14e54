//! How a proposal ended: what the block that carried it shows, or that no block carried it.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::{
    chain::AuditedChain,
    document::{AuditBundle, ExportedOutcome, ExportedPolicies, ExportedProof, ExportedProposal},
    error::{AuditError, digest},
    finding::{AuditFindingId, AuditFindings},
    records::CheckedProposals,
};
use crate::{
    config::{Bundle, Update, envelope, expected_result, intended_effect, is_in_effect},
    contract::{chain::evaluated, judge::fit::compute},
    ids::{Digest, Sequence},
    policy::RULE_TEXT,
    review::diff::{Diff, diff},
};

/// Where and how a proposal took effect.
#[derive(Clone, Debug, Serialize)]
pub struct EffectiveUpdate {
    /// SHA-256 of the block's header.
    pub block_hash: String,
    /// The block's number.
    pub block_number: u64,
    /// SHA-256 of the config update that the block carries.
    pub config_update_sha256: String,
    /// The policies of the config before that decided, by the first element that each decides.
    pub policies: Vec<AuditedPolicy>,
    /// The proposal whose bytes they are: it, or the combined proposal.
    pub proposal_id: String,
    /// The revision whose bytes they are.
    pub revision: u64,
    /// The sequence that it led to.
    pub sequence: u64,
    /// Whose signatures the envelope in the block carries, as far as they count, in its order.
    pub signers: Vec<OnChainSigner>,
}

/// A policy that decided about the update, evaluated again.
#[derive(Clone, Debug, Serialize)]
pub struct AuditedPolicy {
    /// The elements that it decided, ascending.
    pub elements: Vec<String>,
    /// What it made of the signatures.
    pub explanation: Value,
    /// Its path, such as `/Channel/Application/Admins`.
    pub policy: String,
    /// Its rule in Fabric's language.
    pub rule: String,
    /// Whether the signatures in the block satisfy it.
    pub satisfied: bool,
}

/// Who signed what the block carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OnChainSigner {
    /// The signer's MSP identity id.
    pub fingerprint: String,
    /// The signer's MSP.
    pub msp_id: String,
    /// Whether the bundle has a signature of the same signer on this revision. Who submits with
    /// `peer channel update` adds a signature of its own, which need not be in it.
    pub recorded: bool,
    /// The subject of the signer's certificate.
    pub subject: String,
}

/// Compares the outcome that the bundle names with what the blocks show.
pub(crate) fn check(
    document: &AuditBundle,
    chain: &AuditedChain,
    records: &CheckedProposals,
    findings: &mut AuditFindings,
) -> Result<(Option<EffectiveUpdate>, Option<Diff>), AuditError> {
    let record = &document.proposal;
    let at = format!("proposal {}", record.proposal_id);
    let Some(outcome) = &record.outcome else {
        findings.put(AuditFindingId::Outcome, at, "it is not finished");
        return Ok((None, None));
    };
    match &outcome.proof {
        Some(proof) if outcome.outcome == "Submitted" => {
            took_effect(document, outcome, proof, chain, records, findings)
        }
        Some(_) => {
            let text = format!("it has a proof and ended as `{}`", outcome.outcome);
            findings.put(AuditFindingId::Outcome, at, text);
            Ok((None, None))
        }
        None => {
            if let Err(text) = ended(document, outcome, chain, records)? {
                findings.put(AuditFindingId::Outcome, &at, text);
            }
            if outcome.via.is_some() || document.via.is_some() {
                let text = "it names a combined proposal, but no proof that this took effect";
                findings.put(AuditFindingId::Combined, &at, text);
            }
            if document.evaluated.is_some() {
                let text = "it lists policies of an update that did not take effect";
                findings.put(AuditFindingId::Policy, &at, text);
            }
            if chain.last() != Some(Sequence(document.as_of_sequence)) {
                let text = format!(
                    "that nothing took effect can be seen up to sequence {} only if the chain \
                     goes there",
                    document.as_of_sequence
                );
                findings.put(AuditFindingId::Chain, "chain", text);
            }
            Ok((None, None))
        }
    }
}

/// The proposal whose bytes took effect.
fn owner<'a>(
    document: &'a AuditBundle,
    outcome: &ExportedOutcome,
    findings: &mut AuditFindings,
) -> Option<&'a ExportedProposal> {
    let record = &document.proposal;
    let at = format!("proposal {}", record.proposal_id);
    let put = |findings: &mut AuditFindings, text: &str| {
        findings.put(AuditFindingId::Combined, &at, text);
        None
    };
    match (&outcome.via, &document.via) {
        (None, None) => Some(record),
        (Some(id), Some(via)) if *id == via.proposal_id => {
            let mut sources = via.sources.iter();
            match sources.any(|source| source.proposal_id == record.proposal_id) {
                true => Some(via),
                false => put(findings, "it is no source of the combined proposal named"),
            }
        }
        _ => put(findings, "the combined proposal named is not in the bundle"),
    }
}

fn took_effect(
    document: &AuditBundle,
    outcome: &ExportedOutcome,
    proof: &ExportedProof,
    chain: &AuditedChain,
    records: &CheckedProposals,
    findings: &mut AuditFindings,
) -> Result<(Option<EffectiveUpdate>, Option<Diff>), AuditError> {
    let Some(owner) = owner(document, outcome, findings) else {
        return Ok((None, None));
    };
    let at = format!(
        "proposal {}, revision {}",
        owner.proposal_id, proof.revision
    );
    let sequence = Sequence(proof.sequence);
    let Some(link) = chain.link(sequence) else {
        let text = format!("the chain has no link of sequence {sequence}");
        findings.put(AuditFindingId::Proof, at, text);
        return Ok((None, None));
    };
    if (proof.block_number, &proof.block_hash) != (link.said.block_number, &link.said.block_hash) {
        let text = format!(
            "the proof names block {} `{}`, the link block {} `{}`",
            proof.block_number, proof.block_hash, link.said.block_number, link.said.block_hash
        );
        findings.put(AuditFindingId::Proof, &at, text);
    }
    let key = (owner.proposal_id.clone(), proof.revision);
    let Some(update) = records.updates.get(&key) else {
        findings.put(AuditFindingId::Proof, at, "there is no such revision");
        return Ok((None, None));
    };
    let said = link.said.config_update_sha256.as_deref();
    let said = said.map(|said| digest("config_update_sha256", said));
    if said.transpose()? != Some(Digest::of(update)) {
        let text = format!("the block of sequence {sequence} carries another update");
        findings.put(AuditFindingId::Proof, &at, text);
    }
    let before = sequence.0.checked_sub(1).map(Sequence);
    let before = before.and_then(|before| chain.config_at(before));
    let (Some(before), Some(after)) = (before, &link.config) else {
        // why there is no config was found with the chain
        let text = format!("the configs of sequence {sequence} and before are not both proven");
        findings.put(AuditFindingId::Proof, at, text);
        return Ok((None, None));
    };
    for id in [&owner.proposal_id, &document.proposal.proposal_id] {
        if let Err(text) = result(before, after, id, owner, records) {
            findings.put(AuditFindingId::Result, format!("proposal {id}"), text);
        }
    }
    let envelope = link.block.as_ref().and_then(|block| block.last_update());
    let update = link.block.as_ref().and_then(|block| block.update());
    evaluated_by(document, before, update, &at, findings);
    let effective = envelope
        .ok_or_else(|| "the block carries no update".to_owned())
        .and_then(|envelope| carried(before, envelope, owner, proof));
    match effective {
        Ok(effective) => {
            if let Some(policy) = effective.policies.iter().find(|policy| !policy.satisfied) {
                let text = format!("`{}` is not satisfied", policy.policy);
                findings.put(AuditFindingId::Policy, &at, text);
            }
            let changed = diff(before.tree(), after.tree());
            Ok((Some(effective), Some(changed)))
        }
        Err(text) => {
            findings.put(AuditFindingId::Policy, at, text);
            Ok((None, None))
        }
    }
}

/// Whether the policies that the bundle lists are those of the config before that the update asks.
fn evaluated_by(
    document: &AuditBundle,
    before: &Bundle,
    update: Option<&Update>,
    at: &str,
    findings: &mut AuditFindings,
) {
    let shown = update.and_then(|update| evaluated(before, update));
    let shown = shown.and_then(|kept| ExportedPolicies::new(&kept).ok());
    if document.evaluated == shown {
        return;
    }
    let listed = |evaluated: Option<ExportedPolicies>| {
        evaluated.map_or((Vec::new(), 0), |one| (one.policies, one.omitted))
    };
    let (said, said_omitted) = listed(document.evaluated.clone());
    let (shown, shown_omitted) = listed(shown);
    let mut pairs = said.iter().zip(&shown);
    let text = match pairs.find(|(said, shown)| said != shown) {
        Some((said, shown)) => format!(
            "the bundle lists `{}` (`{}`) where the config of sequence {} has `{}` (`{}`)",
            said.policy,
            said.config_policy_sha256,
            before.sequence(),
            shown.policy,
            shown.config_policy_sha256
        ),
        None => format!(
            "the bundle lists {} policies and omits {said_omitted}, of the config of sequence {} \
             it is {} and {shown_omitted}",
            said.len(),
            before.sequence(),
            shown.len()
        ),
    };
    findings.put(AuditFindingId::Policy, at, text);
}

/// Whether the config that followed is what an intent wants: of what took effect exactly that, of
/// one of several that did together, with all of it in there.
fn result(
    before: &Bundle,
    after: &Bundle,
    id: &str,
    owner: &ExportedProposal,
    records: &CheckedProposals,
) -> Result<(), String> {
    let patch = records.patches.get(id).ok_or("it is not in the bundle")?;
    let apply = |config: &Bundle| patch.apply(config.tree()).map_err(|e| e.to_string());
    let wanted = match id == owner.proposal_id {
        true => {
            let intended = apply(before)?;
            let expected = expected_result(before.tree(), &intended).map_err(|e| e.to_string())?;
            expected.same_content(after.tree())
        }
        // what deletes something does not apply once that is gone
        false => match apply(after) {
            Ok(intended) => is_in_effect(after.tree(), &intended),
            Err(_) => apply(before).is_ok(),
        },
    };
    match wanted {
        true => Ok(()),
        false => Err(format!(
            "the config of sequence {} is not what the intent makes of the one before",
            after.sequence()
        )),
    }
}

/// What the envelope in the block shows: who signed, and what the policies before make of it.
fn carried(
    before: &Bundle,
    envelope: &Bytes,
    owner: &ExportedProposal,
    proof: &ExportedProof,
) -> Result<EffectiveUpdate, String> {
    let carried = envelope::read_update_envelope(envelope).map_err(|e| e.to_string())?;
    let update = Update::parse(carried.config_update).map_err(|e| e.to_string())?;
    let effect = before.effect(&update).map_err(|e| e.to_string())?;
    let signers = before
        .verify_signatures(&update, &carried.signatures)
        .map_err(|e| e.to_string())?;
    let recorded = |fingerprint: &str, msp_id: &str| {
        let mut signatures = owner.signatures.iter();
        signatures.any(|one| {
            (one.revision, one.fingerprint.as_str(), one.msp_id.as_str())
                == (proof.revision, fingerprint, msp_id)
        })
    };
    let on_chain = signers
        .signers()
        .iter()
        .map(|signer| OnChainSigner {
            fingerprint: signer.identity.id().to_owned(),
            msp_id: signer.identity.msp_id().to_string(),
            recorded: recorded(signer.identity.id(), signer.identity.msp_id().as_str()),
            subject: signer.identity.subject().to_owned(),
        })
        .collect();
    let (_, verdicts) = before.explain(effect.terms(), &signers, &carried.signatures);
    let policies = effect.policies().iter().zip(&verdicts);
    let policies = policies
        .map(|(decides, verdict)| AuditedPolicy {
            elements: verdict.elements.iter().map(ToString::to_string).collect(),
            explanation: verdict.explanation.to_json(),
            policy: verdict.path.clone(),
            rule: before.policies().rule_text(decides.policy, RULE_TEXT),
            satisfied: verdict.explanation.satisfied(),
        })
        .collect();
    Ok(EffectiveUpdate {
        block_hash: proof.block_hash.clone(),
        block_number: proof.block_number,
        config_update_sha256: Digest::of(update.bytes()).to_string(),
        policies,
        proposal_id: owner.proposal_id.clone(),
        revision: proof.revision,
        sequence: proof.sequence,
        signers: on_chain,
    })
}

/// Whether a proposal that did not take effect ended as the bundle says; why not.
fn ended(
    document: &AuditBundle,
    outcome: &ExportedOutcome,
    chain: &AuditedChain,
    records: &CheckedProposals,
) -> Result<Result<(), String>, AuditError> {
    let record = &document.proposal;
    let own = records.updates.iter();
    let own: Vec<Digest> = own
        .filter(|((id, _), _)| *id == record.proposal_id)
        .map(|(_, update)| Digest::of(update))
        .collect();
    for (sequence, link) in chain.links() {
        let Some(update) = &link.said.config_update_sha256 else {
            continue;
        };
        if own.contains(&digest("config_update_sha256", update)?) {
            return Ok(Err(format!(
                "it ended as `{}`, but took effect at sequence {sequence}",
                outcome.outcome
            )));
        }
    }
    let then = chain.config_at(Sequence(outcome.as_of_sequence));
    Ok(match outcome.outcome.as_str() {
        "Withdrawn" | "Disowned" => Ok(()),
        "AlreadyInEffect" | "Broken" => match then {
            None => Err(format!(
                "the config of sequence {}, where it ended, is not proven",
                outcome.as_of_sequence
            )),
            Some(config) => stood(config, record, outcome, records),
        },
        "Submitted" => Err("it ended as `Submitted` without a proof".to_owned()),
        other => Err(format!("`{other}` is no end")),
    })
}

/// Whether a proposal stood then as its outcome says.
fn stood(
    config: &Bundle,
    record: &ExportedProposal,
    outcome: &ExportedOutcome,
    records: &CheckedProposals,
) -> Result<(), String> {
    let id = &record.proposal_id;
    let patch = records.patches.get(id).ok_or("it is not in the bundle")?;
    let last = record.revisions.last().map(|computed| computed.revision);
    let update = last.and_then(|last| records.updates.get(&(id.clone(), last)));
    let update = update.ok_or("it has no revision")?;
    let stood = match patch.apply(config.tree()) {
        Err(_) => "Broken",
        Ok(intended) if is_in_effect(config.tree(), &intended) => "AlreadyInEffect",
        Ok(intended) if intended_effect(config, update, &intended).is_ok() => "open",
        Ok(intended) => match compute(config, patch, &intended) {
            Err(_) => "Broken",
            Ok(_) => "Outofdate",
        },
    };
    match stood == outcome.outcome {
        true => Ok(()),
        false => Err(format!(
            "at sequence {} it was not `{}` but `{stood}`",
            outcome.as_of_sequence, outcome.outcome
        )),
    }
}
