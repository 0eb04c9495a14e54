//! Ends of proposals: `WithdrawProposal`, `DeleteProposal`, and the archive.

use std::collections::BTreeMap;

use super::{
    access::{Admin, owner_remains},
    error::{Code, ContractError},
    events, keys,
    proofs::{self, Effective},
    reports::{self, Ended},
    router::Call,
    state::{self, RevisionSignatures},
    timestamps,
    votes::{self, StoredVote},
};
use crate::{
    ids::{MspId, ProposalId, Revision, Sequence},
    proto::{
        cmscc::{Archive, ArchivedSigner, Member, Outcome, Proposal, Withdrawal},
        common,
    },
    stub::Stub,
};

/// `WithdrawProposal`: its owner takes it back; it stays readable.
pub(super) async fn withdraw_proposal<S: Stub>(
    call: &Call<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    let mut proposal = state::proposal(stub, &id).await?;
    let proposer = proposer(stub, &proposal).await?;
    let proof = proofs::current(stub, trusted.sequence(), &proposal).await?;
    admin.demand_owner(&proposal, proposer.as_ref())?;
    let ended = match (proof, &proposal.withdrawal) {
        (Some(_), _) => Some("Submitted"),
        (None, Some(_)) => Some("Withdrawn"),
        (None, None) => None,
    };
    if let Some(status) = ended {
        return Err(Code::WrongStatus.because(format_args!(
            "proposal `{id}` is `{status}` at sequence {}; it cannot be withdrawn",
            trusted.sequence()
        )));
    }
    proposal.withdrawal = Some(Withdrawal {
        tx_id: call.tx_id().to_owned(),
        timestamp: Some(timestamps::stored(call.now())),
    });
    state::put(stub, keys::proposal(&id), &proposal);
    stub.set_event(events::withdrawn(&id));
    ended_answer(&id, trusted.sequence())
}

/// `DeleteProposal`: withdraws it where it is open, and archives it.
pub(super) async fn delete_proposal<S: Stub>(
    call: &Call<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let as_of = delete(call, stub, &id).await?;
    ended_answer(&id, as_of)
}

/// The same for every interface; the head's sequence.
pub(super) async fn delete<S: Stub>(
    call: &Call<'_>,
    stub: &mut S,
    id: &ProposalId,
) -> Result<Sequence, ContractError> {
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    let stored = stub
        .get_states(&[keys::proposal(id), keys::archive(id)])
        .await?;
    let proposal: Proposal = match stored.as_slice() {
        [Some(proposal), _] => state::decode(&keys::proposal(id), proposal)?,
        [None, Some(_)] => {
            return Err(Code::IdUsed.because(format_args!("proposal `{id}` is archived already")));
        }
        _ => return Err(state::unknown_proposal(id)),
    };
    let proposer = proposer(stub, &proposal).await?;
    let proof = ever(stub, trusted.sequence(), &proposal).await?;
    let signatures = state::signatures(stub, id).await?;
    let votes = votes::stored(stub, id, id).await?;
    // what an organisation that left has open belongs to nobody
    if owner_remains(&proposal, proposer.as_ref()) {
        admin.demand_owner(&proposal, proposer.as_ref())?;
    }
    let ending = Ending {
        outcome: match &proof {
            Some(_) => Outcome::Submitted,
            None => Outcome::Withdrawn,
        },
        proof,
        settings_version: None,
        as_of: trusted.sequence(),
    };
    let remains = Remains {
        signatures: &signatures,
        votes: &votes,
    };
    archive(call, stub, proposal, &remains, &ending);
    stub.set_event(events::deleted(id));
    Ok(trusted.sequence())
}

/// The answer of a call that ended or rejected a proposal.
pub(super) fn ended_answer(id: &ProposalId, as_of: Sequence) -> Result<Vec<u8>, ContractError> {
    reports::write(&Ended {
        as_of_sequence: as_of.0,
        proposal_id: id.to_string(),
    })
}

/// Since when the proposer's organisation is a member.
pub(super) async fn proposer<S: Stub>(
    stub: &mut S,
    proposal: &Proposal,
) -> Result<Option<Member>, ContractError> {
    let msp_id = MspId::new(proposal.proposer_msp_id.as_str());
    state::get(stub, &keys::member(&msp_id)).await
}

/// What proves that a proposal took effect in any of its revisions, or combined.
pub(super) async fn ever<S: Stub>(
    stub: &mut S,
    head: Sequence,
    proposal: &Proposal,
) -> Result<Option<Effective>, ContractError> {
    match proofs::any_revision(stub, head, proposal).await? {
        Some(effective) => Ok(Some(effective)),
        None => proofs::through(stub, head, &proposal.id.as_str().into()).await,
    }
}

/// How a proposal ends.
#[derive(Debug)]
pub(super) struct Ending {
    /// What became of it.
    pub(super) outcome: Outcome,
    /// The revision that took effect, and where.
    pub(super) proof: Option<Effective>,
    /// The version that applied settings became.
    pub(super) settings_version: Option<u64>,
    /// The head's sequence.
    pub(super) as_of: Sequence,
}

/// What lies on the ledger beside a proposal and moves into the archive with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remains<'a> {
    /// All signatures.
    pub(super) signatures: &'a BTreeMap<Revision, RevisionSignatures>,
    /// All votes.
    pub(super) votes: &'a [StoredVote],
}

/// Moves a proposal with its signatures and votes into the archive.
pub(super) fn archive<S: Stub>(
    call: &Call<'_>,
    stub: &mut S,
    proposal: Proposal,
    remains: &Remains<'_>,
    ending: &Ending,
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
            config_signature: (revision == kept).then(|| common::ConfigSignature {
                signature_header: stored.signature.signature_header.clone(),
                signature: stored.signature.signature.clone(),
            }),
        })
        .collect();
    let archive = Archive {
        proposal: Some(proposal),
        outcome: ending.outcome.into(),
        proof: ending.proof.as_ref().map(Effective::archived),
        signers,
        tx_id: call.tx_id().to_owned(),
        archived_at: Some(timestamps::stored(call.now())),
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
    state::put(stub, keys::archive(&id), &archive);
}
