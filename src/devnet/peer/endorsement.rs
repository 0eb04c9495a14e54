//! Whether a transaction is endorsed by those whom what it writes asks for.

use std::{borrow::Cow, collections::BTreeSet};

use crate::{
    config::{Bundle, Section},
    devnet::{policies, private::implicit_of},
    ids::CollectionName,
    policy::SignerSet,
    stub::{
        StateKey, VALIDATION_PARAMETER,
        memory::{Ledger, ReadWriteSet},
    },
};

/// What says who must endorse.
#[derive(Debug)]
pub(super) struct EndorsementTerms<'a> {
    /// The config in force.
    pub(super) bundle: &'a Bundle,
    /// The state before the block.
    pub(super) state: &'a Ledger,
    /// Keys whose metadata an endorsed transaction before this one in the block writes.
    pub(super) changed: &'a BTreeSet<StateKey>,
    /// The policy of the chaincode's definition: an absolute name, or a rule.
    pub(super) chaincode: &'a str,
}

impl EndorsementTerms<'_> {
    /// Whether these signers may write what the set writes: a key with a policy of its own asks for
    /// that, every other one for that of the chaincode or of its collection. What writes nothing asks
    /// for the chaincode's.
    // Fabric: core/common/validation/statebased/validator_keylevel.go, Evaluate and checkSBAndCCEP;
    // v20.go, CheckCCEPIfNotChecked and CheckCCEPIfNoEPChecked
    pub(super) fn are_met(&self, set: &ReadWriteSet, signers: &SignerSet) -> bool {
        let mut asked = BTreeSet::new();
        let mut by_keys = false;
        for key in written(set) {
            if self.changed.contains(&key) {
                return false;
            }
            if let Some(rule) = self.of_key(&key) {
                if !policies::satisfies_rule(self.bundle, rule, signers) {
                    return false;
                }
                by_keys = true;
                continue;
            }
            match self.of_namespace(key.0.as_ref()) {
                Some(policy) => asked.insert(policy),
                None => return false,
            };
        }
        if asked.is_empty() && !by_keys {
            asked.insert(self.chaincode.into());
        }
        let mut asked = asked.iter();
        asked.all(|policy| policies::satisfies(self.bundle, policy, signers))
    }

    /// The policy of a key: a serialized `common.SignaturePolicyEnvelope`.
    // Fabric: core/common/validation/statebased/vpmanagerimpl.go, GetValidationParameterForKey
    fn of_key(&self, (collection, key): &StateKey) -> Option<&[u8]> {
        let found = match collection {
            None => self.state.get(key),
            Some(name) => self.state.get_private(name.as_str(), key),
        };
        let rule = found?.metadata.get(VALIDATION_PARAMETER)?;
        (!rule.is_empty()).then_some(rule)
    }

    /// The policy of a collection; `None` where its organisation is not on the channel.
    // Fabric: core/chaincode/lifecycle/deployedcc_infoprovider.go,
    // ImplicitCollectionEndorsementPolicyAsBytes
    fn of_namespace(&self, collection: Option<&CollectionName>) -> Option<Cow<'_, str>> {
        let Some(organization) = collection.and_then(implicit_of) else {
            return Some(self.chaincode.into());
        };
        let mut organizations = self.bundle.orgs(Section::Application);
        let found = organizations.find(|one| one.msp_id.as_str() == organization)?;
        let policy = format!("{}/Endorsement", found.path());
        Some(match self.bundle.policies().absolute(&policy) {
            Some(_) => policy.into(),
            None => format!("OR('{organization}.member')").into(),
        })
    }
}

/// The keys that a set writes, values and metadata.
fn written(set: &ReadWriteSet) -> impl Iterator<Item = StateKey> {
    let public = set.writes.keys().chain(set.metadata.keys());
    let public = public.map(|key| (None, key.clone()));
    let private = set.private.iter().flat_map(|(name, set)| {
        let keys = set.writes.keys().chain(set.metadata.keys());
        keys.map(|key| (Some(name.clone()), key.clone()))
    });
    public.chain(private)
}

/// The keys whose metadata a set writes.
pub(super) fn with_new_metadata(set: &ReadWriteSet) -> impl Iterator<Item = StateKey> {
    let public = set.metadata.keys().map(|key| (None, key.clone()));
    let private = set.private.iter().flat_map(|(name, set)| {
        let keys = set.metadata.keys();
        keys.map(|key| (Some(name.clone()), key.clone()))
    });
    public.chain(private)
}
