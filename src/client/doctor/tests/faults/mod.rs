//! Faults, each by its name, and nothing else by any.

mod contract_faults;
mod own_faults;

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

#[test]
fn each_fault_is_told_by_its_name_and_nothing_else_is() {
    for (what, make, told, exit) in own_faults::FAULTS.iter().chain(contract_faults::FAULTS) {
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
