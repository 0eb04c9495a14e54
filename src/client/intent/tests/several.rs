//! Several intents, other proposals, what shells complete with.

use super::*;

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
