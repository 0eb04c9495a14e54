//! How lines look, through a subscriber of the test's own.

use serde_json::Value;
use tracing::subscriber::with_default;

use super::*;

/// What is written of some events.
fn written(format: Format, log: impl FnOnce()) -> String {
    let queue = Arc::new(LineQueue::new(LogCounters::default()));
    let lines = Lines {
        format,
        ansi: false,
        queue: Arc::clone(&queue),
    };
    with_default(Registry::default().with(lines), log);
    queue.take()
}

fn hostile() {
    let txid = "x\n2026-01-01T00:00:00Z ERROR forged code=OK\u{1b}[2J\u{202e}";
    tracing::warn!(txid, shown = %txid, ms = 7_u64, tls = true, "message {txid}");
}

#[test]
fn a_text_line_stays_one_line_and_its_fields_cannot_be_forged() {
    let text = written(Format::Text, hostile);
    assert_eq!(text.matches('\n').count(), 1);
    assert!(text.ends_with('\n'));
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    let (_, rest) = text.split_once("  WARN cmscc::ops::logs::tests: ").unwrap();
    assert!(rest.starts_with(r"message x\u{a}2026"), "{rest}");
    assert!(rest.contains(r#" txid="x\n2026-01-01"#), "{rest}");
    assert!(rest.contains(r" shown=x\u{a}2026-01-01"), "{rest}");
    assert!(rest.ends_with(" ms=7 tls=true\n"), "{rest}");
}

#[test]
fn a_json_line_reads_back() {
    let text = written(Format::Json, hostile);
    assert_eq!(text.matches('\n').count(), 1);
    assert!(!text.contains('\u{202e}'));
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["ms"], 7);
    assert_eq!(line["tls"], true);
    assert_eq!(line["target"], "cmscc::ops::logs::tests");
    let txid = line["txid"].as_str().unwrap();
    assert!(txid.starts_with("x\n2026") && txid.ends_with("\u{1b}[2J\u{202e}"));
}

#[test]
fn lines_have_a_longest_length() {
    let long = "\u{202e}".repeat(7 << 20);
    for format in [Format::Text, Format::Json] {
        let text = written(format, || {
            let a = long.as_str();
            tracing::info!(a, b = %a, c = a, d = a, e = a, f = ?a, "{a}");
        });
        assert!(text.len() < 6_000, "{}", text.len());
        assert!(text.contains(".."), "{text}");
        if format == Format::Json {
            serde_json::from_str::<Value>(&text).unwrap();
        }
    }
}

#[test]
fn times_are_rfc_3339() {
    assert!(OffsetDateTime::parse(&now(), &Rfc3339).is_ok());
}
