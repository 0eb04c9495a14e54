//! The semantic diff.

use bytes::Bytes;
use cmscc::{
    proto::{common, etcdraft, msp, orderer, protos},
    review::diff::{Diff, Item, Verb, diff},
};
use prost::Message;
use serde_json::json;

use super::{config, edit, edit_msp, group, set_policy, tree, vector_configs};

/// What a change of the real config differs in.
fn of(change: impl FnOnce(&mut common::Config)) -> Diff {
    let before = config("before");
    let mut after = before.clone();
    change(&mut after);
    diff(&tree(&before), &tree(&after))
}

fn texts(diff: &Diff) -> Vec<&str> {
    diff.changes.iter().map(|c| c.text.as_str()).collect()
}

#[test]
fn equal_configs_have_no_differences_whatever_their_versions() {
    assert_eq!(of(|_| {}), Diff::default());
    let versions = of(|config| {
        config.sequence += 5;
        group(config, "Application").version += 1;
        group(config, "")
            .values
            .values_mut()
            .for_each(|v| v.version += 1);
        group(config, "")
            .policies
            .values_mut()
            .for_each(|p| p.version += 1);
    });
    assert_eq!(versions, Diff::default());
}

#[test]
fn a_new_organisation_is_shown_with_everything_in_it() {
    let diff = diff(&tree(&config("before")), &tree(&config("after")));
    assert!(
        diff.changes
            .iter()
            .all(|change| change.change == Verb::Added)
    );
    let org = &diff.changes[0];
    assert_eq!(org.item, Item::Organization);
    assert_eq!(org.path, "/Channel/Application/OrgXMSP");
    assert_eq!(org.after, json!({"msp_id": "OrgXMSP"}));
    assert_eq!(
        org.text,
        "/Channel/Application/OrgXMSP: organisation is added: msp id `OrgXMSP`"
    );
    let root = (diff.changes.iter())
        .find(|c| c.item == Item::Certificate && c.after["use"] == "root ca")
        .unwrap();
    assert_eq!(root.path, "/Channel/Application/OrgXMSP/MSP");
    assert!(
        root.after["subject"]
            .as_str()
            .unwrap()
            .starts_with("CN=ca.orgx.example.com")
    );
    assert_eq!(root.after["issuer"], root.after["subject"]);
    assert!(root.after["not_after"].as_str().unwrap().ends_with('Z'));
    assert_eq!(root.after["fingerprint"].as_str().unwrap().len(), 64);
    let admins = (diff.changes.iter())
        .find(|c| c.path == "/Channel/Application/OrgXMSP/Admins")
        .unwrap();
    assert_eq!(admins.after, "OR('OrgXMSP.admin')");
    let node_ou = (diff.changes.iter())
        .find(|c| c.name.as_deref() == Some("node ous"))
        .unwrap();
    assert_eq!((node_ou.item, &node_ou.after), (Item::Msp, &json!("on")));
    assert_eq!(diff.truncated, 0);
}

#[test]
fn what_is_added_one_way_is_removed_the_other_way() {
    let (before, after) = (tree(&config("before")), tree(&config("after")));
    let (forth, back) = (diff(&before, &after), diff(&after, &before));
    assert_eq!(forth.changes.len(), back.changes.len());
    for (there, here) in forth.changes.iter().zip(&back.changes) {
        assert_eq!(here.change, Verb::Removed);
        assert_eq!(
            (&there.path, &there.after, &there.before),
            (&here.path, &here.before, &here.after)
        );
    }
}

