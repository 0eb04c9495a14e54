//! The rooms of `src/`: who may import whom, what pure rooms may name, that nothing imports in a
//! circle, and that a type's name stands for one thing. Checked by reading `src/`.
//!
//! ARCHITECTURE.md draws the same rooms for people; [`ROOMS`] and [`SUB_ROOMS`] are what holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Rooms, with those that each may import.
type Table = &'static [(&'static str, &'static [&'static str])];

/// The rooms from the ground up, with those that each may import besides `proto` and `ids`.
const ROOMS: Table = &[
    ("crypto", &[]),
    ("capabilities", &[]),
    ("stub", &[]),
    ("json", &[]),
    ("text", &[]),
    ("ops", &["text"]),
    ("identity", &["crypto", "capabilities"]),
    ("policy", &["identity"]),
    ("config", &["crypto", "capabilities", "identity", "policy"]),
    ("block", &["crypto", "identity", "policy", "config"]),
    ("transaction", &["identity", "config"]),
    ("files", &["json", "config", "block"]),
    (
        "review",
        &["crypto", "json", "identity", "policy", "config"],
    ),
    ("chaincode", &["stub", "crypto", "identity", "policy"]),
    ("shim", &["stub"]),
    (
        "devnet",
        &[
            "stub",
            "shim",
            "crypto",
            "capabilities",
            "json",
            "identity",
            "policy",
            "config",
            "block",
            "transaction",
        ],
    ),
    (
        "contract",
        &[
            "stub",
            "crypto",
            "capabilities",
            "json",
            "identity",
            "policy",
            "config",
            "block",
            "files",
            "review",
        ],
    ),
    (
        "client",
        &[
            "text",
            "crypto",
            "json",
            "identity",
            "policy",
            "config",
            "block",
            "files",
            "review",
            "transaction",
        ],
    ),
    ("agent", &["text", "json", "identity", "config", "client"]),
    (
        "cli",
        &[
            "agent",
            "text",
            "stub",
            "contract",
            "shim",
            "ops",
            "devnet",
            "identity",
            "policy",
            "config",
            "block",
            "review",
            "transaction",
            "client",
            "json",
        ],
    ),
];

/// The sub-rooms of rooms that are large, likewise; a file that stands in no sub-room is one by
/// itself.
const SUB_ROOMS: &[(&str, Table)] = &[
    (
        "config",
        &[
            ("envelope", &[]),
            ("tree", &[]),
            ("bundle", &["tree"]),
            ("orderer", &["bundle", "tree", "envelope"]),
            ("update", &["orderer", "bundle", "tree", "envelope"]),
            ("patch", &["update", "bundle", "tree"]),
        ],
    ),
    (
        "contract",
        &[
            ("error", &[]),
            ("anchors", &[]),
            ("interface", &["error"]),
            ("ledger", &["error"]),
            ("chain", &["error", "ledger"]),
            ("answer", &["error", "ledger", "chain"]),
            ("judge", &["error", "ledger", "chain", "answer"]),
            ("audit", &["error", "ledger", "chain", "answer", "judge"]),
            (
                "function",
                &[
                    "error",
                    "anchors",
                    "interface",
                    "ledger",
                    "chain",
                    "answer",
                    "judge",
                    "audit",
                ],
            ),
            (
                "router",
                &["error", "anchors", "interface", "judge", "function"],
            ),
        ],
    ),
];

/// Sub-rooms of the contract that decide, or say what was decided: they ask the peer for nothing.
const WITHOUT_LEDGER: &[&str] = &["interface", "chain", "answer", "judge", "audit"];

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
    "transaction",
    "files",
    "review",
    "stub",
    "text",
    "chaincode",
    "contract",
];

/// The sub-room of `shim` that is shell; the other files are as pure as the core.
const SHIM_SHELL: &str = "server";

/// The sub-rooms of `client` that are shells; the other files are as pure as the core, but for those
/// that read and write files.
const CLIENT_SHELLS: &[&str] = &["flow", "host", "keys", "network"];
const CLIENT_FILES: &[&str] = &[
    "client/chain/folder.rs",
    "client/chain/place.rs",
    "client/chain/store.rs",
    "client/profile/machine.rs",
    "client/propose/msp_folder.rs",
];

