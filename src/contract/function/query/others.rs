//! The other proposals, read for the relations to them.

use crate::{
    contract::{
        error::ContractError,
        judge::{Compiled, relations::Relations},
        ledger::{
            self, combined, keys, proofs,
            proposals::{self, HashedRevision},
        },
    },
    ids::{ProposalId, Sequence},
    proto::cmscc::{Proposal, ProposalKind},
    stub::Stub,
};

/// How many proposals are looked at together: they are not all held at once.
const STEP: usize = 100;

/// Finds relations to all proposals that are not over, in ascending order of ids.
pub(super) async fn relate<S: Stub>(
    stub: &mut S,
    relations: &mut Relations<'_>,
    bundle: &Compiled,
    head: Sequence,
) -> Result<(), ContractError> {
    let mut range = keys::proposals();
    while !relations.is_empty() {
        let step = stub.get_range(&range, STEP).await?;
        let Some(last) = step.entries.last() else {
            break;
        };
        range.start = ledger::behind(&last.key);
        let mut proposals: Vec<Proposal> = Vec::with_capacity(step.entries.len());
        for entry in &step.entries {
            proposals.push(ledger::decode(&entry.key, &entry.value)?);
        }
        let mut living: Vec<(&Proposal, HashedRevision<'_>)> = Vec::with_capacity(proposals.len());
        for proposal in &proposals {
            living.push((proposal, proposals::current(proposal)?));
        }
        for over in over(stub, head, &living).await?.iter().rev() {
            living.remove(*over);
        }
        relations.meet(bundle, &living)?;
        if !step.more {
            break;
        }
    }
    Ok(())
}

/// The places of those that were taken back or took effect, or that change no config, ascending.
async fn over<S: Stub>(
    stub: &mut S,
    head: Sequence,
    proposals: &[(&Proposal, HashedRevision<'_>)],
) -> Result<Vec<usize>, ContractError> {
    let applied: Vec<String> = (proposals.iter())
        .map(|(_, current)| keys::applied(&current.digest))
        .collect();
    let applied = stub.get_states(&applied).await?;
    let combined = combined::into_of(stub, proposals.iter().map(|(proposal, _)| *proposal)).await?;
    let mut over = Vec::new();
    for ((place, (proposal, current)), applied) in proposals.iter().enumerate().zip(&applied) {
        let other_kind = proposal.kind() != ProposalKind::ConfigUpdate;
        let ended = proposal.withdrawal.is_some() || other_kind;
        let may_be_proven = applied.is_some() || combined.contains_key(&proposal.id);
        let id = ProposalId::new(proposal.id.as_str());
        if ended || (may_be_proven && proofs::current(stub, head, &id, current).await?.is_some()) {
            over.push(place);
        }
    }
    Ok(over)
}
