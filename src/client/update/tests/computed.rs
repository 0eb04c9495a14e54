//! The update between two configs, and the slips that people make with them.

use super::*;

#[test]
fn what_says_the_same_in_other_bytes_is_no_change() {
    // the block carries the bytes of configtxgen, the others those of configtxlator: only OrgX is new
    let by_hand = update("add-orgx/config_update.pb").update;
    let block = config("add-orgx/config_block_before.pb");
    let modified = config("add-orgx/modified_config.pb");
    for (original, modified) in [
        (&block, &modified),
        (&config("add-orgx/config_raw_before.pb"), &modified),
        (&config("add-orgx/config.pb"), &modified),
    ] {
        let computed =
            ComputedUpdate::new(Some("mychannel"), original, modified, Meant::Config).unwrap();
        assert_eq!(
            computed.update.encode(),
            by_hand.encode(),
            "{}",
            original.name
        );
        assert!(same_update(&computed.update, &by_hand));
        assert_eq!(computed.remarks, [], "{}", original.name);
    }
    // and always in the same bytes
    let one = computed(&modified).update;
    assert_eq!(one.bytes(), computed(&modified).update.bytes());
    assert_eq!(one.bytes()[..], one.encode());
}

#[test]
fn slips_with_two_configs_are_told() {
    let mut edited = document();
    edited["sequence"] = json!("4");
    edited["channel_group"]["groups"]["Orderer"]["version"] = json!("3");
    edited["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] =
        json!("9s");
    let told = computed(&in_json(&edited));
    assert_eq!(ids(&told.remarks), ["SEQUENCE_DIFFERS", "VERSIONS_DIFFER"]);
    assert_eq!(told.remarks[1].path.as_deref(), Some("/Channel/Orderer"));
    // versions that somebody edited are not what is written
    let timeout = told.update.write_set().unwrap().group("Orderer").unwrap();
    assert_eq!(timeout.version(), 0);
    assert_eq!(timeout.value("BatchTimeout").unwrap().version(), 1);

    // a part of a config in the place of the whole one
    let part = json!({"channel_group": {"groups": {"Orderer": edited["channel_group"]["groups"]["Orderer"]}}});
    let told = computed(&in_json(&part));
    assert!(
        ids(&told.remarks).contains(&"LOOKS_PARTIAL"),
        "{:?}",
        told.remarks
    );

    let block = config("add-orgx/config_block_before.pb");
    let same = in_json(&document());
    let error = ComputedUpdate::new(None, &block, &same, Meant::Config).unwrap_err();
    assert_eq!(
        (error.symbol.as_str(), error.exit),
        ("NOTHING_TO_CHANGE", Exit::No)
    );
    let other = in_json(&edited);
    for (channel, symbol) in [(None, "NO_CHANNEL"), (Some("No_Channel"), "BAD_CHANNEL")] {
        let error = ComputedUpdate::new(channel, &same, &other, Meant::Config).unwrap_err();
        assert_eq!(error.symbol, symbol);
    }
    let error = ComputedUpdate::new(Some("yours"), &block, &other, Meant::Config).unwrap_err();
    assert_eq!(error.symbol, "WRONG_CHANNEL");
}

#[test]
fn a_patch_is_taken_as_one_where_it_is_said() {
    let block = config("add-orgx/config_block_before.pb");
    let patch = in_json(&json!({"channel_group": {"groups": {"Orderer": {"values": {
        "BatchTimeout": {"value": {"timeout": "9s"}}
    }}}}}));
    let told = ComputedUpdate::new(None, &block, &patch, Meant::Patch).unwrap();
    let mut edited = document();
    edited["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] =
        json!("9s");
    assert_eq!(
        told.update.bytes(),
        computed(&in_json(&edited)).update.bytes()
    );
    let whole = ComputedUpdate::new(None, &block, &in_json(&edited), Meant::Patch);
    assert_eq!(whole.unwrap_err().symbol, "LOOKS_LIKE_CONFIG");
}

#[test]
fn fields_that_json_leaves_out_are_told() {
    // a newer Fabric may have more in a value than the JSON of this one shows
    let mut message = common::Config::decode(&data("add-orgx/config_raw_before.pb")[..]).unwrap();
    let root = message.channel_group.as_mut().unwrap();
    let orderer = root.groups.get_mut("Orderer").unwrap();
    let size = orderer.values.get_mut("BatchSize").unwrap();
    let mut longer = size.value.to_vec();
    longer.extend([0x9a, 0x06, 1, b'x']);
    size.value = longer.into();
    let original = GivenFile::read("newer.pb", message.encode_to_vec()).unwrap();
    let original = original.into_config().unwrap();
    let mut edited = document();
    let values = &mut edited["channel_group"]["groups"]["Orderer"]["values"];
    values["BatchSize"]["value"]["max_message_count"] = json!(1);
    let told = |edited: &Value| {
        ComputedUpdate::new(
            Some("mychannel"),
            &original,
            &in_json(edited),
            Meant::Config,
        )
        .unwrap()
    };
    let lossy = told(&edited);
    assert_eq!(ids(&lossy.remarks), ["FIELDS_LOST"]);
    assert_eq!(
        lossy.remarks[0].path.as_deref(),
        Some("/Channel/Orderer/BatchSize")
    );
    // where it is not edited it stays as it is
    let mut edited = document();
    let values = &mut edited["channel_group"]["groups"]["Orderer"]["values"];
    values["BatchTimeout"]["value"]["timeout"] = json!("9s");
    let whole = told(&edited);
    assert_eq!(whole.remarks, []);
    assert_eq!(whole.update.written().len(), 1);
}

#[test]
fn what_looks_the_wrong_way_round_is_told() {
    let older = document();
    let mut newer = document();
    let timeout = &mut newer["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"];
    timeout["value"]["timeout"] = json!("9s");
    timeout["version"] = json!("1");
    let told = |original: &Value, modified: &Value| {
        let (original, modified) = (in_json(original), in_json(modified));
        let channel = Some("mychannel");
        let computed = ComputedUpdate::new(channel, &original, &modified, Meant::Config);
        ids(&computed.unwrap().remarks).contains(&"LOOKS_SWAPPED")
    };
    assert!(!told(&older, &newer));
    assert!(told(&newer, &older));
    // the sequence tells before the versions do
    newer["sequence"] = json!("4");
    assert!(!told(&older, &newer));
    assert!(told(&newer, &older));
    let versions = "VERSIONS_DIFFER";
    let both = ComputedUpdate::new(
        Some("mychannel"),
        &in_json(&newer),
        &in_json(&older),
        Meant::Config,
    );
    assert!(ids(&both.unwrap().remarks).contains(&versions));
}