#[test]
fn values_are_named_and_have_units() {
    let diff = of(|config| {
        let orderer = group(config, "Orderer");
        edit(orderer, "BatchSize", |size: &mut orderer::BatchSize| {
            size.max_message_count = 7;
            size.absolute_max_bytes = 1 << 20;
        });
        edit(
            orderer,
            "BatchTimeout",
            |timeout: &mut orderer::BatchTimeout| {
                "3s".clone_into(&mut timeout.timeout);
            },
        );
    });
    let found: Vec<_> = (diff.changes.iter())
        .map(|c| (c.path.as_str(), c.name.as_deref().unwrap(), c.unit))
        .collect();
    assert_eq!(
        found,
        [
            (
                "/Channel/Orderer/BatchSize",
                "absolute_max_bytes",
                Some("bytes")
            ),
            (
                "/Channel/Orderer/BatchSize",
                "max_message_count",
                Some("messages")
            ),
            ("/Channel/Orderer/BatchTimeout", "timeout", None),
        ]
    );
    assert_eq!(
        diff.changes[1].text,
        "/Channel/Orderer/BatchSize: setting max_message_count changes from 100 to 7 messages"
    );
    assert_eq!(
        diff.changes[2].text,
        "/Channel/Orderer/BatchTimeout: setting timeout changes from `250ms` to `3s`"
    );
    let serialized = serde_json::to_value(&diff.changes[1]).unwrap();
    assert_eq!(
        serialized,
        json!({"after": 7, "before": 100, "change": "changed", "item": "setting",
               "name": "max_message_count", "path": "/Channel/Orderer/BatchSize",
               "text": diff.changes[1].text, "unit": "messages"})
    );
}

/// The options of a BFT channel, as far as this takes them.
#[derive(Clone, PartialEq, Message)]
struct BftOptions {
    #[prost(uint64, tag = "1")]
    request_batch_max_count: u64,
    #[prost(string, tag = "3")]
    request_batch_max_interval: String,
    #[prost(uint64, tag = "9")]
    request_max_bytes: u64,
}

