//! What a server's state is, by its peer's words.

use super::{ClientError, Exit, ServerState};

#[test]
fn why_a_server_does_not_answer_is_known_by_the_peers_words() {
    const LAUNCH: &str = "could not launch chaincode cmscc:aa: ";
    let state = |symbol: &str, words: &str| {
        let mut error = ClientError::new(Exit::Unreachable, symbol, "the server does not answer");
        error
            .details
            .push(("peer:7051".to_owned(), words.to_owned()));
        ServerState::of(&error).name()
    };
    for (symbol, words, expected) in [
        (
            "SERVER_DOWN",
            "dial tcp 127.0.0.1:9999: connect: connection refused",
            "not_running",
        ),
        (
            "SERVER_DOWN",
            "dial tcp: lookup nowhere: no such host",
            "address_unknown",
        ),
        (
            "SERVER_DOWN",
            "error handling chaincode stream for cmscc:aa: EOF",
            "other_id",
        ),
        // two calls at once: the second one waited for the first
        (
            "SERVER_DOWN",
            "chaincode registration failed: connection to cmscc:aa failed: error handling chaincode stream \
             for cmscc:aa: EOF",
            "other_id",
        ),
        (
            "SERVER_DOWN",
            "chaincode registration failed: connection to cmscc:aa terminated",
            "other_id",
        ),
        (
            "SERVER_DOWN",
            "connection to cmscc:aa failed: error cannot create connection for cmscc:aa: error creating grpc \
             connection to 127.0.0.1:9999: failed to create new connection: context deadline exceeded",
            "silent",
        ),
        (
            "SERVER_DOWN",
            "chaincode registration failed: connection to cmscc:aa failed: error cannot create connection for \
             cmscc:aa: error creating grpc connection to 127.0.0.1:9999: failed to create new connection: \
             context deadline exceeded",
            "silent",
        ),
        (
            "SERVER_DOWN",
            "chaincode registration failed: connection to cmscc:aa failed: error cannot create connection for \
             cmscc:aa: error creating grpc connection to 127.0.0.1:9999: failed to create new connection: \
             connection error: desc = \"transport: error while dialing: dial tcp 127.0.0.1:9999: connect: \
             connection refused\"",
            "not_running",
        ),
        (
            "SERVER_DOWN",
            "tls: first record does not look like a TLS handshake",
            "tls",
        ),
        ("SERVER_DOWN", "something else", "not_running"),
    ] {
        assert_eq!(
            state(symbol, &format!("{LAUNCH}{words}")),
            expected,
            "{words}"
        );
    }
    assert_eq!(
        state(
            "NOT_APPROVED",
            "chaincode definition for 'cmscc' at sequence 2 on channel 'c' has not yet \
               been approved by this org"
        ),
        "not_approved"
    );
    assert_eq!(
        state(
            "NO_CHAINCODE",
            "no peers available to evaluate chaincode cmscc in channel c"
        ),
        "no_peer"
    );
    assert_eq!(
        state(
            "NO_CHAINCODE",
            "chaincode definition for 'cmscc' exists, but chaincode is not installed"
        ),
        "not_installed"
    );
    // the stream broke: the server ended
    assert_eq!(
        state(
            "SERVER_DOWN",
            "error in simulation: failed to execute transaction 0a: error sending: chaincode stream terminated"
        ),
        "not_running"
    );
    assert_eq!(
        state("SERVER_SLOW", "timeout expired while executing transaction"),
        "silent"
    );
    assert_eq!(state("TIMEOUT", "nothing"), "silent");
    // another organisation's peer is away, and not its server
    assert_eq!(
        state(
            "ENDORSER_AWAY",
            "connection error: desc = \"transport: error while dialing: dial tcp 127.0.0.1:7051: connect: \
             connection refused\""
        ),
        "peer_away"
    );
    // the contract itself refused: it answers
    assert_eq!(
        state("NOT_INITIALIZED", "chaincode response 412"),
        "answers"
    );
}
