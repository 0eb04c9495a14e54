//! What an auditor learns from a folder of exported proposals and config blocks.

use std::collections::BTreeSet;

use super::{
    layout::{Line, Look, Tone, giving, hang, more, table, whole},
    review::{changes_summary, differences, entry, sign},
    time::minute,
    words::{common_name, short, status},
};
use crate::client::view::{
    AuditView, AuditedConfigView, AuditedProposalView, AuditedSignerView, FoundView, StatedView,
};

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
        lines.push(Line::new());
        lines.extend(statements(view, look));
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
    lines.extend(not_read(view, look));
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
    let believing = match view.believed.as_slice() {
        [] => String::new(),
        [one] => format!(", believing config {}", one.sequence),
        several => format!(", believing {} configs", several.len()),
    };
    let line = Line::of(tone, mark).and(Tone::Waiting, believing);
    vec![line.and(Tone::Plain, what)]
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
    let mut expected = view.configs.first().map_or(0, |first| first.sequence);
    for one in &view.configs {
        if expected < one.sequence {
            rows.push(missing(expected, one.sequence.saturating_sub(1)));
        }
        expected = one.sequence.saturating_add(1);
        rows.push(vec![
            Line::of(Tone::Strong, one.sequence.to_string()),
            Line::plain(one.block_number.to_string()),
            proposal(one),
            Line::plain(signers(one)),
            headline(one, view, look),
        ]);
    }
    let mut lines = table(&columns, rows, look);
    if !view.outside.is_empty() {
        let most = if look.full { usize::MAX } else { LISTED };
        let outside = view.outside.iter().take(most);
        let mut outside: Vec<String> = outside.map(ToString::to_string).collect();
        let left = view.outside.len().saturating_sub(outside.len());
        if left > 0 {
            outside.push(format!("and {left} more"));
        }
        let text = format!(
            "Made outside of the contract, or by a proposal that is not in this folder: config {}",
            outside.join(", ")
        );
        lines.extend(Line::of(Tone::Waiting, text).wrapped(look.width));
    }
    lines
}

/// A row for configs that are not there.
fn missing(from: u64, to: u64) -> Vec<Line> {
    let which = match from == to {
        true => from.to_string(),
        false => format!("{from}-{to}"),
    };
    vec![
        Line::of(Tone::Bad, which),
        Line::new(),
        Line::new(),
        Line::new(),
        Line::of(Tone::Bad, "missing"),
    ]
}

fn proposal(one: &AuditedConfigView) -> Line {
    match (&one.proposal_id, one.follows) {
        (Some(id), _) => Line::of(Tone::Accent, id),
        (None, true) => Line::of(Tone::Waiting, "-"),
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
fn headline(one: &AuditedConfigView, view: &AuditView, look: Look) -> Line {
    let Some(diff) = &one.diff else {
        let mut proven = view.proven.iter();
        let text = match proven.any(|proven| proven.anchor == one.sequence) {
            true => "your anchor",
            false if one.sequence == 0 => "the channel begins",
            false => "nothing before it is here",
        };
        return Line::of(Tone::Dim, text);
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
        let unrecorded = unrecorded(view, one);
        for signer in &one.signed_by {
            let name = common_name(&signer.subject);
            let way = match unrecorded.contains(signer) {
                true => ", not by way of the contract",
                false => "",
            };
            let text = format!("  signed by {name} of {}{way}", signer.msp_id);
            lines.extend(Line::of(Tone::Dim, text).wrapped(look.width));
        }
        if let Some(diff) = &one.diff {
            lines.extend(differences(diff, look));
        }
    }
    lines
}

/// Who signed a config without the contract's knowledge; nobody where no proposal led to it.
fn unrecorded<'a>(view: &'a AuditView, config: &AuditedConfigView) -> &'a [AuditedSignerView] {
    let of = config.proposal_id.as_ref().and_then(|id| {
        let at = (view.proposals).binary_search_by(|one| one.proposal_id.cmp(id));
        view.proposals.get(at.ok()?)
    });
    of.map_or(&[], |one| &one.unrecorded)
}

