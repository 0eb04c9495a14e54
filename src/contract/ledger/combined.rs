//! Which proposals were combined into which.

use std::collections::BTreeMap;

use super::{
    keys::{self, ProposalPlace},
    proposals::digests,
    values::{all, corrupt, put},
};
use crate::{
    contract::error::ContractError,
    ids::{MspId, ProposalId},
    proto::cmscc::{Combined, Proposal},
    stub::{KeyRange, Stub},
};

/// The proposals that a proposal was combined into, of each organisation the newest, by MSP id.
/// Cost: one range, with an entry for each organisation that combined it.
pub(crate) async fn into<S: Stub>(
    stub: &mut S,
    source: &ProposalPlace,
) -> Result<Vec<Combined>, ContractError> {
    let mut found = CombinedSources::read(stub, source, source).await?;
    Ok(found.0.remove(source.id()).unwrap_or_default())
}

/// The same of several sources.
#[derive(Debug, Default)]
pub(crate) struct CombinedSources(BTreeMap<ProposalId, Vec<Combined>>);

impl CombinedSources {
    /// Of the sources from one to another, both included, also of archived ones between them. Cost:
    /// one range.
    pub(crate) async fn read<S: Stub>(
        stub: &mut S,
        first: &ProposalPlace,
        last: &ProposalPlace,
    ) -> Result<Self, ContractError> {
        Self::of_range(stub, keys::combined_into(first, last)).await
    }

    /// The same of open sources. Nothing of archived ones lies between. Cost: one range.
    pub(crate) async fn read_open<S: Stub>(
        stub: &mut S,
        first: &ProposalPlace,
        last: &ProposalPlace,
    ) -> Result<Self, ContractError> {
        Self::of_range(stub, keys::combining_into(first, last)).await
    }

    async fn of_range<S: Stub>(stub: &mut S, range: KeyRange) -> Result<Self, ContractError> {
        let mut by_source = Self::default();
        let found: Vec<(String, Combined)> = all(stub, range).await?;
        for (key, combined) in found {
            let source = keys::combined_source(&key).ok_or_else(|| corrupt(&key))?;
            by_source.add(source.id(), [combined]);
        }
        Ok(by_source)
    }

    /// Takes what was read of one source.
    pub(crate) fn add(&mut self, source: &ProposalId, into: impl IntoIterator<Item = Combined>) {
        self.0.entry(source.clone()).or_default().extend(into);
    }

    /// The proposals that a source was combined into; none where it was not read.
    pub(crate) fn of(&self, source: &ProposalId) -> &[Combined] {
        self.0.get(source).map_or(&[], Vec::as_slice)
    }
}

/// Tells the sources of a combined proposal which revisions it has now; those that are archived are
/// not told among the open ones. Cost: one call that reads the records of the sources.
pub(crate) async fn tell_sources<S: Stub>(
    stub: &mut S,
    combined: &Proposal,
) -> Result<(), ContractError> {
    let proposer = MspId::new(combined.proposer_msp_id.as_str());
    let places: Vec<ProposalPlace> = (combined.sources.iter())
        .map(|source| {
            ProposalPlace::new(
                &MspId::new(source.proposer_msp_id.as_str()),
                &ProposalId::new(source.proposal_id.as_str()),
            )
        })
        .collect();
    let records: Vec<String> = places.iter().map(keys::open).collect();
    let records = match records.as_slice() {
        [] => Vec::new(),
        records => stub.get_states(records).await?,
    };
    for ((source, place), record) in combined.sources.iter().zip(&places).zip(records) {
        let value = Combined {
            proposal_id: combined.id.clone(),
            revision: source.revision,
            config_update_sha256: source.config_update_sha256.clone(),
            revisions: digests(combined),
        };
        put(stub, keys::combined(place, &proposer), &value);
        if record.is_some() {
            put(stub, keys::combining(place, &proposer), &value);
        }
    }
    Ok(())
}
