//! The catalogues in `docs/` say what the code says.

use std::{collections::BTreeSet, fs, path::Path};

use cmscc::{
    config::lint::FindingId,
    contract::{Code, audit::FindingId as AuditFindingId, function_names},
};

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The cells of all table rows.
fn rows(page: &str) -> Vec<Vec<&str>> {
    page.lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|row| row.split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn the_error_catalogue_is_complete() {
    let page = page("errors.md");
    let listed: BTreeSet<(String, i32)> = rows(&page)
        .into_iter()
        .filter(|row| row.len() == 4 && row.iter().all(|cell| !cell.is_empty()))
        .filter_map(|row| {
            let symbol = row[0].strip_prefix('`')?.strip_suffix('`')?;
            Some((symbol.to_owned(), row[1].parse().ok()?))
        })
        .collect();
    let known: BTreeSet<(String, i32)> = Code::ALL
        .iter()
        .map(|code| (code.symbol().to_owned(), code.status()))
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn the_function_reference_is_complete() {
    let page = page("functions.md");
    let listed: BTreeSet<&str> = rows(&page)
        .into_iter()
        .flat_map(|row| row[0].split('`').skip(1).step_by(2))
        .collect();
    for name in function_names() {
        assert!(listed.contains(name), "{name}");
    }
}

#[test]
fn the_catalogue_of_findings_is_complete() {
    let page = page("lint.md");
    let listed: Vec<&str> = rows(&page)
        .into_iter()
        .filter(|row| row.len() == 4 && row.iter().all(|cell| !cell.is_empty()))
        .filter_map(|row| row[0].strip_prefix('`')?.strip_suffix('`'))
        .collect();
    let known: Vec<&str> = FindingId::ALL.iter().map(|id| id.name()).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_catalogue_of_audit_findings_is_complete() {
    let page = page("audit.md");
    let listed: Vec<&str> = rows(&page)
        .into_iter()
        .filter_map(|row| row[0].strip_prefix('`')?.strip_suffix('`'))
        .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .collect();
    let known: Vec<&str> = AuditFindingId::ALL.iter().map(|id| id.name()).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_event_catalogue_is_complete() {
    let page = page("events.md");
    let listed: BTreeSet<&str> = rows(&page)
        .into_iter()
        .filter_map(|row| row[0].strip_prefix('`')?.strip_suffix('`'))
        .collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract/events.rs");
    let source = fs::read_to_string(source).unwrap();
    let sent: BTreeSet<&str> = source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|literal| literal.ends_with("Event"))
        .collect();
    assert_eq!(listed, sent);
}
