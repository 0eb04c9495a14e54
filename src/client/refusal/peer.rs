//! Refusals of peers, before a chaincode was asked or instead of it.

use std::collections::BTreeSet;

use super::{Errand, Meaning, Remedy, RpcCode, RpcFailure, Whom, meaning::OTHERS_ENDORSED};
use crate::client::{ClientError, Exit, answers::seconds};

/// What a peer's own refusal means. The most specific one is told, whatever the code.
pub(super) fn refusal(errand: Errand, whom: Whom<'_>, failure: &RpcFailure) -> Meaning {
    let known = clock(whom, failure)
        .or_else(|| channel(whom, failure))
        .or_else(|| access(whom, failure))
        .or_else(|| chaincode(whom, failure))
        .or_else(|| plan(whom, failure))
        .or_else(|| ledger(whom, failure))
        .or_else(|| busy(whom, failure));
    known.unwrap_or_else(|| other(errand, whom, failure))
}

/// The peer's clock and ours are too far apart.
// Fabric: core/handlers/auth/filter/timewindow.go, validateTimewindowProposal
fn clock(whom: Whom<'_>, failure: &RpcFailure) -> Option<Meaning> {
    let text = said(failure, "incorrect timestamp ")?;
    let (_, times) = text.split_once("incorrect timestamp ")?;
    let (ours, rest) = times.split_once(", peer time ")?;
    let theirs = rest.split_once(',').map_or(rest, |(time, _)| time);
    let message = format!(
        "the clocks are too far apart: here it is {ours}, at the peer behind `{}` it is {theirs}",
        whom.address
    );
    let error = ClientError::new(Exit::Denied, "CLOCK_SKEW", message)
        .hint("set the clock of the one that is wrong; peers allow 15 minutes");
    Some(final_answer(error))
}

/// The time of the peer, in seconds since 1970, where it refused since clocks are too far apart.
#[must_use]
pub(crate) fn peer_time(error: &ClientError) -> Option<i64> {
    let texts = error.details.iter().map(|(_, words)| words);
    let mut texts = texts.chain([&error.message]);
    texts.find_map(|text| {
        let (_, theirs) = text.split_once(", peer time ")?;
        let theirs = theirs.split_once(',').map_or(theirs, |(time, _)| time);
        seconds(theirs)
    })
}

/// The identity may not do this.
fn access(whom: Whom<'_>, failure: &RpcFailure) -> Option<Meaning> {
    let words = [
        "access denied",
        "failed ACL check",
        "Failed to authorize invocation",
        "Failed evaluating policy",
        "creator certificate is not valid",
        "implicit policy evaluation failed",
    ];
    let named = words.iter().any(|words| failure.says(words));
    if !named && failure.code != RpcCode::PermissionDenied {
        return None;
    }
    let Whom {
        address, channel, ..
    } = whom;
    let (message, hint) = if failure.says("creator org unknown") {
        (
            format!("the peer `{address}` does not know your organisation on channel `{channel}`"),
            "is this the right channel (`--channel`) and MSP id (`--msp-id`)? A new member's peer learns \
             of it with the config block",
        )
    } else if failure.says("access denied") {
        (
            format!(
                "the peer `{address}` does not accept your certificate, or its signature, on channel \
                 `{channel}`"
            ),
            "has it expired, or was it revoked? `cmscc profile show --origin` says which one is yours",
        )
    } else {
        (
            format!("the peer `{address}` does not let you do this on channel `{channel}`"),
            "`cmscc profile show --origin` says as whom you call; the channel's ACLs say who may",
        )
    };
    let error = ClientError::new(Exit::Denied, "ACCESS_DENIED", message).hint(hint);
    Some(final_answer(error))
}

