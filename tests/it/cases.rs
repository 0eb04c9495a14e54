//! How many cases a generated test tries.

use proptest::test_runner::Config;

/// So many cases, or what `CMSCC_TEST_CASES` says for longer runs by hand.
#[expect(clippy::disallowed_methods, reason = "longer runs by hand")]
pub(crate) fn cases(default: u32) -> Config {
    let cases = std::env::var("CMSCC_TEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok());
    Config {
        failure_persistence: None,
        ..Config::with_cases(cases.unwrap_or(default))
    }
}
