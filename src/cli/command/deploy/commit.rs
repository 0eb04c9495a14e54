//! `cmscc deploy commit`.

use std::process::ExitCode;

use crate::{
    cli::{
        args::DeployCommitArgs,
        command::act::{fresh, open},
        show::definition,
    },
    client::{
        ClientError, Exit,
        view::{CommittedView, DefinitionView},
    },
};

pub(super) fn run(args: &DeployCommitArgs) -> ExitCode {
    open(&args.client, async |talk, settings, identity| {
        let session = fresh(talk, &settings, identity).await?;
        let looking = session.deployment(args.look_back);
        let facts = talk.wait("asking peers and servers", looking).await?;
        let Some(next) = &facts.next else {
            return Err(nothing(&facts.chaincode, facts.sequence()));
        };
        talk.lines(&definition(
            &DefinitionView::of(&next.terms),
            None,
            talk.look(),
        ));
        let committing = session.commit_definition(next);
        let done = talk.wait("waiting for the block", committing).await?;
        talk.done(&format!(
            "sequence {} of `{}` is in force since block {}",
            next.terms.sequence, next.terms.name, done.block
        ));
        talk.next("cmscc deploy status");
        talk.document(&CommittedView {
            block_number: done.block.0,
            definition: DefinitionView::of(&next.terms),
            tx_id: done.tx_id.to_string(),
        })?;
        Ok(Exit::Done)
    })
}

fn nothing(chaincode: &str, sequence: i64) -> ClientError {
    match sequence {
        0 => {
            let text = format!("nobody has approved a definition of `{chaincode}` yet");
            ClientError::new(Exit::No, "NOTHING_APPROVED", text).hint("`cmscc deploy approve`")
        }
        sequence => {
            let text = format!(
                "sequence {sequence} of `{chaincode}` is committed, and nobody has approved another one"
            );
            ClientError::new(Exit::Done, "ALREADY_COMMITTED", text)
        }
    }
}
