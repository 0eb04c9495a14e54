//! Which organisations run a server of a chaincode, as one's own peer sees it.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::{connection::PeerConnection, endorser::Which};
use crate::{
    block::ConfigBlock,
    client::{ClientError, Exit, ServerState},
    config::{Bundle, Section},
    ids::MspId,
    transaction::ChaincodeCall,
};

/// Whether an organisation endorses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndorserState {
    /// No peer of it with the chaincode is known: none runs, none can be reached, or the chaincode is
    /// not installed and approved there.
    NoPeer,
    /// Its peer answers, but the chaincode does not: why.
    NoServer(String),
    /// It runs one.
    Runs,
}

/// What a contract says of itself, as far as it is looked at.
#[derive(Deserialize)]
struct ServedMetadata {
    info: ServedInfo,
}

#[derive(Deserialize)]
struct ServedInfo {
    version: String,
}

/// A question that every contract of this kind answers, before it has a config, too.
const METADATA: &str = "org.hyperledger.fabric:GetMetadata";

/// So many members' servers are asked at most.
const MEMBERS: usize = 200;

/// So many of them at a time.
const AT_A_TIME: usize = 16;

/// The most organisations that are asked to explain one refusal.
const MOST: usize = 50;

/// How long an explanation of a refusal may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl PeerConnection {
    /// Which members run a server of this chaincode, as the peer sees it, by MSP id. Each is asked a
    /// question that changes nothing.
    ///
    /// # Errors
    /// Those of [`Self::config_block`]; `BAD_ANSWER`.
    pub async fn endorsers(
        &self,
        chaincode: &str,
    ) -> Result<Vec<(MspId, EndorserState)>, ClientError> {
        let block = ConfigBlock::parse(self.config_block().await?);
        let block = block.map_err(|e| self.odd("GetConfigBlock", &e))?;
        let bundle = Bundle::new(block.channel_id(), block.tree().clone());
        let bundle = bundle.map_err(|e| self.odd("GetConfigBlock", &e))?;
        let mut found = Vec::new();
        for msp_id in bundle.msp_ids(Section::Application).into_iter().take(MOST) {
            let state = self.endorser(chaincode, &msp_id).await;
            found.push((msp_id, state));
        }
        Ok(found)
    }

    async fn endorser(&self, chaincode: &str, msp_id: &MspId) -> EndorserState {
        let call = ChaincodeCall::new(self.channel(), ["GetSettings"]);
        let answer = self.evaluate_at(chaincode, call, Some(msp_id)).await;
        match answer {
            Ok(_) => EndorserState::Runs,
            Err(error) => match error.symbol.as_str() {
                "NO_CHAINCODE" => EndorserState::NoPeer,
                "SERVER_DOWN" | "SERVER_SLOW" | "ENDORSER_AWAY" | "TIMEOUT"
                | "PEER_UNAVAILABLE" => EndorserState::NoServer(error.message),
                // a refusal of the chaincode is an answer
                _ => EndorserState::Runs,
            },
        }
    }

    /// Whether the servers of members answer: of the first 200, some at a time.
    pub async fn servers_of(
        &self,
        chaincode: &str,
        members: impl IntoIterator<Item = MspId>,
    ) -> BTreeMap<MspId, ServerState> {
        let asked = members.into_iter().take(MEMBERS).map(async |msp_id| {
            let state = self.server_of(chaincode, &msp_id).await;
            (msp_id, state)
        });
        stream::iter(asked)
            .buffer_unordered(AT_A_TIME)
            .collect()
            .await
    }

    /// Whether the server of one member answers. It is asked once, what the contract offers, which it says
    /// before the bootstrap, too. One's own peer is asked itself first, so that it says in its own words why
    /// not.
    pub async fn server_of(&self, chaincode: &str, msp_id: &MspId) -> ServerState {
        let call = ChaincodeCall::new(self.channel(), [METADATA]);
        if *msp_id == self.identity().msp_id {
            let said = self.process(Which::Any, chaincode, &call).await;
            let said = said.and_then(|answer| match answer.status {
                200..400 => Ok(()),
                _ => Err(ClientError::new(
                    Exit::Failed,
                    "PEER_REFUSED",
                    answer.message,
                )),
            });
            if let Err(error) = said {
                return ServerState::of(&error);
            }
            // the peer that is asked may be another member's
        }
        match (self.evaluate_while(chaincode, call, Some(msp_id), false)).await {
            Ok(document) => {
                let read = serde_json::from_slice::<ServedMetadata>(&document);
                ServerState::Answers(read.ok().map(|read| read.info.version))
            }
            Err(error) => ServerState::of(&error),
        }
    }

    /// The refusal to find endorsers, with who does not run a server.
    pub(super) async fn explain(&self, chaincode: &str, mut error: ClientError) -> ClientError {
        let asked = timeout_at(Instant::now() + PATIENCE, self.endorsers(chaincode));
        let Ok(Ok(endorsers)) = asked.await else {
            return error;
        };
        let (mut there, mut away) = (Vec::new(), Vec::new());
        for (msp_id, state) in endorsers {
            let words = match state {
                EndorserState::Runs => {
                    there.push(format!("`{msp_id}`"));
                    continue;
                }
                EndorserState::NoPeer => {
                    "no running peer with the chaincode installed and approved is known".to_owned()
                }
                EndorserState::NoServer(why) => why,
            };
            away.push(format!("`{msp_id}`"));
            error.details.push((msp_id.to_string(), words));
        }
        if !away.is_empty() {
            error.message = format!(
                "too few organisations run a server of `{chaincode}`: {} can be reached, {} not; what they \
                 endorse alone would not count",
                match there.is_empty() {
                    true => "none".to_owned(),
                    false => there.join(", "),
                },
                away.join(", "),
            );
        }
        error
    }
}
