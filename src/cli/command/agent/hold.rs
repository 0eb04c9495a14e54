//! Holds, and their ends.

use std::process::ExitCode;

use super::settings::{folders, rules};
use crate::{
    agent::{AgentFolder, HeldView, Hold},
    cli::{
        args::{AgentArgs, AgentHoldArgs, AgentResumeArgs},
        command::act::ended,
        talk::Talk,
    },
    client::{ClientError, Exit, now},
    ids::ChannelId,
    json::time_text,
    text::foreign,
};

/// The most characters of a reason.
const REASON: usize = 500;

pub(super) fn hold(args: &AgentArgs, of: &AgentHoldArgs) -> ExitCode {
    let talk = Talk::of(args.shown());
    let held = || {
        let (channel, folder) = only(args)?;
        if of.reason.chars().count() > REASON {
            let text = format!("--reason has more than {REASON} characters");
            return Err(ClientError::new(Exit::Usage, "REASON_TOO_LONG", text));
        }
        let hold = Hold {
            at: time_text(now().seconds).unwrap_or_default(),
            by_agent: false,
            reason: of.reason.clone(),
        };
        let id = of.id.as_deref();
        if !folder.change_holds(|holds| holds.hold(id, hold))? {
            let text = "as many proposals are held as may be";
            return Err(ClientError::new(Exit::Failed, "TOO_MANY_HOLDS", text)
                .hint("cmscc agent status shows them; cmscc agent hold holds the whole channel"));
        }
        talk.done(&match id {
            Some(id) => format!("the agent leaves `{id}` alone on channel {channel}"),
            None => format!("the agent sends nothing on channel {channel}"),
        });
        let sending = folder.sending()?.into_iter();
        for one in sending.filter(|one| id.is_none_or(|id| id == one)) {
            let one = foreign(&one);
            talk.warn(&format!(
                "`{one}` was being sent before: it may still take effect"
            ));
        }
        talk.next(&match id {
            Some(id) => format!("cmscc agent resume {id}"),
            None => "cmscc agent resume".to_owned(),
        });
        talk.document(&view(&channel, id, true))?;
        Ok(Exit::Done)
    };
    ended(&talk, held())
}

pub(super) fn resume(args: &AgentArgs, of: &AgentResumeArgs) -> ExitCode {
    let talk = Talk::of(args.shown());
    let resumed = || {
        let (channel, folder) = only(args)?;
        let id = of.id.as_deref();
        let Some(before) = folder.change_holds(|holds| holds.resume(id))? else {
            let text = match id {
                Some(id) => format!("`{id}` was not held on channel {channel}"),
                None => format!("channel {channel} was not held"),
            };
            return Err(ClientError::new(Exit::Done, "NOT_HELD", text));
        };
        if before.by_agent {
            talk.warn(&format!(
                "it was the agent itself that held it: {}",
                before.reason
            ));
        }
        talk.done(&match id {
            Some(id) => format!("the agent looks after `{id}` again"),
            None => format!("the agent works on channel {channel} again"),
        });
        talk.document(&view(&channel, id, false))?;
        Ok(Exit::Done)
    };
    ended(&talk, resumed())
}

fn view(channel: &ChannelId, id: Option<&str>, is_held: bool) -> HeldView {
    HeldView {
        channel: channel.to_string(),
        is_held,
        proposal_id: id.map(str::to_owned),
    }
}

/// The channel that is meant: the one of the flag, or the only one.
fn only(args: &AgentArgs) -> Result<(ChannelId, AgentFolder), ClientError> {
    let rules = rules(args)?;
    let wanted = args.client.network.flags();
    let mut found: Vec<_> = folders(args, &rules)?
        .into_iter()
        .filter(|(channel, profile, _)| {
            let is_channel = wanted
                .channel
                .as_deref()
                .is_none_or(|name| name == channel.as_str());
            is_channel && wanted.profile.as_ref().is_none_or(|name| name == profile)
        })
        .collect();
    match (found.pop(), found.len()) {
        (Some((channel, _, folder)), 0) => Ok((channel, folder)),
        (None, _) => {
            let text = "the agent works on no such channel";
            Err(ClientError::new(Exit::Usage, "NO_CHANNEL", text).hint("cmscc agent status"))
        }
        (Some(_), _) => {
            let text = "the agent works on several channels: say which";
            Err(ClientError::new(Exit::Usage, "ONE_CHANNEL", text).hint("--channel CHANNEL"))
        }
    }
}
