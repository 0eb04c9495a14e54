//! What would be if others signed as well.

use super::super::{
    layout::{Line, Look, Pairs, Tone, hang},
    review::explanation,
};
use crate::client::view::{IfSignedView, SuppositionView, needs_words};

/// Who is supposed to sign and whether that counts, what would be then, and the policies as trees.
pub(in crate::cli) fn if_signed(view: &IfSignedView, look: Look) -> Vec<Line> {
    let mut lines = vec![Line::of(Tone::Strong, "If these signed, too")];
    for one in &view.if_signed.signers {
        let (sign, tone) = match one.counts {
            true => ("  + ", Tone::Good),
            false => ("  · ", Tone::Dim),
        };
        let mut line = Line::of(tone, &one.who);
        if let Some(why) = &one.why_not {
            line = line.and(Tone::Plain, format!("  makes no difference: {why}"));
        }
        let first = Line::of(tone, sign);
        lines.extend(hang(first, &Line::plain("    "), line, look.width));
    }
    lines.push(Line::new());
    lines.extend(outcome(&view.if_signed, look));
    lines.push(Line::new());
    lines.extend(explanation(&view.proposal, look));
    lines
}

fn outcome(view: &SuppositionView, look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    let then = match (&view.refused, view.suffices) {
        (Some(why), _) => Line::of(Tone::Bad, "refused all the same: ").and(Tone::Plain, why),
        (None, true) => Line::of(Tone::Good, "enough: ready to submit"),
        (None, false) => {
            let needs = needs_words(&view.needs.join("; "));
            Line::of(Tone::Waiting, "not enough: ").and(Tone::Plain, needs)
        }
    };
    block.put("Then", then);
    if !view.would_count.is_empty() {
        block.put(
            "Also asked",
            Line::of(Tone::Accent, view.would_count.join(", ")),
        );
    }
    block.lines(look)
}
