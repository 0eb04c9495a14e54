//! Open proposals, and what they hold.

use super::{keys, values::get};
use crate::{
    config::{Limits, Patch},
    contract::error::{Code, ContractError},
    ids::ProposalId,
    proto::cmscc::{Proposal, RevisionBytes},
    stub::Stub,
};

/// An open proposal, whole; the refusal where there is none by this id says whether it is archived.
pub(crate) async fn open<S: Stub>(
    stub: &mut S,
    id: &ProposalId,
) -> Result<Proposal, ContractError> {
    if let Some(proposal) = get(stub, &keys::proposal(id)).await? {
        return Ok(proposal);
    }
    if stub.get_state(&keys::archive(id)).await?.is_some() {
        return Err(Code::WrongStatus.because(format_args!(
            "proposal `{id}` is finished and archived; `GetProposal` shows what remains"
        )));
    }
    Err(unknown(id))
}

/// The refusal where an id was never used.
pub(crate) fn unknown(id: &ProposalId) -> ContractError {
    Code::UnknownProposal.because(format_args!(
        "there is no proposal `{id}`; `ListProposals` shows those that there are"
    ))
}

/// The stored intent.
pub(crate) fn patch(proposal: &Proposal) -> Result<Patch, ContractError> {
    // what was accepted once stays readable, whatever a server's limits are now
    let limits = Limits {
        patch_bytes: usize::MAX,
        patch_levels: usize::MAX,
    };
    Patch::parse(proposal.patch.clone(), &limits).map_err(|e| {
        Code::StateCorrupt.because(format_args!("the patch of proposal `{}`: {e}", proposal.id))
    })
}

/// The current revision.
pub(crate) fn current(proposal: &Proposal) -> Result<&RevisionBytes, ContractError> {
    proposal.revisions.last().ok_or_else(|| {
        Code::StateCorrupt.because(format_args!("proposal `{}` has no revision", proposal.id))
    })
}
