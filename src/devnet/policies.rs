//! Who may do what on a channel, and how Fabric's nodes say that somebody may not.

use prost::Message;

use crate::{
    config::Bundle,
    policy::{PolicyManagerBuilder, SignedData, SignerSet, parse_policy},
    proto::{
        common,
        common::{Payload, SignatureHeader},
    },
};

/// Whose signature an envelope carries: nobody's, where it is not good.
pub(super) fn signers_of_envelope(bundle: &Bundle, envelope: &[u8]) -> SignerSet {
    let signed = common::Envelope::decode(envelope);
    let Ok(envelope) = signed else {
        return SignerSet::default();
    };
    let Some(creator) = creator_of(&envelope) else {
        return SignerSet::default();
    };
    let signed = SignedData {
        identity: &creator,
        message: vec![&envelope.payload],
        signature: &envelope.signature,
    };
    SignerSet::from_signed_data(bundle.msps(), &[signed])
}

/// The creator that an envelope's payload names.
pub(super) fn creator_of(envelope: &common::Envelope) -> Option<bytes::Bytes> {
    let payload = Payload::decode(envelope.payload.clone()).ok()?;
    let header = SignatureHeader::decode(payload.header?.signature_header).ok()?;
    Some(header.creator)
}

/// Whether signers satisfy a policy of the channel, given by its absolute name.
///
/// # Errors
/// What Fabric's nodes say of it.
pub(super) fn check(bundle: &Bundle, policy: &str, signers: &SignerSet) -> Result<(), String> {
    let policies = bundle.policies();
    let satisfied =
        (policies.absolute(policy)).is_some_and(|id| policies.evaluate(bundle.msps(), id, signers));
    if satisfied {
        return Ok(());
    }
    Err(unsatisfied(bundle, policy, signers))
}

/// Why signers do not satisfy a policy, in Fabric's words.
// Fabric: common/policies/implicitmeta.go, EvaluateSignedData; common/cauthdsl/policy.go
pub(super) fn unsatisfied(bundle: &Bundle, policy: &str, signers: &SignerSet) -> String {
    let policies = bundle.policies();
    let Some(id) = policies.absolute(policy) else {
        let name = policy.rsplit('/').next().unwrap_or_default();
        return format!("no such policy: '{name}'");
    };
    let explanation = policies.explain(bundle.msps(), id, signers);
    let Some(root) = explanation.nodes().first() else {
        return "no such policy".to_owned();
    };
    let words: Vec<_> = root.rule.split(' ').collect();
    match words[..] {
        ["ANY" | "ALL" | "MAJORITY", sub_policy] => format!(
            "implicit policy evaluation failed - {} sub-policies were satisfied, but this policy \
             requires {} of the '{sub_policy}' sub-policies to be satisfied",
            root.have, root.needed
        ),
        _ => "signature set did not satisfy policy".to_owned(),
    }
}

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
