//! The host's clock and randomness: what a client puts into the transactions it makes.

use std::time::{SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::error::DevnetError;
use crate::{ids::UnixTime, transaction::Stamp};

/// The host's time.
#[expect(
    clippy::disallowed_methods,
    reason = "clients, authorities and orderers put the host's time into what they make"
)]
pub(super) fn system_time() -> SystemTime {
    SystemTime::now()
}

/// The same since 1970.
pub(super) fn now() -> UnixTime {
    let since = system_time().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: since.subsec_nanos(),
    }
}

/// A time as Fabric prints it: `2026-01-02T03:04:05Z`.
pub(super) fn text(seconds: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok();
    let text = time.and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_else(|| seconds.to_string())
}

/// The same as messages carry it.
pub(super) fn timestamp() -> Timestamp {
    let now = now();
    Timestamp {
        seconds: now.seconds,
        nanos: i32::try_from(now.nanos).unwrap_or_default(),
    }
}

/// 24 random bytes, as Fabric's clients put into signature headers.
pub(super) fn nonce() -> Result<[u8; 24], DevnetError> {
    let mut nonce = [0; 24];
    SystemRandom::new()
        .fill(&mut nonce)
        .map_err(|_| DevnetError::Randomness)?;
    Ok(nonce)
}

/// What a client puts into a message of now.
pub(super) fn stamp() -> Result<Stamp, DevnetError> {
    Ok(Stamp {
        nonce: nonce()?,
        timestamp: now(),
    })
}
