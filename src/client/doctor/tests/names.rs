//! The names of the checks are public: each has its row in `docs/doctor.md`, and no other has.

use std::collections::BTreeSet;

use super::*;

const PAGE: &str = include_str!("../../../../docs/doctor.md");

#[test]
fn the_page_has_every_check_and_no_other() {
    let row = |line: &'static str| line.strip_prefix("| `")?.split_once("` |");
    let rows: Vec<(&str, &str)> = PAGE.lines().filter_map(row).collect();
    let is_check = |name: &str| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let named: Vec<&str> = (rows.iter().map(|(name, _)| *name))
        .filter(|name| is_check(name))
        .collect();
    let known: Vec<&str> = Check::ALL.iter().map(|check| check.name()).collect();
    assert_eq!(named, known, "in the order in which they are told");
    for (name, rest) in rows.into_iter().filter(|(name, _)| is_check(name)) {
        let cells: Vec<&str> = rest
            .trim_end_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        assert_eq!(cells.len(), 2, "{name} has what is amiss, and what to do");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{name}");
    }
}

#[test]
fn names_are_their_own() {
    let names: BTreeSet<&str> = Check::ALL.iter().map(|check| check.name()).collect();
    assert_eq!(names.len(), Check::ALL.len());
    for check in Check::ALL {
        assert_eq!(Check::named(&check.name().to_lowercase()), Some(check));
    }
    assert_eq!(Check::named("NONE"), None);
    assert!(Check::ALL.is_sorted());
}
