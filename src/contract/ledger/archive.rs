//! Finished proposals: what is kept of one, and what goes.

use std::collections::BTreeMap;

use super::{
    keys,
    proofs::Effective,
    signatures::RevisionSignatures,
    timestamps,
    values::put,
    votes::{self, StoredVote},
};
use crate::{
    contract::error::{Code, ContractError},
    ids::{ProposalId, Revision, Sequence, UnixTime},
    proto::cmscc::{Archive, ArchivedSigner, Outcome, Proposal},
    stub::Stub,
};

/// How a proposal ends.
#[derive(Debug)]
pub(crate) struct ProposalEnd {
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// The revision that took effect, and where.
    pub(crate) proof: Option<Effective>,
    /// The version that applied settings became.
    pub(crate) settings_version: Option<u64>,
    /// The head's sequence.
    pub(crate) as_of: Sequence,
    /// The transaction that ends it.
    pub(crate) tx_id: String,
    /// The time of that transaction.
    pub(crate) at: UnixTime,
}

/// What lies on the ledger beside a proposal and moves into the archive with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remains<'a> {
    /// All signatures.
    pub(crate) signatures: &'a BTreeMap<Revision, RevisionSignatures>,
    /// All votes.
    pub(crate) votes: &'a [StoredVote],
}

/// Moves a proposal with its signatures and votes into the archive.
pub(crate) fn store<S: Stub>(
    stub: &mut S,
    proposal: Proposal,
    remains: &Remains<'_>,
    ending: &ProposalEnd,
) {
    let id = ProposalId::new(proposal.id.as_str());
    let last = proposal.revisions.last().map_or(0, |r| r.revision);
    let own = ending.proof.as_ref().filter(|proof| proof.via.is_none());
    let kept = own.map_or(last, |proof| proof.revision);
    let signers = remains
        .signatures
        .iter()
        .flat_map(|(revision, of)| of.signatures.iter().map(move |s| (revision.0, s)))
        .map(|(revision, stored)| ArchivedSigner {
            revision,
            msp_id: stored.msp_id.to_string(),
            fingerprint: stored.fingerprint.clone(),
            config_signature: (revision == kept).then(|| stored.signature.clone().into()),
        })
        .collect();
    let archive = Archive {
        proposal: Some(proposal),
        outcome: ending.outcome.into(),
        proof: ending.proof.as_ref().map(Effective::archived),
        signers,
        tx_id: ending.tx_id.clone(),
        archived_at: Some(timestamps::stored(ending.at)),
        as_of_sequence: ending.as_of.0,
        votes: remains.votes.iter().map(votes::archived).collect(),
        settings_version: ending.settings_version,
    };
    for stored in remains.signatures.values().flat_map(|of| &of.signatures) {
        stub.del_state(stored.key.clone());
    }
    for stored in remains.votes {
        stub.del_state(stored.key.clone());
    }
    stub.del_state(keys::proposal(&id));
    put(stub, keys::archive(&id), &archive);
}

/// What was archived.
pub(crate) fn content(archive: &Archive) -> Result<&Proposal, ContractError> {
    archive
        .proposal
        .as_ref()
        .ok_or_else(|| Code::StateCorrupt.because("an archived proposal has no content"))
}
