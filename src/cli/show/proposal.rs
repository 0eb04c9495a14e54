//! Everything about one proposal.

use super::{
    layout::{Line, Look, Pairs, Tone, hang, more},
    review::{
        changes_summary, deadline, differences, effects, findings, findings_summary, is_empty,
        rejection, signer_name, silent,
    },
    time::{ago, minute},
    words::{quoted, short, status, with_short_digests},
};
use crate::client::{
    answers::{ProposalAnswer, RelationsAnswer, seconds},
    view::{ProposalView, ReviewedBy, Whereabouts, needs_words, phase},
};

/// So many of those who could sign are named where not all is to be shown.
const LISTED: usize = 24;

/// Everything about one: what it is, where it is, who signed, what changes, what to know, what next.
pub(in crate::cli) fn proposal(view: &ProposalView, look: Look) -> Vec<Line> {
    let one = &view.proposal;
    let mut lines = title(one).wrapped(look.width);
    lines.extend(facts(one, look));
    section(&mut lines, "Signatures", signatures(one, look));
    section(&mut lines, "Rejections", rejections(one, look));
    if let Some(diff) = one.diff.as_ref().filter(|diff| !is_empty(diff)) {
        let head = Line::of(Tone::Strong, "Changes  ").join(changes_summary(diff));
        lines.extend([Line::new(), head]);
        lines.extend(indented(differences(diff, narrower(look))));
    }
    if let Some(lint) = &one.lint {
        let head = Line::of(Tone::Strong, "Findings  ").join(findings_summary(lint));
        lines.extend([Line::new(), head]);
        lines.extend(indented(findings(lint, narrower(look))));
    }
    section(
        &mut lines,
        "Effects",
        indented(effects(view, narrower(look))),
    );
    section(&mut lines, "Beside it", relations(one, look));
    for (member, count) in &one.omitted {
        let count = usize::try_from(*count).unwrap_or(usize::MAX);
        lines.push(more(
            count,
            &format!(" of `{member}` that the contract left out"),
        ));
    }
    lines.push(Line::new());
    let is_open = one.diff.is_some() || one.explanation.is_some();
    if view.reviewed_by == ReviewedBy::Contract && is_open {
        let text = "Changes, findings and policies as the contract tells them; `cmscc sign` finds them out itself.";
        lines.extend(Line::of(Tone::Dim, text).wrapped(look.width));
    }
    if let Some(next) = &view.next {
        lines.push(Line::plain("Next: ").and(Tone::Accent, next));
    }
    lines
}

fn title(one: &ProposalAnswer) -> Line {
    let (words, tone) = status(&one.status);
    let line = Line::of(Tone::Strong, &one.proposal_id)
        .and(Tone::Plain, "  ")
        .and(tone, words);
    match one.archived {
        true => line.and(Tone::Dim, ", archived"),
        false => line,
    }
}

fn facts(one: &ProposalAnswer, look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    let mut described = quoted(&one.description).into_iter();
    block.put("About", described.next().unwrap_or_default());
    block.more(described);
    let mut by = Line::plain(&one.proposer_msp_id);
    if one.former_member {
        by.push(Tone::Bad, " (left since: it belongs to nobody)");
    }
    if let Some(made) = &one.created_at {
        by.push(Tone::Plain, format!(", {}", minute(made)));
        if let Some(then) = seconds(made) {
            by.push(Tone::Dim, format!(" ({})", ago(look.now, then)));
        }
    }
    block.put("Proposed by", by);
    if phase(&one.status) == Whereabouts::InFlight
        && let Some(line) = deadline(one.deadline.as_deref(), look)
    {
        block.put("Deadline", line);
    }
    let computed = format!("{}, computed on config {}", one.revision, one.base_sequence);
    block.text("Revision", computed);
    block.text("Digest", &one.config_update_sha256);
    if let Some(settings) = &one.settings {
        let agreed = &settings.settings;
        block.text("Settings", format!("become version {}", settings.version));
        let policy = agreed.endorsement_policy.as_deref().unwrap_or("none");
        block.more([
            Line::plain(format!("gate: {}", agreed.gate)),
            Line::plain(format!("endorsement policy: {policy}")),
            Line::plain(format!("capabilities: {}", agreed.capabilities.join(", "))),
        ]);
    }
    detail(one, &mut block, look);
    block.lines(look)
}

