//! `cmscc devnet up` and the commands beside it, as processes; and Fabric's own `peer` on the network,
//! where `FABRIC_BIN` is set.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use tempfile::TempDir;

/// A network in the background; it ends with this value.
struct Background {
    folder: TempDir,
}

impl Drop for Background {
    fn drop(&mut self) {
        self.run(&["down"]);
    }
}

impl Background {
    fn up(args: &[&str]) -> Self {
        let network = Self {
            folder: TempDir::new().unwrap(),
        };
        let up = ["up", "--background", "--port-base", "0"];
        network.good(&[&up[..], args].concat());
        network
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("net")
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cmscc"))
            .arg("devnet")
            .args(args)
            .arg("--dir")
            .arg(self.dir())
            .output()
            .unwrap()
    }

    fn good(&self, args: &[&str]) -> String {
        let out = self.run(args);
        let error = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{args:?}: {error}");
        String::from_utf8(out.stdout).unwrap()
    }

    fn refused(&self, args: &[&str]) -> String {
        let out = self.run(args);
        assert_eq!(out.status.code(), Some(1), "{args:?}");
        String::from_utf8(out.stderr).unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        let text = self.good(&[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap()
    }

    /// The variables that act for somebody.
    fn env(&self, args: &[&str]) -> BTreeMap<String, Option<String>> {
        let json = self.json(&[&["env"], args].concat());
        serde_json::from_value(json).unwrap()
    }
}

#[test]
fn a_network_is_started_looked_at_and_ended() {
    let network = Background::up(&["--orgs", "2", "--spare", "1", "--channels", "2"]);
    let status = network.json(&["status"]);
    let channels: Vec<_> = (status["channels"].as_array().unwrap().iter())
        .map(|channel| (channel["name"].clone(), channel["members"].clone()))
        .collect();
    let members = serde_json::json!(["Org1MSP", "Org2MSP"]);
    assert_eq!(
        channels,
        [
            ("mychannel".into(), members.clone()),
            ("channel2".into(), members)
        ]
    );
    let names: Vec<_> = (status["organizations"].as_array().unwrap().iter())
        .map(|organization| organization["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Org1", "Org2", "OrgX"]);
    assert_eq!(status["organizations"][0]["heights"]["channel2"], 2);
    assert_eq!(status["organizations"][2]["server_runs"], false);

    let mode = |path: &str| {
        let file = fs::metadata(network.dir().join(path)).unwrap();
        file.permissions().mode() & 0o777
    };
    assert_eq!((mode(""), mode("control.json")), (0o700, 0o600));
    let user = "organizations/peerOrganizations/org1.example.com/users/agent@org1.example.com";
    assert_eq!(mode(&format!("{user}/msp/keystore/priv_sk")), 0o600);
    for file in [
        "anchors/channel2.block",
        "organizations/orgx.json",
        "organizations/peerOrganizations/orgx.example.com/msp/config.yaml",
        "organizations/peerOrganizations/org1.example.com/connection-org1.json",
    ] {
        assert!(network.dir().join(file).is_file(), "{file}");
    }

    // once more, and what there is not
    let error = network.refused(&["up", "--port-base", "0"]);
    assert!(error.contains("already"), "{error}");
    let error = network.refused(&["stop-peer", "org9"]);
    assert!(error.contains("there are Org1, Org2, OrgX"), "{error}");

    network.good(&["stop-peer", "org2"]);
    assert_eq!(
        network.json(&["status"])["organizations"][1]["peer_runs"],
        false
    );
    network.refused(&["stop-peer", "org2"]);
    network.good(&["start-peer", "Org2"]);
    network.good(&["stop-server", "org2"]);
    assert_eq!(
        network.json(&["status"])["organizations"][1]["server_runs"],
        false
    );
    network.good(&["start-server", "org2"]);
    network.good(&["add-org", "Wholesale"]);
    assert!(network.dir().join("organizations/wholesale.json").is_file());
    network.refused(&["add-org", "../x"]);

    network.good(&["down"]);
    assert!(!network.dir().exists());
    let error = network.refused(&["status"]);
    assert!(error.contains("cmscc devnet up"), "{error}");
}

#[test]
fn a_shell_is_told_who_acts() {
    let network = Background::up(&["--chaincode", "votes"]);
    let env = network.env(&["org1", "--user", "User1"]);
    let value = |name: &str| env[name].clone().unwrap();
    assert_eq!(value("CORE_PEER_LOCALMSPID"), "Org1MSP");
    assert_eq!(value("CHANNEL_NAME"), "mychannel");
    assert_eq!(value("CMSCC_CHAINCODE"), "votes");
    for name in ["CORE_PEER_MSPCONFIGPATH", "FABRIC_CFG_PATH", "CMSCC_ANCHOR"] {
        assert!(Path::new(&value(name)).is_dir(), "{name}");
    }
    for name in ["CORE_PEER_TLS_ROOTCERT_FILE", "ORDERER_CA"] {
        assert!(Path::new(&value(name)).is_file(), "{name}");
    }
    let orderer = network.env(&["orderer"]);
    assert_eq!(orderer["CORE_PEER_ADDRESS"], None);
    // a shell reads it, whatever the folder is called
    let script = network.good(&["env", "org2"]) + "\nprintf %s \"$CORE_PEER_MSPCONFIGPATH\"";
    let shell = Command::new("sh").args(["-c", &script]).output().unwrap();
    let folder = String::from_utf8(shell.stdout).unwrap();
    assert!(Path::new(&folder).is_dir(), "{folder}");
    network.refused(&["env", "org7"]);
    network.refused(&["env", "orderer", "--user", "User1"]);
}

#[test]
fn a_folder_with_something_else_in_it_is_left_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_cmscc"))
        .args(["devnet", "up", "--port-base", "0", "--dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(folder.path().join("mine.txt").is_file());
}

/// Fabric's `peer` as somebody of the network.
struct PeerCommand<'a> {
    network: &'a Background,
    program: PathBuf,
}

impl PeerCommand<'_> {
    fn run(&self, org: &str, args: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command.args(args).env("FABRIC_LOGGING_SPEC", "error");
        for (name, value) in self.network.env(&[org]) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let out = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match out.status.success() {
            true => Ok(text(&out.stdout)),
            false => Err(text(&out.stderr)),
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test's own settings")]
fn fabrics_own_client_works_on_it() {
    let Some(bin) = env::var_os("FABRIC_BIN") else {
        println!("SKIPPED: set FABRIC_BIN to run Fabric's `peer` against the embedded network");
        return;
    };
    play_with(&bin);
}

fn play_with(bin: &OsString) {
    let network = Background::up(&["--spare", "1"]);
    let peer = PeerCommand {
        network: &network,
        program: Path::new(bin).join("peer"),
    };
    let env = network.env(&["org1"]);
    let value = |name: &str| env[name].clone().unwrap();
    let (orderer, ca) = (value("ORDERER_ADDRESS"), value("ORDERER_CA"));
    let to_orderer = ["-o", &orderer, "--tls", "--cafile", &ca];
    let other = network.env(&["org2"]);
    let file = |name: &str| {
        network
            .folder
            .path()
            .join(name)
            .to_str()
            .unwrap()
            .to_owned()
    };
    let query = |org: &str, call: &str| {
        let args = [
            "chaincode",
            "query",
            "-C",
            "mychannel",
            "-n",
            "cmscc",
            "-c",
            call,
        ];
        peer.run(org, &args)
    };

    assert!(
        peer.run("org1", &["channel", "list"])
            .unwrap()
            .contains("mychannel")
    );
    let info = peer.run("org1", &["channel", "getinfo", "-c", "mychannel"]);
    assert!(info.unwrap().contains("\"height\":2"));
    let defined = [
        "lifecycle",
        "chaincode",
        "querycommitted",
        "-C",
        "mychannel",
    ];
    let defined = peer.run("org1", &[&defined[..], &["-n", "cmscc"]].concat());
    assert!(defined.unwrap().contains("Sequence: 1"));
    for (what, from) in [("config", &to_orderer[..]), ("newest", &[]), ("0", &[])] {
        let block = file(&format!("{what}.block"));
        let fetch = ["channel", "fetch", what, &block, "-c", "mychannel"];
        peer.run("org1", &[&fetch[..], from].concat()).unwrap();
        assert!(fs::metadata(&block).unwrap().len() > 1000, "{what}");
    }

    let json = fs::read_to_string(network.dir().join("organizations/orgx.json")).unwrap();
    let call = serde_json::json!({
        "Args": ["AddOrganization", "add_orgx", "OrgXMSP", json, "a member"],
    });
    let peers = [&env, &other].map(|env| {
        let value = |name: &str| env[name].clone().unwrap();
        (
            value("CORE_PEER_ADDRESS"),
            value("CORE_PEER_TLS_ROOTCERT_FILE"),
        )
    });
    let mut invoke: Vec<String> = ["chaincode", "invoke", "-C", "mychannel", "-n", "cmscc"]
        .iter()
        .chain(["--waitForEvent", "-c"].iter())
        .map(|arg| (*arg).to_owned())
        .collect();
    invoke.push(call.to_string());
    invoke.extend(to_orderer.iter().map(|arg| (*arg).to_owned()));
    for (address, ca) in peers {
        invoke.extend(["--peerAddresses".to_owned(), address]);
        invoke.extend(["--tlsRootCertFiles".to_owned(), ca]);
    }
    let invoke: Vec<_> = invoke.iter().map(String::as_str).collect();
    peer.run("org1", &invoke).unwrap();

    let shown = query("org2", r#"{"Args":["GetProposal","add_orgx"]}"#).unwrap();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let update = STANDARD.decode(shown["config_update_to_sign"].as_str().unwrap());
    let envelope = file("update.pb");
    fs::write(&envelope, update.unwrap()).unwrap();
    let submit = ["channel", "update", "-f", &envelope, "-c", "mychannel"];
    let submit = [&submit[..], &to_orderer].concat();
    let error = peer.run("org1", &submit).unwrap_err();
    assert!(
        error.contains("1 sub-policies were satisfied, but this policy requires 2"),
        "{error}"
    );
    peer.run("org2", &["channel", "signconfigtx", "-f", &envelope])
        .unwrap();
    peer.run("org1", &submit).unwrap();
    super::until("the new member's peer has joined", || {
        let status = network.json(&["status"]);
        (status["organizations"][2]["heights"]["mychannel"] == 4).then_some(())
    });
    let refused = query("org2", r#"{"Args":["GetProposal","nope"]}"#).unwrap_err();
    assert!(refused.contains("Code 404: UNKNOWN_PROPOSAL"), "{refused}");
}