/// The sub-rooms of `agent` that are shells, and its other files that read and write files.
const AGENT_SHELLS: &[&str] = &["hook", "run"];
const AGENT_FILES: &[&str] = &["agent/keep/folder.rs"];

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
    "x509_parser",
    "SystemRandom",
];

/// More files than this make no room that one can overlook.
const FILES: usize = 16;

/// A source file without its tests.
struct Source {
    /// Its module: `contract::judge::terms`; that of a front page is its folder's.
    module: Vec<String>,
    is_front: bool,
    path: PathBuf,
    /// Without comments and unit tests.
    code: String,
}

/// All of `src/`.
struct House {
    sources: Vec<Source>,
    /// What front pages hand on, by module and name: the module that has it.
    handed_on: BTreeMap<(Vec<String>, String), Vec<String>>,
}

impl House {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut sources = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    let inside = path.strip_prefix(&root).unwrap().to_owned();
                    let text = fs::read_to_string(&path).unwrap();
                    sources.extend(Source::new(&inside, &text));
                }
            }
        }
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        Self::of(sources)
    }

    fn of(sources: Vec<Source>) -> Self {
        let mut house = Self {
            sources,
            handed_on: BTreeMap::new(),
        };
        for source in house.sources.iter().filter(|source| source.is_front) {
            for path in source.handed_on() {
                let (Some(name), Some(module)) = (path.last(), path.get(..path.len() - 1)) else {
                    continue;
                };
                let key = (source.module.clone(), name.clone());
                house.handed_on.insert(key, module.to_vec());
            }
        }
        house
    }

    fn is_module(&self, path: &[String]) -> bool {
        self.sources.iter().any(|source| source.module == path)
    }

    /// The module whose file has what a path names.
    fn home(&self, path: &[String]) -> Vec<String> {
        let mut known = 0;
        while known < path.len() && self.is_module(&path[..=known]) {
            known += 1;
        }
        let mut module = path[..known].to_vec();
        if let Some(name) = path.get(known) {
            while let Some(next) = self.handed_on.get(&(module.clone(), name.clone())) {
                module = self.home(next);
            }
        }
        module
    }

    /// The modules whose files a file imports from.
    fn imported(&self, source: &Source) -> BTreeSet<Vec<String>> {
        let mut homes: BTreeSet<_> = (source.paths().iter())
            .map(|path| self.home(path))
            .collect();
        homes.remove(&source.module);
        homes
    }

    /// The circles among what stands side by side in one folder, each with what ties it; files that
    /// only hand on are no part of any.
    fn circles(&self) -> Vec<String> {
        let mut folders: BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>> =
            BTreeMap::new();
        for source in self.sources.iter().filter(|source| !source.hands_on_only()) {
            for home in self.imported(source) {
                let Some(other) = self.sources.iter().find(|other| other.module == home) else {
                    continue;
                };
                if other.hands_on_only() {
                    continue;
                }
                let (from, to) = (source.place(), other.place());
                let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
                if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
                    let folder = folders.entry(from[..shared].to_vec()).or_default();
                    folder.entry(a.clone()).or_default().insert(b.clone());
                }
            }
        }
        let mut circles = Vec::new();
        for (folder, arrows) in folders {
            for circle in circles_of(&arrows) {
                circles.push(format!("src/{}: {}", folder.join("/"), circle.join(", ")));
            }
        }
        circles
    }
}

