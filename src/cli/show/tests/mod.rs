//! What each renderer draws, as snapshots without colour: of answers that the contract gave
//! (`story.json`), and of hostile texts. `CMSCC_WRITE_SNAPSHOTS=1` writes them again.

mod deployed;
mod foreseen;
mod hostile;
mod pictures;
mod schemas;
mod update;

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;
use crate::client::{
    ClientError, ConfigTrail, Exit,
    answers::{ChainAnswer, HistoryAnswer, ListAnswer, ProposalAnswer, same_shape, seconds},
    view::{
        AuditView, AuditedProposalView, AuditedSignerView, ChainView, DoctorPart, DoctorView,
        EndingView, FindingDetail, FindingLevel, FindingView, FoundView, HeadView, HistoryView,
        IdentityView, LinkView, ListView, ProposalView, Relation, RowView, StatedRejectionView,
        StatedView, StatusView,
    },
};
use crate::ids::ChannelId;

const STORY: &str = include_str!("story.json");

/// An answer of the story.
fn told<T: DeserializeOwned>(name: &str) -> T {
    let story: BTreeMap<String, Value> = serde_json::from_str(STORY).unwrap();
    same_shape(&story[name]).unwrap()
}

fn view(name: &str) -> ProposalView {
    ProposalView::of_contract(told::<ProposalAnswer>(name), "Org2MSP")
}

fn look(width: usize) -> Look {
    Look {
        width: Some(width),
        now: seconds("2026-11-18T15:00:00Z").unwrap(),
        full: false,
    }
}

fn rows(name: &str, msp_id: &str) -> ListView {
    let list: ListAnswer = told(name);
    let rows = list.proposals.into_iter();
    ListView {
        as_of_sequence: list.as_of_sequence,
        more: false,
        proposals: rows.map(|one| RowView::new(one, msp_id)).collect(),
    }
}

fn text(lines: &[Line]) -> String {
    let lines = lines.iter().map(|line| line.text(false) + "\n");
    lines.collect()
}

/// Compares with the snapshot of this name.
fn snapshot(name: &str, lines: &[Line]) {
    kept(&format!("src/cli/show/tests/{name}.txt"), &text(lines));
}

/// Compares with what a file holds.
#[expect(clippy::disallowed_methods, reason = "written again by hand")]
fn kept(file: &str, now: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    if env::var_os("CMSCC_WRITE_SNAPSHOTS").is_some() {
        fs::write(&path, now).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, now, "{file}");
}

/// The same in a terminal of 80 and of 160 columns, which no line leaves.
fn snapshots(name: &str, draw: impl Fn(Look) -> Vec<Line>) {
    for width in [80, 160] {
        let lines = draw(look(width));
        snapshot(&format!("{name}-{width}"), &lines);
        for line in lines {
            assert!(line.width() <= width, "{name}: {}", line.text(false));
        }
    }
}

/// What an auditor sees of two configs of a real network, with one proposal that holds and one that does
/// not.
fn audited(hostile: &str) -> AuditView {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data/fabric-3.1.5-caps-v3");
    let mut trail = ConfigTrail::new(&ChannelId::new("mychannel"), None).unwrap();
    for name in [
        "genesis.block",
        "add-orgx/config_block_after.pb",
        "add-orgy/config_block_after.pb",
    ] {
        let block = fs::read(folder.join(name)).unwrap();
        trail.take(block.into()).unwrap();
    }
    let ended = |id: &str, sequence, findings: Vec<FoundView>| AuditedProposalView {
        verified: findings.is_empty(),
        findings,
        not_verified: vec!["who proposed it under this id".to_owned()],
        outcome: "Submitted".to_owned(),
        proposal_id: format!("{id}{hostile}"),
        sequence,
        stated: StatedView {
            archived_at: None,
            created_at: Some("2026-11-18T14:00:00Z".to_owned()),
            description: format!("as agreed in October{hostile}"),
            proposer_msp_id: "Org1MSP".to_owned(),
            rejections: vec![StatedRejectionView {
                msp_id: format!("Org2MSP{hostile}"),
                reason: format!("not before the audit{hostile}"),
                revision: 1,
            }],
        },
        unrecorded: vec![AuditedSignerView {
            msp_id: "Org2MSP".to_owned(),
            subject: trail.configs()[1].signers[0].1.clone(),
        }],
    };
    let found = FoundView {
        id: "SIGNATURE".to_owned(),
        place: format!("false_one{hostile}: proposal false_one, revision 1"),
        text: format!("the signature of `CN=Admin@org2.example.com` is none{hostile}"),
    };
    let proposals = vec![
        ended("false_one", None, vec![found]),
        ended("add_orgx", Some(1), Vec::new()),
    ];
    let not_read = vec![format!("blocks/1.block.old{hostile}: another ending")];
    AuditView::new("mychannel", &trail, proposals, Vec::new(), not_read).unwrap()
}

