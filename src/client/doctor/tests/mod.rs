//! What is found in a network that is well, and in one in which something is amiss: facts in, the names
//! of all that is told out.

mod faults;
mod names;

use std::{collections::BTreeMap, fs, path::Path};

use bytes::Bytes;

use super::*;
use crate::{
    block::ConfigBlock,
    client::{
        ClientError, Exit, OwnCertificate, ServerState,
        chain::{StateFacts, VerifiedChain},
        lifecycle::{
            ApprovedDefinition, CommittedDefinition, DefinitionTerms, InstalledPackage,
            PackageSource,
        },
        view::{DoctorPart, DoctorView, FindingLevel},
    },
    config::Bundle,
    identity::Certificate,
    ids::{ChannelId, MspId, Sequence, UnixTime},
};

/// A file of a network that ran.
fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    fs::read(folder.join(name)).unwrap()
}

fn certificate(name: &str) -> Certificate {
    Certificate::from_pem(&file(&format!("crypto/{name}"))).unwrap()
}

fn own(user: &str, org: &str) -> OwnCertificate {
    let name = format!(
        "peerOrganizations/{org}.example.com/users/{user}@{org}.example.com/msp/signcerts/{user}@{org}.example.com-cert.pem"
    );
    OwnCertificate {
        certificate: certificate(&name),
        file: name.into(),
    }
}

fn tls_ca(org: &str) -> Certificate {
    certificate(&format!(
        "peerOrganizations/{org}.example.com/tlsca/tlsca.{org}.example.com-cert.pem"
    ))
}

fn block(name: &str) -> Bytes {
    file(&format!("fabric-3.1.5-caps-v2/{name}")).into()
}

fn bundle() -> Bundle {
    let block = ConfigBlock::parse(block("genesis.block")).unwrap();
    Bundle::new(block.channel_id(), block.tree().clone()).unwrap()
}

fn chain() -> VerifiedChain {
    VerifiedChain::start(&ChannelId::new("mychannel"), block("genesis.block")).unwrap()
}

/// A day after the certificates were made.
fn now() -> UnixTime {
    let made = own("Admin", "org1").certificate.not_before();
    UnixTime {
        seconds: made + 86_400,
        nanos: 0,
    }
}

fn error(exit: Exit, symbol: &str) -> ClientError {
    ClientError::new(exit, symbol, "said by somebody")
}

fn peer() -> NodeFacts {
    let name = "peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls/server.crt";
    NodeFacts {
        address: "peer0:7051".to_owned(),
        is_orderer: false,
        tls: true,
        name: "peer0.org1.example.com".to_owned(),
        roots: vec![tls_ca("org1")],
        shown: None,
        reached: Ok(()),
        handshake: Some(Ok(Handshake {
            certificate: Ok(certificate(name)),
            trusted: Ok(()),
            is_named: true,
            names: vec!["peer0.org1.example.com".to_owned(), "peer0".to_owned()],
            wanted: None,
            ended: None,
        })),
        answers: Some(NodeAnswers {
            ahead: Some(0),
            height: Ok(100),
            newest: Some(Ok(Some(now()))),
            channels: Some(vec!["mychannel".into()]),
            msp_id: Some("Org1MSP".into()),
        }),
    }
}

fn lifecycle() -> LifecycleFacts {
    let terms = DefinitionTerms::first("cmscc");
    LifecycleFacts {
        committed: Ok(Some(CommittedDefinition {
            terms: terms.clone(),
            approvals: BTreeMap::from([("Org1MSP".into(), true), ("Org2MSP".into(), true)]),
        })),
        approved: Ok(Some(ApprovedDefinition {
            terms,
            source: PackageSource::Installed("cmscc:1".to_owned()),
        })),
        installed: Ok(vec![InstalledPackage {
            package_id: "cmscc:1".to_owned(),
            label: "cmscc".to_owned(),
            used_by: Vec::new(),
        }]),
    }
}

fn runs(version: &str) -> ServerState {
    ServerState::Answers(Some(version.to_owned()))
}

/// An orderer of the config, which agrees on blocks, and takes updates.
fn ordering(address: &str, state: OrdererState) -> OrdererFacts {
    OrdererFacts {
        address: address.to_owned(),
        is_endpoint: true,
        is_consenter: true,
        certificates: Vec::new(),
        shows: None,
        state,
    }
}

