//! An error and what to do about it.

use super::layout::{Line, Look, Tone, hang};
use crate::client::ClientError;

/// What was wrong, what each node said, and what to do next.
pub(in crate::cli) fn problem(error: &ClientError, look: Look) -> Vec<Line> {
    let head = Line::of(Tone::Bad, "error: ");
    let body = Line::plain(&error.message).and(Tone::Dim, format!("  [{}]", error.symbol));
    let indent = Line::plain("  ");
    let mut lines = hang(head, &indent, body, look.width);
    // what a node said word for word is not said twice
    let said = |words: &str| words.contains(error.message.as_str());
    for (who, words) in error.details.iter().filter(|(_, words)| !said(words)) {
        let first = indent.clone().and(Tone::Dim, format!("{who}: "));
        let next = indent.clone().and(Tone::Plain, "  ");
        let mut body = words.split('\n').map(Line::plain);
        let body_first = body.next().unwrap_or_default();
        lines.extend(hang(first, &next, body_first, look.width));
        for line in body {
            lines.extend(hang(next.clone(), &next, line, look.width));
        }
    }
    if let Some(hint) = &error.hint {
        let first = Line::of(Tone::Accent, "hint:  ");
        let next = Line::plain("       ");
        lines.extend(hang(first, &next, Line::plain(hint), look.width));
    }
    lines
}
