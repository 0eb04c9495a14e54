//! Which signatures to hand out, and in which order.

use std::collections::BTreeSet;

use crate::{
    identity::Msps,
    ids::MspId,
    policy::{PolicyId, PolicyManager, SignerSet},
};

impl PolicyManager {
    /// Positions in [`SignerSet::signers`], in an order that satisfies all of these policies at once;
    /// `None` when no order of any subset does (within the bounds of the search).
    #[must_use]
    pub fn choose(
        &self,
        _msps: &Msps,
        _ids: &[PolicyId],
        _signers: &SignerSet,
    ) -> Option<Vec<usize>> {
        todo!()
    }

    /// Whether all of these policies could still be satisfied by the signers there are plus every
    /// possible identity of some organisations.
    #[must_use]
    pub fn could_pass(
        &self,
        _msps: &Msps,
        _ids: &[PolicyId],
        _signers: &SignerSet,
        _organizations: &BTreeSet<MspId>,
    ) -> bool {
        todo!()
    }
}
