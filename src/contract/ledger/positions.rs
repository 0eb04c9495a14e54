//! What organisations say of proposals: signatures and rejections, as they lie on the ledger.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    keys::{self, ProposalPlace},
    members::ChannelMembers,
    values::{all, corrupt},
};
use crate::{
    config::ConfigSignature,
    contract::error::ContractError,
    ids::{MspId, ProposalId, Revision},
    proto::cmscc::{Position, Signature, Vote},
    stub::Stub,
};

/// One stored signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredSignature {
    /// The signer's MSP.
    pub(crate) msp_id: MspId,
    /// The signer's MSP identity id.
    pub(crate) fingerprint: String,
    /// Header and signature.
    pub(crate) signature: ConfigSignature,
}

impl StoredSignature {
    /// Reads one of a position; `None` where it is not one of ours.
    pub(crate) fn of(msp_id: &MspId, stored: Signature) -> Option<Self> {
        Some(Self {
            msp_id: msp_id.clone(),
            fingerprint: stored.fingerprint,
            signature: stored.config_signature?.into(),
        })
    }
}

/// The stored signatures of one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RevisionSignatures {
    /// By MSP id, then identity.
    pub(crate) signatures: Vec<StoredSignature>,
}

/// A rejection as it lies on the ledger.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredVote {
    /// The revision that was rejected.
    pub(crate) revision: Revision,
    /// Who rejected.
    pub(crate) msp_id: MspId,
    /// Reason and sequence.
    pub(crate) vote: Vote,
}

/// What all organisations say of one proposal.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Positions {
    /// By revision; only revisions that somebody signed.
    pub(crate) signatures: BTreeMap<Revision, RevisionSignatures>,
    /// By revision, then MSP id.
    pub(crate) votes: Vec<StoredVote>,
}

impl Positions {
    fn add(&mut self, revision: Revision, msp_id: &MspId, position: Position) -> Option<()> {
        for stored in position.signatures {
            let stored = StoredSignature::of(msp_id, stored)?;
            let of = self.signatures.entry(revision).or_default();
            of.signatures.push(stored);
        }
        if let Some(vote) = position.vote {
            self.votes.push(StoredVote {
                revision,
                msp_id: msp_id.clone(),
                vote,
            });
        }
        Some(())
    }

    /// The votes, judged by who is a member now.
    pub(crate) fn judged(&self, members: &ChannelMembers) -> Vec<JudgedVote> {
        let judged = self.votes.iter().map(|stored| JudgedVote {
            former_member: !members
                .is_member_since(&stored.msp_id, stored.vote.sequence.unwrap_or_default()),
            stored: stored.clone(),
        });
        judged.collect()
    }
}

/// What is said of one proposal. Cost: one range, with an entry for each organisation and revision.
pub(crate) async fn on<S: Stub>(
    stub: &mut S,
    place: &ProposalPlace,
) -> Result<Positions, ContractError> {
    let mut found = between(stub, place, place).await?;
    Ok(found.remove(place.id()).unwrap_or_default())
}

/// What is said of the proposals from one to another, both included. Cost: one range.
pub(crate) async fn between<S: Stub>(
    stub: &mut S,
    first: &ProposalPlace,
    last: &ProposalPlace,
) -> Result<BTreeMap<ProposalId, Positions>, ContractError> {
    let mut found: BTreeMap<ProposalId, Positions> = BTreeMap::new();
    let stored: Vec<(String, Position)> = all(stub, keys::positions(first, last)).await?;
    for (key, position) in stored {
        let (place, revision, msp_id) = keys::position_facts(&key).ok_or_else(|| corrupt(&key))?;
        let of = found.entry(place.id().clone()).or_default();
        of.add(revision, &msp_id, position)
            .ok_or_else(|| corrupt(&key))?;
    }
    Ok(found)
}

/// Whether somebody signed a revision. Cost: one range, with an entry for each organisation.
pub(crate) async fn is_signed<S: Stub>(
    stub: &mut S,
    place: &ProposalPlace,
    revision: Revision,
) -> Result<bool, ContractError> {
    let stored: Vec<(String, Position)> = all(stub, keys::positions_on(place, revision)).await?;
    Ok(stored
        .iter()
        .any(|(_, position)| !position.signatures.is_empty()))
}

/// A vote, judged by who is a member now.
#[derive(Clone, Debug)]
pub(crate) struct JudgedVote {
    stored: StoredVote,
    /// Whether its organisation left since, or was no member.
    pub(crate) former_member: bool,
}

impl JudgedVote {
    /// The vote as it lies on the ledger.
    pub(crate) const fn stored(&self) -> &StoredVote {
        &self.stored
    }
}

/// The organisations whose rejections of this revision count.
pub(crate) fn rejecting(votes: &[JudgedVote], revision: Revision) -> BTreeSet<MspId> {
    votes
        .iter()
        .filter(|vote| vote.stored.revision == revision && !vote.former_member)
        .map(|vote| vote.stored.msp_id.clone())
        .collect()
}
