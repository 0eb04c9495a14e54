//! Intents on real configs: what they write, that an orderer would take it, and what they refuse.

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    AddressChange, AskedIntent, ConsenterIntent, ConsenterNode, EditedConfig, NamedCa, OtherIntent,
    PlannedIntent, RotationEnd, RotationStart, SeenIdentity, candidates, plan,
};
use crate::{
    block::ConfigBlock,
    client::{ClientError, WantedChange},
    config::{Bundle, ConfigTree, Patch, PatchLimits, Update, block_validation, compute_update},
    identity::serialized_identity,
    ids::{ChannelId, MspId},
    json,
};

const OWN: &str = "Org1MSP";
const EXAMPLE: &str = "ordererOrganizations/example.com";

fn data(path: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    fs::read(root.join(path)).unwrap()
}

fn crypto(path: &str) -> Bytes {
    data(&format!("crypto/{path}")).into()
}

/// The config that configtxgen made for a network of raft: with a capability level, or with another.
fn raft() -> Bundle {
    of_block("fabric-3.1.5-caps-v2/genesis.block")
}

fn of_block(path: &str) -> Bundle {
    let block = ConfigBlock::parse(data(path).into()).unwrap();
    Bundle::new(block.channel_id(), block.tree().clone()).unwrap()
}

/// The config of channel level V3_0 with consensus type BFT: the consenters are four orderers that have
/// one certificate.
fn bft() -> Bundle {
    let before = of_block("fabric-3.1.5-caps-v3/genesis.block");
    let mut config = form(before.tree());
    let orderer = &mut config["channel_group"]["groups"]["Orderer"];
    let identity = crypto(&format!(
        "{EXAMPLE}/orderers/orderer.example.com/msp/signcerts/orderer.example.com-cert.pem"
    ));
    let tls = STANDARD.encode(crypto(&format!(
        "{EXAMPLE}/orderers/orderer.example.com/tls/server.crt"
    )));
    let nodes: Vec<Value> = (1..=4)
        .map(|id| {
            json!({"id": id, "host": format!("orderer{id}.example.com"), "port": 7050,
                "msp_id": "OrdererMSP", "identity": STANDARD.encode(&identity),
                "client_tls_cert": tls, "server_tls_cert": tls})
        })
        .collect();
    orderer["values"]["Orderers"] = json!({"version": "0", "mod_policy": "Admins",
        "value": {"consenter_mapping": nodes}});
    let second = "1s";
    orderer["values"]["ConsensusType"]["value"] = json!({"type": "BFT", "state": "STATE_NORMAL",
        "metadata": {"request_batch_max_count": "100", "request_batch_max_bytes": "10485760",
            "request_batch_max_interval": second, "incoming_message_buffer_size": "200",
            "request_pool_size": "400", "request_forward_timeout": second,
            "request_complain_timeout": second, "request_auto_remove_timeout": second,
            "view_change_resend_interval": second, "view_change_timeout": second,
            "leader_heartbeat_timeout": second, "leader_heartbeat_count": "10",
            "collect_timeout": second}});
    let tree = tree(&config);
    let bundle = Bundle::new(before.channel(), tree).unwrap();
    let rule = block_validation(bundle.consenters());
    let path = crate::config::ElementPath::new(
        crate::config::ElementKind::Policy,
        ["Orderer", "BlockValidation"],
    );
    config["channel_group"]["groups"]["Orderer"]["policies"]["BlockValidation"]["policy"] =
        super::form::of_rule(&path, 1, rule.into()).unwrap();
    Bundle::new(before.channel(), self::tree(&config)).unwrap()
}

