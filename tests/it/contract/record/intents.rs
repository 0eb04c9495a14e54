//! What trips propose: changes of a config's elements, as a person would edit them.

use serde_json::{Value, json};

/// A change of one element of the config, by its path below the root.
pub(super) struct Intent {
    path: &'static str,
    change: fn(&mut Value),
}

impl Intent {
    /// The patch that makes the change in this config.
    pub(super) fn patch(&self, config: &Value) -> String {
        let element = config.pointer(self.path).cloned();
        let mut element = element.unwrap_or_else(|| json!({}));
        // versions are modes in a patch
        unversioned(&mut element);
        (self.change)(&mut element);
        let names: Vec<&str> = self.path.split('/').skip(1).collect();
        let patch = names
            .iter()
            .rev()
            .fold(element, |inner, name| json!({ *name: inner }));
        json!({ "channel_group": patch }).to_string()
    }
}

fn unversioned(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(unversioned),
        Value::Object(members) => {
            if members.contains_key("mod_policy") {
                members.remove("version");
            }
            members.values_mut().for_each(unversioned);
        }
        _ => {}
    }
}

const fn change(path: &'static str, change: fn(&mut Value)) -> Intent {
    Intent { path, change }
}

fn implicit(rule: &str, sub_policy: &str) -> Value {
    json!({"type": 3, "value": {"rule": rule, "sub_policy": sub_policy}})
}

/// A policy that any or all of these satisfy.
fn signed(n: usize, principals: &[(&str, &str)]) -> Value {
    let identities: Vec<Value> = principals
        .iter()
        .map(|(msp, role)| {
            json!({"principal_classification": "ROLE",
                "principal": {"msp_identifier": msp, "role": role}})
        })
        .collect();
    let rules: Vec<Value> = (0..principals.len())
        .map(|place| json!({ "signed_by": place }))
        .collect();
    json!({"type": 1, "value": {"version": 0, "identities": identities,
        "rule": {"n_out_of": {"n": n, "rules": rules}}}})
}

const TIMEOUT: &str = "/groups/Orderer/values/BatchTimeout";
const SIZE: &str = "/groups/Orderer/values/BatchSize";
const CONSENSUS: &str = "/groups/Orderer/values/ConsensusType";
const MEMBERS: &str = "/groups/Application";
const ORG1: &str = "/groups/Application/groups/Org1MSP";
const ORG2: &str = "/groups/Application/groups/Org2MSP";
const ORDERERS: &str = "/groups/Orderer/groups/OrdererOrg";

