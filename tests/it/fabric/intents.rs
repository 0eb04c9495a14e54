//! Every intent of `cmscc propose` on a real network: proposed, signed, submitted and in effect. Each update is
//! what `configtxlator compute_update` makes of the same edit by hand, and so is the config afterwards.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use cmscc::config::{Update, envelope};
use serde_json::{Value, json};

use super::{CHANNEL, net::Net, text, until};

#[test]
fn intents_take_effect_and_are_what_an_edit_by_hand_makes() {
    let settings = &[("ORDERERS", "3"), ("APP_CAPS", "V2_0")];
    let Some(net) = Net::up_with(1200, settings) else {
        return;
    };
    let _servers = net.deploy();
    let mut hands = Hands::new(&net);
    hands.addresses();
    hands.values();
    hands.policies();
    hands.several();
    hands.rotation();
    hands.consenters();
}

#[test]
fn consenters_of_bft_come_and_go_with_their_policy() {
    let settings = &[("CAPS", "v3"), ("CONSENSUS", "bft")];
    let Some(net) = Net::up_with(1250, settings) else {
        return;
    };
    let _servers = net.deploy();
    let mut hands = Hands::new(&net);
    let orderers = &["orderer"][..];
    let fourth = format!("127.0.0.1:{}", net.port(47));
    // a quorum of three is two: they tolerate no fault
    let of_three = |root: &mut Value| {
        without_last_endpoint(root);
        let orderer = &mut root["groups"]["Orderer"];
        let list = &mut orderer["values"]["Orderers"]["value"]["consenter_mapping"];
        list.as_array_mut().unwrap().pop();
        let policy = &mut orderer["policies"]["BlockValidation"]["policy"]["value"];
        policy["identities"].as_array_mut().unwrap().pop();
        policy["rule"]["n_out_of"]["rules"]
            .as_array_mut()
            .unwrap()
            .pop();
        policy["rule"]["n_out_of"]["n"] = json!(2);
    };
    let gone = format!("consenter remove {fourth}");
    let elsewhere = format!("endpoints --remove {fourth}");
    let batch = ["batch", "--do", &gone, "--do", &elsewhere];
    hands.step("gone", &batch, orderers, of_three);
    let node = net
        .root()
        .join("crypto/ordererOrganizations/example.com/orderers/orderer4.example.com");
    let tls = node.join("tls/server.crt");
    let identity = node.join("msp/signcerts/orderer4.example.com-cert.pem");
    let (tls_text, identity_text) = (base64(&tls), base64(&identity));
    let add = [
        "consenter",
        "add",
        &fourth,
        "--server-cert",
        text(&tls),
        "--identity",
        text(&identity),
    ];
    let port = net.port(47);
    hands.step("back", &add, orderers, |root| {
        let orderer = &mut root["groups"]["Orderer"];
        let list = &mut orderer["values"]["Orderers"]["value"]["consenter_mapping"];
        list.as_array_mut()
            .unwrap()
            .push(json!({"id": 4, "host": "127.0.0.1", "port": port,
            "msp_id": "OrdererMSP", "identity": identity_text,
            "client_tls_cert": tls_text, "server_tls_cert": tls_text}));
        let policy = &mut orderer["policies"]["BlockValidation"]["policy"]["value"];
        let mut principal = policy["identities"][0].clone();
        principal["principal"]["id_bytes"] = json!(identity_text);
        policy["identities"].as_array_mut().unwrap().push(principal);
        let rules = policy["rule"]["n_out_of"]["rules"].as_array_mut().unwrap();
        rules.push(json!({"signed_by": 3}));
        policy["rule"]["n_out_of"]["n"] = json!(3);
    });
    // the next block is ordered by those that run
    let timeout = ["set", "/Channel/Orderer/BatchTimeout", "300ms"];
    hands.step("timeout", &timeout, orderers, |root| {
        root["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] = json!("300ms");
    });
}

/// Administrators with the client, and one who edits by hand.
struct Hands<'a> {
    net: &'a Net,
    sequence: u64,
    /// Where Org2's admin has the identity.
    org2: PathBuf,
}

