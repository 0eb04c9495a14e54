//! What a node says to calls of its own.

use std::{future::Future, time::Duration};

use bytes::Bytes;
use futures_util::future::join;
use prost::Message;
use tokio::time::timeout;

use super::super::{connection::PeerConnection, endorser::Which};
use crate::{
    client::{
        ClientError, Exit,
        doctor::NodeAnswers,
        host,
        refusal::{Errand, RpcFailure, judge, peer_time},
    },
    ids::{BlockNumber, ChannelId, UnixTime},
    proto::{common::BlockchainInfo, protos::ChannelQueryResponse},
    transaction::{BlockRange, ChaincodeCall, Stamp},
};

/// The most channels that are listed.
const CHANNELS: usize = 1_000;

/// More than a status takes. Unit: bytes.
const STATUS: usize = 4 << 10;

/// The code of an answer that says no, as the gateway would give it.
const UNKNOWN: i32 = 2;

/// Asks a node what it says of itself; the connection has no other node. Each question ends in time.
pub(in crate::client) async fn probe_node(
    connection: &PeerConnection,
    is_orderer: bool,
    patience: Duration,
) -> NodeAnswers {
    if is_orderer {
        let newest = within(patience, connection.newest(true)).await;
        return NodeAnswers {
            ahead: None,
            height: (newest.clone()).map(|(number, _)| number.saturating_add(1)),
            newest: Some(newest.map(|(_, at)| at)),
            channels: None,
            msp_id: None,
        };
    }
    let ((ahead, channels), (height, newest)) = join(
        join(
            within(patience, connection.clock_ahead()),
            within(patience, connection.joined()),
        ),
        join(
            within(patience, connection.own_height()),
            within(patience, connection.newest(false)),
        ),
    )
    .await;
    // only its own organisation's members are told the channels
    let channels = channels.ok();
    let msp_id = channels
        .as_ref()
        .map(|_| connection.identity().msp_id.clone());
    NodeAnswers {
        ahead: ahead.ok().flatten(),
        height,
        newest: Some(newest.map(|(_, at)| at)),
        channels,
        msp_id,
    }
}

/// Whether an orderer answers Deliver in time, whatever it says. It is asked for a block that never is, so
/// that little is sent, and the signed question is of no use to who plays it again.
pub(in crate::client) async fn probe_deliver(
    connection: &PeerConnection,
    patience: Duration,
) -> bool {
    let never = BlockRange::One(BlockNumber(u64::MAX));
    // SECURITY: many are asked at once, and who answers chooses how much: what is due is a status
    timeout(patience, connection.one_block(never, true, STATUS))
        .await
        .is_ok()
}

async fn within<T>(
    patience: Duration,
    asked: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, ClientError> {
    match timeout(patience, asked).await {
        Ok(answer) => answer,
        Err(_) => {
            let text = format!("no answer within {} s", patience.as_secs());
            Err(ClientError::new(Exit::Unreachable, "TIMEOUT", text)
                .hint("is it overloaded? its log says more"))
        }
    }
}

impl PeerConnection {
    /// How far the node's clock is ahead of this machine's, in seconds; `None` where it does not tell,
    /// as peers of 2.5.
    ///
    /// A call of 1970 is refused, and the refusal has the peer's time in it.
    async fn clock_ahead(&self) -> Result<Option<i64>, ClientError> {
        let stamp = Stamp {
            timestamp: UnixTime {
                seconds: 1,
                nanos: 0,
            },
            ..host::stamp()?
        };
        let channel = self.channel();
        let call = ChaincodeCall::new(channel, ["GetChainInfo", channel.as_str()]);
        let before = host::now().seconds;
        let answer = self.at_node("qscc", call, &stamp).await;
        let after = host::now().seconds;
        let Err(error) = answer else {
            return Ok(None);
        };
        let theirs = peer_time(&error);
        let ours = before.midpoint(after);
        Ok(theirs.map(|theirs| theirs.saturating_sub(ours)))
    }

    /// The channels that the node itself has joined.
    async fn joined(&self) -> Result<Vec<ChannelId>, ClientError> {
        let call = ChaincodeCall::new(&ChannelId::default(), ["GetChannels"]);
        let answer = self.at_node("cscc", call, &host::stamp()?).await?;
        let answer =
            ChannelQueryResponse::decode(answer).map_err(|e| self.odd("GetChannels", &e))?;
        let channels = answer.channels.into_iter().take(CHANNELS);
        Ok(channels.map(|info| info.channel_id.into()).collect())
    }

    /// How many blocks the node has, as its gateway answers.
    async fn own_height(&self) -> Result<u64, ClientError> {
        // by the gateway first: everything else goes that way
        self.height().await?;
        let channel = self.channel();
        let call = ChaincodeCall::new(channel, ["GetChainInfo", channel.as_str()]);
        let answer = self.at_node("qscc", call, &host::stamp()?).await?;
        let info = BlockchainInfo::decode(answer).map_err(|e| self.odd("GetChainInfo", &e))?;
        Ok(info.height)
    }

    /// Calls a chaincode at the node itself, past its gateway.
    async fn at_node(
        &self,
        chaincode: &str,
        call: ChaincodeCall,
        stamp: &Stamp,
    ) -> Result<Bytes, ClientError> {
        let response = self
            .process_of(Which::Only(0), chaincode, &call, stamp)
            .await?;
        if response.status >= 400 {
            let failure = RpcFailure::new(UNKNOWN, &response.message, &[]);
            return Err(judge(Errand::Evaluate, self.peers.whom(0), &failure).error);
        }
        Ok(response.payload)
    }
}
