//! The contract's definition on a channel, and what members agree on.

use super::*;
use crate::client::{
    answers::{
        AgreedAnswer, AttestationAnswer, CapabilitiesAnswer, DefinitionAnswer, LevelAnswer,
        SettingsAnswer,
    },
    view::{
        DefinitionView, DeployView, MemberDeploymentView, MemberView, MembersView,
        NextDefinitionView, PeerPackagesView,
    },
};

fn definition(sequence: i64, policy: &str) -> DefinitionView {
    DefinitionView {
        collections_bytes: 0,
        endorsement_policy: Some(policy.to_owned()),
        init_required: false,
        sequence,
        version: format!("{sequence}.0"),
    }
}

fn id(label: &str, digit: char) -> String {
    format!("{label}:{}", digit.to_string().repeat(64))
}

fn member(msp_id: &str, package: char) -> MemberDeploymentView {
    MemberDeploymentView {
        approved: Some(true),
        approved_next: None,
        differs: Vec::new(),
        is_own: msp_id == "Org1MSP",
        missing: Vec::new(),
        msp_id: msp_id.to_owned(),
        package_id: Some(id("cmscc", package)),
        server: Some("answers".to_owned()),
        server_words: None,
        server_version: Some("0.1.0".to_owned()),
    }
}

/// Four members in the middle of an upgrade; one server is away.
fn upgrading(text: &str) -> DeployView {
    let rule = format!("OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'OrgXMSP.peer'){text}");
    let mut members = vec![
        member("Org1MSP", 'a'),
        member("Org2MSP", 'b'),
        member("OrgXMSP", 'c'),
        member("OrgYMSP", 'd'),
    ];
    for (member, approved) in members.iter_mut().zip([true, true, false, false]) {
        member.approved_next = Some(approved);
        member.msp_id += text;
        if !approved {
            member
                .missing
                .push(format!("has not approved sequence 2{text}"));
        }
    }
    let away = &mut members[2];
    away.server = Some("not_running".to_owned());
    away.server_version = None;
    away.server_words = Some(format!(
        "error in simulation: could not launch chaincode {0}: connection to {0} failed: error cannot create \
         connection for {0}: error creating grpc connection to 127.0.0.1:9999: failed to create new \
         connection: dial tcp 127.0.0.1:9999: connect: connection refused{text}",
        id("cmscc", 'c')
    ));
    away.missing
        .push("its server does not answer its peer".to_owned());
    members[3].package_id = None;
    DeployView {
        agreed_policy: Some(rule.clone()),
        chaincode: format!("cmscc{text}"),
        channel: "mychannel".to_owned(),
        committed: Some(definition(1, "/Channel/Application/Endorsement")),
        is_agreed: Some(false),
        is_complete: false,
        members,
        msp_id: "Org1MSP".to_owned(),
        next: Some("cmscc deploy commit".to_owned()),
        next_definition: Some(NextDefinitionView {
            approved_by: vec!["Org1MSP".to_owned(), "Org2MSP".to_owned()],
            changes: vec![format!(
                "policy {rule} (now policy /Channel/Application/Endorsement)"
            )],
            definition: definition(2, &rule),
            is_enough: true,
        }),
        next_reason: "enough members approved sequence 2".to_owned(),
        peers: vec![
            PeerPackagesView {
                address: "peer0.org1.example.com:7051".to_owned(),
                package_ids: vec![id("cmscc", 'a')],
                problem: None,
            },
            PeerPackagesView {
                address: "peer1.org1.example.com:7051".to_owned(),
                package_ids: Vec::new(),
                problem: Some(format!(
                    "nobody listens at `peer1.org1.example.com:7051`{text}"
                )),
            },
        ],
        server_address: Some("cmscc.org1.example.com:9999".to_owned()),
    }
}

#[test]
fn deployments() {
    snapshots("deploy-upgrading", |look| deployment(&upgrading(""), look));
    let mut fresh = upgrading("");
    fresh.committed = None;
    fresh.next_definition = None;
    fresh.is_agreed = None;
    fresh.agreed_policy = None;
    fresh.peers.truncate(1);
    fresh.members.truncate(2);
    for member in &mut fresh.members {
        (member.approved, member.approved_next, member.server) = (None, None, None);
        member.package_id = None;
        member.missing = vec!["has approved nothing".to_owned()];
    }
    fresh.next = Some("cmscc deploy approve".to_owned());
    fresh.next_reason = "your organisation has not approved sequence 1".to_owned();
    snapshots("deploy-fresh", |look| deployment(&fresh, look));
    hostile::harmless("deploy", |look| {
        deployment(&upgrading(hostile::HOSTILE), look)
    });
}

