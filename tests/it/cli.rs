//! The program as people and scripts run it: output, files, exit codes.

use std::{fs, io::Read, path::Path, process::Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    contract::{
        calls::{export_proposal, sync_config},
        captures::CAPTURES,
        people::person,
        world::founded,
    },
    ops::serving::{Serving, command, folder},
    shim::peer::Peer,
};

fn cmscc(folder: &TempDir, args: &[&str], variables: &[(&str, &str)]) -> Output {
    command(folder, args, variables).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn genesis() -> Vec<u8> {
    CAPTURES[0].genesis()
}

#[test]
fn all_wrong_settings_are_reported_at_once() {
    let folder = folder();
    let anchors = folder.path().join("anchors");
    fs::create_dir(&anchors).unwrap();
    fs::write(anchors.join("mychannel.block"), "garbage").unwrap();
    fs::write(folder.path().join("cert.pem"), "garbage").unwrap();
    let variables = [
        ("CHAINCODE_SERVER_ADDRESS", "nowhere"),
        ("CHAINCODE_ID", "a:1"),
        ("CORE_CHAINCODE_ID_NAME", "b:2"),
        ("CHAINCODE_TLS_DISABLED", "false"),
        ("CHAINCODE_TLS_CERT", "cert.pem"),
        ("CHAINCODE_CLIENT_CA_CERT", "absent.pem"),
        ("CMSCC_TRUST_ANCHORS", "anchors"),
        ("CMSCC_ALLOW_UNANCHORED", "perhaps"),
        ("CMSCC_ON_UNSUPPORTED", "panic"),
        ("CMSCC_OPS_ADDRESS", "9443"),
        ("CMSCC_LOG", "cmscc=loud"),
        ("CMSCC_LOG_FORMAT", "xml"),
        ("CMSCC_SHUTDOWN_GRACE", "soon"),
        ("CMSCC_LIMIT_ARGUMENT", "0"),
    ];
    let out = cmscc(&folder, &["serve", "--limit-export=-1"], &variables);
    assert_eq!(out.status.code(), Some(2));
    assert!(out.stdout.is_empty());
    let errors = text(&out.stderr);
    let expected = [
        "CHAINCODE_ID (--chaincode-id) is `a:1`, but CORE_CHAINCODE_ID_NAME is `b:2`",
        "CHAINCODE_SERVER_ADDRESS (--address) is `nowhere`, which is not HOST:PORT",
        "CHAINCODE_TLS_KEY (--tls-key) is missing, and TLS is not disabled",
        "CHAINCODE_TLS_CERT (--tls-cert) names `cert.pem`, which holds no PEM certificate",
        "CHAINCODE_CLIENT_CA_CERT (--client-ca) names `absent.pem`, which cannot be read",
        "CMSCC_TRUST_ANCHORS (--trust-anchors): the anchor `mychannel.block` is no config block",
        "CMSCC_LIMIT_ARGUMENT (--limit-argument) is `0`, which is no number from 1",
        "CMSCC_LIMIT_EXPORT (--limit-export) is `-1`, which is no number from 1",
        "CMSCC_ALLOW_UNANCHORED (--allow-unanchored) is `perhaps`, which is none of `true`",
        "CMSCC_ON_UNSUPPORTED (--on-unsupported) is `panic`, which is none of `refuse`, `exit`",
        "CMSCC_OPS_ADDRESS (--ops-address) is `9443`, which is not HOST:PORT",
        "CMSCC_LOG (--log) is `cmscc=loud`, which is no log filter",
        "CMSCC_LOG_FORMAT (--log-format) is `xml`, which is none of `text`, `json`",
        "CMSCC_SHUTDOWN_GRACE (--shutdown-grace) is `soon`, which is no number from 1",
    ];
    for error in expected {
        assert!(
            errors.contains(&format!("error: {error}")),
            "{error}\n\n{errors}"
        );
    }
    assert_eq!(errors.lines().count(), expected.len(), "{errors}");
}

#[test]
fn missing_settings_and_a_certificate_without_tls_are_errors() {
    let out = cmscc(&folder(), &["serve"], &[("CHAINCODE_TLS_CERT", "cert.pem")]);
    assert_eq!(out.status.code(), Some(2));
    let errors = text(&out.stderr);
    for part in [
        "CHAINCODE_ID (--chaincode-id) is missing",
        "CHAINCODE_SERVER_ADDRESS (--address) is missing",
        "CHAINCODE_TLS_CERT (--tls-cert) is given, but CHAINCODE_TLS_DISABLED",
    ] {
        assert!(errors.contains(part), "{errors}");
    }
    assert_eq!(errors.lines().count(), 3, "{errors}");
}

/// What `peer lifecycle chaincode calculatepackageid` of Fabric 3.1.5 and 2.5.16 prints for this
/// package.
const PACKAGE_ID: &str = "cmscc:e7e2f1e8bf9de8afd5551661437307ec9ed57b97d2d5411b59740aa3db6ed1da";

#[test]
fn a_package_is_reproducible_and_its_id_is_fabrics() {
    let folder = folder();
    let args = ["package", "--address", "cmscc.org1.example.com:9999"];
    let first = cmscc(&folder, &args, &[]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    assert_eq!(text(&first.stdout), format!("{PACKAGE_ID}\n"));
    let written = fs::read(folder.path().join("cmscc.tar.gz")).unwrap();
    let more = ["--output", "again.tar.gz", "--json"];
    let second = cmscc(&folder, &[&args[..], &more[..]].concat(), &[]);
    let document: Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!(document["package_id"], PACKAGE_ID);
    assert_eq!(document["file"], "again.tar.gz");
    assert_eq!(document["label"], "cmscc");
    assert_eq!(document["address"], "cmscc.org1.example.com:9999");
    let again = fs::read(folder.path().join("again.tar.gz")).unwrap();
    assert_eq!(written, again);
}

/// The files of a gzipped tar file.
fn unpacked(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    archive
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_string_lossy().into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (name, content)
        })
        .collect()
}

