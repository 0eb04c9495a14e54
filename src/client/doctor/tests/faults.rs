//! Faults, each by its name, and nothing else by any.

use super::{FindingLevel::Error, FindingLevel::Warning, *};

/// What is made amiss, how, what is told of it, and how the program ends.
type Fault = (
    &'static str,
    fn(&mut DoctorFacts),
    &'static [(&'static str, FindingLevel)],
    u8,
);

/// What is behind a peer that cannot be asked.
fn unasked(facts: &mut DoctorFacts) {
    facts.channel = None;
    facts.contract = None;
    facts.pinned = Some(chain());
}

fn shaken(facts: &mut DoctorFacts) -> &mut Handshake {
    let handshake = facts.nodes[0].handshake.as_mut().unwrap();
    handshake.as_mut().unwrap()
}

fn said(facts: &mut DoctorFacts) -> &mut NodeAnswers {
    facts.nodes[0].answers.as_mut().unwrap()
}

fn contract(facts: &mut DoctorFacts) -> &mut ContractFacts {
    facts.contract.as_mut().unwrap()
}

fn refused_there() -> OrdererState {
    OrdererState::Down("connection refused".to_owned())
}

fn refused(facts: &mut DoctorFacts, exit: Exit, symbol: &str) {
    said(facts).height = Err(error(exit, symbol));
    unasked(facts);
}

const FAULTS: &[Fault] = &[
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
    (
        "nothing is defined",
        |facts| {
            let contract = contract(facts);
            contract.lifecycle.committed = Ok(None);
            contract.answers = Err(error(Exit::Failed, "NO_CHAINCODE"));
            for (_, state) in &mut contract.servers {
                *state = ServerState::NoPeer;
            }
        },
        &[("DEFINITION", Error)],
        1,
    ),
    (
        "the own approval is missing",
        |facts| {
            let lifecycle = &mut contract(facts).lifecycle;
            lifecycle.approved = Ok(None);
            let committed = lifecycle.committed.as_mut().unwrap().as_mut().unwrap();
            committed.approvals.insert("Org1MSP".into(), false);
        },
        &[("APPROVAL", Error)],
        1,
    ),
    (
        "something else was approved",
        |facts| {
            let lifecycle = &mut contract(facts).lifecycle;
            let approved = lifecycle.approved.as_mut().unwrap().as_mut().unwrap();
            approved.terms.version = "2.0".to_owned();
        },
        &[("APPROVAL", Error)],
        1,
    ),
    (
        "a wrong package id was approved",
        |facts| {
            let lifecycle = &mut contract(facts).lifecycle;
            let approved = lifecycle.approved.as_mut().unwrap().as_mut().unwrap();
            approved.source = PackageSource::Installed("cmscc:2".to_owned());
        },
        &[("PACKAGE", Error)],
        1,
    ),
    (
        "an approval without a package",
        |facts| {
            let lifecycle = &mut contract(facts).lifecycle;
            let approved = lifecycle.approved.as_mut().unwrap().as_mut().unwrap();
            approved.source = PackageSource::Unavailable;
        },
        &[("PACKAGE", Error)],
        1,
    ),
    (
        "the own server is down",
        |facts| {
            let contract = contract(facts);
            contract.answers = Err(error(Exit::Unreachable, "SERVER_DOWN"));
            contract.servers[0].1 = ServerState::NotRunning("refused".to_owned());
            contract.head = None;
        },
        &[("CONTRACT", Error), ("ENDORSERS", Error)],
        5,
    ),
    (
        "the own server hangs, and too few are left",
        |facts| contract(facts).servers[0].1 = ServerState::Silent("deadline exceeded".to_owned()),
        &[("CONTRACT", Error), ("ENDORSERS", Error)],
        5,
    ),
    (
        "the own server has another id, and the other one is enough",
        |facts| {
            let contract = contract(facts);
            contract.policy = Some("OR('Org1MSP.peer','Org2MSP.peer')".to_owned());
            contract.servers[0].1 = ServerState::OtherId("EOF".to_owned());
        },
        &[
            ("CONTRACT", Warning),
            ("ENDORSERS", Warning),
            ("ENDORSERS_SPARE", Warning),
        ],
        3,
    ),
    (
        "the own approval is missing, and the peer runs nothing",
        |facts| {
            let contract = contract(facts);
            contract.servers[0].1 = ServerState::NotApproved;
            let lifecycle = &mut contract.lifecycle;
            lifecycle.approved = Ok(None);
            let committed = lifecycle.committed.as_mut().unwrap().as_mut().unwrap();
            committed.approvals.insert("Org1MSP".into(), false);
        },
        &[("APPROVAL", Error), ("ENDORSERS", Error)],
        1,
    ),
    (
        "another's server is down, and too few are left",
        |facts| contract(facts).servers[1].1 = ServerState::NotRunning("refused".to_owned()),
        &[("ENDORSERS", Error)],
        5,
    ),
    (
        "another's server is down, and one is enough",
        |facts| {
            let contract = contract(facts);
            contract.policy = Some("OR('Org1MSP.peer','Org2MSP.peer')".to_owned());
            contract.servers[1].1 = ServerState::NoPeer;
        },
        &[("ENDORSERS", Warning), ("ENDORSERS_SPARE", Warning)],
        3,
    ),
    (
        "the policy is nowhere",
        |facts| contract(facts).policy = Some("/Channel/Application/Nowhere".to_owned()),
        &[("ENDORSERS", Error)],
        1,
    ),
    (
        "the servers are of two versions",
        |facts| contract(facts).servers[1].1 = runs("9.9.9"),
        &[("SERVER_VERSIONS", Warning)],
        3,
    ),
    (
        "the contract has no config yet",
        |facts| {
            let contract = contract(facts);
            contract.answers = Err(error(Exit::Failed, "NOT_INITIALIZED"));
            contract.head = None;
        },
        &[("CONTRACT_CHAIN", Error)],
        1,
    ),
    (
        "the contract is behind",
        |facts| contract(facts).sequence = Sequence(3),
        &[("CONTRACT_CHAIN", Warning)],
        3,
    ),
    (
        "the peer is behind the contract",
        |facts| {
            contract(facts).head = Some(Ok(ContractPlace {
                sequence: Sequence(1),
                is_compared: false,
            }));
        },
        &[("CONTRACT_CHAIN", Warning)],
        3,
    ),
    (
        "the contract has another chain",
        |facts| contract(facts).head = Some(Err(error(Exit::Unsafe, "FORK"))),
        &[("CONTRACT_CHAIN", Error)],
        7,
    ),
    (
        "the contract does not know a level",
        |facts| contract(facts).unsupported.push("V9_9".to_owned()),
        &[("CONTRACT_LEVELS", Error)],
        1,
    ),
];

