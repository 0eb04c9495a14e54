//! `cmscc deploy status`.

use std::process::ExitCode;

use crate::{
    block::ConfigBlock,
    cli::{
        args::DeployStatusArgs,
        command::see::{connected, on_screen},
        show,
    },
    client::{ClientError, DeploymentFacts, Exit, PeerConnection, view::DeployView},
    config::Bundle,
};

pub(super) fn run(args: &DeployStatusArgs) -> ExitCode {
    on_screen(&args.client.shown, false, async |screen| {
        let connection = connected(&args.client.network)?;
        let looking = look(&connection, args.look_back);
        let view = screen.wait("asking peers and servers", looking).await?;
        screen.result(&view, None, |look| show::deployment(&view, look))?;
        Ok(match view.is_complete {
            true => Exit::Done,
            false => Exit::No,
        })
    })
}

async fn look(connection: &PeerConnection, look_back: u64) -> Result<DeployView, ClientError> {
    let bad = |error: &dyn std::fmt::Display| {
        let text = format!("the peer's config block cannot be read: {error}");
        ClientError::new(Exit::Failed, "BAD_BLOCK", text)
    };
    let block = ConfigBlock::parse(connection.config_block().await?).map_err(|e| bad(&e))?;
    let bundle = Bundle::new(block.channel_id(), block.tree().clone()).map_err(|e| bad(&e))?;
    let facts = DeploymentFacts::gather(connection, &bundle, look_back).await?;
    Ok(DeployView::of(&facts))
}