pub(super) const PATCHES: &[Intent] = &[
    change(TIMEOUT, |it| it["value"]["timeout"] = json!("9s")),
    change(TIMEOUT, |it| it["value"]["timeout"] = json!("0s")),
    change(TIMEOUT, |it| it["value"]["timeout"] = json!("soon")),
    change(TIMEOUT, |it| it["value"]["timeout"] = json!("200h")),
    change(TIMEOUT, |it| it["mod_policy"] = json!("Nobody")),
    change(TIMEOUT, |it| it["mod_policy"] = json!("/Channel/Readers")),
    change(TIMEOUT, |it| it["version"] = json!("2")),
    change(TIMEOUT, |it| it["version"] = json!("7")),
    change(SIZE, |it| it["value"]["max_message_count"] = json!(1)),
    change(SIZE, |it| it["value"]["max_message_count"] = json!(0)),
    change(SIZE, |it| it["value"]["absolute_max_bytes"] = json!(1000)),
    change(SIZE, |it| {
        it["value"]["preferred_max_bytes"] = json!(999_999_999)
    }),
    change(CONSENSUS, |it| {
        it["value"]["state"] = json!("STATE_MAINTENANCE")
    }),
    change(CONSENSUS, |it| it["value"]["type"] = json!("BFT")),
    change(CONSENSUS, |it| {
        it["value"]["metadata"]["consenters"][0]["port"] = json!(7999);
    }),
    change(CONSENSUS, |it| {
        it["value"]["metadata"]["consenters"] = json!([])
    }),
    change(CONSENSUS, |it| {
        let consenters = &mut it["value"]["metadata"]["consenters"];
        let mut one = consenters[0].clone();
        one["host"] = json!("other.example.com");
        consenters.as_array_mut().unwrap().push(one);
    }),
    change(CONSENSUS, |it| {
        it["value"]["metadata"]["options"]["tick_interval"] = json!("0ms");
    }),
    change(CONSENSUS, |it| {
        it["value"]["metadata"]["options"]["election_tick"] = json!(1);
    }),
    change("/groups/Orderer/values/ChannelRestrictions", |it| {
        *it = json!({"mod_policy": "Admins", "value": {"max_count": "5"}});
    }),
    change("/groups/Orderer/values/Capabilities", |it| {
        it["value"]["capabilities"]["V9_9"] = json!({});
    }),
    change("/values/Capabilities", |it| {
        it["value"]["capabilities"] = json!({"V3_0": {}});
    }),
    change("/values/BlockDataHashingStructure", |it| {
        it["value"]["width"] = json!(5)
    }),
    change("/values/HashingAlgorithm", |it| {
        it["value"]["name"] = json!("SHA3_256")
    }),
    change("/values/OrdererAddresses", |it| {
        *it = json!({"mod_policy": "/Channel/Orderer/Admins", "value": {"addresses": ["o.example.com:7050"]}});
    }),
    change("/values/Nothing", |it| {
        *it = json!({"mod_policy": "Admins", "value": "AAEC"})
    }),
    change("/groups/Application/values/ACLs", |it| {
        *it = json!({"mod_policy": "Admins", "value": {"acls": {
            "event/Block": {"policy_ref": "/Channel/Application/Writers"},
            "lscc/ChaincodeExists": {"policy_ref": "Nothing"}}}});
    }),
    change("/groups/Application/values/Capabilities", |it| {
        it["value"]["capabilities"] = json!({"V2_5": {}});
    }),
    change("/groups/Orderer/groups/OrdererOrg/values/Endpoints", |it| {
        *it =
            json!({"mod_policy": "Admins", "value": {"addresses": ["o.example.com:7050", "bad"]}});
    }),
    change("/groups/Orderer/groups/OrdererOrg/values/Endpoints", |it| {
        it["value"]["addresses"] = json!([]);
    }),
    change(ORDERERS, |it| it["version"] = json!("2")),
    change(
        "/groups/Application/groups/Org1MSP/values/AnchorPeers",
        |it| {
            *it = json!({"mod_policy": "Admins", "value": {"anchor_peers": [
            {"host": "a.example.com", "port": 7051}, {"host": "b", "port": 0}]}});
        },
    ),
    change("/groups/Application/groups/Org1MSP/values/MSP", |it| {
        it["value"]["config"]["tls_root_certs"] = json!([]);
    }),
    change("/groups/Application/groups/Org2MSP/values/MSP", |it| {
        it["value"]["config"]["fabric_node_ous"]["enable"] = json!(false);
    }),
    change("/groups/Application/groups/Org2MSP/policies/Admins", |it| {
        it["version"] = json!("2")
    }),
    change("/groups/Application/groups/Org1MSP/policies/Admins", |it| {
        it["policy"] = signed(1, &[("GoneMSP", "ADMIN")]);
    }),
    change(
        "/groups/Application/groups/Org1MSP/policies/Endorsement",
        |it| {
            it["policy"] = signed(1, &[("Org1MSP", "MEMBER")]);
        },
    ),
    change("/groups/Application/policies/Admins", |it| {
        it["policy"] = implicit("ANY", "Admins")
    }),
    change("/groups/Application/policies/Admins", |it| {
        it["policy"] = signed(
            2,
            &[
                ("Org1MSP", "ADMIN"),
                ("Org2MSP", "ADMIN"),
                ("OrgXMSP", "PEER"),
            ],
        );
    }),
    change("/groups/Application/policies/Endorsement", |it| {
        it["policy"] = implicit("ALL", "Endorsement");
    }),
    change("/groups/Application/policies/Endorsement", |it| {
        it["policy"] = signed(3, &[("Org1MSP", "PEER"), ("Org2MSP", "PEER")]);
    }),
    change("/groups/Application/policies/LifecycleEndorsement", |it| {
        it["version"] = json!("2")
    }),
    change("/groups/Application/policies/Writers", |it| {
        it["policy"] = implicit("MAJORITY", "Nothing");
    }),
    change("/groups/Application/policies/New", |it| {
        *it = json!({"mod_policy": "Admins", "policy": {"type": 1, "value": {"rule": {"signed_by": 3}}}});
    }),
    change("/groups/Application/policies/New", |it| {
        *it = json!({"mod_policy": "Admins", "policy": {"type": 9, "value": "AA=="}});
    }),
    change("/groups/Orderer/policies/BlockValidation", |it| {
        it["policy"] = signed(1, &[("Org1MSP", "PEER")]);
    }),
    change("/policies/Admins", |it| {
        it["policy"] = implicit("ANY", "Writers")
    }),
    change("/policies/Readers", |it| it["version"] = json!("2")),
    change(MEMBERS, |it| *it = json!({"mod_policy": "Writers"})),
    change(MEMBERS, |it| it["version"] = json!("1")),
    change(MEMBERS, |it| {
        *it = json!({"version": "1", "mod_policy": "Admins"})
    }),
    change(MEMBERS, |it| *it = json!({"version": "2"})),
    change(ORG1, |it| {
        it["version"] = json!("1");
        it["values"] = json!({"MSP": it["values"]["MSP"]});
    }),
    change(ORG2, |it| *it = json!({"version": "2"})),
    change(
        ORG2,
        |it| {
            *it =
                json!({"mod_policy": "Writers", "policies": {"Admins": {"mod_policy": "Readers"}}})
        },
    ),
    change("/groups/Application/groups/OrgXMSP", |it| {
        *it = json!({"version": "2"})
    }),
    change("/groups/Application/groups/Copy", |it| {
        *it = json!({"mod_policy": "Admins", "policies": {"Admins": {"mod_policy": "Admins",
            "policy": implicit("ANY", "Admins")}}});
    }),
    change("/groups/Other", |it| *it = json!({"mod_policy": "Admins"})),
    change("/groups/Application/groups/Org1MSP/groups/Unit", |it| {
        *it = json!({"mod_policy": "Admins"})
    }),
    change("/groups", |it| {
        *it = json!({"Orderer": {"values": {"BatchTimeout": {"value": {"timeout": "6s"}},
                "BatchSize": {"value": {"max_message_count": 7}}}},
            "Application": {"policies": {"A": {"mod_policy": "Admins",
                "policy": implicit("ALL", "Readers")}}}});
    }),
];

