//! `doctor` on a real network: faults that a development network does not have, each by its name; and that
//! nothing is told where all is well.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::{Value, json};

use super::{
    CHAINCODE, CHANNEL, base64_of,
    net::Net,
    servers::{FIRST, Server},
    text, until,
};

/// Somebody of an organisation, with more settings and arguments.
#[derive(Clone, Copy, Default)]
struct Patient<'a> {
    org: &'a str,
    user: &'a str,
    settings: &'a [(&'a str, &'a str)],
    args: &'a [&'a str],
    /// How far off the clock is, as `faketime` takes it.
    clock: Option<&'a str>,
}

const ADMIN: Patient<'_> = Patient {
    org: "org1",
    user: "Admin",
    settings: &[],
    args: &[],
    clock: None,
};

fn of(org: &str) -> Patient<'_> {
    Patient { org, ..ADMIN }
}

impl Net {
    /// How it ends, and what is amiss: names and levels.
    fn doctor(&self, patient: Patient<'_>) -> (i32, BTreeSet<String>, Value) {
        let Patient { org, user, .. } = patient;
        let users = format!("crypto/peerOrganizations/{org}.example.com/users");
        let folder = self.root().join(users);
        let folder = folder.join(format!("{user}@{org}.example.com/msp"));
        let msp_id = match org {
            "orgx" => "OrgXMSP".to_owned(),
            "orgy" => "OrgYMSP".to_owned(),
            org => format!("Org{}MSP", &org[3..]),
        };
        let program = env!("CARGO_BIN_EXE_cmscc");
        let mut command = match patient.clock {
            None => Command::new(program),
            Some(by) => {
                let mut command = Command::new("faketime");
                command.args(["-f", by, program]);
                command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
                command
            }
        };
        let out = command
            .args(["doctor", "--json"])
            .args(patient.args)
            .env("HOME", self.work("home"))
            .env("CMSCC_CHANNEL", CHANNEL)
            .env("CMSCC_ANCHOR", self.genesis())
            .env("CORE_PEER_ADDRESS", self.address(org, 1))
            .env("CORE_PEER_LOCALMSPID", msp_id)
            .env("CORE_PEER_MSPCONFIGPATH", folder)
            .env("CORE_PEER_TLS_ENABLED", "true")
            .env(
                "CORE_PEER_TLS_ROOTCERT_FILE",
                self.peer_tls(org).join("ca.crt"),
            )
            .envs(patient.settings.iter().copied())
            .output()
            .unwrap();
        let view: Value = serde_json::from_slice(&out.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&out.stderr)));
        let findings = view["findings"].as_array().unwrap().iter();
        let amiss = findings
            .filter(|one| matches!(one["level"].as_str(), Some("warning" | "error")))
            .map(|one| {
                let word = |name: &str| one[name].as_str().unwrap();
                format!("{} {}", word("check"), word("level"))
            })
            .collect();
        let code = out.status.code().unwrap();
        assert_eq!(view["exit_code"], code);
        (code, amiss, view)
    }

    /// Exactly this is amiss, as soon as peers have heard of each other.
    #[track_caller]
    fn told(&self, what: &str, patient: Patient<'_>, amiss: &[&str], code: i32) {
        let expected: BTreeSet<String> = amiss.iter().map(|&one| one.to_owned()).collect();
        let mut last = String::new();
        until(what, || {
            let (ended, found, view) = self.doctor(patient);
            if (ended, &found) == (code, &expected) {
                println!("found: {what}: {found:?}, {ended}");
                return Some(());
            }
            let now = format!("{what}: not {expected:?}, {code}, but {found:?}, {ended}: {view:#}");
            if now != last {
                println!("{now}");
                last = now;
            }
            None
        });
    }

    /// Proposes a member with its anchor peer, or without. What `configtxgen -printOrg` prints of it
    /// differs from release to release.
    fn propose_member(
        &self,
        endorsers: &[&str],
        id: &str,
        (org, name): (&str, &str),
        anchor: bool,
    ) {
        let mut group: Value = serde_json::from_str(&self.org_json(name)).unwrap();
        let values = group["values"].as_object_mut().unwrap();
        values.remove("AnchorPeers");
        if anchor {
            let address = self.address(org, 1);
            let (host, port) = address.rsplit_once(':').unwrap();
            let port: u16 = port.parse().unwrap();
            let peers = json!({"anchor_peers": [{"host": host, "port": port}]});
            let value = json!({"mod_policy": "Admins", "value": peers, "version": "0"});
            values.insert("AnchorPeers".to_owned(), value);
        }
        let args = [id, name, &group.to_string(), "a new member"];
        self.invoke_as("org1", endorsers, "AddOrganization", &args);
    }

    /// The first yes of an organisation, with any package id.
    fn approve_with(&self, org: &str, package_id: &str) {
        let definition = ["-C", CHANNEL, "-n", CHAINCODE, "-v", "1", "--sequence", "1"];
        let approve = ["lifecycle", "chaincode", "approveformyorg", "@ORDERER"];
        let with = ["--package-id", package_id];
        self.peer(org, &[&approve[..], &definition, &with].concat())
            .unwrap();
    }
}

