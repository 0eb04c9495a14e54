//! The network: peers, an orderer, their keys and files.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{block::ConfigBlock, proto::common};
use prost::Message as _;
use serde_json::Value;
use tempfile::TempDir;

use super::{CHANNEL, text, until};

/// A small machine carries one network at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The right to run a network, and what it is made of; it ends with this value.
pub(super) struct Turn {
    bin: PathBuf,
    sample_config: PathBuf,
    pub(super) port_base: u16,
    _guard: MutexGuard<'static, ()>,
}

impl Turn {
    /// Waits for it; `None`, after saying so, where there are no binaries to run.
    #[expect(clippy::disallowed_methods, reason = "the test's own settings")]
    pub(super) fn wait(offset: u16) -> Option<Self> {
        let (Some(bin), Some(sample_config)) =
            (env::var_os("FABRIC_BIN"), env::var_os("FABRIC_CFG"))
        else {
            println!("SKIPPED: set FABRIC_BIN and FABRIC_CFG to run against a real Fabric network");
            return None;
        };
        let base = env::var("FABRIC_PORT_BASE").map_or(17050, |p| p.parse::<u16>().unwrap());
        Some(Self {
            bin: PathBuf::from(bin),
            sample_config: PathBuf::from(sample_config),
            port_base: base + offset,
            _guard: ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner),
        })
    }

    /// Whether the examples that came with the release declare a capability.
    fn knows(&self, level: &str) -> bool {
        let examples = fs::read_to_string(self.sample_config.join("configtx.yaml")).unwrap();
        examples.contains(&format!("{level}: true"))
    }
}

/// A running network; it ends with this value.
pub(super) struct Net {
    dir: TempDir,
    settings: &'static [(&'static str, &'static str)],
    turn: Turn,
    /// Whether packages are made for servers that speak TLS and know their peer.
    pub(super) tls: bool,
}

impl Drop for Net {
    fn drop(&mut self) {
        self.script(&["down"]);
    }
}

impl Net {
    /// A network on ports of its own; `None`, after saying so, where there are no binaries to run.
    pub(super) fn up(offset: u16) -> Option<Self> {
        Self::up_with(offset, &[])
    }

    /// A network with settings of `tests/fabric/net.sh`.
    pub(super) fn up_with(
        offset: u16,
        settings: &'static [(&'static str, &'static str)],
    ) -> Option<Self> {
        let turn = Turn::wait(offset)?;
        if settings.contains(&("CAPS", "v3")) && !turn.knows("V3_0") {
            println!("SKIPPED: nodes of this release do not know V3_0");
            return None;
        }
        let net = Self {
            dir: TempDir::new().unwrap(),
            settings,
            turn,
            tls: false,
        };
        net.script(&["up"]);
        Some(net)
    }

    /// Whether the nodes know a capability.
    pub(super) fn knows(&self, level: &str) -> bool {
        self.turn.knows(level)
    }

    /// The directory of the network itself.
    pub(super) fn root(&self) -> PathBuf {
        self.dir.path().join("net")
    }

    /// A file of the test.
    pub(super) fn work(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn genesis(&self) -> PathBuf {
        self.root().join(format!("{CHANNEL}.genesis.block"))
    }

    pub(super) fn orderer_address(&self) -> String {
        format!("127.0.0.1:{}", self.turn.port_base)
    }

    /// A port of an organisation: 1 is its peer, 5 its chaincode server, 6 that one's operations.
    pub(super) fn address(&self, org: &str, which: u16) -> String {
        let organisation = match org {
            "org1" => 10,
            "org2" => 20,
            "orgx" => 30,
            "orgy" => 40,
            _ => panic!("`{org}` has no peer"),
        };
        format!("127.0.0.1:{}", self.turn.port_base + organisation + which)
    }

    /// Runs a command of `tests/fabric/net.sh`; fails the test with its output.
    pub(super) fn script(&self, args: &[&str]) -> String {
        self.try_script(args)
            .unwrap_or_else(|e| panic!("net.sh {args:?}:\n{e}"))
    }

    /// The same with more settings.
    pub(super) fn script_with(&self, settings: &[(&str, &Path)], args: &[&str]) -> String {
        self.run_script(settings, args)
            .unwrap_or_else(|e| panic!("net.sh {args:?}:\n{e}"))
    }

    pub(super) fn try_script(&self, args: &[&str]) -> Result<String, String> {
        self.run_script(&[], args)
    }

    fn run_script(&self, settings: &[(&str, &Path)], args: &[&str]) -> Result<String, String> {
        let out = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fabric/net.sh"))
            .args(args)
            .env("NET_DIR", self.root())
            .env("CHANNEL", CHANNEL)
            .env("PORT_BASE", self.turn.port_base.to_string())
            .envs(self.settings.iter().copied())
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&out.stdout).into_owned();
        if out.status.success() {
            return Ok(stdout);
        }
        Err(format!("{stdout}{}", String::from_utf8_lossy(&out.stderr)))
    }

