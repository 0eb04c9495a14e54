//! One proposal for people and programs: `GetProposal`.

use std::collections::BTreeMap;

use prost_types::Timestamp;

use super::{others::relate, outcome::outcome, outdated::LinksBehind};
use crate::{
    config::Bundle,
    contract::{
        answer::{
            self, CombinedReport, ConsentReport, Omitted, Part, ProposalReport, ProposedSettings,
            SettingsReport, Shown, SignatureReport, SourceReport, StatusDetail, VoteReport,
            config_signature, names::kind_name, optional_digest,
        },
        chain::levels,
        error::{Code, ContractError},
        function::Context,
        judge::{
            agreement,
            cache::Compiled,
            gate::CapabilityGate,
            opinion::SignatureOpinion,
            relations::Relations,
            review::{Review, ReviewRoom, Reviewable},
            status::{Extent, Status, StatusFacts, envelope_to_sign},
        },
        ledger::{
            self, RevisionSignatures, StoredSignature, TrustedHead, combined,
            keys::{self, ProposalPlace},
            known,
            members::ChannelMembers,
            positions::{self, Positions},
            proofs::{self, ProofQuestion},
            proposals::{self, FoundProposal, HashedRevision, Unarchived},
            timestamps,
        },
    },
    ids::{Digest, MspId, Revision, Sequence, UnixTime},
    proto::cmscc::{Archive, Combined, Proposal, ProposalKind},
    review::lint::KnownCertificate,
    stub::Stub,
};

/// `GetProposal`: everything about one proposal; of an archived one what remains.
pub(crate) async fn get_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let shown: Shown = call.args.options(1)?;
    let key = keys::proposal(&id);
    let (trusted, bundle, stored) = call.trusted_beside(stub, &key).await?;
    let stored = stored.ok_or_else(|| proposals::unknown(&id))?;
    let open = match proposals::found(stub, ledger::decode(&key, &stored)?).await? {
        FoundProposal::Open(open) => open,
        FoundProposal::Archived(proposal, archive) => {
            return archived(call, stub, &bundle, &trusted, &proposal, &archive, shown).await;
        }
    };
    let combined = combined::into(stub, &open.place).await?;
    let positions = positions::on(stub, &open.place).await?;
    let said = Said {
        combined: &combined,
        positions: &positions,
    };
    let report = unarchived(call, stub, (&trusted, &bundle), &open, said, shown).await?;
    answer::write(&report)
}

/// What lies on the ledger beside a proposal that is not archived.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    /// What it was combined into.
    pub(super) combined: &'a [Combined],
    /// What organisations say of it.
    pub(super) positions: &'a Positions,
}

/// Everything about a proposal that is not archived. Reads what proves it, the members, and the records
/// of others.
pub(super) async fn unarchived<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
    (trusted, bundle): (&TrustedHead, &Compiled),
    open: &Unarchived,
    Said {
        combined,
        positions,
    }: Said<'_>,
    mut shown: Shown,
) -> Result<ProposalReport, ContractError> {
    let proposal = &open.proposal;
    let current = proposals::current(proposal)?;
    let questions = [
        ProofQuestion::of_record(&open.record, combined),
        ProofQuestion::of_all(proposal, &[]),
    ];
    let proofs = proofs::find_all(stub, trusted.sequence(), &questions).await?;
    let [proof, applied] = <[_; 2]>::try_from(proofs)
        .map_err(|_| Code::Internal.because("not one proof for each question"))?;
    let members = ChannelMembers::read(stub, bundle).await?;
    let votes = positions.judged(&members);
    let gate = CapabilityGate::of(trusted, &members);
    let facts = StatusFacts {
        bundle,
        trusted,
        proposal,
        withdrawn: open.is_withdrawn(),
        current: &current,
        proof,
        signatures: &positions.signatures,
        votes: &votes,
        gate: &gate,
        now: call.now(),
    };
    let mut derived = facts.derive(Extent::Whole(shown.room(Part::Explanation)))?;
    let mut consent_trail = consent(&positions.signatures);
    consent_trail.retain(|one| one.revision < current.number.0);
    let is_update = proposal.kind() == ProposalKind::ConfigUpdate;
    let behind = match derived.status {
        Status::Outofdate if is_update => {
            LinksBehind::read(stub, trusted, current.base_sequence).await?
        }
        _ => None,
    };
    let mut cause = None;
    let conflicts = match is_update && !derived.status.is_over() {
        false => None,
        true => {
            let mut relations = Relations::with_contrasts(bundle.tree());
            relations.add(proposal, derived.status.is_open())?;
            let update = behind.as_ref().and_then(LinksBehind::update);
            cause = relate(stub, &mut relations, update).await?;
            relations.reports().next()
        }
    };
    derived.detail.outdated_by = behind.map(|behind| behind.report(cause.as_ref()));
    let agreed = Some(trusted.settings.endorsement_policy.as_str()).filter(|text| !text.is_empty());
    let reviewable = match derived.status {
        Status::Submitted => None,
        _ => Reviewable::of(bundle, proposal)?,
    };
    let review = match reviewable {
        None => Review::default(),
        Some(reviewable) => {
            let room = ReviewRoom {
                diff: shown.diff(),
                lint: shown.lint(),
            };
            let changed = reviewable.changed_msps();
            let (read, unread) = changed.split_at(changed.len().min(PEOPLE_OF));
            let people = people(stub, bundle, read).await?;
            let people = (&*people, unread);
            reviewable.review(derived.change.as_ref(), &gate, agreed, people, room)
        }
    };
    let report = ProposalReport {
        applied_revision: applied.map(|proof| proof.revision),
        config_update_envelope_to_submit: derived.envelope.as_deref().map(answer::base64),
        config_update_to_sign: Some(answer::base64(&envelope_to_sign(
            bundle,
            current.config_update,
        ))),
        combined_into: combined_into(combined)?,
        conflicts,
        consent_trail,
        diff: review.diff,
        endorsement: review.endorsement,
        explanation: derived.explanation().map(ToOwned::to_owned),
        former_member: !members.owner_remains(proposal),
        lint: review.lint,
        not_checked: derived.not_checked(),
        signatures: {
            let stored = facts.signatures_on(current.number).signatures.iter();
            let pairs = stored.zip(&derived.opinion.signatures);
            let counts = |(_, opinion): &(_, &SignatureOpinion)| opinion.reason.is_none();
            let report = |pair| signature_report(pair, call.now());
            shown.preferring(Part::Signatures, &pairs, counts, report)
        },
        sources: sources(proposal)?,
        status: derived.status.name(),
        status_detail: derived.detail,
        still_effective_if_submitted: facts.still_effective(),
        votes: shown.first(Part::Votes, &votes.iter(), VoteReport::of),
        ..bare(bundle, trusted.sequence(), proposal, &current, &mut shown)?
    };
    Ok(report.bounded(&shown))
}

