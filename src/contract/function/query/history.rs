//! Finished proposals: how each ended, and `GetHistory`, which pages through all of them.

use serde::Deserialize;

use super::outcome::outcome;
use crate::{
    contract::{
        answer::{
            self, History, HistoryEntry, RevisionReport, VoteReport, archived_consent,
            names::kind_name,
        },
        chain::levels,
        error::ContractError,
        function::Context,
        interface::paging::{check_bookmark, page_size},
        ledger::{self, archive, keys, timestamps, votes},
    },
    ids::{Digest, ProposalId, Sequence},
    proto::cmscc::{Archive, RevisionBytes},
    stub::Stub,
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct HistoryOptions {
    page_size: Option<u32>,
    bookmark: Option<String>,
}

/// `GetHistory`: one page of finished proposals, in ascending order of ids. Only for queries: Fabric
/// refuses writes after a page.
pub(crate) async fn get_history<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let options: HistoryOptions = call.args.options(0)?;
    let page_size = page_size(options.page_size)?;
    let range = keys::archives();
    let bookmark = options.bookmark.as_deref().unwrap_or_default();
    check_bookmark(&range, bookmark)?;
    let (trusted, bundle) = call.trusted(stub).await?;
    let page = stub.get_page(&range, page_size, bookmark).await?;
    let mut history = Vec::with_capacity(page.entries.len());
    for found in &page.entries {
        let archive: Archive = ledger::decode(&found.key, &found.value)?;
        history.push(entry(stub, trusted.sequence(), &archive).await?);
    }
    answer::write(&History {
        as_of_sequence: trusted.head.sequence,
        bookmark: page.bookmark,
        history,
        unsupported: levels::unsupported(&bundle),
    })
}

async fn entry<S: Stub>(
    stub: &mut S,
    head: Sequence,
    archive: &Archive,
) -> Result<HistoryEntry, ContractError> {
    let proposal = archive::content(archive)?;
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
        votes: votes.iter().map(VoteReport::of).collect(),
    })
}

fn revision(bytes: &RevisionBytes) -> RevisionReport {
    RevisionReport {
        base_sequence: bytes.base_sequence,
        config_update_sha256: Digest::of(&bytes.config_update).to_string(),
        revision: bytes.revision,
    }
}
