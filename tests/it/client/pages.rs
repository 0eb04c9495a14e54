//! `docs/first-steps.md` and `docs/update.md`: their blocks run as they stand, and print what the page says they
//! print.

use std::{fs, process::Command};

use super::desk::Desk;

const FIRST_STEPS: &str = include_str!("../../../docs/first-steps.md");
const UPDATE: &str = include_str!("../../../docs/update.md");

#[test]
fn the_first_steps_run_as_they_stand() {
    if Command::new("script").arg("--version").output().is_err() {
        println!("SKIPPED: `script` of util-linux plays the terminal");
        return;
    }
    prints_what_it_says(&Desk::new(), FIRST_STEPS);
}

#[test]
fn updates_in_files_are_as_the_page_says() {
    for tool in ["script", "jq"] {
        if Command::new(tool).arg("--version").output().is_err() {
            println!("SKIPPED: `{tool}` is not there");
            return;
        }
    }
    let desk = Desk::new();
    let examples = desk.at("examples");
    fs::create_dir(&examples).unwrap();
    let from = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/update");
    let copied = Command::new("cp")
        .arg("-r")
        .arg(from)
        .arg(&examples)
        .status();
    assert!(copied.unwrap().success());
    prints_what_it_says(&desk, UPDATE);
    // nothing of the folder itself was changed
    let made = fs::read_dir(examples.join("update")).unwrap().count();
    assert!(made > fs::read_dir(from).unwrap().count());
}

fn prints_what_it_says(desk: &Desk, page: &str) {
    let printed = comparable(&desk.run(&blocks(page, "sh").concat()));
    for line in blocks(page, "text").concat().lines() {
        assert!(
            printed.contains(&comparable(line)),
            "not printed:\n{line}\nbut\n{printed}"
        );
    }
}

/// The blocks of a language, in the order of the page.
pub(super) fn blocks(page: &str, language: &str) -> Vec<String> {
    let start = format!("```{language}\n");
    page.split(&start)
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0.to_owned())
        .collect()
}

/// A text with a `#` for each digest, whole or cut.
pub(super) fn comparable(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_digit() || ('a'..='f').contains(&c) {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() < 8 { &digits } else { "#" });
        digits.clear();
        out.push(c);
    }
    out.pop();
    out
}

#[test]
fn digests_are_comparable() {
    assert_eq!(comparable("(460937d2…) added 12"), "(#…) added 12");
}
