//! `docs/dependencies.md` names every direct dependency, and nothing comes from outside the one
//! registry.

use std::{collections::BTreeSet, fs, path::Path};

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The crates that the manifest names in its dependency tables.
fn direct() -> BTreeSet<String> {
    let mut inside = false;
    let mut crates = BTreeSet::new();
    for line in read("Cargo.toml").lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let Some((name, _)) = line.split_once('=').filter(|_| inside) {
            crates.insert(name.trim().to_owned());
        }
    }
    crates
}

#[test]
fn every_direct_dependency_has_its_reason() {
    let listed: BTreeSet<String> = read("docs/dependencies.md")
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| `")?
                .split_once('`')
                .map(|(name, _)| name.to_owned())
        })
        .collect();
    assert!(direct().len() > 20, "the manifest was not understood");
    assert_eq!(listed, direct());
}

#[test]
fn one_registry_and_one_tls_stack() {
    let lock = read("Cargo.lock");
    let sources: BTreeSet<&str> = lock
        .lines()
        .filter_map(|l| l.strip_prefix("source = "))
        .collect();
    assert_eq!(sources.len(), 1, "{sources:?}");
    for banned in ["openssl-sys", "aws-lc-sys", "native-tls"] {
        assert!(
            !lock.contains(&format!("name = \"{banned}\"")),
            "{banned} is in the tree"
        );
    }
}
