//! `policy.jsonl` and `lookup.jsonl`: evaluating and resolving policies.

use super::super::{Case, Outcome};

pub(super) fn check(_file: &str, _case: &Case) -> Outcome {
    Outcome::Fail("not compared yet".to_owned())
}
