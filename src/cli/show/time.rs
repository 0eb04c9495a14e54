//! Times as people say them.

use crate::{client::answers::seconds, json::time_text};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long something takes, in its largest unit: `2 days`.
pub(super) fn span(seconds: i64) -> String {
    let (count, unit) = match seconds {
        s if s < MINUTE => (s, "second"),
        s if s < 2 * HOUR => (s / MINUTE, "minute"),
        s if s < 2 * DAY => (s / HOUR, "hour"),
        s => (s / DAY, "day"),
    };
    match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    }
}

/// What is left until a time: `2 days left`, `over since 3 hours`.
pub(in crate::cli) fn left(now: i64, until: i64) -> String {
    match until.saturating_sub(now) {
        left if left > 0 => format!("{} left", span(left)),
        over => format!("over since {}", span(over.saturating_neg())),
    }
}

/// How long ago a time was: `3 days ago`.
pub(in crate::cli) fn ago(now: i64, then: i64) -> String {
    match now.saturating_sub(then) {
        past if past >= MINUTE => format!("{} ago", span(past)),
        past if past > -MINUTE => "just now".to_owned(),
        future => format!("in {}", span(future.saturating_neg())),
    }
}

/// A time of an answer to the minute: `2026-11-29 12:00Z`; as it is where it is none.
pub(super) fn minute(time: &str) -> String {
    let text = seconds(time).and_then(time_text).unwrap_or_default();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(clock)) => format!("{day} {clock}Z"),
        _ => time.to_owned(),
    }
}

/// The day of a time.
pub(super) fn day(seconds: i64) -> String {
    let text = time_text(seconds).unwrap_or_default();
    text.get(..10).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_one_unit() {
        let cases = [
            (30, "30 seconds left"),
            (60, "1 minute left"),
            (119 * 60, "119 minutes left"),
            (2 * HOUR, "2 hours left"),
            (47 * HOUR, "47 hours left"),
            (2 * DAY, "2 days left"),
            (400 * DAY, "400 days left"),
            (0, "over since 0 seconds"),
            (-3 * DAY, "over since 3 days"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(left(1_000_000, 1_000_000 + seconds), expected);
        }
        assert_eq!(ago(100_000, 99_990), "just now");
        assert_eq!(ago(100_000, 99_000), "16 minutes ago");
        assert_eq!(ago(100_000, 103_600), "in 60 minutes");
        assert_eq!(minute("2026-11-29T12:00:31.5Z"), "2026-11-29 12:00Z");
        assert_eq!(minute("soon"), "soon");
        assert_eq!(day(1_795_953_600), "2026-11-29");
    }
}
