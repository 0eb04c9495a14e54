//! What proves that a proposal took effect: its own bytes in the verified chain, or those of a
//! proposal that it was combined into.

use super::{
    error::ContractError,
    keys, proposal,
    reports::ProofReport,
    state::{self, InEffect, digest},
};
use crate::{
    ids::{Digest, ProposalId, Sequence},
    proto::cmscc::{Archive, Combined, Proof, Proposal},
    stub::Stub,
};

/// A revision that took effect.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Effective {
    /// The revision: the proposal's own, or that of the combined proposal.
    pub(super) revision: u64,
    /// Where.
    pub(super) at: InEffect,
    /// The combined proposal whose revision it is.
    pub(super) via: Option<ProposalId>,
}

impl Effective {
    /// The proof as answers show it.
    pub(super) fn report(&self) -> Result<ProofReport, ContractError> {
        Ok(ProofReport {
            block_hash: digest(&self.at.entry.block_hash)?.to_string(),
            block_number: self.at.entry.block_number,
            revision: self.revision,
            sequence: self.at.sequence.0,
        })
    }

    /// The proof as the archive keeps it.
    pub(super) fn archived(&self) -> Proof {
        Proof {
            sequence: self.at.sequence.0,
            revision: self.revision,
            block_number: self.at.entry.block_number,
            block_hash: self.at.entry.block_hash.clone(),
            via: self
                .via
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        }
    }
}

/// That the current revision's own bytes took effect. Reads no more than `AddSignature` may.
pub(super) async fn own<S: Stub>(
    stub: &mut S,
    head: Sequence,
    proposal: &Proposal,
) -> Result<Option<Effective>, ContractError> {
    let current = proposal::current(proposal)?;
    let update = Digest::of(&current.config_update);
    Ok(state::in_effect(stub, head, &update)
        .await?
        .map(|at| Effective {
            revision: current.revision,
            at,
            via: None,
        }))
}

/// The newest of all stored revisions that took effect.
pub(super) async fn any_revision<S: Stub>(
    stub: &mut S,
    head: Sequence,
    proposal: &Proposal,
) -> Result<Option<Effective>, ContractError> {
    let mut newest = None;
    for bytes in &proposal.revisions {
        let update = Digest::of(&bytes.config_update);
        if let Some(at) = state::in_effect(stub, head, &update).await? {
            newest = Some(Effective {
                revision: bytes.revision,
                at,
                via: None,
            });
        }
    }
    Ok(newest)
}

/// That it took effect inside a proposal that it was combined into; of several the first by id.
pub(super) async fn through<S: Stub>(
    stub: &mut S,
    head: Sequence,
    source: &ProposalId,
) -> Result<Option<Effective>, ContractError> {
    for (id, _) in combined_into(stub, source).await? {
        if let Some(effective) = by(stub, head, id).await? {
            return Ok(Some(effective));
        }
    }
    Ok(None)
}

/// That what was combined took effect.
pub(super) async fn by<S: Stub>(
    stub: &mut S,
    head: Sequence,
    combined: ProposalId,
) -> Result<Option<Effective>, ContractError> {
    let proposal = match state::get(stub, &keys::proposal(&combined)).await? {
        Some(open) => Some(open),
        None => state::get::<Archive, S>(stub, &keys::archive(&combined))
            .await?
            .and_then(|archive| archive.proposal),
    };
    let Some(proposal) = proposal else {
        return Ok(None);
    };
    let effective = any_revision(stub, head, &proposal).await?;
    Ok(effective.map(|effective| Effective {
        via: Some(combined),
        ..effective
    }))
}

/// The proposals that a proposal was combined into, by id, with the revision that went in.
pub(super) async fn combined_into<S: Stub>(
    stub: &mut S,
    source: &ProposalId,
) -> Result<Vec<(ProposalId, Combined)>, ContractError> {
    let found: Vec<(String, Combined)> =
        state::all(stub, keys::combined_into(source, source)).await?;
    found
        .into_iter()
        .map(|(key, combined)| {
            let (_, id) = keys::combined_facts(&key).ok_or_else(|| state::corrupt(&key))?;
            Ok((id, combined))
        })
        .collect()
}

/// The current revision's own proof, or that of a proposal that it was combined into.
pub(super) async fn current<S: Stub>(
    stub: &mut S,
    head: Sequence,
    proposal: &Proposal,
) -> Result<Option<Effective>, ContractError> {
    match own(stub, head, proposal).await? {
        Some(effective) => Ok(Some(effective)),
        None => through(stub, head, &proposal.id.as_str().into()).await,
    }
}
