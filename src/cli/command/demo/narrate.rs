//! The story as text for people.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::report::{Deed, ProposalState, Report, StoryStep};
use crate::{
    cli::{
        args::ShownArgs,
        screen::Screen,
        show::{Line, Look, differences, explanation, proposals},
    },
    client::{
        answers::{ProposalAnswer, SummaryAnswer, same_shape},
        view::{ListView, ProposalView, RowView},
    },
    ids::Digest,
};

const HEADING: Style = Style::new().bold();
const ACTOR: Style = AnsiColor::Cyan.on_default();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const WAITING: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// How much of a long text in an answer is shown, and of a digest, in characters.
const SHOWN: usize = 40;
const DIGEST_SHOWN: usize = 12;

/// Writes the whole story.
pub(super) fn report(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "Channel {} on an embedded network, for demonstration: real certificates, real\n\
         signatures, and a chaincode server of its own for each organisation. Changing\n\
         the members takes a majority of the members' admins.",
        report.channel
    )?;
    for one in &report.steps {
        step(one, out)?;
    }
    writeln!(out)?;
    if let Some(error) = &report.error {
        writeln!(out, "{BAD}The story ended early:{BAD:#} {error}")?;
    }
    match report.problems() {
        0 => writeln!(out, "{GOOD}Everything was as expected.{GOOD:#}"),
        n => writeln!(out, "{BAD}{n} outcomes were not as expected.{BAD:#}"),
    }
}

fn step(step: &StoryStep, out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    writeln!(
        out,
        "{HEADING}{:>2}. {}{HEADING:#}",
        step.number, step.title
    )?;
    for one in &step.deeds {
        deed(one, out)?;
    }
    for state in &step.proposals {
        proposal(state, out)?;
    }
    let members: Vec<_> = step.members.iter().map(String::as_str).collect();
    writeln!(out, "    {DIM}members:{DIM:#} {}", members.join(", "))?;
    for unexpected in &step.unexpected {
        writeln!(out, "    {BAD}not as expected:{BAD:#} {unexpected}")?;
    }
    Ok(())
}

fn deed(deed: &Deed, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "    {ACTOR}{}{ACTOR:#} {}", deed.actor, deed.deed)?;
    let mut is_drawn = false;
    for line in reviewed(deed) {
        writeln!(out, "{}", line.indented(6).text(true))?;
        is_drawn = true;
    }
    if deed.answer != Value::Null && !is_drawn {
        writeln!(out, "      {DIM}-> {}{DIM:#}", shortened(&deed.answer))?;
    }
    Ok(())
}

/// What a person sees of a proposal that they look at, as the client draws it; nothing of other deeds.
fn reviewed(deed: &Deed) -> Vec<Line> {
    const INDENT: usize = 6;
    let look = Screen::new(&ShownArgs::default(), false).look();
    let look = Look {
        width: look.width.map(|width| width.saturating_sub(INDENT)),
        ..look
    };
    if let Ok(one) = same_shape::<SummaryAnswer>(&deed.answer) {
        let list = ListView {
            as_of_sequence: 0,
            more: false,
            proposals: vec![RowView::new(one, &deed.actor)],
        };
        return proposals(&list, look);
    }
    let Ok(one) = same_shape::<ProposalAnswer>(&deed.answer) else {
        return Vec::new();
    };
    let view = ProposalView::of_contract(one, &deed.actor);
    let mut lines = Vec::new();
    if let Some(diff) = &view.proposal.diff {
        lines.extend(differences(diff, look));
        lines.push(Line::new());
    }
    lines.extend(explanation(&view, look));
    lines
}

fn proposal(state: &ProposalState, out: &mut impl Write) -> io::Result<()> {
    let style = match state.status.as_str() {
        "Submitted" | "ReadyToSubmit" => GOOD,
        "WaitingForSignatures" => WAITING,
        _ => BAD,
    };
    write!(
        out,
        "    {DIM}proposal{DIM:#} {} {DIM}revision {}{DIM:#} {style}{}{style:#}",
        state.proposal_id, state.revision, state.status
    )?;
    if state.archived {
        write!(out, ", archived")?;
    }
    if !state.signed_by.is_empty() {
        write!(out, ", signed by {}", state.signed_by.join(", "))?;
    }
    if state.status == "WaitingForSignatures" && !state.missing.is_empty() {
        write!(out, ", missing {}", state.missing.join(", "))?;
    }
    writeln!(out)
}

/// An answer on one line: long texts are cut, and fields that say nothing are left out.
fn shortened(answer: &Value) -> String {
    match answer {
        Value::String(text) => {
            let shown = match Digest::from_hex(text) {
                Some(_) => DIGEST_SHOWN,
                None => SHOWN,
            };
            let start: String = text.chars().take(shown).collect();
            let more = if start.len() < text.len() { "..." } else { "" };
            format!("{start}{more}")
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(shortened).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .filter(|(_, value)| says_something(value))
                .map(|(name, value)| format!("{name}: {}", shortened(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_step_is_told_with_what_was_not_as_expected() {
        let told = Report {
            channel: "mychannel".to_owned(),
            steps: vec![StoryStep {
                number: 2,
                title: "Org1 signs it".to_owned(),
                deeds: vec![Deed {
                    actor: "Org1MSP".to_owned(),
                    deed: "AddSignature add_orgx".to_owned(),
                    answer: json!({
                        "revision": 1,
                        "sha256": "a".repeat(64),
                        "long": "x".repeat(100),
                        "refused": [],
                        "already": null,
                    }),
                }],
                proposals: vec![ProposalState {
                    proposal_id: "add_orgx".to_owned(),
                    status: "WaitingForSignatures".to_owned(),
                    revision: 1,
                    signed_by: vec!["Org1MSP".to_owned()],
                    missing: vec!["Org2MSP".to_owned()],
                    archived: false,
                }],
                members: ["Org1MSP".to_owned(), "Org2MSP".to_owned()].into(),
                unexpected: vec!["something".to_owned()],
            }],
            error: Some("no network".to_owned()),
            ok: false,
        };
        let mut out = anstream::StripStream::new(Vec::new());
        report(&told, &mut out).unwrap();
        let text = String::from_utf8(out.into_inner()).unwrap();
        let body = text.split_once("\n\n").unwrap().1;
        let expected = format!(
            "\u{20}2. Org1 signs it
    Org1MSP AddSignature add_orgx
      -> {{long: {}..., revision: 1, sha256: aaaaaaaaaaaa...}}
    proposal add_orgx revision 1 WaitingForSignatures, signed by Org1MSP, missing Org2MSP
    members: Org1MSP, Org2MSP
    not as expected: something

The story ended early: no network
2 outcomes were not as expected.
",
            "x".repeat(SHOWN)
        );
        assert_eq!(body, expected);
    }
}
