//! `cmscc update` on the command line: what it reads and writes, how it ends, and what it refuses.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cmscc::{
    config::{Update, envelope},
    ids::ChannelId,
    proto::{cmscc::AttestationStatement, common},
};
use prost::Message as _;
use serde_json::Value;
use tempfile::TempDir;

use super::desk::Desk;
use crate::ops::serving::{command, folder};

/// The example files of `docs/update.md`, in a folder of their own.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(folder());
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/update");
        for name in [
            "config_block.pb",
            "modified_config.json",
            "lockout.json",
            "org1.pb",
        ] {
            fs::copy(from.join(name), files.at(name)).unwrap();
        }
        files
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        let home = self.0.path().to_str().unwrap();
        let args = [&["update"], args].concat();
        command(&self.0, &args, &[("HOME", home)]).output().unwrap()
    }

    /// The document that is printed, and the exit code.
    fn document(&self, args: &[&str]) -> (Value, i32) {
        let out = self.run(&[args, &["--json"]].concat());
        let document = serde_json::from_slice(&out.stdout);
        let document = document.unwrap_or_else(|_| panic!("{args:?}: {out:?}"));
        (document, out.status.code().unwrap())
    }

    fn symbol(&self, args: &[&str]) -> (String, i32) {
        let (document, code) = self.document(args);
        let symbol = document["error"]["symbol"].as_str();
        let symbol = symbol.unwrap_or_else(|| panic!("{args:?}: {document:#}"));
        (symbol.to_owned(), code)
    }
}

/// As Org2's administrator.
const ORG2: [&str; 4] = [
    "--msp-id",
    "Org2MSP",
    "--msp-folder",
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/update/org2-admin"),
];

const EDITED: [&str; 3] = ["modified_config.json", "--against", "config_block.pb"];

#[test]
fn what_an_orderer_would_answer_is_the_exit_code() {
    let files = Files::new();
    let check = |args: &[&str]| {
        let (document, code) = files.document(&[&["check"], args].concat());
        (
            document["outcome"].as_str().unwrap_or_default().to_owned(),
            code,
        )
    };
    let is = |name: &str, code: i32| (name.to_owned(), code);
    assert_eq!(check(&EDITED), is("not_signed", 3));
    assert_eq!(
        check(&[&EDITED[..], &["--signed", "org1.pb"]].concat()),
        is("not_signed", 3)
    );
    assert_eq!(
        check(&["lockout.json", "--against", "config_block.pb"]),
        is("blocked", 7)
    );
    let accepted = ["--accept-finding", "LOCKOUT_POLICY"];
    let lockout = ["lockout.json", "--against", "config_block.pb"];
    assert_eq!(
        check(&[&lockout[..], &accepted].concat()),
        is("not_signed", 3)
    );

    // signed by both it is accepted, whichever file is named
    let inspected = files.document(&["inspect", "org1.pb"]).0;
    let digest = inspected["files"][0]["update"]["config_update_sha256"].as_str();
    let consent = ["--yes", "--digest", digest.unwrap()];
    let judged = [
        "sign",
        "org1.pb",
        "--against",
        "config_block.pb",
        "-o",
        "both.pb",
    ];
    let out = files.run(&[&judged[..], &ORG2, &consent].concat());
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    assert_eq!(
        check(&["both.pb", "--against", "config_block.pb"]),
        is("accepted", 0)
    );
    assert_eq!(
        check(&[&EDITED[..], &["--signed", "both.pb"]].concat()),
        is("accepted", 0)
    );
    // twice signs nobody
    let again = [
        "sign",
        "both.pb",
        "--against",
        "config_block.pb",
        "-o",
        "again.pb",
    ];
    let (document, code) = files.document(&[&again[..], &ORG2, &consent].concat());
    assert_eq!(
        (document["done"].as_str(), code),
        (Some("ALREADY_SIGNED"), 0)
    );
    assert!(!files.at("again.pb").exists());

    // signconfigtx writes who submits, too; each signature is over these very bytes
    let bytes = fs::read(files.at("both.pb")).unwrap();
    let read = envelope::read_update_envelope(&bytes.into()).unwrap();
    assert_eq!(read.signatures.len(), 2);
    assert_eq!(read.channel_id.as_str(), "mychannel");
    let update = Update::parse(read.config_update).unwrap();
    assert_eq!(Some(update.digest().to_string().as_str()), digest);
}

