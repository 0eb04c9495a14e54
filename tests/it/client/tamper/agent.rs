//! The agent before a contract that shows another chain: it holds the channel, tells, and sends nothing until a
//! person has looked.

use std::fs;

use serde_json::json;

use super::{Town, rule_patch};
use crate::client::agent::{Agent, Ended, TELL, distinct, program, until};

#[tokio::test(flavor = "multi_thread")]
async fn two_chains_end_all_acting_until_a_person_has_looked() {
    let town = Town::new().await;
    let told = town.file("told");
    program(&town.file("tell.sh"), TELL);
    let hook = format!("[[hooks]]\nname = \"told\"\nexec = [\"tell.sh\", {told:?}]\n");
    fs::write(
        town.file("agent.toml"),
        format!("[[channels]]\ngrace = \"0\"\n{hook}"),
    )
    .unwrap();
    let command = |args: &[&str]| {
        let mut command = town.command("org1", "agent-state", args);
        let msp = "peerOrganizations/org1.example.com/users/agent@org1.example.com/msp";
        command
            .env("CMSCC_AGENT_CONFIG", town.file("agent.toml"))
            .env("CMSCC_LOG_FORMAT", "json")
            .env(
                "CORE_PEER_MSPCONFIGPATH",
                town.served.place.crypto.join(msp),
            );
        command
    };
    let ask = |args: &[&str]| Ended::of(command(args).arg("--json"));
    let status = || {
        let ended = ask(&["agent", "status"]);
        let report = ended.document["channels"][0]["report"].clone();
        (ended.code, report)
    };
    let agent = Agent::of(&mut command(&["agent", "run"]));
    until("it has looked", || (status().0 == 0).then_some(()));

    town.liar.edits("GetConfigChain", |said| {
        said["chain"][0]["config_sha256"] = json!("ab".repeat(32));
    });
    let c = &town.served.consortium;
    let args = [
        "ProposeConfigUpdate",
        "this",
        &rule_patch("Endorsement"),
        "a change",
    ];
    c.invoke("Org1", &args).await.unwrap();
    for org in ["Org1", "Org2"] {
        c.sign(org, "this").await;
    }
    let report = until("it holds the channel", || {
        let (code, report) = status();
        (code == 7).then_some(report)
    });
    assert_eq!(report["trouble"]["symbol"], "FORK", "{report}");
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
