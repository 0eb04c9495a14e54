//! One screen about a channel.

use super::{
    layout::{Line, Look, Pairs, Tone, giving, grid, more, whole},
    list::{cells, description, missing},
    time::{day, left},
    words::{common_name, short},
};
use crate::client::{
    answers::seconds,
    view::{EndingView, IdentityView, Relation, RowView, StatusView, WITHIN},
};

/// So many rows of a section are shown; `list` shows all.
const ROWS: usize = 12;

/// Where the channel is, who looks, what awaits them, what else goes on, what ends soon, what next.
pub(in crate::cli) fn status(view: &StatusView, look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    let channel = Line::of(Tone::Strong, &view.channel);
    block.put("Channel", channel.join(place(view)));
    block.put("Contract", relation(view));
    if !view.unsupported.is_empty() {
        let text = format!(
            "does not know {}: install a newer version",
            view.unsupported.join(", ")
        );
        block.more([Line::of(Tone::Bad, text)]);
    }
    if let Some(trouble) = &view.own_server {
        let text = format!("✗ others answer for your organisation: {trouble}: ");
        block.more([Line::of(Tone::Bad, text).and(Tone::Accent, "cmscc doctor")]);
    }
    block.put("You", identity(&view.identity, look));
    let mut lines = block.lines(look);

    rows(
        &mut lines,
        ("AWAITING YOU", "--awaiting-me"),
        &view.awaiting_me,
        look,
    );
    rows(
        &mut lines,
        ("IN FLIGHT", "--in-flight"),
        &view.in_flight,
        look,
    );
    endings(&mut lines, &view.ends_soon, look);
    lines.push(Line::new());
    if view.more {
        let text = "There are more proposals than were looked at: cmscc list";
        lines.extend(Line::of(Tone::Waiting, text).wrapped(look.width));
    }
    lines.push(match &view.next {
        Some(next) => Line::plain("Next: ").and(Tone::Accent, next),
        None => Line::of(Tone::Dim, "Nothing is to be done by you."),
    });
    lines
}

fn place(view: &StatusView) -> Line {
    let peer = &view.peer;
    Line::plain(format!("  config {}", peer.sequence)).and(
        Tone::Dim,
        format!(
            " (block {}, {})",
            peer.block_number,
            short(&peer.block_hash)
        ),
    )
}

/// How the contract stands to the peer.
fn relation(view: &StatusView) -> Line {
    let name = Line::plain(format!("{}  ", view.chaincode));
    let at = view.contract.as_ref().map_or(0, |head| head.sequence);
    let peer = view.peer.sequence;
    name.join(match view.relation {
        Relation::Synced => Line::of(Tone::Good, "✓ has the config of your peer"),
        Relation::Behind => {
            let text = format!("✗ is at config {at}, {} behind your peer: ", peer.saturating_sub(at));
            Line::of(Tone::Waiting, text).and(Tone::Accent, "cmscc sync")
        }
        Relation::Ahead => Line::of(
            Tone::Waiting,
            format!("is at config {at}: your peer is behind, wait for it"),
        ),
        Relation::Fork => Line::of(
            Tone::Bad,
            format!(
                "✗ FORK: another config {at} ({}) than your peer's ({}). Sign nothing. Compare with other members",
                view.contract.as_ref().map_or_else(String::new, |head| short(&head.config_sha256)),
                short(&view.peer.config_sha256)
            ),
        ),
        Relation::NotInitialized => {
            Line::of(Tone::Waiting, "has no config yet: ").and(Tone::Accent, "cmscc init-consortium")
        }
    })
}

fn identity(one: &IdentityView, look: Look) -> Line {
    let mut line = Line::of(Tone::Strong, common_name(&one.subject))
        .and(Tone::Plain, format!("  {}, {}", one.msp_id, one.role));
    if !one.is_member {
        line.push(Tone::Waiting, ", no member");
    }
    if let Some(end) = one.not_after.as_deref().and_then(seconds) {
        let tone = match end.saturating_sub(look.now) {
            over if over <= 0 => Tone::Bad,
            soon if soon < WITHIN => Tone::Waiting,
            _ => Tone::Dim,
        };
        line.push(
            tone,
            format!("  certificate ends {}, {}", day(end), left(look.now, end)),
        );
    }
    if let Some(problem) = &one.problem {
        line.push(Tone::Bad, format!("  ✗ {problem}"));
    }
    line
}

fn heading(lines: &mut Vec<Line>, name: &str, count: usize) {
    let count = match count {
        0 => Line::of(Tone::Dim, "  none"),
        count => Line::plain(format!("  {count}")),
    };
    lines.extend([Line::new(), Line::of(Tone::Strong, name).join(count)]);
}

fn rows(lines: &mut Vec<Line>, (name, flag): (&str, &str), rows: &[RowView], look: Look) {
    heading(lines, name, rows.len());
    let columns = [
        whole(""),
        whole(""),
        whole(""),
        giving(""),
        whole(""),
        giving(""),
        giving(""),
    ];
    let shown = rows.iter().take(ROWS);
    let cells = shown.map(|row| {
        let [id, status, signed, by, left] = cells(row, look);
        let waits = match missing(&row.proposal) {
            missing if missing.is_empty() => missing,
            missing => Line::of(Tone::Dim, "for ").join(missing),
        };
        vec![
            id.indented(2),
            status,
            signed,
            Line::of(Tone::Dim, "by ").join(by),
            left,
            waits,
            description(&row.proposal),
        ]
    });
    lines.extend(grid(&columns, cells.collect(), look));
    let hidden = rows.len().saturating_sub(ROWS);
    if hidden > 0 {
        lines.push(more(hidden, &format!(": cmscc list {flag}")).indented(2));
    }
}

fn endings(lines: &mut Vec<Line>, ends: &[EndingView], look: Look) {
    if ends.is_empty() {
        return;
    }
    heading(lines, "ENDS SOON", ends.len());
    let columns = [whole(""), whole(""), giving(""), giving("")];
    let cells = ends.iter().take(ROWS).map(|one| {
        let end = seconds(&one.not_after).unwrap_or_default();
        let tone = if end < look.now {
            Tone::Bad
        } else {
            Tone::Waiting
        };
        vec![
            Line::plain(day(end)).indented(2),
            Line::of(tone, left(look.now, end)),
            Line::plain(&one.purpose),
            Line::of(Tone::Dim, &one.effect),
        ]
    });
    lines.extend(grid(&columns, cells.collect(), look));
    let hidden = ends.len().saturating_sub(ROWS);
    if hidden > 0 {
        lines.push(more(hidden, ": cmscc status --json=ends_soon").indented(2));
    }
}