/// A change of an organisation's MSP value, beside the groups of all members.
type MspChange = fn(&mut Value, &Value);

pub(super) const MSP_CHANGES: &[MspChange] = &[
    |it, _| it["value"]["config"]["tls_root_certs"] = json!([]),
    |it, _| it["value"]["config"]["root_certs"] = json!([]),
    |it, _| it["value"]["config"]["root_certs"] = json!(["AAAA"]),
    |it, members| {
        let other = &members["Org2MSP"]["values"]["MSP"]["value"]["config"]["root_certs"][0];
        let roots = it["value"]["config"]["root_certs"].as_array_mut();
        roots.unwrap().push(other.clone());
    },
    |it, members| {
        let other = &members["Org2MSP"]["values"]["MSP"]["value"]["config"]["root_certs"];
        it["value"]["config"]["root_certs"] = other.clone();
    },
    |it, members| *it = members["Org2MSP"]["values"]["MSP"].clone(),
    |it, _| it["value"]["config"]["name"] = json!("OtherMSP"),
    |it, _| it["value"]["config"]["fabric_node_ous"] = Value::Null,
    |it, _| it["value"]["config"]["fabric_node_ous"]["peer_ou_identifier"] = Value::Null,
    |it, _| it["value"]["config"]["revocation_list"] = json!(["AAAA"]),
    |it, _| {
        it["value"]["config"]["organizational_unit_identifiers"] =
            json!([{"organizational_unit_identifier": "x"}])
    },
    |it, _| it["value"]["type"] = json!(1),
    |it, _| it["mod_policy"] = json!("Readers"),
    |it, _| it["value"]["config"]["crypto_config"] = Value::Null,
];
