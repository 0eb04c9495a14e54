//! The agent as a process, on a development network in this one: what it does unattended, and that nothing
//! which goes wrong ends in silence.
//!
//! | file | what it tries |
//! |---|---|
//! | `story` | two organisations' agents, from a proposal to its effect; restarts; holds; signature files |
//! | `copies` | proposals with the same bytes as another one; one that was rejected |
//! | `journal` | what is sent again after a crash, and what is not; a full disk |
//! | `starting` | what an agent does not start with; `agent check` |
//! | `trouble` | peers, servers and clocks that are off |
//! | `hooks` | programs that are told: one that hangs, hostile texts |
//! | `webhook` | a web server that is told: signatures, failures, redirects |

mod copies;
mod hooks;
mod journal;
mod starting;
mod story;
mod trouble;
mod webhook;

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use cmscc::devnet::NetworkOptions;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::devnet::services::Served;
pub(crate) use crate::devnet::until;

/// What a hook of these tests runs: a line of JSON for each notice.
pub(crate) const TELL: &str = "#!/bin/sh\n{ cat; echo; } >> \"$1\"\n";

/// A network with the contract, and a folder for agents.
struct Post {
    served: Served,
    home: TempDir,
}

impl Post {
    async fn new() -> Self {
        Self::of(&["Org1", "Org2"]).await
    }

    async fn of(members: &[&str]) -> Self {
        let options = NetworkOptions {
            block_time: Duration::from_millis(50),
            ..NetworkOptions::default()
        };
        let served = Served::new(members, options).await;
        let home = TempDir::new().unwrap();
        fs::write(home.path().join("anchor.block"), &served.consortium.genesis).unwrap();
        program(&home.path().join("tell.sh"), TELL);
        Self { served, home }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The file of an organisation's agent: nobody can object for long, and all is told.
    fn writes(&self, org: &str, more: &str) {
        let told = self.at(&format!("{org}.told"));
        let hook = format!("[[hooks]]\nname = \"told\"\nexec = [\"tell.sh\", {told:?}]\n");
        self.writes_only(org, &format!("[[channels]]\ngrace = \"0\"\n{hook}{more}"));
    }

    /// The file of an organisation's agent.
    fn writes_only(&self, org: &str, content: &str) {
        fs::write(self.at(&format!("{org}.toml")), content).unwrap();
    }

    /// The program as somebody of an organisation.
    fn command(&self, org: &str, user: &str) -> Command {
        let place = &self.served.place;
        let domain = format!("{org}.example.com");
        let folder = place.crypto.join("peerOrganizations").join(&domain);
        let mut command = Command::new(env!("CARGO_BIN_EXE_cmscc"));
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("CMSCC_STATE_DIR", self.at(&format!("{org}-{user}")))
            .env("CMSCC_AGENT_CONFIG", self.at(&format!("{org}.toml")))
            .env("CMSCC_CHANNEL", self.served.consortium.channel.as_str())
            .env("CMSCC_ANCHOR", self.at("anchor.block"))
            .env("CMSCC_LOG_FORMAT", "json")
            .env("CORE_PEER_ADDRESS", &place.peers[org])
            .env("CORE_PEER_TLS_ENABLED", "true")
            .env(
                "CORE_PEER_TLS_ROOTCERT_FILE",
                folder.join(format!("tlsca/tlsca.{domain}-cert.pem")),
            )
            .env("CORE_PEER_LOCALMSPID", format!("Org{}MSP", &org[3..]))
            .env(
                "CORE_PEER_MSPCONFIGPATH",
                folder.join(format!("users/{user}@{domain}/msp")),
            )
            .current_dir(self.home.path());
        command
    }

    /// What a command of the agent comes to.
    fn ask(&self, org: &str, args: &[&str]) -> Ended {
        Ended::of(self.command(org, "agent").args(args).arg("--json"))
    }

    /// An agent, at work.
    fn start(&self, org: &str) -> Agent {
        let mut command = self.command(org, "agent");
        let agent = Agent::of(command.args(["agent", "run"]));
        self.has_looked(org, &agent);
        agent
    }

    /// Waits for a round of this very process.
    fn has_looked(&self, org: &str, agent: &Agent) {
        until(&format!("{org}'s agent has looked"), || {
            let (_, report) = self.try_status(org)?;
            let is_own = report["pid"] == agent.child.id();
            (is_own && !report["last_round_at"].is_null()).then_some(())
        });
    }

    /// The exit code of `agent status`, and the report of its only channel.
    #[track_caller]
    fn status(&self, org: &str) -> (i32, Value) {
        self.try_status(org).unwrap()
    }

    fn try_status(&self, org: &str) -> Option<(i32, Value)> {
        let ended = self.ask(org, &["agent", "status"]);
        let report = ended.document["channels"][0]["report"].clone();
        (!report.is_null()).then_some((ended.code, report))
    }

    /// What an organisation's hook was told, equal ids dropped.
    fn told(&self, org: &str) -> Vec<Value> {
        distinct(&self.at(&format!("{org}.told")))
    }

    /// Waits until it was told of this; the first such notice.
    fn hears(&self, org: &str, kind: &str) -> Value {
        until(&format!("{org} is told: {kind}"), || {
            self.told(org).into_iter().find(|one| one["kind"] == kind)
        })
    }

    /// An admin's proposal of a policy, and the signatures of admins.
    async fn proposes(&self, org: &str, id: &str, signers: &[&str]) {
        let name = format!("Rule-{id}");
        let args = ["ProposeConfigUpdate", id, &policy(&name), "a change"];
        self.served.consortium.invoke(org, &args).await.unwrap();
        for signer in signers {
            self.served.consortium.sign(signer, id).await;
        }
    }

    /// A proposal as a peer shows it.
    async fn proposal(&self, id: &str) -> Value {
        let args = ["GetProposal", id];
        self.served.consortium.query("Org1", &args).await.unwrap()
    }

    /// Waits for a status of a proposal in the contract.
    async fn becomes(&self, id: &str, status: &str) -> Value {
        for _ in 0..600 {
            let proposal = self.proposal(id).await;
            if proposal["status"] == status {
                return proposal;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let proposal = self.proposal(id).await;
        panic!("gave up waiting for {status}: {}", proposal["status"]);
    }

    /// A file of an organisation's agent about the channel.
    fn state(&self, org: &str, kind: &str) -> PathBuf {
        let channel = self.served.consortium.channel.as_str();
        let folder = self.at(&format!("{org}-agent")).join("default");
        folder.join(format!("{channel}.agent-{kind}"))
    }

    /// The lines of an organisation's journal, as proposal and state.
    fn journal(&self, org: &str) -> Vec<(String, String)> {
        let content = fs::read_to_string(self.state(org, "journal")).unwrap_or_default();
        let lines = content.lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            (text("proposal_id"), text("state"))
        });
        lines.collect()
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) document: Value,
}

impl Ended {
    pub(crate) fn of(command: &mut Command) -> Self {
        let out = command.stdin(Stdio::null()).output().unwrap();
        Self {
            code: out.status.code().unwrap(),
            document: serde_json::from_slice(&out.stdout).unwrap_or_default(),
        }
    }

