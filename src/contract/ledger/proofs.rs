//! What proves that a proposal took effect: its own bytes in the verified chain, or those of a
//! proposal that it was combined into.

use super::{
    combined, keys,
    proposals::HashedRevision,
    values::{corrupt, get},
};
use crate::{
    contract::error::ContractError,
    ids::{Digest, ProposalId, Sequence},
    proto::cmscc::{Applied, Archive, ChainEntry, Proof, Proposal},
    stub::Stub,
};

/// Where in the verified chain a config update took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InEffect {
    /// The sequence that it led to.
    pub(crate) sequence: Sequence,
    /// The chain's entry for it.
    pub(crate) entry: ChainEntry,
}

/// The proof that a config update took effect, where there is one that counts. Reads the update's
/// `applied` key, and the chain's entry only where that names one.
pub(crate) async fn in_effect<S: Stub>(
    stub: &mut S,
    head: Sequence,
    update: &Digest,
) -> Result<Option<InEffect>, ContractError> {
    let key = keys::applied(update);
    let Some(applied) = get::<Applied, S>(stub, &key).await? else {
        return Ok(None);
    };
    let sequence = Sequence(applied.sequence.ok_or_else(|| corrupt(&key))?);
    if sequence > head {
        return Ok(None);
    }
    let entry: Option<ChainEntry> = get(stub, &keys::chain_entry(sequence)).await?;
    Ok(entry
        .filter(|entry| entry.config_update_sha256.as_ref() == update.as_bytes())
        .map(|entry| InEffect { sequence, entry }))
}

/// A revision that took effect.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Effective {
    /// The revision: the proposal's own, or that of the combined proposal.
    pub(crate) revision: u64,
    /// The link of the chain that shows it in effect.
    pub(crate) at: InEffect,
    /// The combined proposal whose revision it is.
    pub(crate) via: Option<ProposalId>,
}

impl Effective {
    /// The proof as the archive keeps it.
    pub(crate) fn archived(&self) -> Proof {
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
pub(crate) async fn own<S: Stub>(
    stub: &mut S,
    head: Sequence,
    current: &HashedRevision<'_>,
) -> Result<Option<Effective>, ContractError> {
    let at = in_effect(stub, head, &current.digest).await?;
    Ok(at.map(|at| Effective {
        revision: current.number.0,
        at,
        via: None,
    }))
}

/// The newest of all stored revisions that took effect.
pub(crate) async fn any_revision<S: Stub>(
    stub: &mut S,
    head: Sequence,
    proposal: &Proposal,
) -> Result<Option<Effective>, ContractError> {
    let mut newest = None;
    for bytes in &proposal.revisions {
        let update = Digest::of(&bytes.config_update);
        if let Some(at) = in_effect(stub, head, &update).await? {
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
pub(crate) async fn through<S: Stub>(
    stub: &mut S,
    head: Sequence,
    source: &ProposalId,
) -> Result<Option<Effective>, ContractError> {
    for (id, _) in combined::into(stub, source).await? {
        if let Some(effective) = by(stub, head, id).await? {
            return Ok(Some(effective));
        }
    }
    Ok(None)
}

/// That what was combined took effect.
pub(crate) async fn by<S: Stub>(
    stub: &mut S,
    head: Sequence,
    combined: ProposalId,
) -> Result<Option<Effective>, ContractError> {
    let proposal = match get(stub, &keys::proposal(&combined)).await? {
        Some(open) => Some(open),
        None => get::<Archive, S>(stub, &keys::archive(&combined))
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

/// The current revision's own proof, or that of a proposal that it was combined into.
pub(crate) async fn current<S: Stub>(
    stub: &mut S,
    head: Sequence,
    id: &ProposalId,
    current: &HashedRevision<'_>,
) -> Result<Option<Effective>, ContractError> {
    match own(stub, head, current).await? {
        Some(effective) => Ok(Some(effective)),
        None => through(stub, head, id).await,
    }
}

/// What proves that a proposal took effect in any of its revisions, or combined.
pub(crate) async fn ever<S: Stub>(
    stub: &mut S,
    head: Sequence,
    proposal: &Proposal,
) -> Result<Option<Effective>, ContractError> {
    match any_revision(stub, head, proposal).await? {
        Some(effective) => Ok(Some(effective)),
        None => through(stub, head, &proposal.id.as_str().into()).await,
    }
}
