//! Keys in PKCS#11 tokens, with SoftHSM: `docs/pkcs11.md` as it stands, each thing that may be wrong, a PIN
//! that is typed, keys that the token made itself.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    mechanism::Mechanism,
    object::{Attribute, AttributeType},
    session::{Session, UserType},
    types::AuthPin,
};
use rcgen::{CertificateParams, Issuer, KeyPair, PublicKeyData, SignatureAlgorithm};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    desk::Desk,
    pages::{blocks, comparable},
};

const PAGE: &str = include_str!("../../../docs/pkcs11.md");

/// Where Debian has it.
pub(crate) const LIBRARY: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Set in the process of a test that talks to tokens itself.
const OWN_TOKENS: &str = "CMSCC_TEST_TOKENS";

/// Whether SoftHSM is there; says so where it is not.
pub(crate) fn has_softhsm() -> bool {
    let found = Path::new(LIBRARY).exists() && Command::new("softhsm2-util").output().is_ok();
    if !found {
        println!("SKIPPED: SoftHSM is not installed (Debian: softhsm2)");
    }
    found
}

#[test]
fn the_page_runs_as_it_stands() {
    if !has_softhsm() {
        return;
    }
    let desk = Desk::new();
    let printed = comparable(&desk.run(&blocks(PAGE, "sh").concat()));
    for line in blocks(PAGE, "text").concat().lines() {
        let line = comparable(line);
        assert!(
            printed.contains(&line),
            "not printed:\n{line}\nbut\n{printed}"
        );
    }
}

#[test]
fn what_is_wrong_has_a_name() {
    if !has_softhsm() {
        return;
    }
    let tokens = Tokens::new();
    tokens.add("org1");
    let id = tokens.ski("p256.crt");
    tokens.import("p256-pkcs8.pem", &id, &[]);
    tokens.import("p384-pkcs8.pem", &hex::encode("other"), &[]);
    let good = tokens.identity("test", "p256.crt", &[]);
    assert_eq!((good.0, &good.1["tested"]), (0, &json!(true)), "{good:?}");
    assert_eq!(good.1["token"]["key_id"], json!(id));
    let p384 = tokens.identity("test", "p384.crt", &[("CMSCC_PKCS11_ALTID", "other")]);
    assert_eq!((p384.0, &p384.1["key_kind"]), (0, &json!("ECDSA P-384")));
    let mapped = format!("{} other", tokens.ski("p384.crt"));
    let p384 = tokens.identity("test", "p384.crt", &[("CMSCC_PKCS11_KEYIDS", &mapped)]);
    assert_eq!(p384.0, 0, "{p384:?}");

    let library = |path| [("CORE_PEER_BCCSP_PKCS11_LIBRARY", path)];
    let refused = |certificate: &str, variables: &[(&str, &str)], symbol: &str, exit: i32| {
        let (code, document) = tokens.identity("test", certificate, variables);
        assert_eq!(document["error"]["symbol"], symbol, "{document}");
        assert_eq!(code, exit, "{document}");
        let text = document["error"].to_string();
        assert!(!text.contains("2222"), "{text}");
        text
    };
    refused("p256.crt", &library("/no/such.so"), "PKCS11_NO_LIBRARY", 2);
    refused(
        "p256.crt",
        &library("/etc/hostname"),
        "PKCS11_NO_LIBRARY",
        2,
    );
    refused("p256.crt", &library("libc.so.6"), "PKCS11_NO_LIBRARY", 2);
    let label = [("CORE_PEER_BCCSP_PKCS11_LABEL", "org2")];
    let said = refused("p256.crt", &label, "PKCS11_NO_TOKEN", 2);
    assert!(said.contains("it has `org1`"), "{said}");
    let said = refused("p384.crt", &[], "PKCS11_NO_KEY", 4);
    for part in [&*tokens.ski("p384.crt"), "`other`", &id] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let other = [("CMSCC_PKCS11_ALTID", "other")];
    refused("p256.crt", &other, "PKCS11_KEY_CURVE", 4);
    refused("ed25519.crt", &[], "KEY_UNSUPPORTED", 4);
    let none = [("CORE_PEER_BCCSP_PKCS11_PIN", "")];
    refused("p256.crt", &none, "PKCS11_PIN_MISSING", 2);
    let wrong = [("CORE_PEER_BCCSP_PKCS11_PIN", "1234")];
    refused("p256.crt", &wrong, "PKCS11_PIN_WRONG", 4);
    // that is seen without a PIN, and a good one takes it back
    let pin = |seen: &(i32, Value)| seen.1["token"]["pin"].clone();
    let seen = tokens.identity("show", "p256.crt", &[]);
    assert_eq!(pin(&seen), "a wrong one was tried", "{seen:?}");
    assert_eq!(tokens.identity("test", "p256.crt", &[]).0, 0);
    let seen = tokens.identity("show", "p256.crt", &[]);
    assert_eq!(
        (pin(&seen), &seen.1["tested"]),
        (json!("good"), &json!(false))
    );
    // a public key of this id that is another one, before anything is signed
    tokens.import("p256-pkcs8.pem", &hex::encode("mine"), &[]);
    let params = CertificateParams::default();
    let other = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    fs::write(tokens.at("other.crt"), other.pem()).unwrap();
    let mine = [("CMSCC_PKCS11_ALTID", "mine")];
    let other = tokens.at("other.crt");
    refused(other.to_str().unwrap(), &mine, "PKCS11_KEY_MISMATCH", 4);
    tokens.import("p256-pkcs8.pem", &id, &["--force"]);
    refused("p256.crt", &[], "PKCS11_TWO_KEYS", 4);
    tokens.add("org1");
    refused("p256.crt", &[], "PKCS11_TWO_TOKENS", 2);
}

