//! What to approve, who must endorse, what speaks against it. `words`: what peers say of servers.

mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::*;
use crate::{
    block::ConfigBlock,
    client::{
        ApprovedDefinition, ClientError, CommitReadiness, CommittedDefinition, DefinitionPart,
        DefinitionPolicy, DefinitionTerms, Exit, InstalledPackage, PackageSource, RecordedApproval,
        view::DeployView,
    },
    config::Bundle,
    ids::{BlockNumber, MspId},
};

/// A channel of Org1 and Org2, of a real network.
fn bundle() -> Bundle {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    let block = fs::read(folder.join("fabric-3.1.5-caps-v3/genesis.block")).unwrap();
    let block = ConfigBlock::parse(block.into()).unwrap();
    Bundle::new(block.channel_id(), block.tree().clone()).unwrap()
}

const PACKAGE: &str = "cmscc:aa";

fn own() -> MspId {
    "Org1MSP".into()
}

fn members() -> BTreeSet<MspId> {
    ["Org1MSP", "Org2MSP"].map(MspId::from).into()
}

/// Org1, whose peer has a package, on a channel without the contract.
fn fresh() -> DeploymentFacts {
    DeploymentFacts {
        channel: "mychannel".into(),
        chaincode: "cmscc".to_owned(),
        own: own(),
        members: members(),
        committed: None,
        approved: None,
        approved_next: None,
        unasked: None,
        next: None,
        peers: vec![PeerPackages {
            address: "peer:7051".to_owned(),
            packages: Ok(vec![package(PACKAGE)]),
        }],
        recorded: Vec::new(),
        looked_from: BlockNumber(0),
        server: None,
        servers: BTreeMap::new(),
        contract: ContractStage::Silent,
    }
}

fn package(id: &str) -> InstalledPackage {
    InstalledPackage {
        package_id: id.to_owned(),
        label: "cmscc".to_owned(),
        used_by: Vec::new(),
    }
}

fn approved(terms: DefinitionTerms) -> ApprovedDefinition {
    ApprovedDefinition {
        terms,
        source: PackageSource::Installed(PACKAGE.to_owned()),
    }
}

fn first() -> DefinitionTerms {
    DefinitionTerms::first("cmscc")
}

/// Sequence 1 is committed, both approved it, and both servers answer.
fn running() -> DeploymentFacts {
    let answers = || ServerState::Answers(Some("1".to_owned()));
    DeploymentFacts {
        committed: Some(CommittedDefinition {
            terms: first(),
            approvals: members().into_iter().map(|msp_id| (msp_id, true)).collect(),
        }),
        approved: Some(approved(first())),
        servers: members()
            .into_iter()
            .map(|msp_id| (msp_id, answers()))
            .collect(),
        contract: ContractStage::Runs(None),
        ..fresh()
    }
}

fn recorded(msp_id: &str, terms: DefinitionTerms) -> RecordedApproval {
    RecordedApproval {
        msp_id: msp_id.into(),
        terms,
        source: PackageSource::Installed("cmscc:bb".to_owned()),
        block: BlockNumber(7),
    }
}

/// Somebody approved this to be the next one.
fn proposed(mut facts: DeploymentFacts, terms: &DefinitionTerms, by: &[&str]) -> DeploymentFacts {
    let approvals = members().into_iter().map(|msp_id| {
        let approved = by.contains(&msp_id.as_str());
        (msp_id, approved)
    });
    facts.next = Some(NextDefinition {
        terms: terms.clone(),
        readiness: CommitReadiness {
            approvals: approvals.collect(),
            ..CommitReadiness::default()
        },
        is_enough: by.len() == 2,
    });
    if by.contains(&"Org1MSP") {
        facts.approved_next = Some(approved(terms.clone()));
    }
    facts
        .recorded
        .extend(by.iter().map(|msp_id| recorded(msp_id, terms.clone())));
    facts
}

