//! `RejectProposal`: an organisation says no, and why.

use super::{Context, finish};
use crate::{
    contract::{
        answer::events,
        error::{Code, ContractError},
        judge::{
            access::{Admin, demand_msp_id},
            standing,
            status::Status,
            terms::Standing,
        },
        ledger::{
            combined,
            keys::PositionPart,
            positions::OwnPosition,
            proofs::{self, ProofQuestion},
            proposals,
        },
    },
    proto::cmscc::Vote,
    stub::Stub,
};

/// `RejectProposal`: the caller's organisation rejects the current revision. A later rejection by
/// the same organisation replaces an earlier one; an equal one writes nothing.
pub(crate) async fn reject_proposal<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let id = call.args.id(0)?;
    let reason = call.args.reason(1)?;
    let (trusted, bundle) = call.trusted_to_write(stub).await?;
    let admin = Admin::check(&bundle, call.creator())?;
    demand_msp_id(&trusted.capabilities().bounds(), admin.msp_id())?;
    let open = proposals::open(stub, &id).await?;
    let proposal = &open.proposal;
    let current = proposals::current(proposal)?;
    let revision = current.number;
    let standing = standing::of(&bundle, &trusted, proposal, open.is_withdrawn(), &current)?;
    if let Some(status) = Status::of(&standing) {
        // only what is open is combined, so a rejection never meets a combination
        let combined = combined::into(stub, &open.place).await?;
        let question = ProofQuestion::of_record(&open.record, &combined);
        let proof = proofs::find(stub, trusted.sequence(), question).await?;
        let (status, why) = match (proof, &standing) {
            (Some(_), _) => (Status::Submitted, ""),
            (None, Standing::AlreadyInEffect) => (status, ": what it wants is there already"),
            (None, _) => (status, ""),
        };
        // who is against it says so before its owner computes it again, too
        if status != Status::Outofdate {
            return Err(Code::WrongStatus.because(format_args!(
                "proposal `{id}` is `{}` at sequence {}; it is rejected while it is open or out of \
                 date{why}",
                status.name(),
                trusted.sequence()
            )));
        }
    }
    let own = OwnPosition::read(stub, &open.place, revision, &[admin.msp_id()]).await?;
    let mut own = own.into_iter().next().unwrap_or_default();
    let vote = Some(Vote {
        reason: reason.to_owned(),
        sequence: Some(trusted.head.sequence),
    });
    if own.position.vote != vote {
        own.position.vote = vote;
        own.store(
            stub,
            &open.place,
            revision,
            admin.msp_id(),
            PositionPart::Vote,
        );
        stub.set_event(events::rejected(&id, revision, admin.msp_id()));
    }
    finish::ended_answer(&id, trusted.sequence())
}
