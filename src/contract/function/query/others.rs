//! The records of other proposals, read for the relations to them.

use crate::{
    contract::{
        error::ContractError,
        judge::relations::Relations,
        ledger::{
            self,
            bounds::BODIES_READ,
            keys::{self, ProposalPlace},
            proposals,
        },
    },
    ids::{Digest, ProposalId},
    proto::cmscc::OpenProposal,
    stub::Stub,
};

/// How many records are looked at for relations.
const RELATED: usize = 1000;

/// Finds relations to the proposals that are not archived, by their records, and reads the bodies of
/// those that are contrasted. Cost: one message for each 100 records, of 1,000 at most, and one more.
/// Also the first of these proposals whose current update has a digest, where one is given.
pub(super) async fn relate<S: Stub>(
    stub: &mut S,
    relations: &mut Relations<'_>,
    update: Option<Digest>,
) -> Result<Option<ProposalId>, ContractError> {
    if relations.is_empty() {
        return Ok(None);
    }
    let (stored, more): (Vec<(String, OpenProposal)>, bool) =
        ledger::first(stub, keys::all_open(), RELATED).await?;
    let mut others: Vec<(ProposalPlace, OpenProposal)> = Vec::with_capacity(stored.len());
    for (key, record) in stored {
        let place = keys::open_place(&key).ok_or_else(|| ledger::corrupt(&key))?;
        others.push((place, record));
    }
    relations.meet(&others, more)?;
    let found = update.and_then(|update| {
        let mut records = others.iter();
        let is_of =
            |record: &OpenProposal| record.config_update_sha256.as_ref() == update.as_bytes();
        let (place, _) = records.find(|(_, record)| is_of(record))?;
        Some(place.id().clone())
    });
    let wanted = relations.contrasts_wanted();
    let mut bytes = 0u64;
    others.retain(|(place, record)| {
        let is_wanted = wanted.contains(place.id());
        if is_wanted {
            bytes = bytes.saturating_add(record.bytes);
        }
        is_wanted && bytes <= BODIES_READ
    });
    for other in proposals::read_all(stub, others).await? {
        let patch = proposals::patch(&other.proposal)?;
        relations.contrast(other.place.id(), &patch);
    }
    Ok(found)
}
