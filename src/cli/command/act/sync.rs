//! `cmscc sync`.

use std::process::ExitCode;

use super::open::{fresh, open};
use crate::{
    cli::args::SyncArgs,
    client::{Exit, view::SyncedView},
};

pub(in crate::cli) fn sync(args: &SyncArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let mut session = fresh(talk, &settings, identity).await?;
        let synced = session.sync(&|progress| talk.progress(&progress)).await?;
        match synced.block {
            None => talk.done(&format!(
                "the contract is at config {}, as the channel",
                synced.after
            )),
            Some(block) => talk.done(&format!(
                "the contract was at config {}, and is at config {} since block {block}",
                synced.before, synced.after
            )),
        }
        talk.document(&SyncedView {
            after: synced.after.0,
            before: synced.before.0,
            block_number: synced.block,
        })?;
        Ok(Exit::Done)
    })
}
