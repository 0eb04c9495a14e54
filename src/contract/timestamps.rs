//! Times as answers write them and as the ledger keeps them.

use prost_types::Timestamp;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::{
    args::shown,
    error::{Code, ContractError},
};
use crate::ids::UnixTime;

/// The ledger's form.
pub(super) fn stored(at: UnixTime) -> Timestamp {
    Timestamp {
        seconds: at.seconds,
        // nanoseconds within a second fit
        nanos: i32::try_from(at.nanos).unwrap_or(0),
    }
}

/// From the ledger's form.
pub(super) fn read(at: &Timestamp) -> UnixTime {
    UnixTime {
        seconds: at.seconds,
        nanos: u32::try_from(at.nanos).unwrap_or(0),
    }
}

/// RFC 3339 in UTC; `None` for times outside of the years 0 to 9999.
pub(super) fn text(at: UnixTime) -> Option<String> {
    let nanos = i128::from(at.seconds)
        .checked_mul(1_000_000_000)?
        .checked_add(i128::from(at.nanos))?;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
    time.format(&Rfc3339).ok()
}

/// A deadline: RFC 3339, behind the time of the transaction.
pub(super) fn deadline(given: &str, now: UnixTime) -> Result<UnixTime, ContractError> {
    let time = OffsetDateTime::parse(given, &Rfc3339).map_err(|_| {
        Code::BadDeadline.because(format_args!(
            "deadline `{}` is not an rfc 3339 time such as `2030-01-31T12:00:00Z`",
            shown(given)
        ))
    })?;
    let time = time.to_offset(UtcOffset::UTC);
    let deadline = UnixTime {
        seconds: time.unix_timestamp(),
        nanos: time.nanosecond(),
    };
    if deadline <= now {
        return Err(Code::BadDeadline.because(format_args!(
            "deadline `{}` is not behind the time of this transaction, {}",
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