/// A network in which nothing is amiss.
fn well() -> DoctorFacts {
    let trust = TrustFacts {
        pin: Sequence(0),
        head: Sequence(0),
    };
    let servers = ["Org1MSP", "Org2MSP"];
    DoctorFacts {
        now: now(),
        reach: DoctorPart::Contract,
        settings: SettingsFacts {
            channel: Some("mychannel".into()),
            chaincode: "cmscc".to_owned(),
            msp_id: Some("Org1MSP".into()),
            places: vec!["CORE_PEER_ADDRESS".to_owned()],
            ..SettingsFacts::default()
        },
        state: Some(StateFacts {
            folder: "/home/me/state".into(),
            room: Some(1 << 40),
            ..StateFacts::default()
        }),
        trust: Some(Ok(Some(trust))),
        certificate: Some(Ok(own("Admin", "org1"))),
        key: Some(Ok(crate::client::FoundKey::File("keystore/priv_sk".into()))),
        nodes: vec![peer()],
        pinned: None,
        channel: Some(ChannelFacts {
            config: Ok(bundle()),
            chain: Some(Ok(trust)),
            levels: None,
        }),
        orderers: Some(vec![ordering(
            "orderer.example.com:7050",
            OrdererState::Answers,
        )]),
        contract: Some(ContractFacts {
            lifecycle: lifecycle(),
            policy: Some("/Channel/Application/Endorsement".to_owned()),
            answers: Ok(()),
            servers: servers
                .map(|id| (MspId::from(id), runs(env!("CARGO_PKG_VERSION"))))
                .into(),
            head: Some(Ok(ContractPlace {
                sequence: Sequence(0),
                is_compared: true,
                other_block: None,
            })),
            sequence: Sequence(0),
            unsupported: Vec::new(),
        }),
    }
}

/// The checks that are amiss, each with how much; in their order.
fn amiss(view: &DoctorView) -> Vec<(&'static str, FindingLevel)> {
    let found = view.findings.iter().map(|one| (one.check, one.level));
    found
        .filter(|(_, level)| *level >= FindingLevel::Warning)
        .collect()
}

#[test]
fn where_all_is_well_nothing_is_told() {
    let view = diagnose(&well());
    assert_eq!(amiss(&view), []);
    assert_eq!(view.exit_code, 0);
    for check in Check::ALL {
        let mut of = view.findings.iter().filter(|one| one.check == check.name());
        let one = of
            .next()
            .unwrap_or_else(|| panic!("{} is not told", check.name()));
        assert_ne!(one.level, FindingLevel::Skipped, "{one:?}");
        assert!(of.next().is_none(), "{} is told twice", check.name());
    }
    // two of two must endorse: that is so by their own wish
    let spare = view
        .findings
        .iter()
        .find(|one| one.check == "ENDORSERS_SPARE");
    assert_eq!(spare.unwrap().level, FindingLevel::Note);
    // an orderer that is named is a node of its own
    let mut with_orderer = well();
    let orderer = NodeFacts {
        address: "orderer:7050".to_owned(),
        is_orderer: true,
        ..peer()
    };
    with_orderer.nodes.push(orderer);
    let view = diagnose(&with_orderer);
    assert_eq!(amiss(&view), []);
}

#[test]
fn only_what_was_asked_for_is_told() {
    let mut facts = well();
    facts.reach = DoctorPart::Machine;
    facts.channel = None;
    facts.contract = None;
    facts.nodes.clear();
    let mut view = diagnose(&facts);
    assert_eq!(view.exit_code, 0);
    assert!(
        view.findings
            .iter()
            .all(|one| one.part == DoctorPart::Machine)
    );
    view.keep(&["STATE_FOLDER"]);
    assert_eq!(view.findings.len(), 1);
}

#[test]
fn the_worst_finding_says_how_it_ends() {
    let mut facts = well();
    facts.contract.as_mut().unwrap().head = Some(Err(error(Exit::Unsafe, "FORK")));
    let warned = |facts: &mut DoctorFacts| {
        facts.certificate = Some(Ok(own("User1", "org1")));
    };
    warned(&mut facts);
    assert_eq!(diagnose(&facts).exit_code, 7);
    // not by what depends on what is left out
    let mut view = diagnose(&facts);
    view.keep(&["ROLE"]);
    assert_eq!((view.exit_code, view.worst), (3, FindingLevel::Warning));
    // the first error, since the others may come of it
    let mut facts = well();
    warned(&mut facts);
    facts.nodes[0].reached = Err("refused".to_owned());
    facts.channel = None;
    facts.contract = None;
    assert_eq!(diagnose(&facts).exit_code, 5);
}
