//! Rejections: who may, when, what they read and write, and when nothing can pass any more.

use std::collections::BTreeSet;

use cmscc::{
    ids::{BlockNumber, Sequence},
    proto::common::{Config, ConfigGroup},
    stub::memory::Version,
};
use serde_json::{Value, json};

use super::{
    blocks::checkpoint,
    calls::{
        add_organization, add_signature, delete_proposal, get_config, list_proposals,
        reconfig_organization_msp, reject_proposal, sync_config, update_proposals,
        withdraw_proposal,
    },
    captures::{CAPTURES, after},
    patches::{of_admins, policy, timeout},
    people::{person, user},
    world::{Server, founded, state_key},
};

/// The Application group, which OrgX leaves.
fn without_orgx(config: &mut Config) -> &mut ConfigGroup {
    let root = config.channel_group.as_mut().unwrap();
    let application = root.groups.get_mut("Application").unwrap();
    application.groups.remove("OrgXMSP");
    application
}

const REVISION_1: &str = "00000000000000000001";

#[tokio::test]
async fn a_rejection_reads_what_it_must_and_no_more() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let early = reject_proposal("add_orgx", "too early");
    let (answer, set) = world.outcome(&org2, &early).await;
    assert_eq!(
        answer,
        json!({"as_of_sequence": 0, "proposal_id": "add_orgx"})
    );
    let place = ["Org1MSP", "add_orgx", REVISION_1, "vote", "Org2MSP"];
    let vote = state_key(&[&["position"], &place[..]].concat());
    let stance = state_key(&["stance", "Org1MSP", "add_orgx", "Org2MSP"]);
    let expected: BTreeSet<String> = [
        state_key(&["config", "head"]),
        state_key(&["config", "body"]),
        state_key(&["settings"]),
        state_key(&["proposal", "add_orgx"]),
        state_key(&["open", "Org1MSP", "add_orgx"]),
        stance.clone(),
    ]
    .into();
    assert_eq!(set.reads.keys().cloned().collect::<BTreeSet<_>>(), expected);
    assert!(set.ranges.is_empty());
    assert_eq!(set.writes.keys().collect::<Vec<_>>(), [&vote, &stance]);
    let event = set.event.unwrap();
    assert_eq!(event.name, "ProposalRejectedEvent");
    assert_eq!(
        event.payload,
        r#"{"msp_id":"Org2MSP","proposal_id":"add_orgx","revision":1,"type":"ProposalRejectedEvent","version":1}"#
    );
    // the same again is a success without effect, another reason replaces it
    let (_, set) = world.outcome(&org2, &early).await;
    assert!(set.writes.is_empty());
    world.ok(&org2, reject_proposal("add_orgx", "never")).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(
        shown["votes"],
        json!([{
            "former_member": false, "msp_id": "Org2MSP", "reason": "never", "revision": 1,
            "sequence": 0
        }])
    );
}

#[tokio::test]
async fn votes_and_signatures_of_different_organisations_in_one_block_do_not_meet() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let update = world.update_to_sign("add_orgx").await;
    let signature = |who: &super::people::Person| who.signed(&update);
    let calls = [
        world.invocation(&org1, reject_proposal("add_orgx", "a")),
        world.invocation(&org2, add_signature("add_orgx", &signature(&org2))),
    ];
    let late = world.invocation(&org1, add_signature("add_orgx", &signature(&org1)));
    let (_, late) = world.server.simulate(&world.ledger, &late).await;
    let mut simulated = Vec::new();
    for call in &calls {
        let (response, set) = world.server.simulate(&world.ledger, call).await;
        assert!(response.is_success(), "{}", response.message);
        simulated.push(set);
    }
    for (tx, set) in simulated.iter().enumerate() {
        world.ledger.validate(set).expect("no conflict");
        let version = Version {
            block: BlockNumber(100),
            tx: u64::try_from(tx).unwrap(),
        };
        world.ledger.commit(version, set);
    }
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["votes"].as_array().unwrap().len(), 1);
    assert_eq!(shown["signatures"].as_array().unwrap().len(), 1);
    // two statements of one organisation do
    assert!(world.ledger.validate(&late).is_err());
}

#[tokio::test]
async fn what_lacks_a_needed_organisation_is_rejected() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.sign(&org1, "add_orgx").await;
    // a majority of two are both
    world.ok(&org2, reject_proposal("add_orgx", "no")).await;
    let shown = world.proposal("add_orgx").await;
    assert_eq!(shown["status"], "Rejected");
    let why = shown["status_detail"]["why"].as_str().unwrap();
    assert!(why.contains("`Org2MSP`"), "{why}");
    assert_eq!(shown["config_update_envelope_to_submit"], Value::Null);
    for (status, expected) in [("Rejected", 1), ("WaitingForSignatures", 0)] {
        let options = json!({ "status": status }).to_string();
        let page = world.ok(&org1, list_proposals().options(&options)).await;
        assert_eq!(
            page["proposals"].as_array().unwrap().len(),
            expected,
            "{status}"
        );
    }
    // a vote is an opinion: who signs after all makes it pass
    world.sign(&org2, "add_orgx").await;
    assert_eq!(world.status("add_orgx").await, "ReadyToSubmit");
}

