//! Programs that are told.

use std::{fs, path::Path};

use super::{Post, program, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_hangs_holds_up_nothing_and_is_ended_with_its_children() {
    let post = Post::new().await;
    let pids = post.at("pids");
    program(
        &post.at("hang.sh"),
        "#!/bin/sh\nsleep 1000 &\necho $! >> pids\necho $$ >> pids\nsleep 1000\n",
    );
    post.writes(
        "org1",
        "[[hooks]]\nname = \"hangs\"\nexec = [\"hang.sh\"]\ntimeout = \"1s\"\n",
    );
    let agent = post.start("org1");
    post.proposes("Org1", "first", &["Org1", "Org2"]).await;
    // the rounds go on, and the other hook is told
    post.becomes("first", "Submitted").await;
    post.hears("org1", "in-effect");
    let failed = until("it is given up", || {
        agent.said("a hook was not told; it is tried again").pop()
    });
    assert!(
        failed.to_string().contains("it took longer than 1 seconds"),
        "{failed}"
    );
    let (_, report) = until("it is tried again, and status says so", || {
        let status = post.try_status("org1")?;
        let is_told = status.1["hooks"]["told"]["waiting"] == 0;
        (is_told && status.1["hooks"]["hangs"]["failures"].as_u64()? > 0).then_some(status)
    });
    assert!(
        report["hooks"]["hangs"]["waiting"].as_u64().unwrap() > 0,
        "{report}"
    );
    drop(agent);
    // of those that were given up nobody is left
    let tried = fs::read_to_string(&pids).unwrap();
    let first: Vec<&str> = tried.lines().take(2).collect();
    assert_eq!(first.len(), 2);
    until("they are gone", || {
        let is_gone = |pid: &&str| !is_alive(pid);
        first.iter().all(is_gone).then_some(())
    });
}

/// Whether a process is there that is not only waited for.
fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_members_write_harms_no_program() {
    let post = Post::new().await;
    // as careless as a program of the shell can be, but for quotes
    program(
        &post.at("careless.sh"),
        "#!/bin/sh\nprintf '%s\\n' \"$CMSCC_EVENT $CMSCC_PROPOSAL $CMSCC_TEXT\" >> seen\nenv > environment\n",
    );
    post.writes(
        "org1",
        "[[hooks]]\nname = \"careless\"\nexec = [\"careless.sh\", \"$(touch hit)\"]\n",
    );
    let agent = post.start("org1");
    let hostile = "x\u{1b}[2J\u{1b}]0;t\u{7}\r\n$(touch hit)`touch hit`'; touch hit #\u{202e}\u{2028}\u{feff}<!channel>";
    let args = [
        "ProposeConfigUpdate",
        "first",
        &super::policy("Some"),
        hostile,
    ];
    post.served.consortium.invoke("Org2", &args).await.unwrap();
    let told = post.hears("org1", "proposed");
    let hidden = |c: char| c.is_control() || "\u{202e}\u{2028}\u{feff}".contains(c);
    let line = fs::read_to_string(post.at("org1.told")).unwrap();
    assert!(
        !line.trim_end().contains(|c: char| c != '\n' && hidden(c)),
        "{line:?}"
    );
    let text = told["proposal"]["description"].as_str().unwrap();
    assert!(
        text.contains("$(touch hit)") && text.contains("\\u{1b}"),
        "{text:?}"
    );
    assert!(!text.contains(hidden), "{text:?}");
    let seen = until("the other one was told, too", || {
        let seen = fs::read_to_string(post.at("seen")).ok()?;
        (seen.lines().count() >= 2).then_some(seen)
    });
    assert!(!seen.contains(|c: char| c != '\n' && hidden(c)), "{seen:?}");
    assert!(
        seen.lines().all(|line| line.contains(" first ")),
        "each is a line: {seen:?}"
    );
    assert!(!post.at("hit").exists(), "nobody ran it");
    // nothing of the agent's own settings reaches a program
    let environment = fs::read_to_string(post.at("environment")).unwrap();
    assert!(
        !environment.contains("CORE_PEER") && !environment.contains("CMSCC_STATE_DIR"),
        "{environment}"
    );
    let log = agent.log();
    assert!(!log.contains(|c: char| c != '\n' && hidden(c)), "{log:?}");
}
