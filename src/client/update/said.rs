//! What an orderer would say to who sends an update that it refuses: its words, where they follow from the
//! refusal. Of several elements at fault it names one, in no particular order.

use crate::{
    config::{Cause, ElementPath, Refusal, UpdateError},
    ids::ChannelId,
    policy::Explanation,
};

/// The words behind `BAD_REQUEST -- `; `None` where they do not follow from what is known here.
// Fabric: orderer/common/msgprocessor/standardchannel.go, ProcessConfigUpdateMsg;
// common/configtx/validator.go, proposeConfigUpdate; common/configtx/update.go
pub(super) fn said(channel: &ChannelId, refusal: &Refusal) -> Option<String> {
    let words = match refusal.cause() {
        Cause::Update(error) => of_update(channel, error)?,
        Cause::MissingPolicy {
            element,
            mod_policy,
        } => format!(
            "error validating DeltaSet: unexpected missing policy {mod_policy} for item {element}"
        ),
        _ => return None,
    };
    Some(refused(channel, &words))
}

/// The same where signatures do not satisfy a policy.
pub(super) fn not_satisfied(
    channel: &ChannelId,
    element: &ElementPath,
    explanation: &Explanation,
) -> Option<String> {
    let rule = explanation.to_json();
    let rule = rule.get("policy")?;
    let number = |name: &str| rule.get(name)?.as_i64();
    let text = rule.get("rule")?.as_str()?;
    let why = match text.split_once(' ') {
        Some(("ANY" | "ALL" | "MAJORITY", name)) => format!(
            "implicit policy evaluation failed - {} sub-policies were satisfied, but this policy requires {} of \
             the '{name}' sub-policies to be satisfied",
            number("have")?,
            number("needed")?
        ),
        _ => "signature set did not satisfy policy".to_owned(),
    };
    let words = format!("error validating DeltaSet: policy for {element} not satisfied: {why}");
    Some(refused(channel, &words))
}

fn refused(channel: &ChannelId, words: &str) -> String {
    format!(
        "error applying config update to existing channel '{channel}': error authorizing update: {words}"
    )
}

fn of_update(channel: &ChannelId, error: &UpdateError) -> Option<String> {
    Some(match error {
        UpdateError::BadModPolicy { .. } | UpdateError::KeySyntax { .. } => return None,
        UpdateError::ChannelMismatch { got, .. } => {
            format!("ConfigUpdate for channel '{got}' but envelope for channel '{channel}'")
        }
        UpdateError::MissingModPolicy { path } => format!(
            "error validating DeltaSet: invalid mod_policy for element {path}: mod_policy not set"
        ),
        UpdateError::NewElementVersion { path, version } => format!(
            "error validating DeltaSet: attempted to set key {path} to version {version}, but key does not exist"
        ),
        UpdateError::NoDifferences => {
            "error validating DeltaSet: delta set was empty -- update would have no effect"
                .to_owned()
        }
        UpdateError::ReadSetUnknown { path } => format!(
            "error validating ReadSet: existing config does not contain element for {path} but was in the read set"
        ),
        UpdateError::ReadSetVersion {
            path,
            read,
            current,
        } => format!(
            "error validating ReadSet: proposed update requires that key {path} be at version {read}, but it is \
             currently at version {current}"
        ),
        UpdateError::VersionMismatch {
            path,
            written,
            current,
        } => format!(
            "error validating DeltaSet: attempt to set key {path} to version {written}, but key is at version {current}"
        ),
        _ => return None,
    })
}
