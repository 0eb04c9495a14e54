//! Open proposals, and what they hold.

use bytes::Bytes;

use super::{keys, values::get};
use crate::{
    config::{Patch, PatchLimits},
    contract::error::{Code, ContractError},
    ids::{Digest, ProposalId, Revision, Sequence},
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

/// The intent as it was proposed, read without limits.
pub(crate) fn patch(proposal: &Proposal) -> Result<Patch, ContractError> {
    // what was accepted once stays readable, whatever a server's limits are now
    let limits = PatchLimits {
        patch_bytes: usize::MAX,
        patch_levels: usize::MAX,
    };
    Patch::parse(proposal.patch.clone(), &limits).map_err(|e| {
        Code::StateCorrupt.because(format_args!("the patch of proposal `{}`: {e}", proposal.id))
    })
}

/// One revision of a proposal: its bytes, and their digest, which is taken once a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashedRevision<'a> {
    /// Its number, from 1.
    pub(crate) number: Revision,
    /// The serialized `common.ConfigUpdate`.
    pub(crate) config_update: &'a Bytes,
    /// The sequence of the config that it was computed on.
    pub(crate) base_sequence: Sequence,
    /// SHA-256 of the update.
    pub(crate) digest: Digest,
}

impl<'a> HashedRevision<'a> {
    /// Hashes a stored revision.
    pub(crate) fn of(stored: &'a RevisionBytes) -> Self {
        Self {
            number: Revision(stored.revision),
            config_update: &stored.config_update,
            base_sequence: Sequence(stored.base_sequence),
            digest: Digest::of(&stored.config_update),
        }
    }
}

/// The current revision, hashed.
pub(crate) fn current(proposal: &Proposal) -> Result<HashedRevision<'_>, ContractError> {
    last(proposal).map(HashedRevision::of)
}

/// The current revision as it is stored.
pub(crate) fn last(proposal: &Proposal) -> Result<&RevisionBytes, ContractError> {
    proposal.revisions.last().ok_or_else(|| {
        Code::StateCorrupt.because(format_args!("proposal `{}` has no revision", proposal.id))
    })
}
