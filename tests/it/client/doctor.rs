//! `doctor` on a development network: each fault is found by its name, and where nothing is amiss, nothing
//! is told.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    sync::Arc,
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use serde_json::Value;
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
};

use super::desk::Desk;

/// Runs it as somebody, with more settings; what is amiss: names and levels.
fn look(desk: &Desk, who: &str, settings: &str, args: &str) -> (i64, Vec<String>) {
    let (code, view) = seen(desk, who, settings, args);
    let findings = view["findings"].as_array().unwrap().iter();
    let amiss = findings.filter(|one| matches!(one["level"].as_str(), Some("warning" | "error")));
    let amiss = amiss.map(|one| {
        assert!(one["fix"].is_string(), "{one}");
        let word = |name: &str| one[name].as_str().unwrap();
        format!("{} {}", word("check"), word("level"))
    });
    (code, amiss.collect())
}

fn seen(desk: &Desk, who: &str, settings: &str, args: &str) -> (i64, Value) {
    desk.run(&format!(
        "eval \"$(cmscc devnet env {who})\"\n{settings}\n\
         code=0; cmscc doctor --json {args} > out.json || code=$?; echo $code > code"
    ));
    let code = fs::read_to_string(desk.at("code")).unwrap();
    let view: Value = serde_json::from_slice(&fs::read(desk.at("out.json")).unwrap()).unwrap();
    let code = code.trim().parse().unwrap();
    assert_eq!(view["exit_code"], code, "{view:#}");
    (code, view)
}

/// This, and nothing else, is amiss.
#[track_caller]
fn told(
    desk: &Desk,
    what: &str,
    (who, settings, args): (&str, &str, &str),
    amiss: &[&str],
    code: i64,
) {
    let found = look(desk, who, settings, args);
    let view = fs::read_to_string(desk.at("out.json")).unwrap();
    assert_eq!(
        found,
        (code, amiss.iter().map(|&one| one.to_owned()).collect()),
        "{what}: {view}"
    );
}

const PEERS: &str = "$CMSCC_DEVNET_DIR/organizations/peerOrganizations";

#[test]
fn faults_are_found_by_name() {
    let desk = Desk::new();
    desk.run("cmscc devnet up --background");
    // with nothing set, it says what to set
    let out = desk.run("code=0; cmscc doctor || code=$?; test $code = 2");
    assert!(
        out.contains("cmscc profile import CONNECTION.json"),
        "{out}"
    );
    assert!(out.contains("CORE_PEER_ADDRESS"), "{out}");

    let admin = |settings: &'static str| ("org1", settings, "");
    told(&desk, "all is well", admin(""), &[], 0);
    told(&desk, "for Org2, too", ("org2", "", ""), &[], 0);
    told(&desk, "who only orders", ("orderer", "", ""), &[], 0);
    settings(&desk);
    told(
        &desk,
        "a client",
        ("org1 --user User1", "", ""),
        &["ROLE warning"],
        3,
    );
    told(
        &desk,
        "another channel",
        admin("export CMSCC_CHANNEL=other CMSCC_ANCHOR="),
        &["NODE_CHANNEL error", "NODE_CHANNEL warning"],
        1,
    );
    tls(&desk);

    // servers and peers
    desk.run("cmscc devnet stop-server org1");
    told(
        &desk,
        "the own server is down",
        admin(""),
        &["CONTRACT error", "ENDORSERS error"],
        5,
    );
    desk.run("cmscc devnet start-server org1; cmscc devnet stop-server org2");
    told(
        &desk,
        "another's server is down",
        admin(""),
        &["ENDORSERS error"],
        5,
    );
    desk.run("cmscc devnet start-server org2; cmscc devnet stop-peer org2");
    told(
        &desk,
        "another's peer is down",
        admin(""),
        &["ENDORSERS error"],
        5,
    );
    desk.run("cmscc devnet start-peer org2; cmscc devnet stop-peer org1");
    told(
        &desk,
        "the own peer is down",
        admin(""),
        &["NODE_REACHED error"],
        5,
    );
    told(
        &desk,
        "another member's peer is asked",
        admin(
            "export CMSCC_PEER_ADDRESS=$CORE_PEER_ADDRESS,$(bash -c 'eval \"$(cmscc devnet env org2)\"; echo $CORE_PEER_ADDRESS')\n\
               export CMSCC_TLS_ROOT_CERT=$CORE_PEER_TLS_ROOTCERT_FILE,$(bash -c 'eval \"$(cmscc devnet env org2)\"; echo $CORE_PEER_TLS_ROOTCERT_FILE')",
        ),
        &[
            "NODE_REACHED warning",
            "PEER_ORGANIZATION warning",
            "CONTRACT error",
            "ENDORSERS error",
        ],
        5,
    );
    desk.run("cmscc devnet start-peer org1");
    told(&desk, "all is well again", admin(""), &[], 0);
    clock(&desk);
}

