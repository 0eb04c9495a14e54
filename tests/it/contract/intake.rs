//! What people have at hand, as proposals: edited configs, updates and envelopes in their forms; and
//! what is recognised where it is given in the place of another.

use bytes::Bytes;
use cmscc::{
    config::{ConfigSignature, ConfigTree, Patch, PatchLimits, envelope::update_envelope},
    contract::Contract,
    ids::Digest,
    json,
    proto::{
        cmscc::Proposal,
        common::{self, Config, ConfigUpdate},
        write,
    },
    stub::Invocation,
};
use prost::Message;
use serde_json::{Value, json};

use super::{
    blocks::checkpoint,
    calls::{
        Call, add_organization, add_signature, cmcc, get_config, propose_config,
        propose_config_update, propose_patch, sync_config,
    },
    captures::{CAPTURES, captured},
    people::{base64, person},
    sizes::many,
    world::{Server, World, founded, founded_on, state_key},
};

impl World<Contract> {
    /// The config in force as `GetConfig` gives it, for people to edit.
    async fn editable(&mut self) -> Value {
        let anyone = person("Org1MSP");
        self.ok(&anyone, get_config()).await["config"].take()
    }

    /// What a stored proposal's intent makes of the config in force.
    fn intended(&self, id: &str) -> ConfigTree {
        let key = state_key(&["proposal", id]);
        let stored = self.ledger.get(&key).unwrap().value.clone();
        let proposal = Proposal::decode(stored).unwrap();
        assert!(proposal.given_update.is_empty());
        let patch = Patch::parse(proposal.patch, &PatchLimits::default()).unwrap();
        let head = ConfigTree::parse(self.config()).unwrap();
        patch.apply(&head).unwrap()
    }
}

fn tree(config: &Value) -> ConfigTree {
    let bytes = json::decode("common.Config", config.to_string().as_bytes()).unwrap();
    ConfigTree::parse(bytes.into()).unwrap()
}

/// Gives every element of a config another version.
fn renumber(value: &mut Value, version: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| renumber(item, version)),
        Value::Object(members) => {
            members.values_mut().for_each(|one| renumber(one, version));
            if members.contains_key("mod_policy") {
                members.insert("version".to_owned(), version.clone());
            }
        }
        _ => {}
    }
}

type Edit = fn(&mut Value);

