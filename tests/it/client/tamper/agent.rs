//! The agent before a contract that shows another chain: it holds the channel, tells, and sends nothing until a
//! person has looked. What a slow answer must not outrun: somebody's hold. And a peer that lists what nobody
//! asked for.

use std::{fs, process::Command};

use serde_json::{Value, json};

use super::{Town, rule_patch};
use crate::client::agent::{Agent, Ended, TELL, distinct, program, unstoppable, until};

/// What somebody runs on the machine of Org1's agent.
struct AgentDesk<'a>(&'a Town);

impl AgentDesk<'_> {
    /// With a file that has the agent submit at once, and tell a program.
    fn new(town: &Town) -> AgentDesk<'_> {
        AgentDesk::with(town, "")
    }

    /// The same behind these lines.
    fn with<'a>(town: &'a Town, lines: &str) -> AgentDesk<'a> {
        program(&town.file("tell.sh"), TELL);
        let told = town.file("told");
        let hook = format!("[[hooks]]\nname = \"told\"\nexec = [\"tell.sh\", {told:?}]\n");
        fs::write(
            town.file("agent.toml"),
            format!("{lines}[[channels]]\ngrace = \"0\"\n{hook}"),
        )
        .unwrap();
        AgentDesk(town)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.0.command("org1", "agent-state", args);
        let msp = "peerOrganizations/org1.example.com/users/agent@org1.example.com/msp";
        command
            .env("CMSCC_AGENT_CONFIG", self.0.file("agent.toml"))
            .env("CMSCC_LOG_FORMAT", "json")
            .env(
                "CORE_PEER_MSPCONFIGPATH",
                self.0.served.place.crypto.join(msp),
            );
        command
    }

    fn ask(&self, args: &[&str]) -> Ended {
        Ended::of(self.command(args).arg("--json"))
    }

    fn status(&self) -> (i32, Value) {
        let ended = self.ask(&["agent", "status"]);
        let report = ended.document["channels"][0]["report"].clone();
        (ended.code, report)
    }

    /// A proposal of one's own organisation, `this`, that needs nothing more.
    async fn finishes_one(&self) {
        let c = &self.0.served.consortium;
        let patch = rule_patch("Endorsement");
        let args = ["ProposeConfigUpdate", "this", &patch, "a change"];
        c.invoke("Org1", &args).await.unwrap();
        for org in ["Org1", "Org2"] {
            c.sign(org, "this").await;
        }
    }

    /// Waits for its first round.
    fn has_looked(&self) {
        until("it has looked", || (self.status().0 == 0).then_some(()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_chains_end_all_acting_until_a_person_has_looked() {
    let town = Town::new().await;
    let desk = AgentDesk::new(&town);
    let (status, ask) = (|| desk.status(), |args: &[&str]| desk.ask(args));
    let told = town.file("told");
    let agent = Agent::of(&mut desk.command(&["agent", "run"]));
    desk.has_looked();

    town.liar.edits("GetConfigChain", |said| {
        said["chain"][0]["config_sha256"] = json!("ab".repeat(32));
    });
    desk.finishes_one().await;
    let report = until("it holds the channel", || {
        let (code, report) = status();
        (code == 7 && report["trouble"]["symbol"] == "FORK").then_some(report)
    });
    assert_eq!(report["holds"]["channel"]["by_agent"], true, "{report}");
    until("people are told", || {
        distinct(&told)
            .into_iter()
            .find(|one| one["kind"] == "fork")
    });

    // the truth alone does not make it go on
    town.liar.honest();
    agent.signal("HUP");
    until("it sees that they agree again", || {
        status().1["trouble"].is_null().then_some(())
    });
    assert_eq!(status().0, 7, "still held");
    agent.signal("HUP");
    until("it waits for a person", || {
        let report = status().1;
        (report["ready"][0]["waits"] == "held").then_some(())
    });
    assert_eq!(town.truth("this").await["status"], "ReadyToSubmit");
    assert_eq!(agent.said("submitting").len(), 0, "{}", agent.log());

    // one who resumes too early is not believed, and is told so
    let told_of_forks = || {
        let notices = agent.said("notice").into_iter();
        notices.filter(|one| one["kind"] == "fork").count()
    };
    town.liar
        .edits("GetConfigChain", |said| said["chain"] = json!([]));
    agent.signal("HUP");
    until("it sees another chain once more", || {
        (status().1["trouble"]["symbol"] == "FORK").then_some(())
    });
    let before = told_of_forks();
    assert_eq!(ask(&["agent", "resume"]).code, 0);
    agent.signal("HUP");
    until("it holds the channel again", || {
        (told_of_forks() > before).then_some(())
    });
    assert_eq!(status().0, 7);
    town.liar.honest();
    assert_eq!(ask(&["agent", "resume"]).code, 0);
    agent.signal("HUP");
    until("it goes on", || {
        (!agent.said("in effect").is_empty()).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_of_its_own_outlasts_a_full_disk() {
    let town = Town::new().await;
    let desk = AgentDesk::new(&town);
    let mut command = unstoppable(&desk.command(&["agent", "run"]));
    let agent = Agent::of(&mut command);
    desk.has_looked();
    agent.may_write("0");
    town.liar.edits("GetConfigChain", |said| {
        said["chain"][0]["config_sha256"] = json!("ab".repeat(32));
    });
    agent.signal("HUP");
    let held = "nothing more is sent on this channel: `cmscc agent resume` ends that";
    until("it sees another chain", || agent.said(held).pop());
    // both are put right at once
    town.liar.honest();
    agent.may_write("unlimited");
    desk.finishes_one().await;
    agent.signal("HUP");
    let report = until("it waits for a person all the same", || {
        let (code, report) = desk.status();
        (code == 7 && report["ready"][0]["waits"] == "held").then_some(report)
    });
    assert_eq!(report["holds"]["channel"]["by_agent"], true, "{report}");
    assert_eq!(agent.said(held).len(), 1, "one fork: {}", agent.log());
    assert_eq!(agent.said("submitting").len(), 0, "{}", agent.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_while_it_examines_is_not_sent() {
    let town = Town::new().await;
    let desk = AgentDesk::new(&town);
    let agent = Agent::of(&mut desk.command(&["agent", "run"]));
    desk.has_looked();
    // somebody holds it just when its peer answers what it examines
    let hold = std::sync::Mutex::new(desk.command(&["agent", "hold", "this", "--json"]));
    town.liar.edits("GetProposal", move |_| {
        let held = Ended::of(&mut hold.lock().unwrap());
        assert_eq!(held.code, 0, "{held:?}");
    });
    desk.finishes_one().await;
    until("it is held", || {
        let (_, report) = desk.status();
        (report["ready"][0]["waits"] == "held").then_some(())
    });
    assert_eq!(town.truth("this").await["status"], "ReadyToSubmit");
    assert_eq!(agent.said("submitting").len(), 0, "{}", agent.log());
    town.liar.honest();
    assert_eq!(desk.ask(&["agent", "resume", "this"]).code, 0);
    agent.signal("HUP");
    until("it goes on", || {
        (!agent.said("in effect").is_empty()).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_does_not_end_is_given_up_and_told() {
    let town = Town::new().await;
    let desk = AgentDesk::with(&town, "degraded_after = \"1s\"\n");
    let agent = Agent::of(&mut desk.command(&["agent", "run"]));
    desk.has_looked();
    // the peer says nothing to this, until it is let go
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    town.liar.edits("ListProposals", move |_| {
        let _ = released.lock().unwrap().recv();
    });
    agent.signal("HUP");
    let told = town.file("told");
    until("people are told", || {
        let mut told = distinct(&told).into_iter();
        told.find(|one| {
            one["kind"] == "degraded" && one["text"].to_string().contains("ROUND_TOO_LONG")
        })
    });
    drop(release);
    town.liar.honest();
    until("all is well again", || (desk.status().0 == 0).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_lists_beyond_what_was_asked_for_is_not_remembered() {
    let town = Town::new().await;
    let desk = AgentDesk::new(&town);
    let c = &town.served.consortium;
    let args = [
        "ProposeConfigUpdate",
        "mine",
        &rule_patch("Other"),
        "a change",
    ];
    c.invoke("Org1", &args).await.unwrap();
    town.propose("this", "Endorsement").await;
    let agent = Agent::of(&mut desk.command(&["agent", "run"]));
    until("it knows both", || {
        (desk.status().1["proposals"]["WaitingForSignatures"] == 2).then_some(())
    });
    let lists = |count: usize, proposer: &'static str| {
        town.liar.edits("ListProposals", move |said| {
            let Some(one) = said["proposals"].get(0).cloned() else {
                return;
            };
            let many = (0..count).map(|n| {
                let mut one = one.clone();
                one["proposal_id"] = json!(format!("prop{n}"));
                one["proposer_msp_id"] = json!(proposer);
                one
            });
            said["proposals"] = many.collect();
        });
    };
    for (count, proposer, why) in [
        (3_000, "Org1MSP", "lists 3000"),
        (3, "Org3MSP", "another proposer"),
    ] {
        lists(count, proposer);
        agent.signal("HUP");
        let report = until("it says what is wrong", || {
            let report = desk.status().1;
            let text = report["trouble"]["text"].as_str()?;
            text.contains(why).then_some(report)
        });
        assert_eq!(report["trouble"]["symbol"], "ANSWER_UNREADABLE", "{report}");
        let remembered = &report["proposals"]["WaitingForSignatures"];
        assert_eq!(*remembered, 2, "{report}");
    }
    town.liar.honest();
    agent.signal("HUP");
    until("it is well again", || (desk.status().0 == 0).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_lists_nothing_hides_no_proposal_from_a_signature() {
    let town = Town::new().await;
    let c = &town.served.consortium;
    let args = [
        "ProposeConfigUpdate",
        "aaa",
        &rule_patch("Other"),
        "first of the list",
    ];
    c.invoke("Org1", &args).await.unwrap();
    town.propose("this", "Endorsement").await;
    let first = c
        .query("Org2", &["ListProposals", r#"{"page_size":1}"#])
        .await
        .unwrap();
    let bookmark = first["bookmark"].as_str().unwrap().to_owned();
    assert_eq!(first["proposals"][0]["proposal_id"], "aaa", "{first}");
    let digest = town.truth("this").await["config_update_sha256"].clone();
    let digest = digest.as_str().unwrap();
    let as_org2 = |args: &[&str]| town.cmscc_as("org2", "state2", args).good();
    as_org2(&["sign", "this", "--out", "this.signreq"]);
    let out = ["--out", "this.sig", "--yes", "--digest", digest];
    as_org2(&[&["sign", "--in", "this.signreq"][..], &out[..]].concat());
    // as where very many of others lie before it
    town.liar.about("ListProposals", move |args, answer| {
        let options: Value = serde_json::from_str(args[1]).unwrap();
        let is_first = options["bookmark"].as_str().unwrap_or_default().is_empty();
        if options["config_update_sha256"].is_null() || !is_first {
            return answer;
        }
        let mut said: Value = serde_json::from_slice(&answer).unwrap();
        (said["proposals"], said["bookmark"]) = (json!([]), json!(bookmark));
        serde_json::to_vec(&said).unwrap().into()
    });
    town.cmscc(&["sign", "--in", "this.sig"]).good();
    assert_eq!(
        town.truth("this").await["signatures"][0]["msp_id"],
        "Org2MSP"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_contract_says_of_one_proposal_stops_no_other() {
    let town = Town::new().await;
    let desk = AgentDesk::new(&town);
    town.propose("this", "Endorsement").await;
    town.propose("other", "LifecycleEndorsement").await;
    let agent = Agent::of(&mut desk.command(&["agent", "run"]));
    desk.has_looked();
    let block = town.bring_about("other").await;
    town.served.consortium.sync("Org2", &block).await.unwrap();
    let proof = town.truth("other").await["status_detail"].clone();
    // the config came of another proposal
    *town.liar.evaluated.lock().unwrap() = Some(Box::new(move |_, args, answer| {
        let edit: &dyn Fn(&mut Value) = match args {
            ["ListProposals", ..] => &|said| {
                let listed = said["proposals"].as_array_mut().unwrap();
                listed.retain(|one| one["proposal_id"] != "this");
            },
            ["GetProposal", "this", ..] => &|said| {
                said["status"] = json!("Submitted");
                said["status_detail"] = proof.clone();
            },
            _ => return answer,
        };
        let mut said = serde_json::from_slice(&answer).unwrap();
        edit(&mut said);
        serde_json::to_vec(&said).unwrap().into()
    }));
    agent.signal("HUP");
    let told = town.file("told");
    let notice = until("people are told", || {
        let mut told = distinct(&told).into_iter();
        told.find(|one| one["kind"] == "ended")
    });
    let text = notice["text"].as_str().unwrap();
    assert!(text.contains("not as the contract says"), "{notice}");
    until("it goes on", || {
        let (code, report) = desk.status();
        (code == 0 && report["sequence"] == 1).then_some(())
    });
}
