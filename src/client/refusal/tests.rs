//! Answers of real networks, and what they mean. Texts as measured on 3.1.5 (raft and BFT) and 2.5.16.

use prost::Message;
use prost_types::Any;

use super::{Errand, Meaning, RpcCode, RpcFailure, Whom, broadcast_refusal, deliver_ended, judge};
use crate::{
    client::Exit,
    proto::{gateway::ErrorDetail, google::rpc},
};

const ABORTED: i32 = 10;
const CANCELLED: i32 = 1;
const FAILED_PRECONDITION: i32 = 9;
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;
const UNAVAILABLE: i32 = 14;
const UNIMPLEMENTED: i32 = 12;
const UNKNOWN: i32 = 2;

const WHOM: Whom<'_> = Whom {
    address: "peer0.org1:7051",
    channel: "mychannel",
    chaincode: "cmscc",
    is_tls: true,
};

const NOT_ENDORSED: &str = "failed to endorse transaction, see attached details for more info";
const NOT_ENOUGH: &str =
    "failed to collect enough transaction endorsements, see attached details for more info";
const NO_QUORUM: &str = "insufficient number of orderers could successfully process transaction to \
                         satisfy quorum requirement";

/// A failed call as it comes over the wire; each node with its MSP id.
fn failure(code: i32, message: &str, said: &[(&str, &str)]) -> RpcFailure {
    let details = said.iter().map(|(msp_id, message)| Any {
        type_url: "type.googleapis.com/gateway.ErrorDetail".to_owned(),
        value: ErrorDetail {
            address: format!("a node of {msp_id}"),
            msp_id: (*msp_id).to_owned(),
            message: (*message).to_owned(),
        }
        .encode_to_vec(),
    });
    let status = rpc::Status {
        code,
        message: message.to_owned(),
        details: details.collect(),
    };
    RpcFailure::new(code, message, &status.encode_to_vec())
}

/// The remedies, as letters: elsewhere, again, open.
fn remedies(meaning: &Meaning) -> String {
    let remedy = meaning.remedy;
    let flags = [
        (remedy.elsewhere, 'e'),
        (remedy.again, 'a'),
        (remedy.is_open, 'o'),
    ];
    let set = flags.iter().filter(|(is_set, _)| *is_set);
    set.map(|(_, letter)| letter).collect()
}

/// Exit, symbol, remedies.
type Expected<'a> = (Exit, &'a str, &'a str);

/// One answer, and what is expected of it.
struct Case<'a> {
    errand: Errand,
    code: i32,
    message: &'a str,
    said: &'a [(&'a str, &'a str)],
    means: Expected<'a>,
}

fn is_documented(symbol: &str) -> bool {
    let pages = [
        include_str!("../../../docs/client.md"),
        include_str!("../../../docs/errors.md"),
        include_str!("../../../docs/operations.md"),
    ];
    let named = format!("`{symbol}`");
    pages.iter().any(|page| page.contains(&named))
}