#[test]
fn the_approved_package_and_the_servers_setting_are_seen() {
    let mut view = upgrading("");
    view.peers[0].package_ids.push(id("cmscc", 'e'));
    let drawn = text(&deployment(&view, look(160)));
    assert!(
        drawn.contains("cmscc:aaaaaaaaaaaa… ✓ approved, cmscc:eeeeeeeeeeee…\n"),
        "{drawn}"
    );
    let setting = format!("\nCHAINCODE_ID={}\n", id("cmscc", 'a'));
    assert!(!drawn.contains(&setting), "it answers: {drawn}");
    view.members[0].server = Some("silent".to_owned());
    view.next = None;
    view.next_reason = "look for `connection refused` in the log of your server".to_owned();
    let drawn = text(&deployment(&view, look(80)));
    // on one line, whatever the width
    assert!(drawn.contains(&setting), "{drawn}");
    assert!(drawn.ends_with("\nNext: look for `connection refused` in the log of your server\n"));
}

#[test]
fn what_members_agree_on() {
    let answer = |text: &str| SettingsAnswer {
        version: 2,
        settings: AgreedAnswer {
            capabilities: vec!["V1_0".to_owned()],
            endorsement_policy: Some(format!("AND('Org1MSP.peer', 'Org2MSP.peer'){text}")),
            gate: "enforced".to_owned(),
        },
        definition: DefinitionAnswer {
            chaincode: Some("cmscc".to_owned()),
            endorsement_policy: Some("/Channel/Application/Endorsement".to_owned()),
            matches: Some(false),
            sequence: Some(1),
            version: Some("1.0".to_owned()),
            ..DefinitionAnswer::default()
        },
        ..SettingsAnswer::default()
    };
    snapshots("settings", |look| settings(&answer(""), look));
    hostile::harmless("settings", |look| settings(&answer(hostile::HOSTILE), look));
}

#[test]
fn who_is_on_the_channel() {
    let attestation = |msp_id: &str| AttestationAnswer {
        application: vec!["V2_0".to_owned(), "V2_5".to_owned()],
        channel: vec!["V2_0".to_owned(), "V3_0".to_owned()],
        msp_id: msp_id.to_owned(),
        server: true,
        ..AttestationAnswer::default()
    };
    let view = |text: &str| MembersView {
        channel: "mychannel".to_owned(),
        members: vec![
            MemberView {
                anchor_peers: vec!["peer0.org1.example.com:7051".to_owned()],
                attestation: Some(attestation("Org1MSP")),
                is_own: true,
                msp_id: format!("Org1MSP{text}"),
                name: "Org1".to_owned(),
                server: "answers".to_owned(),
                server_version: Some("0.1.0".to_owned()),
            },
            MemberView {
                anchor_peers: Vec::new(),
                attestation: None,
                is_own: false,
                msp_id: "Org2MSP".to_owned(),
                name: "Org2".to_owned(),
                server: "no_peer".to_owned(),
                server_version: None,
            },
        ],
        orderers: vec!["OrdererMSP".to_owned()],
        sequence: 3,
    };
    snapshots("members", |look| members(&view(""), look));
    hostile::harmless("members", |look| members(&view(hostile::HOSTILE), look));

    let level = |level: &str, required, attested_by: &[&str], lacking: &[&str]| LevelAnswer {
        attested_by: attested_by.iter().map(|&one| one.to_owned()).collect(),
        lacking: lacking.iter().map(|&one| one.to_owned()).collect(),
        level: level.to_owned(),
        proposed_by: Vec::new(),
        required,
        supported: true,
    };
    let answer = |text: &str| CapabilitiesAnswer {
        application: vec![
            level("V2_0", false, &[], &["Org1MSP", "Org2MSP"]),
            level(&format!("V2_5{text}"), true, &["Org1MSP"], &["Org2MSP"]),
        ],
        channel: vec![LevelAnswer {
            proposed_by: vec!["raise".to_owned()],
            ..level("V3_0", false, &["Org1MSP"], &["OrdererMSP", "Org2MSP"])
        }],
        contract: vec!["V1_0".to_owned()],
        gate: "advisory".to_owned(),
        orderer: vec![level("V2_0", true, &[], &["OrdererMSP"])],
        ..CapabilitiesAnswer::default()
    };
    snapshots("capabilities", |look| capabilities(&answer(""), look));
    hostile::harmless("capabilities", |look| {
        capabilities(&answer(hostile::HOSTILE), look)
    });
}
