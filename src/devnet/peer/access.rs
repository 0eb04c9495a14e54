//! Who may do what on a channel: policies of the config, over signatures.

use crate::{
    config::Bundle,
    policy::{SignedData, SignerSet},
};

/// Whether signatures satisfy a policy, given by its absolute name.
pub(super) fn satisfies(bundle: &Bundle, policy: &str, signed: &[SignedData<'_>]) -> bool {
    let signers = SignerSet::from_signed_data(bundle.msps(), signed);
    let policies = bundle.policies();
    policies
        .absolute(policy)
        .is_some_and(|id| policies.evaluate(bundle.msps(), id, &signers))
}

/// Whether a signature is one of a valid identity of the channel.
pub(super) fn is_valid_signature(bundle: &Bundle, signed: &SignedData<'_>) -> bool {
    let signers = SignerSet::from_signed_data(bundle.msps(), std::slice::from_ref(signed));
    signers
        .signers()
        .first()
        .is_some_and(|signer| signer.identity.validate().is_ok())
}
