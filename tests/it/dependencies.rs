//! `docs/dependencies.md` names every direct dependency and where it is used, each feature brings in
//! what it must and no more, and the whole tree keeps to `deny.toml`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use serde_json::Value;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// What cargo answers, from what is on this machine already.
fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The crates of the manifest's dependency tables, each with where it is used, as the document says it.
fn direct() -> BTreeMap<String, String> {
    let manifest = read("Cargo.toml");
    let (mut table, mut features) = ("", BTreeMap::<String, Vec<String>>::new());
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut feature = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            table = line.trim_matches(['[', ']']);
        }
        if table == "features" {
            if let Some((name, _)) = line.split_once(" = ") {
                name.clone_into(&mut feature);
            }
            for named in line.split('"').filter_map(|s| s.strip_prefix("dep:")) {
                let bringing = features.entry(named.to_owned()).or_default();
                bringing.push(format!("`{feature}`"));
            }
        }
        let Some((name, _)) = line.split_once(" = ") else {
            continue;
        };
        let feature = features.get(name).filter(|_| line.contains("optional"));
        let place = match (table, feature) {
            ("dependencies", None) => "core".to_owned(),
            ("dependencies", Some(features)) => features.join(", "),
            ("build-dependencies", None) => "build".to_owned(),
            ("build-dependencies", Some(features)) => format!("build with {}", features.join(", ")),
            ("dev-dependencies", _) => "tests".to_owned(),
            _ => continue,
        };
        places.entry(name.to_owned()).or_default().push(place);
    }
    let joined = places.into_iter().map(|(name, mut places)| {
        // core or a feature first, then what never reaches a program
        places.sort_by_key(|place| (place.as_str() == "tests", place.starts_with("build")));
        (name, places.join(", "))
    });
    joined.collect()
}

#[test]
fn every_direct_dependency_has_its_place_and_its_reason() {
    let listed: BTreeMap<String, String> = read("docs/dependencies.md")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 5, "{line}");
            assert_ne!(cells[3], "", "{line}");
            (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
        })
        .collect();
    assert!(direct().len() > 20, "the manifest was not understood");
    assert_eq!(listed, direct());
}

#[test]
fn a_feature_brings_in_no_more_than_it_says() {
    let program = ["clap", "prometheus-client", "rcgen", "tar", "x509-parser"];
    let layer = ["schemars"];
    let runtime = ["hyper", "rustls", "tokio", "tonic", "tracing"];
    for (features, without, with) in [
        ("", [&program[..], &runtime, &layer].concat(), vec!["ring"]),
        (
            "chaincode",
            [&program[..], &runtime].concat(),
            vec!["schemars"],
        ),
        (
            "shim",
            [&program[..], &layer].concat(),
            vec!["tokio", "tonic"],
        ),
        (
            "serve",
            vec!["rcgen", "schemars"],
            vec!["clap", "prometheus-client", "tonic"],
        ),
        (
            "devnet",
            vec!["clap", "prometheus-client", "tar"],
            vec!["rcgen", "tonic"],
        ),
    ] {
        let tree = cargo(&[
            "tree",
            "--locked",
            "--offline",
            "--no-default-features",
            "--features",
            features,
            "--edges",
            "normal",
            "--prefix",
            "none",
        ]);
        let crates: BTreeSet<&str> = tree
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        for name in without {
            assert!(!crates.contains(name), "`{features}` brings in {name}");
        }
        for name in with {
            assert!(crates.contains(name), "`{features}` lacks {name}");
        }
    }
}

#[test]
fn one_registry_and_one_tls_stack() {
    let lock = read("Cargo.lock");
    let sources: BTreeSet<&str> = lock
        .lines()
        .filter_map(|l| l.strip_prefix("source = "))
        .collect();
    assert_eq!(sources.len(), 1, "{sources:?}");
    for banned in denied("deny", "crate = \"") {
        assert!(
            !lock.contains(&format!("name = \"{banned}\"")),
            "{banned} is in the tree"
        );
    }
}

/// The first text behind `before` in each line of a list of `deny.toml`.
fn denied(list: &str, before: &str) -> Vec<String> {
    let file = read("deny.toml");
    let (_, rest) = file.split_once(&format!("\n{list} = [\n")).unwrap();
    let (lines, _) = rest.split_once("\n]").unwrap();
    let texts = lines.lines().filter_map(|line| {
        let (_, text) = line.split_once(before)?;
        Some(text.split_once('"')?.0.to_owned())
    });
    texts.collect()
}

/// The packages that are built for this machine: name, version and licence.
fn packages() -> Vec<(String, String, String)> {
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|l| l.strip_prefix("host: "));
    let metadata = cargo(&[
        "metadata",
        "--locked",
        "--offline",
        "--format-version",
        "1",
        "--filter-platform",
        host.unwrap(),
    ]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let built: BTreeSet<&str> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["id"].as_str().unwrap())
        .collect();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let text = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let packages: Vec<_> = packages
        .filter(|package| built.contains(package["id"].as_str().unwrap()))
        .map(|p| (text(p, "name"), text(p, "version"), text(p, "license")))
        .collect();
    assert!(packages.len() > 100, "cargo was not understood");
    packages
}

/// Whether an SPDX expression can be met with allowed licences alone.
fn may_be_used(licence: &str, allowed: &[String]) -> bool {
    // old manifests write a slash for "or"
    let spaced = licence
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let Some(word) = words.next() else {
        return false;
    };
    if word == "(" {
        let met = any(words, allowed);
        return words.next_if_eq(&")").is_some() && met;
    }
    let mut name = word.to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        name = format!("{name} WITH {}", words.next().unwrap_or_default());
    }
    allowed.contains(&name)
}

#[test]
fn licences_are_read_as_spdx_writes_them() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned()];
    for (licence, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("MIT AND ISC", true),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("(GPL-3.0 OR MIT) AND Zlib", false),
        ("GPL-3.0 AND Zlib OR MIT", true),
        ("MIT WITH LLVM-exception", false),
    ] {
        assert_eq!(may_be_used(licence, &allowed), expected, "{licence}");
    }
}

#[test]
fn every_licence_is_allowed() {
    let allowed = denied("allow", "\"");
    for (name, version, licence) in packages() {
        assert!(
            may_be_used(&licence, &allowed),
            "{name} {version} comes under `{licence}`"
        );
    }
}

#[test]
fn no_crate_is_there_twice_without_a_reason() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, version, _) in packages() {
        versions.entry(name).or_default().insert(version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let mut skipped = BTreeSet::new();
    for skip in denied("skip", "crate = \"") {
        let (name, prefix) = skip.split_once('@').unwrap();
        let found = versions.get_mut(name);
        let found = found.unwrap_or_else(|| panic!("{name} is there once"));
        let before = found.len();
        found.retain(|version| !version.starts_with(&format!("{prefix}.")));
        assert_eq!(found.len() + 1, before, "{skip} is not there");
        assert!(skipped.insert(skip));
    }
    versions.retain(|_, versions| versions.len() > 1);
    assert_eq!(versions, BTreeMap::new(), "there in several versions");
}
