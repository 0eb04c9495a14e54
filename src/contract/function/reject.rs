//! `RejectProposal`: an organisation says no, and why.

use super::{Context, finish};
use crate::{
    contract::{
        answer::events,
        error::{Code, ContractError},
        judge::{access::Admin, standing, status::Status},
        ledger::{self, keys, proofs, proposals},
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
    let proposal = proposals::open(stub, &id).await?;
    let current = proposals::current(&proposal)?;
    let revision = current.number;
    let proof = proofs::own(stub, trusted.sequence(), &current).await?;
    let key = keys::vote(&id, revision, admin.msp_id());
    let stored: Option<Vote> = ledger::get(stub, &key).await?;
    let standing = standing::of(&bundle, &trusted, &proposal, &current, proof)?;
    if let Some(status) = Status::of(&standing) {
        // asked for only here: a rejection must not meet a combination in the same block
        let status = match proofs::through(stub, trusted.sequence(), &id).await? {
            Some(_) => Status::Submitted,
            None => status,
        };
        return Err(Code::WrongStatus.because(format_args!(
            "proposal `{id}` is `{}` at sequence {}; it is rejected while it is open",
            status.name(),
            trusted.sequence()
        )));
    }
    let vote = Vote {
        reason: reason.to_owned(),
        sequence: Some(trusted.head.sequence),
    };
    if stored.as_ref() != Some(&vote) {
        ledger::put(stub, key, &vote);
        stub.set_event(events::rejected(&id, revision, admin.msp_id()));
    }
    finish::ended_answer(&id, trusted.sequence())
}
