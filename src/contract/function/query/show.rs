//! One proposal for people and programs: `GetProposal`.

use std::collections::BTreeMap;

use prost_types::Timestamp;

use super::{others::relate, outcome::outcome};
use crate::{
    config::Bundle,
    contract::{
        answer::{
            self, CombinedReport, ConsentReport, Omitted, Part, ProposalReport, ProposedSettings,
            SettingsReport, Shown, SignatureReport, SourceReport, StatusDetail, VoteReport,
            archived_consent, config_signature, names::kind_name, optional_digest,
        },
        chain::levels,
        error::ContractError,
        function::Context,
        judge::{
            agreement,
            cache::Compiled,
            gate::CapabilityGate,
            opinion::SignatureOpinion,
            relations::Relations,
            review::{Review, ReviewRoom},
            status::{Extent, Status, StatusFacts, envelope_to_sign},
        },
        ledger::{
            self, RevisionSignatures, StoredSignature, TrustedHead, archive, attestations,
            combined, keys,
            members::{self, owner_remains},
            proofs,
            proposals::{self, HashedRevision},
            timestamps, votes,
        },
    },
    ids::{Digest, MspId, ProposalId, Revision, Sequence},
    proto::cmscc::{Archive, Proposal, ProposalKind},
    stub::Stub,
};

/// `GetProposal`: everything about one proposal; of an archived one what remains.
pub(crate) async fn get_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let mut shown: Shown = call.args.options(1)?;
    let (trusted, bundle) = call.trusted(stub).await?;
    let stored: Option<Proposal> = ledger::get(stub, &keys::proposal(&id)).await?;
    let Some(proposal) = stored else {
        let archive: Option<Archive> = ledger::get(stub, &keys::archive(&id)).await?;
        let archive = archive.ok_or_else(|| proposals::unknown(&id))?;
        return archived(call, stub, &bundle, &trusted, &archive, shown).await;
    };
    let current = proposals::current(&proposal)?;
    let proof = proofs::current(stub, trusted.sequence(), &id, &current).await?;
    let applied = proofs::any_revision(stub, trusted.sequence(), &proposal).await?;
    let signatures = ledger::signatures(stub, &id).await?;
    let votes = votes::on(stub, &id).await?;
    let gate = CapabilityGate::of(&trusted, &attestations::judged(stub).await?);
    let facts = StatusFacts {
        bundle: &bundle,
        trusted: &trusted,
        proposal: &proposal,
        current: &current,
        proof,
        signatures: &signatures,
        votes: &votes,
        gate: &gate,
        now: call.now(),
    };
    let derived = facts.derive(Extent::Whole(shown.room(Part::Explanation)))?;
    let mut consent_trail = consent(&signatures);
    consent_trail.retain(|one| one.revision < current.number.0);
    let is_related = proposal.kind() == ProposalKind::ConfigUpdate && !derived.status.is_over();
    let conflicts = match is_related {
        false => None,
        true => {
            let mut relations = Relations::with_contrasts(bundle.tree());
            relations.add(&proposal, derived.status.is_open())?;
            relate(stub, &mut relations, &bundle, trusted.sequence()).await?;
            relations.reports().next()
        }
    };
    let agreed = Some(trusted.settings.endorsement_policy.as_str()).filter(|text| !text.is_empty());
    let review = match derived.status {
        Status::Submitted => Review::default(),
        _ => {
            let room = ReviewRoom {
                diff: shown.diff(),
                lint: shown.lint(),
            };
            Review::of(
                &bundle,
                &proposal,
                derived.change.as_ref(),
                &gate,
                agreed,
                room,
            )?
        }
    };
    let report = ProposalReport {
        applied_revision: applied.map(|proof| proof.revision),
        config_update_envelope_to_submit: derived.envelope.as_deref().map(answer::base64),
        config_update_to_sign: Some(answer::base64(&envelope_to_sign(
            &bundle,
            current.config_update,
        ))),
        combined_into: combined_into(stub, &id).await?,
        conflicts,
        consent_trail,
        diff: review.diff,
        endorsement: review.endorsement,
        explanation: derived.explanation().map(ToOwned::to_owned),
        former_member: is_former(stub, &proposal).await?,
        lint: review.lint,
        not_checked: derived.not_checked(),
        signatures: {
            let stored = facts.signatures_on(current.number).signatures.iter();
            let pairs = stored.zip(&derived.opinion.signatures);
            let counts = |(_, opinion): &(_, &SignatureOpinion)| opinion.reason.is_none();
            shown.preferring(Part::Signatures, &pairs, counts, signature_report)
        },
        signatures_left_out: derived.opinion.left_out.clone(),
        sources: sources(stub, &proposal).await?,
        status: derived.status.name(),
        status_detail: derived.detail,
        still_effective_if_submitted: facts.still_effective(),
        votes: shown.first(Part::Votes, &votes.iter(), VoteReport::of),
        ..bare(&bundle, trusted.sequence(), &proposal, &current, &mut shown)?
    };
    answer::write(&report.bounded(&shown))
}

