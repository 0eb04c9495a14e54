//! `cmscc audit verify FOLDER`: what a hostile exporter may leave out, put in, or say, and what the auditor
//! is told.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    contract::{
        calls::{
            combine_proposals, export_proposal, reject_proposal, sync_config, withdraw_proposal,
        },
        captures::CAPTURES,
        people::person,
        world::founded,
    },
    ops::serving::{command, folder},
};

/// A folder as `cmscc audit export` writes it: configs 0 to 2, of which `add_orgx` led to the first and
/// nothing to the second; `hasty` was withdrawn.
struct Exported(TempDir);

impl Exported {
    async fn new() -> Self {
        let (mut world, _) = founded().await;
        let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
        world.propose_org(&org1, "add_orgx", "add-orgx").await;
        world.propose_org(&org2, "hasty", "add-orgy").await;
        world.ok(&org1, reject_proposal("hasty", "too early")).await;
        world.ok(&org2, withdraw_proposal("hasty")).await;
        let exported = Self::empty();
        for (number, joining) in [(1, "add-orgx"), (2, "add-orgy")] {
            let block = CAPTURES[0].after(joining);
            world.ok(&org1, sync_config(&block)).await;
            fs::write(exported.block(number), block).unwrap();
        }
        for id in ["add_orgx", "hasty"] {
            let bundle = world.text(&org1, export_proposal(id)).await;
            fs::write(exported.bundle(id), bundle).unwrap();
        }
        exported
    }

    /// The same, with config 1 to which `both` led: `add_orgx` and `add_orgy` in one update.
    async fn combined() -> Self {
        let (mut world, _) = founded().await;
        let (org1, org2) = (person("Org1MSP"), person("Org2MSP"));
        world.propose_org(&org1, "add_orgx", "add-orgx").await;
        world.propose_org(&org2, "add_orgy", "add-orgy").await;
        let combine = combine_proposals("both", &["add_orgx", "add_orgy"]);
        world.ok(&org2, combine).await;
        for who in [&org1, &org2] {
            world.sign(who, "both").await;
        }
        let shown = world.proposal("both").await;
        let envelope = shown["config_update_envelope_to_submit"].as_str().unwrap();
        let block = world.ordered(&STANDARD.decode(envelope).unwrap().into());
        world.ok(&org1, sync_config(&block)).await;
        let exported = Self::empty();
        fs::write(exported.block(1), &block).unwrap();
        for id in ["add_orgx", "add_orgy", "both"] {
            let bundle = world.text(&org1, export_proposal(id)).await;
            fs::write(exported.bundle(id), bundle).unwrap();
        }
        exported
    }

    /// Config 0 alone, and two blocks of the auditor's.
    fn empty() -> Self {
        let exported = Self(folder());
        for name in ["proposals", "blocks"] {
            fs::create_dir_all(exported.path(name)).unwrap();
        }
        fs::write(exported.block(0), CAPTURES[0].genesis()).unwrap();
        fs::write(exported.anchor("own"), CAPTURES[0].genesis()).unwrap();
        fs::write(exported.anchor("other"), CAPTURES[1].genesis()).unwrap();
        exported
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("year").join(name)
    }

    fn block(&self, number: u64) -> PathBuf {
        self.path("blocks").join(format!("{number}.block"))
    }

    fn bundle(&self, id: &str) -> PathBuf {
        self.path("proposals").join(format!("{id}.json"))
    }

    /// A block of the auditor's.
    fn anchor(&self, whose: &str) -> PathBuf {
        self.0.path().join(format!("{whose}.block"))
    }

    /// Changes a bundle.
    fn changed(&self, id: &str, change: impl FnOnce(&mut Value)) {
        let file = self.bundle(id);
        let mut bundle: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        change(&mut bundle);
        fs::write(file, bundle.to_string()).unwrap();
    }

    /// Removes the bundles.
    fn without_bundles(&self) {
        for id in ["add_orgx", "hasty"] {
            fs::remove_file(self.bundle(id)).unwrap();
        }
    }

    /// How `audit verify` ends, and what it says.
    fn verify(&self, more: &[&str]) -> (i32, String) {
        let args = [&["audit", "verify", "year"], more].concat();
        let out = command(&self.0, &args, &[]).output().unwrap();
        let said = [out.stdout, out.stderr].map(|it| String::from_utf8(it).unwrap());
        (out.status.code().unwrap(), said.concat())
    }

    /// The document.
    fn document(&self, more: &[&str]) -> Value {
        let (_, said) = self.verify(&[&["--json"], more].concat());
        serde_json::from_str(&said).unwrap()
    }

    /// All findings of the document: name and text.
    fn findings(&self, more: &[&str]) -> Vec<(String, String)> {
        let document = self.document(more);
        let proposals = document["proposals"].as_array().unwrap().iter();
        let all = proposals.flat_map(|one| one["findings"].as_array().unwrap());
        let all = (document["findings"].as_array().unwrap().iter()).chain(all);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let found: Vec<_> = all
            .map(|one| (text(&one["id"]), text(&one["text"])))
            .collect();
        assert_eq!(document["verified"], found.is_empty(), "{document:#}");
        found
    }
}

