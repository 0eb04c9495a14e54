//! Durations in the spelling of Go: `2s`, `1h15m30.918273645s`, `-.5ms`.

/// Why text is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a duration such as `500ms` or `2s`")]
pub(in crate::config) struct DurationError;

/// The units, in nanoseconds; both micro signs are accepted.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// 2^63: what a negative duration may reach, and a positive one may not.
const LIMIT: u64 = 1 << 63;

/// Reads a duration, in nanoseconds.
///
/// # Errors
/// [`DurationError`] where Go's own parser refuses, overflow of 63 bits included.
// Fabric: time.ParseDuration, by way of common/channelconfig/orderer.go
pub(in crate::config) fn parse(text: &str) -> Result<i64, DurationError> {
    let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(DurationError);
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let (term, after) = term(rest)?;
        total = within(total.checked_add(term))?;
        rest = after;
    }
    if negative {
        return Ok(0i64.wrapping_sub_unsigned(total));
    }
    i64::try_from(total).map_err(|_| DurationError)
}

/// One number with its unit.
fn term(text: &str) -> Result<(u64, &str), DurationError> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError);
    }
    let end = rest
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at_checked(end).ok_or(DurationError)?;
    let (_, unit) = UNITS
        .into_iter()
        .find(|(name, _)| *name == unit)
        .ok_or(DurationError)?;
    let mut value = 0u64;
    for digit in whole.bytes() {
        let next = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(u64::from(digit.wrapping_sub(b'0'))));
        value = within(next)?;
    }
    let value = within(value.checked_mul(unit))?;
    let value = within(value.checked_add(fraction_of(fraction, unit)))?;
    Ok((value, rest))
}

fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn within(value: Option<u64>) -> Result<u64, DurationError> {
    value.filter(|v| *v <= LIMIT).ok_or(DurationError)
}

/// The nanoseconds of the digits behind the point.
///
/// Go computes them in IEEE doubles; so do we, because a result may differ by one nanosecond from
/// the exact one, and whether it is 0 decides whether a config is valid.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the product is positive and below the unit's 3.6e12, or equal to it by rounding"
)]
fn fraction_of(digits: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0u64, 1f64);
    for digit in digits.bytes() {
        let next = (value <= (LIMIT - 1) / 10)
            .then(|| value * 10 + u64::from(digit.wrapping_sub(b'0')))
            .filter(|v| *v <= LIMIT);
        // digits that no longer fit are dropped
        let Some(next) = next else { break };
        value = next;
        scale *= 10.0;
    }
    if value == 0 {
        return 0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let cases: &[(&str, Result<i64, DurationError>)] = &[
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("5s", Ok(5_000_000_000)),
            ("+5s", Ok(5_000_000_000)),
            ("5.s", Ok(5_000_000_000)),
            (".5s", Ok(500_000_000)),
            ("-1.5h", Ok(-5_400_000_000_000)),
            ("1h15m30.918273645s", Ok(4_530_918_273_645)),
            ("12\u{b5}s", Ok(12_000)),
            ("12\u{3bc}s", Ok(12_000)),
            ("0.0000000001s", Ok(0)),
            ("0.99999999999999999ns", Ok(1)),
            ("0.100000000000000000000h", Ok(360_000_000_000)),
            ("9223372036854775807ns", Ok(i64::MAX)),
            ("-9223372036854775808ns", Ok(i64::MIN)),
            ("9223372036854775808ns", Err(DurationError)),
            ("3000000h", Err(DurationError)),
            ("", Err(DurationError)),
            ("-", Err(DurationError)),
            ("3", Err(DurationError)),
            (".s", Err(DurationError)),
            ("1 s", Err(DurationError)),
            ("1d", Err(DurationError)),
            ("1S", Err(DurationError)),
            ("\u{663}s", Err(DurationError)),
        ];
        for (text, want) in cases {
            assert_eq!(parse(text), *want, "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(crate::cases::cases(256))]

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn whole_nanoseconds_read_back(n in 0i64..) {
            prop_assert_eq!(parse(&format!("{n}ns")), Ok(n));
        }
    }
}
