//! What the agent last said.

use std::process::ExitCode;

use super::settings::{folders, rules};
use crate::{
    agent::{AgentChannelView, AgentStatusView, Hold},
    cli::{args::AgentArgs, screen::Screen, show::agent_status},
    client::{ClientError, Exit, now},
};

pub(super) fn run(args: &AgentArgs) -> ExitCode {
    let screen = Screen::new(args.shown(), false);
    let done = look(args).and_then(|view| {
        let at = now().seconds;
        screen.result(&view, None, |look| agent_status(&view, at, look))?;
        Ok(exit(&view))
    });
    screen.ended(done)
}

fn look(args: &AgentArgs) -> Result<AgentStatusView, ClientError> {
    let rules = rules(args)?;
    let mut view = AgentStatusView::default();
    for (channel, profile, folder) in folders(args, &rules)? {
        let mut report = folder.report()?;
        if let Some(report) = &mut report {
            // somebody may have held or resumed since
            report.holds = folder.holds()?;
        }
        view.channels.push(AgentChannelView {
            channel: channel.to_string(),
            is_at_work: folder.is_at_work(),
            profile,
            report,
        });
    }
    Ok(view)
}

/// 3 where something is in its way, or it does not run; 7 after a fork.
fn exit(view: &AgentStatusView) -> Exit {
    let reports = || view.channels.iter().filter_map(|one| one.report.as_ref());
    let by_agent = |hold: &Hold| hold.by_agent;
    match () {
        () if reports().any(|report| report.holds.channel.as_ref().is_some_and(by_agent)) => {
            Exit::Unsafe
        }
        // one that has said nothing yet has not looked
        () if (view.channels.iter()).any(|one| !one.is_at_work || one.report.is_none()) => Exit::No,
        () if reports().any(|report| report.trouble.is_some() || !report.refused.is_empty()) => {
            Exit::No
        }
        () => Exit::Done,
    }
}
