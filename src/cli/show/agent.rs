//! What the agent does, and what is in its way.

use super::{
    layout::{Line, Look, Pairs, Tone},
    time::ago,
    words::{counted, status as status_words},
};
use crate::{
    agent::{AgentChannelView, AgentCheckView, AgentStatusView, ChannelReport, CheckedChannelView},
    client::answers::seconds,
};

/// The agents of this machine. `now`: in seconds since 1970.
pub(in crate::cli) fn agent_status(view: &AgentStatusView, now: i64, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    for one in &view.channels {
        if !lines.is_empty() {
            lines.push(Line::new());
        }
        lines.extend(channel(one, now, look));
    }
    lines
}

fn channel(view: &AgentChannelView, now: i64, look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    let name =
        Line::of(Tone::Strong, &view.channel).and(Tone::Dim, format!("  profile {}", view.profile));
    block.put("Channel", name);
    let Some(report) = &view.report else {
        let line = match view.is_at_work {
            true => Line::of(
                Tone::Waiting,
                "it was started just now, and has not looked yet",
            ),
            false => Line::of(Tone::Waiting, "there never was one on this machine")
                .and(Tone::Accent, "  cmscc agent run"),
        };
        block.put("Agent", line);
        return block.lines(look);
    };
    block.put("Agent", at_work(view.is_at_work, report, now));
    found(&mut block, report, now);
    let mut lines = block.lines(look);
    lines.extend(trouble(report, now, look));
    lines
}

fn at_work(is_at_work: bool, report: &ChannelReport, now: i64) -> Line {
    let said = format!(
        "last heard of {}",
        ago(now, seconds(&report.at).unwrap_or(now))
    );
    match is_at_work {
        true => {
            Line::of(Tone::Good, "at work").and(Tone::Dim, format!("  pid {}, {said}", report.pid))
        }
        false => Line::of(Tone::Bad, "not at work").and(Tone::Plain, format!("  {said}")),
    }
}

/// What a round found.
fn found(block: &mut Pairs, report: &ChannelReport, now: i64) {
    block.text("You", format!("{} ({})", report.identity, report.msp_id));
    block.put("Config", config(report));
    let round = report.last_round_at.as_deref().and_then(seconds);
    let round = round.map(|at| ago(now, at));
    block.text(
        "Round",
        round.unwrap_or_else(|| "none that could be done".to_owned()),
    );
    let proposals = report
        .proposals
        .iter()
        .map(|(status, count)| format!("{count} {}", status_words(status).0));
    let proposals: Vec<String> = proposals.collect();
    block.text(
        "Proposals",
        match proposals.is_empty() {
            true => "none that is not over".to_owned(),
            false => proposals.join(", "),
        },
    );
    if report.awaiting > 0 {
        let text = match report.awaiting {
            1 => "1 awaits a signature of your organisation".to_owned(),
            count => format!("{count} await a signature of your organisation"),
        };
        block.more([Line::of(Tone::Waiting, text).and(Tone::Accent, "  cmscc list --awaiting-me")]);
    }
    for (at, one) in report.ready.iter().enumerate() {
        let waits = one.waits.as_deref().unwrap_or("is submitted now");
        let line = Line::of(Tone::Strong, &one.proposal_id).and(Tone::Plain, format!("  {waits}"));
        match at {
            0 => block.put("Submits", line),
            _ => block.more([line]),
        }
    }
    for one in &report.refused {
        let why = one.why.as_deref().unwrap_or("refused");
        let line = Line::of(Tone::Strong, &one.proposal_id)
            .and(Tone::Bad, format!("  not submitted: {why}"));
        block.put("Refused", line);
        block.more([Line::of(Tone::Dim, "a person decides: ")
            .and(Tone::Accent, format!("cmscc show {}", one.proposal_id))]);
    }
    hooks(block, report);
}

fn config(report: &ChannelReport) -> Line {
    match (report.sequence, report.contract_sequence) {
        (None, _) => Line::of(Tone::Waiting, "not known yet"),
        (Some(own), None) => Line::plain(format!("{own}"))
            .and(Tone::Waiting, "  the contract has none, or is not reached"),
        (Some(own), Some(contract)) if own == contract => {
            Line::plain(format!("{own}")).and(Tone::Good, "  the contract has it")
        }
        (Some(own), Some(contract)) => Line::plain(format!("{own}"))
            .and(Tone::Waiting, format!("  the contract is at {contract}")),
    }
}