#[test]
fn each_fault_is_told_by_its_name_and_nothing_else_is() {
    for (what, make, told, exit) in FAULTS {
        let mut facts = well();
        make(&mut facts);
        let view = diagnose(&facts);
        assert_eq!(amiss(&view), *told, "{what}: {view:#?}");
        assert_eq!(view.exit_code, *exit, "{what}");
        let amiss = view.findings.iter().filter(|one| one.level >= Warning);
        for one in amiss {
            assert!(
                one.fix.as_ref().is_some_and(|fix| !fix.is_empty()),
                "{what}: {one:?}"
            );
        }
        for check in Check::ALL {
            let told = view.findings.iter().any(|one| one.check == check.name());
            assert!(told, "{what}: {} is neither told nor skipped", check.name());
        }
    }
}

#[test]
fn what_cannot_be_told_says_why() {
    let mut facts = well();
    shaken(&mut facts).is_named = false;
    unasked(&mut facts);
    let view = diagnose(&facts);
    let why = |name: &str| {
        let mut of = view.findings.iter().filter(|one| one.check == name);
        of.next().map(|one| (one.level, one.text.clone())).unwrap()
    };
    let skipped = |text: &str| (FindingLevel::Skipped, text.to_owned());
    assert_eq!(why("NODE_ANSWERS"), skipped("needs TLS_SERVER_NAME"));
    assert_eq!(why("CHAIN"), skipped("needs TLS_SERVER_NAME"));
    assert_eq!(why("CONTRACT"), skipped("needs TLS_SERVER_NAME"));
    // by the config that was verified last
    assert_eq!(why("ROLE").0, FindingLevel::Ok);
}

