//! When certificates end.

use super::{check::Check, diagnosis::Diagnosis};
use crate::{client::Exit, ids::UnixTime, json::time_text};

/// Within this time somebody must act. Unit: seconds.
pub(super) const SOON: i64 = 30 * DAY;

const DAY: i64 = 86_400;

/// A certificate that ends.
pub(super) struct EndOfCertificate<'a> {
    pub(super) what: &'a str,
    /// What is so once it has ended.
    pub(super) effect: &'a str,
    pub(super) fix: &'a str,
}

impl EndOfCertificate<'_> {
    pub(super) fn judge(&self, check: Check, end: i64, now: UnixTime, found: &mut Diagnosis) {
        let Self { what, effect, fix } = self;
        let left = end.saturating_sub(now.seconds);
        let day = day(end);
        match left {
            left if left < 0 => {
                let text = format!("{what} ended on {day}: {effect}");
                found.error(check, Exit::Denied, text, *fix);
            }
            left if left < SOON => {
                let text = format!("{what} ends on {day}, {}; then {effect}", days(left));
                found.warn(check, text, *fix);
            }
            left if left < 3 * SOON => {
                let text = format!("{what} ends on {day}, {}", days(left));
                found.note(check, text, Some((*fix).to_owned()));
            }
            left => found.ok(check, format!("{what} ends on {day}, {}", days(left))),
        }
    }
}

/// The day of a time.
pub(super) fn day(seconds: i64) -> String {
    let text = time_text(seconds).unwrap_or_default();
    text.get(..10).unwrap_or_default().to_owned()
}

/// In how many days.
fn days(left: i64) -> String {
    match left / DAY {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("in {days} days"),
    }
}