/// Why it has its status.
fn detail(one: &ProposalAnswer, block: &mut Pairs, look: Look) {
    let detail = &one.status_detail;
    let text = |text: &str| with_short_digests(text, look.full);
    block.maybe("Why", detail.why.as_deref().map(text));
    let mut needs = detail
        .needs
        .iter()
        .map(|need| Line::plain(needs_words(need)));
    if let Some(first) = needs.next() {
        block.put("Needs", first);
        block.more(needs);
    }
    block.maybe(
        "Out of date by",
        detail.outdated_by.as_ref().map(|by| text(&by.text)),
    );
    match detail.rebases {
        Some(true) => block.text("Rebase", "goes through without a conflict"),
        Some(false) => block.put("Rebase", Line::of(Tone::Bad, "meets what others changed")),
        None => {}
    }
    for conflict in &detail.conflicts {
        block.put("Conflict", Line::of(Tone::Bad, &conflict.element));
        block.more(
            conflict
                .differences
                .iter()
                .map(|one| Line::plain(&one.text)),
        );
    }
    for effect in &detail.different_effect {
        block.put("Not intended", Line::of(Tone::Bad, effect));
    }
    if let Some(proof) = &detail.proof {
        let place = format!("config {}, block {}", proof.sequence, proof.block_number);
        let line = Line::plain(place).and(Tone::Dim, format!(" ({})", short(&proof.block_hash)));
        block.put("In effect", line);
    }
    block.maybe("Inside", detail.via.as_ref());
    if detail.already_in_effect && detail.proof.is_none() {
        block.text(
            "Already so",
            "the config says so; no proof that it was this proposal",
        );
    }
    for level in &detail.unattested {
        let text = format!(
            "{} {}: {}",
            level.scope,
            level.level,
            level.lacking.join(", ")
        );
        block.put("To be attested", Line::of(Tone::Waiting, text));
    }
    if let Some(recording) = detail.recording.as_ref().filter(|one| !one.fits) {
        let words = recording.text.as_deref().unwrap_or("it cannot be recorded");
        if !detail.why.as_ref().is_some_and(|why| why.contains(words)) {
            block.put("Recording", Line::of(Tone::Bad, words));
        }
    }
    for spoiler in &detail.spoilers {
        block.put("Not to submit", Line::of(Tone::Waiting, &spoiler.text));
    }
    if let Some(verdict) = &detail.verdict {
        block.put("Verdict", Line::of(Tone::Bad, verdict));
    }
    block.maybe("Ended", one.outcome.as_ref().map(|outcome| &outcome.text));
}

