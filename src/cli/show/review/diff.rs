//! What changes, by group.

use super::entry::{ShownChange, entry, group, sign};
use crate::cli::show::layout::{Line, Look, Tone, hang, more};
use crate::client::answers::{ChangeAnswer, DiffAnswer};

/// Kinds are padded to the widest of the group, but to no more columns than this.
const KIND: usize = 20;
/// Names before values likewise.
const NAME: usize = 32;
/// What stands below an entry is indented by so many columns.
const BELOW: usize = 6;

/// Whether nothing changes.
pub(in crate::cli) fn is_empty(diff: &DiffAnswer) -> bool {
    diff.changes.is_empty() && diff.truncated == 0
}

/// What changes: each group with what comes (`+`), goes (`-`) or becomes something else (`~`).
pub(in crate::cli) fn differences(diff: &DiffAnswer, look: Look) -> Vec<Line> {
    groups(diff, true, look)
}

/// What there is: the same without signs, of what a config has more than an empty one.
pub(in crate::cli) fn contents(diff: &DiffAnswer, look: Look) -> Vec<Line> {
    groups(diff, false, look)
}

fn groups(diff: &DiffAnswer, is_signed: bool, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut rest = diff.changes.as_slice();
    while let Some(first) = rest.first() {
        let path = group(first);
        let end = rest.iter().position(|one| group(one) != path);
        let (same, others) = rest.split_at(end.unwrap_or(rest.len()));
        lines.push(Line::of(Tone::Strong, path));
        lines.extend(changes(same, is_signed, look));
        rest = others;
    }
    if diff.truncated > 0 {
        let count = usize::try_from(diff.truncated).unwrap_or(usize::MAX);
        lines.push(more(count, " that differ and are not listed"));
    }
    lines
}

/// How much changes, on one line.
pub(in crate::cli::show) fn summary(diff: &DiffAnswer) -> Line {
    let count = |verb: &str| diff.changes.iter().filter(|one| one.change == verb).count();
    let parts = [
        (count("added"), "added", Tone::Good),
        (count("removed"), "removed", Tone::Bad),
        (count("changed"), "changed", Tone::Waiting),
    ];
    let mut line = Line::new();
    let mut joint = "";
    for (count, verb, tone) in parts.into_iter().filter(|(count, ..)| *count > 0) {
        line = line
            .and(Tone::Plain, joint)
            .and(tone, format!("{count} {verb}"));
        joint = ", ";
    }
    match diff.truncated {
        0 => line,
        more => line.and(Tone::Bad, format!(", and {more} that are not listed")),
    }
}

fn changes(changes: &[ChangeAnswer], is_signed: bool, look: Look) -> Vec<Line> {
    let entries: Vec<(&ChangeAnswer, ShownChange)> = (changes.iter())
        .map(|change| (change, entry(change, look)))
        .collect();
    let widths = entries.iter().map(|(_, entry)| entry.kind.len().min(KIND));
    let width = widths.max().unwrap_or_default();
    let names = entries.iter().map(|(_, entry)| entry.name.width());
    let name_width = names
        .filter(|width| *width <= NAME)
        .max()
        .unwrap_or_default();
    let mut lines = Vec::new();
    // the group itself is said in its heading
    let is_said = |change: &ChangeAnswer| !is_signed && change.item == "group";
    for (change, entry) in entries.into_iter().filter(|(change, _)| !is_said(change)) {
        let (sign, tone) = match is_signed {
            false => (" ", Tone::Dim),
            true => sign(change),
        };
        let kind = Line::of(tone, &entry.kind).padded(width);
        let first = Line::of(tone, format!("  {sign} "))
            .join(kind)
            .and(Tone::Plain, "  ");
        let body = match entry.name.is_empty() {
            true => entry.body,
            false => {
                let name = entry.name.padded(name_width).and(Tone::Plain, "  ");
                name.join(entry.body)
            }
        };
        let below = Line::new().padded(BELOW);
        // digests are longer than what is left beside the kinds
        let room = look
            .width
            .map_or(usize::MAX, |width| width.saturating_sub(first.width()));
        let next = match body.longest_word() > room {
            true => below.clone(),
            false => Line::new().padded(first.width()),
        };
        lines.extend(hang(first, &next, body, look.width));
        for line in entry.more {
            lines.extend(hang(below.clone(), &below, line, look.width));
        }
    }
    lines
}