fn refused(plan: Result<ApprovalPlan, ClientError>) -> (Exit, String) {
    let error = plan.unwrap_err();
    (error.exit, error.symbol)
}

fn no_wishes() -> DefinitionWishes {
    DefinitionWishes::default()
}

#[test]
fn the_first_one_says_what_the_definition_is_and_others_take_it_over() {
    let plan = ApprovalPlan::new(&fresh(), &no_wishes()).unwrap();
    assert_eq!(plan.terms, first());
    assert_eq!(plan.source.package_id(), Some(PACKAGE));

    let other = DefinitionTerms {
        version: "7".to_owned(),
        ..first()
    };
    let facts = proposed(fresh(), &other, &["Org2MSP"]);
    let plan = ApprovalPlan::new(&facts, &no_wishes()).unwrap();
    assert_eq!(
        (plan.terms, plan.basis.as_str()),
        (other.clone(), "what Org2MSP approved")
    );
    // another one than theirs
    let mine = DefinitionWishes {
        version: Some("8".to_owned()),
        ..no_wishes()
    };
    let error = ApprovalPlan::new(&facts, &mine).unwrap_err();
    assert_eq!(
        (error.exit, error.symbol.as_str()),
        (Exit::No, "APPROVALS_DIFFER")
    );
    assert_eq!(
        error.details,
        [("Org2MSP".to_owned(), "version 7, not version 8".to_owned())]
    );
    let all_the_same = DefinitionWishes {
        may_differ: true,
        ..mine
    };
    let plan = ApprovalPlan::new(&facts, &all_the_same).unwrap();
    assert_eq!(
        plan.differing,
        [("Org2MSP".into(), vec![DefinitionPart::Version])]
    );
    let like = |msp_id: &str| DefinitionWishes {
        like: Some(msp_id.into()),
        ..no_wishes()
    };
    assert_eq!(
        ApprovalPlan::new(&facts, &like("Org2MSP")).unwrap().terms,
        other
    );
    assert_eq!(
        refused(ApprovalPlan::new(&facts, &like("Org1MSP"))),
        (Exit::No, "NO_APPROVAL".to_owned())
    );
}

#[test]
fn a_late_member_approves_what_is_committed_and_nothing_is_done_twice() {
    let late = DeploymentFacts {
        approved: None,
        ..running()
    };
    assert_eq!(
        ApprovalPlan::new(&late, &no_wishes()).unwrap().terms,
        first()
    );
    let again = ApprovalPlan::new(&running(), &no_wishes());
    let again = again.unwrap_err();
    assert_eq!(
        (again.exit, again.symbol.as_str()),
        (Exit::Done, "ALREADY_APPROVED")
    );
    assert!(
        again
            .message
            .ends_with("just so, with the package `cmscc:aa`"),
        "{}",
        again.message
    );
    assert_eq!((again.hint, again.details), (None, Vec::new()));
    // another one was installed since: it is not taken without a word
    let mut second = running();
    second.peers[0].packages = Ok(vec![package(PACKAGE), package("cmscc:bb")]);
    let again = ApprovalPlan::new(&second, &no_wishes()).unwrap_err();
    assert_eq!(again.exit, Exit::Done);
    assert_eq!(
        again.details,
        [("also installed".to_owned(), "cmscc:bb".to_owned())]
    );
    let hint = again.hint.unwrap();
    assert!(
        hint.contains("`cmscc deploy approve --package-id cmscc:bb`"),
        "{hint}"
    );
    let named = DefinitionWishes {
        package: PackageWish::Named(PACKAGE.to_owned()),
        ..no_wishes()
    };
    let again = ApprovalPlan::new(&second, &named).unwrap_err();
    assert_eq!(again.hint, None, "it was asked for by name");
    let wish = |sequence, version: &str| DefinitionWishes {
        sequence: Some(sequence),
        version: Some(version.to_owned()),
        ..no_wishes()
    };
    for (sequence, version, expected) in [
        (1, "2", (Exit::Stale, "SEQUENCE_TAKEN")),
        (0, "1.0", (Exit::Usage, "BAD_DEFINITION")),
        (3, "2", (Exit::Usage, "SEQUENCE_AHEAD")),
        (2, "a b", (Exit::Usage, "BAD_DEFINITION")),
    ] {
        let (exit, symbol) = refused(ApprovalPlan::new(&running(), &wish(sequence, version)));
        assert_eq!((exit, symbol.as_str()), expected, "{sequence} {version}");
    }
    let next = ApprovalPlan::new(&running(), &wish(2, "2")).unwrap();
    assert_eq!((next.terms.sequence, next.terms.version.as_str()), (2, "2"));
}

