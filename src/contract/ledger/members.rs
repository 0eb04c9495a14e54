//! Since when organisations are in the channel's sections, what they attested, and what that says of
//! what they said.

use std::collections::BTreeMap;

use super::{
    keys,
    values::{corrupt, counted, get, put},
};
use crate::{
    config::{Bundle, Section},
    contract::error::ContractError,
    ids::{MspId, Sequence},
    proto::cmscc::{Attestation, Member, Proposal},
    stub::{KeyRange, Stub},
};

/// All organisations of both sections.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ChannelMembers {
    /// Those of Application: the members.
    members: BTreeMap<MspId, Member>,
    /// Those of Orderer.
    orderers: BTreeMap<MspId, Member>,
}

impl ChannelMembers {
    /// Reads since when they are there, and what they attested; for calls that write nothing, since
    /// who attests would meet them. Cost: one range, with two entries for each at most.
    pub(crate) async fn read<S: Stub>(
        stub: &mut S,
        bundle: &Bundle,
    ) -> Result<Self, ContractError> {
        Self::of_range(stub, bundle, keys::members()).await
    }

    /// Reads since when they are there. Cost: one range, with an entry for each.
    pub(crate) async fn read_since<S: Stub>(
        stub: &mut S,
        bundle: &Bundle,
    ) -> Result<Self, ContractError> {
        Self::of_range(stub, bundle, keys::members_since()).await
    }

    /// The config says how many there are, and what they attested lies before that.
    async fn of_range<S: Stub>(
        stub: &mut S,
        bundle: &Bundle,
        range: KeyRange,
    ) -> Result<Self, ContractError> {
        let of = |section| bundle.msp_ids(section).len();
        let count = of(Section::Application).saturating_add(of(Section::Orderer));
        let is_since = |key: &str| matches!(keys::member_facts(key), Some((_, _, true)));
        let stored: Vec<(String, Member)> = counted(stub, range, count, is_since).await?;
        let mut all = Self::default();
        for (key, member) in stored {
            let (section, msp_id, is_since) =
                keys::member_facts(&key).ok_or_else(|| corrupt(&key))?;
            let of = match section {
                Section::Application => &mut all.members,
                Section::Orderer => &mut all.orderers,
            };
            let known = of.entry(msp_id).or_default();
            match is_since {
                true => known.sequence = member.sequence,
                false => known.attestation = member.attestation,
            }
        }
        Ok(all)
    }

    /// Whether an organisation has been a member without interruption since this sequence.
    pub(crate) fn is_member_since(&self, msp_id: &MspId, sequence: u64) -> bool {
        is_member_since(self.members.get(msp_id), sequence)
    }

    /// Whether the organisation that proposed has been a member ever since.
    pub(crate) fn owner_remains(&self, proposal: &Proposal) -> bool {
        let msp_id = MspId::new(proposal.proposer_msp_id.as_str());
        self.is_member_since(&msp_id, proposal.proposed_sequence)
    }

    /// What those say of their nodes that have attested: members first, then organisations of
    /// Orderer that are no members, each ascending.
    pub(crate) fn attestations(&self) -> impl Iterator<Item = (&MspId, &Attestation)> + Clone {
        let others = self.orderers.iter();
        let others = others.filter(|(msp_id, _)| !self.members.contains_key(*msp_id));
        (self.members.iter().chain(others))
            .filter_map(|(msp_id, member)| Some((msp_id, member.attestation.as_ref()?)))
    }
}

/// Tells since when an organisation is in a section; it has said nothing yet.
pub(crate) fn join<S: Stub>(stub: &mut S, section: Section, msp_id: &MspId, since: Sequence) {
    let value = Member {
        sequence: Some(since.0),
        ..Member::default()
    };
    put(stub, keys::member(section, msp_id), &value);
    stub.del_state(keys::attested(section, msp_id));
}

/// Forgets an organisation that left a section, and what it attested.
pub(crate) fn leave<S: Stub>(stub: &mut S, section: Section, msp_id: &MspId) {
    stub.del_state(keys::member(section, msp_id));
    stub.del_state(keys::attested(section, msp_id));
}

/// Since when the proposer's organisation is a member.
pub(crate) async fn proposer<S: Stub>(
    stub: &mut S,
    proposal: &Proposal,
) -> Result<Option<Member>, ContractError> {
    let msp_id = MspId::new(proposal.proposer_msp_id.as_str());
    get(stub, &keys::member(Section::Application, &msp_id)).await
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