#[tokio::test]
async fn a_signature_outlasts_its_signers_vote() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    world.sign(&org2, "add_orgx").await;
    world
        .ok(&org2, reject_proposal("add_orgx", "changed my mind"))
        .await;
    assert_eq!(world.status("add_orgx").await, "WaitingForSignatures");
}

#[tokio::test]
async fn one_of_three_cannot_stop_a_majority() {
    let people = ["Org1MSP", "Org2MSP", "OrgXMSP"].map(person);
    let (mut world, _) = founded().await;
    world.ok(&people[0], sync_config(&after("add-orgx"))).await;
    world.propose_org(&people[0], "add_orgy", "add-orgy").await;
    for (who, expected) in people
        .iter()
        .zip(["WaitingForSignatures", "Rejected", "Rejected"])
    {
        world.ok(who, reject_proposal("add_orgy", "no")).await;
        assert_eq!(world.status("add_orgy").await, expected);
    }
    // who has no say about another organisation's msp cannot stop it
    let config = world.ok(&people[0], get_config()).await;
    let groups = &config["config"]["channel_group"]["groups"]["Application"]["groups"];
    let mut msp = groups["Org1MSP"]["values"]["MSP"].clone();
    msp["value"]["config"]["tls_root_certs"] = json!([]);
    world
        .ok(&people[0], reconfig_organization_msp("msp", &msp))
        .await;
    for who in &people[1..] {
        world.ok(who, reject_proposal("msp", "no")).await;
    }
    assert_eq!(world.status("msp").await, "WaitingForSignatures");
    world.ok(&people[0], reject_proposal("msp", "no")).await;
    assert_eq!(world.status("msp").await, "Rejected");
}

#[tokio::test]
async fn who_may_reject_and_with_which_words() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let longest = "x".repeat(1024);
    let longer = "x".repeat(1025);
    for (who, reason, symbol) in [
        (&user("Org1MSP", "User1"), "no", "NOT_ADMIN"),
        (&person("OrdererMSP"), "no", "NOT_MEMBER"),
        (&org1, longer.as_str(), "REASON_TOO_LONG"),
        (&org1, "", "ARGUMENT_COUNT"),
    ] {
        let call = reject_proposal("add_orgx", reason);
        world.refused(who, &call, symbol).await;
    }
    let call = reject_proposal("add_orgx", &longest);
    world.ok(&org1, call).await;
    world
        .refused(&org1, reject_proposal("nothing", "no"), "UNKNOWN_PROPOSAL")
        .await;
}

#[tokio::test]
async fn what_is_over_is_not_rejected() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    let reject = |id: &str| reject_proposal(id, "no");
    world.propose_org(&org1, "withdrawn", "add-orgx").await;
    world.ok(&org1, withdraw_proposal("withdrawn")).await;
    let message = world
        .refused(&org2, &reject("withdrawn"), "WRONG_STATUS")
        .await;
    assert!(message.contains("`Withdrawn`"), "{message}");
    world.propose_org(&org1, "submitted", "add-orgx").await;
    world.propose_org(&org1, "outdated", "add-orgy").await;
    world.ok(&org2, sync_config(&after("add-orgx"))).await;
    for (id, status) in [
        // somebody submitted both all the same: their bytes are equal
        ("withdrawn", "`Submitted`"),
        ("submitted", "`Submitted`"),
    ] {
        let message = world.refused(&org2, &reject(id), "WRONG_STATUS").await;
        assert!(message.contains(status), "{message}");
    }
    // who is against what is out of date says so before its owner computes it again
    assert_eq!(world.status("outdated").await, "Outofdate");
    world.ok(&org2, reject("outdated")).await;
    let votes = world.proposal("outdated").await["votes"].clone();
    assert_eq!(votes[0]["reason"], "no");
    world.ok(&org1, delete_proposal("outdated")).await;
    world
        .refused(&org2, &reject("outdated"), "WRONG_STATUS")
        .await;
}