#[test]
fn a_package_is_the_installed_one_or_is_named() {
    let of = |ids: &[&str]| DeploymentFacts {
        peers: vec![PeerPackages {
            address: "peer:7051".to_owned(),
            packages: Ok(ids.iter().map(|id| package(id)).collect()),
        }],
        ..fresh()
    };
    let symbol = |facts: &DeploymentFacts, wishes| refused(ApprovalPlan::new(facts, &wishes)).1;
    assert_eq!(symbol(&of(&[]), no_wishes()), "NOT_INSTALLED");
    assert_eq!(symbol(&of(&["a:1", "a:2"]), no_wishes()), "WHICH_PACKAGE");
    let named = |id: &str| DefinitionWishes {
        package: PackageWish::Named(id.to_owned()),
        ..no_wishes()
    };
    assert_eq!(symbol(&of(&["a:1"]), named("a:3")), "NOT_INSTALLED");
    let plan = ApprovalPlan::new(&of(&["a:1", "a:2"]), &named("a:2")).unwrap();
    assert_eq!(plan.source.package_id(), Some("a:2"));
    let none = DefinitionWishes {
        package: PackageWish::None,
        ..no_wishes()
    };
    let plan = ApprovalPlan::new(&of(&[]), &none).unwrap();
    assert_eq!(plan.source, PackageSource::Unavailable);
    // the package of before stays
    let several = DeploymentFacts {
        peers: of(&["cmscc:00", PACKAGE]).peers,
        ..running()
    };
    let next = DefinitionWishes {
        version: Some("2".to_owned()),
        ..no_wishes()
    };
    let plan = ApprovalPlan::upgrade(&several, &next).unwrap();
    assert_eq!(plan.source.package_id(), Some(PACKAGE));
    // a peer that does not say what it has is no reason to go on blindly
    let silent = DeploymentFacts {
        peers: vec![PeerPackages {
            address: "peer:7051".to_owned(),
            packages: Err(ClientError::new(Exit::Denied, "NOT_LOCAL_ADMIN", "no")),
        }],
        ..fresh()
    };
    assert_eq!(symbol(&silent, no_wishes()), "NOT_LOCAL_ADMIN");
}

#[test]
fn an_upgrade_changes_something_or_follows_what_was_agreed() {
    assert_eq!(
        refused(ApprovalPlan::upgrade(&fresh(), &no_wishes())),
        (Exit::No, "NOT_COMMITTED".to_owned())
    );
    assert_eq!(
        refused(ApprovalPlan::upgrade(&running(), &no_wishes())),
        (Exit::No, "NOTHING_TO_CHANGE".to_owned())
    );
    let rule = DefinitionPolicy::rule("AND('Org1MSP.peer', 'Org2MSP.peer')").unwrap();
    let agreed = DeploymentFacts {
        contract: ContractStage::Runs(Some(rule.clone())),
        ..running()
    };
    let plan = ApprovalPlan::upgrade(&agreed, &no_wishes()).unwrap();
    assert_eq!((plan.terms.sequence, &plan.terms.policy), (2, &rule));
    assert_eq!(
        ApprovalPlan::changes(&agreed, &plan.terms),
        [DefinitionPart::Policy]
    );
    assert_eq!(UpgradeConcern::of(&agreed, &plan.terms, &bundle()), []);
}

