//! Who signed; what is worth a word.

use super::super::{
    layout::{Line, Look, Tone, hang},
    words::{common_name, short},
};
use crate::client::view::{MergedView, Remark, SignerStanding, SignerView};

/// So many signatures are listed where not all are to be shown.
const LISTED: usize = 20;

/// What is worth a word.
pub(super) fn remarks(remarks: &[Remark], look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    for remark in remarks {
        let head = Line::of(Tone::Waiting, format!("! {}", remark.id));
        let head = match &remark.path {
            Some(path) => head.and(Tone::Dim, format!("  {path}")),
            None => head,
        };
        lines.extend(head.wrapped(look.width));
        let indent = Line::plain("    ");
        lines.extend(hang(
            indent.clone(),
            &indent,
            Line::plain(&remark.text),
            look.width,
        ));
    }
    lines
}

/// A line for each signature.
pub(super) fn signatures(signatures: &[SignerView], look: Look) -> Vec<Line> {
    let listed = match look.full {
        true => signatures.len(),
        false => signatures.len().min(LISTED),
    };
    let mut lines = Vec::new();
    for one in signatures.iter().take(listed) {
        let (sign, tone) = match one.standing {
            SignerStanding::Counts => ("✓ ", Tone::Good),
            SignerStanding::Fits => ("? ", Tone::Waiting),
            SignerStanding::DoesNotCount => ("✗ ", Tone::Bad),
        };
        let who = match &one.subject {
            Some(subject) => common_name(subject),
            None => "somebody",
        };
        let mut body = Line::plain(who);
        if let Some(msp_id) = &one.msp_id {
            body = body.and(Tone::Strong, format!("  {msp_id}"));
        }
        if let Some(fingerprint) = &one.fingerprint {
            body = body.and(Tone::Dim, format!("  ({})", short(fingerprint)));
        }
        body = match (one.standing, &one.reason) {
            (_, Some(reason)) => body.and(Tone::Bad, format!("  {reason}")),
            (SignerStanding::Fits, None) => body.and(
                Tone::Dim,
                "  signed these bytes; a config says whether it counts",
            ),
            _ => body,
        };
        let first = Line::of(tone, format!("  {sign}"));
        lines.extend(hang(first, &Line::plain("      "), body, look.width));
    }
    let more = signatures.len().saturating_sub(listed);
    if more > 0 {
        lines.push(Line::of(
            Tone::Dim,
            format!("  and {more} more (--full shows all)"),
        ));
    }
    lines
}

/// Signatures of several files in one.
pub(in crate::cli) fn merged(view: &MergedView, look: Look) -> Vec<Line> {
    let count = view.signatures.len();
    let mut head = Line::of(Tone::Good, "✓ ").and(
        Tone::Plain,
        match count {
            1 => format!("wrote {} with 1 signature", view.file),
            _ => format!("wrote {} with {count} signatures", view.file),
        },
    );
    if view.duplicates > 0 {
        let text = format!("; {} of one who signed twice left out", view.duplicates);
        head.push(Tone::Dim, text);
    }
    if view.left_out > 0 {
        let text = format!("; {} that would not count left out", view.left_out);
        head.push(Tone::Waiting, text);
    }
    let mut lines = head.wrapped(look.width);
    lines.extend(signatures(&view.signatures, look));
    lines
}