impl Source {
    /// `None`: all of it is tests.
    fn new(inside: &Path, text: &str) -> Option<Self> {
        let mut module: Vec<String> = (inside.iter())
            .map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned())
            .collect();
        if module.iter().any(|part| part == "tests") {
            return None;
        }
        let is_front = matches!(module.last().map(String::as_str), Some("mod" | "lib"));
        if is_front {
            module.pop();
        }
        Some(Self {
            module,
            is_front,
            path: inside.to_owned(),
            code: code_of(text),
        })
    }

    /// Where it stands: folder by folder, then the file; front pages stand in their own folder.
    fn place(&self) -> Vec<String> {
        let mut place = self.module.clone();
        if self.is_front {
            place.push("mod".to_owned());
        }
        place
    }

    fn room(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    /// The file's name in its room, or the folder's in which it stands.
    fn sub_room(&self) -> Option<&str> {
        self.module.get(1).map(String::as_str)
    }

    /// Whether the file says nothing of its own: it declares modules and hands on names.
    fn hands_on_only(&self) -> bool {
        let code = without_uses(&self.code);
        self.is_front
            && code.split(';').all(|item| {
                let item = item.trim();
                item.is_empty() || item.starts_with("pub mod ") || item.contains("mod ")
            })
            && !code.contains('{')
    }

    /// What a front page hands on, as absolute paths.
    fn handed_on(&self) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        for (is_public, tree) in uses(&self.code) {
            if is_public {
                all.extend(
                    leaves(&tree)
                        .into_iter()
                        .filter_map(|path| self.absolute(path)),
                );
            }
        }
        all
    }

    /// All paths that the code names from the crate's root, or relative to itself; what is only
    /// handed on is left out.
    fn paths(&self) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        for (is_public, tree) in uses(&self.code) {
            // what a front page hands on of its own folder is no import
            let own = |path: &Vec<String>| {
                let path = self.absolute(path.clone());
                path.is_some_and(|path| path.starts_with(&self.module))
            };
            let hands_on = is_public && self.is_front;
            let paths = leaves(&tree).into_iter();
            all.extend(paths.filter(|path| !(hands_on && own(path))));
        }
        let code = without_uses(&self.code);
        let mut starts = vec!["crate::".to_owned(), "super::".to_owned()];
        if self.is_front {
            starts.extend(declared(&code).map(|module| format!("{module}::")));
        }
        for start in &starts {
            for (at, _) in code.match_indices(start.as_str()) {
                let before = code[..at].chars().next_back();
                let restricts = code[..at].ends_with("in ");
                if restricts || before.is_some_and(|c| c == ':' || c.is_alphanumeric() || c == '_')
                {
                    continue;
                }
                let path: String = (code[at..].chars())
                    .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
                    .collect();
                all.push(path.split("::").map(str::to_owned).collect());
            }
        }
        all.into_iter()
            .filter_map(|path| self.absolute(path))
            .collect()
    }

    /// A path from the crate's root; `None` for those into other crates.
    fn absolute(&self, path: Vec<String>) -> Option<Vec<String>> {
        let mut parts = path.into_iter().filter(|part| !part.is_empty()).peekable();
        let mut base = match parts.peek()?.as_str() {
            "crate" => {
                parts.next();
                Vec::new()
            }
            "self" => {
                parts.next();
                self.module.clone()
            }
            "super" => self.module.clone(),
            // in a front page also what is below it
            _ if self.is_front => self.module.clone(),
            _ => return None,
        };
        while parts.peek().is_some_and(|part| part == "super") {
            parts.next();
            base.pop();
        }
        base.extend(parts.take_while(|part| part != "self" && part != "*"));
        Some(base)
    }
}

/// The text without line comments and without tests: modules that only tests have, wherever they are
/// declared, and the unit tests, which stand at the end of a file by convention.
fn code_of(text: &str) -> String {
    const TESTS: &str = "#[cfg(test)]";
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    let mut code = lines.collect::<Vec<_>>().join("\n");
    let mut from = 0;
    while let Some(at) = code[from..].find(TESTS).map(|at| from + at) {
        let item = &code[at + TESTS.len()..];
        let end = item.find([';', '{']).unwrap_or(item.len());
        let is_module = item[..end].contains("mod ");
        match item[end..].chars().next() {
            Some(';') => code.replace_range(at..at + TESTS.len() + end + 1, ""),
            _ if is_module => code.truncate(at),
            _ => from = at + TESTS.len(),
        }
    }
    code
}

