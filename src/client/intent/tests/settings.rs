//! Settings, levels, addresses.

use super::*;

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
