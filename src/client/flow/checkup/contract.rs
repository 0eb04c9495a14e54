//! The contract: definition, servers, chain.

use futures_util::future::{join, join_all};
use serde::Deserialize;
use tokio::time::timeout;

use super::patience::{ANSWERING, FOLLOWING, PATIENCE, within};
use crate::{
    client::{
        ChannelSession, ClientError, ServerState, answers,
        doctor::{ContractFacts, ContractPlace, LifecycleFacts},
    },
    config::Section,
    ids::MspId,
};

/// The most members whose servers are asked.
const MEMBERS: usize = 100;

/// So many are asked at once.
const AT_ONCE: usize = 16;

/// The contract's settings, as far as they are looked at.
#[derive(Deserialize)]
struct Agreed {
    #[serde(default)]
    unsupported: Vec<String>,
}

/// Asks the contract, and the server of each member.
pub(super) async fn ask(session: &ChannelSession, is_pinned: bool) -> ContractFacts {
    let bundle = session.chain().bundle();
    let members: Vec<MspId> = (bundle.msp_ids(Section::Application).into_iter())
        .take(MEMBERS)
        .collect();
    let (lifecycle, (agreed, servers)) = join(
        lifecycle(session),
        join(settings(session), servers(session, &members)),
    )
    .await;
    let head = match &agreed {
        Ok(_) => Some(head(session, is_pinned).await),
        Err(_) => None,
    };
    let unsupported = agreed.as_ref().map(|agreed| agreed.unsupported.clone());
    let committed = lifecycle.committed.as_ref().ok().and_then(Option::as_ref);
    ContractFacts {
        policy: committed.and_then(|committed| committed.terms.policy.text()),
        lifecycle,
        unsupported: unsupported.unwrap_or_default(),
        answers: agreed.map(drop),
        servers,
        head,
        sequence: session.chain().sequence(),
    }
}

/// What Fabric's lifecycle says.
async fn lifecycle(session: &ChannelSession) -> LifecycleFacts {
    let connection = session.connection();
    let name = connection.chaincode();
    let (committed, installed) = join(
        within(PATIENCE, connection.committed_definition(name)),
        within(PATIENCE, connection.installed_at(0)),
    )
    .await;
    let sequence = committed.as_ref().ok().and_then(Option::as_ref);
    let sequence = sequence.map(|committed| committed.terms.sequence);
    LifecycleFacts {
        approved: within(PATIENCE, connection.approved_definition(name, sequence)).await,
        committed,
        installed,
    }
}

async fn settings(session: &ChannelSession) -> Result<Agreed, ClientError> {
    let answer = within(ANSWERING, session.ask(&["GetSettings"])).await?;
    answers::read("GetSettings", &answer)
}

/// Each member's server, several at a time.
async fn servers(session: &ChannelSession, members: &[MspId]) -> Vec<(MspId, ServerState)> {
    let connection = session.connection();
    let mut found = Vec::new();
    for some in members.chunks(AT_ONCE) {
        let asked = some.iter().map(async |msp_id| {
            let asked = connection.server_of(connection.chaincode(), msp_id);
            let state = timeout(ANSWERING, asked).await.unwrap_or_else(|_| {
                ServerState::Silent(format!("no answer within {} s", ANSWERING.as_secs()))
            });
            (msp_id.clone(), state)
        });
        found.extend(join_all(asked).await);
    }
    found
}

async fn head(session: &ChannelSession, is_pinned: bool) -> Result<ContractPlace, ClientError> {
    match within(FOLLOWING, session.compare_contract()).await {
        Ok(head) => Ok(ContractPlace {
            sequence: head.sequence,
            is_compared: is_pinned,
            other_block: head.other_block,
        }),
        // the contract is ahead of a peer that lags: no fork
        Err(error) if error.symbol == "CONTRACT_AHEAD" => {
            let ahead = session.chain().sequence().next();
            Ok(ContractPlace {
                sequence: ahead,
                is_compared: false,
                other_block: None,
            })
        }
        Err(error) => Err(error),
    }
}
