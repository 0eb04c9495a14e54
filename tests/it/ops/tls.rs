//! TLS material that changes while the server runs, and clients that are listed.

use std::{fs, path::Path};

use cmscc::ids::Digest;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use super::serving::{Serving, command, folder, until};
use crate::shim::peer::Peer;

/// Writes a new certificate of the server and its key; what a peer trusts that trusts only it.
fn renew(folder: &Path) -> ClientTlsConfig {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    fs::write(folder.join("server.pem"), &certificate).unwrap();
    ClientTlsConfig::new().ca_certificate(Certificate::from_pem(certificate))
}

const TLS: [(&str, &str); 3] = [
    ("CHAINCODE_TLS_DISABLED", "false"),
    ("CHAINCODE_TLS_CERT", "server.pem"),
    ("CHAINCODE_TLS_KEY", "server.key"),
];

fn reloads(serving: &Serving, result: &str) -> u64 {
    serving.metric(&format!("cmscc_tls_reloads_total{{result=\"{result}\"}}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn new_material_is_taken_and_bad_material_is_not() {
    let folder = folder();
    let first = renew(folder.path());
    let serving = Serving::start(&folder, &TLS);
    let address = serving.address.parse().unwrap();
    let old = Peer::dial(address, Some(first.clone())).await.unwrap();

    let second = renew(folder.path());
    serving.signal("HUP");
    until("new material", || reloads(&serving, "ok") == 1);
    assert!(Peer::dial(address, Some(first)).await.is_err());
    assert!(Peer::dial(address, Some(second.clone())).await.is_ok());

    fs::write(folder.path().join("server.pem"), "garbage").unwrap();
    serving.signal("HUP");
    until("bad material", || reloads(&serving, "failed") >= 1);
    assert!(Peer::dial(address, Some(second)).await.is_ok());

    // nobody says that it changed
    let third = renew(folder.path());
    until("material that is found", || reloads(&serving, "ok") == 2);
    assert!(Peer::dial(address, Some(third)).await.is_ok());
    drop(old);
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0));
    for part in [
        "new TLS material is in use",
        "\"certificate_ends\":\"",
        "the old material stays: CHAINCODE_TLS_CERT (--tls-cert) names `server.pem`",
    ] {
        assert!(log.contains(part), "{part}\n\n{log}");
    }
}

/// A client's certificate of a CA, and its fingerprint.
fn client(ca: &CertifiedIssuer<'_, KeyPair>) -> (Identity, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["peer".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, ca).unwrap();
    let fingerprint = Digest::of(certificate.der()).to_string();
    let identity = Identity::from_pem(certificate.pem(), key.serialize_pem());
    (identity, fingerprint)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_listed_clients_may_connect() {
    let folder: TempDir = folder();
    let server = renew(folder.path());
    let mut params = CertificateParams::new(vec!["ca".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
    let ((listed, fingerprint), (other, _)) = (client(&ca), client(&ca));
    let pairs: Vec<String> = (fingerprint.to_uppercase().as_bytes().chunks(2))
        .map(|pair| String::from_utf8(pair.to_vec()).unwrap())
        .collect();
    let allowed = format!("{}, {}", "00".repeat(32), pairs.join(":"));
    let more = [
        ("CHAINCODE_CLIENT_CA_CERT", "ca.pem"),
        ("CMSCC_ALLOWED_CLIENTS", allowed.as_str()),
    ];
    let serving = Serving::start(&folder, &[&TLS[..], &more].concat());
    let address = serving.address.parse().unwrap();
    let good = Peer::dial(address, Some(server.clone().identity(listed))).await;
    assert!(good.is_ok());
    assert!(
        Peer::dial(address, Some(server.identity(other)))
            .await
            .is_err()
    );
    until("a client that is not listed", || {
        serving.metric("cmscc_connections_refused_total{reason=\"not_allowed\"}") >= 1
    });
    drop(good);
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0));
    assert!(log.contains("\"not_allowed\""), "{log}");
}

#[test]
fn a_list_of_clients_takes_mutual_tls_and_fingerprints() {
    let variables = [
        ("CHAINCODE_SERVER_ADDRESS", "127.0.0.1:0"),
        ("CHAINCODE_ID", "cmscc:00"),
        ("CMSCC_ALLOWED_CLIENTS", "xyz"),
    ];
    let out = command(&folder(), &["serve"], &variables).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    let text = String::from_utf8(out.stderr).unwrap();
    for part in ["CHAINCODE_CLIENT_CA_CERT (--client-ca), too", "holds `xyz`"] {
        assert!(text.contains(part), "{text}");
    }
}