/// No set of peers can endorse.
fn plan(whom: Whom<'_>, failure: &RpcFailure) -> Option<Meaning> {
    let none = failure.says("no combination of peers can be derived which satisfy the endorsement");
    let away = failure.says("failed to select a set of endorsers");
    let named = failure.says("failed to find any endorsing peers for org");
    if !none && !away && !named {
        return None;
    }
    let message = format!(
        "too few organisations run a server of `{}` on channel `{}` that the peer `{}` can reach: what \
         they endorse would not count",
        whom.chaincode, whom.channel, whom.address
    );
    let hint = "each organisation that endorses needs a running peer with the chaincode installed and \
                approved, and anchor peers by which other peers find it";
    let error = ClientError::new(Exit::Unreachable, "TOO_FEW_ENDORSERS", message).hint(hint);
    Some(Meaning {
        error,
        remedy: Remedy::ELSEWHERE,
    })
}

/// The chaincode is not there, does not run, or its endorsers disagree.
fn chaincode(whom: Whom<'_>, failure: &RpcFailure) -> Option<Meaning> {
    let Whom {
        address,
        channel,
        chaincode,
        ..
    } = whom;
    let has = |words: &str| failure.says(words);
    let (exit, symbol, message, hint, remedy) = if has("ProposalResponsePayloads do not match") {
        (
            Exit::Unreachable,
            "ENDORSERS_DIFFER",
            format!("the endorsers of `{chaincode}` do not answer alike: one is behind another"),
            "call again; where it stays so, their operators compare `/readyz` of their servers",
            Remedy::AGAIN,
        )
    } else if has("no peers available to evaluate chaincode") {
        (
            Exit::Failed,
            "NO_CHAINCODE",
            format!(
                "no peer that `{address}` knows on channel `{channel}` runs the chaincode `{chaincode}`"
            ),
            "is that its name (`--chaincode`)? `cmscc deploy status` says what it lacks on this channel",
            Remedy::ELSEWHERE,
        )
    } else if has("must call as init first") {
        (
            Exit::Failed,
            "INIT_REQUIRED",
            format!("the definition of `{chaincode}` demands an init call first"),
            "call `Init` once, as docs/walkthrough.md says",
            Remedy::NONE,
        )
    } else if has("has not yet been approved by this org") {
        (
            Exit::Failed,
            "NOT_APPROVED",
            format!(
                "the organisation of `{address}` has not approved the definition of `{chaincode}`"
            ),
            "its operator approves it: `cmscc deploy approve`",
            Remedy::ELSEWHERE,
        )
    } else if has("make sure the chaincode")
        || has("chaincode definition for")
        || has("No metadata was found for chaincode")
    {
        (
            Exit::Failed,
            "NO_CHAINCODE",
            format!(
                "channel `{channel}` has no chaincode `{chaincode}`, or it is not installed here"
            ),
            "is that its name (`--chaincode`)? `cmscc deploy status` says what it lacks on this channel",
            Remedy::ELSEWHERE,
        )
    } else if has("could not launch chaincode") || has("chaincode stream terminated") {
        let whose = whose(
            failure,
            &["could not launch chaincode", "chaincode stream terminated"],
        );
        (
            Exit::Unreachable,
            "SERVER_DOWN",
            format!(
                "the server of the chaincode `{chaincode}` of {whose} does not answer its peer"
            ),
            "its operator starts it, or looks at its log",
            Remedy::EITHER,
        )
    } else if has("timeout expired while executing transaction") {
        let whose = whose(failure, &["timeout expired while executing transaction"]);
        (
            Exit::Unreachable,
            "SERVER_SLOW",
            format!(
                "the server of the chaincode `{chaincode}` of {whose} did not answer its peer in time"
            ),
            "call again; its operator looks at its log",
            Remedy::AGAIN,
        )
    } else if has("connection error: desc") {
        let whose = whose(failure, &["connection error: desc"]);
        (
            Exit::Unreachable,
            "ENDORSER_AWAY",
            format!("the peer `{address}` does not reach the peer of {whose}"),
            "does that one run? Behind a restart it takes some seconds; call again",
            Remedy::EITHER,
        )
    } else {
        return None;
    };
    Some(Meaning {
        error: ClientError::new(exit, symbol, message).hint(hint),
        remedy,
    })
}

