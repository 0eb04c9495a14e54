//! The host's clock and randomness: what this client puts into the messages that it signs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom, SystemRandom};

use super::error::{ClientError, Exit};
use crate::{ids::UnixTime, transaction::Stamp};

/// The host's time.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "a client puts the host's time into what it signs"
)]
pub fn now() -> UnixTime {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UnixTime {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: since.subsec_nanos(),
    }
}

/// What goes into a message of now: 24 random bytes, and the time.
///
/// # Errors
/// The host has no random numbers: `NO_RANDOMNESS`.
pub fn stamp() -> Result<Stamp, ClientError> {
    let mut nonce = [0; 24];
    fill(&mut nonce)?;
    Ok(Stamp {
        nonce,
        timestamp: now(),
    })
}

/// What a program that is started for somebody finds in its environment: nothing of this process's
/// settings, which may hold secrets.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "a program that is started needs to find others"
)]
pub fn program_environment() -> Vec<(&'static str, std::ffi::OsString)> {
    let names = ["PATH", "HOME", "LANG", "TZ"];
    let found = names.map(|name| std::env::var_os(name).map(|value| (name, value)));
    found.into_iter().flatten().collect()
}

/// A random part of a time, so that callers that wait do not come back together; all of it where the
/// host has no random numbers.
#[must_use]
pub fn part_of(whole: Duration) -> Duration {
    let mut random = [0xff; 4];
    let _ = fill(&mut random);
    let share = f64::from(u32::from_be_bytes(random)) / f64::from(u32::MAX);
    whole.mul_f64(share)
}

fn fill(out: &mut [u8]) -> Result<(), ClientError> {
    SystemRandom::new().fill(out).map_err(|_| {
        ClientError::new(
            Exit::Failed,
            "NO_RANDOMNESS",
            "this host gives no random numbers",
        )
    })
}
