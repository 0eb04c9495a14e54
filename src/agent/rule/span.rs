//! Lengths of time, such as `10m`.

use std::time::Duration;

use crate::client::time_span;

/// The longest that makes sense here.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// A length of time such as `90s`, `10m`, `1h30m`, `2d`, or `0`; at most a year.
pub(super) fn span(text: &str) -> Option<Duration> {
    match text {
        "0" => Some(Duration::ZERO),
        text => time_span(text).filter(|span| *span <= LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_units() {
        for (text, seconds) in [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("90s", Some(90)),
            ("1h30m", Some(5_400)),
            ("2d", Some(172_800)),
            ("", None),
            ("10", None),
            ("m", None),
            ("10x", None),
            ("-1s", None),
            ("400d", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(span(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
