//! All proposals for people and programs: `ListProposals`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::others::relate;
use crate::{
    contract::{
        answer::{self, ANSWER, Omitted, ProposalList, ProposalSummary, names::kind_name},
        chain::levels,
        error::{Code, ContractError, shown},
        function::Context,
        interface::paging::{check_bookmark, page_size},
        judge::{
            cache::Compiled,
            gate::CapabilityGate,
            relations::Relations,
            status::{Extent, Status, StatusFacts},
        },
        ledger::{
            self, TrustedHead, attestations, combined, keys,
            members::owner_remains,
            proofs, proposals,
            votes::{self, JudgedVote},
        },
    },
    ids::{MspId, ProposalId},
    proto::cmscc::{Member, Proposal, ProposalKind},
    stub::Stub,
};

/// Which proposals to list, and how many to look at.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ListOptions {
    status: Option<String>,
    msp_id: Option<String>,
    page_size: Option<u32>,
    bookmark: Option<String>,
    conflicts: Option<bool>,
}

/// `ListProposals`: one page of summaries, in ascending order of ids. Only for queries: Fabric
/// refuses writes after a page.
pub(crate) async fn list_proposals<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let options: ListOptions = call.args.options(0)?;
    let page_size = page_size(options.page_size)?;
    if let Some(status) = &options.status
        && !Status::ALL.iter().any(|known| known.name() == status)
    {
        let names: Vec<&str> = Status::ALL.iter().map(|known| known.name()).collect();
        return Err(Code::BadOption.because(format_args!(
            "status `{}` is none of {}",
            shown(status),
            names.join(", ")
        )));
    }
    let range = keys::proposals();
    let bookmark = options.bookmark.as_deref().unwrap_or_default();
    check_bookmark(&range, bookmark)?;
    let (trusted, bundle) = call.trusted(stub).await?;
    let page = stub.get_page(&range, page_size, bookmark).await?;
    let all: Vec<Proposal> = page
        .entries
        .iter()
        .map(|entry| ledger::decode(&entry.key, &entry.value))
        .collect::<Result<_, _>>()?;
    let mut votes = votes_on(stub, &all).await?;
    let mut combined = combined::into_of(stub, all.iter()).await?;
    let members = proposers(stub, &all).await?;
    let gate = CapabilityGate::of(&trusted, &attestations::judged(stub).await?);
    let mut proposals = Vec::new();
    let (mut relations, mut places) = (Relations::default(), Vec::new());
    for proposal in &all {
        if options
            .msp_id
            .as_ref()
            .is_some_and(|msp_id| *msp_id != proposal.proposer_msp_id)
        {
            continue;
        }
        let beside = Beside {
            gate: &gate,
            votes: votes.remove(&proposal.id).unwrap_or_default(),
            combined_into: combined.remove(&proposal.id).unwrap_or_default(),
            proposer: members.get(&proposal.proposer_msp_id),
        };
        let (status, summary) = summary(call, stub, &bundle, &trusted, proposal, beside).await?;
        if options
            .status
            .as_ref()
            .is_none_or(|wanted| wanted == summary.status)
        {
            let is_update = proposal.kind() == ProposalKind::ConfigUpdate;
            if options.conflicts == Some(true) && is_update && !status.is_over() {
                relations.add(proposal, status.is_open())?;
                places.push(proposals.len());
            }
            proposals.push(summary);
        }
    }
    relate(stub, &mut relations, &bundle, trusted.sequence()).await?;
    for (report, place) in relations.reports().zip(places) {
        if let Some(summary) = proposals.get_mut(place) {
            summary.conflicts = Some(report);
        }
    }
    let each = usize::try_from(page_size).map_or(ANSWER, |size| ANSWER / size.max(1));
    let proposals: Vec<ProposalSummary> = proposals
        .into_iter()
        .map(|summary| summary.bounded(each))
        .collect();
    answer::write(&ProposalList {
        as_of_sequence: trusted.head.sequence,
        bookmark: page.bookmark,
        proposals,
        unsupported: levels::unsupported(&bundle),
    })
}

/// The votes on a page of proposals, by proposal; one range, since most have none.
async fn votes_on<S: Stub>(
    stub: &mut S,
    page: &[Proposal],
) -> Result<BTreeMap<String, Vec<JudgedVote>>, ContractError> {
    let mut by_proposal: BTreeMap<String, Vec<JudgedVote>> = BTreeMap::new();
    let (Some(first), Some(last)) = (page.first(), page.last()) else {
        return Ok(by_proposal);
    };
    let (first, last) = (first.id.as_str().into(), last.id.as_str().into());
    let stored = votes::stored(stub, &first, &last).await?;
    for vote in votes::judge(stub, stored).await? {
        let votes = by_proposal.entry(vote.proposal().to_string());
        votes.or_default().push(vote);
    }
    Ok(by_proposal)
}

/// Since when those who proposed a page are members, by MSP id; who is none is not there.
async fn proposers<S: Stub>(
    stub: &mut S,
    page: &[Proposal],
) -> Result<BTreeMap<String, Member>, ContractError> {
    let ids: BTreeSet<&String> = page.iter().map(|one| &one.proposer_msp_id).collect();
    let keys = ids.iter().map(|id| keys::member(&MspId::new(id.as_str())));
    let keys: Vec<String> = keys.collect();
    let stored = stub.get_states(&keys).await?;
    let mut members = BTreeMap::new();
    for ((msp_id, key), value) in ids.into_iter().zip(&keys).zip(stored) {
        if let Some(value) = value {
            members.insert(msp_id.clone(), ledger::decode(key, &value)?);
        }
    }
    Ok(members)
}

/// What lies on the ledger beside a proposal.
struct Beside<'a> {
    gate: &'a CapabilityGate,
    votes: Vec<JudgedVote>,
    combined_into: Vec<ProposalId>,
    /// Since when the proposer's organisation is a member.
    proposer: Option<&'a Member>,
}

async fn summary<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
    bundle: &Compiled,
    trusted: &TrustedHead,
    proposal: &Proposal,
    beside: Beside<'_>,
) -> Result<(Status, ProposalSummary), ContractError> {
    let head = trusted.sequence();
    let id = ProposalId::new(proposal.id.as_str());
    let current = proposals::current(proposal)?;
    let mut proof = proofs::own(stub, head, &current).await?;
    for combined in &beside.combined_into {
        if proof.is_none() {
            proof = proofs::by(stub, head, combined.clone()).await?;
        }
    }
    let mut signatures = ledger::signatures(stub, &id).await?;
    signatures.retain(|revision, _| *revision == current.number);
    let facts = StatusFacts {
        bundle,
        trusted,
        proposal,
        current: &current,
        proof,
        signatures: &signatures,
        votes: &beside.votes,
        gate: beside.gate,
        now: call.now(),
    };
    let derived = facts.derive(Extent::Summary)?;
    let summary = ProposalSummary {
        combined_into: beside
            .combined_into
            .iter()
            .map(ToString::to_string)
            .collect(),
        conflicts: None,
        description: proposal.description.clone(),
        former_member: !owner_remains(proposal, beside.proposer),
        kind: kind_name(proposal.kind()),
        missing: derived.detail.missing,
        omitted: Omitted::new(),
        proposal_id: proposal.id.clone(),
        proposer_msp_id: proposal.proposer_msp_id.clone(),
        revision: current.number.0,
        signed_by: derived.opinion.signed_by(),
        status: derived.status.name(),
    };
    Ok((derived.status, summary))
}
