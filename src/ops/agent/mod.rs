//! Metrics and health of an agent.

mod health;
mod metrics;

pub(crate) use health::AgentHealth;
pub(crate) use metrics::{AgentLook, AgentMetrics};
