//! What an orderer would answer.

use super::*;

#[test]
fn an_orderer_accepted_what_is_accepted() {
    let before = bundle("add-orgx/config_block_before.pb");
    let signed = update("add-orgx/envelope_onchain.pb");
    let said = checked(&before, &signed.update, &signed.signatures);
    assert_eq!(said.outcome, CheckOutcome::Accepted);
    assert_eq!((said.why, said.orderer_says), (None, None));
    // one of both signatures, and an order that does not matter
    let one = checked(&before, &signed.update, &signed.signatures[..1]);
    assert_eq!(one.outcome, CheckOutcome::NotSigned);
    let after = bundle("add-orgx/config_block_after.pb");
    let again = checked(&after, &signed.update, &signed.signatures);
    assert_eq!(again.outcome, CheckOutcome::InEffect);
    assert!(again.refusal.unwrap().is_stale());
    // OrgY was added to a config with OrgX
    let orgy = update("add-orgy/envelope_onchain.pb");
    assert_eq!(
        checked(&after, &orgy.update, &orgy.signatures).outcome,
        CheckOutcome::Accepted
    );
    let early = checked(&before, &orgy.update, &orgy.signatures);
    assert_eq!(early.outcome, CheckOutcome::Stale);
    assert!(
        early
            .orderer_says
            .unwrap()
            .contains("error validating ReadSet")
    );
}

#[test]
fn what_only_removes_is_in_effect_where_it_is_gone() {
    let mut edited = document();
    let members = &mut edited["channel_group"]["groups"]["Application"]["groups"];
    members.as_object_mut().unwrap().remove("Org2MSP");
    let update = computed(&in_json(&edited)).update;
    assert_eq!(
        checked(&bundle("genesis.block"), &update, &[]).outcome,
        CheckOutcome::NotSigned
    );
    // another update made the same group a version younger, and Org2 is still there
    let after = bundle("add-orgx/config_block_after.pb");
    assert_eq!(checked(&after, &update, &[]).outcome, CheckOutcome::Stale);
    // the config that it makes itself
    let before = config("add-orgx/config_block_before.pb");
    let result = crate::config::apply(&before.tree, &update).unwrap();
    let itself = compiled("result", &ChannelId::from("mychannel"), &result).unwrap();
    assert_eq!(
        checked(&itself, &update, &[]).outcome,
        CheckOutcome::InEffect
    );
}

#[test]
fn a_refusal_has_the_words_of_the_orderer() {
    // what the orderer answered to this file stands in the captures' README
    let readme = include_str!("../../../../tests/fabric-data/README.md");
    let before = bundle("genesis.block");
    let rejected = update("rejected_orgx_org1_only.pb");
    let said = checked(&before, &rejected.update, &rejected.signatures);
    assert_eq!(said.outcome, CheckOutcome::NotSigned);
    let words = said.orderer_says.unwrap();
    assert!(
        readme.contains(&format!("`BAD_REQUEST -- {words}`")),
        "{words}"
    );
    // another channel
    let channel = ChannelId::from("yours");
    let tree = &config("genesis.block").tree;
    let other = compiled("genesis.block", &channel, tree).unwrap();
    let said = checked(&other, &rejected.update, &rejected.signatures);
    assert_eq!(said.outcome, CheckOutcome::Refused);
    assert!(
        said.orderer_says
            .unwrap()
            .ends_with("ConfigUpdate for channel 'mychannel' but envelope for channel 'yours'")
    );
}

#[test]
fn what_leads_nowhere_is_blocked_until_somebody_takes_it_upon_himself() {
    let mut edited = document();
    edited["channel_group"]["groups"]["Application"]["policies"]["Admins"]["policy"] = json!({
        "type": 1, "value": {"version": 0,
            "rule": {"n_out_of": {"n": 1, "rules": [{"signed_by": 0}]}},
            "identities": [{"principal_classification": "ROLE", "principal": {"msp_identifier": "Org9MSP", "role": "ADMIN"}}]}
    });
    let update = computed(&in_json(&edited)).update;
    let before = bundle("genesis.block");
    let said = checked(&before, &update, &[]);
    assert_eq!(said.outcome, CheckOutcome::Blocked);
    assert_eq!(said.outcome.exit(), Exit::Unsafe);
    assert!(said.blocking().contains(&"LOCKOUT_POLICY"));
    let accepted = BTreeSet::from(["LOCKOUT_POLICY".to_owned()]);
    let said = CheckedUpdate::new(&before, &update, &[], &accepted, NOW);
    assert_eq!(said.outcome, CheckOutcome::NotSigned);
    // a rule that counts nobody is not "nobody"
    let view = checked_view(&before, against_view(&config("genesis.block")), &said).unwrap();
    let members = &view.review.majorities[0];
    assert_eq!(
        members.after.as_deref(),
        Some("nobody could"),
        "{members:?}"
    );
}

