//! One proposal for people and programs: `GetProposal`.

use std::collections::BTreeMap;

use prost::Message;
use prost_types::Timestamp;

use super::{
    access::owner_remains,
    agreement, attest,
    cache::Compiled,
    error::ContractError,
    finish, history, keys,
    levels::Gate,
    opinion::SignatureOpinion,
    proofs, proposal,
    relations::Relations,
    reports::{
        self, CombinedReport, ConsentReport, ProposalReport, ProposedSettings, SettingsReport,
        SignatureReport, SourceReport, StatusDetail, optional_digest,
    },
    review::Review,
    router::{self, Call},
    state::{self, RevisionSignatures, StoredSignature, Trusted},
    status::{self, Extent, Facts, Status},
    timestamps,
    votes::{self, JudgedVote},
};
use crate::{
    config::{Bundle, ConfigSignature},
    ids::{Digest, MspId, ProposalId, Revision, Sequence},
    proto::cmscc::{Archive, ArchivedSigner, Proposal, ProposalKind},
    stub::Stub,
};

/// `GetProposal`: everything about one proposal; of an archived one what remains.
pub(super) async fn get_proposal<S: Stub>(
    call: &Call<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let (trusted, bundle) = call.trusted(stub).await?;
    let stored: Option<Proposal> = state::get(stub, &keys::proposal(&id)).await?;
    let Some(proposal) = stored else {
        let archive: Option<Archive> = state::get(stub, &keys::archive(&id)).await?;
        let archive = archive.ok_or_else(|| state::unknown_proposal(&id))?;
        return archived(call, stub, &bundle, &trusted, &archive).await;
    };
    let proof = proofs::current(stub, trusted.sequence(), &proposal).await?;
    let applied = proofs::any_revision(stub, trusted.sequence(), &proposal).await?;
    let signatures = state::signatures(stub, &id).await?;
    let votes = votes::on(stub, &id).await?;
    let gate = attest::gate(stub, &trusted).await?;
    let facts = Facts {
        bundle: &bundle,
        trusted: &trusted,
        proposal: &proposal,
        proof,
        signatures: &signatures,
        votes: &votes,
        gate: &gate,
        now: call.now(),
    };
    let derived = facts.derive(Extent::Whole)?;
    let current = proposal::current(&proposal)?;
    let mut consent_trail = consent(&signatures);
    consent_trail.retain(|one| one.revision < current.revision);
    let is_related = proposal.kind() == ProposalKind::ConfigUpdate && !derived.status.is_over();
    let conflicts = match is_related {
        false => None,
        true => {
            let mut relations = Relations::with_contrasts(bundle.tree());
            relations.add(&proposal, derived.status.is_open())?;
            relations.find(stub, &bundle, trusted.sequence()).await?;
            relations.reports().next()
        }
    };
    let agreed = Some(trusted.settings.endorsement_policy.as_str()).filter(|text| !text.is_empty());
    let review = match derived.status {
        Status::Submitted => Review::default(),
        _ => Review::of(&bundle, &proposal, derived.change.as_ref(), &gate, agreed)?,
    };
    let report = ProposalReport {
        applied_revision: applied.map(|proof| proof.revision),
        config_update_envelope_to_submit: derived.envelope.as_deref().map(reports::base64),
        config_update_to_sign: Some(reports::base64(&status::envelope_to_sign(
            &bundle,
            &current.config_update,
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
        signatures: facts
            .signatures_on(current.revision)
            .signatures
            .iter()
            .zip(&derived.opinion.signatures)
            .map(signature_report)
            .collect(),
        signatures_left_out: derived.opinion.left_out.clone(),
        sources: sources(stub, &proposal).await?,
        status: derived.status.name(),
        status_detail: derived.detail,
        still_effective_if_submitted: facts.still_effective(),
        votes: votes.iter().map(JudgedVote::report).collect(),
        ..bare(&bundle, trusted.sequence(), &proposal)?
    };
    reports::write(&report)
}

/// Whether the proposer's organisation left since.
async fn is_former<S: Stub>(stub: &mut S, proposal: &Proposal) -> Result<bool, ContractError> {
    let proposer = finish::proposer(stub, proposal).await?;
    Ok(!owner_remains(proposal, proposer.as_ref()))
}

async fn combined_into<S: Stub>(
    stub: &mut S,
    id: &ProposalId,
) -> Result<Vec<CombinedReport>, ContractError> {
    let found = proofs::combined_into(stub, id).await?;
    found
        .into_iter()
        .map(|(id, combined)| {
            Ok(CombinedReport {
                config_update_sha256: state::digest(&combined.config_update_sha256)?.to_string(),
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
        let archive: Option<Archive> = state::get(stub, &keys::archive(&id)).await?;
        let (content, consent, votes) = match archive {
            Some(archive) => (
                archive.proposal,
                archived_consent(&archive.signers),
                votes::of_archive(&id, &archive.votes),
            ),
            None => (
                state::get(stub, &keys::proposal(&id)).await?,
                consent(&state::signatures(stub, &id).await?),
                votes::stored(stub, &id, &id).await?,
            ),
        };
        let content = content.unwrap_or_default();
        let votes = votes::judge(stub, votes).await?;
        reports.push(SourceReport {
            config_update_sha256: state::digest(&source.config_update_sha256)?.to_string(),
            consent,
            description: content.description,
            proposal_id: source.proposal_id.clone(),
            proposer_msp_id: content.proposer_msp_id,
            revision: source.revision,
            votes: votes.iter().map(JudgedVote::report).collect(),
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

/// The same of an archive entry.
pub(super) fn archived_consent(signers: &[ArchivedSigner]) -> Vec<ConsentReport> {
    signers
        .iter()
        .map(|signer| ConsentReport {
            fingerprint: signer.fingerprint.clone(),
            msp_id: signer.msp_id.clone(),
            revision: signer.revision,
        })
        .collect()
}

/// What can be said of a proposal without deriving anything.
fn bare(
    bundle: &Bundle,
    as_of: Sequence,
    proposal: &Proposal,
) -> Result<ProposalReport, ContractError> {
    let current = proposal::current(proposal)?;
    let time = |at: Option<&Timestamp>| at.and_then(|at| timestamps::text(timestamps::read(at)));
    Ok(ProposalReport {
        applied_revision: None,
        archived: false,
        as_of_sequence: as_of.0,
        base_sequence: current.base_sequence,
        combined_into: Vec::new(),
        conflicts: None,
        config_update: reports::document("common.ConfigUpdate", &current.config_update),
        config_update_envelope_to_submit: None,
        config_update_sha256: Digest::of(&current.config_update).to_string(),
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
        outcome: None,
        patch: match proposal.kind() {
            ProposalKind::ConfigUpdate => reports::document("common.Config", &proposal.patch),
            _ => None,
        },
        proposal_id: proposal.id.clone(),
        proposer_msp_id: proposal.proposer_msp_id.clone(),
        revision: current.revision,
        settings: proposed_settings(proposal)?,
        signatures: Vec::new(),
        signatures_left_out: Vec::new(),
        sources: Vec::new(),
        status: "",
        status_detail: StatusDetail::default(),
        still_effective_if_submitted: Vec::new(),
        tx_id: proposal.tx_id.clone(),
        unsupported: router::unsupported(bundle),
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

/// A kind's public name.
pub(super) const fn kind_name(kind: ProposalKind) -> &'static str {
    match kind {
        ProposalKind::ConfigUpdate => "config_update",
        ProposalKind::Settings => "settings",
        ProposalKind::Unspecified => "unknown",
    }
}

fn signature_report((stored, opinion): (&StoredSignature, &SignatureOpinion)) -> SignatureReport {
    SignatureReport {
        config_signature: config_signature(
            &stored.signature.signature_header,
            &stored.signature.signature,
        ),
        counts: opinion.reason.is_none(),
        fingerprint: stored.fingerprint.clone(),
        msp_id: stored.msp_id.to_string(),
        reason: opinion.reason.clone(),
        subject: opinion.subject.clone(),
    }
}

/// Base64 of a serialized `common.ConfigSignature`.
pub(super) fn config_signature(header: &bytes::Bytes, signature: &bytes::Bytes) -> String {
    let message = crate::proto::common::ConfigSignature {
        signature_header: header.clone(),
        signature: signature.clone(),
    };
    reports::base64(&message.encode_to_vec())
}

/// An archived proposal: how it ended then, and what the chain proves now.
async fn archived<S: Stub>(
    call: &Call<'_>,
    stub: &mut S,
    bundle: &Compiled,
    trusted: &Trusted,
    archive: &Archive,
) -> Result<Vec<u8>, ContractError> {
    let as_of = trusted.sequence();
    let proposal = history::content(archive)?;
    let (outcome, applied) = history::outcome(stub, as_of, archive).await?;
    let id = ProposalId::new(proposal.id.as_str());
    let votes = votes::judge(stub, votes::of_archive(&id, &archive.votes)).await?;
    let last = proposal::current(proposal)?.revision;
    let kept = archive.signers.iter().filter_map(|signer| {
        let signature = signer.config_signature.as_ref()?;
        Some(SignatureReport {
            config_signature: config_signature(&signature.signature_header, &signature.signature),
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
    consent_trail.retain(|one| one.revision < last);
    let facts = Facts {
        bundle,
        trusted,
        proposal,
        proof: None,
        signatures: &kept_signatures(archive),
        votes: &[],
        gate: &Gate::default(),
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
        votes: votes.iter().map(JudgedVote::report).collect(),
        ..bare(bundle, as_of, proposal)?
    };
    reports::write(&report)
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
            signature: ConfigSignature {
                signature_header: signature.signature_header.clone(),
                signature: signature.signature.clone(),
            },
        });
    }
    kept
}
