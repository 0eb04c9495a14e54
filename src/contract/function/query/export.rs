//! `ExportProposal`: what proves offline how a proposal ended.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::Timestamp;

use super::outcome::outcome;
use crate::{
    contract::{
        answer::{
            self, ChainLink, ProofReport, VoteReport, base64, config_signature, names::kind_name,
            optional_bytes,
        },
        audit::{
            AuditBundle, ExportedOutcome, ExportedPolicies, ExportedProof, ExportedProposal,
            ExportedRevision, ExportedSignature, ExportedSource, FORMAT,
        },
        chain::levels,
        error::{Code, ContractError},
        function::Context,
        ledger::{
            self, StoredSignature, combined,
            keys::{self, ProposalPlace},
            members::ChannelMembers,
            positions::{self, Positions},
            proofs::{self, Effective, ProofQuestion},
            proposals::{self, FoundProposal, Unarchived},
            timestamps,
        },
    },
    ids::{Digest, ProposalId, Revision, Sequence},
    json::json_size,
    proto::cmscc::{Archive, ChainEntry, Proposal, ProposalKind},
    stub::Stub,
};

/// `ExportProposal`: the audit bundle of a finished proposal. [`verify`](crate::contract::audit::verify)
/// reads it, with the config blocks that its chain names.
pub(crate) async fn export_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let (trusted, bundle) = call.trusted(stub).await?;
    let head = trusted.sequence();
    let found = proposals::find(stub, &id)
        .await?
        .ok_or_else(|| proposals::unknown(&id))?;
    let members = ChannelMembers::read(stub, &bundle).await?;
    if found.proposal().kind() != ProposalKind::ConfigUpdate {
        return Err(Code::WrongKind.because(format_args!(
            "proposal `{id}` changes no channel config; no config block proves what became of it"
        )));
    }
    let limit = call.args.limits().export;
    let mut room = limit / 2;
    let (proposal, effective) = record(stub, head, &members, &found, None, &mut room).await?;
    if proposal.outcome.is_none() {
        return Err(Code::NotFinished.because(format_args!(
            "proposal `{id}` is open at sequence {head}; it can be exported once it took effect, \
             was withdrawn, or is archived"
        )));
    }
    let combined = effective.as_ref().and_then(|proof| proof.via.clone());
    let via = match &combined {
        None => None,
        Some(combined) => match proposals::find(stub, combined).await? {
            Some(found) => Some(
                record(stub, head, &members, &found, None, &mut room)
                    .await?
                    .0,
            ),
            None => None,
        },
    };
    let mut others: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for source in [&proposal]
        .into_iter()
        .chain(&via)
        .flat_map(|one| &one.sources)
    {
        let went_in = others.entry(source.proposal_id.as_str()).or_default();
        went_in.insert(source.revision);
    }
    others.remove(id.as_str());
    let mut sources = Vec::with_capacity(others.len());
    let mut bytes = 0usize;
    for (other, went_in) in others {
        if let Some(found) = proposals::find(stub, &ProposalId::new(other)).await? {
            let part = Some(&went_in);
            let (source, _) = record(stub, head, &members, &found, part, &mut room).await?;
            bytes = bytes.saturating_add(json_size(&source));
            demand_room(&id, bytes, limit)?;
            sources.push(source);
        }
    }
    let evaluated = match &effective {
        Some(proof) => policies(stub, proof.at.sequence).await?,
        None => None,
    };
    let last = effective.map_or(head, |proof| proof.at.sequence);
    let records = [&proposal].into_iter().chain(&via).chain(&sources);
    let bases = records.flat_map(|record| record.revisions.iter().map(|one| one.base_sequence));
    let first = bases.min().map_or(last, Sequence).min(last);
    let document = AuditBundle {
        as_of_sequence: head.0,
        chain: chain(stub, first, last).await?,
        channel_id: call.channel().to_string(),
        contract_instance: trusted.settings.instance.clone(),
        epoch: trusted.head.epoch,
        evaluated,
        format: FORMAT,
        proposal,
        sources,
        unsupported: levels::unsupported(&bundle),
        via,
    };
    let answer = answer::write(&document)?;
    demand_room(&id, answer.len(), limit)?;
    Ok(answer)
}