/// What is wrong on the machine itself.
fn settings(desk: &Desk) {
    let admin = |settings: &'static str, args: &'static str| ("org1", settings, args);
    told(
        desk,
        "another MSP id",
        admin(
            "export CORE_PEER_LOCALMSPID=Org2MSP",
            "--only NODE_ANSWERS,IDENTITY_VALID",
        ),
        &[
            "NODE_ANSWERS error",
            "NODE_ANSWERS warning",
            "IDENTITY_VALID error",
        ],
        4,
    );
    told(
        desk,
        "an MSP id of nobody",
        admin("export CORE_PEER_LOCALMSPID=Org9MSP", "--only MSP_ID"),
        &["MSP_ID error"],
        4,
    );
    told(
        desk,
        "another key",
        admin(
            "export CMSCC_KEY=$(dirname $(dirname $CORE_PEER_MSPCONFIGPATH))/User1@org1.example.com/msp/keystore\n\
             export CMSCC_CERT=$CORE_PEER_MSPCONFIGPATH/signcerts",
            "",
        ),
        &["IDENTITY_KEY error"],
        4,
    );
    told(
        desk,
        "no CA",
        admin("unset CORE_PEER_TLS_ROOTCERT_FILE", "--only SETTINGS"),
        &["SETTINGS error"],
        2,
    );
    expired(&desk.at("expired"));
    told(
        desk,
        "an expired certificate",
        admin("export CORE_PEER_MSPCONFIGPATH=$PWD/expired", ""),
        &["IDENTITY_END error", "IDENTITY_VALID error"],
        4,
    );
    told(
        desk,
        "a state folder that others may write",
        admin(
            "export CMSCC_STATE_DIR=$PWD/open; mkdir -p open/default; chmod go+w open/default",
            "",
        ),
        &["STATE_FOLDER error", "TRUST_ANCHOR error"],
        7,
    );
    told(
        desk,
        "a state folder that is none",
        admin("touch file; export CMSCC_STATE_DIR=$PWD/file", ""),
        &["STATE_FOLDER error", "TRUST_ANCHOR error"],
        1,
    );
    told(
        desk,
        "an anchor of another network",
        admin(
            "export CMSCC_STATE_DIR=$PWD/other CMSCC_ANCHOR=$REPOSITORY/tests/fabric-data/fabric-3.1.5-caps-v2/genesis.block",
            "",
        ),
        &["CHAIN error", "CONTRACT_CHAIN error"],
        7,
    );
    // what is left over is no fault, and told
    let two = "export PEER_ENDPOINT=dns:///elsewhere:7051";
    let (code, view) = seen(desk, "org1", two, "");
    assert_eq!(code, 0, "{view:#}");
    let findings = view["findings"].as_array().unwrap();
    let places = findings
        .iter()
        .find(|one| one["check"] == "SETTINGS_PLACES");
    let places = places.unwrap();
    assert_eq!(places["level"], "note");
    assert!(
        places["text"]
            .as_str()
            .unwrap()
            .contains("PEER_ENDPOINT says `elsewhere:7051`")
    );
}

