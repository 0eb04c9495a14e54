//! Of this machine, of nodes, and of the channel.

use super::*;

pub(super) const FAULTS: &[Fault] = &[
    (
        "nothing is set",
        |facts| {
            facts.settings = SettingsFacts {
                is_empty: true,
                ..SettingsFacts::default()
            };
            (facts.state, facts.trust, facts.certificate, facts.key) = (None, None, None, None);
            facts.nodes.clear();
            facts.channel = None;
            facts.contract = None;
        },
        &[("SETTINGS", Error)],
        2,
    ),
    (
        "a setting is missing",
        |facts| {
            facts
                .settings
                .problems
                .push(error(Exit::Usage, "SETTING_MISSING"))
        },
        &[("SETTINGS", Error)],
        2,
    ),
    (
        "others may write the state folder",
        |facts| {
            facts
                .state
                .as_mut()
                .unwrap()
                .open
                .push("/home/me/state".into())
        },
        &[("STATE_FOLDER", Error)],
        7,
    ),
    (
        "the state folder is read-only",
        |facts| facts.state.as_mut().unwrap().unwritable = Some("read-only".to_owned()),
        &[("STATE_FOLDER", Error)],
        1,
    ),
    (
        "the disk is full",
        |facts| facts.state.as_mut().unwrap().room = Some(4_096),
        &[("STATE_FOLDER", Error)],
        1,
    ),
    (
        "another command hangs",
        |facts| facts.state.as_mut().unwrap().is_locked = true,
        &[("STATE_FOLDER", Warning)],
        3,
    ),
    (
        "the anchor file is another network's",
        |facts| facts.trust = Some(Err(error(Exit::Unsafe, "FORK"))),
        &[("TRUST_ANCHOR", Error)],
        7,
    ),
    (
        "there is no certificate",
        |facts| {
            facts.certificate = Some(Err(error(Exit::Usage, "CERT_NOT_FOUND")));
            facts.nodes[0].answers = None;
            unasked(facts);
        },
        &[("IDENTITY_CERTIFICATE", Error)],
        2,
    ),
    (
        "the key is another certificate's",
        |facts| {
            facts.key = Some(Err(error(Exit::Denied, "KEY_MISMATCH")));
            facts.nodes[0].answers = None;
            unasked(facts);
        },
        &[("IDENTITY_KEY", Error)],
        4,
    ),
    (
        "the certificate is expired",
        |facts| {
            let end = own("Admin", "org1").certificate.not_after();
            facts.now.seconds = end + 1;
            facts.key = Some(Err(error(Exit::Denied, "CERT_EXPIRED")));
            facts.nodes.clear();
            facts.channel = None;
            facts.contract = None;
        },
        &[("IDENTITY_END", Error)],
        4,
    ),
    (
        "nobody is there",
        |facts| {
            facts.nodes[0].reached = Err("connection refused".to_owned());
            facts.nodes[0].handshake = None;
            facts.nodes[0].answers = None;
            unasked(facts);
        },
        &[("NODE_REACHED", Error)],
        5,
    ),
    (
        "one of two peers is down",
        |facts| {
            let down = NodeFacts {
                address: "peer1:7051".to_owned(),
                reached: Err("connection refused".to_owned()),
                handshake: None,
                answers: None,
                ..peer()
            };
            facts.nodes.insert(0, down);
        },
        &[("NODE_REACHED", Warning)],
        3,
    ),
    (
        "no TLS is spoken there",
        |facts| {
            facts.nodes[0].handshake = Some(Err("corrupt message".to_owned()));
            unasked(facts);
        },
        &[("TLS_SPOKEN", Error)],
        2,
    ),
    (
        "a node takes connections and hangs",
        |facts| {
            facts.nodes[0].handshake = Some(Err(LATE.to_owned()));
            unasked(facts);
        },
        &[("TLS_SPOKEN", Error)],
        5,
    ),
    (
        "TLS is spoken there",
        |facts| {
            facts.nodes[0].tls = false;
            unasked(facts);
        },
        &[("TLS_SPOKEN", Error)],
        2,
    ),
    (
        "the CA is another organisation's",
        |facts| {
            shaken(facts).trusted = Err("UnknownIssuer".to_owned());
            facts.nodes[0].roots = vec![tls_ca("org2")];
            unasked(facts);
        },
        &[("TLS_ROOT_CERT", Error)],
        4,
    ),
    (
        "the name is another one",
        |facts| {
            shaken(facts).is_named = false;
            unasked(facts);
        },
        &[("TLS_SERVER_NAME", Error)],
        4,
    ),
    (
        "the TLS certificate is expired, and for another name",
        |facts| {
            let handshake = shaken(facts);
            handshake.is_named = false;
            handshake.certificate = Ok(certificate(
                "peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls/server.crt",
            ));
            let end = handshake.certificate.as_ref().unwrap().not_after();
            facts.now.seconds = end + 1;
            facts.certificate = None;
            facts.key = None;
            facts.nodes[0].answers = None;
            facts.channel = None;
            facts.contract = None;
        },
        &[("TLS_SERVER_NAME", Error), ("TLS_END", Error)],
        4,
    ),
    (
        "mutual TLS is wanted",
        |facts| {
            let handshake = shaken(facts);
            handshake.wanted = Some(Vec::new());
            handshake.ended = Some("alert: certificate required".to_owned());
            unasked(facts);
        },
        &[("TLS_CLIENT_CERT", Error)],
        4,
    ),
    (
        "the TLS certificate is of another CA",
        |facts| {
            let handshake = shaken(facts);
            handshake.wanted = Some(vec![tls_ca("org2").raw_subject().clone()]);
            handshake.ended = Some("alert: unknown ca".to_owned());
            facts.nodes[0].shown = Some(certificate(
                "peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls/server.crt",
            ));
            unasked(facts);
        },
        &[("TLS_CLIENT_CERT", Error)],
        4,
    ),
    (
        "the clock is 20 minutes off",
        |facts| {
            said(facts).ahead = Some(-1_200);
            refused(facts, Exit::Denied, "CLOCK_SKEW");
        },
        &[("CLOCK", Error)],
        4,
    ),
    (
        "the clock is 10 minutes off",
        |facts| said(facts).ahead = Some(600),
        &[("CLOCK", Warning)],
        3,
    ),
    (
        "a peer of 2.5 gives out no blocks for the time",
        |facts| {
            said(facts).ahead = None;
            said(facts).newest = Some(Err(error(Exit::Denied, "BAD_REQUEST")));
        },
        &[("CLOCK", Error)],
        4,
    ),
    (
        "a peer of 2.5 has a block of the future",
        |facts| {
            let newest = UnixTime {
                seconds: facts.now.seconds + 600,
                nanos: 0,
            };
            said(facts).ahead = None;
            said(facts).newest = Some(Ok(Some(newest)));
        },
        &[("CLOCK", Warning)],
        3,
    ),
    (
        "there is no gateway",
        |facts| refused(facts, Exit::Failed, "NO_GATEWAY"),
        &[("NODE_ANSWERS", Error)],
        1,
    ),
    (
        "the peer hangs",
        |facts| refused(facts, Exit::Unreachable, "TIMEOUT"),
        &[("NODE_ANSWERS", Error)],
        5,
    ),
    (
        "the peer has not joined the channel",
        |facts| {
            said(facts).channels = Some(vec!["other".into()]);
            refused(facts, Exit::Failed, "UNKNOWN_CHANNEL");
        },
        &[("NODE_CHANNEL", Error)],
        1,
    ),
    (
        "the peer is another organisation's",
        |facts| said(facts).msp_id = Some("Org2MSP".into()),
        &[("PEER_ORGANIZATION", Warning)],
        3,
    ),
    (
        "the peer is behind another one",
        |facts| {
            let mut other = peer();
            other.address = "peer1:7051".to_owned();
            other.answers.as_mut().unwrap().height = Ok(500);
            facts.nodes.push(other);
        },
        &[("NODE_HEIGHT", Warning)],
        3,
    ),
    (
        "the peer shows another chain",
        |facts| {
            let channel = facts.channel.as_mut().unwrap();
            channel.chain = Some(Err(error(Exit::Unsafe, "BLOCK_NOT_PROVEN")));
        },
        &[("CHAIN", Error)],
        7,
    ),
    (
        "the channel requires levels of the future",
        |facts| facts.channel.as_mut().unwrap().levels = Some("V9_9 is not known".to_owned()),
        &[("CLIENT_LEVELS", Error)],
        1,
    ),
    (
        "the MSP id is of nobody",
        |facts| facts.settings.msp_id = Some("Org9MSP".into()),
        &[("MSP_ID", Error)],
        4,
    ),
    (
        "the MSP id is another member's",
        |facts| {
            facts.settings.msp_id = Some("Org2MSP".into());
            said(facts).msp_id = Some("Org2MSP".into());
        },
        &[("IDENTITY_VALID", Error)],
        4,
    ),
    (
        "a peer that does not know the MSP id is no end of it",
        |facts| {
            facts.settings.msp_id = Some("Org2MSP".into());
            refused(facts, Exit::Denied, "ACCESS_DENIED");
            said(facts).msp_id = None;
        },
        &[("NODE_ANSWERS", Error), ("IDENTITY_VALID", Error)],
        4,
    ),
    (
        "a client in place of an admin",
        |facts| facts.certificate = Some(Ok(own("User1", "org1"))),
        &[("ROLE", Warning)],
        3,
    ),
    (
        "the only orderer is down",
        |facts| facts.orderers = Some(vec![ordering("o1:7050", refused_there())]),
        &[("ORDERERS", Error)],
        5,
    ),
    (
        "one of three orderers is down",
        |facts| {
            facts.orderers = Some(vec![
                ordering("o1:7050", OrdererState::Answers),
                ordering("o2:7050", refused_there()),
                ordering("o3:7050", OrdererState::Answers),
            ]);
        },
        &[("ORDERERS", Warning)],
        3,
    ),
    (
        "two of three orderers are down",
        |facts| {
            facts.orderers = Some(vec![
                ordering("o1:7050", OrdererState::Answers),
                ordering("o2:7050", refused_there()),
                ordering("o3:7050", refused_there()),
            ]);
        },
        &[("ORDERERS", Error)],
        5,
    ),
    (
        "orderers agree, and nobody listens where peers send",
        |facts| {
            facts.orderers = Some(vec![
                OrdererFacts {
                    is_endpoint: false,
                    ..ordering("o1:7051", OrdererState::Answers)
                },
                OrdererFacts {
                    is_consenter: false,
                    ..ordering("o1:7050", refused_there())
                },
            ]);
        },
        &[("ORDERERS", Error)],
        5,
    ),
    (
        "a consenter still has its old certificate",
        |facts| {
            let of = |org: &str| {
                certificate(&format!(
                    "peerOrganizations/{org}.example.com/peers/peer0.{org}.example.com/tls/server.crt"
                ))
            };
            facts.orderers = Some(vec![OrdererFacts {
                certificates: vec![of("org1")],
                shows: Some(of("org2")),
                ..ordering("o1:7050", OrdererState::Answers)
            }]);
        },
        &[("ORDERERS", Warning)],
        3,
    ),
    (
        "a consenter has the certificate of the config",
        |facts| {
            let own = certificate(
                "peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls/server.crt",
            );
            facts.orderers = Some(vec![OrdererFacts {
                certificates: vec![own.clone()],
                shows: Some(own),
                ..ordering("o1:7050", OrdererState::Answers)
            }]);
        },
        &[],
        0,
    ),
    (
        "no orderer is reached from here",
        |facts| {
            let late = OrdererState::NotReached(LATE.to_owned());
            facts.orderers = Some(vec![ordering("o1:7050", late)]);
        },
        &[("ORDERERS", Warning)],
        3,
    ),
    (
        "no orderer's name is known here",
        |facts| facts.orderers = Some(vec![ordering("o1:7050", OrdererState::NotFound)]),
        &[],
        0,
    ),
];
