//! Connections that were not made, or broke.

use std::time::Duration;

use super::{Errand, Meaning, Remedy, RpcFailure, Whom};
use crate::client::{ClientError, Exit};

/// No connection was made to a node: the causes, outermost first.
#[must_use]
pub(crate) fn unreachable(whom: Whom<'_>, causes: &[String]) -> Meaning {
    let meaning = Meaning {
        error: reason(whom, causes),
        remedy: Remedy::ELSEWHERE,
    };
    meaning.see_doctor()
}

/// A node did not answer in time.
#[must_use]
pub(crate) fn timed_out(errand: Errand, whom: Whom<'_>, after: Duration) -> Meaning {
    late(errand, whom, &format!("within {} s", seconds(after))).see_doctor()
}

fn late(errand: Errand, whom: Whom<'_>, when: &str) -> Meaning {
    let what = match errand {
        Errand::CommitStatus => "say what became of the transaction",
        _ => "answer",
    };
    let message = format!("the peer `{}` did not {what} {when}", whom.address);
    let error = ClientError::new(Exit::Unreachable, "TIMEOUT", message)
        .hint("call again; `--timeout` gives it longer");
    let remedy = match errand {
        Errand::Evaluate | Errand::Endorse => Remedy::ELSEWHERE,
        _ => Remedy::NONE.open(),
    };
    Meaning { error, remedy }
}

/// The call failed on this side of the wire.
pub(super) fn broken(errand: Errand, whom: Whom<'_>, failure: &RpcFailure) -> Meaning {
    let has = |words: &str| failure.causes.iter().any(|cause| cause.contains(words));
    if has("Timeout expired") {
        return late(errand, whom, "in time");
    }
    let changes = matches!(errand, Errand::SubmitTransaction | Errand::SubmitUpdate);
    let ended = has("broken pipe") || has("connection closed") || has("connection reset");
    if failure.is_unsent || !ended {
        let remedy = match changes && !failure.is_unsent {
            true => Remedy::ELSEWHERE.open(),
            false => Remedy::ELSEWHERE,
        };
        let error = reason(whom, &failure.causes);
        return Meaning { error, remedy };
    }
    // a node that restarts ends its connections; one that demands mutual TLS does so, too, and its
    // alert is not always read before
    let address = whom.address;
    let known = reason(whom, &failure.causes);
    let error = match known.symbol.as_str() {
        UNREACHABLE => {
            let last = failure.causes.last().map_or("", String::as_str);
            let message = format!("`{address}` ended the connection: {last}");
            let hint = match whom.is_tls {
                true => {
                    "call again; it may demand a TLS certificate of yours (`--tls-client-cert` and \
                     `--tls-client-key`), issued by a CA that it trusts"
                }
                false => "it may speak TLS: `--tls-root-cert` names the CA",
            };
            ClientError::new(Exit::Unreachable, "CONNECTION_ENDED", message).hint(hint)
        }
        _ => known,
    };
    let remedy = match changes {
        true => Remedy::EITHER.open(),
        false => Remedy::EITHER,
    };
    Meaning { error, remedy }
}

fn reason(whom: Whom<'_>, causes: &[String]) -> ClientError {
    let has = |words: &str| causes.iter().any(|cause| cause.contains(words));
    let address = whom.address;
    let last = causes.last().map_or("no reason given", String::as_str);
    let denied = |symbol: &str, message: String| ClientError::new(Exit::Denied, symbol, message);
    if has("not valid for name") || has("NotValidForName") {
        return denied(
            "TLS_NAME",
            format!("the TLS certificate of `{address}` is for another name: {last}"),
        )
        .hint("`--server-name` gives the name that it is for, such as `peer0.org1.example.com`");
    }
    if has("UnknownIssuer") || has("BadSignature") || has("CaUsedAsEndEntity") {
        return denied(
            "TLS_UNTRUSTED",
            format!("the TLS certificate of `{address}` was issued by a CA that you do not trust: {last}"),
        )
        .hint("`--tls-root-cert` is the TLS CA certificate of the peer's organisation");
    }
    if has("invalid peer certificate") {
        return denied(
            "TLS_CERTIFICATE",
            format!("the TLS certificate of `{address}` is not valid: {last}"),
        )
        .hint("its operator renews it; look at the clock of this machine, too");
    }
    if has("received fatal alert") {
        return denied(
            "TLS_CLIENT_CERTIFICATE",
            format!("`{address}` ends the TLS handshake: {last}"),
        )
        .hint(
            "it may demand a TLS certificate of yours: `--tls-client-cert` and `--tls-client-key`, issued \
             by a CA that it trusts",
        );
    }
    if has("InvalidContentType") || has("HTTP/2 was not negotiated") || has("corrupt message") {
        return ClientError::new(
            Exit::Usage,
            "TLS_NOT_SPOKEN",
            format!("`{address}` does not speak TLS as peers do: {last}"),
        )
        .hint("is this the address of a peer? `--tls=false` connects without TLS");
    }
    let message = format!("`{address}` cannot be reached: {last}");
    ClientError::new(Exit::Unreachable, UNREACHABLE, message)
        .hint("does it run, and is that its address? `cmscc profile show --origin` says where it comes from")
}

const UNREACHABLE: &str = "PEER_UNREACHABLE";

fn seconds(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}.{rest}", tenths / 10),
    }
}
