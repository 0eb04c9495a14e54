//! Settings, identity, pin: a session for a command.

use std::process::ExitCode;

use super::first_use::first_use;
use crate::{
    cli::{
        args::ClientArgs,
        command::see::{in_runtime, settings},
        screen::code,
        show::{Line, Tone},
        talk::Talk,
    },
    client::{
        ChannelSession, ClientError, ClientSettings, ContractHead, Exit, OpenedSession,
        OwnIdentity, view::NothingView,
    },
};

/// Runs a command that talks to a network; its failures are told, and become its exit code.
pub(in crate::cli::command) fn open<F>(client: &ClientArgs, run: F) -> ExitCode
where
    F: AsyncFnOnce(&Talk, ClientSettings, OwnIdentity) -> Result<Exit, ClientError>,
{
    let talk = Talk::of(&client.shown);
    let done = settings(client).and_then(|(settings, identity)| {
        let runtime = in_runtime()?;
        runtime.block_on(run(&talk, settings, identity))
    });
    ended(&talk, done)
}

/// How a command ends: what there was nothing to do about is told as done.
pub(in crate::cli::command) fn ended(talk: &Talk, done: Result<Exit, ClientError>) -> ExitCode {
    let error = match done {
        Ok(exit) => return code(exit),
        Err(error) if error.exit == Exit::Done => {
            talk.done(&error.message);
            for (what, words) in &error.details {
                talk.warn(&format!("{what}: {words}"));
            }
            if let Some(hint) = &error.hint {
                talk.say(&Line::of(Tone::Dim, hint));
            }
            let document = NothingView {
                done: error.symbol.clone(),
                message: error.message.clone(),
            };
            match talk.document(&document) {
                Ok(()) => return code(Exit::Done),
                Err(error) => error,
            }
        }
        Err(error) => error,
    };
    talk.failed(&error)
}

/// A session whose chain is at the peer's config: pinned, if need be by the person at the terminal.
pub(in crate::cli::command) async fn fresh(
    talk: &Talk,
    settings: &ClientSettings,
    identity: OwnIdentity,
) -> Result<ChannelSession, ClientError> {
    let mut session = match talk
        .wait("asking your peer", ChannelSession::open(settings, identity))
        .await?
    {
        OpenedSession::Ready(session) => *session,
        OpenedSession::Unpinned(unpinned) => first_use(talk, *unpinned)?,
    };
    session
        .catch_up(&|progress| talk.progress(&progress))
        .await?;
    Ok(session)
}

/// Refuses to act on a contract that does not have the channel's config.
pub(in crate::cli::command) fn demand_level(head: ContractHead) -> Result<(), ClientError> {
    match head.lacks {
        None => Ok(()),
        Some(lacks) => {
            let text = format!(
                "the contract is at config {}: it lacks config {lacks} of the channel",
                head.sequence
            );
            Err(ClientError::new(Exit::Stale, "CONTRACT_BEHIND", text).hint("cmscc sync"))
        }
    }
}
