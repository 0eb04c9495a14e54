//! Whom the gateway asks: the peers of a channel that have a chaincode, and which of them suffice.

use std::sync::Arc;

use super::{Nodes, OrganizationNode};
use crate::{
    config::Bundle,
    devnet::{
        peer::is_system,
        policies::{satisfies, satisfies_rule},
    },
    identity::Identity,
    ids::{ChannelId, MspId},
    policy::{SignerSet, parse_policy},
};

/// The peers of a channel that run and have a chaincode, in the order of their organisations' names.
pub(super) fn peers(
    nodes: &Nodes,
    channel: &ChannelId,
    chaincode: &str,
) -> Vec<Arc<OrganizationNode>> {
    let mut all = nodes.all();
    all.retain(|node| {
        node.is_running()
            && node.peer.height(channel).is_some()
            && (is_system(chaincode)
                || chaincode == nodes.options.chaincode && node.peer.runs_chaincode(channel))
    });
    all
}

/// The first one belongs to the gateway's own organisation; those of others by their height.
pub(super) fn own_first(peers: &mut [Arc<OrganizationNode>], own: &MspId, channel: &ChannelId) {
    peers.sort_by_key(|node| {
        let height = node.peer.height(channel).unwrap_or_default();
        (node.organization.msp_id() != own, u64::MAX - height)
    });
}

/// Who must endorse.
pub(super) struct EndorsementPlan {
    bundle: Arc<Bundle>,
    /// The endorsement policy of the chaincode: an absolute name, or a rule.
    policy: String,
}

impl EndorsementPlan {
    pub(super) const fn new(bundle: Arc<Bundle>, policy: String) -> Self {
        Self { bundle, policy }
    }

    /// The fewest peers of a list that satisfy the policy together with those before them; earlier
    /// ones are preferred. `None`: not even all do.
    // Differs from Fabric: that takes one of the smallest sets at random
    pub(super) fn choose(
        &self,
        peers: &[Arc<OrganizationNode>],
    ) -> Option<Vec<Arc<OrganizationNode>>> {
        let mut chosen: Vec<_> = peers.to_vec();
        if !self.is_satisfied_by(&chosen) {
            return None;
        }
        let mut index = chosen.len();
        while index > 0 {
            index -= 1;
            let without = chosen.get(index).cloned();
            let mut fewer = chosen.clone();
            fewer.remove(index);
            if without.is_some() && self.is_satisfied_by(&fewer) {
                chosen = fewer;
            }
        }
        Some(chosen)
    }

    fn is_satisfied_by(&self, peers: &[Arc<OrganizationNode>]) -> bool {
        let msps = self.bundle.msps();
        let identities: Vec<Identity> = (peers.iter())
            .filter_map(|node| msps.deserialize(node.organization.peer().serialized()).ok())
            .collect();
        let signers = SignerSet::from_identities(identities);
        if self.policy.starts_with('/') {
            return satisfies(&self.bundle, &self.policy, &signers);
        }
        parse_policy(&self.policy).is_ok_and(|rule| satisfies_rule(&self.bundle, &rule, &signers))
    }
}