#[test]
fn a_pin_is_typed_without_being_shown() {
    if !has_softhsm() || Command::new("script").arg("--version").output().is_err() {
        println!("SKIPPED: `script` of util-linux plays the terminal");
        return;
    }
    let tokens = Tokens::new();
    tokens.add("org1");
    tokens.import("p256-pkcs8.pem", &tokens.ski("p256.crt"), &[]);
    let (succeeded, printed) = tokens.typed("\u{7f}2223\u{7f}2\n");
    assert!(
        succeeded && printed.contains("✓ the key signed"),
        "{printed}"
    );
    assert!(!printed.contains("222"), "{printed}");
    // interrupted: nothing is tried, and the terminal shows again what is typed
    let (succeeded, printed) = tokens.typed("22\u{3}");
    assert!(!succeeded && printed.contains("[DECLINED]"), "{printed}");
    assert!(printed.contains("echo is on"), "{printed}");
    let (succeeded, printed) = tokens.typed("\n");
    assert!(!succeeded && printed.contains("[DECLINED]"), "{printed}");
    let seen = tokens.identity("show", "p256.crt", &[]);
    assert_eq!(seen.1["token"]["pin"], "good", "{seen:?}");
    let (succeeded, printed) = tokens.typed("1234\n");
    assert!(
        !succeeded && printed.contains("[PKCS11_PIN_WRONG]"),
        "{printed}"
    );
    // once, and no more
    assert_eq!(
        printed.matches("PIN of the token org1").count(),
        1,
        "{printed}"
    );
}

