//! A real Fabric network, driven with nothing but the `peer` command line.
//!
//! The tests run when `FABRIC_BIN` (a directory with peer, orderer, configtxgen, configtxlator,
//! cryptogen, osnadmin) and `FABRIC_CFG` (the sampleconfig directory of the same release) are set,
//! and say so when they do not. `FABRIC_PORT_BASE` moves the ports (default 17050), `CAPS=v3` takes
//! channel capability V3_0.

mod story;
mod updates;

use std::{
    env, fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

const CHANNEL: &str = "mychannel";
const CHAINCODE: &str = "cmscc";
const PATIENCE: Duration = Duration::from_secs(60);

/// A running network; it ends with this value.
struct Net {
    dir: TempDir,
    bin: PathBuf,
    port_base: u16,
}

/// A `cmscc serve` process; it ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.script(&["down"]);
    }
}

impl Net {
    #[expect(clippy::disallowed_methods, reason = "the test's own settings")]
    fn up(offset: u16) -> Option<Self> {
        let (Some(bin), Some(_)) = (env::var_os("FABRIC_BIN"), env::var_os("FABRIC_CFG")) else {
            println!("SKIPPED: set FABRIC_BIN and FABRIC_CFG to run against a real Fabric network");
            return None;
        };
        let bin = PathBuf::from(bin);
        let port_base =
            env::var("FABRIC_PORT_BASE").map_or(17050, |p| p.parse::<u16>().unwrap()) + offset;
        let net = Self {
            dir: TempDir::new().unwrap(),
            bin,
            port_base,
        };
        net.script(&["up"]);
        fs::create_dir(net.work("anchors")).unwrap();
        fs::copy(
            net.genesis(),
            net.work("anchors").join(format!("{CHANNEL}.block")),
        )
        .unwrap();
        Some(net)
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("net")
    }

    fn work(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn genesis(&self) -> PathBuf {
        self.root().join(format!("{CHANNEL}.genesis.block"))
    }

    fn address(&self, org: &str) -> String {
        let offset = match org {
            "org1" => 15,
            "org2" => 25,
            _ => 35,
        };
        format!("127.0.0.1:{}", self.port_base + offset)
    }

    /// Runs a command of `tests/fabric/net.sh`; fails the test with its output.
    fn script(&self, args: &[&str]) -> String {
        self.try_script(args)
            .unwrap_or_else(|e| panic!("net.sh {args:?}:\n{e}"))
    }

    fn try_script(&self, args: &[&str]) -> Result<String, String> {
        let out = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fabric/net.sh"))
            .args(args)
            .env("NET_DIR", self.root())
            .env("CHANNEL", CHANNEL)
            .env("PORT_BASE", self.port_base.to_string())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&out.stdout).into_owned();
        if out.status.success() {
            return Ok(stdout);
        }
        Err(format!("{stdout}{}", String::from_utf8_lossy(&out.stderr)))
    }

    /// The `peer` command line as the admin of an organisation.
    fn peer(&self, org: &str, args: &[&str]) -> Result<String, String> {
        self.try_script(&[&["peer", org], args].concat())
    }

