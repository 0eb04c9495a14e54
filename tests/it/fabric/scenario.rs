//! `deploy/scenario.sh` on a real network: the client's commands alone, before Fabric's own nodes.

use std::{env, fs, path::Path, process::Command};

use tempfile::TempDir;

use super::net::Turn;

/// Longer than it takes, in seconds.
const LONGEST: &str = "600";

#[test]
fn the_story_of_a_consortium_is_told_with_commands_alone() {
    let Some(stage) = Stage::new() else { return };
    let printed = stage.run(
        r#"
        $deployed up
        $deployed org orgx > orgx.json
        $deployed org orgy > orgy.json
        export ORGX=$PWD/orgx.json ORGY=$PWD/orgy.json
        AS="$deployed env" JOIN="$deployed join" "$REPOSITORY"/deploy/scenario.sh
        "#,
    );
    assert!(
        printed.ends_with("Everything was as expected.\n"),
        "{printed}"
    );
    println!("{printed}");
}

/// A folder for a network with the contract; both end with it.
pub(super) struct Stage {
    folder: TempDir,
    turn: Turn,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.shell("$deployed down").output();
    }
}

impl Stage {
    pub(super) fn new() -> Option<Self> {
        let turn = Turn::wait(1250)?;
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("net")).unwrap();
        Some(Self { folder, turn })
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
        let program = Path::new(env!("CARGO_BIN_EXE_cmscc"));
        let mut path = vec![program.parent().unwrap().to_owned()];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
        let mut command = Command::new("timeout");
        command
            .args([LONGEST, "bash", "-euo", "pipefail", "-c", script])
            .current_dir(self.folder.path())
            .env("PATH", env::join_paths(path).unwrap())
            .env("HOME", self.folder.path())
            .env("REPOSITORY", root)
            .env("deployed", root.join("tests/fabric/deployed.sh"))
            .env("NET_DIR", self.folder.path().join("net"))
            .env("PORT_BASE", self.turn.port_base.to_string());
        command
    }
}
