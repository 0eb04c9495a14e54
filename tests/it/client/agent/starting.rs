//! What an agent does not start with, and what `agent check` says before.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::{Agent, Ended, Post};

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_key_is_refused_unless_it_is_wanted() {
    let post = Post::new().await;
    post.writes_only("org1", "");
    for command in ["run", "check"] {
        let mut admin = post.command("org1", "Admin");
        let refused = Ended::of(admin.args(["agent", command, "--json"]));
        refused.refused("ADMIN_IDENTITY", 4);
    }
    post.writes_only("org1", "allow_admin_identity = true\n");
    let mut admin = post.command("org1", "Admin");
    Ended::of(admin.args(["agent", "check", "--json"])).good();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_agent_is_refused() {
    let post = Post::new().await;
    post.writes_only("org1", "");
    let first = post.start("org1");
    post.ask("org1", &["agent", "run"]).refused("AGENT_RUNS", 1);
    let check = post.ask("org1", &["agent", "check"]);
    assert_eq!(check.good()["channels"][0]["is_at_work"], true);
    drop(first);
    let check = post.ask("org1", &["agent", "check"]);
    assert_eq!(check.good()["channels"][0]["is_at_work"], false);
    drop(post.start("org1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_it_would_do_and_does_nothing() {
    let post = Post::new().await;
    let told = post.at("org1.told");
    post.writes("org1", "[[hooks]]\nname = \"none\"\nexec = [\"none.sh\"]\n");
    post.proposes("Org1", "first", &["Org1", "Org2"]).await;
    let check = post.ask("org1", &["agent", "check", "--test-hooks"]);
    assert_eq!(check.code, 3, "a hook cannot be used: {check:?}");
    let (channel, hooks) = (&check.document["channels"][0], &check.document["hooks"]);
    assert_eq!(channel["report"]["sequence"], 0, "{channel}");
    assert_eq!(channel["report"]["ready"][0]["proposal_id"], "first");
    assert_eq!(
        (&hooks[0]["is_told"], &hooks[1]["is_told"]),
        (&true.into(), &false.into())
    );
    let problem = hooks[1]["problem"].as_str().unwrap();
    assert!(problem.contains("none.sh"), "{problem}");
    assert_eq!(post.told("org1")[0]["kind"], "test");
    assert_eq!(post.proposal("first").await["status"], "ReadyToSubmit");
    assert!(!post.state("org1", "memory").exists());
    // for people
    fs::remove_file(&told).unwrap();
    post.writes("org1", "");
    let text = post
        .command("org1", "agent")
        .args(["agent", "check"])
        .output()
        .unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    for line in [
        "Channel    mychannel  profile default",
        "Config     0  the contract has it",
        "Proposals  1 ready to submit",
        "✓ nothing is in its way",
        "✓ hook told: can be used  --test-hooks tells it a test",
        "Next: cmscc agent run",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    assert!(!told.exists(), "nobody was told");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_file_ends_it_at_once() {
    let post = Post::new().await;
    for (content, symbol) in [
        (
            "[[channels]]\nchannels = [\"a\", \"a\"]\n",
            "AGENT_FILE_INVALID",
        ),
        ("evry = \"1s\"\n", "AGENT_FILE_INVALID"),
        (
            "[[hooks]]\nname = \"x\"\nexec = [\"none.sh\"]\n",
            "HOOK_UNUSABLE",
        ),
        (
            "[[hooks]]\nname = \"x\"\nurl = \"ftp://x/\"\n",
            "AGENT_FILE_INVALID",
        ),
    ] {
        post.writes_only("org1", content);
        post.ask("org1", &["agent", "run"]).refused(symbol, 2);
    }
    // others could have written it
    let open = |mode: u32| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(post.at("org1.toml"), mode).unwrap();
    };
    post.writes_only("org1", "");
    open(0o666);
    let open_file = post.ask("org1", &["agent", "run"]);
    open_file.refused("AGENT_FILE_OF_OTHERS", 7);
    let hint = open_file.document["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("chmod go-w"), "{hint}");
    open(0o644);
    post.writes("org1", "");
    let program = fs::Permissions::from_mode(0o777);
    fs::set_permissions(post.at("tell.sh"), program).unwrap();
    post.ask("org1", &["agent", "run"])
        .refused("HOOK_UNUSABLE", 2);
    fs::remove_file(post.at("org1.toml")).unwrap();
    let missing = post.ask("org1", &["agent", "run"]);
    missing.refused("AGENT_FILE_INVALID", 2);
    let hint = missing.document["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("an empty file will do"), "{hint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn to_look_and_to_hold_take_channel_and_folder_alone() {
    let post = Post::new().await;
    post.writes("org1", "");
    let _agent = post.start("org1");
    let bare = |args: &[&str]| {
        let mut command = post.command("org1", "agent");
        for name in [
            "CORE_PEER_ADDRESS",
            "CORE_PEER_LOCALMSPID",
            "CORE_PEER_MSPCONFIGPATH",
            "CORE_PEER_TLS_ROOTCERT_FILE",
            "CMSCC_ANCHOR",
        ] {
            command.env_remove(name);
        }
        Ended::of(command.args(args).arg("--json"))
    };
    let status = bare(&["agent", "status"]);
    assert_eq!(status.good()["channels"][0]["is_at_work"], true);
    bare(&["agent", "hold", "first"]).good();
    let held = post.ask("org1", &["agent", "status"]);
    let holds = &held.good()["channels"][0]["report"]["holds"];
    assert!(holds["proposals"]["first"].is_object(), "{holds}");
    bare(&["agent", "resume", "first"]).good();
    // without a channel nobody knows which folder
    let mut command = post.command("org1", "agent");
    command
        .env_remove("CMSCC_CHANNEL")
        .args(["agent", "status", "--json"]);
    Ended::of(&mut command).refused("SETTING_MISSING", 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn renewed_files_are_taken_and_others_leave_the_old_ones() {
    let post = Post::new().await;
    post.writes("org1", "");
    let users = post.served.place.crypto.join("peerOrganizations");
    let users = users.join("org1.example.com/users");
    let msp = |user: &str| users.join(format!("{user}@org1.example.com/msp"));
    // as a mounted secret changes: all at once
    let own = post.at("own");
    let shows = |folder: &std::path::Path| {
        let fresh = post.at("own.new");
        std::os::unix::fs::symlink(folder, &fresh).unwrap();
        fs::rename(fresh, &own).unwrap();
    };
    shows(&msp("agent"));
    let mut command = post.command("org1", "agent");
    command.env("CORE_PEER_MSPCONFIGPATH", &own);
    let agent = Agent::of(command.args(["agent", "run"]));
    post.has_looked("org1", &agent);
    let identity = || {
        post.status("org1").1["identity"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = identity();

    let half = post.at("half");
    fs::create_dir(&half).unwrap();
    fs::create_dir(half.join("signcerts")).unwrap();
    let not_renewed = "files of settings or identity changed and cannot be used: the old ones stay";
    for (folder, symbol) in [(half, "CERT_NOT_FOUND"), (msp("Admin"), "ADMIN_IDENTITY")] {
        shows(&folder);
        agent.signal("HUP");
        let said = super::until(symbol, || {
            let mut said = agent.said(not_renewed).into_iter();
            said.find(|one| one["symbol"] == symbol)
        });
        assert!(said["why"].is_string(), "{said}");
        assert_eq!(identity(), first);
    }
    shows(&msp("User1"));
    agent.signal("HUP");
    super::until("the new one is used", || {
        (identity() != first).then_some(())
    });
    let said = agent.said("settings and identity were read anew");
    assert_eq!(said.len(), 1, "{}", agent.log());
    assert!(said[0]["certificate_ends"].is_string(), "{}", said[0]);
    // and with it all goes on
    post.proposes("Org1", "first", &["Org1", "Org2"]).await;
    post.becomes("first", "Submitted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_decides_nothing_about_trust() {
    let post = Post::new().await;
    post.writes_only("org1", "");
    let mut command = post.command("org1", "agent");
    command.env("CMSCC_ANCHR", post.at("anchor.block"));
    let agent = Agent::of(command.env_remove("CMSCC_ANCHOR").args(["agent", "run"]));
    super::until("a slip is named", || {
        let slip = "`CMSCC_ANCHR` is no setting; `CMSCC_ANCHOR` may be meant";
        (!agent.said(slip).is_empty()).then_some(())
    });
    let (code, report) = super::until("it says what is missing", || {
        post.try_status("org1")
            .filter(|(_, report)| !report["trouble"].is_null())
    });
    assert_eq!(
        (code, &report["trouble"]["symbol"]),
        (3, &"NOT_PINNED".into())
    );
    assert!(
        report["trouble"]["hint"]
            .as_str()
            .unwrap()
            .contains("cmscc pin"),
        "{}",
        agent.log()
    );
}
