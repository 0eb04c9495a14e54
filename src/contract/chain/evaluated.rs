//! The policies that an update of the chain was evaluated by. The ledger keeps the newest config
//! only; what the config before asked of an update is kept beside the chain. Pure.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::Message;

use crate::{
    config::{Bundle, Update},
    ids::Digest,
    policy::PolicyId,
    proto::{
        cmscc::{EvaluatedPolicies, EvaluatedPolicy},
        common::Policy,
    },
};

/// How much is kept of an update's policies. Unit: bytes, about.
const KEPT: usize = 256 << 10;
/// What a policy takes beside its path and its rule. Unit: bytes, about.
const EACH: usize = 64;

/// The policies of `before` that evaluate an update, in the order of
/// [`EvaluatedPolicies`]. Of a policy whose rule is too large for the room that is left only the
/// digest is kept; from the first one on for which that is too large as well they are only counted.
/// `None` where the update does not fit `before`, or asks no policy.
pub(crate) fn evaluated(before: &Bundle, update: &Update) -> Option<EvaluatedPolicies> {
    within(KEPT, before, update)
}

fn within(mut room: usize, before: &Bundle, update: &Update) -> Option<EvaluatedPolicies> {
    let deciding: Vec<PolicyId> = (before.update_policies(update).ok()?.iter())
        .map(|decides| decides.policy)
        .collect();
    let known: BTreeSet<PolicyId> = deciding.iter().copied().collect();
    let counted = before.policies().counted(&deciding);
    let counted = counted.into_iter().filter(|id| !known.contains(id));
    let deciding = deciding.iter().map(|id| (*id, true));
    let mut all = deciding.chain(counted.map(|id| (id, false)));
    let mut kept = EvaluatedPolicies::default();
    for (id, decides) in all.by_ref() {
        let path = before.policies().path(id);
        let Some(left) = room.checked_sub(path.len().saturating_add(EACH)) else {
            kept.omitted = 1;
            break;
        };
        let policy = configured(before, id);
        let fits = left.checked_sub(policy.value.len());
        room = fits.unwrap_or(left);
        let sha256 = match fits {
            Some(_) => Bytes::new(),
            None => Bytes::copy_from_slice(digest(&policy).as_bytes()),
        };
        kept.policies.push(EvaluatedPolicy {
            path,
            decides,
            policy: fits.map(|_| policy),
            policy_sha256: sha256,
        });
    }
    kept.omitted = kept.omitted.saturating_add(all.count() as u64);
    // what writes only elements that nothing leads to asks no policy
    (kept != EvaluatedPolicies::default()).then_some(kept)
}

/// A policy as the config has it.
fn configured(bundle: &Bundle, id: PolicyId) -> Policy {
    let names = bundle.policies().names(id);
    let policy = names
        .split_last()
        .and_then(|(name, groups)| bundle.tree().group(groups)?.policy(name));
    policy.map_or_else(Policy::default, |policy| Policy {
        r#type: policy.kind(),
        value: Bytes::copy_from_slice(policy.rule()),
    })
}

/// SHA-256 of a policy in its deterministic encoding.
pub(crate) fn digest(policy: &Policy) -> Digest {
    Digest::of(&policy.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{block::ConfigBlock, contract::audit::ExportedPolicies};

    const GENESIS: &[u8] =
        include_bytes!("../../../tests/fabric-data/fabric-3.1.5-caps-v2/genesis.block");
    const NEXT: &[u8] = include_bytes!(
        "../../../tests/fabric-data/fabric-3.1.5-caps-v2/add-orgx/config_block_after.pb"
    );

    #[test]
    fn what_does_not_fit_is_kept_as_its_digest_or_counted() {
        let genesis = ConfigBlock::parse(Bytes::from_static(GENESIS)).unwrap();
        let next = ConfigBlock::parse(Bytes::from_static(NEXT)).unwrap();
        let before = Bundle::new(genesis.channel_id(), genesis.tree().clone()).unwrap();
        let update = next.update().unwrap();
        let whole = evaluated(&before, update).unwrap();
        let paths: Vec<(&str, bool)> = (whole.policies.iter())
            .map(|one| (one.path.as_str(), one.decides))
            .collect();
        assert_eq!(
            paths,
            [
                ("/Channel/Application/Admins", true),
                ("/Channel/Application/Org1MSP/Admins", false),
                ("/Channel/Application/Org2MSP/Admins", false),
            ]
        );
        assert_eq!(whole.omitted, 0);
        let shown = ExportedPolicies::new(&whole).unwrap().policies;
        let (mut digests, mut omitted) = (0, 0);
        for room in 0..2_000 {
            let kept = within(room, &before, update).unwrap();
            assert_eq!(kept.policies.len() as u64 + kept.omitted, 3, "{room}");
            omitted += kept.omitted;
            let exported = ExportedPolicies::new(&kept).unwrap();
            assert_eq!(exported.omitted, kept.omitted);
            for (one, all) in exported.policies.iter().zip(&shown) {
                assert_eq!(one.config_policy_sha256, all.config_policy_sha256);
                assert!(one == all || (one.config_policy.is_none() && one.rule.is_none()));
            }
            for (one, all) in kept.policies.iter().zip(&whole.policies) {
                assert_eq!((&one.path, one.decides), (&all.path, all.decides));
                let policy = all.policy.as_ref().unwrap();
                match &one.policy {
                    Some(kept) => assert_eq!((kept, one.policy_sha256.len()), (policy, 0)),
                    None => {
                        digests += 1;
                        assert_eq!(one.policy_sha256, digest(policy).as_bytes()[..]);
                    }
                }
            }
        }
        assert!(digests > 0 && omitted > 0, "{digests} {omitted}");
        assert_eq!(within(2_000, &before, update), Some(whole));
        // an update that does not fit
        let after = Bundle::new(next.channel_id(), next.tree().clone()).unwrap();
        assert_eq!(evaluated(&after, update), None);
    }
}
