//! What an auditor learns from a folder of exported proposals and config blocks.

use super::{
    layout::{Line, Look, Tone, giving, hang, more, table, whole},
    review::{changes_summary, differences, entry, sign},
    words::{common_name, short, status},
};
use crate::client::view::{AuditView, AuditedConfigView, AuditedProposalView, FoundView};

/// So many findings are listed where not all is to be shown.
const LISTED: usize = 50;

/// The whole report.
pub(in crate::cli) fn audit(view: &AuditView, look: Look) -> Vec<Line> {
    let mut lines = verdict(view);
    lines.push(Line::new());
    lines.extend(configs(view, look));
    if !view.proposals.is_empty() {
        lines.push(Line::new());
        lines.extend(proposals(view, look));
    }
    let found = (view.findings.iter()).chain(view.proposals.iter().flat_map(|one| &one.findings));
    let most = if look.full { usize::MAX } else { LISTED };
    for one in found.clone().take(most) {
        lines.extend(finding(one, look));
    }
    let left = found.count().saturating_sub(most);
    if left > 0 {
        lines.push(Line::new());
        lines.push(more(left, " findings: --full lists them"));
    }
    if look.full {
        lines.extend(whole_configs(view, look));
    }
    lines.push(Line::new());
    lines.extend(believed(view, look));
    lines
}

fn verdict(view: &AuditView) -> Vec<Line> {
    let count = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let (mark, tone) = match view.verified {
        true => ("✓ verified", Tone::Good),
        false => ("✗ NOT verified", Tone::Bad),
    };
    let what = format!(
        "  {}: {}, {}",
        view.channel_id,
        count(view.configs.len(), "config"),
        count(view.proposals.len(), "proposal")
    );
    vec![Line::of(tone, mark).and(Tone::Plain, what)]
}

/// A row for each config: by which proposal, who signed, what changed.
fn configs(view: &AuditView, look: Look) -> Vec<Line> {
    let columns = [
        whole("CONFIG"),
        whole("BLOCK"),
        giving("PROPOSAL"),
        giving("SIGNED BY"),
        giving("CHANGE"),
    ];
    let mut rows = Vec::new();
    for one in &view.configs {
        rows.push(vec![
            Line::of(Tone::Strong, one.sequence.to_string()),
            Line::plain(one.block_number.to_string()),
            proposal(one),
            Line::plain(signers(one)),
            headline(one, look),
        ]);
    }
    let mut lines = table(&columns, rows, look);
    let outside = view.configs.iter();
    let outside: Vec<String> = outside
        .filter(|one| one.follows && one.proposal_id.is_none())
        .map(|one| one.sequence.to_string())
        .collect();
    if !outside.is_empty() {
        let text = format!(
            "Made outside of the contract, or by a proposal that is not in this folder: config {}",
            outside.join(", ")
        );
        lines.extend(Line::of(Tone::Waiting, text).wrapped(look.width));
    }
    lines
}

fn proposal(one: &AuditedConfigView) -> Line {
    match (&one.proposal_id, one.follows) {
        (Some(id), _) => Line::of(Tone::Accent, id),
        (None, true) => Line::of(Tone::Waiting, "none here"),
        (None, false) => Line::new(),
    }
}

/// The organisations that signed, each once.
fn signers(one: &AuditedConfigView) -> String {
    let mut names: Vec<&str> = Vec::new();
    for signer in &one.signed_by {
        if !names.contains(&signer.msp_id.as_str()) {
            names.push(&signer.msp_id);
        }
    }
    names.join(", ")
}

