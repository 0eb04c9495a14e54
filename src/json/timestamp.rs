//! `google.protobuf.Timestamp` as RFC 3339 text, both ways, with Go's leniencies.

use crate::proto::scan::{Fields, ScanError, int32};

const DAY: i64 = 86_400;
/// 0001-01-01T00:00:00Z.
const FIRST: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;

/// Reads seconds and nanoseconds of a message that may stand in several parts.
///
/// # Errors
/// [`ScanError`].
pub(super) fn read<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Result<(i64, i32), ScanError> {
    let (mut seconds, mut nanos) = (0, 0);
    for part in parts {
        let mut fields = Fields::new(part);
        while let Some(field) = fields.next()? {
            match (field.number, field.varint()) {
                (1, Some(value)) => seconds = value.cast_signed(),
                (2, Some(value)) => nanos = int32(value),
                _ => {}
            }
        }
    }
    Ok((seconds, nanos))
}

/// Writes a time with 0, 3, 6 or 9 fraction digits; `None` outside the years 1 to 9999.
pub(super) fn format(seconds: i64, nanos: i32) -> Option<String> {
    if !(FIRST..=LAST).contains(&seconds) || !(0..1_000_000_000).contains(&nanos) {
        return None;
    }
    let (year, month, day) = date(seconds.div_euclid(DAY));
    let time = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    let fraction = match nanos {
        0 => String::new(),
        n if n % 1_000_000 == 0 => format!(".{:03}", n / 1_000_000),
        n if n % 1_000 == 0 => format!(".{:06}", n / 1_000),
        n => format!(".{n:09}"),
    };
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"
    ))
}

/// Reads a time; `None` where Go's parser refuses it.
///
/// It takes one-digit hours, a comma before the fraction, offsets up to 24:60; digits of the fraction
/// beyond nine only behind a comma, and drops them.
pub(super) fn parse(text: &str) -> Option<(i64, i32)> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    byte(&mut rest, b'-')?;
    let month = digits(&mut rest, 2)?;
    byte(&mut rest, b'-')?;
    let day = digits(&mut rest, 2)?;
    byte(&mut rest, b'T')?;
    let hour = digits(&mut rest, 2).or_else(|| digits(&mut rest, 1))?;
    byte(&mut rest, b':')?;
    let minute = digits(&mut rest, 2)?;
    byte(&mut rest, b':')?;
    let second = digits(&mut rest, 2)?;
    let nanos = fraction(&mut rest)?;
    let offset = offset(&mut rest)?;
    let real = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !real || !rest.is_empty() {
        return None;
    }
    let time = hour * 3600 + minute * 60 + second;
    let seconds = days(year, month, day) * DAY + time - offset;
    (FIRST..=LAST)
        .contains(&seconds)
        .then_some((seconds, nanos))
}

fn byte(rest: &mut &[u8], want: u8) -> Option<()> {
    *rest = rest.strip_prefix(&[want])?;
    Some(())
}

/// Exactly `count` digits, at most four; moves only when they are there.
fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(count)?;
    let mut value = 0;
    for digit in head {
        digit.is_ascii_digit().then_some(())?;
        value = value * 10 + i64::from(digit - b'0');
    }
    *rest = tail;
    Some(value)
}

/// Nanoseconds; 0 where there is no fraction.
fn fraction(rest: &mut &[u8]) -> Option<i32> {
    let Some((mark @ (b'.' | b','), tail)) = rest.split_first() else {
        return Some(0);
    };
    let count = tail.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 || (*mark == b'.' && count > 9) {
        return None;
    }
    let (head, after) = tail.split_at_checked(count)?;
    *rest = after;
    let head = head.iter().copied().chain(std::iter::repeat(b'0'));
    Some(
        head.take(9)
            .fold(0, |n, digit| n * 10 + i32::from(digit - b'0')),
    )
}

/// Seconds east of UTC.
fn offset(rest: &mut &[u8]) -> Option<i64> {
    let (sign, tail) = rest.split_first()?;
    *rest = tail;
    let sign = match sign {
        b'Z' => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = digits(rest, 2)?;
    byte(rest, b':')?;
    let minutes = digits(rest, 2)?;
    (hours <= 24 && minutes <= 60).then_some(sign * (hours * 3600 + minutes * 60))
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years begin in March here, so that the leap day is the last of its year.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a day since 1970-01-01: the inverse of [`days`].
const fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let cases = [
            ("2023-11-14T22:13:20Z", 1_700_000_000, 0),
            ("2023-11-14T22:13:20.5Z", 1_700_000_000, 500_000_000),
            (
                "2023-11-14T22:13:20,1234567891Z",
                1_700_000_000,
                123_456_789,
            ),
            ("2023-11-14T22:13:20.000000001-00:00", 1_700_000_000, 1),
            ("2023-11-14T2:13:20Z", 1_699_928_000, 0),
            ("2023-11-14T22:13:20+02:00", 1_699_992_800, 0),
            ("2023-11-14T22:13:20+24:60", 1_699_910_000, 0),
            ("2024-02-29T00:00:00Z", 1_709_164_800, 0),
            ("0001-01-01T00:00:00Z", FIRST, 0),
            ("9999-12-31T23:59:59.999999999Z", LAST, 999_999_999),
        ];
        for (text, seconds, nanos) in cases {
            assert_eq!(parse(text), Some((seconds, nanos)), "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in [
            "",
            "2023-11-14",
            "2023-11-14t22:13:20z",
            "2023-11-14 22:13:20Z",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:20.1234567891Z",
            "2023-11-14T22:13:20.5,5Z",
            "2023-11-14T22:13:60Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:3:20Z",
            "2023-1-14T22:13:20Z",
            "2023-02-29T22:13:20Z",
            "2023-13-01T22:13:20Z",
            "2023-11-00T22:13:20Z",
            "2023-11-14T22:13:20+0200",
            "2023-11-14T22:13:20+1:00",
            "2023-11-14T22:13:20+25:00",
            "2023-11-14T22:13:20Zx",
            "+023-11-14T22:13:20Z",
            "0000-12-31T23:59:59Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "10000-01-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for (seconds, nanos) in [
            (0, 0),
            (-1, 999_999_999),
            (1_709_164_799, 120_000_000),
            (1_709_251_200, 1_000),
            (FIRST, 0),
            (LAST, 7),
        ] {
            let text = format(seconds, nanos).unwrap();
            assert_eq!(parse(&text), Some((seconds, nanos)), "{text}");
        }
        assert_eq!(format(0, 120_000_000).unwrap(), "1970-01-01T00:00:00.120Z");
        assert_eq!(format(FIRST - 1, 0), None);
        assert_eq!(format(LAST + 1, 0), None);
        assert_eq!(format(0, -1), None);
    }

    #[test]
    fn every_day_has_its_date() {
        let (mut year, mut month, mut day) = (1, 1, 1);
        for n in FIRST / DAY..=LAST / DAY {
            assert_eq!(date(n), (year, month, day));
            assert_eq!(days(year, month, day), n);
            day += 1;
            if day > days_in_month(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }
}
