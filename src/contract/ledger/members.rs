//! Since when organisations are members, and what that says of what they said.

use super::{keys, values::get};
use crate::{
    contract::error::ContractError,
    ids::{MspId, Sequence},
    proto::cmscc::{Member, Proposal},
    stub::Stub,
};

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
        };
        assert!(owner_remains(&proposal, Some(&since(0))));
        assert!(owner_remains(&proposal, Some(&since(5))));
        assert!(!owner_remains(&proposal, Some(&since(6))), "came back");
        assert!(!owner_remains(&proposal, None), "left");
    }
}