fn signatures(one: &ProposalAnswer, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    for signature in &one.signatures {
        let name = Line::of(Tone::Strong, &signature.msp_id).and(Tone::Plain, "  ");
        let body = match signature.counts {
            true => {
                let expired = match signature.expired {
                    true => "  its certificate is over; it counts",
                    false => "",
                };
                let name = name.and(Tone::Plain, signer_name(signature));
                let name = match signature.subject {
                    Some(_) => name.and(Tone::Dim, format!("  {}", short(&signature.fingerprint))),
                    None => name,
                };
                name.and(Tone::Waiting, expired)
            }
            // nobody counts them any more
            false if one.archived => {
                let reason = signature.reason.as_deref().unwrap_or_default();
                name.and(Tone::Plain, signer_name(signature))
                    .and(Tone::Dim, format!("  {reason}"))
            }
            false => name.join(silent(signature)),
        };
        let mark = match (signature.counts, one.archived) {
            (true, _) => Line::of(Tone::Good, "  ✓ "),
            (false, true) => Line::of(Tone::Dim, "  · "),
            (false, false) => Line::of(Tone::Bad, "  ✗ "),
        };
        lines.extend(hang(mark, &Line::plain("    "), body, look.width));
    }
    let missing = &one.status_detail.missing;
    let listed = if look.full {
        missing.len()
    } else {
        missing.len().min(LISTED)
    };
    for missing in missing.iter().take(listed) {
        let line = Line::of(Tone::Waiting, "  · ").and(Tone::Strong, missing);
        lines.push(line.and(Tone::Waiting, "  could sign"));
    }
    let hidden = missing.len().saturating_sub(listed);
    if hidden > 0 {
        lines.push(more(hidden, " who could sign (--full names all)").indented(2));
    }
    for earlier in &one.consent_trail {
        let body = Line::of(Tone::Strong, &earlier.msp_id)
            .and(
                Tone::Dim,
                format!("  signed revision {} of it", earlier.revision),
            )
            .and(Tone::Dim, format!("  {}", short(&earlier.fingerprint)));
        lines.extend(hang(
            Line::plain("    "),
            &Line::plain("    "),
            body,
            look.width,
        ));
    }
    lines
}

fn rejections(one: &ProposalAnswer, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    for vote in &one.votes {
        let name = Line::of(Tone::Strong, &vote.msp_id).and(Tone::Plain, "  ");
        let mut body = name.join(rejection(vote));
        if vote.revision != one.revision {
            body.push(
                Tone::Dim,
                format!(" (revision {}: does not count)", vote.revision),
            );
        }
        let mark = Line::of(Tone::Bad, "  ✗ ");
        lines.extend(hang(mark, &Line::plain("    "), body, look.width));
    }
    lines
}

/// How it stands to other proposals.
fn relations(one: &ProposalAnswer, look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    let of = |names: Vec<&str>, count: u64| {
        let listed = u64::try_from(names.len()).unwrap_or(u64::MAX);
        let more = match count.saturating_sub(listed) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{}{more}", names.join(", "))
    };
    let nothing = RelationsAnswer::default();
    let relations = one.conflicts.as_ref().unwrap_or(&nothing);
    if relations.excludes_count > 0 {
        let names = relations
            .excludes
            .iter()
            .map(|one| one.proposal_id.as_str());
        let text = of(names.collect(), relations.excludes_count);
        block.put("  Excludes", Line::of(Tone::Waiting, text));
        for one in &relations.excludes {
            block.more([Line::of(
                Tone::Dim,
                format!("{}: {}", one.proposal_id, one.element),
            )]);
        }
    }
    if relations.can_follow_count > 0 {
        let names = relations.can_follow.iter().map(String::as_str).collect();
        let text = of(names, relations.can_follow_count);
        block.text("  Can follow", text);
    }
    let names = |list: Vec<&str>| (!list.is_empty()).then(|| list.join(", "));
    let sources = one.sources.iter().map(|one| one.proposal_id.as_str());
    block.maybe("  Combined of", names(sources.collect()));
    let into = one.combined_into.iter().map(|one| one.proposal_id.as_str());
    block.maybe("  Combined into", names(into.collect()));
    block.lines(look)
}

/// Adds a section where there is something in it.
fn section(lines: &mut Vec<Line>, name: &str, body: Vec<Line>) {
    if !body.is_empty() {
        lines.extend([Line::new(), Line::of(Tone::Strong, name)]);
        lines.extend(body);
    }
}

fn narrower(look: Look) -> Look {
    Look {
        width: look.width.map(|width| width.saturating_sub(2)),
        ..look
    }
}

fn indented(lines: Vec<Line>) -> Vec<Line> {
    lines.into_iter().map(|line| line.indented(2)).collect()
}
