//! A real network with the contract on it, and a folder in which a shell acts for its administrators.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::net::Turn;
use crate::client::desk::place_program;

/// Longer than any script takes, in seconds.
const LONGEST: &str = "600";

/// A folder for a network with the contract; both end with it.
pub(super) struct Stage {
    folder: TempDir,
    settings: Vec<(&'static str, &'static str)>,
    turn: Turn,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.shell("$deployed down").output();
    }
}

impl Stage {
    pub(super) fn new(offset: u16, settings: &[(&'static str, &'static str)]) -> Option<Self> {
        let turn = Turn::wait(offset)?;
        let stage = Self {
            folder: TempDir::new().unwrap(),
            settings: settings.to_vec(),
            turn,
        };
        fs::create_dir(stage.at("net")).unwrap();
        fs::create_dir(stage.at("bin")).unwrap();
        place_program(&stage.at("bin/cmscc"));
        Some(stage)
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a script prints, to both of its outputs; fails the test with it where a command fails.
    pub(super) fn run(&self, script: &str) -> String {
        let script = format!("exec 2>&1\n{script}");
        let out = self.shell(&script).output().unwrap();
        let printed = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success(), "{}\n{printed}", out.status);
        printed
    }

    #[expect(clippy::disallowed_methods, reason = "the test's own settings")]
    fn shell(&self, script: &str) -> Command {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut path = vec![self.at("bin")];
        path.extend(env::var_os("FABRIC_BIN").map(PathBuf::from));
        path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
        let mut command = Command::new("timeout");
        command
            .args([LONGEST, "bash", "-euo", "pipefail", "-c", script])
            .current_dir(self.folder.path())
            .env("PATH", env::join_paths(path).unwrap())
            .env("HOME", self.folder.path())
            .env("deployed", root.join("tests/fabric/deployed.sh"))
            .env("net", root.join("tests/fabric/net.sh"))
            .env("REPOSITORY", root)
            .env("NET_DIR", self.folder.path().join("net"))
            .env("PORT_BASE", self.turn.port_base.to_string())
            .envs(self.settings.iter().copied());
        command
    }
}
