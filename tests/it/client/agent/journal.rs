//! What is sent again after a crash, and what is not; a full disk.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use super::{Agent, Post, unstoppable, until, webhook::Receiver};

/// As the agent leaves it when it ends between the journal and the orderer.
fn interrupted(post: &Post, org: &str, proposal: &Value, digest: &Value) {
    let line = json!({
        "at": "2026-11-30T00:00:00Z",
        "config_update_sha256": digest,
        "proposal_id": proposal["proposal_id"],
        "revision": proposal["revision"],
        "state": "sending",
        "why": null,
    });
    let file = post.state(org, "journal");
    fs::write(&file, format!("{line}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// An agent that would not submit by itself for hours.
fn patient(post: &Post) {
    post.writes_only("org1", "[[channels]]\ngrace = \"2h\"\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_being_sent_is_sent_again_with_the_same_bytes() {
    let post = Post::new().await;
    patient(&post);
    drop(post.start("org1"));
    post.proposes("Org1", "first", &["Org1", "Org2"]).await;
    post.proposes("Org1", "other", &["Org1", "Org2"]).await;
    let proposal = post.proposal("first").await;
    let digest = proposal["config_update_sha256"].clone();
    interrupted(&post, "org1", &proposal, &digest);
    let _agent = post.start("org1");
    let done = post.becomes("first", "Submitted").await;
    // what took effect are the bytes of the journal
    let chain = post
        .served
        .consortium
        .query("Org1", &["GetConfigChain"])
        .await
        .unwrap();
    assert_eq!(chain["chain"][1]["config_update_sha256"], digest, "{done}");
    until("the journal says so", || {
        let journal = post.journal("org1");
        let (id, state) = journal.last()?;
        (id == "first" && state == "done").then_some(())
    });
    // and its grace holds for the other one
    assert_eq!(post.proposal("other").await["status"], "Outofdate");
    let sequences = chain["chain"].as_array().unwrap().len();
    assert_eq!(sequences, 2, "{chain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_are_never_sent_in_the_place_of_those_of_the_journal() {
    let post = Post::new().await;
    patient(&post);
    drop(post.start("org1"));
    post.proposes("Org1", "first", &["Org1", "Org2"]).await;
    let proposal = post.proposal("first").await;
    interrupted(&post, "org1", &proposal, &json!("ab".repeat(32)));
    let agent = post.start("org1");
    until("it gives those bytes up", || {
        let journal = post.journal("org1");
        (journal.last()?.1 == "gone").then_some(())
    });
    // and looks again, without sending anything
    agent.signal("HUP");
    until("it waits for objections", || {
        let (_, report) = post.status("org1");
        let waits = report["ready"][0]["waits"].as_str()?.to_owned();
        waits.starts_with("others can object until").then_some(())
    });
    assert_eq!(post.proposal("first").await["status"], "ReadyToSubmit");
    assert_eq!(agent.said("submitting").len(), 0, "{}", agent.log());
    assert_eq!(post.journal("org1").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_took_effect_unseen_is_not_sent_again() {
    let post = Post::new().await;
    patient(&post);
    drop(post.start("org1"));
    post.proposes("Org1", "first", &["Org1", "Org2"]).await;
    let proposal = post.proposal("first").await;
    interrupted(&post, "org1", &proposal, &proposal["config_update_sha256"]);
    post.served.consortium.submit("Org1", "first").await;
    let agent = post.start("org1");
    post.becomes("first", "Submitted").await;
    until("the journal says so", || {
        let journal = post.journal("org1");
        (journal.last()?.1 == "done").then_some(())
    });
    assert_eq!(agent.said("submitting").len(), 0, "{}", agent.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_journal_sends_nothing_and_a_foreign_one_stops_the_agent() {
    let post = Post::new().await;
    patient(&post);
    drop(post.start("org1"));
    post.proposes("Org1", "first", &["Org1", "Org2"]).await;
    let proposal = post.proposal("first").await;
    interrupted(&post, "org1", &proposal, &proposal["config_update_sha256"]);
    let file = post.state("org1", "journal");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    drop(post.start("org1"));
    assert_eq!(post.proposal("first").await["status"], "ReadyToSubmit");
    for (content, mode, symbol, code) in [
        (&b"{}\n"[..], 0o600, "STATE_UNREADABLE", 1),
        (&whole, 0o666, "STATE_OF_OTHERS", 7),
    ] {
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        post.ask("org1", &["agent", "run"]).refused(symbol, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_remembered_is_put_aside_and_told() {
    let post = Post::new().await;
    post.writes("org1", "");
    drop(post.start("org1"));
    let file = post.state("org1", "memory");
    let own = fs::read_to_string(&file).unwrap();
    let other = own.replace("\"channel\":\"mychannel\"", "\"channel\":\"other\"");
    assert_ne!(own, other);
    let aside = post.state("org1", "memory.unreadable");
    let too_large = "x".repeat((64 << 20) + 1);
    for (content, why) in [
        (other.as_str(), "it is of channel `other`"),
        ("{\"form\":", "EOF while parsing"),
        (&too_large, "has more than 67108864 bytes"),
    ] {
        // of one second they have equal ids
        let _ = fs::remove_file(post.at("org1.told"));
        fs::write(&file, content).unwrap();
        let agent = post.start("org1");
        // an agent that does not start tells nobody anything
        let notices = until("it is told, and that the agent works", || {
            let notices = post.told("org1");
            (notices.len() >= 2).then_some(notices)
        });
        assert_eq!(notices[0]["kind"], "degraded", "{notices:?}");
        let text = notices[0]["text"].as_str().unwrap();
        assert!(
            text.contains(why) && text.contains("[STATE_UNREADABLE]"),
            "{text}"
        );
        let next = notices[0]["next"].as_str().unwrap();
        assert!(next.contains(".agent-memory.unreadable"), "{next}");
        assert_eq!(notices[1]["kind"], "recovered", "{notices:?}");
        assert_eq!(fs::read_to_string(&aside).unwrap(), content);
        let said = "what the agent remembered cannot be used and was put aside: it begins anew";
        assert_eq!(agent.said(said).len(), 1, "{}", agent.log());
        drop(agent);
        // what others may write is another matter
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        post.ask("org1", &["agent", "run"])
            .refused("STATE_OF_OTHERS", 7);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_nothing_is_sent_and_people_are_told() {
    let post = Post::new().await;
    let receiver = Receiver::new();
    post.writes_only(
        "org1",
        &format!(
            "degraded_after = \"1s\"\n[[channels]]\ngrace = \"0\"\n[[hooks]]\nname = \"web\"\nurl = \"{}\"\n",
            receiver.url("/")
        ),
    );
    let mut own = post.command("org1", "agent");
    let mut command = unstoppable(own.args(["agent", "run"]));
    let agent = Agent::of(&mut command);
    post.has_looked("org1", &agent);
    agent.may_write("0");
    post.proposes("Org1", "first", &["Org1", "Org2"]).await;
    let told = receiver.hears("degraded");
    assert!(
        told["text"].as_str().unwrap().contains("STATE_UNWRITABLE"),
        "{told}"
    );
    assert_eq!(post.proposal("first").await["status"], "ReadyToSubmit");
    assert_eq!(post.journal("org1"), []);
    assert_eq!(agent.said("submitting").len(), 0, "{}", agent.log());
    agent.may_write("unlimited");
    agent.signal("HUP");
    post.becomes("first", "Submitted").await;
    receiver.hears("recovered");
}
