//! Of the contract: its definition, servers and chain.

use super::*;

pub(super) const FAULTS: &[Fault] = &[
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
                other_block: None,
            }));
        },
        &[("CONTRACT_CHAIN", Warning)],
        3,
    ),
    (
        "the contract was given another block with the same config",
        |facts| {
            contract(facts).head = Some(Ok(ContractPlace {
                sequence: Sequence(0),
                is_compared: true,
                other_block: Some(Sequence(0)),
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
