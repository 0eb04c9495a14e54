//! Refusals, and what to do about them.

use super::LIFECYCLE;
use crate::client::{ClientError, Exit};

/// What a refusal of the lifecycle means. `words`: the message of its answer; `whose`: the peer that
/// answered, or whatever is known of it.
pub(crate) fn lifecycle_refusal(function: &str, whose: &str, words: &str) -> ClientError {
    let known = known(words);
    let (exit, symbol, message, hint) = known.unwrap_or_else(|| {
        let message = format!("`{LIFECYCLE}` refuses `{function}`");
        (Exit::Failed, "LIFECYCLE_REFUSED", message, "")
    });
    let mut error = ClientError::new(exit, symbol, message);
    if !hint.is_empty() {
        error = error.hint(hint);
    }
    error.details.push((whose.to_owned(), words.to_owned()));
    error
}

/// The same of a refusal that came through a gateway: the words stand in its details.
pub(crate) fn translated(error: ClientError) -> ClientError {
    let mut said = error.details.iter().map(|(_, words)| words.as_str());
    let Some((exit, symbol, message, hint)) =
        known(&error.message).or_else(|| said.find_map(known))
    else {
        return error;
    };
    let mut told = ClientError::new(exit, symbol, message);
    if !hint.is_empty() {
        told = told.hint(hint);
    }
    let own = ("peer".to_owned(), error.message);
    told.details = match error.details.is_empty() {
        true => vec![own],
        false => error.details,
    };
    told
}

type ToldRefusal = (Exit, &'static str, String, &'static str);

/// Refusals by the words of Fabric.
// Fabric: core/chaincode/lifecycle/scc.go and lifecycle.go; core/policy/policy.go
fn known(words: &str) -> Option<ToldRefusal> {
    let has = |text: &str| words.contains(text);
    let told = |exit, symbol, message: &str, hint| Some((exit, symbol, message.to_owned(), hint));
    if has("satisfies local MSP principal") || has("is not an admin under this MSP") {
        return told(
            Exit::Denied,
            "NOT_LOCAL_ADMIN",
            "this is for an admin of the peer's own organisation",
            "`cmscc identity show` says who you are; `--msp-folder` names another one",
        );
    }
    if has("failed ACL check") || has("Failed to authorize invocation") {
        return told(
            Exit::Denied,
            "ACCESS_DENIED",
            "the peer does not let you do this",
            "`cmscc profile show --origin` says as whom you call; the channel's ACLs say who may",
        );
    }
    if has("chaincode already successfully installed") {
        return told(
            Exit::Done,
            "ALREADY_INSTALLED",
            "the peer has this package already",
            "",
        );
    }
    if has("could not build chaincode") {
        return told(
            Exit::Failed,
            "NO_BUILDER",
            "the peer cannot take packages of type `ccaas`: it has no external builder for them, or that \
             failed",
            "its operator sets `chaincode.externalBuilders` in core.yaml (the peer image of Fabric has \
             `ccaas_builder`), and starts it again",
        );
    }
    if has("could not parse as a chaincode install package") {
        return told(
            Exit::Usage,
            "BAD_PACKAGE",
            "the file is no chaincode package",
            "`cmscc deploy package --address HOST:PORT` makes one",
        );
    }
    sequences(words).or_else(|| {
        if let Some((_, msp_id)) = words.split_once("chaincode definition not agreed to by this org (")
        {
            let msp_id = msp_id.split(')').next().unwrap_or_default();
            return Some((
                Exit::No,
                "NOT_AGREED",
                format!("`{msp_id}` has not approved this definition"),
                "`cmscc deploy status` says who approved what",
            ));
        }
        if has("error validating chaincode definition") {
            return told(
                Exit::Usage,
                "BAD_DEFINITION",
                "the peer does not take this definition",
                "what it says stands above",
            );
        }
        if has("cannot use new lifecycle for channel") {
            return told(
                Exit::Failed,
                "NO_LIFECYCLE",
                "the channel's application capability is below V2_0: it has no lifecycle of its own",
                "raise the capability first",
            );
        }
        if has("could not get channelconfig for channel") {
            return told(
                Exit::Failed,
                "UNKNOWN_CHANNEL",
                "the peer is not on this channel",
                "is that its name (`--channel`), and has the peer joined?",
            );
        }
        None
    })
}

/// Refusals that are about the sequence.
fn sequences(words: &str) -> Option<ToldRefusal> {
    let has = |text: &str| words.contains(text);
    if has("attempted to redefine") && !has("with different parameters") {
        return Some((
            Exit::Done,
            "ALREADY_APPROVED",
            "your organisation has approved exactly this already".to_owned(),
            "",
        ));
    }
    let taken = has("attempted to redefine the current committed sequence")
        || has("is larger than requested sequence")
        || has("but new definition must be sequence");
    if taken {
        return Some((
            Exit::Stale,
            "SEQUENCE_TAKEN",
            "another definition is committed already with this sequence".to_owned(),
            "`cmscc deploy status` shows what is committed; a new definition takes the next sequence: \
             `cmscc deploy upgrade`",
        ));
    }
    if has("is larger than the next available sequence number") || has("first definable sequence") {
        return Some((
            Exit::Usage,
            "SEQUENCE_AHEAD",
            "sequences are taken one by one: this is not the next one".to_owned(),
            "without --sequence the next one is taken",
        ));
    }
    None
}
