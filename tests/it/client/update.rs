//! `cmscc update` on the command line: what it reads and writes, how it ends, and what it refuses.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

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
    let (document, code) = files.document(&compute);
    assert_eq!(code, 0);
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
