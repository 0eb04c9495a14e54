//! Pages with commands: the blocks run as they stand, and print what the page says they print.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::net::Turn;
use crate::client::desk::place_program;

const WALKTHROUGH: &str = include_str!("../../../docs/walkthrough.md");
const FUNCTIONS: &str = include_str!("../../../docs/functions.md");
const DEPLOY: &str = include_str!("../../../docs/deploy.md");
const UPGRADE: &str = include_str!("../../../docs/upgrade.md");
const INCIDENTS: &str = include_str!("../../../docs/incidents.md");
const REAL_NETWORK: &str = include_str!("../../../docs/real-network.md");

/// Longer than any page takes, in seconds.
const LONGEST: &str = "300";

#[test]
fn the_walk_through_runs_as_it_stands() {
    let Some(desk) = Desk::new() else { return };
    let printed = desk.run(&blocks(WALKTHROUGH, "sh"));
    shows(&printed, WALKTHROUGH);
}

#[test]
fn every_function_has_a_command_that_runs() {
    let Some(desk) = Desk::new() else { return };
    let (deployed, rest) = WALKTHROUGH.split_once("\n## 2. ").unwrap();
    let clean_up = blocks(rest, "sh").pop().unwrap();
    let page = blocks(FUNCTIONS, "sh");
    for function in named(FUNCTIONS) {
        let call = format!("$(args {function}");
        assert!(page.iter().any(|b| b.contains(&call)), "no {call} ..)");
    }
    desk.run(&[blocks(deployed, "sh"), page, vec![clean_up]].concat());
}

#[test]
fn the_way_of_the_client_runs_as_it_stands() {
    let Some(desk) = Desk::new() else { return };
    let (deployed, rest) = WALKTHROUGH.split_once("\n## 3. ").unwrap();
    let clean_up = blocks(rest, "sh").pop().unwrap();
    let page = blocks(REAL_NETWORK, "sh");
    let printed = desk.run(&[blocks(deployed, "sh"), page, vec![clean_up]].concat());
    shows(&printed, REAL_NETWORK);
}

#[test]
fn the_page_about_deploying_runs_as_it_stands() {
    let Some(desk) = Desk::new() else { return };
    let (channel, _) = WALKTHROUGH.split_once("\n## 1. ").unwrap();
    let printed = desk.run(&[blocks(channel, "sh"), blocks(DEPLOY, "sh")].concat());
    shows(&printed, DEPLOY);
}

/// Both begin where the first section of the page about deploying ends.
#[test]
fn the_pages_about_upgrading_and_incidents_run_as_they_stand() {
    for page in [UPGRADE, INCIDENTS] {
        let Some(desk) = Desk::new() else { return };
        let (channel, _) = WALKTHROUGH.split_once("\n## 1. ").unwrap();
        let (deployed, _) = DEPLOY.split_once("\n## 2. ").unwrap();
        let printed = desk.run(
            &[
                blocks(channel, "sh"),
                blocks(deployed, "sh"),
                blocks(page, "sh"),
            ]
            .concat(),
        );
        shows(&printed, page);
    }
}

/// That each line was printed of which a page says so.
#[track_caller]
fn shows(printed: &str, page: &str) {
    for line in blocks(page, "text").concat().lines() {
        assert!(printed.contains(line), "not printed:\n{line}");
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

/// The names in the first column of the first table.
fn named(page: &str) -> Vec<&str> {
    let (_, table) = page.split_once("|---|").unwrap();
    table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| {
            let cell = line.split('|').nth(1).unwrap();
            cell.split('`').skip(1).step_by(2)
        })
        .collect()
}

/// A directory in which the commands of a page find what they name: the script, and this build as the
/// one they would make.
struct Desk {
    dir: TempDir,
    turn: Turn,
}

impl Drop for Desk {
    fn drop(&mut self) {
        // a page that did not come to its end
        let left = "[ -f work/pids ] && kill $(cat work/pids); NET_DIR=$PWD $NET down";
        let net = self.net_dir();
        if net.join("net.env").exists() {
            let _ = self.shell(left).current_dir(net).output();
        }
    }
}

impl Desk {
    fn new() -> Option<Self> {
        let desk = Self {
            turn: Turn::wait(950)?,
            dir: TempDir::new().unwrap(),
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        symlink(root.join("tests"), desk.at("tests")).unwrap();
        fs::create_dir_all(desk.at("target/release")).unwrap();
        place_program(&desk.at("target/release/cmscc"));
        fs::create_dir(desk.at("bin")).unwrap();
        let cargo = desk.at("bin/cargo");
        fs::write(&cargo, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
        Some(desk)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn net_dir(&self) -> PathBuf {
        self.at("net")
    }

    #[expect(clippy::disallowed_methods, reason = "the test's own settings")]
    fn shell(&self, script: &str) -> Command {
        let mut path = vec![self.at("bin")];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
        let mut command = Command::new("timeout");
        command
            .args([LONGEST, "bash", "-euo", "pipefail", "-c", script])
            .current_dir(self.dir.path())
            .env("PATH", env::join_paths(path).unwrap())
            .env("HOME", self.dir.path())
            .env("NET", self.at("tests/fabric/net.sh"))
            .env("NET_DIR", self.net_dir())
            .env("PORT_BASE", self.turn.port_base.to_string());
        command
    }

    /// What the commands print, to both outputs; fails the test with it where one of them fails.
    fn run(&self, blocks: &[String]) -> String {
        let script = format!("exec 2>&1\n{}", blocks.concat());
        let out = self.shell(&script).output().unwrap();
        let printed = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success(), "{}\n{printed}", out.status);
        println!("{printed}");
        printed
    }
}
