//! `docs/tasks`: the blocks of each page run as they stand on a development network, and print what the
//! page says they print.

use std::{fs, path::Path, process::Command};

use bytes::Bytes;

use super::desk::Desk;
use crate::chain::forged::{forge_update, signer_of};

const BEGINNING: &str = include_str!("../../../docs/tasks/README.md");

/// What a page leaves running ends with it, also where a command of it fails.
pub(crate) const END_ALL: &str = "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n";

/// A page of a task.
pub(crate) struct TaskPage {
    pub(crate) name: &'static str,
    text: &'static str,
}

macro_rules! page {
    ($name:literal) => {
        TaskPage {
            name: $name,
            text: include_str!(concat!("../../../docs/tasks/", $name, ".md")),
        }
    };
}

pub(crate) const AGENT: TaskPage = page!("agent");
pub(crate) const CAPABILITIES: TaskPage = page!("capabilities");
pub(crate) const CONSENTER: TaskPage = page!("consenter");
pub(crate) const FALSE_BRANCH: TaskPage = page!("false-branch");
pub(crate) const LEAVE: TaskPage = page!("leave");
pub(crate) const MEMBERS: TaskPage = page!("members");
pub(crate) const ORDERER_SETTINGS: TaskPage = page!("orderer-settings");
pub(crate) const POLICIES: TaskPage = page!("policies");
pub(crate) const ROTATE_CA: TaskPage = page!("rotate-ca");
pub(crate) const UNREACHABLE: TaskPage = page!("unreachable");

/// Before whose heading somebody makes a block that no orderer ordered.
pub(crate) const FORGED_BEFORE: &str = "## The contract is wrong";

/// What happened before that heading: three updates are signed, and nobody has submitted them.
pub(crate) const PREPARED: &str = r#"
as org1
cmscc propose add-org $ORGX --id first --description "bring in OrgX" --sign
cmscc propose anchor-peers 127.0.0.1:17051 --id second --sign
as org2
cmscc propose anchor-peers 127.0.0.1:17052 --id third --sign
cmscc sign first
cmscc submit first --via file --out first.pb
cmscc submit second --via file --out second.pb
cmscc submit third --via file --out third.pb
"#;

/// And behind: the false block is handed in, the channel goes on without the first update, by the others.
pub(crate) const HANDED_IN: &str = r#"
as org1
cmscc submit --in second.pb --no-sync
cmscc submit --in third.pb --no-sync
cmscc api --submit SyncConfig @forged.block
"#;

impl TaskPage {
    /// Its commands, up to a heading or from there on.
    pub(crate) fn commands(&self, part: Option<(&str, bool)>) -> String {
        let text = match part {
            None => self.text,
            Some((heading, before)) => {
                let at = self.text.find(heading).unwrap();
                if before {
                    &self.text[..at]
                } else {
                    &self.text[at..]
                }
            }
        };
        blocks(text, "sh").concat()
    }

    /// That each line was printed of which the page says so.
    #[track_caller]
    pub(crate) fn shows(&self, printed: &str) {
        for line in blocks(self.text, "text").concat().lines() {
            assert!(
                printed.contains(line.trim_end()),
                "{}: not printed:\n{line}\nbut\n{printed}",
                self.name
            );
        }
    }

    /// Runs it on a development network that begins with these words.
    fn run(&self, up: &str) {
        let desk = Desk::new();
        let beginning = blocks(BEGINNING, "sh").concat();
        let beginning = beginning.replace("cmscc devnet up --background", up);
        let printed = desk.run(&(END_ALL.to_owned() + &beginning + &self.commands(None)));
        self.shows(&printed);
    }
}

/// The blocks of a language, in the order of the page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let start = format!("```{language}\n");
    page.split(&start)
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0.to_owned())
        .collect()
}

const UP: &str = "cmscc devnet up --background";

#[test]
fn members_come_and_go() {
    MEMBERS.run(UP);
}

#[test]
fn a_member_leaves() {
    LEAVE.run(UP);
}

#[test]
fn who_may_sign_is_changed() {
    POLICIES.run(UP);
}

#[test]
fn orderer_settings_are_changed() {
    ORDERER_SETTINGS.run(UP);
}

#[test]
fn one_goes_on_without_a_member_that_cannot_be_reached() {
    UNREACHABLE.run(UP);
}

#[test]
fn capabilities_are_raised() {
    CAPABILITIES.run("cmscc devnet up --background --application-level V2_0");
}

#[test]
fn a_ca_is_rotated() {
    if has_openssl() {
        ROTATE_CA.run(UP);
    }
}

#[test]
fn a_consenter_gets_another_certificate() {
    if has_openssl() {
        CONSENTER.run(UP);
    }
}

#[test]
fn an_agent_is_run() {
    AGENT.run(UP);
}

/// Whether there is what plays the CA on the pages.
pub(crate) fn has_openssl() -> bool {
    let found = Command::new("openssl").arg("version").output().is_ok();
    if !found {
        println!("SKIPPED: `openssl` plays the CA");
    }
    found
}

#[test]
fn one_comes_back_from_a_false_branch() {
    let desk = Desk::new();
    let beginning = blocks(BEGINNING, "sh").concat();
    let first = FALSE_BRANCH.commands(Some((FORGED_BEFORE, true)));
    let mut printed = desk.run(&format!("{beginning}\n{first}\n{PREPARED}"));
    let orderers = desk.at("net/organizations/ordererOrganizations/example.com");
    let genesis = desk.at("net/anchors/mychannel.block");
    forge(
        &genesis,
        &desk.at("first.pb"),
        &orderers,
        &desk.at("forged.block"),
    );
    let second = FALSE_BRANCH.commands(Some((FORGED_BEFORE, false)));
    let words = beginning.replace(UP, "");
    printed += &desk.run(&format!("{words}\n{HANDED_IN}\n{second}"));
    FALSE_BRANCH.shows(&printed);
}

/// Somebody of the orderer organisation makes a block of a signed update that no orderer ever ordered.
pub(crate) fn forge(genesis: &Path, envelope: &Path, orderers: &Path, file: &Path) {
    let name = "Admin@example.com";
    let signer = signer_of(&orderers.join("users").join(name).join("msp"), name);
    let read = |path: &Path| Bytes::from(fs::read(path).unwrap());
    let block = forge_update(read(genesis), &read(envelope), &signer);
    fs::write(file, block).unwrap();
}
