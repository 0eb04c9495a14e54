//! `cmscc` processes beside the peers, and the definition of the chaincode.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::{CHAINCODE, CHANNEL, base64_of, net::Net, text, until};

/// A `cmscc serve` process; it ends with this value.
pub(super) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Server {
    pub(super) fn stop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Sends a signal by its name, such as `STOP`.
    pub(super) fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success(), "{name}");
    }

    /// Ends the process in order; its exit code.
    pub(super) fn terminate(&mut self) -> Option<i32> {
        self.signal("TERM");
        self.0.wait().unwrap().code()
    }
}

/// A definition of the chaincode; the flags name an endorsement policy, or demand an init call.
#[derive(Clone, Copy)]
pub(super) struct Definition<'a> {
    pub(super) sequence: &'a str,
    pub(super) version: &'a str,
    pub(super) flags: &'a [&'a str],
}

/// The first definition, under the channel's default policy.
pub(super) const FIRST: Definition<'_> = Definition {
    sequence: "1",
    version: "1",
    flags: &[],
};

impl Net {
    /// Servers for Org1 and Org2, the definition, and the bootstrap.
    pub(super) fn deploy(&self) -> [Server; 2] {
        let servers = [self.start_server("org1"), self.start_server("org2")];
        for org in ["org1", "org2"] {
            self.install(org);
            self.approve(org, FIRST);
        }
        self.commit_definition(&["org1", "org2"], FIRST);
        self.refused("org1", "GetConfig", &[], "NOT_INITIALIZED");
        self.invoke(
            &["org1", "org2"],
            "InitConsortium",
            &[&base64_of(&self.genesis())],
        );
        servers
    }

    /// A server of this build, with the genesis block as its anchor where its operator mounted no
    /// other.
    pub(super) fn start_server(&self, org: &str) -> Server {
        self.start_server_of(org, Path::new(env!("CARGO_BIN_EXE_cmscc")))
    }

    /// The same of another build.
    pub(super) fn start_server_of(&self, org: &str, program: &Path) -> Server {
        self.start_server_with(org, program, &[])
    }

    /// The same with more settings.
    pub(super) fn start_server_with(
        &self,
        org: &str,
        program: &Path,
        settings: &[(&str, &Path)],
    ) -> Server {
        if !self.anchor_file(org, "block").exists() {
            self.mount(org, "block", &fs::read(self.genesis()).unwrap());
        }
        let log = fs::File::create(self.work(&format!("{org}.log"))).unwrap();
        let address = self.address(org, 5);
        let child = Command::new(program)
            .arg("serve")
            .env("CHAINCODE_ID", self.package_id(org))
            .env("CHAINCODE_SERVER_ADDRESS", &address)
            .env("CMSCC_TRUST_ANCHORS", self.anchors(org))
            .env("CMSCC_OPS_ADDRESS", self.address(org, 6))
            .envs(settings.iter().copied())
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

    fn anchors(&self, org: &str) -> PathBuf {
        self.work(&format!("anchors-{org}"))
    }

    fn anchor_file(&self, org: &str, ending: &str) -> PathBuf {
        self.anchors(org).join(format!("{CHANNEL}.{ending}"))
    }

    /// What an organisation's operator mounts: `<channel>.block` or `<channel>.disown`.
    pub(super) fn mount(&self, org: &str, ending: &str, content: &[u8]) {
        fs::create_dir_all(self.anchors(org)).unwrap();
        fs::write(self.anchor_file(org, ending), content).unwrap();
    }

    pub(super) fn unmount(&self, org: &str, ending: &str) {
        fs::remove_file(self.anchor_file(org, ending)).unwrap();
    }

    /// What a server says of the channel on `/readyz`.
    pub(super) fn readiness(&self, org: &str) -> Value {
        let all: Value = serde_json::from_str(&self.operations(org, "/readyz")).unwrap();
        all["channels"][CHANNEL].clone()
    }

    /// What a server's operations listener answers.
    pub(super) fn operations(&self, org: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address(org, 6)).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        body.to_owned()
    }

    fn package_id(&self, org: &str) -> String {
        let out = Command::new(env!("CARGO_BIN_EXE_cmscc"))
            .args(["package", "--label", CHAINCODE, "--address"])
            .arg(self.address(org, 5))
            .arg("--output")
            .arg(self.work(&format!("{org}.tar.gz")))
            .args(self.package_flags(org))
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    /// Where the servers speak TLS: whom the peer trusts, and as whom it calls.
    fn package_flags(&self, org: &str) -> Vec<PathBuf> {
        if !self.tls {
            return Vec::new();
        }
        let tls = self.peer_tls(org);
        [
            "--tls-root-cert",
            "ca.crt",
            "--client-cert",
            "server.crt",
            "--client-key",
            "server.key",
        ]
        .map(|word| match word.starts_with('-') {
            true => word.into(),
            false => tls.join(word),
        })
        .into()
    }

    /// The TLS certificate, key and CA of an organisation's peer: good for servers and for clients.
    pub(super) fn peer_tls(&self, org: &str) -> PathBuf {
        self.root().join(format!(
            "crypto/peerOrganizations/{org}.example.com/peers/peer0.{org}.example.com/tls"
        ))
    }

    pub(super) fn install(&self, org: &str) {
        self.package_id(org);
        let package = self.work(&format!("{org}.tar.gz"));
        self.peer(org, &["lifecycle", "chaincode", "install", text(&package)])
            .unwrap();
    }

    /// An organisation's own yes to a definition, with its own package.
    pub(super) fn approve(&self, org: &str, definition: Definition<'_>) {
        let id = self.package_id(org);
        let approve = ["lifecycle", "chaincode", "approveformyorg"];
        let with = ["--package-id", &id];
        self.peer(org, &[&approve, &definition.flags()[..], &with].concat())
            .unwrap();
    }

    pub(super) fn commit_definition(&self, endorsers: &[&str], definition: Definition<'_>) {
        let commit = ["lifecycle", "chaincode", "commit"];
        let peers = self.endorsers(endorsers);
        let peers: Vec<&str> = peers.iter().map(String::as_str).collect();
        let commit = [&commit, &definition.flags()[..], &peers].concat();
        // approvals waited for the approver's own peer; another may be a block behind it
        until("the peers know the same approvals", || {
            match self.peer("org1", &commit) {
                Err(e) if e.contains("do not match") => None,
                answer => Some(answer.unwrap()),
            }
        });
    }

    /// The peer of a new member knows the definition, and its own approval, once its ledger has
    /// caught up.
    pub(super) fn wait_for_definition(&self, org: &str, sequence: u64) {
        until("the new peer answers for the chaincode", || {
            self.try_query(org, "GetConfig", &[])
                .ok()
                .filter(|c| c["sequence"] == sequence)
                .map(|_| ())
        });
    }
}

impl<'a> Definition<'a> {
    fn flags(&self) -> Vec<&'a str> {
        let flags = [
            "@ORDERER",
            "-C",
            CHANNEL,
            "-n",
            CHAINCODE,
            "-v",
            self.version,
            "--sequence",
            self.sequence,
        ];
        [&flags, self.flags].concat()
    }
}