/// Refuses a bundle of more bytes than an export may have.
fn demand_room(id: &ProposalId, bytes: usize, limit: usize) -> Result<(), ContractError> {
    if bytes > limit {
        return Err(Code::ExportTooLarge.because(format_args!(
            "the bundle of proposal `{id}` has {bytes} bytes at least, the limit is {limit}"
        )));
    }
    Ok(())
}

/// What the update that led to a sequence was evaluated by.
async fn policies<S: Stub>(
    stub: &mut S,
    sequence: Sequence,
) -> Result<Option<ExportedPolicies>, ContractError> {
    let kept = ledger::get(stub, &keys::evaluated(sequence)).await?;
    kept.as_ref().map(ExportedPolicies::new).transpose()
}

/// The links from one sequence to another, both included.
async fn chain<S: Stub>(
    stub: &mut S,
    first: Sequence,
    last: Sequence,
) -> Result<Vec<ChainLink>, ContractError> {
    let entries: Vec<(String, ChainEntry)> =
        ledger::all(stub, keys::chain_between(first, last)).await?;
    entries
        .iter()
        .map(|(key, entry)| {
            let sequence = keys::chain_sequence(key).ok_or_else(|| ledger::corrupt(key))?;
            ChainLink::new(sequence, entry)
        })
        .collect()
}

/// What the ledger says of a proposal, and what proves that it took effect. `went_in`: of a source the
/// revisions that went in; of others nobody needs to know here, and anybody could make them many.
/// `room`: what signatures may take. Unit: bytes.
async fn record<S: Stub>(
    stub: &mut S,
    head: Sequence,
    members: &ChannelMembers,
    found: &FoundProposal,
    went_in: Option<&BTreeSet<u64>>,
    room: &mut usize,
) -> Result<(ExportedProposal, Option<Effective>), ContractError> {
    let proposal = found.proposal();
    let place = ProposalPlace::of_proposal(proposal);
    let combined = combined::into(stub, &place).await?;
    let question = ProofQuestion::of_all(proposal, &combined);
    let effective = proofs::find(stub, head, question).await?;
    let outcome = match found {
        FoundProposal::Archived(_, archive) => Some(archived_outcome(archive, effective.as_ref())?),
        FoundProposal::Open(open) => open_outcome(head, open, effective.as_ref())?,
    };
    let positions = positions::on(stub, &place).await?;
    let votes = positions.judged(members);
    let own = effective.as_ref().filter(|proof| proof.via.is_none());
    let proven = own.map(|proof| proof.revision);
    let mut record = bare(proposal)?;
    let mut consent = consent(&positions, proven);
    if let Some(went_in) = went_in {
        let is_part = |revision: &u64| went_in.contains(revision) || proven == Some(*revision);
        record.revisions.retain(|one| is_part(&one.revision));
        let kept: BTreeSet<u64> = record.revisions.iter().map(|one| one.revision).collect();
        consent.retain(|(revision, _)| kept.contains(&revision.0));
    }
    let (signatures, signatures_omitted) = exported(&consent, room);
    let record = ExportedProposal {
        outcome,
        signatures,
        signatures_omitted,
        votes: votes.iter().map(VoteReport::of).collect(),
        archived: matches!(found, FoundProposal::Archived(..)),
        ..record
    };
    Ok((record, effective))
}

fn archived_outcome(
    archive: &Archive,
    effective: Option<&Effective>,
) -> Result<ExportedOutcome, ContractError> {
    let (report, _) = outcome(archive, effective)?;
    Ok(ExportedOutcome {
        archived_at: report.archived_at,
        as_of_sequence: report.as_of_sequence,
        outcome: report.outcome.to_owned(),
        proof: report.proof.map(proof),
        tx_id: Some(report.tx_id),
        via: report.via,
    })
}

