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
        // a network of a test takes the ports that are free
        let script = format!(
            "#!/bin/sh\nif [ \"$1 $2\" = 'devnet up' ]; then set -- \"$@\" --port-base 0; fi\nexec '{}' \"$@\"\n",
            env!("CARGO_BIN_EXE_cmscc"),
        );
        fs::create_dir(desk.at("bin")).unwrap();
        let program = desk.at("bin/cmscc");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
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