/// An item without its visibility.
fn bare(item: &str) -> &str {
    let Some(rest) = item.strip_prefix("pub") else {
        return item;
    };
    match rest.strip_prefix('(') {
        Some(within) => within.split_once(") ").map_or(item, |(_, rest)| rest),
        None => rest.strip_prefix(' ').unwrap_or(item),
    }
}

/// The modules that a front page declares.
fn declared(code: &str) -> impl Iterator<Item = &str> {
    let items = code
        .lines()
        .filter_map(|line| line.trim().strip_suffix(';'));
    items.filter_map(|item| {
        let (before, name) = item.rsplit_once("mod ")?;
        (before.is_empty() || before.starts_with("pub")).then_some(name)
    })
}

/// The `use` items at the start of lines: whether they hand on, and their trees.
fn uses(code: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some((is_public, start, tree)) = next_use(rest) {
        found.push((is_public, tree.to_owned()));
        rest = &rest[start + tree.len()..];
    }
    found
}

fn next_use(code: &str) -> Option<(bool, usize, &str)> {
    let mut at = 0;
    for line in code.split_inclusive('\n') {
        let item = line.trim_start();
        if let Some(tree) = bare(item).strip_prefix("use ") {
            let start = at + line.len() - tree.len();
            let end = code[start..].find(';')?;
            return Some((bare(item) != item, start, &code[start..start + end]));
        }
        at += line.len();
    }
    None
}

/// The code without its `use` items.
fn without_uses(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some((_, start, tree)) = next_use(rest) {
        let line = rest[..start].rfind('\n').map_or(0, |end| end + 1);
        out.push_str(&rest[..line]);
        // behind the semicolon
        rest = rest.get(start + tree.len() + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The paths of a use tree.
fn leaves(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((head, list)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![
            path.split("::")
                .map(|part| part.trim().to_owned())
                .collect(),
        ];
    };
    let head: Vec<String> = (head.split("::").map(|part| part.trim().to_owned()))
        .filter(|part| !part.is_empty())
        .collect();
    let list = list.trim_end().strip_suffix('}').unwrap_or(list);
    let (mut depth, mut item, mut items) = (0usize, String::new(), Vec::new());
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(std::mem::take(&mut item));
                continue;
            }
            _ => {}
        }
        item.push(c);
    }
    items.push(item);
    (items.iter().filter(|item| !item.trim().is_empty()))
        .flat_map(|item| leaves(item))
        .map(|path| head.iter().cloned().chain(path).collect())
        .collect()
}

