//! Settings that start no server, or one that says what is odd.

use std::{fs, path::Path};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::serving::{Serving, command, folder};

/// Writes a certificate that is valid until the first day of a year, and its key.
fn certificate(folder: &Path, name: &str, is_ca: bool, until: i32) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let certificate = params.self_signed(&key).unwrap();
    fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
    fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
}

const FAR: i32 = 2099;

const VERSION_1: &str = include_str!("../../certificates/version-1.pem");

#[test]
fn tls_material_that_does_not_fit_starts_no_server() {
    let folder = folder();
    certificate(folder.path(), "server", false, FAR);
    certificate(folder.path(), "other", false, FAR);
    certificate(folder.path(), "old-ca", true, 2021);
    fs::write(
        folder.path().join("torn.pem"),
        "# a comment\n-----BEGIN CERTIFICATE-----\nAAAA\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("torn.key"),
        "-----BEGIN PRIVATE KEY-----\nAAAA\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("none.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    for (key, ca, errors) in [
        (
            "other.key",
            "server.pem",
            [
                "CHAINCODE_TLS_KEY (--tls-key) names `other.key`, whose key is not that of the first \
                 certificate in `server.pem`",
                "CHAINCODE_CLIENT_CA_CERT (--client-ca) names `server.pem`, whose certificate in \
                 line 1 is none of a CA",
            ],
        ),
        (
            "server.pem",
            "old-ca.pem",
            [
                "CHAINCODE_TLS_KEY (--tls-key) names `server.pem`, which holds no PEM private key",
                "CHAINCODE_CLIENT_CA_CERT (--client-ca) names `old-ca.pem`, which has expired on 2021",
            ],
        ),
        (
            "absent.key",
            "torn.pem",
            [
                "CHAINCODE_TLS_KEY (--tls-key) names `absent.key`, which cannot be read",
                "CHAINCODE_CLIENT_CA_CERT (--client-ca) names `torn.pem`, whose PEM from line 2 on is not \
                 whole: `-----END CERTIFICATE-----` is missing; half a file?",
            ],
        ),
        (
            "torn.key",
            "none.pem",
            [
                "CHAINCODE_TLS_KEY (--tls-key) names `torn.key`, whose PEM is not whole: \
                 `-----END PRIVATE KEY-----` is missing; half a file?",
                "CHAINCODE_CLIENT_CA_CERT (--client-ca) names `none.pem`, whose certificate in line 1 is \
                 none of X.509",
            ],
        ),
    ] {
        let variables = [
            ("CHAINCODE_SERVER_ADDRESS", "http://127.0.0.1:0"),
            ("CHAINCODE_ID", "cmscc:00"),
            ("CHAINCODE_TLS_DISABLED", "false"),
            ("CHAINCODE_TLS_CERT", "server.pem"),
            ("CHAINCODE_TLS_KEY", key),
            ("CHAINCODE_CLIENT_CA_CERT", ca),
            ("CMSCC_LOG", "loud"),
        ];
        let out = command(&folder, &["serve"], &variables).output().unwrap();
        let text = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{text}");
        let more = [
            "CMSCC_LOG (--log) is `loud`, which is no log filter: `loud` is neither a level",
            "`127.0.0.1:0` without `http://` is meant",
        ];
        for error in errors.iter().chain(&more) {
            assert!(text.contains(error), "{error}\n\n{text}");
        }
        assert_eq!(text.lines().count(), 4, "{text}");
    }
}

#[test]
fn a_certificate_of_an_old_version_starts_no_server_and_is_blamed_itself() {
    let folder = folder();
    certificate(folder.path(), "server", false, FAR);
    fs::write(folder.path().join("old.pem"), VERSION_1).unwrap();
    let variables = [
        ("CHAINCODE_SERVER_ADDRESS", "127.0.0.1:0"),
        ("CHAINCODE_ID", "cmscc:00"),
        ("CHAINCODE_TLS_DISABLED", "false"),
        ("CHAINCODE_TLS_CERT", "old.pem"),
        ("CHAINCODE_TLS_KEY", "server.key"),
    ];
    let out = command(&folder, &["serve"], &variables).output().unwrap();
    let text = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(2), "{text}");
    let expected = "error: CHAINCODE_TLS_CERT (--tls-cert) names `old.pem`, whose certificate in line 2 is \
                    X.509 version 1, and TLS takes version 3 alone: make it with extensions (`openssl x509 \
                    -req -copy_extensions copy`, or `-extfile`)\n";
    assert_eq!(text, expected);
}

