//! Since when organisations are members, what they attested, and what that says of what they said.

use std::collections::BTreeMap;

use super::{
    keys,
    values::{corrupt, counted, get},
};
use crate::{
    config::{Bundle, Section},
    contract::error::ContractError,
    ids::{MspId, Sequence},
    proto::cmscc::{Attestation, Member, Proposal},
    stub::Stub,
};

/// All members.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ChannelMembers(BTreeMap<MspId, Member>);

impl ChannelMembers {
    /// Reads them. The config says how many there are. Cost: one range, with an entry for each.
    pub(crate) async fn read<S: Stub>(
        stub: &mut S,
        bundle: &Bundle,
    ) -> Result<Self, ContractError> {
        let count = bundle.orgs(Section::Application).count();
        let stored: Vec<(String, Member)> = counted(stub, keys::members(), count).await?;
        let members = stored.into_iter().map(|(key, member)| {
            let msp_id = keys::member_msp_id(&key).ok_or_else(|| corrupt(&key))?;
            Ok((msp_id, member))
        });
        Ok(Self(members.collect::<Result<_, ContractError>>()?))
    }

    /// Whether an organisation has been a member without interruption since this sequence.
    pub(crate) fn is_member_since(&self, msp_id: &MspId, sequence: u64) -> bool {
        is_member_since(self.0.get(msp_id), sequence)
    }

    /// Whether the organisation that proposed has been a member ever since.
    pub(crate) fn owner_remains(&self, proposal: &Proposal) -> bool {
        let msp_id = MspId::new(proposal.proposer_msp_id.as_str());
        self.is_member_since(&msp_id, proposal.proposed_sequence)
    }

    /// What those say of their nodes that have attested, ascending.
    pub(crate) fn attestations(&self) -> impl Iterator<Item = (&MspId, &Attestation)> + Clone {
        self.0
            .iter()
            .filter_map(|(msp_id, member)| Some((msp_id, member.attestation.as_ref()?)))
    }
}

/// Since when the proposer's organisation is a member.
pub(crate) async fn proposer<S: Stub>(
    stub: &mut S,
    proposal: &Proposal,
) -> Result<Option<Member>, ContractError> {
    let msp_id = MspId::new(proposal.proposer_msp_id.as_str());
    get(stub, &keys::member(&msp_id)).await
}

/// Whether the organisation that proposed has been a member ever since. What one that left has
/// open belongs to nobody, also when it comes back.
pub(crate) fn owner_remains(proposal: &Proposal, proposer: Option<&Member>) -> bool {
    is_member_since(proposer, proposal.proposed_sequence)
}

/// Whether an organisation has been a member without interruption since this sequence of the head.
/// What it said before it left counts no more, also when it comes back.
pub(crate) fn is_member_since(member: Option<&Member>, sequence: u64) -> bool {
    member
        .and_then(|member| member.sequence)
        .is_some_and(|since| Sequence(sequence) >= Sequence(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_left_owns_nothing_any_more() {
        let proposal = Proposal {
            proposed_sequence: 5,
            ..Proposal::default()
        };
        let since = |sequence| Member {
            sequence: Some(sequence),
            ..Member::default()
        };
        assert!(owner_remains(&proposal, Some(&since(0))));
        assert!(owner_remains(&proposal, Some(&since(5))));
        assert!(!owner_remains(&proposal, Some(&since(6))), "came back");
        assert!(!owner_remains(&proposal, None), "left");
    }
}