#[test]
fn audits() {
    let view = audited("");
    snapshots("audit", |look| audit(&view, look));
    assert!(!view.verified);
    let led: Vec<Option<&str>> = (view.configs.iter())
        .map(|one| one.proposal_id.as_deref())
        .collect();
    assert_eq!(led, [None, Some("add_orgx"), None]);
}

#[test]
fn lists() {
    snapshots("list", |look| proposals(&rows("list", "Org2MSP"), look));
    let history: HistoryAnswer = told("history");
    let ended = HistoryView {
        as_of_sequence: history.as_of_sequence,
        history: history.history,
        more: true,
    };
    snapshots("history", |look| super::history(&ended, look));
    let answer: ChainAnswer = told("chain");
    let links = answer.chain.into_iter().map(|link| LinkView {
        proposal_id: (link.sequence == 1).then(|| "add_orgx".to_owned()),
        link,
    });
    let links = ChainView {
        as_of_sequence: answer.as_of_sequence,
        chain: links.collect(),
        more: false,
    };
    snapshots("chain", |look| chain(&links, look));
}

#[test]
fn proposals_whole() {
    for name in [
        "waiting",
        "batch",
        "rejected",
        "ready",
        "outofdate",
        "settings",
        "archived",
    ] {
        snapshots(&format!("show-{name}"), |look| proposal(&view(name), look));
    }
}

#[test]
fn changes() {
    let diff = |name: &str| told::<ProposalAnswer>(name).diff.unwrap();
    snapshots("diff-waiting", |look| differences(&diff("waiting"), look));
    snapshots("diff-batch", |look| differences(&diff("batch"), look));
    let full = |look| Look { full: true, ..look };
    snapshots("diff-full", |look| {
        differences(&diff("waiting"), full(look))
    });
}

#[test]
fn explanations() {
    for name in ["waiting", "rejected", "rebased", "done", "outofdate"] {
        snapshots(&format!("explain-{name}"), |look| {
            explanation(&view(name), look)
        });
    }
}

/// A tree with everything that may stand in one: several rules, who does not count, who rejected.
fn large() -> ProposalView {
    let mut view = view("waiting");
    let explanation = &mut view.proposal.explanation.as_mut().unwrap()[0].explanation;
    let orgs: Vec<_> = (3..40)
        .map(|number| {
            let mut one = explanation.policy.policies[1].clone();
            one.path = Some(format!("/Channel/Application/Org{number}MSP/Admins"));
            one.rule = format!("OR('Org{number}MSP.admin')");
            one.missing = Some(vec![format!("Org{number}MSP")]);
            one
        })
        .collect();
    explanation.policy.policies.extend(orgs);
    explanation.policy.needed = 20;
    let nested = &mut explanation.policy.policies[1];
    nested.needed = 2;
    nested.rule = "AND('Org2MSP.admin', 'Org2MSP.member')".to_owned();
    nested.policies.push(nested.policies[0].clone());
    let mut silent = view.proposal.signatures[0].clone();
    silent.counts = false;
    silent.msp_id = "Org3MSP".to_owned();
    silent.subject = Some("CN=Admin@org3,OU=admin".to_owned());
    silent.reason =
        Some("its CA left the channel with config 12, so that it is valid no more".to_owned());
    let mut stranger = silent.clone();
    stranger.msp_id = "StrangerMSP".to_owned();
    stranger.subject = None;
    view.proposal.signatures[0].expired = true;
    view.proposal.signatures.extend([silent, stranger]);
    let vote = told::<ProposalAnswer>("rejected").votes.remove(0);
    for msp_id in ["Org4MSP", "OtherMSP"] {
        let mut vote = vote.clone();
        msp_id.clone_into(&mut vote.msp_id);
        view.proposal.votes.push(vote);
    }
    view
}

#[test]
fn a_tree_of_many_organisations() {
    snapshots("explain-large", |look| explanation(&large(), look));
}

/// A screen with something in each section.
fn screen(relation: Relation) -> StatusView {
    let head = |sequence| HeadView {
        block_hash: "0a0d63b6".repeat(8),
        block_number: 4711,
        config_sha256: "71c488d2".repeat(8),
        sequence,
    };
    let list = rows("list", "Org2MSP");
    let (awaiting_me, in_flight): (Vec<_>, Vec<_>) =
        list.proposals.into_iter().partition(|row| row.awaiting_me);
    let mut view = StatusView {
        awaiting_me,
        chaincode: "cmscc".to_owned(),
        channel: "mychannel".to_owned(),
        contract: (relation != Relation::NotInitialized).then(|| head(12)),
        ends_soon: vec![EndingView {
            effect: "it stops replicating".to_owned(),
            fingerprint: "a".repeat(64),
            not_after: "2026-12-19T00:00:00Z".to_owned(),
            path: "/Channel/Orderer/ConsensusType".to_owned(),
            subject: "CN=orderer3.example.com,L=San Francisco".to_owned(),
            purpose: "consenter orderer3.example.com:7050 client tls".to_owned(),
        }],
        identity: IdentityView {
            is_member: true,
            msp_id: "Org2MSP".to_owned(),
            not_after: Some("2027-02-10T00:00:00Z".to_owned()),
            problem: None,
            role: "admin".to_owned(),
            subject: "CN=Admin@org2.example.com,OU=admin,L=San Francisco".to_owned(),
        },
        in_flight,
        more: false,
        next: None,
        own_server: None,
        peer: head(if relation == Relation::Behind { 14 } else { 12 }),
        relation,
        unsupported: Vec::new(),
    };
    view.next = view.next_command();
    view
}

