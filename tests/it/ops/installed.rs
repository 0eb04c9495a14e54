//! What operators install, as far as a tool is at hand that knows it: units, compose, chart.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use super::serving::folder;

/// `deploy`.
fn deploy(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy")).join(name)
}

/// Whether a tool is at hand; says so where it is not.
fn has(tool: &str, version: &str) -> bool {
    let is_there = Command::new(tool)
        .arg(version)
        .output()
        .is_ok_and(|out| out.status.success());
    if !is_there {
        println!("SKIPPED: `{tool}` is not there");
    }
    is_there
}

#[track_caller]
fn well(out: &Output) -> String {
    let said = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    said.into_owned()
}

/// The values of `key` in a file of settings, one a line.
fn values(text: &str, key: &str) -> Vec<String> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    lines.map(str::to_owned).collect()
}

#[test]
fn units_are_what_systemd_understands_and_as_closed_as_the_page_says() {
    if !has("systemd-analyze", "--version") {
        return;
    }
    let page = include_str!("../../../docs/operations.md");
    let folder = folder();
    for name in ["cmscc.service", "cmscc-agent.service"] {
        let unit = fs::read_to_string(deploy("systemd").join(name)).unwrap();
        // the program is not installed here
        let unit = unit.replace("/usr/local/bin/cmscc", env!("CARGO_BIN_EXE_cmscc"));
        let path = folder.path().join(name);
        fs::write(&path, unit).unwrap();
        let analyze = |args: &[&str]| {
            let mut command = Command::new("systemd-analyze");
            well(&command.args(args).arg(&path).output().unwrap())
        };
        let said = analyze(&["verify", "--man=no"]);
        assert!(!said.contains(name), "{said}");
        let said = analyze(&["security", "--offline=true", "--no-pager"]);
        let level = said.split("exposure level for ").nth(1).unwrap();
        let level: f32 = level.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(level <= 1.1 && page.contains("1.1 of 10"), "{said}");
    }
}

#[test]
fn files_of_settings_name_settings() {
    let pages = [
        include_str!("../../../docs/operations.md"),
        include_str!("../../../docs/profiles.md"),
    ];
    let chart = ["templates/server.yaml", "templates/agent.yaml"]
        .map(|name| fs::read_to_string(deploy("helm/cmscc").join(name)).unwrap());
    let mut files = chart.concat();
    for name in ["systemd/server.env", "systemd/agent.env", "compose.yaml"] {
        files += &fs::read_to_string(deploy(name)).unwrap();
    }
    let word = |c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let names: BTreeSet<&str> = files
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| line.split(word))
        .filter(|name| {
            ["CMSCC_", "CHAINCODE_", "CORE_"]
                .iter()
                .any(|begins| name.starts_with(begins))
        })
        .collect();
    assert!(names.len() > 20, "{names:?}");
    let help = Command::new(env!("CARGO_BIN_EXE_cmscc"))
        .args(["agent", "run", "--help"])
        .output()
        .unwrap();
    let help = well(&help);
    for name in names {
        let is_setting = pages.iter().any(|page| page.contains(&format!("`{name}`")))
            || help.contains(&format!("[env: {name}="));
        assert!(is_setting, "{name}");
    }
}

#[test]
fn the_agent_takes_its_file_as_it_is_and_with_all_its_lines() {
    let content = fs::read_to_string(deploy("systemd/agent.toml")).unwrap();
    let whole: String = content
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_eq!(whole.matches("\n[[hooks]]\n").count(), 2, "{whole}");
    let folder = folder();
    for content in [content, whole] {
        let path = folder.path().join("agent.toml");
        fs::write(&path, content).unwrap();
        let mut status = Command::new(env!("CARGO_BIN_EXE_cmscc"));
        status.args(["agent", "status", "--config"]).arg(&path);
        status.env_clear().env("CMSCC_CHANNEL", "mychannel");
        status.env("CMSCC_STATE_DIR", folder.path().join("state"));
        let out = status.output().unwrap();
        let said = String::from_utf8(out.stdout).unwrap();
        assert_eq!(out.status.code(), Some(3), "none runs: {said}");
        assert!(said.contains("there never was one"), "{said}");
    }
}

#[test]
fn grace_is_shorter_than_what_stops_the_process() {
    let unit = fs::read_to_string(deploy("systemd/cmscc.service")).unwrap();
    let stop: u32 = values(&unit, "TimeoutStopSec")[0].parse().unwrap();
    assert!(stop >= 25, "{stop}");
    let manifest = fs::read_to_string(deploy("kubernetes/server.yaml")).unwrap();
    let seconds = |begins: &str| -> u32 {
        let rest = manifest.split(begins).nth(1).unwrap();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    let grace = seconds("CMSCC_SHUTDOWN_GRACE, value: \"");
    assert!(seconds("terminationGracePeriodSeconds: ") >= seconds("sleep: {seconds: ") + grace + 5);
    let compose = fs::read_to_string(deploy("compose.yaml")).unwrap();
    assert!(compose.contains("stop_grace_period: 30s"));
}

#[test]
fn compose_understands_its_file() {
    if !has("docker-compose", "version") {
        return;
    }
    let mut command = Command::new("docker-compose");
    command
        .arg("-f")
        .arg(deploy("compose.yaml"))
        .args(["config", "--services"]);
    command.envs([
        ("ORG1_CHAINCODE_ID", "cmscc:1"),
        ("ORG2_CHAINCODE_ID", "cmscc:2"),
    ]);
    let said = well(&command.output().unwrap());
    for name in ["cmscc.org1", "cmscc.org2", "agent.org1", "agent.org2"] {
        assert!(said.contains(&format!("{name}.example.com")), "{said}");
    }
}

#[test]
fn alertmanager_sends_what_wakes_somebody_to_the_pager() {
    if !has("amtool", "--version") {
        return;
    }
    let file = deploy("watching/alertmanager.yaml");
    let file = file.to_str().unwrap();
    let amtool = |args: &[&str]| well(&Command::new("amtool").args(args).output().unwrap());
    amtool(&["check-config", file]);
    let option = format!("--config.file={file}");
    for (severity, receiver) in [("page", "pager"), ("ticket", "tickets")] {
        let label = format!("severity={severity}");
        let said = amtool(&["config", "routes", "test", &option, &label]);
        assert!(said.starts_with(receiver), "{severity}: {said}");
    }
}

#[test]
fn manifests_are_what_the_chart_gives() {
    if !has("helm", "version") {
        return;
    }
    let chart = deploy("helm/cmscc");
    let everything = "agent.enabled=true,serviceMonitor.enabled=true,rules.enabled=true";
    let mut lint = Command::new("helm");
    well(
        &lint
            .arg("lint")
            .arg("--strict")
            .arg(&chart)
            .args(["--set", everything])
            .output()
            .unwrap(),
    );
    well(
        &Command::new(deploy("helm/render.sh"))
            .arg("--check")
            .output()
            .unwrap(),
    );
}