/// The first thing that a config changed, and how much there is besides.
fn headline(one: &AuditedConfigView, look: Look) -> Line {
    let Some(diff) = &one.diff else {
        return Line::of(Tone::Dim, "the first one here");
    };
    let Some(first) = diff.changes.first() else {
        return changes_summary(diff);
    };
    let (sign, tone) = sign(first);
    let shown = entry(first, look);
    let mut line = Line::of(tone, format!("{sign} {} ", shown.kind));
    if !shown.name.is_empty() {
        line = line.join(shown.name).and(Tone::Plain, " ");
    }
    let left = diff.changes.len().saturating_sub(1);
    let left = u64::try_from(left).unwrap_or(u64::MAX);
    line = line.join(shown.body);
    match left.saturating_add(diff.truncated) {
        0 => line,
        left => line.and(Tone::Dim, format!(" (and {left} more)")),
    }
}

/// Each config with all that it changed, and who signed.
fn whole_configs(view: &AuditView, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    for one in view.configs.iter().filter(|one| one.follows) {
        let head = format!("Config {}, block {}", one.sequence, one.block_number);
        let mut head = Line::of(Tone::Strong, head);
        if let Some(id) = &one.proposal_id {
            head = head.and(Tone::Plain, ", ").and(Tone::Accent, id);
        }
        lines.extend([Line::new(), head]);
        for signer in &one.signed_by {
            let name = common_name(&signer.subject);
            let text = format!("  signed by {name} of {}", signer.msp_id);
            lines.extend(Line::of(Tone::Dim, text).wrapped(look.width));
        }
        if let Some(diff) = &one.diff {
            lines.extend(differences(diff, look));
        }
    }
    lines
}

fn proposals(view: &AuditView, look: Look) -> Vec<Line> {
    let columns = [
        giving("PROPOSAL"),
        whole("ENDED"),
        whole("CONFIG"),
        whole("VERIFIED"),
    ];
    let rows = view.proposals.iter().map(row);
    table(&columns, rows.collect(), look)
}

fn row(one: &AuditedProposalView) -> Vec<Line> {
    let (words, tone) = match one.outcome.as_str() {
        "AlreadyInEffect" => ("was so already", Tone::Dim),
        "Disowned" => ("disowned", Tone::Dim),
        other => status(other),
    };
    let sequence = one.sequence.map(|sequence| sequence.to_string());
    let verified = match one.verified {
        true => Line::of(Tone::Good, "✓"),
        false => Line::of(Tone::Bad, "✗ no"),
    };
    vec![
        Line::plain(&one.proposal_id),
        Line::of(tone, words),
        Line::plain(sequence.unwrap_or_default()),
        verified,
    ]
}

fn finding(one: &FoundView, look: Look) -> Vec<Line> {
    let head =
        Line::of(Tone::Bad, format!("✗ {}", one.id)).and(Tone::Dim, format!("  {}", one.place));
    let mut lines = vec![Line::new()];
    lines.extend(head.wrapped(look.width));
    let indent = Line::plain("    ");
    lines.extend(hang(
        indent.clone(),
        &indent,
        Line::plain(&one.text),
        look.width,
    ));
    lines
}

/// What all of it is proven from, and what no block can show.
fn believed(view: &AuditView, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(sequence) = view.anchored {
        let text = format!("Proven from your anchor, config {sequence}, on.");
        lines.push(Line::of(Tone::Good, text));
    }
    for one in &view.believed {
        let digest = match look.full {
            true => one.config_sha256.clone(),
            false => short(&one.config_sha256),
        };
        let text = format!(
            "Believed: config {} of block {}, digest {digest}. Compare it with a source of your own, \
             or give that as --anchor.",
            one.sequence, one.block_number
        );
        lines.extend(Line::of(Tone::Waiting, text).wrapped(look.width));
    }
    let mut left: Vec<&str> = Vec::new();
    for text in view.proposals.iter().flat_map(|one| &one.not_verified) {
        if !left.contains(&text.as_str()) {
            left.push(text);
        }
    }
    for text in left {
        let lead = Line::of(Tone::Dim, "No block shows ");
        let indent = Line::plain("  ");
        lines.extend(hang(lead, &indent, Line::of(Tone::Dim, text), look.width));
    }
    lines
}
