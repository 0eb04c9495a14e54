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
    stub::Stub,
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
    /// Of the sources from one to another, both included. Cost: one range.
    pub(crate) async fn read<S: Stub>(
        stub: &mut S,
        first: &ProposalPlace,
        last: &ProposalPlace,
    ) -> Result<Self, ContractError> {
        let mut by_source = Self::default();
        let found: Vec<(String, Combined)> = all(stub, keys::combined_into(first, last)).await?;
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

/// Tells the sources of a combined proposal which revisions it has now.
pub(crate) fn tell_sources<S: Stub>(stub: &mut S, combined: &Proposal) {
    let proposer = MspId::new(combined.proposer_msp_id.as_str());
    for source in &combined.sources {
        let place = ProposalPlace::new(
            &MspId::new(source.proposer_msp_id.as_str()),
            &ProposalId::new(source.proposal_id.as_str()),
        );
        let value = Combined {
            proposal_id: combined.id.clone(),
            revision: source.revision,
            config_update_sha256: source.config_update_sha256.clone(),
            revisions: digests(combined),
        };
        put(stub, keys::combined(&place, &proposer), &value);
    }
}
