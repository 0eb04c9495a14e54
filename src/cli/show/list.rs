//! Tables of proposals.

use super::{
    layout::{Line, Look, Tone, giving, table, whole},
    time::left,
    words::{progress, status},
};
use crate::client::{
    answers::{SummaryAnswer, seconds},
    view::{ListView, RowView, Whereabouts, phase},
};

/// In fewer columns nobody is told who is missing.
const ROOMY: usize = 100;

/// A table of proposals; where there are more than were looked at it says so.
pub(in crate::cli) fn proposals(list: &ListView, look: Look) -> Vec<Line> {
    // where there is little room the proposer's words matter more
    let has_room = look.width.is_none_or(|width| width >= ROOMY);
    let columns = [
        whole("PROPOSAL"),
        whole("STATUS"),
        whole("SIGNED"),
        giving("BY"),
        whole("LEFT"),
        giving(if has_room { "MISSING" } else { "" }),
        giving("DESCRIPTION"),
    ];
    let rows = list.proposals.iter().map(|row| {
        let [id, status, signed, by, left] = cells(row, look);
        let missing = match has_room {
            true => missing(&row.proposal),
            false => Line::new(),
        };
        vec![
            id,
            status,
            signed,
            by,
            left,
            missing,
            description(&row.proposal),
        ]
    });
    let mut lines = match list.proposals.is_empty() {
        true => Vec::new(),
        false => table(&columns, rows.collect(), look),
    };
    if list.more {
        let text = "There are more proposals than were looked at: use --mine, --status, or --limit";
        lines.extend(Line::of(Tone::Waiting, text).wrapped(look.width));
    }
    lines
}

/// Id, status, how far it is, whose it is, and how much time is left.
pub(super) fn cells(row: &RowView, look: Look) -> [Line; 5] {
    let one = &row.proposal;
    let id_tone = if row.awaiting_me {
        Tone::Strong
    } else {
        Tone::Plain
    };
    let (words, tone) = status(&one.status);
    let words = match one.status.as_str() {
        "WaitingForSignatures" => "waiting",
        "WaitingForCapabilities" => "to be attested",
        _ => words,
    };
    let by = Line::plain(&one.proposer_msp_id);
    let by = match one.former_member {
        true => by.and(Tone::Dim, " (left)"),
        false => by,
    };
    [
        Line::of(id_tone, &one.proposal_id),
        Line::of(tone, words),
        Line::plain(signed(one)),
        by,
        remaining(one, look),
    ]
}

fn signed(one: &SummaryAnswer) -> String {
    match (progress(&one.needs), one.signed_by.len()) {
        (text, 0) if text.is_empty() => String::new(),
        (text, signed) if text.is_empty() => signed.to_string(),
        (text, _) => text,
    }
}

/// Who could complete it, as far as there is room.
pub(super) fn missing(one: &SummaryAnswer) -> Line {
    const NAMED: usize = 4;
    if phase(&one.status) == Whereabouts::Done || one.missing.is_empty() {
        return Line::new();
    }
    let named = one.missing.iter().take(NAMED).map(String::as_str);
    let line = Line::plain(named.collect::<Vec<_>>().join(", "));
    let cut = one.omitted.get("missing").copied().unwrap_or_default();
    let more = u64::try_from(one.missing.len().saturating_sub(NAMED)).unwrap_or(u64::MAX);
    match more.saturating_add(cut) {
        0 => line,
        more => line.and(Tone::Dim, format!(" and {more} more")),
    }
}

fn remaining(one: &SummaryAnswer, look: Look) -> Line {
    let is_done = phase(&one.status) == Whereabouts::Done;
    let Some(end) = one
        .deadline
        .as_deref()
        .and_then(seconds)
        .filter(|_| !is_done)
    else {
        return Line::new();
    };
    let text = left(look.now, end);
    let text = text.strip_suffix(" left").unwrap_or(&text);
    match end.saturating_sub(look.now) {
        soon if soon < 2 * 86_400 => Line::of(Tone::Waiting, text),
        _ => Line::plain(text),
    }
}

/// The proposer's words on one line, and what must not be overlooked before them.
pub(super) fn description(one: &SummaryAnswer) -> Line {
    let mut line = Line::new();
    if one.cannot_be_recorded {
        line.push(Tone::Bad, "cannot be recorded: ");
    }
    if one.already_in_effect {
        line.push(Tone::Dim, "already so: ");
    }
    // the first line; a mark says that there is more
    let mut lines = one.description.trim_end().lines();
    line.push(Tone::Plain, lines.next().unwrap_or_default());
    if lines.next().is_some() {
        line.push(Tone::Dim, " …");
    }
    line
}