/// What is wrong with TLS: at the peer, and at nodes that are none.
fn tls(desk: &Desk) {
    let with = |settings: &str, args: &str, amiss: &[&str], code| {
        told(
            desk,
            settings,
            ("org1", &format!("unset CMSCC_ORDERER\n{settings}"), args),
            amiss,
            code,
        );
    };
    let theirs = format!(
        "export CORE_PEER_TLS_ROOTCERT_FILE={PEERS}/org2.example.com/tlsca/tlsca.org2.example.com-cert.pem"
    );
    with(&theirs, "", &["TLS_ROOT_CERT error"], 4);
    with(
        "",
        "--server-name peer9.org1.example.com",
        &["TLS_SERVER_NAME error"],
        4,
    );
    // both at once are both told
    let both = ["TLS_ROOT_CERT error", "TLS_SERVER_NAME error"];
    with(&theirs, "--server-name peer9.org1.example.com", &both, 4);
    with("", "--tls=false", &["TLS_SPOKEN error"], 2);

    let runtime = Runtime::new().unwrap();
    let made = Made::new();
    fs::write(desk.at("ca.pem"), &made.ca_pem).unwrap();
    fs::write(desk.at("own.pem"), &made.client.0).unwrap();
    fs::write(desk.at("own.key"), &made.client.1).unwrap();
    let at = |address: SocketAddr| {
        format!("export CMSCC_PEER_ADDRESS={address} CMSCC_TLS_ROOT_CERT=$PWD/ca.pem")
    };
    // who takes connections and says nothing holds up nobody
    let silent = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let hangs = at(silent.local_addr().unwrap());
    with(&hangs, "--connect-timeout 1s", &["TLS_SPOKEN error"], 5);
    let mute = runtime.block_on(made.node(2040, false));
    with(&at(mute), "--timeout 2s", &["NODE_ANSWERS error"], 5);
    let over = runtime.block_on(made.node(2021, false));
    with(&at(over), "", &["TLS_END error"], 4);
    let demanding = runtime.block_on(made.node(2040, true));
    with(&at(demanding), "", &["TLS_CLIENT_CERT error"], 4);
    // a certificate of a CA that the node does not trust, then one of a CA that it does
    let foreign = format!(
        "--tls-client-cert {PEERS}/org1.example.com/peers/peer0.org1.example.com/tls/server.crt --tls-client-key {PEERS}/org1.example.com/peers/peer0.org1.example.com/tls/server.key"
    );
    with(&at(demanding), &foreign, &["TLS_CLIENT_CERT error"], 4);
    let own = "--tls-client-cert own.pem --tls-client-key own.key --only TLS_CLIENT_CERT";
    with(&at(demanding), own, &[], 0);
}

/// 20 minutes off, where there is a program that shifts the time.
fn clock(desk: &Desk) {
    if Command::new("faketime").arg("--version").output().is_err() {
        println!("SKIPPED: `faketime` shifts the clock");
        return;
    }
    let shift = |by: &str| {
        format!(
            "export FAKETIME_DONT_FAKE_MONOTONIC=1\ncmscc() {{ faketime -f '{by}' bin/cmscc \"$@\"; }}"
        )
    };
    let amiss = ["CLOCK error", "CLOCK warning"];
    told(desk, "ahead", ("org1", &shift("+20m"), ""), &amiss, 4);
    told(
        desk,
        "a little",
        (
            "org1",
            &format!("unset CMSCC_ORDERER\n{}", shift("+5m")),
            "",
        ),
        &["CLOCK warning"],
        3,
    );
    // all certificates end some time
    let settings = format!("unset CMSCC_ORDERER\n{}", shift("+3640d"));
    let only = "--only IDENTITY_END,TLS_END";
    let amiss = ["IDENTITY_END warning", "TLS_END warning"];
    told(desk, "in ten years", ("org1", &settings, only), &amiss, 3);
}

#[test]
fn four_organisations_are_well_until_two_are_away() {
    let desk = Desk::new();
    desk.run("cmscc devnet up --background --orgs 4");
    let admin = ("org3", "", "");
    told(&desk, "all is well", admin, &[], 0);
    desk.run("cmscc devnet stop-server org4");
    let one = ["ENDORSERS warning", "ENDORSERS_SPARE warning"];
    told(&desk, "one is away", admin, &one, 3);
    desk.run("cmscc devnet stop-peer org2");
    told(&desk, "two are away", admin, &["ENDORSERS error"], 5);
}

