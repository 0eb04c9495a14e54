//! Refusals of the ordering service, as gateways pass them on and as orderers give them.

use super::{Errand, Meaning, Remedy, RpcCode, RpcFailure, Whom};
use crate::{
    client::{ClientError, Exit},
    proto::common::Status,
};

/// What it means that a gateway did not submit. With raft the one orderer that was asked speaks in the
/// message; with BFT all of them do, in the details.
// Fabric: internal/pkg/gateway/submit.go, submitNonBFT and submitBFT
pub(super) fn submit_refusal(errand: Errand, whom: Whom<'_>, failure: &RpcFailure) -> Meaning {
    let refusal = failure.texts().find_map(Broadcast::find);
    match refusal {
        Some(refusal) => refused(errand, whom, &refusal),
        None => unavailable(whom, failure),
    }
}

/// What it means that an orderer did not take an envelope.
#[must_use]
pub(crate) fn broadcast_refusal(
    errand: Errand,
    whom: Whom<'_>,
    status: i32,
    info: &str,
) -> Meaning {
    let status = Status::try_from(status).map_or("UNKNOWN", |status| status.as_str_name());
    let refusal = Broadcast { status, info };
    refused(errand, whom, &refusal)
}

/// What it means that a stream of blocks ended with a status; `None`: without one.
#[must_use]
pub(crate) fn deliver_ended(whom: Whom<'_>, status: Option<i32>) -> Meaning {
    let Whom {
        address, channel, ..
    } = whom;
    let status = status.map(|code| Status::try_from(code).unwrap_or(Status::Unknown));
    let (exit, symbol, message, hint, remedy) = match status {
        Some(Status::Forbidden) => (
            Exit::Denied,
            "ACCESS_DENIED",
            format!("`{address}` does not let you read the blocks of channel `{channel}`"),
            "`cmscc profile show --origin` says as whom you ask; members of the channel may read it",
            Remedy::NONE,
        ),
        Some(Status::NotFound) => (
            Exit::Failed,
            "NO_BLOCK",
            format!("`{address}` is not on channel `{channel}`, or has no such block yet"),
            "is that its name (`--channel`), and has the peer joined?",
            Remedy::ELSEWHERE,
        ),
        Some(Status::BadRequest) => (
            Exit::Denied,
            "BAD_REQUEST",
            format!("`{address}` does not take the request for blocks; its log says why"),
            "most often the clocks are more than 15 minutes apart, or it demands mutual TLS and the \
             certificate is another one",
            Remedy::NONE,
        ),
        Some(Status::ServiceUnavailable) => (
            Exit::Unreachable,
            "PEER_UNAVAILABLE",
            format!("`{address}` cannot give blocks now"),
            "call again",
            Remedy::EITHER,
        ),
        Some(other) => (
            Exit::Unreachable,
            "STREAM_ENDED",
            format!(
                "`{address}` ended the stream of blocks: {}",
                other.as_str_name()
            ),
            "call again",
            Remedy::EITHER,
        ),
        None => (
            Exit::Unreachable,
            "STREAM_ENDED",
            format!("`{address}` ended the stream of blocks"),
            "call again",
            Remedy::EITHER,
        ),
    };
    Meaning {
        error: ClientError::new(exit, symbol, message).hint(hint),
        remedy,
    }
}

/// What an orderer answered.
struct Broadcast<'a> {
    status: &'a str,
    info: &'a str,
}

impl<'a> Broadcast<'a> {
    /// Finds an orderer's refusal in what a gateway says of it.
    fn find(text: &'a str) -> Option<Self> {
        let (_, rest) = text.split_once("unsuccessful response from orderer: status=")?;
        let (status, info) = rest.split_once(", info=")?;
        Some(Self { status, info })
    }
}

