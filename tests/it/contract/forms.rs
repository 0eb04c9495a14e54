//! The forms of arguments, and what refusals show of them.

use bytes::Bytes;
use cmscc::{
    contract::function_names,
    ids::Digest,
    proto::{common, write},
};
use prost::Message;

use super::{
    calls::{Call, add_signature, list_proposals, propose_config_update, raw, sync_config},
    captures::{CAPTURES, after},
    people::{Person, base64, person},
    world::{Server, World, founded, symbol_of, trusting},
};

#[tokio::test]
async fn refusals_show_hostile_texts_safely() {
    let (world, _) = founded().await;
    let org1 = person("Org1MSP");
    let org = String::from_utf8(CAPTURES[0].file("add-orgx/org.json")).unwrap();
    let long = "A".repeat(500_000);
    let hostile = "a\\u001b[31m\\nb\\u202e";
    let policy = r#"{"mod_policy":"Admins","policy":{"type":3,"value":{"rule":"ANY","sub_policy":"Admins"}}}"#;
    let patch = |name: &str| {
        format!(
            r#"{{"channel_group":{{"groups":{{"Application":{{"policies":{{"{name}":{policy}}}}}}}}}}}"#
        )
    };
    let texts = [
        "x\u{1b}[31m\n\0\u{7f}\u{85}\u{202e}".to_owned(),
        long.clone(),
        format!(r#"{{"{long}":1}}"#),
        format!(r#"{{"{hostile}":1}}"#),
        format!(r#"{{"deadline":"{hostile}"}}"#),
        format!(r#"{{"status":"{hostile}"}}"#),
        format!(r#"{{"format":"{hostile}"}}"#),
        format!(r#"{{"format":"{long}"}}"#),
        format!(r#"{{"gate":"{hostile}"}}"#),
        format!(r#"{{"capabilities":["{hostile}"]}}"#),
        format!(r#"{{"endorsement_policy":"/Channel/{hostile}"}}"#),
        format!(r#"{{"channel":["{hostile}"]}}"#),
        format!(r#"["{hostile}","{long}"]"#),
        patch(hostile),
        patch(&long),
    ];
    let good = patch("Good");
    let mut names: Vec<&str> = function_names().collect();
    names.push(&texts[0]);
    for name in names {
        let usual: &[&str] = match name {
            "AddOrganization" | "AddOrgnization" => &["new", "OrgX", &org, "d", "{}"],
            "ProposeConfig" | "ProposeConfigUpdate" => &["new", &good, "d", "{}"],
            "CheckProposal" => &["ProposeConfigUpdate", "new", &good, "d", "{}"],
            "ProposeSettings" => &["new", r#"{"gate":"enforced"}"#, "d", "{}"],
            "CombineProposals" => &["new", "[]", "d", "{}"],
            "UpdateProposals" => &["6", "[]"],
            _ => &["none", "r"],
        };
        for place in 0..usual.len() {
            for text in &texts {
                let mut args = usual.to_vec();
                args[place] = text;
                let call = args.into_iter().fold(Call::of(name), Call::and);
                let call = world.invocation(&org1, call);
                let (response, _) = world.server.simulate(&world.ledger, &call).await;
                let message = &response.message;
                assert!(message.len() < 4_300, "{name}: {} bytes", message.len());
                let odd = |c: char| c.is_control() || c == '\u{202e}';
                assert!(!message.contains(odd), "{name}: {message:?}");
            }
        }
    }
    // what was expected is still there
    let list = list_proposals().options(&texts[2]);
    let call = world.invocation(&org1, list);
    let (response, _) = world.server.simulate(&world.ledger, &call).await;
    assert_eq!(symbol_of(&response), "BAD_OPTION");
    assert!(response.message.contains("AAA.. ("), "{}", response.message);
    assert!(
        response.message.contains("`page_size`"),
        "{}",
        response.message
    );
}

#[tokio::test]
async fn an_init_call_without_blocks_succeeds_whatever_it_calls() {
    let org1 = person("Org1MSP");
    let block = CAPTURES[0].genesis();
    for name in ["", "Init", "InitConsortium", "initLedger", "SyncConfig"] {
        let mut world = World::new(trusting());
        let mut call = world.invocation(&org1, Call::of(name).and(""));
        call.is_init = true;
        let (response, set) = world.submit(&call).await;
        assert!(response.is_success(), "{name}: {}", response.message);
        assert!(set.writes.is_empty());
        // blocks are taken by the names that are for them
        call.args[1] = block.clone().into();
        let (response, set) = world.submit(&call).await;
        let expected = match name {
            "initLedger" => "UNKNOWN_FUNCTION",
            "SyncConfig" => "NOT_INITIALIZED",
            _ => "",
        };
        assert_eq!(symbol_of(&response), expected, "{name}");
        assert_eq!(set.writes.is_empty(), !expected.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn null_options_are_absent_ones() {
    let (mut world, _) = founded().await;
    let org1 = person("Org1MSP");
    for (function, options) in [
        (
            "ListProposals",
            r#"{"bookmark":null,"conflicts":null,"msp_id":null,"page_size":null,"status":null}"#,
        ),
        ("GetHistory", r#"{"bookmark":null,"page_size":null}"#),
        ("GetConfig", r#"{"format":null}"#),
    ] {
        let without = world.ok(&org1, Call::of(function)).await;
        for options in [options, "{}", " {} ", ""] {
            let call = Call::of(function).and(options);
            assert_eq!(world.ok(&org1, call).await, without, "{function} {options}");
        }
    }
}

#[tokio::test]
async fn a_block_argument_has_four_forms() {
    let (world, _) = founded().await;
    let org1 = person("Org1MSP");
    let block = after("add-orgx");
    let next = after("add-orgy");
    let digest = Digest::of(&block).to_string();
    let packed = base64(&block);
    let lines: Vec<&str> = packed
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let spaced = lines.join(" \r\n\t");
    let own = format!("config_block.{digest}");
    let named = |name: &str| [(name.to_owned(), Bytes::from(block.clone()))].into();
    let (one, many) = (named("config_block"), named(&own));
    let none = Default::default();
    let upper = digest.to_uppercase();
    let line = format!("{digest}\n");
    let cases: [(&[&[u8]], _, &str); 12] = [
        (&[&block], &none, ""),
        (&[&block, &next], &none, ""),
        (&[packed.as_bytes(), &next], &none, ""),
        (&[spaced.as_bytes()], &none, ""),
        (&[digest.as_bytes()], &one, ""),
        (&[digest.as_bytes(), &next], &many, ""),
        (&[digest.as_bytes(), digest.as_bytes()], &many, ""),
        (&[digest.as_bytes()], &none, "TRANSIENT_MISSING"),
        // digits that are not exactly 64 lower-case ones are base64
        (&[upper.as_bytes()], &one, "BAD_BLOCK"),
        (&[line.as_bytes()], &one, "BAD_BLOCK"),
        (&[&digest.as_bytes()[1..]], &one, "BAD_BASE64"),
        (&[b"{}"], &one, "BAD_BLOCK"),
    ];
    for (blocks, transient, symbol) in cases {
        let call = blocks.iter().fold(Call::of("SyncConfig"), Call::and);
        let mut call = world.invocation(&org1, call);
        call.transient.clone_from(transient);
        let (response, _) = world.server.simulate(&world.ledger, &call).await;
        assert_eq!(symbol_of(&response), symbol);
        assert_eq!(response.is_success(), symbol.is_empty());
    }
}

/// An envelope as nobody would make it.
fn envelope(kind: u64, update: &[u8], signatures: &[&common::ConfigSignature]) -> String {
    let mut channel_header = Vec::new();
    write::uint(&mut channel_header, 1, kind);
    write::bytes(&mut channel_header, 4, b"mychannel");
    let mut header = Vec::new();
    write::bytes(&mut header, 1, &channel_header);
    let mut data = Vec::new();
    write::bytes(&mut data, 1, update);
    for signature in signatures {
        write::message(&mut data, 2, &signature.encode_to_vec());
    }
    let mut payload = Vec::new();
    write::message(&mut payload, 1, &header);
    write::bytes(&mut payload, 2, &data);
    let mut envelope = Vec::new();
    write::bytes(&mut envelope, 1, &payload);
    base64(&envelope)
}

#[tokio::test]
async fn an_envelope_carries_any_number_of_signatures_on_these_bytes() {
    let (mut world, _) = founded().await;
    let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
    world.propose_org(&org1, "add_orgx", "add-orgx").await;
    let update = world.update_to_sign("add_orgx").await;
    let signature = |who: &Person| who.config_signature(&update);
    let (one, two) = (signature(&org1), signature(&org2));
    let other = signature(&person("OrdererMSP"));
    let forged = common::ConfigSignature {
        signature: Bytes::from_static(b"forged"),
        ..two.clone()
    };
    for (text, symbol) in [
        (envelope(2, &update, &[]), "BAD_PROTOBUF"),
        (envelope(1, &update, &[&one]), "BAD_PROTOBUF"),
        (envelope(2, b"\x0a\x01x", &[&one]), "WRONG_BYTES"),
        (envelope(2, b"", &[&one]), "WRONG_BYTES"),
        (
            envelope(2, &update, &[&forged, &other]),
            "SIGNATURE_INVALID",
        ),
        (
            envelope(2, &update, &[&other, &forged]),
            "SIGNER_NOT_CONCERNED",
        ),
        ("{}".to_owned(), "BAD_PROTOBUF"),
        (r#"{"a":1}"#.to_owned(), "BAD_JSON"),
    ] {
        world
            .refused(&org1, add_signature("add_orgx", &text), symbol)
            .await;
    }
    // one signature of an identity, whatever is refused beside it
    let call = add_signature(
        "add_orgx",
        &envelope(2, &update, &[&one, &forged, &one, &other]),
    );
    let answer = world.ok(&org2, &call).await;
    let codes = |list: &serde_json::Value, key: &str| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|one| one[key].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(codes(&answer["added"], "msp_id"), ["Org1MSP"]);
    assert_eq!(
        codes(&answer["refused"], "code"),
        ["SIGNATURE_INVALID", "SIGNER_NOT_CONCERNED"]
    );
    // nothing new and something refused writes nothing, and is a success
    let answer = world.ok(&org2, &call).await;
    assert_eq!(answer["added"], serde_json::json!([]));
    assert_eq!(codes(&answer["already"], "msp_id"), ["Org1MSP"]);
    assert_eq!(answer["refused"].as_array().unwrap().len(), 2);
    let call = add_signature("add_orgx", &envelope(2, &update, &[&one, &two]));
    let answer = world.ok(&org2, call).await;
    assert_eq!(codes(&answer["added"], "msp_id"), ["Org2MSP"]);
    assert_eq!(codes(&answer["already"], "msp_id"), ["Org1MSP"]);
}

#[tokio::test]
async fn refusals_that_the_config_decides_name_its_sequence() {
    let (mut world, anchors) = founded().await;
    let org1 = person("Org1MSP");
    let next = after("add-orgx");
    world.ok(&org1, sync_config(&next)).await;
    let stale = base64(&CAPTURES[0].file("add-orgx/config_update.pb"));
    for (intent, symbol) in [
        (
            r#"{"groups":{"Orderer":{"values":{"BatchTimeout":{"value":{"timeout":"soon"}}}}}}"#,
            "INVALID_RESULT",
        ),
        (
            r#"{"groups":{"Application":{"policies":{"New":{"policy":{"type":3,"value":{"rule":"ANY","sub_policy":"Admins"}}}}}}}"#,
            "INVALID_RESULT",
        ),
        (
            r#"{"groups":{"Application":{"policies":{"None":{"version":"2"}}}}}"#,
            "BAD_PATCH",
        ),
        (
            r#"{"groups":{"Application":{"mod_policy":"Admins"}}}"#,
            "NOTHING_TO_CHANGE",
        ),
        (
            r#"{"values":{"Capabilities":{"value":{"capabilities":{"V9_9":{}}}}}}"#,
            "CAPABILITY_UNSUPPORTED",
        ),
        (&stale, "STALE_UPDATE"),
    ] {
        let patch = format!(r#"{{"channel_group":{intent}}}"#);
        let intent = if intent.starts_with('{') {
            &patch
        } else {
            intent
        };
        let propose = propose_config_update("new", intent);
        let message = world.refused(&org1, propose, symbol).await;
        assert!(message.contains("sequence 1"), "{message}");
    }
    let last = after("add-orgy");
    let mut unsigned = common::Block::decode(last.as_slice()).unwrap();
    let entries = &mut unsigned.metadata.as_mut().unwrap().metadata;
    let mut metadata = common::Metadata::decode(entries[0].clone()).unwrap();
    metadata.signatures.clear();
    entries[0] = metadata.encode_to_vec().into();
    let sync = sync_config(&unsigned.encode_to_vec());
    let message = world.refused(&org1, sync, "BLOCK_SIGNATURES").await;
    assert!(message.contains("sequence 1"), "{message}");
    // one that no other test meets
    for call in [
        Call::of("GetProposal").and(b"\xff"),
        Call::of("ListProposals").and(b"\xff"),
        raw([b"\xff", b"x"]),
    ] {
        world.refused(&org1, call, "BAD_TEXT").await;
    }
    anchors.set(b"no block");
    let message = world
        .refused(&org1, sync_config(&next), "ANCHOR_UNREADABLE")
        .await;
    assert!(
        message.starts_with("Code 500: ") && message.contains("`mychannel`"),
        "{message}"
    );
}
