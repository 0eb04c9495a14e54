//! Operations: metrics, health, version, logs and orderly shutdown.
//!
//! The room knows nothing of the domain: it shows what it is told through [`Metrics`] and
//! [`Health`], and `cli` tells it.

mod health;
mod http;
pub(crate) mod logs;
mod metrics;
mod shutdown;

pub(crate) use health::Health;
pub(crate) use http::serve;
pub(crate) use metrics::Metrics;
pub(crate) use shutdown::on_signals;
