//! The catalogues in `docs/` say what the code says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use cmscc::{
    client::view::FolderFindingId,
    contract::{Code, audit::AuditFindingId, function_names},
    review::lint::FindingId,
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

/// Every function has a command in the page's script: those that write an `invoke`, the others a
/// `query`.
#[test]
fn every_function_has_a_command_that_runs() {
    let page = page("functions.md");
    let mut called: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for block in page.split("```sh\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        for line in block.lines() {
            for (before, after) in line
                .match_indices("\"$(args ")
                .map(|(at, found)| (&line[..at], &line[at + found.len()..]))
            {
                let name = after.split([' ', ')']).next().unwrap();
                let kind = before.rsplit("peer chaincode ").next().unwrap();
                called.entry(name).or_default().push(kind);
            }
        }
    }
    let names: BTreeSet<&str> = function_names().collect();
    assert_eq!(called.keys().copied().collect::<BTreeSet<_>>(), names);
    for (name, kinds) in called {
        let read = name.starts_with("Check")
            || name.starts_with("Get")
            || name.starts_with("get")
            || name.starts_with("List")
            || name.starts_with("Export")
            || name.starts_with("Prepare")
            || name.ends_with("GetMetadata");
        let kind = if read {
            "query $READ -c "
        } else {
            "invoke $WRITE -c "
        };
        assert!(kinds.iter().all(|one| *one == kind), "{name}: {kinds:?}");
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
    let of_bundles = AuditFindingId::ALL.iter().map(|id| id.name());
    let of_folders = FolderFindingId::ALL.iter().map(|id| id.name());
    let known: Vec<&str> = of_bundles.chain(of_folders).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_event_catalogue_is_complete() {
    let page = page("events.md");
    let listed: BTreeSet<&str> = rows(&page)
        .into_iter()
        .filter_map(|row| row[0].strip_prefix('`')?.strip_suffix('`'))
        .collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract/answer/events.rs");
    let source = fs::read_to_string(source).unwrap();
    let sent: BTreeSet<&str> = source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|literal| literal.ends_with("Event"))
        .collect();
    assert_eq!(listed, sent);
}
