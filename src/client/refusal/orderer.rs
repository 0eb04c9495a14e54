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
    let said: Vec<Broadcast<'_>> = failure.texts().filter_map(Broadcast::find).collect();
    // one that refuses says more than one that is not available
    let refusal = said.iter().find(|said| !said.may_pass());
    match refusal.or_else(|| said.first()) {
        Some(refusal) => refused(errand, whom, refusal),
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
    let meaning = Meaning {
        error: ClientError::new(exit, symbol, message).hint(hint),
        remedy,
    };
    meaning.see_doctor()
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

    /// Whether the orderer may take the same later.
    fn may_pass(&self) -> bool {
        // a refusal of an update, with a status of its own: docs/peer-behaviour.md
        let refuses = self.info.contains("block validation policy should be");
        matches!(self.status, "SERVICE_UNAVAILABLE" | "INTERNAL_SERVER_ERROR") && !refuses
    }
}

/// What an orderer's refusal is known by, and what a person is told.
struct OrdererRule {
    /// Whether only config updates are refused so.
    of_updates: bool,
    /// The status; empty: any.
    status: &'static str,
    /// One of these stands in its words; none: whatever they are.
    words: &'static [&'static str],
    exit: Exit,
    symbol: &'static str,
    /// What it means; the orderer's words follow.
    means: &'static str,
    hint: &'static str,
}

/// In this order: the first that fits is told.
// Fabric: common/configtx/validator.go and update.go, orderer/common/msgprocessor
const RULES: &[OrdererRule] = &[
    OrdererRule {
        of_updates: false,
        status: "FORBIDDEN",
        words: &[],
        exit: Exit::Denied,
        symbol: "NOT_WRITER",
        means: "the orderer takes nothing from you on this channel",
        hint: "who sends it must satisfy `/Channel/Writers`, with a certificate that has not expired; \
               another member may send it: `cmscc submit ID --via file`",
    },
    OrdererRule {
        of_updates: true,
        status: "",
        words: &["but it is currently at version", "attempt to set key"],
        exit: Exit::Stale,
        symbol: "UPDATE_OVERTAKEN",
        means: "the update is in effect already, or another one came before it",
        hint: "`cmscc sync`, then `cmscc show ID` says which; `cmscc rebase ID` computes it again",
    },
    OrdererRule {
        of_updates: true,
        status: "",
        words: &["existing config does not contain element"],
        exit: Exit::Stale,
        symbol: "UPDATE_OTHER_BASE",
        means: "the update was made for another config, or another channel",
        hint: "`cmscc sync`, then `cmscc rebase ID` computes it again",
    },
    OrdererRule {
        of_updates: true,
        status: "",
        words: &["but envelope for channel"],
        exit: Exit::Usage,
        symbol: "UPDATE_OTHER_CHANNEL",
        means: "the update is for another channel",
        hint: "`--channel` names the one that it is for",
    },
    OrdererRule {
        of_updates: true,
        status: "",
        words: &["delta set was empty"],
        exit: Exit::No,
        symbol: "UPDATE_IN_EFFECT",
        means: "the update changes nothing: the config is like that already",
        hint: "`cmscc sync`",
    },
    OrdererRule {
        of_updates: true,
        status: "",
        words: &["not satisfied: ", "policy evaluation failed"],
        exit: Exit::Failed,
        symbol: "UPDATE_NOT_SATISFIED",
        means: "the signatures are not enough for the orderer",
        hint: "`cmscc explain ID` says who is missing; where it says that nobody is, report it with both \
               texts",
    },
    OrdererRule {
        of_updates: false,
        status: "NOT_FOUND",
        words: &[],
        exit: Exit::Failed,
        symbol: "UNKNOWN_CHANNEL",
        means: "the orderer does not have this channel",
        hint: "is that its name (`--channel`)?",
    },
    OrdererRule {
        of_updates: false,
        status: "",
        words: &[
            "channel does not exist",
            "channel creation request not allowed",
        ],
        exit: Exit::Failed,
        symbol: "UNKNOWN_CHANNEL",
        means: "the orderer does not have this channel",
        hint: "is that its name (`--channel`)?",
    },
    OrdererRule {
        of_updates: false,
        status: "",
        words: &["exceeds maximum allowed"],
        exit: Exit::Failed,
        symbol: "TRANSACTION_TOO_LARGE",
        means: "it is larger than the channel allows",
        hint: "the channel's `BatchSize.AbsoluteMaxBytes` is the limit; docs/incidents.md, \"A channel over its limits\", has the way out",
    },
];

impl OrdererRule {
    fn fits(&self, errand: Errand, refusal: &Broadcast<'_>) -> bool {
        let says = |words: &&str| refusal.info.contains(*words);
        (!self.of_updates || errand == Errand::SubmitUpdate)
            && (self.status.is_empty() || self.status == refusal.status)
            && (self.words.is_empty() || self.words.iter().any(says))
    }
}

fn refused(errand: Errand, whom: Whom<'_>, refusal: &Broadcast<'_>) -> Meaning {
    let Broadcast { status, info } = refusal;
    if let Some(rule) = RULES.iter().find(|rule| rule.fits(errand, refusal)) {
        let message = format!("{} (`{}`): {info}", rule.means, whom.channel);
        return ClientError::new(rule.exit, rule.symbol, message)
            .hint(rule.hint)
            .into();
    }
    if refusal.may_pass() {
        let message = format!("the ordering service takes nothing now: {info}");
        let error = ClientError::new(Exit::Unreachable, "ORDERER_UNAVAILABLE", message)
            .hint("call again; its operators look for its leader");
        let remedy = Remedy::EITHER;
        return Meaning { error, remedy };
    }
    let message = format!("the orderer refuses: {status}: {info}");
    ClientError::new(Exit::Failed, "ORDERER_REFUSED", message)
        .hint("its log says more")
        .into()
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
    // with raft each of them said 5xx, or could not be dialled: then nobody has it. With BFT those that
    // say nothing here may have taken it
    let is_raft = failure.message.contains("no orderer");
    let dialling = |text: &str| text.contains("connection error");
    let nobody = is_raft && failure.said.iter().all(|words| dialling(&words.message));
    let remedy = match nobody {
        true => Remedy::EITHER,
        false => Remedy::EITHER.open(),
    };
    Meaning { error, remedy }
}
