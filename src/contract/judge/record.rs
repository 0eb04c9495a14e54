//! What a proposal's record says of it, so that calls about other proposals need no more. Pure.

use bytes::Bytes;

use super::relations;
use crate::{
    config::Bundle,
    contract::{
        chain::levels,
        error::ContractError,
        ledger::proposals::{self, current},
    },
    proto::cmscc::{OpenProposal, Proposal, ProposalKind, RaisedLevel},
};

/// How many raised levels a record names, and how long a name may be, in bytes.
const RAISES: usize = 64;
const LEVEL_LENGTH: usize = 64;

/// The record of a proposal whose current revision was computed on this config.
pub(crate) fn record(bundle: &Bundle, proposal: &Proposal) -> Result<OpenProposal, ContractError> {
    let revision = current(proposal)?;
    let mut sources: Vec<String> = (proposal.sources.iter())
        .map(|source| source.proposal_id.clone())
        .collect();
    sources.sort_unstable();
    let mut record = OpenProposal {
        kind: proposal.kind,
        revision: revision.number.0,
        config_update_sha256: Bytes::copy_from_slice(revision.digest.as_bytes()),
        config_update_bytes: length(revision.config_update.len()),
        bytes: bytes(proposal),
        proposed_sequence: proposal.proposed_sequence,
        deadline: proposal.deadline,
        withdrawal: None,
        touched: None,
        written: Bytes::new(),
        sources,
        raises: Vec::new(),
    };
    if proposal.kind() != ProposalKind::ConfigUpdate {
        return Ok(record);
    }
    let patch = proposals::patch(proposal)?;
    // what does not apply is not stored
    if let Ok(intended) = patch.apply(bundle.tree()) {
        record.touched = Some(relations::touched_digests(&patch));
        record.written = relations::written_digests(revision.config_update);
        let raised = levels::raised(bundle.tree(), &intended).into_iter();
        let short = raised.filter(|raise| raise.level.len() <= LEVEL_LENGTH);
        let named = short.take(RAISES).map(|raise| RaisedLevel {
            scope: raise.scope.stored().into(),
            level: raise.level,
        });
        record.raises = named.collect();
    }
    Ok(record)
}

/// How much a proposal holds, as its record says it.
pub(crate) fn bytes(proposal: &Proposal) -> u64 {
    length(proposals::size(proposal))
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