fn check(cases: &[Case<'_>]) {
    for case in cases {
        let failure = failure(case.code, case.message, case.said);
        let meaning = judge(case.errand, WHOM, &failure);
        let (exit, symbol, may) = case.means;
        let name = format!("{} {:?}", case.message, case.said);
        assert_eq!(meaning.error.symbol, symbol, "{name}");
        assert!(is_documented(symbol), "{symbol}");
        assert_eq!(meaning.error.exit, exit, "{name}");
        assert_eq!(remedies(&meaning), may, "{name}");
        let message = &meaning.error.message;
        assert!(
            !message.ends_with('.') && !message.contains('\n'),
            "{message}"
        );
        assert!(meaning.error.details.len() >= case.said.len(), "{name}");
    }
}

#[test]
fn peers_refuse() {
    const OF_ORG1: &str = "Org1MSP";
    const SKEW: &str = "request unauthorized due to incorrect timestamp 2026-11-29T19:45:41Z, peer time \
                        2026-11-29T20:02:21Z, peer.authentication.timewindow 15m0s";
    const NO_READER: &str = "Failed evaluating policy on signed data during check policy on channel [mychannel] with policy \
         [/Channel/Application/Readers]: [implicit policy evaluation failed - 0 sub-policies were \
         satisfied, but this policy requires 1 of the 'Readers' sub-policies to be satisfied]";
    const UNREACHED: &str = "rpc error: code = Unavailable desc = connection error: desc = \"transport: \
                             Error while dialing: dial tcp 127.0.0.1:7051: connect: connection refused\"";
    const NOT_LAUNCHED: &str = "error in simulation: failed to execute transaction 0f10: could not launch chaincode cmscc_1:4a2d: \
         connection to cmscc_1:4a2d failed: error cannot create connection for cmscc_1:4a2d: error \
         creating grpc connection to 127.0.0.1:23075: failed to create new connection: connection error: \
         desc = \"transport: error while dialing: dial tcp 127.0.0.1:23075: connect: connection refused\"";
    let denied = (Exit::Denied, "ACCESS_DENIED", "");
    check(&[
        Case {
            errand: Errand::Evaluate,
            code: UNAVAILABLE,
            message: "failed to evaluate transaction, see attached details for more info",
            said: &[(OF_ORG1, SKEW), ("Org2MSP", SKEW)],
            means: (Exit::Denied, "CLOCK_SKEW", ""),
        },
        Case {
            errand: Errand::Endorse,
            code: ABORTED,
            message: NOT_ENDORSED,
            said: &[(OF_ORG1, SKEW)],
            means: (Exit::Denied, "CLOCK_SKEW", ""),
        },
        Case {
            errand: Errand::Evaluate,
            code: FAILED_PRECONDITION,
            message: "evaluate call to endorser returned error: error validating proposal: access \
                      denied: channel [mychannel] creator org unknown, creator is malformed",
            said: &[(
                OF_ORG1,
                "error validating proposal: access denied: channel [mychannel] creator org unknown, \
                 creator is malformed",
            )],
            means: denied,
        },
        Case {
            errand: Errand::Endorse,
            code: ABORTED,
            message: NOT_ENDORSED,
            said: &[(
                OF_ORG1,
                "error validating proposal: access denied: channel [mychannel] creator org [Org1MSP]",
            )],
            means: denied,
        },
        Case {
            errand: Errand::CommitStatus,
            code: PERMISSION_DENIED,
            message: NO_READER,
            said: &[],
            means: denied,
        },
        Case {
            errand: Errand::Deliver,
            code: PERMISSION_DENIED,
            message: "Failed to get policy manager for channel [mychannel]",
            said: &[],
            means: (Exit::Failed, "UNKNOWN_CHANNEL", "e"),
        },
        Case {
            errand: Errand::Evaluate,
            code: UNAVAILABLE,
            message: "failed to get config for channel [mychannel]: could not get last config for \
                      channel mychannel",
            said: &[],
            means: (Exit::Failed, "UNKNOWN_CHANNEL", "e"),
        },
        Case {
            errand: Errand::Evaluate,
            code: FAILED_PRECONDITION,
            message: "no peers available to evaluate chaincode cmscc in channel mychannel",
            said: &[],
            means: (Exit::Failed, "NO_CHAINCODE", "e"),
        },
        Case {
            errand: Errand::Endorse,
            code: FAILED_PRECONDITION,
            message: "no combination of peers can be derived which satisfy the endorsement policy: No \
                      metadata was found for chaincode cmscc in channel mychannel",
            said: &[],
            means: (Exit::Failed, "NO_CHAINCODE", "e"),
        },
        Case {
            errand: Errand::Endorse,
            code: FAILED_PRECONDITION,
            message: "no combination of peers can be derived which satisfy the endorsement policy: no \
                      peer combination can satisfy the endorsement policy",
            said: &[],
            means: (Exit::Unreachable, "TOO_FEW_ENDORSERS", "e"),
        },
        Case {
            errand: Errand::Endorse,
            code: ABORTED,
            message: NOT_ENOUGH,
            said: &[("Org2MSP", NOT_LAUNCHED)],
            means: (Exit::Unreachable, "SERVER_DOWN", "ea"),
        },
        Case {
            errand: Errand::Endorse,
            code: ABORTED,
            message: NOT_ENOUGH,
            said: &[("Org2MSP", UNREACHED)],
            means: (Exit::Unreachable, "ENDORSER_AWAY", "ea"),
        },
        Case {
            errand: Errand::Endorse,
            code: ABORTED,
            message: NOT_ENOUGH,
            said: &[(
                "Org2MSP",
                "ProposalResponsePayloads do not match (base64): 'CiA=' vs 'CiB='",
            )],
            means: (Exit::Unreachable, "ENDORSERS_DIFFER", "a"),
        },
        Case {
            errand: Errand::Evaluate,
            code: ABORTED,
            message: "failed to evaluate transaction, see attached details for more info",
            said: &[(
                OF_ORG1,
                "error in simulation: failed to execute transaction ab: invalid invocation: chaincode \
                 'cmscc' has not been initialized for this version, must call as init first",
            )],
            means: (Exit::Failed, "INIT_REQUIRED", ""),
        },
        Case {
            errand: Errand::Evaluate,
            code: UNKNOWN,
            message: "evaluate call to endorser returned error: chaincode response 500, Failed to get \
                      block number 99999, error no such block number [99999] in index",
            said: &[(
                OF_ORG1,
                "chaincode response 500, Failed to get block number 99999, error no such block number \
                 [99999] in index",
            )],
            means: (Exit::Failed, "NO_BLOCK", "e"),
        },
        Case {
            errand: Errand::Evaluate,
            code: UNIMPLEMENTED,
            message: "unknown service gateway.Gateway",
            said: &[],
            means: (Exit::Failed, "NO_GATEWAY", "e"),
        },
        Case {
            errand: Errand::Evaluate,
            code: RESOURCE_EXHAUSTED,
            message: "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
            said: &[],
            means: (Exit::Unreachable, "PEER_BUSY", "ea"),
        },
        Case {
            errand: Errand::Evaluate,
            code: CANCELLED,
            message: "evaluate timeout expired",
            said: &[],
            means: (Exit::Unreachable, "TIMEOUT", "o"),
        },
    ]);
}

#[test]
fn the_contract_refuses() {
    const NOT_ADMIN: &str =
        "chaincode response 403, Code 403: NOT_ADMIN: `CN=user` is not an admin";
    const BEHIND: &str =
        "chaincode response 404, Code 404: UNKNOWN_PROPOSAL: there is no proposal `a`";
    const STOPPING: &str = "error in simulation: failed to execute transaction ab: transaction returned \
                            with failure: Code 500: SHUTTING_DOWN: call again";
    check(&[
        Case {
            errand: Errand::Evaluate,
            code: UNKNOWN,
            message: "evaluate call to endorser returned error: chaincode response 403, Code 403: \
                      NOT_ADMIN: `CN=user` is not an admin",
            said: &[("Org1MSP", NOT_ADMIN)],
            means: (Exit::Denied, "NOT_ADMIN", ""),
        },
        Case {
            errand: Errand::Endorse,
            code: ABORTED,
            message: NOT_ENDORSED,
            said: &[("Org1MSP", NOT_ADMIN)],
            means: (Exit::Denied, "NOT_ADMIN", ""),
        },
        // Org1 endorsed, so Org2 is behind
        Case {
            errand: Errand::Endorse,
            code: ABORTED,
            message: NOT_ENOUGH,
            said: &[("Org2MSP", BEHIND)],
            means: (Exit::Failed, "UNKNOWN_PROPOSAL", "a"),
        },
        Case {
            errand: Errand::Endorse,
            code: ABORTED,
            message: NOT_ENDORSED,
            said: &[("Org1MSP", STOPPING)],
            means: (Exit::Unreachable, "SHUTTING_DOWN", "a"),
        },
    ]);
}

const AUTHORIZING: &str =
    "error applying config update to existing channel 'mychannel': error authorizing update: ";

/// Refusals of config updates by orderers: status, words, meaning.
fn updates() -> Vec<(&'static str, String, Expected<'static>)> {
    let authorizing = |why: &str| format!("{AUTHORIZING}{why}");
    vec![
        (
            "BAD_REQUEST",
            authorizing(
                "error validating ReadSet: proposed update requires that key [Group]  /Channel/Orderer be \
                 at version 5, but it is currently at version 0",
            ),
            (Exit::Stale, "UPDATE_OVERTAKEN", ""),
        ),
        // the update that is in effect already, sent once more
        (
            "BAD_REQUEST",
            authorizing(
                "error validating DeltaSet: attempt to set key [Value]  /Channel/Orderer/BatchTimeout to \
                 version 1, but key is at version 1",
            ),
            (Exit::Stale, "UPDATE_OVERTAKEN", ""),
        ),
        (
            "BAD_REQUEST",
            authorizing(
                "error validating ReadSet: existing config does not contain element for [Group]  \
                 /Channel/Nope but was in the read set",
            ),
            (Exit::Stale, "UPDATE_OTHER_BASE", ""),
        ),
        (
            "BAD_REQUEST",
            authorizing(
                "error validating DeltaSet: policy for [Value]  /Channel/Orderer/BatchTimeout not \
                 satisfied: implicit policy evaluation failed - 0 sub-policies were satisfied, but this \
                 policy requires 1 of the 'Admins' sub-policies to be satisfied",
            ),
            (Exit::Failed, "UPDATE_NOT_SATISFIED", ""),
        ),
        (
            "BAD_REQUEST",
            authorizing(
                "ConfigUpdate for channel 'otherchannel' but envelope for channel 'mychannel'",
            ),
            (Exit::Usage, "UPDATE_OTHER_CHANNEL", ""),
        ),
        (
            "BAD_REQUEST",
            authorizing("error validating DeltaSet: delta set was empty -- update would have no effect"),
            (Exit::No, "UPDATE_IN_EFFECT", ""),
        ),
        (
            "BAD_REQUEST",
            "error applying config update to existing channel 'mychannel': initializing channelconfig \
             failed: could not create channel Orderer sub-group config: Attempted to set the batch timeout \
             to a invalid value: time: invalid duration \"nonsense\""
                .to_owned(),
            (Exit::Failed, "ORDERER_REFUSED", ""),
        ),
        (
            "FORBIDDEN",
            "config update for existing channel did not pass initial checks: implicit policy evaluation \
             failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' \
             sub-policies to be satisfied: permission denied"
                .to_owned(),
            (Exit::Denied, "NOT_WRITER", ""),
        ),
        (
            "BAD_REQUEST",
            "channel does not exist".to_owned(),
            (Exit::Failed, "UNKNOWN_CHANNEL", ""),
        ),
        (
            "BAD_REQUEST",
            "channel creation request not allowed because the orderer system channel is not defined"
                .to_owned(),
            (Exit::Failed, "UNKNOWN_CHANNEL", ""),
        ),
        (
            "SERVICE_UNAVAILABLE",
            "block validation policy should be a signature policy: 3 is none".to_owned(),
            (Exit::Failed, "ORDERER_REFUSED", ""),
        ),
        (
            "SERVICE_UNAVAILABLE",
            "no Raft leader".to_owned(),
            (Exit::Unreachable, "ORDERER_UNAVAILABLE", "ea"),
        ),
    ]
}

/// The same refusal means the same by a gateway before raft, by one before BFT, and by the orderer.
#[test]
fn orderers_refuse_updates() {
    const ORDERER: &str = "OrdererMSP";
    let errand = Errand::SubmitUpdate;
    for (status, info, means) in updates() {
        let text =
            format!("received unsuccessful response from orderer: status={status}, info={info}");
        let raft: &[(&str, &str)] = &[];
        let bft = &[(ORDERER, text.as_str()), (ORDERER, text.as_str())][..];
        check(&[
            Case {
                errand,
                code: ABORTED,
                message: &text,
                said: raft,
                means,
            },
            Case {
                errand,
                code: UNAVAILABLE,
                message: NO_QUORUM,
                said: bft,
                means,
            },
        ]);
        let codes = [
            ("BAD_REQUEST", 400),
            ("FORBIDDEN", 403),
            ("SERVICE_UNAVAILABLE", 503),
        ];
        let code = codes.iter().find(|(name, _)| *name == status).unwrap().1;
        let direct = broadcast_refusal(errand, WHOM, code, &info);
        let (exit, symbol, may) = means;
        let given = (direct.error.exit, direct.error.symbol.as_str());
        assert_eq!(given, (exit, symbol), "{info}");
        assert_eq!(remedies(&direct), may, "{info}");
    }
}

#[test]
fn orderers_are_not_there() {
    const AWAY: &str = "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error \
                        while dialing: dial tcp 127.0.0.1:23050: connect: connection refused\"";
    const NO_LEADER: &str = "received unsuccessful response from orderer: status=SERVICE_UNAVAILABLE, \
                             info=no leader";
    const REFUSED: &str = "received unsuccessful response from orderer: status=FORBIDDEN, info=permission \
                           denied";
    const NONE: &str = "no orderers could successfully process transaction";
    let errand = Errand::SubmitTransaction;
    let away = |may| (Exit::Unreachable, "ORDERER_UNAVAILABLE", may);
    check(&[
        // the one orderer cannot have it
        Case {
            errand,
            code: UNAVAILABLE,
            message: NONE,
            said: &[("OrdererMSP", AWAY)],
            means: away("ea"),
        },
        // this one may
        Case {
            errand,
            code: UNAVAILABLE,
            message: NONE,
            said: &[(
                "OrdererMSP",
                "rpc error: code = Unavailable desc = error reading from server: EOF",
            )],
            means: away("eao"),
        },
        // all said 5xx, which the gateway does not pass on
        Case {
            errand,
            code: UNAVAILABLE,
            message: NONE,
            said: &[],
            means: away("ea"),
        },
        // with BFT the two that are not named may have taken it
        Case {
            errand,
            code: UNAVAILABLE,
            message: NO_QUORUM,
            said: &[("OrdererMSP", AWAY), ("OrdererMSP", AWAY)],
            means: away("eao"),
        },
        Case {
            errand,
            code: UNAVAILABLE,
            message: NO_QUORUM,
            said: &[("OrdererMSP", NO_LEADER), ("OrdererMSP", REFUSED)],
            means: (Exit::Denied, "NOT_WRITER", ""),
        },
        Case {
            errand,
            code: FAILED_PRECONDITION,
            message: "failed to get config for channel [mychannel]: could not get last config for \
                      channel mychannel",
            said: &[],
            means: (Exit::Failed, "NOT_SENT", "e"),
        },
    ]);
}

#[test]
fn connections_are_not_made_or_break() {
    let cases: [(&[&str], bool, Expected<'_>); 8] = [
        (
            &[
                "transport error",
                "tcp connect error",
                "Connection refused (os error 111)",
            ],
            true,
            (Exit::Unreachable, "PEER_UNREACHABLE", "e"),
        ),
        (
            &["invalid peer certificate: UnknownIssuer"],
            true,
            (Exit::Denied, "TLS_UNTRUSTED", "e"),
        ),
        (
            &[
                "invalid peer certificate: certificate not valid for name \"peer9\"; certificate is only \
                 valid for DnsName(\"peer0\")",
            ],
            true,
            (Exit::Denied, "TLS_NAME", "e"),
        ),
        (
            &["invalid peer certificate: Expired"],
            true,
            (Exit::Denied, "TLS_CERTIFICATE", "e"),
        ),
        (
            &["received corrupt message of type InvalidContentType"],
            true,
            (Exit::Usage, "TLS_NOT_SPOKEN", "e"),
        ),
        // a peer with mutual TLS, and a client without a certificate: either is seen
        (
            &[
                "transport error",
                "received fatal alert: CertificateRequired",
            ],
            false,
            (Exit::Denied, "TLS_CLIENT_CERTIFICATE", "eo"),
        ),
        (
            &["transport error", "stream closed because of a broken pipe"],
            false,
            (Exit::Unreachable, "CONNECTION_ENDED", "eao"),
        ),
        (
            &["Timeout expired"],
            false,
            (Exit::Unreachable, "TIMEOUT", "o"),
        ),
    ];
    for (causes, is_unsent, (exit, symbol, may)) in cases {
        let causes: Vec<String> = causes.iter().map(|cause| (*cause).to_owned()).collect();
        let failure = RpcFailure::local(UNAVAILABLE, "transport error", &causes, is_unsent);
        let meaning = judge(Errand::SubmitTransaction, WHOM, &failure);
        let given = (meaning.error.exit, meaning.error.symbol.as_str());
        assert_eq!(given, (exit, symbol));
        assert_eq!(remedies(&meaning), may, "{symbol}");
    }
}

#[test]
fn streams_of_blocks_end() {
    for (status, symbol) in [
        (Some(400), "BAD_REQUEST"),
        (Some(403), "ACCESS_DENIED"),
        (Some(404), "NO_BLOCK"),
        (Some(503), "PEER_UNAVAILABLE"),
        (Some(200), "STREAM_ENDED"),
        (Some(7), "STREAM_ENDED"),
        (None, "STREAM_ENDED"),
    ] {
        assert_eq!(
            deliver_ended(WHOM, status).error.symbol,
            symbol,
            "{status:?}"
        );
    }
}

#[test]
fn what_nodes_say_is_bounded() {
    let long = "ä".repeat(100_000);
    let said = vec![("Org1MSP", long.as_str()); 200];
    let failure = failure(UNKNOWN, &long, &said);
    assert_eq!(failure.code, RpcCode::Unknown);
    assert_eq!(failure.said.len(), 100);
    assert!(failure.message.len() < 9000 && failure.message.ends_with(".. (200000 bytes)"));
    assert!(failure.said.iter().all(|said| said.message.len() < 9000));
    // what is no `google.rpc.Status` is left out
    let odd = RpcFailure::new(UNKNOWN, "x", b"\xff\xff");
    assert!(odd.said.is_empty());
}
