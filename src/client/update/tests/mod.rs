//! Files as people have them: what they are, what is made of them, and what an orderer would answer.

mod checked;
mod computed;
mod signatures;

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