/// Whether the proposer's organisation left since.
async fn is_former<S: Stub>(stub: &mut S, proposal: &Proposal) -> Result<bool, ContractError> {
    let proposer = members::proposer(stub, proposal).await?;
    Ok(!owner_remains(proposal, proposer.as_ref()))
}

async fn combined_into<S: Stub>(
    stub: &mut S,
    id: &ProposalId,
) -> Result<Vec<CombinedReport>, ContractError> {
    let found = combined::into(stub, id).await?;
    found
        .into_iter()
        .map(|(id, combined)| {
            Ok(CombinedReport {
                config_update_sha256: ledger::digest(&combined.config_update_sha256)?.to_string(),
                proposal_id: id.to_string(),
                revision: combined.revision,
            })
        })
        .collect()
}

/// What was combined into a proposal, each with what members said about it by itself.
async fn sources<S: Stub>(
    stub: &mut S,
    proposal: &Proposal,
) -> Result<Vec<SourceReport>, ContractError> {
    let mut reports = Vec::with_capacity(proposal.sources.len());
    for source in &proposal.sources {
        let id = ProposalId::new(source.proposal_id.as_str());
        let archive: Option<Archive> = ledger::get(stub, &keys::archive(&id)).await?;
        let (content, consent, votes) = match archive {
            Some(archive) => (
                archive.proposal,
                archived_consent(&archive.signers),
                votes::of_archive(&id, &archive.votes),
            ),
            None => (
                ledger::get(stub, &keys::proposal(&id)).await?,
                consent(&ledger::signatures(stub, &id).await?),
                votes::stored(stub, &id, &id).await?,
            ),
        };
        let content = content.unwrap_or_default();
        let votes = votes::judge(stub, votes).await?;
        reports.push(SourceReport {
            config_update_sha256: ledger::digest(&source.config_update_sha256)?.to_string(),
            consent,
            description: content.description,
            proposal_id: source.proposal_id.clone(),
            proposer_msp_id: content.proposer_msp_id,
            revision: source.revision,
            votes: votes.iter().map(VoteReport::of).collect(),
        });
    }
    Ok(reports)
}

/// Who signed which revision, in key order.
fn consent(signatures: &BTreeMap<Revision, RevisionSignatures>) -> Vec<ConsentReport> {
    signatures
        .iter()
        .flat_map(|(revision, of)| of.signatures.iter().map(move |one| (revision, one)))
        .map(|(revision, one)| ConsentReport {
            fingerprint: one.fingerprint.clone(),
            msp_id: one.msp_id.to_string(),
            revision: revision.0,
        })
        .collect()
}

/// What can be said of a proposal without deriving anything.
fn bare(
    bundle: &Bundle,
    as_of: Sequence,
    proposal: &Proposal,
    current: &HashedRevision<'_>,
    shown: &mut Shown,
) -> Result<ProposalReport, ContractError> {
    let time = |at: Option<&Timestamp>| at.and_then(|at| timestamps::text(timestamps::read(at)));
    Ok(ProposalReport {
        applied_revision: None,
        archived: false,
        as_of_sequence: as_of.0,
        base_sequence: current.base_sequence.0,
        combined_into: Vec::new(),
        conflicts: None,
        config_update: shown.document(
            Part::ConfigUpdate,
            "common.ConfigUpdate",
            current.config_update,
        ),
        config_update_envelope_to_submit: None,
        config_update_sha256: current.digest.to_string(),
        config_update_to_sign: None,
        consent_trail: Vec::new(),
        created_at: time(proposal.created_at.as_ref()),
        deadline: time(proposal.deadline.as_ref()),
        description: proposal.description.clone(),
        diff: None,
        endorsement: None,
        explanation: None,
        former_member: false,
        kind: kind_name(proposal.kind()),
        lint: None,
        not_checked: Vec::new(),
        omitted: Omitted::new(),
        outcome: None,
        patch: match proposal.kind() {
            ProposalKind::ConfigUpdate => {
                shown.document(Part::Patch, "common.Config", &proposal.patch)
            }
            _ => None,
        },
        proposal_id: proposal.id.clone(),
        proposer_msp_id: proposal.proposer_msp_id.clone(),
        revision: current.number.0,
        settings: proposed_settings(proposal)?,
        signatures: Vec::new(),
        signatures_left_out: Vec::new(),
        sources: Vec::new(),
        status: "",
        status_detail: StatusDetail::default(),
        still_effective_if_submitted: Vec::new(),
        tx_id: proposal.tx_id.clone(),
        unsupported: levels::unsupported(bundle),
        votes: Vec::new(),
    })
}

