//! What people should know before they sign.

use crate::cli::show::{
    layout::{Line, Look, Tone, hang, more},
    words::with_short_digests,
};
use crate::client::answers::{FindingAnswer, LintAnswer};

/// The findings, those that matter most first.
pub(in crate::cli) fn findings(lint: &LintAnswer, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    for severity in ["blocking", "warning", "info"] {
        let of = lint.findings.iter().filter(|one| one.severity == severity);
        for one in of {
            lines.extend(finding(one, look));
        }
    }
    let known = ["blocking", "warning", "info"];
    let others = lint.findings.iter();
    for one in others.filter(|one| !known.contains(&one.severity.as_str())) {
        lines.extend(finding(one, look));
    }
    if lint.truncated > 0 {
        let count = usize::try_from(lint.truncated).unwrap_or(usize::MAX);
        lines.push(more(count, " findings that are not listed"));
    }
    lines
}

fn finding(finding: &FindingAnswer, look: Look) -> Vec<Line> {
    let (mark, tone) = match finding.severity.as_str() {
        "blocking" => ("✗", Tone::Bad),
        "warning" => ("!", Tone::Waiting),
        _ => ("i", Tone::Dim),
    };
    let head = Line::of(tone, format!("{mark} {}  {}", finding.severity, finding.id))
        .and(Tone::Dim, format!("  {}", finding.path));
    let mut lines = head.wrapped(look.width);
    let text = Line::plain(with_short_digests(&finding.text, look.full));
    let indent = Line::plain("    ");
    lines.extend(hang(indent.clone(), &indent, text, look.width));
    lines
}

/// How many there are of which severity, on one line.
pub(in crate::cli::show) fn summary(lint: &LintAnswer) -> Line {
    let count = |severity: &str| {
        let of = lint.findings.iter().filter(|one| one.severity == severity);
        of.count()
    };
    let parts = [
        (count("blocking"), "blocking", Tone::Bad),
        (count("warning"), "to be looked at", Tone::Waiting),
        (count("info"), "good to know", Tone::Dim),
    ];
    let mut line = Line::new();
    for (count, word, tone) in parts.into_iter().filter(|(count, ..)| *count > 0) {
        let joint = if line.is_empty() { "" } else { ", " };
        line = line
            .and(Tone::Plain, joint)
            .and(tone, format!("{count} {word}"));
    }
    match (line.is_empty(), lint.truncated) {
        (true, 0) => Line::of(Tone::Good, "none"),
        (_, 0) => line,
        (_, more) => line.and(Tone::Bad, format!(", and {more} that are not listed")),
    }
}
