//! How an ordering node words its refusals.

use bytes::Bytes;

use super::refusal::OrderingRefusal;
use crate::{
    config::{Bundle, Cause, FilterError, Refusal, Stage, UpdateError, envelope},
    devnet::policies::{signers_of_envelope, unsatisfied},
    policy::{SignedData, SignerSet},
    proto::scan::last_bytes,
};

/// What the node says of an envelope of a channel with this config.
// Fabric: orderer/common/msgprocessor/standardchannel.go, ProcessNormalMsg and ProcessConfigUpdateMsg
pub(in crate::devnet) fn words(
    refused: &OrderingRefusal,
    bundle: &Bundle,
    envelope: &[u8],
) -> String {
    let channel = bundle.channel();
    match refused {
        OrderingRefusal::Filter { last, source } => {
            let words = filter(source, bundle, envelope);
            match (is_update(envelope), last) {
                (false, _) => words,
                (true, false) => format!(
                    "config update for existing channel did not pass initial checks: {words}"
                ),
                (true, true) => {
                    format!("config update for existing channel did not pass final checks: {words}")
                }
            }
        }
        OrderingRefusal::Update(refusal) => {
            let words = update(refusal, bundle, envelope);
            format!("error applying config update to existing channel '{channel}': {words}")
        }
        OrderingRefusal::Envelope(error) => format!(
            "error applying config update to existing channel '{channel}': error converting \
             envelope to config update: {error}"
        ),
        other => other.to_string(),
    }
}

// Fabric: orderer/common/msgprocessor: filter.go, sizefilter.go, expiration.go, sigfilter.go
fn filter(error: &FilterError, bundle: &Bundle, envelope: &[u8]) -> String {
    match error {
        FilterError::CreatorExpired => "broadcast client identity expired".to_owned(),
        FilterError::EmptyPayload => "message payload is empty".to_owned(),
        FilterError::MissingPolicy(policy) => format!("could not find policy {policy}"),
        FilterError::PolicyNotSatisfied(policy) => {
            let signers = signers_of_envelope(bundle, envelope);
            let words = unsatisfied(bundle, policy, &signers);
            format!("{words}: permission denied")
        }
        FilterError::TooLarge { bytes, limit } => {
            format!("message payload is {bytes} bytes and exceeds maximum allowed {limit} bytes")
        }
        other => format!("could not convert message to signedData: {other}"),
    }
}

// Fabric: common/configtx/validator.go, ProposeConfigUpdate; update.go
fn update(refusal: &Refusal, bundle: &Bundle, envelope: &[u8]) -> String {
    let words = match refusal.cause() {
        Cause::PolicyNotSatisfied { element, policy } => {
            let words = unsatisfied(bundle, policy, &signers_of_update(bundle, envelope));
            delta(&format!("policy for {element} not satisfied: {words}"))
        }
        Cause::MissingPolicy {
            mod_policy,
            element,
        } => delta(&format!(
            "unexpected missing policy {mod_policy} for item {element}"
        )),
        Cause::Update(error) => fit(error),
        Cause::Consensus(error) => {
            return format!(
                "consensus metadata update for channel config update is invalid: {error}"
            );
        }
        other => other.to_string(),
    };
    match refusal.stage() {
        Stage::Propose => format!("error authorizing update: {words}"),
        _ => words,
    }
}

fn fit(error: &UpdateError) -> String {
    match error {
        UpdateError::ReadSetVersion {
            path,
            read,
            current,
        } => format!(
            "error validating ReadSet: proposed update requires that key {path} be at version \
             {read}, but it is currently at version {current}"
        ),
        UpdateError::ReadSetUnknown { path } => format!(
            "error validating ReadSet: existing config does not contain element for {path} but was \
             in the read set"
        ),
        UpdateError::NoDifferences => delta("delta set was empty -- update would have no effect"),
        UpdateError::NewElementVersion { path, version } => delta(&format!(
            "attempted to set key {path} to version {version}, but key does not exist"
        )),
        UpdateError::VersionMismatch {
            path,
            written,
            current,
        } => delta(&format!(
            "attempt to set key {path} to version {written}, but key is at version {current}"
        )),
        UpdateError::MissingModPolicy { path } => delta(&format!(
            "invalid mod_policy for element {path}: mod_policy not set"
        )),
        UpdateError::BadModPolicy { path, mod_policy } => delta(&format!(
            "invalid mod_policy for element {path}: path element at 0 is invalid: config ID \
             '{mod_policy}' contains illegal characters"
        )),
        UpdateError::ChannelMismatch { want, got } => {
            format!("ConfigUpdate for channel '{got}' but envelope for channel '{want}'")
        }
        other => other.to_string(),
    }
}

fn delta(words: &str) -> String {
    format!("error validating DeltaSet: {words}")
}

fn is_update(envelope: &[u8]) -> bool {
    envelope::read_update_envelope(&Bytes::copy_from_slice(envelope))
        .is_ok_and(|update| !update.config_update.is_empty())
}

/// Whose signatures on the update are good.
fn signers_of_update(bundle: &Bundle, envelope: &[u8]) -> SignerSet {
    let Ok(update) = envelope::read_update_envelope(&Bytes::copy_from_slice(envelope)) else {
        return SignerSet::default();
    };
    let creators: Vec<_> = (update.signatures.iter())
        .map(|signature| last_bytes(&signature.signature_header, 1).unwrap_or_default())
        .collect();
    let signed: Vec<_> = (update.signatures.iter().zip(&creators))
        .map(|(signature, creator)| SignedData {
            identity: creator,
            message: vec![&signature.signature_header, &update.config_update],
            signature: &signature.signature,
        })
        .collect();
    SignerSet::from_signed_data(bundle.msps(), &signed)
}