/// What the contract says of the proposals.
fn statements(view: &AuditView, look: Look) -> Vec<Line> {
    let text = "The contract says, and no block shows:";
    let mut lines = vec![Line::of(Tone::Dim, text)];
    let columns = [
        whole("PROPOSAL"),
        whole("PROPOSED"),
        giving("BY"),
        whole("ARCHIVED"),
        giving("DESCRIPTION"),
    ];
    let rows = view.proposals.iter();
    let rows = rows.map(|one| statement(&one.proposal_id, &one.stated));
    lines.extend(table(&columns, rows.collect(), look));
    if !look.full {
        return lines;
    }
    for one in &view.proposals {
        for rejection in &one.stated.rejections {
            let text = format!(
                "{}, revision {}: rejected by {}: ",
                one.proposal_id, rejection.revision, rejection.msp_id
            );
            let lead = Line::of(Tone::Dim, text);
            let indent = Line::plain("  ");
            let reason = Line::plain(&rejection.reason);
            lines.extend(hang(lead, &indent, reason, look.width));
        }
    }
    lines
}

fn statement(id: &str, stated: &StatedView) -> Vec<Line> {
    let time = |time: &Option<String>| {
        Line::of(Tone::Dim, time.as_deref().map_or_else(String::new, minute))
    };
    let description = stated.description.trim_end().lines();
    vec![
        Line::plain(id),
        time(&stated.created_at),
        Line::plain(&stated.proposer_msp_id),
        time(&stated.archived_at),
        Line::plain(description.take(1).collect::<String>()),
    ]
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
    let tone = match view.verified {
        true => Tone::Good,
        false => Tone::Plain,
    };
    for one in &view.proven {
        let (text, tone) = match one.anchor == one.to {
            true => (
                format!(
                    "Your anchor is config {}: nothing in here follows from it.",
                    one.anchor
                ),
                Tone::Waiting,
            ),
            false => (
                format!(
                    "Proven from your anchor, config {}, up to config {}.",
                    one.anchor, one.to
                ),
                tone,
            ),
        };
        lines.extend(Line::of(tone, text).wrapped(look.width));
    }
    for anchor in &view.unused_anchors {
        let text = format!(
            "Your anchor, config {anchor}, proves nothing here: no way leads from it to these configs."
        );
        lines.extend(Line::of(Tone::Waiting, text).wrapped(look.width));
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
    if let Some(last) = view.configs.last() {
        let text = format!(
            "It ends with config {} of block {}: whether there are later ones, only a peer can say.",
            last.sequence, last.block_number
        );
        lines.extend(Line::of(Tone::Waiting, text).wrapped(look.width));
    }
    let mut left: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    for text in view.proposals.iter().flat_map(|one| &one.not_verified) {
        if seen.insert(text) {
            left.push(text);
        }
    }
    let most = if look.full { usize::MAX } else { LISTED };
    for text in left.into_iter().take(most) {
        let lead = Line::of(Tone::Dim, "No block shows ");
        let indent = Line::plain("  ");
        lines.extend(hang(lead, &indent, Line::of(Tone::Dim, text), look.width));
    }
    lines
}

/// What lies there and was not read.
fn not_read(view: &AuditView, look: Look) -> Vec<Line> {
    let most = if look.full { usize::MAX } else { LISTED };
    let mut lines = Vec::new();
    for one in view.not_read.iter().take(most) {
        let lead = Line::of(Tone::Waiting, "Not read: ");
        lines.extend(hang(lead, &Line::plain("  "), Line::plain(one), look.width));
    }
    let left = view.not_read.len().saturating_sub(most);
    if left > 0 {
        lines.push(more(left, " not read: --full lists them"));
    }
    lines
}
