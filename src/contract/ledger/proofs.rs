//! What proves that a proposal took effect: its own bytes in the verified chain, or those of a
//! proposal that it was combined into.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    keys,
    proposals::digests,
    values::{corrupt, decode, digest},
};
use crate::{
    contract::error::ContractError,
    ids::{Digest, ProposalId, Sequence},
    proto::cmscc::{
        Applied, Archive, ChainEntry, Combined, OpenProposal, Proof, Proposal, RevisionDigest,
    },
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

/// What could have taken effect.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProofQuestion<'a> {
    /// Revisions of the proposal itself, ascending.
    pub(crate) own: Vec<RevisionDigest>,
    /// What it was combined into.
    pub(crate) combined: &'a [Combined],
}

/// Where of some updates each took effect, by digest. Reads the key `applied` of each, and the
/// chain's entries that these name: two calls.
pub(crate) async fn in_effect<S: Stub>(
    stub: &mut S,
    head: Sequence,
    updates: impl Iterator<Item = Digest>,
) -> Result<BTreeMap<Digest, InEffect>, ContractError> {
    let updates: Vec<Digest> = updates.collect();
    let keys: Vec<String> = updates.iter().map(keys::applied).collect();
    let mut named: Vec<(Digest, Sequence)> = Vec::new();
    for ((update, key), value) in updates.iter().zip(&keys).zip(read(stub, &keys).await?) {
        let Some(value) = value else { continue };
        let applied: Applied = decode(key, &value)?;
        let sequence = Sequence(applied.sequence.ok_or_else(|| corrupt(key))?);
        if sequence <= head {
            named.push((*update, sequence));
        }
    }
    let keys = named.iter().map(|(_, at)| keys::chain_entry(*at));
    let keys: Vec<String> = keys.collect();
    let mut found = BTreeMap::new();
    for (((update, sequence), key), value) in named.iter().zip(&keys).zip(read(stub, &keys).await?)
    {
        let Some(value) = value else { continue };
        let entry: ChainEntry = decode(key, &value)?;
        if entry.config_update_sha256.as_ref() == update.as_bytes() {
            let sequence = *sequence;
            found.insert(*update, InEffect { sequence, entry });
        }
    }
    Ok(found)
}

async fn read<S: Stub>(stub: &mut S, keys: &[String]) -> Result<Vec<Option<Bytes>>, ContractError> {
    match keys {
        [] => Ok(Vec::new()),
        keys => Ok(stub.get_states(keys).await?),
    }
}

/// Of each question what took effect: the newest of its own revisions, otherwise that of the first
/// combined proposal of which one did. Two calls for all of them.
pub(crate) async fn find_all<S: Stub>(
    stub: &mut S,
    head: Sequence,
    questions: &[ProofQuestion<'_>],
) -> Result<Vec<Option<Effective>>, ContractError> {
    let mut updates = Vec::new();
    for question in questions {
        let combined = question.combined.iter().flat_map(|one| &one.revisions);
        for revision in question.own.iter().chain(combined) {
            updates.push(digest(&revision.config_update_sha256)?);
        }
    }
    updates.sort_unstable();
    updates.dedup();
    let found = in_effect(stub, head, updates.into_iter()).await?;
    Ok(questions.iter().map(|one| one.answer(&found)).collect())
}

/// The same of one question.
pub(crate) async fn find<S: Stub>(
    stub: &mut S,
    head: Sequence,
    question: ProofQuestion<'_>,
) -> Result<Option<Effective>, ContractError> {
    let found = find_all(stub, head, &[question]).await?;
    Ok(found.into_iter().next().flatten())
}

impl<'a> ProofQuestion<'a> {
    /// Whether the current revision of a proposal took effect, by its record, or any of a combined one.
    pub(crate) fn of_record(record: &OpenProposal, combined: &'a [Combined]) -> Self {
        let own = RevisionDigest {
            revision: record.revision,
            config_update_sha256: record.config_update_sha256.clone(),
        };
        Self {
            own: vec![own],
            combined,
        }
    }

    /// Whether any revision of an archived proposal took effect, or any of a combined one.
    pub(crate) fn of_archive(archive: &Archive, combined: &'a [Combined]) -> Self {
        let own = archive.revisions.iter().map(|one| RevisionDigest {
            revision: one.revision,
            config_update_sha256: one.config_update_sha256.clone(),
        });
        Self {
            own: own.collect(),
            combined,
        }
    }

    /// Whether any revision took effect, or any of a combined proposal.
    pub(crate) fn of_all(proposal: &Proposal, combined: &'a [Combined]) -> Self {
        Self {
            own: digests(proposal),
            combined,
        }
    }

    /// How many updates it asks for.
    pub(crate) fn updates(&self) -> usize {
        let combined = self.combined.iter().map(|one| one.revisions.len());
        combined.fold(self.own.len(), usize::saturating_add)
    }

    fn answer(&self, found: &BTreeMap<Digest, InEffect>) -> Option<Effective> {
        let newest = |revisions: &[RevisionDigest], via: Option<ProposalId>| {
            revisions.iter().rev().find_map(|one| {
                let update = Digest::from_bytes(&one.config_update_sha256)?;
                Some(Effective {
                    revision: one.revision,
                    at: found.get(&update)?.clone(),
                    via: via.clone(),
                })
            })
        };
        newest(&self.own, None).or_else(|| {
            let mut combined = self.combined.iter();
            combined.find_map(|one| {
                let via = ProposalId::new(one.proposal_id.as_str());
                newest(&one.revisions, Some(via))
            })
        })
    }
}
