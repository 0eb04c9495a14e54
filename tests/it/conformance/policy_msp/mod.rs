//! Suite `policy_msp`: each file has its own check.

mod msp;
mod policy;

use super::{Outcome, run_suite};

#[test]
fn policy_msp() {
    run_suite("policy_msp", |file, case| match file {
        "msp" => msp::check(case),
        "policy" | "lookup" => policy::check(file, case),
        other => Outcome::Fail(format!("no check for file {other}")),
    });
}
