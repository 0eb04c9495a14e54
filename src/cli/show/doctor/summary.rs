//! How bad it is in all.

use crate::{
    cli::show::layout::{Line, Look, Tone},
    client::view::{DoctorView, FindingLevel},
};

/// How many there are, and what to begin with.
pub(super) fn end(view: &DoctorView, look: Look) -> Vec<Line> {
    let count = |level: FindingLevel| {
        let of = view.findings.iter().filter(|one| one.level == level);
        of.count()
    };
    let words = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let (errors, warnings) = (count(FindingLevel::Error), count(FindingLevel::Warning));
    let first = view.findings.iter().find(|one| one.level == view.worst);
    let line = match (errors, warnings) {
        (0, 0) => Line::of(Tone::Good, "Nothing is amiss."),
        (0, warnings) => Line::of(Tone::Waiting, format!("{}.", words(warnings, "warning"))),
        (errors, 0) => Line::of(Tone::Bad, format!("{}.", words(errors, "error"))),
        (errors, warnings) => Line::of(
            Tone::Bad,
            format!(
                "{}, {}.",
                words(errors, "error"),
                words(warnings, "warning")
            ),
        ),
    };
    let line = match (errors, warnings, first) {
        (0, 0, _) | (_, _, None) => line,
        (0 | 1, 0 | 1, Some(_)) if errors.saturating_add(warnings) == 1 => line,
        (_, _, Some(first)) => line
            .and(Tone::Plain, " Begin with ")
            .and(Tone::Strong, first.check)
            .and(Tone::Plain, ": what comes later may come of it."),
    };
    let mut lines = match view.findings.is_empty() {
        true => Vec::new(),
        false => vec![Line::new()],
    };
    lines.extend(line.wrapped(look.width));
    lines
}
