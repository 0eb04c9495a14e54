//! Every kind of config update: what the contract says of it, and what the orderer answers.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use cmscc::{
    config::{ConfigTree, Patch, PatchLimits, compute_update, envelope},
    ids::ChannelId,
    json as fabric_json,
};
use serde_json::{Value, json};

use super::{CHANNEL, Net};

/// What the contract said, and what the orderer has to answer then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// `ReadyToSubmit`.
    Ready,
    /// `WaitingForSignatures`.
    Waiting,
    /// Refused when proposed: no signatures can help.
    Broken,
}
pub(super) use Verdict::{Broken, Ready, Waiting};

#[test]
fn the_orderer_gives_the_same_verdict() {
    let Some(net) = Net::up(100) else { return };
    let _servers = net.deploy();
    let mut play = Play::of(&net);
    let org1 = &["org1"][..];
    let orderer = &["orderer"][..];
    let both = &["org1", "org2"][..];

    let anchors = |org: &str| {
        application_org(
            org,
            json!({ "values": { "AnchorPeers": { "value": { "anchor_peers": [
        { "host": "127.0.0.1", "port": 7051 }, { "host": "peer1.example.com", "port": 7051 }
    ] } } } }),
        )
    };
    play.case("anchor-peers", Ready, org1, &anchors("Org1MSP"));
    play.case(
        "anchor-peers-of-another",
        Waiting,
        org1,
        &anchors("Org2MSP"),
    );

    let batch = |count: u32| {
        orderer_section(json!({ "values": { "BatchSize": { "value": {
        "max_message_count": count, "absolute_max_bytes": 10_485_760, "preferred_max_bytes": 2_097_152
    } } } }))
    };
    play.case("batch-size", Ready, orderer, &batch(50));
    play.case("batch-size-by-a-member", Waiting, both, &batch(51));
    play.case("batch-size-zero", Broken, orderer, &batch(0));

    let acls = application(json!({ "values": { "ACLs": {
        "value": { "acls": { "peer/Propose": { "policy_ref": "/Channel/Application/Writers" } } },
        "mod_policy": "Admins"
    } } }));
    play.case("acls-by-one", Waiting, org1, &acls);
    play.case("acls", Ready, both, &acls);
    play.case(
        "acls-removed",
        Ready,
        both,
        &application(json!({ "values": { "ACLs": { "version": "2" } } })),
    );

    let any = json!({ "policies": { "LifecycleEndorsement": {
        "policy": { "type": 3, "value": { "sub_policy": "Endorsement", "rule": "ANY" } }
    } } });
    play.case("policy", Ready, both, &application(any));
    let nobody = json!({ "policies": { "Admins": { "policy": {
        "type": 1, "value": { "version": 0, "rule": { "signed_by": 3 }, "identities": [] }
    } } } });
    play.case(
        "policy-without-its-principal",
        Broken,
        both,
        &application(nobody),
    );

    let owner =
        json!({ "values": { "Capabilities": { "mod_policy": "/Channel/Application/Admins" } } });
    play.case("mod-policy", Ready, both, &application(owner));
    let nowhere =
        json!({ "values": { "BatchTimeout": { "mod_policy": "/Channel/Application/Nobody" } } });
    play.case(
        "mod-policy-dangling",
        Ready,
        orderer,
        &orderer_section(nowhere),
    );
    let never = json!({ "values": { "BatchTimeout": { "value": { "timeout": "300ms" } } } });
    play.case(
        "behind-a-dangling-mod-policy",
        Broken,
        orderer,
        &orderer_section(never),
    );

    let levels = |names: &[&str]| {
        let levels: serde_json::Map<String, Value> =
            names.iter().map(|n| ((*n).to_owned(), json!({}))).collect();
        json!({ "values": { "Capabilities": { "value": { "capabilities": levels } } } })
    };
    play.case(
        "capabilities",
        Ready,
        both,
        &application(levels(&["V2_0", "V2_5"])),
    );
    play.case(
        "capabilities-unknown",
        Broken,
        orderer,
        &orderer_section(levels(&["V2_0", "V9_9"])),
    );

    let addresses = [net.orderer_address(), "127.0.0.1:9".to_owned()];
    let endpoints = json!({ "values": { "Endpoints": { "value": { "addresses": addresses } } } });
    play.case("orderer-endpoints", Ready, orderer, &orderer_org(endpoints));

    let msp = play.current(&[
        "groups",
        "Application",
        "groups",
        "Org1MSP",
        "values",
        "MSP",
        "value",
    ]);
    let changed = |at: &str, to: Value| {
        let mut msp = msp.clone();
        msp["config"][at] = to;
        json!({ "values": { "MSP": { "value": msp } } })
    };
    let admin = net.root().join(
        "crypto/peerOrganizations/org1.example.com/users/Admin@org1.example.com/msp/signcerts/Admin@org1.example.com-cert.pem",
    );
    let admin = STANDARD.encode(fs::read(admin).unwrap());
    play.case(
        "msp",
        Ready,
        org1,
        &application_org("Org1MSP", changed("admins", json!([admin]))),
    );
    play.case(
        "msp-without-roots",
        Broken,
        org1,
        &application_org("Org1MSP", changed("root_certs", json!([]))),
    );
    play.case(
        "msp-id",
        Broken,
        org1,
        &application_org("Org1MSP", changed("name", json!("Other"))),
    );

    let orgx: Value = serde_json::from_str(&net.org_json("OrgXMSP")).unwrap();
    let added = |name: &str, mut group: Value| {
        group["version"] = json!("1");
        application(json!({ "groups": { name: group } }))
    };
    play.case(
        "organisation-added-by-one",
        Waiting,
        org1,
        &added("OrgXMSP", orgx.clone()),
    );
    play.case("organisation-added", Ready, both, &added("OrgXMSP", orgx));
    let mut twin: Value = serde_json::from_str(&net.org_json("Org2MSP")).unwrap();
    twin["values"]["MSP"]["value"]["config"]["tls_root_certs"] = json!([]);
    play.case(
        "organisation-with-a-taken-msp-id",
        Broken,
        both,
        &added("Twin", twin),
    );
    let gone = application_org("OrgXMSP", json!({ "version": "2" }));
    play.case("organisation-removed-by-one-of-three", Waiting, org1, &gone);
    play.case("organisation-removed", Ready, both, &gone);

    // last, since the ordering node has no use for its new certificate
    let consensus = play.current(&["groups", "Orderer", "values", "ConsensusType", "value"]);
    let consenters = |list: Value| {
        let mut consensus = consensus.clone();
        consensus["metadata"]["consenters"] = list;
        orderer_section(json!({ "values": { "ConsensusType": { "value": consensus } } }))
    };
    let consenter = consensus["metadata"]["consenters"][0].clone();
    let with = |at: &str, to: &str| {
        let mut consenter = consenter.clone();
        consenter[at] = json!(to);
        consenter
    };
    let garbage = STANDARD.encode("no certificate");
    play.case(
        "consenter-certificate-garbage",
        Broken,
        orderer,
        &consenters(json!([with("server_tls_cert", &garbage)])),
    );
    play.case("no-consenters", Broken, orderer, &consenters(json!([])));
    let tls = net
        .root()
        .join("crypto/ordererOrganizations/example.com/users/Admin@example.com/tls/client.crt");
    let tls = STANDARD.encode(fs::read(tls).unwrap());
    play.case(
        "consenter-certificate",
        Ready,
        orderer,
        &consenters(json!([with("server_tls_cert", &tls)])),
    );
}

