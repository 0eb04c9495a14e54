//! Two proposals side by side: what there is now, and what each makes of it.

use serde_json::Value;

use super::super::{
    layout::{Line, Look, Tone, hang},
    review::{entry, group},
    words::counted,
};
use crate::client::{
    answers::ChangeAnswer,
    view::{SideView, SidesView},
};

/// What both touch; that they exclude each other, or can be combined; how much is of one alone.
pub(in crate::cli) fn side_by_side(view: &SidesView, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    let verdict = match &view.excludes {
        Some(element) => Line::of(Tone::Bad, "they exclude each other: ").and(
            Tone::Plain,
            format!("each wants something else of {}", place(element)),
        ),
        None => Line::of(Tone::Good, "they do not exclude each other"),
    };
    lines.extend(hang(Line::new(), &Line::plain("  "), verdict, look.width));
    let names = ["now", view.first.as_str(), view.second.as_str()];
    let widths = names.iter().map(|name| Line::plain(name).width());
    let width = widths.max().unwrap_or_default().saturating_add(2);
    let mut heading = None;
    for side in &view.both {
        let change = change(side, &Value::Null);
        let own = group(&change).to_owned();
        if heading.as_ref() != Some(&own) {
            lines.push(Line::new());
            lines.push(Line::of(Tone::Strong, &own));
            heading = Some(own);
        }
        lines.extend(rows(side, names, width, look));
    }
    lines.push(Line::new());
    let alone = [
        (view.first_only, &view.first),
        (view.second_only, &view.second),
    ];
    for (count, id) in alone.into_iter().filter(|(count, _)| *count > 0) {
        let line = Line::of(
            Tone::Dim,
            format!("{} of {id} alone: ", counted(count, "other change")),
        );
        lines.push(line.and(Tone::Accent, format!("cmscc diff {id}")));
    }
    if view.not_compared > 0 {
        let count = usize::try_from(view.not_compared).unwrap_or(usize::MAX);
        let text = format!(
            "{} not listed, and so not compared",
            counted(count, "change")
        );
        lines.push(Line::of(Tone::Bad, text));
    }
    lines
}

/// An element without its kind.
fn place(element: &str) -> &str {
    element.split_whitespace().last().unwrap_or(element)
}

fn rows(side: &SideView, names: [&str; 3], width: usize, look: Look) -> Vec<Line> {
    let shown = entry(&change(side, &side.before), look);
    let mut title = Line::of(Tone::Dim, shown.kind)
        .and(Tone::Plain, "  ")
        .join(shown.name);
    if side.same {
        title.push(Tone::Good, "  both alike");
    }
    let mut lines = hang(Line::plain("  "), &Line::plain("    "), title, look.width);
    for (name, value) in names
        .into_iter()
        .zip([&side.before, &side.first, &side.second])
    {
        let tone = match name {
            "now" => Tone::Dim,
            _ => Tone::Accent,
        };
        let first = Line::plain("    ").join(Line::of(tone, name).padded(width));
        let body = match value.is_null() {
            true => Line::of(Tone::Dim, "absent"),
            false => entry(&change(side, value), look).body,
        };
        let next = Line::new().padded(first.width());
        lines.extend(hang(first, &next, body, look.width));
    }
    lines
}

/// A value as a change shows it.
fn change(side: &SideView, value: &Value) -> ChangeAnswer {
    ChangeAnswer {
        after: value.clone(),
        before: Value::Null,
        change: "added".to_owned(),
        item: side.item.clone(),
        name: side.name.clone(),
        path: side.path.clone(),
        text: String::new(),
        unit: side.unit.clone(),
    }
}
