//! `reject`, `withdraw`, `combine`, `rebase`, `archive`.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::open::{demand_level, fresh, open};
use crate::{
    cli::{
        args::{ArchiveArgs, ClientArgs, CombineArgs, RebaseArgs, RejectArgs, WithdrawArgs},
        show::{Line, Tone},
        talk::Talk,
    },
    client::{
        ChannelSession, ClientError, CommittedCall, Exit, ProposalTerms,
        answers::{self, ProposedAnswer, UpdatedAnswer},
        now,
        view::RecordedView,
    },
    transaction::ChaincodeCall,
};

/// What `UpdateProposals` is asked for, as a sum.
const ARCHIVE_BROKEN: u8 = 1;
const ARCHIVE_SUBMITTED: u8 = 2;
const RECOMPUTE: u8 = 4;
const OVERWRITE: u8 = 8;
/// It is called again at most so often, where it does not get to the end.
const CALLS: usize = 50;

pub(in crate::cli) fn reject(args: &RejectArgs) -> ExitCode {
    call(&args.client, async |talk, session| {
        let done = send(session, &["RejectProposal", &args.id, &args.reason]).await?;
        talk.done(&format!(
            "`{}` rejected; recorded in block {}",
            args.id, done.block
        ));
        talk.document(&RecordedView {
            block_number: done.block.0,
            proposal_id: args.id.clone(),
        })?;
        Ok(Exit::Done)
    })
}

pub(in crate::cli) fn withdraw(args: &WithdrawArgs) -> ExitCode {
    call(&args.client, async |talk, session| {
        let done = send(session, &["WithdrawProposal", &args.id]).await?;
        talk.done(&format!(
            "`{}` withdrawn; recorded in block {}",
            args.id, done.block
        ));
        talk.document(&RecordedView {
            block_number: done.block.0,
            proposal_id: args.id.clone(),
        })?;
        Ok(Exit::Done)
    })
}

pub(in crate::cli) fn combine(args: &CombineArgs) -> ExitCode {
    call(&args.client, async |talk, session| {
        let sources = json!(args.sources).to_string();
        let options = match &args.deadline {
            Some(given) => {
                json!({"deadline": ProposalTerms::deadline(given, now().seconds)?}).to_string()
            }
            None => String::new(),
        };
        let id = args.id.as_str();
        let words = [
            "CombineProposals",
            id,
            &sources,
            &args.description,
            &options,
        ];
        let done = send(session, &words).await?;
        let answer: ProposedAnswer = answers::read("CombineProposals", &done.answer)?;
        talk.done(&format!(
            "`{id}` proposed; recorded in block {}",
            done.block
        ));
        talk.line(
            &Line::of(Tone::Strong, "Digest  ").and(Tone::Plain, &answer.config_update_sha256),
        );
        talk.next(&format!("cmscc sign {id}"));
        talk.document(&answer)?;
        Ok(Exit::Done)
    })
}

pub(in crate::cli) fn rebase(args: &RebaseArgs) -> ExitCode {
    call(&args.client, async |talk, session| {
        let mode = match args.overwrite {
            true => RECOMPUTE | OVERWRITE,
            false => RECOMPUTE,
        };
        let answers = update(session, mode, &args.ids).await?;
        let mut exit = Exit::Done;
        for answer in &answers {
            for one in &answer.recomputed {
                talk.done(&format!(
                    "`{}` is revision {} now, to be signed again",
                    one.proposal_id, one.revision
                ));
                for conflict in &one.conflicts {
                    let text = format!("  changes back what others did: {}", conflict.element);
                    talk.say(&Line::of(Tone::Waiting, text));
                }
                talk.next(&format!("cmscc sign {}", one.proposal_id));
            }
            for one in &answer.left {
                talk.say(&Line::of(Tone::Waiting, "! ").and(
                    Tone::Plain,
                    format!("`{}` stays: {}", one.proposal_id, one.reason),
                ));
                // one that was asked for and stays is the answer no
                if args.ids.contains(&one.proposal_id) {
                    exit = Exit::No;
                }
            }
        }
        if answers
            .iter()
            .all(|answer| answer.recomputed.is_empty() && answer.left.is_empty())
        {
            talk.say(&Line::of(Tone::Dim, "nothing is out of date"));
        }
        talk.document(&answers)?;
        Ok(exit)
    })
}

pub(in crate::cli) fn archive(args: &ArchiveArgs) -> ExitCode {
    call(&args.client, async |talk, session| {
        let answers = update(session, ARCHIVE_BROKEN | ARCHIVE_SUBMITTED, &args.ids).await?;
        let (mut exit, mut deleted) = (Exit::Done, false);
        for answer in &answers {
            for one in &answer.archived {
                talk.done(&format!("`{}` archived: {}", one.proposal_id, one.outcome));
            }
            for one in answer
                .left
                .iter()
                .filter(|one| args.ids.contains(&one.proposal_id))
            {
                // a withdrawn one is put away by another function
                if one.status.as_deref() == Some("Withdrawn") {
                    send(session, &["DeleteProposal", &one.proposal_id]).await?;
                    talk.done(&format!("`{}` archived: Withdrawn", one.proposal_id));
                    deleted = true;
                    continue;
                }
                exit = Exit::No;
                talk.say(&Line::of(Tone::Waiting, "! ").and(
                    Tone::Plain,
                    format!("`{}` stays: {}", one.proposal_id, one.reason),
                ));
            }
        }
        if !deleted && answers.iter().all(|answer| answer.archived.is_empty()) {
            talk.say(&Line::of(Tone::Dim, "nothing was archived"));
        }
        talk.document(&answers)?;
        Ok(exit)
    })
}

/// A command that works on proposals of a contract that is at the channel's config.
fn call<F>(client: &ClientArgs, run: F) -> ExitCode
where
    F: AsyncFnOnce(&Talk, &ChannelSession) -> Result<Exit, ClientError>,
{
    open(client, async |talk, settings, identity| {
        let session = fresh(talk, &settings, identity).await?;
        demand_level(session.compare_contract().await?)?;
        run(talk, &session).await
    })
}

async fn send(session: &ChannelSession, words: &[&str]) -> Result<CommittedCall, ClientError> {
    let call = ChaincodeCall::new(session.chain().channel(), words.iter().copied());
    session.submit_call(call).await
}

/// `UpdateProposals`, until it has looked at all: at those that are named, or at one's organisation's.
async fn update(
    session: &ChannelSession,
    mode: u8,
    ids: &[String],
) -> Result<Vec<UpdatedAnswer>, ClientError> {
    let mode = mode.to_string();
    let named = match ids.is_empty() {
        true => String::new(),
        false => json!(ids).to_string(),
    };
    let msp_id = session.connection().identity().msp_id.as_str();
    let (mut answers, mut bookmark) = (Vec::new(), String::new());
    for _ in 0..CALLS {
        let options: Value = match ids.is_empty() {
            true => json!({"msp_id": msp_id, "bookmark": bookmark}),
            false => json!({}),
        };
        let words = ["UpdateProposals", &mode, &named, &options.to_string()];
        let done = send(session, &words).await?;
        let answer: UpdatedAnswer = answers::read("UpdateProposals", &done.answer)?;
        bookmark.clone_from(&answer.bookmark);
        answers.push(answer);
        if bookmark.is_empty() {
            break;
        }
    }
    Ok(answers)
}
