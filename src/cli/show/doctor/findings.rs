//! Findings by their parts.

use super::summary::end;
use crate::cli::show::layout::{Line, Look, Tone, hang};
use crate::client::view::{DoctorPart, DoctorView, FindingDetail, FindingLevel, FindingView};

/// All findings by their parts, each with what puts it right, and what to begin with.
pub(in crate::cli) fn doctor(view: &DoctorView, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    let names = view.findings.iter().map(|one| one.check.len());
    let column = names.max().unwrap_or_default().saturating_add(4);
    let mut place: Option<(DoctorPart, Option<&str>)> = None;
    let told = view
        .findings
        .iter()
        .rposition(|one| one.level != FindingLevel::Skipped);
    let (mut rest, untold) = (view
        .findings
        .split_at_checked(told.map_or(0, |last| last.saturating_add(1))))
    .unwrap_or((&view.findings, &[]));
    while let Some((one, behind)) = rest.split_first() {
        let here = (one.part, one.about.as_deref());
        if place != Some(here) {
            if place.is_some() {
                lines.push(Line::new());
            }
            lines.push(heading(one, view));
            place = Some(here);
        }
        if one.level != FindingLevel::Skipped {
            finding(one, column, look, &mut lines);
            rest = behind;
            continue;
        }
        let is_same = |other: &&FindingView| {
            other.level == FindingLevel::Skipped
                && (other.part, other.about.as_deref()) == here
                && other.text == one.text
        };
        let count = rest.iter().take_while(is_same).count();
        let (skipped, behind) = rest.split_at(count);
        let names: Vec<&str> = skipped.iter().map(|one| one.check).collect();
        let first = Line::of(Tone::Dim, "- ");
        let text = format!("not looked at, {}: {}", one.text, names.join(", "));
        let next = Line::plain("  ");
        lines.extend(hang(first, &next, Line::of(Tone::Dim, text), look.width));
        rest = behind;
    }
    behind(untold, place, look, &mut lines);
    lines.extend(end(view, look));
    lines
}

/// What nothing could be told of, at the end.
fn behind(
    untold: &[FindingView],
    place: Option<(DoctorPart, Option<&str>)>,
    look: Look,
    lines: &mut Vec<Line>,
) {
    let Some(first) = untold.first() else {
        return;
    };
    let (mut whole, mut names): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for one in untold {
        match place.is_some_and(|(part, _)| part == one.part) {
            true => names.push(one.check),
            false => whole.extend((!whole.contains(&words(one.part))).then_some(words(one.part))),
        }
    }
    let text = [names, whole].concat().join(", ");
    let text = format!("not looked at, {}: {text}", first.text);
    let (mark, next) = (Line::of(Tone::Dim, "- "), Line::plain("  "));
    lines.extend(hang(mark, &next, Line::of(Tone::Dim, text), look.width));
}

const fn words(part: DoctorPart) -> &'static str {
    match part {
        DoctorPart::Machine => "this machine",
        DoctorPart::Nodes => "the peers",
        DoctorPart::Channel => "the channel",
        DoctorPart::Contract => "the contract",
    }
}

fn heading(one: &FindingView, view: &DoctorView) -> Line {
    let named = |what: &str, name: Option<&str>| match name {
        Some(name) => Line::of(Tone::Strong, what).and(Tone::Plain, format!("  {name}")),
        None => Line::of(Tone::Strong, what),
    };
    match one.part {
        DoctorPart::Machine => named("THIS MACHINE", None),
        DoctorPart::Nodes => named("NODE", one.about.as_deref()),
        DoctorPart::Channel => named("CHANNEL", view.channel.as_deref()),
        DoctorPart::Contract => named("CONTRACT", view.chaincode.as_deref()),
    }
}

fn finding(one: &FindingView, column: usize, look: Look, lines: &mut Vec<Line>) {
    let (mark, tone) = match one.level {
        FindingLevel::Ok => ("✓ ", Tone::Good),
        FindingLevel::Skipped | FindingLevel::Note => ("· ", Tone::Dim),
        FindingLevel::Warning => ("! ", Tone::Waiting),
        FindingLevel::Error => ("✗ ", Tone::Bad),
    };
    let name = match one.level {
        FindingLevel::Warning | FindingLevel::Error => tone,
        _ => Tone::Dim,
    };
    let first = Line::of(tone, mark).and(name, one.check).padded(column);
    let next = Line::new().padded(column);
    lines.extend(hang(first, &next, Line::plain(&one.text), look.width));
    for FindingDetail { from, message } in &one.details {
        let body = Line::of(Tone::Dim, format!("{from}: ")).and(Tone::Dim, one_line(message));
        let behind = next.clone().and(Tone::Plain, "  ");
        lines.extend(hang(next.clone(), &behind, body, look.width));
    }
    if let Some(fix) = &one.fix {
        let first = next.clone().and(Tone::Accent, "→ ");
        let behind = next.and(Tone::Plain, "  ");
        lines.extend(hang(
            first,
            &behind,
            Line::of(Tone::Accent, fix),
            look.width,
        ));
    }
}

/// What others said, in one line.
fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
