//! A devnet whose gateway, or whose contract server behind it, lies to an administrator of Org1: no
//! signature on a config update leaves the client.
//!
//! Each lie is told to the program itself, without a person to notice anything: consent is given by the
//! digest that the liar would like to have signed. What leaves the client would be found at the honest
//! peers of Org2.
//!
//! | file | what is lied about |
//! |---|---|
//! | `proposals` | a proposal: its changes, update, intent, findings, status |
//! | `chains` | config blocks, and the contract's chain |
//! | `transactions` | the prepared transaction, and what became of it |
//! | `deploying` | what approving and committing a definition write |
//! | `files` | sign requests and signature files |
//! | `agent` | what an agent compares before it sends |
//! | `doctor` | what `doctor` finds of such lies |
//! | `proposing` | what `propose` is told |

mod agent;
mod chains;
mod deploying;
mod doctor;
mod files;
mod proposals;
mod proposing;
mod transactions;

use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    config::envelope,
    contract::Contract,
    devnet::{NetworkOptions, Tamper},
    ids::Digest,
    proto::{common::Envelope, gateway::CommitStatusResponse},
    stub::{Chaincode, Invocation, Response, Stub},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::devnet::{harness::Consortium, services::Served};

/// Three organisations with a contract, of which the peers lie when a test says so.
struct Town {
    served: Served<Suspect>,
    liar: Arc<Liar>,
    home: TempDir,
}

type Evaluated = Box<dyn Fn(&str, &[&str], Bytes) -> Bytes + Send>;
type Prepared = Box<dyn Fn(Envelope) -> Envelope + Send>;
type Status = Box<dyn Fn(CommitStatusResponse) -> CommitStatusResponse + Send>;

/// What is said in the place of the truth.
#[derive(Default)]
struct Liar {
    evaluated: Mutex<Option<Evaluated>>,
    prepared: Mutex<Option<Prepared>>,
    status: Mutex<Option<Status>>,
    /// By the contract server of Org1 itself.
    served: Mutex<Option<Evaluated>>,
}

/// A contract, that of Org1 behind somebody who lies.
struct Suspect {
    contract: Contract,
    liar: Option<Arc<Liar>>,
}

impl Chaincode for Suspect {
    async fn invoke<S: Stub>(&self, invocation: &Invocation, stub: &mut S) -> Response {
        let mut response = self.contract.invoke(invocation, stub).await;
        let lie = self.liar.as_ref().map(|liar| liar.served.lock().unwrap());
        if let Some(Some(lie)) = lie.as_deref() {
            let args = words(&invocation.args);
            response.payload = lie("", &args, response.payload);
        }
        response
    }
}

fn words(args: &[Bytes]) -> Vec<&str> {
    args.iter()
        .map(|arg| std::str::from_utf8(arg).unwrap_or_default())
        .collect()
}

impl Tamper for Liar {
    fn evaluated(&self, chaincode: &str, args: &[Bytes], answer: Bytes) -> Bytes {
        let args = words(args);
        match &*self.evaluated.lock().unwrap() {
            Some(lie) => lie(chaincode, &args, answer),
            None => answer,
        }
    }

    fn prepared(&self, transaction: Envelope) -> Envelope {
        match &*self.prepared.lock().unwrap() {
            Some(lie) => lie(transaction),
            None => transaction,
        }
    }

    fn commit_status(&self, status: CommitStatusResponse) -> CommitStatusResponse {
        match &*self.status.lock().unwrap() {
            Some(lie) => lie(status),
            None => status,
        }
    }
}

impl Liar {
    fn honest(&self) {
        *self.evaluated.lock().unwrap() = None;
        *self.prepared.lock().unwrap() = None;
        *self.status.lock().unwrap() = None;
        *self.served.lock().unwrap() = None;
    }

    /// Has the server say what the gateway said.
    fn by_server(&self) {
        let lie = self.evaluated.lock().unwrap().take();
        *self.served.lock().unwrap() = lie;
    }

    /// Lies about answers of a function of any chaincode.
    fn about(
        &self,
        function: &'static str,
        lie: impl Fn(&[&str], Bytes) -> Bytes + Send + 'static,
    ) {
        let lie: Evaluated =
            Box::new(
                move |_, args, answer| match args.first() == Some(&function) {
                    true => lie(args, answer),
                    false => answer,
                },
            );
        *self.evaluated.lock().unwrap() = Some(lie);
    }

    /// The same of an answer that is JSON.
    fn edits(&self, function: &'static str, edit: impl Fn(&mut Value) + Send + 'static) {
        self.about(function, move |_, answer| {
            let mut answer = serde_json::from_slice(&answer).unwrap();
            edit(&mut answer);
            serde_json::to_vec(&answer).unwrap().into()
        });
    }
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    symbol: String,
    /// What it printed: results and, with `--json`, errors.
    stdout: String,
}

impl Ended {
    /// It was refused with this symbol and code.
    #[track_caller]
    fn refused(&self, what: &str, symbol: &str, code: i32) {
        let got = (self.symbol.as_str(), self.code);
        assert_eq!(got, (symbol, code), "{what}: {self:?}");
    }

