//! All channels of a process.

use std::sync::Arc;

use tokio::{sync::watch, task::JoinSet};

use super::{
    observer::AgentObserver,
    state::{AgentChannel, AgentWish, ChannelAgent, Common, Renewal},
};
use crate::{
    agent::{keep::ChannelReport, rule::AgentRules},
    client::{ClientError, ConnectionPool, Exit},
};

/// Does the rounds of all channels until `signal` says that the process ends; `renewal` reads the files of a
/// channel anew. Each channel has a task of
/// its own, so that one whose peers hang holds up no other.
///
/// # Errors
/// `AGENT_RUNS`: another agent is at work on one of the channels; `STATE_UNWRITABLE`, `STATE_UNREADABLE`,
/// `STATE_OF_OTHERS`; `AGENT_FAILED`: a bug ended the task of a channel.
pub async fn run(
    rules: AgentRules,
    channels: Vec<AgentChannel>,
    observer: Arc<dyn AgentObserver>,
    renewal: Arc<Renewal>,
    signal: watch::Receiver<AgentWish>,
) -> Result<(), ClientError> {
    let hooks = rules.hooks.iter().map(|hook| {
        // one notice at a time, whatever the channel
        (
            Arc::new(hook.clone()),
            Arc::new(tokio::sync::Semaphore::new(1)),
        )
    });
    let common = Arc::new(Common {
        hooks: hooks.collect(),
        rules,
        observer,
        renewal: Some(renewal),
        pool: ConnectionPool::default(),
    });
    let mut agents = Vec::new();
    for channel in channels {
        agents.push(ChannelAgent::new(channel, Arc::clone(&common))?);
    }
    let mut tasks = JoinSet::new();
    for agent in agents {
        tasks.spawn(agent.run(signal.clone()));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|error| {
            let text = format!("the task of a channel ended: {error}");
            ClientError::new(Exit::Failed, "AGENT_FAILED", text)
        })?;
    }
    Ok(())
}

/// One round of each channel that sends nothing and tells nobody: what is in the way, and what the agent
/// would do.
pub async fn try_once(
    rules: &AgentRules,
    channels: Vec<AgentChannel>,
    observer: Arc<dyn AgentObserver>,
) -> Vec<(String, ChannelReport)> {
    let common = Arc::new(Common {
        hooks: Vec::new(),
        rules: rules.clone(),
        observer,
        renewal: None,
        pool: ConnectionPool::default(),
    });
    let mut reports = Vec::new();
    for channel in channels {
        let name = channel.settings.channel.to_string();
        reports.push((
            name,
            ChannelAgent::tried(channel, Arc::clone(&common)).await,
        ));
    }
    reports
}
