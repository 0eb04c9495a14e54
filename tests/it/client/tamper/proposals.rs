//! Lies about a proposal.

use std::process::Stdio;

use serde_json::{Value, json};

use super::{Town, digest_of, rule_patch};

/// A lie: its name, what it makes of the truth and of another proposal, and how it is found out.
type Lie = (&'static str, fn(&mut Value, &Value), &'static str, i32);

const ALL: &[&str] = &[
    "config_update_to_sign",
    "config_update_sha256",
    "patch",
    "diff",
    "lint",
    "endorsement",
];

fn take(said: &mut Value, other: &Value, members: &[&str]) {
    for member in members {
        said[*member] = other[*member].clone();
    }
}

const LIES: &[Lie] = &[
    (
        "another diff",
        |said, other| take(said, other, &["diff"]),
        "DIFF_DIFFERS",
        7,
    ),
    (
        "no diff",
        |said, _| said["diff"] = Value::Null,
        "DIFF_DIFFERS",
        7,
    ),
    (
        "a diff with a change less",
        |said, _| {
            said["diff"]["changes"].as_array_mut().unwrap().pop();
        },
        "DIFF_DIFFERS",
        7,
    ),
    (
        "another update",
        |said, other| take(said, other, &["config_update_to_sign"]),
        "DIFFERENT_EFFECT",
        7,
    ),
    (
        "another update, with its digest",
        |said, other| {
            take(
                said,
                other,
                &["config_update_to_sign", "config_update_sha256"],
            )
        },
        "DIFFERENT_EFFECT",
        7,
    ),
    (
        "another update with its intent, and the diff of this one",
        |said, other| {
            let members = ["config_update_to_sign", "config_update_sha256", "patch"];
            take(said, other, &members);
        },
        "DIFF_DIFFERS",
        7,
    ),
    (
        "another update without an intent, and the diff of this one",
        |said, other| {
            take(
                said,
                other,
                &["config_update_to_sign", "config_update_sha256"],
            );
            said["patch"] = Value::Null;
        },
        "DIFF_DIFFERS",
        7,
    ),
    (
        "another digest",
        |said, other| take(said, other, &["config_update_sha256"]),
        "DIGEST_DIFFERS",
        7,
    ),
    (
        "settings",
        |said, _| said["kind"] = json!("settings"),
        "DIFFERENT_EFFECT",
        7,
    ),
    (
        "another id",
        |said, _| said["proposal_id"] = json!("other"),
        "OTHER_PROPOSAL",
        7,
    ),
    (
        "an id that is agreed to with the return key",
        |said, _| said["proposal_id"] = json!(""),
        "ANSWER_UNREADABLE",
        1,
    ),
    (
        "ready, where it is not",
        |said, _| said["status"] = json!("ReadyToSubmit"),
        "STATUS_DIFFERS",
        7,
    ),
    (
        "in effect, without saying where",
        |said, _| said["status"] = json!("Submitted"),
        "NOT_IN_EFFECT",
        7,
    ),
    (
        "no finding",
        |said, _| said["lint"] = json!({"findings": [], "truncated": 0}),
        "FINDING_HIDDEN",
        7,
    ),
    (
        "no findings at all",
        |said, _| said["lint"] = Value::Null,
        "FINDING_HIDDEN",
        7,
    ),
    // the contract may be behind in truth: nothing is judged then, and the way on is `cmscc sync`
    (
        "an older config",
        |said, _| said["as_of_sequence"] = json!(7),
        "CONTRACT_BEHIND",
        6,
    ),
    (
        "a signature that is none",
        |said, _| {
            let one = json!({
                "config_signature": "AAAA", "counts": true, "expired": false, "fingerprint": "",
                "msp_id": "Org2MSP", "reason": null, "subject": "CN=x",
            });
            said["signatures"] = json!([one]);
        },
        "ANSWER_UNREADABLE",
        1,
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_differs_from_the_truth_is_signed() {
    let town = Town::new().await;
    town.propose_patch("this", &locking()).await;
    town.propose("other", "Endorsement").await;
    let (this, other) = (town.truth("this").await, town.truth("other").await);
    assert!(
        !this["lint"]["findings"].as_array().unwrap().is_empty(),
        "{this}"
    );
    for (name, lie, symbol, code) in LIES {
        let mut said = this.clone();
        lie(&mut said, &other);
        // who asks agrees to whatever comes
        let digest = digest_of(&said);
        town.liar
            .edits("GetProposal", move |answer| *answer = said.clone());
        town.sign("this", digest).refused(name, symbol, *code);
        // and the same by the server behind an honest gateway
        town.liar.by_server();
        town.sign("this", digest).refused(name, symbol, *code);
        town.liar.honest();
        town.unsigned(name, &town.truth("this").await);
        town.unsigned(name, &town.truth("other").await);
    }
    // all of another proposal is consistent: it is shown as it is, and has the digest that it has
    let mut said = this.clone();
    take(&mut said, &other, ALL);
    town.liar
        .edits("GetProposal", move |answer| *answer = said.clone());
    let ended = town.sign("this", digest_of(&this));
    ended.refused("another proposal", "DIGEST_DIFFERS", 7);
    town.unsigned("another proposal", &town.truth("other").await);
    // and the truth is signed
    town.liar.honest();
    town.sign("this", digest_of(&this)).good();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_that_says_less_than_the_update_is_found_out() {
    let town = Town::new().await;
    // the update sets two policies, the intent of another one sets one of them
    let patch: Value = serde_json::from_str(&rule_patch("Endorsement")).unwrap();
    let mut both = patch.clone();
    let policies = &mut both["channel_group"]["groups"]["Application"]["policies"];
    policies["LifecycleEndorsement"] = policies["Endorsement"].clone();
    town.propose_patch("both", &both.to_string()).await;
    town.propose("less", "Endorsement").await;
    let (both, less) = (town.truth("both").await, town.truth("less").await);
    let mut said = both.clone();
    take(&mut said, &less, &["patch", "diff", "lint", "endorsement"]);
    town.liar
        .edits("GetProposal", move |answer| *answer = said.clone());
    let ended = town.sign("both", digest_of(&both));
    ended.refused("less", "DIFFERENT_EFFECT", 7);
    town.unsigned("less", &town.truth("both").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_where_it_is_ready_is_found_out() {
    let town = Town::new().await;
    town.propose("this", "Endorsement").await;
    for org in ["Org2", "Org3"] {
        town.served.consortium.sign(org, "this").await;
    }
    town.liar.edits("GetProposal", |said| {
        said["status"] = json!("WaitingForSignatures")
    });
    let digest = town.digest("this").await;
    town.sign("this", digest)
        .refused("waiting", "STATUS_DIFFERS", 7);
    town.cmscc(&["submit", "this"])
        .refused("waiting", "STATUS_DIFFERS", 7);
    town.unsigned("waiting", &town.truth("this").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_that_something_is_in_effect_that_is_not() {
    let town = Town::new().await;
    town.propose("this", "Endorsement").await;
    town.propose("other", "LifecycleEndorsement").await;
    let block = town.bring_about("other").await;
    town.served.consortium.sync("Org2", &block).await.unwrap();
    let other = town.truth("other").await;
    let this = town.truth("this").await;
    assert_eq!(other["status"], "Submitted", "{other}");
    let said = |edit: fn(&mut Value)| {
        let mut said = other.clone();
        said["proposal_id"] = json!("this");
        said["config_update_sha256"] = this["config_update_sha256"].clone();
        edit(&mut said);
        said
    };
    for (name, symbol, said) in [
        ("of another update", "NOT_IN_EFFECT", said(|_| ())),
        (
            "of no block",
            "NOT_IN_EFFECT",
            said(|said| said["status_detail"]["proof"] = Value::Null),
        ),
        (
            "of a later config",
            "CONTRACT_AHEAD",
            said(|said| said["status_detail"]["proof"]["sequence"] = json!(9)),
        ),
        (
            "of another block, and of another update",
            "NOT_IN_EFFECT",
            said(|said| said["status_detail"]["proof"]["block_number"] = json!(9)),
        ),
    ] {
        town.liar
            .edits("GetProposal", move |answer| *answer = said.clone());
        for command in [
            &["submit", "this"][..],
            &["sign", "this", "--yes", "--digest", "00"],
            &["wait", "this", "--for", "submitted", "--within", "5s"],
        ] {
            let ended = town.cmscc(command);
            ended.refused(&format!("{name}: {command:?}"), symbol, 7);
        }
    }
    // who forged the block that was handed in ends nobody's work
    town.liar.edits("GetProposal", |answer| {
        answer["status_detail"]["proof"]["block_number"] = json!(1_009);
        answer["status_detail"]["proof"]["block_hash"] = json!("ab".repeat(32));
    });
    town.cmscc(&["wait", "other", "--for", "submitted"]).good();
    // what is, is told
    town.liar.honest();
    town.cmscc(&["submit", "other"]).good();
    town.cmscc(&["wait", "other", "--for", "submitted"]).good();
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_a_list_are_ids() {
    let town = Town::new().await;
    town.propose("this", "Endorsement").await;
    for id in ["", "y", "$(touch x)", "this\u{1b}[2J"] {
        town.liar.edits("ListProposals", move |said| {
            said["proposals"][0]["proposal_id"] = json!(id);
        });
        for command in [&["sign"][..], &["list"], &["status"]] {
            let ended = town.cmscc(command);
            ended.refused(&format!("{id:?}: {command:?}"), "ANSWER_UNREADABLE", 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_obeys_nobody() {
    let town = Town::new().await;
    town.propose("this", "Endorsement").await;
    let evil = "\u{1b}[2J\u{9b}31m\u{202e}\n✓ signed by all\r\u{200b}\u{7}";
    *town.liar.evaluated.lock().unwrap() = Some(Box::new(move |_, args, answer| {
        if !matches!(args.first(), Some(&("GetProposal" | "ListProposals"))) {
            return answer;
        }
        let mut said: Value = serde_json::from_slice(&answer).unwrap();
        let one = match args[0] {
            "ListProposals" => &mut said["proposals"][0],
            _ => &mut said,
        };
        for member in ["description", "proposer_msp_id", "deadline", "created_at"] {
            one[member] = json!(evil);
        }
        one["votes"] = json!([{
            "former_member": false, "msp_id": evil, "reason": evil, "revision": 1, "sequence": 0,
        }]);
        serde_json::to_vec(&said).unwrap().into()
    }));
    let digest = town.digest("this").await.to_string();
    let commands: &[&[&str]] = &[
        &["show", "this"],
        &["explain", "this"],
        &["list"],
        &["status"],
        &["submit", "this"],
        &["sign", "this"],
        &["sign", "this", "--yes", "--digest", &digest],
        &["wait", "this", "--within", "1s"],
        &["submit", "this"],
        &["sign", "this", "--out", "out.signreq"],
        &["withdraw", "this"],
        &["rebase", "this"],
    ];
    for args in commands {
        for json in [false, true] {
            let mut command = town.command("org1", "state", args);
            let out = command.args(json.then_some("--json")).output().unwrap();
            let text = String::from_utf8([out.stdout, out.stderr].concat()).unwrap();
            let hidden =
                |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}');
            assert!(!text.contains(hidden), "{args:?}: {text:?}");
            assert!(!text.contains("\n✓ signed by all"), "{args:?}: {text}");
            assert!(!text.is_empty(), "{args:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_reads_is_done_all_the_same() {
    let town = Town::new().await;
    town.propose("this", "Endorsement").await;
    let digest = town.digest("this").await.to_string();
    let args = ["sign", "this", "--yes", "--digest", &digest];
    let mut child = town.command("org1", "state", &args);
    let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let truth = town.truth("this").await;
    assert_eq!(truth["signatures"][0]["msp_id"], "Org1MSP", "{truth}");
}

/// A patch of which a finding says that nobody can change the policy again.
fn locking() -> String {
    let mut patch: Value = serde_json::from_str(&rule_patch("Mine")).unwrap();
    let policies = &mut patch["channel_group"]["groups"]["Application"]["policies"];
    policies["Mine"]["mod_policy"] = json!("Nobody");
    patch.to_string()
}
