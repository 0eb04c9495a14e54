//! Settings, identity, pin: a session for a command.

use std::process::ExitCode;

use tokio::runtime;

use super::pin;
use crate::{
    cli::{
        args::{NetworkArgs, ShownArgs},
        talk::{Talk, code},
    },
    client::{
        ClientError, ClientSettings, ContractHead, Exit, OpenedSession, OwnIdentity, Session,
    },
};

/// Runs a command that talks to a network; its failures are told, and become its exit code.
pub(in crate::cli::command) fn open<F>(network: &NetworkArgs, shown: &ShownArgs, run: F) -> ExitCode
where
    F: AsyncFnOnce(Talk, ClientSettings, OwnIdentity) -> Result<Exit, ClientError>,
{
    let talk = Talk::of(shown);
    let settings = match ClientSettings::load(&network.flags()) {
        Ok((settings, _)) => settings,
        Err(errors) => {
            let last = errors.len().saturating_sub(1);
            for (index, error) in errors.iter().enumerate() {
                let failed = talk.failed(error);
                if index == last {
                    return failed;
                }
            }
            return code(Exit::Usage);
        }
    };
    let identity = match OwnIdentity::open(&settings.msp_id, &settings.identity) {
        Ok(identity) => identity,
        Err(error) => return talk.failed(&error),
    };
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let text = format!("cannot start the runtime: {error}");
            return talk.failed(&ClientError::new(Exit::Failed, "NO_RUNTIME", text));
        }
    };
    match runtime.block_on(run(talk, settings, identity)) {
        Ok(exit) => code(exit),
        Err(error) if error.exit == Exit::Done => {
            talk.done(&error.message);
            talk.document(&serde_json::json!({"done": error.symbol, "message": error.message}));
            code(Exit::Done)
        }
        Err(error) => talk.failed(&error),
    }
}

/// A session whose chain is at the peer's config: pinned, if need be by the person at the terminal.
pub(in crate::cli::command) async fn fresh(
    talk: Talk,
    settings: &ClientSettings,
    identity: OwnIdentity,
) -> Result<Session, ClientError> {
    let mut session = match Session::open(settings, identity).await? {
        OpenedSession::Ready(session) => *session,
        OpenedSession::Unpinned(unpinned) => pin::first_use(talk, *unpinned)?,
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