/// Edits of the channel group.
const EDITS: [(&str, Edit); 7] = [
    ("a value", |root| {
        root["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] = json!("3s");
    }),
    ("a value that is gone", |root| {
        let values = &mut root["groups"]["Application"]["groups"]["Org1MSP"]["values"];
        values["AnchorPeers"] = json!({"mod_policy": "Admins", "value": {"anchor_peers": []}});
        // channels of V3_0 have none
        root["values"]
            .as_object_mut()
            .unwrap()
            .remove("OrdererAddresses");
    }),
    ("policies", |root| {
        let policies = &mut root["groups"]["Application"]["policies"];
        let any = json!({"type": 3, "value": {"rule": "ANY", "sub_policy": "Admins"}});
        policies["Extra"] = json!({"mod_policy": "Admins", "policy": any});
        policies["Writers"]["policy"] = policies["Extra"]["policy"].clone();
        policies
            .as_object_mut()
            .unwrap()
            .remove("LifecycleEndorsement");
    }),
    ("a member that leaves", |root| {
        let members = root["groups"]["Application"]["groups"].as_object_mut();
        members.unwrap().remove("Org2MSP");
    }),
    ("a member that joins", |root| {
        let mut org = root["groups"]["Application"]["groups"]["Org2MSP"].clone();
        org["values"]["MSP"]["value"]["config"]["name"] = json!("OrgZMSP");
        root["groups"]["Application"]["groups"]["OrgZ"] = org;
    }),
    ("the mod policy of a group", |root| {
        root["groups"]["Application"]["mod_policy"] = json!("Writers");
    }),
    ("mod policies below", |root| {
        let org = &mut root["groups"]["Application"]["groups"]["Org1MSP"];
        org["mod_policy"] = json!("/Channel/Application/Admins");
        org["policies"]["Readers"]["mod_policy"] = json!("/Channel/Application/Admins");
        org["values"]["MSP"]["mod_policy"] = json!("/Channel/Application/Admins");
    }),
];

#[tokio::test]
async fn an_edited_config_becomes_the_intent_that_makes_exactly_that_config() {
    let org1 = person("Org1MSP");
    for (capture, synced) in [
        (CAPTURES[0], false),
        (CAPTURES[0], true),
        (CAPTURES[1], true),
    ] {
        let (mut world, _) = founded_on(&capture.genesis()).await;
        if synced {
            world
                .ok(&org1, sync_config(&capture.after("add-orgx")))
                .await;
        }
        for (number, (name, edit)) in EDITS.iter().enumerate() {
            let mut config = world.editable().await;
            edit(&mut config["channel_group"]);
            let edited = tree(&config);
            // whatever versions say
            renumber(&mut config["channel_group"], &json!("7"));
            let id = format!("edit-{number}");
            world
                .ok(&org1, propose_config(&id, &config.to_string()))
                .await;
            assert!(world.intended(&id).same_content(&edited), "{name}");
            let shown = world.proposal(&id).await;
            assert_eq!(shown["status"], "WaitingForSignatures", "{name}");
            // in its other forms it is the same
            let bytes = Bytes::from(edited.encode());
            let packed = propose_config(&format!("{id}-b"), &base64(&bytes));
            let packed = world.invocation(&org1, packed);
            let text = config.to_string();
            for (field, carried) in [("config", &bytes), ("config", &text.into_bytes().into())] {
                let digest = Digest::of(carried);
                let mut named = packed.clone();
                named.args[2] = digest.to_string().into();
                for field in [field.to_owned(), format!("{field}.{digest}")] {
                    named.transient = [(field, carried.clone())].into();
                    world.same_update(&named, &shown).await;
                }
            }
            world.same_update(&packed, &shown).await;
        }
    }
}

impl World<Contract> {
    /// A call that is refused for nothing but that its update is open already.
    async fn same_update(&mut self, call: &Invocation, shown: &Value) {
        let message = self.refused_call(call, "UPDATE_TAKEN").await;
        let id = shown["proposal_id"].as_str().unwrap();
        assert!(message.contains(&format!("`{id}`")), "{message}");
    }
}

#[tokio::test]
async fn what_configtxlator_made_leads_to_what_it_computed() {
    let org1 = person("Org1MSP");
    for capture in CAPTURES {
        let (mut world, _) = founded_on(&capture.genesis()).await;
        for (id, block) in [("add-orgx", None), ("add-orgy", Some("add-orgx"))] {
            if let Some(block) = block {
                world.ok(&org1, sync_config(&capture.after(block))).await;
            }
            let modified = base64(&capture.file(&format!("{id}/modified_config.pb")));
            world.ok(&org1, propose_config(id, &modified)).await;
            let theirs = capture.file(&format!("{id}/config_update.pb"));
            let ours = ConfigUpdate::decode(world.first_update(id)).unwrap();
            assert!(
                ours == ConfigUpdate::decode(theirs.as_slice()).unwrap(),
                "{id}"
            );
            let same = capture.file(&format!("{id}/config.pb"));
            let same = propose_config("same", &base64(&same));
            world.refused(&org1, same, "NOTHING_TO_CHANGE").await;
        }
    }
}

/// A config as a program wrote it that orders the entries of maps in its own way.
fn unsorted(config: &[u8]) -> Vec<u8> {
    checkpoint(config, |config| {
        let root = config.channel_group.as_mut().unwrap();
        let application = root.groups.get_mut("Application").unwrap();
        let mut acls = Vec::new();
        for (name, policy) in [("peer/Propose", "Writers"), ("event/Block", "Readers")] {
            let mut reference = Vec::new();
            write::bytes(
                &mut reference,
                1,
                format!("/Channel/Application/{policy}").as_bytes(),
            );
            let mut entry = Vec::new();
            write::bytes(&mut entry, 1, name.as_bytes());
            write::bytes(&mut entry, 2, &reference);
            write::bytes(&mut acls, 1, &entry);
        }
        let mut value = application.values["Capabilities"].clone();
        value.value = acls.into();
        application.values.insert("ACLs".to_owned(), value);
    })
}

#[tokio::test]
async fn another_order_of_map_entries_is_no_change() {
    let org1 = person("Org1MSP");
    let (first, _) = founded().await;
    let (mut world, _) = founded_on(&unsorted(&first.config())).await;
    let mut config = world.editable().await;
    let same = tree(&config);
    let sorted = base64(&same.encode());
    assert!(!same.same_content(&ConfigTree::parse(world.config()).unwrap()));
    for form in [config.to_string(), sorted.clone()] {
        let call = propose_config("same", &form);
        world.refused(&org1, call, "NOTHING_TO_CHANGE").await;
    }
    let text = "timeout";
    config["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"]["value"][text] =
        json!("5s");
    let binary = base64(&tree(&config).encode());
    for (id, form) in [("text", config.to_string()), ("binary", binary)] {
        let call = propose_config(id, &form);
        match id {
            "text" => drop(world.ok(&org1, call).await),
            _ => drop(world.refused(&org1, call, "UPDATE_TAKEN").await),
        }
    }
    let shown = world.proposal("text").await;
    let changed = &shown["diff"]["changes"];
    assert_eq!(changed.as_array().unwrap().len(), 1, "{changed}");
    // where one of them does change, it is written
    let acls = &mut config["channel_group"]["groups"]["Application"]["values"]["ACLs"]["value"];
    acls["acls"]["peer/Propose"]["policy_ref"] = json!("/Channel/Application/Admins");
    world
        .ok(&org1, propose_config("both", &config.to_string()))
        .await;
    let shown = world.proposal("both").await;
    assert!(shown["patch"].to_string().contains("ACLs"), "{shown}");
}

#[tokio::test]
async fn a_config_of_another_sequence_is_refused_with_both() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    let early = world.editable().await.to_string();
    world
        .ok(&org1, sync_config(&CAPTURES[0].after("add-orgx")))
        .await;
    let message = world
        .refused(&org1, propose_config("early", &early), "STALE_CONFIG")
        .await;
    assert!(
        message.contains("sequence 0") && message.contains("at 1"),
        "{message}"
    );
    assert!(message.contains("`GetConfig`"), "{message}");
    let late = base64(&CAPTURES[0].file("add-orgy/config_raw_after.pb"));
    let message = world
        .refused(&org1, propose_config("late", &late), "STALE_CONFIG")
        .await;
    assert!(
        message.contains("sequence 2") && message.contains("`SyncConfig`"),
        "{message}"
    );
}

