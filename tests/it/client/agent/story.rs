//! Two organisations' agents, from a proposal to its effect.

use std::{collections::BTreeMap, fs, process::Stdio};

use serde_json::Value;

use super::{Ended, Post, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_needs_its_signatures_and_nothing_else() {
    let post = Post::new().await;
    post.writes("org1", "");
    post.writes("org2", "");
    let agents = [post.start("org1"), post.start("org2")];
    post.proposes("Org1", "first", &[]).await;
    post.hears("org1", "awaits-you");
    post.served.consortium.sign("Org1", "first").await;
    let awaits = post.hears("org2", "awaits-you");
    assert_eq!(awaits["next"], "cmscc sign first");
    assert_eq!(awaits["proposal"]["proposer_msp_id"], "Org1MSP");
    let (_, report) = post.status("org2");
    assert_eq!(report["awaiting"], 1, "{report}");

    post.served.consortium.sign("Org2", "first").await;
    let done = post.becomes("first", "Submitted").await;
    assert_eq!(done["status_detail"]["proof"]["sequence"], 1, "{done}");
    for org in ["org1", "org2"] {
        post.hears(org, "in-effect");
        // each change once, whatever woke the rounds
        let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
        for one in post.told(org) {
            *kinds
                .entry(one["kind"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
        for kind in [
            "proposed",
            "awaits-you",
            "ready-to-submit",
            "config-changed",
            "in-effect",
        ] {
            assert_eq!(
                kinds.remove(kind),
                Some(1),
                "{org}: {kind} in {:?}",
                post.told(org)
            );
        }
        assert!(kinds.is_empty(), "{org}: {kinds:?}");
    }
    // its proposer submitted it, once, and one of the two recorded it
    let journal = [("first", "sending"), ("first", "done")];
    let journal = journal.map(|(id, state)| (id.to_owned(), state.to_owned()));
    assert_eq!(post.journal("org1"), journal);
    assert_eq!(post.journal("org2"), []);
    let lines = agents
        .iter()
        .flat_map(|agent| agent.said("the contract has the channel's config"));
    let wrote: Vec<_> = lines
        .filter(|line| line.to_string().contains("\"block\":"))
        .collect();
    assert_eq!(wrote.len(), 1, "{wrote:?}");
    until("nothing is in the way", || {
        (post.status("org1").0 == 0 && post.status("org2").0 == 0).then_some(())
    });
    for agent in agents {
        let mut agent = agent;
        assert_eq!(agent.terminate(), Some(0), "{}", agent.log());
    }
    assert_eq!(post.status("org1").0, 3, "it does not run any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_it_is_away_is_done_and_told_when_it_is_back() {
    let post = Post::new().await;
    post.writes("org1", "");
    drop(post.start("org1"));
    post.proposes("Org2", "unseen", &["Org1", "Org2"]).await;
    let block = post.served.consortium.submit("Org2", "unseen").await;
    let synced = post.served.consortium.sync("Org2", &block).await;
    synced.unwrap();
    post.proposes("Org2", "theirs", &["Org2"]).await;
    post.proposes("Org1", "ours", &["Org1", "Org2"]).await;
    let agent = post.start("org1");
    post.becomes("ours", "Submitted").await;
    let theirs = |kind: &'static str| {
        let post = &post;
        until(kind, move || {
            let mut told = post.told("org1").into_iter();
            told.find(|one| one["kind"] == kind && one["proposal"]["proposal_id"] == "theirs")
        })
    };
    theirs("proposed");
    theirs("awaits-you");
    // also what came and went meanwhile
    let unseen = post.hears("org1", "in-effect");
    assert_eq!(unseen["proposal"]["proposal_id"], "unseen", "{unseen}");
    assert_eq!(unseen["proposal"]["proposer_msp_id"], "Org2MSP");
    let stale = theirs("out-of-date");
    assert_eq!(stale["next"], "cmscc show theirs", "only its proposer can");
    until("ours is told to be in effect", || {
        let mut told = post.told("org1").into_iter();
        told.find(|one| one["kind"] == "in-effect" && one["proposal"]["proposal_id"] == "ours")
    });
    drop(agent);
    // nothing is another change now
    let before = post.told("org1");
    let agent = post.start("org1");
    until("nobody waits to be told", || {
        let (_, report) = post.try_status("org1")?;
        (report["hooks"]["told"]["waiting"] == 0).then_some(())
    });
    assert_eq!(post.told("org1"), before, "{}", agent.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_left_alone_until_it_is_not() {
    let post = Post::new().await;
    post.writes("org1", "");
    let agent = post.start("org1");
    let held = post.ask(
        "org1",
        &["agent", "hold", "first", "--reason", "not before Monday"],
    );
    assert_eq!(held.good()["is_held"], true);
    post.proposes("Org1", "first", &["Org1", "Org2"]).await;
    post.hears("org1", "ready-to-submit");
    let report = until("it says that it is held", || {
        let (_, report) = post.status("org1");
        (report["ready"][0]["waits"] == "held").then_some(report)
    });
    assert_eq!(
        report["holds"]["proposals"]["first"]["reason"],
        "not before Monday"
    );
    // other proposals go on, and the whole channel can be held
    post.proposes("Org1", "second", &["Org1", "Org2"]).await;
    post.becomes("second", "Submitted").await;
    assert_eq!(post.journal("org1").len(), 2);
    post.ask("org1", &["agent", "hold"]).good();
    post.served
        .consortium
        .invoke("Org1", &["UpdateProposals", "6"])
        .await
        .unwrap();
    for org in ["Org1", "Org2"] {
        post.served.consortium.sign(org, "first").await;
    }
    post.ask("org1", &["agent", "resume", "first"]).good();
    let text = Ended::of(
        post.command("org1", "agent")
            .args(["agent", "status"])
            .stdout(Stdio::piped()),
    );
    assert_eq!(text.code, 0, "{text:?}");
    until("the whole channel is held", || {
        let (_, report) = post.status("org1");
        (report["ready"][0]["waits"] == "held").then_some(())
    });
    post.ask("org1", &["agent", "resume"]).good();
    let again = post.ask("org1", &["agent", "resume"]);
    assert_eq!(
        (again.code, &again.document["done"]),
        (0, &"NOT_HELD".into())
    );
    // no event tells of a resume: it is asked to look
    agent.signal("HUP");
    post.becomes("first", "Submitted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signature_files_are_handed_in() {
    let post = Post::new().await;
    let carry = post.at("carry");
    fs::create_dir(&carry).unwrap();
    post.writes_only("org1", "[[channels]]\ngrace = \"0\"\ncarry = \"carry\"\n");
    let agent = post.start("org1");
    post.proposes("Org1", "first", &["Org1"]).await;
    let admin = |args: &[&str]| {
        let ended = Ended::of(post.command("org2", "Admin").args(args).arg("--json"));
        ended.good().clone()
    };
    let digest = post.proposal("first").await["config_update_sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    admin(&["sign", "first", "--out", "first.signreq"]);
    admin(&[
        "sign",
        "--in",
        "first.signreq",
        "--out",
        "first.sig",
        "--yes",
        "--digest",
        &digest,
    ]);
    fs::write(carry.join("broken.sig"), "nothing").unwrap();
    let long = format!("{}.sig", "0".repeat(251));
    fs::write(carry.join(&long), "nothing").unwrap();
    fs::copy(post.at("first.sig"), carry.join("first.sig")).unwrap();
    std::os::unix::fs::symlink(post.at("first.sig"), carry.join("link.sig")).unwrap();
    agent.signal("HUP");
    post.becomes("first", "Submitted").await;
    until("all are put away", || {
        let is_there = |name: &str| carry.join(name).symlink_metadata().is_ok();
        let names = ["done/first.sig", "refused/broken.sig", "refused/link.sig"];
        names.iter().all(|name| is_there(name)).then_some(())
    });
    let why = fs::read_to_string(carry.join("refused/link.sig.why")).unwrap();
    assert!(why.contains("it is a link"), "{why}");
    let carried: Vec<Value> = agent.said("a signature file was handed in");
    assert_eq!(carried.len(), 1, "{}", agent.log());
    assert!(carry.join("refused").join(&long).exists());
    // no proposal is open with it now; one may be
    fs::copy(post.at("first.sig"), carry.join("again.sig")).unwrap();
    agent.signal("HUP");
    let stays = || agent.said("a signature file stays where it is, and is tried again");
    until("it stays", || {
        let said = stays().into_iter().find(|one| one["file"] == "again.sig")?;
        said["why"]
            .as_str()?
            .contains("[UNKNOWN_UPDATE]")
            .then_some(())
    });
    // a folder that leads elsewhere ends it, and nothing is put there
    let elsewhere = post.at("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(carry.join("refused"), carry.join("away")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, carry.join("refused")).unwrap();
    fs::write(carry.join("late.sig"), "nothing").unwrap();
    agent.signal("HUP");
    until("it says so", || {
        let (_, report) = post.try_status("org1")?;
        (report["trouble"]["symbol"] == "CARRY_OF_OTHERS").then_some(())
    });
    assert!(carry.join("late.sig").exists() && carry.join("again.sig").exists());
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    assert_eq!(stays().len(), 1, "said once: {}", agent.log());
}