/// The config before OrgX came with another way to agree, whose metadata nobody here knows.
fn of_consensus(name: &str) -> FileConfig {
    let mut message = common::Config::decode(&data("add-orgx/config_raw_before.pb")[..]).unwrap();
    let root = message.channel_group.as_mut().unwrap();
    let section = root.groups.get_mut("Orderer").unwrap();
    let value = section.values.get_mut("ConsensusType").unwrap();
    value.value = Bytes::from(
        orderer::ConsensusType {
            r#type: name.to_owned(),
            metadata: Bytes::from_static(b"\x0a\x03abc"),
            ..orderer::ConsensusType::default()
        }
        .encode_to_vec(),
    );
    let file = GivenFile::read("config.pb", message.encode_to_vec()).unwrap();
    file.into_config().unwrap()
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let mychannel = ChannelId::from("mychannel");
    let signed = update("add-orgx/envelope_onchain.pb");
    for (name, words) in [("arma", "Fabric-X"), ("paxos", "`paxos`")] {
        let config = of_consensus(name);
        let bundle = compiled(&config.name, &mychannel, &config.tree).unwrap();
        let said = checked(&bundle, &signed.update, &signed.signatures);
        assert_eq!(said.outcome, CheckOutcome::CannotSay, "{name}");
        assert!(said.why.unwrap().contains(words));
        // who is missing is said all the same
        let said = checked(&bundle, &signed.update, &[]);
        assert_eq!(said.outcome, CheckOutcome::NotSigned);
        assert_eq!(ids(&said.remarks), ["CONSENSUS_UNKNOWN"]);
        // signers that nobody knows here may be known there
        let orgy = update("add-orgy/envelope_signed.pb");
        let all = [&signed.signatures[..1], &orgy.signatures[..]].concat();
        let said = checked(&bundle, &signed.update, &all);
        assert_eq!(said.outcome, CheckOutcome::CannotSay);
    }
    // the metadata of Fabric-X has no form in Fabric's JSON; what is not edited stays
    let config = of_consensus("arma");
    let text = json::encode_of(&config);
    let mut edited: Value = serde_json::from_str(&text).unwrap();
    let values = &mut edited["channel_group"]["groups"]["Orderer"]["values"];
    values["BatchTimeout"]["value"]["timeout"] = json!("9s");
    let told =
        ComputedUpdate::new(Some("mychannel"), &config, &in_json(&edited), Meant::Config).unwrap();
    let written: Vec<String> = (told.update.written().iter())
        .map(|element| element.element_path().path())
        .collect();
    assert_eq!(written, ["/Channel/Orderer/BatchTimeout"]);
    assert_eq!(told.remarks, []);
}

mod json {
    use super::{FileConfig, fabric_json};

    pub(super) fn encode_of(config: &FileConfig) -> String {
        fabric_json::encode("common.Config", &config.tree.encode()).unwrap()
    }
}

#[test]
fn a_system_channel_is_judged_and_what_makes_a_channel_is_named() {
    // a config with consortiums, as ordering services had until Fabric 2
    let mut system = document();
    let groups = &mut system["channel_group"]["groups"];
    let members = groups["Application"]["groups"].clone();
    let org1 = members["Org1MSP"].clone();
    groups.as_object_mut().unwrap().remove("Application");
    let consortium = json!({
        "groups": {"Org1MSP": {"groups": {}, "mod_policy": "Admins", "version": "0",
            "policies": org1["policies"], "values": {"MSP": org1["values"]["MSP"]}}},
        "mod_policy": "/Channel/Orderer/Admins", "policies": {}, "version": "0",
        "values": {"ChannelCreationPolicy": {"mod_policy": "/Channel/Orderer/Admins", "version": "0",
            "value": {"type": 3, "value": {"rule": "ANY", "sub_policy": "Admins"}}}}
    });
    groups["Consortiums"] = json!({
        "groups": {"SampleConsortium": consortium}, "mod_policy": "/Channel/Orderer/Admins",
        "policies": {}, "values": {}, "version": "0"
    });
    let original = in_json(&system);
    let channel = ChannelId::from("syschannel");
    let bundle = compiled("system.json", &channel, &original.tree).unwrap();
    let mut edited = system.clone();
    let place = &mut edited["channel_group"]["groups"]["Consortiums"]["groups"]["SampleConsortium"];
    place["groups"]["Org2MSP"] = json!({"groups": {}, "mod_policy": "Admins", "version": "0",
        "policies": members["Org2MSP"]["policies"], "values": {"MSP": members["Org2MSP"]["values"]["MSP"]}});
    let told = ComputedUpdate::new(
        Some("syschannel"),
        &original,
        &in_json(&edited),
        Meant::Config,
    );
    let update = told.unwrap().update;
    assert_eq!(channel_creation(&update), None);
    let said = checked(&bundle, &update, &[]);
    assert_eq!(said.outcome, CheckOutcome::NotSigned);
    let judged = said.judged.unwrap();
    assert_eq!(judged.decision.missing, ["OrdererMSP".into()]);
    assert!(
        config_view(&original)
            .organizations
            .iter()
            .any(|path| path.starts_with("/Channel/Consortiums/"))
    );

    // what `configtxgen -outputCreateChannelTx` writes
    let value = |bytes: Vec<u8>| common::ConfigValue {
        value: bytes.into(),
        ..common::ConfigValue::default()
    };
    let consortium = common::Consortium {
        name: "SampleConsortium".to_owned(),
    };
    let mut read = common::ConfigGroup::default();
    read.values
        .insert("Consortium".to_owned(), value(Vec::new()));
    let application = common::ConfigGroup::default();
    read.groups
        .insert("Application".to_owned(), application.clone());
    let mut write = read.clone();
    write
        .values
        .insert("Consortium".to_owned(), value(consortium.encode_to_vec()));
    write.groups.insert(
        "Application".to_owned(),
        common::ConfigGroup {
            version: 1,
            mod_policy: "Admins".to_owned(),
            ..application
        },
    );
    let update = common::ConfigUpdate {
        channel_id: "newchannel".to_owned(),
        read_set: Some(read),
        write_set: Some(write),
        ..common::ConfigUpdate::default()
    };
    let update = Update::parse(update.encode_to_vec().into()).unwrap();
    assert_eq!(
        channel_creation(&update),
        Some((ChannelId::from("newchannel"), "SampleConsortium".to_owned()))
    );
}
