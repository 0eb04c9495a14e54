//! Definitions from files, against what `configtxgen` printed; calls of intents.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use serde_json::Value;

use super::{MspDefinitionFolder, OrganizationFile, ProposalTerms, WantedChange};
use crate::ids::{ChannelId, MspId};

fn data(path: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/fabric-data").join(path)
}

fn printed() -> Vec<u8> {
    fs::read(data("fabric-3.1.5-caps-v2/add-orgx/org.json")).unwrap()
}

#[test]
fn what_configtxgen_printed_is_taken_as_it_is() {
    let read = OrganizationFile::parse(&printed()).unwrap();
    assert_eq!(read.msp_id.as_str(), "OrgXMSP");
    assert_eq!(read.group.as_bytes(), printed());
    let msp: Value = serde_json::from_str(&read.msp).unwrap();
    assert_eq!(msp["value"]["config"]["name"], "OrgXMSP");
    for other in [&b"{"[..], b"{}", b"-----BEGIN", b""] {
        let error = OrganizationFile::parse(other).unwrap_err();
        assert_eq!(error.symbol, "BAD_ORGANIZATION");
    }
}

/// A folder as `cryptogen` makes it, of the certificates in what `configtxgen` printed.
fn folder() -> tempfile::TempDir {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let printed: Value = serde_json::from_slice(&printed()).unwrap();
    let config = &printed["values"]["MSP"]["value"]["config"];
    let folder = tempfile::tempdir().unwrap();
    for (name, of) in [("cacerts", "root_certs"), ("tlscacerts", "tls_root_certs")] {
        let text = config[of][0].as_str().unwrap();
        fs::create_dir_all(folder.path().join("msp").join(name)).unwrap();
        let file = folder.path().join("msp").join(name).join("ca.pem");
        fs::write(file, STANDARD.decode(text).unwrap()).unwrap();
    }
    let ou = |name: &str, unit: &str| {
        format!(
            "  {name}OUIdentifier:\n    Certificate: cacerts/ca.pem\n    OrganizationalUnitIdentifier: {unit}\n"
        )
    };
    let units: String = [
        ("Client", "client"),
        ("Peer", "peer"),
        ("Admin", "admin"),
        ("Orderer", "orderer"),
    ]
    .map(|(name, unit)| ou(name, unit))
    .concat();
    let yaml = format!("NodeOUs:\n  Enable: true\n{units}");
    fs::write(folder.path().join("msp/config.yaml"), yaml).unwrap();
    folder
}

#[test]
fn a_folder_says_what_configtxgen_says_of_it() {
    let folder = folder();
    let msp = MspDefinitionFolder::new(folder.path());
    let config = msp.read(&MspId::new("OrgXMSP")).unwrap();
    let ours = OrganizationFile::of_msp(config).unwrap();
    let theirs = OrganizationFile::parse(&printed()).unwrap();
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(value(&ours.msp), value(&theirs.msp));
    assert_eq!(
        value(&ours.group)["policies"],
        value(&theirs.group)["policies"]
    );

    fs::remove_dir_all(folder.path().join("msp/cacerts")).unwrap();
    let error = msp.read(&MspId::new("OrgXMSP")).unwrap_err();
    assert_eq!(error.symbol, "BAD_ORGANIZATION");
    assert!(error.message.contains("no ca certificate"), "{error}");
}

#[test]
fn an_intent_becomes_a_call() {
    let channel = ChannelId::new("mychannel");
    let terms = ProposalTerms {
        id: "Org1MSP.x".to_owned(),
        description: "why".to_owned(),
        deadline: Some("2030-01-31T12:00:00Z".to_owned()),
    };
    let text = |wanted: &WantedChange| {
        let call = wanted.call(&terms).propose(&channel);
        let args: Vec<String> = (call.args.iter())
            .map(|arg| String::from_utf8(arg.to_vec()).unwrap())
            .collect();
        (args.join("|"), call.transient.len())
    };
    let removal = WantedChange::RemoveOrganization {
        name: "Org3MSP".to_owned(),
    };
    let patch =
        r#"{"channel_group":{"groups":{"Application":{"groups":{"Org3MSP":{"version":"2"}}}}}}"#;
    let options = r#"{"deadline":"2030-01-31T12:00:00Z"}"#;
    let expected = format!("ProposeConfigUpdate|Org1MSP.x|{patch}|why|{options}");
    assert_eq!(text(&removal), (expected, 0));
    let (name, words) = removal.usual(&"Org1MSP".into()).unwrap();
    assert_eq!((&*name, &*words), ("remove-Org3MSP", "remove Org3MSP"));

    let update = WantedChange::Update(Bytes::from_static(b"\x0a\x01x"));
    assert!(text(&update).0.contains("|CgF4|"));
    let big = WantedChange::Config(vec![b'{'; 200_000].into());
    let (args, transient) = text(&big);
    assert_eq!(transient, 1);
    assert!(args.len() < 300, "{args}");
}

#[test]
fn a_deadline_is_a_time_or_so_long_from_now() {
    let read = |given: &str| ProposalTerms::deadline(given, 1_700_000_000).ok();
    assert_eq!(
        read("2030-01-31T12:00:00Z").unwrap(),
        "2030-01-31T12:00:00Z"
    );
    assert_eq!(read("3d").unwrap(), "2023-11-17T22:13:20Z");
    assert_eq!(read("12h").unwrap(), "2023-11-15T10:13:20Z");
    for bad in [
        "",
        "d",
        "0d",
        "-1d",
        "3w",
        "3ä",
        "tomorrow",
        "9999999999999999999d",
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
}