fn application(group: Value) -> Value {
    json!({ "channel_group": { "groups": { "Application": group } } })
}

fn application_org(name: &str, group: Value) -> Value {
    application(json!({ "groups": { name: group } }))
}

pub(super) fn orderer_section(group: Value) -> Value {
    json!({ "channel_group": { "groups": { "Orderer": group } } })
}

fn orderer_org(group: Value) -> Value {
    orderer_section(json!({ "groups": { "OrdererOrg": group } }))
}

/// A channel that changes with every update that is accepted.
pub(super) struct Play<'a> {
    net: &'a Net,
    sequence: u64,
}

impl<'a> Play<'a> {
    /// A channel at sequence 0, with the contract.
    pub(super) const fn of(net: &'a Net) -> Self {
        Self { net, sequence: 0 }
    }

    /// Proposes, signs and submits one update; our verdict must be as expected, and the orderer's answer must
    /// agree with it.
    pub(super) fn case(&mut self, id: &str, expected: Verdict, signers: &[&str], patch: &Value) {
        let both = ["org1", "org2"];
        let (verdict, why, file) = match self.net.try_invoke(
            "org1",
            &both,
            "ProposeConfigUpdate",
            &[id, &patch.to_string(), id],
        ) {
            Ok(_) => {
                for signer in signers {
                    if let Err(e) = self.net.try_sign(signer, &both, id) {
                        assert!(
                            expected == Waiting && e.contains("SIGNER_NOT_CONCERNED"),
                            "{id}: {e}"
                        );
                    }
                }
                let proposal = self.net.query("org1", "GetProposal", &[id]);
                let (verdict, member) = match proposal["status"].as_str().unwrap() {
                    "ReadyToSubmit" => (Ready, "config_update_envelope_to_submit"),
                    "WaitingForSignatures" => (Waiting, "config_update_to_sign"),
                    other => panic!("{id}: {other}: {proposal}"),
                };
                let file = self
                    .net
                    .decoded(&format!("{id}.submit.pb"), &proposal[member]);
                if verdict == Waiting {
                    signers
                        .iter()
                        .for_each(|signer| self.net.sign_file(signer, &file));
                }
                (verdict, proposal["status_detail"].to_string(), file)
            }
            Err(refusal) => {
                let file = self.net.work(&format!("{id}.pb"));
                fs::write(&file, self.computed(patch)).unwrap();
                signers
                    .iter()
                    .for_each(|signer| self.net.sign_file(signer, &file));
                (Broken, refusal, file)
            }
        };
        assert_eq!(verdict, expected, "{id}: {why}");
        let answer = self.net.submit("org1", &file);
        let agrees = match (&answer, verdict) {
            (Ok(_), Ready) => true,
            (Err(e), Waiting) => e.contains("not satisfied"),
            // what the consensus refuses has a status of its own
            (Err(e), Broken) => {
                e.contains("BAD_REQUEST") && !e.contains("not satisfied")
                    || e.contains("SERVICE_UNAVAILABLE -- block validation policy should be")
            }
            _ => false,
        };
        assert!(
            agrees,
            "{id}: we say {verdict:?} ({why}), the orderer says {answer:?}"
        );
        let brief = |text: &str| {
            text.lines()
                .last()
                .unwrap_or_default()
                .chars()
                .take(300)
                .collect::<String>()
        };
        println!(
            "{id}: {verdict:?}: {}",
            answer
                .as_ref()
                .map_or_else(|e| brief(e), |_| "accepted".to_owned())
        );
        if verdict == Waiting {
            // the same bytes may be proposed again once nobody has them open
            self.net.invoke(&both, "WithdrawProposal", &[id]);
        }
        if answer.is_ok() {
            self.synced(id);
        }
    }

