//! `cmscc plan`.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    cli::{
        args::PlanArgs,
        command::act::{demand_level, fresh, open},
        show::{self, Line, Look, Tone},
        talk::Talk,
    },
    client::{
        ChannelSession, ClientError, Exit, PlannedProposal, Verdicts,
        answers::{self, ListAnswer},
        make_plan,
        view::{PassedOverView, PlanView},
    },
};

/// So many open proposals are planned with where none are named.
const OPEN: usize = 20;

/// So many may be named.
const NAMED: usize = 50;

/// Says in which order proposals lose fewest signatures.
pub(in crate::cli) fn plan(args: &PlanArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        if args.ids.len() > NAMED {
            let text = format!(
                "{} proposals are named, and at most {NAMED} can be",
                args.ids.len()
            );
            return Err(ClientError::new(Exit::Usage, "TOO_MANY", text));
        }
        let session = fresh(talk, &settings, identity).await?;
        demand_level(session.compare_contract().await?)?;
        let is_named = !args.ids.is_empty();
        let (ids, not_looked_at) = match args.ids.is_empty() {
            false => (unique(&args.ids), 0),
            true => talk.wait("asking the contract", open_ids(&session)).await?,
        };
        let mut view = talk
            .wait("judging", planned(&session, &ids, is_named))
            .await?;
        view.not_looked_at = not_looked_at;
        if view.steps.is_empty() && view.left.is_empty() {
            talk.say(&Line::of(Tone::Dim, "there is nothing to plan"));
        }
        let look = talk.look();
        talk.lines(&show::plan(
            &view,
            Look {
                full: args.full,
                ..look
            },
        ));
        talk.document(&view)?;
        next(talk, &view);
        Ok(Exit::Done)
    })
}

/// Each once, in the order in which they were named.
fn unique(ids: &[String]) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for id in ids {
        if !unique.contains(id) {
            unique.push(id.clone());
        }
    }
    unique
}

/// The open config updates, at most [`OPEN`], and how many more there are on their page.
async fn open_ids(session: &ChannelSession) -> Result<(Vec<String>, usize), ClientError> {
    let options = json!({"page_size": 200}).to_string();
    let answer = session.ask(&["ListProposals", &options]).await?;
    let page: ListAnswer = answers::read("ListProposals", &answer)?;
    let is_open = |status: &str| {
        matches!(
            status,
            "ReadyToSubmit"
                | "WaitingForCapabilities"
                | "WaitingForSignatures"
                | "Outofdate"
                | "Rejected"
        )
    };
    let open = page
        .proposals
        .into_iter()
        .filter(|one| is_open(&one.status));
    let mut ids: Vec<String> = open.map(|one| one.proposal_id).collect();
    let more = ids.len().saturating_sub(OPEN);
    ids.truncate(OPEN);
    Ok((
        ids,
        more.saturating_add(usize::from(!page.bookmark.is_empty())),
    ))
}

/// `is_named`: whether somebody named the proposals, and did not ask for those that there are.
async fn planned(
    session: &ChannelSession,
    ids: &[String],
    is_named: bool,
) -> Result<PlanView, ClientError> {
    let bundle = session.chain().bundle();
    let (mut proposals, mut passed_over) = (Vec::new(), Vec::new());
    let mut to_attest = Vec::new();
    for id in ids {
        let why = match session.examine(id).await {
            Ok(examined) => match &examined.verdicts {
                Verdicts::Update(_) => {
                    if examined.proposal.status == "WaitingForCapabilities" {
                        to_attest.push(id);
                    }
                    let unasked = examined.unasked();
                    proposals.push(PlannedProposal::new(bundle, &examined.claim, unasked)?);
                    continue;
                }
                Verdicts::Settings(_) => {
                    "it changes settings of the contract, which no config update stands in the way of".to_owned()
                }
            },
            // whatever is not as the contract says ends all of it
            Err(error) if error.exit == Exit::Unsafe => return Err(error),
            Err(error) if is_named && error.symbol == "UNKNOWN_PROPOSAL" => return Err(error),
            Err(error) if matches!(error.exit, Exit::Done | Exit::Stale | Exit::Failed) => {
                match error.hint {
                    Some(hint) => format!("{}: {hint}", error.message),
                    None => error.message,
                }
            }
            Err(error) => return Err(error),
        };
        let why = why.strip_prefix(&format!("`{id}` ")).unwrap_or(&why);
        passed_over.push(PassedOverView {
            proposal_id: id.clone(),
            why: why.to_owned(),
        });
    }
    let mut view = make_plan(bundle, &proposals)?;
    view.passed_over = passed_over;
    // what the config does not tell
    for step in &mut view.steps {
        if step.ready && to_attest.contains(&&step.proposal_id) {
            step.ready = false;
            let needs = "organisations concerned attest the levels that it raises";
            step.needs.push(needs.to_owned());
        }
    }
    Ok(view)
}

/// What could be done first.
fn next(talk: &Talk, view: &PlanView) {
    if let Some(first) = view.steps.first() {
        match first.ready {
            true => talk.next(&format!("cmscc submit {}", first.proposal_id)),
            false => talk.next(&format!("cmscc explain {}", first.proposal_id)),
        }
    }
}