fn refused(errand: Errand, whom: Whom<'_>, refusal: &Broadcast<'_>) -> Meaning {
    let Broadcast { status, info } = *refusal;
    let has = |words: &str| info.contains(words);
    let channel = whom.channel;
    let is_update = errand == Errand::SubmitUpdate;
    let (exit, symbol, message, hint, remedy) = if is_update
        && has("but it is currently at version")
    {
        (
            Exit::Stale,
            "UPDATE_OVERTAKEN",
            format!("the update is in effect already, or another one came before it: {info}"),
            "`cmscc sync`, then `cmscc show ID` says which; `cmscc rebase ID` computes it again",
            Remedy::NONE,
        )
    } else if is_update && (has("existing config does not contain element") || has("read set")) {
        (
            Exit::Stale,
            "UPDATE_OTHER_BASE",
            format!("the update was made for another config, or another channel: {info}"),
            "`cmscc sync`, then `cmscc rebase ID` computes it again",
            Remedy::NONE,
        )
    } else if is_update && has("delta set was empty") {
        (
            Exit::No,
            "UPDATE_IN_EFFECT",
            "the update changes nothing: the config is like that already".to_owned(),
            "`cmscc sync`",
            Remedy::NONE,
        )
    } else if is_update && (has("policy evaluation failed") || has("not satisfied")) {
        (
            Exit::Failed,
            "UPDATE_NOT_SATISFIED",
            format!("the signatures are not enough for the orderer: {info}"),
            "`cmscc explain ID` says who is missing; where it says that nobody is, report it with both \
             texts",
            Remedy::NONE,
        )
    } else if status == "FORBIDDEN" {
        (
            Exit::Denied,
            "NOT_WRITER",
            format!("the orderer takes nothing from you on channel `{channel}`: {info}"),
            "who sends it must satisfy `/Channel/Writers`, with a certificate that has not expired; \
             another member may send it: `cmscc submit ID --via file`",
            Remedy::NONE,
        )
    } else if status == "NOT_FOUND" {
        (
            Exit::Failed,
            "UNKNOWN_CHANNEL",
            format!("the orderer does not have channel `{channel}`: {info}"),
            "is that its name (`--channel`)?",
            Remedy::NONE,
        )
    } else if has("exceeds maximum allowed") || status == "REQUEST_ENTITY_TOO_LARGE" {
        (
            Exit::Failed,
            "TRANSACTION_TOO_LARGE",
            format!("the transaction is larger than the channel allows: {info}"),
            "`BatchSize.AbsoluteMaxBytes` of the channel is the limit",
            Remedy::NONE,
        )
    } else if is_passing(status, info) {
        (
            Exit::Unreachable,
            "ORDERER_UNAVAILABLE",
            format!("the ordering service takes nothing now: {info}"),
            "call again; its operators look for its leader",
            Remedy::EITHER,
        )
    } else {
        (
            Exit::Failed,
            "ORDERER_REFUSED",
            format!("the orderer refuses: {status}: {info}"),
            "its log says more",
            Remedy::NONE,
        )
    };
    Meaning {
        error: ClientError::new(exit, symbol, message).hint(hint),
        remedy,
    }
}

/// Whether the orderer may take the same later.
fn is_passing(status: &str, info: &str) -> bool {
    // a refusal of an update, with a status of its own: docs/peer-behaviour.md
    let refuses = info.contains("block validation policy should be");
    matches!(status, "SERVICE_UNAVAILABLE" | "INTERNAL_SERVER_ERROR") && !refuses
}

/// No orderer answered that it will not.
fn unavailable(whom: Whom<'_>, failure: &RpcFailure) -> Meaning {
    let text = failure.texts().next().unwrap_or_default();
    if matches!(
        failure.code,
        RpcCode::FailedPrecondition | RpcCode::NotFound | RpcCode::InvalidArgument
    ) {
        let message = format!("the peer `{}` does not send it: {text}", whom.address);
        return Meaning {
            error: ClientError::new(Exit::Failed, "NOT_SENT", message)
                .hint("is the peer on that channel (`--channel`)?"),
            remedy: Remedy::ELSEWHERE,
        };
    }
    let message = format!("the peer `{}` reaches no orderer: {text}", whom.address);
    let error = ClientError::new(Exit::Unreachable, "ORDERER_UNAVAILABLE", message)
        .hint("call again; the peer's log says which orderers it tried");
    // each of them said 5xx, or could not be dialled: then nobody has it
    let dialling = |text: &str| text.contains("connection error") || text.contains("dial");
    let nobody = failure.code == RpcCode::Unavailable
        && failure.said.iter().all(|words| dialling(&words.message));
    let remedy = match nobody {
        true => Remedy::EITHER,
        false => Remedy::EITHER.open(),
    };
    Meaning { error, remedy }
}
