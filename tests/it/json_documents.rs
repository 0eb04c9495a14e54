//! Fabric's JSON form of real documents: there and back is the same message.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use cmscc::{config::ConfigTree, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, ascending.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What a capture holds, by its name.
fn message_type(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    Some(match name {
        "genesis.block" | "config_block_before.pb" | "config_block_after.pb" => "common.Block",
        "config.pb" | "modified_config.pb" | "config_raw_before.pb" | "config_raw_after.pb" => {
            "common.Config"
        }
        "config_update.pb" => "common.ConfigUpdate",
        "config_update_envelope_onchain.pb" => "common.ConfigUpdateEnvelope",
        name if name.starts_with("envelope_") || name.starts_with("rejected_") => "common.Envelope",
        _ => return None,
    })
}

/// Reads back what it writes, and checks that nothing moves any more.
fn there_and_back(message_type: &str, bytes: &[u8]) -> Vec<u8> {
    let text = json::encode(message_type, bytes).unwrap();
    let back = json::decode(message_type, text.as_bytes()).unwrap();
    assert_eq!(json::encode(message_type, &back).unwrap(), text);
    let compact = json::encode_compact(message_type, bytes, text.len()).unwrap();
    assert_eq!(
        json::decode(message_type, compact.as_bytes()).unwrap(),
        back
    );
    back
}

#[test]
fn captures_keep_their_content() {
    let mut seen = 0;
    for path in files(&root().join("tests/fabric-data")) {
        let Some(message_type) = message_type(&path) else {
            continue;
        };
        let bytes = fs::read(&path).unwrap();
        let back = there_and_back(message_type, &bytes);
        // fields in number order and maps by key change no length
        assert_eq!(back.len(), bytes.len(), "{}", path.display());
        if message_type == "common.Config" {
            let read = |bytes: Vec<u8>| ConfigTree::parse(Bytes::from(bytes)).unwrap();
            let (before, after) = (read(bytes), read(back.clone()));
            assert!(before.equals(&after), "{}", path.display());
            assert_eq!(after.encode(), back, "{}", path.display());
        }
        seen += 1;
    }
    assert!(seen >= 50, "{seen}");
}

#[test]
fn deterministic_configs_come_back_byte_for_byte() {
    let mut seen = 0;
    for path in files(&root().join("tests/vectors/perf")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let config = name.starts_with("config-")
            || name.starts_with("updated-")
            || name.ends_with(".config.pb");
        if config {
            let bytes = fs::read(&path).unwrap();
            assert_eq!(there_and_back("common.Config", &bytes), bytes, "{name}");
            seen += 1;
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn printed_organisations_come_back_as_text() {
    let orgs = files(&root().join("tests/fabric-data"));
    let orgs = orgs.iter().filter(|path| path.ends_with("org.json"));
    let mut seen = 0;
    for path in orgs {
        let text = fs::read_to_string(path).unwrap();
        let group = json::decode(json::MessageType::Organization, text.as_bytes()).unwrap();
        assert_eq!(
            json::encode(json::MessageType::Organization, &group).unwrap(),
            text,
            "{}",
            path.display()
        );
        seen += 1;
    }
    assert_eq!(seen, 6);
}
