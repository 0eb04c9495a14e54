//! The import table of the rooms, and what pure rooms may name, checked by reading `src/`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Which rooms a room may import, besides `proto` and `ids`. The table of `docs/architecture.md`.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("crypto", &[]),
    ("json", &[]),
    ("capabilities", &[]),
    ("identity", &["crypto", "capabilities"]),
    ("policy", &["identity"]),
    ("config", &["crypto", "capabilities", "identity", "policy"]),
    (
        "block",
        &["crypto", "capabilities", "identity", "policy", "config"],
    ),
    (
        "review",
        &[
            "crypto",
            "capabilities",
            "identity",
            "policy",
            "json",
            "config",
        ],
    ),
    ("stub", &[]),
    (
        "contract",
        &[
            "stub",
            "crypto",
            "capabilities",
            "identity",
            "policy",
            "json",
            "config",
            "block",
            "review",
        ],
    ),
    ("shim", &["stub"]),
    ("ops", &[]),
    (
        "devnet",
        &[
            "stub",
            "shim",
            "crypto",
            "capabilities",
            "identity",
            "policy",
            "json",
            "config",
            "block",
            "review",
        ],
    ),
    (
        "cli",
        &[
            "stub",
            "contract",
            "shim",
            "ops",
            "devnet",
            "crypto",
            "capabilities",
            "identity",
            "policy",
            "json",
            "config",
            "block",
            "review",
        ],
    ),
];

/// Rooms without sockets, files, clocks, threads or a runtime.
const PURE: &[&str] = &[
    "ids",
    "proto",
    "crypto",
    "capabilities",
    "identity",
    "policy",
    "json",
    "config",
    "block",
    "review",
    "stub",
    "contract",
];

/// Files of `shim` that are shell; the others are as pure as the core.
const SHIM_SHELL: &[&str] = &["server.rs", "session.rs", "tls.rs"];

/// What a pure file may not name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "SystemTime",
    "Instant",
    "tokio",
    "tonic",
    "tracing",
    "rcgen",
    "hyper",
    "axum",
    "prometheus_client",
    "anyhow",
    "clap",
    "SystemRandom",
];

/// A source file: its room, its path for messages, and its code without comments and tests.
struct Source {
    room: String,
    path: PathBuf,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let inside = path.strip_prefix(&root).unwrap();
                let first = inside
                    .components()
                    .next()
                    .unwrap()
                    .as_os_str()
                    .to_string_lossy()
                    .into_owned();
                let room = first.trim_end_matches(".rs").to_owned();
                let is_test = |part: &std::ffi::OsStr| part == "tests" || part == "tests.rs";
                if inside.iter().any(is_test) {
                    continue;
                }
                let code = code_of(&fs::read_to_string(&path).unwrap());
                found.push(Source {
                    room,
                    path: inside.to_owned(),
                    code,
                });
            }
        }
    }
    found
}

/// The text without line comments and without what follows the unit tests' attribute, which stands
/// at the end of a file by convention.
fn code_of(text: &str) -> String {
    text.split("#[cfg(test)]\nmod ")
        .next()
        .unwrap_or_default()
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The rooms that a piece of code names as `crate::room`, also inside `use crate::{a, b::c}`.
fn imports(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0usize;
            let mut item = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => rooms.push(std::mem::take(&mut item)),
                    c if depth == 0 => item.push(c),
                    _ => {}
                }
            }
            rooms.push(item);
        } else {
            rooms.push(
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    rooms
        .iter()
        .map(|r| {
            r.trim()
                .split("::")
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
        .filter(|r| !r.is_empty())
        .collect()
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let table: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut seen = BTreeMap::new();
    for source in sources() {
        if ["lib", "main", "ids", "proto"].contains(&source.room.as_str()) {
            continue;
        }
        *seen.entry(source.room.clone()).or_insert(0) += 1;
        let allowed = table
            .get(source.room.as_str())
            .unwrap_or_else(|| panic!("room `{}` is not in the table", source.room));
        for room in imports(&source.code) {
            let free = [source.room.as_str(), "proto", "ids"].contains(&room.as_str());
            if !free && !allowed.contains(&room.as_str()) {
                wrong.push(format!("{} imports {room}", source.path.display()));
            }
        }
    }
    assert_eq!(
        seen.len(),
        MAY_IMPORT.len(),
        "a room of the table has no files: {seen:?}"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_files_touch_no_world() {
    let mut wrong = Vec::new();
    for source in sources() {
        let name = source
            .path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let pure = PURE.contains(&source.room.as_str())
            || source.room == "shim" && !SHIM_SHELL.contains(&name.as_str()) && name != "mod.rs";
        if !pure {
            continue;
        }
        for word in IMPURE {
            if names(&source.code, word) {
                wrong.push(format!("{} names {word}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the code holds the word with no letter, digit or underscore beside it.
fn names(code: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word).any(|(at, _)| {
        !part(code[..at].chars().next_back()) && !part(code[at + word.len()..].chars().next())
    })
}

#[test]
fn only_crypto_names_the_second_crypto_stack() {
    let wrong: Vec<_> = sources()
        .iter()
        .filter(|s| s.room != "crypto")
        .filter(|s| {
            ["p224", "p256", "p384", "p521", "sha3", "ecdsa::signature"]
                .iter()
                .any(|w| s.code.contains(&format!("{w}::")))
        })
        .map(|s| s.path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn front_pages_are_tables_of_contents() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for source in sources() {
        // the front page of a room; the folders inside may have their main file there
        if source.path.ends_with("mod.rs") && source.path.components().count() == 2 {
            let text = fs::read_to_string(root.join(&source.path)).unwrap();
            assert!(
                text.starts_with("//!"),
                "{} does not explain its room",
                source.path.display()
            );
            let lines = text.lines().count();
            assert!(lines <= 180, "{} has {lines} lines", source.path.display());
        }
    }
}

#[test]
fn the_checks_see_what_they_look_for() {
    assert_eq!(
        imports("use crate::{ids::A, shim::{B, C}, stub};\ncrate::cli::x()"),
        ["ids", "shim", "stub", "cli"]
    );
    assert!(names("let t = Instant::now();", "Instant"));
    assert!(!names("Instantiate", "Instant"));
    assert_eq!(
        code_of("a // crate::x\n#[cfg(test)]\nmod tests { tokio }"),
        "a "
    );
}
