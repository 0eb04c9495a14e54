//! The two time forms of certificates, read as strictly as Go reads them.

use crate::crypto::der::{self, Element, Reader, tag};

/// Reads a `UTCTime` or `GeneralizedTime`: seconds since 1970, UTC.
///
/// A zone must be `Z` or a non-zero offset; fractions are refused. A `UTCTime` may leave out the
/// seconds.
// Go: crypto/x509, parseTime
pub(super) fn read(reader: &mut Reader<'_>) -> Option<i64> {
    if reader.peek(tag::UTC_TIME) {
        let text = reader.content(tag::UTC_TIME)?;
        let (year, rest) = digits(text, 2)?;
        // the two digits mean 1950 to 2049
        let year = if year >= 50 { 1900 + year } else { 2000 + year };
        moment(year, rest, true)
    } else {
        let text = reader.content(tag::GENERALIZED_TIME)?;
        let (year, rest) = digits(text, 4)?;
        moment(year, rest, false)
    }
}

/// Whether an element is a time by the rules of revocation lists: as [`read`], and a
/// `GeneralizedTime` may have a fraction of one to nine digits that does not end in zero.
// Go: encoding/asn1, parseUTCTime, parseGeneralizedTime
pub(crate) fn is_asn1_time(element: &Element<'_>) -> bool {
    let mut time = Reader::new(element.raw);
    if read(&mut time).is_some() {
        return true;
    }
    let Some((date, [b'.', rest @ ..])) = element.content.split_at_checked(14) else {
        return false;
    };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let Some((fraction, zone)) = rest.split_at_checked(digits) else {
        return false;
    };
    let short = (1..=9).contains(&digits) && fraction.last() != Some(&b'0');
    let plain = der::write(element.tag, &[date, zone]);
    short && element.tag == tag::GENERALIZED_TIME && read(&mut Reader::new(&plain)).is_some()
}

fn moment(year: i64, rest: &[u8], seconds_optional: bool) -> Option<i64> {
    let (month, rest) = digits(rest, 2)?;
    let (day, rest) = digits(rest, 2)?;
    let (hour, rest) = digits(rest, 2)?;
    let (minute, rest) = digits(rest, 2)?;
    let (second, zone) = match digits(rest, 2) {
        Some(read) => read,
        None if seconds_optional => (0, rest),
        None => return None,
    };
    let known = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let offset = offset(zone)?;
    known
        .then(|| (days_before(year, month, day) * 24 + hour) * 3600 + minute * 60 + second - offset)
}

/// `Z`, or `+hhmm` and `-hhmm` up to 24 hours but not zero. Unit: seconds.
fn offset(zone: &[u8]) -> Option<i64> {
    let (sign, rest) = match zone {
        b"Z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits(rest, 2)?;
    let (minutes, rest) = digits(rest, 2)?;
    let seconds = (hours * 60 + minutes) * 60;
    (rest.is_empty() && hours <= 24 && minutes < 60 && seconds != 0).then_some(sign * seconds)
}

fn digits(text: &[u8], count: usize) -> Option<(i64, &[u8])> {
    let (head, rest) = text.split_at_checked(count)?;
    let number = head.iter().try_fold(0, |sum, b| {
        b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0'))
    })?;
    Some((number, rest))
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, for years 0 to 9999.
const fn days_before(year: i64, month: i64, day: i64) -> i64 {
    // count years from March, so that the leap day comes last
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leaps + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let utc = tag::UTC_TIME;
        let general = tag::GENERALIZED_TIME;
        let cases: &[(u8, &str, Option<i64>)] = &[
            (utc, "700101000000Z", Some(0)),
            (utc, "7001010000Z", Some(0)),
            (utc, "491231235959Z", Some(2_524_607_999)),
            (utc, "500101000000Z", Some(-631_152_000)),
            (utc, "000229120000Z", Some(951_825_600)),
            (utc, "010229120000Z", None),
            (utc, "700101000000+0100", Some(-3600)),
            (utc, "700101000000-2400", Some(86_400)),
            (utc, "700101000000+0000", None),
            (utc, "700101000000", None),
            (utc, "700101000000.5Z", None),
            (utc, "700101240000Z", None),
            (utc, "701301000000Z", None),
            (general, "20500101000000Z", Some(2_524_608_000)),
            (general, "99991231235959Z", Some(253_402_300_799)),
            (general, "00000101000000Z", Some(-62_167_219_200)),
            (general, "205001010000Z", None),
            (tag::INTEGER, "700101000000Z", None),
        ];
        for (tag, text, want) in cases {
            let bytes = der::write(*tag, &[text.as_bytes()]);
            assert_eq!(read(&mut Reader::new(&bytes)), *want, "{text}");
        }
    }
}