#[test]
fn faults_of_a_real_network_are_found_by_name() {
    let Some(net) = Net::up(550) else { return };
    let both = ["org1", "org2"];
    net.told("nothing is deployed", ADMIN, &["DEFINITION error"], 1);
    nodes(&net);

    // a wrong package id is approved, and committed: nobody notices
    let servers = both.map(|org| net.start_server(org));
    for org in both {
        net.install(org);
    }
    net.approve_with("org1", &format!("cmscc:{}", "0".repeat(64)));
    net.approve("org2", FIRST);
    net.commit_definition(&both, FIRST);
    net.told(
        "a wrong package id is approved",
        ADMIN,
        &["PACKAGE error", "ENDORSERS error", "CONTRACT_CHAIN error"],
        1,
    );
    net.approve("org1", FIRST);
    net.told("no config yet", ADMIN, &["CONTRACT_CHAIN error"], 1);
    until("both endorse", || {
        let genesis = base64_of(&net.genesis());
        net.settle("org1", &both, "InitConsortium", &[&genesis])
            .ok()
    });

    // all is well: for both, with the orderer, and for a client but that it is none
    let ca = net
        .root()
        .join("crypto/ordererOrganizations/example.com/tlsca/tlsca.example.com-cert.pem");
    let orderer = net.orderer_address();
    let with_orderer = [
        ("CMSCC_ORDERER", orderer.as_str()),
        ("CMSCC_ORDERER_CA", text(&ca)),
    ];
    net.told("all is well", ADMIN, &[], 0);
    net.told("for Org2, too", of("org2"), &[], 0);
    let settings = &with_orderer;
    net.told("with the orderer", Patient { settings, ..ADMIN }, &[], 0);
    net.told(
        "a client",
        Patient {
            user: "User1",
            ..ADMIN
        },
        &["ROLE warning"],
        3,
    );
    clock(&net, &with_orderer);
    mutual_tls(&net);
    orderers(&net);

    // the contract is behind
    net.propose_member(&both, "add_orgx", ("orgx", "OrgXMSP"), false);
    for org in both {
        net.sign(org, &both, "add_orgx");
    }
    net.submit_ready("org1", "add_orgx");
    net.config_block(1);
    // the member that came has nothing yet
    let away = [
        "CONTRACT_CHAIN warning",
        "ENDORSERS warning",
        "ENDORSERS_SPARE warning",
    ];
    net.told("the contract is behind", ADMIN, &away, 3);
    net.sync(&both, 1);
    newcomers(&net, servers);
}

