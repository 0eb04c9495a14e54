//! Proposals: what they hold, and the short record of those that are not archived.

use bytes::Bytes;

use super::{
    keys::{self, ProposalPlace},
    values::{corrupt, decode, get},
};
use crate::{
    config::{Patch, PatchLimits},
    contract::error::{Code, ContractError},
    ids::{Digest, ProposalId, Revision, Sequence},
    proto::cmscc::{Archive, OpenProposal, Proposal, RevisionBytes, RevisionDigest},
    stub::Stub,
};

/// A proposal that is not archived.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unarchived {
    /// Under whose name it lies.
    pub(crate) place: ProposalPlace,
    /// What it holds.
    pub(crate) proposal: Proposal,
    /// What lies beside that in short.
    pub(crate) record: OpenProposal,
}

impl Unarchived {
    /// Whether its owner took it back.
    pub(crate) const fn is_withdrawn(&self) -> bool {
        self.record.withdrawal.is_some()
    }
}

/// A proposal wherever it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FoundProposal {
    /// Not archived.
    Open(Box<Unarchived>),
    /// Ended, with how.
    Archived(Box<Proposal>, Box<Archive>),
}

impl FoundProposal {
    /// What it holds.
    pub(crate) fn proposal(&self) -> &Proposal {
        match self {
            Self::Open(open) => &open.proposal,
            Self::Archived(proposal, _) => proposal,
        }
    }
}

/// A proposal by its id; `None` where the id was never used. Cost: at most three keys.
pub(crate) async fn find<S: Stub>(
    stub: &mut S,
    id: &ProposalId,
) -> Result<Option<FoundProposal>, ContractError> {
    match get(stub, &keys::proposal(id)).await? {
        Some(proposal) => Ok(Some(found(stub, proposal).await?)),
        None => Ok(None),
    }
}

/// The same of a proposal that was read. Cost: at most two keys.
pub(crate) async fn found<S: Stub>(
    stub: &mut S,
    proposal: Proposal,
) -> Result<FoundProposal, ContractError> {
    let place = ProposalPlace::of_proposal(&proposal);
    if let Some(record) = get(stub, &keys::open(&place)).await? {
        return Ok(FoundProposal::Open(Box::new(Unarchived {
            place,
            proposal,
            record,
        })));
    }
    let key = keys::archive(&place);
    let archive = get(stub, &key).await?.ok_or_else(|| corrupt(&key))?;
    Ok(FoundProposal::Archived(
        Box::new(proposal),
        Box::new(archive),
    ))
}

/// A proposal that is not archived; the refusal where there is none by this id says whether it is
/// archived. Cost: two keys; three where it is archived.
pub(crate) async fn open<S: Stub>(
    stub: &mut S,
    id: &ProposalId,
) -> Result<Unarchived, ContractError> {
    match find(stub, id).await? {
        Some(FoundProposal::Open(open)) => Ok(*open),
        Some(FoundProposal::Archived(..)) => Err(Code::WrongStatus.because(format_args!(
            "proposal `{id}` is finished and archived; `GetProposal` shows what remains"
        ))),
        None => Err(unknown(id)),
    }
}

/// What some proposals hold whose records were read. The caller bounds their bytes. Cost: one call.
pub(crate) async fn read_all<S: Stub>(
    stub: &mut S,
    records: Vec<(ProposalPlace, OpenProposal)>,
) -> Result<Vec<Unarchived>, ContractError> {
    let keys: Vec<String> = (records.iter())
        .map(|(place, _)| keys::proposal(place.id()))
        .collect();
    let stored = match keys.as_slice() {
        [] => Vec::new(),
        keys => stub.get_states(keys).await?,
    };
    let mut found = Vec::with_capacity(records.len());
    for ((key, value), (place, record)) in keys.iter().zip(stored).zip(records) {
        let value = value.ok_or_else(|| corrupt(key))?;
        found.push(Unarchived {
            place,
            proposal: decode(key, &value)?,
            record,
        });
    }
    Ok(found)
}

/// The refusal where an id was never used.
pub(crate) fn unknown(id: &ProposalId) -> ContractError {
    Code::UnknownProposal.because(format_args!(
        "there is no proposal `{id}`; `ListProposals` shows those that there are"
    ))
}

/// The intent as it was proposed, read without limits.
pub(crate) fn patch(proposal: &Proposal) -> Result<Patch, ContractError> {
    // what was accepted once stays readable, whatever the bounds are now
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

/// The kept revisions by digest, ascending.
pub(crate) fn digests(proposal: &Proposal) -> Vec<RevisionDigest> {
    let revisions = proposal.revisions.iter().map(|stored| RevisionDigest {
        revision: stored.revision,
        config_update_sha256: Bytes::copy_from_slice(Digest::of(&stored.config_update).as_bytes()),
    });
    revisions.collect()
}

/// How much a proposal holds: patch, given update, all kept revisions, and the names of what it
/// touches. Unit: bytes.
pub(crate) fn size(proposal: &Proposal) -> usize {
    let revisions = proposal.revisions.iter().map(|one| one.config_update.len());
    let touched = proposal.touched.iter().map(|one| one.element.len());
    // saturating: far below
    revisions
        .chain(touched)
        .fold(proposal.patch.len(), usize::saturating_add)
        .saturating_add(proposal.given_update.len())
}
