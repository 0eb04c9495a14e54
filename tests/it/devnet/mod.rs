//! The embedded network: peers, an orderer and chaincode servers on loopback, with real TLS.

pub(crate) mod behaviour;
mod commands;
mod concurrency;
mod console;
mod failures;
pub(crate) mod harness;
mod recordable;
mod scenario;
pub(crate) mod services;
mod settings;
mod twenty;
pub(crate) mod wire;

use std::{
    thread,
    time::{Duration, Instant},
};

/// Asks again until there is an answer; a minute is the end of patience.
#[expect(clippy::disallowed_methods, reason = "a deadline for other processes")]
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "gave up waiting: {what}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}