#[test]
fn wide_numbers_are_numbers() {
    let set = |config: &mut common::Config, options: BftOptions, max_count: u64| {
        let orderer = group(config, "Orderer");
        edit(
            orderer,
            "ConsensusType",
            |consensus: &mut orderer::ConsensusType| {
                "BFT".clone_into(&mut consensus.r#type);
                consensus.metadata = options.encode_to_vec().into();
            },
        );
        edit(
            orderer,
            "ChannelRestrictions",
            |all: &mut orderer::ChannelRestrictions| all.max_count = max_count,
        );
    };
    let mut before = config("before");
    let options = BftOptions {
        request_batch_max_count: 100,
        request_batch_max_interval: "50".to_owned(),
        request_max_bytes: 10,
    };
    set(&mut before, options, 0);
    let mut after = before.clone();
    let options = BftOptions {
        request_batch_max_count: 101,
        request_batch_max_interval: "60".to_owned(),
        request_max_bytes: u64::MAX,
    };
    set(&mut after, options, 7);
    let diff = diff(&tree(&before), &tree(&after));
    let found: Vec<_> = (diff.changes.iter())
        .map(|c| (c.name.as_deref().unwrap(), &c.before, &c.after, c.unit))
        .collect();
    assert_eq!(
        found,
        [
            ("max_count", &json!(0), &json!(7), Some("channels")),
            (
                "request_batch_max_count",
                &json!(100),
                &json!(101),
                Some("requests")
            ),
            (
                "request_batch_max_interval",
                &json!("50"),
                &json!("60"),
                None
            ),
            (
                "request_max_bytes",
                &json!(10),
                &json!(u64::MAX),
                Some("bytes")
            ),
        ]
    );
}

#[test]
fn an_idemix_msp_has_its_id() {
    let diff = of(|config| {
        let mut org = group(config, "Application/Org1MSP").clone();
        let idemix = msp::IdemixMspConfig {
            name: "IdemixMSP".to_owned(),
            ..Default::default()
        };
        let config_value = org.values.get_mut("MSP").unwrap();
        config_value.value = msp::MspConfig {
            r#type: 1,
            config: idemix.encode_to_vec().into(),
        }
        .encode_to_vec()
        .into();
        let application = group(config, "Application");
        application.groups.insert("Idemix".to_owned(), org);
    });
    assert_eq!(diff.changes[0].after, json!({"msp_id": "IdemixMSP"}));
    let of_msp = |name: &str| {
        let found =
            (diff.changes.iter()).find(|c| c.item == Item::Msp && c.name.as_deref() == Some(name));
        &found.unwrap().after
    };
    assert_eq!(
        (of_msp("id"), of_msp("type")),
        (&json!("IdemixMSP"), &json!("idemix"))
    );
}

#[test]
fn endpoints_anchor_peers_acls_and_levels_come_and_go() {
    let diff = of(|config| {
        let orderer = group(config, "Orderer/OrdererOrg");
        edit(
            orderer,
            "Endpoints",
            |all: &mut common::OrdererAddresses| {
                all.addresses.push("orderer9.example.com:7050".to_owned());
            },
        );
        let org = group(config, "Application/Org1MSP");
        edit(org, "AnchorPeers", |all: &mut protos::AnchorPeers| {
            all.anchor_peers = vec![protos::AnchorPeer {
                host: "peer9".to_owned(),
                port: 7051,
            }];
        });
        let application = group(config, "Application");
        edit(application, "ACLs", |acls: &mut protos::AcLs| {
            let policy_ref = "/Channel/Application/Admins".to_owned();
            let resource = protos::ApiResource { policy_ref };
            acls.acls.insert("qscc/GetChainInfo".to_owned(), resource);
        });
        edit(
            application,
            "Capabilities",
            |levels: &mut common::Capabilities| {
                levels.capabilities.clear();
                levels
                    .capabilities
                    .insert("V9_9".to_owned(), Default::default());
            },
        );
    });
    let found = texts(&diff);
    for want in [
        "/Channel/Application/ACLs: acl of qscc/GetChainInfo is added: `/Channel/Application/Admins`",
        "/Channel/Application/Capabilities: capability V2_5 is removed",
        "/Channel/Application/Capabilities: capability V9_9 is added",
        "/Channel/Application/Org1MSP/AnchorPeers: anchor peer peer9:7051 is added",
        "/Channel/Orderer/OrdererOrg/Endpoints: orderer endpoint orderer9.example.com:7050 is added",
    ] {
        assert!(found.contains(&want), "{want}\n{found:#?}");
    }
}

#[test]
fn policies_are_shown_in_fabrics_language_and_mod_policies_by_name() {
    let diff = of(|config| {
        let application = group(config, "Application");
        set_policy(application, "Admins", "ANY Admins");
        let endorsement = application.policies.get_mut("Endorsement").unwrap();
        "Writers".clone_into(&mut endorsement.mod_policy);
        application.policies.remove("LifecycleEndorsement");
    });
    assert_eq!(
        texts(&diff),
        [
            "/Channel/Application/Admins: policy changes from `MAJORITY Admins` to `ANY Admins`",
            "/Channel/Application/Endorsement: mod policy changes from `Admins` to `Writers`",
            "/Channel/Application/LifecycleEndorsement: policy is removed: `MAJORITY Endorsement`",
        ]
    );
}

#[test]
fn odd_mod_policies_come_with_what_is_new() {
    let diff = of(|config| {
        let mut org = group(config, "Application/Org1MSP").clone();
        org.mod_policy = "Readers".to_owned();
        org.values.clear();
        org.policies.retain(|name, _| name == "Admins");
        let policy = org.policies.get_mut("Admins").unwrap();
        "/Channel/Application/Writers".clone_into(&mut policy.mod_policy);
        let application = group(config, "Application");
        application.groups.insert("New".to_owned(), org);
        set_policy(application, "Usual", "ANY Admins");
    });
    assert_eq!(
        texts(&diff),
        [
            "/Channel/Application/Usual: policy is added: `ANY Admins`",
            "/Channel/Application/New: group is added",
            "/Channel/Application/New: mod policy is added: `Readers`",
            "/Channel/Application/New/Admins: policy is added: `OR('Org1MSP.admin')`",
            "/Channel/Application/New/Admins: mod policy is added: `/Channel/Application/Writers`",
        ]
    );
}

#[test]
fn consenters_and_options_of_raft() {
    let diff = of(|config| {
        let orderer = group(config, "Orderer");
        edit(
            orderer,
            "ConsensusType",
            |consensus: &mut orderer::ConsensusType| {
                let mut raft =
                    etcdraft::ConfigMetadata::decode(consensus.metadata.clone()).unwrap();
                let mut second = raft.consenters[0].clone();
                "orderer2.example.com".clone_into(&mut second.host);
                raft.consenters.push(second);
                raft.options.as_mut().unwrap().snapshot_interval_size = 1;
                consensus.metadata = raft.encode_to_vec().into();
                consensus.state = 1;
            },
        );
    });
    let found = texts(&diff);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(
        found[0].contains("consenter orderer2.example.com:"),
        "{}",
        found[0]
    );
    assert!(diff.changes[0].after["client_tls_cert"].is_string());
    assert!(found[1].contains("setting snapshot_interval_size changes from"));
    assert!(found[1].ends_with(" to 1 bytes"), "{}", found[1]);
    assert!(found[2].ends_with("state changes from `normal` to `maintenance`"));
}

#[test]
fn certificates_lists_and_node_ous_of_an_msp() {
    let crl = data_vector("crl");
    let diff = of(|config| {
        edit_msp(config, "Application/Org1MSP", |msp| {
            msp.tls_root_certs.push(msp.root_certs[0].clone());
            msp.revocation_list.push(crl.clone());
            msp.fabric_node_ous.as_mut().unwrap().enable = false;
            msp.root_certs.push(Bytes::from_static(b"no certificate"));
        });
    });
    let kinds: Vec<_> = (diff.changes.iter()).map(|c| (c.item, c.change)).collect();
    assert_eq!(
        kinds,
        [
            (Item::Certificate, Verb::Added),
            (Item::Certificate, Verb::Added),
            (Item::Msp, Verb::Changed),
            (Item::RevocationList, Verb::Added),
        ]
    );
    assert!(diff.changes[0].after["unreadable"].is_string());
    assert_eq!(diff.changes[1].after["use"], "tls root ca");
    assert_eq!(
        diff.changes[2].text,
        "/Channel/Application/Org1MSP/MSP: msp node ous changes from `on` to `off`"
    );
    assert!(diff.changes[3].after["revoked"].as_u64().unwrap() > 0);
}

/// A revocation list of the vectors.
fn data_vector(name: &str) -> Bytes {
    let path = crate::conformance::root().join(format!("msps/{name}.pb"));
    let value = msp::MspConfig::decode(&*std::fs::read(path).unwrap()).unwrap();
    let msp = msp::FabricMspConfig::decode(value.config).unwrap();
    msp.revocation_list[0].clone()
}

#[test]
fn what_is_not_understood_is_shown_as_bytes() {
    let diff = of(|config| {
        let unknown = common::ConfigValue {
            value: Bytes::from_static(b"\x01\x02"),
            ..Default::default()
        };
        group(config, "").values.insert("New".to_owned(), unknown);
        // an unknown field says nothing else
        let orderer = group(config, "Orderer/OrdererOrg");
        let value = orderer.values.get_mut("Endpoints").unwrap();
        value.value = [&value.value[..], b"\x7a\x00"].concat().into();
    });
    assert_eq!(diff.changes.len(), 2);
    assert!(diff.changes.iter().all(|c| c.item == Item::Content));
    assert_eq!(diff.changes[0].path, "/Channel/New");
    assert_eq!(diff.changes[0].after["bytes"], 2);
    assert_eq!(diff.changes[1].change, Verb::Changed);
    assert_ne!(diff.changes[1].after, diff.changes[1].before);
}

#[test]
fn a_flood_is_counted_and_not_listed() {
    let diff = of(|config| {
        for n in 0..3_000 {
            let policy = common::ConfigPolicy::default();
            group(config, "Application")
                .policies
                .insert(format!("P{n:04}"), policy);
        }
        for n in 0..10 {
            let mut deep = common::ConfigGroup::default();
            deep.groups.insert("Inside".to_owned(), Default::default());
            group(config, "Application")
                .groups
                .insert(format!("Z{n}"), deep);
        }
    });
    assert_eq!(diff.changes.len(), 1_000);
    assert_eq!(diff.truncated, 2_010); // a group counts once
    let long = of(|config| {
        let rule = format!("OR('{}.member')", "M".repeat(9_000));
        set_policy(group(config, "Application"), "Readers", &rule);
    });
    assert!(long.changes[0].text.len() < 5_000);
    assert!(
        long.changes[0]
            .after
            .as_str()
            .unwrap()
            .contains(".. (sha256 ")
    );
}

#[test]
fn nothing_hides_behind_something_else() {
    let rule = |end: &str| format!("OR('{}{end}.member')", "M".repeat(9_000));
    let mut before = config("before");
    set_policy(group(&mut before, "Application"), "Readers", &rule("A"));
    let mut after = before.clone();
    let application = group(&mut after, "Application");
    set_policy(application, "Readers", &rule("B"));
    let readers = application.policies.get_mut("Readers").unwrap();
    "Writers".clone_into(&mut readers.mod_policy);
    let found = diff(&tree(&before), &tree(&after));
    let items: Vec<Item> = found.changes.iter().map(|c| c.item).collect();
    assert_eq!(items, [Item::ModPolicy, Item::Policy]);
    // other bytes of the same meaning beside another mod policy
    let found = of(|config| {
        let value = group(config, "Orderer")
            .values
            .get_mut("BatchTimeout")
            .unwrap();
        "Writers".clone_into(&mut value.mod_policy);
        value.value = [&value.value[..], b"\x7a\x00"].concat().into();
    });
    let items: Vec<Item> = found.changes.iter().map(|c| c.item).collect();
    assert_eq!(items, [Item::ModPolicy, Item::Content]);
}

#[test]
fn any_two_configs_of_the_vectors_have_a_diff() {
    let configs = vector_configs();
    assert!(configs.len() > 200, "{}", configs.len());
    for (at, (name, tree)) in configs.iter().enumerate() {
        assert_eq!(diff(tree, tree), Diff::default(), "{name}");
        let (_, other) = &configs[(at * 7 + 1) % configs.len()];
        let found = diff(tree, other);
        assert_eq!(found.changes.is_empty(), tree.same_content(other), "{name}");
        assert!(found.changes.len() <= 1_000);
        serde_json::to_string(&found).unwrap();
    }
}

#[test]
fn depth_is_no_problem() {
    let mut deep = common::ConfigGroup::default();
    // bytes by hand: the generated types stop at 100 levels
    let mut bytes = deep.encode_to_vec();
    for _ in 0..4_000 {
        let mut entry = vec![0x0a, 1, b'g', 0x12];
        varint(&mut entry, bytes.len());
        entry.extend(&bytes);
        bytes = vec![0x12];
        varint(&mut bytes, entry.len());
        bytes.extend(entry);
    }
    deep.mod_policy = "Admins".to_owned();
    let flat =
        cmscc::config::ConfigTree::from_group(cmscc::ids::Sequence(0), deep.encode_to_vec().into());
    let deep = cmscc::config::ConfigTree::from_group(cmscc::ids::Sequence(0), bytes.into());
    let found = diff(&flat.unwrap(), &deep.unwrap());
    assert_eq!(found.changes.len(), 1_000);
    assert_eq!(found.truncated, 3_001);
}

fn varint(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push(u8::try_from(n & 0x7f).unwrap() | 0x80);
        n >>= 7;
    }
    out.push(u8::try_from(n).unwrap());
}

#[test]
fn a_text_says_nothing_twice_and_begins_before_it_ends() {
    let mut next = config("before");
    edit_msp(&mut next, "Application/Org1MSP", |msp| {
        let root = msp.root_certs[0].clone();
        msp.admins.push(root);
    });
    let shown = diff(&tree(&config("before")), &tree(&next));
    let change = (shown.changes.iter())
        .find(|change| change.text.contains("certificate admin"))
        .unwrap();
    let text = &change.text;
    let fingerprint = change.after["fingerprint"].as_str().unwrap();
    assert_eq!(text.matches(fingerprint).count(), 1, "{text}");
    let places = ["subject", "issuer", "not before", "not after"].map(|word| {
        text.find(word)
            .unwrap_or_else(|| panic!("{word} is not in {text}"))
    });
    assert!(places[2] < places[3], "{text}");
    assert!(!text.contains(" use "), "{text}");
}
