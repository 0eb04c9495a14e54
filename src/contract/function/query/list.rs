//! All proposals for people and programs: `ListProposals`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::others::relate;
use crate::{
    contract::{
        answer::{self, ENTRIES_SHARE, Omitted, ProposalList, ProposalSummary, names::kind_name},
        chain::levels,
        error::{Code, ContractError, shown},
        function::Context,
        interface::paging::{self, page_size},
        judge::{
            cache::Compiled,
            gate::CapabilityGate,
            relations::Relations,
            standing,
            status::{Extent, Status, StatusFacts, is_over},
            terms::Standing,
        },
        ledger::{
            self, TrustedHead,
            bounds::BODIES_READ,
            combined::CombinedSources,
            keys::{self, ProposalPlace},
            members::ChannelMembers,
            positions::{self, Positions},
            proofs::{self, Effective, ProofQuestion},
            proposals::{self, Unarchived},
            timestamps,
        },
    },
    ids::{Digest, MspId, ProposalId, UnixTime},
    proto::cmscc::{OpenProposal, ProposalKind},
    stub::Stub,
};

/// A page reads so many records more than it may list, so that dead ones of one organisation leave no
/// page empty.
const DEAD: usize = 50;

/// Which proposals to list, and how many.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ListOptions {
    all: Option<bool>,
    bookmark: Option<String>,
    config_update_sha256: Option<String>,
    conflicts: Option<bool>,
    msp_id: Option<String>,
    page_size: Option<u32>,
    status: Option<String>,
}

/// Which of the records are asked for, as far as these tell.
struct ListFilter {
    /// Whether dead ones are, too.
    dead: bool,
    update: Option<Digest>,
    status: Option<String>,
}

impl ListFilter {
    fn of(options: &ListOptions) -> Result<Self, ContractError> {
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
        let update = options.config_update_sha256.as_ref().map(|text| {
            Digest::from_hex(text).ok_or_else(|| {
                Code::BadOption.because(format_args!(
                    "config_update_sha256 `{}` is not 64 lower-case hex digits",
                    shown(text)
                ))
            })
        });
        Ok(Self {
            dead: options.all == Some(true) || options.status.is_some(),
            update: update.transpose()?,
            status: options.status.clone(),
        })
    }

    /// Whether a proposal is to be read. Withdrawn ones and those past their deadline are dead.
    fn record(&self, record: &OpenProposal, now: UnixTime) -> bool {
        let is_other = self
            .update
            .is_some_and(|update| record.config_update_sha256.as_ref() != update.as_bytes());
        let is_dead = record.withdrawal.is_some() || is_over(record.deadline.as_ref(), now);
        !is_other && (self.dead || !is_dead)
    }

    /// Whether one that was read is to be listed. What took effect or cannot pass any more is dead.
    fn status(&self, status: Status) -> bool {
        match &self.status {
            Some(wanted) => wanted == status.name(),
            None => self.dead || !status.is_dead(),
        }
    }
}

/// The records of a page.
#[derive(Default)]
struct ListPage {
    /// Those that are to be read.
    records: Vec<(ProposalPlace, OpenProposal)>,
    /// How many others were looked at.
    left_out: usize,
    /// Behind which the next page starts, where there is one.
    last: Option<ProposalPlace>,
}

/// `ListProposals`: one page of summaries, by proposer, then by id. Only for queries: Fabric refuses
/// writes after a page.
pub(crate) async fn list_proposals<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let options: ListOptions = call.args.options(0)?;
    let page_size = page_size(options.page_size)?;
    let wanted = ListFilter::of(&options)?;
    let behind = paging::behind(options.bookmark.as_deref().unwrap_or_default())?;
    let range = match &options.msp_id {
        Some(msp_id) => keys::open_of(&MspId::new(msp_id.as_str())),
        None => keys::all_open(),
    };
    let (trusted, bundle) = call.trusted(stub).await?;
    let range = keys::range_behind(range, behind, keys::open);
    let (stored, more) = ledger::page(stub, range, page_size.saturating_add(DEAD)).await?;
    let page = page(stored, more, page_size, &wanted, call.now())?;
    let bookmark = page
        .last
        .map(|last| paging::bookmark(&last.proposer(), last.id()));
    let mut left_out = page.left_out;
    let all = proposals::read_all(stub, page.records).await?;
    let beside = Beside::read(stub, &bundle, &trusted, &all).await?;
    let mut proposals = Vec::new();
    let (mut relations, mut places) = (Relations::default(), Vec::new());
    for (open, proof) in all.iter().zip(&beside.proofs) {
        let (status, summary) = summary(call, &bundle, &trusted, open, proof.clone(), &beside)?;
        if !wanted.status(status) {
            left_out = left_out.saturating_add(1);
            continue;
        }
        let is_update = open.proposal.kind() == ProposalKind::ConfigUpdate;
        if options.conflicts == Some(true) && is_update && !status.is_over() {
            relations.add(&open.proposal, status.is_open())?;
            places.push(proposals.len());
        }
        proposals.push(summary);
    }
    relate(stub, &mut relations, None).await?;
    for (report, place) in relations.reports().zip(places) {
        if let Some(summary) = proposals.get_mut(place) {
            summary.conflicts = Some(report);
        }
    }
    let each = ENTRIES_SHARE / page_size.max(1);
    let proposals: Vec<ProposalSummary> = proposals
        .into_iter()
        .map(|summary| summary.bounded(each))
        .collect();
    answer::write(&ProposalList {
        as_of_sequence: trusted.head.sequence,
        bookmark: bookmark.unwrap_or_default(),
        left_out,
        proposals,
        unsupported: levels::unsupported(&bundle),
    })
}