    /// Sends a signal, by its name, to a node: `orderer`, or `peer-` and an organisation.
    pub(super) fn signal(&self, node: &str, name: &str) {
        let pid = fs::read_to_string(self.root().join(format!("run/{node}.pid"))).unwrap();
        let sent = Command::new("kill").args(["-s", name, pid.trim()]).status();
        assert!(sent.unwrap().success(), "{name}");
    }

    /// The `peer` command line as the admin of an organisation.
    pub(super) fn peer(&self, org: &str, args: &[&str]) -> Result<String, String> {
        self.try_script(&[&["peer", org], args].concat())
    }

    /// The flags that name the peers of these organisations.
    pub(super) fn endorsers(&self, orgs: &[&str]) -> Vec<String> {
        orgs.iter()
            .flat_map(|org| {
                let ca = self.root().join(format!(
                    "crypto/peerOrganizations/{org}.example.com/tlsca/tlsca.{org}.example.com-cert.pem"
                ));
                [
                    "--peerAddresses".to_owned(),
                    self.address(org, 1),
                    "--tlsRootCertFiles".to_owned(),
                    text(&ca).to_owned(),
                ]
            })
            .collect()
    }

    /// Starts the peer of an organisation that the channel has taken in, and joins it.
    pub(super) fn join(&self, org: &str) {
        self.script(&["start-peer", org]);
        self.script(&["join", org]);
        until("the new peer has read that it belongs here", || {
            self.peer(org, &["channel", "getinfo", "-c", CHANNEL]).ok()
        });
    }

    /// One of its ports.
    pub(super) fn port(&self, offset: u16) -> u16 {
        self.turn.port_base + offset
    }

    /// Runs one of the release's tools; fails the test with what it says.
    pub(super) fn tool(&self, name: &str, args: &[&str]) -> Vec<u8> {
        let out = Command::new(self.turn.bin.join(name))
            .args(args)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{name} {args:?}\n{said}");
        out.stdout
    }

    /// `configtxgen -printOrg`, as the new member would run it.
    pub(super) fn org_json(&self, name: &str) -> String {
        let out = Command::new(self.turn.bin.join("configtxgen"))
            .args(["-printOrg", name])
            .env("FABRIC_CFG_PATH", self.root().join("cfg"))
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap()
    }

    /// The newest config block that the orderer serves, under a name of its own.
    pub(super) fn try_fetch(&self, name: &str) -> Result<PathBuf, String> {
        let file = self.work(name);
        self.peer(
            "org1",
            &[
                "channel",
                "fetch",
                "config",
                text(&file),
                "-c",
                CHANNEL,
                "@ORDERER",
            ],
        )?;
        Ok(file)
    }

    /// A block by its number, from a peer.
    pub(super) fn block(&self, number: u64) -> Bytes {
        let file = self.work("numbered.block");
        let fetch = ["channel", "fetch", &number.to_string(), text(&file)];
        self.peer("org2", &[&fetch[..], &["-c", CHANNEL]].concat())
            .unwrap();
        fs::read(&file).unwrap().into()
    }

    /// The length of the newest transaction, as an orderer's size filter counts. Unit: bytes.
    pub(super) fn newest_transaction(&self) -> u64 {
        let file = self.work("newest.block");
        let fetch = ["channel", "fetch", "newest", text(&file), "-c", CHANNEL];
        self.peer("org1", &fetch).unwrap();
        let block = common::Block::decode(&fs::read(&file).unwrap()[..]).unwrap();
        let transactions = block.data.unwrap().data;
        let envelope = common::Envelope::decode(&transactions.last().unwrap()[..]).unwrap();
        (envelope.payload.len() + envelope.signature.len()) as u64
    }

    /// The config block of a sequence, once it is the newest.
    pub(super) fn config_block(&self, sequence: u64) -> PathBuf {
        until("the orderer serves the config", || {
            let file = self.try_fetch(&format!("config.{sequence}.block")).ok()?;
            let block = ConfigBlock::parse(fs::read(&file).unwrap().into()).unwrap();
            (block.sequence().0 == sequence).then_some(file)
        })
    }

    /// A file with the bytes of a base64 member.
    pub(super) fn decoded(&self, name: &str, member: &Value) -> PathBuf {
        let file = self.work(name);
        fs::write(&file, STANDARD.decode(member.as_str().unwrap()).unwrap()).unwrap();
        file
    }

    pub(super) fn sign_file(&self, signer: &str, file: &Path) {
        self.peer(signer, &["channel", "signconfigtx", "-f", text(file)])
            .unwrap();
    }

    /// Hands an envelope to the orderer; its answer is the command's.
    pub(super) fn submit(&self, org: &str, envelope: &Path) -> Result<String, String> {
        self.peer(
            org,
            &[
                "channel",
                "update",
                "-f",
                text(envelope),
                "-c",
                CHANNEL,
                "@ORDERER",
            ],
        )
    }
}