fn proposed_settings(proposal: &Proposal) -> Result<Option<ProposedSettings>, ContractError> {
    if proposal.kind() != ProposalKind::Settings {
        return Ok(None);
    }
    let change = agreement::change(proposal)?;
    Ok(Some(ProposedSettings {
        current_sha256: optional_digest(Digest::from_bytes(&change.current_sha256).as_ref()),
        instance: change.instance,
        settings: SettingsReport::of(&change.settings.unwrap_or_default()),
        version: change.version,
    }))
}

fn signature_report((stored, opinion): (&StoredSignature, &SignatureOpinion)) -> SignatureReport {
    SignatureReport {
        config_signature: config_signature(&stored.signature),
        counts: opinion.reason.is_none(),
        fingerprint: stored.fingerprint.clone(),
        msp_id: stored.msp_id.to_string(),
        reason: opinion.reason.clone(),
        subject: opinion.subject.clone(),
    }
}

/// An archived proposal: how it ended then, and what the chain proves now.
async fn archived<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
    bundle: &Compiled,
    trusted: &TrustedHead,
    archive: &Archive,
    mut shown: Shown,
) -> Result<Vec<u8>, ContractError> {
    let as_of = trusted.sequence();
    let proposal = archive::content(archive)?;
    let (outcome, applied) = outcome(stub, as_of, archive).await?;
    let id = ProposalId::new(proposal.id.as_str());
    let votes = votes::judge(stub, votes::of_archive(&id, &archive.votes)).await?;
    let current = proposals::current(proposal)?;
    let kept = archive.signers.iter().filter_map(|signer| {
        let signature = signer.config_signature.as_ref()?;
        Some(SignatureReport {
            config_signature: config_signature(&signature.clone().into()),
            counts: false,
            fingerprint: signer.fingerprint.clone(),
            msp_id: signer.msp_id.clone(),
            reason: Some(format!(
                "the proposal is archived; it is on revision {}",
                signer.revision
            )),
            subject: None,
        })
    });
    let mut consent_trail = archived_consent(&archive.signers);
    consent_trail.retain(|one| one.revision < current.number.0);
    let facts = StatusFacts {
        bundle,
        trusted,
        proposal,
        current: &current,
        proof: None,
        signatures: &kept_signatures(archive),
        votes: &[],
        gate: &CapabilityGate::default(),
        now: call.now(),
    };
    let still_effective = facts.still_effective();
    let report = ProposalReport {
        applied_revision: applied,
        archived: true,
        combined_into: combined_into(stub, &id).await?,
        consent_trail,
        former_member: is_former(stub, proposal).await?,
        signatures: kept.collect(),
        sources: sources(stub, proposal).await?,
        status: outcome.outcome,
        status_detail: StatusDetail {
            proof: outcome.proof.clone(),
            via: outcome.via.clone(),
            ..StatusDetail::default()
        },
        outcome: Some(outcome),
        still_effective_if_submitted: still_effective,
        votes: votes.iter().map(VoteReport::of).collect(),
        ..bare(bundle, as_of, proposal, &current, &mut shown)?
    };
    answer::write(&report.bounded(&shown))
}

/// The signatures that an archive entry keeps, in the order in which they lay on the ledger.
fn kept_signatures(archive: &Archive) -> BTreeMap<Revision, RevisionSignatures> {
    let mut kept: BTreeMap<Revision, RevisionSignatures> = BTreeMap::new();
    for signer in &archive.signers {
        let Some(signature) = &signer.config_signature else {
            continue;
        };
        let of = kept.entry(Revision(signer.revision)).or_default();
        of.signatures.push(StoredSignature {
            key: String::new(),
            msp_id: MspId::new(signer.msp_id.as_str()),
            fingerprint: signer.fingerprint.clone(),
            signature: signature.clone().into(),
        });
    }
    kept
}