#[test]
fn what_would_harm_the_record_has_a_name() {
    use UpgradeConcern::{InitRequired, NobodyCan, NotAgreed, OneAlone, TooFewServers};
    let with = |policy: &str| DefinitionTerms {
        policy: DefinitionPolicy::parse(policy).unwrap(),
        ..first().next()
    };
    let both = "AND('Org1MSP.peer', 'Org2MSP.peer')";
    let agreed = DeploymentFacts {
        contract: ContractStage::Runs(Some(DefinitionPolicy::default())),
        ..running()
    };
    let mut alone = running();
    alone.servers.insert("Org2MSP".into(), ServerState::NoPeer);
    let demanding = DefinitionTerms {
        init_required: true,
        ..with(both)
    };
    for (name, facts, terms, expected) in [
        ("good", running(), with(both), vec![]),
        ("usual", running(), first().next(), vec![]),
        (
            "one alone",
            running(),
            with("OR('Org1MSP.peer', 'Org2MSP.peer')"),
            vec![OneAlone],
        ),
        (
            "a stranger",
            running(),
            with("OR('Org9MSP.peer')"),
            vec![NobodyCan],
        ),
        (
            "no such path",
            running(),
            with("/Channel/Application/None"),
            vec![NobodyCan],
        ),
        ("not agreed", agreed, with(both), vec![NotAgreed]),
        ("servers", alone, with(both), vec![TooFewServers]),
        ("init", running(), demanding, vec![InitRequired]),
    ] {
        assert_eq!(
            UpgradeConcern::of(&facts, &terms, &bundle()),
            expected,
            "{name}"
        );
    }
}

#[test]
fn commits_take_the_endorsements_that_the_channel_asks_for() {
    let bundle = bundle();
    let rule = EndorsingRule::of_commits(&bundle);
    assert_eq!(rule.text().as_deref(), Some("MAJORITY Endorsement"));
    let ids = |ids: &[&str]| ids.iter().copied().map(MspId::from).collect::<Vec<_>>();
    assert!(!rule.could_do(&ids(&["Org1MSP"]).into_iter().collect()));
    assert!(rule.could_do(&members()));
    assert_eq!(rule.few_of(&ids(&["Org1MSP"])), None);
    assert_eq!(
        rule.few_of(&ids(&["Org2MSP", "Org1MSP"])),
        Some(ids(&["Org2MSP", "Org1MSP"]))
    );
    let either = DefinitionPolicy::rule("OR('Org1MSP.peer', 'Org2MSP.peer')").unwrap();
    let calls = EndorsingRule::of_calls(&bundle, &either);
    assert_eq!(
        calls.few_of(&ids(&["Org2MSP", "Org1MSP"])),
        Some(ids(&["Org2MSP"]))
    );
    assert!(!rule.accepts(&b"payload"[..].into(), &[]));
}

/// What comes next, and what each member lacks.
fn told(facts: &DeploymentFacts) -> (Option<String>, Vec<String>) {
    let view = DeployView::of(facts);
    let missing = view.members.into_iter().flat_map(|member| {
        let msp_id = member.msp_id;
        member
            .missing
            .into_iter()
            .map(move |words| format!("{msp_id} {words}"))
    });
    (view.next, missing.collect())
}

