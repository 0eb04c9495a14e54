//! Ends of proposals: `WithdrawProposal`, `DeleteProposal`, and the archive.

use super::Context;
use crate::{
    contract::{
        answer::{self, Ended, events},
        error::{Code, ContractError},
        judge::access::Admin,
        ledger::{
            self,
            archive::{self, ProposalEnd, Remains},
            keys,
            members::{owner_remains, proposer},
            proofs, proposals, timestamps, votes,
        },
    },
    ids::{ProposalId, Sequence},
    proto::cmscc::{Outcome, Proposal, Withdrawal},
    stub::Stub,
};

/// `WithdrawProposal`: its owner takes it back; it stays readable.
pub(crate) async fn withdraw_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    let mut proposal = proposals::open(stub, &id).await?;
    let proposer = proposer(stub, &proposal).await?;
    let current = proposals::current(&proposal)?;
    let proof = proofs::current(stub, trusted.sequence(), &id, &current).await?;
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
    ledger::put(stub, keys::proposal(&id), &proposal);
    stub.set_event(events::withdrawn(&id));
    ended_answer(&id, trusted.sequence())
}

/// `DeleteProposal`: withdraws it where it is open, and archives it.
pub(crate) async fn delete_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let as_of = delete(call, stub, &id).await?;
    ended_answer(&id, as_of)
}

/// The same for every interface; the head's sequence.
pub(crate) async fn delete<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
    id: &ProposalId,
) -> Result<Sequence, ContractError> {
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    let stored = stub
        .get_states(&[keys::proposal(id), keys::archive(id)])
        .await?;
    let proposal: Proposal = match stored.as_slice() {
        [Some(proposal), _] => ledger::decode(&keys::proposal(id), proposal)?,
        [None, Some(_)] => {
            return Err(Code::IdUsed.because(format_args!("proposal `{id}` is archived already")));
        }
        _ => return Err(proposals::unknown(id)),
    };
    let proposer = proposer(stub, &proposal).await?;
    let proof = proofs::ever(stub, trusted.sequence(), &proposal).await?;
    let signatures = ledger::signatures(stub, id).await?;
    let votes = votes::stored(stub, id, id).await?;
    // what an organisation that left has open belongs to nobody
    if owner_remains(&proposal, proposer.as_ref()) {
        admin.demand_owner(&proposal, proposer.as_ref())?;
    }
    let ending = ProposalEnd {
        outcome: match &proof {
            Some(_) => Outcome::Submitted,
            None => Outcome::Withdrawn,
        },
        proof,
        settings_version: None,
        as_of: trusted.sequence(),
        tx_id: call.tx_id().to_owned(),
        at: call.now(),
    };
    let remains = Remains {
        signatures: &signatures,
        votes: &votes,
    };
    archive::store(stub, proposal, &remains, &ending);
    stub.set_event(events::deleted(id));
    Ok(trusted.sequence())
}

/// The answer of a call that ended or rejected a proposal.
pub(crate) fn ended_answer(id: &ProposalId, as_of: Sequence) -> Result<Vec<u8>, ContractError> {
    answer::write(&Ended {
        as_of_sequence: as_of.0,
        proposal_id: id.to_string(),
    })
}