/// The groups of nodes that reach each other, each sorted.
fn circles_of(arrows: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reach = |from: &str| {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open = vec![from];
        while let Some(node) = open.pop() {
            for next in arrows.get(node).into_iter().flatten() {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = arrows
        .keys()
        .map(|node| (node.as_str(), reach(node)))
        .collect();
    let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
    for (node, others) in &reached {
        if others.contains(node) {
            let circle = others
                .iter()
                .filter(|other| reached.get(**other).is_some_and(|back| back.contains(node)));
            circles.insert(circle.map(|other| (*other).to_owned()).collect());
        }
    }
    circles.into_iter().collect()
}

/// Whether the code holds the word with no letter, digit or underscore beside it.
fn names(code: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word).any(|(at, _)| {
        !part(code[..at].chars().next_back()) && !part(code[at + word.len()..].chars().next())
    })
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let table: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let house = House::read();
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for source in &house.sources {
        let room = source.room();
        if ["lib", "main", "ids", "proto"].contains(&room) {
            continue;
        }
        seen.insert(room);
        let allowed = table
            .get(room)
            .unwrap_or_else(|| panic!("room `{room}` is not in the table"));
        for path in source.paths() {
            let Some(other) = path.first() else {
                continue;
            };
            let free = [room, "proto", "ids"].contains(&other.as_str());
            if !free && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{} imports {other}", source.path.display()));
            }
        }
    }
    assert_eq!(
        seen.len(),
        ROOMS.len(),
        "a room of the table has no files: {seen:?}"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sub_rooms_import_only_what_the_table_allows() {
    let house = House::read();
    let mut wrong = Vec::new();
    for (room, table) in SUB_ROOMS {
        let table: BTreeMap<_, _> = table.iter().copied().collect();
        let mut seen = BTreeSet::new();
        for source in house.sources.iter().filter(|source| source.room() == *room) {
            let Some(sub_room) = source.sub_room() else {
                continue;
            };
            seen.insert(sub_room);
            let Some(allowed) = table.get(sub_room) else {
                wrong.push(format!("`{room}/{sub_room}` is not in the table"));
                continue;
            };
            for home in house.imported(source) {
                if home.first().map(String::as_str) != Some(*room) {
                    continue;
                }
                let other = home.get(1).map_or("its front page", String::as_str);
                if other != sub_room && !allowed.contains(&other) {
                    wrong.push(format!("{} imports {other}", source.path.display()));
                }
            }
        }
        assert_eq!(seen.len(), table.len(), "of `{room}` there are {seen:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_imports_in_a_circle() {
    let circles = House::read().circles();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn no_room_has_more_files_than_one_can_overlook() {
    let mut folders: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for source in House::read()
        .sources
        .iter()
        .filter(|source| !source.is_front)
    {
        let folder = source.module[..source.module.len() - 1].to_vec();
        *folders.entry(folder).or_default() += 1;
    }
    folders.retain(|_, files| *files > FILES);
    assert!(folders.is_empty(), "{folders:?}");
}

#[test]
fn pure_files_touch_no_world() {
    let mut wrong = Vec::new();
    for source in House::read().sources {
        let in_shim =
            source.room() == "shim" && !source.is_front && source.sub_room() != Some(SHIM_SHELL);
        let in_client = source.room() == "client"
            && source
                .sub_room()
                .is_some_and(|sub_room| !CLIENT_SHELLS.contains(&sub_room))
            && !CLIENT_FILES.iter().any(|file| source.path.ends_with(file));
        let in_agent = source.room() == "agent"
            && source
                .sub_room()
                .is_some_and(|sub_room| !AGENT_SHELLS.contains(&sub_room))
            && !AGENT_FILES.iter().any(|file| source.path.ends_with(file));
        if !PURE.contains(&source.room()) && !in_shim && !in_client && !in_agent {
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

#[test]
fn what_decides_asks_the_peer_for_nothing() {
    let sources = House::read().sources;
    let decides = |source: &&Source| {
        source.room() == "contract"
            && WITHOUT_LEDGER.contains(&source.sub_room().unwrap_or_default())
    };
    let asking = sources
        .iter()
        .filter(decides)
        .filter(|s| names(&s.code, "Stub"));
    let asking: Vec<_> = asking
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(asking.is_empty(), "{}", asking.join("\n"));
}

#[test]
fn only_crypto_names_the_second_crypto_stack() {
    let wrong: Vec<_> = (House::read().sources.iter())
        .filter(|source| source.room() != "crypto")
        .filter(|source| {
            ["p224", "p256", "p384", "p521", "sha3", "ecdsa::signature"]
                .iter()
                .any(|word| source.code.contains(&format!("{word}::")))
        })
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_name_of_a_type_stands_for_one_thing() {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in House::read().sources {
        for name in types(&source.code) {
            let places = found.entry(name).or_default();
            places.push(source.path.display().to_string());
        }
    }
    found.retain(|_, places| places.len() > 1);
    let lines = found
        .iter()
        .map(|(name, places)| format!("{name}: {}", places.join(", ")));
    assert!(found.is_empty(), "{}", lines.collect::<Vec<_>>().join("\n"));
}

/// The types that the code declares.
fn types(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in code.lines() {
        let is_indented = line.starts_with(' ');
        let line = bare(line.trim_start());
        for kind in ["struct ", "enum ", "trait ", "type "] {
            // indented, it is a type of a trait's
            if kind == "type " && is_indented {
                continue;
            }
            if let Some(rest) = line.strip_prefix(kind) {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
                // a macro's own parameter has none
                names.extend(Some(name).filter(|name| !name.is_empty()));
            }
        }
    }
    names
}

#[test]
fn front_pages_are_tables_of_contents() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for source in House::read().sources {
        if source.is_front && source.path.ends_with("mod.rs") {
            let text = fs::read_to_string(root.join(&source.path)).unwrap();
            let path = source.path.display();
            assert!(text.starts_with("//!"), "{path} does not explain its room");
            let lines = text.lines().count();
            // the folders below the sub-rooms may have their main file there
            assert!(
                lines <= 180 || source.module.len() > 1,
                "{path} has {lines} lines"
            );
        }
    }
}

/// A house with these files: path, and code.
fn house(files: &[(&str, &str)]) -> House {
    let sources = files
        .iter()
        .filter_map(|(path, code)| Source::new(Path::new(path), code));
    House::of(sources.collect())
}

#[test]
fn circles_are_seen_wherever_they_run() {
    let straight: &[(&str, &str)] = &[
        (
            "a/mod.rs",
            "//! A.\nmod one;\nmod two;\npub(crate) use two::Two;\n",
        ),
        ("a/one.rs", "use super::two::Two;\n"),
        (
            "a/two.rs",
            "pub(crate) struct Two;\n// use super::one::One;\n",
        ),
        ("b.rs", "use crate::a::Two;\n"),
    ];
    assert_eq!(house(straight).circles(), Vec::<String>::new());
    for (changed, code, expected) in [
        ("a/two.rs", "use super::one::One;\n", "src/a: one, two"),
        ("a/two.rs", "fn f() -> crate::b::B {}\n", "src/: a, b"),
        (
            "a/two.rs",
            "fn f() { super::one::g() }\n",
            "src/a: one, two",
        ),
        (
            "a/two.rs",
            "use crate::{\n    a::{\n        one::{self, One},\n    },\n};\n",
            "src/a: one, two",
        ),
        // through what a front page hands on
        (
            "a/mod.rs",
            "mod one;\nmod two;\npub(crate) use one::One;\npub(crate) use two::Two;\n",
            "",
        ),
    ] {
        let mut files = straight.to_vec();
        for file in files.iter_mut().filter(|(path, _)| *path == changed) {
            file.1 = code;
        }
        assert_eq!(house(&files).circles().join("; "), expected, "{changed}");
    }
    let mut handed_on = straight.to_vec();
    handed_on[0].1 = "mod one;\nmod two;\npub(crate) use one::One;\npub(crate) use two::Two;\n";
    handed_on[2].1 = "use super::One;\n";
    assert_eq!(house(&handed_on).circles(), ["src/a: one, two"]);
    handed_on[2].1 = "use crate::a::One;\n";
    assert_eq!(house(&handed_on).circles(), ["src/a: one, two"]);
}

#[test]
fn the_checks_see_what_they_look_for() {
    let source = Source::new(
        Path::new("x/y.rs"),
        "use crate::{ids::A, shim::{B, C as D}, stub};\nfn f() { crate::cli::x(); super::z::w() }",
    )
    .unwrap();
    let paths: Vec<String> = source.paths().iter().map(|path| path.join("::")).collect();
    assert_eq!(
        paths,
        ["ids::A", "shim::B", "shim::C", "stub", "cli::x", "x::z::w"]
    );
    assert!(names("let t = Instant::now();", "Instant"));
    assert!(!names("Instantiate", "Instant"));
    assert_eq!(
        code_of("a // crate::x\n#[cfg(test)]\nmod tests { tokio }"),
        "a \n"
    );
    assert_eq!(
        code_of("mod a;\n#[cfg(test)]\nmod tests;\npub use a::A;\n#[cfg(test)]\nfn f() {}"),
        "mod a;\n\npub use a::A;\n#[cfg(test)]\nfn f() {}"
    );
    assert_eq!(
        types(
            "pub(crate) struct A {\n    enum B<T>\nlet structs = 1;\npub trait C: D\npub(in x::y) struct E;"
        ),
        ["A", "B", "C", "E"]
    );
}
