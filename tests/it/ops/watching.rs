//! `deploy/watching`: what it asks for is there, and what it says has a page.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

const RULES: &str = include_str!("../../../deploy/watching/rules.yaml");
const DASHBOARD: &str = include_str!("../../../deploy/watching/dashboard.json");
const RUNBOOK: &str = include_str!("../../../docs/runbook.md");
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/watching");
/// Where metrics are registered: a name in quotes, alone on its line.
const REGISTERED: [(&str, &str); 2] = [
    (
        "cmscc_agent_",
        include_str!("../../../src/ops/agent/metrics.rs"),
    ),
    ("cmscc_", include_str!("../../../src/ops/metrics.rs")),
];

/// What is behind `key` in the lines of the rules.
fn named(key: &str) -> Vec<&'static str> {
    let lines = RULES
        .lines()
        .filter_map(|line| line.trim().strip_prefix(key));
    lines.collect()
}

#[test]
fn every_alert_has_its_section_in_the_runbook_and_the_other_way_round() {
    let alerts: BTreeSet<&str> = named("- alert: ").into_iter().collect();
    let sections = RUNBOOK.lines().filter_map(|line| line.strip_prefix("### "));
    assert_eq!(alerts, sections.collect());
    for alert in &alerts {
        let link = format!("docs/runbook.md#{}", alert.to_lowercase());
        assert!(named("runbook_url: ").contains(&link.as_str()), "{alert}");
    }
    let parts = RUNBOOK.split("\n### ").skip(1);
    for part in parts {
        let (alert, text) = part.split_once('\n').unwrap();
        for word in ["**Means**", "**Look**", "**Do**"] {
            assert!(text.contains(word), "{alert} lacks {word}");
        }
        let (_, rule) = RULES.split_once(&format!("- alert: {alert}\n")).unwrap();
        let severity = rule.split("severity: ").nth(1).unwrap();
        let severity = severity.split('}').next().unwrap();
        let said = text.trim_start().split('.').next().unwrap();
        assert_eq!(said, format!("`{severity}`"), "{alert}");
    }
}

/// The names of series in a query.
fn series(query: &str) -> Vec<&str> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':');
    let names = query
        .split(word)
        .filter(|name| name.starts_with("cmscc_") || name.starts_with("cmscc:"));
    names.collect()
}

fn is_registered(name: &str) -> bool {
    let (prefix, source) = REGISTERED
        .into_iter()
        .find(|(prefix, _)| name.starts_with(prefix))
        .unwrap();
    let rest = name.strip_prefix(prefix).unwrap();
    source
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","))
        .filter_map(|metric| rest.strip_prefix(metric))
        .any(|suffix| {
            matches!(
                suffix,
                "" | "_total" | "_seconds" | "_seconds_bucket" | "_seconds_count" | "_info"
            )
        })
}

#[test]
fn rules_and_dashboard_ask_for_what_there_is() {
    let recorded = named("- record: ");
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut queries = vec![RULES.to_owned()];
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            queries.push(target["expr"].as_str().unwrap().to_owned());
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        queries.push(variable["query"].as_str().unwrap().to_owned());
    }
    assert!(queries.len() > 40, "{}", queries.len());
    for query in &queries {
        for name in series(query) {
            let is_there = match name.starts_with("cmscc:") {
                true => recorded.contains(&name),
                false => is_registered(name),
            };
            assert!(is_there, "`{name}` in {query}");
        }
    }
    assert!(!is_registered("cmscc_agent_streams") && !is_registered("cmscc_stream"));
}

#[test]
fn rules_do_as_their_tests_say() {
    if Command::new("promtool").arg("--version").output().is_err() {
        println!("SKIPPED: `promtool` of Prometheus runs the tests of rules");
        return;
    }
    for check in [
        &["check", "rules", "rules.yaml"][..],
        &["check", "config", "--syntax-only", "prometheus.yaml"],
        &[
            "test",
            "rules",
            "tests/server.yaml",
            "tests/agent.yaml",
            "tests/days.yaml",
        ],
    ] {
        let out = Command::new("promtool")
            .args(check)
            .current_dir(FOLDER)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{check:?}\n{said}");
    }
}

#[test]
fn every_alert_is_tested() {
    let tests = [
        include_str!("../../../deploy/watching/tests/agent.yaml"),
        include_str!("../../../deploy/watching/tests/days.yaml"),
        include_str!("../../../deploy/watching/tests/server.yaml"),
    ];
    let all = tests.concat();
    for alert in named("- alert: ") {
        // quiet, firing and quiet again
        let looks = all.matches(&format!("alertname: {alert}\n")).count();
        assert!(looks >= 3, "{alert}: {looks}");
    }
}
