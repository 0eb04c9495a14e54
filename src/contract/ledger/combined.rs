//! Which proposals were combined into which.

use std::collections::BTreeMap;

use super::{
    keys,
    values::{all, corrupt},
};
use crate::{
    contract::error::ContractError,
    ids::ProposalId,
    proto::cmscc::{Combined, Proposal},
    stub::Stub,
};

/// The proposals that a proposal was combined into, by id, with the revision that went in.
pub(crate) async fn into<S: Stub>(
    stub: &mut S,
    source: &ProposalId,
) -> Result<Vec<(ProposalId, Combined)>, ContractError> {
    let found: Vec<(String, Combined)> = all(stub, keys::combined_into(source, source)).await?;
    found
        .into_iter()
        .map(|(key, combined)| {
            let (_, id) = keys::combined_facts(&key).ok_or_else(|| corrupt(&key))?;
            Ok((id, combined))
        })
        .collect()
}

/// The proposals that those of a page were combined into, by source; one range as well.
pub(crate) async fn into_of<S: Stub>(
    stub: &mut S,
    mut page: impl DoubleEndedIterator<Item = &Proposal>,
) -> Result<BTreeMap<String, Vec<ProposalId>>, ContractError> {
    let mut by_source: BTreeMap<String, Vec<ProposalId>> = BTreeMap::new();
    let Some(first) = page.next() else {
        return Ok(by_source);
    };
    let last = page.next_back().unwrap_or(first);
    let range = keys::combined_into(&first.id.as_str().into(), &last.id.as_str().into());
    let found: Vec<(String, Combined)> = all(stub, range).await?;
    for (key, _) in found {
        let (source, id) = keys::combined_facts(&key).ok_or_else(|| corrupt(&key))?;
        by_source.entry(source.to_string()).or_default().push(id);
    }
    Ok(by_source)
}
