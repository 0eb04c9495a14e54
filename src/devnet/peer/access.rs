//! Who may do what on a channel: policies of the config, over signatures.

use crate::{
    config::Bundle,
    policy::{PolicyManagerBuilder, SignedData, SignerSet, parse_policy},
};

/// Whether signers satisfy a policy, given by its absolute name or as a rule of Fabric's language.
pub(super) fn satisfies(bundle: &Bundle, policy: &str, signers: &SignerSet) -> bool {
    if !policy.starts_with('/') {
        return parse_policy(policy).is_ok_and(|rule| satisfies_rule(bundle, &rule, signers));
    }
    let policies = bundle.policies();
    policies
        .absolute(policy)
        .is_some_and(|id| policies.evaluate(bundle.msps(), id, signers))
}

/// Whether signers satisfy a serialized `common.SignaturePolicyEnvelope`.
// Differs from Fabric: bytes that are none halt a channel there (VSCCExecutionFailureError)
pub(super) fn satisfies_rule(bundle: &Bundle, rule: &[u8], signers: &SignerSet) -> bool {
    const SIGNATURE: i32 = 1;
    let mut builder = PolicyManagerBuilder::new();
    let root = builder.group(None, "Channel");
    if builder.policy(root, "Rule", SIGNATURE, rule).is_err() {
        return false;
    }
    let Ok(policies) = builder.finish() else {
        return false;
    };
    let id = policies.iter().next();
    id.is_some_and(|id| policies.evaluate(bundle.msps(), id, signers))
}

/// Whether a signature is one of a valid identity of the channel.
pub(super) fn is_valid_signature(bundle: &Bundle, signed: &SignedData<'_>) -> bool {
    let signers = SignerSet::from_signed_data(bundle.msps(), std::slice::from_ref(signed));
    signers
        .signers()
        .first()
        .is_some_and(|signer| signer.identity.validate().is_ok())
}
