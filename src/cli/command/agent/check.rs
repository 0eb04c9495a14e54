//! One look at everything: what is in the way of the agent, and what it would do.

use std::{process::ExitCode, sync::Arc};

use super::{
    settings::{channels, rules},
    telemetry::NoTelemetry,
};
use crate::{
    agent::{
        AgentCheckView, AgentRules, CheckedChannelView, CheckedHookView, Notice, NoticeKind,
        check_hook, deliver, try_once,
    },
    cli::{
        args::{AgentArgs, AgentCheckArgs},
        command::see::in_runtime,
        screen::Screen,
        show::agent_check,
    },
    client::{ClientError, Exit, now},
    ids::Digest,
    json::time_text,
};

pub(super) fn run(args: &AgentArgs, of: &AgentCheckArgs) -> ExitCode {
    let screen = Screen::new(args.shown(), false);
    let done = in_runtime().and_then(|runtime| {
        let looking = screen.wait("looking at channels and hooks", look(args, of));
        let view = runtime.block_on(looking)?;
        let at = now().seconds;
        screen.result(&view, None, |look| agent_check(&view, at, look))?;
        let is_well = view.channels.iter().all(|one| one.report.trouble.is_none())
            && view.hooks.iter().all(|hook| hook.problem.is_none());
        Ok(if is_well { Exit::Done } else { Exit::No })
    });
    screen.ended(done)
}

async fn look(args: &AgentArgs, of: &AgentCheckArgs) -> Result<AgentCheckView, ClientError> {
    let rules = rules(args)?;
    let channels = channels(args, &rules)?;
    let first = channels.first().map(|channel| {
        let (channel, msp_id) = (&channel.settings.channel, &channel.identity.msp_id);
        (channel.to_string(), msp_id.to_string())
    });
    let names: Vec<_> = channels
        .iter()
        .map(|channel| {
            let folder = channel.folder();
            let profile = channel.settings.profile.as_deref().unwrap_or("default");
            (
                profile.to_owned(),
                folder.is_at_work(),
                channel.rules.clone(),
            )
        })
        .collect();
    let tried = try_once(&rules, channels, Arc::new(NoTelemetry)).await;
    let (channel, msp_id) = first.unwrap_or_default();
    Ok(AgentCheckView {
        channels: (tried.into_iter().zip(names))
            .map(
                |((channel, report), (profile, is_at_work, rules))| CheckedChannelView {
                    channel,
                    is_at_work,
                    profile,
                    report,
                    submits: rules.submit.is_some(),
                    syncs: rules.sync,
                },
            )
            .collect(),
        hooks: hooks(&rules, of.test_hooks, &channel, &msp_id).await,
    })
}

async fn hooks(
    rules: &AgentRules,
    tells: bool,
    channel: &str,
    msp_id: &str,
) -> Vec<CheckedHookView> {
    let mut checked = Vec::new();
    for hook in &rules.hooks {
        let usable = check_hook(hook);
        let told = match (usable, tells) {
            (Ok(()), true) => deliver(hook, &test_notice(channel, msp_id), now().seconds).await,
            (usable, _) => usable,
        };
        checked.push(CheckedHookView {
            is_told: tells && told.is_ok(),
            name: hook.name.clone(),
            problem: told.err().map(|why| why.to_string()),
        });
    }
    checked
}

fn test_notice(channel: &str, msp_id: &str) -> Notice {
    let at = time_text(now().seconds).unwrap_or_default();
    Notice {
        channel: channel.to_owned(),
        id: Digest::of(at.as_bytes()).to_string(),
        at,
        kind: NoticeKind::Test,
        msp_id: msp_id.to_owned(),
        next: None,
        proposal: None,
        remaining_seconds: None,
        sequence: 0,
        text: "a test of the agent's hooks: nothing happened".to_owned(),
    }
}
