//! Files as people have them: what they are, what is made of them, and what an orderer would answer.

use std::{collections::BTreeSet, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use prost::Message as _;
use serde_json::{Value, json};

use super::*;
use crate::{
    client::{
        Exit, SignedUpdate,
        view::{SignerStanding, SignerView},
    },
    config::{Bundle, ConfigSignature, Update, envelope},
    ids::{ChannelId, UnixTime},
    json as fabric_json,
    proto::{common, orderer},
};

const NOW: UnixTime = UnixTime {
    seconds: 1_800_000_000,
    nanos: 0,
};

fn data(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
    fs::read(folder.join("fabric-3.1.5-caps-v2").join(name)).unwrap()
}

fn given(name: &str) -> GivenFile {
    GivenFile::read(name, data(name)).unwrap()
}

fn config(name: &str) -> FileConfig {
    given(name).into_config().unwrap()
}

fn update(name: &str) -> FileUpdate {
    given(name).into_update().unwrap()
}

/// The config before OrgX came, as JSON.
fn document() -> Value {
    let text = given("add-orgx/config.pb").decoded().unwrap();
    serde_json::from_str(&text).unwrap()
}

fn in_json(document: &Value) -> FileConfig {
    GivenFile::read("edited.json", document.to_string().into_bytes())
        .unwrap()
        .into_config()
        .unwrap()
}

fn computed(modified: &FileConfig) -> ComputedUpdate {
    let block = config("add-orgx/config_block_before.pb");
    ComputedUpdate::new(None, &block, modified, Meant::Config).unwrap()
}

fn bundle(name: &str) -> Bundle {
    let config = config(name);
    compiled(name, &ChannelId::from("mychannel"), &config.tree).unwrap()
}

fn checked(bundle: &Bundle, update: &Update, signatures: &[ConfigSignature]) -> CheckedUpdate {
    CheckedUpdate::new(bundle, update, signatures, &BTreeSet::new(), NOW)
}

fn ids(remarks: &[crate::client::view::Remark]) -> Vec<&str> {
    remarks.iter().map(|one| one.id.as_str()).collect()
}

#[test]
fn each_file_is_recognised() {
    for (name, form) in [
        ("genesis.block", "common.Block"),
        ("add-orgx/config_block_after.pb", "common.Block"),
        ("add-orgx/config.pb", "common.Config"),
        ("add-orgx/config_raw_after.pb", "common.Config"),
        ("add-orgx/config_update.pb", "common.ConfigUpdate"),
        ("add-orgx/envelope_unsigned.pb", "common.Envelope"),
        ("add-orgx/envelope_onchain.pb", "common.Envelope"),
        (
            "add-orgx/config_update_envelope_onchain.pb",
            "common.ConfigUpdateEnvelope",
        ),
        ("add-orgx/org.json", "common.ConfigGroup"),
    ] {
        let file = given(name);
        assert_eq!(file.recognised.form.name(), form, "{name}");
        // as base64 and as JSON it is the same
        let text = STANDARD.encode(data(name)) + "\n";
        if file.encoding == Encoding::Protobuf {
            let again = GivenFile::read(name, text.into_bytes()).unwrap();
            assert_eq!(again.recognised, file.recognised, "{name}");
            assert_eq!(again.encoding, Encoding::Base64);
            let text = fabric_json::encode(form, &data(name)).unwrap();
            let again = GivenFile::read(name, text.into_bytes()).unwrap();
            assert_eq!(again.recognised, file.recognised, "{name}");
            assert_eq!(again.encoding, Encoding::Json);
        }
    }
    assert_eq!(update("add-orgx/envelope_signed.pb").signatures.len(), 2);
    let block = config("add-orgx/config_block_after.pb");
    assert_eq!(block.channel, Some(ChannelId::from("mychannel")));
    assert_eq!(block.tree.sequence().0, 1);
    assert!(block.block_number().is_some());
}

#[test]
fn files_that_are_none_are_told_by_what_they_are() {
    let read = |content: &[u8]| GivenFile::read("f", content.to_vec());
    for (content, symbol, words) in [
        (&b""[..], "FILE_EMPTY", "is empty"),
        (b" \n", "FILE_EMPTY", "is empty"),
        (b"null\n", "UNKNOWN_FILE", "leads nowhere"),
        (b"[1]", "UNKNOWN_FILE", "a JSON list"),
        (b"\"x\"", "UNKNOWN_FILE", "a JSON text"),
        (b"{\"a\":1}", "UNKNOWN_FILE", "is JSON, but"),
        (b"{\"sequence\":", "UNKNOWN_FILE", "not JSON to its end"),
        (b"\x1f\x8b\x08", "UNKNOWN_FILE", "gzip"),
        (b"---\nOrganizations:\n", "UNKNOWN_FILE", "configtx.yaml"),
        (b"hello", "UNKNOWN_FILE", "text that is no config"),
        (b"\xff\xfe\xfd", "UNKNOWN_FILE", "no config"),
        (b"\n\"\x0a\x20\xff\xfe", "UNKNOWN_FILE", "cut short"),
        (b"{\"sequence\":\"x\"}", "BAD_FILE", "common.Config in JSON"),
    ] {
        let error = read(content).unwrap_err();
        assert_eq!((error.symbol.as_str(), error.exit), (symbol, Exit::Usage));
        assert!(error.message.contains(words), "{error}");
    }
    // a block as Fabric's own tests have it, without metadata, and broken in its config
    let block = br#"{"data":{"data":[{"payload":{"data":{"config":{"x":1}},"header":{"channel_header":{"type":1}}}}]},"header":{"number":"2"}}"#;
    let error = read(block).unwrap_err();
    assert!(
        error.message.starts_with("`f` is a common.Block in JSON"),
        "{error}"
    );
    // jq with a path that misses the channel group
    let error = read(br#"{"channel_group":{},"groups":{"Application":{}}}"#).unwrap_err();
    assert!(error.hint.unwrap().contains(".channel_group"));
    for (content, wanted) in [
        (data("add-orgx/org.json"), "NOT_A_CONFIG"),
        (b"-----BEGIN CERTIFICATE-----\n".to_vec(), "NOT_A_CONFIG"),
        (data("add-orgx/envelope_signed.pb"), "NOT_A_CONFIG"),
    ] {
        let file = GivenFile::read("f", content).unwrap();
        let error = file.into_config().unwrap_err();
        assert_eq!(error.symbol, wanted);
        assert!(error.hint.is_some(), "{error}");
    }
    let error = given("genesis.block").into_update().unwrap_err();
    assert_eq!(error.symbol, "NOT_AN_UPDATE");
    assert!(
        error
            .message
            .contains("a common.Block 0 of channel `mychannel`")
    );
}

#[test]
fn no_part_of_a_file_is_too_much() {
    let whole = data("add-orgx/envelope_signed.pb");
    for end in (0..whole.len()).step_by(3) {
        // whatever it is, it is told in an orderly way, and read in an orderly way
        if let Ok(file) = GivenFile::read("f", whole[..end].to_vec()) {
            let _ = file.clone().into_update();
            let _ = file.into_config();
        }
    }
    let mut bent = whole.clone();
    let genesis = bundle("genesis.block");
    for at in (0..whole.len()).step_by(41) {
        bent[at] ^= 0x55;
        if let Ok(file) = GivenFile::read("f", bent.clone())
            && let Ok(update) = file.into_update()
        {
            let _ = claimed_signatures(&update.update, &update.signatures);
            let _ = update_view(&update, None);
            let _ = checked(&genesis, &update.update, &update.signatures);
        }
        bent[at] ^= 0x55;
    }
}

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
    let readme = include_str!("../../../tests/fabric-data/README.md");
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

fn envelope_file(name: &str, update: &[u8], signatures: &[ConfigSignature]) -> FileUpdate {
    let channel = ChannelId::from("mychannel");
    let bytes = envelope::update_envelope(&channel, update, signatures);
    GivenFile::read(name, bytes).unwrap().into_update().unwrap()
}

#[test]
fn signatures_of_several_files_become_one_file() {
    let signed = update("add-orgx/envelope_signed.pb");
    let bytes = signed.update.bytes();
    let [one, two] = signed.signatures.as_slice() else {
        panic!("{}", signed.signatures.len());
    };
    let file = |name: &str, signatures: &[ConfigSignature]| envelope_file(name, bytes, signatures);
    let a = file("a.pb", std::slice::from_ref(one));
    let b = file("b.pb", std::slice::from_ref(two));
    let both = file("c.pb", &[two.clone(), one.clone()]);
    let merged = MergedSignatures::of(&[a.clone(), b, both]).unwrap();
    assert_eq!(
        (merged.kept.as_slice(), merged.duplicates),
        (&signed.signatures[..], 2)
    );
    // what comes out is a file like the others
    let written = SignedUpdate {
        channel: ChannelId::from("mychannel"),
        config_update: bytes.clone(),
        signatures: merged.kept.clone(),
    };
    assert_eq!(update_of(&written).signatures, signed.signatures);
    // one that does not fit gives its place to one that does
    let bent = ConfigSignature {
        signature: two.signature.clone(),
        ..one.clone()
    };
    let merged = MergedSignatures::of(&[file("bent.pb", &[bent]), a.clone()]).unwrap();
    assert_eq!((merged.kept, merged.duplicates), (vec![one.clone()], 1));

    // another update, and the same in other bytes
    let orgy = update("add-orgy/envelope_signed.pb");
    let error = MergedSignatures::of(&[a.clone(), orgy]).unwrap_err();
    assert_eq!(error.symbol, "OTHER_UPDATE");
    assert!(
        error.message.contains("add-orgy/envelope_signed.pb"),
        "{error}"
    );
    let other = update("add-orgx/config_update.pb");
    assert_ne!(other.update.bytes(), bytes);
    let error = MergedSignatures::of(&[a, other]).unwrap_err();
    assert_eq!(error.symbol, "OTHER_ENCODING");
}

fn update_of(signed: &SignedUpdate) -> FileUpdate {
    GivenFile::read("w", signed.write())
        .unwrap()
        .into_update()
        .unwrap()
}

#[test]
fn all_files_of_a_folder_may_be_named_for_their_signatures() {
    let signed = update("add-orgx/envelope_signed.pb");
    let computed = computed(&config("add-orgx/modified_config.pb")).update;
    // in an envelope that was made of JSON, configtxlator writes the very bytes of `compute`
    assert!(computed.bytes() == signed.update.bytes());
    let other = update("add-orgx/config_update.pb").update;
    assert!(other.bytes() != signed.update.bytes());
    let all = || {
        vec![
            Ok(given("genesis.block")),
            Ok(given("add-orgx/envelope_unsigned.pb")),
            Ok(given("add-orgy/envelope_signed.pb")),
            GivenFile::read("junk", b"junk".to_vec()),
            Ok(given("add-orgx/envelope_signed.pb")),
        ]
    };
    // what people signed is what counts, whatever bytes are computed here
    let collected = CollectedSignatures::of(&other, "edited.json", true, all());
    assert!(collected.update.bytes() == signed.update.bytes());
    assert_eq!(collected.signatures, signed.signatures);
    let left_out = [
        "NO_SIGNATURES",
        "NO_SIGNATURES",
        "NO_SIGNATURES",
        "OTHER_UPDATE",
    ];
    assert_eq!(ids(&collected.remarks), left_out);
    // a next command names none but these
    let unsigned = update("add-orgx/envelope_unsigned.pb").update.bytes() == signed.update.bytes();
    let mut files = vec![("add-orgx/envelope_signed.pb".to_owned(), true)];
    if unsigned {
        files.insert(0, ("add-orgx/envelope_unsigned.pb".to_owned(), false));
    }
    assert_eq!(collected.files, files);
    assert!(
        collected.remarks[3]
            .text
            .contains("add-orgy/envelope_signed.pb")
    );
    // what nobody has signed is told to be of another update, too
    let mut envelope = given("add-orgy/envelope_signed.pb").into_update().unwrap();
    envelope.signatures.clear();
    let stranger = GivenFile::read(
        "orgy.pb",
        SignedUpdate {
            channel: envelope.update.channel_id().into(),
            config_update: envelope.update.bytes().clone(),
            signatures: Vec::new(),
        }
        .write(),
    );
    let collected = CollectedSignatures::of(&other, "edited.json", true, vec![stranger]);
    assert_eq!(ids(&collected.remarks), ["OTHER_UPDATE"]);
    assert_eq!(collected.files, []);
    // an update that somebody has is not exchanged for another one
    let collected = CollectedSignatures::of(&other, "update.pb", false, all());
    assert!(collected.update.bytes() == other.bytes());
    assert_eq!(collected.signatures, []);
    assert_eq!(ids(&collected.remarks)[4], "OTHER_ENCODING");
}

#[test]
fn only_what_counts_is_chosen_by_a_config() {
    let signed = update("add-orgx/envelope_signed.pb");
    // OrgX itself is no member yet
    let orgy = update("add-orgy/envelope_signed.pb");
    let all: Vec<_> = orgy
        .signatures
        .iter()
        .chain(&signed.signatures)
        .cloned()
        .collect();
    let file = envelope_file("all.pb", signed.update.bytes(), &all);
    let merged = MergedSignatures::of(&[file]).unwrap();
    let before = bundle("genesis.block");
    let chosen = merged.chosen(&before);
    assert_eq!(chosen.kept, signed.signatures);
}

#[test]
fn who_signed_is_told_without_a_config() {
    let signed = update("add-orgx/envelope_signed.pb");
    let seen = claimed_signatures(&signed.update, &signed.signatures);
    let msps: Vec<_> = seen
        .iter()
        .map(|one| one.msp_id.as_deref().unwrap())
        .collect();
    assert_eq!(msps, ["Org1MSP", "Org2MSP"]);
    assert!(seen.iter().all(|one| one.standing == SignerStanding::Fits));
    let before = bundle("genesis.block");
    let judged = judged_signatures(&before, &signed.update, &signed.signatures);
    assert!(
        judged
            .iter()
            .all(|one| one.standing == SignerStanding::Counts)
    );
    let same = |a: &SignerView, b: &SignerView| a.fingerprint == b.fingerprint;
    assert!(judged.iter().zip(&seen).all(|(a, b)| same(a, b)));
    // on other bytes nobody signed
    let other = update("add-orgx/config_update.pb").update;
    let seen = claimed_signatures(&other, &signed.signatures);
    assert!(
        seen.iter()
            .all(|one| one.standing == SignerStanding::DoesNotCount)
    );
    let junk = ConfigSignature {
        signature_header: Bytes::from_static(b"\xff\xff"),
        signature: Bytes::from_static(b"x"),
    };
    assert_eq!(claimed_signatures(&other, &[junk])[0].msp_id, None);
}
