//! `init-consortium` and `recover`.

use std::process::ExitCode;

use serde_json::Value;

use super::{
    files::read,
    open::{fresh, open},
};
use crate::{
    cli::{
        args::{InitConsortiumArgs, RecoverArgs},
        talk::Talk,
    },
    client::{
        ClientError, Exit,
        answers::{self, SyncedAnswer},
    },
    ids::Sequence,
};

pub(in crate::cli) fn init_consortium(args: &InitConsortiumArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let mut session = fresh(talk, &settings, identity).await?;
        let first = match &args.block {
            Some(path) => read(path)?.into(),
            None => match session.chain().pin() {
                Some((_, link)) => session.known_block(link).await?,
                None => session.chain().head_block().clone(),
            },
        };
        let answer = session.init_consortium(vec![first]).await?;
        tell(talk, "InitConsortium", &answer)?;
        let synced = session.sync(&|progress| talk.progress(&progress)).await?;
        if synced.block.is_some() {
            talk.done(&format!(
                "the contract is at config {}, as the channel",
                synced.after
            ));
        }
        talk.next("cmscc status");
        Ok(Exit::Done)
    })
}

pub(in crate::cli) fn recover(args: &RecoverArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let session = fresh(talk, &settings, identity).await?;
        let answer = session.recover(args.disowned_from.map(Sequence)).await?;
        tell(talk, "RecoverConfig", &answer)?;
        Ok(Exit::Done)
    })
}

fn tell(talk: &Talk, function: &str, answer: &[u8]) -> Result<(), ClientError> {
    let read: SyncedAnswer = answers::read(function, answer)?;
    if let (Some(sequence), Some(digest)) = (read.sequence, &read.config_sha256) {
        talk.done(&format!(
            "the contract is at config {sequence}, digest {digest}"
        ));
    }
    let document: Value = answers::read(function, answer)?;
    talk.document(&document)?;
    Ok(())
}
