//! The organisations of a network: servers, admins, agents.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::super::{
    CHANNEL, PATIENCE,
    net::Net,
    servers::{FIRST, Server},
    until,
};
use crate::client::agent::{Agent, Ended, TELL, distinct, program};

/// A network with the contract, and an agent for each organisation.
pub(super) struct Fleet<'a> {
    pub(super) net: &'a Net,
    pub(super) servers: BTreeMap<&'static str, Server>,
    pub(super) agents: BTreeMap<&'static str, Agent>,
    /// The agents, in the order in which their organisations came.
    pub(super) orgs: Vec<&'static str>,
}

impl<'a> Fleet<'a> {
    /// Org1 and Org2.
    pub(super) fn new(net: &'a Net) -> Self {
        let [org1, org2] = net.deploy();
        fs::copy(net.genesis(), net.work("anchor.block")).unwrap();
        program(&net.work("tell.sh"), TELL);
        let mut fleet = Self {
            net,
            servers: [("org1", org1), ("org2", org2)].into(),
            agents: BTreeMap::new(),
            orgs: Vec::new(),
        };
        for org in ["org1", "org2"] {
            fleet.employ(org);
        }
        fleet
    }

    /// An organisation that is a member since a moment ago: peer, server, agent.
    pub(super) fn follows(&mut self, org: &'static str) {
        self.net.join(org);
        self.servers.insert(org, self.net.start_server(org));
        self.net.install(org);
        self.net.approve(org, FIRST);
        until("the new peer answers for the contract", || {
            self.net.try_query(org, "GetConfig", &[]).ok()
        });
        self.employ(org);
    }

    fn employ(&mut self, org: &'static str) {
        self.writes(org, "");
        self.orgs.push(org);
        self.start(org);
    }

    /// The file of an organisation's agent.
    pub(super) fn writes(&self, org: &str, more: &str) {
        let told = self.told_file(org);
        let content = format!(
            "degraded_after = \"1s\"\n{more}[[channels]]\ngrace = \"0\"\n[[hooks]]\nname = \"told\"\nexec = \
             [\"tell.sh\", {told:?}]\n"
        );
        fs::write(self.file(org), content).unwrap();
    }

    fn file(&self, org: &str) -> PathBuf {
        self.net.work(&format!("{org}.toml"))
    }

    pub(super) fn told_file(&self, org: &str) -> PathBuf {
        self.net.work(&format!("{org}.told"))
    }

    /// What an organisation's hook was told, equal ids dropped.
    pub(super) fn told(&self, org: &str) -> Vec<Value> {
        distinct(&self.told_file(org))
    }