#[test]
fn nothing_is_signed_without_consent_or_against_its_own_digest() {
    let files = Files::new();
    let sign = [
        "sign",
        "org1.pb",
        "--against",
        "config_block.pb",
        "-o",
        "out.pb",
    ];
    let wrong = ["--yes", "--digest", &"0".repeat(64)];
    assert_eq!(
        files.symbol(&[&sign[..], &ORG2, &wrong].concat()),
        ("DIGEST_DIFFERS".to_owned(), 7)
    );
    // nobody can be asked here
    assert_eq!(
        files.symbol(&[&sign[..], &ORG2].concat()),
        ("NO_CONSENT".to_owned(), 2)
    );
    // what leads nowhere is not signed, nor what does not apply
    let compute = [
        "compute",
        "config_block.pb",
        "lockout.json",
        "-o",
        "lockout.pb",
    ];
    // it is computed, and the exit code tells
    let (document, code) = files.document(&compute);
    assert_eq!(code, 7);
    assert!(files.at("lockout.pb").exists());
    let accepted = [&compute[..], &["--accept-finding", "LOCKOUT_POLICY"]].concat();
    assert_eq!(files.document(&accepted).1, 0);
    let digest = document["config_update_sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    let consent = ["--yes", "--digest", digest.as_str()];
    let sign = [
        "sign",
        "lockout.pb",
        "--against",
        "config_block.pb",
        "-o",
        "out.pb",
    ];
    assert_eq!(
        files.symbol(&[&sign[..], &ORG2, &consent].concat()),
        ("BLOCKING_FINDING".to_owned(), 7)
    );
    assert!(!files.at("out.pb").exists());
}

#[test]
fn the_update_goes_where_it_is_wanted() {
    let files = Files::new();
    let compute = ["compute", "config_block.pb", "modified_config.json"];
    // into a pipe as it is, with the words beside it
    let out = files.run(&compute);
    assert_eq!(out.status.code(), Some(0));
    let piped = Update::parse(out.stdout.into()).unwrap();
    let words = String::from_utf8(out.stderr).unwrap();
    assert!(
        words.contains("OrgXMSP") && words.contains("Who must sign"),
        "{words}"
    );
    // into a file, also with the flags of configtxlator
    let named = [
        "compute_update",
        "--original",
        "config_block.pb",
        "--updated",
        "modified_config.json",
        "--channel_id",
        "mychannel",
        "--output",
        "update.pb",
    ];
    let out = files.run(&named);
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    assert_eq!(fs::read(files.at("update.pb")).unwrap(), piped.bytes()[..]);
    // nothing to update, and files that are none
    let same = ["compute", "config_block.pb", "config_block.pb"];
    assert_eq!(files.symbol(&same), ("NOTHING_TO_CHANGE".to_owned(), 3));
    let swapped = ["compute", "update.pb", "modified_config.json"];
    assert_eq!(files.symbol(&swapped), ("NOT_A_CONFIG".to_owned(), 2));
    let other = [
        "compute",
        "config_block.pb",
        "modified_config.json",
        "-C",
        "yours",
    ];
    assert_eq!(files.symbol(&other), ("WRONG_CHANNEL".to_owned(), 2));

    let out = files.run(&["wrap", "update.pb", "-o", "envelope.pb"]);
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let merge = ["merge", "envelope.pb", "org1.pb", "-o", "merged.pb"];
    let (document, code) = files.document(&merge);
    assert_eq!(
        (code, document["signatures"].as_array().unwrap().len()),
        (0, 1)
    );
    let none = ["merge", "envelope.pb", "-o", "none.pb"];
    assert_eq!(files.symbol(&none), ("NOT_SIGNED".to_owned(), 3));
    files.run(&[
        "compute",
        "config_block.pb",
        "lockout.json",
        "-o",
        "other.pb",
    ]);
    let mixed = ["merge", "org1.pb", "other.pb", "-o", "mixed.pb"];
    assert_eq!(files.symbol(&mixed), ("OTHER_UPDATE".to_owned(), 2));
    assert!(!files.at("mixed.pb").exists());
}

/// The names of the remarks in a document.
fn remarks(document: &Value) -> Vec<&str> {
    let remarks = document["remarks"].as_array().into_iter().flatten();
    remarks.map(|one| one["id"].as_str().unwrap()).collect()
}

#[test]
fn two_files_the_wrong_way_round_are_told() {
    let files = Files::new();
    let told = |args: &[&str]| {
        let document = files.document(args).0;
        remarks(&document).contains(&"LOOKS_SWAPPED")
    };
    assert!(!told(&[
        "compute",
        "config_block.pb",
        "modified_config.json"
    ]));
    assert!(told(&[
        "compute",
        "modified_config.json",
        "config_block.pb"
    ]));
    let check = [
        "check",
        "config_block.pb",
        "--against",
        "modified_config.json",
    ];
    assert!(told(&check));
    // two files of jq, of which nothing but the names tells
    let out = files.run(&["inspect", "config_block.pb", "--decode"]);
    fs::write(files.at("config.json"), out.stdout).unwrap();
    let of = |original: &'static str, modified: &'static str| {
        ["compute", original, modified, "-C", "mychannel"]
    };
    assert!(told(&of("modified_config.json", "config.json")));
    assert!(!told(&of("config.json", "modified_config.json")));
}

#[test]
fn what_an_orderer_would_refuse_ends_so() {
    let files = Files::new();
    let text = fs::read_to_string(files.at("modified_config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    let values = &mut config["channel_group"]["groups"]["Orderer"]["values"];
    values["BatchSize"]["value"]["max_message_count"] = 0.into();
    fs::write(files.at("none.json"), config.to_string()).unwrap();
    let (document, code) = files.document(&["compute", "config_block.pb", "none.json"]);
    assert_eq!(code, 3);
    assert!(document["refusal"].is_object(), "{document:#}");
}

#[test]
fn parts_of_a_config_are_told() {
    let files = Files::new();
    let text = fs::read_to_string(files.at("modified_config.json")).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    let part = |name: &str, part: &Value| fs::write(files.at(name), part.to_string()).unwrap();
    let group = &config["channel_group"];
    part("group.json", group);
    part("sections.json", &group["groups"]);
    part("application.json", &group["groups"]["Application"]);
    // all of it, without its sequence: nothing is missing of what is wanted
    let (document, code) = files.document(&["check", "group.json", "--against", "config_block.pb"]);
    assert_eq!(
        (document["outcome"].as_str(), code),
        (Some("not_signed"), 3)
    );
    assert_eq!(remarks(&document), ["CHANNEL_GROUP_ALONE"]);
    let whole = ["compute", "config_block.pb", "modified_config.json"];
    let alone = ["compute", "config_block.pb", "group.json"];
    let digest = |args: &[&str]| files.document(args).0["config_update_sha256"].clone();
    assert_eq!(digest(&whole), digest(&alone));
    // nobody knows of which sequence it is
    let check = ["check", "modified_config.json", "--against", "group.json"];
    assert_eq!(files.symbol(&check), ("NOT_A_CONFIG".to_owned(), 2));
    for (file, symbol, words) in [
        (
            "sections.json",
            "UNKNOWN_FILE",
            ".data.data[0].payload.data.config",
        ),
        (
            "application.json",
            "NOT_A_CONFIG",
            ".channel_group.groups.Application",
        ),
    ] {
        let (document, _) = files.document(&["compute", "config_block.pb", file]);
        assert_eq!(document["error"]["symbol"], symbol, "{document:#}");
        let hint = document["error"]["hint"].as_str().unwrap();
        assert!(hint.contains(words), "{hint}");
    }
}

#[test]
fn habits_of_peer_are_understood_or_told() {
    let files = Files::new();
    let said = |args: &[&str]| {
        let out = files.run(args);
        (
            String::from_utf8(out.stderr).unwrap(),
            out.status.code().unwrap(),
        )
    };
    // a file behind -f
    let (document, code) = files.document(&[
        "check",
        "-f",
        "modified_config.json",
        "--against",
        "config_block.pb",
    ]);
    assert_eq!(
        (document["outcome"].as_str(), code),
        (Some("not_signed"), 3)
    );
    for (args, words) in [
        (
            &["check", "modified_config.json"][..],
            "peer channel fetch config",
        ),
        (&["signconfigtx", "-f", "org1.pb"], "may be the same"),
        (
            &["-f", "org1.pb", "-c", "mychannel", "-o", "localhost:7050"],
            "cmscc submit --in FILE",
        ),
    ] {
        let (text, code) = said(args);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("hint:") && text.contains(words), "{text}");
    }
    // the variable of Fabric's samples names the channel where no file does
    let out = files.run(&["inspect", "config_block.pb", "--decode"]);
    fs::write(files.at("config.json"), out.stdout).unwrap();
    let compute = ["compute", "config.json", "modified_config.json"];
    assert_eq!(files.symbol(&compute), ("NO_CHANNEL".to_owned(), 2));
    let home = files.0.path().to_str().unwrap();
    let args = [&["update"], &compute[..], &["--json"]].concat();
    let variables = [("HOME", home), ("CHANNEL_NAME", "mychannel")];
    let out = command(&files.0, &args, &variables).output().unwrap();
    let document: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(document["channel_id"], "mychannel", "{document:#}");
}

#[test]
fn a_private_key_in_an_update_is_told() {
    let files = Files::new();
    let text = fs::read_to_string(files.at("modified_config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    let org = &mut config["channel_group"]["groups"]["Application"]["groups"]["OrgXMSP"];
    let admins = &mut org["values"]["MSP"]["value"]["config"]["root_certs"][0];
    let mut pem = STANDARD.decode(admins.as_str().unwrap()).unwrap();
    pem.extend(b"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n");
    *admins = STANDARD.encode(pem).into();
    fs::write(files.at("key.json"), config.to_string()).unwrap();
    let (document, _) = files.document(&["check", "key.json", "--against", "config_block.pb"]);
    assert!(remarks(&document).contains(&"PRIVATE_KEY"), "{document:#}");
}

#[test]
fn one_file_that_is_none_hides_no_other() {
    let files = Files::new();
    fs::write(files.at("junk.pb"), "junk").unwrap();
    let (document, code) = files.document(&["inspect", "org1.pb", "junk.pb", "config_block.pb"]);
    assert_eq!(code, 8, "{document:#}");
    let forms: Vec<_> = document["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["form"].as_str().unwrap())
        .collect();
    assert_eq!(forms, ["common.Envelope", "common.Block"]);
    assert_eq!(
        files.symbol(&["inspect", "junk.pb"]),
        ("UNKNOWN_FILE".to_owned(), 2)
    );
    // decoded, it is what configtxlator writes, tabs and all
    let out = files.run(&["inspect", "config_block.pb", "--decode"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(
        text.starts_with("{\n\t\"channel_group\": {\n\t\t\"groups\""),
        "{}",
        &text[..80]
    );
}

#[test]
fn a_file_is_proposed_and_ones_own_chain_is_compared() {
    let desk = Desk::new();
    let printed = desk.run(
        r#"
cmscc devnet up --background
eval "$(cmscc devnet env org1)"
cp "$CMSCC_DEVNET_DIR/anchors/mychannel.block" old.block
cmscc update inspect old.block --decode > config.json
sed 's/"100ms"/"1s"/' config.json > faster.json
cmscc update propose faster.json --id faster --description 'blocks sooner'
cmscc update compute old.block faster.json -o update.pb
cmscc update propose update.pb --id same --description 'the same' --dry-run || echo "code $?"
"#,
    );
    assert!(printed.contains("proposed as `faster`"), "{printed}");
    // the update that was computed from the files is the one that the contract computed from the edit
    assert!(printed.contains("UPDATE_TAKEN"), "{printed}");
    assert!(printed.contains("`cmscc withdraw faster`"), "{printed}");
    // Org1's chain is pinned by now. A config block that says otherwise is a fork, an older one is old
    let bent = fs::read(desk.at("old.block")).unwrap();
    let mut block = bent.clone();
    let place = (0..block.len() - 5)
        .find(|at| &block[*at..*at + 5] == b"100ms")
        .unwrap();
    block[place] = b'3';
    fs::write(desk.at("forged.block"), block).unwrap();
    let printed = desk.run(
        r#"
eval "$(cmscc devnet env org1)"
digest=$(cmscc update inspect update.pb --json | sed -n 's/.*"config_update_sha256": "\(.*\)".*/\1/p' | head -1)
cmscc update sign update.pb --against forged.block -o never.pb --yes --digest $digest --json || echo "code $?"
"#,
    );
    assert!(
        printed.contains("\"FORK\"") && printed.contains("code 7"),
        "{printed}"
    );
    assert!(!desk.at("never.pb").exists());
}

#[test]
fn what_an_organisation_attests_is_shown_and_is_no_update() {
    let files = Files::new();
    let said = AttestationStatement {
        msp_id: "OrdererMSP".to_owned(),
        channel: vec!["V3_0".to_owned()],
        number: 1,
        ..AttestationStatement::default()
    };
    let update = common::ConfigUpdate {
        channel_id: "mychannel".to_owned(),
        isolated_data: [("cmscc.attestation".to_owned(), said.encode_to_vec().into())].into(),
        ..common::ConfigUpdate::default()
    };
    let channel = ChannelId::new("mychannel");
    let content = envelope::update_envelope(&channel, &update.encode_to_vec(), &[]);
    fs::write(files.at("statement.pb"), content).unwrap();
    let (document, code) = files.document(&["inspect", "statement.pb"]);
    let update = &document["files"][0]["update"];
    assert_eq!(code, 0);
    assert_eq!(update["attests"]["msp_id"], "OrdererMSP", "{document:#}");
    assert_eq!(update["attests"]["channel"][0], "V3_0");
    assert_eq!(update["remarks"].as_array().map(Vec::len), Some(0));
    let check = ["check", "statement.pb", "--against", "config_block.pb"];
    assert_eq!(files.symbol(&check), ("NOT_AN_UPDATE".to_owned(), 2));
}
