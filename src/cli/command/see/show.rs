//! `cmscc show`, `diff`, `explain`: one proposal.

use std::process::ExitCode;

use serde_json::json;

use super::reach::{Reach, on_screen};
use crate::{
    cli::{
        args::{ClientArgs, DiffArgs, ExplainArgs, ShowArgs},
        screen::Screen,
        show::{self, Line, Tone, differences, explanation, side_by_side},
    },
    client::{
        ClientError, Exit,
        answers::{DiffAnswer, ProposalAnswer},
        offering, sides,
        view::ProposalView,
    },
};

pub(in crate::cli) fn show(args: &ShowArgs) -> ExitCode {
    on_screen(&args.client.shown, args.full, async |screen| {
        let view = fetch(&args.client, &args.id, args.full, screen).await?;
        screen.result(&view, None, |look| show::proposal(&view, look))?;
        Ok(Exit::Done)
    })
}

pub(in crate::cli) fn explain(args: &ExplainArgs) -> ExitCode {
    on_screen(&args.client.shown, args.full, async |screen| {
        let id = args.asked().0.unwrap_or_default();
        let view = fetch(&args.client, id, args.full, screen).await?;
        screen.result(&view, None, |look| explanation(&view, look))?;
        Ok(Exit::Done)
    })
}

pub(in crate::cli) fn diff(args: &DiffArgs) -> ExitCode {
    on_screen(&args.client.shown, args.full, async |screen| {
        let view = fetch(&args.client, &args.id, args.full, screen).await?;
        if let Some(other) = &args.other {
            return both(args, &view, other, screen).await;
        }
        let Some(diff) = &view.proposal.diff else {
            return Err(nothing_to_compare(&view.proposal));
        };
        changes(diff, screen, args.exit_code, "Nothing changes.")
    })
}

/// What two proposals both touch, as the contract shows them.
async fn both(
    args: &DiffArgs,
    first: &ProposalView,
    other: &str,
    screen: &Screen,
) -> Result<Exit, ClientError> {
    let second = fetch(&args.client, other, args.full, screen).await?;
    let (first, second) = (&first.proposal, &second.proposal);
    let view = sides(first, second).ok_or_else(|| match first.diff {
        Some(_) => nothing_to_compare(second),
        None => nothing_to_compare(first),
    })?;
    if view.both.is_empty() {
        screen.note(&Line::of(Tone::Dim, "they touch nothing in common"));
    }
    screen.result(&view, Some("both"), |look| side_by_side(&view, look))?;
    Ok(match args.exit_code && view.excludes.is_some() {
        true => Exit::No,
        false => Exit::Done,
    })
}

/// Prints what differs; that nothing does is said beside it.
pub(super) fn changes(
    diff: &DiffAnswer,
    screen: &Screen,
    exit_code: bool,
    nothing: &str,
) -> Result<Exit, ClientError> {
    if show::is_empty(diff) {
        screen.note(&Line::of(Tone::Dim, nothing));
    }
    screen.result(diff, Some("changes"), |look| differences(diff, look))?;
    Ok(match exit_code && !show::is_empty(diff) {
        true => Exit::No,
        false => Exit::Done,
    })
}

/// A proposal as the contract shows it.
async fn fetch(
    client: &ClientArgs,
    id: &str,
    full: bool,
    screen: &Screen,
) -> Result<ProposalView, ClientError> {
    let reach = Reach::new(client)?;
    let whole = json!({ "whole": ["all"] }).to_string();
    let mut args = vec!["GetProposal", id];
    if full {
        args.push(&whole);
    }
    let asking = reach.read::<ProposalAnswer>(&args);
    let answer = screen.wait("asking the contract", asking).await;
    let answer = match answer {
        Err(error) if error.symbol == "UNKNOWN_PROPOSAL" => {
            let error = error.hint("cmscc list, or cmscc history for archived ones");
            let listed = reach.ask(&["ListProposals", r#"{"page_size":200}"#]).await;
            return Err(offering(error, id, listed.ok().as_ref()));
        }
        answer => answer?,
    };
    Ok(ProposalView::of_contract(answer, reach.msp_id()))
}

fn nothing_to_compare(one: &ProposalAnswer) -> ClientError {
    let id = &one.proposal_id;
    let (text, hint) = match (one.kind.as_str(), one.archived, one.status.as_str()) {
        ("settings", ..) => (
            format!("`{id}` changes settings of the contract, not the config"),
            format!("cmscc show {id}"),
        ),
        (_, true, _) => (
            format!("`{id}` is archived: what it changed is not kept as a diff"),
            format!("cmscc show {id}"),
        ),
        (_, _, "Submitted") => (
            format!("`{id}` is in effect: there is nothing left to compare"),
            "cmscc config history, then cmscc config diff".to_owned(),
        ),
        (_, _, status) => (
            format!("`{id}` cannot be applied to the config: it is {status}"),
            format!("cmscc explain {id}"),
        ),
    };
    ClientError::new(Exit::Failed, "NO_DIFF", text).hint(hint)
}
