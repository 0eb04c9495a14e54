//! What may not change from one config of a channel to the next.

use std::{collections::BTreeMap, sync::Arc};

use super::{compile::Bundle, error::SuccessorError};
use crate::identity::Msp;

impl Bundle {
    /// Whether another config may follow this one.
    ///
    /// # Errors
    /// [`SuccessorError`].
    // Fabric: common/channelconfig/bundle.go, ValidateNew
    pub fn validate_new(&self, next: &Self) -> Result<(), SuccessorError> {
        if let Some(current) = &self.orderer {
            let Some(next_orderer) = &next.orderer else {
                return Err(SuccessorError::SectionRemoved("Orderer"));
            };
            let (from, to) = (&current.consensus.name, &next_orderer.consensus.name);
            if from != to && !self.channel_capabilities().consensus_type_migration() {
                return Err(SuccessorError::ConsensusTypeChange {
                    from: from.clone(),
                    to: to.clone(),
                });
            }
            let is_new = !self.channel_capabilities().consensus_type_bft()
                && next.channel_capabilities().consensus_type_bft();
            if let (true, Some(org)) = (is_new, next_orderer.org_without_endpoints()) {
                return Err(SuccessorError::MissingEndpoints {
                    org: org.to_owned(),
                });
            }
            same_msp_ids(
                "/Channel/Orderer",
                current.orgs.iter().map(|(name, org)| (name, &org.msp)),
                |name| next_orderer.orgs.get(name).map(|org| &org.msp),
            )?;
        }
        if let Some(current) = &self.application {
            let Some(next) = &next.application else {
                return Err(SuccessorError::SectionRemoved("Application"));
            };
            same_msp_ids("/Channel/Application", &current.orgs, |name| {
                next.orgs.get(name)
            })?;
        }
        match (&self.consortiums, &next.consortiums) {
            (Some(_), None) => return Err(SuccessorError::SectionRemoved("Consortiums")),
            (None, Some(_)) => return Err(SuccessorError::SectionAdded("Consortiums")),
            (None, None) => {}
            (Some(current), Some(next)) => {
                let none = BTreeMap::new();
                for (name, orgs) in &current.0 {
                    let next = next.0.get(name).unwrap_or(&none);
                    let path = format!("/Channel/Consortiums/{name}");
                    same_msp_ids(&path, orgs, |org| next.get(org))?;
                }
            }
        }
        Ok(())
    }
}

/// An organisation that is in both configs keeps its MSP id.
fn same_msp_ids<'a>(
    section: &str,
    current: impl IntoIterator<Item = (&'a String, &'a Arc<Msp>)>,
    next: impl Fn(&str) -> Option<&'a Arc<Msp>>,
) -> Result<(), SuccessorError> {
    for (name, msp) in current {
        match next(name) {
            Some(next) if next.id() != msp.id() => {
                return Err(SuccessorError::MspIdChange {
                    org: format!("{section}/{name}"),
                    from: msp.id().clone(),
                    to: next.id().clone(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}