/// What a server says that starts with these variables, by level.
fn says(folder: &TempDir, variables: &[(&str, &str)], level: &str, part: &str) {
    let serving = Serving::start(folder, variables);
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0));
    let level = format!("\"{level}\"");
    let found = (log.lines()).any(|line| line.contains(part) && line.contains(&level));
    assert!(found, "{part}\n\n{log}");
}

#[test]
fn what_peers_will_stumble_over_is_said_at_start() {
    let folder = folder();
    let key = KeyPair::generate().unwrap();
    let unnamed = CertificateParams::new(Vec::new()).unwrap();
    let unnamed = unnamed.self_signed(&key).unwrap();
    fs::write(folder.path().join("server.pem"), unnamed.pem()).unwrap();
    fs::write(folder.path().join("server.key"), key.serialize_pem()).unwrap();
    let files = [
        ("CHAINCODE_TLS_CERT", "server.pem"),
        ("CHAINCODE_TLS_KEY", "server.key"),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&files[..], more].concat();
    let zeros = format!("cmscc:{}", "0".repeat(64));
    for (variables, part) in [
        (
            with(&[("CHAINCODE_TLS_DISABLED", "false")]),
            "whose certificate has no subjectAltName: peers compare that, and not the CN",
        ),
        (
            with(&[("CHAINCODE_TLS_DISABLED", "true")]),
            "CHAINCODE_TLS_DISABLED (--tls-disabled) is `true`: this server speaks no TLS, and what \
             CHAINCODE_TLS_CERT (--tls-cert), CHAINCODE_TLS_KEY (--tls-key) names is not used",
        ),
        (
            with(&[
                ("CHAINCODE_TLS_DISABLED", "false"),
                ("CHAINCODE_SERVER_ADDRESS", "0.0.0.0:0"),
                ("CHAINCODE_CLIENT_CA_CERTS", "ca.pem"),
            ]),
            "CHAINCODE_CLIENT_CA_CERT (--client-ca) is not given: anybody who reaches this port can play \
             the peer",
        ),
        (
            vec![("CHAINCODE_CLIENT_CA_CERTS", "ca.pem")],
            "`CHAINCODE_CLIENT_CA_CERTS` is no setting; `CHAINCODE_CLIENT_CA_CERT` may be meant",
        ),
        (
            vec![("CHAINCODE_ID", zeros.as_str())],
            "the id of the template: take the one that `cmscc deploy install` printed",
        ),
    ] {
        says(&folder, &variables, "WARN", part);
    }
}

#[test]
fn what_is_odd_is_said_once_serving() {
    let folder = folder();
    certificate(folder.path(), "server", false, 2021);
    certificate(folder.path(), "ca", true, FAR);
    fs::create_dir(folder.path().join("anchors")).unwrap();
    let serving = Serving::start(
        &folder,
        &[
            ("CHAINCODE_TLS_DISABLED", "false"),
            ("CHAINCODE_TLS_CERT", "server.pem"),
            ("CHAINCODE_TLS_KEY", "server.key"),
            ("CHAINCODE_CLIENT_CA_CERT", "ca.pem"),
            ("CMSCC_TRUST_ANCHORS", "anchors"),
            ("CMSCC_LOG_LEVEL", "debug"),
            ("CMSCC_LIMIT_STREAM", "7"),
            ("CMSCC_SERVICE_HOST", "10.0.0.1"),
            ("CMSCC_PORT_9999_TCP", "tcp://10.0.0.1:9999"),
        ],
    );
    assert_eq!(
        serving.metric("cmscc_tls_certificate_not_after_seconds"),
        1_609_459_200
    );
    assert_eq!(
        serving.metric("cmscc_tls_client_ca_not_after_seconds"),
        4_070_908_800
    );
    let (code, log) = serving.stop();
    assert_eq!(code, Some(0));
    let says = |level: &str, part: &str| {
        (log.lines()).any(|line| line.contains(part) && line.contains(&format!("\"{level}\"")))
    };
    for (level, part) in [
        (
            "ERROR",
            "whose certificate in line 1 has expired on 2021-01-01",
        ),
        ("WARN", "CHAINCODE_ID (--chaincode-id) is `cmscc:00`"),
        ("WARN", "`anchors`, which holds no `<channel>.block`"),
        (
            "WARN",
            "`CMSCC_LIMIT_STREAM` is no setting; `CMSCC_LIMIT_STREAMS` may be meant",
        ),
        ("WARN", "`CMSCC_LOG_LEVEL` is no setting"),
    ] {
        assert!(says(level, part), "{part}\n\n{log}");
    }
    assert!(
        !log.contains("CMSCC_SERVICE_HOST") && !log.contains("CMSCC_PORT"),
        "{log}"
    );
}