/// As Fabric's tools make them; the test talks to SoftHSM itself, in a process of its own.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test's own settings")]
fn keys_that_the_token_made_sign() {
    if !has_softhsm() {
        return;
    }
    if env::var_os(OWN_TOKENS).is_none() {
        let tokens = Tokens::new();
        tokens.add("org1");
        let name = "client::token::keys_that_the_token_made_sign";
        let out = Command::new(env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env("SOFTHSM2_CONF", tokens.at("softhsm2.conf"))
            .env(OWN_TOKENS, tokens.at(""))
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{printed}");
        assert!(printed.contains("both keys signed"), "{printed}");
        return;
    }
    let folder = PathBuf::from(env::var_os(OWN_TOKENS).unwrap());
    let module = Pkcs11::new(LIBRARY).unwrap();
    let locking = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    module.initialize(locking).unwrap();
    let slot = module.get_slots_with_initialized_token().unwrap().remove(0);
    let session = module.open_rw_session(slot).unwrap();
    let pin = AuthPin::new("2222".into());
    session.login(UserType::User, Some(&pin)).unwrap();
    let p256 = [0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let p384 = [0x06, 5, 0x2b, 0x81, 4, 0, 0x22];
    for (oid, size, kind) in [(&p256[..], 32, "ECDSA P-256"), (&p384, 48, "ECDSA P-384")] {
        let point = make_key(&session, oid, size);
        fs::write(folder.join("own.crt"), certified(size, point)).unwrap();
        let variables = [("SOFTHSM2_CONF", folder.join("softhsm2.conf"))];
        let variables = variables.map(|(name, path)| (name, path.to_str().unwrap().to_owned()));
        let (code, document) = identity("test", &folder.join("own.crt"), &variables);
        assert_eq!(code, 0, "{document}");
        assert_eq!(document["key_kind"], kind, "{document}");
        assert_eq!(document["token"]["shows_public_key"], true, "{document}");
    }
    println!("both keys signed");
}

/// A pair whose id is its SKI, and its point.
// Fabric: bccsp/pkcs11/pkcs11.go, generateECKey
fn make_key(session: &Session, oid: &[u8], size: usize) -> Vec<u8> {
    let public = [
        Attribute::Token(true),
        Attribute::Verify(true),
        Attribute::EcParams(oid.to_vec()),
    ];
    let private = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sign(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
    ];
    let pair = session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private);
    let (public, private) = pair.unwrap();
    let attributes = session.get_attributes(public, &[AttributeType::EcPoint]);
    let Attribute::EcPoint(wrapped) = attributes.unwrap().remove(0) else {
        panic!("no point");
    };
    let point = wrapped[wrapped.len() - 2 * size - 1..].to_vec();
    let ski = ring::digest::digest(&ring::digest::SHA256, &point);
    let id = [Attribute::Id(ski.as_ref().to_vec())];
    session.update_attributes(public, &id).unwrap();
    session.update_attributes(private, &id).unwrap();
    point
}

/// A certificate of some CA for the public key that the token made.
fn certified(size: usize, point: Vec<u8>) -> String {
    let algorithm = match size {
        32 => &rcgen::PKCS_ECDSA_P256_SHA256,
        _ => &rcgen::PKCS_ECDSA_P384_SHA384,
    };
    let key = MadeKey { point, algorithm };
    let issuer = Issuer::new(CertificateParams::default(), KeyPair::generate().unwrap());
    let params = CertificateParams::default();
    params.signed_by(&key, &issuer).unwrap().pem()
}

/// A public key whose private key is not here.
struct MadeKey {
    point: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
}

impl PublicKeyData for MadeKey {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

/// Tokens of a test, in a folder.
pub(crate) struct Tokens(TempDir);

impl Tokens {
    pub(crate) fn new() -> Self {
        let tokens = Self(TempDir::new().unwrap());
        fs::create_dir(tokens.at("tokens")).unwrap();
        let settings = format!(
            "directories.tokendir = {}\nlog.level = ERROR\n",
            tokens.at("tokens").display()
        );
        fs::write(tokens.at("softhsm2.conf"), settings).unwrap();
        tokens
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn util(&self, args: &[&str]) {
        let out = Command::new("softhsm2-util")
            .args(args)
            .env("SOFTHSM2_CONF", self.at("softhsm2.conf"))
            .output()
            .unwrap();
        assert!(out.status.success(), "{args:?}: {out:?}");
    }

    /// A token with this label, and the PIN 2222.
    pub(crate) fn add(&self, label: &str) {
        let pins = ["--so-pin", "1111", "--pin", "2222"];
        let new = ["--init-token", "--free", "--label", label];
        self.util(&[&new[..], &pins].concat());
    }

    fn import(&self, key: &str, id: &str, more: &[&str]) {
        let key = keys().join(key);
        let import = ["--import", key.to_str().unwrap(), "--token", "org1"];
        let names = ["--label", "x", "--id", id, "--pin", "2222"];
        self.util(&[&import[..], &names, more].concat());
    }

    /// The SKI of a certificate's key, as the program says it.
    fn ski(&self, certificate: &str) -> String {
        let (_, seen) = self.identity("show", certificate, &[]);
        seen["token"]["ski"].as_str().unwrap().to_owned()
    }

    /// How `identity show` or `test` ends, and its document.
    fn identity(&self, verb: &str, certificate: &str, variables: &[(&str, &str)]) -> (i32, Value) {
        let conf = self.at("softhsm2.conf");
        let own = [("SOFTHSM2_CONF", conf.to_str().unwrap())];
        let variables = own.iter().chain(variables);
        let variables: Vec<_> = variables
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        identity(verb, &keys().join(certificate), &variables)
    }

    /// `identity test` at a terminal where somebody types this when the PIN is asked for.
    fn typed(&self, keys: &str) -> (bool, String) {
        let certificate = self::keys().join("p256.crt");
        let shell = format!(
            "{} identity test --cert {}; code=$?; stty -a | grep -q ' echo ' && echo echo is on; exit $code",
            env!("CARGO_BIN_EXE_cmscc"),
            certificate.display()
        );
        let mut command = Command::new("script");
        command.args(["-qec", &shell, "/dev/null"]).env_clear();
        #[expect(clippy::disallowed_methods, reason = "the test's own settings")]
        command.env("PATH", env::var_os("PATH").unwrap());
        let mut child = command
            .envs(
                settings()
                    .into_iter()
                    .filter(|(name, _)| !name.ends_with("_PIN")),
            )
            .env("SOFTHSM2_CONF", self.at("softhsm2.conf"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut printed = Vec::new();
        let mut byte = [0];
        while !String::from_utf8_lossy(&printed).contains("PIN of the token org1") {
            assert_eq!(out.read(&mut byte).unwrap(), 1, "it ended without asking");
            printed.push(byte[0]);
        }
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(keys.as_bytes()).unwrap();
        // the terminal stays until the program is done with it
        let rest = thread::spawn(move || {
            out.read_to_end(&mut printed).unwrap();
            printed
        });
        let status = child.wait().unwrap();
        drop(stdin);
        let printed = rest.join().unwrap();
        (
            status.success(),
            String::from_utf8_lossy(&printed).into_owned(),
        )
    }
}

fn keys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys")
}

fn settings() -> Vec<(&'static str, &'static str)> {
    vec![
        ("HOME", "/nonexistent"),
        ("CORE_PEER_LOCALMSPID", "Org1MSP"),
        ("CORE_PEER_BCCSP_DEFAULT", "PKCS11"),
        ("CORE_PEER_BCCSP_PKCS11_LIBRARY", LIBRARY),
        ("CORE_PEER_BCCSP_PKCS11_LABEL", "org1"),
        ("CORE_PEER_BCCSP_PKCS11_PIN", "2222"),
    ]
}

fn identity(verb: &str, certificate: &Path, variables: &[(&str, String)]) -> (i32, Value) {
    let out = Command::new(env!("CARGO_BIN_EXE_cmscc"))
        .args(["identity", verb, "--json"])
        .env_clear()
        .envs(settings())
        .env("CMSCC_CERT", certificate)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let document = serde_json::from_slice(&out.stdout);
    let document = document.unwrap_or_else(|error| panic!("{error}: {out:?}"));
    (out.status.code().unwrap(), document)
}
