//! `deploy/watching` on a real network, by a real Prometheus: every alert fires and clears.

use std::{env, process::Command};

use super::stage::Stage;

#[test]
#[expect(clippy::disallowed_methods, reason = "the test's own settings")]
fn every_alert_fires_and_clears_and_every_panel_answers() {
    let Some(attack) = env::var_os("CMSCC_ATTACK") else {
        println!("SKIPPED: set CMSCC_ATTACK to the program `examples/shim-attack`");
        return;
    };
    for tool in ["prometheus", "promtool", "jq", "openssl", "python3"] {
        if Command::new(tool).arg("--help").output().is_err() {
            println!("SKIPPED: `{tool}` is not there");
            return;
        }
    }
    let Some(stage) = Stage::new(1000, &[]) else {
        return;
    };
    let attack = attack.to_str().unwrap();
    let printed = stage.run(&format!(
        "export ATTACK='{attack}'; \"$REPOSITORY\"/tests/fabric/watched.sh"
    ));
    assert!(
        printed.contains("every alert fired and cleared"),
        "{printed}"
    );
    assert!(
        printed.contains("every query of the dashboard answered"),
        "{printed}"
    );
    println!("{printed}");
}
