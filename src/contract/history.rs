//! Finished proposals: how each ended, and `GetHistory`, which pages through all of them.

use serde::Deserialize;

use super::{
    error::{Code, ContractError},
    finish, keys,
    list::{check_bookmark, page_size},
    proofs::Effective,
    proposal,
    recompute::outcome_name,
    reports::{self, History, HistoryEntry, OutcomeReport, RevisionReport},
    router::{self, Call},
    show::{archived_consent, kind_name},
    state, timestamps,
    votes::{self, JudgedVote},
};
use crate::{
    ids::{Digest, ProposalId, Sequence},
    proto::cmscc::{Archive, Outcome, Proposal, ProposalKind, RevisionBytes},
    stub::Stub,
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    page_size: Option<u32>,
    bookmark: Option<String>,
}

/// `GetHistory`: one page of finished proposals, in ascending order of ids. Only for queries: Fabric
/// refuses writes after a page.
pub(super) async fn get_history<S: Stub>(
    call: &Call<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let options: Options = call.args.options(0)?;
    let page_size = page_size(options.page_size)?;
    let range = keys::archives();
    let bookmark = options.bookmark.as_deref().unwrap_or_default();
    check_bookmark(&range, bookmark)?;
    let (trusted, bundle) = call.trusted(stub).await?;
    let page = stub.get_page(&range, page_size, bookmark).await?;
    let mut history = Vec::with_capacity(page.entries.len());
    for found in &page.entries {
        let archive: Archive = state::decode(&found.key, &found.value)?;
        history.push(entry(stub, trusted.sequence(), &archive).await?);
    }
    reports::write(&History {
        as_of_sequence: trusted.head.sequence,
        bookmark: page.bookmark,
        history,
        unsupported: router::unsupported(&bundle),
    })
}

async fn entry<S: Stub>(
    stub: &mut S,
    head: Sequence,
    archive: &Archive,
) -> Result<HistoryEntry, ContractError> {
    let proposal = content(archive)?;
    let (outcome, _) = outcome(stub, head, archive).await?;
    let id = ProposalId::new(proposal.id.as_str());
    let votes = votes::judge(stub, votes::of_archive(&id, &archive.votes)).await?;
    Ok(HistoryEntry {
        created_at: proposal
            .created_at
            .as_ref()
            .and_then(|at| timestamps::text(timestamps::read(at))),
        description: proposal.description.clone(),
        kind: kind_name(proposal.kind()),
        outcome,
        proposal_id: proposal.id.clone(),
        proposer_msp_id: proposal.proposer_msp_id.clone(),
        revisions: proposal.revisions.iter().map(revision).collect(),
        signers: archived_consent(&archive.signers),
        votes: votes.iter().map(JudgedVote::report).collect(),
    })
}

fn revision(bytes: &RevisionBytes) -> RevisionReport {
    RevisionReport {
        base_sequence: bytes.base_sequence,
        config_update_sha256: Digest::of(&bytes.config_update).to_string(),
        revision: bytes.revision,
    }
}

/// What was archived.
pub(super) fn content(archive: &Archive) -> Result<&Proposal, ContractError> {
    archive
        .proposal
        .as_ref()
        .ok_or_else(|| Code::StateCorrupt.because("an archived proposal has no content"))
}

/// How an archived proposal ended, and the revision of its own that took effect. With proof it is
/// submitted, whatever it was when it was archived; what was proven then and is not now was disowned
/// by a recovery.
pub(super) async fn outcome<S: Stub>(
    stub: &mut S,
    head: Sequence,
    archive: &Archive,
) -> Result<(OutcomeReport, Option<u64>), ContractError> {
    let effective = finish::ever(stub, head, content(archive)?).await?;
    let own = effective.as_ref().filter(|proof| proof.via.is_none());
    let is_update = content(archive)?.kind() == ProposalKind::ConfigUpdate;
    // settings are applied as their last revision says
    let applied = match archive.settings_version {
        Some(_) => Some(proposal::current(content(archive)?)?.revision),
        None => own.map(|proof| proof.revision),
    };
    let outcome = match (&effective, archive.outcome()) {
        // settings are proven by nothing but the ledger itself, and no recovery touches them
        (_, other) if !is_update => outcome_name(other),
        (Some(_), _) => outcome_name(Outcome::Submitted),
        (None, Outcome::Submitted) => "Disowned",
        (None, other) => outcome_name(other),
    };
    let report = OutcomeReport {
        archived_at: archive
            .archived_at
            .as_ref()
            .and_then(|at| timestamps::text(timestamps::read(at))),
        as_of_sequence: archive.as_of_sequence,
        outcome,
        proof: effective.as_ref().map(Effective::report).transpose()?,
        settings_version: archive.settings_version,
        tx_id: archive.tx_id.clone(),
        via: effective
            .as_ref()
            .and_then(|proof| proof.via.as_ref())
            .map(ToString::to_string),
    };
    Ok((report, applied))
}
