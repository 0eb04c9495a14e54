//! The other proposals, read for the relations to them.

use crate::{
    contract::{
        error::ContractError,
        judge::{Compiled, relations::Relations},
        ledger::{self, combined, keys, proofs, proposals},
    },
    ids::{Digest, Sequence},
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
        let mut updates: Vec<Digest> = Vec::with_capacity(proposals.len());
        for proposal in &proposals {
            updates.push(Digest::of(&proposals::current(proposal)?.config_update));
        }
        for over in over(stub, head, &proposals, &updates).await?.iter().rev() {
            proposals.remove(*over);
            updates.remove(*over);
        }
        relations.meet(bundle, &proposals, &updates)?;
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
    proposals: &[Proposal],
    updates: &[Digest],
) -> Result<Vec<usize>, ContractError> {
    let applied: Vec<String> = updates.iter().map(keys::applied).collect();
    let applied = stub.get_states(&applied).await?;
    let combined = combined::into_of(stub, proposals).await?;
    let mut over = Vec::new();
    for ((place, proposal), applied) in proposals.iter().enumerate().zip(&applied) {
        let other_kind = proposal.kind() != ProposalKind::ConfigUpdate;
        let ended = proposal.withdrawal.is_some() || other_kind;
        let may_be_proven = applied.is_some() || combined.contains_key(&proposal.id);
        if ended || (may_be_proven && proofs::current(stub, head, proposal).await?.is_some()) {
            over.push(place);
        }
    }
    Ok(over)
}
