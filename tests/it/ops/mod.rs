//! Operations of a running server: logs, signals, probes, and what clients cannot do to them. Each
//! test runs the program.

mod health;
mod installed;
mod listener;
mod logs;
pub(crate) mod notified;
#[cfg(feature = "otel")]
mod otel;
mod readiness;
pub(crate) mod serving;
mod signals;
mod systemd;
mod tls;
mod warnings;
mod watching;