#[tokio::test]
async fn the_limit_is_that_of_the_intent() {
    let org1 = person("Org1MSP");
    let (first, _) = founded().await;
    let block = checkpoint(&first.config(), |config| {
        let root = config.channel_group.as_mut().unwrap();
        many(root.groups.get_mut("Application").unwrap(), 300);
    });
    let (mut world, _) = founded_on(&block).await;
    let mut config = Config::decode(world.config()).unwrap();
    assert!(config.encoded_len() > 1 << 20);
    let root = config.channel_group.as_mut().unwrap();
    root.groups
        .get_mut("Application")
        .unwrap()
        .groups
        .remove("M000007");
    let small = base64(&config.encode_to_vec());
    world.ok(&org1, propose_config("small", &small)).await;
    let shown = world.proposal("small").await;
    assert_eq!(shown["status"], "WaitingForSignatures");
    let root = config.channel_group.as_mut().unwrap();
    let application = root.groups.get_mut("Application").unwrap();
    let value = application.values.get_mut("Capabilities").unwrap();
    let mut content = value.value.to_vec();
    write::bytes(&mut content, 15, &vec![7; 1 << 20]);
    value.value = content.into();
    let large = base64(&config.encode_to_vec());
    world
        .refused(&org1, propose_config("large", &large), "PATCH_TOO_LARGE")
        .await;
}