fn named_pipe(path: &Path) {
    let done = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(done.success());
}

#[tokio::test]
async fn what_is_whole_is_verified_and_says_what_it_rests_on() {
    let exported = Exported::new().await;
    let (code, said) = exported.verify(&[]);
    assert_eq!(code, 0, "{said}");
    for part in [
        "✓ verified, believing config 0  mychannel: 3 configs, 2 proposals",
        "Made outside of the contract, or by a proposal that is not in this folder: config 2",
        "The contract says, and no block shows:",
        "Believed: config 0 of block 0, digest ",
        "It ends with config 2 of block 2: whether there are later ones, only a peer can say.",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for part in ["GAP", "Proven", "Not read", "missing"] {
        assert!(!said.contains(part), "{part}: {said}");
    }
    // what has to be believed is not proven
    let (code, said) = exported.verify(&["--strict"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("--strict: "), "{said}");
    let (code, said) = exported.verify(&["--strict", "--anchor", "own.block"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("✓ verified  mychannel"), "{said}");
    let proven = "Proven from your anchor, config 0, up to config 2.";
    assert!(said.contains(proven), "{said}");
    let (_, said) = exported.verify(&["--full"]);
    for part in [
        "of Org2MSP, not by way of the contract",
        "hasty, revision 1: rejected by Org1MSP: too early",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let document = exported.document(&["--anchor", "own.block"]);
    assert_eq!(document["outside"], json!([2]));
    assert_eq!(document["proven"], json!([{ "anchor": 0, "to": 2 }]));
    let hasty = &document["proposals"][1];
    assert_eq!(hasty["outcome"], "Withdrawn");
    assert_eq!(hasty["stated"]["rejections"][0]["reason"], "too early");
}

#[tokio::test]
async fn configs_that_are_left_out_are_missed() {
    let exported = Exported::new().await;
    fs::remove_file(exported.block(1)).unwrap();
    let (code, said) = exported.verify(&[]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("✗ GAP  config 1"), "{said}");
    assert!(said.contains("missing"), "{said}");
    // also where no bundle names them
    exported.without_bundles();
    let found = exported.findings(&["--anchor", "own.block"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "GAP");
    // nothing leads from an anchor to what is behind a gap
    fs::remove_file(exported.block(0)).unwrap();
    let found = exported.findings(&["--anchor", "own.block"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("your anchor"), "{found:?}");
    let document = exported.document(&["--anchor", "own.block"]);
    assert_eq!(document["proven"], json!([]));
    assert_eq!(document["unused_anchors"], json!([0]));
    assert_eq!(document["believed"][0]["sequence"], 2);
}

#[tokio::test]
async fn another_chain_behind_a_gap_is_not_verified() {
    let exported = Exported::new().await;
    exported.without_bundles();
    fs::remove_file(exported.block(1)).unwrap();
    fs::write(exported.block(2), CAPTURES[1].after("add-orgy")).unwrap();
    let (code, said) = exported.verify(&["--anchor", "own.block"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("✗ NOT verified"), "{said}");
    let proven = "Your anchor is config 0: nothing in here follows from it.";
    assert!(said.contains(proven), "{said}");
    // and right behind what is known it is none of it
    fs::write(exported.block(1), CAPTURES[1].after("add-orgx")).unwrap();
    let found = exported.findings(&["--anchor", "own.block"]);
    let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["BLOCK_INVALID", "GAP"]);
}

#[tokio::test]
async fn another_channel_than_the_anchors_is_a_fork_and_proves_nothing() {
    let exported = Exported::new().await;
    let (code, said) = exported.verify(&["--anchor", "other.block"]);
    assert_eq!(code, 7, "{said}");
    assert!(said.contains("✗ FORK"), "{said}");
    assert!(!said.contains("Proven"), "{said}");
    // a pipe is not waited for
    named_pipe(&exported.anchor("pipe"));
    let (code, said) = exported.verify(&["--anchor", "pipe.block"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("the anchor `pipe.block` is no file"),
        "{said}"
    );
}

#[tokio::test]
async fn an_anchor_is_a_block_like_the_others() {
    let exported = Exported::new().await;
    fs::remove_file(exported.block(0)).unwrap();
    let (code, said) = exported.verify(&["--anchor", "own.block", "--strict"]);
    assert_eq!(code, 0, "{said}");
}

#[tokio::test]
async fn a_folder_that_ends_too_early_is_not_whole() {
    let exported = Exported::new().await;
    fs::remove_file(exported.block(2)).unwrap();
    let found = exported.findings(&[]);
    let text = "it was exported at config 2, and the folder ends with config 1";
    let early = found.iter().filter(|(id, it)| id == "CHAIN" && it == text);
    assert_eq!(early.count(), 2, "of each bundle: {found:?}");
}

#[tokio::test]
async fn what_took_effect_is_not_passed_as_withdrawn() {
    let exported = Exported::new().await;
    exported.changed("add_orgx", |bundle| {
        bundle["as_of_sequence"] = json!(0);
        bundle["evaluated"] = json!(null);
        let outcome = &mut bundle["proposal"]["outcome"];
        outcome["outcome"] = json!("Withdrawn");
        outcome["proof"] = json!(null);
        bundle["chain"].as_array_mut().unwrap().truncate(1);
    });
    let found = exported.findings(&[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "OUTCOME");
    let text = "it is said to have ended as `Withdrawn`, but block 1 carries its update: config 1";
    assert!(found[0].1.starts_with(text), "{found:?}");
}

#[tokio::test]
async fn what_took_effect_combined_is_not_passed_as_withdrawn() {
    let exported = Exported::combined().await;
    assert_eq!(exported.findings(&["--anchor", "own.block"]), []);
    exported.changed("add_orgx", |bundle| {
        bundle["as_of_sequence"] = json!(0);
        for absent in ["evaluated", "via"] {
            bundle[absent] = json!(null);
        }
        let outcome = &mut bundle["proposal"]["outcome"];
        outcome["outcome"] = json!("Withdrawn");
        for absent in ["proof", "via"] {
            outcome[absent] = json!(null);
        }
        bundle["sources"] = json!([]);
        bundle["chain"].as_array_mut().unwrap().truncate(1);
    });
    let found = exported.findings(&[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "OUTCOME");
    let text =
        "it is said to have ended as `Withdrawn`, but took effect as a part of `both`: config 1";
    assert!(found[0].1.starts_with(text), "{found:?}");
}

#[tokio::test]
async fn a_bundle_says_nothing_that_is_not_looked_at() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change, &[&str]); 8] = [
        (
            "no revisions",
            |bundle| bundle["proposal"]["revisions"] = json!([]),
            &["REVISIONS"],
        ),
        (
            "one base twice",
            |bundle| {
                let revisions = bundle["proposal"]["revisions"].as_array_mut().unwrap();
                let mut again = revisions[0].clone();
                again["revision"] = json!(2);
                revisions.push(again);
            },
            &["REVISIONS"],
        ),
        (
            "a source that was not combined",
            |bundle| {
                let mut other = bundle["proposal"].clone();
                other["proposal_id"] = json!("other");
                bundle["sources"] = json!([other]);
            },
            &["COMBINED"],
        ),
        (
            "itself once more",
            |bundle| bundle["sources"] = json!([bundle["proposal"]]),
            &["COMBINED", "COMBINED"],
        ),
        (
            "part of something that did not take effect",
            |bundle| bundle["proposal"]["outcome"]["via"] = json!("other"),
            &["COMBINED"],
        ),
        (
            "another contract",
            |bundle| bundle["contract_instance"] = json!("0123"),
            &["BUNDLE_INVALID"],
        ),
        (
            "another kind",
            |bundle| bundle["proposal"]["kind"] = json!("settings"),
            &["BUNDLE_INVALID"],
        ),
        (
            "another id",
            |bundle| bundle["proposal"]["proposal_id"] = json!("../hasty"),
            &["BUNDLE_INVALID"],
        ),
    ];
    let exported = Exported::new().await;
    let whole = fs::read(exported.bundle("hasty")).unwrap();
    for (name, change, expected) in cases {
        exported.changed("hasty", change);
        let found = exported.findings(&[]);
        let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, expected, "{name}: {found:?}");
        fs::write(exported.bundle("hasty"), &whole).unwrap();
    }
    assert_eq!(exported.findings(&[]), []);
}

#[tokio::test]
async fn a_bundle_lies_under_its_name_and_once() {
    let exported = Exported::new().await;
    fs::copy(exported.bundle("hasty"), exported.bundle("early")).unwrap();
    let found = exported.findings(&[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "BUNDLE_INVALID");
    let text = "it holds the proposal `hasty`, not the one of its name";
    assert_eq!(found[0].1, text);
}

#[tokio::test]
async fn what_is_not_read_is_said() {
    let exported = Exported::new().await;
    fs::write(exported.path("notes.txt"), "see there").unwrap();
    fs::write(exported.path("blocks/7.block.old"), "old").unwrap();
    named_pipe(&exported.path("proposals/pipe.json"));
    symlink(exported.block(2), exported.block(3)).unwrap();
    let (code, said) = exported.verify(&["--anchor", "own.block"]);
    assert_eq!(code, 0, "{said}");
    for part in [
        "Not read: year/notes.txt: neither bundles nor blocks",
        "Not read: year/blocks/7.block.old: another ending",
        "Not read: year/proposals/pipe.json: no regular file",
        "Not read: year/blocks/3.block: no regular file",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (code, _) = exported.verify(&["--anchor", "own.block", "--strict"]);
    assert_eq!(code, 3);
    // what stands in the place of a block is none
    fs::rename(exported.block(1), exported.anchor("aside")).unwrap();
    symlink(exported.anchor("aside"), exported.block(1)).unwrap();
    let ids = exported.findings(&[]).into_iter().map(|(id, _)| id);
    assert!(ids.into_iter().any(|id| id == "GAP"));
}