    #[track_caller]
    fn good(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_default()
    }
}

impl Town {
    async fn new() -> Self {
        let liar = Arc::new(Liar::default());
        let options = NetworkOptions {
            tamper: Some(Arc::clone(&liar) as Arc<dyn Tamper>),
            ..NetworkOptions::default()
        };
        let members = ["Org1", "Org2", "Org3"];
        let lies = Arc::clone(&liar);
        let consortium = Consortium::with(&members, options, move |organization, contract| {
            let is_own = organization.msp_id().as_str() == "Org1MSP";
            Suspect {
                contract,
                liar: is_own.then(|| Arc::clone(&lies)),
            }
        });
        let served = Served::of(consortium.await, &members).await;
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("anchor.block"), &served.consortium.genesis).unwrap();
        Self { served, liar, home }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The program as the admin of Org1, without a terminal.
    fn cmscc(&self, args: &[&str]) -> Ended {
        self.cmscc_as("org1", "state", args)
    }

    /// The program as an admin, with a folder for what it verified.
    fn cmscc_as(&self, org: &str, state: &str, args: &[&str]) -> Ended {
        let out = self.command(org, state, args).arg("--json").output();
        let out = out.unwrap();
        let document: Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
        let symbol = document["error"]["symbol"].as_str();
        Ended {
            code: out.status.code().unwrap(),
            symbol: symbol.unwrap_or_default().to_owned(),
            stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
        }
    }

    fn command(&self, org: &str, state: &str, args: &[&str]) -> Command {
        let place = &self.served.place;
        let peer = "peerOrganizations/org1.example.com/tlsca/tlsca.org1.example.com-cert.pem";
        let domain = format!("{org}.example.com");
        let folder = place.crypto.join("peerOrganizations").join(&domain);
        let mut command = Command::new(env!("CARGO_BIN_EXE_cmscc"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.home.path())
            .env("CMSCC_STATE_DIR", self.file(state))
            .env("CMSCC_CHANNEL", self.served.consortium.channel.as_str())
            .env("CMSCC_ANCHOR", self.file("anchor.block"))
            .env("CORE_PEER_ADDRESS", &place.peers["org1"])
            .env("CORE_PEER_TLS_ENABLED", "true")
            .env("CORE_PEER_TLS_ROOTCERT_FILE", place.crypto.join(peer))
            .env("CORE_PEER_LOCALMSPID", format!("Org{}MSP", &org[3..]))
            .env(
                "CORE_PEER_MSPCONFIGPATH",
                folder.join(format!("users/Admin@{domain}/msp")),
            )
            .current_dir(self.home.path());
        command
    }

    /// `sign`, with the digest of what the liar wants to have signed.
    fn sign(&self, id: &str, digest: Digest) -> Ended {
        self.cmscc(&["sign", id, "--yes", "--digest", &digest.to_string()])
    }

    /// A proposal of Org2 to set a policy of the application.
    async fn propose(&self, id: &str, policy: &str) {
        self.propose_patch(id, &rule_patch(policy)).await;
    }

    async fn propose_patch(&self, id: &str, patch: &str) {
        let args = ["ProposeConfigUpdate", id, patch, "a change"];
        self.served.consortium.invoke("Org2", &args).await.unwrap();
    }

    /// A proposal as the honest peer of Org2 shows it.
    async fn truth(&self, id: &str) -> Value {
        let whole = json!({"whole": ["diff", "patch", "signatures"]}).to_string();
        let args = ["GetProposal", id, &whole];
        self.served.consortium.query("Org2", &args).await.unwrap()
    }

    async fn digest(&self, id: &str) -> Digest {
        digest_of(&self.truth(id).await)
    }

    /// No signature of Org1 is on the ledger.
    #[track_caller]
    fn unsigned(&self, what: &str, truth: &Value) {
        let signatures = truth["signatures"].as_array().unwrap();
        let own = signatures.iter().filter(|one| one["msp_id"] == "Org1MSP");
        assert_eq!(own.count(), 0, "{what}");
    }

    /// The update of a proposal of policies takes effect; nobody tells the contract.
    async fn bring_about(&self, id: &str) -> Bytes {
        let c = &self.served.consortium;
        for org in ["Org2", "Org3"] {
            c.sign(org, id).await;
        }
        c.submit("Org2", id).await
    }
}

/// A patch that sets a policy of the application to a rule of its own.
fn rule_patch(policy: &str) -> String {
    let rule = json!({"type": 3, "value": {"rule": "ALL", "sub_policy": "Endorsement"}});
    let policies = json!({ policy: {"mod_policy": "Admins", "policy": rule} });
    json!({"channel_group": {"groups": {"Application": {"policies": policies}}}}).to_string()
}

/// The digest of what a proposal asks to sign.
fn digest_of(proposal: &Value) -> Digest {
    let envelope = STANDARD.decode(proposal["config_update_to_sign"].as_str().unwrap());
    let read = envelope::read_update_envelope(&envelope.unwrap().into()).unwrap();
    Digest::of(&read.config_update)
}
