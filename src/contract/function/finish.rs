//! Ends of proposals: `WithdrawProposal`, `DeleteProposal`, and the archive.

use super::Context;
use crate::{
    contract::{
        answer::{self, Ended, events},
        error::{Code, ContractError},
        judge::{access::Admin, cache::Compiled, standing, terms::Standing},
        ledger::{
            self, TrustedHead,
            archive::{self, ProposalEnd},
            combined, keys,
            members::{owner_remains, proposer},
            proofs::{self, ProofQuestion},
            proposals::{self, FoundProposal, Unarchived},
            timestamps,
        },
    },
    ids::{ProposalId, Sequence},
    proto::cmscc::{OpenProposal, Outcome, Withdrawal},
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
    let open = proposals::open(stub, &id).await?;
    let proposal = &open.proposal;
    let proposer = proposer(stub, proposal).await?;
    let current = proposals::current(proposal)?;
    let standing = standing::of(&bundle, &trusted, proposal, open.is_withdrawn(), &current)?;
    let proof = match standing {
        Standing::Open(_) => None,
        _ => {
            let combined = combined::into(stub, &open.place).await?;
            let question = ProofQuestion::of_record(&open.record, &combined);
            proofs::find(stub, trusted.sequence(), question).await?
        }
    };
    admin.demand_owner(proposal, proposer.as_ref())?;
    let ended = match (proof, open.is_withdrawn()) {
        (Some(_), _) => Some("Submitted"),
        (None, true) => Some("Withdrawn"),
        (None, false) => None,
    };
    if let Some(status) = ended {
        return Err(Code::WrongStatus.because(format_args!(
            "proposal `{id}` is `{status}` at sequence {}; it cannot be withdrawn",
            trusted.sequence()
        )));
    }
    let record = OpenProposal {
        withdrawal: Some(Withdrawal {
            tx_id: call.tx_id().to_owned(),
            timestamp: Some(timestamps::stored(call.now())),
        }),
        ..open.record
    };
    ledger::put(stub, keys::open(&open.place), &record);
    stub.set_event(events::withdrawn(&id));
    ended_answer(&id, trusted.sequence())
}

/// `DeleteProposal`: withdraws it where it is open, and archives it.
pub(crate) async fn delete_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    let open = match proposals::find(stub, &id).await? {
        Some(FoundProposal::Open(open)) => open,
        Some(FoundProposal::Archived(..)) => {
            return Err(Code::IdUsed.because(format_args!("proposal `{id}` is archived already")));
        }
        None => return Err(proposals::unknown(&id)),
    };
    delete(call, stub, (&trusted, &bundle), &admin, &open).await?;
    ended_answer(&id, trusted.sequence())
}

/// The same for every interface, of a proposal that was read.
pub(crate) async fn delete<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
    (trusted, bundle): (&TrustedHead, &Compiled),
    admin: &Admin,
    open: &Unarchived,
) -> Result<(), ContractError> {
    let proposal = &open.proposal;
    let proposer = proposer(stub, proposal).await?;
    let current = proposals::current(proposal)?;
    let standing = standing::of(bundle, trusted, proposal, open.is_withdrawn(), &current)?;
    // only what is open is combined, so nobody who combines meets this call
    let combined = match standing {
        Standing::Open(_) => Vec::new(),
        _ => combined::into(stub, &open.place).await?,
    };
    let question = ProofQuestion::of_all(proposal, &combined);
    let proof = proofs::find(stub, trusted.sequence(), question).await?;
    // what an organisation that left has open belongs to nobody
    if owner_remains(proposal, proposer.as_ref()) {
        admin.demand_owner(proposal, proposer.as_ref())?;
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
    archive::store(stub, bundle, open, &ending);
    stub.set_event(events::deleted(open.place.id()));
    Ok(())
}

/// The answer of a call that ended or rejected a proposal.
pub(crate) fn ended_answer(id: &ProposalId, as_of: Sequence) -> Result<Vec<u8>, ContractError> {
    answer::write(&Ended {
        as_of_sequence: as_of.0,
        proposal_id: id.to_string(),
    })
}