#[tokio::test]
async fn rejected_comes_before_expired() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    let org = CAPTURES[0].file("add-orgx/org.json");
    let options = r#"{"deadline":"2030-01-01T00:00:00Z"}"#;
    let call = add_organization("add_orgx", "OrgXMSP", &org).options(options);
    world.ok(&org1, call).await;
    for (rejected, expected) in [(false, "Expired"), (true, "Rejected")] {
        if rejected {
            // past the deadline as well
            let mut call = world.invocation(&org2, reject_proposal("add_orgx", "no"));
            call.timestamp.seconds = 1_900_000_000;
            assert!(world.submit(&call).await.0.is_success());
        }
        let status = world.status_in(105_000_000, "add_orgx").await;
        assert_eq!(status, expected);
    }
}

#[tokio::test]
async fn votes_are_on_one_revision_and_go_with_it() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org2, "add_orgy", "add-orgy").await;
    for who in [&org1, &org2] {
        world.ok(who, reject_proposal("add_orgy", "not now")).await;
    }
    assert_eq!(world.status("add_orgy").await, "Rejected");
    // shown until there is another revision, and longer where somebody signed it
    let mut shown = Vec::new();
    for revision in 2..5 {
        if revision == 4 {
            world.sign(&org2, "add_orgy").await;
        }
        let id = format!("other-{revision}");
        let other = policy("Application", &id, &of_admins("ANY"));
        world.propose(&org1, &id, &other).await;
        for who in [&org1, &org2] {
            world.sign(who, &id).await;
        }
        world.take_effect(&id).await;
        world.ok(&org2, update_proposals()).await;
        let now = world.proposal("add_orgy").await;
        assert_eq!(now["status"], "WaitingForSignatures");
        assert_eq!(now["revision"], revision);
        let votes = now["votes"].as_array().unwrap().iter();
        let votes: Vec<u64> = votes.map(|one| one["revision"].as_u64().unwrap()).collect();
        shown.push(votes);
        world.ok(&org1, reject_proposal("add_orgy", "still")).await;
    }
    assert_eq!(shown, [vec![1, 1], vec![2], vec![3]]);
    let only = update_proposals().mode(4).only(&["add_orgy"]);
    for revision in 5..7 {
        let id = format!("other-{revision}");
        let other = policy("Application", &id, &of_admins("ANY"));
        world.propose(&org1, &id, &other).await;
        for who in [&org1, &org2] {
            world.sign(who, &id).await;
        }
        world.take_effect(&id).await;
        world.ok(&org2, &only).await;
    }
    let votes = world.proposal("add_orgy").await["votes"].clone();
    assert_eq!(votes[0]["revision"], 3, "signed: {votes}");
    assert_eq!(votes.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_left_has_no_vote_also_when_it_comes_back() {
    let (org1, org2, orgx) = (person("Org1MSP"), person("Org2MSP"), person("OrgXMSP"));
    let (mut world, anchors) = founded().await;
    world.ok(&org1, sync_config(&after("add-orgx"))).await;
    // a change of the orderer's part, which no membership makes stale; one organisation's policy
    world.propose_org(&org1, "add_orgy", "add-orgy").await;
    world.propose(&org1, "timeout", &timeout("3s")).await;
    for id in ["add_orgy", "timeout"] {
        for who in [&org2, &orgx] {
            let call = reject_proposal(id, "no");
            world.ok(who, call).await;
        }
    }
    assert_eq!(world.status("add_orgy").await, "Rejected");
    // only the orderer organisation decides
    assert_eq!(world.status("timeout").await, "WaitingForSignatures");

    let with_orgx = world.config();
    let left = checkpoint(&with_orgx, |config| {
        config.sequence += 1;
        without_orgx(config);
    });
    world.recover(&anchors, &left).await;
    let former = |shown: &Value| -> Vec<bool> {
        let votes = shown["votes"].as_array().unwrap();
        let former = votes.iter().map(|vote| vote["former_member"].as_bool());
        former.map(Option::unwrap).collect()
    };
    let shown = world.proposal("timeout").await;
    assert_eq!(former(&shown), [false, true]);
    world
        .refused(
            &orgx,
            reject_proposal("timeout", "no"),
            "UNKNOWN_ORGANIZATION",
        )
        .await;

    let back = checkpoint(&with_orgx, |config| config.sequence += 2);
    world.recover(&anchors, &back).await;
    let shown = world.proposal("add_orgy").await;
    assert_eq!(former(&shown), [false, true]);
    // of three, Org1 and OrgX could still sign
    assert_eq!(shown["status"], "WaitingForSignatures");
    // said again, it counts again
    world.ok(&orgx, reject_proposal("add_orgy", "no")).await;
    let shown = world.proposal("add_orgy").await;
    assert_eq!(former(&shown), [false, false]);
    assert_eq!(shown["status"], "Rejected");
    assert_eq!(shown["as_of_sequence"], Sequence(3).0);
}

#[tokio::test]
async fn what_who_left_proposed_belongs_to_nobody_also_when_it_comes_back() {
    let (org1, org2, orgx) = (person("Org1MSP"), person("Org2MSP"), person("OrgXMSP"));
    let (mut world, anchors) = founded().await;
    world.ok(&org1, sync_config(&after("add-orgx"))).await;
    world.propose(&orgx, "open", &timeout("3s")).await;
    let own = json!({"groups": {"Application": {"groups": {"OrgXMSP": {"policies": {"Admins": {
        "mod_policy": "Admins"}}, "mod_policy": "Writers"}}}}});
    world.propose(&orgx, "broken", &own).await;
    world.propose_org(&orgx, "outdated", "add-orgy").await;
    let with_orgx = world.config();
    let left = checkpoint(&with_orgx, |config| {
        config.sequence += 1;
        without_orgx(config).version += 1;
    });
    let back = checkpoint(&with_orgx, |config| {
        config.sequence += 2;
        let root = config.channel_group.as_mut().unwrap();
        root.groups.get_mut("Application").unwrap().version += 2;
    });
    for (block, broken) in [(&left, "Broken"), (&back, "Outofdate")] {
        world.recover(&anchors, block).await;
        let mut callers = vec![&org1, &org2];
        if broken == "Outofdate" {
            callers.push(&orgx);
        }
        for (id, status) in [
            ("open", "WaitingForSignatures"),
            ("broken", broken),
            ("outdated", "Outofdate"),
        ] {
            let shown = world.proposal(id).await;
            assert_eq!(shown["status"], status, "{id}");
            assert_eq!(shown["former_member"], true);
            for who in &callers {
                let call = withdraw_proposal(id);
                let message = world.refused(who, call, "NOT_OWNER").await;
                assert!(message.contains("nobody: `OrgXMSP` left"), "{message}");
            }
        }
        // nobody computes it again
        for who in callers {
            let answer = world.ok(who, update_proposals().mode(14)).await;
            assert_eq!(answer["archived"], json!([]));
            assert_eq!(answer["recomputed"], json!([]));
            let reasons: Vec<&str> = answer["left"]
                .as_array()
                .unwrap()
                .iter()
                .map(|left| left["reason"].as_str().unwrap())
                .collect();
            let expected = match broken {
                "Broken" => "add mode 1",
                _ => "nobody may compute it again",
            };
            assert!(reasons[0].contains(expected), "{reasons:?}");
            assert!(reasons[2].contains("nobody may compute it again"));
        }
        let before = world.ledger.clone();
        let other = json!({"groups": {"Orderer": {"mod_policy": "Writers"}}});
        world.propose(&org2, "other", &other).await;
        let all = list_proposals().options(r#"{"all":true}"#);
        let listed = world.ok(&org1, all).await;
        let former: Vec<bool> = listed["proposals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["former_member"].as_bool().unwrap())
            .collect();
        assert_eq!(former.iter().filter(|former| **former).count(), 3);
        assert_eq!(former.len(), 4);
        for id in ["open", "outdated"] {
            world.ok(&org2, delete_proposal(id)).await;
        }
        let answer = world.ok(&org2, update_proposals().mode(1)).await;
        let archived = answer["archived"].as_array().unwrap().len();
        assert_eq!(archived, usize::from(broken == "Broken"));
        world.ledger = before;
    }
}

#[tokio::test]
async fn the_archive_keeps_reasons() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "deleted", "add-orgx").await;
    world
        .ok(&org2, reject_proposal("deleted", "for a reason"))
        .await;
    let votes = world.proposal("deleted").await["votes"].clone();
    assert_eq!(votes[0]["reason"], "for a reason");
    world.ok(&org1, delete_proposal("deleted")).await;
    assert_eq!(world.proposal("deleted").await["votes"], votes);

    world.propose_org(&org1, "submitted", "add-orgx").await;
    world.ok(&org2, reject_proposal("submitted", "no")).await;
    world.ok(&org1, sync_config(&after("add-orgx"))).await;
    // with proof it is submitted, whoever rejected it
    assert_eq!(world.status("submitted").await, "Submitted");
    world.ok(&org2, update_proposals()).await;
    let shown = world.proposal("submitted").await;
    assert_eq!(shown["archived"], true);
    assert_eq!(shown["votes"][0]["reason"], "no");
    let left = world.ledger.iter().map(|(key, _)| key);
    let left: Vec<&str> = left.filter(|key| key.starts_with("\0vote\0")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn votes_do_not_bind_the_orderer() {
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    let (mut world, _) = founded().await;
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    for who in [&org1, &org2] {
        world.sign(who, "add_orgx").await;
        world.ok(who, reject_proposal("add_orgx", "too late")).await;
    }
    world.take_effect("add_orgx").await;
    assert_eq!(world.status("add_orgx").await, "Submitted");
}
