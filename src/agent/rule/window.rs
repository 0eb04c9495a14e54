//! When submitting is wanted.

use time::{OffsetDateTime, UtcOffset, Weekday};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// A time of the week in which updates may be submitted, such as `mon-fri 08:00-18:00 +01:00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitWindow {
    /// Days from Monday (0) on.
    days: [bool; 7],
    /// Minutes since midnight; `until` is not in it. Where it is not after `from`, it is the next day's.
    from: u16,
    until: u16,
    /// East of UTC. Unit: seconds.
    offset: i32,
}

impl SubmitWindow {
    /// Reads a window: days, hours, and the offset from UTC where it is not UTC. Days are `mon` to `sun`,
    /// with commas and ranges, or `daily`.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            format!(
                "`{text}` is no window: {what}; one is `mon-fri 08:00-18:00` or `daily 22:00-04:00 +01:00`"
            )
        };
        let mut parts = text.split_ascii_whitespace();
        let (Some(days), Some(hours), zone, None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong("it has days, hours, and perhaps an offset from UTC"));
        };
        let (from, until) = hours
            .split_once('-')
            .ok_or_else(|| wrong("hours are `08:00-18:00`"))?;
        let hour = |text: &str| minutes(text).ok_or_else(|| wrong("hours are `08:00-18:00`"));
        let (from, until) = (hour(from)?, hour(until)?);
        if from == until {
            return Err(wrong("it begins when it ends"));
        }
        Ok(Self {
            days: read_days(days)
                .ok_or_else(|| wrong("days are `mon`, `mon-fri`, `sat,sun`, `daily`"))?,
            from,
            until,
            offset: match zone {
                None => 0,
                Some(zone) => offset(zone).ok_or_else(|| wrong("an offset is `+01:00`"))?,
            },
        })
    }

    /// Whether a time lies in it. Unit: seconds since 1970.
    #[must_use]
    pub fn holds(&self, now: i64) -> bool {
        let Ok(at) = OffsetDateTime::from_unix_timestamp(now) else {
            return false;
        };
        let Ok(offset) = UtcOffset::from_whole_seconds(self.offset) else {
            return false;
        };
        let Some(at) = at.checked_to_offset(offset) else {
            return false;
        };
        let minute = u16::from(at.hour()) * 60 + u16::from(at.minute());
        let on = |day: Weekday| {
            let day = usize::from(day.number_days_from_monday());
            self.days.get(day).copied().unwrap_or_default()
        };
        match self.from < self.until {
            true => on(at.weekday()) && (self.from..self.until).contains(&minute),
            false => {
                (on(at.weekday()) && minute >= self.from)
                    || (on(at.weekday().previous()) && minute < self.until)
            }
        }
    }
}

/// `24:00` is the end of the day.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok())?
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    let all = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && all <= DAY).then_some(all)
}

fn offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let minutes = minutes(rest).filter(|minutes| *minutes <= 14 * 60)?;
    Some(sign * i32::from(minutes) * 60)
}

fn read_days(text: &str) -> Option<[bool; 7]> {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    if text == "daily" {
        return Some([true; 7]);
    }
    let at = |name: &str| NAMES.iter().position(|day| *day == name);
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (at(first)?, at(last)?);
        loop {
            *days.get_mut(day)? = true;
            if day == last {
                break;
            }
            day = (day + 1) % NAMES.len();
        }
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday 2026-11-30, 00:00 UTC.
    const MONDAY: i64 = 1_795_996_800;
    const HOUR: i64 = 3_600;
    const DAYS: i64 = 86_400;

    #[test]
    fn windows_hold_by_day_hour_and_offset() {
        for (window, at, holds) in [
            ("mon-fri 08:00-18:00", 8 * HOUR, true),
            ("mon-fri 08:00-18:00", 8 * HOUR - 1, false),
            ("mon-fri 08:00-18:00", 18 * HOUR, false),
            ("mon-fri 08:00-18:00", 5 * DAYS + 9 * HOUR, false),
            ("mon-fri 08:00-18:00 +01:00", 7 * HOUR, true),
            ("mon-fri 08:00-18:00 +01:00", 17 * HOUR, false),
            ("sat,sun 00:00-24:00", 5 * DAYS, true),
            ("sat,sun 00:00-24:00", 7 * DAYS - 1, true),
            ("sat,sun 00:00-24:00", 7 * DAYS, false),
            ("mon 22:00-04:00", 23 * HOUR, true),
            ("mon 22:00-04:00", DAYS + 3 * HOUR, true),
            ("mon 22:00-04:00", 3 * HOUR, false),
            ("mon 22:00-04:00", DAYS + 4 * HOUR, false),
            ("fri-mon 00:00-24:00", 6 * DAYS, true),
            ("fri-mon 00:00-24:00", 2 * DAYS, false),
            ("mon 00:00-01:00 -05:00", 5 * HOUR, true),
        ] {
            let read = SubmitWindow::parse(window).unwrap();
            assert_eq!(read.holds(MONDAY + at), holds, "{window} at {at}");
        }
    }

    #[test]
    fn what_is_no_window_is_told() {
        for (text, what) in [
            ("", "it has days"),
            ("mon", "it has days"),
            ("monday 08:00-18:00", "days are"),
            ("mon 8-18", "hours are"),
            ("mon 08:00-25:00", "hours are"),
            ("mon 08:60-09:00", "hours are"),
            ("mon 08:00-08:00", "it begins when it ends"),
            ("mon 08:00-09:00 Berlin", "an offset is"),
            ("mon 08:00-09:00 +15:00", "an offset is"),
            ("mon 08:00-09:00 +01:00 x", "it has days"),
        ] {
            let said = SubmitWindow::parse(text).unwrap_err();
            assert!(said.contains(what), "{text}: {said}");
        }
    }
}
