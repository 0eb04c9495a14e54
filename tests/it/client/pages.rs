//! `docs/first-steps.md`: its blocks run as they stand, and print what the page says they print.

use std::process::Command;

use super::desk::Desk;

const FIRST_STEPS: &str = include_str!("../../../docs/first-steps.md");

#[test]
fn the_first_steps_run_as_they_stand() {
    if Command::new("script").arg("--version").output().is_err() {
        println!("SKIPPED: `script` of util-linux plays the terminal");
        return;
    }
    let desk = Desk::new();
    let printed = comparable(&desk.run(&blocks(FIRST_STEPS, "sh").concat()));
    for line in blocks(FIRST_STEPS, "text").concat().lines() {
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