    /// The program as somebody of an organisation.
    pub(super) fn command(&self, org: &str, user: &str) -> Command {
        let domain = format!("{org}.example.com");
        let folder = self
            .net
            .root()
            .join("crypto/peerOrganizations")
            .join(&domain);
        let msp_id = match org {
            "org1" => "Org1MSP",
            "org2" => "Org2MSP",
            "orgx" => "OrgXMSP",
            _ => "OrgYMSP",
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_cmscc"));
        command
            .env_clear()
            .env("HOME", self.net.work(""))
            .env("CMSCC_STATE_DIR", self.state(org, user))
            .env("CMSCC_AGENT_CONFIG", self.file(org))
            .env("CMSCC_CHANNEL", CHANNEL)
            .env("CMSCC_ANCHOR", self.net.work("anchor.block"))
            .env("CMSCC_LOG_FORMAT", "json")
            .env("CORE_PEER_ADDRESS", self.net.address(org, 1))
            .env("CORE_PEER_TLS_ENABLED", "true")
            .env(
                "CORE_PEER_TLS_ROOTCERT_FILE",
                self.net.peer_tls(org).join("ca.crt"),
            )
            .env("CORE_PEER_LOCALMSPID", msp_id)
            .env(
                "CORE_PEER_MSPCONFIGPATH",
                folder.join(format!("users/{user}@{domain}/msp")),
            )
            .current_dir(self.net.work(""));
        command
    }

    fn state(&self, org: &str, user: &str) -> PathBuf {
        self.net.work(&format!("{org}-{user}"))
    }

    pub(super) fn journal_file(&self, org: &str) -> PathBuf {
        let folder = self.state(org, "User1").join("default");
        folder.join(format!("{CHANNEL}.agent-journal"))
    }

    /// The lines of an organisation's journal.
    pub(super) fn journal(&self, org: &str) -> Vec<Value> {
        let content = fs::read_to_string(self.journal_file(org)).unwrap_or_default();
        let lines = content
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Starts an organisation's agent, or starts it again.
    pub(super) fn start(&mut self, org: &'static str) {
        // two at once would be refused
        drop(self.agents.remove(org));
        let mut command = self.command(org, "User1");
        let agent = Agent::of(command.args(["agent", "run"]));
        self.agents.insert(org, agent);
    }

    /// The exit code of `agent status`, and its report.
    pub(super) fn status(&self, org: &str) -> Option<(i32, Value)> {
        let mut command = self.command(org, "User1");
        let ended = Ended::of(command.args(["agent", "status", "--json"]));
        let report = ended.document["channels"][0]["report"].clone();
        (!report.is_null()).then_some((ended.code, report))
    }

    /// Waits until nothing is in the way of an organisation's agent. A peer that came back asks for blocks
    /// ever more rarely, so two minutes are the end of patience.
    #[expect(clippy::disallowed_methods, reason = "a deadline for other processes")]
    pub(super) fn is_well(&self, org: &str) {
        let start = Instant::now();
        loop {
            let status = self.status(org);
            if let Some((0, report)) = &status {
                let is_own = report["pid"] == self.agents[org].id();
                if is_own && !report["last_round_at"].is_null() {
                    return;
                }
            }
            if start.elapsed() > 2 * PATIENCE {
                let log = self.agents[org].log();
                panic!("{org}'s agent has something in its way: {status:?}\n{log}");
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// A command of an admin, again where processes are away just now; `done`: that it was done before,
    /// by a call whose answer got lost.
    pub(super) fn admin(&self, org: &str, args: &[&str], done: &str) -> Value {
        for _ in 0..40 {
            let mut command = self.command(org, "Admin");
            let ended = Ended::of(command.args(args).arg("--json"));
            if ended.code == 0 || ended.document["error"]["symbol"] == done {
                return ended.document;
            }
            // 5: nobody there; a peer that starts refuses what it does not know yet
            thread::sleep(Duration::from_millis(500));
            println!(
                "{org}: {args:?} again: {}",
                ended.document["error"]["symbol"]
            );
        }
        panic!("{org}: gave up: {args:?}");
    }

    /// An admin proposes a policy of the application, and others sign it by its digest.
    pub(super) fn proposes(&self, org: &str, id: &str) {
        let path = format!("/Channel/Application/Rule-{id}");
        self.admin(
            org,
            &[
                "propose",
                "policy",
                &path,
                "ANY Admins",
                "--create",
                "--id",
                id,
            ],
            "ID_USED",
        );
    }

    pub(super) fn digest(&self, org: &str, id: &str) -> String {
        let shown = self.admin(org, &["show", id], "");
        shown["config_update_sha256"].as_str().unwrap().to_owned()
    }

    pub(super) fn signs(&self, org: &str, id: &str, digest: &str) {
        self.admin(
            org,
            &["sign", id, "--yes", "--digest", digest],
            "ALREADY_SIGNED",
        );
    }

    /// Ends a node at once, and starts it again.
    pub(super) fn kills_peer(&self, org: &str) {
        self.kills(&format!("peer-{org}"), &["start-peer", org]);
    }

    pub(super) fn kills_orderer(&self) {
        self.kills("orderer", &["start-orderer"]);
    }

    fn kills(&self, node: &str, start: &[&str]) {
        let pid = fs::read_to_string(self.net.root().join(format!("run/{node}.pid"))).unwrap();
        let process = PathBuf::from("/proc").join(pid.trim());
        self.net.signal(node, "KILL");
        until("the process is gone", || (!process.exists()).then_some(()));
        // its port is free again only a moment later
        until("the node starts again", || self.net.try_script(start).ok());
    }
}