    fn package_id(&self, org: &str) -> String {
        let out = Command::new(env!("CARGO_BIN_EXE_cmscc"))
            .args([
                "package",
                "--label",
                CHAINCODE,
                "--address",
                &self.address(org),
                "--output",
            ])
            .arg(self.work(&format!("{org}.tar.gz")))
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    fn start_server(&self, org: &str) -> Server {
        let log = fs::File::create(self.work(&format!("{org}.log"))).unwrap();
        let address = self.address(org);
        let child = Command::new(env!("CARGO_BIN_EXE_cmscc"))
            .arg("serve")
            .env("CHAINCODE_ID", self.package_id(org))
            .env("CHAINCODE_SERVER_ADDRESS", &address)
            .env("CMSCC_TRUST_ANCHORS", self.work("anchors"))
            .env("CMSCC_OPS_ADDRESS", "127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Server(child);
        until("the server listens", || {
            TcpStream::connect(&address).is_ok().then_some(())
        });
        server
    }

    /// Servers for Org1 and Org2, the definition, and the bootstrap.
    fn deploy(&self) -> [Server; 2] {
        let servers = [self.start_server("org1"), self.start_server("org2")];
        for org in ["org1", "org2"] {
            self.install_and_approve(org);
        }
        self.commit_definition(&["org1", "org2"]);
        self.refused("org1", "GetConfig", &[], "NOT_INITIALIZED");
        self.invoke(
            &["org1", "org2"],
            "InitConsortium",
            &[&base64_of(&self.genesis())],
        );
        servers
    }

    fn install_and_approve(&self, org: &str) {
        let package = self.work(&format!("{org}.tar.gz"));
        self.peer(org, &["lifecycle", "chaincode", "install", text(&package)])
            .unwrap();
        let id = self.package_id(org);
        let approve = [
            "lifecycle",
            "chaincode",
            "approveformyorg",
            "@ORDERER",
            "-C",
            CHANNEL,
            "-n",
            CHAINCODE,
        ];
        let definition = ["-v", "1", "--sequence", "1", "--package-id", &id];
        self.peer(org, &[&approve[..], &definition].concat())
            .unwrap();
    }

    fn commit_definition(&self, endorsers: &[&str]) {
        let commit = [
            "lifecycle",
            "chaincode",
            "commit",
            "@ORDERER",
            "-C",
            CHANNEL,
            "-n",
            CHAINCODE,
            "-v",
            "1",
        ];
        let peers = self.endorsers(endorsers);
        let peers: Vec<&str> = peers.iter().map(String::as_str).collect();
        self.peer(
            "org1",
            &[&commit[..], &["--sequence", "1"], &peers].concat(),
        )
        .unwrap();
    }

    /// The peer of a new member knows the definition, and its own approval, once its ledger has caught up.
    fn wait_for_definition(&self, org: &str) {
        until("the new peer answers for the chaincode", || {
            self.try_query(org, "GetConfig", &[])
                .ok()
                .filter(|c| c["sequence"] == 1)
                .map(|_| ())
        });
    }

    fn endorsers(&self, orgs: &[&str]) -> Vec<String> {
        orgs.iter()
            .flat_map(|org| {
                let port = self.port_base + match *org { "org1" => 11, "org2" => 21, _ => 31 };
                let ca = self.root().join(format!(
                    "crypto/peerOrganizations/{org}.example.com/tlsca/tlsca.{org}.example.com-cert.pem"
                ));
                [
                    "--peerAddresses".to_owned(),
                    format!("127.0.0.1:{port}"),
                    "--tlsRootCertFiles".to_owned(),
                    text(&ca).to_owned(),
                ]
            })
            .collect()
    }

    fn try_invoke(
        &self,
        org: &str,
        endorsers: &[&str],
        function: &str,
        args: &[&str],
    ) -> Result<String, String> {
        let call = call(function, args);
        let invoke = [
            "chaincode",
            "invoke",
            "@ORDERER",
            "-C",
            CHANNEL,
            "-n",
            CHAINCODE,
            "-c",
            &call,
            "--waitForEvent",
        ];
        let peers = self.endorsers(endorsers);
        let peers: Vec<&str> = peers.iter().map(String::as_str).collect();
        self.peer(org, &[&invoke[..], &peers].concat())
    }

    /// A write that may meet peers of different heights, as every client's may: tried again until
    /// it is committed, or refused for good.
    fn settle(
        &self,
        org: &str,
        endorsers: &[&str],
        function: &str,
        args: &[&str],
    ) -> Result<(), String> {
        until("the write is committed or refused", || {
            match self.try_invoke(org, endorsers, function, args) {
                Err(e) if e.contains("do not match") || e.contains("MVCC_READ_CONFLICT") => None,
                answer => Some(answer.map(|_| ())),
            }
        })
    }

    fn invoke_as(&self, org: &str, endorsers: &[&str], function: &str, args: &[&str]) {
        self.settle(org, endorsers, function, args)
            .unwrap_or_else(|e| panic!("{function} as {org}: {e}"));
    }

    fn invoke(&self, endorsers: &[&str], function: &str, args: &[&str]) {
        self.invoke_as("org1", endorsers, function, args);
    }

    fn try_query(&self, org: &str, function: &str, args: &[&str]) -> Result<Value, String> {
        let call = call(function, args);
        let answer = self.peer(
            org,
            &[
                "chaincode",
                "query",
                "-C",
                CHANNEL,
                "-n",
                CHAINCODE,
                "-c",
                &call,
            ],
        )?;
        serde_json::from_str(&answer).map_err(|e| format!("{e}: {answer}"))
    }

    fn query(&self, org: &str, function: &str, args: &[&str]) -> Value {
        self.try_query(org, function, args)
            .unwrap_or_else(|e| panic!("{function} at {org}: {e}"))
    }

    fn refused(&self, org: &str, function: &str, args: &[&str], symbol: &str) {
        let error = self.try_query(org, function, args).unwrap_err();
        assert!(error.contains(symbol), "{function}: {error}");
    }

    /// The entry of a proposal in `ListProposals`.
    fn summary(&self, id: &str) -> Value {
        let list = self.query("org1", "ListProposals", &[]);
        let found = list["proposals"]
            .as_array()
            .and_then(|l| l.iter().find(|p| p["proposal_id"] == id));
        found
            .unwrap_or_else(|| panic!("`{id}` is not in {list}"))
            .clone()
    }

    /// `configtxgen -printOrg`, as the new member would run it.
    fn org_json(&self, name: &str) -> String {
        let out = Command::new(self.bin.join("configtxgen"))
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

    /// Takes the envelope from the proposal, signs it with `peer channel signconfigtx`, hands it in.
    /// An organisation of orderers alone cannot call a chaincode: Org1 carries its signature.
    fn sign(&self, signer: &str, endorsers: &[&str], id: &str) {
        self.try_sign(signer, endorsers, id)
            .unwrap_or_else(|e| panic!("{id} signed by {signer}: {e}"));
    }

    fn try_sign(&self, signer: &str, endorsers: &[&str], id: &str) -> Result<(), String> {
        let carrier = if signer == "orderer" { "org1" } else { signer };
        let proposal = self.query(carrier, "GetProposal", &[id]);
        let file = self.decoded(
            &format!("{id}.{signer}.pb"),
            &proposal["config_update_to_sign"],
        );
        self.sign_file(signer, &file);
        self.settle(carrier, endorsers, "AddSignature", &[id, &base64_of(&file)])
    }

    fn sign_file(&self, signer: &str, file: &Path) {
        self.peer(signer, &["channel", "signconfigtx", "-f", text(file)])
            .unwrap();
    }

    /// A file with the bytes of a base64 member.
    fn decoded(&self, name: &str, member: &Value) -> PathBuf {
        let file = self.work(name);
        fs::write(&file, STANDARD.decode(member.as_str().unwrap()).unwrap()).unwrap();
        file
    }

    fn submit(&self, org: &str, envelope: &Path) -> Result<String, String> {
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

    /// Demands the verdict `ReadyToSubmit`, and that the orderer agrees.
    fn submit_ready(&self, org: &str, id: &str) {
        let ready = self.query(org, "GetProposal", &[id]);
        assert_eq!(ready["status"], "ReadyToSubmit", "{ready}");
        let file = self.decoded(
            &format!("{id}.submit.pb"),
            &ready["config_update_envelope_to_submit"],
        );
        self.submit(org, &file).unwrap();
    }

    /// Fetches the newest config block and hands it in, until the head is at `sequence`.
    fn sync(&self, endorsers: &[&str], sequence: u64) {
        let block = self.work("config.block");
        until("the new config is synced", || {
            self.peer(
                "org1",
                &[
                    "channel",
                    "fetch",
                    "config",
                    text(&block),
                    "-c",
                    CHANNEL,
                    "@ORDERER",
                ],
            )
            .ok()?;
            self.try_invoke("org1", endorsers, "SyncConfig", &[&base64_of(&block)])
                .ok()?;
            (self.query("org1", "GetConfig", &[])["sequence"] == sequence).then_some(())
        });
    }
}

/// The argument of `-c`.
fn call(function: &str, args: &[&str]) -> String {
    let all: Vec<&str> = [function].iter().chain(args).copied().collect();
    json!({ "Args": all }).to_string()
}

fn base64_of(file: &Path) -> String {
    STANDARD.encode(fs::read(file).unwrap())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Asks again until there is an answer; a minute is the end of patience.
#[expect(clippy::disallowed_methods, reason = "a deadline for other processes")]
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "gave up waiting: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}