#[test]
fn a_package_carries_tls_material() {
    let folder = folder();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["peer".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    fs::write(folder.path().join("cert.pem"), certificate.pem()).unwrap();
    fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
    let args = "package --address h:1 --label org1_cc --dial-timeout 3s --server-ca cert.pem \
                --peer-cert cert.pem --peer-key key.pem";
    let args: Vec<&str> = args.split_whitespace().collect();
    let out = cmscc(&folder, &args, &[]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(text(&out.stdout).starts_with("org1_cc:"));
    let package = unpacked(&fs::read(folder.path().join("org1_cc.tar.gz")).unwrap());
    let [(metadata_name, metadata), (code_name, code)] = &package[..] else {
        panic!("{} files", package.len());
    };
    assert_eq!(
        (metadata_name.as_str(), code_name.as_str()),
        ("metadata.json", "code.tar.gz")
    );
    let metadata: Value = serde_json::from_slice(metadata).unwrap();
    assert_eq!(metadata["type"], "ccaas");
    assert_eq!(metadata["label"], "org1_cc");
    let code = unpacked(code);
    assert_eq!(code[0].0, "connection.json");
    let connection: Value = serde_json::from_slice(&code[0].1).unwrap();
    assert_eq!(connection["address"], "h:1");
    assert_eq!(connection["dial_timeout"], "3s");
    assert_eq!(connection["tls_required"], true);
    assert_eq!(connection["client_auth_required"], true);
    assert_eq!(connection["root_cert"], certificate.pem());
    assert_eq!(connection["client_cert"], certificate.pem());
    assert_eq!(connection["client_key"], key.serialize_pem());
}

#[test]
fn a_block_in_a_file_is_pinned_without_a_peer() {
    let folder = folder();
    fs::write(folder.path().join("genesis.block"), genesis()).unwrap();
    let own = ["--channel", "mychannel", "--state-dir", "state", "--json"];
    let pin = |args: &[&str]| {
        let out = cmscc(&folder, &[&["pin"], args, &own].concat(), &[]);
        let document = serde_json::from_slice::<Value>(&out.stdout).unwrap_or_default();
        (
            out.status.code(),
            document["pinned"]["config_sha256"].clone(),
        )
    };
    let anchor = ["--anchor", "genesis.block"];
    let (code, digest) = pin(&anchor);
    assert_eq!(code, Some(0));
    assert!(digest.is_string(), "{digest}");
    // from now on it is kept
    assert_eq!(pin(&[]), (Some(0), digest.clone()));
    // what is no block leaves things as they are
    fs::write(folder.path().join("garbage.block"), "garbage").unwrap();
    let (code, _) = pin(&["--reset", "--anchor", "garbage.block"]);
    assert_ne!(code, Some(0));
    assert_eq!(pin(&[]), (Some(0), digest.clone()));
    assert_eq!(
        pin(&["--reset", "--anchor", "genesis.block"]),
        (Some(0), digest)
    );
}

#[test]
fn a_package_is_not_written_from_wrong_arguments() {
    let folder = folder();
    fs::write(folder.path().join("cert.pem"), "garbage").unwrap();
    let args = "package --address nowhere --label -x --dial-timeout soon --server-ca cert.pem";
    let args: Vec<&str> = args.split_whitespace().collect();
    let args: Vec<&str> = args
        .into_iter()
        .map(|a| if a == "-x" { "../x" } else { a })
        .collect();
    let out = cmscc(&folder, &args, &[]);
    assert_eq!(out.status.code(), Some(2));
    let errors = text(&out.stderr);
    for flag in [
        "--address:",
        "--label:",
        "--dial-timeout:",
        "--server-ca names",
    ] {
        assert!(errors.contains(&format!("error: {flag} ")), "{errors}");
    }
    let out = cmscc(
        &folder,
        &["package", "--address", "h:1", "--client-key", "k"],
        &[],
    );
    assert_eq!(out.status.code(), Some(2), "a key without its certificate");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_package_is_not_written_with_certificates_that_can_never_work() {
    use rcgen::{
        BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
    };

    let folder = folder();
    let key = KeyPair::generate().unwrap();
    let write = |name: &str, change: &dyn Fn(&mut CertificateParams)| {
        let mut params = CertificateParams::new(vec!["peer".to_owned()]).unwrap();
        change(&mut params);
        let made = params.self_signed(&key).unwrap().pem();
        fs::write(folder.path().join(name), made).unwrap();
    };
    write("good.pem", &|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    write("over.pem", &|params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    write("server.pem", &|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    write("ca.pem", &|params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    let old = include_str!("../certificates/version-1.pem");
    fs::write(folder.path().join("old.pem"), old).unwrap();
    fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
    let other = KeyPair::generate().unwrap().serialize_pem();
    fs::write(folder.path().join("other.pem"), other).unwrap();
    let make = |ca: &str, certificate: &str, key: &str| {
        let args = format!(
            "package --address h:1 --server-ca {ca} --peer-cert {certificate} --peer-key {key}"
        );
        let args: Vec<&str> = args.split_whitespace().collect();
        let out = cmscc(&folder, &args, &[]);
        (out.status.code(), text(&out.stderr))
    };
    let (code, said) = make("ca.pem", "good.pem", "key.pem");
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("warning"), "{said}");
    // it works with a server that shows just this one
    let (code, said) = make("good.pem", "good.pem", "key.pem");
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("warning: --server-ca names `good.pem`"),
        "{said}"
    );
    fs::remove_file(folder.path().join("cmscc.tar.gz")).unwrap();
    for (ca, certificate, key, problem) in [
        (
            "ca.pem",
            "good.pem",
            "other.pem",
            "whose key is not that of",
        ),
        ("ca.pem", "over.pem", "key.pem", "has expired on 2021-01-01"),
        ("ca.pem", "old.pem", "key.pem", "is X.509 version 1"),
        ("ca.pem", "server.pem", "key.pem", "lacks clientAuth"),
        ("ca.pem", "ca.pem", "key.pem", "is that of a CA"),
        (
            "over.pem",
            "good.pem",
            "key.pem",
            "has expired on 2021-01-01",
        ),
    ] {
        let (code, said) = make(ca, certificate, key);
        assert_eq!(code, Some(2), "{problem}: {said}");
        assert!(said.contains(problem), "{problem}: {said}");
        assert!(said.ends_with("  [UNUSABLE_CERTIFICATE]\n"), "{said}");
    }
    assert!(!folder.path().join("cmscc.tar.gz").exists());
}

/// A bundle of a proposal that took effect, and the blocks that prove it.
async fn exported(folder: &TempDir) -> Vec<String> {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let after = CAPTURES[0].after("add-orgx");
    world.ok(&org1, sync_config(&after)).await;
    let bundle = world.text(&org1, export_proposal("add_orgx")).await;
    let genesis = CAPTURES[0].genesis();
    let mut files = Vec::new();
    for (name, bytes) in [
        ("bundle.json", bundle.as_bytes()),
        ("0.block", &genesis),
        ("1.block", &after),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
        files.push(name.to_owned());
    }
    files
}

#[tokio::test]
async fn a_bundle_is_audited_without_a_ledger() {
    let folder = folder();
    let files = exported(&folder).await;
    let audit = |files: &[String], more: &[&str]| {
        let files = files.iter().map(String::as_str);
        let args: Vec<&str> = ["audit", "verify"].into_iter().chain(files).collect();
        cmscc(&folder, &[&args, more].concat(), &[])
    };
    let out = audit(&files, &[]);
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{said}");
    for part in [
        "add_orgx on mychannel: Submitted, verified\n",
        "sequence 1\n",
        "policy /Channel/Application/Admins (MAJORITY Admins): satisfied\n",
        "of Org2MSP, not by way of the contract\n",
        "change: /Channel/Application/OrgXMSP: organisation is added",
        "believed: the config of sequence 0 ",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let out = audit(&files[..2], &["--json"]);
    assert_eq!(out.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report["verified"], false);
    assert_eq!(report["findings"][0]["id"], "BLOCK_MISSING");
    let out = audit(&files[..2], &[]);
    assert!(text(&out.stdout).contains("FOUND BLOCK_MISSING, sequence 1: "));
    let out = audit(&["0.block".to_owned(), "1.block".to_owned()], &[]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("the bundle cannot be read"));
    let out = audit(&["none".to_owned(), "1.block".to_owned()], &[]);
    assert!(text(&out.stderr).contains("cannot read `none`"));
    let out = audit(&files[..1], &[]);
    assert_eq!(out.status.code(), Some(1), "no block");
    assert!(text(&out.stderr).contains("the config blocks that the bundle's chain names"));
}

/// A bundle and its texts come from other members.
#[tokio::test]
async fn an_audit_shows_what_a_terminal_would_obey() {
    let folder = folder();
    let files = exported(&folder).await;
    let bundle = folder.path().join("bundle.json");
    let text_of = fs::read_to_string(&bundle).unwrap();
    let evil = text_of.replace(
        "add_orgx",
        "add\\u001b[2J\u{9b}2J\u{202e}\u{200b}\u{feff}orgx",
    );
    fs::write(&bundle, evil).unwrap();
    for more in [&[][..], &["--json"]] {
        let files = files.iter().map(String::as_str);
        let args: Vec<&str> = ["audit", "verify"].into_iter().chain(files).collect();
        let out = cmscc(&folder, &[&args, more].concat(), &[]);
        let said = text(&out.stdout) + &text(&out.stderr);
        for c in ['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}', '\u{feff}'] {
            assert!(!said.contains(c), "{}: {said:?}", c.escape_unicode());
        }
        let shown = match more {
            [] => r"add\u{1b}[2J\u{9b}2J\u{202e}\u{200b}\u{feff}orgx",
            _ => r"add\u001b[2J\u009b2J\u202e\u200b\ufefforgx",
        };
        assert!(said.contains(shown), "{said:?}");
    }
}

#[test]
fn version_help_and_completion() {
    let folder = folder();
    let version = env!("CARGO_PKG_VERSION");
    let out = cmscc(&folder, &["version"], &[]);
    assert_eq!(text(&out.stdout), format!("cmscc {version}\n"));
    let out = cmscc(&folder, &["version", "--json"], &[]);
    let document: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(document["version"], version);
    for command in ["serve", "package", "audit"] {
        let args = [command, "--help"];
        let args = match command {
            "audit" => vec![command, "verify", "--help"],
            _ => args.to_vec(),
        };
        let out = cmscc(&folder, &args, &[]);
        assert!(text(&out.stdout).contains("Examples:"), "{command}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let out = cmscc(&folder, &["completion", shell], &[]);
        assert!(text(&out.stdout).contains("trust-anchors"), "{shell}");
    }
    assert_eq!(cmscc(&folder, &["fly"], &[]).status.code(), Some(2));
}

#[test]
fn errors_have_no_colour_in_a_pipe() {
    let out = cmscc(&folder(), &["serve"], &[]);
    assert!(!text(&out.stderr).contains('\u{1b}'));
}

fn operations_page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    fs::read_to_string(path).unwrap()
}

#[test]
fn every_setting_and_every_code_of_the_stream_is_documented() {
    let page = operations_page();
    let help = text(&cmscc(&folder(), &["serve", "--help"], &[]).stdout);
    let variables: Vec<&str> = help
        .split("[env: ")
        .skip(1)
        .map(|rest| rest.split(']').next().unwrap())
        .collect();
    assert!(variables.len() > 15, "{help}");
    for variable in variables {
        let name = variable.strip_prefix("CMSCC_LIMIT_").unwrap_or(variable);
        assert!(page.contains(&format!("`{name}`")), "{variable}");
    }
    for code in cmscc::shim::Failure::CODES {
        assert!(page.contains(&format!("`{code}`")), "{code}");
    }
}

#[test]
fn a_server_tells_how_it_is_and_stops_in_order() {
    let folder = folder();
    fs::write(folder.path().join("mychannel.block"), genesis()).unwrap();
    let serving = Serving::start(&folder, &[("CMSCC_TRUST_ANCHORS", ".")]);
    for path in ["/livez", "/healthz"] {
        let (status, body) = serving.get(path);
        assert!(status.contains("200"), "{status}");
        assert_eq!(body, "{\"status\":\"OK\"}");
    }
    let (status, body) = serving.get("/readyz");
    assert!(status.contains("200"), "{status}");
    let ready: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(ready["ready"], true);
    let (_, body) = serving.get("/version");
    let version: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    let (_, metrics) = serving.get("/metrics");
    assert!(metrics.contains("cmscc_build_info{version="), "{metrics}");
    assert!(metrics.contains("cmscc_streams 0"), "{metrics}");
    let page = operations_page();
    for line in metrics.lines().filter(|l| l.starts_with("# TYPE ")) {
        let fields: Vec<&str> = line.split(' ').collect();
        let name = format!("`{}`", fields[2]);
        assert!(page.contains(&name), "{name}");
    }
    assert!(serving.get("/else").0.contains("404"));
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("SIGTERM") && log.contains("stopped"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_counted_and_logged_and_peers_are_told() {
    let folder = folder();
    let serving = Serving::start(&folder, &[]);
    let mut peer = Peer::ready(serving.address.parse().unwrap()).await;
    let answer = peer.call("t1", &["Fly"]).await;
    assert!(String::from_utf8_lossy(&answer.payload).contains("UNKNOWN_FUNCTION"));
    let (_, metrics) = serving.get("/metrics");
    let line = "cmscc_invocations_total{function=\"other\",code=\"UNKNOWN_FUNCTION\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    assert!(metrics.contains("cmscc_streams 1\n"), "{metrics}");
    assert!(
        metrics.contains("cmscc_transactions_in_flight 0\n"),
        "{metrics}"
    );
    let (_, body) = serving.get("/readyz");
    let ready: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(ready["streams"], 1);
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(peer.next().await.unwrap(), None);
    let call = log.lines().find(|l| l.contains("\"txid\":\"t1\"")).unwrap();
    let call: Value = serde_json::from_str(call).unwrap();
    assert_eq!(call["channel"], "mychannel");
    assert_eq!(call["code"], "UNKNOWN_FUNCTION");
}

#[test]
fn an_address_in_use_is_a_failure_that_names_it() {
    let folder = folder();
    let serving = Serving::start(&folder, &[]);
    let out = cmscc(
        &folder,
        &[
            "serve",
            "--address",
            &serving.address,
            "--chaincode-id",
            "x:1",
        ],
        &[("CMSCC_OPS_ADDRESS", &serving.operations)],
    );
    assert_eq!(out.status.code(), Some(1));
    let errors = text(&out.stderr);
    for part in [
        "CHAINCODE_SERVER_ADDRESS",
        "CMSCC_OPS_ADDRESS",
        &serving.address,
    ] {
        assert!(errors.contains(part), "{errors}");
    }
    assert_eq!(serving.stop().0, Some(0));
}
