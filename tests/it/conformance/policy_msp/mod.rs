//! Suite `policy_msp`: the first word of a file's name says which check it gets.

mod msp;
mod policy;

use super::{Outcome, run_suite};

#[test]
fn policy_msp() {
    run_suite("policy_msp", |file, case| match file.split('-').next() {
        Some("msp") => msp::check(case),
        Some("policy" | "lookup") => policy::check(file, case),
        _ => Outcome::Fail(format!("no check for file {file}")),
    });
}
