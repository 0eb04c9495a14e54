//! `cmscc members` and `cmscc capabilities`.

use std::process::ExitCode;

use crate::{
    cli::{
        args::{CapabilitiesArgs, MembersArgs},
        command::see::{config_of_peer, connected, on_screen},
        show,
    },
    client::{
        ClientError, Exit, PeerConnection,
        answers::{self, CapabilitiesAnswer},
        view::MembersView,
    },
    config::Section,
    transaction::ChaincodeCall,
};

pub(in crate::cli) fn members(args: &MembersArgs) -> ExitCode {
    on_screen(&args.client.shown, false, async |screen| {
        let connection = connected(&args.client)?;
        let looking = look(&connection);
        let view = screen.wait("asking peers and servers", looking).await?;
        screen.result(&view, Some("members"), |look| show::members(&view, look))?;
        Ok(Exit::Done)
    })
}

pub(in crate::cli) fn capabilities(args: &CapabilitiesArgs) -> ExitCode {
    on_screen(&args.client.shown, args.full, async |screen| {
        let connection = connected(&args.client)?;
        let asking = asked(&connection);
        let answer = screen.wait("asking the contract", asking).await?;
        screen.result(&answer, None, |look| show::capabilities(&answer, look))?;
        Ok(Exit::Done)
    })
}

async fn asked(connection: &PeerConnection) -> Result<CapabilitiesAnswer, ClientError> {
    let call = ChaincodeCall::new(connection.channel(), ["GetCapabilities"]);
    let answer = connection.evaluate(connection.chaincode(), call).await?;
    answers::read("GetCapabilities", &answer)
}

async fn look(connection: &PeerConnection) -> Result<MembersView, ClientError> {
    let bundle = config_of_peer(connection).await?;
    let chaincode = connection.chaincode();
    let members = bundle.msp_ids(Section::Application);
    let servers = connection.servers_of(chaincode, members).await;
    // a contract that does not answer says nothing of them, and they are members all the same
    let attestations = match asked(connection).await {
        Ok(answer) => answer.attestations,
        Err(_) => Vec::new(),
    };
    let own = &connection.identity().msp_id;
    Ok(MembersView::new(&bundle, own, &servers, &attestations))
}