#[test]
fn screens() {
    snapshots("status", |look| status(&screen(Relation::Synced), look));
    snapshots("status-behind", |look| {
        status(&screen(Relation::Behind), look)
    });
    snapshots("status-fork", |look| status(&screen(Relation::Fork), look));
    let empty = StatusView {
        awaiting_me: Vec::new(),
        in_flight: Vec::new(),
        ends_soon: Vec::new(),
        next: None,
        ..screen(Relation::Synced)
    };
    snapshots("status-quiet", |look| status(&empty, look));
    let mut alone = empty;
    alone.own_server = Some("its server does not answer its peer".to_owned());
    snapshots("status-alone", |look| status(&alone, look));
}

/// Something of each kind.
fn illness() -> DoctorView {
    let finding = |part, check, level, exit_code, text: &str| FindingView {
        about: (part == DoctorPart::Nodes).then(|| "peer0.org1.example.com:7051".to_owned()),
        check,
        details: Vec::new(),
        exit_code,
        fix: None,
        level,
        part,
        text: text.to_owned(),
    };
    let (machine, nodes) = (DoctorPart::Machine, DoctorPart::Nodes);
    let channel = DoctorPart::Channel;
    let skipped = FindingLevel::Skipped;
    let ok = FindingLevel::Ok;
    let mut findings = vec![
        finding(
            machine,
            "SETTINGS",
            ok,
            0,
            "channel `mychannel` as `Org1MSP`, from CORE_PEER_ADDRESS",
        ),
        finding(
            machine,
            "IDENTITY_END",
            FindingLevel::Note,
            0,
            "your certificate ends on 2027-01-03, in 46 days",
        ),
        finding(nodes, "NODE_REACHED", ok, 0, "it takes connections"),
        finding(
            nodes,
            "TLS_SERVER_NAME",
            FindingLevel::Error,
            4,
            "its TLS certificate is not for `10.0.0.7`, but for `peer0.org1.example.com`, `localhost`",
        ),
        finding(nodes, "CLOCK", skipped, 0, "needs TLS_SERVER_NAME"),
        finding(nodes, "NODE_ANSWERS", skipped, 0, "needs TLS_SERVER_NAME"),
        finding(channel, "CHAIN", skipped, 0, "needs TLS_SERVER_NAME"),
        finding(
            channel,
            "ANCHOR_PEERS",
            FindingLevel::Warning,
            3,
            "`Org1MSP` has none",
        ),
        finding(
            DoctorPart::Contract,
            "DEFINITION",
            skipped,
            0,
            "needs TLS_SERVER_NAME",
        ),
        finding(
            DoctorPart::Contract,
            "CONTRACT",
            skipped,
            0,
            "needs TLS_SERVER_NAME",
        ),
    ];
    findings[1].fix = Some("enroll again: fabric-ca-client reenroll".to_owned());
    findings[3].fix = Some(
        "--server-name peer0.org1.example.com, or CORE_PEER_TLS_SERVERHOSTOVERRIDE".to_owned(),
    );
    findings[3].details.push(FindingDetail {
        from: "peer0".to_owned(),
        message: "not\nvalid for name".to_owned(),
    });
    DoctorView {
        chaincode: Some("cmscc".to_owned()),
        channel: Some("mychannel".to_owned()),
        exit_code: 4,
        findings,
        worst: FindingLevel::Error,
    }
}

#[test]
fn findings_of_the_doctor() {
    snapshots("doctor", |look| doctor(&illness(), look));
    let mut well = illness();
    well.findings.retain(|one| one.level == FindingLevel::Ok);
    well.worst = FindingLevel::Ok;
    snapshots("doctor-well", |look| doctor(&well, look));
    let mut alone = illness();
    alone
        .findings
        .retain(|one| one.check == "SETTINGS" || one.level == FindingLevel::Skipped);
    alone.findings[0].level = FindingLevel::Error;
    snapshots("doctor-unset", |look| doctor(&alone, look));
}

#[test]
fn problems() {
    let mut error = ClientError::new(
        Exit::Unreachable,
        "TOO_FEW_ENDORSERS",
        "no combination of peers satisfies the endorsement policy `/Channel/Application/Endorsement`",
    )
    .hint("cmscc members shows who runs a server; OrgXMSP has none");
    error.details.push((
        "peer0.org1.example.com:7051".to_owned(),
        "not enough\nendorsers".to_owned(),
    ));
    snapshots("problem", |look| problem(&error, look));
}
