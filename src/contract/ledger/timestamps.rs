//! Times as answers write them and as the ledger keeps them.

use prost_types::Timestamp;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::{
    contract::error::{Code, ContractError, shown},
    ids::UnixTime,
};

/// A time as it is stored.
pub(crate) fn stored(at: UnixTime) -> Timestamp {
    Timestamp {
        seconds: at.seconds,
        // nanoseconds within a second fit
        nanos: i32::try_from(at.nanos).unwrap_or(0),
    }
}

/// From the ledger's form.
pub(crate) fn read(at: &Timestamp) -> UnixTime {
    UnixTime {
        seconds: at.seconds,
        nanos: u32::try_from(at.nanos).unwrap_or(0),
    }
}

/// RFC 3339 in UTC; `None` for times outside of the years 0 to 9999.
pub(crate) fn text(at: UnixTime) -> Option<String> {
    let nanos = i128::from(at.seconds)
        .checked_mul(1_000_000_000)?
        .checked_add(i128::from(at.nanos))?;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
    time.format(&Rfc3339).ok()
}

/// A deadline: RFC 3339, later than the time of the transaction.
pub(crate) fn deadline(given: &str, now: UnixTime) -> Result<UnixTime, ContractError> {
    // an offset can carry a time out of the years that have four digits
    let time = OffsetDateTime::parse(given, &Rfc3339)
        .ok()
        .and_then(|time| time.checked_to_offset(UtcOffset::UTC))
        .ok_or_else(|| {
            Code::BadDeadline.because(format_args!(
                "deadline `{}` is not an rfc 3339 time such as `2030-01-31T12:00:00Z`",
                shown(given)
            ))
        })?;
    let deadline = UnixTime {
        seconds: time.unix_timestamp(),
        nanos: time.nanosecond(),
    };
    if deadline <= now {
        return Err(Code::BadDeadline.because(format_args!(
            "deadline `{}` must be later than the time of this transaction, {}",
            shown(given),
            text(now).unwrap_or_default()
        )));
    }
    Ok(deadline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_are_times_ahead() {
        let now = UnixTime {
            seconds: 1_795_000_000,
            nanos: 0,
        };
        for bad in [
            "",
            "tomorrow",
            "2026-11-18",
            "1999-01-01T00:00:00Z",
            "2030-13-01T00:00:00Z",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00+01:00",
        ] {
            assert_eq!(
                deadline(bad, now).unwrap_err().code(),
                Code::BadDeadline,
                "{bad}"
            );
        }
        let good = deadline("2030-01-31T12:00:00.25+02:00", now).unwrap();
        assert_eq!(text(good).as_deref(), Some("2030-01-31T10:00:00.25Z"));
        assert_eq!(read(&stored(good)), good);
    }

    #[test]
    fn odd_times_have_no_text() {
        let odd = UnixTime {
            seconds: i64::MAX,
            nanos: 0,
        };
        assert_eq!(text(odd), None);
    }
}
