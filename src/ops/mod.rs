//! Operations: metrics, health, version, logs and orderly shutdown.
//!
//! The room knows nothing of the domain: it shows what it is told through [`Metrics`] and
//! [`Health`], and `cli` tells it.

mod health;
mod http;
pub mod logs;
mod metrics;
mod shutdown;

pub use health::{ChannelHealth, Health};
pub use http::serve;
pub use metrics::Metrics;
pub use shutdown::on_signals;