#[tokio::test]
async fn what_is_no_whole_config_is_refused() {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    let mut config = world.editable().await;
    let whole = config.clone();
    let extra = json!({"channel_group": {"groups": {"Application": {"values": {}}}}});
    config["channel_group"]["groups"]["Application"]["mod_policy"] = json!("");
    let mut unknown = Config::decode(world.config()).unwrap().encode_to_vec();
    unknown.extend([0x7a, 0]);
    let nested = {
        let mut config = Config::decode(world.config()).unwrap();
        let root = config.channel_group.as_mut().unwrap();
        let value = root.values["Capabilities"].encode_to_vec();
        root.values.remove("Capabilities");
        let mut group = root.encode_to_vec();
        let mut entry = Vec::new();
        write::bytes(&mut entry, 1, b"Capabilities");
        // a new content, and a field that nobody knows
        let mut value = [&value[..], &[0x12, 0, 0x7a, 0]].concat();
        write::bytes(&mut value, 3, b"Admins");
        write::bytes(&mut entry, 2, &value);
        write::bytes(&mut group, 3, &entry);
        let mut config = Vec::new();
        write::bytes(&mut config, 2, &group);
        config
    };
    for (given, symbol, text) in [
        (whole.to_string(), "NOTHING_TO_CHANGE", "says the same"),
        // a patch is no config: what it does not name is not to be deleted
        (extra.to_string(), "BAD_PATCH", "`ProposeConfigUpdate`"),
        (config.to_string(), "INVALID_RESULT", "Application"),
        ("{}".to_owned(), "BAD_PROTOBUF", "no groups"),
        (r#"{"channel_group":{"#.to_owned(), "BAD_JSON", ""),
        (r#"{"sequence":"x"}"#.to_owned(), "BAD_JSON", ""),
        ("no base64!".to_owned(), "BAD_PROTOBUF", ""),
        ("abc".to_owned(), "BAD_BASE64", ""),
        (base64(&unknown), "BAD_PROTOBUF", ""),
        (base64(&nested), "BAD_PROTOBUF", "Capabilities"),
        (
            base64(&CAPTURES[0].file("add-orgx/config_update.pb")),
            "BAD_PROTOBUF",
            "a common.ConfigUpdate of channel `mychannel`",
        ),
        ("ab".repeat(32), "TRANSIENT_MISSING", "`config`"),
    ] {
        let call = propose_config("edited", &given);
        let message = world.refused(&org1, call, symbol).await;
        assert!(message.contains(text), "{message}");
    }
    let mut call = world.invocation(&org1, propose_config("edited", &"ab".repeat(32)));
    call.transient = [("config".to_owned(), world.config())].into();
    world.refused_call(&call, "TRANSIENT_MISMATCH").await;
    let stranger = propose_config("edited", &whole.to_string());
    world
        .refused(&person("OrdererMSP"), stranger, "NOT_MEMBER")
        .await;
}

/// What configtxlator makes of a message.
fn as_json(message_type: &str, bytes: &[u8]) -> String {
    json::encode(message_type, bytes).unwrap()
}

#[tokio::test]
async fn updates_are_taken_in_all_their_forms() {
    let org1 = person("Org1MSP");
    for capture in CAPTURES {
        let (mut world, _) = founded_on(&capture.genesis()).await;
        let file = |name: &str| capture.file(&format!("add-orgx/{name}"));
        let update = file("config_update.pb");
        let (unsigned, signed) = (file("envelope_unsigned.pb"), file("envelope_signed.pb"));
        let text = |bytes: &[u8]| as_json("common.Envelope", bytes);
        for (id, given, signers) in [
            ("update", base64(&update), &[][..]),
            ("update-json", as_json("common.ConfigUpdate", &update), &[]),
            ("unsigned", base64(&unsigned), &[]),
            ("unsigned-json", text(&unsigned), &[]),
            ("signed", base64(&signed), &["Org1MSP", "Org2MSP"]),
            ("signed-json", text(&signed), &["Org1MSP", "Org2MSP"]),
        ] {
            let answer = world.ok(&org1, propose_config_update(id, &given)).await;
            let unused = answer["unused_signatures"].as_array().unwrap();
            let named: Vec<&str> = unused
                .iter()
                .map(|it| it["msp_id"].as_str().unwrap())
                .collect();
            assert_eq!(named, signers, "{id}");
            for one in unused {
                let subject = one["subject"].as_str().unwrap();
                assert!(subject.contains("Admin@"), "{subject}");
            }
            let shown = world.proposal(id).await;
            assert_eq!(shown["signatures"], json!([]), "{id}");
            assert_eq!(shown["status"], "WaitingForSignatures", "{id}");
            let first = world.first_update(id);
            let theirs = ConfigUpdate::decode(update.as_slice()).unwrap();
            assert!(
                ConfigUpdate::decode(first.clone()).unwrap() == theirs,
                "{id}"
            );
            if id == "signed" {
                // those very bytes, so that the same file carries the signatures
                let added = world.ok(&org1, add_signature(id, &given)).await;
                assert_eq!(added["added"].as_array().unwrap().len(), 2);
            }
            if id == "unsigned" {
                let added = world.ok(&org1, add_signature(id, &text(&signed))).await;
                assert_eq!(added["added"].as_array().unwrap().len(), 2);
            }
            world.ok(&org1, Call::of("DeleteProposal").and(id)).await;
        }
    }
}

#[tokio::test]
async fn signers_that_nobody_knows_are_named_as_far_as_they_say() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    let update = CAPTURES[0].file("add-orgx/config_update.pb");
    let header = |creator: &[u8]| {
        let mut header = Vec::new();
        write::bytes(&mut header, 1, creator);
        header
    };
    let signature = |header: Vec<u8>| ConfigSignature {
        signature_header: header.into(),
        signature: Bytes::from_static(b"none"),
    };
    let signatures = [
        signature(header(b"\x0a\x07OrgZMSP\x12\x04none")),
        signature(header(b"nobody")),
        signature(vec![0xff]),
    ];
    let envelope = |signatures: &[_]| {
        let channel = "mychannel".into();
        base64(&update_envelope(&channel, &update, signatures))
    };
    let call = propose_config_update("odd", &envelope(&signatures));
    let answer = world.ok(&org1, call).await;
    let nobody = json!({"fingerprint": null, "msp_id": null, "subject": null});
    let mut known = nobody.clone();
    known["msp_id"] = json!("OrgZMSP");
    assert_eq!(answer["unused_signatures"], json!([known, nobody, nobody]));
    // as many, and as long, as `AddSignature` takes
    let many = vec![signatures[0].clone(); 1025];
    let call = propose_config_update("many", &envelope(&many));
    world.refused(&org1, call, "TOO_MANY").await;
    let long = [signature(header(&[0; 9000]))];
    let call = propose_config_update("long", &envelope(&long));
    world.refused(&org1, call, "HEADER_TOO_LARGE").await;
}

/// An organisation alone on its channel: what `configtxgen`, `configtxlator` and `jq` made.
#[tokio::test]
async fn files_that_tools_wrote_are_taken() {
    let file = |name: &str| captured(&format!("one-org/{name}"));
    let (world, _) = founded_on(&file("One.block")).await;
    let mut creator = Vec::new();
    write::bytes(&mut creator, 1, b"Org1MSP");
    write::bytes(&mut creator, 2, &file("org1_admin.pem"));
    let text = String::from_utf8(file("upd.json")).unwrap();
    for given in [text, base64(&file("env.pb"))] {
        let mut call = world.invocation(&person("Org1MSP"), propose_config_update("given", &given));
        call.creator = creator.clone().into();
        let (response, set) = world.server.simulate(&world.ledger, &call).await;
        assert!(response.is_success(), "{}", response.message);
        assert!(!set.writes.is_empty());
    }
}

#[tokio::test]
async fn a_patch_that_looks_like_a_config_is_refused_with_a_pointer() {
    let org1 = person("Org1MSP");
    let (mut world, _) = founded().await;
    let genesis = world.editable().await;
    world
        .ok(&org1, sync_config(&CAPTURES[0].after("add-orgx")))
        .await;
    let config = world.editable().await;
    let group = |name: &str| config["channel_group"]["groups"][name].clone();
    let of = |name: &str, group: Value| json!({"channel_group": {"groups": {name: group}}});
    let admins = json!({"version": "1", "mod_policy": "Admins"});
    let mut fewer = group("Application");
    fewer["groups"].as_object_mut().unwrap().remove("Org2MSP");
    fewer["version"] = json!("1");
    let mut zero = genesis.clone();
    renumber(&mut zero["channel_group"], &json!("0"));
    let deleted = json!({"values": {"Capabilities": {"version": "2", "mod_policy": "Admins"}}});
    let higher = json!({"policies": {"Admins": {"version": "3", "mod_policy": "Admins"}}});
    for (name, patch) in [
        (
            "a mod policy beside its version",
            of("Application", admins.clone()),
        ),
        ("the same of orderers", of("Orderer", admins.clone())),
        (
            "the same of the channel",
            json!({ "channel_group": admins }),
        ),
        (
            "the same of a value",
            of("Orderer", json!({"values": {"BatchSize": admins.clone()}})),
        ),
        (
            "the same of a policy",
            of(
                "Application",
                json!({"policies": {"Admins": admins.clone()}}),
            ),
        ),
        ("a member left out", of("Application", fewer)),
        ("a whole config", config.clone()),
        ("the first one", zero.clone()),
        ("its group", json!({"channel_group": zero["channel_group"]})),
        ("a version that is no mode", of("Application", higher)),
        ("a version that is DELETE", of("Application", deleted)),
        ("a sequence", json!({"sequence": "1", "channel_group": {}})),
    ] {
        let call = propose_config_update("pasted", &patch.to_string());
        let message = world.refused(&org1, call, "BAD_PATCH").await;
        assert!(message.contains("looks like a config"), "{name}: {message}");
        assert!(
            message.contains("`ProposeConfig` takes"),
            "{name}: {message}"
        );
    }
    let call = propose_config_update("pasted", &of("Application", admins).to_string());
    let message = world.refused(&org1, call, "BAD_PATCH").await;
    assert!(
        message.contains("`Org1MSP`, `Org2MSP`, `OrgXMSP`"),
        "{message}"
    );

    // what is meant as a patch still is one
    let mut org = group("Application")["groups"]["OrgXMSP"].take();
    org["version"] = json!("1");
    org["values"].as_object_mut().unwrap().remove("AnchorPeers");
    org["policies"]["Extra"] = org["policies"]["Admins"].clone();
    let level =
        |level: &str| json!({"values": {"Capabilities": {"value": {"capabilities": {level: {}}}}}});
    let levels = json!({"groups": {"Application": level("V2_0"), "Orderer": level("V2_0")}});
    for (id, patch) in [
        (
            "one",
            json!({"groups": {"Application": {"groups": {"OrgXMSP": org}}}}),
        ),
        ("two", levels),
        (
            "three",
            json!({"groups": {"Application": {"groups": {"OrgXMSP": {"version": 2}}}}}),
        ),
    ] {
        world.ok(&org1, propose_patch(id, &patch)).await;
    }
}

#[tokio::test]
async fn other_files_are_recognised_and_named() {
    let org1 = person("Org1MSP");
    let (world, _) = founded().await;
    let capture = CAPTURES[0];
    let file = |name: &str| capture.file(&format!("add-orgx/{name}"));
    let block = capture.after("add-orgx");
    let carried = transaction_in(&block);
    let org = String::from_utf8(file("org.json")).unwrap();
    let msp = serde_json::from_str::<Value>(&org).unwrap()["values"]["MSP"].take();
    let signature = org1.signed(b"update");
    let pem = captured("one-org/org1_admin.pem");
    let text = |form: &str, bytes: &[u8]| as_json(form, bytes);
    let config = file("config_raw_before.pb");
    let files: Vec<(&str, Vec<String>)> = vec![
        (
            "common.Block 1 of channel `mychannel`",
            vec![base64(&block), text("common.Block", &block)],
        ),
        (
            "common.Envelope of type CONFIG (1) of channel `mychannel`",
            vec![base64(&carried), text("common.Envelope", &carried)],
        ),
        (
            "common.Envelope of type ENDORSER_TRANSACTION (3) of channel `mychannel`",
            vec![base64(&endorser(&carried))],
        ),
        (
            "common.Config of sequence 0",
            vec![base64(&config), text("common.Config", &config)],
        ),
        (
            "common.ConfigUpdateEnvelope",
            vec![base64(&file("config_update_envelope_onchain.pb"))],
        ),
        ("common.ConfigSignature", vec![signature]),
        ("common.ConfigGroup", vec![org.clone()]),
        ("common.ConfigValue", vec![msp.to_string()]),
        ("msp.MSPConfig", vec![msp["value"].to_string()]),
        (
            "a PEM file, `CERTIFICATE`",
            vec![String::from_utf8(pem.clone()).unwrap(), base64(&pem)],
        ),
        (
            "common.ConfigUpdate of channel `mychannel`",
            vec![base64(&file("config_update.pb"))],
        ),
        (
            "common.Envelope of type CONFIG_UPDATE (2) of channel `mychannel`",
            vec![base64(&file("envelope_signed.pb"))],
        ),
    ];
    let mut named = 0;
    for (what, forms) in &files {
        for form in forms {
            let calls = [
                propose_config_update("new", form),
                propose_config("new", form),
                cmcc::propose_config_update("new", form),
                add_signature("new", form),
                add_organization("new", "OrgN", form.as_bytes()),
                Call::of("ReconfigOrganizationMSP")
                    .and("new")
                    .and(form)
                    .and("d"),
                sync_config(form.as_bytes()),
            ];
            for call in calls {
                let name = call.function();
                let call = world.invocation(&org1, call);
                let (response, _) = world.server.simulate(&world.ledger, &call).await;
                let message = &response.message;
                // what it takes, and what is refused for what is in it
                let right = match (name.as_str(), *what) {
                    ("ProposeConfigUpdate", what) => {
                        what.contains("ConfigUpdate of")
                            || what.contains("CONFIG_UPDATE")
                            || (what.contains("common.Config of") && form.starts_with('{'))
                    }
                    ("ProposeConfig", what) => what.contains("common.Config of"),
                    ("proposeConfigUpdate", what) => what.contains("ConfigUpdate of"),
                    ("AddSignature", what) => {
                        what.contains("ConfigSignature") || what.contains("CONFIG_UPDATE")
                    }
                    ("AddOrganization", what) => what.contains("ConfigGroup"),
                    ("ReconfigOrganizationMSP", what) => what.contains("ConfigValue"),
                    (_, what) => what.contains("Block") && !form.starts_with('{'),
                };
                if right {
                    assert!(
                        !message.contains("; this is a"),
                        "{name}, {what}: {message}"
                    );
                    continue;
                }
                assert!(!response.is_success(), "{name} takes {what}");
                assert!(message.contains(what), "{name}, {what}: {message}");
                named += 1;
            }
        }
    }
    assert!(named > 80, "{named}");
}

/// The transaction in a config block.
fn transaction_in(block: &[u8]) -> Vec<u8> {
    let block = common::Block::decode(block).unwrap();
    block.data.unwrap().data[0].to_vec()
}

/// The same envelope under another type.
fn endorser(envelope: &[u8]) -> Vec<u8> {
    let mut envelope = common::Envelope::decode(envelope).unwrap();
    let mut payload = common::Payload::decode(envelope.payload).unwrap();
    let header = payload.header.as_mut().unwrap();
    let mut channel = common::ChannelHeader::decode(header.channel_header.clone()).unwrap();
    channel.r#type = 3;
    header.channel_header = channel.encode_to_vec().into();
    envelope.payload = payload.encode_to_vec().into();
    envelope.encode_to_vec()
}

/// Whatever is cut or altered is refused, or is what it says.
#[tokio::test]
async fn recognising_survives_every_prefix() {
    let org1 = person("Org1MSP");
    let (world, _) = founded().await;
    for name in [
        "add-orgx/config_update.pb",
        "add-orgx/envelope_signed.pb",
        "genesis.block",
    ] {
        let file = CAPTURES[0].file(name);
        for end in (0..file.len()).step_by(file.len() / 60) {
            let cut = base64(&file[..end]);
            for call in [
                propose_config_update("new", &cut),
                propose_config("new", &cut),
                add_signature("new", &cut),
            ] {
                let call = world.invocation(&org1, call);
                let (response, _) = world.server.simulate(&world.ledger, &call).await;
                assert!(!response.is_success(), "{name} up to {end}");
            }
        }
    }
}