#[test]
fn each_stage_says_what_is_next() {
    let next = |facts: &DeploymentFacts| told(facts).0.unwrap_or_default();
    let bare = DeploymentFacts {
        peers: vec![PeerPackages {
            address: "peer:7051".to_owned(),
            packages: Ok(Vec::new()),
        }],
        ..fresh()
    };
    assert_eq!(next(&bare), "cmscc deploy install --address HOST:PORT");
    assert_eq!(next(&fresh()), "cmscc deploy approve");
    // another name is meant: the peers run one on this channel
    let mut named = fresh();
    named.chaincode = "cmsc".to_owned();
    named.peers[0].packages.as_mut().unwrap()[0].used_by =
        vec![("mychannel".into(), "cmscc".to_owned(), "1".to_owned())];
    assert_eq!(next(&named), "cmscc deploy status --chaincode cmscc");
    let waiting = proposed(fresh(), &first(), &["Org1MSP"]);
    let (none, missing) = told(&waiting);
    assert_eq!(
        (none, missing),
        (None, vec!["Org2MSP has not approved sequence 1".to_owned()])
    );
    let theirs = proposed(fresh(), &first(), &["Org2MSP"]);
    assert_eq!(next(&theirs), "cmscc deploy approve");
    let ready = proposed(fresh(), &first(), &["Org1MSP", "Org2MSP"]);
    assert_eq!(next(&ready), "cmscc deploy commit");

    let mut away = running();
    let refused = "dial tcp 127.0.0.1:9999: connect: connection refused".to_owned();
    away.servers.insert(own(), ServerState::NotRunning(refused));
    away.server = Some(PackagedServer {
        address: "127.0.0.1:9999".to_owned(),
        tls: true,
        client_auth: false,
    });
    let (command, missing) = told(&away);
    assert_eq!(
        command.as_deref(),
        Some(
            "cmscc serve --chaincode-id cmscc:aa --address 127.0.0.1:9999 --trust-anchors FOLDER \
             --tls-disabled false --tls-cert FILE --tls-key FILE"
        )
    );
    assert_eq!(missing, ["Org1MSP its server does not answer its peer"]);
    // it may well run, so it is not to be started once more
    let silent = |state: ServerState| {
        let mut facts = running();
        facts.servers.insert(own(), state);
        facts
    };
    let view = DeployView::of(&silent(ServerState::Silent("deadline exceeded".to_owned())));
    assert_eq!(view.next, None);
    assert!(
        view.next_reason
            .starts_with("look for `connection refused` in the log of your server"),
        "{}",
        view.next_reason
    );
    // where the peer speaks of TLS the address is not to blame
    let words = "tls: private key does not match public key".to_owned();
    let mut misfit = silent(ServerState::Tls(words));
    misfit.peers[0].packages = Ok(vec![package(PACKAGE), package("cmscc:bb")]);
    let view = DeployView::of(&misfit);
    assert_eq!(
        view.next.as_deref(),
        Some("cmscc deploy approve --package-id cmscc:bb")
    );
    assert!(
        view.next_reason
            .contains("TLS between your peer and your server does not fit"),
        "{}",
        view.next_reason
    );
    let bare = DeploymentFacts {
        contract: ContractStage::NotInitialized,
        ..running()
    };
    assert_eq!(next(&bare), "cmscc init-consortium");
    let agreed = DeploymentFacts {
        contract: ContractStage::Runs(Some(
            DefinitionPolicy::rule("AND('Org1MSP.peer', 'Org2MSP.peer')").unwrap(),
        )),
        ..running()
    };
    assert_eq!(next(&agreed), "cmscc deploy upgrade");
    assert_eq!(told(&running()), (None, Vec::new()));
    assert!(DeployView::of(&running()).is_complete);
    // two that approved different definitions
    let second = DefinitionTerms {
        version: "2".to_owned(),
        ..first().next()
    };
    let third = DefinitionTerms {
        version: "3".to_owned(),
        ..first().next()
    };
    let mut torn = proposed(running(), &second, &["Org1MSP"]);
    torn.recorded.push(recorded("Org2MSP", third));
    let view = DeployView::of(&torn);
    assert!(
        view.next_reason
            .contains("cmscc deploy approve --as Org2MSP")
    );
    assert_eq!(
        told(&torn).1,
        ["Org2MSP approved sequence 2 with version 3"]
    );
    // who may not ask is told so
    let client = DeploymentFacts {
        unasked: Some(ClientError::new(
            Exit::Denied,
            "NOT_LOCAL_ADMIN",
            "for an admin",
        )),
        ..running()
    };
    assert_eq!(next(&client), "cmscc identity show");
}