    /// Submits a proposal that must be ready, and hands its block in.
    pub(super) fn submitted(&mut self, id: &str) {
        self.net.submit_ready("org1", id);
        self.synced(id);
    }

    fn synced(&mut self, id: &str) {
        self.sequence += 1;
        self.net.sync(&["org1", "org2"], self.sequence);
        assert_eq!(
            self.net.query("org2", "GetProposal", &[id])["status"],
            "Submitted"
        );
    }

    /// The current config, as bytes.
    fn config(&self) -> Vec<u8> {
        let answer = self
            .net
            .query("org1", "GetConfig", &[r#"{"format":"base64"}"#]);
        STANDARD.decode(answer["config"].as_str().unwrap()).unwrap()
    }

    /// Something of the current config, as JSON.
    pub(super) fn current(&self, path: &[&str]) -> Value {
        let config = self.net.query("org1", "GetConfig", &[]);
        path.iter()
            .fold(config["config"]["channel_group"].clone(), |at, name| {
                at[*name].clone()
            })
    }

    /// The envelope that the contract refuses to make.
    fn computed(&self, patch: &Value) -> Vec<u8> {
        let channel = ChannelId::from(CHANNEL);
        let patch = fabric_json::decode("common.Config", patch.to_string().as_bytes()).unwrap();
        let patch = Patch::parse(patch.into(), &PatchLimits::default()).unwrap();
        let current = ConfigTree::parse(self.config().into()).unwrap();
        let update = compute_update(&channel, &current, &patch.apply(&current).unwrap()).unwrap();
        envelope::update_envelope(&channel, &update, &[])
    }
}
