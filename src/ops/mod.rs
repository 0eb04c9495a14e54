//! Operations: metrics, health, version, logs, signals and orderly shutdown.
//!
//! The room knows nothing of the domain: it shows what it is told through [`Metrics`] and
//! [`Health`], and `cli` tells it. `readiness`, `channels`, `throttle` and `exposition` decide; the
//! rest of the room is shell around them.

#[cfg(feature = "agent")]
mod agent;
mod channels;
mod chore;
mod clock;
mod exposition;
mod health;
mod http;
pub(crate) mod logs;
mod metrics;
#[cfg(feature = "otel")]
mod otel;
mod probed;
mod readiness;
mod signals;
mod systemd;
mod thread;
mod throttle;

#[cfg(feature = "agent")]
pub(crate) use agent::{AgentHealth, AgentLook, AgentMetrics};
pub(crate) use channels::ChannelHealth;
pub(crate) use chore::Chore;
#[cfg(feature = "otel")]
pub(crate) use clock::since_1970;
pub(crate) use clock::{Clock, unix_seconds};
pub(crate) use health::Health;
pub(crate) use http::Endpoints;
pub(crate) use metrics::Metrics;
#[cfg(feature = "otel")]
pub(crate) use otel::{CallSpan, OtlpEndpoint, SpanResource, Spans};
pub(crate) use probed::Probed;
pub(crate) use signals::Wishes;
pub(crate) use thread::Operations;
pub(crate) use throttle::{LineLevel, Throttle};