const MEMBERS: &[&str] = &["org1", "org2"];
const ORDERERS: &[&str] = &["orderer"];

impl<'a> Hands<'a> {
    fn new(net: &'a Net) -> Self {
        Self {
            net,
            sequence: 0,
            org2: admin(net, "org2"),
        }
    }

    fn addresses(&mut self) {
        let org1 = &["org1"][..];
        self.exact(
            "anchors",
            &["anchor-peers", "peer0.org1.example.com:7051"],
            org1,
            |root| {
                let org = &mut root["groups"]["Application"]["groups"]["Org1MSP"];
                org["values"]["AnchorPeers"]["value"]["anchor_peers"] =
                    json!([{"host": "peer0.org1.example.com", "port": 7051}]);
            },
        );
        let own = self.net.address("org1", 1);
        let port: u16 = own.rsplit_once(':').unwrap().1.parse().unwrap();
        self.exact("anchors2", &["anchor-peers", &own], org1, |root| {
            let org = &mut root["groups"]["Application"]["groups"]["Org1MSP"];
            org["values"]["AnchorPeers"]["value"]["anchor_peers"] =
                json!([{"host": "127.0.0.1", "port": port}]);
        });
        let endpoint = "orderer9.example.com:7050";
        self.exact(
            "endpoints",
            &["endpoints", "--add", endpoint],
            ORDERERS,
            |root| {
                let org = &mut root["groups"]["Orderer"]["groups"]["OrdererOrg"];
                let list = &mut org["values"]["Endpoints"]["value"]["addresses"];
                list.as_array_mut().unwrap().push(json!(endpoint));
            },
        );
        self.exact(
            "endpoints2",
            &["endpoints", "--remove", endpoint],
            ORDERERS,
            |root| {
                let org = &mut root["groups"]["Orderer"]["groups"]["OrdererOrg"];
                let list = &mut org["values"]["Endpoints"]["value"]["addresses"];
                list.as_array_mut().unwrap().pop();
            },
        );
    }