#[test]
fn reviews_say_whether_the_servers_that_answer_would_be_enough() {
    let desk = Desk::new();
    desk.run("cmscc devnet up --background --orgs 5");
    let review = || {
        desk.run(
            "eval \"$(cmscc devnet env org1)\"\n\
             cmscc propose add-org $CMSCC_DEVNET_DIR/organizations/orgx.json --id add_orgx --dry-run",
        )
    };
    let enough = review();
    assert!(
        enough.contains("enough: Org1MSP, Org2MSP, Org3MSP"),
        "{enough}"
    );
    // three of five are enough, of six they are not
    desk.run("cmscc devnet stop-server org4; cmscc devnet stop-peer org5");
    let few = review();
    assert!(
        few.contains("too few: Org1MSP, Org2MSP, Org3MSP\n"),
        "{few}"
    );
    let warning = "only those of Org1MSP, Org2MSP, Org3MSP answer now";
    assert!(few.contains(warning), "{few}");
    // where nobody is added, nobody is asked
    let patch = r#"{"channel_group":{"groups":{"Application":{"policies":{"Other":{"mod_policy":"Admins","policy":{"type":3,"value":{"rule":"ANY","sub_policy":"Admins"}}}}}}}}"#;
    fs::write(desk.at("patch.json"), patch).unwrap();
    let other = desk.run(
        "eval \"$(cmscc devnet env org1)\"\n\
         cmscc propose patch patch.json --id other --description other --dry-run",
    );
    assert!(!other.contains("Servers run"), "{other}");
}

#[test]
fn checks_are_chosen_by_name() {
    let desk = Desk::new();
    let run = |args: &str| {
        desk.run(&format!(
            "cmscc doctor {args} 2>&1 || echo \"ends with $?\""
        ))
    };
    let unknown = run("--only CLOCKS");
    assert!(unknown.contains("there is no check `CLOCKS`"), "{unknown}");
    assert!(unknown.contains("TLS_SERVER_NAME"), "{unknown}");
    assert!(unknown.ends_with("ends with 2\n"), "{unknown}");
    // what needs nobody asks nobody
    let out = run("--only state_folder -C mychannel --peer-address 192.0.2.1:1 --tls=false");
    assert!(out.contains("STATE_FOLDER"), "{out}");
    assert!(!out.contains("NODE"), "{out}");
    assert!(out.contains("Nothing is amiss."), "{out}");
}

/// An MSP folder whose certificate ended.
fn expired(folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    for (name, content) in [
        ("signcerts/cert.pem", certificate.pem()),
        ("keystore/key.pem", key.serialize_pem()),
    ] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// Certificates of one TLS CA.
struct Made {
    ca: Issuer<'static, KeyPair>,
    ca_pem: String,
    client: (String, String),
}

impl Made {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "ca of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_pem = params.self_signed(&key).unwrap().pem();
        let ca = Issuer::new(params, key);
        let own = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client = params.signed_by(&own, &ca).unwrap();
        let client = (client.pem(), own.serialize_pem());
        Self { ca, ca_pem, client }
    }

    /// A node that shakes hands and nothing else, with a certificate that ends in this year; perhaps it
    /// demands one.
    async fn node(&self, until: i32, demands: bool) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &self.ca).unwrap();
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let config = ServerConfig::builder();
        let config = match demands {
            false => config.with_no_client_auth(),
            true => {
                let mut roots = RootCertStore::empty();
                roots
                    .add(CertificateDer::from_pem_slice(self.ca_pem.as_bytes()).unwrap())
                    .unwrap();
                let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
                    .build()
                    .unwrap();
                config.with_client_cert_verifier(verifier)
            }
        };
        let mut config = config.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                // who connects ends it
                tokio::spawn(async move {
                    if let Ok(mut stream) = acceptor.accept(stream).await {
                        let mut all = Vec::new();
                        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut all).await;
                    }
                });
            }
        });
        address
    }
}