fn form(tree: &ConfigTree) -> Value {
    let text = json::encode_compact("common.Config", &tree.encode(), usize::MAX).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn tree(config: &Value) -> ConfigTree {
    let bytes = json::decode("common.Config", config.to_string().as_bytes()).unwrap();
    ConfigTree::parse(bytes.into()).unwrap()
}

fn planned(bundle: &Bundle, intents: &[AskedIntent]) -> Result<PlannedIntent, ClientError> {
    plan(intents, None, bundle, &MspId::new(OWN))
}

/// The config as it is after intents.
fn after(bundle: &Bundle, intents: &[AskedIntent]) -> Bundle {
    let planned =
        planned(bundle, intents).unwrap_or_else(|error| panic!("{error}: {:?}", error.hint));
    applied(bundle, &planned)
}

fn applied(bundle: &Bundle, planned: &PlannedIntent) -> Bundle {
    let own = MspId::new(OWN);
    let tree = planned.change.wanted_config(bundle, &own).unwrap();
    // the contract computes the same, or the client says so
    let update = compute_update(bundle.channel(), bundle.tree(), &tree).unwrap();
    planned
        .change
        .check_proposed(bundle, &own, &update.clone().into())
        .unwrap();
    let effect = bundle
        .effect(&Update::parse(update.into()).unwrap())
        .unwrap();
    effect.into_next().unwrap()
}

/// An intent must do exactly what a person does to the JSON by hand.
#[track_caller]
fn does(bundle: &Bundle, intent: AskedIntent, by_hand: impl FnOnce(&mut Value)) -> PlannedIntent {
    let planned =
        planned(bundle, &[intent]).unwrap_or_else(|error| panic!("{error}: {:?}", error.hint));
    let next = planned
        .change
        .wanted_config(bundle, &MspId::new(OWN))
        .unwrap();
    let mut edited = form(bundle.tree());
    by_hand(&mut edited["channel_group"]);
    let edited = tree(&edited);
    assert!(next.same_content(&edited), "{:#}", form(&next));
    let update = |to: &ConfigTree| compute_update(bundle.channel(), bundle.tree(), to).unwrap();
    assert_eq!(update(&next), update(&edited));
    applied(bundle, &planned);
    planned
}

#[track_caller]
fn refuses(bundle: &Bundle, intent: AskedIntent, symbol: &str, possible: &str) -> ClientError {
    let error = planned(bundle, &[intent]).unwrap_err();
    assert_eq!(error.symbol, symbol, "{error}");
    let said = format!("{error}; {}", error.hint.clone().unwrap_or_default());
    assert!(said.contains(possible), "{said}");
    error
}

fn set(path: &str, value: &str) -> AskedIntent {
    AskedIntent::Set {
        path: path.to_owned(),
        value: value.to_owned(),
    }
}

fn acl(resource: &str, policy: &str) -> AskedIntent {
    AskedIntent::Acl {
        resource: resource.to_owned(),
        policy: policy.to_owned(),
    }
}

fn rule(path: &str, rule: &str, create: bool) -> AskedIntent {
    AskedIntent::Policy {
        path: path.to_owned(),
        rule: rule.to_owned(),
        create,
    }
}

fn mod_policy(path: &str, name: &str) -> AskedIntent {
    AskedIntent::ModPolicy {
        path: path.to_owned(),
        name: name.to_owned(),
    }
}

fn level(section: &str, level: &str) -> AskedIntent {
    AskedIntent::Capability {
        section: section.to_owned(),
        level: level.to_owned(),
    }
}

fn exactly(addresses: &[&str]) -> AddressChange {
    AddressChange {
        exactly: addresses.iter().map(|one| (*one).to_owned()).collect(),
        ..AddressChange::default()
    }
}

fn none() -> AddressChange {
    AddressChange {
        none: true,
        ..AddressChange::default()
    }
}

fn anchor_peers(change: AddressChange) -> AskedIntent {
    AskedIntent::AnchorPeers { org: None, change }
}

fn endpoints(global: bool, change: AddressChange) -> AskedIntent {
    AskedIntent::Endpoints {
        global,
        org: None,
        change,
    }
}

const TIMEOUT: &str = "/Channel/Orderer/BatchTimeout";
const COUNT: &str = "/Channel/Orderer/BatchSize/max_message_count";

#[test]
fn settings_are_set() {
    let bundle = raft();
    let planned = does(&bundle, set(TIMEOUT, "7s"), |root| {
        root["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] = json!("7s");
    });
    assert_eq!(
        planned.usual_id(&OWN.into(), 0).unwrap(),
        "Org1MSP.set-BatchTimeout"
    );
    assert_eq!(
        planned.usual_id(&OWN.into(), 1).unwrap(),
        "Org1MSP.set-BatchTimeout-2"
    );
    assert_eq!(planned.usual_id(&"Org 1".into(), 0), None);
    assert_eq!(
        planned.description("x").unwrap(),
        "/Channel/Orderer/BatchTimeout: 7s"
    );
    does(&bundle, set(COUNT, "77"), |root| {
        root["groups"]["Orderer"]["values"]["BatchSize"]["value"]["max_message_count"] = json!(77);
    });
    let options = "/Channel/Orderer/ConsensusType/metadata/options/tick_interval";
    does(&bundle, set(options, "700ms"), |root| {
        let value = &mut root["groups"]["Orderer"]["values"]["ConsensusType"]["value"];
        value["metadata"]["options"]["tick_interval"] = json!("700ms");
    });
    does(
        &bundle,
        set(
            "/Channel/Orderer/BatchSize",
            r#"{"max_message_count": 5, "absolute_max_bytes": 9, "preferred_max_bytes": 8}"#,
        ),
        |root| {
            root["groups"]["Orderer"]["values"]["BatchSize"]["value"] = json!({"max_message_count": 5,
            "absolute_max_bytes": 9, "preferred_max_bytes": 8});
        },
    );
}

#[test]
fn a_value_may_become_empty() {
    let bundle = raft();
    let path = "/Channel/Orderer/ChannelRestrictions/max_count";
    let with = |count: &str| {
        let mut config = form(bundle.tree());
        config["channel_group"]["groups"]["Orderer"]["values"]["ChannelRestrictions"] =
            json!({"version": "0", "mod_policy": "Admins", "value": {"max_count": count}});
        Bundle::new(bundle.channel(), tree(&config)).unwrap()
    };
    let some = with("5");
    let planned = planned(&some, &[set(path, "0")]).unwrap();
    assert!(matches!(planned.change, WantedChange::Update(_)));
    assert!(
        applied(&some, &planned)
            .tree()
            .same_content(with("0").tree())
    );
}

#[test]
fn settings_that_cannot_be_say_what_could() {
    let bundle = raft();
    let refuses = |path: &str, value: &str, symbol: &str, possible: &str| {
        refuses(&bundle, set(path, value), symbol, possible);
    };
    refuses(
        "/Channel/Orderer/BatchTimout",
        "3s",
        "UNKNOWN_PATH",
        TIMEOUT,
    );
    refuses("Orderer/BatchTimeout", "3s", "UNKNOWN_PATH", TIMEOUT);
    refuses(
        "/Channel/Orderer/BatchSize/max_count",
        "3",
        "UNKNOWN_PATH",
        COUNT,
    );
    refuses(COUNT, "many", "BAD_VALUE", "such as 500");
    refuses(COUNT, "99999999999", "BAD_VALUE", "such as 500");
    refuses(TIMEOUT, "3", "UPDATE_REFUSED", "2s");
    refuses(COUNT, "0", "UPDATE_REFUSED", "such as 500");
    refuses("/Channel/Orderer/BatchSize", "5", "NO_VALUE", COUNT);
    refuses("/Channel/Orderer", "5", "NO_VALUE", TIMEOUT);
    refuses(
        "/Channel/Orderer/Admins",
        "5",
        "NO_VALUE",
        "propose policy /Channel/Orderer/Admins",
    );
    refuses(
        "/Channel/Application/Org1MSP/MSP",
        "5",
        "NO_VALUE",
        "rotate-ca",
    );
    refuses(
        "/Channel/Orderer/ConsensusType/state",
        "STATE_ODD",
        "BAD_VALUE",
        "STATE_MAINTENANCE",
    );
    let now = form(bundle.tree());
    let now = &now["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"]["value"];
    refuses(
        TIMEOUT,
        now["timeout"].as_str().unwrap(),
        "NOTHING_TO_CHANGE",
        "already",
    );
}

#[test]
fn rules_of_policies_change() {
    let bundle = raft();
    let path = "/Channel/Application/Admins";
    let planned = does(&bundle, rule(path, "ANY Admins", false), |root| {
        root["groups"]["Application"]["policies"]["Admins"]["policy"]["value"]["rule"] =
            json!("ANY");
    });
    assert_eq!(
        planned.usual_id(&OWN.into(), 0).unwrap(),
        "Org1MSP.policy-Application-Admins"
    );
    let next = after(
        &bundle,
        &[rule(
            "/Channel/Application/Auditors",
            "OR('Org2MSP.client')",
            true,
        )],
    );
    let config = form(next.tree());
    let policy = &config["channel_group"]["groups"]["Application"]["policies"]["Auditors"];
    assert_eq!(
        (&policy["mod_policy"], &policy["policy"]["type"]),
        (&json!("Admins"), &json!(1))
    );

    refuses(
        &bundle,
        rule("/Channel/Application/Admin", "ANY Admins", false),
        "UNKNOWN_POLICY",
        path,
    );
    refuses(
        &bundle,
        rule("/Channel/Application/New", "ANY Admins", false),
        "UNKNOWN_POLICY",
        "--create",
    );
    refuses(
        &bundle,
        rule("/Channel/Nowhere/New", "ANY Admins", true),
        "UNKNOWN_POLICY",
        "",
    );
    refuses(
        &bundle,
        rule(path, "ANY Adminz", false),
        "UNKNOWN_POLICY",
        "Admins, Endorsement",
    );
    refuses(
        &bundle,
        rule(path, "any Admins", false),
        "BAD_RULE",
        "ANY, ALL and MAJORITY",
    );
    refuses(
        &bundle,
        rule(path, "OR('Org9MSP.admin')", false),
        "UNKNOWN_ORGANIZATION",
        "Org2MSP",
    );
    refuses(
        &bundle,
        rule(path, "OR('Org1MSP.king')", false),
        "BAD_RULE",
        "OR('Org1MSP.admin'",
    );
    refuses(
        &bundle,
        rule(path, "MAJORITY Admins", false),
        "NOTHING_TO_CHANGE",
        "already",
    );
    let org = "/Channel/Application/Org1MSP/Admins";
    refuses(
        &bundle,
        rule(org, "ANY Admins", false),
        "UNKNOWN_POLICY",
        "OR('Org1MSP.admin')",
    );
}

#[test]
fn mod_policies_change_and_nothing_else_is_said() {
    let bundle = raft();
    let planned = does(
        &bundle,
        mod_policy(TIMEOUT, "/Channel/Application/Admins"),
        |root| {
            root["groups"]["Orderer"]["values"]["BatchTimeout"]["mod_policy"] =
                json!("/Channel/Application/Admins");
        },
    );
    // what others do to the value meanwhile stays
    let other = after(&bundle, &[set(TIMEOUT, "9s")]);
    let next = form(applied(&other, &planned).tree());
    let value = &next["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"];
    assert_eq!(value["value"]["timeout"], "9s");
    assert_eq!(value["mod_policy"], "/Channel/Application/Admins");
    does(
        &bundle,
        mod_policy("/Channel/Application", "/Channel/Orderer/Admins"),
        |root| {
            root["groups"]["Application"]["mod_policy"] = json!("/Channel/Orderer/Admins");
        },
    );
    does(&bundle, mod_policy("/Channel", "Writers"), |root| {
        root["mod_policy"] = json!("Writers")
    });

    refuses(
        &bundle,
        mod_policy(TIMEOUT, "Adminz"),
        "UNKNOWN_POLICY",
        "Admins",
    );
    refuses(
        &bundle,
        mod_policy(TIMEOUT, "/Channel/Application/Admin"),
        "UNKNOWN_POLICY",
        "/Channel/Application/Admins",
    );
    // of a value the name is seen from the group that holds it
    refuses(
        &bundle,
        mod_policy(TIMEOUT, "Endorsement"),
        "UNKNOWN_POLICY",
        "",
    );
    refuses(
        &bundle,
        mod_policy(COUNT, "Admins"),
        "UNKNOWN_PATH",
        "mod-policy /Channel/Orderer/BatchSize Admins",
    );
    refuses(
        &bundle,
        mod_policy(TIMEOUT, "Admins"),
        "NOTHING_TO_CHANGE",
        "already",
    );
}

#[test]
fn acls_come_change_and_go() {
    let bundle = raft();
    let writers = "/Channel/Application/Writers";
    let one = does(&bundle, acl("event/Block", writers), |root| {
        root["groups"]["Application"]["values"]["ACLs"] = json!({"version": "0", "mod_policy": "Admins",
            "value": {"acls": {"event/Block": {"policy_ref": writers}}}});
    });
    assert_eq!(
        one.usual_id(&OWN.into(), 0).unwrap(),
        "Org1MSP.acl-event-Block"
    );
    let with = applied(&bundle, &one);
    does(&with, acl("event/FilteredBlock", "Admins"), |root| {
        let acls = &mut root["groups"]["Application"]["values"]["ACLs"]["value"]["acls"];
        acls["event/FilteredBlock"] = json!({"policy_ref": "Admins"});
    });
    does(&with, acl("event/Block", "default"), |root| {
        root["groups"]["Application"]["values"]
            .as_object_mut()
            .unwrap()
            .remove("ACLs");
    });
    refuses(
        &with,
        acl("event/Block", writers),
        "NOTHING_TO_CHANGE",
        "already",
    );
    refuses(
        &bundle,
        acl("event/Block", "default"),
        "NOTHING_TO_CHANGE",
        "/Channel/Application/Readers",
    );
    refuses(
        &bundle,
        acl("event/Blok", writers),
        "UNKNOWN_RESOURCE",
        "event/Block",
    );
    refuses(
        &bundle,
        acl("cscc/JoinChain", writers),
        "UNKNOWN_RESOURCE",
        "their own MSP",
    );
    refuses(
        &bundle,
        acl("event/Block", "Writer"),
        "UNKNOWN_POLICY",
        writers,
    );
    let low = after(&bundle, &[level("application", "V1_1")]);
    refuses(
        &low,
        acl("event/Block", writers),
        "LEVEL_TOO_LOW",
        "capability application",
    );
}

#[test]
fn levels_are_raised() {
    let bundle = raft();
    let planned = does(&bundle, level("channel", "V3_0"), |root| {
        root["values"]["Capabilities"]["value"] = json!({"capabilities": {"V3_0": {}}});
    });
    assert!(planned.notes("x")[0].contains("Fabric 3.0 or later"));
    does(&bundle, level("application", "V2_0"), |root| {
        root["groups"]["Application"]["values"]["Capabilities"]["value"] =
            json!({"capabilities": {"V2_0": {}}});
    });
    refuses(
        &bundle,
        level("channel", "V2_5"),
        "UNKNOWN_LEVEL",
        "V2_0, V3_0",
    );
    refuses(
        &bundle,
        level("peers", "V2_5"),
        "UNKNOWN_SECTION",
        "channel, orderer, application",
    );
    refuses(
        &bundle,
        level("orderer", "V2_0"),
        "NOTHING_TO_CHANGE",
        "already",
    );
}

#[test]
fn the_way_to_bft_levels_is_shown() {
    // an organisation without endpoints, and addresses of all orderers
    let bundle = raft();
    let old = after(
        &bundle,
        &[
            endpoints(true, exactly(&["orderer.example.com:7050"])),
            endpoints(false, none()),
        ],
    );
    refuses(
        &old,
        level("channel", "V3_0"),
        "UPDATE_REFUSED",
        "endpoints --global --none",
    );
    let batch = [
        endpoints(false, exactly(&["orderer.example.com:7050"])),
        endpoints(true, none()),
        level("channel", "V3_0"),
    ];
    let next = after(&old, &batch);
    assert!(next.channel_capabilities().consensus_type_bft());
    refuses(
        &next,
        endpoints(true, exactly(&["orderer.example.com:7050"])),
        "GLOBAL_ADDRESSES",
        "--org NAME",
    );
    refuses(&next, endpoints(true, none()), "NOTHING_TO_CHANGE", "");
}

#[test]
fn addresses_change() {
    let bundle = raft();
    does(
        &bundle,
        anchor_peers(exactly(&["peer0.org1.example.com:7051", "[::1]:7"])),
        |root| {
            let org = &mut root["groups"]["Application"]["groups"]["Org1MSP"];
            org["values"]["AnchorPeers"]["value"] = json!({"anchor_peers": [
            {"host": "peer0.org1.example.com", "port": 7051}, {"host": "::1", "port": 7}]});
        },
    );
    let planned = does(&bundle, anchor_peers(none()), |root| {
        let org = &mut root["groups"]["Application"]["groups"]["Org1MSP"];
        org["values"].as_object_mut().unwrap().remove("AnchorPeers");
    });
    let without = applied(&bundle, &planned);
    does(&without, anchor_peers(exactly(&["a:1"])), |root| {
        let org = &mut root["groups"]["Application"]["groups"]["Org1MSP"];
        org["values"]["AnchorPeers"] = json!({"version": "0", "mod_policy": "Admins",
            "value": {"anchor_peers": [{"host": "a", "port": 1}]}});
    });
    refuses(&without, anchor_peers(none()), "NOTHING_TO_CHANGE", "");
    // there is one organisation that runs orderers: it is meant
    let planned = does(&bundle, endpoints(false, exactly(&["o:1"])), |root| {
        let org = &mut root["groups"]["Orderer"]["groups"]["OrdererOrg"];
        org["values"]["Endpoints"]["value"] = json!({"addresses": ["o:1"]});
    });
    assert_eq!(
        planned.usual_id(&OWN.into(), 0).unwrap(),
        "Org1MSP.endpoints-OrdererMSP"
    );
    let org = |name: &str| AskedIntent::AnchorPeers {
        org: Some(name.to_owned()),
        change: exactly(&["a:1"]),
    };
    refuses(
        &bundle,
        org("Org9MSP"),
        "UNKNOWN_ORGANIZATION",
        "Org1MSP, Org2MSP",
    );
    refuses(
        &bundle,
        anchor_peers(exactly(&["a"])),
        "BAD_ADDRESS",
        "peer0.org1.example.com:7051",
    );
    let stranger = plan(
        &[anchor_peers(exactly(&["a:1"]))],
        None,
        &bundle,
        &"OrdererMSP".into(),
    );
    assert_eq!(stranger.unwrap_err().symbol, "UNKNOWN_ORGANIZATION");
}

#[test]
fn batches_build_on_each_other() {
    let bundle = raft();
    let intents = [
        acl("event/Block", "Writers"),
        acl("event/FilteredBlock", "Writers"),
        set(TIMEOUT, "3s"),
        set(TIMEOUT, "4s"),
        rule("/Channel/Application/New", "ANY Admins", true),
        mod_policy("/Channel/Application/ACLs", "New"),
    ];
    let next = form(after(&bundle, &intents).tree());
    let application = &next["channel_group"]["groups"]["Application"];
    let acls = &application["values"]["ACLs"];
    assert_eq!(acls["value"]["acls"].as_object().unwrap().len(), 2);
    assert_eq!(acls["mod_policy"], "New");
    let timeout = &next["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"];
    assert_eq!(timeout["value"]["timeout"], "4s");

    let bad = [set(TIMEOUT, "3s"), acl("event/Blok", "Writers")];
    let error = planned(&bundle, &bad).unwrap_err();
    assert!(error.message.starts_with("intent 2: "), "{error}");
    // an organisation that comes, and is named at once
    let group = String::from_utf8(data("fabric-3.1.5-caps-v2/add-orgx/org.json")).unwrap();
    let coming = AskedIntent::Known(WantedChange::AddOrganization {
        name: "OrgXMSP".to_owned(),
        group,
    });
    let anchors = AskedIntent::AnchorPeers {
        org: Some("OrgXMSP".to_owned()),
        change: exactly(&["peer0.orgx.example.com:7051"]),
    };
    let named = rule(
        "/Channel/Application/Admins",
        "OR('Org1MSP.admin', 'OrgXMSP.admin')",
        false,
    );
    let next = after(&bundle, &[coming, anchors, named]);
    let config = form(next.tree());
    let org = &config["channel_group"]["groups"]["Application"]["groups"]["OrgXMSP"];
    assert_eq!(
        org["values"]["AnchorPeers"]["value"]["anchor_peers"][0]["port"],
        7051
    );
    // two that undo each other change nothing
    let now = form(bundle.tree())["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"].clone();
    let undone = [set(TIMEOUT, "3s"), set(TIMEOUT, now.as_str().unwrap())];
    assert_eq!(
        planned(&bundle, &undone).unwrap_err().symbol,
        "NOTHING_TO_CHANGE"
    );
}

fn text_of(change: &WantedChange) -> String {
    match change {
        WantedChange::Patch(text) => text.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_proposal_is_a_start() {
    let bundle = raft();
    let first = planned(&bundle, &[acl("event/Block", "Writers")]).unwrap();
    let from =
        OtherIntent::read("Org2MSP.blocks", "for auditors", &text_of(&first.change)).unwrap();
    let own = MspId::new(OWN);
    let same = plan(&[], Some(&from), &bundle, &own).unwrap();
    assert_eq!(text_of(&same.change), text_of(&first.change));
    assert_eq!(same.usual_id(&own, 0).unwrap(), "Org1MSP.blocks");
    assert_eq!(
        same.description("x").unwrap(),
        "as Org2MSP.blocks (for auditors)"
    );
    let more = plan(
        &[acl("event/FilteredBlock", "Writers")],
        Some(&from),
        &bundle,
        &own,
    )
    .unwrap();
    let next = form(applied(&bundle, &more).tree());
    let acls = &next["channel_group"]["groups"]["Application"]["values"]["ACLs"]["value"]["acls"];
    assert_eq!(acls.as_object().unwrap().len(), 2);
    for bad in ["", "{}", "{\"channel_group\":{}}", "7"] {
        assert_eq!(
            OtherIntent::read("x", "", bad).unwrap_err().symbol,
            "BAD_INTENT"
        );
    }
}

#[test]
fn patches_of_intents_are_patches_to_the_contract() {
    let bundle = raft();
    for intent in [
        set(TIMEOUT, "7s"),
        acl("event/Block", "Writers"),
        anchor_peers(none()),
        mod_policy("/Channel/Application", "Writers"),
        rule("/Channel/Application/Admins", "ANY Admins", false),
    ] {
        let text = text_of(&planned(&bundle, &[intent]).unwrap().change);
        let bytes = json::decode("common.Config", text.as_bytes()).unwrap();
        let patch = Patch::parse(bytes.into(), &PatchLimits::default()).unwrap();
        assert_eq!(patch.config_likeness(bundle.tree()), None, "{text}");
    }
}

fn node(address: &str, of: &str) -> ConsenterNode {
    let tls = crypto(of);
    ConsenterNode {
        address: address.to_owned(),
        server_tls: Some(tls),
        ..ConsenterNode::default()
    }
}

/// A TLS certificate of the CA of the orderers that no consenter has.
const OTHER_TLS: &str = "ordererOrganizations/example.com/users/Admin@example.com/tls/client.crt";

#[test]
fn consenters_of_raft_change_one_at_a_time() {
    let bundle = raft();
    let now = form(bundle.tree())["channel_group"]["groups"]["Orderer"]["values"]["ConsensusType"]
        ["value"]["metadata"]["consenters"][0]
        .clone();
    let address = format!("{}:{}", now["host"].as_str().unwrap(), now["port"]);
    let add =
        |address: &str| AskedIntent::Consenter(ConsenterIntent::Add(node(address, OTHER_TLS)));
    let tls = STANDARD.encode(crypto(OTHER_TLS));
    let planned = does(&bundle, add("orderer2.example.com:7050"), |root| {
        let value = &mut root["groups"]["Orderer"]["values"]["ConsensusType"]["value"];
        value["metadata"]["consenters"].as_array_mut().unwrap().push(json!({
            "host": "orderer2.example.com", "port": 7050, "client_tls_cert": tls, "server_tls_cert": tls}));
    });
    let notes = planned.notes("x").concat();
    assert!(notes.contains("until it runs, ordering stops"), "{notes}");
    assert!(
        notes.contains("endpoints --add orderer2.example.com:7050"),
        "{notes}"
    );
    let two = applied(&bundle, &planned);
    does(
        &two,
        AskedIntent::Consenter(ConsenterIntent::Remove(
            "orderer2.example.com:7050".to_owned(),
        )),
        |root| {
            let value = &mut root["groups"]["Orderer"]["values"]["ConsensusType"]["value"];
            value["metadata"]["consenters"]
                .as_array_mut()
                .unwrap()
                .pop();
        },
    );
    does(
        &bundle,
        AskedIntent::Consenter(ConsenterIntent::ReplaceCert(node(&address, OTHER_TLS))),
        |root| {
            let value = &mut root["groups"]["Orderer"]["values"]["ConsensusType"]["value"];
            let node = &mut value["metadata"]["consenters"][0];
            (node["client_tls_cert"], node["server_tls_cert"]) = (json!(tls), json!(tls));
        },
    );
    refuses(
        &two,
        add("orderer2.example.com:7050"),
        "NOTHING_TO_CHANGE",
        "already",
    );
    refuses(&bundle, add(&address), "CONSENTER_EXISTS", "replace-cert");
    let remove =
        |address: &str| AskedIntent::Consenter(ConsenterIntent::Remove(address.to_owned()));
    refuses(&bundle, remove("nowhere:1"), "UNKNOWN_CONSENTER", &address);
    refuses(&bundle, remove(&address), "UPDATE_REFUSED", "");
    let nothing = AskedIntent::Consenter(ConsenterIntent::Add(ConsenterNode {
        address: "a:1".to_owned(),
        ..ConsenterNode::default()
    }));
    refuses(&bundle, nothing, "NO_CERTIFICATE", "--server-cert");
    let foreign = "peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls/server.crt";
    let foreign = AskedIntent::Consenter(ConsenterIntent::Add(node("a:1", foreign)));
    refuses(&bundle, foreign, "UPDATE_REFUSED", "");
    let with_identity = AskedIntent::Consenter(ConsenterIntent::Add(ConsenterNode {
        identity: Some(crypto(OTHER_TLS)),
        ..node("a:1", OTHER_TLS)
    }));
    refuses(&bundle, with_identity, "ONLY_BFT", "");
    let both = [
        add("orderer2.example.com:7050"),
        remove(&address),
        add("orderer3.example.com:7050"),
    ];
    assert_eq!(
        self::planned(&bundle, &both).unwrap_err().symbol,
        "UPDATE_REFUSED"
    );
}

#[test]
fn consenters_of_bft_change_with_the_policy_of_blocks() {
    let bundle = bft();
    let identity =
        format!("{EXAMPLE}/users/Admin@example.com/msp/signcerts/Admin@example.com-cert.pem");
    let add = ConsenterNode {
        identity: Some(crypto(&identity)),
        ..node("orderer5.example.com:7050", OTHER_TLS)
    };
    let next = after(
        &bundle,
        &[AskedIntent::Consenter(ConsenterIntent::Add(add.clone()))],
    );
    let new = next.consenters().last().unwrap();
    assert_eq!(
        (new.id, &*new.host, &*new.msp_id),
        (5, "orderer5.example.com", "OrdererMSP")
    );
    assert_eq!(bundle.check_consensus(&next).unwrap().added, 0);
    let policy = next
        .tree()
        .group(&["Orderer"])
        .unwrap()
        .policy("BlockValidation")
        .unwrap();
    assert_eq!(policy.rule(), block_validation(next.consenters()));
    let fewer = AskedIntent::Consenter(ConsenterIntent::Remove(
        "orderer5.example.com:7050".to_owned(),
    ));
    let back = after(&next, &[fewer]);
    assert!(back.tree().same_content(bundle.tree()));
    let renewed = after(
        &bundle,
        &[AskedIntent::Consenter(ConsenterIntent::ReplaceCert(
            ConsenterNode {
                address: "orderer2.example.com:7050".to_owned(),
                ..add.clone()
            },
        ))],
    );
    assert_eq!(renewed.consenters()[1].identity, crypto(&identity));
    let nameless = ConsenterNode {
        identity: None,
        ..add
    };
    refuses(
        &bundle,
        AskedIntent::Consenter(ConsenterIntent::Add(nameless)),
        "NO_CERTIFICATE",
        "--identity",
    );
}

const OLD_CA: &str = "peerOrganizations/org1.example.com/ca/ca.org1.example.com-cert.pem";
const OLD_TLS_CA: &str = "peerOrganizations/org1.example.com/tlsca/tlsca.org1.example.com-cert.pem";
/// CAs that the channel does not know yet.
const NEW_CA: &str = "peerOrganizations/orgx.example.com/ca/ca.orgx.example.com-cert.pem";
const NEW_TLS_CA: &str = "peerOrganizations/orgx.example.com/tlsca/tlsca.orgx.example.com-cert.pem";

fn rotation() -> RotationStart {
    RotationStart {
        add: vec![crypto(NEW_CA)],
        add_tls: vec![crypto(NEW_TLS_CA)],
        remove: vec![
            NamedCa::Certificate(crypto(OLD_CA)),
            NamedCa::Certificate(crypto(OLD_TLS_CA)),
        ],
        org: None,
    }
}

fn seen(of: &str, name: &str) -> SeenIdentity {
    let path = format!("peerOrganizations/{of}/users/{name}/msp/signcerts/{name}-cert.pem");
    SeenIdentity {
        serialized: serialized_identity(&OWN.into(), &crypto(&path)).into(),
        place: "your own certificate".to_owned(),
    }
}

#[test]
fn a_ca_is_rotated_in_two_steps() {
    let bundle = raft();
    let first = planned(&bundle, &[AskedIntent::RotateStart(rotation())]).unwrap();
    let own = MspId::new(OWN);
    let base = first.usual_id(&own, 0).unwrap();
    let id = first.id(&base);
    assert_eq!(
        (&*base, &*id),
        ("Org1MSP.rotate-ca", "Org1MSP.rotate-ca.add")
    );
    assert_eq!(first.id("mine.add"), "mine.add");
    let description = first.description(&id).unwrap();
    assert!(description.contains("step 1 of 2"), "{description}");
    assert!(
        description.ends_with("cmscc propose rotate-ca --finish Org1MSP.rotate-ca"),
        "{description}"
    );
    let both = applied(&bundle, &first);
    let msp = |bundle: &Bundle| {
        form(bundle.tree())["channel_group"]["groups"]["Application"]["groups"]["Org1MSP"]["values"]
            ["MSP"]["value"]["config"]
            .clone()
    };
    assert_eq!(msp(&both)["root_certs"].as_array().unwrap().len(), 2);
    assert_eq!(msp(&both)["tls_root_certs"].as_array().unwrap().len(), 2);
    // certificates of both have roles: the NodeOUs name no CA any more
    for (of, name) in [
        ("org1.example.com", "Admin@org1.example.com"),
        ("orgx.example.com", "Admin@orgx.example.com"),
    ] {
        let identity = both.msps().deserialize(&seen(of, name).serialized).unwrap();
        identity.validate().unwrap();
        assert!(
            identity.roles().contains(&crate::identity::Role::Admin),
            "{name}"
        );
    }

    let end = |seen: Vec<SeenIdentity>| RotationEnd {
        id: base.clone(),
        description: description.clone(),
        patch: text_of(&first.change),
        seen,
        ..RotationEnd::default()
    };
    // before the first step is in effect
    let early = AskedIntent::RotateEnd(end(Vec::new()));
    refuses(
        &bundle,
        early,
        "NOT_IN_EFFECT",
        "cmscc show Org1MSP.rotate-ca.add",
    );
    // while somebody has a certificate of the old CA alone
    let old_admin = || seen("org1.example.com", "Admin@org1.example.com");
    let error = refuses(
        &both,
        AskedIntent::RotateEnd(end(vec![old_admin()])),
        "STILL_OLD_CA",
        "--anyway",
    );
    assert!(
        error.details[0].0.contains("your own certificate"),
        "{error:?}"
    );
    let new_admin = || seen("orgx.example.com", "Admin@orgx.example.com");
    let second = planned(&both, &[AskedIntent::RotateEnd(end(vec![new_admin()]))]).unwrap();
    assert!(second.keeps_identities());
    assert_eq!(second.id(&base), "Org1MSP.rotate-ca.remove");
    let description = second.description(&base).unwrap();
    assert!(
        description.contains("step 2 of 2, after Org1MSP.rotate-ca.add"),
        "{description}"
    );
    let last = applied(&both, &second);
    assert_eq!(
        msp(&last)["root_certs"],
        json!([STANDARD.encode(crypto(NEW_CA))])
    );
    assert_eq!(
        msp(&last)["tls_root_certs"],
        json!([STANDARD.encode(crypto(NEW_TLS_CA))])
    );
    let anyway = RotationEnd {
        anyway: true,
        ..end(vec![old_admin()])
    };
    let anyway = planned(&both, &[AskedIntent::RotateEnd(anyway)]).unwrap();
    assert!(anyway.notes("x").concat().contains("loses its membership"));
    assert!(!anyway.keeps_identities());
    // and when it is done
    refuses(
        &last,
        AskedIntent::RotateEnd(end(vec![new_admin()])),
        "NOTHING_TO_CHANGE",
        "",
    );
}

#[test]
fn rotations_that_cannot_be_say_what_could() {
    let bundle = raft();
    let refuses = |start: RotationStart, symbol: &str, possible: &str| {
        refuses(&bundle, AskedIntent::RotateStart(start), symbol, possible);
    };
    let with = |change: fn(&mut RotationStart)| {
        let mut start = rotation();
        change(&mut start);
        start
    };
    refuses(RotationStart::default(), "NO_CERTIFICATE", "--add");
    refuses(
        with(|start| start.remove.clear()),
        "NO_CERTIFICATE",
        "--remove",
    );
    refuses(
        with(|start| start.add_tls.clear()),
        "NO_CERTIFICATE",
        "--add-tls",
    );
    refuses(
        with(|start| start.add = vec![crypto(OLD_CA)]),
        "SAME_CA",
        "--remove",
    );
    refuses(
        with(|start| start.add = vec![crypto(OTHER_TLS)]),
        "NOT_A_CA",
        "",
    );
    refuses(
        with(|start| start.add = vec![Bytes::from_static(b"x")]),
        "BAD_CERTIFICATE",
        "PEM",
    );
    let unknown = with(|start| start.remove = vec![NamedCa::Fingerprint("0123456789".to_owned())]);
    refuses(unknown, "UNKNOWN_CA", "CN=ca.org1.example.com");
    refuses(
        with(|start| start.org = Some("Org9MSP".to_owned())),
        "UNKNOWN_ORGANIZATION",
        "Org2MSP",
    );

    // the TLS certificates of consenters are of the old CA
    let tls_ca = |of: &str| {
        crypto(&format!(
            "{of}/tlsca/tlsca.{}-cert.pem",
            of.rsplit('/').next().unwrap()
        ))
    };
    let start = RotationStart {
        add: Vec::new(),
        add_tls: vec![crypto(NEW_TLS_CA)],
        remove: vec![NamedCa::Certificate(tls_ca(EXAMPLE))],
        org: Some("OrdererMSP".to_owned()),
    };
    let first = planned(&bundle, &[AskedIntent::RotateStart(start)]).unwrap();
    let both = applied(&bundle, &first);
    let end = RotationEnd {
        id: "x".to_owned(),
        description: first.description("x").unwrap(),
        patch: text_of(&first.change),
        org: Some("OrdererMSP".to_owned()),
        ..RotationEnd::default()
    };
    let error = planned(&both, &[AskedIntent::RotateEnd(end)]).unwrap_err();
    assert!(matches!(&*error.symbol, "STILL_OLD_CA"), "{error}");
    assert!(
        error.details[0].0.starts_with("the consenter "),
        "{error:?}"
    );
}

fn edited(
    bundle: &Bundle,
    group: Option<&str>,
    change: impl FnOnce(&str) -> String,
) -> Result<PlannedIntent, Box<super::EditFault>> {
    let document = EditedConfig::new(bundle, None, group).unwrap();
    document.plan(&change(document.text()), bundle, &MspId::new(OWN))
}

#[test]
fn what_is_edited_is_proposed_and_no_more() {
    let bundle = raft();
    let error = edited(&bundle, None, str::to_owned).unwrap_err().error;
    assert_eq!(error.symbol, "NOTHING_TO_CHANGE");
    let error = edited(&bundle, None, |_| String::new()).unwrap_err().error;
    assert_eq!(error.symbol, "NOTHING_TO_CHANGE");
    // the same as by hand
    let by_edit = |group, from: &'static str, to: &'static str| {
        let planned = edited(&bundle, group, |text| {
            assert!(text.contains(from), "{text}");
            text.replacen(from, to, 1)
        });
        planned.unwrap_or_else(|fault| panic!("{fault:?}"))
    };
    let same = |planned: PlannedIntent, intent: AskedIntent| {
        let intended = after(&bundle, &[intent]);
        assert!(
            applied(&bundle, &planned)
                .tree()
                .same_content(intended.tree())
        );
        planned
    };
    let one = same(
        by_edit(
            None,
            "\"max_message_count\": 100",
            "\"max_message_count\": 77",
        ),
        set(COUNT, "77"),
    );
    assert_eq!(
        one.description("x").unwrap(),
        "edit of /Channel/Orderer/BatchSize"
    );
    same(
        by_edit(
            Some("/Channel/Orderer"),
            "\"max_message_count\": 100",
            "\"max_message_count\": 77",
        ),
        set(COUNT, "77"),
    );
    same(
        by_edit(
            Some("/Channel/Application/Org1MSP/"),
            "\"OR('Org1MSP.admin')\"",
            "\"OR('Org1MSP.admin', 'Org1MSP.peer')\"",
        ),
        rule(
            "/Channel/Application/Org1MSP/Admins",
            "OR('Org1MSP.admin', 'Org1MSP.peer')",
            false,
        ),
    );
    // an organisation that is taken out, and one that is put in
    let text = edited(&bundle, Some("/Channel/Application"), |text| {
        text.replace("\"Org2MSP\": {", "\"Org9MSP\": {")
    });
    let planned = text.unwrap();
    let next = applied(&bundle, &planned);
    assert!(next.tree().group(&["Application", "Org9MSP"]).is_some());
    assert!(next.tree().group(&["Application", "Org2MSP"]).is_none());
}

#[test]
fn wrong_edits_come_back_with_their_place() {
    let bundle = raft();
    let fault = |from: &str, to: &str| {
        let document = EditedConfig::new(&bundle, None, None).unwrap();
        let typed = document.text().replacen(from, to, 1);
        assert_ne!(typed, document.text(), "{from}");
        let fault = *document
            .plan(&typed, &bundle, &MspId::new(OWN))
            .unwrap_err();
        let line = fault
            .line
            .map(|line| typed.lines().nth(line - 1).unwrap_or("").trim().to_owned());
        let marked = fault.marked(&typed);
        assert!(marked.starts_with("//! "), "{marked}");
        // marks are no part of the text, and what was typed is there
        assert!(typed.lines().all(|line| marked.contains(line)));
        let again = *document
            .plan(&marked, &bundle, &MspId::new(OWN))
            .unwrap_err();
        assert_eq!((again.line, &again.error), (fault.line, &fault.error));
        (line.unwrap_or_default(), fault.error.message)
    };
    let count = "\"max_message_count\": 100";
    let at = |from: &str, to: &str, line: &str, words: &str| {
        let (found, message) = fault(from, to);
        assert!(found.contains(line), "{found}: {message}");
        assert!(message.contains(words), "{message}");
    };
    at(
        count,
        "\"max_message_count\": \"many\"",
        "max_message_count",
        "",
    );
    at(
        count,
        "\"max_messages\": 100",
        "max_messages",
        "max_messages",
    );
    at(
        count,
        "\"max_message_count\": 100,,",
        "max_message_count",
        "no JSON",
    );
    at(
        count,
        "\"max_message_count\": 0",
        "BatchSize",
        "would refuse",
    );
    at(
        "\"timeout\": \"",
        "\"timeout\": \"x",
        "BatchTimeout",
        "would refuse",
    );
    at(
        "\"policy\": \"MAJORITY Admins\"",
        "\"policy\": \"MOST Admins\"",
        "MOST Admins",
        "MAJORITY",
    );
    at(
        "\"BatchTimeout\": {",
        "\"Batch/Timeout\": {",
        "Batch/Timeout",
        "letters",
    );
    at(
        "\"values\": {",
        "\"valuse\": {",
        "valuse",
        "did you mean `values`",
    );
    at("\"mod_policy\": \"Admins\",", "", "", "mod_policy");
    at(
        "\"groups\": {",
        "\"values\": {}, \"groups\": {",
        "values",
        "twice",
    );
    assert_eq!(
        EditedConfig::new(&bundle, None, Some("/Channel/Ordere"))
            .unwrap_err()
            .symbol,
        "UNKNOWN_PATH"
    );
    assert_eq!(
        EditedConfig::new(&bundle, None, Some(TIMEOUT))
            .unwrap_err()
            .symbol,
        "UNKNOWN_PATH"
    );
}

#[test]
fn an_edit_starts_with_another_proposal() {
    let bundle = raft();
    let first = planned(&bundle, &[set(TIMEOUT, "3s")]).unwrap();
    let from = OtherIntent::read("Org2MSP.x", "", &text_of(&first.change)).unwrap();
    let document = EditedConfig::new(&bundle, Some(&from), None).unwrap();
    let planned = document
        .plan(document.text(), &bundle, &MspId::new(OWN))
        .unwrap();
    let both = applied(&bundle, &planned);
    assert!(
        both.tree()
            .same_content(after(&bundle, &[set(TIMEOUT, "3s")]).tree())
    );
}

#[test]
fn shells_complete_from_the_config() {
    let bundle = raft();
    let of = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        candidates(&bundle, &words)
    };
    assert_eq!(of(&["set", "/Channel/Orderer/BatchT"]), [TIMEOUT]);
    assert!(of(&["set", "/Channel/Orderer/BatchSize/"]).contains(&COUNT.to_owned()));
    assert_eq!(
        of(&["policy", "/Channel/Application/Ad"]),
        ["/Channel/Application/Admins"]
    );
    assert_eq!(
        of(&["policy", "/Channel/Application/Admins", ""]),
        ["ALL", "ANY", "MAJORITY"]
    );
    assert!(of(&["mod-policy", TIMEOUT, "Ad"]).contains(&"Admins".to_owned()));
    assert_eq!(
        of(&["acl", "event/"]),
        ["event/Block", "event/FilteredBlock"]
    );
    assert_eq!(of(&["acl", "event/Block", "def"]), ["default"]);
    assert_eq!(of(&["capability", "c"]), ["channel"]);
    assert_eq!(of(&["capability", "application", "V2_"]), ["V2_0", "V2_5"]);
    assert_eq!(of(&["consenter", "r"]), ["remove", "replace-cert"]);
    assert_eq!(of(&["consenter", "remove", ""]).len(), 1);
    assert_eq!(of(&["remove-org", "Org"]), ["Org1MSP", "Org2MSP"]);
    assert_eq!(of(&["endpoints", "--org", "Ord"]), ["OrdererOrg"]);
    assert!(of(&[]).is_empty() && of(&["batch", ""]).is_empty());
}

#[test]
fn ids_fit() {
    let bundle = raft();
    let long = format!("orderer-{}.example.com:7050", "x".repeat(60));
    let change = exactly(&[&long]);
    let planned = planned(&bundle, &[endpoints(false, change)]).unwrap();
    for number in [0, 9] {
        let base = planned.usual_id(&OWN.into(), number).unwrap();
        assert!(base.len() <= 64, "{base}");
    }
    let channel = ChannelId::new("mychannel");
    assert_eq!(bundle.channel(), &channel);
}