#[test]
fn who_only_orders_needs_no_peer() {
    let mut facts = well();
    facts.settings.msp_id = Some("OrdererMSP".into());
    facts.settings.no_peer = Some(error(Exit::Usage, "SETTING_MISSING"));
    facts.certificate = Some(Ok(OwnCertificate {
        certificate: certificate(
            "ordererOrganizations/example.com/users/Admin@example.com/msp/signcerts/Admin@example.com-cert.pem",
        ),
        file: "cert.pem".into(),
    }));
    facts.nodes.clear();
    unasked(&mut facts);
    let view = diagnose(&facts);
    assert_eq!(amiss(&view), [], "{view:#?}");
    assert_eq!(view.exit_code, 0);
    let level = |name: &str| {
        let mut of = view.findings.iter().filter(|one| one.check == name);
        of.next().map(|one| one.level).unwrap()
    };
    for note in ["SETTINGS", "MSP_ID", "POLICIES"] {
        assert_eq!(level(note), FindingLevel::Note, "{note}");
    }
    assert_eq!(level("ORDERERS"), FindingLevel::Ok);
    // nobody knows that it orders: then a peer is missing
    facts.pinned = None;
    facts.orderers = None;
    assert_eq!(amiss(&diagnose(&facts)), [("SETTINGS", Error)]);
    // and members have peers
    let mut member = well();
    member.settings.no_peer = Some(error(Exit::Usage, "SETTING_MISSING"));
    assert_eq!(amiss(&diagnose(&member)), [("SETTINGS", Error)]);
}

#[test]
fn the_owner_of_a_ca_is_named() {
    let mut facts = well();
    shaken(&mut facts).trusted = Err("UnknownIssuer".to_owned());
    facts.nodes[0].roots = vec![tls_ca("org2")];
    unasked(&mut facts);
    let view = diagnose(&facts);
    let found = view
        .findings
        .iter()
        .find(|one| one.check == "TLS_ROOT_CERT");
    let text = &found.unwrap().text;
    assert!(text.contains("of `Org1MSP`, you trust"), "{text}");
    assert!(text.ends_with("of `Org2MSP`"), "{text}");
}

#[test]
fn the_msp_of_a_certificate_is_named() {
    let mut facts = well();
    facts.settings.msp_id = Some("Org2MSP".into());
    said(&mut facts).msp_id = Some("Org2MSP".into());
    let view = diagnose(&facts);
    let found = view
        .findings
        .iter()
        .find(|one| one.check == "IDENTITY_VALID");
    assert!(
        found
            .unwrap()
            .fix
            .as_ref()
            .unwrap()
            .starts_with("--msp-id Org1MSP")
    );
}

#[test]
fn what_to_do_about_ones_own_server_is_said_by_what_it_lacks() {
    let told = |state: ServerState| {
        let mut facts = well();
        contract(&mut facts).servers[0].1 = state;
        let view = diagnose(&facts);
        let first = view.findings.into_iter().find(|one| one.level >= Warning);
        let first = first.unwrap();
        assert_eq!(first.check, "CONTRACT");
        (first.text, first.fix.unwrap())
    };
    let (text, fix) = told(ServerState::OtherId("EOF".to_owned()));
    assert!(text.contains("another CHAINCODE_ID"), "{text}");
    assert!(
        fix.starts_with("start it with --chaincode-id cmscc:1 "),
        "{fix}"
    );
    let (text, fix) = told(ServerState::Silent("deadline exceeded".to_owned()));
    assert!(text.contains("it hangs"), "{text}");
    assert!(fix.starts_with("look at its process and its log"), "{fix}");
    let (_, fix) = told(ServerState::Tls("x509: ..".to_owned()));
    assert!(fix.contains("--server-ca CA"), "{fix}");
    let (_, fix) = told(ServerState::NotRunning("refused".to_owned()));
    assert!(fix.starts_with("start it"), "{fix}");
}

#[test]
fn what_others_wrote_is_in_no_command() {
    let mut facts = well();
    let handshake = shaken(&mut facts);
    handshake.is_named = false;
    handshake.names = vec!["$(rm -rf ~)".to_owned(), "-x".to_owned(), "a.b".to_owned()];
    unasked(&mut facts);
    let fix = |facts: &DoctorFacts| {
        let view = diagnose(facts);
        let mut found = view.findings.into_iter();
        let found = found.find(|one| one.check == "TLS_SERVER_NAME");
        found.unwrap().fix.unwrap()
    };
    assert!(fix(&facts).starts_with("--server-name a.b, "));
    shaken(&mut facts).names.pop();
    assert!(!fix(&facts).contains("rm"));
}
