//! Why the signatures suffice or not, and who could complete them.

use super::tree::{Voices, tree};
use crate::cli::show::{
    layout::{Line, Look, Pairs, Tone, hang, more},
    time::{left, minute},
    words::{counted, status, with_short_digests},
};
use crate::client::{
    answers::{DecidingAnswer, ProposalAnswer, seconds},
    view::ProposalView,
};

/// So many elements of a policy are named where not all is to be shown.
const ELEMENTS: usize = 3;

/// The policies that decide about a proposal, with who signed, who does not count and why, who is
/// missing, and the smallest ways forward.
pub(in crate::cli) fn explanation(view: &ProposalView, look: Look) -> Vec<Line> {
    let proposal = &view.proposal;
    let mut lines = head(proposal).wrapped(look.width);
    let Some(policies) = &proposal.explanation else {
        lines.push(Line::new());
        lines.extend(closed(proposal, look));
        return lines;
    };
    lines.extend(voiced(proposal, policies, look));
    lines.push(Line::new());
    lines.extend(outlook(proposal, policies, look));
    lines
}

/// The same of an update that is no proposal: nobody rejects it, and it has no deadline. `signed`: the
/// policies that decide, with the signatures.
pub(in crate::cli::show) fn deciding(signed: &ProposalAnswer, look: Look) -> Vec<Line> {
    let policies = signed.explanation.as_deref().unwrap_or_default();
    let mut lines = voiced(signed, policies, look);
    // a heading stands above
    if lines.first().is_some_and(Line::is_empty) {
        lines.remove(0);
    }
    let mut block = Pairs::default();
    forward(policies, &mut block, look);
    lines.push(Line::new());
    lines.extend(block.lines(look));
    lines
}

/// The policies as trees, with who signed, and who signed for nothing.
fn voiced(proposal: &ProposalAnswer, policies: &[DecidingAnswer], look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut voices = Voices::new(proposal);
    for policy in policies {
        lines.push(Line::new());
        lines.extend(policy_head(policy, look));
        lines.extend(tree(policy, &mut voices, look));
    }
    if let Some(omitted) = proposal.omitted.get("explanation") {
        let count = usize::try_from(*omitted).unwrap_or(usize::MAX);
        lines.push(more(count, " policies that are not explained whole"));
    }
    let unheard = voices.unheard();
    if !unheard.is_empty() {
        lines.push(Line::new());
        lines.push(Line::of(Tone::Dim, "Beside these policies"));
        for line in unheard {
            let (first, next) = (Line::plain("  "), Line::plain("    "));
            lines.extend(hang(first, &next, line, look.width));
        }
    }
    lines
}

fn head(proposal: &ProposalAnswer) -> Line {
    let (words, tone) = status(&proposal.status);
    Line::of(Tone::Strong, &proposal.proposal_id)
        .and(Tone::Dim, format!("  revision {}  ", proposal.revision))
        .and(tone, words)
        .and(Tone::Dim, format!("  (config {})", proposal.as_of_sequence))
}

/// What is there to say of one that nobody is asked about any more.
fn closed(proposal: &ProposalAnswer, look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    let detail = &proposal.status_detail;
    block.text("Asked", "nobody: it is not open");
    block.maybe("Why", detail.why.as_ref());
    block.maybe(
        "Out of date by",
        detail.outdated_by.as_ref().map(|by| &by.text),
    );
    if let Some(proof) = &detail.proof {
        let text = format!("config {}, block {}", proof.sequence, proof.block_number);
        block.text("In effect", text);
    }
    block.lines(look)
}

fn policy_head(policy: &DecidingAnswer, look: Look) -> Vec<Line> {
    let line = Line::of(Tone::Strong, &policy.policy).and(Tone::Dim, "  decides about ");
    let listed = match look.full {
        true => policy.elements.len(),
        false => policy.elements.len().min(ELEMENTS),
    };
    let elements = policy.elements.iter().take(listed);
    let names = elements.map(|element| element.split_whitespace().last().unwrap_or(element));
    let mut line = line.and(Tone::Plain, names.collect::<Vec<_>>().join(", "));
    let hidden = policy.elements.len().saturating_sub(listed);
    let hidden = u64::try_from(hidden).unwrap_or(u64::MAX);
    let hidden = hidden.saturating_add(policy.elements_omitted);
    if hidden > 0 {
        line.push(Tone::Dim, format!(" and {hidden} more"));
    }
    hang(Line::new(), &Line::plain("  "), line, look.width)
}

/// Ways forward.
fn forward(policies: &[DecidingAnswer], block: &mut Pairs, look: Look) {
    let open: Vec<&DecidingAnswer> = policies.iter().filter(|one| !one.satisfied).collect();
    for (at, policy) in open.iter().enumerate() {
        let name = if at == 0 { "Ways forward" } else { "" };
        let of = match open.len() {
            1 => Line::new(),
            _ => Line::of(Tone::Dim, format!("{}: ", policy.policy)),
        };
        block.put(name, of.join(ways(policy, look)));
    }
    if open.is_empty() {
        block.put("Signatures", Line::of(Tone::Good, "suffice"));
    }
}

/// Ways forward, rejections, deadline.
fn outlook(proposal: &ProposalAnswer, policies: &[DecidingAnswer], look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    forward(policies, &mut block, look);
    let current = proposal
        .votes
        .iter()
        .filter(|vote| vote.revision == proposal.revision && !vote.former_member);
    let rejected: Vec<&str> = current.map(|vote| vote.msp_id.as_str()).collect();
    match rejected.is_empty() {
        true => block.text("Rejected by", "nobody"),
        false => block.put("Rejected by", Line::of(Tone::Bad, rejected.join(", "))),
    }
    block.maybe(
        "Why",
        proposal
            .status_detail
            .why
            .as_ref()
            .map(|why| with_short_digests(why, look.full)),
    );
    if let Some(line) = deadline(proposal.deadline.as_deref(), look) {
        block.put("Deadline", line);
    }
    block.lines(look)
}

/// When a proposal ends, and how long that is.
pub(in crate::cli::show) fn deadline(deadline: Option<&str>, look: Look) -> Option<Line> {
    let text = deadline?;
    let line = Line::plain(minute(text));
    let Some(end) = seconds(text) else {
        return Some(line);
    };
    const SOON: i64 = 2 * 86_400;
    let tone = match end.saturating_sub(look.now) {
        over if over <= 0 => Tone::Bad,
        soon if soon < SOON => Tone::Waiting,
        _ => Tone::Plain,
    };
    Some(line.and(tone, format!(", {}", left(look.now, end))))
}

/// The smallest sets of new signers that would complete a policy.
fn ways(policy: &DecidingAnswer, look: Look) -> Line {
    const SHOWN: usize = 4;
    let sets = &policy.explanation.smallest_sets;
    if sets.is_empty() {
        return Line::of(Tone::Bad, "nobody could complete it");
    }
    let listed = if look.full {
        sets.len()
    } else {
        sets.len().min(SHOWN)
    };
    let mut line = Line::new();
    for (at, set) in sets.iter().take(listed).enumerate() {
        if at > 0 {
            line.push(Tone::Dim, "  or  ");
        }
        match set.is_empty() {
            true => line.push(
                Tone::Plain,
                "the signatures that are there, in another order",
            ),
            false => line.push(Tone::Accent, set.join(" + ")),
        }
    }
    match sets.len().saturating_sub(listed) {
        0 => line,
        hidden => line.and(Tone::Dim, format!("  or {}", counted(hidden, "other way"))),
    }
}