/// How a proposal that is not archived ended; `None` while it is open.
fn open_outcome(
    head: Sequence,
    open: &Unarchived,
    effective: Option<&Effective>,
) -> Result<Option<ExportedOutcome>, ContractError> {
    let outcome = match (effective, &open.record.withdrawal) {
        (Some(_), _) => "Submitted",
        (None, Some(_)) => "Withdrawn",
        (None, None) => return Ok(None),
    };
    let report = effective.map(ProofReport::of).transpose()?;
    let withdrawal = open.record.withdrawal.as_ref();
    Ok(Some(ExportedOutcome {
        archived_at: None,
        as_of_sequence: head.0,
        outcome: outcome.to_owned(),
        proof: report.map(proof),
        tx_id: withdrawal.map(|withdrawal| withdrawal.tx_id.clone()),
        via: effective
            .and_then(|effective| effective.via.as_ref())
            .map(ToString::to_string),
    }))
}

fn proof(report: ProofReport) -> ExportedProof {
    ExportedProof {
        block_hash: report.block_hash,
        block_number: report.block_number,
        revision: report.revision,
        sequence: report.sequence,
    }
}

/// Who signed which revision: first the one that took effect, then the newest.
fn consent(positions: &Positions, proven: Option<u64>) -> Vec<(Revision, &StoredSignature)> {
    let mut revisions: Vec<_> = positions.signatures.iter().rev().collect();
    revisions.sort_by_key(|(revision, _)| Some(revision.0) != proven);
    let all = revisions.into_iter();
    all.flat_map(|(revision, of)| of.signatures.iter().map(|one| (*revision, one)))
        .collect()
}

/// The first signatures for which there is room, in the bundle's order; how many it leaves out.
fn exported(
    consent: &[(Revision, &StoredSignature)],
    room: &mut usize,
) -> (Vec<ExportedSignature>, usize) {
    let mut kept = Vec::new();
    for (revision, one) in consent {
        let entry = ExportedSignature {
            config_signature: config_signature(&one.signature),
            fingerprint: one.fingerprint.clone(),
            msp_id: one.msp_id.to_string(),
            revision: revision.0,
        };
        let Some(left) = room.checked_sub(json_size(&entry).saturating_add(1)) else {
            // nothing behind it, either
            *room = 0;
            break;
        };
        *room = left;
        kept.push(entry);
    }
    let omitted = consent.len().saturating_sub(kept.len());
    kept.sort_by(|a, b| {
        let key =
            |one: &ExportedSignature| (one.revision, one.msp_id.clone(), one.fingerprint.clone());
        key(a).cmp(&key(b))
    });
    (kept, omitted)
}

/// What can be said of a proposal without looking at anything else.
fn bare(proposal: &Proposal) -> Result<ExportedProposal, ContractError> {
    let time = |at: Option<&Timestamp>| at.and_then(|at| timestamps::text(timestamps::read(at)));
    let revisions = proposal.revisions.iter().map(|one| ExportedRevision {
        base_sequence: one.base_sequence,
        config_update: base64(&one.config_update),
        config_update_sha256: Digest::of(&one.config_update).to_string(),
        revision: one.revision,
    });
    let sources = proposal.sources.iter().map(|source| {
        Ok(ExportedSource {
            config_update_sha256: ledger::digest(&source.config_update_sha256)?.to_string(),
            proposal_id: source.proposal_id.clone(),
            revision: source.revision,
        })
    });
    Ok(ExportedProposal {
        archived: false,
        created_at: time(proposal.created_at.as_ref()),
        deadline: time(proposal.deadline.as_ref()),
        description: proposal.description.clone(),
        given_update: optional_bytes(&proposal.given_update),
        kind: kind_name(proposal.kind()).to_owned(),
        outcome: None,
        patch: base64(&proposal.patch),
        proposal_id: proposal.id.clone(),
        proposed_sequence: proposal.proposed_sequence,
        proposer_msp_id: proposal.proposer_msp_id.clone(),
        revisions: revisions.collect(),
        signatures: Vec::new(),
        signatures_omitted: 0,
        sources: sources.collect::<Result<_, ContractError>>()?,
        tx_id: proposal.tx_id.clone(),
        votes: Vec::new(),
    })
}
