//! Finished proposals: how each ended, and `GetHistory`, which pages through all of them.

use serde::Deserialize;

use super::outcome::outcome;
use crate::{
    contract::{
        answer::{self, ENTRIES_SHARE, History, HistoryEntry, RevisionReport, names::kind_name},
        chain::levels,
        error::ContractError,
        function::Context,
        interface::paging::{self, page_size},
        ledger::{
            self,
            combined::CombinedSources,
            keys::{self, ProposalPlace},
            proofs::{self, Effective, ProofQuestion},
            timestamps,
        },
    },
    ids::MspId,
    proto::cmscc::Archive,
    stub::Stub,
};

/// How many updates a page looks for in the chain; then it ends, but for its first entry. A peer
/// without batches is asked for each.
const LOOKED_FOR: usize = 1_000;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct HistoryOptions {
    msp_id: Option<String>,
    page_size: Option<u32>,
    bookmark: Option<String>,
}

/// `GetHistory`: one page of finished proposals, by proposer, then by id. Cost: one page of records,
/// and what proves them.
pub(crate) async fn get_history<S: Stub>(
    call: &Context<'_>,
    stub: &mut S,
) -> Result<Vec<u8>, ContractError> {
    let options: HistoryOptions = call.args.options(0)?;
    let page_size = page_size(options.page_size)?;
    let behind = paging::behind(options.bookmark.as_deref().unwrap_or_default())?;
    let range = match &options.msp_id {
        Some(msp_id) => keys::archives_of(&MspId::new(msp_id.as_str())),
        None => keys::all_archives(),
    };
    let (trusted, bundle) = call.trusted(stub).await?;
    let range = keys::range_behind(range, behind, keys::archive);
    let (stored, more): (Vec<(String, Archive)>, bool) =
        ledger::page(stub, range, page_size).await?;
    let mut page: Vec<(ProposalPlace, Archive)> = Vec::with_capacity(stored.len());
    for (key, archive) in stored {
        let place = keys::archive_place(&key).ok_or_else(|| ledger::corrupt(&key))?;
        page.push((place, archive));
    }
    let combined = match (page.first(), page.last()) {
        (Some((first, _)), Some((last, _))) => CombinedSources::read(stub, first, last).await?,
        _ => CombinedSources::default(),
    };
    let mut looked_for = 0usize;
    let mut questions: Vec<ProofQuestion<'_>> = Vec::with_capacity(page.len());
    for (place, archive) in &page {
        let question = ProofQuestion::of_archive(archive, combined.of(place.id()));
        looked_for = looked_for.saturating_add(question.updates());
        if looked_for > LOOKED_FOR && !questions.is_empty() {
            break;
        }
        questions.push(question);
    }
    let more = more || questions.len() < page.len();
    let listed = page.get(..questions.len()).unwrap_or_default();
    let proofs = proofs::find_all(stub, trusted.sequence(), &questions).await?;
    let bookmark = match listed.last() {
        Some((last, _)) if more => paging::bookmark(&last.proposer(), last.id()),
        _ => String::new(),
    };
    let each = ENTRIES_SHARE / page_size.max(1);
    let mut history = Vec::with_capacity(listed.len());
    for ((place, archive), proof) in listed.iter().zip(proofs) {
        history.push(entry(place, archive, proof.as_ref())?.bounded(each));
    }
    answer::write(&History {
        as_of_sequence: trusted.head.sequence,
        bookmark,
        history,
        unsupported: levels::unsupported(&bundle),
    })
}

fn entry(
    place: &ProposalPlace,
    archive: &Archive,
    proof: Option<&Effective>,
) -> Result<HistoryEntry, ContractError> {
    let (outcome, _) = outcome(archive, proof)?;
    let revisions = archive.revisions.iter().map(|one| {
        Ok(RevisionReport {
            base_sequence: one.base_sequence,
            config_update_sha256: ledger::digest(&one.config_update_sha256)?.to_string(),
            revision: one.revision,
        })
    });
    Ok(HistoryEntry {
        status: outcome.outcome,
        created_at: archive
            .created_at
            .as_ref()
            .and_then(|at| timestamps::text(timestamps::read(at))),
        description: archive.description.clone(),
        kind: kind_name(archive.kind()),
        outcome,
        proposal_id: place.id().to_string(),
        proposer_msp_id: place.proposer().to_string(),
        revisions: revisions.collect::<Result<_, ContractError>>()?,
    })
}
