//! A folder in which a shell acts for the administrators of a development network, with the program
//! that was just built.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Longer than any script takes, in seconds; machines that build something else meanwhile are slow.
const LONGEST: &str = "400";

/// The program as a test has it: networks take ports that are free, and who is asked at a terminal
/// whether to sign types the id, or the first digits of the digest.
const PROGRAM: &str = r#"#!/bin/bash
case "$1 $2" in 'devnet up') set -- "$@" --port-base 0;; esac
case "$*" in
  *--yes*) ;;
  update\ sign\ *) typed=$(PROGRAM update inspect "$3" --json | jq -r '.files[0].update.config_update_sha256[:8]');;
  sign\ --in*--dry-run*) ;;
  sign\ --in*--out*) typed=$(basename "$3"); typed=${typed%.signreq}; typed=${typed%.statement};;
  sign\ --*|sign*--out*) ;;
  sign\ *) typed=$2;;
esac
if [ -z "${typed:-}" ]; then exec PROGRAM "$@"; fi
exec script -qec "PROGRAM $*" /dev/null <<< "$typed"
"#;

/// Puts it there.
pub(crate) fn place_program(path: &Path) {
    let script = PROGRAM.replace("PROGRAM", env!("CARGO_BIN_EXE_cmscc"));
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The folder; the network of its shell ends with it.
pub(super) struct Desk {
    folder: TempDir,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.shell("cmscc devnet down").output();
    }
}

impl Desk {
    pub(super) fn new() -> Self {
        let desk = Self {
            folder: TempDir::new().unwrap(),
        };
        fs::create_dir(desk.at("bin")).unwrap();
        place_program(&desk.at("bin/cmscc"));
        desk
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a script of bash prints, to both of its outputs; fails the test with it where a command fails.
    pub(super) fn run(&self, script: &str) -> String {
        let script = format!("exec 2>&1\n{script}");
        let out = self.shell(&script).output().unwrap();
        let printed = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success(), "{}\n{printed}", out.status);
        printed
    }

    #[expect(clippy::disallowed_methods, reason = "the test's own settings")]
    fn shell(&self, script: &str) -> Command {
        let mut path = vec![self.at("bin")];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
        let mut command = Command::new("timeout");
        command
            .args([LONGEST, "bash", "-euo", "pipefail", "-c", script])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", env::join_paths(path).unwrap())
            .env("HOME", self.folder.path())
            .env("CMSCC_DEVNET_DIR", self.at("net"))
            .env("REPOSITORY", Path::new(env!("CARGO_MANIFEST_DIR")));
        command
    }
}
