//! TLS material that changes while the server runs, and clients that are listed.

use std::{fs, path::Path};

use cmscc::ids::Digest;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
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
    assert_eq!(serving.metric("cmscc_tls_files_usable"), 0);
    assert!(Peer::dial(address, Some(second)).await.is_ok());

    // nobody says that it changed
    let third = renew(folder.path());
    until("material that is found", || reloads(&serving, "ok") == 2);
    assert_eq!(serving.metric("cmscc_tls_files_usable"), 1);
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

/// Writes a certificate of the server that was valid from 2020 until the first day of a year, and its key.
fn write_until(folder: &Path, until: i32) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let certificate = params.self_signed(&key).unwrap().pem();
    fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    fs::write(folder.join("server.pem"), &certificate).unwrap();
}

#[test]
fn a_certificate_that_is_over_does_not_replace_one_that_is_valid() {
    let folder = folder();
    let files = ["server.pem", "server.key"].map(|name| folder.path().join(name));
    write_until(folder.path(), 2099);
    let valid = files.each_ref().map(|file| fs::read(file).unwrap());
    let serving = Serving::start(&folder, &TLS);
    let ends = || serving.metric("cmscc_tls_certificate_not_after_seconds");
    let usable = || serving.metric("cmscc_tls_files_usable");
    let before = ends();
    assert_eq!(usable(), 1);

    write_until(folder.path(), 2021);
    serving.signal("HUP");
    until("a certificate that is over", || {
        reloads(&serving, "failed") == 1
    });
    assert_eq!((ends(), usable()), (before, 0));

    // those in use are put back: nothing new is taken, and all is well
    for (file, bytes) in files.iter().zip(&valid) {
        fs::write(file, bytes).unwrap();
    }
    serving.signal("HUP");
    until("files that can be used", || usable() == 1);
    assert_eq!((ends(), reloads(&serving, "ok")), (before, 0));
    let (_, log) = serving.stop();
    for part in [
        "the old material stays: CHAINCODE_TLS_CERT (--tls-cert) names `server.pem`, whose certificate in \
         line 1 has expired on 2021-01-01",
        "the TLS files are usable again, as those in use",
    ] {
        assert!(log.contains(part), "{part}\n\n{log}");
    }
}

#[test]
fn a_certificate_that_is_over_is_replaced_by_another_one() {
    let folder = folder();
    write_until(folder.path(), 2021);
    let serving = Serving::start(&folder, &TLS);
    write_until(folder.path(), 2022);
    serving.signal("HUP");
    until("another certificate", || reloads(&serving, "ok") == 1);
    assert_eq!(
        serving.metric("cmscc_tls_certificate_not_after_seconds"),
        1_640_995_200
    );
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
