//! An order of open proposals, and what becomes of each.

use super::super::{
    layout::{Line, Look, Tone, hang},
    words::{common_name, counted},
};
use crate::client::view::{PlanLeftView, PlanStepView, PlanView, needs_words};

/// So many signatures that are lost are named for each step where not all is to be shown.
const LOST: usize = 4;

/// The steps, what is left out, and what should be combined.
pub(in crate::cli) fn plan(view: &PlanView, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    if !view.steps.is_empty() {
        let head = Line::of(Tone::Strong, "In this order");
        let how = match view.exact {
            true => "no other order keeps more signatures",
            false => "a good order; of so many proposals not all orders are looked at",
        };
        lines.push(head.and(
            Tone::Dim,
            format!("  from config {}; {how}", view.as_of_sequence),
        ));
    }
    for (at, step) in view.steps.iter().enumerate() {
        lines.extend(shown_step(at.saturating_add(1), step, look));
    }
    if !view.left.is_empty() {
        lines.extend(section("Left out", &mut lines.is_empty()));
        for one in &view.left {
            lines.extend(left(one, look));
        }
    }
    if let Some(combine) = &view.combine {
        lines.extend(section("Better combined", &mut lines.is_empty()));
        let names = combine.proposals.join(" + ");
        let text = format!(
            "  {} as one ({}), {} each by itself",
            counted(combine.signatures_combined, "signature"),
            combine.signers.join(" + "),
            combine.signatures_alone
        );
        let line = Line::of(Tone::Accent, names).and(Tone::Plain, text);
        lines.extend(hang(
            Line::plain("   "),
            &Line::plain("   "),
            line,
            look.width,
        ));
        let command = format!("cmscc combine NEW {}", combine.proposals.join(" "));
        let behind = match combine.proposals.len() == view.steps.len() {
            true => Line::new(),
            false => Line::of(Tone::Dim, "once the others are in effect: "),
        };
        let line = behind.and(Tone::Accent, command);
        lines.extend(hang(
            Line::plain("   "),
            &Line::plain("   "),
            line,
            look.width,
        ));
    }
    if !view.passed_over.is_empty() {
        lines.extend(section("Not planned with", &mut lines.is_empty()));
        for one in &view.passed_over {
            let line =
                Line::of(Tone::Strong, &one.proposal_id).and(Tone::Plain, format!("  {}", one.why));
            lines.extend(hang(
                Line::plain("   "),
                &Line::plain("   "),
                line,
                look.width,
            ));
        }
    }
    if view.not_looked_at > 0 {
        lines.push(Line::new());
        let text = format!(
            "{} not looked at: name those that matter",
            counted(view.not_looked_at, "open proposal")
        );
        lines.push(Line::of(Tone::Waiting, text));
    }
    lines
}

fn section(title: &str, is_first: &mut bool) -> Vec<Line> {
    let title = Line::of(Tone::Strong, title);
    match is_first {
        true => vec![title],
        false => vec![Line::new(), title],
    }
}

fn shown_step(number: usize, step: &PlanStepView, look: Look) -> Vec<Line> {
    let first = Line::of(Tone::Dim, format!("{number:>2} "));
    let next = Line::plain("   ");
    let mut line = Line::of(Tone::Strong, &step.proposal_id);
    let had = step.signatures;
    match (&step.computed_again, step.ready) {
        (Some(_), _) if had > 0 => {
            let text = format!("  is computed again: {} lost", counted(had, "signature"));
            line.push(Tone::Bad, text);
        }
        (Some(_), _) => line.push(Tone::Waiting, "  is computed again"),
        (None, true) => line.push(Tone::Good, "  ready to submit"),
        (None, false) if step.signers.is_empty() => line.push(Tone::Waiting, "  not ready"),
        (None, false) => line.push(Tone::Waiting, "  still to be signed"),
    }
    if step.computed_again.is_none() && had > 0 {
        let text = match step.signatures_kept {
            1 if had == 1 => "  1 signature stays".to_owned(),
            kept if kept == had => format!("  {kept} signatures stay"),
            kept => format!("  {kept} of {} stay", counted(had, "signature")),
        };
        line.push(Tone::Dim, text);
    }
    let mut lines = hang(first, &next, line, look.width);
    let mut below =
        |line: Line| lines.extend(hang(next.clone(), &Line::plain("     "), line, look.width));
    if !step.signers.is_empty() {
        let signers = step.signers.join(" + ");
        below(Line::of(Tone::Dim, "to be signed by ").and(Tone::Accent, signers));
    } else if !step.ready {
        below(match step.needs.is_empty() {
            true => Line::of(Tone::Bad, "nobody could complete it then"),
            false => Line::of(Tone::Waiting, needs_words(&step.needs.join("; "))),
        });
    }
    let listed = match look.full {
        true => step.lost.len(),
        false => LOST,
    };
    for lost in step.lost.iter().take(listed) {
        let line = Line::of(
            Tone::Bad,
            format!("lost: {} ({})", common_name(&lost.subject), lost.msp_id),
        );
        below(line.and(Tone::Plain, format!(": {}", lost.why)));
    }
    let hidden = step.lost.len().saturating_sub(listed);
    if hidden > 0 {
        below(Line::of(
            Tone::Dim,
            format!("and {hidden} more lost (--full shows all)"),
        ));
    }
    if let (Some(why), true) = (&step.computed_again, look.full) {
        below(Line::of(Tone::Dim, why));
    }
    lines
}

fn left(one: &PlanLeftView, look: Look) -> Vec<Line> {
    let next = Line::plain("   ");
    let mut line =
        Line::of(Tone::Strong, &one.proposal_id).and(Tone::Plain, format!("  {}", one.text));
    if one.signatures > 0 {
        line.push(
            Tone::Dim,
            format!("  ({})", counted(one.signatures, "signature")),
        );
    }
    let mut lines = hang(next.clone(), &Line::plain("     "), line, look.width);
    if let Some(by) = &one.by {
        let command = format!("cmscc diff {by} {}", one.proposal_id);
        lines.extend(hang(
            Line::plain("     "),
            &next,
            Line::of(Tone::Accent, command),
            look.width,
        ));
    }
    lines
}
