//! Fabric's own answers, case by case: `tests/vectors/README.md` says what each suite holds.
//!
//! `VECTORS_DIR` names another directory of the same form. Every `*.jsonl` file that a suite's
//! directory holds is run, each with the check that its name selects; a suite that is missing or
//! empty fails.

mod block_verification;
mod capabilities;
mod compute_update;
mod json_codec;
mod policy_msp;
mod propose_config_update;

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Mutex};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// One case of a suite.
pub(crate) struct Case {
    json: Value,
}

/// What a check says of a case.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// As the reference.
    Pass,
    /// Another reason in a random case: counted as passed, and listed.
    Warn(String),
    /// Not as the reference.
    Fail(String),
}

impl Case {
    /// A text member; empty where absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.json
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A number member; 0 where absent.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.json
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    }

    /// A base64 member; empty where absent.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        base64(self.text(name))
    }

    /// Any member.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.json.get(name)
    }

    /// Compares an outcome (`Err` holds our reason class) with `expect`, `reason` and `alternatives`.
    pub(crate) fn judge(&self, ours: &Result<(), String>) -> Outcome {
        judge(&self.json, ours, self.text("class") == "random")
    }
}

/// Compares an outcome with the `expect`, `reason` and `alternatives` of some object.
pub(crate) fn judge(want: &Value, ours: &Result<(), String>, random: bool) -> Outcome {
    let text = |v: &Value, name: &str| {
        v.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let expect = text(want, "expect");
    match (expect.as_str(), ours) {
        ("ok", Ok(())) | ("panic", Err(_)) => Outcome::Pass,
        ("error", Err(reason)) => {
            let mut reasons = vec![text(want, "reason")];
            if let Some(others) = want.get("alternatives").and_then(Value::as_array) {
                reasons.extend(others.iter().map(|o| text(o, "reason")));
            }
            if reasons.contains(reason) {
                Outcome::Pass
            } else if random {
                Outcome::Warn(format!("reason {reason}, the reference says {reasons:?}"))
            } else {
                Outcome::Fail(format!(
                    "reason {reason}, the reference says {reasons:?} ({})",
                    text(want, "error")
                ))
            }
        }
        (_, ours) => Outcome::Fail(format!(
            "{ours:?}, the reference says {expect} {} ({})",
            text(want, "reason"),
            text(want, "error")
        )),
    }
}

/// Decodes standard base64; a vector that is not base64 is a broken vector.
pub(crate) fn base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("base64 in a vector")
}

/// The directory of all suites.
#[expect(clippy::disallowed_methods, reason = "the runner's one setting")]
pub(crate) fn root() -> PathBuf {
    std::env::var_os("VECTORS_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors")),
        PathBuf::from,
    )
}

/// A shared file such as `configs/NAME.pb`; cached, since thousands of cases use a few.
pub(crate) fn shared(folder: &str, name: &str, ending: &str) -> Vec<u8> {
    static CACHE: Mutex<BTreeMap<PathBuf, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let path = root().join(folder).join(format!("{name}{ending}"));
    CACHE
        .lock()
        .unwrap()
        .entry(path)
        .or_insert_with_key(|path| {
            fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        })
        .clone()
}

/// A shared JSON document such as `identities.json`.
pub(crate) fn shared_json(name: &str) -> Value {
    serde_json::from_slice(&shared("", name, "")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Runs every file of a suite: `check` gets the file's name without ending, and the case.
pub(crate) fn run_suite(suite: &str, check: impl Fn(&str, &Case) -> Outcome) {
    let folder = root().join(suite);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("suite {suite} is missing: {}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    files.sort();
    assert!(
        !files.is_empty(),
        "suite {suite} has no cases in {}",
        folder.display()
    );
    let mut failing = Vec::new();
    for path in files {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let (mut passed, mut warned, mut failed) = (0u32, Vec::new(), Vec::new());
        for line in text.lines().filter(|l| !l.trim().is_empty()) {
            let case = Case {
                json: serde_json::from_str(line)
                    .unwrap_or_else(|e| panic!("{}: {e}", path.display())),
            };
            match check(&file, &case) {
                Outcome::Pass => passed += 1,
                Outcome::Warn(why) => {
                    passed += 1;
                    warned.push(format!("{}: {why}", case.text("id")));
                }
                Outcome::Fail(why) => failed.push(format!("{}: {why}", case.text("id"))),
            }
        }
        println!("{suite}/{file}: {passed} passed, {} failed", failed.len());
        warned.iter().for_each(|w| println!("  warning {w}"));
        failed.iter().for_each(|f| println!("  FAILED {f}"));
        assert!(passed > 0 || !failed.is_empty(), "{suite}/{file} is empty");
        failing.extend(failed.into_iter().map(|f| format!("{suite}/{file} {f}")));
    }
    assert!(
        failing.is_empty(),
        "{} cases fail:\n{}",
        failing.len(),
        failing.join("\n")
    );
}
