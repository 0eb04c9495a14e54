//! `cmscc profile` and `cmscc identity`, as people and scripts run them.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    contract::captures::data,
    ops::serving::{command, folder},
};

/// A home folder, and what is run in it.
struct Home(TempDir);

impl Home {
    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        let home = self.0.path().to_str().unwrap();
        let variables = [&[("HOME", home)], variables].concat();
        command(&self.0, args, &variables).output().unwrap()
    }

    fn json(&self, args: &[&str], variables: &[(&str, &str)]) -> (i32, Value) {
        let out = self.run(&[args, &["--json"]].concat(), variables);
        let document = serde_json::from_slice(&out.stdout).unwrap();
        (out.status.code().unwrap(), document)
    }

    fn config(&self) -> PathBuf {
        self.0.path().join(".config/cmscc")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn org2() -> PathBuf {
    let crypto = data().join("crypto/peerOrganizations/org2.example.com");
    crypto.canonicalize().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_environment_of_peer_becomes_a_profile() {
    let home = Home(folder());
    let msp = org2().join("users/Admin@org2.example.com/msp");
    let ca = org2().join("msp/tlscacerts/tlsca.org2.example.com-cert.pem");
    let variables = [
        ("CORE_PEER_ADDRESS", "localhost:9051"),
        ("CORE_PEER_LOCALMSPID", "Org2MSP"),
        ("CORE_PEER_MSPCONFIGPATH", msp.to_str().unwrap()),
        ("CORE_PEER_TLS_ENABLED", "true"),
        ("CORE_PEER_TLS_ROOTCERT_FILE", ca.to_str().unwrap()),
    ];
    let out = home.run(&["identity", "show"], &variables);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    for part in [
        "Org2MSP",
        "CN=Admin@org2.example.com,OU=admin",
        "keystore/priv_sk  ECDSA P-256",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains('\u{1b}'), "{said}");

    let out = home.run(
        &["profile", "add", "org2", "--channel", "mychannel"],
        &variables,
    );
    assert!(out.status.success(), "{}", text(&out.stderr));
    let file = home.config().join("config.toml");
    assert_eq!((mode(&file), mode(&home.config())), (0o600, 0o700));
    // from now on without the environment
    let (code, who) = home.json(&["identity", "show"], &[]);
    assert_eq!(
        (code, &who["role"], &who["msp_id"]),
        (0, &json!("admin"), &json!("Org2MSP"))
    );
    let out = home.run(&["profile", "show", "--origin"], &[]);
    let said = text(&out.stdout);
    assert!(said.contains("profile org2 (channel)"), "{said}");
    let (_, list) = home.json(&["profile", "list"], &[]);
    assert_eq!(list["current"], "org2");
    assert_eq!(list["profiles"][0]["peers"][0]["address"], "localhost:9051");

    // what is not asked for is not done
    let out = home.run(&["profile", "add", "org2", "--channel", "x"], &variables);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("PROFILE_EXISTS"));
    let (code, refused) = home.json(&["profile", "use", "org3"], &[]);
    assert_eq!(code, 2);
    assert_eq!(refused["error"]["symbol"], "PROFILE_NOT_FOUND");
    let (code, refused) = home.json(&["identity", "show", "--profile", "org3"], &[]);
    assert_eq!((code, &refused["error"]["code"]), (2, &json!(2)));
    let (_, removed) = home.json(&["profile", "remove", "org2"], &[]);
    assert_eq!(removed, json!({"profile": "org2", "current": null}));
}

/// What needs the feature says how to get it; the settings are read all the same.
#[cfg(not(feature = "pkcs11"))]
#[test]
fn a_build_without_tokens_says_so() {
    let home = Home(folder());
    let msp = org2().join("users/Admin@org2.example.com/msp");
    let variables = [
        ("CORE_PEER_LOCALMSPID", "Org2MSP"),
        ("CORE_PEER_MSPCONFIGPATH", msp.to_str().unwrap()),
        ("CORE_PEER_BCCSP_DEFAULT", "PKCS11"),
        ("CORE_PEER_BCCSP_PKCS11_LIBRARY", "libsofthsm2.so"),
        ("CORE_PEER_BCCSP_PKCS11_LABEL", "org2"),
        ("CORE_PEER_BCCSP_PKCS11_PIN", "98765"),
    ];
    for verb in ["show", "test"] {
        let (code, who) = home.json(&["identity", verb], &variables);
        assert_eq!(code, 2, "{who}");
        assert_eq!(who["error"]["symbol"], "PKCS11_NOT_BUILT");
        let hint = who["error"]["hint"].as_str().unwrap();
        assert!(hint.contains("--features pkcs11"), "{hint}");
    }
    let out = home.run(&["profile", "show", "--origin"], &variables);
    let said = text(&out.stdout);
    assert!(said.contains("CORE_PEER_BCCSP_PKCS11_LABEL"), "{said}");
    assert!(!said.contains("98765"), "{said}");
}

#[test]
fn an_import_writes_a_profile_and_nothing_hidden() {
    let home = Home(folder());
    let msp = org2().join("users/User1@org2.example.com/msp");
    let read = |path: PathBuf| fs::read_to_string(path).unwrap();
    let ca = read(org2().join("msp/tlscacerts/tlsca.org2.example.com-cert.pem"));
    let wallet = json!({
        "credentials": {
            "certificate": read(msp.join("signcerts/User1@org2.example.com-cert.pem")),
            "privateKey": read(msp.join("keystore/priv_sk")),
        },
        "mspId": "Org2MSP", "type": "X.509", "version": 1,
    });
    let connection = json!({
        "client": {"organization": "Org2"},
        "organizations": {"Org2": {"mspid": "Org2MSP", "peers": ["p\u{1b}[2J", "peer0"]}},
        "peers": {"peer0": {"url": "grpcs://localhost:9051", "tlsCACerts": {"pem": ca},
                            "grpcOptions": {"ssl-target-name-override": "peer0\u{202e}"}}},
        "hooks": {"exec": "rm"}, "trust_anchor": "x",
    });
    fs::write(home.0.path().join("user1.id"), wallet.to_string()).unwrap();
    fs::write(home.0.path().join("ccp.json"), connection.to_string()).unwrap();
    let import = [
        "profile",
        "import",
        "ccp.json",
        "--wallet",
        "user1.id",
        "--channel",
        "c",
    ];
    let out = home.run(&import, &[]);
    let said = text(&out.stdout) + &text(&out.stderr);
    assert!(out.status.success(), "{said}");
    for part in [
        "localhost:9051  as peer0\\u{202e}",
        "CN=tlsca.org2.example.com",
        "p\\u{1b}[2J",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said}");
    let files = home.config().join("profiles/org2");
    assert_eq!((mode(&files), mode(&files.join("key.pem"))), (0o700, 0o600));
    let kept = read(home.config().join("config.toml"));
    assert!(
        !kept.contains("hooks") && !kept.contains("anchor") && !kept.contains("PRIVATE"),
        "{kept}"
    );

    let (code, who) = home.json(&["identity", "show"], &[]);
    assert_eq!((code, &who["role"]), (0, &json!("client")), "{who}");
    assert_eq!(home.run(&import, &[]).status.code(), Some(2));
    let again = [&import[..], &["--force"]].concat();
    let (code, made) = home.json(&again, &[]);
    assert_eq!(
        (code, &made["name"], &made["is_current"]),
        (0, &json!("org2"), &json!(true))
    );
    assert_eq!(made["tls_authorities"].as_array().unwrap().len(), 1);

    // a key that is gone: who one is is still said
    fs::remove_file(files.join("key.pem")).unwrap();
    let (code, who) = home.json(&["identity", "show"], &[]);
    assert_eq!(
        (code, &who["error"]["symbol"]),
        (2, &json!("KEY_NOT_FOUND"))
    );
    assert_eq!(who["msp_id"], "Org2MSP");
}