    fn values(&mut self) {
        self.exact(
            "timeout",
            &["set", "/Channel/Orderer/BatchTimeout", "300ms"],
            ORDERERS,
            |root| {
                root["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] =
                    json!("300ms");
            },
        );
        let count = "/Channel/Orderer/BatchSize/max_message_count";
        self.exact("count", &["set", count, "77"], ORDERERS, |root| {
            root["groups"]["Orderer"]["values"]["BatchSize"]["value"]["max_message_count"] =
                json!(77);
        });
        self.exact(
            "level",
            &["capability", "application", "V2_5"],
            MEMBERS,
            |root| {
                let value = &mut root["groups"]["Application"]["values"]["Capabilities"]["value"];
                value["capabilities"] = json!({"V2_5": {}});
            },
        );
        // what is refused here says so, and writes nothing
        for (args, code, hint) in [
            (
                &["set", "/Channel/Orderer/BatchTimeout", "300ms"][..],
                3,
                "already",
            ),
            (
                &["set", "/Channel/Orderer/BatchTimout", "1s"],
                2,
                "BatchTimeout?",
            ),
            (&["capability", "application", "V3_0"], 2, "V2_5"),
        ] {
            let out = self.run("org1", &[&["propose"][..], args].concat());
            assert_eq!(out.status.code(), Some(code), "{args:?}");
            let said = String::from_utf8_lossy(&out.stderr).into_owned();
            assert!(said.contains(hint), "{said}");
        }
    }

    fn policies(&mut self) {
        let endorsement = "/Channel/Application/Endorsement";
        self.exact(
            "rule",
            &["policy", endorsement, "ANY Endorsement"],
            MEMBERS,
            |root| {
                let policy =
                    &mut root["groups"]["Application"]["policies"]["Endorsement"]["policy"];
                policy["value"]["rule"] = json!("ANY");
            },
        );
        self.exact(
            "rule2",
            &["policy", endorsement, "MAJORITY Endorsement"],
            MEMBERS,
            |root| {
                let policy =
                    &mut root["groups"]["Application"]["policies"]["Endorsement"]["policy"];
                policy["value"]["rule"] = json!("MAJORITY");
            },
        );
        let org = "/Channel/Application/Org1MSP/Readers";
        let org1 = &["org1"][..];
        self.exact(
            "members",
            &["policy", org, "OR('Org1MSP.member')"],
            org1,
            |root| {
                let org = &mut root["groups"]["Application"]["groups"]["Org1MSP"];
                org["policies"]["Readers"]["policy"]["value"] = json!({
                "identities": [{"principal": {"msp_identifier": "Org1MSP", "role": "MEMBER"},
                    "principal_classification": "ROLE"}],
                "rule": {"n_out_of": {"n": 1, "rules": [{"signed_by": 0}]}}, "version": 0});
            },
        );
        self.exact(
            "mod",
            &["mod-policy", endorsement, "/Channel/Application/Admins"],
            MEMBERS,
            |root| {
                root["groups"]["Application"]["policies"]["Endorsement"]["mod_policy"] =
                    json!("/Channel/Application/Admins");
            },
        );
        let acl = ["acl", "event/FilteredBlock", "/Channel/Application/Writers"];
        self.step("acl", &acl, MEMBERS, |root| {
            root["groups"]["Application"]["values"]["ACLs"] = json!({"version": "0", "mod_policy": "Admins",
                "value": {"acls": {"event/FilteredBlock": {"policy_ref": "/Channel/Application/Writers"}}}});
        });
        let acl = ["acl", "qscc/GetBlockByHash", "Readers"];
        self.step("acl2", &acl, MEMBERS, |root| {
            let acls = &mut root["groups"]["Application"]["values"]["ACLs"]["value"]["acls"];
            acls["qscc/GetBlockByHash"] = json!({"policy_ref": "Readers"});
        });
    }

    fn several(&mut self) {
        let batch = self.net.work("batch.txt");
        fs::write(
            &batch,
            "# both\nset /Channel/Orderer/BatchTimeout 250ms\nacl qscc/GetBlockByHash default\n",
        )
        .unwrap();
        let signers = &["org1", "org2", "orderer"][..];
        self.step("batch", &["batch", text(&batch)], signers, |root| {
            root["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] =
                json!("250ms");
            let acls = &mut root["groups"]["Application"]["values"]["ACLs"]["value"]["acls"];
            acls.as_object_mut().unwrap().remove("qscc/GetBlockByHash");
        });
        let editor = self.net.work("editor");
        // the first time it is wrong, and comes back with its place
        fs::write(&editor, "#!/bin/sh\nif grep -q '^//!' \"$1\"; then sed -i 's/: 70o/: 70/' \"$1\"; else sed -i 's/\"max_message_count\": 77/\"max_message_count\": 70o/' \"$1\"; fi\n").unwrap();
        fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
        self.exact("edit", &["edit", "/Channel/Orderer"], ORDERERS, |root| {
            root["groups"]["Orderer"]["values"]["BatchSize"]["value"]["max_message_count"] =
                json!(70);
        });
        self.exact("again", &["--from", "count"], ORDERERS, |root| {
            root["groups"]["Orderer"]["values"]["BatchSize"]["value"]["max_message_count"] =
                json!(77);
        });
    }

    /// Org2 gets a new CA: the network's tools make everything of it once more.
    fn rotation(&mut self) {
        let net = self.net;
        let again = net.work("again");
        let config = net.root().join("cfg/crypto-config.yaml");
        net.tool(
            "cryptogen",
            &[
                "generate",
                "--config",
                text(&config),
                "--output",
                text(&again),
            ],
        );
        let org = "peerOrganizations/org2.example.com";
        let ca = format!("{org}/ca/ca.org2.example.com-cert.pem");
        let (old, new) = (net.root().join("crypto").join(&ca), again.join(&ca));
        let (old_text, new_text) = (base64(&old), base64(&new));
        let msp = |root: &mut Value, change: &dyn Fn(&mut Value)| {
            let org = &mut root["groups"]["Application"]["groups"]["Org2MSP"];
            change(&mut org["values"]["MSP"]["value"]["config"]);
        };
        let add = [
            "rotate-ca",
            "--add",
            text(&new),
            "--remove",
            text(&old),
            "--org",
            "Org2MSP",
        ];
        let org2 = &["org2"][..];
        self.exact("ca", &add, org2, |root| {
            msp(root, &|config| {
                config["root_certs"] = json!([old_text, new_text]);
                for role in ["client", "peer", "admin", "orderer"] {
                    config["fabric_node_ous"][format!("{role}_ou_identifier")]["certificate"] =
                        json!("");
                }
            });
        });
        // peer and admin of the old CA are in use
        let finish = ["propose", "rotate-ca", "--finish", "ca"];
        let out = self.run("org2", &finish);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(7), "{said}");
        for who in ["your own certificate", "a peer that endorsed in block"] {
            assert!(said.contains(who), "{said}");
        }
        // they get certificates of the new one
        let peer = format!("{org}/peers/peer0.org2.example.com/msp");
        net.script(&["stop-peer", "org2"]);
        let (from, to) = (again.join(&peer), net.root().join("crypto").join(&peer));
        fs::remove_dir_all(&to).unwrap();
        copy(&from, &to);
        net.script(&["start-peer", "org2"]);
        self.org2 = again.join(format!("{org}/users/Admin@org2.example.com/msp"));
        until("the peer of the new certificate endorses", || {
            let out = self.run(
                "org2",
                &[
                    "api",
                    "--submit",
                    "AttestCapabilities",
                    r#"{"server":true}"#,
                ],
            );
            out.status.success().then_some(())
        });
        let second = ["rotate-ca", "--finish", "ca", "--anyway"];
        self.exact("ca", &second, org2, |root| {
            msp(root, &|config| config["root_certs"] = json!([new_text]));
        });
        // and all goes on
        self.exact(
            "after",
            &["set", "/Channel/Orderer/BatchTimeout", "260ms"],
            ORDERERS,
            |root| {
                root["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] =
                    json!("260ms");
            },
        );
    }

    fn consenters(&mut self) {
        let port = self.net.port(6);
        let third = format!("127.0.0.1:{port}");
        let list = |root: &mut Value, change: &dyn Fn(&mut Vec<Value>)| {
            let value = &mut root["groups"]["Orderer"]["values"]["ConsensusType"]["value"];
            change(value["metadata"]["consenters"].as_array_mut().unwrap());
        };
        // peers must not send to it any more
        let gone = format!("consenter remove {third}");
        let elsewhere = format!("endpoints --remove {third}");
        let batch = ["batch", "--do", &gone, "--do", &elsewhere];
        self.exact("node-gone", &batch, ORDERERS, |root| {
            list(root, &|nodes| drop(nodes.pop()));
            without_last_endpoint(root);
        });
        let orderers = self
            .net
            .root()
            .join("crypto/ordererOrganizations/example.com");
        let tls = orderers.join("orderers/orderer3.example.com/tls/server.crt");
        let tls_text = base64(&tls);
        let add = ["consenter", "add", &third, "--server-cert", text(&tls)];
        self.exact("node-back", &add, ORDERERS, |root| {
            list(root, &|nodes| {
                nodes.push(json!({"host": "127.0.0.1", "port": port,
                    "client_tls_cert": tls_text, "server_tls_cert": tls_text}));
            });
        });
        let other = orderers.join("users/Admin@example.com/tls/client.crt");
        let other_text = base64(&other);
        let replace = [
            "consenter",
            "replace-cert",
            &third,
            "--server-cert",
            text(&other),
        ];
        self.exact("node-cert", &replace, ORDERERS, |root| {
            list(root, &|nodes| {
                let node = nodes.last_mut().unwrap();
                (node["client_tls_cert"], node["server_tls_cert"]) =
                    (json!(other_text), json!(other_text));
            });
        });
        // the others go on without it
        self.exact(
            "last",
            &["set", "/Channel/Orderer/BatchTimeout", "270ms"],
            ORDERERS,
            |root| {
                root["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] =
                    json!("270ms");
            },
        );
    }

    /// A step whose update has the very bytes of the edit by hand.
    #[track_caller]
    fn exact(
        &mut self,
        id: &str,
        intent: &[&str],
        signers: &[&str],
        by_hand: impl FnOnce(&mut Value),
    ) {
        let (ours, theirs) = self.step(id, intent, signers, by_hand);
        assert!(ours == theirs, "{id} has other bytes than the edit by hand");
    }

    /// Proposes an intent, has it signed and submitted. Gives its update, and that of the edit by hand: both say
    /// the same, byte by byte where no list has several names, which Go writes in any order.
    #[track_caller]
    fn step(
        &mut self,
        id: &str,
        intent: &[&str],
        signers: &[&str],
        by_hand: impl FnOnce(&mut Value),
    ) -> (Vec<u8>, Vec<u8>) {
        let (before, mut edited) = self.config();
        by_hand(&mut edited["channel_group"]);
        let theirs = self.computed(&before, &edited);
        // who may propose it does
        let proposer = signers
            .iter()
            .find(|org| **org != "orderer")
            .copied()
            .unwrap_or("org1");
        let id_args = ["--id", id];
        let out = self.done(proposer, &[&["propose"][..], intent, &id_args].concat());
        let id = out
            .lines()
            .find_map(|line| line.strip_prefix("Id      "))
            .unwrap()
            .to_owned();
        let answer: Value =
            serde_json::from_str(&self.done("org1", &["api", "GetProposal", &id])).unwrap();
        let envelope = STANDARD
            .decode(answer["config_update_to_sign"].as_str().unwrap())
            .unwrap();
        let ours = envelope::read_update_envelope(&envelope.into())
            .unwrap()
            .config_update;
        let read = |bytes: &[u8]| Update::parse(bytes.to_vec().into()).unwrap().encode();
        assert!(read(&ours) == read(&theirs), "{id} is not the edit by hand");
        let digest = answer["config_update_sha256"].as_str().unwrap();
        for signer in signers {
            self.sign(signer, &id, digest);
        }
        self.done(proposer, &["submit", &id]);
        self.sequence += 1;
        let (_, after) = self.config();
        assert_eq!(plain(after), plain(edited), "{id}");
        (ours.to_vec(), theirs)
    }

    fn sign(&self, signer: &str, id: &str, digest: &str) {
        let agreed = ["--yes", "--digest", digest];
        if signer != "orderer" {
            self.done(signer, &[&["sign", id][..], &agreed].concat());
            return;
        }
        let (request, signature) = (self.net.work("x.signreq"), self.net.work("x.sig"));
        for file in [&request, &signature] {
            let _ = fs::remove_file(file);
        }
        self.done("org1", &["sign", id, "--out", text(&request)]);
        let sign = ["sign", "--in", text(&request), "--out", text(&signature)];
        self.done("orderer", &[&sign[..], &agreed].concat());
        self.done("org1", &["sign", "--in", text(&signature)]);
    }

    /// The config in force, as `configtxlator` writes it: its file, and its document.
    fn config(&self) -> (PathBuf, Value) {
        let block = self.net.config_block(self.sequence);
        let decode = [
            "proto_decode",
            "--type",
            "common.Block",
            "--input",
            text(&block),
        ];
        let block: Value =
            serde_json::from_slice(&self.net.tool("configtxlator", &decode)).unwrap();
        let config = block["data"]["data"][0]["payload"]["data"]["config"].clone();
        (self.encoded("before", &config), config)
    }

    fn encoded(&self, name: &str, config: &Value) -> PathBuf {
        let (json, binary) = (
            self.net.work(&format!("{name}.json")),
            self.net.work(&format!("{name}.pb")),
        );
        fs::write(&json, config.to_string()).unwrap();
        let encode = [
            "proto_encode",
            "--type",
            "common.Config",
            "--input",
            text(&json),
            "--output",
            text(&binary),
        ];
        self.net.tool("configtxlator", &encode);
        binary
    }

    fn computed(&self, before: &Path, edited: &Value) -> Vec<u8> {
        let (after, update) = (self.encoded("after", edited), self.net.work("update.pb"));
        let compute = [
            "compute_update",
            "--channel_id",
            CHANNEL,
            "--original",
            text(before),
            "--updated",
            text(&after),
            "--output",
            text(&update),
        ];
        self.net.tool("configtxlator", &compute);
        fs::read(&update).unwrap()
    }

    #[track_caller]
    fn done(&self, org: &str, args: &[&str]) -> String {
        let out = self.run(org, args);
        let (result, said) = (
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr),
        );
        assert!(
            out.status.success(),
            "{org} {args:?}: {}\n{result}\n{said}",
            out.status
        );
        result.into_owned()
    }

    /// The client as the admin of an organisation.
    fn run(&self, org: &str, args: &[&str]) -> Output {
        let net = self.net;
        let own = if org == "org2" { "org2" } else { "org1" };
        let (msp_id, folder) = match org {
            "org2" => ("Org2MSP", self.org2.clone()),
            "orderer" => ("OrdererMSP", admin(net, org)),
            _ => ("Org1MSP", admin(net, org)),
        };
        let (verb, rest) = args.split_first().unwrap();
        let ca = net.peer_tls(own).join("ca.crt");
        let state = net.work(&format!("state-{org}"));
        Command::new(env!("CARGO_BIN_EXE_cmscc"))
            .arg(verb)
            .args(rest)
            .env("CMSCC_CHANNEL", CHANNEL)
            .env("CMSCC_PEER_ADDRESS", net.address(own, 1))
            .env("CMSCC_TLS_ROOT_CERT", ca)
            .env("CMSCC_MSP_ID", msp_id)
            .env("CMSCC_MSP_FOLDER", folder)
            .env("CMSCC_STATE_DIR", state)
            .env("CMSCC_ANCHOR", net.genesis())
            .env("EDITOR", net.work("editor"))
            .env_remove("VISUAL")
            .env("HOME", net.work(""))
            .output()
            .unwrap()
    }
}

/// The MSP folder of an organisation's admin.
fn admin(net: &Net, org: &str) -> PathBuf {
    let folder = match org {
        "orderer" => "ordererOrganizations/example.com/users/Admin@example.com".to_owned(),
        org => format!("peerOrganizations/{org}.example.com/users/Admin@{org}.example.com"),
    };
    net.root().join("crypto").join(folder).join("msp")
}

fn base64(path: &Path) -> String {
    STANDARD.encode(fs::read(path).unwrap())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn without_last_endpoint(root: &mut Value) {
    let org = &mut root["groups"]["Orderer"]["groups"]["OrdererOrg"];
    let list = &mut org["values"]["Endpoints"]["value"]["addresses"];
    list.as_array_mut().unwrap().pop();
}

/// The channel group without what counts by itself.
fn plain(mut config: Value) -> Value {
    let mut root = config["channel_group"].take();
    let mut open = vec![&mut root];
    while let Some(value) = open.pop() {
        if let Some(members) = value.as_object_mut() {
            members.remove("version");
            // absent, or empty: the same
            members.retain(|_, member| !member.is_null() && member != "");
            open.extend(members.values_mut());
        }
    }
    root
}