/// The peer does not have the channel.
fn channel(whom: Whom<'_>, failure: &RpcFailure) -> Option<Meaning> {
    let words = [
        "could not get last config for channel",
        "Failed to get policy manager for channel",
        "channel does not exist",
        "channel not found",
    ];
    if !words.iter().any(|words| failure.says(words)) {
        return None;
    }
    let message = format!(
        "the peer `{}` is not on channel `{}`",
        whom.address, whom.channel
    );
    let error = ClientError::new(Exit::Failed, "UNKNOWN_CHANNEL", message)
        .hint("is that its name (`--channel`), and has the peer joined?");
    Some(Meaning {
        error,
        remedy: Remedy::ELSEWHERE,
    })
}

/// The ledger does not have what was asked for.
fn ledger(whom: Whom<'_>, failure: &RpcFailure) -> Option<Meaning> {
    let text = said(failure, "Failed to get block number")?;
    let message = format!("the peer `{}` has no such block: {text}", whom.address);
    let error = ClientError::new(Exit::Failed, "NO_BLOCK", message).hint(
        "a peer that joined by snapshot has no older blocks, and one that is behind no newer ones",
    );
    Some(Meaning {
        error,
        remedy: Remedy::ELSEWHERE,
    })
}

/// The peer has too much to do.
fn busy(whom: Whom<'_>, failure: &RpcFailure) -> Option<Meaning> {
    if failure.code != RpcCode::ResourceExhausted {
        return None;
    }
    let message = format!("the peer `{}` is busy: {}", whom.address, failure.message);
    let error = ClientError::new(Exit::Unreachable, "PEER_BUSY", message).hint("call again");
    Some(Meaning {
        error,
        remedy: Remedy::EITHER,
    })
}

/// What nobody foresaw, in the words of whoever said it.
fn other(errand: Errand, whom: Whom<'_>, failure: &RpcFailure) -> Meaning {
    // the words of a node behind the gateway say more than its own
    let text = failure.texts().next().unwrap_or_default();
    let message = format!("the peer `{}` says: {text}", whom.address);
    let (exit, symbol, remedy) = match failure.code {
        RpcCode::DeadlineExceeded | RpcCode::Cancelled => {
            (Exit::Unreachable, "TIMEOUT", Remedy::NONE.open())
        }
        RpcCode::Unavailable => (Exit::Unreachable, "PEER_UNAVAILABLE", Remedy::EITHER.open()),
        RpcCode::Unimplemented => (Exit::Failed, "NO_GATEWAY", Remedy::ELSEWHERE),
        RpcCode::Aborted if failure.message.contains(OTHERS_ENDORSED) => {
            (Exit::Unreachable, "NOT_ENDORSED", Remedy::AGAIN)
        }
        _ if errand == Errand::Endorse => (Exit::Failed, "NOT_ENDORSED", Remedy::NONE),
        _ => (Exit::Failed, "PEER_REFUSED", Remedy::NONE),
    };
    let error = ClientError::new(exit, symbol, message);
    let error = match symbol {
        "NO_GATEWAY" => error.hint(
            "it has no gateway service: an orderer's address, a peer before 2.4, or one with \
             `peer.gateway.enabled: false`",
        ),
        "NOT_ENDORSED" | "PEER_REFUSED" => error.hint("its log says more"),
        _ => error.hint("call again; `--timeout` gives it longer"),
    };
    Meaning { error, remedy }
}

/// The organisations whose nodes say one of these.
fn whose(failure: &RpcFailure, words: &[&str]) -> String {
    let says = |text: &str| words.iter().any(|words| text.contains(words));
    let said = failure.said.iter().filter(|said| says(&said.message));
    let ids: BTreeSet<String> = said.map(|said| format!("`{}`", said.msp_id)).collect();
    match ids.is_empty() {
        true => "some organisation".to_owned(),
        false => Vec::from_iter(ids).join(" and "),
    }
}

/// The first text that contains these words.
fn said<'a>(failure: &'a RpcFailure, words: &str) -> Option<&'a str> {
    failure.texts().find(|text| text.contains(words))
}

fn final_answer(error: ClientError) -> Meaning {
    Meaning {
        error,
        remedy: Remedy::NONE,
    }
}
