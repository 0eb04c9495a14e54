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

/// Org2's administrator has the key in a token: proposes, signs and submits with it, by `peer`'s settings.
#[cfg(feature = "pkcs11")]
#[test]
fn an_administrator_whose_key_is_in_a_token_does_it_all() {
    if !crate::client::token::has_softhsm() {
        return;
    }
    let Some(stage) = Stage::new() else { return };
    let printed = stage.run(
        r#"
        $deployed up
        $deployed org orgx > orgx.json
        as() { eval "$($deployed env "$1")"; }
        as org2
        mkdir tokens
        echo "directories.tokendir = $PWD/tokens" > softhsm2.conf
        export SOFTHSM2_CONF=$PWD/softhsm2.conf
        softhsm2-util --init-token --free --label org2 --so-pin 1111 --pin 2222
        export CORE_PEER_BCCSP_PKCS11_LIBRARY=/usr/lib/softhsm/libsofthsm2.so
        export CORE_PEER_BCCSP_PKCS11_LABEL=org2 CORE_PEER_BCCSP_PKCS11_PIN=2222
        export CORE_PEER_BCCSP_DEFAULT=PKCS11
        id=$(cmscc identity show | awk '/^key id/ { print $3 }')
        softhsm2-util --import "$CORE_PEER_MSPCONFIGPATH"/keystore/* --token org2 --label a --id $id --pin 2222
        mv "$CORE_PEER_MSPCONFIGPATH"/keystore keystore
        cmscc identity test
        sign() { cmscc sign add_orgx --yes --digest $(cmscc show add_orgx --json=config_update_sha256 | grep -oE '[0-9a-f]{64}'); }
        cmscc propose add-org orgx.json --id add_orgx
        sign
        export CORE_PEER_BCCSP_DEFAULT=SW
        as org1
        sign
        as org2
        export CORE_PEER_BCCSP_DEFAULT=PKCS11
        cmscc submit add_orgx
        cmscc status
        "#,
    );
    assert!(printed.contains("✓ the key signed"), "{printed}");
    assert!(printed.contains("✓ in effect: config"), "{printed}");
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