/// Which of the records that were read belong to a page.
fn page(
    stored: Vec<(String, OpenProposal)>,
    more: bool,
    page_size: usize,
    wanted: &ListFilter,
    now: UnixTime,
) -> Result<ListPage, ContractError> {
    let mut page = ListPage::default();
    let (mut bytes, mut last) = (0u64, None);
    for (key, record) in stored {
        let place = keys::open_place(&key).ok_or_else(|| ledger::corrupt(&key))?;
        if !wanted.record(&record, now) {
            page.left_out = page.left_out.saturating_add(1);
            last = Some(place);
            continue;
        }
        bytes = bytes.saturating_add(record.bytes);
        if page.records.len() == page_size || (bytes > BODIES_READ && !page.records.is_empty()) {
            page.last = last;
            return Ok(page);
        }
        last = Some(place.clone());
        page.records.push((place, record));
    }
    page.last = last.filter(|_| more);
    Ok(page)
}

/// What lies on the ledger beside the proposals of a page.
struct Beside {
    members: ChannelMembers,
    gate: CapabilityGate,
    positions: BTreeMap<ProposalId, Positions>,
    combined: CombinedSources,
    /// Of each proposal.
    proofs: Vec<Option<Effective>>,
}

impl Beside {
    async fn read<S: Stub>(
        stub: &mut S,
        bundle: &Compiled,
        trusted: &TrustedHead,
        all: &[Unarchived],
    ) -> Result<Self, ContractError> {
        let (positions, combined) = match (all.first(), all.last()) {
            (Some(first), Some(last)) => {
                let (first, last) = (&first.place, &last.place);
                let positions = positions::between(stub, first, last).await?;
                (
                    positions,
                    CombinedSources::read_open(stub, first, last).await?,
                )
            }
            _ => Default::default(),
        };
        let mut questions: Vec<ProofQuestion<'_>> = Vec::with_capacity(all.len());
        for open in all {
            let current = proposals::current(&open.proposal)?;
            let withdrawn = open.is_withdrawn();
            let standing = standing::of(bundle, trusted, &open.proposal, withdrawn, &current)?;
            // of what is open nobody asks; a question of nothing reads nothing
            questions.push(match standing {
                Standing::Open(_) => ProofQuestion::default(),
                _ => {
                    let combined = combined.of(open.place.id());
                    ProofQuestion::of_record(&open.record, combined)
                }
            });
        }
        let proofs = proofs::find_all(stub, trusted.sequence(), &questions).await?;
        let members = ChannelMembers::read(stub, bundle).await?;
        Ok(Self {
            gate: CapabilityGate::of(trusted, &members),
            members,
            positions,
            combined,
            proofs,
        })
    }
}

fn summary(
    call: &Context<'_>,
    bundle: &Compiled,
    trusted: &TrustedHead,
    open: &Unarchived,
    proof: Option<Effective>,
    beside: &Beside,
) -> Result<(Status, ProposalSummary), ContractError> {
    let proposal = &open.proposal;
    let current = proposals::current(proposal)?;
    let none = Positions::default();
    let positions = beside.positions.get(open.place.id()).unwrap_or(&none);
    let facts = StatusFacts {
        bundle,
        trusted,
        proposal,
        withdrawn: open.is_withdrawn(),
        current: &current,
        proof,
        signatures: &positions.signatures,
        votes: &positions.judged(&beside.members),
        gate: &beside.gate,
        now: call.now(),
    };
    let derived = facts.derive(Extent::Summary)?;
    let combined = beside.combined.of(open.place.id()).iter();
    let deadline = proposal.deadline.as_ref();
    let unattested = derived.detail.unattested.iter();
    let to_attest: BTreeSet<String> = unattested.flat_map(|one| one.lacking.clone()).collect();
    let summary = ProposalSummary {
        already_in_effect: derived.detail.already_in_effect,
        cannot_be_recorded: derived.detail.cannot_be_recorded(),
        combined_into: combined
            .map(|combined| combined.proposal_id.clone())
            .collect(),
        config_update_sha256: current.digest.to_string(),
        conflicts: None,
        deadline: deadline.and_then(|at| timestamps::text(timestamps::read(at))),
        description: proposal.description.clone(),
        former_member: !beside.members.owner_remains(proposal),
        kind: kind_name(proposal.kind()),
        missing: derived.detail.missing,
        needs: derived.detail.needs,
        omitted: Omitted::new(),
        proposal_id: proposal.id.clone(),
        proposer_msp_id: proposal.proposer_msp_id.clone(),
        revision: current.number.0,
        signed_by: derived.opinion.signed_by(),
        status: derived.status.name(),
        to_attest: to_attest.into_iter().collect(),
    };
    Ok((derived.status, summary))
}