/// What is wrong with peers and the way to them.
fn nodes(net: &Net) {
    let only = [
        "--only",
        "NODE_REACHED,TLS_ROOT_CERT,TLS_SERVER_NAME,TLS_SPOKEN,NODE_CHANNEL,NODE_ANSWERS,IDENTITY_VALID,CHAIN",
    ];
    let with = |settings: &[(&str, &str)], args: &[&str], amiss: &[&str], code| {
        let args = [&only[..], args].concat();
        let what = format!("{settings:?} {args:?}");
        let patient = Patient {
            settings,
            args: &args,
            ..ADMIN
        };
        net.told(&what, patient, amiss, code);
    };
    let ca = net.peer_tls("org2").join("ca.crt");
    let theirs = [("CORE_PEER_TLS_ROOTCERT_FILE", text(&ca))];
    let name = ["--server-name", "peer9.org1.example.com"];
    with(&theirs, &[], &["TLS_ROOT_CERT error"], 4);
    with(&[], &name, &["TLS_SERVER_NAME error"], 4);
    with(&[], &["--tls=false"], &["TLS_SPOKEN error"], 2);
    with(
        &[],
        &["-C", "other", "--anchor", ""],
        &["NODE_CHANNEL error"],
        1,
    );
    let wrong = [("CORE_PEER_LOCALMSPID", "Org2MSP")];
    with(
        &wrong,
        &[],
        &["NODE_ANSWERS error", "IDENTITY_VALID error"],
        4,
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    let theirs = root.join("fabric-3.1.5-caps-v2/genesis.block");
    with(&[("CMSCC_ANCHOR", text(&theirs))], &[], &["CHAIN error"], 7);

    net.script(&["stop-peer", "org1"]);
    with(&[], &[], &["NODE_REACHED error"], 5);
    net.script(&["start-peer", "org1"]);
}

/// 20 minutes off: peers of 3.x tell their time, those of 2.5 give out no blocks.
fn clock(net: &Net, orderer: &[(&str, &str)]) {
    if Command::new("faketime").arg("--version").output().is_err() {
        println!("SKIPPED: `faketime` shifts the clock");
        return;
    }
    let clock = Some("+20m");
    net.told("ahead", Patient { clock, ..ADMIN }, &["CLOCK error"], 4);
    let patient = Patient {
        clock,
        settings: orderer,
        ..ADMIN
    };
    net.told("ahead", patient, &["CLOCK error", "CLOCK warning"], 4);
    // the certificates of a network that just began are of the future then, which says as much
    let clock = Some("-20m");
    net.told("behind", Patient { clock, ..ADMIN }, &["TLS_END error"], 4);
    let clock = Some("+3640d");
    let args = &["--only", "IDENTITY_END,TLS_END"];
    let patient = Patient {
        clock,
        args,
        ..ADMIN
    };
    net.told(
        "in ten years",
        patient,
        &["IDENTITY_END warning", "TLS_END warning"],
        3,
    );
    let clock = Some("+3700d");
    let patient = Patient {
        clock,
        args,
        ..ADMIN
    };
    net.told(
        "later",
        patient,
        &["IDENTITY_END error", "TLS_END error"],
        4,
    );
}

/// The only orderer goes: with a peer, and without one.
fn orderers(net: &Net) {
    net.script(&["stop-orderer"]);
    net.told("no orderer", ADMIN, &["ORDERERS error"], 5);
    net.script(&["stop-peer", "org1"]);
    let both = ["NODE_REACHED error", "ORDERERS error"];
    // what this machine verified before says where they are
    net.told("neither peer nor orderer", ADMIN, &both, 5);
    net.script(&["start-orderer"]);
    net.script(&["start-peer", "org1"]);
    net.told("both again", ADMIN, &[], 0);
}

/// A peer that demands certificates.
fn mutual_tls(net: &Net) {
    let authorities = ["org1", "org2"].map(|org| net.peer_tls(org).join("ca.crt"));
    let [org1, org2] = authorities.map(|path| path.display().to_string());
    let env = net.work("mutual.env");
    let lines = [
        "CORE_PEER_TLS_CLIENTAUTHREQUIRED=true".to_owned(),
        format!("CORE_PEER_TLS_CLIENTROOTCAS_FILES=\"{org1} {org2}\""),
    ];
    fs::write(&env, lines.join("\n")).unwrap();
    net.script(&["stop-peer", "org1"]);
    net.script_with(&[("EXTRA_ENV", env.as_path())], &["start-peer", "org1"]);
    let files = |org: &str| {
        let tls =
            format!("crypto/peerOrganizations/{org}.example.com/users/Admin@{org}.example.com/tls");
        let tls = net.root().join(tls);
        ["client.crt", "client.key"].map(|name| text(&tls.join(name)).to_owned())
    };
    let with = |org: &str| {
        let [certificate, key] = files(org);
        [
            "--tls-client-cert".to_owned(),
            certificate,
            "--tls-client-key".to_owned(),
            key,
        ]
    };
    net.told("it wants one", ADMIN, &["TLS_CLIENT_CERT error"], 4);
    for (org, amiss, code) in [
        ("orgx", &["TLS_CLIENT_CERT error"][..], 4),
        ("org1", &[], 0),
    ] {
        let args = with(org);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        net.told(
            org,
            Patient {
                args: &args,
                ..ADMIN
            },
            amiss,
            code,
        );
    }
    // a variable of `peer` that does not count alone is told
    let [certificate, _] = files("org1");
    let settings = [("CORE_PEER_TLS_CLIENTCERT_FILE", certificate.as_str())];
    let (_, _, view) = net.doctor(Patient {
        settings: &settings,
        ..ADMIN
    });
    let findings = view["findings"].as_array().unwrap();
    let places = findings
        .iter()
        .find(|one| one["check"] == "SETTINGS_PLACES");
    assert_eq!(places.unwrap()["level"], "note", "{view:#}");
    net.script(&["stop-peer", "org1"]);
    net.script(&["start-peer", "org1"]);
    net.told("as before", ADMIN, &[], 0);
}

/// OrgX joins, step by step, and OrgY; then servers and peers go.
fn newcomers(net: &Net, [org1, org2]: [Server; 2]) {
    net.mount("orgx", "block", &fs::read(net.config_block(1)).unwrap());
    net.join("orgx");
    let orgx = net.start_server("orgx");
    net.install("orgx");
    let spare = ["ENDORSERS warning", "ENDORSERS_SPARE warning"];
    let anchors = ["ANCHOR_PEERS warning"];
    let missing = ["APPROVAL error"];
    let amiss = [&anchors[..], &missing, &spare].concat();
    net.told("its approval is missing", of("orgx"), &amiss, 1);
    net.approve("orgx", FIRST);
    net.told("it has no anchor peers", of("orgx"), &anchors, 3);
    net.told("all three are well", ADMIN, &[], 0);

    let three = ["org1", "org2", "orgx"];
    net.propose_member(&three, "add_orgy", ("orgy", "OrgYMSP"), true);
    for org in &three[..2] {
        net.sign(org, &three, "add_orgy");
    }
    net.submit_ready("org1", "add_orgy");
    net.sync(&three, 2);
    net.mount("orgy", "block", &fs::read(net.config_block(2)).unwrap());
    net.join("orgy");
    let _orgy = net.start_server("orgy");
    net.install("orgy");
    net.approve("orgy", FIRST);
    net.told("all four are well", ADMIN, &[], 0);
    net.told("for OrgY, too", of("orgy"), &[], 0);

    drop(org1);
    let own = [&["CONTRACT warning"], &spare[..]].concat();
    net.told("the own server is down", ADMIN, &own, 3);
    net.told("another's server is down", of("org2"), &spare, 3);
    drop(org2);
    let own = ["CONTRACT error", "ENDORSERS error"];
    net.told("too many servers are down", ADMIN, &own, 5);
    net.script(&["stop-peer", "orgx"]);
    net.told("a peer is down, too", ADMIN, &own, 5);
    drop(orgx);
}
