//! Tables of finished proposals and of the chain's links.

use super::{
    layout::{Line, Look, Tone, giving, table, whole},
    time::ago,
    words::{short, status},
};
use crate::client::{
    answers::{EndedAnswer, OutcomeAnswer, seconds},
    view::{ChainView, HistoryView},
};

/// Finished proposals.
pub(in crate::cli) fn history(view: &HistoryView, look: Look) -> Vec<Line> {
    let columns = [
        whole("PROPOSAL"),
        whole("ENDED"),
        whole("CONFIG"),
        giving("BY"),
        whole("ARCHIVED"),
        giving("DESCRIPTION"),
    ];
    let rows = view.history.iter().map(|one| row(one, look));
    let mut lines = match view.history.is_empty() {
        true => Vec::new(),
        false => table(&columns, rows.collect(), look),
    };
    lines.extend(unlisted(view.more, look));
    lines
}

fn row(one: &EndedAnswer, look: Look) -> Vec<Line> {
    let (words, tone) = status(&one.status);
    let words = match one.outcome.outcome.as_str() {
        "AlreadyInEffect" => "was so already",
        "Disowned" => "disowned",
        _ => words,
    };
    let archived = one.outcome.archived_at.as_deref().and_then(seconds);
    let archived = archived.map(|then| ago(look.now, then)).unwrap_or_default();
    let description = one.description.trim_end().lines();
    vec![
        Line::plain(&one.proposal_id),
        Line::of(tone, words),
        Line::plain(place(&one.outcome)),
        Line::plain(&one.proposer_msp_id),
        Line::of(Tone::Dim, archived),
        Line::plain(description.take(1).collect::<String>()),
    ]
}

fn place(outcome: &OutcomeAnswer) -> String {
    match (&outcome.proof, outcome.settings_version) {
        (Some(proof), _) => format!("{} (block {})", proof.sequence, proof.block_number),
        (None, Some(version)) => format!("settings {version}"),
        _ => String::new(),
    }
}

/// The links of the contract's chain.
pub(in crate::cli) fn chain(view: &ChainView, look: Look) -> Vec<Line> {
    let columns = [
        whole("CONFIG"),
        whole("BLOCK"),
        whole("BLOCK HASH"),
        whole("CONFIG SHA256"),
        giving("PROPOSAL"),
    ];
    let digest = |text: &str| match look.full {
        true => Line::of(Tone::Dim, text),
        false => Line::of(Tone::Dim, short(text)),
    };
    let rows = view.chain.iter().map(|one| {
        let link = &one.link;
        vec![
            Line::of(Tone::Strong, link.sequence.to_string()),
            Line::plain(link.block_number.to_string()),
            digest(&link.block_hash),
            digest(&link.config_sha256),
            Line::plain(one.proposal_id.as_deref().unwrap_or_default()),
        ]
    });
    let mut lines = table(&columns, rows.collect(), look);
    lines.extend(unlisted(view.more, look));
    lines
}

fn unlisted(more: bool, look: Look) -> Vec<Line> {
    match more {
        true => {
            let text = "There are more than were looked at: use --limit";
            Line::of(Tone::Waiting, text).wrapped(look.width)
        }
        false => Vec::new(),
    }
}