    /// It was refused with this symbol and code.
    #[track_caller]
    pub(crate) fn refused(&self, symbol: &str, code: i32) {
        let said = self.document["error"]["symbol"]
            .as_str()
            .unwrap_or_default();
        assert_eq!((said, self.code), (symbol, code), "{self:?}");
    }

    #[track_caller]
    pub(crate) fn good(&self) -> &Value {
        assert_eq!(self.code, 0, "{self:?}");
        &self.document
    }
}

/// An agent at work; it ends with this value.
pub(crate) struct Agent {
    child: Child,
    /// Its log lines.
    said: Arc<Mutex<Vec<Value>>>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Agent {
    /// A process that writes its log as JSON.
    pub(crate) fn of(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (lines, kept) = (
            BufReader::new(child.stderr.take().unwrap()),
            Arc::clone(&said),
        );
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|_| json!({ "text": line }));
                kept.lock().unwrap().push(line);
            }
        });
        Self { child, said }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Ends it in order; its exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }

    /// From now on its files may grow up to so many bytes, or `unlimited`; see [`unstoppable`].
    pub(crate) fn may_write(&self, bytes: &str) {
        let mut set = Command::new("prlimit");
        set.args(["--pid", &self.child.id().to_string()]);
        set.arg(format!("--fsize={bytes}:unlimited"));
        assert!(set.status().unwrap().success());
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success(), "{name}");
    }

    /// Log lines of this message.
    pub(crate) fn said(&self, message: &str) -> Vec<Value> {
        let said = self.said.lock().unwrap();
        said.iter()
            .filter(|line| line["message"] == message)
            .cloned()
            .collect()
    }

    /// All that it said.
    pub(crate) fn log(&self) -> String {
        let said = self.said.lock().unwrap();
        said.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// The documents of a file with a line for each, equal ids dropped; what is told twice is the same.
pub(crate) fn distinct(file: &Path) -> Vec<Value> {
    let content = fs::read_to_string(file).unwrap_or_default();
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    let mut told = Vec::new();
    // the last line may not be whole yet
    for line in content
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
    {
        let one: Value = serde_json::from_str(line).unwrap();
        let id = one["id"].as_str().unwrap().to_owned();
        match seen.get(&id) {
            Some(before) => assert_eq!(before["text"], one["text"]),
            None => {
                seen.insert(id, one.clone());
                told.push(one);
            }
        }
    }
    told
}

/// What a process needs whose clock is 20 minutes ahead; `None`, after saying so, where nothing plays it.
// `faketime` itself would outlive what it starts
pub(crate) fn clock_ahead() -> Option<[(&'static str, String); 2]> {
    let asked = Command::new("faketime")
        .args(["-f", "+20m", "printenv", "LD_PRELOAD"])
        .output();
    let Ok(asked) = asked else {
        println!("SKIPPED: `faketime` plays the clock");
        return None;
    };
    let library = String::from_utf8(asked.stdout).unwrap().trim().to_owned();
    Some([("LD_PRELOAD", library), ("FAKETIME", "+20m".to_owned())])
}

/// The same command as a process that is told where its files may not grow any more, and not ended.
pub(crate) fn unstoppable(own: &Command) -> Command {
    let mut command = Command::new("bash");
    let script = "trap '' XFSZ; exec \"$@\"";
    command.args(["-c", script, "agent"]).arg(own.get_program());
    let given = own.get_envs();
    let given = given.filter_map(|(name, value)| Some((name, value?)));
    command.args(own.get_args()).env_clear().envs(given);
    if let Some(folder) = own.get_current_dir() {
        command.current_dir(folder);
    }
    command
}

/// Writes a program.
pub(crate) fn program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A patch that makes a policy of the application.
fn policy(name: &str) -> String {
    let rule = json!({"type": 3, "value": {"rule": "ANY", "sub_policy": "Admins"}});
    let policies = json!({ name: {"mod_policy": "Admins", "policy": rule} });
    json!({"channel_group": {"groups": {"Application": {"policies": policies}}}}).to_string()
}