fn hooks(block: &mut Pairs, report: &ChannelReport) {
    let waiting = report.hooks.iter().filter(|(_, hook)| hook.waiting > 0);
    for (at, (name, hook)) in waiting.enumerate() {
        let text = format!(
            "  {} to be told, failed {} in a row",
            hook.waiting,
            counted(hook.failures as usize, "time")
        );
        let line = Line::of(Tone::Strong, name).and(Tone::Waiting, text);
        match at {
            0 => block.put("Hooks", line),
            _ => block.more([line]),
        }
    }
    if report.dead_letters > 0 {
        let text = format!(
            "{} that nobody could be told",
            counted(
                usize::try_from(report.dead_letters).unwrap_or(usize::MAX),
                "notice"
            )
        );
        block.put(
            "Lost",
            Line::of(Tone::Bad, text).and(Tone::Dim, "  see the file of dead letters"),
        );
    }
}

/// What is in its way, and what is held.
fn trouble(report: &ChannelReport, now: i64, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(trouble) = &report.trouble {
        let since = seconds(&trouble.since).unwrap_or(now);
        let line = Line::of(Tone::Bad, "✗ ").and(Tone::Plain, &trouble.text);
        let line = line.and(
            Tone::Dim,
            format!(
                "  [{}] since {}",
                trouble.symbol,
                ago(now, since).trim_end_matches(" ago")
            ),
        );
        lines.extend(line.wrapped(look.width));
        if let Some(hint) = &trouble.hint {
            lines.extend(
                Line::of(Tone::Dim, "  ")
                    .and(Tone::Accent, hint)
                    .wrapped(look.width),
            );
        }
    }
    let holds = report.holds.channel.iter().map(|hold| (None, hold));
    let of = report
        .holds
        .proposals
        .iter()
        .map(|(id, hold)| (Some(id), hold));
    for (id, hold) in holds.chain(of) {
        let what = match id {
            Some(id) => format!("`{id}` is held"),
            None => "nothing is sent: the channel is held".to_owned(),
        };
        let by = if hold.by_agent {
            " by the agent itself"
        } else {
            ""
        };
        let reason = match hold.reason.is_empty() {
            true => String::new(),
            false => format!(": {}", hold.reason),
        };
        let line = Line::of(Tone::Waiting, "! ").and(Tone::Plain, format!("{what}{by}{reason}"));
        let resume = match id {
            Some(id) => format!("  cmscc agent resume {id}"),
            None => "  cmscc agent resume".to_owned(),
        };
        lines.extend(line.and(Tone::Accent, resume).wrapped(look.width));
    }
    lines
}

/// What an agent would find.
pub(in crate::cli) fn agent_check(view: &AgentCheckView, now: i64, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    for one in &view.channels {
        lines.extend(checked(one, now, look));
        lines.push(Line::new());
    }
    for hook in &view.hooks {
        let line = match &hook.problem {
            Some(problem) => {
                Line::of(Tone::Bad, "✗ ").and(Tone::Plain, format!("hook {}: {problem}", hook.name))
            }
            None if hook.is_told => Line::of(Tone::Good, "✓ ")
                .and(Tone::Plain, format!("hook {}: it took a test", hook.name)),
            None => Line::of(Tone::Good, "✓ ")
                .and(Tone::Plain, format!("hook {}: can be used", hook.name))
                .and(Tone::Dim, "  --test-hooks tells it a test"),
        };
        lines.extend(line.wrapped(look.width));
    }
    if view.hooks.is_empty() {
        lines.push(Line::of(
            Tone::Dim,
            "Nobody is told of anything: the agent's file names no hooks.",
        ));
    }
    let is_well = view.channels.iter().all(|one| one.report.trouble.is_none());
    let is_told = view.hooks.iter().all(|hook| hook.problem.is_none());
    if is_well && is_told && !view.channels.iter().any(|one| one.is_at_work) {
        lines.push(Line::plain("Next: ").and(Tone::Accent, "cmscc agent run"));
    }
    lines
}

fn checked(view: &CheckedChannelView, now: i64, look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    let name =
        Line::of(Tone::Strong, &view.channel).and(Tone::Dim, format!("  profile {}", view.profile));
    block.put("Channel", name);
    if view.is_at_work {
        block.put("Agent", Line::of(Tone::Waiting, "one is at work already"));
    }
    found(&mut block, &view.report, now);
    let does = [
        (view.syncs, "brings the contract to the channel's config"),
        (view.submits, "submits what is ready"),
    ];
    let does: Vec<&str> = does
        .iter()
        .filter(|(does, _)| *does)
        .map(|(_, what)| *what)
        .collect();
    block.text(
        "Would",
        match does.is_empty() {
            true => "look, and tell",
            false => "",
        }
        .to_owned()
            + &does.join(", "),
    );
    let mut lines = block.lines(look);
    match &view.report.trouble {
        Some(_) => lines.extend(trouble(&view.report, now, look)),
        None => {
            lines.extend(trouble(&view.report, now, look));
            lines.push(Line::of(Tone::Good, "✓ ").and(Tone::Plain, "nothing is in its way"));
        }
    }
    lines
}