/// Of so many MSPs that change it is looked up who acted for them.
const PEOPLE_OF: usize = 32;

/// Who acted for organisations, as far as the current MSPs can read them. Cost: that of
/// [`known::of`] for each.
async fn people<S: Stub>(
    stub: &mut S,
    bundle: &Bundle,
    msp_ids: &[MspId],
) -> Result<Vec<KnownCertificate>, ContractError> {
    let mut people = Vec::new();
    for msp_id in msp_ids {
        for one in known::of(stub, msp_id).await? {
            if let Ok(identity) = bundle.msps().deserialize(&one.serialized_identity) {
                people.push(KnownCertificate {
                    msp_id: identity.msp_id().clone(),
                    certificate: identity.certificate().clone(),
                });
            }
        }
    }
    Ok(people)
}

fn combined_into(found: &[Combined]) -> Result<Vec<CombinedReport>, ContractError> {
    found
        .iter()
        .map(|combined| {
            Ok(CombinedReport {
                config_update_sha256: ledger::digest(&combined.config_update_sha256)?.to_string(),
                proposal_id: combined.proposal_id.clone(),
                revision: combined.revision,
            })
        })
        .collect()
}

/// What was combined into a proposal.
fn sources(proposal: &Proposal) -> Result<Vec<SourceReport>, ContractError> {
    (proposal.sources.iter())
        .map(|source| {
            Ok(SourceReport {
                config_update_sha256: ledger::digest(&source.config_update_sha256)?.to_string(),
                proposal_id: source.proposal_id.clone(),
                proposer_msp_id: source.proposer_msp_id.clone(),
                revision: source.revision,
            })
        })
        .collect()
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

fn signature_report(
    (stored, opinion): (&StoredSignature, &SignatureOpinion),
    now: UnixTime,
) -> SignatureReport {
    SignatureReport {
        expired: opinion.not_after.is_some_and(|end| end < now),
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
    proposal: &Proposal,
    archive: &Archive,
    mut shown: Shown,
) -> Result<Vec<u8>, ContractError> {
    let as_of = trusted.sequence();
    let place = ProposalPlace::of_proposal(proposal);
    let combined = combined::into(stub, &place).await?;
    let question = ProofQuestion::of_archive(archive, &combined);
    let proof = proofs::find(stub, as_of, question).await?;
    let (outcome, applied) = outcome(archive, proof.as_ref())?;
    let positions = positions::on(stub, &place).await?;
    let members = ChannelMembers::read(stub, bundle).await?;
    let votes = positions.judged(&members);
    let current = proposals::current(proposal)?;
    let kept = (positions.signatures.iter())
        .flat_map(|(revision, of)| of.signatures.iter().map(move |one| (revision, one)))
        .map(|(revision, stored)| SignatureReport {
            config_signature: config_signature(&stored.signature),
            counts: false,
            expired: false,
            fingerprint: stored.fingerprint.clone(),
            msp_id: stored.msp_id.to_string(),
            reason: Some(format!(
                "the proposal is archived; it is on revision {revision}"
            )),
            subject: None,
        })
        .collect();
    let mut consent_trail = consent(&positions.signatures);
    consent_trail.retain(|one| one.revision < current.number.0);
    let facts = StatusFacts {
        bundle,
        trusted,
        proposal,
        withdrawn: false,
        current: &current,
        proof: None,
        signatures: &positions.signatures,
        votes: &[],
        gate: &CapabilityGate::default(),
        now: call.now(),
    };
    let still_effective = facts.still_effective();
    let report = ProposalReport {
        applied_revision: applied,
        archived: true,
        combined_into: combined_into(&combined)?,
        consent_trail,
        former_member: !members.owner_remains(proposal),
        signatures: kept,
        sources: sources(proposal)?,
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
