//! `cmscc deploy status`.

use std::process::ExitCode;

use crate::{
    cli::{
        args::DeployStatusArgs,
        command::see::{config_of_peer, connected, on_screen},
        package::package_facts,
        show,
    },
    client::{
        ClientError, DeploymentFacts, Exit, PackagedServer, PeerConnection, view::DeployView,
    },
};

pub(super) fn run(args: &DeployStatusArgs) -> ExitCode {
    on_screen(&args.client.shown, false, async |screen| {
        let connection = connected(&args.client)?;
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
    let bundle = config_of_peer(connection).await?;
    let mut facts = DeploymentFacts::gather(connection, &bundle, look_back).await?;
    facts.server = server(connection, &facts).await;
    Ok(DeployView::of(&facts))
}

/// What the approved package says of one's own server; a peer that does not give the package leaves it open.
async fn server(connection: &PeerConnection, facts: &DeploymentFacts) -> Option<PackagedServer> {
    let own = facts.approved_next.as_ref().or(facts.approved.as_ref())?;
    let package = connection
        .installed_package(own.source.package_id()?)
        .await
        .ok()?;
    package_facts(&package).ok()?.server
}
