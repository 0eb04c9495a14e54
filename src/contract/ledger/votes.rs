//! Votes: which organisation rejected which revision, why, and whether that counts.

use std::collections::{BTreeMap, BTreeSet};

use super::{keys, members::is_member_since};
use crate::{
    contract::{error::ContractError, ledger},
    ids::{MspId, ProposalId, Revision},
    proto::cmscc::{ArchivedVote, Member, Vote},
    stub::Stub,
};

/// A rejection as it lies on the ledger.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredVote {
    /// The key under which it lies.
    pub(crate) key: String,
    /// The proposal that was rejected.
    pub(crate) proposal: ProposalId,
    /// Its revision that was rejected.
    pub(crate) revision: Revision,
    /// Who rejected.
    pub(crate) msp_id: MspId,
    /// Reason and sequence.
    pub(crate) vote: Vote,
}

/// The votes on the proposals from one id to another, both included, in key order.
pub(crate) async fn stored<S: Stub>(
    stub: &mut S,
    first: &ProposalId,
    last: &ProposalId,
) -> Result<Vec<StoredVote>, ContractError> {
    let found: Vec<(String, Vote)> = ledger::all(stub, keys::votes(first, last)).await?;
    found
        .into_iter()
        .map(|(key, vote)| {
            let (proposal, revision, msp_id) =
                keys::vote_facts(&key).ok_or_else(|| ledger::corrupt(&key))?;
            Ok(StoredVote {
                key,
                proposal,
                revision,
                msp_id,
                vote,
            })
        })
        .collect()
}

/// A vote, judged by who is a member now.
#[derive(Clone, Debug)]
pub(crate) struct JudgedVote {
    stored: StoredVote,
    pub(crate) former_member: bool,
}

impl JudgedVote {
    /// The vote as it lies on the ledger.
    pub(crate) const fn stored(&self) -> &StoredVote {
        &self.stored
    }

    /// The proposal that was rejected.
    pub(crate) const fn proposal(&self) -> &ProposalId {
        &self.stored.proposal
    }
}

/// Finds out which of these votes are of organisations that were members ever since.
pub(crate) async fn judge<S: Stub>(
    stub: &mut S,
    votes: Vec<StoredVote>,
) -> Result<Vec<JudgedVote>, ContractError> {
    let voters: BTreeSet<&MspId> = votes.iter().map(|vote| &vote.msp_id).collect();
    let mut members = BTreeMap::new();
    for msp_id in voters {
        let member: Option<Member> = ledger::get(stub, &keys::member(msp_id)).await?;
        members.insert(msp_id.clone(), member);
    }
    let judged = votes.into_iter().map(|stored| {
        let member = members.get(&stored.msp_id).and_then(Option::as_ref);
        let at = stored.vote.sequence.unwrap_or_default();
        JudgedVote {
            former_member: !is_member_since(member, at),
            stored,
        }
    });
    Ok(judged.collect())
}

/// The votes on one proposal, judged, in key order.
pub(crate) async fn on<S: Stub>(
    stub: &mut S,
    proposal: &ProposalId,
) -> Result<Vec<JudgedVote>, ContractError> {
    let votes = stored(stub, proposal, proposal).await?;
    judge(stub, votes).await
}

/// The organisations whose rejections of this revision count.
pub(crate) fn rejecting(votes: &[JudgedVote], revision: Revision) -> BTreeSet<MspId> {
    votes
        .iter()
        .filter(|vote| vote.stored.revision == revision && !vote.former_member)
        .map(|vote| vote.stored.msp_id.clone())
        .collect()
}

/// A vote as the archive keeps it.
pub(crate) fn archived(stored: &StoredVote) -> ArchivedVote {
    ArchivedVote {
        revision: stored.revision.0,
        msp_id: stored.msp_id.to_string(),
        vote: Some(stored.vote.clone()),
    }
}

/// The votes of an archive entry, to be judged as others are.
pub(crate) fn of_archive(proposal: &ProposalId, votes: &[ArchivedVote]) -> Vec<StoredVote> {
    votes
        .iter()
        .map(|archived| {
            let msp_id = MspId::new(archived.msp_id.as_str());
            let revision = Revision(archived.revision);
            StoredVote {
                key: keys::vote(proposal, revision, &msp_id),
                proposal: proposal.clone(),
                revision,
                msp_id,
                vote: archived.vote.clone().unwrap_or_default(),
            }
        })
        .collect()
}
