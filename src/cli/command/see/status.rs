//! `cmscc status`.

use std::{process::ExitCode, time::Duration};

use serde_json::json;
use tokio::time::timeout;

use super::{
    pages::{self, PagedList},
    reach::{Reach, on_screen},
};
use crate::{
    block::ConfigBlock,
    cli::{args::StatusArgs, screen::Screen, show},
    client::{
        ClientError, Exit, PeerConnection,
        answers::{LinkAnswer, SummaryAnswer},
        now,
        view::{
            HeadView, IdentityView, Relation, RowView, StatusView, WITHIN, Whereabouts, ending,
            phase,
        },
    },
};

/// How long one's own server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many proposals are looked at.
const LIMIT: usize = 1_000;

pub(in crate::cli) fn run(args: &StatusArgs) -> ExitCode {
    on_screen(&args.client.shown, false, async |screen| {
        status(args, screen).await
    })
}

async fn status(args: &StatusArgs, screen: &Screen) -> Result<Exit, ClientError> {
    let reach = Reach::new(&args.client)?;
    let view = screen
        .wait("asking peer and contract", look(&reach))
        .await?;
    screen.result(&view, None, |look| show::status(&view, look))?;
    Ok(match view.relation {
        Relation::Fork => Exit::Unsafe,
        _ => Exit::Done,
    })
}

async fn look(reach: &Reach) -> Result<StatusView, ClientError> {
    let block = reach.connection.config_block().await?;
    let block = ConfigBlock::parse(block).map_err(|error| {
        let text = format!("the peer's config block cannot be read: {error}");
        ClientError::new(Exit::Failed, "BAD_BLOCK", text)
    })?;
    let peer = HeadView::of_block(&block);
    let (contract, relation) = contract(reach, &peer).await?;
    let msp_id = reach.msp_id();
    let listed = match contract {
        Some(_) => pages::proposals(reach, &json!({}), LIMIT).await?,
        None => nothing(),
    };
    let rows = listed
        .entries
        .into_iter()
        .map(|one| RowView::new(one, msp_id));
    let open = rows.filter(|row| phase(&row.proposal.status) == Whereabouts::InFlight);
    let (awaiting_me, in_flight): (Vec<_>, Vec<_>) = open.partition(|row| row.awaiting_me);
    let identity = identity(&reach.connection, &block);
    let own_server = match identity.is_member && contract.is_some() {
        true => own_server(&reach.connection).await,
        false => None,
    };
    let mut view = StatusView {
        awaiting_me,
        chaincode: reach.connection.chaincode().to_owned(),
        channel: reach.connection.channel().to_string(),
        contract,
        ends_soon: ending(block.tree(), now().seconds.saturating_add(WITHIN)),
        identity,
        in_flight,
        more: listed.more,
        next: None,
        own_server,
        peer,
        relation,
        unsupported: listed.unsupported,
    };
    view.next = view.next_command();
    Ok(view)
}

/// The contract's head, and how it stands to the peer.
async fn contract(
    reach: &Reach,
    peer: &HeadView,
) -> Result<(Option<HeadView>, Relation), ClientError> {
    let listed = match pages::links(reach, peer.sequence, usize::MAX).await {
        Ok(listed) => listed,
        Err(error) if error.symbol == "NOT_INITIALIZED" => {
            return Ok((None, Relation::NotInitialized));
        }
        Err(error) => return Err(error),
    };
    // where the contract is ahead, the link of the peer's sequence tells a fork
    let same = listed
        .entries
        .iter()
        .find(|link| link.sequence == peer.sequence);
    if let Some(link) = same {
        let head = HeadView::of_link(link);
        if Relation::of(Some(&head), peer) == Relation::Fork {
            return Ok((Some(head), Relation::Fork));
        }
    }
    let head = match listed.entries.last() {
        Some(last) => Some(HeadView::of_link(last)),
        None => behind(reach, &listed).await?,
    };
    let relation = Relation::of(head.as_ref(), peer);
    Ok((head, relation))
}

/// The head of a contract that does not have the peer's sequence yet.
async fn behind(
    reach: &Reach,
    listed: &PagedList<LinkAnswer>,
) -> Result<Option<HeadView>, ClientError> {
    let listed = pages::links(reach, listed.as_of_sequence, 1).await?;
    Ok(listed.entries.last().map(HeadView::of_link))
}

/// What is wrong with the server of one's own organisation.
async fn own_server(connection: &PeerConnection) -> Option<String> {
    let asked = connection.server_of(connection.chaincode(), &connection.identity().msp_id);
    let trouble = match timeout(PATIENCE, asked).await {
        Ok(state) => state.trouble(),
        Err(_) => Some("its server, or its peer, says nothing"),
    };
    trouble.map(str::to_owned)
}

/// Who looks, by the config of the peer.
fn identity(connection: &PeerConnection, block: &ConfigBlock) -> IdentityView {
    let own = connection.identity();
    let (subject, end) = (own.certificate().subject(), own.certificate().not_after());
    IdentityView::new(&own.msp_id, &subject, end, &own.certificate_pem, block)
}

fn nothing() -> PagedList<SummaryAnswer> {
    PagedList {
        as_of_sequence: 0,
        entries: Vec::new(),
        more: false,
        unsupported: Vec::new(),
    }
}
