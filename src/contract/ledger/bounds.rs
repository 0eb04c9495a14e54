//! How much of the ledger a proposal and an organisation may take.

use super::{
    keys::{self, ProposalPlace},
    proposals,
    values::{all, corrupt, digest},
};
use crate::{
    capabilities::ContractBounds,
    contract::error::{Code, ContractError},
    ids::{Digest, MspId, ProposalId, Revision},
    proto::cmscc::{OpenProposal, Proposal},
    stub::Stub,
};

/// Digests in a record are this long, in bytes.
const DIGEST: usize = 16;

/// What one organisation has open.
#[derive(Debug)]
pub(crate) struct OwnProposals(Vec<(ProposalPlace, OpenProposal)>);

impl OwnProposals {
    /// Reads the records of one organisation and no others, so that organisations never conflict with
    /// each other. Cost: one range, whose length the bounds limit.
    pub(crate) async fn read<S: Stub>(
        stub: &mut S,
        proposer: &MspId,
    ) -> Result<Self, ContractError> {
        let stored: Vec<(String, OpenProposal)> = all(stub, keys::open_of(proposer)).await?;
        let own = stored.into_iter().map(|(key, record)| {
            let place = keys::open_place(&key).ok_or_else(|| corrupt(&key))?;
            Ok((place, record))
        });
        Ok(Self(own.collect::<Result<_, ContractError>>()?))
    }

    /// All but one proposal.
    fn others(&self, id: &ProposalId) -> impl Iterator<Item = &(ProposalPlace, OpenProposal)> {
        self.0.iter().filter(move |(place, _)| place.id() != id)
    }

    /// Takes note of what this call writes, which reads do not see.
    pub(crate) fn replace(&mut self, place: &ProposalPlace, record: &OpenProposal) {
        self.0.retain(|(other, _)| other != place);
        self.0.push((place.clone(), record.clone()));
    }

    /// Refuses bytes that another proposal of the organisation has, unless that is withdrawn. Those of
    /// other organisations block nobody.
    pub(crate) fn demand_free(
        &self,
        id: &ProposalId,
        update: &Digest,
    ) -> Result<(), ContractError> {
        for (place, other) in self.others(id) {
            if other.withdrawal.is_none() && digest(&other.config_update_sha256)? == *update {
                return Err(Code::UpdateTaken.because(format_args!(
                    "proposal `{}` of your organisation has this very update as its revision {}; \
                     sign that one, or delete it first",
                    place.id(),
                    Revision(other.revision)
                )));
            }
        }
        Ok(())
    }

    /// Refuses to combine what another open combination of the organisation holds already, unless that
    /// is itself combined into this one: a source names one combination of each organisation.
    pub(crate) fn demand_uncombined(&self, proposal: &Proposal) -> Result<(), ContractError> {
        let id = ProposalId::new(proposal.id.as_str());
        let sources = &proposal.sources;
        let has = |id: &str| sources.iter().any(|source| source.proposal_id == id);
        let other = self.others(&id).find_map(|(place, other)| {
            if other.withdrawal.is_some() || has(place.id().as_str()) {
                return None;
            }
            let source = other.sources.iter().find(|source| has(source))?;
            Some((place, source))
        });
        other.map_or(Ok(()), |(place, source)| {
            Err(Code::AlreadyCombined.because(format_args!(
                "your organisation has combined `{source}` into `{}` already; combine that one, or \
                 delete it first",
                place.id()
            )))
        })
    }

    /// Whether a proposal is itself combined into another open one of the organisation: then its
    /// sources name that one.
    pub(crate) fn is_source(&self, id: &ProposalId) -> bool {
        self.others(id).any(|(_, other)| {
            let mut sources = other.sources.iter();
            other.withdrawal.is_none() && sources.any(|source| source == id.as_str())
        })
    }

    /// Refuses what is above a bound, together with what the organisation has open.
    pub(crate) fn demand_room(
        &self,
        bounds: &ContractBounds,
        proposal: &Proposal,
        record: &OpenProposal,
    ) -> Result<(), ContractError> {
        demand_bounded(bounds, proposal, record)?;
        let id = ProposalId::new(proposal.id.as_str());
        let count = self.others(&id).count();
        if count >= bounds.open {
            return Err(Code::TooManyOpen.because(format_args!(
                "`{}` has {count} proposals that are not archived, the bound is {}; \
                 `DeleteProposal` archives what is not needed any more",
                proposal.proposer_msp_id, bounds.open
            )));
        }
        let held = self
            .others(&id)
            .fold(0u64, |sum, (_, other)| sum.saturating_add(other.bytes));
        let most = u64::try_from(bounds.open_bytes).unwrap_or(u64::MAX);
        if held.saturating_add(record.bytes) > most {
            return Err(Code::TooManyBytes.because(format_args!(
                "this proposal has {} bytes, `{}` has {held} bytes in {count} proposals that are not \
                 archived, the bound is {most}; `DeleteProposal` archives what is not needed any more",
                record.bytes, proposal.proposer_msp_id
            )));
        }
        Ok(())
    }
}

/// Refuses a proposal that alone is above a bound.
fn demand_bounded(
    bounds: &ContractBounds,
    proposal: &Proposal,
    record: &OpenProposal,
) -> Result<(), ContractError> {
    let size = proposals::size(proposal);
    if size > bounds.proposal {
        return Err(Code::ProposalTooLarge.because(format_args!(
            "the proposal would have {size} bytes with all that is kept of it, the bound is {}",
            bounds.proposal
        )));
    }
    let touched = record.touched.clone().unwrap_or_default();
    let digests = [&touched.elements, &touched.holders, &record.written];
    let digests: usize = digests.iter().map(|joined| joined.len() / DIGEST).sum();
    if digests > bounds.digests {
        return Err(Code::ProposalTooLarge.because(format_args!(
            "the proposal touches and writes {digests} elements and groups, the bound is {}; make \
             several of it",
            bounds.digests
        )));
    }
    for (what, count, bound) in [
        (
            "revisions that are kept",
            proposal.revisions.len(),
            bounds.revisions,
        ),
        ("sources", proposal.sources.len(), bounds.sources),
    ] {
        if count > bound {
            return Err(Code::ProposalTooLarge.because(format_args!(
                "the proposal would have {count} {what}, the bound is {bound}"
            )));
        }
    }
    Ok(())
}
