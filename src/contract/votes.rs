//! Votes: which organisation rejected which revision, why, and whether that counts.

use std::collections::{BTreeMap, BTreeSet};

use super::{access::is_member_since, error::ContractError, keys, reports::VoteReport, state};
use crate::{
    ids::{MspId, ProposalId, Revision},
    proto::cmscc::{ArchivedVote, Member, Vote},
    stub::Stub,
};

/// A rejection as it lies on the ledger.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StoredVote {
    /// Its key.
    pub(super) key: String,
    /// The proposal that was rejected.
    pub(super) proposal: ProposalId,
    /// Its revision that was rejected.
    pub(super) revision: Revision,
    /// Who rejected.
    pub(super) msp_id: MspId,
    /// Reason and sequence.
    pub(super) vote: Vote,
}

/// The votes on the proposals from one id to another, both included, in key order.
pub(super) async fn stored<S: Stub>(
    stub: &mut S,
    first: &ProposalId,
    last: &ProposalId,
) -> Result<Vec<StoredVote>, ContractError> {
    let found: Vec<(String, Vote)> = state::all(stub, keys::votes(first, last)).await?;
    found
        .into_iter()
        .map(|(key, vote)| {
            let (proposal, revision, msp_id) =
                keys::vote_facts(&key).ok_or_else(|| state::corrupt(&key))?;
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
pub(super) struct JudgedVote {
    stored: StoredVote,
    former_member: bool,
}

impl JudgedVote {
    /// The vote as it lies on the ledger.
    pub(super) const fn stored(&self) -> &StoredVote {
        &self.stored
    }

    /// The proposal that was rejected.
    pub(super) const fn proposal(&self) -> &ProposalId {
        &self.stored.proposal
    }

    /// The vote as answers show it. It counts only on the current revision.
    pub(super) fn report(&self) -> VoteReport {
        VoteReport {
            former_member: self.former_member,
            msp_id: self.stored.msp_id.to_string(),
            reason: self.stored.vote.reason.clone(),
            revision: self.stored.revision.0,
            sequence: self.stored.vote.sequence.unwrap_or_default(),
        }
    }
}

/// Finds out which of these votes are of organisations that were members ever since.
pub(super) async fn judge<S: Stub>(
    stub: &mut S,
    votes: Vec<StoredVote>,
) -> Result<Vec<JudgedVote>, ContractError> {
    let voters: BTreeSet<&MspId> = votes.iter().map(|vote| &vote.msp_id).collect();
    let mut members = BTreeMap::new();
    for msp_id in voters {
        let member: Option<Member> = state::get(stub, &keys::member(msp_id)).await?;
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
pub(super) async fn on<S: Stub>(
    stub: &mut S,
    proposal: &ProposalId,
) -> Result<Vec<JudgedVote>, ContractError> {
    let votes = stored(stub, proposal, proposal).await?;
    judge(stub, votes).await
}

/// The organisations whose rejections of this revision count.
pub(super) fn rejecting(votes: &[JudgedVote], revision: Revision) -> BTreeSet<MspId> {
    votes
        .iter()
        .filter(|vote| vote.stored.revision == revision && !vote.former_member)
        .map(|vote| vote.stored.msp_id.clone())
        .collect()
}

/// A vote as the archive keeps it.
pub(super) fn archived(stored: &StoredVote) -> ArchivedVote {
    ArchivedVote {
        revision: stored.revision.0,
        msp_id: stored.msp_id.to_string(),
        vote: Some(stored.vote.clone()),
    }
}

/// The votes of an archive entry, to be judged as others are.
pub(super) fn of_archive(proposal: &ProposalId, votes: &[ArchivedVote]) -> Vec<StoredVote> {
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
