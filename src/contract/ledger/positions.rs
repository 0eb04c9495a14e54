//! What organisations say of proposals: signatures and rejections, as they lie on the ledger.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    keys::{self, PositionPart, ProposalPlace},
    members::ChannelMembers,
    values::{all, corrupt, decode, put},
};
use crate::{
    config::{Bundle, ConfigSignature, Section},
    contract::error::ContractError,
    ids::{MspId, ProposalId, Revision},
    proto::cmscc::{Position, Signature, Stance, Vote},
    stub::{KeyRange, Stub},
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

/// What is said of one proposal. Cost: one range, with two entries for each organisation and revision
/// at most.
pub(crate) async fn on<S: Stub>(
    stub: &mut S,
    place: &ProposalPlace,
) -> Result<Positions, ContractError> {
    of_revisions(stub, keys::positions(place)).await
}

/// The signatures on one revision, and no votes, so that nobody who rejects meets the call. Cost: one
/// range, with an entry for each organisation.
pub(crate) async fn signatures_on<S: Stub>(
    stub: &mut S,
    place: &ProposalPlace,
    revision: Revision,
) -> Result<Positions, ContractError> {
    of_revisions(stub, keys::signatures_on(place, revision)).await
}

async fn of_revisions<S: Stub>(stub: &mut S, range: KeyRange) -> Result<Positions, ContractError> {
    let mut found = Positions::default();
    let stored: Vec<(String, Position)> = all(stub, range).await?;
    for (key, position) in stored {
        let (_, revision, msp_id) = keys::position_facts(&key).ok_or_else(|| corrupt(&key))?;
        found
            .add(revision, &msp_id, position)
            .ok_or_else(|| corrupt(&key))?;
    }
    Ok(found)
}

/// What each organisation said last of the open proposals from one to another, both included. Nothing
/// of archived ones lies between. Cost: one range, with an entry for each proposal and organisation.
pub(crate) async fn between<S: Stub>(
    stub: &mut S,
    first: &ProposalPlace,
    last: &ProposalPlace,
) -> Result<BTreeMap<ProposalId, Positions>, ContractError> {
    let mut found: BTreeMap<ProposalId, Positions> = BTreeMap::new();
    let stored: Vec<(String, Stance)> = all(stub, keys::stances(first, last)).await?;
    for (key, stance) in stored {
        let (place, msp_id) = keys::stance_facts(&key).ok_or_else(|| corrupt(&key))?;
        let of = found.entry(place.id().clone()).or_default();
        let revision = Revision(stance.revision);
        of.add(revision, &msp_id, stance.position.unwrap_or_default())
            .ok_or_else(|| corrupt(&key))?;
    }
    Ok(found)
}

/// What one organisation says of a revision.
#[derive(Debug, Default)]
pub(crate) struct OwnPosition {
    /// Its signatures and its vote, as they are stored.
    pub(crate) position: Position,
}

impl OwnPosition {
    /// Of each of some organisations, in their order. Cost: one call.
    pub(crate) async fn read<S: Stub>(
        stub: &mut S,
        place: &ProposalPlace,
        revision: Revision,
        msp_ids: &[&MspId],
    ) -> Result<Vec<Self>, ContractError> {
        let keys: Vec<String> = (msp_ids.iter())
            .map(|msp_id| keys::stance(place, msp_id))
            .collect();
        let stored = match keys.as_slice() {
            [] => Vec::new(),
            keys => stub.get_states(keys).await?,
        };
        let read = keys.iter().zip(stored).map(|(key, stored)| {
            let stance: Stance = match stored {
                Some(stored) => decode(key, &stored)?,
                None => Stance::default(),
            };
            // what was said of an earlier revision is nothing to this one
            let position = stance.position.filter(|_| stance.revision == revision.0);
            let position = position.unwrap_or_default();
            let mut signatures = position.signatures.iter();
            match signatures.all(|one| one.config_signature.is_some()) {
                true => Ok(Self { position }),
                false => Err(corrupt(key)),
            }
        });
        read.collect()
    }

    /// Writes it with what was added to a part of it.
    pub(crate) fn store<S: Stub>(
        self,
        stub: &mut S,
        place: &ProposalPlace,
        revision: Revision,
        msp_id: &MspId,
        part: PositionPart,
    ) {
        let position = self.position;
        let of_part = match part {
            PositionPart::Signatures => Position {
                vote: None,
                ..position.clone()
            },
            PositionPart::Vote => Position {
                vote: position.vote.clone(),
                ..Position::default()
            },
        };
        put(
            stub,
            keys::position(place, revision, part, msp_id),
            &of_part,
        );
        let stance = Stance {
            revision: revision.0,
            position: Some(position),
        };
        put(stub, keys::stance(place, msp_id), &stance);
    }
}

/// Forgets what was said of a revision that is not kept: blindly, of every organisation of the config.
pub(crate) fn forget<S: Stub>(
    stub: &mut S,
    bundle: &Bundle,
    place: &ProposalPlace,
    revision: Revision,
) {
    let members = bundle.msp_ids(Section::Application);
    for msp_id in &members {
        stub.del_state(keys::position(place, revision, PositionPart::Vote, msp_id));
    }
    for msp_id in members.union(&bundle.msp_ids(Section::Orderer)) {
        let part = PositionPart::Signatures;
        stub.del_state(keys::position(place, revision, part, msp_id));
    }
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
